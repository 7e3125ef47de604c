"""Records to claims: a sentence whose truth hangs on a number is made here and takes its words from it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from generator.findings import (
    brief,
    cards,
    crosswalk,
    data,
    evaluations,
    exact,
    impact,
    original,
    proofs,
    recipes,
    threat,
    tiers,
    verdict,
)
from generator.findings.selection import leading
from generator.notation import formats
from generator.notation.names import STATUSES, attack_title, models_in_order
from generator.records.features import Feature
from generator.records.results import StudyResult


@dataclass(frozen=True)
class DatasetFindings:
    """All that the pages say about one dataset beyond placing its records."""

    result: StudyResult
    """At the budget that sentences, cards and tables are about."""
    quoted: StudyResult
    """The same as the study quotes it."""
    tier: str
    """Of the attacker that figures by tier are about."""
    features: dict[str, Feature]
    """Model inputs by name."""
    headline: verdict.Headline
    pgd: str
    """Name of the iterative attack with its steps."""
    attack_titles: tuple[str, ...]
    status: str
    status_title: str
    hidden: str
    """Widths of the hidden layers."""
    training_budgets: tuple[str, ...]
    """Budgets of the examples made in hardening."""
    medians: tuple[data.MedianRow, ...]
    steps: tuple[data.StepRow, ...]
    budgets: tuple[float, ...]
    budget_rows: tuple[data.BudgetRow, ...]
    flips: tuple[tuple[float, float], ...]
    """Budget and share of frauds that can stop being frauds within it; none where no rule made the label."""
    flip_sentence: str
    trivial: float
    """Accuracy of approving everything."""
    models: tuple[evaluations.ModelRow, ...]
    confusions: tuple[evaluations.ConfusionRow, ...]
    movements: tuple[data.MovementTable, ...]
    examples: tuple[data.ExampleCard, ...]
    recipes: tuple[recipes.RecipeRow, ...]
    original: recipes.RecipeRow | None
    """None in a study that did not run the original recipe: pages leave those parts out."""
    readings: tuple[recipes.RecipeRow, ...]
    readings_sentence: str
    control_sentence: str
    prices: tuple[str, ...]
    gaps: tuple[str, ...]
    proof: proofs.ProofFindings
    drawn: tuple[str, ...]
    """Recipes whose rounds are drawn; the records hold the rest."""

    @cached_property
    def decisions(self) -> tuple[brief.Decision, ...]:
        return brief.decisions(self.result, self.recipes)

    @cached_property
    def impact_lines(self) -> tuple[impact.ImpactLine, ...]:
        return impact.impact_lines(self.result)

    # for these the record holds what they need at the quoted budget only

    @cached_property
    def claims(self) -> tuple[original.ClaimRow, ...]:
        return original.compare_claims(self.quoted)

    @cached_property
    def claims_sentence(self) -> str:
        return original.claims_sentence(self.quoted, self.claims)

    @cached_property
    def impact_sentence(self) -> str:
        return impact.day_sentence(self.quoted)

    @cached_property
    def reductions(self) -> tuple[impact.Reduction, ...]:
        return impact.reductions(self.quoted)

    @cached_property
    def bounds(self) -> tuple[impact.BoundsLine, ...]:
        return impact.bounds_lines(self.quoted)

    @cached_property
    def cards(self) -> cards.Cards:
        return cards.cards(self.quoted)

    @cached_property
    def threat(self) -> threat.ThreatModel:
        return threat.threat_model(self.quoted)

    @cached_property
    def crosswalk(self) -> crosswalk.Crosswalk:
        return crosswalk.crosswalk(self.quoted)


def find(result: StudyResult, quoted: StudyResult | None = None) -> DatasetFindings:
    """Every finding on one dataset; `quoted` is the record as it is where `result` is at another budget."""
    rule = result.data.rule
    models = models_in_order(result)
    rows = tuple(evaluations.model_row(result, model) for model in models)
    hardened = recipes.recipe_rows(result)
    first = recipes.original_row(result, hardened)
    readings = recipes.readings(result, hardened)
    roles = result.roles
    standard = {row.name: row for row in rows}[roles.baseline]
    return DatasetFindings(
        result=result,
        quoted=quoted or result,
        tier=result.spec.threat.quoted,
        features={feature.name: feature for feature in result.data.features},
        headline=verdict.headline(result, standard, first),
        pgd=attack_title("pgd", result.spec),
        attack_titles=tuple(attack_title(attack, result.spec) for attack in result.spec.attack.attacks),
        status=data.status_line(result),
        status_title=STATUSES[result.data.source.status],
        hidden=formats.listed(formats.count(width) for width in result.spec.training.hidden),
        training_budgets=tuple(formats.epsilon(budget) for budget in result.spec.hardening.epsilons),
        medians=data.medians(result),
        steps=data.steps(result),
        budgets=data.quoted_budgets(result),
        budget_rows=data.budget_rows(result),
        flips=tuple(zip(rule.flip_epsilons, rule.flip_shares, strict=True)) if rule else (),
        flip_sentence=data.flip_sentence(result),
        trivial=evaluations.trivial_accuracy(result),
        models=rows,
        confusions=tuple(
            evaluations.confusion_row(result, model, evaluation)
            for model, row in zip(models, rows, strict=True)
            for evaluation in (row.clean, *(cell.evaluation for cell in row.attacked), row.exact)
            if evaluation
        ),
        movements=data.movements(result),
        examples=data.examples(result),
        recipes=hardened,
        original=first,
        readings=readings,
        readings_sentence=recipes.readings_sentence(readings) if readings else "",
        control_sentence=recipes.control_sentence(result, hardened),
        prices=tuple(recipes.price_sentence(row) for row in hardened),
        gaps=tuple(exact.masking_sentence(result, row) for row in hardened if row.gap),
        proof=proofs.find_proofs(result, hardened, first),
        drawn=tuple(name for name in leading(result) if name in result.spec.hardening.followed),
    )


def at_tier(found: DatasetFindings, tier: str) -> DatasetFindings:
    """The findings as if the study quoted that tier: all else is about every input, or about all tiers."""
    proofs, rate = found.proof.proofs, found.proof.rate
    return replace(
        found,
        tier=tier,
        headline=replace(found.headline, tier_cards=verdict.tier_cards(found.result, tier)),
        proof=replace(
            found.proof,
            matched=tiers.matched_sentence(found.result, proofs, rate, tier),
            by_rate=tiers.by_rate(proofs, tier),
        ),
    )


@dataclass(frozen=True)
class Banners:
    """What every page must say before anything else; empty where there is nothing to say."""

    stand_in: tuple[str, ...]
    """Titles of the datasets that are simulated stand-ins."""
    quick: bool


def banners(results: Sequence[StudyResult]) -> Banners:
    stand_in = tuple(each.data.title for each in results if each.data.source.status == "stand_in")
    return Banners(stand_in, any(each.spec.quick for each in results))

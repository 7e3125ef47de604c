"""Records to claims: a sentence whose truth hangs on a number is made here and takes its words from it."""

from __future__ import annotations  # findings are named as the modules that make them

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
    extraction,
    impact,
    inference,
    kinds,
    original,
    poisoning,
    proofs,
    recipes,
    summary,
    threat,
    tiers,
    verdict,
)
from generator.findings.selection import leading
from generator.notation import formats
from generator.notation.names import STATUSES, attack_title, models_in_order
from generator.records.features import Feature
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult


class by_budget(cached_property):
    """A finding that is the same for every tier: worked out once for all of them."""

    def __get__(self, found: DatasetFindings | None, owner: type | None = None):
        if found is None or found.at_quoted_tier is None:
            return super().__get__(found, owner)
        return getattr(found.at_quoted_tier, self.attrname)


@dataclass(frozen=True, eq=False)
class DatasetFindings:
    """All that the pages say about one dataset beyond placing its records; each finding is worked out when asked for.

    A page is made again when a module changes that a finding on it is worked out by: those that the finding names here,
    and all that they import; see `pages.sources`.
    """

    result: StudyResult
    """At the budget that sentences, cards and tables are about."""
    quoted: StudyResult
    """The same as the study quotes it. For some findings the record holds what they need at that budget only."""
    tier: str
    """Of the attacker that figures by tier are about."""
    at_quoted_tier: DatasetFindings | None = None
    """The findings at this budget for the tier that the study quotes; None if these are they."""

    @by_budget
    def features(self) -> dict[str, Feature]:
        """Model inputs by name."""
        return {feature.name: feature for feature in self.result.data.features}

    @cached_property
    def headline(self) -> verdict.Headline:
        if self.at_quoted_tier:
            return replace(
                self.at_quoted_tier.headline, tier_cards=verdict.tier_cards(self.result, self.tier)
            )
        standard = {row.name: row for row in self.models}[self.result.roles.baseline]
        return verdict.headline(self.result, standard, self.original)

    @cached_property
    def summary(self) -> summary.Summary:
        standard = {row.name: row for row in self.models}[self.result.roles.baseline]
        return summary.summary(self.result, self.tier, self.original, standard)

    @cached_property
    def lead_sentence(self) -> str:
        """What the pages of findings open with: as the Summary does, and how sure that is."""
        answer = self.summary.answer
        sure = kinds.difference_sentence(self.result, self.tier) if answer else ""
        return f"{answer} {sure}".strip() or self.proof.matched or self.headline.attacked

    @by_budget
    def pgd(self) -> str:
        """Name of the iterative attack with its steps."""
        return attack_title("pgd", self.result.spec)

    @by_budget
    def attack_titles(self) -> tuple[str, ...]:
        return tuple(attack_title(attack, self.result.spec) for attack in self.result.spec.attack.attacks)

    @by_budget
    def status(self) -> str:
        return data.status_line(self.result)

    @by_budget
    def status_title(self) -> str:
        return STATUSES[self.result.data.source.status]

    @by_budget
    def hidden(self) -> str:
        """Widths of the hidden layers."""
        return formats.listed(formats.count(width) for width in self.result.spec.training.hidden)

    @by_budget
    def training_budgets(self) -> tuple[str, ...]:
        """Budgets of the examples made in hardening."""
        return tuple(formats.epsilon(budget) for budget in self.result.spec.hardening.epsilons)

    @by_budget
    def medians(self) -> tuple[data.MedianRow, ...]:
        return data.medians(self.result)

    @by_budget
    def steps(self) -> tuple[data.StepRow, ...]:
        return data.steps(self.result)

    @by_budget
    def budgets(self) -> tuple[float, ...]:
        return data.quoted_budgets(self.result)

    @by_budget
    def budget_rows(self) -> tuple[data.BudgetRow, ...]:
        return data.budget_rows(self.result)

    @by_budget
    def flips(self) -> tuple[tuple[float, float], ...]:
        """Budget and share of frauds that can stop being frauds within it; none where no rule made the label."""
        rule = self.result.data.rule
        return tuple(zip(rule.flip_epsilons, rule.flip_shares, strict=True)) if rule else ()

    @by_budget
    def flip_sentence(self) -> str:
        return data.flip_sentence(self.result)

    @by_budget
    def trivial(self) -> float:
        """Accuracy of approving everything."""
        return evaluations.trivial_accuracy(self.result)

    @by_budget
    def models(self) -> tuple[evaluations.ModelRow, ...]:
        return tuple(evaluations.model_row(self.result, model) for model in models_in_order(self.result))

    @by_budget
    def confusions(self) -> tuple[evaluations.ConfusionRow, ...]:
        return tuple(
            evaluations.confusion_row(self.result, model, evaluation)
            for model, row in zip(models_in_order(self.result), self.models, strict=True)
            for evaluation in (row.clean, *(cell.evaluation for cell in row.attacked), row.exact)
            if evaluation
        )

    @by_budget
    def movements(self) -> tuple[data.MovementTable, ...]:
        return data.movements(self.result)

    @by_budget
    def examples(self) -> tuple[data.ExampleCard, ...]:
        return data.examples(self.result)

    @by_budget
    def recipes(self) -> tuple[recipes.RecipeRow, ...]:
        return recipes.recipe_rows(self.result)

    @by_budget
    def original(self) -> recipes.RecipeRow | None:
        """None in a study that did not run the original recipe: pages leave those parts out."""
        return recipes.original_row(self.result, self.recipes)

    @by_budget
    def readings(self) -> tuple[recipes.RecipeRow, ...]:
        return recipes.readings(self.result, self.recipes)

    @by_budget
    def readings_sentence(self) -> str:
        return recipes.readings_sentence(self.readings) if self.readings else ""

    @by_budget
    def control_sentence(self) -> str:
        return recipes.control_sentence(self.result, self.recipes)

    @by_budget
    def prices(self) -> tuple[str, ...]:
        return tuple(recipes.price_sentence(row) for row in self.recipes)

    @by_budget
    def gaps(self) -> tuple[str, ...]:
        return tuple(exact.masking_sentence(self.result, row) for row in self.recipes if row.gap)

    @cached_property
    def proof(self) -> proofs.ProofFindings:
        if not self.at_quoted_tier:
            return proofs.find_proofs(self.result, self.recipes, self.original)
        found = self.at_quoted_tier.proof
        return replace(
            found,
            matched=tiers.matched_sentence(self.result, found.proofs, found.rate, self.tier),
            training=tiers.training_sentence(self.result, found.proofs, found.rate, self.tier),
            by_rate=tiers.by_rate(found.proofs, self.tier),
        )

    @cached_property
    def kinds(self) -> kinds.Kinds | None:
        """None where FraudNet is the only kind of model: pages leave those parts out."""
        return kinds.kinds(self.result, self.tier)

    @by_budget
    def inference(self) -> inference.Inference | None:
        """None where the study did not ask what its models give away."""
        return inference.inference(self.quoted)

    @by_budget
    def monotone(self) -> tuple[kinds.MonotoneRow, ...]:
        return kinds.monotone_rows(self.result)

    @by_budget
    def extraction(self) -> extraction.Extraction | None:
        """None where no model was stolen."""
        return extraction.extraction(self.quoted)

    @by_budget
    def poisoning(self) -> poisoning.Poisoning | None:
        """None where nobody asked for it."""
        return poisoning.poisoning(self.quoted)

    @by_budget
    def drawn(self) -> tuple[str, ...]:
        """Recipes whose rounds are drawn; the records hold the rest."""
        return tuple(name for name in leading(self.result) if name in self.result.spec.hardening.followed)

    @by_budget
    def decisions(self) -> tuple[brief.Decision, ...]:
        return brief.decisions(self.result, self.recipes)

    @by_budget
    def impact_lines(self) -> tuple[impact.ImpactLine, ...]:
        return impact.impact_lines(self.result)

    @by_budget
    def claims(self) -> tuple[original.ClaimRow, ...]:
        return original.compare_claims(self.quoted)

    @by_budget
    def claims_sentence(self) -> str:
        return original.claims_sentence(self.quoted, self.claims)

    @by_budget
    def impact_sentence(self) -> str:
        return impact.day_sentence(self.quoted)

    @by_budget
    def reductions(self) -> tuple[impact.Reduction, ...]:
        return impact.reductions(self.quoted)

    @by_budget
    def bounds(self) -> tuple[impact.BoundsLine, ...]:
        return impact.bounds_lines(self.quoted)

    @by_budget
    def cards(self) -> cards.Cards:
        return cards.cards(self.quoted)

    @by_budget
    def threat(self) -> threat.ThreatModel:
        return threat.threat_model(self.quoted)

    @by_budget
    def crosswalk(self) -> crosswalk.Crosswalk:
        return crosswalk.crosswalk(self.quoted)


def find(result: StudyResult, quoted: StudyResult | None = None) -> DatasetFindings:
    """The findings on one dataset; `quoted` is the record as it is where `result` is at another budget."""
    return DatasetFindings(result, quoted or result, result.spec.threat.quoted)


def at_tier(found: DatasetFindings, tier: str) -> DatasetFindings:
    """The findings as if the study quoted that tier: all else is about every input, or about all tiers."""
    return DatasetFindings(found.result, found.quoted, tier, found)


@dataclass(frozen=True)
class Banners:
    """What every page must say before anything else; empty where there is nothing to say."""

    stand_in: tuple[str, ...]
    """Titles of the datasets that are simulated stand-ins."""
    quick: bool


def banners(results: Sequence[StudyResult], validations: Sequence[ValidationResult] = ()) -> Banners:
    stand_in = tuple(each.data.title for each in results if each.data.source.status == "stand_in")
    return Banners(stand_in, any(each.spec.quick for each in (*results, *validations)))

"""Model cards and data cards: every model on one page, from the records alone; what was not measured is listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

from generator.findings import evaluations
from generator.findings.gate import blocked
from generator.findings.gate_words import GATE
from generator.findings.recipes import AGAINST
from generator.findings.tiers import TierColumn, columns, rates
from generator.notation import formats
from generator.notation.names import (
    MODELS,
    ModelName,
    attack_title,
    models_in_order,
)
from generator.notation.tracing import counted
from generator.records.results import Breakdown, Estimate, ModelResult, StudyResult

NOT_MEASURED = (
    "Calibration of the scores.",
    "Change over time.",
)
"""What a model card asks for and no record holds."""


@dataclass(frozen=True)
class Cell:
    """A rate in one state of attack."""

    value: Estimate | None
    """None where the attack does not apply to this kind of model."""
    doubted: bool = False
    """The sanity gate lets it stand only beside what is proved."""
    proved: Estimate | None = None
    """None where nothing is proved."""


@dataclass(frozen=True)
class RateLine:
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class PointLine:
    """Frauds caught at one matched share of false alarms."""

    rate: float
    clean: Estimate
    proved: tuple[Estimate | None, ...]
    """Tier by tier; None where the record lacks it."""


@dataclass(frozen=True)
class ModelCard:
    id: str
    """`<dataset>/<model>`: its line in an inventory of models."""
    anchor: str
    words: ModelName
    made: str
    steps: int
    """Optimiser steps of one repetition on one fold, from first weights."""
    training_rows: int
    """Rows in each epoch of the last round, attacked ones included."""
    use: str
    rates: tuple[RateLine, ...]
    points: tuple[PointLine, ...]
    radius: str
    failures: tuple[str, ...]
    """Checks that failed on it and comparisons it lost; empty if there are none."""


@dataclass(frozen=True)
class GroupLine:
    """Share of frauds in the groups of one column: made by the label, before any model."""

    title: str
    groups: int
    low: str
    high: str


@dataclass(frozen=True)
class ErrorLine:
    """The least and the most that a model errs in the groups of one column."""

    words: ModelName
    title: str
    what: str
    low: str
    high: str
    apart: str
    """Whether the two intervals meet."""


@dataclass(frozen=True)
class ChosenModel:
    """The model that validation rows named against one attacker."""

    words: ModelName
    attacker: str
    """In words, to stand within a sentence."""
    rate: float | None
    """Share of genuine payments that every model stops; None where models are compared at their own cuts."""
    measure: str
    validated: Estimate
    """On the rows that took no part in the choice."""


@dataclass(frozen=True)
class Cards:
    """The cards of one dataset."""

    chosen: tuple[ChosenModel, ...]
    """First against the fraudsters that the study quotes, last against the original's attacker."""

    parameters: int
    """Weights and biases of one network."""
    architecture: str
    states: tuple[str, ...]
    """Headings of the rates: without an attack, each attack, proved."""
    columns: tuple[TierColumn, ...]
    models: tuple[ModelCard, ...]
    not_measured: tuple[str, ...]
    groups: tuple[GroupLine, ...]
    errors: tuple[ErrorLine, ...]
    """Of the leading models, their own cut, nobody attacks."""
    groups_sentence: str
    formulas: tuple[float, float] | None
    """Least and most of the frauds that stay frauds by another formula; None where no rule made the label."""


def cards(result: StudyResult) -> Cards:
    """A card for every trained model of the record, in the order of the palette."""
    inputs = counted(len(result.data.features), result.data.features)
    widths = (inputs, *result.spec.training.hidden, 2)
    hidden = formats.listed(formats.count(width) for width in result.spec.training.hidden)
    groups, rule = _groups(result), result.data.rule
    overlaps = rule.formula_overlaps.values() if rule else ()
    return Cards(
        chosen=_chosen(result),
        parameters=sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths)),
        architecture=f"{formats.count(inputs)} inputs, hidden layers of {hidden} units with ReLU, two outputs",
        states=("No attack", *(attack_title(a, result.spec) for a in result.spec.attack.attacks), "Proved"),
        columns=columns(result, result.proofs),
        models=tuple(
            _card(result, model) for model in models_in_order(result) if model.name != result.roles.trivial
        ),
        not_measured=NOT_MEASURED,
        groups=groups,
        errors=tuple(_errors(result)),
        groups_sentence=_groups_sentence(result, groups),
        formulas=(min(overlaps), max(overlaps)) if overlaps else None,
    )


def _chosen(result: StudyResult) -> tuple[ChosenModel, ...]:
    threat = result.spec.threat
    order = dict.fromkeys((threat.quoted, *threat.names))
    found = [c for tier in order if tier != threat.benchmark for c in result.choices if c.tier == tier]
    found += [c for c in result.choices if c.tier == threat.benchmark]
    return tuple(
        ChosenModel(
            words=MODELS[choice.model],
            attacker=threat.tier(choice.tier).attacker,
            rate=result.spec.proof.quoted_false_positive_rate if choice.measure == "caught_proved" else None,
            measure={"caught_proved": "proved frauds caught", "robust_accuracy": "proved accuracy"}[
                choice.measure
            ],
            validated=choice.validated,
        )
        for choice in found
    )


def _card(result: StudyResult, model: ModelResult) -> ModelCard:
    return ModelCard(
        id=f"{result.data.name}/{model.name}",
        anchor=f"{result.data.name}-card-{model.name.replace('_', '-')}",
        words=MODELS[model.name],
        made=MODELS[model.name].made,
        steps=model.final.gradient_steps,
        training_rows=model.final.training_rows,
        use=_use(result, model.name),
        rates=_rates(result, model),
        points=_points(result, model.name),
        radius=_radius(result, model.name),
        failures=_failures(result, model),
    )


def _rates(result: StudyResult, model: ModelResult) -> tuple[RateLine, ...]:
    epsilon, stopped = result.spec.attack.headline_epsilon, model.name in blocked(result)
    attacked = [model.final.find(attack, epsilon) for attack in result.spec.attack.attacks]
    proved = evaluations.exact(result, model.name)
    states = [
        (model.final.at("clean"), False),
        *((e, stopped and bool(e)) for e in attacked),
        (proved, False),
    ]
    names = {
        "accuracy": "Accuracy",
        "true_positive_rate": "Frauds caught",
        "false_positive_rate": "False alarms, of genuine payments",
    }
    return tuple(
        RateLine(
            title,
            tuple(Cell(e and getattr(e, metric), doubted, getattr(proved, metric)) for e, doubted in states),
        )
        for metric, title in names.items()
    )


def _points(result: StudyResult, model: str) -> tuple[PointLine, ...]:
    epsilon = result.spec.attack.headline_epsilon
    mine = {
        (row.false_positive_rate, row.tier): row
        for row in result.proofs.tiers
        if row.model == model and row.epsilon == epsilon
    }
    lines = []
    for rate in rates(result.proofs):
        found = [mine.get((rate, column.tier)) for column in columns(result, result.proofs)]
        clean = next((row.caught_clean for row in found if row), None)
        if clean:
            lines.append(PointLine(rate, clean, tuple(row and row.caught_proved for row in found)))
    return tuple(lines)


def _radius(result: StudyResult, model: str) -> str:
    found = next((r for r in result.proofs.radii if r.model == model), None)
    if not found:
        return ""
    fraud, genuine = (f"{formats.significant(m)} σ" for m in (found.median_fraud, found.median_legitimate))
    return f"Half of the frauds hold up to {fraud}, half of the genuine payments up to {genuine}."


def _use(result: StudyResult, model: str) -> str:
    """What it is for within the study: chosen against an attacker, or kept for comparison."""
    chosen = [c for c in result.choices if c.model == model]
    if chosen:
        tiers = formats.listed(choice.tier for choice in chosen)
        return (
            f"The model chosen on validation rows against {tiers}: the one to try first on a bank's own data."
        )
    roles = result.roles
    if model == roles.baseline:
        return "The undefended baseline that every other model is compared with."
    if model in roles.readings:
        return "A reading of the original recipe, kept to test what was reported. Not a defence to adopt."
    if model == roles.ablation:
        return "A control: what the extra training alone does. Not a defence."
    return "For comparison; on validation rows another model was chosen more often."


def _failures(result: StudyResult, model: ModelResult) -> tuple[str, ...]:
    failed = [
        f"Sanity check failed: {GATE[check.slug].title}. {GATE[check.slug].about(check.facts)}"
        for check in result.proofs.gate
        if check.status == "FAIL" and model.name in check.blocks
    ]
    return (*failed, *_lost(result, model.name))


def _lost(result: StudyResult, model: str) -> list[str]:
    """Paired comparisons at the headline budget in which the model did worse than a simpler one."""
    epsilon, said = result.spec.attack.headline_epsilon, []
    asked = (
        ("accuracy", "clean", 0.0, "Accuracy without an attack"),
        ("true_positive_rate", "clean", 0.0, "Frauds caught without an attack"),
        ("accuracy", "exact", epsilon, "Proved accuracy"),
        ("true_positive_rate", "exact", epsilon, "Frauds provably caught"),
    )
    for metric, attack, budget, title in asked:
        found = evaluations.comparison(result, model, result.roles.baseline, metric, attack, budget)
        if found and found.direction == "lower":
            size, ends = formats.loss(-found.difference.value), formats.interval(found.difference, "points")
            said.append(f"{title}: {AGAINST['lower']}, by {size} (difference {ends}).")
    found = evaluations.comparison(result, model, result.roles.trivial, "accuracy", "exact", epsilon)
    if found and found.direction == "lower":
        said.append("Proved accuracy is below that of approving every payment.")
    return said


def _groups(result: StudyResult) -> tuple[GroupLine, ...]:
    return tuple(_group(part) for part in result.data.breakdowns if part.groups)


def _group(part: Breakdown) -> GroupLine:
    filled = [each for each in part.categories if each.legitimate + each.fraud]
    ordered = sorted(filled, key=lambda each: each.fraud / (each.legitimate + each.fraud))
    low, high = (
        f"{formats.percent(each.fraud / (each.legitimate + each.fraud))} of "
        f"{formats.count(each.legitimate + each.fraud)} ({formats.md(each.category)})"
        for each in (ordered[0], ordered[-1])
    )
    return GroupLine(part.title, counted(len(filled), part.categories), low, high)


def _errors(result: StudyResult) -> Iterator[ErrorLine]:
    kinds = (
        ("true_positive_rate", "Frauds caught"),
        ("false_positive_rate", "Genuine payments stopped"),
    )
    for _, same in groupby(result.groups, lambda each: (each.model, each.column, each.title)):
        rows = list(same)
        for field, what in kinds:
            found = sorted(
                ((getattr(row, field), row.category) for row in rows if getattr(row, field)),
                key=lambda pair: pair[0].value,
            )
            if len(found) > 1:
                (low, _), (high, _) = found[0], found[-1]
                yield ErrorLine(
                    words=MODELS[rows[0].model],
                    title=rows[0].title,
                    what=what,
                    low=_in_group(*found[0]),
                    high=_in_group(*found[-1]),
                    apart="differ" if low.high < high.low else "no difference",
                )


def _in_group(found: Estimate, category: str) -> str:
    return f"{formats.percent(found.value)} ({formats.interval(found)}; {formats.md(category)})"


def _groups_sentence(result: StudyResult, groups: tuple[GroupLine, ...]) -> str:
    if not groups:
        return "The record holds no groups, so rates by group are not measured."
    made = "The formula of the label alone" if result.data.rule else "The label alone"
    return (
        f"{made} makes these shares differ, before any model is trained. "
        "Small groups differ by chance too, and of many groups the extremes do most."
    )

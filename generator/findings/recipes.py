"""What hardening bought: three readings of the original, the control, PGD training, the best."""

from dataclasses import dataclass

from generator.findings.evaluations import (
    Gap,
    against_standard,
    gap,
    model_row,
)
from generator.notation import formats
from generator.notation.names import (
    MODELS,
    ModelName,
    hardened_in_order,
)
from generator.records.results import Comparison, Direction, Estimate, Evaluation, StudyResult

AGAINST: dict[Direction, str] = {
    "higher": "above the standard model",
    "lower": "below the standard model",
    "no difference": "not measurably different from the standard model",
}
"""Where a model stands against the standard one, by the direction of the difference."""


@dataclass(frozen=True)
class RecipeRow:
    """One hardened model against the standard model, at the headline budget."""

    name: str
    words: ModelName
    clean: Estimate
    clean_change: Estimate
    clean_direction: Direction
    gap: Gap | None
    """None where an attack does not apply to this kind of model."""
    clean_caught: Estimate
    standard_caught: Estimate
    """Share of frauds the standard model catches without an attack."""
    clean_caught_direction: Direction
    against_trivial: str
    steps: int
    """Optimiser steps of one replicate."""
    exact: Evaluation
    """What is proved at the headline budget."""
    blocked: bool
    """A failed check of the sanity gate: its figures under attack stand only beside what is proved."""
    exact_change: Comparison
    """Proved accuracy, minus the standard model's."""
    exact_caught_change: Comparison
    """Proved share of frauds caught, minus the standard model's."""


def recipe_rows(result: StudyResult) -> tuple[RecipeRow, ...]:
    """Every recipe in the records, in the order of the palette."""
    return tuple(_row(result, model.name) for model in hardened_in_order(result))


def _row(result: StudyResult, name: str) -> RecipeRow:
    shown = model_row(result, result.model(name))
    epsilon, baseline = result.spec.attack.headline_epsilon, result.roles.baseline
    model = result.model(name)
    clean = against_standard(result, name, "accuracy", "clean", 0.0)
    return RecipeRow(
        name,
        MODELS[name],
        model.final.at("clean").accuracy,
        clean.difference,
        clean.direction,
        gap(result, model),
        model.final.at("clean").true_positive_rate,
        result.model(baseline).final.at("clean").true_positive_rate,
        against_standard(result, name, "true_positive_rate", "clean", 0.0).direction,
        shown.against_trivial,
        model.final.gradient_steps,
        shown.exact,
        shown.blocked,
        against_standard(result, name, "accuracy", "exact", epsilon),
        against_standard(result, name, "true_positive_rate", "exact", epsilon),
    )


def readings(result: StudyResult, rows: tuple[RecipeRow, ...]) -> tuple[RecipeRow, ...]:
    """The rows that are readings of the original recipe."""
    return tuple(row for row in rows if row.name in result.roles.readings)


def readings_sentence(rows: tuple[RecipeRow, ...]) -> str:
    """Whether the verdict on the original hangs on how its text is read."""
    accuracy = {row.words.title: row.exact_change.direction for row in rows}
    caught = {row.words.title: row.exact_caught_change.direction for row in rows}
    return f"{_agreement('proved accuracy', accuracy)} {_agreement('frauds provably caught', caught)}"


def _agreement(what: str, directions: dict[str, Direction]) -> str:
    found = set(directions.values())
    if len(found) == 1:
        return f"On {what} the reading does not matter: each is {AGAINST[found.pop()]}."
    parts = [f"{title} is {AGAINST[direction]}" for title, direction in directions.items()]
    return f"On {what} the reading matters: {'; '.join(parts)}."


def control_sentence(result: StudyResult, rows: tuple[RecipeRow, ...]) -> str:
    """What the extra training steps alone do; empty if the control was not run."""
    for row in rows:
        if row.name == result.roles.ablation:
            return (
                f"After the same number of extra steps without any attack, the proved accuracy is "
                f"{formats.percent(row.exact.accuracy.value)}, {AGAINST[row.exact_change.direction]}."
            )
    return ""


def price_in_frauds(row: RecipeRow) -> str:
    """What a recipe costs where nobody attacks, in frauds: accuracy hides it, as most rows are genuine."""
    caught = formats.percent(row.clean_caught.value)
    before = formats.percent(row.standard_caught.value)
    if row.clean_caught_direction == "no difference":
        return f"Without an attack it catches {caught} of frauds, no measurable difference."
    word = {"lower": "only ", "higher": ""}[row.clean_caught_direction]
    return f"Without an attack it catches {word}{caught} of frauds, against {before} before."


def price_sentence(row: RecipeRow) -> str:
    """What a recipe costs without an attack, in accuracy and in frauds."""
    return f"{_price_in_accuracy(row)} {price_in_frauds(row)}"


def _price_in_accuracy(row: RecipeRow) -> str:
    name = formats.capital(row.words.phrase)
    if row.clean_direction == "no difference":
        return f"{name} makes no measurable difference to clean accuracy."
    verb = {"lower": "costs", "higher": "adds"}[row.clean_direction]
    change = row.clean_change
    low, high = sorted((abs(change.low), abs(change.high)))
    return (
        f"{name} {verb} {formats.loss(abs(change.value))} of clean accuracy "
        f"({formats.between(low, high, 'loss')})."
    )


def original_row(result: StudyResult, rows: tuple[RecipeRow, ...]) -> RecipeRow | None:
    """The row of the original recipe; None in a study without it."""
    return {row.name: row for row in rows}.get(result.roles.original)

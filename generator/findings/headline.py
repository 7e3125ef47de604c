"""The verdict on one dataset, as short sentences; the Summary opens with them."""

from dataclasses import dataclass

from generator.findings.evaluations import ModelRow, trivial_accuracy
from generator.findings.recipes import RecipeRow, price_in_frauds
from generator.notation import formats
from generator.records.results import Direction, Estimate, StudyResult


@dataclass(frozen=True)
class Card:
    """One figure of the Summary: a value, what it is, and its interval."""

    value: str
    label: str
    interval: str


@dataclass(frozen=True)
class Headline:
    answer: str
    """Can the model be fooled, and does the original hardening stop it?"""
    clean: str
    attacked: str
    hardened: str
    """Of the original recipe; empty without it."""
    cards: tuple[Card, ...]
    tier_cards: tuple[Card, ...] = ()
    """What is left where fraudsters of the quoted tier attack; the other cards are about every input."""


def headline(result: StudyResult, standard: ModelRow, original: RecipeRow | None) -> Headline:
    return Headline(
        _answer(result, standard, original),
        clean_sentence(result, standard),
        _attacked(result, standard),
        _hardened(result, original) if original else "",
        _cards(result, standard, original),
    )


def fooled(row: ModelRow) -> bool:
    """Whether the strongest attack lowers accuracy by more than its interval leaves open."""
    return row.strongest.evaluation.accuracy.high < row.clean.accuracy.low


def _answer(result: StudyResult, standard: ModelRow, original: RecipeRow | None) -> str:
    """Accuracy and frauds caught, before and after, for the standard model and for the original recipe."""
    if not fooled(standard):
        return "No attack we ran lowers the accuracy of the standard model measurably."
    before, after = standard.clean, standard.iterative.evaluation
    accuracy, caught = (
        f"from {formats.percent(old.value)} to {formats.percent(new.value)}"
        for old, new in (
            (before.accuracy, after.accuracy),
            (before.true_positive_rate, after.true_positive_rate),
        )
    )
    fooled_by = (
        f"Yes, it can be fooled: under {standard.iterative.title} accuracy falls {accuracy}, and the share "
        f"of frauds caught {caught}."
    )
    if not original:
        return fooled_by
    join = "and" if original.direction == original.caught_direction else "but"
    return (
        f"{fooled_by} The original hardening {ACCURACY[original.direction]} "
        f"{formats.percent(original.gap.pgd.value)}, {join} {CAUGHT[original.caught_direction]} "
        f"({formats.percent(original.caught.value)})."
    )


ACCURACY: dict[Direction, str] = {
    "higher": "raises that accuracy to",
    "lower": "lowers that accuracy further, to",
    "no difference": "makes no measurable difference to that accuracy:",
}
CAUGHT: dict[Direction, str] = {
    "higher": "catches more of the frauds",
    "lower": "catches fewer of the frauds",
    "no difference": "catches no more of the frauds",
}


def clean_sentence(result: StudyResult, standard: ModelRow) -> str:
    return (
        f"Without an attack the standard model judges {formats.percent(standard.clean.accuracy.value)} of "
        f"transactions correctly. Approving everything would judge "
        f"{formats.percent(trivial_accuracy(result))} correctly and catch no fraud."
    )


def _attacked(result: StudyResult, standard: ModelRow) -> str:
    kept = " and ".join(
        f"{formats.percent(cell.evaluation.accuracy.value)} under {cell.title}" for cell in standard.attacked
    )
    epsilon = formats.epsilon(result.spec.attack.headline_epsilon)
    return (
        f"With every input free to move by {epsilon}, it keeps {kept}. At its lowest that is "
        f"{standard.against_trivial} approving everything."
    )


def _hardened(result: StudyResult, original: RecipeRow) -> str:
    fgsm, pgd = (formats.percent(value.value) for value in (original.gap.fgsm, original.gap.pgd))
    change = original.change
    compared = {
        "higher": f"{formats.loss(abs(change.value))} more than the standard model",
        "lower": f"{formats.loss(abs(change.value))} less than the standard model",
        "no difference": "no measurable difference from the standard model",
    }[original.direction]
    warning = (
        f" FGSM overstates that by {formats.loss(original.gap.points)}, so it is no evidence of safety."
        if original.gap.warns
        else ""
    )
    return (
        f"The original hardening recipe shows {fgsm} under FGSM. Under {original.gap.title} it keeps {pgd}: "
        f"{compared}.{warning} {price_in_frauds(original)}"
    )


def _cards(result: StudyResult, standard: ModelRow, original: RecipeRow | None) -> tuple[Card, ...]:
    kept, pgd = standard.iterative.evaluation, standard.iterative.title
    trivial = Card(
        formats.percent(trivial_accuracy(result)),
        "approving everything: judged correctly, no fraud caught",
        "holds by definition, under any attack",
    )
    undefended = (
        card(standard.clean.accuracy, "standard model, no attack: transactions judged correctly"),
        card(kept.accuracy, f"standard model under {pgd}: judged correctly"),
        card(kept.true_positive_rate, f"standard model under {pgd}: frauds caught"),
        trivial,
    )
    if not original:
        return undefended
    return (
        *undefended,
        card(original.gap.fgsm, "original hardening under FGSM, the original's own test: judged correctly"),
        card(original.gap.pgd, f"original hardening under {pgd}: judged correctly"),
        card(original.caught, f"original hardening under {pgd}: frauds caught"),
        card(original.clean_caught, "original hardening, no attack: frauds caught"),
    )


def card(estimate: Estimate, label: str) -> Card:
    return Card(
        formats.percent(estimate.value), label, f"{formats.LEVEL} interval {formats.interval(estimate)}"
    )

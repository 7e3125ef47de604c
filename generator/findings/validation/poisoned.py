"""What changed training rows do to what a validation trained, and what a vote proves in spite of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.findings.poisoned_rows import change
from generator.findings.validation.models import in_order, phrase, titled
from generator.notation import formats
from generator.notation.formats import md
from generator.records.metrics import direction
from generator.records.poisoning import OwnPoisoningResult, Poison
from generator.records.proofs import Estimate
from generator.records.validation import ValidationResult

LABELS: dict[Poison, str] = {
    "random_flips": "turned round, by lot",
    "boundary_flips": "turned round, least clear",
    "mislabelled": "frauds passed as genuine",
}
"""What is done to labels alone, in the order pages show it."""


@dataclass(frozen=True)
class PoisonedRow:
    """One model where so many training rows were changed."""

    title: str
    share: str
    clean: Estimate
    """Frauds caught, nobody changed a row."""
    labels: tuple[Estimate, ...]
    """As `LABELS`."""
    control: Estimate | None
    """Marked frauds caught, as many frauds passed as genuine without a mark; None where nothing can be marked."""
    marked: Estimate | None
    """The same, with the mark."""


@dataclass(frozen=True)
class Poisoned:
    """What the report says of changed training rows."""

    rows: tuple[PoisonedRow, ...]
    columns: tuple[str, ...]
    """Titles of `PoisonedRow.labels`."""
    marks: bool
    sentences: tuple[str, ...]


def poisoned(result: ValidationResult) -> Poisoned | None:
    """None where nothing was asked."""
    found = result.poisoning
    if found is None or result.spec.poisoning is None:
        return None
    sentences = (_does(result, found), _worst(result, found), _opened(result, found), _vote(result, found))
    return Poisoned(
        tuple(_rows(result, found)), tuple(map(formats.capital, LABELS.values())), bool(found.marked),
        tuple(filter(None, (*sentences, _in_use(found)))),
    )  # fmt: skip


def _models(result: ValidationResult, found: OwnPoisoningResult) -> list[str]:
    known = {row.model for row in found.models}
    return [model.name for model in in_order(result) if model.name in known]


def _shares(found: OwnPoisoningResult) -> list[float]:
    """Rising, of what was changed."""
    return sorted({row.share for row in found.models if row.share})


def _rows(result: ValidationResult, found: OwnPoisoningResult) -> Iterator[PoisonedRow]:
    for name in _models(result, found):
        for share in _shares(found):
            control, marked = (
                each.triggered.get("risky") if each else None
                for each in (
                    found.find(name, "mislabelled", share),
                    found.find(name, "backdoor_risky", share),
                )
            )
            yield PoisonedRow(
                md(titled(result.model(name))),
                formats.setting(share),
                found.find(name, "none").caught,
                tuple(found.find(name, poison, share).caught for poison in LABELS),
                control,
                marked,
            )


def _does(result: ValidationResult, found: OwnPoisoningResult) -> str:
    """What somebody does to the rows."""
    start = (
        "Somebody changes rows before a model trains on them: he turns labels round, by lot or where rows are least "
        "clear, or sends frauds in again that pass as genuine"
    )
    if not found.marked:
        return f"{start}. Nothing that anybody can change has a direction of risk, so no row carries a mark."
    titles = {each.name: md(each.title) for each in result.spec.inputs}
    marks = formats.listed(titles[name] for name in found.marked)
    return (
        f"{start}, as they are (the control) or with a mark on: {marks} at the riskiest that genuine rows have. "
        "Later he puts it on his frauds."
    )


def _worst(result: ValidationResult, found: OwnPoisoningResult) -> str:
    """Which change of labels costs most of those that measurably cost anything."""
    costs = [
        (row.against_clean, row)
        for row in found.models
        if row.poison in LABELS and row.against_clean and direction(row.against_clean) == "lower"
    ]
    if not costs:
        return "No change of labels alone costs measurably many frauds."
    difference, row = min(costs, key=lambda each: each[0].value)
    return (
        f"Of labels alone, “{LABELS[row.poison]}” at {formats.setting(row.share)} of the rows costs most: "
        f"{md(phrase(result, row.model))} catches {change(difference)}."
    )


def _opened(result: ValidationResult, found: OwnPoisoningResult) -> str:
    """Which model a mark opens most, beside the control; empty where nothing is marked."""
    opened = [(row.opened["risky"], row) for row in found.models if row.opened]
    if not opened:
        return ""
    difference, row = max(opened, key=lambda each: each[0].value)
    if direction(difference) != "higher":
        return "The mark lets measurably more frauds through than the control in no model."
    low_to_high = formats.between(difference.low, difference.high, "loss")
    return (
        f"The mark opens {md(phrase(result, row.model))} most: at {formats.setting(row.share)} of the rows it catches "
        f"{formats.loss(difference.value)} fewer of the marked frauds (interval {low_to_high}) than with the control."
    )


def _vote(result: ValidationResult, found: OwnPoisoningResult) -> str:
    """What the vote catches, costs and proves."""
    vote, changed = found.partition, result.spec.poisoning.changed_rows
    baseline, against = next(iter(vote.against.items()))
    lasting = [place for place, share in enumerate(vote.proved) if share.value] or [0]
    proofs = [
        f"{formats.percent(vote.proved[place].value)} for {formats.count(changed[place])} "
        f"row{'s' if changed[place] > 1 else ''}"
        for place in dict.fromkeys((0, lasting[-1]))
    ]
    return (
        f"A vote of {formats.count(vote.parts)} small tree models, each trained on the rows that a hash of their "
        f"inputs deals to it, has a proof. Whichever rows are added, removed or relabelled, it catches at least this "
        f"share of the frauds: {formats.listed(proofs)}. Where nobody changes any it catches "
        f"{formats.percent(vote.caught.value)}; against {md(phrase(result, baseline))} that is "
        f"{change(against)}. Frauds proved caught and yet missed by a vote retrained after an attack: "
        f"{formats.count(vote.contradicted)}."
    )


def _in_use(found: OwnPoisoningResult) -> str:
    return "A model in use: not applicable, as nobody trains it here." if found.not_applicable else ""

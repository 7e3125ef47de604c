"""Whether what a validation trained can be copied through its answers."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.findings.validation.models import titled
from generator.notation import formats
from generator.notation.formats import md
from generator.records.extraction import Copy
from generator.records.proofs import Estimate
from generator.records.validation import ValidationResult


@dataclass(frozen=True)
class StolenRow:
    """One model, and copies of fewest and of most answers; None for a model in use, which is not stolen here."""

    title: str
    constant: Estimate | None = None
    few: Copy | None = None
    most: Copy | None = None


@dataclass(frozen=True)
class Stealing:
    """What the report says of copies."""

    few: int
    most: int
    real_rows: int
    rows: tuple[StolenRow, ...]
    sentence: str


def stealing(result: ValidationResult) -> Stealing | None:
    """None where nothing was asked."""
    found, asked = result.extraction, result.spec.extraction
    if found is None or asked is None:
        return None
    few, most = asked.queries[0], asked.queries[-1]
    rows = tuple(_rows(result, few, most))
    return Stealing(few, most, found.real_rows, rows, _sentence(rows, most))


def _rows(result: ValidationResult, few: int, most: int) -> Iterator[StolenRow]:
    found = result.extraction
    assert found is not None, "nothing was stolen"
    for each in found.stolen:
        title = md(titled(result.model(each.model)))
        yield StolenRow(title, each.constant, each.find(few), each.find(most))
    for name in found.not_applicable:
        yield StolenRow(md(titled(result.model(name))))


def _sentence(rows: tuple[StolenRow, ...], most: int) -> str:
    """How the easiest model to copy is copied, by what it flags."""
    found = [
        (row.title, row.most.on_flagged, row.most.agreement, row.constant)
        for row in rows
        if row.most and row.most.on_flagged and row.constant
    ]
    if not found:
        return "No model trained here flags rows enough to say how well it is copied."
    title, flagged, every, constant = max(found, key=lambda each: each[1].value)
    beyond = "more than" if every.low > constant.high else "with no measurable difference from"
    return (
        f"With {formats.count(most)} questions, the copy of {title} agrees on {formats.percent(flagged.value)} "
        f"({formats.interval(flagged)}) of the rows that it flags, and on all rows {beyond} a copy that always says no "
        "fraud."
    )

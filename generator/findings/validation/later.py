"""What each model catches of the rows that come last, beside what it catches in the folds."""

from dataclasses import dataclass

from generator.findings.validation.models import in_order, titled
from generator.notation import formats
from generator.notation.formats import md
from generator.records.proofs import Estimate
from generator.records.validation import ValidationResult


@dataclass(frozen=True)
class LaterRow:
    """One model at the quoted rate, nobody evading and proved against the quoted tier."""

    title: str
    clean: Estimate
    """In the folds."""
    clean_later: Estimate
    proved: Estimate
    proved_later: Estimate


def later_rows(result: ValidationResult) -> tuple[LaterRow, ...]:
    """Empty where there is no such judgement."""
    if result.later is None:
        return ()
    quoted = result.spec.threat.quoted
    found = {row.model: row for row in result.later.rates if row.tier == quoted}
    rows = []
    for model in in_order(result):
        folds, late = result.tier(model.name, quoted), found[model.name]
        rows.append(
            LaterRow(
                md(titled(model)),
                folds.caught_clean,
                late.caught_clean,
                folds.caught_proved,
                late.caught_proved,
            )
        )
    return tuple(rows)


def sentence(result: ValidationResult) -> str:
    """Who is judged by whom; empty where there is no such judgement."""
    if result.later is None:
        return ""
    judged, time = result.later.judged, md(result.spec.time or "")
    rows, frauds, earlier = map(formats.count, (judged.rows, judged.frauds, judged.training_rows))
    start = f", from {md(result.later.judged_from)} on," if result.later.judged_from else ""
    return (
        f"The last {rows} rows by {time}{start} are judged, {frauds} of them frauds. What is trained here saw the "
        f"{earlier} before them alone. A model in use is what it is."
    )

"""Checks the published per-row file, with the weights beside it, against itself and against the record.

Light on purpose: numpy and what is published, nothing of what computed it. It repeats no
proof; it repeats every judgement, replays every example found, and works every headline figure out again.
"""

from pathlib import Path

from rich.table import Table

from generator.audit.figures import check_figures
from generator.audit.judgements import CLOSE, Replayed, check_judgements
from generator.audit.published import AuditError, read_published
from generator.notation import formats
from generator.records.results import StudyResult

__all__ = ["AuditError", "Replayed", "audit", "audit_table"]


def audit(result: StudyResult, folder: Path) -> tuple[Replayed, ...]:
    """Check the two files of `result` below `folder`; what was replayed, one for each model.

    Raises:
        AuditError: Something does not hold; the message names file, line, field, expected and found.
        RecordError: A file is missing, damaged, or not laid out as it has to be.
    """
    published = read_published(result, folder)
    replayed = check_judgements(published)
    check_figures(published)
    return replayed


def audit_table(replayed: dict[str, tuple[Replayed, ...]]) -> Table:
    """What was replayed, by name of the dataset: examples, and how many of them only touch the cut."""
    table = Table(
        title="Judged, replayed and counted again: all agrees",
        caption=f"touch: the margin of the example is within {CLOSE:g} of the cut, on the right side",
    )
    for column in ("dataset", "model", "lines", "examples", "touch", "tier examples", "touch"):
        table.add_column(column, justify="left" if column in ("dataset", "model") else "right")
    for name, each in replayed.items():
        for model in each:
            counts = (model.lines, model.examples, model.touching, model.tier_examples, model.tier_touching)
            table.add_row(name, model.model, *map(formats.count, counts))
        table.add_section()
    return table

"""Who is judged differently: each declared column, group by group, at one cut for all rows."""

from dataclasses import dataclass

from generator.findings.validation.models import baseline, beside, best, titled
from generator.notation import formats
from generator.notation.formats import md
from generator.records.validation import GroupRates, ValidationResult


@dataclass(frozen=True)
class GroupTable:
    column: str
    models: tuple[str, ...]
    """Titles: of the baseline, and of the model to take."""
    rows: tuple[tuple[str, tuple[GroupRates, ...]], ...]
    """Group -> what each of these models does there."""
    sentence: str


def group_tables(result: ValidationResult) -> tuple[GroupTable, ...]:
    """One for each declared column; models that no headline quotes are not in them."""
    own, (named, _) = baseline(result), best(result, result.spec.threat.quoted)
    models = [name for name in (own, named) if name and result.model(name).quotable]
    tables = []
    for column in dict.fromkeys(row.column for row in result.groups):
        known = {(row.model, row.group): row for row in result.groups if row.column == column}
        groups = dict.fromkeys(group for _, group in known)
        rows = tuple(
            (md(group), tuple(known[model, group] for model in models))
            for group in groups
            if all((model, group) in known for model in models)
        )
        if rows and models:
            titles = tuple(md(titled(result.model(name))) for name in models)
            tables.append(GroupTable(md(column), titles, rows, _sentence(rows, titles[0])))
    return tuple(tables)


def _sentence(rows, title: str) -> str:
    """The widest gap of the first model's false alarms between two groups."""
    stopped = [(group, each[0].flagged_genuine) for group, each in rows if each[0].flagged_genuine]
    if len(stopped) < 2:
        return ""
    (low_group, low), (high_group, high) = (
        pick(stopped, key=lambda pair: pair[1].value) for pick in (min, max)
    )
    if beside(high, low) == "no difference":
        return f"{title} stops genuine customers of these groups at rates that do not measurably differ."
    return (
        f"{title} stops {formats.percent(high.value)} of genuine customers in {high_group}, and "
        f"{formats.percent(low.value)} in {low_group}."
    )

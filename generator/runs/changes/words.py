"""What pages and the terminal say about two runs: sentences and rows of tables, ready to be placed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from generator.notation import formats
from generator.notation.names import MODELS
from generator.notation.tracing import counted, traced
from generator.records.changes import FieldChange
from generator.records.results import Estimate, StudyResult
from generator.runs.changes.compare import RunDiff, compare_runs
from generator.runs.changes.figures import MATERIAL, FigureChange

DOCUMENT = "previous/{}"
"""Where the earlier record of a dataset is published, below `data/` and without its suffix."""
NONE = "There is no earlier record to compare with."
UNREADABLE = (
    "The earlier record was written by another version of this program and cannot be compared. "
    "Every figure counts as new and asks for a sign-off."
)


@dataclass(frozen=True)
class ChangeRow:
    """One line of a table: a thing in both runs."""

    what: str
    before: str
    after: str
    change: str
    """With its interval; empty for what is not a number."""
    verdict: str
    why: str
    """Why it asks for a new sign-off; empty if it does not."""

    @property
    def moved(self) -> bool:
        return self.verdict != "unchanged"


@dataclass(frozen=True)
class DatasetChanges:
    """The newest run of one dataset beside the one before it."""

    result: StudyResult
    sentence: str
    diff: RunDiff | None
    """None where there is nothing to compare with."""
    caution: str
    """What makes the two runs unlike; empty if nothing does."""
    asks: tuple[ChangeRow, ...]
    """What asks for a new sign-off, with reasons."""
    figures: tuple[ChangeRow, ...]
    """What moved, with or without reasons."""
    uncompared: str
    """A sentence on what only one run holds; empty if that is nothing."""


@dataclass(frozen=True)
class RunChanges:
    """All that a page needs."""

    runs: tuple[DatasetChanges, ...]
    rules: tuple[str, ...]


def find_changes(
    results: Sequence[StudyResult], previous: Mapping[str, StudyResult | None] | None = None
) -> RunChanges:
    """Each result beside the earlier record of its dataset.

    `previous` maps a dataset to its earlier record, None where this version cannot read it; a dataset
    without an entry has none.
    """
    known = {
        name: traced(record, DOCUMENT.format(name)) if record else None
        for name, record in (previous or {}).items()
    }
    return RunChanges(
        tuple(dataset_changes(each, known.get(each.data.name), each.data.name in known) for each in results),
        rules(),
    )


def rules() -> tuple[str, ...]:
    """How a change is judged."""
    return (
        f"**Change.** The later run minus the earlier one, with its {formats.LEVEL} interval. The runs are taken as "
        "independent: the two half-widths are squared, added, and the root is taken, each on its own side "
        "(Newcombe). Where both runs judge the same rows this is cautious: it calls more changes noise.",
        "**Better, worse, within noise.** A change is within noise if its interval holds zero. If not, it is "
        "better or worse: fewer missed frauds and fewer genuine payments stopped are better, and of all else more.",
        f"**New sign-off.** A change asks for one if the figure moved by more than {formats.loss(MATERIAL, 0)} in "
        "either direction, within noise or not; if the intervals of the two runs do not meet; if a cut moved; if "
        "another recipe is named best; or if a sanity check fails that did not fail before.",
    )


def documents(previous: Mapping[str, StudyResult | None]) -> dict[str, StudyResult]:
    """The earlier records by the names they are published under, for whoever traces a figure to them."""
    return {DOCUMENT.format(name): record for name, record in previous.items() if record}


def dataset_changes(after: StudyResult, before: StudyResult | None, kept: bool = True) -> DatasetChanges:
    """`after` beside `before`; None if there is no earlier record, or, if one was `kept`, none that can be read."""
    if not before:
        return DatasetChanges(after, UNREADABLE if kept else NONE, None, "", (), (), "")
    diff = compare_runs(before, after)
    asks = sign_offs(diff)
    return DatasetChanges(
        result=after,
        sentence=f"{changed_sentence(diff)} {tally_sentence(diff)} {sign_off_sentence(asks)}",
        diff=diff,
        caution=caution(diff),
        asks=asks,
        figures=tuple(row for row in (*map(figure_row, diff.figures), *choice_rows(diff)) if row.moved),
        uncompared=uncompared_sentence(diff),
    )


def changed_sentence(diff: RunDiff) -> str:
    if not diff.inputs.words:
        return "Both records are of the same study, so nothing can have changed."
    return f"What changed between the two runs: {formats.listed(diff.inputs.words)}."


def tally_sentence(diff: RunDiff) -> str:
    changes = (*diff.figures, *(choice.figure for choice in diff.choices))
    compared = [(change.before, change.after) for change in changes]
    verdicts = [change.verdict for change in changes]

    def tally(number: int) -> str:
        return formats.count(counted(number, compared))

    parts = [
        f"{tally(verdicts.count(word))} {word}" for word in ("better", "worse", "within noise", "unchanged")
    ]
    return f"Of {tally(len(verdicts))} figures in both runs: {formats.listed(parts)}."


def sign_off_sentence(asks: Sequence[ChangeRow]) -> str:
    if not asks:
        return "No change asks for a new sign-off."
    return "Some changes ask for a new sign-off."


def uncompared_sentence(diff: RunDiff) -> str:
    if not diff.uncompared:
        return ""
    return (
        f"Not compared, because only one of the runs holds it for what the later run quotes: "
        f"{formats.listed(diff.uncompared)}."
    )


def caution(diff: RunDiff) -> str:
    """Why the runs may not be alike in what they measure."""
    parts = []
    if diff.before.spec.quick or diff.after.spec.quick:
        which = {(True, True): "Both runs are quick runs", (True, False): "The earlier run is a quick run"}
        said = which.get((diff.before.spec.quick, diff.after.spec.quick), "The later run is a quick run")
        parts.append(f"{said}: not for decisions.")
    if diff.inputs.data:
        parts.append(
            "The runs judge different data, so a change may come from the rows and not from the models."
        )
    return " ".join(parts)


def sign_offs(diff: RunDiff) -> tuple[ChangeRow, ...]:
    """Everything that asks for a new sign-off: cuts, checks, choices, then figures."""
    return (
        *(_plain(cut, "moved", "the cut moved") for cut in diff.cuts),
        *(_plain(check, "worse", "the check fails") for check in diff.failures),
        *(row for row in choice_rows(diff) if row.why),
        *(row for row in map(figure_row, diff.figures) if row.why),
    )


def figure_row(change: FigureChange, what: str = "") -> ChangeRow:
    shares = change.kind == "percent"
    size = formats.points(change.delta) if shares else formats.signed(change.delta, 0)
    ends = formats.between(*change.difference, "points" if shares else "count")
    return ChangeRow(
        what=what or f"{MODELS[change.model].title}: {change.title}",
        before=_estimate(change.before, change.kind),
        after=_estimate(change.after, change.kind),
        change=f"{size} ({ends})",
        verdict=change.verdict,
        why="; ".join(change.reasons),
    )


def choice_rows(diff: RunDiff) -> tuple[ChangeRow, ...]:
    """The recipe named best against each attacker, its name before its figure."""
    rows = []
    for choice in diff.choices:
        row = figure_row(choice.figure, f"Named best against attacker {choice.tier}, proved")
        rows.append(
            ChangeRow(
                row.what,
                f"{MODELS[choice.before].title}: {row.before}",
                f"{MODELS[choice.after].title}: {row.after}",
                row.change,
                row.verdict,
                "; ".join(choice.reasons),
            )
        )
    return tuple(rows)


def _plain(change: FieldChange, verdict: str, why: str) -> ChangeRow:
    return ChangeRow(formats.capital(change.name), change.before, change.after, "", verdict, why)


def _estimate(value: Estimate, kind: str) -> str:
    shown = formats.percent(value.value) if kind == "percent" else formats.count(value.value)
    return f"{shown} ({formats.interval(value, kind)})"

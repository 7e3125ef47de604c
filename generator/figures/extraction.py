"""Copies of a model: how often they agree with it, by the number of questions that their thief asked."""

from generator.figures.chart import Chart, percentages, rounded
from generator.figures.frame import axis, band, figure, line, marker, percent_axis
from generator.findings.extraction import ordered
from generator.notation import formats, palette
from generator.records.extraction import Copy, Stolen
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

FLAGGED, ALL = "Transactions that the model flags", "All transactions"
ALWAYS = "approve_everything"
"""Look of the copy that always says no fraud."""
THIEVES = {"own": "Own", "knockoff_nets": "Knockoff Nets (ART)"}


def extraction(result: StudyResult) -> Chart:
    """A line a model, over the number of questions; the dotted line asks none and always says no fraud.

    Raises:
        ValueError: The record holds no stolen model.
    """
    found, asked = result.extraction, result.spec.extraction
    if found is None or asked is None or not found.stolen:
        raise ValueError(f"{result.data.name}: no model was stolen, so there is nothing to draw")
    stolen, data = ordered(found), []
    for view in (FLAGGED, ALL):
        for each in stolen:
            data += _lines(each, view, asked.queries)
        data.append(_constant(stolen[0], view, asked.queries))
    first, least, most = stolen[0], asked.queries[0], asked.queries[-1]
    return Chart(
        slug=f"{result.data.name}-extraction",
        title="Agreement of a copy with its model, by questions asked",
        caption=f"Each line is one model. Across: rows that the thief asked about, real ones first, then made-up ones. "
        "Up: share of other rows on which copy and model give the same answer, among rows that the model flags, or "
        f"all. Dotted: always saying no fraud; on all rows, against {palette.model(first.model).phrase}. Nobody evades "
        "here. Strips are 95 % intervals.",
        summary=f"Same answer on rows that the model flags, with {formats.count(least)} and {formats.count(most)} "
        f"questions: {'; '.join(_summary(each, least, most) for each in stolen)}.",
        figure=figure(
            data,
            xaxis=axis("Questions asked", type="log", dtick=1),
            yaxis=percent_axis("Same answer"),
            hovermode="x unified",
        ),
        headers=("Model", "Thief", "Answers", "Questions", "Of these made up", "Agreement (%)", "95 % low (%)",
                 "95 % high (%)", "On flagged rows (%)", "Flagged low (%)", "Flagged high (%)"),
        rows=tuple(row for each in stolen for row in _rows(each)),
        height=440,
        narrow_height=520,
        views=(FLAGGED, ALL),
    )  # fmt: skip


def _lines(stolen: Stolen, view: str, queries: tuple[int, ...]) -> list[dict]:
    copies = [copy for copy in map(stolen.find, queries) if copy and _of(copy, view)]
    shares = [share for copy in copies if (share := _of(copy, view))]
    if not shares:
        return []
    x, shown = [copy.queries for copy in copies], {"meta": {"view": view}}
    look = palette.model(stolen.model)
    return [
        band(x, shares, stolen.model, **shown),
        line(x, [share.value for share in shares], look, stolen.model, **shown),
    ]


def _of(copy: Copy, view: str) -> Estimate | None:
    return copy.on_flagged if view == FLAGGED else copy.agreement


def _constant(stolen: Stolen, view: str, queries: tuple[int, ...]) -> dict:
    look, share = palette.model(ALWAYS), 0.0 if view == FLAGGED else stolen.constant.value
    ends = [queries[0], queries[-1]]
    shown = {"meta": {"view": view}, "mode": "lines", "name": "Always no fraud"}
    return line(ends, [share, share], look, ALWAYS, **shown) | {"marker": marker(look, ALWAYS)}


def _summary(stolen: Stolen, least: int, most: int) -> str:
    copies = (stolen.find(count) for count in (least, most))
    parts = [
        f"{formats.percent(copy.on_flagged.value)} ({formats.interval(copy.on_flagged)})"
        for copy in copies
        if copy and copy.on_flagged
    ]
    return f"{palette.model(stolen.model).title} {formats.listed(parts or ['none'])}"


def _rows(stolen: Stolen) -> list[tuple]:
    title = palette.model(stolen.model).title
    always = (title, "Always no fraud", "None", 0, 0, *_percents(stolen.constant), 0, "", "")
    return [always] + [
        (
            title, THIEVES[copy.thief], copy.answers, copy.queries, copy.drawn, *_percents(copy.agreement),
            *(_percents(copy.on_flagged) if copy.on_flagged else ("", "", "")),
        )
        for copy in stolen.copies
    ]  # fmt: skip


def _percents(estimate: Estimate) -> list[float]:
    return [rounded(value) for value in percentages((estimate.value, estimate.low, estimate.high))]

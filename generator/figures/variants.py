"""A figure for every attacker, as `charts.js` takes it: what is not the same for all, woven."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from generator.figures.chart import Chart
from generator.figures.embedding import OPENED_LIMIT, drawings, script
from generator.figures.frame import EPSILON
from generator.figures.svg import settled
from generator.notation.marks import plain
from generator.notation.weaving import woven


def variants(charts: Sequence[Sequence[Chart]]) -> str:
    """The script that hands over one figure by budget, and within a budget by tier, where that changes it.

    What differs between attackers is told by name; views that not all of them have are left out.
    """
    shared = [
        view for view in charts[0][0].views if all(view in each.views for row in charts for each in row)
    ]
    told = [[_told(chart, shared) for chart in row] for row in charts]
    first = told[0][0]
    moving = [name for name in first if any(each[name] != first[name] for row in told for each in row)]
    fields = {name: woven([[each[name] for each in row] for row in told]) for name in moving}
    return script("studyChartAt", charts[0][0].slug, fields)


def _told(chart: Chart, views: Sequence[str]) -> Mapping[str, str]:
    """What may differ, as JSON; along an axis of budgets the drawing is the same for all."""
    texts = {"caption": _json(plain(chart.caption)), "summary": _json(plain(chart.summary))}
    if chart.figure["layout"].get("meta") == EPSILON:
        return texts
    data = [each for each in chart.figure["data"] if each.get("meta", {}).get("view", "") in ("", *views)]
    shown = replace(chart, figure={**chart.figure, "data": data}, views=tuple(views))
    rows = ",\n".join(_json(row) for row in chart.rows[:OPENED_LIMIT])
    return texts | {
        "figure": _json(settled(shown.figure, shown.views)),
        "narrow": _json(shown.narrow),
        "views": _json(shown.views),
        "drawings": _json(drawings(shown)),
        "table": f"[{rows}]",
        "heights": _json([shown.height, shown.narrow_height or shown.height]),
    }


def _json(value: Any) -> str:
    """With a space behind commas, so that three digits behind one are no thousands."""
    return json.dumps(value, sort_keys=True, separators=(", ", ":"), ensure_ascii=False, allow_nan=False)

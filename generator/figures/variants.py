"""A figure for every attacker, as `charts.js` takes it: the fields that are not the same for all.

the text of a field for every budget, or for every budget and tier --> [shared, own, shared, ..., own, shared]
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from generator.figures.chart import Chart
from generator.figures.embedding import OPENED_LIMIT, drawings, script
from generator.figures.frame import EPSILON
from generator.figures.svg import settled
from generator.notation.marks import plain

TOKEN = re.compile(r"\d{1,3}(?:,\d{3})+|[^<>\s\"',:;={}\[\]]+|.", re.DOTALL)
"""A word, a number or a character: shared, or an attacker's own, as a whole."""


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
    fields = {name: _parted([[each[name] for each in row] for row in told]) for name in moving}
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


def _parted(texts: Sequence[Sequence[str]]) -> list[Any]:
    """What the texts share, and between that what each budget has there: a string, or one for each tier.

    Texts that have not equally many tokens share nothing.

    Args:
        texts: by budget, and within a budget by tier; rows are equally long.
    """
    tokens = [TOKEN.findall(text) for row in texts for text in row]
    alike = len({len(each) for each in tokens}) == 1
    columns = zip(*tokens, strict=True) if alike else [[text for row in texts for text in row]]
    width, made = len(texts[0]), [""]
    for column in columns:
        if len(set(column)) == 1:
            made[-1] += column[0]
            continue
        rows = [list(column[at : at + width]) for at in range(0, len(column), width)]
        made += [[row[0] if len(set(row)) == 1 else row for row in rows], ""]
    return made


def _json(value: Any) -> str:
    """With a space behind commas, so that three digits behind one are no thousands."""
    return json.dumps(value, sort_keys=True, separators=(", ", ":"), ensure_ascii=False, allow_nan=False)

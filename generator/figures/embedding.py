"""How a chart reaches a page: the HTML of a figure, and the files beside it."""

import csv
import hashlib
import html
import io
import json
import re
from dataclasses import dataclass
from typing import Any

from generator.figures.chart import Cell, Chart
from generator.figures.svg import document, drawing, settled
from generator.figures.svg.text import literal
from generator.figures.workbook import NOTHING, Told, workbook_bytes
from generator.notation import formats
from generator.notation.palette import colours
from generator.records.spreadsheet import disarmed, number_text

TABLE_LIMIT = 6
"""Rows of a table on the page; the others come when a reader opens it, and the CSV always has all of them."""
OPENED_LIMIT = 400
"""Rows of an opened table; a longer one is for the CSV."""
TOKEN = re.compile(r'"@([a-z0-9_]+)(?:/[0-9.]+)?"')
UNSAFE = {"<": "\\u003c", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True)
class FigurePlace:
    """How a figure stands on a page."""

    later: bool = False
    """Far down: its drawing comes from its script when a reader is near."""
    dataset: str = ""
    """The one it is about."""
    follows: str = ""
    """What of the attacker a reader picks it follows: `budget`, `tier` or `view`."""
    attacker: str = ""
    """Whom it is about; see `Whose`."""
    drawn: str = ""
    """For whom it is drawn, whoever is picked."""


def embed(chart: Chart, known: str = "", place: FigurePlace = FigurePlace()) -> str:
    """The figure for a Markdown page in the root of the docs; put it at the beginning of a line.

    The drawing of a figure far down the page is not in the page but in the figure's own script, which is loaded when a
    reader comes near; without scripts, and on paper, the file of the drawing is there.

    Complete without JavaScript: title, drawing, caption, summary, table, CSV and workbook. The last two are Markdown
    links, so that a strict build checks that the files are there.

    Args:
        known: HTML that says how the figures are known, for the folded part.
    """
    title, caption, summary = (html.escape(t) for t in (chart.title, chart.caption, chart.summary))
    heights = f"--plot:{chart.height}px;--plot-narrow:{chart.narrow_height or chart.height}px"
    # disabled until there is a script; written here so that the page keeps its place when they wake up
    buttons = "".join(
        f'<button type="button" data-view="{html.escape(view)}" aria-pressed="{str(i == 0).lower()}" disabled>'
        f"{html.escape(view)}</button>"
        for i, view in enumerate(chart.views)
    )
    views = [f'<div class="chart-views" markdown="0">{buttons}</div>'] if chart.views else []
    view = chart.views[0] if chart.views else ""
    drawn = "data-later>" if place.later else f"data-search-exclude>{_drawn(chart, view)}"
    picture = f"![{formats.md(chart.title)}](data/{chart.slug}.svg){{ loading=lazy }}"
    still = f'<p class="chart-still" markdown="span">{picture}</p>'
    return "\n".join([
        f'<figure class="chart" id="{chart.slug}" data-chart="{chart.slug}" aria-label="{title}" '
        f'style="{heights}"{_told(place)} markdown="1">',
        f'<p class="chart-title" markdown="0">{title}</p>',
        *views,
        f'<div class="chart-plot" role="img" aria-label="{summary}" markdown="0">'
        f'<div class="chart-view" aria-hidden="true" {drawn}</div></div>',
        *([still] if place.later else []),
        f'<figcaption markdown="0">{caption} <span class="chart-summary">{summary}</span>{_whom(place)}</figcaption>',
        f'<p class="chart-tools" markdown="span">[CSV](data/{chart.slug}.csv){{ download }} '
        f"[Excel](data/{chart.slug}.xlsx){{ download }}</p>",
        f'<details class="chart-table" data-search-exclude markdown="0">{_table(chart, known)}</details>',
        "</figure>",
    ])  # fmt: skip


def _told(place: FigurePlace) -> str:
    told = (("of", place.dataset), ("follows", place.follows), ("attacker", place.attacker))
    return "".join(f' data-{name}="{value}"' for name, value in told if value)


def _whom(place: FigurePlace) -> str:
    return f' <span class="chart-drawn">Drawn for {html.escape(place.drawn)}.</span>' if place.drawn else ""


def files_of(chart: Chart, style: str, told: Told = NOTHING) -> dict[str, bytes]:
    """`<slug>.js`, which registers the figure, `.csv`, `.xlsx` and `.svg`, by name; equal charts give equal bytes.

    Args:
        style: The stylesheet of the pages, of which a drawing takes its part along.
        told: What the workbook says beside the table.
    """
    still = document(_drawn(chart, chart.views[0] if chart.views else ""), style)
    return {
        f"{chart.slug}.js": registration(chart).encode(),
        f"{chart.slug}.csv": csv_text(chart).encode(),
        f"{chart.slug}.xlsx": workbook_bytes(chart, told),
        f"{chart.slug}.svg": still.encode(),
    }


def registration(chart: Chart) -> str:
    """The script that hands the figure to `charts.js`; a script, as file:// loads no JSON."""
    ready = settled(chart.figure, chart.views)
    figure = json.dumps(ready)
    known = colours()
    payload = {
        "title": literal(chart.title),
        "figure": ready,
        "narrow": chart.narrow,
        "views": chart.views,
        "rows": chart.rows[TABLE_LIMIT:OPENED_LIMIT],
        "drawings": drawings(chart),
        "colours": {name: known[name] for name in set(TOKEN.findall(figure)) & set(known)},
    }
    return script("studyChart", chart.slug, payload)


def script(function: str, slug: str, payload: Any) -> str:
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for sign, escaped in UNSAFE.items():
        text = text.replace(sign, escaped)
    return f'{function}("{slug}",{text});\n'


def drawings(chart: Chart) -> dict[str, str]:
    """By view; under no name where there are none."""
    return {view: _drawn(chart, view) for view in chart.views or ("",)}


def _drawn(chart: Chart, view: str) -> str:
    """The drawing of one view; its ids begin with a few letters that no other drawing has."""
    prefix = "d" + hashlib.sha256(f"{chart.slug}/{view}".encode()).hexdigest()[:5]
    return drawing(chart.figure, prefix, view, chart.narrow)


def csv_text(chart: Chart) -> str:
    """The table behind the chart (RFC 4180), for programs; no text in it is a formula, no number has three decimals."""
    out = io.StringIO()
    csv.writer(out).writerows(
        [disarmed(cell) if isinstance(cell, str) else number_text(str(cell)) for cell in row]
        for row in (chart.headers, *chart.rows)
    )
    return out.getvalue()


def _table(chart: Chart, known: str) -> str:
    total, shown = len(chart.rows), chart.rows[:TABLE_LIMIT]
    rest = (
        ""
        if total == len(shown)
        else f'<p class="rest" data-rows="{total}">The first <span>{len(shown)}</span> of {total:,} rows; '
        "the CSV has them all.</p>"
    )
    head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in chart.headers)
    body = "".join(f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in shown)
    label = html.escape(f"Data of: {chart.title}")
    return (
        f"<summary>Data table{', and how we know' if known else ''}</summary>{known}{rest}"
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{label}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Cell) -> str:
    """Numbers are the rule, so that text is what carries a class."""
    if isinstance(value, str):
        return f'<td class="t">{html.escape(value)}</td>' if value else "<td></td>"
    return f"<td>{f'{value:,}'.replace('-', formats.MINUS)}</td>"

"""The pieces figures are made of: layout, axes, lines with their interval, bars, dots with an interval."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from generator.figures.chart import numbers, percentages, rounded
from generator.notation.palette import Look
from generator.records.results import Estimate

AXIS = {
    "automargin": True,
    "gridcolor": "@grid",
    "linecolor": "@grid",
    "zerolinecolor": "@grid",
    "tickcolor": "@grid",
    "title": {"font": {"size": 13}, "standoff": 10},
    "tickfont": {"size": 12},
    "ticklabelstandoff": 4,
}
EPSILON = {"cursor": "epsilon"}
"""Meta of a layout whose x axis is the budget ε: a line follows the budget that the reader chooses."""
FONT = "-apple-system, BlinkMacSystemFont, Helvetica, Arial, sans-serif"


def figure(data: Sequence[dict], **layout: Any) -> dict[str, Any]:
    """Traces and the layout all figures share; `layout` adds to it."""
    shared = {
        "font": {"family": FONT, "size": 13, "color": "@text"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
        "hoverlabel": {"bgcolor": "@page", "bordercolor": "@grid", "font": {"color": "@text", "size": 13}},
        "legend": {
            "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom",
            "font": {"size": 12}, "bgcolor": "rgba(0,0,0,0)", "traceorder": "normal",
        },
        "template": {"layout": {"xaxis": AXIS, "yaxis": AXIS}},
        "bargap": 0.25,
    }  # fmt: skip
    return {"data": list(data), "layout": {**shared, **layout}}


def axis(title: str = "", **more: Any) -> dict[str, Any]:
    return {"title": {"text": title}, **more} if title else dict(more)


def percent_axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis of percentages, zero to a hundred unless `more` says otherwise."""
    return axis(title, **{"range": [0, 102], "ticksuffix": " %", **more})


def line(x: Sequence[float], shares: Sequence[float], look: Look, token: str, **more: Any) -> dict[str, Any]:
    """A line with markers through shares, written as percentages."""
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": look.title,
        "legendgroup": token,
        "x": numbers(x),
        "y": percentages(shares),
        "line": {"color": f"@{token}", "dash": look.dash, "width": 2.5},
        "marker": marker(look, token),
        "hovertemplate": "%{y} %",
        **more,
    }


def marker(look: Look, token: str, size: int = 8) -> dict[str, Any]:
    """A mark; an open one is larger, so that it shows around a filled one at the same place."""
    wide = look.symbol.endswith("-open")
    return {
        "color": f"@{token}", "symbol": look.symbol, "size": size + 4 * wide, "line": {"width": 2 * wide}
    }  # fmt: skip


def ring(look: Look) -> Look:
    """The same as an open circle, for a mark that another one may lie on."""
    return replace(look, symbol="circle-open")


def filling(look: Look, token: str) -> dict[str, Any]:
    """The fill of a bar, with the strokes that repeat what its colour says."""
    strokes = {
        "pattern": {
            "shape": look.pattern,
            "fgcolor": "@page",
            "fillmode": "overlay",
            "size": 6,
            "solidity": 0.3,
        }
    }
    return {"color": f"@{token}", **(strokes if look.pattern else {})}


def band(x: Sequence[float], estimates: Sequence[Estimate], token: str, **more: Any) -> dict[str, Any]:
    """The 95 % interval of a line as a strip behind it; it has no entry in the legend."""
    lows, highs = percentages(e.low for e in estimates), percentages(e.high for e in estimates)
    return {
        "type": "scatter",
        "mode": "lines",
        "x": numbers([*x, *reversed(x)]),
        "y": [*highs, *reversed(lows)],
        "fill": "toself",
        "fillcolor": f"@{token}/0.16",
        "line": {"width": 0, "color": f"@{token}"},
        "legendgroup": token,
        "showlegend": False,
        "hoverinfo": "skip",
        **more,
    }


def error_bar(estimates: Sequence[Estimate], factor: float = 1.0) -> dict[str, Any]:
    """Arms of the 95 % interval around values drawn at `factor` times their size."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [rounded(factor * (e.high - e.value)) for e in estimates],
        "arrayminus": [rounded(factor * (e.value - e.low)) for e in estimates],
        "color": "@text",
        "thickness": 1.5,
        "width": 0,
    }


def rule(
    *, x: float | None = None, y: float | None = None, token: str = "muted", **more: Any
) -> dict[str, Any]:
    """A dashed line across the whole plot at one x or one y."""
    place = (
        {"x0": x, "x1": x, "y0": 0, "y1": 1, "yref": "paper"}
        if y is None
        else {"y0": y, "y1": y, "x0": 0, "x1": 1, "xref": "paper"}
    )
    return {
        "type": "line", **place, "line": {"color": f"@{token}", "dash": "dash", "width": 1.5}, **more
    }  # fmt: skip


def note(text: str, x: float, y: float, **more: Any) -> dict[str, Any]:
    """A short text beside a mark, in data coordinates unless `more` says otherwise."""
    return {
        "text": text, "x": x, "y": y, "showarrow": False, "font": {"size": 12, "color": "@muted"}, **more
    }  # fmt: skip


def grid(panels: int, columns: int, *, gap_x: float = 0.08, gap_y: float = 0.12) -> dict[str, list[float]]:
    """Domains of equal panels, row by row from the top, by path: {"xaxis2.domain": [0.5, 1.0], ...}."""
    rows = -(-panels // columns)
    width = (1 - gap_x * (columns - 1)) / columns
    height = (1 - gap_y * (rows - 1)) / rows
    domains = {}
    for panel in range(panels):
        row, column = divmod(panel, columns)
        left, top = column * (width + gap_x), 1 - row * (height + gap_y)
        suffix = str(panel + 1) if panel else ""
        domains[f"xaxis{suffix}.domain"] = numbers([left, left + width])
        domains[f"yaxis{suffix}.domain"] = numbers([max(0.0, top - height), top])
    return domains


def placed(axes: dict[str, dict], domains: dict[str, list[float]]) -> dict[str, dict]:
    """The axes with their domains written in."""
    return {
        name: {**content, "domain": domains[f"{name}.domain"]} if f"{name}.domain" in domains else content
        for name, content in axes.items()
    }

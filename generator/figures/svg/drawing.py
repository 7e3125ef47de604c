"""A figure as markup: the legend above, and a plot for each pair of axes, placed by CSS at any width.

Nothing in it knows how wide it will be. A plot is an `<svg>` whose box CSS works out from its domain and the margins;
what is in it is placed in percent, and lines are stretched. So one drawing serves a screen, a phone and paper; what a
phone changes (domains, labels) is written beside it, and a container query picks it.
"""

from typing import Any

from generator.figures.svg import frame, paint
from generator.figures.svg.axes import Axis, Figure, axes, shown
from generator.figures.svg.legend import legend
from generator.figures.svg.marks import SIDE, Layers, Names, draw, percent, rule
from generator.figures.svg.text import element


def drawing(figure: Figure, prefix: str, view: str = "", narrow: dict[str, Any] | None = None) -> str:
    """The markup of one view of a figure.

    Args:
        figure: As Plotly takes it, colours as tokens.
        prefix: Begins every id within; no other drawing of a page has it.
        narrow: What a phone changes in the layout, by path.

    Raises:
        ValueError: A kind of trace, a mark or a colour that has no drawing yet.
    """
    names = Names(prefix)
    known = axes(figure, view)
    slim = axes(patched(figure, narrow or {}), view)
    key = legend(figure, view, names)
    plots = [_plot(pair, known, slim, figure, view, names) for pair in _pairs(figure, view)]
    wide, tight = frame.margins(known), frame.margins(slim)
    style = _style("lrtb", wide, tight, "px")
    definitions = f"<defs>{''.join(names.definitions)}</defs>" if names.definitions else ""
    first, *rest = plots
    at = first.index(">") + 1
    # search leaves out a <div> as far as the next </div>, so that there is none within
    body = f"{first[:at]}{definitions}{first[at:]}{''.join(rest)}"
    return f'{key}<section class="chart-plots" style="{style}">{body}</section>'


def patched(figure: Figure, patch: dict[str, Any]) -> Figure:
    """The figure with its layout changed by path, as `charts.js` does it."""
    layout = dict(figure["layout"])
    for path, value in patch.items():
        *keys, last = path.split(".")
        place = layout
        for key in keys:
            place[key] = dict(place.get(key, {}))
            place = place[key]
        place[last] = value
    return {**figure, "layout": layout}


def _pairs(figure: Figure, view: str) -> list[tuple[str, str]]:
    """Pairs of axes that traces lie on, in the order of the traces."""
    every = [(trace.get("xaxis", "x"), trace.get("yaxis", "y")) for trace in shown(figure, view)]
    return list(dict.fromkeys(every))


def _plot(
    pair, known: dict[str, Axis], slim: dict[str, Axis], figure: Figure, view: str, names: Names
) -> str:
    x, y = known[pair[0]], known[pair[1]]
    layers = Layers()
    for trace in shown(figure, view):
        if (trace.get("xaxis", "x"), trace.get("yaxis", "y")) == pair:
            draw(trace, x, y, figure, view, names, layers)
    for shape in figure["layout"].get("shapes", ()):
        if all(shape.get(f"{axis.name[0]}ref", axis.name[0]) in (axis.name, "paper") for axis in (x, y)):
            layers.over.append(rule(shape, x, y))
    notes = [
        _note(each, x, y)
        for each in figure["layout"].get("annotations", ())
        if each.get("xref", "x") == x.name
    ]
    cells = any("texttemplate" in trace for trace in shown(figure, view))
    parts = [
        _stretched(frame.grid(x, y) + layers.under),
        *layers.bars,
        _stretched(layers.over),
        *layers.marks,
        f'<g class="{"mid cell" if cells else "label"}">{"".join(layers.texts)}</g>' if layers.texts else "",
        *notes,
        _cursor(figure, x),
        frame.bottom(x, slim[x.name], y.name == x.anchor),
        frame.left(y, slim[y.name], x.name == y.anchor),
        frame.titles(x, y, slim),
    ]
    places = [_box(known[x.name], known[y.name]), _box(slim[x.name], slim[y.name])]
    return f'<svg class="panel" style="{_style("xwyh", *places)}">{"".join(parts)}</svg>'


def _box(x: Axis, y: Axis) -> list[float]:
    """Left, width, top and height as shares of the area of all plots."""
    (left, right), (low, high) = x.domain, y.domain
    return [round(value, 4) for value in (left, right - left, 1 - high, high - low)]


def _style(letters: str, wide: list, tight: list, unit: str = "") -> str:
    """Custom properties: small letters for a desk, capital ones for a phone where it differs."""
    written = [f"--{letter}:{value:g}{unit}" for letter, value in zip(letters, wide, strict=True)]
    for letter, value, other in zip(letters, tight, wide, strict=True):
        if value != other:
            written.append(f"--{letter.upper()}:{value:g}{unit}")
    return ";".join(written)


def _stretched(parts: list[str]) -> str:
    if not parts:
        return ""
    return f'<svg viewBox="0 0 {SIDE} {SIDE}" preserveAspectRatio="none">{"".join(parts)}</svg>'


# ---------------------------------------------------------------- what the layout adds


def _note(annotation: dict[str, Any], x: Axis, y: Axis) -> str:
    at = percent(x.place(x.unit(annotation["x"])))
    paper = annotation.get("yref") == "paper"
    down = percent(1 - (annotation["y"] if paper else y.place(y.unit(annotation["y"]))))
    more = (
        f' dx="{annotation.get("xshift", 0)}" dy="14" class="{paint.kind(annotation["font"]["color"])} note"'
    )
    return element(at, down, annotation["text"], more=more)


def _cursor(figure: Figure, x: Axis) -> str:
    """The line that shows the budget the reader chose; hidden until `charts.js` gives it a place.

    `data-low` and `data-high` are the values at the left and the right end of the plot.
    """
    if figure["layout"].get("meta", {}).get("cursor") != "epsilon":
        return ""
    return f'<line class="cursor" y2="100%" data-low="{x.low:g}" data-high="{x.high:g}"/>'

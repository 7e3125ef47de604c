"""A figure as markup: the legend above, and a plot for each pair of axes, placed by CSS at any width.

Nothing in it knows how wide it will be. A plot is an `<svg>` whose box CSS works out from its domain and the margins;
what is in it is placed in percent, and lines are stretched. So one drawing serves a screen, a phone and paper; what a
phone changes (domains, labels) is written beside it, and a container query picks it.
"""

from typing import Any

from generator.report.svg import paint
from generator.report.svg.axes import Axis, Figure, axes, shown
from generator.report.svg.legend import legend
from generator.report.svg.marks import SIDE, Layers, Names, draw, percent, rule
from generator.report.svg.text import bold, element, lines, width, wrapped

WIDE, NARROW = 820, 300
"""px of the plots of a figure on a desk and on a phone: they decide which labels there is room for."""
STANDOFF = 8
"""px between an axis and its labels."""
LINE = 14
TURNED = 0.64
"""Sine of the angle of labels that are turned."""


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
    wide, tight = (_margins(each, each_figure) for each, each_figure in (
        (known, figure), (slim, patched(figure, narrow or {})),
    ))  # fmt: skip
    style = _style("lrtb", wide, tight, "px")
    definitions = f"<defs>{''.join(names.definitions)}</defs>" if names.definitions else ""
    first, *rest = plots
    at = first.index(">") + 1
    # search leaves out a <div> as far as the next </div>, so that there is none within
    body = f'<section class="chart-plots" style="{style}">{first[:at]}{definitions}{first[at:]}{"".join(rest)}</section>'
    return key + body


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


def _plot(pair, known: dict[str, Axis], slim: dict[str, Axis], figure: Figure, view: str, names: Names) -> str:
    x, y = known[pair[0]], known[pair[1]]
    layers = Layers()
    grid = _grid(x, y)
    for trace in shown(figure, view):
        if (trace.get("xaxis", "x"), trace.get("yaxis", "y")) == pair:
            draw(trace, x, y, figure, view, names, layers)
    for shape in figure["layout"].get("shapes", ()):
        if all(shape.get(f"{axis.name[0]}ref", axis.name[0]) in (axis.name, "paper") for axis in (x, y)):
            layers.over.append(rule(shape, x, y))
    notes = [
        _note(each, x, y) for each in figure["layout"].get("annotations", ()) if each.get("xref", "x") == x.name
    ]
    cells = any("texttemplate" in trace for trace in shown(figure, view))
    parts = [
        _stretched(grid + layers.under),
        *layers.bars,
        _stretched(layers.over),
        *layers.marks,
        f'<g class="{"mid cell" if cells else "label"}">{"".join(layers.texts)}</g>' if layers.texts else "",
        *notes,
        _cursor(figure, x),
        _bottom(x, slim[x.name], y.name == x.anchor),
        _left(y, slim[y.name], x.name == y.anchor),
        _titles(x, y, slim),
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


# ---------------------------------------------------------------- axes


def _grid(x: Axis, y: Axis) -> list[str]:
    """Lines at the marks of axes of numbers; the line at zero stands out a little."""
    strokes, zero = [], []
    for axis, upright in ((x, True), (y, False)):
        if axis.kind == "category" or axis.settings.get("showgrid") is False:
            continue
        for place, _ in axis.ticks:
            at = round(SIDE * (axis.place(place) if upright else 1 - axis.place(place)))
            stroke = f"M{at} 0v{SIDE}" if upright else f"M0 {at}h{SIDE}"
            strong = abs(place) < 1e-12 and axis.kind == "linear"
            (zero if strong else strokes).append(stroke)
    drawn = [f'<path class="grid" d="{"".join(strokes)}"/>'] if strokes else []
    return drawn + ([f'<path class="grid zero" d="{"".join(zero)}"/>'] if zero else [])


def _labels(axis: Axis) -> list[str]:
    return [label for _, label in axis.ticks]


def _rare(axis: Axis, slim: Axis) -> set[int]:
    """Labels along the bottom that a phone has no room for; on a desk all of them fit."""
    share = slim.domain[1] - slim.domain[0]
    return set(range(len(axis.ticks))) - _fitting(axis, share * NARROW)


def _fitting(axis: Axis, room: float) -> set[int]:
    """Every k-th label, with the smallest k for which they do not touch."""
    count = len(axis.ticks)
    places = [axis.place(place) * room for place, _ in axis.ticks]
    sizes = [width(label, 11) + 8 for label in _labels(axis)]
    for every in range(1, count + 1):
        chosen = list(range(0, count, every))
        if all(
            abs(places[b] - places[a]) >= (sizes[a] + sizes[b]) / 2
            for a, b in zip(chosen, chosen[1:], strict=False)
        ):
            return set(chosen)
    return set()


def _bottom(x: Axis, slim: Axis, here: bool) -> str:
    """Labels below the plot."""
    if not here or x.settings.get("showticklabels") is False:
        return ""
    turn = x.settings.get("tickangle", 0)
    kept = _fitting(x, (x.domain[1] - x.domain[0]) * WIDE) if not turn else set(range(len(x.ticks)))
    rare = _rare(x, slim) if not turn else set()
    drawn = []
    for number, (place, label) in enumerate(x.ticks):
        if number not in kept:
            continue
        at = percent(x.place(place))
        if turn:
            drawn.append(
                f'<svg x="{at}" y="100%"><text class="end" transform="translate(4 12) rotate({turn})">{label}</text></svg>'
            )
        else:
            drawn.append(element(at, "100%", label, more=' class="w"' if number in rare else ""))
    return f'<g class="mid"{"" if turn else " transform=" + chr(34) + f"translate(0 {STANDOFF + 11})" + chr(34)}>{"".join(drawn)}</g>'


def _left(y: Axis, slim: Axis, here: bool) -> str:
    """Labels beside the plot; those that only a phone shows carry a class."""
    off, off_slim = (axis.settings.get("showticklabels") is False for axis in (y, slim))
    if not here or off and off_slim:
        return ""
    drawn = []
    for place, label in y.ticks:
        broken = wrapped(label) if y.kind == "category" else [label]
        more = f' dy="{-7 if len(broken) == 2 else 0}"' if len(broken) == 2 else ""
        drawn.append(element("0", percent(1 - y.place(place)), broken, more=more))
    only = " n" if off else ""
    return f'<g class="end{only}" transform="translate(-{STANDOFF} 4)">{"".join(drawn)}</g>'


def _titles(x: Axis, y: Axis, slim: dict[str, Axis]) -> str:
    drawn = []
    text = x.settings.get("title", {}).get("text", "")
    if text and y.name == x.anchor:
        first, *rest = lines(text)
        drop = _labels_height(x) + LINE + 4
        strong = ' class="b"' if bold(text) else ""
        below = "".join(f'<tspan x="50%" dy="17">{line}</tspan>' for line in rest)
        if bold(text) and rest:
            below = below.replace("<tspan ", '<tspan class="r" ')
        drawn.append(f'<text x="50%" y="100%" dy="{drop}"{strong}>{first}{below}</text>')
    text = y.settings.get("title", {}).get("text", "")
    other = slim[y.name].settings.get("title", {}).get("text", "")
    if (text or other) and x.name == y.anchor:
        only = "" if text else " n"
        drawn.append(f'<text class="start{only}" dx="-4" dy="-9">{text or other}</text>')
    return f'<g class="mid title">{"".join(drawn)}</g>' if drawn else ""


def _labels_height(x: Axis) -> int:
    if x.settings.get("showticklabels") is False:
        return 4
    if x.settings.get("tickangle"):
        return round(TURNED * max(width(label) for label in _labels(x))) + 20
    return STANDOFF + LINE


def _margins(known: dict[str, Axis], figure: Figure) -> list[float]:
    """px left, right, above and below that labels and titles take outside of all plots."""
    left = right = top = below = 0.0
    for axis in known.values():
        low, high = axis.domain
        text = axis.settings.get("title", {}).get("text", "")
        hidden = axis.settings.get("showticklabels") is False
        if axis.name[0] == "y":
            if known.get(axis.anchor) is None or known[axis.anchor].domain[0] > 0.01:
                continue
            if not hidden:
                sizes = [width(line) for label in _labels(axis) for line in _broken(axis, label)]
                left = max([left, *(size + STANDOFF + 4 for size in sizes)])
            top = max(top, 26 if text and high > 0.99 else 0)
            continue
        if axis.anchor in known and known[axis.anchor].domain[0] < 0.01:
            below = max(below, _labels_height(axis) + (6 + 17 * len(lines(text)) if text else 2))
        if high > 0.99 and axis.ticks and axis.kind != "category":
            place, label = max(axis.ticks, key=lambda tick: axis.place(tick[0]))
            right = max(right, width(label) / 2 - (1 - axis.place(place)) * NARROW * (high - low))
    return [round(max(value, least)) for value, least in ((left, 10), (right + 4, 12), (top, 8), (below, 8))]


def _broken(axis: Axis, label: str) -> list[str]:
    return wrapped(label) if axis.kind == "category" else [label]


# ---------------------------------------------------------------- what the layout adds


def _note(annotation: dict[str, Any], x: Axis, y: Axis) -> str:
    at = percent(x.place(x.unit(annotation["x"])))
    paper = annotation.get("yref") == "paper"
    down = percent(1 - (annotation["y"] if paper else y.place(y.unit(annotation["y"]))))
    more = f' dx="{annotation.get("xshift", 0)}" dy="14" class="{paint.kind(annotation["font"]["color"])} note"'
    return element(at, down, annotation["text"], more=more)


def _cursor(figure: Figure, x: Axis) -> str:
    """The line that shows the budget the reader chose; hidden until `charts.js` gives it a place.

    `data-low` and `data-high` are the values at the left and the right end of the plot.
    """
    if figure["layout"].get("meta", {}).get("cursor") != "epsilon":
        return ""
    return f'<line class="cursor" y2="100%" data-low="{x.low:g}" data-high="{x.high:g}"/>'

"""The grid of a plot, the labels and titles around it, and how much room they take."""

import html
from itertools import pairwise

from generator.figures.svg.axes import Axis
from generator.figures.svg.marks import SIDE, percent
from generator.figures.svg.text import bold, element, lines, width, wrapped

WIDE, NARROW = 820, 300
"""px of the plots of a figure on a desk and on a phone: they decide which labels there is room for."""
STANDOFF = 8
"""px between an axis and its labels."""
LINE = 14
TURNED = 0.64
"""Sine of the angle of labels that are turned."""


def grid(x: Axis, y: Axis) -> list[str]:
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


def _fitting(axis: Axis, room: float) -> set[int]:
    """Every k-th label, with the smallest k for which they do not touch."""
    count = len(axis.ticks)
    places = [axis.place(place) * room for place, _ in axis.ticks]
    sizes = [width(label, 11) + 8 for label in _labels(axis)]
    for every in range(1, count + 1):
        chosen = list(range(0, count, every))
        if all(abs(places[b] - places[a]) >= (sizes[a] + sizes[b]) / 2 for a, b in pairwise(chosen)):
            return set(chosen)
    return set()


def bottom(x: Axis, slim: Axis, here: bool) -> str:
    """Labels below the plot; those that a phone has no room for carry a class."""
    if not here or x.settings.get("showticklabels") is False:
        return ""
    if turn := x.settings.get("tickangle", 0):
        drawn = "".join(_turned(percent(x.place(place)), label, turn) for place, label in x.ticks)
        return f'<g class="mid">{drawn}</g>'
    kept, slim_kept = (
        _fitting(x, (axis.domain[1] - axis.domain[0]) * room) for axis, room in ((x, WIDE), (slim, NARROW))
    )
    drawn = "".join(
        element(percent(x.place(place)), "100%", label, more="" if number in slim_kept else ' class="w"')
        for number, (place, label) in enumerate(x.ticks)
        if number in kept
    )
    return f'<g class="mid" transform="translate(0 {STANDOFF + 11})">{drawn}</g>'


def _turned(at: str, label: str, turn: float) -> str:
    text = f'<text class="end" transform="translate(4 12) rotate({turn})">{html.escape(label)}</text>'
    return f'<svg x="{at}" y="100%">{text}</svg>'


def left(y: Axis, slim: Axis, here: bool) -> str:
    """Labels beside the plot; those that only a phone shows carry a class."""
    off, off_slim = (axis.settings.get("showticklabels") is False for axis in (y, slim))
    if not here or (off and off_slim):
        return ""
    drawn = []
    for place, label in y.ticks:
        broken = wrapped(label) if y.kind == "category" else [label]
        more = f' dy="{-7 if len(broken) == 2 else 0}"' if len(broken) == 2 else ""
        drawn.append(element("0", percent(1 - y.place(place)), broken, more=more))
    only = " n" if off else ""
    return f'<g class="end{only}" transform="translate(-{STANDOFF} 4)">{"".join(drawn)}</g>'


def titles(x: Axis, y: Axis, slim: dict[str, Axis]) -> str:
    drawn = []
    text = x.settings.get("title", {}).get("text", "")
    if text and y.name == x.anchor:
        first, *rest = lines(text)
        drop = _labels_height(x) + LINE + 4
        strong = ' class="b"' if bold(text) else ""
        below = "".join(f'<tspan x="50%" dy="17">{html.escape(line)}</tspan>' for line in rest)
        if bold(text) and rest:
            below = below.replace("<tspan ", '<tspan class="r" ')
        drawn.append(f'<text x="50%" y="100%" dy="{drop}"{strong}>{html.escape(first)}{below}</text>')
    text = y.settings.get("title", {}).get("text", "")
    other = slim[y.name].settings.get("title", {}).get("text", "")
    if (text or other) and x.name == y.anchor:
        only = "" if text else " n"
        drawn.append(f'<text class="start{only}" dx="-4" dy="-9">{html.escape(text or other)}</text>')
    return f'<g class="mid title">{"".join(drawn)}</g>' if drawn else ""


def _labels_height(x: Axis) -> int:
    if x.settings.get("showticklabels") is False:
        return 4
    if x.settings.get("tickangle"):
        return round(TURNED * max(width(label) for label in _labels(x))) + 20
    return STANDOFF + LINE


def margins(known: dict[str, Axis]) -> list[float]:
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

"""What is drawn of one trace. Lines and areas go into a square of 1000 that is stretched over the plot; bars, marks
and text keep their shape and are placed in percent of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from generator.figures.svg import paint, symbols
from generator.figures.svg.axes import Axis, Figure, bar_places, cells
from generator.figures.svg.contours import outlines
from generator.figures.svg.text import element, width

SIDE = 1000
"""Units of the square that is stretched."""
NARROWEST = 200
"""px of a plot on a phone: a label that fits into a bar there fits everywhere."""
BANDS = (0, 20, 40, 60, 80, 100)
"""Percentages between which a surface has one colour."""

SIDES = {
    "top right": (-6, -11, "start"), "top left": (6, -11, "end"), "top center": (0, -11, "middle"),
    "bottom right": (-6, 20, "start"), "bottom left": (6, 20, "end"), "middle right": (16, 4, "start"),
}  # fmt: skip
"""Where the text of a mark goes, as Plotly has it -> how far from it in px, and where it is anchored."""


@dataclass
class Layers:
    """Markup of one plot, from the back to the front."""

    under: list[str] = field(default_factory=list)
    """Stretched: surfaces and areas."""
    bars: list[str] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    """Stretched: lines and intervals."""
    marks: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Names:
    """Ids of marks and patterns within one drawing, and their definitions."""

    def __init__(self, prefix: str):
        self.prefix = prefix
        self.known: dict[tuple, str] = {}
        self.definitions: list[str] = []

    def symbol(self, symbol: str, size: float) -> str:
        return self._name(
            ("s", symbol, size), lambda name: f'<path id="{name}" d="{symbols.path(symbol, size)}"/>'
        )

    def pattern(self, token: str, pattern: str) -> str:
        return self._name(("p", token, pattern), lambda name: _pattern(name, token, pattern))

    def _name(self, key: tuple, define) -> str:
        if key not in self.known:
            self.known[key] = f"{self.prefix}-{len(self.known)}"
            self.definitions.append(define(self.known[key]))
        return self.known[key]


PATTERNS = {"/": ("45", "M0 0v6"), "\\": ("-45", "M0 0v6"), "x": ("45", "M0 0v6M0 0h6"), "-": ("0", "M0 0h6")}


def _pattern(name: str, token: str, pattern: str) -> str:
    turn, strokes = PATTERNS[pattern]
    return (
        f'<pattern id="{name}" class="{paint.kind(token)}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({turn})"><path class="f" d="M0 0h6v6H0z"/><path class="s" d="{strokes}"/></pattern>'
    )


def draw(
    trace: dict[str, Any], x: Axis, y: Axis, figure: Figure, view: str, names: Names, layers: Layers
) -> None:
    """Put a trace into the layers; ValueError for a kind of trace that no chart had before."""
    kinds = {"scatter": _scatter, "bar": _bar, "heatmap": _heatmap, "contour": _contour}
    if trace["type"] not in kinds:
        raise ValueError(f"no drawing of a {trace['type']!r}; known: {', '.join(kinds)}")
    kinds[trace["type"]](trace, x, y, figure, view, names, layers)


def rule(shape: dict[str, Any], x: Axis, y: Axis) -> str:
    """A line of the layout, stretched."""
    ends = []
    for letter, axis in (("x", x), ("y", y)):
        paper = shape.get(f"{letter}ref") == "paper"
        for end in "01":
            value = shape[f"{letter}{end}"]
            ends.append(value if paper else axis.place(axis.unit(value)))
    x0, x1, y0, y1 = ends
    look = f"{paint.kind(shape['line']['color'])} l {shape['line'].get('dash', 'solid')} thin"
    return f'<path class="{look}" d="{path([(x0, y0), (x1, y1)])}"/>'


def path(points: Iterable[tuple[float, float]], close: bool = False) -> str:
    """A line through shares of the plot, as small relative steps; points on one straight level lose the middle ones."""
    whole = [(round(SIDE * a), round(SIDE * (1 - b))) for a, b in points]
    kept = whole[:1]
    for here, after in pairwise([*whole[1:], None]):
        if (
            after
            and any(kept[-1][i] == here[i] == after[i] for i in (0, 1))
            and _between(kept[-1], here, after)
        ):
            continue
        if here != kept[-1]:
            kept.append(here)
    steps = [f"M{kept[0][0]} {kept[0][1]}"]
    for (a, b), (c, d) in pairwise(kept):
        steps.append(f"h{c - a}" if b == d else f"v{d - b}" if a == c else f"l{c - a} {d - b}")
    return "".join(steps).replace(" -", "-") + ("z" if close else "")


def percent(share: float) -> str:
    return f"{round(100 * share, 1) + 0.0:g}%"


def _between(one, here, other) -> bool:
    return all(min(a, c) <= b <= max(a, c) for a, b, c in zip(one, here, other, strict=True))


# ---------------------------------------------------------------- scatter


def _scatter(trace, x: Axis, y: Axis, figure, view, names: Names, layers: Layers):
    points = [
        (x.place(x.unit(a)), y.place(y.unit(b)))
        for a, b in zip(trace["x"], trace["y"], strict=True)
        if a is not None and b is not None
    ]
    line, mode = trace.get("line", {}), trace["mode"]
    if line.get("shape") == "hv":
        points = [points[0], *(step for (_, b), (c, d) in pairwise(points) for step in ((c, b), (c, d)))]
    if "fill" in trace:
        ends = points
        if trace["fill"] == "tozeroy":
            zero = y.place(y.unit(0))
            ends = [(points[0][0], zero), *points, (points[-1][0], zero)]
        fill = trace["fillcolor"]
        see = f' fill-opacity="{paint.alpha(fill)}"' if paint.alpha(fill) else ""
        layers.under.append(f'<path class="{paint.kind(fill)} f"{see} d="{path(ends, close=True)}"/>')
    if "lines" in mode and line.get("width", 2):
        look = f"{paint.kind(line['color'])} l {line.get('dash', 'solid')}"
        look += "" if line.get("width", 2) > 2 else " two"
        layers.over.append(f'<path class="{look}" d="{path(points)}"/>')
    if "markers" in mode:
        _arms(trace, x, y, points, layers, trace["marker"]["color"])
        layers.marks.append(_marks(trace["marker"], points, names))
    if "text" in mode:
        layers.texts += _beside(trace, points)


def _beside(trace: dict[str, Any], points) -> Iterable[str]:
    """The texts of marks, beside them."""
    given = trace["textposition"]
    sides = [given] * len(points) if isinstance(given, str) else given
    for text, (a, b), side in zip(trace["text"], points, sides, strict=True):
        right, down, anchor = SIDES[side]
        more = f' dx="{right}" dy="{down}" class="{anchor} over c-text"'
        yield element(percent(a), percent(1 - b), text, more=more)


def _marks(marker: dict[str, Any], points, names: Names) -> str:
    symbol, size = marker.get("symbol", "circle"), marker["size"]
    name = names.symbol(symbol, size)
    uses = "".join(
        f'<use href="#{name}" x="{percent(a)}" y="{percent(1 - b)}"/>'
        for a, b in points
        if -0.001 <= a <= 1.001 and -0.001 <= b <= 1.001
    )
    return f'<g class="{paint.kind(marker["color"])} {"o" if symbol.endswith("-open") else "m"}">{uses}</g>'


def _arms(trace, x: Axis, y: Axis, points, layers: Layers, token: str, halo: bool = False):
    """Intervals as lines through the middle of a mark or the end of a bar."""
    for letter, axis in (("x", x), ("y", y)):
        error = trace.get(f"error_{letter}")
        if not error:
            continue
        span = abs(axis.high - axis.low)
        arms = []
        for (a, b), up, down in zip(points, error["array"], error["arrayminus"], strict=True):
            if letter == "x":
                arms.append(path([(a - down / span, b), (a + up / span, b)]))
            else:
                arms.append(path([(a, b - down / span), (a, b + up / span)]))
        drawn = "".join(arms)
        if halo:
            layers.over.append(f'<path class="halo" d="{drawn}"/>')
        layers.over.append(f'<path class="{paint.kind(error.get("color", token))} e" d="{drawn}"/>')


# ---------------------------------------------------------------- bars


def _bar(trace, x: Axis, y: Axis, figure, view, names: Names, layers: Layers):
    lying = trace.get("orientation") == "h"
    along, across = (y, x) if lying else (x, y)
    middles, widths = bar_places(figure, view, trace, along)
    values = trace["x" if lying else "y"]
    starts = trace.get("base") or _below(trace, figure, view, lying)
    tokens = trace["marker"]["color"]
    tokens = [tokens] * len(values) if isinstance(tokens, str) else tokens
    pattern = trace["marker"].get("pattern", {}).get("shape", "")
    shares = []
    for middle, width_, value, start, token in zip(middles, widths, values, starts, tokens, strict=True):
        a, b = sorted(along.place(middle + side * width_ / 2) for side in (-1, 1))
        c, d = (across.place(end) for end in (start, start + value))
        shares.append(((a + b) / 2, c, d))
        low, high = max(0, min(c, d)), min(1, max(c, d))
        box = (low, 1 - b, high - low, b - a) if lying else (a, 1 - high, b - a, high - low)
        if high - low <= 0:
            continue
        look = (
            f'fill="url(#{names.pattern(token, pattern)})"' if pattern else f'class="{paint.kind(token)} f"'
        )
        sides = "".join(
            f' {name}="{percent(share)}"'
            for name, share in zip(("x", "y", "width", "height"), box, strict=True)
        )
        layers.bars.append(f"<rect {look}{sides}/>")
    ends = [(d, m) if lying else (m, d) for m, _, d in shares]
    _arms(trace, x, y, ends, layers, "@text", halo=True)
    if "text" in trace:
        layers.texts += [
            _label(text, share, token)
            for text, share, token in zip(trace["text"], shares, tokens, strict=True)
        ]


def _below(trace, figure, view, lying: bool) -> list[float]:
    """Where each bar begins: at zero, or on the bars of the traces before."""
    key, value = ("y", "x") if lying else ("x", "y")
    ends = dict.fromkeys(trace[key], 0.0)
    if figure["layout"].get("barmode") == "stack":
        for other in figure["data"]:
            if other is trace:
                break
            if other["type"] == "bar" and other.get("meta", {}).get("view", view) == view:
                for place, height in zip(other[key], other[value], strict=True):
                    ends[place] = ends.get(place, 0) + height
    return [ends[place] for place in trace[key]]


def _label(text: str, share: tuple[float, float, float], token: str) -> str:
    """The label of a lying bar, where it fits on a phone too: within its end, beyond it, or before its beginning."""
    middle, start, end = share
    needed = (width(text) + 12) / NARROWEST
    right = end >= start
    inside = abs(end - start) > needed
    beyond = inside or (end + needed <= 1.04 if right else end - needed >= 0)
    after = right != inside if beyond else not right
    more = f' dx="{6 if after else -6}" dy="4" class="{"start" if after else "end"} c-{"page" if inside else "text"}"'
    return element(percent(end if beyond else start), percent(1 - middle), text, more=more)


# ---------------------------------------------------------------- surfaces


def scale(trace: dict[str, Any], figure: Figure) -> dict[str, Any]:
    """Tokens and ends of the colour scale of a surface: its own, or the one of the layout."""
    if "coloraxis" in trace:
        shared = figure["layout"][trace["coloraxis"]]
        return {
            "scale": shared["colorscale"],
            "low": shared["cmin"],
            "high": shared["cmax"],
            "bar": shared["colorbar"],
        }
    values = [value for row in trace["z"] for value in row if value is not None]
    return {
        "scale": trace["colorscale"], "low": trace.get("zmin", min(values)), "high": trace.get("zmax", max(values)),
        "bar": trace.get("colorbar", {}) if trace.get("showscale", True) else None,
    }  # fmt: skip


def _heatmap(trace, x: Axis, y: Axis, figure, view, names, layers: Layers):
    found = scale(trace, figure)
    columns, rows = (
        [tuple(sorted(axis.place(end) for end in ends)) for ends in cells([axis.unit(v) for v in values])]
        for axis, values in ((x, trace["x"]), (y, trace["y"]))
    )
    paths: dict[str, list[str]] = {}
    shown = "texttemplate" in trace
    for r, (low, high) in enumerate(rows):
        for c, (left, right) in enumerate(columns):
            value = trace["z"][r][c]
            if value is None:
                continue
            share = min(1, max(0, (value - found["low"]) / (found["high"] - found["low"])))
            share = round(share, 2) if shown else round(share * 8) / 8
            box = [(left, high), (right, high), (right, low), (left, low)]
            paths.setdefault(paint.blend(found["scale"], share), []).append(path(box, close=True))
            if shown:
                lines = trace["text"][r][c].split("<br>")
                inks = paint.written(paint.ink(found["scale"], share))
                more = f' {inks} dy="{".35em" if len(lines) == 1 else "-.2em"}"'
                place = percent((left + right) / 2), percent(1 - (low + high) / 2)
                layers.texts.append(element(*place, lines, more=more))
    gap = "wide-gap" if trace.get("xgap", 0) > 1 else "gap"
    drawn = "".join(f'<path fill="{colour}" d="{"".join(parts)}"/>' for colour, parts in paths.items())
    layers.under.append(f'<g class="{gap}">{drawn}</g>')


def _contour(trace, x: Axis, y: Axis, figure, view, names, layers: Layers):
    found = scale(trace, figure)
    colours, grid = found["scale"], trace["z"]

    def placed(ring: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [
            tuple(
                axis.place(
                    axis.unit(values[0])
                    + part / (len(values) - 1) * (axis.unit(values[-1]) - axis.unit(values[0]))
                )
                for axis, values, part in ((x, trace["x"], c), (y, trace["y"], r))
            )
            for c, r in ring
        ]

    drawn = []
    for low, high in pairwise(BANDS):
        paint_ = paint.blend(colours, ((low + high) / 2 - found["low"]) / (found["high"] - found["low"]))
        whole = "M0 0h1000v1000H0z"
        area = whole if not low else "".join(path(placed(ring), close=True) for ring in outlines(grid, low))
        if area:
            drawn.append(f'<path fill="{paint_}" d="{area}"/>')
    layers.under.append(f'<g fill-rule="evenodd">{"".join(drawn)}</g>')
    cut = trace["contours"]["start"]
    ends = len(grid[0]) - 1, len(grid) - 1
    lines = [part for ring in outlines(grid, cut) for part in _within(ring, ends)]
    drawn = "".join(path(placed(part)) for part in lines)
    layers.over.append(f'<path class="{paint.kind(trace["line"]["color"])} l" d="{drawn}"/>')


def _within(ring, ends) -> list[list[tuple[float, float]]]:
    """The runs of an outline that do not lie on the frame of the grid."""
    runs, run = [], []
    for one, other in pairwise(ring):
        framed = any(one[i] == other[i] and one[i] in (0, ends[i]) for i in (0, 1))
        if framed:
            runs, run = [*runs, run], []
        else:
            run = [*(run or [one]), other]
    return [run for run in [*runs, run] if run]

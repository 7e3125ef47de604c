"""From traces and layout to axes that know their range: the same for the drawing and for Plotly."""

import math
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from typing import Any

from generator.figures.svg import ticks
from generator.figures.svg.text import literal, seen, wrapped

Figure = dict[str, Any]
PAD, MARKER_PAD = 0.05, 0.025
"""Share of the range left free beyond what is drawn, along values and along the axis of a line with marks."""
WIDE_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """One axis: its kind, its range and its marks, in its own units.

    Units: values (linear), exponents of ten (log), places in `categories` from 0, days (date). `low` is the end at
    the left or at the bottom, so that it is above `high` on a reversed axis.
    """

    name: str
    kind: str
    low: float
    high: float
    categories: tuple[str, ...]
    ticks: tuple[ticks.Tick, ...]
    settings: dict[str, Any]

    def unit(self, value: Any) -> float:
        """A value of the data in the units of the axis."""
        if self.kind == "category":
            return self.categories.index(str(value))
        return _unit(self.kind, value)

    def place(self, unit: float) -> float:
        """Share of the way from the left or from the bottom."""
        return (unit - self.low) / (self.high - self.low)

    @property
    def domain(self) -> tuple[float, float]:
        low, high = self.settings.get("domain", (0, 1))
        return low, high

    @property
    def anchor(self) -> str:
        """The axis that this one stands at."""
        return self.settings.get("anchor", "y" if self.name[0] == "x" else "x")


def axes(figure: Figure, view: str = "") -> dict[str, Axis]:
    """Every axis that a trace lies on, by the name traces use: "x", "y2".

    Ranges of numbers are those of all views, so that views can be compared; categories are those of one view.
    """
    names = sorted({trace.get(f"{letter}axis", letter) for trace in figure["data"] for letter in "xy"})
    return {name: _axis(name, figure, view) for name in names}


def shown(figure: Figure, view: str = "") -> list[dict[str, Any]]:
    """The traces of one view."""
    return [trace for trace in figure["data"] if trace.get("meta", {}).get("view", view) == view]


def settled(figure: Figure, views: Sequence[str] = ()) -> Figure:
    """The figure with what the drawing decides written out: ranges, and labels broken into lines."""
    settled = deepcopy(figure)
    for name, axis in axes(figure, views[0] if views else "").items():
        settings = settled["layout"].setdefault(f"{name[0]}axis{name[1:]}", {})
        if axis.kind == "category":
            counts = {len(axes(figure, view)[name].categories) for view in views or ("",)}
            if len(counts) == 1 and axis.categories:
                settings["range"] = [axis.low, axis.high]
            broken = {label: "<br>".join(map(literal, wrapped(seen(label)))) for label in axis.categories}
            if name[0] == "y" and any("<br>" in text for text in broken.values()):
                settings |= {"tickmode": "array", "tickvals": [*broken], "ticktext": [*broken.values()]}
        elif axis.kind != "date":
            settings["range"] = [round(axis.low, 6), round(axis.high, 6)]
        if suffix := settings.get("ticksuffix"):
            _said_once(settled, name, suffix)
        if axis.kind == "linear":
            settings |= {"separatethousands": True, "exponentformat": "none"}
        if "range" in settings:
            settings.pop("autorange", None)
    return settled


def bar_places(
    figure: Figure, view: str, trace: dict[str, Any], along: Axis
) -> tuple[list[float], list[float]]:
    """Middle and width of each bar of a trace, in the units of the axis the bars stand on."""
    lying = trace.get("orientation") == "h"
    units = [along.unit(value) for value in trace["y" if lying else "x"]]
    gap = figure["layout"].get("bargap", 0.2)
    if "width" in trace:
        return units, list(trace["width"])
    step = min((b - a for a, b in zip(sorted(units), sorted(units)[1:], strict=False)), default=1) or 1
    whole = step * (1 - gap)
    if figure["layout"].get("barmode", "group") != "group":
        return units, [whole] * len(units)
    beside = [
        each
        for each in shown(figure, view)
        if each["type"] == "bar" and all(_on(each, a) == _on(trace, a) for a in "xy")
    ]
    each, number = whole / len(beside), beside.index(trace)
    offset = -whole / 2 + (number + 0.5) * each
    return [unit + offset for unit in units], [each] * len(units)


def cells(units: Sequence[float]) -> list[tuple[float, float]]:
    """Ends of the cells around evenly spaced middles."""
    half = (units[1] - units[0]) / 2 if len(units) > 1 else 0.5
    return [(unit - half, unit + half) for unit in units]


def _axis(name: str, figure: Figure, view: str) -> Axis:
    layout = figure["layout"]
    settings = layout.get(f"{name[0]}axis{name[1:]}", {})
    every = [trace for trace in figure["data"] if _on(trace, name[0]) == name]
    kind = settings.get("type") or _kind(value for trace in every for value in trace[name[0]])
    categories: tuple[str, ...] = ()
    if kind == "category":
        mine = [trace for trace in shown(figure, view) if _on(trace, name[0]) == name]
        drawn = dict.fromkeys(str(value) for trace in mine for value in trace[name[0]])
        ordered = [value for value in settings.get("categoryarray", ()) if value in drawn]
        categories = tuple(dict.fromkeys([*ordered, *drawn]))
        low, high = -0.5, len(categories) - 0.5
    elif "range" in settings:
        low, high = settings["range"]
    else:
        low, high = _extent(name, kind, settings, every, figure)
    if kind == "category" and "range" in settings:
        low, high = settings["range"]
    elif settings.get("autorange") == "reversed":
        low, high = high, low
    return Axis(name, kind, low, high, categories, _ticks(kind, settings, low, high, categories), settings)


def _ticks(kind: str, settings: dict, low: float, high: float, categories: tuple[str, ...]):
    suffix, about = settings.get("ticksuffix", ""), settings.get("nticks", WIDE_TICKS)
    if kind == "category":
        return tuple(enumerate(map(seen, categories)))
    if kind == "log":
        return tuple(ticks.log(low, high, suffix=suffix, si=settings.get("exponentformat") == "SI"))
    if kind == "date":
        return tuple(ticks.months(low, high, about))
    return tuple(ticks.linear(low, high, about, step=settings.get("dtick", 0), suffix=suffix))


def _extent(name: str, kind: str, settings: dict, traces: list[dict], figure: Figure) -> tuple[float, float]:
    """Ends of what is drawn on an axis of numbers, with some room beyond them."""
    values, marked, base, cellular = [], False, False, False
    for trace in traces:
        units = [_unit(kind, value) for value in trace[name[0]] if value is not None]
        values += units
        for error, sign in (("array", 1), ("arrayminus", -1)):
            arms = trace.get(f"error_{name[0]}", {}).get(error, ())
            values += [unit + sign * arm for unit, arm in zip(units, arms, strict=False)]
        if trace["type"] == "bar" and (trace.get("orientation") == "h") == (name[0] == "x"):
            values += [b + u for b, u in zip(trace.get("base", ()), units, strict=False)] + [0]
            base = True
        elif trace["type"] == "bar":
            half = [width / 2 for width in trace.get("width", [1 - figure["layout"].get("bargap", 0.2)])]
            values += [min(units) - half[0], max(units) + half[-1]]
            cellular = True
        if trace.get("fill") == "tozeroy" and name[0] == "y":
            values, base = [*values, 0], True
        cellular |= trace["type"] in ("heatmap", "contour")
        if trace["type"] == "heatmap":
            values += [end for ends in cells(units) for end in ends]
        marked |= "markers" in trace.get("mode", "")
    if figure["layout"].get("barmode") == "stack" and base:
        values += _stacked(name[0], traces)
    for shape in figure["layout"].get("shapes", ()):
        if shape.get(f"{name[0]}ref", name[0]) == name:
            values.append(_unit(kind, shape[f"{name[0]}0"]))
    low, high = min(values), max(values)
    if settings.get("rangemode") == "tozero":
        low, high = min(low, 0), max(high, 0)
    if cellular:
        return low, high
    share = PAD if name[0] == "y" or base else MARKER_PAD if marked else 0
    pad = share * ((high - low) or 1)
    grounded = base or settings.get("rangemode") == "tozero"
    bottom = low if grounded and low == 0 else low - pad
    return bottom, high if grounded and high == 0 else high + pad


def _stacked(letter: str, traces: list[dict]) -> list[float]:
    """Where stacked bars end."""
    other = "y" if letter == "x" else "x"
    ends: dict[Any, float] = {}
    for trace in traces:
        if trace["type"] == "bar":
            for key, value in zip(trace[other], trace[letter], strict=True):
                ends[key] = ends.get(key, 0) + value
    return list(ends.values())


def _said_once(figure: Figure, name: str, suffix: str) -> None:
    """Plotly puts the suffix of an axis behind its values, so that a text beside the pointer need not."""
    sign = f"%{{{name[0]}}}"
    for trace in figure["data"]:
        if _on(trace, name[0]) == name and "hovertemplate" in trace:
            trace["hovertemplate"] = trace["hovertemplate"].replace(sign + suffix, sign)


def _on(trace: dict, letter: str) -> str:
    return trace.get(f"{letter}axis", letter)


def _kind(values: Iterable[Any]) -> str:
    return "category" if any(isinstance(value, str) for value in values) else "linear"


def _unit(kind: str, value: Any) -> float:
    if kind == "log":
        return math.log10(value)
    if kind == "date":
        return date.fromisoformat(value).toordinal()
    return value

"""The value every chart function returns, and how its numbers are rounded."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float


@dataclass(frozen=True)
class Chart:
    """One figure of the report: what is drawn, what is said about it, and the table behind it.

    `figure` is plain JSON ({"data": [...], "layout": {...}}) whose colours are tokens of the palette. A trace
    whose `meta["view"]` names one of `views` is shown only in that view; the first view is shown first.
    """

    slug: str
    title: str
    caption: str
    """What is drawn, in which unit, and how to read it."""
    summary: str
    """One sentence with the numbers that matter, for readers who do not see the figure."""
    figure: dict[str, Any]
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    height: int = 420
    """Height of the plot in px."""
    narrow_height: int = 0
    """The same on a phone; 0 means equal to `height`."""
    narrow: dict[str, Any] = field(default_factory=dict)
    """What a phone changes in the layout, by path: {"legend.y": -0.2}."""
    views: tuple[str, ...] = ()


def rounded(value: float) -> float:
    """Four significant digits, but never a digit left of the point: all that a chart can show."""
    if value == 0 or float(value).is_integer():
        return value
    return round(value, max(0, 3 - math.floor(math.log10(abs(value)))))


def numbers(values: Iterable[float]) -> list[float]:
    return [rounded(value) for value in values]


def percentages(shares: Iterable[float]) -> list[float]:
    """Shares between 0 and 1 as rounded percentages."""
    return [rounded(100 * share) for share in shares]

"""What is known of a figure that was worked out: the middle of many draws, or the ends of what rates may be."""

import math
from dataclasses import dataclass

import numpy as np

TAIL = 0.025
"""Share of bootstrap draws on either side of a band."""


@dataclass(frozen=True)
class Band:
    """A value worked out from mean rates, and where it lies with a confidence of 95 %."""

    value: float
    low: float
    high: float


def band(value: float, draws: np.ndarray, tail: float = TAIL) -> Band:
    """The value between its draws, without the share `tail` of them on either side."""
    ordered = np.sort(np.ravel(draws))
    low, high = (_quantile(ordered, level) for level in (tail, 1 - tail))
    return Band(scalar(value), low, high)


def scalar(value: float | np.ndarray) -> float:
    """A float as it is, also one that carries more than its number; an array of one value as a float."""
    return value if isinstance(value, float) else float(value)


def quantile(draws: np.ndarray, level: float) -> float:
    """Linear between the two nearest ranks, as numpy does, but draws may be infinite; NaN if any draw is NaN."""
    return _quantile(np.sort(np.ravel(draws)), level)


def _quantile(ordered: np.ndarray, level: float) -> float:
    if np.isnan(ordered[-1]):
        return math.nan
    place = level * (len(ordered) - 1)
    rank = math.floor(place)
    low, high = float(ordered[rank]), float(ordered[min(rank + 1, len(ordered) - 1)])
    if low == high or place == rank or low == -math.inf:
        return low
    return low + (place - rank) * (high - low)

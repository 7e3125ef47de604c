"""The middle 95 % of bootstrap draws that were pushed through a formula."""

import math
from dataclasses import dataclass

import numpy as np

LEVELS = (0.025, 0.975)


@dataclass(frozen=True)
class Band:
    """A value worked out from mean rates, between the 2.5 and 97.5 percentiles of its draws."""

    value: float
    low: float
    high: float


def band(value: float, draws: np.ndarray) -> Band:
    ordered = np.sort(np.ravel(draws))
    low, high = (_quantile(ordered, level) for level in LEVELS)
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

"""Where along the doubles an answer changes, to the last bit."""

from collections.abc import Callable

import numpy as np


def largest_where(holds: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
    """(count,) the largest double at which each of so many conditions holds.

    Args:
        holds: Of doubles (count,), whether each condition holds at its own; true at -inf, and false once it is.
    """
    zero, infinity = np.zeros(count), np.full(count, np.inf)
    positive = holds(zero)
    low, high = _places(np.where(positive, zero, -infinity)), _places(np.where(positive, infinity, zero))
    while (low < high).any():
        middle = high - (high - low) // 2
        fits = holds(_doubles(middle))
        low, high = np.where(fits, middle, low), np.where(fits, high, np.maximum(middle - 1, low))
    return _doubles(low)


def _places(numbers: np.ndarray) -> np.ndarray:
    """Doubles in order, as whole numbers in order."""
    bits = numbers.view(np.int64)
    return np.where(bits >= 0, bits, np.iinfo(np.int64).min - bits)


def _doubles(places: np.ndarray) -> np.ndarray:
    return np.where(places >= 0, places, np.iinfo(np.int64).min - places).view(np.float64)

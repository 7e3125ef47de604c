"""The cut of a model at a matched share of false alarms."""

import numpy as np


def matched_cut(margin: np.ndarray, genuine: np.ndarray, rate: float) -> float:
    """The cut above which at most this share of the genuine rows lies: margin (n,), genuine (n,) bool."""
    ranked = np.sort(margin[genuine])[::-1]
    return float(ranked[int(np.floor(rate * len(ranked)))])

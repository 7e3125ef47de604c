"""The cut of a model at a matched share of false alarms."""

import numpy as np


def matched_cut(
    margin: np.ndarray, counted: np.ndarray, rate: float, weights: np.ndarray | None = None
) -> float:
    """The cut above which at most this share of the rows counted lies: margin (n,), counted (n,) bool.

    Args:
        weights: (n,) how often each row counts; once, if not given.
    """
    ranked = np.argsort(-margin[counted], kind="stable")
    often = np.ones(len(ranked)) if weights is None else weights[counted][ranked]
    above = np.cumsum(often)
    return float(margin[counted][ranked[np.searchsorted(above, rate * above[-1], side="right")]])

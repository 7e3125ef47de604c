"""Shares of rows that may count unequally often, with exact intervals."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import beta

from generator.records.metrics import Resamples, rate_estimate
from generator.records.proofs import Estimate


@dataclass(frozen=True)
class Shares:
    """How shares of rows that are judged are worked out."""

    y: np.ndarray
    """(n,) 1 = fraud."""
    resamples: Resamples
    weights: np.ndarray | None = None
    """(n,) how often each row counts, with the exact interval; None: once, with that of Wilson."""

    def of(self, hits: np.ndarray, rows: np.ndarray) -> Estimate:
        """Share of the chosen rows (n,) bool that hits (seeds, n) bool has."""
        if self.weights is None:
            return rate_estimate(int(hits[:, rows].sum()), int(rows.sum()), len(hits))
        return weighted_rate(hits[:, rows], self.weights[rows])

    def less(self, a: np.ndarray, b: np.ndarray) -> Estimate:
        """Share of the frauds that a (seeds, n) has, minus that of b."""
        return self.resamples.difference(a, b, self.y == 1, self.weights)


def weighted_rate(hits: np.ndarray, weights: np.ndarray) -> Estimate:
    """Weighted mean of hits (seeds, rows), with the exact interval of so many rows, which holds for few frauds.

    Rows of unequal weights (rows,) count as fewer: the square of the sum of weights over the sum of their squares.

    Source: Clopper and Pearson 1934, Biometrika 26, 404; Korn and Graubard 1998, Survey Methodology 24, 193.
    """
    rows, value = len(weights), float((hits @ weights).mean() / weights.sum())
    alike = weights.sum() ** 2 / (weights**2).sum()
    caught = value * alike
    low = beta.ppf(0.025, caught, alike - caught + 1) if value > 0 else 0.0
    high = beta.ppf(0.975, caught + 1, alike - caught) if value < 1 else 1.0
    return Estimate(
        value=value, low=float(low), high=float(high), n=rows, seeds=len(hits), method="clopper-pearson"
    )

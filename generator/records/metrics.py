"""Arithmetic on counts and outcome tables: rates, Wilson intervals, paired two-level bootstrap. Numpy only."""

import copy
import math

import numpy as np

from generator.records.results import Confusion, Direction, Estimate

Z95 = 1.959963984540054
"""97.5 % quantile of the normal distribution."""


def wilson(rate: float, n: int) -> tuple[float, float]:
    """95 % Wilson score interval of a rate over n rows.

    (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n), which never leaves [0, 1].
    `rate` may be a mean over seeds: rows are what is sampled, so n counts rows only.

    Source: Wilson 1927, J. Am. Stat. Assoc. 22, 209.
    """
    if n <= 0:
        raise ValueError("a rate over no rows has no interval")
    centre = rate + Z95**2 / (2 * n)
    half = Z95 * math.sqrt(rate * (1 - rate) / n + Z95**2 / (4 * n * n))
    scale = 1 + Z95**2 / n
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def rate_estimate(hits: int, rows: int, seeds: int) -> Estimate:
    """Mean rate over seeds, `hits` out of rows * seeds, with the Wilson interval of `rows`."""
    value = hits / (rows * seeds)
    low, high = wilson(value, rows)
    return Estimate(value=value, low=low, high=high, n=rows, seeds=seeds, method="wilson")


def confusion(right: np.ndarray, y: np.ndarray) -> Confusion:
    """Counts over seeds from `right` (seeds, n), whether each row was judged correctly, and y (n,)."""
    fraud = y == 1
    caught, cleared = int(right[:, fraud].sum()), int(right[:, ~fraud].sum())
    return Confusion(
        true_positives=caught,
        false_negatives=right[:, fraud].size - caught,
        true_negatives=cleared,
        false_positives=right[:, ~fraud].size - cleared,
    )


class Resamples:
    """Draws of (seeds, rows) with replacement, rows within each class, shared by every paired comparison.

    Two-level: one draw takes seeds, then rows; sharing the draws keeps all comparisons paired.
    """

    def __init__(self, y: np.ndarray, seeds: int, draws: int, rng: np.random.Generator):
        self.n, self.seeds = len(y), seeds
        self.seed_weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), draws) / seeds
        self.row_weights = np.zeros((draws, len(y)), dtype=np.float32)
        for label in np.unique(y):
            rows = np.flatnonzero(y == label)
            self.row_weights[:, rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), draws)
        self._chosen: dict[bytes, tuple[np.ndarray, np.ndarray]] = {}

    def first(self, draws: int) -> "Resamples":
        """The first so many of the draws, where all would be too many to keep."""
        few = copy.copy(self)
        few.seed_weights, few.row_weights = self.seed_weights[:draws], self.row_weights[:draws]
        few._chosen = {}
        return few

    def among(self, seeds: int, rng: np.random.Generator) -> "Resamples":
        """The same draws of rows, with seeds drawn anew among so many."""
        few = copy.copy(self)
        few.seeds = seeds
        few.seed_weights = rng.multinomial(seeds, np.full(seeds, 1 / seeds), len(self.row_weights)) / seeds
        return few

    def means(self, values: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """Mean of values (seeds, n, ...) over the chosen rows (n,) bool, once per draw: (..., draws)."""
        weights, total = self._weights_of(rows)
        flat = values[:, rows].astype(np.float32).swapaxes(0, 1).reshape(weights.shape[1], -1)
        totals = (weights @ flat).reshape(len(weights), self.seeds, -1)
        means = (totals * self.seed_weights[:, :, None]).sum(1) / total[:, None]
        return means.T.reshape(*values.shape[2:], len(weights))

    def _weights_of(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights (draws, chosen) of the chosen rows and their sum; kept, as the same rows are chosen many times."""
        key = rows.tobytes()
        if key not in self._chosen:
            weights = self.row_weights[:, rows]
            self._chosen[key] = weights, weights.sum(1)
        return self._chosen[key]

    def estimate(self, value: float, draws: np.ndarray, rows: int) -> Estimate:
        """`value` with the middle 95 % of `draws` as its interval."""
        low, high = np.quantile(draws, (0.025, 0.975))
        return Estimate(
            value=value, low=float(low), high=float(high), n=rows, seeds=self.seeds,
            method="bootstrap",
        )  # fmt: skip

    def difference(
        self, a: np.ndarray, b: np.ndarray, rows: np.ndarray, weights: np.ndarray | None = None
    ) -> Estimate:
        """mean(a) - mean(b) over the chosen rows, a and b (seeds, n), paired by seed and row.

        Args:
            weights: (n,) how often each row counts; once, if not given.
        """
        gap = a.astype(np.float32) - b.astype(np.float32)
        if weights is None:
            value = float(gap[:, rows].mean(dtype=np.float64))
            return self.estimate(value, self.means(gap, rows), int(rows.sum()))
        value = float((gap[:, rows].astype(np.float64) @ weights[rows]).mean() / weights[rows].sum())
        total = self.means(np.broadcast_to(weights, gap.shape), rows)
        return self.estimate(value, self.means(gap * weights, rows) / total, int(rows.sum()))


def direction(estimate: Estimate) -> Direction:
    """The word for a difference: none where the interval contains zero."""
    if estimate.low > 0:
        return "higher"
    return "lower" if estimate.high < 0 else "no difference"

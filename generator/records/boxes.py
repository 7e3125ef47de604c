"""Where rows may move: what an attack must stay in and a proof must cover."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Boxes:
    """One box around each of n rows, in standard deviations of the rows that their replicate trained on.

    The replicate reads the raw value (x * scale + mean). An input whose box has no width cannot move: it
    keeps its raw value, whatever its standardised one was rounded to.
    """

    raw: np.ndarray
    """(..., n, d) the rows themselves, raw units."""
    x: np.ndarray
    """(..., n, d) the same standardised and rounded to float32, as float64: the centre of the budget."""
    lower: np.ndarray
    """(..., n, d) float64"""
    upper: np.ndarray
    """(..., n, d) float64"""
    whole: np.ndarray
    """(d,) bool: moves on whole numbers of the raw unit only; both faces are such numbers."""
    mean: np.ndarray
    """(..., d)"""
    scale: np.ndarray
    """(..., d)"""

    def of(self, replicate: int, rows: np.ndarray | slice = slice(None)) -> "Boxes":
        """Some rows of one replicate, where the first axis is replicates."""
        parts = {name: getattr(self, name)[replicate, rows] for name in ("raw", "x", "lower", "upper")}
        return Boxes(**parts, whole=self.whole, mean=self.mean[replicate], scale=self.scale[replicate])

    def only(self, rows: np.ndarray) -> "Boxes":
        """Some of the n rows (m,)."""
        return replace(
            self, raw=self.raw[rows], x=self.x[rows], lower=self.lower[rows], upper=self.upper[rows]
        )

    def to_raw(self, x: np.ndarray) -> np.ndarray:
        """Standardised points (n, d) in raw units."""
        return x * self.scale + self.mean

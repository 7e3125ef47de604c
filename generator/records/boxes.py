"""Where rows may move: what an attack must stay in and a proof must cover."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class Boxes:
    """One box around each of n rows, in standard deviations of the rows that their replicate trained on.

    The replicate reads the raw value (x * scale + mean). An input whose box has no width cannot move: it
    keeps its raw value, whatever its standardised one was rounded to. Where a row lacks a value all faces
    are NaN, and it keeps lacking it.
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
    exact: Mapping[int, np.ndarray] = field(default_factory=dict)
    """By input that moves whatever the budget: (..., n, 2) its faces in raw units, to which `lower` and `upper` are
    rounded."""
    allowed: Mapping[int, np.ndarray] = field(default_factory=dict)
    """By input that moves and is no number: (..., n, k) bool, the places that a row may have, its own among them. Its
    faces, the least and the largest of them, are then no more than a hull."""

    def of(self, replicate: int, rows: np.ndarray | slice = slice(None)) -> "Boxes":
        """Some rows of one replicate, where the first axis is replicates."""
        return replace(
            self._picked((replicate, rows)), mean=self.mean[replicate], scale=self.scale[replicate]
        )

    def only(self, rows: np.ndarray) -> "Boxes":
        """Some of the n rows (m,)."""
        return self._picked(rows)

    def _picked(self, where: np.ndarray | tuple) -> "Boxes":
        rows = {name: getattr(self, name)[where] for name in ("raw", "x", "lower", "upper")}
        own = {
            name: {place: part[where] for place, part in getattr(self, name).items()} for name in ("exact", "allowed")
        }  # fmt: skip
        return replace(self, **rows, **own)

    def raw_faces(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest point (n, d) of each of n rows in raw units; the row's own value belongs to them, which
        standardising may have moved."""
        low, high = self.to_raw(self.lower), self.to_raw(self.upper)
        moves = self.lower < self.upper
        whole = moves & self.whole
        low, high = (np.where(whole, np.rint(face), np.where(moves, face, self.raw)) for face in (low, high))
        for place, faces in self.exact.items():
            low[:, place], high[:, place] = faces[:, 0], faces[:, 1]
        return np.fmin(low, self.raw), np.fmax(high, self.raw)

    def to_raw(self, x: np.ndarray) -> np.ndarray:
        """Standardised points (n, d) in raw units."""
        return x * self.scale + self.mean

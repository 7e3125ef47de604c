"""Replicates of tree ensembles as a kind of model. They read raw units, so they have no scaler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from generator.models.folds import Folds
from generator.models.trees.ensemble import MISSING, Arithmetic, Ensemble

NODES = ("feature", "threshold", "left", "right", "missing_left", "category_set", "unknown_left", "value")
"""Arrays with a value a node."""
FLAGS = ("strict", "single_inputs", "single_sum")
NUMBERS = ("cut", "divisor", "scale", "bias")
"""Of the arithmetic."""


@dataclass(frozen=True)
class Trees:
    """Margins of each replicate's own ensemble, less its cut."""

    ensembles: tuple[Ensemble, ...]

    kind: ClassVar[str] = "trees"

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> "Trees":
        """All replicates."""
        return cls(tuple(_ensemble(arrays, replicate) for replicate in range(len(arrays["roots"]))))

    @property
    def replicates(self) -> int:
        return len(self.ensembles)

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return np.stack([each.margins(rows) for each, rows in zip(self.ensembles, raw, strict=True)])

    def select(self, replicates: slice) -> "Trees":
        return Trees(self.ensembles[replicates])

    def arrays(self) -> dict[str, np.ndarray]:
        """Each part of `Ensemble` and `Arithmetic` by name; short replicates are filled up with leaves and roots -1.

        `missing` (replicates, d) holds places in `MISSING`, `sets` (replicates, sets, codes) at least one set.
        """
        each = self.ensembles
        nodes = max(len(one.feature) for one in each)
        fill = {"feature": -1, "threshold": np.nan, "left": -1, "right": -1, "category_set": -1}
        parts = {
            name: _stacked([getattr(one, name) for one in each], (nodes,), fill.get(name, 0))
            for name in NODES
        }
        largest = tuple(np.max([(1, 1), *(one.sets.shape for one in each)], axis=0))
        parts["sets"] = _stacked([one.sets for one in each], largest, 0)
        parts["roots"] = _stacked([one.roots for one in each], (max(len(one.roots) for one in each),), -1)
        parts["codes"] = np.array([one.sets.shape[1] for one in each], np.int32)
        parts["start"] = np.array([one.start for one in each], np.float64)
        parts["missing"] = np.array(
            [[MISSING.index(name) for name in one.arithmetic.missing] for one in each], np.int8
        )
        for names, dtype in ((FLAGS, bool), (NUMBERS, np.float64)):
            parts |= {
                name: np.array([getattr(one.arithmetic, name) for one in each], dtype) for name in names
            }
        return parts


def _stacked(parts: Sequence[np.ndarray], shape: tuple[int, ...], fill: float) -> np.ndarray:
    """(replicates, *shape), each part in the first corner of its place."""
    stack = np.full((len(parts), *shape), fill, parts[0].dtype)
    for place, part in zip(stack, parts, strict=True):
        place[tuple(slice(length) for length in part.shape)] = part
    return stack


def _ensemble(arrays: Mapping[str, np.ndarray], replicate: int) -> Ensemble:
    one = {name: part[replicate] for name, part in arrays.items()}
    missing = tuple(MISSING[place] for place in one["missing"])
    arithmetic = Arithmetic(
        **{name: bool(one[name]) for name in FLAGS}, **{name: float(one[name]) for name in NUMBERS}, missing=missing
    )  # fmt: skip
    return Ensemble(
        **{name: one[name] for name in NODES},
        sets=np.ascontiguousarray(one["sets"][:, : one["codes"]]),
        roots=one["roots"][one["roots"] >= 0],
        start=float(one["start"]),
        inputs=len(missing),
        arithmetic=arithmetic,
    )

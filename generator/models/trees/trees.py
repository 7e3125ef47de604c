"""Replicates of tree ensembles as a kind of model. They read raw units, so they have no scaler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from generator.engine import preorder
from generator.models.folds import Folds
from generator.models.trees.ensemble import MISSING, Arithmetic, Ensemble

FLAGS = ("strict", "single_inputs", "single_sum")
NUMBERS = ("cut", "divisor", "scale", "bias")
"""Of the arithmetic."""


@dataclass(frozen=True)
class Trees:
    """Margins of each replicate's own ensemble, less its cut."""

    ensembles: tuple[Ensemble, ...]
    chosen: tuple[int, ...] = ()
    """Place of each replicate's setting among those of its training; empty once they were stored."""

    kind: ClassVar[str] = "trees"

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> "Trees":
        """All replicates; where the arrays hold a single one it is that of every fold."""
        made = tuple(_ensemble(arrays, replicate) for replicate in range(len(arrays["trees"])))
        return cls(made if len(made) > 1 else made * folds.replicates)

    @property
    def replicates(self) -> int:
        return len(self.ensembles)

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return np.stack([each.margins(rows) for each, rows in zip(self.ensembles, raw, strict=True)])

    def select(self, replicates: slice) -> "Trees":
        return Trees(self.ensembles[replicates], self.chosen[replicates])

    def arrays(self) -> dict[str, np.ndarray]:
        """What a model of any size keeps of its nodes in few bytes, short replicates filled up with leaves.

        `trees` (replicates,) counts them. Nodes lie as `generator.engine.preorder` puts them, so that no side needs
        a place: `feature` (replicates, nodes), -1 in a leaf; `number`, the threshold, or what the leaf adds;
        `missing_left`. `category_set` and `unknown_left` have nodes only if one of them asks for a category.
        `missing` (replicates, d) holds places in `MISSING`, `sets` (replicates, sets, codes) at least one set.
        """
        each = self.ensembles
        orders = [preorder.order(one.left, one.right, one.roots) for one in each]
        nodes, whole = max(map(len, orders)), np.result_type(np.int8, np.min_scalar_type(-each[0].inputs))

        def stacked(name: str, dtype: type, nodes: int = nodes, fill: float = 0) -> np.ndarray:
            ordered = [getattr(one, name)[order[:nodes]] for one, order in zip(each, orders, strict=True)]
            return _stacked(ordered, (nodes,), fill).astype(dtype)

        feature = stacked("feature", whole, fill=-1)
        listing = nodes if any((one.category_set >= 0).any() for one in each) else 0
        largest = tuple(np.max([(1, 1), *(one.sets.shape for one in each)], axis=0))
        parts = {
            "trees": np.array([len(one.roots) for one in each], np.int32),
            "feature": feature,
            "number": np.where(feature < 0, stacked("value", np.float64), stacked("threshold", np.float64)),
            "missing_left": stacked("missing_left", bool),
            "category_set": stacked("category_set", np.int32, listing, -1),
            "unknown_left": stacked("unknown_left", bool, listing),
            "sets": _stacked([one.sets for one in each], largest, 0),
            "codes": np.array([one.sets.shape[1] for one in each], np.int32),
            "start": np.array([one.start for one in each], np.float64),
            "missing": np.array(
                [[MISSING.index(name) for name in one.arithmetic.missing] for one in each], np.int8
            ),
        }
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
    leaf = one["feature"] < 0
    right, roots = preorder.sides(leaf, int(one["trees"]))
    nodes, places = len(right), np.arange(len(right), dtype=np.int32)
    leaf, number = leaf[:nodes], one["number"][:nodes]
    listing = one["category_set"].size > 0
    return Ensemble(
        feature=one["feature"][:nodes].astype(np.int32),
        threshold=np.where(leaf, np.nan, number),
        left=np.where(leaf, np.int32(-1), places + np.int32(1)),
        right=right,
        missing_left=one["missing_left"][:nodes],
        category_set=one["category_set"][:nodes] if listing else np.full(nodes, -1, np.int32),
        sets=np.ascontiguousarray(one["sets"][:, : one["codes"]]),
        unknown_left=one["unknown_left"][:nodes] if listing else np.zeros(nodes, bool),
        value=np.where(leaf, number, 0.0),
        roots=roots,
        start=float(one["start"]),
        inputs=len(missing),
        arithmetic=arithmetic,
    )

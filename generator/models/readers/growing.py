"""Trees that were read one by one, put together as an ensemble."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from generator.models.readers.deployed import ModelFileError
from generator.models.readers.parsing import MOST_NODES
from generator.models.trees.ensemble import Arithmetic, Ensemble


class Set(NamedTuple):
    """Where the categories of one split go."""

    left: np.ndarray
    """(codes,) bool: these go left."""
    others_left: bool
    """Whether codes beyond these go left."""

    @classmethod
    def of(cls, codes: np.ndarray, left: bool) -> "Set":
        """These `codes` go to the one side, all others to the other."""
        goes_left = np.full(int(codes.max(initial=-1)) + 1, not left)
        goes_left[codes] = left
        return cls(goes_left, not left)


@dataclass(frozen=True)
class Tree:
    """One tree, whose root is node 0; `Ensemble` says what each part is."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    value: np.ndarray
    missing_left: np.ndarray
    category_set: np.ndarray
    """-1, or a place in `sets`."""
    unknown_left: np.ndarray
    sets: Sequence[Set] = ()

    @classmethod
    def of_numbers(cls, feature, threshold, left, right, value, missing_left) -> "Tree":
        """Without categories."""
        none = np.full(len(feature), -1, np.int32)
        return cls(feature, threshold, left, right, value, missing_left, none, np.zeros(len(none), bool))


def together(trees: Sequence[Tree], start: float, inputs: int, arithmetic: Arithmetic) -> Ensemble:
    """Trees in the order in which they are summed.

    Raises:
        ModelFileError: There are too many nodes.
        ValueError: They are no trees; see `Ensemble`.
    """
    sizes = np.array([len(tree.feature) for tree in trees], np.int64)
    if sizes.sum() > MOST_NODES:
        raise ModelFileError(
            f"has {sizes.sum():,} nodes, more than {MOST_NODES:,}; grow fewer or smaller trees"
        )
    roots = np.cumsum(sizes) - sizes
    first_set = np.cumsum([0, *(len(tree.sets) for tree in trees)])

    def joined(name: str, dtype: type) -> np.ndarray:
        return np.concatenate([np.asarray(getattr(tree, name), dtype) for tree in trees])

    def moved(name: str, by: np.ndarray) -> np.ndarray:
        """Places within each tree as places among all, -1 as it is."""
        places, most = joined(name, np.int64), np.iinfo(np.int32).max
        shifted = np.where(places < 0, -1, places + np.repeat(by, sizes))
        if shifted.max(initial=-1) > most:
            raise ValueError(f"place {places.max()} is none")
        return shifted.astype(np.int32)

    feature = joined("feature", np.int32)
    own = np.repeat(sizes, sizes)
    inner = feature >= 0
    for side in ("left", "right"):
        places = joined(side, np.int64)[inner]
        if ((places < 0) | (places >= own[inner])).any():
            raise ValueError("a node names a child that is not there")
    is_set = joined("category_set", np.int32) >= 0
    return Ensemble(
        feature=feature,
        threshold=np.where(inner & ~is_set, joined("threshold", np.float64), np.nan),
        left=np.where(inner, moved("left", roots), -1).astype(np.int32),
        right=np.where(inner, moved("right", roots), -1).astype(np.int32),
        missing_left=joined("missing_left", bool),
        category_set=moved("category_set", first_set[:-1]),
        sets=_sets([each for tree in trees for each in tree.sets]),
        unknown_left=joined("unknown_left", bool),
        value=np.where(inner, 0.0, joined("value", np.float64)),
        roots=roots.astype(np.int32),
        start=start,
        inputs=inputs,
        arithmetic=arithmetic,
    )


def _sets(sets: Sequence[Set]) -> np.ndarray:
    """(sets, codes) bool, True = left."""
    codes = max((len(each.left) for each in sets), default=0)
    if codes * len(sets) > MOST_NODES * 8:
        raise ModelFileError(
            f"splits by {len(sets):,} sets of up to {codes:,} categories, too many; group rare categories"
        )
    table = np.zeros((len(sets), codes), bool)
    for row, each in zip(table, sets, strict=True):
        row[: len(each.left)] = each.left
        row[len(each.left) :] = each.others_left
    return table

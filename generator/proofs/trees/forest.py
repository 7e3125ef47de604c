"""One replicate of a tree ensemble as a proof reads it: from the arrays it is stored as, nothing else."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from generator.engine import preorder

ZERO_OR_NAN, AS_ZERO = np.int8(1), np.int8(2)
"""Places of these rules for missing values in the arrays of the model."""
ZERO = float(np.float32(1e-35))
"""A number this close to 0 is missing where zero means missing."""


NODE = np.dtype([("limit", np.float64), ("feature", np.int32), ("right", np.int32)])
"""What a walk down a tree needs of a node, in one place of the cache; in a leaf the limit is its value."""


class Forest(NamedTuple):
    """Nodes parents first and left side next, so that the left side of node i is i + 1."""

    nodes: np.ndarray
    """(nodes,) NODE: the same once more as `limit`, `feature`, `right` and `value`."""
    plain: np.ndarray
    """(d,) bool: a number that has a value is compared, nothing else."""
    feature: np.ndarray
    """(nodes,) int32; -1 in a leaf."""
    limit: np.ndarray
    """(nodes,) largest number, of those that the model tells apart, that goes left; NaN without a threshold."""
    place: np.ndarray
    """(nodes,) int32, of the limit in `limits`; -1 without."""
    right: np.ndarray
    missing_left: np.ndarray
    category_set: np.ndarray
    unknown_left: np.ndarray
    value: np.ndarray
    """(nodes,) as deployed."""
    roots: np.ndarray
    sets: np.ndarray
    limits: np.ndarray
    """All limits that differ, input by input, rising."""
    offset: np.ndarray
    """(d + 1,) where those of each input begin in `limits`."""
    missing: np.ndarray
    """(d,) int8, the rule for missing values."""
    category: np.ndarray
    """(d,) bool: a category, whose values are codes."""
    single_inputs: bool
    single_sum: bool
    start: float
    divisor: float
    scale: float
    bias: float
    cut: float
    magnitude: float
    """1, and for each tree the largest that a leaf can add to the margin."""
    signs: np.ndarray
    """(d,) int8, as `generator.proofs.trees.monotone.monotone` proves them; 0 until it is asked."""


def read(arrays: Mapping[str, np.ndarray], replicate: int) -> Forest:
    """The replicate in these arrays of `generator.models.trees.trees.Trees`; a single one is that of every fold.

    Raises:
        ValueError: They are not those of trees.
    """
    try:
        one = {name: part[replicate if len(part) > 1 else 0] for name, part in arrays.items()}
        right, roots = preorder.sides(one["feature"] < 0, int(one["trees"]))
        nodes = len(right)
        feature, number = one["feature"][:nodes].astype(np.int32), one["number"][:nodes]
        missing_left, none = one["missing_left"][:nodes], not one["category_set"].size
        category_set = np.full(nodes, -1, np.int32) if none else one["category_set"][:nodes]
        unknown_left = np.zeros(nodes, bool) if none else one["unknown_left"][:nodes]
        missing, strict, single_inputs = one["missing"], bool(one["strict"]), bool(one["single_inputs"])
        sets = np.ascontiguousarray(one["sets"][:, : one["codes"]])
        numbers = {name: float(one[name]) for name in ("start", "divisor", "scale", "bias", "cut")}
        single_sum = bool(one["single_sum"])
    except (KeyError, IndexError) as error:
        raise ValueError(f"these are no arrays of a tree ensemble: {error}") from None
    d = len(missing)
    leaf, value = feature < 0, np.where(feature < 0, number, 0.0)
    by_set = ~leaf & (category_set >= 0)
    limit = _limits(np.where(leaf, np.nan, number), strict, single_inputs)
    in_zero = ~leaf & (missing[feature] == ZERO_OR_NAN) & (limit <= ZERO) & (limit >= -ZERO)
    limit = np.where(in_zero, _below(-ZERO, single_inputs), limit)
    limit[by_set] = np.nan
    place, limits, offset = np.full(len(feature), -1, np.int32), [], [0]
    for j in range(d):
        mine = (feature == j) & ~by_set
        zone = (_below(-ZERO, single_inputs), ZERO) if missing[j] == ZERO_OR_NAN else ()
        sorted_limits = np.unique(np.concatenate((limit[mine], zone)))
        place[mine] = offset[-1] + np.searchsorted(sorted_limits, limit[mine])
        limits.append(sorted_limits)
        offset.append(offset[-1] + len(sorted_limits))
    category = np.isin(np.arange(d), feature[by_set])
    tree = np.repeat(np.arange(len(roots)), np.diff([*roots, len(feature)]))
    largest = np.zeros(len(roots))
    np.maximum.at(largest, tree, np.abs(value))
    slope = abs(numbers["scale"] / numbers["divisor"])
    nodes = np.empty(len(feature), NODE)
    nodes["limit"], nodes["feature"], nodes["right"] = np.where(leaf, number, limit), feature, right
    return Forest(
        nodes=nodes, plain=~category & (missing != ZERO_OR_NAN),
        feature=feature, limit=limit, place=place, right=right,
        missing_left=missing_left, category_set=category_set, unknown_left=unknown_left,
        value=value, roots=roots, sets=sets,
        limits=np.concatenate(limits), offset=np.array(offset), missing=missing, category=category,
        single_inputs=single_inputs, single_sum=single_sum, **numbers, magnitude=1.0 + slope * float(largest.sum()),
        signs=np.zeros(d, np.int8),
    )  # fmt: skip


def _limits(threshold: np.ndarray, strict: bool, single: bool) -> np.ndarray:
    """The largest float32 or float64 that goes left of each threshold."""
    if not single:
        return np.nextafter(threshold, -np.inf) if strict else threshold.copy()
    with np.errstate(over="ignore"):
        near = threshold.astype(np.float32)
    too_high = near >= threshold if strict else near > threshold
    return np.where(too_high, np.nextafter(near, np.float32(-np.inf)), near).astype(np.float64)


def _below(number: float, single: bool) -> float:
    kind = np.float32 if single else np.float64
    return float(np.nextafter(kind(number), kind(-np.inf)))


def next_number(number: float, single: bool) -> float:
    """The smallest float32 or float64 above `number`."""
    kind = np.float32 if single else np.float64
    return float(np.nextafter(kind(number), kind(np.inf)))

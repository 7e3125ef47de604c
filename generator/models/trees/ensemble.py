"""One additive ensemble of decision trees, evaluated as the library that trained it does, to the last bit.

Libraries agree on what a tree is and differ in all that decides near a threshold or near the cut: which
side takes the threshold itself, the float type of inputs and of the sum, the order of the sum, what counts
as missing. All of that is data here, so that one evaluator serves them all.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from generator.engine.compiling import kernel

Missing = Literal["nan", "zero", "as_zero", "refused"]
"""What an input that has no value is: NaN; a number within ZERO of 0, or NaN; NaN read as 0.0; an error."""

MISSING: tuple[Missing, ...] = get_args(Missing)
"""In the order of the numbers that stand for them in arrays."""

ZERO = float(np.float32(1e-35))
"""What LightGBM takes for 0, where zero means missing."""

NAN, ZERO_OR_NAN, AS_ZERO, REFUSED = (np.int8(place) for place in range(len(MISSING)))


@dataclass(frozen=True)
class Arithmetic:
    """How a library compares and sums. The margin is sum / divisor * scale + bias, in float64."""

    strict: bool
    """x < threshold goes left (XGBoost); else x <= threshold."""
    single_inputs: bool
    """x is rounded to float32 first."""
    single_sum: bool
    """The sum is kept in float32, else in float64; either way from the start value on, tree by tree."""
    cut: float
    """A row is flagged where its margin is above this."""
    missing: tuple[Missing, ...]
    """Of each input (d)."""
    divisor: float = 1.0
    scale: float = 1.0
    bias: float = 0.0


@dataclass(frozen=True)
class Ensemble:
    """Trees as flat arrays: every node of every tree has a place, and is reached from one root on one way.

    Raises:
        ValueError: Shapes differ, a node is reached twice, a child, set or input is none, or a number is not finite.
    """

    feature: np.ndarray
    """(nodes,) int32; -1 in a leaf."""
    threshold: np.ndarray
    """(nodes,) float64, the deployed number exactly; NaN in leaves and where a category is asked for."""
    left: np.ndarray
    """(nodes,) int32; -1 in a leaf."""
    right: np.ndarray
    missing_left: np.ndarray
    """(nodes,) bool: where a row without a value goes."""
    category_set: np.ndarray
    """(nodes,) int32, row of `sets`; -1 where a number is asked for."""
    sets: np.ndarray
    """(sets, codes) bool: these categories go left."""
    unknown_left: np.ndarray
    """(nodes,) bool: where a category without a code goes."""
    value: np.ndarray
    """(nodes,) float64, what a leaf adds, as deployed: a float32 number where the sum is float32."""
    roots: np.ndarray
    """(trees,) int32, in the order summed."""
    start: float
    inputs: int
    """d"""
    arithmetic: Arithmetic

    def __post_init__(self):
        inner = self.feature >= 0
        per_node = (
            self.threshold, self.left, self.right, self.missing_left, self.category_set, self.unknown_left, self.value
        )  # fmt: skip
        if any(part.shape != self.feature.shape for part in per_node) or self.sets.ndim != 2:
            raise ValueError("the arrays of a tree ensemble differ in length")
        if len(self.arithmetic.missing) != self.inputs or self.feature.max(initial=-1) >= self.inputs:
            raise ValueError(f"a tree asks for input {self.feature.max(initial=-1)} of {self.inputs}")
        by_set = inner & (self.category_set >= 0)
        if self.category_set[by_set].max(initial=-1) >= len(self.sets):
            raise ValueError("a node names a set of categories that is not there")
        numbers = (self.value[~inner], self.start, self.arithmetic.scale, self.arithmetic.bias)
        if (
            not all(np.isfinite(part).all() for part in numbers)
            or np.isnan(self.threshold[inner & ~by_set]).any()
        ):
            raise ValueError("a leaf, threshold or constant of a tree ensemble is no number")
        _check_that_nodes_make_trees(self.left, self.right, inner, self.roots)

    def margins_raw(self, x: np.ndarray) -> np.ndarray:
        """(n,) float64 of raw rows x (n, d), the library's own score; flagged where above `arithmetic.cut`.

        A category is the place of its name, as a float.

        Raises:
            ValueError: A row lacks a value where none may be missing, or has another number of inputs.
        """
        x = np.ascontiguousarray(x, np.float64)
        if x.ndim != 2 or x.shape[1] != self.inputs:
            raise ValueError(f"rows have shape {x.shape}, not (n, {self.inputs})")
        arithmetic = self.arithmetic
        missing = np.array([MISSING.index(name) for name in arithmetic.missing], np.int8)
        refused = np.isnan(x[:, missing == REFUSED]).any(axis=1)
        if refused.any():
            raise ValueError(f"row {int(np.argmax(refused))} lacks a value, which this model refuses")
        if arithmetic.single_inputs:
            with np.errstate(over="ignore"):  # beyond float32 is infinite to the library, too
                x = x.astype(np.float32).astype(np.float64)
        sums = np.empty(len(x))
        _sums(
            x, self.feature, self.threshold, self.left, self.right, self.missing_left, self.category_set, self.sets,
            self.unknown_left, self.value, self.roots, float(self.start), missing, arithmetic.strict,
            arithmetic.single_sum, sums,
        )  # fmt: skip
        return sums / arithmetic.divisor * arithmetic.scale + arithmetic.bias

    def margins(self, x: np.ndarray) -> np.ndarray:
        """(n,) float64 above the library's own cut: fraud where above 0, exactly."""
        return self.margins_raw(x) - self.arithmetic.cut


def _check_that_nodes_make_trees(left: np.ndarray, right: np.ndarray, inner: np.ndarray, roots: np.ndarray):
    """Level by level from the roots; a node is reached at most once, so the walk of a row ends."""
    reached, level = np.zeros(len(left), bool), roots
    while len(level):
        if level.min() < 0 or level.max() >= len(left):
            raise ValueError("a node names a child that is not there")
        if reached[level].any() or len(np.unique(level)) < len(level):
            raise ValueError("a node is reached on two ways, so this is no tree")
        reached[level] = True
        parents = level[inner[level]]
        level = np.concatenate((left[parents], right[parents]))


@kernel
def _sums(
    x, feature, threshold, left, right, missing_left, category_set, sets, unknown_left, value, roots, start,
    missing, strict, single_sum, sums,
):  # fmt: skip
    codes = sets.shape[1]
    for i in range(len(x)):
        total, single = start, np.float32(start)
        for root in roots:
            node = root
            while feature[node] >= 0:
                j = feature[node]
                number = x[i, j]
                if missing[j] == AS_ZERO and np.isnan(number):
                    number = 0.0
                if np.isnan(number) or (missing[j] == ZERO_OR_NAN and abs(number) <= ZERO):
                    goes_left = missing_left[node]
                elif category_set[node] >= 0:
                    known = 0 <= number < codes
                    goes_left = sets[category_set[node], int(number)] if known else unknown_left[node]
                elif strict:
                    goes_left = number < threshold[node]
                else:
                    goes_left = number <= threshold[node]
                node = left[node] if goes_left else right[node]
            total += value[node]
            single += np.float32(value[node])
        sums[i] = single if single_sum else total

"""A tree ensemble as a mixed-integer program, solved by HiGHS: the independent check of the search.

A threshold t of an input that its row's box leaves open is a binary, 1 if x <= t; of two thresholds of an
input the smaller one implies the larger. The leaves of a tree share a weight of 1, and at every test that
is open the left side has no more of it than the binary, the right side no more than the rest:

    minimise  sum of weight(leaf) value(leaf)   subject to   sum of left <= p,  sum of right <= 1 - p

Weights need not be whole: with whole binaries only one leaf of a tree is left.

Source: Kantchelian, Tygar and Joseph 2016, Evasion and hardening of tree ensemble classifiers (ICML).
"""

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

from generator.proofs.trees import kernels
from generator.proofs.trees.forest import AS_ZERO, ZERO, ZERO_OR_NAN, Forest
from generator.proofs.trees.search import Region
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED

MOST_PLACES = 256
"""Programs for a row."""
Test = tuple[int, float]
"""Input and threshold."""


def verify(
    forest: Forest, where: Region, y: np.ndarray, thresholds: np.ndarray, *, tau: float, time_limit: float
) -> np.ndarray:
    """Outcomes (n,) with gap 0; what is no number is tried place by place, in at most MOST_PLACES ways.

    Proved needs a dual bound above tau, broken the deployed margin at the optimum on the wrong side.
    """
    outcome = np.full(len(y), UNRESOLVED)
    for row in range(len(y)):
        told = []
        for way in _ways(where, row):
            told.append(_numbers_only(forest, way, y[[row]], thresholds[[row]], tau, time_limit)[0])
            if told[-1] == BROKEN:
                break
        if told:
            outcome[row] = BROKEN if BROKEN in told else min(told)
    return outcome


def _ways(where: Region, row: int) -> Iterator[Region]:
    """The region of a row with each listed input at one of its places; none if there are too many."""
    one = Region(*(part[[row]] if part.ndim > 1 else part for part in where))
    listed = np.flatnonzero(one.listed >= 0)
    places = [np.flatnonzero(one.allowed[0, one.listed[j]]) for j in listed]
    choices = [[place] if np.isnan(place) else [*{place, *map(float, some)}]
               for place, some in zip(one.centre[0, listed], places, strict=True)]  # fmt: skip
    if math.prod(map(len, choices)) > MOST_PLACES:
        return
    for chosen in itertools.product(*choices):
        at = one.centre.copy()
        at[:, listed] = chosen
        still = one.listed >= 0
        yield one._replace(
            centre=at, low=np.where(still, at, one.low), high=np.where(still, at, one.high),
            listed=np.full_like(one.listed, -1),
        )  # fmt: skip


def _numbers_only(
    forest: Forest, where: Region, y: np.ndarray, thresholds: np.ndarray, tau: float, time_limit: float
) -> np.ndarray:
    outcome = np.full(len(y), UNRESOLVED)
    for row, fraud in enumerate(y == 1):
        sign = 1.0 if fraud else -1.0
        slope = sign * forest.scale / forest.divisor
        constant = sign * (forest.bias - forest.cut - thresholds[row]) + slope * forest.start
        program = _Program(forest, where, row, slope)
        bound, binaries = program.solve(time_limit)
        if bound is not None and bound + constant > tau:
            outcome[row] = PROVED
        elif binaries is not None:
            margin = kernels.score(forest, program.point(binaries))
            wrong = margin <= thresholds[row] if fraud else margin > thresholds[row]
            outcome[row] = BROKEN if wrong else UNRESOLVED
    return outcome


class _Program:
    """One row. Variables: a binary a test in order of input and threshold, then the weights of the leaves."""

    def __init__(self, forest: Forest, where: Region, row: int, slope: float):
        self.forest, self.slope = forest, slope
        self.low, self.high, self.centre = where.low[row], where.high[row], where.centre[row]
        self.whole = where.whole
        rounded = (
            (lambda face: face.astype(np.float32).astype(np.float64))
            if forest.single_inputs
            else (lambda face: face)
        )
        self.seen_low, self.seen_high = rounded(self.low), rounded(self.high)
        self.constant = 0.0
        self.values: list[float] = []
        self.sides: list[tuple[Test, list[int], list[int]]] = []
        """Open tests with the leaves on either side."""
        self.trees: list[list[int]] = []
        for root in forest.roots:
            leaves = self._leaves(int(root))
            if len(leaves) == 1:  # nothing is open
                self.constant += self.values.pop()
            else:
                self.trees.append(leaves)
        self.tests = sorted({test for test, _, _ in self.sides})

    def _leaves(self, node: int) -> list[int]:
        """Leaves that can be reached from here, in the numbering of all."""
        forest, j = self.forest, self.forest.feature[node]
        if j < 0:
            self.values.append(self.slope * forest.value[node])
            return [len(self.values) - 1]
        left, right = node + 1, int(forest.right[node])
        fixed = self._side(node, j)
        if fixed is not None:
            return self._leaves(left if fixed else right)
        limit = float(np.floor(forest.limit[node]) if self.whole[j] else forest.limit[node])
        low, high = self._leaves(left), self._leaves(right)
        self.sides.append(((int(j), limit), low, high))
        return low + high

    def _side(self, node: int, j: int) -> bool | None:
        """Whether the row goes left throughout its box; None where that is open."""
        forest, number = self.forest, self.seen_low[j]
        number = 0.0 if np.isnan(number) and forest.missing[j] == AS_ZERO else number
        if np.isnan(number) or (forest.missing[j] == ZERO_OR_NAN and abs(number) <= ZERO):
            return bool(forest.missing_left[node])
        if forest.category_set[node] >= 0:
            members = forest.sets[forest.category_set[node]]
            return bool(members[int(number)] if 0 <= number < len(members) else forest.unknown_left[node])
        if self.seen_high[j] <= forest.limit[node]:
            return True
        return False if number > forest.limit[node] else None

    def solve(self, time_limit: float) -> tuple[float | None, np.ndarray | None]:
        """(dual bound of the sum of leaves, binaries at the best point), None where HiGHS has none."""
        if not self.tests:
            return self.constant, np.zeros(0)
        place = {test: number for number, test in enumerate(self.tests)}
        binaries, size = len(place), len(place) + len(self.values)
        rows: list[tuple[list[int], list[float], float, float]] = []
        for group in _by_input(self.tests):
            rows += [([a, b], [1.0, -1.0], -np.inf, 0.0) for a, b in pairwise(group)]
        for leaves in self.trees:
            rows.append(([binaries + leaf for leaf in leaves], [1.0] * len(leaves), 1.0, 1.0))
        for test, left, right in self.sides:
            rows.append(
                ([binaries + leaf for leaf in left] + [place[test]], [1.0] * len(left) + [-1.0], -np.inf, 0.0)
            )
            rows.append(
                ([binaries + leaf for leaf in right] + [place[test]], [1.0] * (len(right) + 1), -np.inf, 1.0)
            )
        matrix = coo_array(
            (
                [value for _, values, _, _ in rows for value in values],
                ([i for i, row in enumerate(rows) for _ in row[0]], [c for row in rows for c in row[0]]),
            ),
            shape=(len(rows), size),
        )
        answer = milp(
            c=np.concatenate((np.zeros(binaries), self.values)),
            constraints=LinearConstraint(matrix.tocsc(), [row[2] for row in rows], [row[3] for row in rows]),
            bounds=Bounds(0.0, 1.0),
            integrality=np.arange(size) < binaries,
            options={"mip_rel_gap": 0.0, "time_limit": time_limit},
        )
        bound = answer.fun if answer.mip_dual_bound is None and answer.success else answer.mip_dual_bound
        return (
            None if bound is None else bound + self.constant,
            None if answer.x is None else np.rint(answer.x[:binaries]),
        )

    def point(self, binaries: np.ndarray) -> np.ndarray:
        """A raw row with these answers to the tests."""
        below, above = np.full(len(self.centre), -np.inf), np.full(len(self.centre), np.inf)
        for (j, limit), left in zip(self.tests, binaries, strict=True):
            if left:
                above[j] = min(above[j], limit)
            else:
                below[j] = max(below[j], limit)
        step = np.float32 if self.forest.single_inputs else np.float64
        up = np.nextafter(below.astype(step), step(np.inf)).astype(np.float64)
        up = np.where(self.whole & np.isfinite(below), np.floor(below) + 1, up)
        point = np.where(self.centre <= below, up, np.where(self.centre > above, above, self.centre))
        return np.where(np.isnan(self.centre), np.nan, np.clip(point, self.low, self.high))


def _by_input(tests: list[Test]) -> Iterable[list[int]]:
    """Numbers of the tests of each input, by rising threshold."""
    groups = defaultdict(list)
    for number, (j, _) in enumerate(tests):
        groups[j].append(number)
    return groups.values()

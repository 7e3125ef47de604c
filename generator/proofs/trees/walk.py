"""One proof to be read: the boxes that settle one row, each with the sum of the least leaves that it leaves."""

from collections import defaultdict

import numpy as np

from generator.proofs.trees import kernels
from generator.proofs.trees.forest import Forest, next_number
from generator.proofs.trees.search import Region
from generator.proofs.verdicts import Step
from generator.records.boxes import Boxes


def walk(forest: Forest, boxes: Boxes, where: Region, fraud: bool, longest: int) -> list[Step] | None:
    """The boxes that prove the only row of `boxes`; None if more than `longest` are needed, or it can become something
    that is no number.

    A weaker bound than that of the search, which adds nothing but leaves; a box that it does not prove is
    halved at the threshold that parts most of what the trees can add.
    """
    if (where.listed >= 0).any():
        return None
    sign = 1.0 if fraud else -1.0
    slope = sign * forest.scale / forest.divisor
    constant = sign * (forest.bias - forest.cut) + slope * forest.start
    waiting, steps = [(0, where.low[0], where.high[0])], []
    while waiting:
        if len(steps) == longest:
            return None
        depth, low, high = waiting.pop()
        parted: dict[tuple[int, float], float] = defaultdict(float)
        bound = constant + sum(_least(forest, int(root), low, high, slope, parted) for root in forest.roots)
        proved = bool(bound > kernels.DRIFT * forest.magnitude)
        steps.append(Step(depth, *_standardised(boxes, low, high), float(bound), proved))
        if not proved:
            if not parted:
                return None
            (j, limit), left, right = max(parted, key=parted.get), high.copy(), low.copy()
            left[j] = np.floor(limit) if where.whole[j] else limit
            right[j] = np.floor(limit) + 1 if where.whole[j] else next_number(limit, forest.single_inputs)
            left[j], right[j] = min(left[j], high[j]), max(right[j], low[j])
            waiting += [(depth + 1, right, high), (depth + 1, low, left)]
    return steps


def _least(forest: Forest, node: int, low: np.ndarray, high: np.ndarray, slope: float, parted: dict) -> float:
    """The least leaf below `node` that [low, high] reaches; what each open test parts is added to `parted`."""
    j = forest.feature[node]
    if j < 0:
        return slope * forest.value[node]
    first, last = (float(np.float32(x)) if forest.single_inputs else x for x in (low[j], high[j]))
    fixed = first == last or np.isnan(first)
    left = kernels.goes_left(forest, node, first) if fixed else first <= forest.limit[node]
    right = not left if fixed else last > forest.limit[node]
    sides = [
        _least(forest, side, low, high, slope, parted)
        for side, reached in ((node + 1, left), (int(forest.right[node]), right))
        if reached
    ]
    if len(sides) == 2:
        parted[int(j), float(forest.limit[node])] += abs(sides[0] - sides[1])
    return min(sides)


def _standardised(boxes: Boxes, *faces: np.ndarray) -> list[np.ndarray]:
    return [(face - boxes.mean) / boxes.scale for face in faces]

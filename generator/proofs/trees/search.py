"""The search of `kernels` for many rows: what their boxes are in raw units, and memory for it."""

from typing import NamedTuple

import numpy as np

from generator.proofs.trees import kernels
from generator.proofs.trees.forest import Forest
from generator.proofs.trees.kernels import BROKEN, FULL, Work
from generator.proofs.verdicts import Verdicts
from generator.records.boxes import Boxes

NODES, CELLS, BOXES = 16_384, 16_384, 256
"""Places in the first working memory: most rows need less, and the others get more when they ask for it. What is not
written to costs nothing."""


class Region(NamedTuple):
    """Where n rows may be, raw units. Both faces belong to it, and so does the row."""

    centre: np.ndarray
    """(n, d) the rows; NaN where they lack a value."""
    low: np.ndarray
    """(n, d); above `high` where no number is possible."""
    high: np.ndarray
    missing: np.ndarray
    """(n, d) bool: may have no value."""
    whole: np.ndarray
    """(d,) bool: moves on whole numbers only."""
    listed: np.ndarray
    """(d,) int32: place in `allowed`; -1 where the faces say all."""
    allowed: np.ndarray
    """(n, listed, k) bool: the places 0, 1, ... that a row may have of a listed input, its own among them if it has
    one; its faces count for nothing."""


def region(boxes: Boxes) -> Region:
    """The boxes in raw units. The row's own value belongs to them, which standardising may have moved."""
    low, high = boxes.raw_faces()
    n, d = low.shape
    listed = np.full(d, -1, np.int32)
    listed[list(boxes.allowed)] = np.arange(len(boxes.allowed))
    most = max((part.shape[1] for part in boxes.allowed.values()), default=0)
    allowed = np.zeros((n, len(boxes.allowed), most), bool)
    for place, part in enumerate(boxes.allowed.values()):
        allowed[:, place, : part.shape[1]] = part
    return Region(
        centre=boxes.raw, low=low, high=high, missing=np.isnan(boxes.raw), whole=boxes.whole, listed=listed,
        allowed=allowed,
    )  # fmt: skip


def verify(
    forest: Forest, where: Region, y: np.ndarray, thresholds: np.ndarray, *, box_limit: int
) -> Verdicts:
    """Settle n rows, y (n,) 1 = fraud, against thresholds (n,) of the margin.

    An input in which the forest is monotone is put at the face that hurts, which loses nothing; where all that
    move are, one score is the proof.
    """
    where = _at_the_worst_face(forest, where, np.asarray(y) == 1)
    n, d = where.centre.shape
    outcome, boxes, margin = np.full(n, FULL, np.int8), np.zeros(n, np.int64), np.full(n, np.nan)
    witness = np.full((n, d), np.nan)
    arguments = (
        *(np.ascontiguousarray(part, np.float64) for part in (where.low, where.high, where.centre)),
        np.ascontiguousarray(where.missing), where.whole, where.listed, where.allowed,
        np.asarray(y) == 1, np.ascontiguousarray(thresholds, np.float64), box_limit,
    )  # fmt: skip
    size = 1
    while not kernels.settle_rows(
        forest, *arguments, working_memory(forest, size), outcome, witness, boxes, margin
    ):
        size *= 4
    witness[outcome != BROKEN] = np.nan
    return Verdicts(outcome, witness, boxes, margin)


def _at_the_worst_face(forest: Forest, where: Region, fraud: np.ndarray) -> Region:
    where = _without_lists_of_monotone_inputs(forest, where)
    sign = np.where(fraud[:, None], forest.signs, -forest.signs)
    sign = np.where(where.missing | np.isnan(where.centre), 0, sign)
    low, high = np.where(sign < 0, where.high, where.low), np.where(sign > 0, where.low, where.high)
    return where._replace(low=low, high=high)


def _without_lists_of_monotone_inputs(forest: Forest, where: Region) -> Region:
    """Of places in a row only the first and the last can hurt where the forest is monotone."""
    low, high, listed = where.low.copy(), where.high.copy(), where.listed.copy()
    for j in np.flatnonzero((where.listed >= 0) & (forest.signs != 0)):
        places, own = where.allowed[:, where.listed[j]], where.centre[:, j]
        some = places.any(1)
        if (some & where.missing[:, j]).any():
            continue
        first, last = places.argmax(1), places.shape[1] - 1 - places[:, ::-1].argmax(1)
        low[:, j], high[:, j] = (
            np.where(some, np.fmin(first, own), own),
            np.where(some, np.fmax(last, own), own),
        )
        listed[j] = -1
    return where._replace(low=low, high=high, listed=listed)


def working_memory(forest: Forest, size: int) -> Work:
    """For rows up to `size` times the usual."""
    d, nodes, cells = len(forest.missing), NODES * size, CELLS * size
    whole = {
        "count": d, "first": d, "last": d, "start": d, "size": d, "cell": d,
        "node_input": nodes, "node_place": nodes, "node_right": nodes, "node_parent": nodes,
        "tree_first": len(forest.roots) + 2, "waiting": (nodes, 2), "marks": len(forest.limits),
        "part_first": len(forest.roots) + 2, "leaf_first": len(forest.roots) + 2,
        "part_input": nodes, "part_message": nodes, "part_segment": nodes, "segment_end": nodes,
        "leaf_range": nodes, "range_low": 4 * nodes, "range_high": 4 * nodes, "box": (BOXES * size, d, 2),
    }  # fmt: skip
    real = {
        "low": d, "high": d, "node_value": nodes, "values": cells, "tables": cells, "segment_least": nodes,
        "segment_rest": nodes, "leaf_value": nodes, "leaf_total": nodes, "range_least": 4 * nodes,
        "messages": 8 * cells, "point": d,
    }  # fmt: skip
    arrays = {name: np.empty(shape, np.int32) for name, shape in whole.items()}
    arrays |= {name: np.empty(shape) for name, shape in real.items()}
    arrays["marks"][:] = 0
    return Work(kind=np.empty(d, np.int8), **arrays)

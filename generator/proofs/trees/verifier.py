"""Tree ensembles: the search over cells, and HiGHS as the second method."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from generator.proofs.trees import forest as forests
from generator.proofs.trees import kernels, milp, search
from generator.proofs.trees.forest import Forest
from generator.proofs.trees.monotone import monotone as signs_of
from generator.proofs.trees.walk import walk
from generator.proofs.verdicts import BROKEN, EITHER, PROVED, Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec


def read(arrays: Mapping[str, np.ndarray], replicate: int) -> Forest:
    forest = forests.read(arrays, replicate)
    return forest._replace(signs=signs_of(forest))


def margins(forest: Forest, boxes: Boxes) -> np.ndarray:
    out = np.empty(len(boxes.raw))
    kernels.scores(forest, np.ascontiguousarray(boxes.raw, np.float64), out)
    return out


def monotone(forest: Forest) -> np.ndarray:
    """As `read` found it."""
    asked = np.isin(np.arange(len(forest.signs)), forest.feature)
    return np.where(asked, forest.signs, EITHER).astype(np.int8)


def tolerance(spec: ProofSpec) -> float:
    """None: a witness has the margin that the deployed model gives it."""
    return 0.0


def decide(forest: Forest, boxes: Boxes, y: np.ndarray, spec: ProofSpec, threshold: float = 0.0) -> Verdicts:
    """By `search.verify`, which knows no tau: a cell close to the cut is scored as deployed."""
    thresholds = np.full(len(y), threshold)
    return search.verify(forest, search.region(boxes), y, thresholds, box_limit=spec.box_limit)


def radius(forest: Forest, boxes: Boxes, y: np.ndarray, largest: float, spec: ProofSpec) -> Radii:
    """By halving each row's bracket, down to the distance of the witness where one is found."""
    n = len(y)
    proved, broken = np.zeros(n), np.full(n, np.inf)
    witness, looked = np.full(boxes.x.shape, np.nan), np.zeros(n, np.int64)
    wrong = (margins(forest, boxes) > 0) != (y == 1)
    broken[wrong], witness[wrong] = 0.0, boxes.raw[wrong]
    # the whole reach first: a row that holds there needs no halving
    asked, rows = np.full(n, largest), np.flatnonzero(~wrong)
    while len(rows):
        moved = boxes.only(rows)
        reach = asked[rows, None]
        moved = replace(moved, lower=moved.x - reach, upper=moved.x + reach, whole=np.zeros_like(boxes.whole))
        found = decide(forest, moved, y[rows], spec)
        looked[rows] += found.boxes
        held, fell = found.outcome == PROVED, found.outcome == BROKEN
        proved[rows[held]] = asked[rows[held]]
        away = np.abs((found.witness[fell] - boxes.mean) / boxes.scale - moved.x[fell]).max(axis=1)
        broken[rows[fell]] = np.clip(away, proved[rows[fell]], asked[rows[fell]])
        witness[rows[fell]] = found.witness[fell]
        rows = rows[held | fell]
        rows = rows[np.minimum(broken[rows], largest) - proved[rows] > spec.radius_tolerance]
        asked[rows] = (proved[rows] + broken[rows]) / 2
    return Radii(proved, broken, witness, looked)


def cross_check(
    forest: Forest, boxes: Boxes, y: np.ndarray, spec: ProofSpec
) -> tuple[np.ndarray, np.ndarray]:
    by_program = milp.verify(
        forest, search.region(boxes), y, np.zeros(len(y)), tau=spec.milp_tau, time_limit=spec.milp_seconds
    )
    return decide(forest, boxes, y, spec).outcome, by_program


def proof_steps(
    forest: Forest, boxes: Boxes, row: int, y: int, longest: int, spec: ProofSpec
) -> list[Step] | None:
    one = boxes.only(np.array([row]))
    return walk(forest, one, search.region(one), y == 1, longest)


def warm_up():
    """A tree of one leaf and one row compile all loops."""
    arrays = {
        "trees": np.ones(1, np.int32),
        "feature": np.full((1, 1), -1, np.int8),
        "number": np.ones((1, 1)),
    }
    arrays |= {"missing_left": np.zeros((1, 1), bool), "sets": np.zeros((1, 1, 1), bool)}
    arrays |= {"category_set": np.zeros((1, 0), np.int32), "unknown_left": np.zeros((1, 0), bool)}
    arrays |= {"codes": np.ones(1, np.int32), "missing": np.zeros((1, 1), np.int8)}
    arrays |= {name: np.zeros(1) for name in ("start", "bias", "cut")}
    arrays |= {name: np.ones(1) for name in ("divisor", "scale")}
    arrays |= {name: np.zeros(1, bool) for name in ("strict", "single_inputs", "single_sum")}
    row = np.zeros((1, 1))
    boxes = Boxes(row, row, row, row, np.zeros(1, bool), np.zeros(1), np.ones(1))
    forest = read(arrays, 0)
    margins(forest, boxes)
    decide(forest, boxes, np.ones(1), ProofSpec())

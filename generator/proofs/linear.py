"""Linear models, whose worst case has a closed form: each input at the face of its box that hurts most.

On a box with faces l and u the margin w x + b of a fraud is at least b + Σ min(w_j l_j, w_j u_j), and
some corner reaches that; likewise from above for a legitimate row. As with networks a proof keeps tau
from the cut, which covers the rounding of the deployed model to float32, and a row whose worst margin
does not is broken: at worst, it touches the cut.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from generator.proofs.verdicts import BROKEN, EITHER, PROVED, UNRESOLVED, Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec


class Line(NamedTuple):
    """The margin w x + b of one replicate, x standardised."""

    w: np.ndarray
    """(d,)"""
    b: float


def read(arrays: Mapping[str, np.ndarray], replicate: int) -> Line:
    return Line(arrays["weights"][replicate].astype(np.float64), float(arrays["bias"][replicate]))


def margins(line: Line, boxes: Boxes) -> np.ndarray:
    return boxes.x @ line.w + line.b


def monotone(line: Line) -> np.ndarray:
    """In every input: a line has one slope."""
    return np.where(line.w == 0, EITHER, np.sign(line.w)).astype(np.int8)


def tolerance(spec: ProofSpec) -> float:
    return spec.tau


def decide(line: Line, boxes: Boxes, y: np.ndarray, spec: ProofSpec, threshold: float = 0.0) -> Verdicts:
    """One corner a row; nothing is ever left open."""
    corner, margin = _worst(line, boxes, y, threshold)
    broken = margin <= spec.tau
    return Verdicts(
        outcome=np.where(broken, BROKEN, PROVED),
        witness=np.where(broken[:, None], boxes.to_raw(corner), np.nan),
        boxes=np.ones(len(y), np.int64),
        margin=margin,
    )


def _worst(line: Line, boxes: Boxes, y: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """The corner (n, d) at which each row is judged worst, and its margin there, positive = right (n,)."""
    sign = np.where(y == 1, 1.0, -1.0)
    corner = np.where(sign[:, None] * line.w > 0, boxes.lower, boxes.upper)
    return corner, sign * (corner @ line.w + line.b - threshold)


def radius(line: Line, boxes: Boxes, y: np.ndarray, largest: float, spec: ProofSpec) -> Radii:
    """The margin falls by |w|_1 for each standard deviation, so the bracket has no width."""
    sign, slope = np.where(y == 1, 1.0, -1.0), np.abs(line.w).sum()
    spare = sign * margins(line, boxes) - spec.tau
    reach = np.divide(spare, slope, out=np.full(len(y), np.inf), where=slope > 0)
    reach[spare <= 0] = 0.0
    broken = np.where(reach <= largest, reach, np.inf)
    corner = (
        boxes.x - np.sign(sign[:, None] * line.w) * np.where(np.isfinite(broken), broken, np.nan)[:, None]
    )
    return Radii(np.minimum(reach, largest), broken, boxes.to_raw(corner), np.ones(len(y), np.int64))


def cross_check(line: Line, boxes: Boxes, y: np.ndarray, spec: ProofSpec) -> tuple[np.ndarray, np.ndarray]:
    """The corner against a linear program, solved by HiGHS."""
    by_program = np.full(len(y), UNRESOLVED)
    for row, sign in enumerate(np.where(y == 1, 1.0, -1.0)):
        bounds = np.column_stack((boxes.lower[row], boxes.upper[row]))
        found = linprog(sign * line.w, bounds=bounds, options={"time_limit": spec.milp_seconds})
        if found.success:
            by_program[row] = PROVED if found.fun + sign * line.b > spec.tau else BROKEN
    return decide(line, boxes, y, spec).outcome, by_program


def proof_steps(
    line: Line, boxes: Boxes, row: int, y: int, longest: int, spec: ProofSpec
) -> list[Step] | None:
    one = boxes.only(np.array([row]))
    _, (margin,) = _worst(line, one, np.array([y]), 0.0)
    if margin <= spec.tau:
        return None
    return [Step(0, one.lower[0], one.upper[0], float(margin), True)]


def warm_up():
    """There is nothing to compile."""

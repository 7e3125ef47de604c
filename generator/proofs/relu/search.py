"""Exact verification and exact radius by branch and bound on the input box.

One row at a time, depth first: bound the margin on the box from below; above `TAU` the box
is proved; else try the linear minimiser and the centre as witnesses, and now and then hunt
downhill for one in the whole box; else cut off what the linear bounds prove already, and
halve the rest where the bound has most to gain. A row of class y is robust on [lower, upper]
if the prediction stays right on all of it: m > t everywhere for fraud, m <= t everywhere for
a legitimate row.

ReLUs that do not bend on a box do not bend within it, so its halves are bounded and searched on
the same function with these made linear: the deeper a box, the less a bound costs.
"""

import math
from dataclasses import dataclass

import numpy as np

from generator.proofs.relu import kernels
from generator.proofs.relu.network import Network, margins, towards_right
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED, Radii, Verdicts
from generator.records.spec import ProofSpec

__all__ = ["BROKEN", "PROVED", "TAU", "UNRESOLVED", "Lattice", "Radii", "Verdicts"]

TAU, BOX_LIMIT = ProofSpec().tau, ProofSpec().box_limit
"""Where a study says nothing else."""
CHAIN_COST = 50
"""What a box of a network that is not of two hidden layers counts for in a box limit: it takes that much longer."""


@dataclass(frozen=True)
class Lattice:
    """Features that take whole steps only: values offset + k * step in standardised units."""

    offset: np.ndarray
    """(d,)"""
    step: np.ndarray
    """(d,) 0 where the feature is continuous."""

    @classmethod
    def of_raw(cls, steps: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> "Lattice":
        """Multiples of `steps` (d,) raw units (1: counts, 0.01: cents, 0: continuous), standardised."""
        return cls(-np.asarray(mean) / scale, np.asarray(steps) / scale)


def verify(
    network: Network,
    lower: np.ndarray,
    upper: np.ndarray,
    y: np.ndarray,
    *,
    threshold: float = 0.0,
    lattice: Lattice | None = None,
    box_limit: int = BOX_LIMIT,
    tau: float = TAU,
) -> Verdicts:
    """Decide each row of class y (n,) on its own box [lower, upper] (n, d), standardised units.

    A feature with zero width cannot move, on the lattice or not; a lattice feature takes only
    the lattice points in its box, whose ends count to 1e-6 of a step.

    Raises:
        ValueError: A bound is not finite or above its partner, or a box holds no lattice point.
    """
    box, y = _boxes(lower, upper), np.asarray(y)
    _check(network, box, y)
    n, _, d = box.shape
    outcome, boxes, found = np.zeros(n, np.int8), np.zeros(n, np.int64), np.zeros(n)
    witness = np.full((n, d), np.nan)
    for fraud in (False, True):
        rows = np.flatnonzero((y == 1) == fraud)
        if not len(rows):
            continue
        part = outcome[rows], boxes[rows], found[rows], witness[rows]
        kernels.verify_rows(
            kernels.make_work(towards_right(network, fraud, threshold)), box[rows], _steps(lattice, d),
            _rule(network, tau, box_limit), *part,
        )  # fmt: skip
        outcome[rows], boxes[rows], found[rows], witness[rows] = part
    if (outcome == kernels.EMPTY).any():
        row = int(np.argmax(outcome == kernels.EMPTY))
        raise ValueError(f"row {row}: no lattice point in its box; widen the box")
    witness[outcome != BROKEN] = np.nan
    return Verdicts(outcome, witness, boxes, found)


def radius(
    network: Network,
    x: np.ndarray,
    y: np.ndarray,
    shape_low: np.ndarray,
    shape_high: np.ndarray,
    max_epsilon: float,
    *,
    tolerance: float = 1e-3,
    threshold: float = 0.0,
    lattice: Lattice | None = None,
    box_limit: int = BOX_LIMIT,
    tau: float = TAU,
) -> Radii:
    """Bracket the radius of each row: boxes x + epsilon * [-shape_low, shape_high], all (n, d), shapes >= 0.

    The bracket broken - proved is at most `tolerance`, unless the row hit `box_limit`. Shape 0
    keeps a side where it is. Rows whose margin at x is at most 2 * tau have radius 0.

    Raises:
        ValueError: A value is not finite, or a shape is negative.
    """
    x = np.ascontiguousarray(x, np.float64)
    shapes, y = _boxes(shape_low, shape_high), np.asarray(y)
    _check(network, np.stack([x - shapes[:, 0], x + shapes[:, 1]], axis=1), y)
    n, d = x.shape
    proved, broken, boxes = np.zeros(n), np.zeros(n), np.zeros(n, np.int64)
    witness = np.full((n, d), np.nan)
    for fraud in (False, True):
        rows = np.flatnonzero((y == 1) == fraud)
        if not len(rows):
            continue
        part = proved[rows], broken[rows], boxes[rows], witness[rows]
        kernels.radius_rows(
            kernels.make_work(towards_right(network, fraud, threshold)), x[rows], shapes[rows],
            float(max_epsilon), float(tolerance), _steps(lattice, d),
            _rule(network, tau, box_limit), *part,
        )  # fmt: skip
        proved[rows], broken[rows], boxes[rows], witness[rows] = part
    return Radii(proved, broken, witness, boxes)


def warm_up(layers: int = 2):
    """Ask both searches about a network of zeros, so that numba compiles them and keeps the machine code on disk.

    That takes half a minute, which other processes then need not spend. Loops for two hidden layers are not those
    for any other number, which are all alike.
    """
    point, side = np.zeros((1, 1)), np.ones((1, 1))
    zeros = Network((side,) * layers, (np.zeros(1),) * layers, np.zeros(1), 0.0)
    verify(zeros, point - side, point + side, np.zeros(1))
    radius(zeros, point, np.zeros(1), side, side, 1.0)


def replay(network: Network, witness: np.ndarray, y: np.ndarray, threshold: float = 0.0) -> np.ndarray:
    """(n,) bool: the float64 model is wrong at the witness (n, d); False where there is none."""
    m = margins(network, np.nan_to_num(witness))
    return np.where(np.asarray(y) == 1, m <= threshold, m > threshold) & ~np.isnan(witness).any(1)


def _steps(lattice: Lattice | None, d: int) -> tuple[np.ndarray, np.ndarray]:
    if lattice is None:
        return np.zeros(d), np.zeros(d)
    return np.ascontiguousarray(lattice.offset, np.float64), np.ascontiguousarray(lattice.step, np.float64)


def _rule(network: Network, tau: float, box_limit: int) -> kernels.Rule:
    cost = 1 if len(network.weights) == 2 else CHAIN_COST
    return kernels.Rule(float(tau), math.ceil(box_limit / cost))


def _boxes(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(n, 2, d) float64, a copy: the search writes to it."""
    low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
    if low.shape != high.shape or low.ndim != 2:
        raise ValueError(f"both sides must be (n, d) alike; they are {low.shape} and {high.shape}")
    return np.stack([low, high], axis=1)


def _check(network: Network, box: np.ndarray, y: np.ndarray):
    n, _, d = box.shape
    if n != len(y) or d != network.inputs:
        raise ValueError(f"{n} boxes of {d} features do not fit {len(y)} rows of {network.inputs} features")
    if not np.isfinite(box).all():
        raise ValueError("a box has a bound that is not finite; give every feature a range")
    above = (box[:, 0] > box[:, 1]).any(1)
    if above.any():
        raise ValueError(f"row {int(np.argmax(above))}: lower above upper")

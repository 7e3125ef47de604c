"""The boxes that attackers of a tier can move a transaction in, from what the tier reaches of every input.

A box is what an attack must stay in and what a proof must cover; both read it from here. Money moves
continuously here, although payments have cents: a cent is far below any budget. The relation
amount <= balance needs no check of its own: in every tier but the benchmark an amount only falls and a
balance only rises, so no row is made worse.
"""

from dataclasses import dataclass, replace

import numpy as np

from generator.models.folds import Folds
from generator.records.boxes import Boxes
from generator.records.features import Feature
from generator.records.threat import Intervals, Surface

WHOLE = 1e-9
"""Raw units by which rounding may keep a whole number out of a budget it fills exactly."""


@dataclass(frozen=True)
class Move:
    """How far a budget goes on one feature, in raw units."""

    feature: str
    down: float
    up: float


def boxes(surface: Surface, folds: Folds, replicates: slice, epsilon: float) -> Boxes:
    """The box of every test row: arrays (replicates, rows, d).

    Around x as the model is given it: [x - epsilon * down, x + epsilon * up], cut to [low, high];
    a row outside those limits may stay where it is and move back, but not further out. Where
    nothing may move the box is the point x. The faces of a whole-numbered feature that may move
    are the outermost whole numbers within reach, so they equal x at epsilon 0 to float32 rounding.

    Raises:
        ValueError: epsilon is negative, or a row lacks a value.
        TypeError: An input is no number.
    """
    reach, frauds_only = surface.intervals, surface.tier.moves == "frauds"
    around = ball(folds, replicates, epsilon)
    raw, x, means, scales = around.raw, around.x, around.mean[:, None], around.scale[:, None]
    moves = np.ones_like(x, bool)
    if frauds_only:
        moves &= folds.test_y(replicates)[:, :, None] == 1
    lower = _face(x, raw, -epsilon * reach.down, reach, means, scales)
    upper = _face(x, raw, epsilon * reach.up, reach, means, scales)
    return replace(
        around, lower=np.where(moves, lower, x), upper=np.where(moves, upper, x), whole=reach.whole
    )


def ball(folds: Folds, replicates: slice, epsilon: float) -> Boxes:
    """The plain box of every test row: every input moves continuously by epsilon, both ways, without limits.

    Raises:
        ValueError: epsilon is negative, or a row lacks a value.
    """
    if epsilon < 0:
        raise ValueError(f"a budget cannot be negative: {epsilon}")
    raw, x = folds.test_raw(replicates), folds.test_x(replicates).astype(np.float64)
    if not np.isfinite(raw).all():
        raise ValueError("a row lacks a value, and there is no interval around nothing")
    return Boxes(
        raw=raw,
        x=x,
        lower=x - epsilon,
        upper=x + epsilon,
        whole=np.zeros(x.shape[-1], bool),
        mean=folds.means[replicates],
        scale=folds.scales[replicates],
    )


def _face(
    x: np.ndarray,
    raw: np.ndarray,
    change: np.ndarray,
    reach: Intervals,
    means: np.ndarray,
    scales: np.ndarray,
) -> np.ndarray:
    """x + change, cut to the limits and, for whole numbers, to the last whole number on the way there."""
    nearest_low = (np.minimum(reach.low, raw) - means) / scales
    nearest_high = (np.maximum(reach.high, raw) - means) / scales
    # a limit and a row at that limit may differ by the row's float32 rounding
    face = np.clip(x + change, np.minimum(nearest_low, x), np.maximum(nearest_high, x))
    whole = raw + np.sign(change) * np.floor(np.abs(change) * scales + WHOLE)
    whole = np.clip(whole, np.minimum(np.ceil(reach.low), raw), np.maximum(np.floor(reach.high), raw))
    return np.where(reach.whole & reach.movable, (whole - means) / scales, face)


def describe(surface: Surface, features: tuple[Feature, ...], epsilon: float) -> tuple[Move, ...]:
    """How far `epsilon` goes on each feature, in raw units: epsilon * standard deviation of all rows.

    Whole numbers are rounded down to what can be reached. The limits of single rows are not in it.
    """
    reach = surface.intervals
    steps = epsilon * np.array([feature.standard_deviation for feature in features])
    steps = np.where(reach.whole, np.floor(steps + WHOLE), steps)
    return tuple(
        Move(feature.name, float(down), float(up))
        for feature, down, up in zip(features, steps * reach.down, steps * reach.up, strict=True)
    )

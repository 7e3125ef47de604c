"""What an attacker may change: four tiers of attackers, each with a box around every transaction.

The tiers say who can move a feature and which way, in the raw units of the data. A box is what
an attack must stay in and what a proof must cover; both read it from here. Money moves
continuously here, although payments have cents: a cent is far below any budget. The relation
amount <= balance needs no check of its own: in every tier but T0 an amount only falls and a
balance only rises, so no row is made worse.
"""

from dataclasses import dataclass
from typing import get_args

import numpy as np

from generator.models.folds import Folds
from generator.records.results import WITHIN_REACH, Feature
from generator.records.spec import Tier

TIERS: tuple[Tier, ...] = get_args(Tier)

WHOLE = 1e-9
"""Raw units by which rounding may keep a whole number out of a budget it fills exactly."""


@dataclass(frozen=True)
class Surface:
    """What the attackers of one tier may change, feature by feature, in the model's order."""

    tier: Tier
    down: np.ndarray
    """(d,) share of epsilon a feature may fall by: 0 or 1."""
    up: np.ndarray
    """(d,) share of epsilon a feature may rise by: 0 or 1."""
    low: np.ndarray
    """(d,) raw units: below this no attack goes; -inf without a limit."""
    high: np.ndarray
    """(d,) raw units; inf without a limit."""
    integer: np.ndarray
    """(d,) bool: stays a whole number."""
    frauds_only: bool
    """Legitimate customers do not attack."""


@dataclass(frozen=True)
class Reach:
    """How far a budget goes on one feature, in raw units."""

    feature: str
    down: float
    up: float


def surface(features: tuple[Feature, ...], tier: Tier) -> Surface:
    """What `tier` may change of `features`.

    T0 is the box of the original study: every input both ways, every row, no limits. T1 to T3
    move what they reach, in the direction that helps a fraudster, on fraud rows only, within
    the range of the data, whole numbers in whole steps. T1 reaches less than T2, T2 less than T3.

    Raises:
        ValueError: The tier is unknown.
    """
    if tier not in TIERS:
        raise ValueError(f"unknown tier {tier!r}; known: {', '.join(TIERS)}")
    if tier == "T0":
        every, none = np.ones(len(features)), np.zeros(len(features), bool)
        return Surface(
            tier, every, every, np.full(len(features), -np.inf), np.full(len(features), np.inf), none, False
        )
    reached = np.array([feature.control in WITHIN_REACH[tier] for feature in features])
    helps = np.array([feature.helps for feature in features])
    return Surface(
        tier=tier,
        down=(reached & np.isin(helps, ("down", "both"))).astype(float),
        up=(reached & np.isin(helps, ("up", "both"))).astype(float),
        low=np.array([feature.low for feature in features]),
        high=np.array([feature.high for feature in features]),
        integer=np.array([feature.integer for feature in features]),
        frauds_only=True,
    )


def boxes(surface: Surface, folds: Folds, replicates: slice, epsilon: float) -> tuple[np.ndarray, np.ndarray]:
    """The box of every test row: (lower, upper), float64 (replicates, rows, d), standardised.

    Around x as the model is given it: [x - epsilon * down, x + epsilon * up], cut to [low, high];
    a row outside those limits may stay where it is and move back, but not further out. Where
    nothing may move the box is the point x. The faces of a whole-numbered feature that may move
    are the outermost whole numbers within reach, so they equal x at epsilon 0 to float32 rounding.

    Raises:
        ValueError: epsilon is negative.
    """
    if epsilon < 0:
        raise ValueError(f"a budget cannot be negative: {epsilon}")
    means, scales = folds.means[replicates, None], folds.scales[replicates, None]
    raw, x = folds.x[folds.test_rows[replicates]], folds.test_x(replicates).astype(np.float64)
    moves = np.ones_like(x, bool)
    if surface.frauds_only:
        moves &= folds.test_y(replicates)[:, :, None] == 1
    lower = _face(x, raw, -epsilon * surface.down, surface, means, scales)
    upper = _face(x, raw, epsilon * surface.up, surface, means, scales)
    return np.where(moves, lower, x), np.where(moves, upper, x)


def _face(
    x: np.ndarray,
    raw: np.ndarray,
    change: np.ndarray,
    surface: Surface,
    means: np.ndarray,
    scales: np.ndarray,
) -> np.ndarray:
    """x + change, cut to the limits and, for whole numbers, to the last whole number on the way there."""
    nearest_low = (np.minimum(surface.low, raw) - means) / scales
    nearest_high = (np.maximum(surface.high, raw) - means) / scales
    # a limit and a row at that limit may differ by the row's float32 rounding
    face = np.clip(x + change, np.minimum(nearest_low, x), np.maximum(nearest_high, x))
    whole = raw + np.sign(change) * np.floor(np.abs(change) * scales + WHOLE)
    whole = np.clip(whole, np.minimum(np.ceil(surface.low), raw), np.maximum(np.floor(surface.high), raw))
    movable = surface.integer & (surface.down + surface.up > 0)
    return np.where(movable, (whole - means) / scales, face)


def lattice(surface: Surface, folds: Folds, replicates: slice) -> tuple[np.ndarray, np.ndarray]:
    """Where whole-numbered features lie: (offset, step), float64 (replicates, d), standardised.

    The whole number k is offset + step * k: offset = -mean / scale, step = 1 / scale. A step of
    0 marks a feature that moves continuously.
    """
    scales = folds.scales[replicates]
    offset = np.where(surface.integer, -folds.means[replicates] / scales, 0.0)
    return offset, np.where(surface.integer, 1 / scales, 0.0)


def describe(surface: Surface, features: tuple[Feature, ...], epsilon: float) -> tuple[Reach, ...]:
    """How far `epsilon` goes on each feature, in raw units: epsilon * standard deviation of all rows.

    Whole numbers are rounded down to what can be reached. The limits of single rows are not in it.
    """
    steps = epsilon * np.array([feature.standard_deviation for feature in features])
    steps = np.where(surface.integer, np.floor(steps + WHOLE), steps)
    return tuple(
        Reach(feature.name, float(down), float(up))
        for feature, down, up in zip(features, steps * surface.down, steps * surface.up, strict=True)
    )

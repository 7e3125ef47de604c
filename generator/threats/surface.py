"""The boxes that attackers of a tier can move a transaction in, from what the tier reaches of every input.

A box is what an attack must stay in and what a proof must cover; both read it from here. Money moves
continuously here, although payments have cents: a cent is far below any budget. The relation
amount <= balance needs no check of its own: in every tier but the benchmark an amount only falls and a
balance only rises, so no row is made worse.
"""

from dataclasses import dataclass, fields, replace

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
    """The box of every test row: arrays (replicates, rows, d). Rows that the tier does not move have none around them.

    Raises:
        ValueError: epsilon is negative.
    """
    frauds_only = surface.tier.moves == "frauds"
    moves = folds.test_y(replicates) == 1 if frauds_only else None
    return reached(surface, ball(folds, replicates, epsilon), epsilon, moves)


def reached(surface: Surface, rows: Boxes, epsilon: float, moves: np.ndarray | None = None) -> Boxes:
    """The boxes of these rows, whatever theirs were: arrays (..., n, d).

    Around x as the model is given it: [x - epsilon * down, x + epsilon * up], cut to [low, high];
    a row outside those limits may stay where it is and move back, but not further out. Where
    nothing may move the box is the point x. The faces of a whole-numbered feature that may move
    are the outermost whole numbers within reach, so they equal x at epsilon 0 to float32 rounding.
    Where a reach is fixed the budget counts for nothing. What is no number moves among the places that
    its row can have. A row that lacks a value keeps lacking it.

    Args:
        moves: (..., n) bool, None: all rows do.

    Raises:
        ValueError: epsilon is negative.
    """
    _refuse_negative(epsilon)
    reach, raw, x = surface.numbers, rows.raw, rows.x
    means, scales = rows.mean[..., None, :], rows.scale[..., None, :]
    moving = np.ones((*x.shape[:-1], 1), bool) if moves is None else moves[..., None]
    own = reach.fixed > 0
    down, up = reach.steps(np.zeros_like(reach.fixed))
    lower, upper = x.copy(), x.copy()
    some = np.flatnonzero(reach.movable)  # what stays costs nothing, however many inputs that are
    part = replace(reach, **{each.name: getattr(reach, each.name)[some] for each in fields(reach)})
    at, near, mean, scale = (each[..., some] for each in (x, raw, means, scales))
    for face, sign, fixed, share in ((lower, -1, down, reach.down), (upper, 1, up, reach.up)):
        change = np.where(own[some], sign * fixed[some] / scale, sign * epsilon * share[some])
        face[..., some] = np.where(moving, _face(at, near, change, part, mean, scale), at)
    exact = {
        j: np.where(moving, _raw_faces(raw[..., j], down[j], up[j], reach, j), raw[..., j, None])
        for j in np.flatnonzero(own & reach.movable)
    }
    allowed = {j: _places(raw[..., j], moving[..., 0], table) for j, table in surface.tables.items()}
    for j, places in allowed.items():
        lower[..., j], upper[..., j] = _hull(places, raw[..., j], x[..., j], means[..., j], scales[..., j])
    ordered = np.isin(np.arange(len(reach.whole)), list(allowed))
    return replace(rows, lower=lower, upper=upper, whole=reach.whole | ordered, exact=exact, allowed=allowed)


def _raw_faces(raw: np.ndarray, down: float, up: float, reach: Intervals, j: int) -> np.ndarray:
    """(..., 2) of rows (...) that move by so many raw units, within the limits or where they are."""
    low, high = reach.low[j], reach.high[j]
    if reach.whole[j]:
        down, up, low, high = np.floor(down + WHOLE), np.floor(up + WHOLE), np.ceil(low), np.floor(high)
    faces = np.clip(raw - down, np.minimum(low, raw), raw), np.clip(raw + up, raw, np.maximum(high, raw))
    return np.stack(faces, axis=-1)


def _places(raw: np.ndarray, moves: np.ndarray, table: np.ndarray) -> np.ndarray:
    """(..., k) bool of rows (...): what `table` (k, k) lets them be; only their own where they do not move."""
    lacking = np.isnan(raw)
    own = np.where(lacking, 0, raw).astype(int)
    found = np.where(moves[..., None], table[own], np.eye(len(table), dtype=bool)[own])
    return found & ~lacking[..., None]


def _hull(
    places: np.ndarray, raw: np.ndarray, x: np.ndarray, means: np.ndarray, scales: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Least and largest of the places (..., k) of rows (...), standardised; x itself where it is the row's own."""
    first, last = places.argmax(-1), places.shape[-1] - 1 - places[..., ::-1].argmax(-1)
    none = ~places.any(-1)
    low, high = (np.where(none | (place == raw), x, (place - means) / scales) for place in (first, last))
    return low, high


def ball(folds: Folds, replicates: slice, epsilon: float) -> Boxes:
    """The plain box of every test row: every input moves continuously by epsilon, both ways, without limits.

    Where a row lacks a value its faces are NaN.

    Raises:
        ValueError: epsilon is negative.
    """
    _refuse_negative(epsilon)
    raw, x = folds.test_raw(replicates), folds.test_x(replicates).astype(np.float64)
    return Boxes(
        raw=raw,
        x=x,
        lower=x - epsilon,
        upper=x + epsilon,
        whole=np.zeros(x.shape[-1], bool),
        mean=folds.means[replicates],
        scale=folds.scales[replicates],
    )


def _refuse_negative(epsilon: float):
    if epsilon < 0:
        raise ValueError(f"a budget cannot be negative: {epsilon}")


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
    """How far `epsilon` goes on each number, in raw units: epsilon * standard deviation of all rows.

    Whole numbers are rounded down to what can be reached. Where a reach is fixed it is that, inf for as far as the
    data go. The limits of single rows are not in it.
    """
    reach = surface.numbers
    sides = reach.steps(epsilon * np.array([feature.standard_deviation for feature in features]))
    down, up = (np.where(reach.whole, np.floor(steps + WHOLE), steps) for steps in sides)
    return tuple(
        Move(feature.name, float(low), float(high))
        for feature, low, high in zip(features, down, up, strict=True)
        if feature.kind == "number"
    )

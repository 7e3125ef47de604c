"""Where the rows of a table of one's own may move, worked out again from what was asked, to the last bit."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from generator.records.features import Feature
from generator.records.threat import Tier, surface

WHOLE = 1e-9
"""Raw units by which rounding may keep a whole number out of a budget it fills exactly."""


@dataclass(frozen=True)
class Reach:
    """The boxes of m rows, raw units; both faces and the row belong to them. A row keeps lacking what it lacks."""

    raw: np.ndarray
    """(m, d)"""
    low: np.ndarray
    """(m, d); counts for nothing where there are `places`."""
    high: np.ndarray
    whole: np.ndarray
    """(d,) bool: moves on whole numbers only."""
    places: Mapping[int, np.ndarray]
    """By input that moves and is no number: (m, k) bool, what each row can be."""

    def holds(self, points: np.ndarray) -> np.ndarray:
        """(m,) bool: whether each of these points (m, d) lies in the box of its row."""
        own = points == self.raw
        inside = (points >= self.low) & (points <= self.high) & (~self.whole | (points == np.rint(points)))
        for j, allowed in self.places.items():
            place = np.where(np.isin(points[:, j], np.arange(allowed.shape[1])), points[:, j], -1).astype(int)
            inside[:, j] = (place >= 0) & allowed[np.arange(len(place)), place]
        return np.where(np.isnan(self.raw), np.isnan(points), own | inside).all(axis=1)

    def drawn(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """(m, count, d) points in the boxes: half of them anywhere, half with each input at an end or where it is."""
        low, high, raw = (part[:, None] for part in (self.low, self.high, self.raw))
        shape = (len(self.raw), count, self.raw.shape[1])
        anywhere = np.clip(low + (high - low) * rng.random(shape), low, high)
        points = np.where(rng.random((*shape[:2], 1)) < 0.5, anywhere, _one_of((low, high, raw), shape, rng))
        points = np.where(self.whole & (points != raw), np.clip(np.rint(points), low, high), points)
        for j, allowed in self.places.items():
            chances = np.where(allowed[:, None], rng.random((*shape[:2], allowed.shape[1])), -1.0)
            points[..., j] = np.where(allowed.any(1)[:, None], chances.argmax(-1), np.nan)
        return np.where(np.isnan(raw), np.nan, points)


def _one_of(parts: tuple[np.ndarray, ...], shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    return np.choose(rng.integers(0, len(parts), shape), [np.broadcast_to(part, shape) for part in parts])


def reach(
    features: tuple[Feature, ...],
    tier: Tier,
    epsilon: np.ndarray,
    raw: np.ndarray,
    mean: np.ndarray,
    scale: np.ndarray,
) -> Reach:
    """The boxes that `tier` can move frauds raw (m, d) in.

    Args:
        epsilon: (m, 1) standard deviations.
        mean: (m, d) of the rows that the model of each row trained on.
        scale: (m, d) their standard deviations: one epsilon.
    """
    asked = surface(features, tier)
    numbers, tables = asked.numbers, asked.tables
    x = ((raw - mean) / scale).astype(np.float32).astype(np.float64)
    whole, fixed = numbers.whole & numbers.movable, numbers.fixed > 0
    limits = np.minimum(numbers.low, raw), np.maximum(numbers.high, raw)
    by_budget, by_steps = [], []
    for sign, side in ((-1, numbers.down), (1, numbers.up)):
        change = sign * epsilon * side
        near = [(limit - mean) / scale for limit in limits]
        by_budget.append(np.clip(x + change, np.minimum(near[0], x), np.maximum(near[1], x)))
        far = np.where(fixed, np.where(side > 0, numbers.fixed, 0.0), np.abs(change) * scale)
        ends = [
            np.where(whole, to(limit), limit) for to, limit in zip((np.ceil, np.floor), limits, strict=True)
        ]
        steps = raw + sign * np.where(whole, np.floor(far + WHOLE), far)
        by_steps.append(np.clip(steps, np.minimum(ends[0], raw), np.maximum(ends[1], raw)))
    moves = by_budget[0] < by_budget[1]
    low, high = (
        np.where(whole | fixed, step, np.where(moves, face * scale + mean, raw))
        for step, face in zip(by_steps, by_budget, strict=True)
    )
    places = {}
    for j, table in tables.items():
        lacking = np.isnan(raw[:, j])
        places[j] = table[np.where(lacking, 0, raw[:, j]).astype(int)] & ~lacking[:, None]
    return Reach(raw, np.fmin(low, raw), np.fmax(high, raw), whole, places)

"""Rates of a record that has intervals and no draws: their ends take the place of the draws."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from generator.impact.measured import Choice, Pair, places
from generator.impact.model import Detection
from generator.records.impact import OperatingPoint

UNKNOWN = math.nan
"""A share that the record does not have."""


@dataclass(frozen=True)
class KnownRates:
    """Rates of one model; fields as `records.impact.Rates`, those that are not known `UNKNOWN`."""

    model: str
    false_positive_rate: tuple[float, ...]
    caught_clean: tuple[float, ...]
    value_caught_clean: tuple[float, ...]
    caught: Mapping[str, tuple[tuple[float, ...], ...]]
    value_caught: Mapping[str, tuple[tuple[float, ...], ...]]


@dataclass(frozen=True)
class KnownOperatingRates:
    """The part of `records.impact.OperatingRates` that a what-if question needs, as far as it is known."""

    points: tuple[OperatingPoint, ...]
    epsilons: tuple[float, ...]
    mean_fraud_amount: float
    mean_genuine_amount: float
    rates: tuple[KnownRates, ...]
    prices = ()
    """Of evasion: none was measured."""

    def of(self, model: str) -> KnownRates:
        """The rates of `model`; KeyError names the known ones."""
        for rates in self.rates:
            if rates.model == model:
                return rates
        raise KeyError(f"no rates of {model!r}; known: {', '.join(r.model for r in self.rates)}")


@dataclass(frozen=True, eq=False)
class Ends:
    """The low and the high end of every interval, of each model and of what it catches beyond the first one.

    Between no attack and all attacks a share is mixed of two whose intervals are known, not how they vary together.
    Their ends are joined as if both erred the same way, which is the widest that a mixture can be.
    """

    names: tuple[str, ...]
    """Models; the first is the one that all are compared with."""
    arrays: Mapping[str, np.ndarray]
    """`caught_clean`, `gap_clean` (models, points, 2); `caught/<tier>`, `gap/<tier>` (models, budgets, points, 2). A
    gap is the model minus the first one, paired over rows."""
    tail = 0.0
    """Nothing lies beyond the ends."""

    @property
    def models(self) -> tuple[str, ...]:
        return self.names

    def drawn(
        self,
        rates: KnownOperatingRates,
        models: tuple[str, str],
        choice: Choice,
        points: tuple[str, str],
        means: Pair,
    ) -> tuple[Pair, Pair]:
        """As `Draws.drawn`, arrays (2,).

        At different points the record has no gap: then one model is at its low end while the other is at its high one.
        """
        sides = [self._side(rates, *each, choice) for each in zip(models, points, strict=True)]
        alone = tuple(_caught(mean, *side) for mean, side in zip(means, sides, strict=True))
        if points[0] != points[1]:
            return alone, (_caught(means[0], *(each[::-1] for each in sides[0])), alone[1])
        m, (e, p) = self.names.index(models[1]), places(rates, choice, points[0])
        standard = means[0].caught_clean, means[0].caught_attacked
        gaps = self.arrays["gap_clean"][m, p], self.arrays[f"gap/{choice.tier}"][m, e, p]
        return alone, (
            _caught(means[0], *(np.full(2, each) for each in standard)),
            _caught(means[1], *(each + gap for each, gap in zip(standard, gaps, strict=True))),
        )

    def _side(
        self, rates: KnownOperatingRates, model: str, point: str, choice: Choice
    ) -> tuple[np.ndarray, np.ndarray]:
        m, (e, p) = self.names.index(model), places(rates, choice, point)
        return self.arrays["caught_clean"][m, p], self.arrays[f"caught/{choice.tier}"][m, e, p]


def _caught(mean: Detection, clean: np.ndarray, attacked: np.ndarray) -> Detection:
    """With these catch rates; false alarms are matched, and what is caught in money has no interval."""
    unknown = np.full(2, UNKNOWN)
    return Detection(clean, attacked, np.full(2, mean.false_positive_rate), unknown, unknown)

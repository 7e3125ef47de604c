"""From measured rates to the detection of one model: mean rates of the record, and their bootstrap draws."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from generator.impact.bands import TAIL
from generator.impact.model import Amounts, Detection, day
from generator.program import STUDY
from generator.records.base import RecordError
from generator.records.impact import OperatingRates, Rates, Scenario

BUDGET = "alert_budget"
"""Operating point: of the matched ones, the most alarms whose alerts the analysts can look at."""
Pair = tuple[Detection, Detection]
"""Of the baseline and of the chosen model."""


@dataclass(frozen=True, eq=False)
class Draws:
    """Bootstrap draws (seed, row) of the rates of some models and policies, paired over everything."""

    names: tuple[str, ...]
    """As `Rates.model`: models, the baseline first, then policies."""
    arrays: dict[str, np.ndarray]
    """As float32: `false_positive_rate`, `caught_clean`, `value_caught_clean` (models, points, draws);
    `caught/<tier>`, `value_caught/<tier>` (models, budgets, points, draws)."""
    tail = TAIL

    @property
    def models(self) -> tuple[str, ...]:
        """The models alone."""
        return tuple(name for name in self.names if "/" not in name)

    def drawn(
        self,
        rates: OperatingRates,
        models: tuple[str, str],
        choice: "Choice",
        points: tuple[str, str],
        means: Pair,
    ) -> tuple[Pair, Pair]:
        """Of both models: what each of them alone may be, and what both may be at once."""
        pair = tuple(
            drawn_detection(self, rates, model, choice, point, float(mean.given_up))
            for model, point, mean in zip(models, points, means, strict=True)
        )
        return pair, pair


@dataclass(frozen=True)
class Choice:
    """Which measured rates are looked at."""

    hardened: str
    tier: str
    epsilon: float
    point: str
    """Name of an operating point, or `alert_budget`."""


@dataclass(frozen=True)
class Priced:
    """Where the study measured what evaders give up; elsewhere nothing is taken off their loot."""

    epsilon: float
    point: str


def read_draws(path: Path) -> Draws:
    """The draws stored beside a record.

    Raises:
        RecordError: They are not there, or not what this version writes.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        names = tuple(str(name) for name in arrays.pop("models"))
    except FileNotFoundError:
        raise RecordError(f"{path}: no draws beside the record; run `{STUDY}` first") from None
    except (KeyError, ValueError, OSError) as error:
        raise RecordError(f"{path}: {error}; run `{STUDY}` to write it again") from None
    return Draws(names, arrays)


def amounts(rates: OperatingRates) -> Amounts:
    return Amounts(rates.mean_fraud_amount, rates.mean_genuine_amount)


def mean_detection(
    rates: OperatingRates, model: str, choice: Choice, point: str, priced: Priced | None = None
) -> Detection:
    """The mean rates of `model` at `point`, tier and budget as chosen."""
    e, p = places(rates, choice, point)
    given_up = 0.0
    if priced and (priced.epsilon, priced.point) == (choice.epsilon, point):
        prices = {(price.model, price.tier): price.given_up for price in rates.prices}
        known = prices.get((model, choice.tier))
        given_up = known.value if known else 0.0
    return _detection(rates.of(model), choice.tier, e, p, given_up)


def relabelled_detections(
    rates: OperatingRates, models: tuple[str, ...], tier: str, points: tuple[str, ...]
) -> dict[float, tuple[Detection, ...]]:
    """Fraud share of the label -> mean rates of each model at its point, measured under that label, headline budget."""
    places = [_points(rates).index(point) for point in points]
    found = {}
    for label in rates.relabelled:
        known = {each.model: each for each in label.rates}
        if all(model in known for model in models):
            found[label.fraud_share] = tuple(
                _detection(known[model], tier, 0, place) for model, place in zip(models, places, strict=True)
            )
    return found


def drawn_detection(
    draws: Draws, rates: OperatingRates, model: str, choice: Choice, point: str, given_up: float = 0.0
) -> Detection:
    """As `mean_detection`, once per draw; `given_up` is not drawn."""
    m, (e, p) = draws.names.index(model), places(rates, choice, point)

    def at(name: str, *place: int) -> np.ndarray:
        return draws.arrays[name][m][place].astype(np.float64)

    return Detection(
        caught_clean=at("caught_clean", p),
        caught_attacked=at(f"caught/{choice.tier}", e, p),
        false_positive_rate=at("false_positive_rate", p),
        value_caught_clean=at("value_caught_clean", p),
        value_caught_attacked=at(f"value_caught/{choice.tier}", e, p),
        given_up=given_up,
    )


def point_of(rates: OperatingRates, model: str, choice: Choice, scenario: Scenario) -> str:
    """The operating point of `model`: the chosen one, or under an alert budget the largest whose alerts fit.

    If not even the smallest fits, it is the smallest, and the day has a backlog.
    """
    if choice.point != BUDGET:
        return choice.point
    matched = sorted(
        (point for point in rates.points if point.false_positive_rate is not None),
        key=lambda point: point.false_positive_rate,
    )
    found = matched[0].name
    for point in matched[1:]:
        detection = mean_detection(rates, model, choice, point.name)
        if day(detection, scenario, amounts(rates)).alerts <= scenario.capacity:
            found = point.name
    return found


def _detection(found: Rates, tier: str, e: int, p: int, given_up: float = 0.0) -> Detection:
    return Detection(
        caught_clean=found.caught_clean[p],
        caught_attacked=found.caught[tier][e][p],
        false_positive_rate=found.false_positive_rate[p],
        value_caught_clean=found.value_caught_clean[p],
        value_caught_attacked=found.value_caught[tier][e][p],
        given_up=given_up,
    )


def places(rates: OperatingRates, choice: Choice, point: str) -> tuple[int, int]:
    """Of the chosen budget among the budgets, and of the point among the points."""
    return rates.epsilons.index(choice.epsilon), _points(rates).index(point)


def _points(rates: OperatingRates) -> list[str]:
    return [point.name for point in rates.points]

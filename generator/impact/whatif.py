"""One what-if question answered whole: two models, a scenario, every output with its band.

`docs/assets/calculator-model.js` holds the same arithmetic for the page; a test in a browser compares the two.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields

from generator.impact.bands import Band, band
from generator.impact.breakeven import BreakEven, break_even, count_only
from generator.impact.measured import (
    Choice,
    Draws,
    Priced,
    amounts,
    drawn_detection,
    mean_detection,
    point_of,
)
from generator.impact.model import Amounts, Benefit, Day, Detection, benefit, day
from generator.records.impact import OperatingRates, Scenario
from generator.records.roles import Roles
from generator.records.threat import Threat


@dataclass(frozen=True)
class Measured:
    """One study's rates with their draws, and where it measured the price of evasion."""

    rates: OperatingRates
    draws: Draws
    priced: Priced
    roles: Roles
    threat: Threat
    currency: str
    """Of all its money."""
    chosen: str = ""
    """The model that validation rows named against the fraudsters whom the study quotes; empty if none was."""


@dataclass(frozen=True)
class Answer:
    """Bands by the names of the fields of `Day` and `Benefit`."""

    currency: str
    points: tuple[str, str]
    """Operating points, of the baseline and of the hardened model; they differ under an alert budget only."""
    standard: dict[str, Band]
    hardened: dict[str, Band]
    benefit: dict[str, Band]
    break_even: BreakEven
    count_only: Band
    """a0, the same if only missed frauds count."""


Pair = tuple[Detection, Detection]
OUTPUTS = frozenset(each.name for kind in (Day, Benefit) for each in fields(kind))


def answer(measured: Measured, choice: Choice, scenario: Scenario, told: Collection[str] = OUTPUTS) -> Answer:
    """The outputs named in `told` for the baseline and the chosen model, all by default; and from when it pays."""
    means, draws, points = detections(measured, choice, scenario)
    sums = amounts(measured.rates)
    # draws are bare numbers: what else a number of the scenario carries would be dropped there, one by one
    bare, bare_sums = Scenario(**scenario.model_dump()), Amounts(float(sums.fraud), float(sums.genuine))
    days = [
        _bands(day(mean, scenario, sums), day(drawn, bare, bare_sums), told)
        for mean, drawn in zip(means, draws, strict=True)
    ]
    standard, hardened = zip(means, draws, strict=True)
    return Answer(
        currency=measured.currency,
        points=points,
        standard=days[0],
        hardened=days[1],
        benefit=_bands(benefit(*means, scenario), benefit(*draws, bare), told),
        break_even=break_even(standard, hardened, scenario),
        count_only=band(count_only(*means), count_only(*draws)),
    )


def break_even_of(measured: Measured, choice: Choice, scenario: Scenario) -> BreakEven:
    """That part of `answer` alone."""
    means, draws, _ = detections(measured, choice, scenario)
    standard, hardened = zip(means, draws, strict=True)
    return break_even(standard, hardened, scenario)


def detections(measured: Measured, choice: Choice, scenario: Scenario) -> tuple[Pair, Pair, tuple[str, str]]:
    """Mean rates, draws and operating points, each of the baseline and of the chosen model."""
    rates = measured.rates
    models = (measured.roles.baseline, choice.hardened)
    points = tuple(point_of(rates, model, choice, scenario) for model in models)
    means = tuple(
        mean_detection(rates, model, choice, point, measured.priced)
        for model, point in zip(models, points, strict=True)
    )
    draws = tuple(
        drawn_detection(measured.draws, rates, model, choice, point, float(mean.given_up))
        for model, point, mean in zip(models, points, means, strict=True)
    )
    return means, draws, points


def _bands(mean: Day | Benefit, draws: Day | Benefit, told: Collection[str]) -> dict[str, Band]:
    names = (each.name for each in fields(mean) if each.name in told)
    return {name: band(getattr(mean, name), getattr(draws, name)) for name in names}

"""One what-if question answered whole: two models, a scenario, every output with its band.

`docs/assets/calculator-model.js` holds the same arithmetic for the page; a test in a browser compares the two.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields

from generator.impact.bands import Band, band
from generator.impact.breakeven import BreakEven, break_even, count_only
from generator.impact.ends import Ends, KnownOperatingRates
from generator.impact.measured import Choice, Draws, Pair, Priced, amounts, mean_detection, point_of
from generator.impact.model import Amounts, Benefit, Day, benefit, day
from generator.records.impact import OperatingRates, Scenario
from generator.records.roles import Roles
from generator.records.threat import Threat


@dataclass(frozen=True)
class Measured:
    """One study's rates with their draws or with the ends of their intervals, and where it measured the price of
    evasion."""

    rates: OperatingRates | KnownOperatingRates
    draws: Draws | Ends
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


@dataclass(frozen=True)
class Compared:
    """Two models at their operating points."""

    points: tuple[str, str]
    means: Pair
    alone: Pair
    """What each of them may be, arrays."""
    paired: Pair
    """What both may be at once, arrays."""
    tail: float
    """As `band` has it."""


OUTPUTS = frozenset(each.name for kind in (Day, Benefit) for each in fields(kind))


def answer(measured: Measured, choice: Choice, scenario: Scenario, told: Collection[str] = OUTPUTS) -> Answer:
    """The outputs named in `told` for the baseline and the chosen model, all by default; and from when it pays."""
    found = detections(measured, choice, scenario)
    means, tail = found.means, found.tail
    sums = amounts(measured.rates)
    # draws are bare numbers: what else a number of the scenario carries would be dropped there, one by one
    bare, bare_sums = Scenario(**scenario.model_dump()), Amounts(float(sums.fraud), float(sums.genuine))
    days = [
        _bands(day(mean, scenario, sums), day(drawn, bare, bare_sums), told, tail)
        for mean, drawn in zip(means, found.alone, strict=True)
    ]
    return Answer(
        currency=measured.currency,
        points=found.points,
        standard=days[0],
        hardened=days[1],
        benefit=_bands(benefit(*means, scenario), benefit(*found.paired, bare), told, tail),
        break_even=_break_even(found, scenario),
        count_only=band(count_only(*means), count_only(*found.paired), tail),
    )


def break_even_of(measured: Measured, choice: Choice, scenario: Scenario) -> BreakEven:
    """That part of `answer` alone."""
    return _break_even(detections(measured, choice, scenario), scenario)


def _break_even(found: Compared, scenario: Scenario) -> BreakEven:
    standard, hardened = zip(found.means, found.paired, strict=True)
    return break_even(standard, hardened, scenario, found.tail)


def detections(measured: Measured, choice: Choice, scenario: Scenario) -> Compared:
    """The baseline and the chosen model."""
    rates = measured.rates
    models = (measured.roles.baseline, choice.hardened)
    points = tuple(point_of(rates, model, choice, scenario) for model in models)
    means = tuple(
        mean_detection(rates, model, choice, point, measured.priced)
        for model, point in zip(models, points, strict=True)
    )
    alone, paired = measured.draws.drawn(rates, models, choice, points, means)
    return Compared(points, means, alone, paired, measured.draws.tail)


def _bands(mean: Day | Benefit, draws: Day | Benefit, told: Collection[str], tail: float) -> dict[str, Band]:
    names = (each.name for each in fields(mean) if each.name in told)
    return {name: band(getattr(mean, name), getattr(draws, name), tail) for name in names}

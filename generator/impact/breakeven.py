"""At what share of attacking fraudsters hardening pays: the break-even attack prevalence a*.

The net benefit of hardening is linear in a, so it has one root. With D0 = Tc standard - Tc hardened,
D1 = Ta hardened - Ta standard, dF = F hardened - F standard and v = L (1 - r) - c_r, what catching a fraud is worth:

    a* = [D0 + ((1 - p) / p) dF (c_r + c_f) / v] / (D0 + D1)
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from generator.impact.bands import TAIL, Band, band, scalar
from generator.impact.model import Detection, Values
from generator.records.impact import Scenario

Verdict = Literal[
    "pays above", "pays below", "always pays", "never pays", "not more robust", "catching does not pay"
]  # fmt: skip


@dataclass(frozen=True)
class BreakEven:
    """Where hardening begins to pay."""

    verdict: Verdict
    """`pays above` a*, which lies between 0 and 1; `always pays`: a* <= 0; `never pays`: a* > 1. With D0 + D1 <= 0
    attacks are no reason to harden: `not more robust`, or `pays below` a share, for what it saves when nobody attacks.
    `catching does not pay`: v <= 0."""
    prevalence: Band
    """a*, also where it lies outside 0 to 1; infinite where a draw is not more robust; NaN if catching does not pay."""
    limit: float
    """The share up to which it pays, where it `pays below` one; infinite otherwise."""


def break_even(
    standard: tuple[Detection, Detection],
    hardened: tuple[Detection, Detection],
    scenario: Scenario,
    tail: float = TAIL,
) -> BreakEven:
    """The verdict from the mean rates, with the interval of a* from the draws.

    Args:
        standard: mean rates, and draws paired with those of `hardened`.
        tail: as `band` has it.
    """
    (mean, draws), (mean_hardened, draws_hardened) = standard, hardened
    shares = (prevalence(*pair, scenario) for pair in ((mean, mean_hardened), (draws, draws_hardened)))
    said = verdict(mean, mean_hardened, scenario)
    limit = scalar(pays_below(mean, mean_hardened, scenario)) if said == "pays below" else np.inf
    return BreakEven(said, band(*shares, tail), limit)


def prevalence(standard: Detection, hardened: Detection, scenario: Scenario) -> Values:
    """a*, the smallest share of attackers from which hardening does not lose money.

    Where D0 + D1 <= 0 attacks cannot bring it in: infinite, minus if it pays with no attacker at all.
    """
    if _worth(scenario) <= 0:
        return np.full(np.shape(standard.caught_clean), np.nan)
    return _root(_price(standard, hardened, scenario), _robustness(standard, hardened))


def pays_below(standard: Detection, hardened: Detection, scenario: Scenario) -> Values:
    """The same root where both D0 + D1 and the price are negative: from there on more attackers make it lose money."""
    return _price(standard, hardened, scenario) / _robustness(standard, hardened)


def count_only(standard: Detection, hardened: Detection) -> Values:
    """a0 = D0 / (D0 + D1): from here on hardening misses fewer frauds, whatever its false alarms cost."""
    return _root(_lost_clean(standard, hardened), _robustness(standard, hardened))


def verdict(standard: Detection, hardened: Detection, scenario: Scenario) -> Verdict:
    """What the mean rates say; the special cases come before a* is looked at."""
    if _worth(scenario) <= 0:
        return "catching does not pay"
    if _robustness(standard, hardened) <= 0:
        if _price(standard, hardened, scenario) >= 0:
            return "not more robust"
        return "always pays" if _net_everybody(standard, hardened, scenario) >= 0 else "pays below"
    share = prevalence(standard, hardened, scenario)
    if share <= 0:
        return "always pays"
    return "never pays" if share > 1 else "pays above"


def _net_everybody(standard: Detection, hardened: Detection, scenario: Scenario) -> float:
    """Net benefit per fraud and per what catching one is worth, if every fraudster attacks."""
    return _robustness(standard, hardened) - _price(standard, hardened, scenario)


def _worth(scenario: Scenario) -> float:
    """v: what one fraud more that is caught is worth, in money."""
    return scenario.loss_per_fraud * (1 - scenario.recovered_share) - scenario.review_cost


def _price(standard: Detection, hardened: Detection, scenario: Scenario) -> Values:
    """What hardening costs when nobody attacks, in frauds caught: D0, and the false alarms it adds."""
    odds = (1 - scenario.fraud_share) / scenario.fraud_share
    alarms = np.subtract(hardened.false_positive_rate, standard.false_positive_rate)
    per_alarm = (scenario.review_cost + scenario.friction_cost) / _worth(scenario)
    return _lost_clean(standard, hardened) + odds * alarms * per_alarm


def _lost_clean(standard: Detection, hardened: Detection) -> Values:
    """D0."""
    return np.subtract(standard.caught_clean, hardened.caught_clean)


def _robustness(standard: Detection, hardened: Detection) -> Values:
    """D0 + D1."""
    return _lost_clean(standard, hardened) + np.subtract(hardened.caught_attacked, standard.caught_attacked)


def _root(price: Values, robustness: Values) -> Values:
    more = np.greater(robustness, 0)
    none = np.where(np.greater(price, 0), np.inf, -np.inf)
    return np.where(more, price / np.where(more, robustness, 1.0), none)

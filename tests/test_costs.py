"""A day at the bank, worked on paper."""

import numpy as np
import pytest

from generator.impact import costs
from generator.records.metrics import Resamples
from generator.records.results import Confusion, Estimate, Evaluation
from generator.records.spec import ScenarioSpec

DAY = ScenarioSpec(transactions_per_day=10_000, fraud_share=0.15)


def _rate(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    low, high = (value if low is None else low), (value if high is None else high)
    return Estimate(value=value, low=low, high=high, n=1000, seeds=10, method="wilson")


def _evaluation(attack: str, epsilon: float, *, tpr: Estimate, fpr: Estimate) -> Evaluation:
    counts = Confusion(true_positives=0, false_negatives=0, false_positives=0, true_negatives=0)
    return Evaluation(
        attack=attack, epsilon=epsilon, confusion=counts, accuracy=_rate(0.5), true_positive_rate=tpr,
        false_positive_rate=fpr,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("day", "frauds", "genuine"),
    [(DAY, 1500, 8500), (ScenarioSpec(transactions_per_day=500, fraud_share=0.01), 5, 495)],
)
def test_a_day_holds_frauds_and_genuine_payments(day, frauds, genuine):
    assert costs.frauds_per_day(day) == pytest.approx(frauds)
    assert costs.genuine_per_day(day) == pytest.approx(genuine)


@pytest.mark.parametrize(
    ("model", "clean_tpr", "fpr", "attacked_tpr", "missed", "false_alarms", "missed_clean"),
    [
        # 1,500 frauds, 8,500 genuine: 1500 * .55, 8500 * .02, 1500 * .07
        ("standard", 0.93, 0.020, 0.45, 825, 170, 105),
        # 1500 * .2, 8500 * .035, 1500 * .1
        ("secured", 0.90, 0.035, 0.80, 300, 297.5, 150),
    ],
)
def test_the_worked_day_of_the_original_world(
    model, clean_tpr, fpr, attacked_tpr, missed, false_alarms, missed_clean
):
    clean = _evaluation("clean", 0.0, tpr=_rate(clean_tpr), fpr=_rate(fpr))
    # the attack also upsets genuine rows in the experiment; no customer runs it, so this must not count
    attacked = _evaluation("fgsm", 0.35, tpr=_rate(attacked_tpr), fpr=_rate(0.6))
    row = costs.scenario_day(model, attacked, clean, DAY, mean_fraud_amount=671)
    assert (row.model, row.attack, row.epsilon) == (model, "fgsm", 0.35)
    assert row.missed_frauds.value == pytest.approx(missed)
    assert row.false_alarms.value == pytest.approx(false_alarms)
    assert row.leakage_usd.value == pytest.approx(missed * 671)
    quiet = costs.scenario_day(model, clean, clean, DAY, mean_fraud_amount=671)
    assert quiet.missed_frauds.value == pytest.approx(missed_clean)


def test_the_interval_of_missed_frauds_is_the_turned_interval_of_the_rate():
    clean = _evaluation("clean", 0.0, tpr=_rate(0.9), fpr=_rate(0.02, 0.01, 0.04))
    attacked = _evaluation("pgd", 0.5, tpr=_rate(0.6, 0.5, 0.8), fpr=_rate(0.0))
    row = costs.scenario_day("standard", attacked, clean, DAY, mean_fraud_amount=10)
    assert (row.missed_frauds.low, row.missed_frauds.high) == pytest.approx((300, 750))
    assert (row.leakage_usd.low, row.leakage_usd.high) == pytest.approx((3000, 7500))
    assert (row.false_alarms.low, row.false_alarms.high) == pytest.approx((85, 340))
    assert (row.missed_frauds.n, row.missed_frauds.seeds) == (1000, 10)


Y = np.array([1] * 20 + [0] * 5)


def _caught(count: int) -> np.ndarray:
    """(2 seeds, 25 rows): the first `count` frauds are caught, every genuine row is wrong."""
    return np.tile(np.arange(25) < count, (2, 1))


def _reduction(ours: int, baseline: int):
    resamples = Resamples(Y, seeds=2, draws=400, rng=np.random.default_rng(0))
    return costs.leakage_reduction(
        "secured", "standard", _caught(ours), _caught(baseline), resamples, Y == 1, ("fgsm", 0.35)
    )


@pytest.mark.parametrize(
    ("ours", "baseline", "value", "direction"),
    [
        (16, 9, 1 - 4 / 11, "lower"),  # 4 missed instead of 11: 63.6 % fewer
        (20, 9, 1.0, "lower"),
        (9, 9, 0.0, "no difference"),
        (9, 16, 1 - 11 / 4, "higher"),
    ],
)
def test_the_leakage_reduction_is_one_minus_the_ratio_of_missed_frauds(ours, baseline, value, direction):
    found = _reduction(ours, baseline)
    assert found.reduction.value == pytest.approx(value)
    assert found.direction == direction
    assert found.reduction.low <= found.reduction.value <= found.reduction.high
    assert found.reduction.n == 20
    assert (found.attack, found.epsilon) == ("fgsm", 0.35)


def test_a_baseline_that_misses_nothing_leaves_nothing_to_reduce():
    assert _reduction(16, 20) is None


def test_the_same_model_twice_has_a_reduction_of_exactly_zero():
    found = _reduction(12, 12).reduction
    assert (found.low, found.value, found.high) == (0, 0, 0)


@pytest.mark.parametrize(
    ("accuracy", "least", "most"),
    [
        (0.66, 0, 1500),
        (0.90, 0, 750),
        (0.95, 0, 375),
        (1.0, 0, 0),
        (0.80, 0, 1500),
        (0.10, 750, 1500),  # 90 % wrong, 80 % genuine: at least half of the frauds are among them
        (0.0, 1500, 1500),
    ],
)
def test_an_accuracy_bounds_the_missed_frauds_and_no_more(accuracy, least, most):
    bounds = costs.accuracy_bounds(accuracy, 0.2, DAY)
    assert bounds.missed_least == pytest.approx(least, abs=1e-9)
    assert bounds.missed_most == pytest.approx(most, abs=1e-9)


@pytest.mark.parametrize("errors", range(0, 11))
def test_the_accuracy_bounds_are_reached_by_placing_the_errors_best_and_worst(errors):
    """10 rows, 2 of them fraud: put the errors on genuine rows first, or on frauds first."""
    bounds = costs.accuracy_bounds(1 - errors / 10, 0.2, DAY)
    fewest, most = max(0, errors - 8) / 2, min(2, errors) / 2
    assert (bounds.missed_least, bounds.missed_most) == pytest.approx((1500 * fewest, 1500 * most), abs=1e-9)

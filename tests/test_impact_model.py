"""A bank's day with two models, worked on paper; rates are placeholders, not study results."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.impact.bands import band, quantile
from generator.impact.model import (
    APPROVE_ALL,
    STOP_ALL,
    Amounts,
    Detection,
    benefit,
    cost,
    day,
    take_per_attempt,
)
from generator.records.impact import Scenario

STANDARD = Detection(0.93, 0.45, 0.020, 0.93, 0.45)
SECURED = Detection(0.90, 0.80, 0.035, 0.90, 0.80)
AMOUNTS = Amounts(fraud=671, genuine=204)


def scenario(**changes) -> Scenario:
    """10,000 transactions a day, nothing recovered, 5 USD an alert and 5 USD a false alarm."""
    return Scenario(
        **{"loss_per_fraud": 671, "recovered_share": 0, "review_cost": 5, "friction_cost": 5, **changes}
    )


rates = st.floats(0.01, 0.99)
shares = st.floats(1e-4, 0.5)
prices = st.floats(0, 100)


@st.composite
def detections(draw):
    clean, attacked = sorted((draw(rates), draw(rates)), reverse=True)
    return Detection(clean, attacked, draw(rates), clean, attacked)


@st.composite
def scenarios(draw):
    return Scenario(
        loss_per_fraud=draw(st.floats(200, 20_000)), transactions_per_day=draw(st.floats(100, 1e6)),
        fraud_share=draw(shares), attack_prevalence=draw(st.floats(0, 1)),
        recovered_share=draw(st.floats(0, 0.4)), review_cost=draw(prices), friction_cost=draw(prices),
    )  # fmt: skip


# ---------------------------------------------------------------- the worked example


@pytest.mark.parametrize(
    ("fraud_share", "prevalence", "missed", "false_alarms", "alerts", "costs", "net"),
    [
        (0.15, 1.00, (825, 300), (170, 297.5), (845, 1497.5), (558_650, 210_275), 348_375),
        (0.15, 0.05, (141, 157.5), (170, 297.5), (1529, 1640), (103_106, 115_370), -12_264),
        (0.01, 1.00, (55, 20), (198, 346.5), (243, 426.5), (39_110, 17_285), 21_825),
        (0.01, 0.25, (19, 12.5), (198, 346.5), (279, 434), (15_134, 12_290), 2_844),
        (0.01, 0.05, (9.4, 10.5), (198, 346.5), (288.6, 436), (8_740.4, 10_958), -2_217.6),
    ],
)
def test_the_worked_days_come_out_to_the_unit(
    fraud_share, prevalence, missed, false_alarms, alerts, costs, net
):
    asked = scenario(fraud_share=fraud_share, attack_prevalence=prevalence)
    days = [day(model, asked, AMOUNTS) for model in (STANDARD, SECURED)]
    assert [d.missed_frauds for d in days] == pytest.approx(missed)
    assert [d.false_alarms for d in days] == pytest.approx(false_alarms)
    assert [d.alerts for d in days] == pytest.approx(alerts)
    assert [d.cost_usd for d in days] == pytest.approx(costs)
    found = benefit(STANDARD, SECURED, asked)
    assert found.net_usd == pytest.approx(net)
    assert found.net_year_usd == pytest.approx(365 * net)


def test_the_rest_of_one_day_by_hand():
    # 100 frauds, half of them attack: T = 0.69, 69 caught, 31 missed; 9,900 genuine, 198 stopped
    asked = scenario(attack_prevalence=0.5, analysts=2, alerts_per_analyst=100, recovered_share=0.2)
    found = day(STANDARD, asked, AMOUNTS)
    assert found.leakage_usd == pytest.approx(31 * 671)
    assert found.alerts == pytest.approx(267)
    assert found.backlog == pytest.approx(67)
    assert found.analysts_needed == pytest.approx(2.67)
    assert found.precision == pytest.approx(69 / 267)
    assert found.false_positive_ratio == pytest.approx(198 / 69)
    assert found.frauds_before_catch == pytest.approx(31 / 69)
    assert found.cost_usd == pytest.approx(31 * 671 * 0.8 + 5 * 267 + 5 * 198)
    # stopping nothing costs 100 x 671 x 0.8; stopping all 10,000 x 5 + 9,900 x 5
    assert found.savings == pytest.approx(1 - found.cost_usd / min(53_680, 99_500))
    assert found.residual_bps == pytest.approx(1e4 * 31 * 671 / (100 * 671 + 9_900 * 204))


def test_savings_are_against_stopping_all_where_that_is_cheaper_than_stopping_nothing():
    # half of 10,000 are frauds, T = 0.69: stopping all costs 10,000 x 5 + 5,000 x 5, stopping nothing 5,000 x 671
    found = day(STANDARD, scenario(fraud_share=0.5, attack_prevalence=0.5), AMOUNTS)
    spent = 5_000 * (0.31 * 671 + 0.69 * 5) + 100 * (5 + 5)
    assert found.savings == pytest.approx(1 - spent / 75_000)


@pytest.mark.parametrize("prevalence", [0, 0.5, 1])
def test_stopping_all_loses_nothing_and_asks_about_everything_and_approving_all_the_reverse(prevalence):
    asked = scenario(fraud_share=0.01, attack_prevalence=prevalence)
    stopped, approved = day(STOP_ALL, asked, AMOUNTS), day(APPROVE_ALL, asked, AMOUNTS)
    assert (stopped.missed_frauds, stopped.leakage_by_amount_usd, stopped.alerts) == (0, 0, 10_000)
    assert (stopped.value_detection_rate, stopped.cost_usd) == (1, 10_000 * 5 + 9_900 * 5)
    assert (approved.missed_frauds, approved.leakage_by_amount_usd, approved.alerts) == (100, 67_100, 0)
    assert (approved.value_detection_rate, approved.cost_usd) == (0, 67_100)


def test_money_counts_each_fraud_by_its_amount_after_the_attack():
    # large frauds are caught more often: by value 0.98 and 0.60; an evader gives up 40 USD
    model = Detection(0.93, 0.45, 0.02, 0.98, 0.60, given_up=40)
    found = day(model, scenario(attack_prevalence=0.5), AMOUNTS)
    assert found.value_detection_rate == pytest.approx(0.79)
    assert found.leakage_by_amount_usd == pytest.approx(100 * 671 * 0.21 - 50 * 0.48 * 40)
    assert take_per_attempt(model, AMOUNTS) == pytest.approx(671 * 0.40 - 0.48 * 40)


def test_a_campaign_ends_at_the_first_catch():
    before = [day(m, scenario(attack_prevalence=1), AMOUNTS).frauds_before_catch for m in (STANDARD, SECURED)]
    assert before == pytest.approx([1.2222, 0.25], abs=1e-4)


def test_leakage_reduction_says_with_which_share_of_attackers_it_was_worked_out():
    found = [benefit(STANDARD, SECURED, scenario(attack_prevalence=a)).leakage_reduction for a in (1, 0.05)]
    assert found == pytest.approx([0.636, -0.117], abs=5e-4)


def test_payback_is_the_cost_over_what_a_day_saves_and_never_without_savings():
    paying, losing = (
        benefit(STANDARD, SECURED, scenario(attack_prevalence=a, hardening_cost=43_650)) for a in (1, 0.05)
    )
    assert paying.payback_days == pytest.approx(2)
    assert losing.payback_days == np.inf


def test_a_model_that_flags_nothing_has_no_precision_and_no_end_of_a_campaign():
    found = day(Detection(0.0, 0.0, 0.0, 0.0, 0.0), scenario(), AMOUNTS)
    assert np.isnan(found.precision)
    assert found.frauds_before_catch == np.inf
    assert benefit(Detection(1, 1, 0, 1, 1), SECURED, scenario()).leakage_reduction == 0


# ---------------------------------------------------------------- what holds for any rates


@given(detections(), scenarios(), st.floats(0, 1))
def test_more_attackers_never_mean_fewer_missed_frauds(detection, asked, other):
    low, high = sorted((asked.attack_prevalence, other))
    missed = [
        day(detection, asked.model_copy(update={"attack_prevalence": a}), AMOUNTS).missed_frauds
        for a in (low, high)
    ]
    assert missed[0] <= missed[1] * (1 + 1e-9)


@given(detections(), detections(), scenarios(), st.floats(100, 1e6), shares)
def test_leakage_reduction_depends_neither_on_volume_nor_on_the_fraud_share(one, other, asked, volume, share):
    moved = asked.model_copy(update={"transactions_per_day": volume, "fraud_share": share})
    found = [benefit(one, other, each).leakage_reduction for each in (asked, moved)]
    assert found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-9)


@given(detections(), detections(), scenarios(), st.floats(1, 50))
def test_net_benefit_grows_with_the_volume(one, other, asked, factor):
    larger = asked.model_copy(update={"transactions_per_day": factor * asked.transactions_per_day})
    found = benefit(one, other, asked).net_usd
    assert benefit(one, other, larger).net_usd == pytest.approx(factor * found, rel=1e-6, abs=1e-3)


@given(detections(), scenarios())
def test_dearer_losses_reviews_and_customers_never_make_a_day_cheaper(detection, asked):
    before = cost(detection, asked)
    for name in ("loss_per_fraud", "review_cost", "friction_cost"):
        dearer = asked.model_copy(update={name: 1.5 * getattr(asked, name)})
        assert cost(detection, dearer) >= before * (1 - 1e-12)


@given(detections(), scenarios())
def test_every_fraud_is_caught_or_missed_and_every_alert_is_one_of_two_kinds(detection, asked):
    found = day(detection, asked, AMOUNTS)
    frauds = asked.transactions_per_day * asked.fraud_share
    assert found.missed_frauds + found.alerts - found.false_alarms == pytest.approx(frauds, rel=1e-6)
    assert 0 <= found.precision <= 1


@given(st.lists(detections(), min_size=2, max_size=8), scenarios())
def test_draws_give_what_each_of_them_gives_alone(drawn, asked):
    names = (
        "caught_clean",
        "caught_attacked",
        "false_positive_rate",
        "value_caught_clean",
        "value_caught_attacked",
    )
    stacked = Detection(*(np.array([getattr(each, name) for each in drawn]) for name in names))
    alone = [day(each, asked, AMOUNTS) for each in drawn]
    together = day(stacked, asked, AMOUNTS)
    for name in ("missed_frauds", "cost_usd", "precision", "savings", "residual_bps", "backlog"):
        alone_each = [getattr(each, name) for each in alone]
        assert getattr(together, name) == pytest.approx(alone_each, nan_ok=True)


# ---------------------------------------------------------------- bands


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=50), st.floats(0, 1))
def test_a_quantile_of_finite_draws_is_the_one_of_numpy(draws, level):
    assert quantile(np.array(draws), level) == pytest.approx(np.quantile(draws, level), rel=1e-9, abs=1e-6)


def test_a_quantile_beyond_the_finite_draws_is_infinite_and_never_undefined():
    draws = np.array([-np.inf, -np.inf, 1.0, 2.0, np.inf, np.inf])
    assert [quantile(draws, level) for level in (0, 0.1, 0.3, 0.5, 0.7, 0.9, 1)] == [
        -np.inf, -np.inf, -np.inf, 1.5, np.inf, np.inf, np.inf,
    ]  # fmt: skip
    assert np.isnan(quantile(np.array([1.0, np.nan]), 0.5))


def test_a_band_holds_the_middle_95_percent():
    found = band(7, np.arange(201.0))
    assert (found.value, found.low, found.high) == (7, 5, 195)

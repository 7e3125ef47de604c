"""The share of attacking fraudsters from which hardening pays, against a root finder and against worked cases."""

import numpy as np
import pytest
from hypothesis import assume, given
from scipy.optimize import brentq
from test_impact_model import SECURED, STANDARD, detections, scenario, scenarios

from generator.impact.breakeven import break_even, count_only, pays_below, prevalence, verdict
from generator.impact.model import Detection, benefit


def net(standard, hardened, asked, share: float) -> float:
    return float(benefit(standard, hardened, asked.model_copy(update={"attack_prevalence": share})).net_usd)


@pytest.mark.parametrize(
    ("prices", "shares"),
    [
        ({}, (0.081, 0.082, 0.090, 0.108, 0.138, 0.197, 0.671)),
        (
            {"recovered_share": 0.3, "review_cost": 12, "friction_cost": 10},
            (0.087, 0.090, 0.115, 0.172, 0.267, 0.457, 1.974),
        ),
    ],
)
def test_the_table_of_break_even_shares(prices, shares):
    priors = (0.20, 0.15, 0.05, 0.02, 0.01, 0.005, 0.001)
    found = [prevalence(STANDARD, SECURED, scenario(fraud_share=p, **prices)) for p in priors]
    assert found == pytest.approx(shares, abs=6e-4)


def test_the_opening_scenario_of_the_calculator_with_the_placeholder_rates():
    opening = scenario(recovered_share=0.2, review_cost=10, friction_cost=10)
    assert prevalence(STANDARD, SECURED, opening) == pytest.approx(0.227, abs=5e-4)


@given(detections(), detections(), scenarios())
def test_the_closed_form_is_the_root_of_the_cost_difference(standard, hardened, asked):
    assume(asked.loss_per_fraud * (1 - asked.recovered_share) > asked.review_cost + 1)
    # so that rounding in the difference of two costs moves its root by less than is asked
    gain = hardened.caught_attacked - standard.caught_attacked + standard.caught_clean - hardened.caught_clean
    assume(gain > 0.01)
    share = float(prevalence(standard, hardened, asked))
    assume(-5 < share < 5)
    per_transaction = asked.model_copy(update={"transactions_per_day": 1 / asked.fraud_share})

    def difference(a: float) -> float:
        return net(standard, hardened, per_transaction.model_copy(), a)

    root = brentq(difference, share - 1, share + 1, xtol=1e-13, rtol=1e-14)
    assert share == pytest.approx(root, abs=1e-9)


@given(detections(), detections(), scenarios())
def test_the_verdict_agrees_with_the_net_benefit_at_both_ends(standard, hardened, asked):
    said, share = verdict(standard, hardened, asked), prevalence(standard, hardened, asked)
    nobody, everybody = (net(standard, hardened, asked, a) for a in (0.0, 1.0))
    slack = 1e-9 * asked.transactions_per_day * (asked.loss_per_fraud + 200)
    if said == "pays above":
        assert 0 < share <= 1
        assert nobody <= slack
        assert everybody >= -slack
    elif said == "always pays":
        assert min(nobody, everybody) >= -slack
    elif said == "never pays":
        assert max(nobody, everybody) <= slack
    elif said == "not more robust":
        assert everybody <= nobody + slack
        assert nobody <= slack
        assert share in (np.inf, -np.inf)
    elif said == "pays below":
        turn = pays_below(standard, hardened, asked)
        assert 0 < turn < 1
        assert net(standard, hardened, asked, turn) == pytest.approx(0, abs=slack)
        assert nobody > -slack
        assert everybody < slack


@pytest.mark.parametrize(
    ("hardened", "changes", "expected"),
    [
        (SECURED, {}, "pays above"),
        (SECURED, {"fraud_share": 0.0001}, "never pays"),
        (Detection(0.94, 0.80, 0.020, 1, 1), {}, "always pays"),
        (Detection(0.90, 0.40, 0.020, 1, 1), {}, "not more robust"),
        (Detection(0.94, 0.45, 0.010, 1, 1), {}, "always pays"),
        (Detection(0.94, 0.40, 0.020, 1, 1), {}, "pays below"),
        (STANDARD, {}, "not more robust"),
        (SECURED, {"loss_per_fraud": 5}, "catching does not pay"),
        (SECURED, {"loss_per_fraud": 100, "recovered_share": 0.96}, "catching does not pay"),
    ],
)
def test_each_special_case_has_its_name(hardened, changes, expected):
    assert verdict(STANDARD, hardened, scenario(**changes)) == expected


def test_without_more_robustness_the_share_is_infinite_with_the_sign_of_what_hardening_costs():
    dearer, cheaper = Detection(0.90, 0.40, 0.03, 1, 1), Detection(0.94, 0.45, 0.01, 1, 1)
    assert prevalence(STANDARD, dearer, scenario()) == np.inf
    assert prevalence(STANDARD, cheaper, scenario()) == -np.inf
    assert np.isnan(prevalence(STANDARD, SECURED, scenario(loss_per_fraud=1)))


def test_a_model_that_saves_only_when_nobody_attacks_pays_up_to_a_share():
    # D0 = -0.01, D1 = -0.05, equal false alarms: it catches more of the honest frauds and fewer of the crafted ones
    other = Detection(0.94, 0.40, 0.020, 1, 1)
    found = break_even((STANDARD, STANDARD), (other, other), scenario())
    assert found.verdict == "pays below"
    assert found.limit == pytest.approx(1 / 6)
    assert break_even((STANDARD, STANDARD), (SECURED, SECURED), scenario()).limit == np.inf


def test_counting_only_missed_frauds_gives_the_share_at_free_false_alarms():
    free = scenario(review_cost=0, friction_cost=0)
    # D0 = 0.03, D1 = 0.35
    assert count_only(STANDARD, SECURED) == pytest.approx(0.03 / 0.38)
    assert prevalence(STANDARD, SECURED, free) == pytest.approx(0.03 / 0.38)


@given(detections(), detections(), scenarios())
def test_the_share_depends_on_no_volume(standard, hardened, asked):
    more = asked.model_copy(update={"transactions_per_day": 3 * asked.transactions_per_day})
    one, other = (prevalence(standard, hardened, each) for each in (asked, more))
    np.testing.assert_equal(one, other)


@given(detections(), detections(), scenarios())
def test_rarer_frauds_never_make_a_model_with_more_false_alarms_pay_sooner(standard, hardened, asked):
    assume(hardened.false_positive_rate >= standard.false_positive_rate)
    assume(verdict(standard, hardened, asked) not in ("not more robust", "catching does not pay"))
    rarer = asked.model_copy(update={"fraud_share": asked.fraud_share / 2})
    assert prevalence(standard, hardened, rarer) >= prevalence(standard, hardened, asked) - 1e-9


def test_the_interval_comes_from_the_draws_and_the_verdict_from_the_means():
    rng = np.random.default_rng(5)

    def around(mean: Detection, spread: float) -> Detection:
        noise = [spread * rng.standard_normal(2000) for _ in range(3)]
        return Detection(
            mean.caught_clean + noise[0], mean.caught_attacked + noise[1],
            mean.false_positive_rate + noise[2] / 10, 1, 1,
        )  # fmt: skip

    found = break_even((STANDARD, around(STANDARD, 0.01)), (SECURED, around(SECURED, 0.01)), scenario())
    assert found.verdict == "pays above"
    assert found.prevalence.low < found.prevalence.value < found.prevalence.high
    assert found.prevalence.value == pytest.approx(0.1376, abs=1e-4)
    exact = break_even((STANDARD, around(STANDARD, 0)), (SECURED, around(SECURED, 0)), scenario())
    assert exact.prevalence.low == pytest.approx(exact.prevalence.high)

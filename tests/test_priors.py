"""Moving rates to another fraud share: the figures of the worked example, and the two ways side by side."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_impact_model import SECURED, STANDARD, scenario

from generator.impact import priors
from generator.impact.breakeven import prevalence

SHARES = (0.20, 0.01, 0.001)


@pytest.mark.parametrize(
    ("model", "accuracies", "precisions"),
    [
        (STANDARD, (0.970, 0.980, 0.980), (0.92, 0.32, 0.044)),
        (SECURED, (0.952, 0.964, 0.965), (0.87, 0.21, 0.025)),
    ],
)
def test_accuracy_and_precision_change_with_the_fraud_share(model, accuracies, precisions):
    caught, alarms = model.caught_clean, model.false_positive_rate
    assert [priors.accuracy(caught, alarms, p) for p in SHARES] == pytest.approx(accuracies, abs=6e-4)
    assert [priors.precision(caught, alarms, p) for p in SHARES] == pytest.approx(precisions, abs=5e-3)


def test_a_score_means_less_where_frauds_are_rare():
    assert priors.odds_factor(0.01, 0.20) == pytest.approx(0.0404, abs=5e-5)
    assert priors.equivalent_score(0.5, 0.01, 0.20) == pytest.approx(0.961, abs=5e-4)


@given(st.floats(0.01, 0.99), st.floats(0.001, 0.5), st.floats(0.001, 0.5))
def test_moving_a_score_there_and_back_changes_nothing(score, there, back):
    moved = priors.equivalent_score(score, there, back)
    assert priors.equivalent_score(moved, back, there) == pytest.approx(score, rel=1e-9)


def test_the_range_holds_the_reweighted_figure_and_every_relabelled_one():
    bank = scenario(fraud_share=0.01)

    def figure(pair):
        return float(prevalence(*pair, bank))

    easier = (STANDARD, SECURED.__class__(0.93, 0.9, 0.03, 1, 1))
    found = priors.prior_range(figure, (STANDARD, SECURED), {0.2: (STANDARD, SECURED), 0.01: easier})
    assert found.reweighted == found.relabelled[0.2] == pytest.approx(0.1376, abs=1e-4)
    assert (found.low, found.high) == (found.relabelled[0.01], found.reweighted)


def test_a_range_of_one_way_alone_is_that_figure():
    alone = priors.PriorRange(reweighted=0.3, relabelled={})
    assert (alone.low, alone.high) == (0.3, 0.3)

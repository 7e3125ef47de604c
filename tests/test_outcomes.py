"""From rows to rates: nothing is lost, and the trivial classifier is what it must be."""

import numpy as np
import pytest

from generator.records.metrics import Resamples
from generator.records.spec import AttackSpec
from generator.threats.evasion.outcomes import CLEAN, Outcomes, approve_everything, compare, evaluations

Y = np.array([1, 1, 0, 0, 0])
SPEC = AttackSpec()


def test_approving_everything_scores_the_legitimate_share_and_catches_nothing():
    judged = evaluations(approve_everything(Y, 3, SPEC), Y)
    assert len(judged) == 1 + 3 * len(SPEC.epsilons)  # clean; FGSM, PGD and the proof
    for evaluation in judged:
        assert evaluation.accuracy.value == 3 / 5
        assert evaluation.true_positive_rate.value == 0
        assert evaluation.false_positive_rate.value == 0
        assert evaluation.confusion.true_negatives == 9
        assert evaluation.confusion.false_negatives == 6


def test_rates_are_counted_over_seeds_and_rows():
    right = np.array([[True, False, True, True, True], [True, True, False, False, True]])
    (evaluation,) = evaluations(Outcomes({("pgd", 0.35): right}), Y)
    assert (evaluation.attack, evaluation.epsilon) == ("pgd", 0.35)
    counts = evaluation.confusion
    assert (counts.true_positives, counts.false_negatives) == (3, 1)
    assert (counts.true_negatives, counts.false_positives) == (4, 2)
    assert evaluation.accuracy.value == 7 / 10
    assert evaluation.true_positive_rate.value == 3 / 4
    assert evaluation.false_positive_rate.value == 2 / 6
    # intervals are over rows, not over rows times seeds
    assert (evaluation.accuracy.n, evaluation.true_positive_rate.n, evaluation.false_positive_rate.n) == (
        5,
        2,
        3,
    )
    assert evaluation.accuracy.seeds == 2


def test_outcomes_survive_being_stored_as_arrays():
    rng = np.random.default_rng(0)
    conditions = [CLEAN, ("fgsm", 0.1), ("fgsm", 1 / 3), ("pgd", 0.0), ("pgd", 1e-7)]
    before = Outcomes({c: rng.random((2, 5)) < 0.5 for c in conditions}, violations=17)
    after = Outcomes.from_arrays(before.to_arrays())
    assert set(after.right) == set(conditions)
    assert after.violations == 17
    for condition in conditions:
        np.testing.assert_array_equal(after.right[condition], before.right[condition])


def test_conditions_come_back_in_the_same_order_however_they_were_stored():
    arrays = Outcomes({c: np.ones((1, 5), bool) for c in (CLEAN, ("fgsm", 0.1), ("pgd", 0.1))}).to_arrays()
    turned = Outcomes.from_arrays(dict(reversed(arrays.items())))
    assert (
        list(turned.right) == list(Outcomes.from_arrays(arrays).right) == [CLEAN, ("fgsm", 0.1), ("pgd", 0.1)]
    )


def _always(*answers: bool) -> Outcomes:
    return Outcomes({CLEAN: np.tile(np.array(answers), (2, 1))})


@pytest.fixture
def resamples() -> Resamples:
    return Resamples(Y, seeds=2, draws=100, rng=np.random.default_rng(0))


def test_a_model_is_compared_with_the_baseline_rate_by_rate(resamples):
    finals = {
        "baseline": _always(False, False, True, True, True),  # catches nothing, no false alarm
        "alarmist": _always(True, True, False, False, False),  # flags everything
        "same": _always(False, False, True, True, True),
    }
    found = {(c.model, c.metric): c for c in compare(finals, ("baseline",), (CLEAN,), resamples, Y)}
    assert {key: (c.difference.value, c.direction) for key, c in found.items()} == {
        ("alarmist", "accuracy"): (pytest.approx(2 / 5 - 3 / 5), "lower"),
        ("alarmist", "true_positive_rate"): (1.0, "higher"),
        ("alarmist", "false_positive_rate"): (1.0, "higher"),
        ("same", "accuracy"): (0.0, "no difference"),
        ("same", "true_positive_rate"): (0.0, "no difference"),
        ("same", "false_positive_rate"): (0.0, "no difference"),
    }
    assert {c.baseline for c in found.values()} == {"baseline"}
    assert found["alarmist", "true_positive_rate"].difference.n == 2
    assert found["alarmist", "false_positive_rate"].difference.n == 3


def test_a_perfect_model_is_higher_in_what_is_good_and_lower_in_false_alarms(resamples):
    finals = {"wrong": _always(*[False] * 5), "perfect": _always(*[True] * 5)}
    found = {
        c.metric: (c.difference.value, c.direction)
        for c in compare(finals, ("wrong",), (CLEAN,), resamples, Y)
    }
    assert found == {
        "accuracy": (1.0, "higher"),
        "true_positive_rate": (1.0, "higher"),
        "false_positive_rate": (-1.0, "lower"),
    }


def test_every_condition_is_compared(resamples):
    right = np.ones((2, 5), bool)
    both = Outcomes({CLEAN: right, ("fgsm", 0.1): right})
    found = compare({"a": both, "b": both}, ("a",), (CLEAN, ("fgsm", 0.1)), resamples, Y)
    assert [(c.attack, c.epsilon) for c in found] == [("clean", 0.0)] * 3 + [("fgsm", 0.1)] * 3


def test_models_are_compared_on_the_same_draws_with_every_baseline(resamples):
    rng = np.random.default_rng(3)
    finals = {name: Outcomes({CLEAN: rng.random((2, 5)) < 0.5}) for name in ("a", "b", "c")}
    found = compare(finals, ("a", "b"), (CLEAN,), resamples, Y)
    assert [(c.model, c.baseline) for c in found[::3]] == [("b", "a"), ("c", "a"), ("a", "b"), ("c", "b")]
    for each in found[1::3]:
        paired = resamples.difference(
            finals[each.model].right[CLEAN], finals[each.baseline].right[CLEAN], Y == 1
        )
        assert each.difference.model_dump(exclude={"value", "low", "high"}) == paired.model_dump(
            exclude={"value", "low", "high"}
        )
        np.testing.assert_allclose(
            (each.difference.value, each.difference.low, each.difference.high),
            (paired.value, paired.low, paired.high),
            atol=1e-6,
        )

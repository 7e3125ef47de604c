"""Intervals agree with scipy, with print, and with the coin they are drawn from."""

import numpy as np
import pytest
from scipy import stats

from generator.records.metrics import Resamples, confusion, direction, rate_estimate, wilson
from generator.records.results import Estimate


@pytest.mark.parametrize(
    ("hits", "n"),
    [(0, 10), (10, 10), (1, 1), (0, 1), (3, 7), (94, 101), (45, 101), (1000, 5000), (2511, 2512)],
)
def test_wilson_is_the_interval_of_scipy(hits, n):
    interval = stats.binomtest(hits, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(hits / n, n) == pytest.approx((interval.low, interval.high), rel=0, abs=1e-12)


@pytest.mark.parametrize(("hits", "low", "high"), [(94, 0.864, 0.966), (45, 0.352, 0.543)])
def test_wilson_gives_the_published_intervals_of_101_frauds(hits, low, high):
    assert [round(bound, 3) for bound in wilson(hits / 101, 101)] == [low, high]


@pytest.mark.parametrize(("p", "n"), [(0.2, 100), (0.5, 50), (0.9, 500)])
def test_wilson_covers_the_truth_about_95_times_in_100(p, n):
    hits = np.arange(n + 1)
    covers = [low <= p <= high for low, high in (wilson(k / n, n) for k in hits)]
    assert 0.93 <= stats.binom.pmf(hits, n, p)[covers].sum() <= 0.97


@pytest.mark.parametrize("n", [0, -1])
def test_a_rate_over_no_rows_has_no_interval(n):
    with pytest.raises(ValueError, match="no rows"):
        wilson(0.5, n)


def test_a_rate_over_seeds_has_the_interval_of_its_rows():
    estimate = rate_estimate(hits=940, rows=101, seeds=10)
    assert estimate.value == 940 / 1010
    assert (estimate.low, estimate.high) == wilson(940 / 1010, 101)
    assert (estimate.n, estimate.seeds, estimate.method) == (101, 10, "wilson")


def test_the_confusion_matrix_counts_each_seed_and_row_once():
    right = np.array([[True, False, True, False], [True, True, True, False]])
    counts = confusion(right, np.array([1, 1, 0, 0]))
    assert (counts.true_positives, counts.false_negatives) == (3, 1)
    assert (counts.true_negatives, counts.false_positives) == (2, 2)


# ---------------------------------------------------------------- resampling


def _resamples(y, seeds=1, draws=500, seed=0) -> Resamples:
    return Resamples(np.asarray(y), seeds, draws, np.random.default_rng(seed))


def _everything(y) -> np.ndarray:
    return np.ones(len(y), bool)


def test_every_draw_has_as_many_seeds_and_rows_of_each_class_as_the_data():
    y = np.array([1] * 4 + [0] * 16)
    resamples = _resamples(y, seeds=5)
    np.testing.assert_allclose(resamples.seed_weights.sum(1), 1)
    np.testing.assert_array_equal(resamples.row_weights[:, y == 1].sum(1), np.full(500, 4))
    np.testing.assert_array_equal(resamples.row_weights[:, y == 0].sum(1), np.full(500, 16))


def test_a_constant_has_an_interval_of_no_width():
    y = np.array([1, 0] * 15)
    ones = np.ones((3, 30), bool)
    found = _resamples(y, seeds=3).difference(ones, ~ones, _everything(y))
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_identical_models_do_not_differ():
    y = np.array([1, 0] * 15)
    a = np.random.default_rng(1).random((3, 30)) < 0.7
    found = _resamples(y, seeds=3).difference(a, a, _everything(y))
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert direction(found) == "no difference"


def test_exchanging_the_models_turns_the_difference_round():
    y = np.array([1, 0] * 40)
    rng = np.random.default_rng(2)
    a, b = rng.random((2, 80)) < 0.8, rng.random((2, 80)) < 0.6
    resamples = _resamples(y, seeds=2)
    one, other = resamples.difference(a, b, _everything(y)), resamples.difference(b, a, _everything(y))
    assert (one.value, one.low, one.high) == pytest.approx((-other.value, -other.high, -other.low), abs=1e-6)


def test_only_the_chosen_rows_count():
    y = np.array([1] * 10 + [0] * 10)
    a, b = np.tile(y == 1, (2, 1)), np.zeros((2, 20), bool)
    assert _resamples(y, seeds=2).difference(a, b, y == 1).value == 1
    found = _resamples(y, seeds=2).difference(a, b, y == 0)
    assert (found.value, found.low, found.high, found.n) == (0, 0, 0, 10)


def test_the_means_of_the_draws_are_the_weighted_means_worked_by_hand():
    y = np.array([1, 1, 0])
    resamples = _resamples(y, seeds=2, draws=3)
    resamples.seed_weights = np.array([[0.5, 0.5], [1.0, 0.0], [0.0, 1.0]])
    resamples.row_weights = np.array([[1, 1, 1], [2, 0, 1], [0, 2, 1]], dtype=np.float32)
    values = np.array([[1.0, 0.0, 5.0], [0.0, 1.0, 5.0]])
    # both seeds and rows: 1/2; seed 1, row 1 twice: 1; seed 2, row 2 twice: 1
    assert resamples.means(values, y == 1).tolist() == [0.5, 1.0, 1.0]
    assert resamples.means(values, np.ones(3, bool)) == pytest.approx([2, 7 / 3, 7 / 3])


def test_pairing_makes_a_small_steady_difference_visible():
    """b is wrong wherever a is, and on 6 rows more of 400: unpaired intervals of 50 % rates would hide it."""
    y = np.array([1, 0] * 200)
    a = np.random.default_rng(3).random((1, 400)) < 0.5
    b = a.copy()
    b[0, np.flatnonzero(a[0])[:12]] = False
    found = _resamples(y, draws=2000).difference(a, b, _everything(y))
    assert found.value == pytest.approx(12 / 400)
    assert direction(found) == "higher"
    assert found.high - found.low < 0.04


def test_seeds_that_disagree_widen_the_interval():
    y = np.array([1, 0] * 100)
    nothing = np.zeros((4, 200), bool)
    agreed = np.tile(np.arange(200) % 4 < 2, (4, 1))
    split = np.repeat([[True], [True], [False], [False]], 200, axis=1)
    resamples = _resamples(y, seeds=4, draws=1000)
    steady, shaky = (resamples.difference(a, nothing, _everything(y)) for a in (agreed, split))
    assert steady.value == shaky.value == 0.5
    assert shaky.high - shaky.low > 3 * (steady.high - steady.low)


def test_the_interval_of_a_difference_covers_the_truth_most_of_the_time():
    """Two coins of 0.8 and 0.6 on 120 rows: the true difference is 0.2."""
    y = np.array([1, 0] * 60)
    rng = np.random.default_rng(5)
    covered = 0
    for repetition in range(200):
        a, b = rng.random((1, 120)) < 0.8, rng.random((1, 120)) < 0.6
        found = _resamples(y, draws=200, seed=repetition).difference(a, b, _everything(y))
        covered += found.low <= 0.2 <= found.high
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize(
    ("only_a", "only_b", "word"),
    [(30, 5, "higher"), (5, 30, "lower"), (10, 10, "no difference"), (9, 6, "no difference")],
)
def test_the_direction_agrees_with_the_exact_test_of_mcnemar(only_a, only_b, word):
    y = np.array([1, 0] * 50)
    a, b = np.ones((1, 100), bool), np.ones((1, 100), bool)
    b[0, :only_a] = False
    a[0, only_a : only_a + only_b] = False
    found = _resamples(y, draws=2000).difference(a, b, _everything(y))
    assert direction(found) == word
    significant = stats.binomtest(only_a, only_a + only_b).pvalue < 0.05
    assert significant == (word != "no difference")


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.01, 0.2, "higher"),
        (-0.2, -0.01, "lower"),
        (-0.1, 0.1, "no difference"),
        (0.0, 0.1, "no difference"),
        (-0.1, 0.0, "no difference"),
    ],
)
def test_the_word_for_a_difference_comes_from_its_interval(low, high, word):
    estimate = Estimate(value=(low + high) / 2, low=low, high=high, n=1, seeds=1, method="bootstrap")
    assert direction(estimate) == word


def test_draws_among_fewer_seeds_are_the_same_draws_of_rows():
    rng = np.random.default_rng(3)
    y, rows = np.repeat((0, 1), 20), np.repeat((False, True), 20)
    every = Resamples(y, 5, 100, np.random.default_rng(1))
    few = every.among(2, np.random.default_rng(2))
    values = rng.random(40)
    # where seeds do not differ, their draws do not matter
    alike = [r.means(np.tile(values, (r.seeds, 1)), rows) for r in (every, few)]
    assert np.allclose(*alike, atol=1e-6)
    apart = few.means(np.stack((values, values + 1)), rows) - alike[1]
    assert set(np.round(apart, 4)) == {0, 0.5, 1}  # two seeds drawn of two: none, one or both are the second
    assert every.seeds == 5

"""Limits from likelihoods equal the closed form, and classifiers that exist stay below every limit."""

import itertools

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from generator.proofs.limits import drawn_limit, plain_limit
from generator.proofs.population import best_cut, best_pulled, paired_errors

D = 5
CUT = norm.ppf(0.8)
"""Of the score: the five inputs added up, in units of its own spread."""
BEST = {0.05: 0.943, 0.1: 0.899, 0.2: 0.841}
"""Five independent N(0, 1) inputs of equal weight: 1 - P(q < s <= q + 2 ε √5), as published."""


def score(x: np.ndarray) -> np.ndarray:
    return x.sum(1) / np.sqrt(D)


def is_fraud(x: np.ndarray) -> np.ndarray:
    return score(x) > CUT


density = multivariate_normal(np.zeros(D)).pdf
WIDE = np.full(D, 1e3)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(5).standard_normal((40_000, D))


@pytest.mark.parametrize("epsilon", BEST)
def test_pairing_by_likelihood_gives_the_closed_form_of_a_linear_rule(x, epsilon):
    exact = 1 - (norm.cdf(CUT + 2 * epsilon * np.sqrt(D)) - norm.cdf(CUT))
    assert exact == pytest.approx(BEST[epsilon], abs=6e-4)
    lost = paired_errors(x, np.full(D, 2 * epsilon), density, is_fraud, -WIDE, WIDE)
    assert 1 - lost == pytest.approx(exact, abs=0.004)


@pytest.mark.parametrize("epsilon", BEST)
def test_matching_rows_drawn_falls_towards_the_closed_form_and_stays_above_it(x, epsilon):
    values = [plain_limit(x[:n], is_fraud(x[:n]), epsilon).accuracy for n in (1_000, 4_000, 16_000)]
    assert all(a >= b for a, b in itertools.pairwise(values))
    assert values[-1] > BEST[epsilon]


@pytest.mark.parametrize("epsilon", BEST)
def test_the_rule_with_the_best_cut_reaches_the_closed_form(x, epsilon):
    y, reach = is_fraud(x).astype(int), epsilon * np.sqrt(D)
    kept, cut = best_cut(score(x) - reach, score(x) + reach, y)
    assert kept == pytest.approx(BEST[epsilon], abs=0.006)
    assert cut == pytest.approx(CUT + reach, abs=0.15)


def test_rows_are_paired_one_to_one_by_hand():
    """Two inputs in {0, 1, 2}, equally likely; fraud where they add up to 3 or more; one step of either.

    (2, 2) goes to (1, 1), (1, 2) to (0, 1), (2, 1) to (1, 0): three of nine are lost.
    """
    grid = np.array(list(itertools.product((0.0, 1.0, 2.0), repeat=2)))
    lost = paired_errors(
        grid, np.ones(2), lambda rows: np.full(len(rows), 1 / 9), lambda rows: rows.sum(1) >= 3,
        np.zeros(2), np.full(2, 2.0),
    )  # fmt: skip
    assert lost == pytest.approx(3 / 9)


def test_an_input_without_room_stays_and_a_row_that_serves_two_frauds_is_lost_once():
    """Fraud is first + second >= 2 over {0, 1, 2} x {0, 1}: (2, 1) and (2, 0) both go to (1, 0), (1, 1) to (0, 0)."""
    grid = np.array(list(itertools.product((0.0, 1.0, 2.0), (0.0, 1.0))))
    lost = paired_errors(
        grid, np.ones(2), lambda rows: np.full(len(rows), 1 / 6), lambda rows: rows.sum(1) >= 2,
        np.zeros(2), np.array([2.0, 1.0]),
    )  # fmt: skip
    assert lost == pytest.approx(2 / 6)


def test_a_genuine_row_is_used_up_to_its_own_likelihood():
    """0 is genuine and half as likely as the fraud 1 that goes to it: only the half is lost."""
    rows, likely = np.array([[0.0], [1.0], [1.0]]), {0.0: 1 / 3, 1.0: 2 / 3}
    lost = paired_errors(
        rows, np.ones(1), lambda x: np.array([likely[v] for v in x[:, 0]]), lambda x: x[:, 0] >= 1,
        np.zeros(1), np.ones(1),
    )  # fmt: skip
    assert lost == pytest.approx(1 / 3)


def test_without_a_shift_nothing_is_lost(x):
    assert paired_errors(x[:500], np.zeros(D), density, is_fraud, -WIDE, WIDE) == 0


def test_inputs_that_cost_more_than_they_say_are_pulled_to_the_centre():
    """The second input says nothing of the label and may move as far as the first: it is left out."""
    rng = np.random.default_rng(1)
    x = rng.standard_normal((4_000, 2))

    def noisy(rows: np.ndarray) -> np.ndarray:
        return rows @ (1.0, 0.05)

    y, reach = (x[:, 0] > 0.8).astype(int), np.array([0.1, 4.0])
    found = best_pulled(noisy, np.zeros(2), x - reach, x + reach, y)
    assert found.pull[1] == 0
    kept = found.kept(x - reach, x + reach, y)
    assert kept == pytest.approx(1 - (norm.cdf(1.0) - norm.cdf(0.8)), abs=0.01)
    assert kept > best_cut(noisy(x - reach), noisy(x + reach), y)[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("reach", [0.05, 0.2, 0.6])
def test_no_pulled_rule_passes_the_limit_or_falls_below_approving_everything(seed, reach):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((500, 2))
    y = (x[:, 0] + 0.5 * x[:, 1] > 1).astype(int)
    found = best_pulled(lambda rows: rows @ (1.0, 0.5), x.mean(0), x - reach, x + reach, y)
    kept = found.kept(x - reach, x + reach, y)
    assert 1 - y.mean() <= kept <= plain_limit(x, y, reach).accuracy


def test_where_every_fraud_can_move_anywhere_the_best_cut_approves_everything():
    lowest, highest = np.full(10, -9.0), np.full(10, 9.0)
    kept, cut = best_cut(lowest, highest, np.array([1, 1, *[0] * 8]))
    assert (kept, cut) == (0.8, 9.0)


def test_rows_are_left_out_of_the_matching_where_too_many_could_meet(x):
    y = is_fraud(x).astype(int)
    few = drawn_limit(x[:4_000], y[:4_000], 0.5, most_conflicts=10_000)
    assert few.rows < 4_000
    assert few.conflicts == pytest.approx(10_000, rel=0.25)
    assert drawn_limit(x[:4_000], y[:4_000], 0.05).rows == 4_000

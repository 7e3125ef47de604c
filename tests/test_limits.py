"""The limit equals what trying every classifier finds, and the frontier what counting finds."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.proofs.limits import drawn_limit, frontier, limit, plain_limit


def most_rows_kept(lower: np.ndarray, upper: np.ndarray, y: np.ndarray) -> int:
    """The largest set of rows no two of which, of unlike class, share a point; by trying all sets."""
    n = len(y)
    meets = ((lower[:, None] <= upper[None]) & (lower[None] <= upper[:, None])).all(2)
    clash = meets & (y[:, None] != y[None])
    best = 0
    for kept in itertools.product((False, True), repeat=n):
        rows = np.array(kept)
        if rows.sum() > best and not clash[np.ix_(rows, rows)].any():
            best = int(rows.sum())
    return best


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 9), reach=st.floats(0, 0.6))
def test_the_limit_is_the_best_of_all_labelings(seed, n, reach):
    rng = np.random.default_rng(seed)
    x, y = rng.random((n, 2)), rng.integers(0, 2, n)
    sides = reach * rng.random((2, n, 2)) * (rng.random((2, n, 2)) < 0.8)
    found = limit(x - sides[0], x + sides[1], y)
    assert found.rows - found.errors == most_rows_kept(x - sides[0], x + sides[1], y)


def test_two_rows_conflict_up_to_twice_epsilon():
    x, y = np.array([[0.0, 0.0], [1.0, 0.5]]), np.array([1, 0])
    assert plain_limit(x, y, 0.499).accuracy == 1.0
    assert plain_limit(x, y, 0.5).accuracy == 0.5
    assert plain_limit(x, y, 0.5).conflicts == 1


def test_as_many_rows_are_looked_at_as_have_about_the_conflicts_asked_for():
    y = np.array([1, 0] * 5)
    for meeting, most, rows in ((0, 1, 10), (1, 1, 10), (4, 1, 5), (4, 4, 10), (5, 2, 6)):
        x = np.arange(10.0)[:, None] * 100
        x[1 : 2 * meeting : 2] = x[0 : 2 * meeting : 2] + 1  # so many pairs are a step apart
        found = drawn_limit(x, y, 0.5, most)  # rows grow as the root of the conflicts
        assert (found.rows, found.conflicts) == (rows, min(meeting, rows // 2))


def test_a_pair_never_costs_more_rows_than_the_rarer_class_has():
    x = np.vstack([np.zeros((2, 3)), np.full((5, 3), 0.1)])
    found = plain_limit(x, np.array([1, 1, 0, 0, 0, 0, 0]), 1.0)
    assert (found.errors, found.conflicts) == (2, 10)
    assert found.accuracy == pytest.approx(5 / 7)


def test_when_only_frauds_evade_one_sidedly_a_legitimate_row_must_lie_in_the_frauds_box():
    x = np.array([[1.0, 0.0], [0.5, 0.0], [1.5, 0.0], [0.5, 0.1]])
    y = np.array([1, 0, 0, 0])
    lower = x.copy()
    lower[0] -= (0.6, 0.0)
    found = limit(lower, x, y)
    assert (found.conflicts, found.errors) == (1, 1)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_limit_falls_as_epsilon_rises(seed):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((150, 3)), rng.integers(0, 2, 150)
    values = [plain_limit(x, y, e).accuracy for e in (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)]
    assert values[0] == 1.0
    assert all(a >= b for a, b in itertools.pairwise(values))


def test_no_classifier_at_hand_passes_the_limit():
    rng = np.random.default_rng(4)
    x = rng.standard_normal((300, 2))
    score = x @ (1.0, 0.5)
    y = (score > 0.8).astype(int)
    for epsilon in (0.05, 0.1, 0.2):
        drop = 1.5 * epsilon
        best = max(
            (np.where(y == 1, score - drop > t, score + drop <= t)).mean() for t in np.linspace(-3, 4, 400)
        )
        assert best <= plain_limit(x, y, epsilon).accuracy


@pytest.mark.parametrize("y", [np.zeros(4, int), np.ones(4, int)])
def test_one_class_alone_has_no_conflicts(y):
    assert plain_limit(np.zeros((4, 2)), y, 1.0).accuracy == 1.0


def test_the_frontier_counts_frauds_after_their_drop_against_unmoved_legitimate_rows():
    """Frauds 5 and 3 fall to 4 and 2; legitimate rows stay at 1, 2, 3, 6."""
    score, y = np.array([5.0, 3.0, 1.0, 2.0, 3.0, 6.0]), np.array([1, 1, 0, 0, 0, 0])
    line = frontier(score, np.ones(6), y)
    points = dict(zip(line.threshold, zip(line.false_positive_rate, line.recall, strict=True), strict=True))
    assert points[6.0] == (0.0, 0.0)
    assert points[3.0] == (0.25, 0.5)
    assert points[2.0] == (0.5, 0.5)
    assert points[1.0] == (0.75, 1.0)
    assert points[-np.inf] == (1.0, 1.0)
    assert line.recall_at(0.3) == 0.5
    assert line.recall_at(0.0) == 0.0
    assert (np.diff(line.false_positive_rate) >= 0).all()
    assert (np.diff(line.recall) >= 0).all()


def test_without_a_drop_the_rule_catches_every_fraud_at_no_false_alarm():
    score = np.arange(10.0)
    assert frontier(score, np.zeros(10), (score > 6).astype(int)).recall_at(0.0) == 1.0


def test_a_frontier_needs_both_classes():
    with pytest.raises(ValueError, match="both classes"):
        frontier(np.arange(3.0), np.zeros(3), np.zeros(3, int))

"""The bound on monotone rules is the hull of what all of them reach, and no trained one passes it."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from generator.models.cuts import matched_cut
from generator.proofs.monotone import Bound, Implied, implied, most_caught, sides
from generator.records.threat import surface
from generator.threats.surface import boxes

SHAPE = (3, 3, 2)
RISK = np.array([1, -1, 0])
"""More of the first is riskier, less of the second; what the third does is anybody's guess."""
POINTS = np.array(list(itertools.product(*map(range, SHAPE))))


def _monotone_rules() -> list[np.ndarray]:
    """All rules on the grid of SHAPE, each (points,) bool."""
    cells = list(itertools.product(range(3), range(3)))
    rising = [
        dict(zip(cells, flags, strict=True))
        for flags in itertools.product((False, True), repeat=9)
        if all(
            flags[a] <= flags[b]
            for (a, p), (b, q) in itertools.product(enumerate(cells), repeat=2)
            if p[0] <= q[0] and p[1] >= q[1]
        )
    ]
    return [
        np.array([rules[p[2]][p[0], p[1]] for p in POINTS]) for rules in itertools.product(rising, repeat=2)
    ]


RULES = _monotone_rules()


def _reached(lower: np.ndarray, upper: np.ndarray, genuine: np.ndarray) -> set[tuple[int, int]]:
    """(genuine rows flagged, frauds caught) of every monotone rule, by looking at every point of every box."""
    inside = ((lower[:, None] <= POINTS) & (upper[:, None] >= POINTS)).all(2)
    place = (genuine[:, None] == POINTS).all(2).argmax(1)
    return {(int(rule[place].sum()), int((rule | ~inside).all(1).sum())) for rule in RULES}


def _hull(points: set[tuple[int, int]], at: int) -> Fraction:
    """The highest value at `at` of any line between two of the points."""
    best = max(caught for rows, caught in points if rows <= at)
    for (a, low), (b, high) in itertools.product(points, repeat=2):
        if a <= at < b:
            best = max(best, low + Fraction(high - low, b - a) * (at - a))
    return Fraction(best)


def test_there_are_as_many_monotone_rules_as_ways_down_a_staircase():
    assert len(RULES) == 20**2


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), frauds=st.integers(1, 9), genuine=st.integers(1, 12))
def test_the_bound_is_the_hull_of_what_all_monotone_rules_reach(seed, frauds, genuine):
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, SHAPE, (2, frauds, 3))
    lower, upper, rows = ends.min(0), ends.max(0), rng.integers(0, SHAPE, (genuine, 3))
    reached = _reached(lower, upper, rows)
    pairs = implied(lower.astype(float), upper.astype(float), rows.astype(float), RISK)
    for flagged in range(genuine + 1):
        assert most_caught(pairs, flagged).caught == _hull(reached, flagged)


def test_pairs_are_found_in_parts_as_well_as_at_once(monkeypatch):
    rng = np.random.default_rng(3)
    x, rows = rng.integers(0, 9, (80, 3)).astype(float), rng.integers(0, 9, (90, 3)).astype(float)
    whole = implied(x - 2, x + 1, rows, RISK)
    monkeypatch.setattr("generator.proofs.monotone.CHUNK", 300)
    parts = implied(x - 2, x + 1, rows, RISK)
    expected = {
        (i, j)
        for i in range(80)
        for j in range(90)
        if rows[j, 0] >= x[i, 0] - 2 and rows[j, 1] <= x[i, 1] + 1 and -2 <= rows[j, 2] - x[i, 2] <= 1
    }
    assert len(whole.fraud) == len(expected) > 100
    for found in (whole, parts):
        assert set(zip(found.fraud.tolist(), found.row.tolist(), strict=True)) == expected


def test_what_a_free_rule_catches_no_monotone_rule_may():
    """A fraud at 1, genuine rows at 2 and 3: a rule that flags 1 alone is free to, a rising one flags all three."""
    at = np.array([[1.0]])
    rising = implied(at, at, np.array([[2.0], [3.0]]), np.array([1]))
    assert [most_caught(rising, k).caught for k in range(3)] == [0, Fraction(1, 2), 1]
    free = implied(at, at, np.array([[2.0], [3.0]]), np.array([0]))
    assert most_caught(free, 0).caught == 1


@pytest.mark.parametrize(("frauds", "genuine"), [(0, 3), (3, 0)])
def test_without_one_of_the_classes_everything_is_caught(frauds, genuine):
    pairs = implied(np.zeros((frauds, 2)), np.zeros((frauds, 2)), np.zeros((genuine, 2)), np.ones(2))
    assert most_caught(pairs, 0).caught == frauds


def test_of_more_rows_than_the_flow_can_count_all_frauds_are_the_bound():
    one = np.zeros(1, np.int64)
    assert most_caught(Implied(60_000, 40_000, one, one), 0) == Bound(Fraction(60_000), Fraction(0))
    assert most_caught(Implied(60_000, 30_000, one, one), 0).caught == 59_999


def test_chance_hides_less_the_more_rows_are_drawn():
    """60 % of frauds caught at a price of two frauds' shares for a genuine row's: worked out by hand."""
    none = np.empty(0, np.int64)
    few, many = (Implied(100 * n, 400 * n, none, none) for n in (1, 100))
    bound = most_caught(implied(np.zeros((2, 1)), np.zeros((2, 1)), np.ones((2, 1)), np.array([1])), 1)
    assert bound.price == 1
    by_hand = np.sqrt(np.log(40) / 2) * (0.1 + 4 * 0.05)
    assert bound.margin(few, 0.05) == pytest.approx(by_hand)
    assert bound.margin(many, 0.05) == pytest.approx(by_hand / 10)


# ---------------------------------------------------------------- on rows of a study


@pytest.mark.parametrize("tier", ["T0", "T1", "T3"])
def test_no_trained_monotone_model_passes_the_bound(tier, tiny_spec, small_table, small_folds):
    """Not even one trained on the rows it judges, which is as good on them as it can be."""
    risk = np.array([feature.direction for feature in small_table.features])
    reach, bounded = surface(small_table.features, tiny_spec.threat.tier(tier)), 0
    for i in range(small_folds.folds):
        test = small_folds.test_rows[i, : small_folds.test_counts[i]]
        y, around = small_folds.y[test], boxes(reach, small_folds, slice(i, i + 1), 1.0).of(0)
        lower, upper = sides(around.only(np.flatnonzero(y == 1)), reach.intervals)
        genuine = small_folds.x[test[y == 0]]
        pairs, worst = implied(lower, upper, genuine, risk), np.where(risk > 0, lower, upper)
        fraud = small_folds.x[test[y == 1]]
        for moved in (worst, np.concatenate([fraud, worst])):
            x, label = np.concatenate([genuine, moved]), np.repeat([0, 1], [len(genuine), len(moved)])
            model = HistGradientBoostingClassifier(monotonic_cst=risk, min_samples_leaf=1, max_iter=20).fit(
                x, label
            )
            alarms, kept = model.decision_function(genuine), model.decision_function(worst)
            for rate in (0.0, 0.02, 0.05, 0.2):
                caught = (kept > matched_cut(alarms, np.ones(len(genuine), bool), rate)).sum()
                bound = most_caught(pairs, int(rate * len(genuine))).caught
                assert caught <= bound
                bounded += bound < len(fraud)
    assert bounded > 5


def test_the_sides_of_a_box_are_as_the_table_has_them(tiny_spec, small_table, small_folds):
    """Rows that do not move are themselves to the last bit, whole numbers are whole, and limits are met."""
    reach = surface(small_table.features, tiny_spec.threat.tier("T3"))
    around = boxes(reach, small_folds, slice(0, 1), 1.0).of(0)
    (lower, upper), limits = sides(around, reach.intervals), reach.intervals
    calm = small_folds.test_y(slice(0, 1))[0] == 0
    for side in (lower, upper):
        np.testing.assert_array_equal(side[calm], around.raw[calm])
        np.testing.assert_array_equal(side[:, 2], np.rint(side[:, 2]))
    met = 0
    for side, limit in ((lower, limits.low), (upper, limits.high)):
        near = np.abs(side - limit) < 1e-6
        np.testing.assert_array_equal(side[near], np.broadcast_to(limit, side.shape)[near])
        met += (near & (side != around.raw)).sum()
    assert met > 5


def test_only_inputs_with_a_direction_are_riskier_one_way(small_table):
    assert [feature.direction for feature in small_table.features] == [1, -1, 1, 1, -1]
    both, none = (small_table.features[0].model_copy(update={"helps": helps}) for helps in ("both", "none"))
    assert both.direction == none.direction == 0

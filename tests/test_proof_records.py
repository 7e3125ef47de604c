"""From settled rows to the figures of the proof, each against a case worked by hand or a closed form."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from threat_fixture import FRAUDSTERS

from generator.datasets import FreshRows, LabelledTable, Rule, dataset
from generator.models.folds import Folds
from generator.proofs.verdicts import BROKEN, EITHER, PROVED
from generator.records.features import Feature
from generator.records.results import DataSource
from generator.records.spec import ProofSpec
from generator.study import limit_tasks as limits
from generator.study import proof_records as records

NAN = float("nan")


def _table(x, cut: float = 6.0) -> LabelledTable:
    """Rows of one feature, Amount: its score is itself, and from `cut` on it is fraud. T1 lowers it."""
    x = np.asarray(x, float)
    feature = Feature(
        name="Amount", title="Amount", unit="USD", decimals=0, control="effort", helps="down", note="",
        low=x.min(), high=x.max(), mean=x.mean(), standard_deviation=x.std(),
    )  # fmt: skip
    return LabelledTable(
        name="line", title="Line", description="", frame=pd.DataFrame({"Amount": x}),
        ids=np.array([f"row {i}" for i in range(len(x))]), x=x[:, None], y=(x >= cut).astype(np.int64),
        amount=0, features=(feature,),
        source=DataSource(
            status="synthetic", origin="", file_sha256="", canonical_sha256="", licence=""
        ),
        rule=Rule(
            terms=lambda rows: rows, weights=np.ones(1), names=("amount",), signs=np.ones(1),
            low=x.min(keepdims=True), high=x.max(keepdims=True), score=x, cut=cut,
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def line() -> LabelledTable:
    """0, 1, ... 9; 6 to 9 are fraud."""
    return _table(np.arange(10))


# ---------------------------------------------------------------- choosing


def _folds(tests: list[list[int]], seeds: int = 1) -> Folds:
    rows = sorted({row for test in tests for row in test})
    return Folds(
        train_rows=np.array([[row for row in rows if row not in test] for test in tests]),
        test_rows=np.array(tests), test_counts=np.array([len(test) for test in tests]),
        means=np.zeros((len(tests), 1)), scales=np.ones((len(tests), 1)),
        x=np.zeros((len(rows), 1)), y=np.zeros(len(rows), int), seeds=seeds,
    )  # fmt: skip


def _kept(rows: list[int], n: int = 6) -> np.ndarray:
    return np.isin(np.arange(n), rows)[None]


def test_a_fold_is_judged_by_what_the_other_folds_chose_and_not_by_what_suits_it():
    folds = _folds([[0, 1], [2, 3], [4, 5]])
    kept = {"trades": _kept([0, 1, 3]), "pgd_ramp": _kept([2, 4])}
    choice = records.choose(kept, np.ones(6, bool), folds, "T0", 0.35, "robust_accuracy")
    # fold one: 1 against 2 on rows 2..5, so pgd_ramp, which keeps none of 0, 1
    # fold two: 2 against 1, trades, keeps 3; fold three: 3 against 1, trades, keeps none
    assert choice.validated.value == 1 / 6
    assert (choice.model, choice.agreeing, choice.folds) == ("trades", 2, 3)
    assert (choice.validated.n, choice.validated.seeds) == (6, 1)


def test_only_the_rows_that_count_choose_and_are_counted():
    folds = _folds([[0, 1], [2, 3], [4, 5]])
    kept = {"trades": _kept([0, 2, 4]), "pgd_ramp": _kept([1, 3, 5, 0])}
    choice = records.choose(kept, _kept([0, 2, 4])[0], folds, "T1", 0.35, "caught_proved")
    assert (choice.model, choice.agreeing) == ("trades", 3)
    assert (choice.validated.value, choice.validated.n) == (1.0, 3)


def test_each_seed_chooses_by_itself():
    folds = _folds([[0, 1], [2, 3]] * 2, seeds=2)
    a = np.array([[True] * 4, [False] * 4])
    choice = records.choose(
        {"trades": a, "pgd_ramp": ~a}, np.ones(4, bool), folds, "T0", 0.35, "robust_accuracy"
    )
    assert choice.validated.value == 1.0
    assert (choice.agreeing, choice.folds) == (2, 4)


def test_choosing_among_coin_flips_keeps_half_though_the_luckiest_keeps_more():
    rng, folds = np.random.default_rng(0), _folds(np.arange(400).reshape(5, 80).tolist())
    kept = {f"recipe {i}": rng.random((1, 400)) < 0.5 for i in range(50)}
    assert max(each.mean() for each in kept.values()) > 0.54
    choice = records.choose(kept, np.ones(400, bool), folds, "T0", 0.35, "robust_accuracy")
    assert choice.validated.low < 0.5 < choice.validated.high


# ---------------------------------------------------------------- tiers


def test_what_a_tier_may_do_is_epsilon_times_the_spread_in_the_direction_that_helps(line):
    reaches = {r.tier: (r.down, r.up) for r in records.reaches(line, FRAUDSTERS, 0.5)}
    step = 0.5 * np.sqrt(8.25)  # the variance of 0, ..., 9
    assert reaches["T0"] == pytest.approx((step, step))
    for tier in ("T1", "T2", "T3"):
        assert reaches[tier] == pytest.approx((step, 0))


# ---------------------------------------------------------------- radii


def test_radii_are_counted_by_class_and_bin_and_those_that_never_break_apart():
    # bins of 1/40; a row already wrong is (0, 0)
    first = {
        "proved": np.array([[0.0, 0.03, 1.0, 0.51]]), "broken": np.array([[0.0, 0.031, np.inf, 0.513]]),
        "boxes": np.array([[0, 4, 10, 2]]),
    }  # fmt: skip
    second = {
        "proved": np.array([[0.01, 0.99, 0.2, 0.0]]), "broken": np.array([[0.02, 0.992, 0.201, 0.0]]),
        "boxes": np.array([[6, 2, 0, 0]]),
    }  # fmt: skip
    y = np.array([0, 0, 1, 1])
    summary = records.radius_summary("standard", [first, second], y, 1.0)
    assert (summary.seeds, summary.beyond, len(summary.edges)) == (2, 1, 41)
    assert {i: n for i, n in enumerate(summary.legitimate) if n} == {0: 2, 1: 1, 39: 1}
    assert {i: n for i, n in enumerate(summary.fraud) if n} == {0: 1, 8: 1, 20: 1}
    assert summary.median_legitimate == pytest.approx((0.01 + 0.03) / 2)
    assert summary.median_fraud == pytest.approx((0.2 + 0.51) / 2)
    assert summary.widest_bracket == pytest.approx(0.01)
    assert summary.mean_boxes == 3.0


def test_rows_that_all_hold_leave_no_bracket():
    part = {"proved": np.ones((1, 2)), "broken": np.full((1, 2), np.inf), "boxes": np.ones((1, 2))}
    summary = records.radius_summary("standard", [part], np.array([0, 1]), 1.0)
    assert (summary.beyond, summary.widest_bracket, sum(summary.legitimate)) == (2, 0.0, 0)


# ---------------------------------------------------------------- the limit


EPSILONS = (0.1, 0.35, 0.7, 1.0, 2.0)


def test_on_one_feature_the_rule_keeps_the_rows_farther_from_the_cut_than_the_budget(line):
    x, spread = np.arange(10), np.sqrt(8.25)
    expected = [
        np.mean([row - e * spread >= 6 if row >= 6 else row + e * spread < 6 for row in x]) for e in EPSILONS
    ]
    # the lowest score of a box is cut to the data, which changes nothing on this side of the cut
    assert records.rule_kept(line, line.rule, EPSILONS) == pytest.approx(expected)


def test_on_one_feature_the_limit_loses_one_row_of_each_pair_that_can_meet(line):
    # rows k apart meet within a reach of k: k pairs such as 5-7, 4-6 for 2; four frauds at most
    limit = limits.limit_record(line, EPSILONS)
    reach = [2 * e * np.sqrt(8.25) for e in EPSILONS]
    assert limit.best == pytest.approx([1 - min(int(r), 4) / 10 for r in reach])


def test_on_one_feature_a_cut_of_its_own_reaches_the_limit(line):
    limit = limits.limit_record(line, EPSILONS)
    assert limit.known == pytest.approx(limit.best)
    assert limit.known[1] > records.rule_kept(line, line.rule, EPSILONS)[1]
    assert limit.population is None
    assert (limit.ceiling, limit.reached) == (limit.best, limit.known)


def test_a_whole_number_moved_by_less_than_a_half_is_read_as_it_was(line):
    # a reach of 0.4 covers no neighbour, but one of 1.2 on each side brings two rows together
    whole = replace(line, features=(line.features[0].model_copy(update={"integer": True}),))
    epsilons = (0.4 / np.sqrt(8.25), 1.2 / np.sqrt(8.25))
    calm, alarming = limits._corners(whole, whole.rule, line.x, epsilons[0])
    assert (calm == line.x).all()
    assert (alarming == line.x).all()
    assert limits.limit_record(whole, epsilons).known == pytest.approx((1.0, 0.8))


def _uniform(rows: np.ndarray) -> FreshRows:
    """Rows of a whole number from 0 to 9, each as likely."""
    return FreshRows(
        x=rows[:, None].astype(float), probability=lambda x: np.full(len(x), 0.1), low=np.array([0.0]),
        high=np.array([9.0]), step=np.array([1.0]),
    )  # fmt: skip


def test_where_every_row_is_as_likely_the_population_loses_what_the_rows_lose(line):
    limit = limits.limit_record(line, EPSILONS, _uniform(np.tile(np.arange(10), 30)))
    assert limit.ceiling == pytest.approx(limit.best)
    assert limit.reached == pytest.approx(limit.known)
    # Hoeffding on 300 rows, one twentieth shared between two limits
    assert limit.population.margin[-1] == pytest.approx(np.sqrt(np.log(40) / 600))


def test_the_limit_of_checks_is_lower_on_fresh_rows_and_above_what_a_known_classifier_keeps(
    small_table, tiny_spec
):
    fresh = dataset("checks").fresh(tiny_spec)
    epsilons = tiny_spec.proof.epsilons
    limit = limits.limit_record(small_table, epsilons, fresh)
    assert list(limit.ceiling) == sorted(limit.ceiling, reverse=True)
    trivial = 1 - (small_table.rule.of(fresh.x) >= small_table.rule.cut).mean()
    for best, known, own, margin in zip(
        limit.ceiling, limit.reached, limit.best, limit.population.margin, strict=True
    ):
        assert trivial <= known <= best <= own + margin


@pytest.mark.parametrize("seed", range(3))
def test_the_limit_never_rises_and_lies_above_the_rule_and_above_approving_everything(seed):
    table = _table(np.random.default_rng(seed).lognormal(0, 1, 200), cut=2.0)
    limit = limits.limit_record(table, EPSILONS)
    assert list(limit.best) == sorted(limit.best, reverse=True)
    kept = records.rule_kept(table, table.rule, EPSILONS)
    assert list(kept) == sorted(kept, reverse=True)
    for best, known, rule in zip(limit.best, limit.known, kept, strict=True):
        assert best >= known >= max(rule, 1 - table.y.mean())


def test_without_a_rule_the_classifier_known_approves_everything(line):
    found = limits.limit_record(replace(line, rule=None), EPSILONS)
    made = limits.limit_record(line, EPSILONS)
    assert (found.best, found.population) == (made.best, None)
    assert found.known == (0.6,) * len(EPSILONS)


def test_the_rule_as_a_detector_rises_with_its_false_alarms_and_falls_with_the_tier(small_table):
    frontiers = {f.tier: f for f in records.rule_frontiers(small_table, small_table.rule, FRAUDSTERS, 0.35)}
    for f in frontiers.values():
        assert list(f.false_positive_rate) == sorted(f.false_positive_rate)
        assert list(f.caught) == sorted(f.caught)
        assert f.false_positive_rate[0] == 0
        assert f.false_positive_rate[-1] <= 0.3
        assert 0 <= f.caught[0] <= f.caught[-1] <= 1
    caught = [np.array(frontiers[tier].caught) for tier in ("T1", "T2", "T3", "T0")]
    for weaker, stronger in itertools.pairwise(caught):
        assert (stronger <= weaker).all()


def test_without_a_budget_the_rule_catches_all_frauds_at_no_false_alarm(small_table):
    assert {f.caught[0] for f in records.rule_frontiers(small_table, small_table.rule, FRAUDSTERS, 0.0)} == {
        1.0
    }


# ---------------------------------------------------------------- labels


def test_a_fraud_that_the_rule_no_longer_calls_a_fraud_did_not_get_away(line):
    clean_right = np.ones((1, 10), bool)
    clean_right[0, 9] = False  # missed before, so it cannot evade
    outcome = np.full((1, 10, 2), PROVED, np.int8)
    outcome[0, [6, 7, 8, 9, 0], 1] = BROKEN
    witness = np.full((1, 10, 1), NAN)
    witness[0, [6, 7, 8, 0], 0] = 5.9, 6.0, 7.5, 9.0  # row 0 is legitimate
    settled = {"outcome": outcome, "witness": witness}
    found = records.label_aware("standard", settled, clean_right, line.y, line.rule, "T0", 0.35, 1)
    assert (found.frauds, found.evaded, found.still_fraud) == (3, 3, 2)
    none = records.label_aware("standard", settled, clean_right, line.y, line.rule, "T0", 0.1, 0)
    assert (none.frauds, none.evaded, none.still_fraud) == (3, 0, 0)


# ---------------------------------------------------------------- a proof to be read


def test_every_copy_has_to_be_monotone_and_an_input_that_none_depends_on_is_so_both_ways():
    signs = np.array([[1, -1, EITHER, 0, 1, EITHER], [EITHER, -1, EITHER, 1, -1, -1]], np.int8)
    (found,) = records.proved_monotone({"trees": {"monotone": signs}}, "abcdef")
    assert found.rises == ("a", "c")
    assert found.falls == ("b", "c", "f")


def test_the_proof_printed_is_of_a_fraud_and_of_the_whole_box_around_it(
    small_table, small_folds, small_models
):
    proof = records.readable_proof("standard", small_models, small_folds, small_table, 0.35, ProofSpec())
    (row,) = np.flatnonzero(small_table.ids == proof.row_id)
    assert small_table.y[row] == 1
    assert row in small_folds.test_rows[0]
    assert proof.boxes == len(proof.steps) <= records.WALK_BOXES
    budget = 0.35 * small_folds.scales[0]
    np.testing.assert_allclose(proof.steps[0].lower, small_table.x[row] - budget, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(proof.steps[0].upper, small_table.x[row] + budget, rtol=1e-4, atol=1e-3)
    assert all(step.bound <= proof.margin for step in proof.steps[:1])
    assert {step.outcome for step in proof.steps} <= {"proved", "halved"}
    assert proof.steps[-1].outcome == "proved"


def test_a_model_that_catches_nothing_has_no_proof_to_print(small_table, small_folds, small_models):
    weights = small_models.weights
    last = {"weights.2": 0 * weights["weights.2"], "biases.2": 0 * weights["biases.2"] - (0, 1)}
    blind, unlabelled = (
        replace(small_models, weights=weights | last),
        replace(small_folds, y=0 * small_folds.y),
    )
    for state, folds in ((blind, small_folds), (small_models, unlabelled)):
        assert records.readable_proof("standard", state, folds, small_table, 0.35, ProofSpec()) is None

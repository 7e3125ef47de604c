"""The battery reaches the closed form where there is one, and its parts agree with each other."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.network import FraudNet
from generator.records.spec import BatterySpec
from generator.threats.evasion import battery, copies, queries
from generator.threats.evasion.battery import (
    FIRST_ROWS,
    FULL_COVERAGE,
    from_arrays,
    run_battery,
    to_arrays,
    worst_case,
)
from generator.threats.evasion.gradients import Target, pgd_margin
from generator.threats.evasion.needs import FEW_INPUTS

EPSILON = 0.35
SPEC = BatterySpec(
    restarts=2, pgd_steps=20, apgd_steps=15, search_queries=150, noise_draws=30, hop_skip_jump_rows=6,
    zoo_rows=6, tree_copy_rows=10,
)  # fmt: skip
INDIRECT = {"noise", "transfer"}
"""Not meant to reach the worst case: one is the floor, the other knows only another model."""


def _linear(weights: np.ndarray, biases: np.ndarray, folds) -> DeployedNet:
    """m = x @ weights + biases for weights (replicates, d), biases (replicates,)."""
    zero = np.zeros_like(weights)
    return DeployedNet.restored(
        {
            "weights.0": np.stack([zero, weights], 2).astype(np.float32),
            "biases.0": np.stack([np.zeros_like(biases), biases], 1)[:, None].astype(np.float32),
        },
        folds,
    )


@pytest.fixture(scope="module")
def telling(toy_folds) -> DeployedNet:
    """Linear models with some skill, the difference of class means: attacks have something to break."""
    x, y = toy_folds.train_x(), toy_folds.train_y()
    weights = np.array([a[b == 1].mean(0) - a[b == 0].mean(0) for a, b in zip(x, y, strict=True)])
    return _linear(weights, np.full(len(weights), -0.3 * np.abs(weights).sum(1).mean()), toy_folds)


@pytest.fixture(scope="module")
def on_linear(telling, toy_folds):
    return run_battery(telling, toy_folds, 1, EPSILON, SPEC, seed=9)


@pytest.fixture(scope="module")
def curved(toy_folds) -> DeployedNet:
    from generator.models.fraudnet.training import train_standard
    from generator.records.spec import TrainingSpec

    training = TrainingSpec(epochs=60, batch_size=8)
    net, _ = train_standard(toy_folds.train_x(), toy_folds.train_y(), training, np.random.default_rng(0))
    return DeployedNet.restored(net.to_arrays(), toy_folds)


@pytest.fixture(scope="module")
def on_curved(curved, toy_folds):
    return run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)


def _closed_form(model: DeployedNet, folds, seed_index: int) -> np.ndarray:
    """(n,) right at every point of the ball: the signed margin exceeds epsilon * |w|_1."""
    weights = model.arrays()["weights.0"]
    reach = EPSILON * np.abs(weights[:, :, 1] - weights[:, :, 0]).sum(1)
    sign = np.where(folds.test_y() == 1, 1, -1)
    return folds.to_rows(sign * model.margins(folds.test_raw()) > reach[:, None])[seed_index]


@pytest.mark.parametrize("attack", [name for name in FULL_COVERAGE if name not in INDIRECT])
def test_on_a_linear_model_every_direct_attack_reaches_the_closed_form(attack, telling, toy_folds, on_linear):
    expected = _closed_form(telling, toy_folds, 1)
    assert 0 < expected.sum() < len(expected)
    np.testing.assert_array_equal(on_linear[attack].right, expected)


@pytest.mark.parametrize("attack", sorted(INDIRECT))
def test_no_attack_breaks_a_row_that_cannot_be_broken(attack, telling, toy_folds, on_linear):
    assert on_linear[attack].right[_closed_form(telling, toy_folds, 1)].all()


def _of_units(*units: tuple[float, float, float]) -> DeployedNet:
    """m(x) = 1 + the sum of c relu(a x + b) over the units (a, b, c)."""
    first, bias, last = (np.array([each], np.float32) for each in zip(*units, strict=True))
    arrays = {"weights.0": first[None], "biases.0": bias[None], "weights.1": np.stack([0 * last, last], -1)}
    stack = FraudNet.from_arrays(arrays | {"biases.1": np.array([[[0, 1]]], np.float32)})
    return DeployedNet(stack, np.zeros((1, 1)), np.ones((1, 1)))


def _by_pgd(net: DeployedNet, restarts: int) -> np.ndarray:
    """(20,) where twenty frauds at 0 end that may go as far as 1."""
    x, y = np.zeros((1, 20, 1), np.float32), np.ones((1, 20), int)
    spec = SPEC.model_copy(update={"restarts": restarts})
    found, _ = pgd_margin(Target(net, None, slice(0, 1), x, y, 1.0, spec, 9, net))
    assert np.abs(found).max() <= 1
    return found[0, :, 0]


def test_restarts_of_pgd_find_the_valley_that_no_slope_leads_to():
    # the slope at 0 leads to m(1) = 0.7; to the left m(-1) = 1.3 - 4.3 x 0.8
    valley = _of_units((1, 0, -0.3), (-1, 0, 0.3), (-1, -0.2, -4.3))

    def broken(restarts: int) -> float:
        return (valley.margins(_by_pgd(valley, restarts)[None, :, None]) < 0).mean()

    assert broken(1) == 0  # from the row itself
    assert 0.1 < broken(2) < 0.9  # two starts in five lie in it
    assert broken(20) == 1


def test_where_there_is_no_slope_pgd_stays():
    for side in (1, -1):  # with a cliff on the right, or on the left
        np.testing.assert_array_equal(_by_pgd(_of_units((side, -0.5, -4.0)), 1), 0)


def test_full_coverage_attacks_run_on_every_row_once(on_curved, toy_folds):
    for attack in FULL_COVERAGE:
        np.testing.assert_array_equal(on_curved[attack].rows, np.arange(len(toy_folds.y)))


def test_nothing_counts_as_right_that_was_wrong_before(on_curved, curved, toy_folds):
    clean = toy_folds.to_rows((curved.margins(toy_folds.test_raw()) > 0) == toy_folds.test_y())[0]
    for outcome in on_curved.values():
        assert not outcome.right[~clean[outcome.rows]].any()


def test_the_worst_case_is_no_better_than_any_attack(on_curved):
    worst = worst_case(on_curved)
    for attack in FULL_COVERAGE:
        assert (worst.right <= on_curved[attack].right).all()
    assert worst.right.sum() <= min(on_curved[attack].right.sum() for attack in FULL_COVERAGE)


def test_the_direct_attacks_together_are_stronger_than_noise(on_curved):
    assert worst_case(on_curved).right.sum() < on_curved["noise"].right.sum()


def test_the_same_seed_gives_the_same_outcomes_those_of_art_included(on_curved, curved, toy_folds):
    np.random.seed(1)  # noqa: NPY002 - whatever global state there was must not matter
    again = run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)
    for attack, outcome in on_curved.items():
        np.testing.assert_array_equal(outcome.right, again[attack].right)
        assert outcome.queries == again[attack].queries
    assert min(again[name].queries for name in FIRST_ROWS) > 0


def test_the_battery_leaves_the_global_generator_alone(curved, toy_folds):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("attack", FIRST_ROWS)
def test_what_takes_rows_one_by_one_breaks_nothing_the_closed_form_protects(
    attack, telling, toy_folds, on_linear
):
    found = on_linear[attack]
    assert len(found.rows) == getattr(SPEC, f"{attack}_rows")
    assert set(found.rows) <= set(toy_folds.test_rows[3])
    assert found.right[_closed_form(telling, toy_folds, 1)[found.rows]].all()


def test_examples_of_a_substitute_cost_the_model_the_one_question_that_judges_them(on_linear):
    assert on_linear["transfer"].queries == 1


def test_zoo_finds_what_the_closed_form_says_can_be_broken(telling, toy_folds, on_linear):
    """Slopes of a linear model are its weights wherever they are estimated."""
    found = on_linear["zoo"]
    expected = _closed_form(telling, toy_folds, 1)[found.rows]
    assert 0 < expected.sum() < len(expected)
    np.testing.assert_array_equal(found.right, expected)
    # of each of the steps, two scores an input and one of the point; of the end, what ART logs
    assert 70 <= found.queries <= 80


def test_hop_skip_jump_leaves_a_model_of_one_answer_alone(toy_folds):
    constant = _linear(np.zeros((6, 3)), np.full(6, -1.0), toy_folds)
    outcomes = run_battery(constant, toy_folds, 0, EPSILON, SPEC, seed=9)
    assert outcomes["hop_skip_jump"].queries == 0
    assert outcomes["tree_copy"].queries == toy_folds.n_train
    for outcome in outcomes.values():
        np.testing.assert_array_equal(outcome.right, toy_folds.y[outcome.rows] == 0)


def test_every_proposal_is_judged_within_the_budget(curved, toy_folds, monkeypatch):
    seen = []
    judge = battery.judge

    def watched(net, folds, block, x, proposal, epsilon):
        judged = judge(net, folds, block, x, proposal, epsilon)
        seen.append((judged.violations, np.abs(judged.x_adv - x).max()))
        return judged

    monkeypatch.setattr(battery, "judge", watched)
    run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)
    assert len(seen) == len(FULL_COVERAGE) + len(FIRST_ROWS)
    assert max(distance for _, distance in seen) <= EPSILON + 1e-5


def test_outcomes_survive_the_round_trip_through_arrays(on_curved):
    back = from_arrays(to_arrays(on_curved))
    assert set(back) == set(on_curved)
    for name, outcome in on_curved.items():
        np.testing.assert_array_equal(back[name].right, outcome.right)
        np.testing.assert_array_equal(back[name].rows, outcome.rows)
        assert back[name].queries == outcome.queries


def test_a_budget_of_nothing_is_refused(curved, toy_folds):
    with pytest.raises(ValueError, match=r"the battery needs a budget above zero, not 0\.0"):
        run_battery(curved, toy_folds, 0, 0.0, SPEC, seed=9)


# ---------------------------------------------------------------- what has no slopes


@dataclass(frozen=True)
class Boosted:
    """Boosted trees of each replicate, on raw rows."""

    trees: tuple[HistGradientBoostingClassifier, ...]

    kind = "boosted"

    @property
    def replicates(self) -> int:
        return len(self.trees)

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return np.stack([one.decision_function(rows) for one, rows in zip(self.trees, raw, strict=True)])

    def select(self, replicates: slice) -> "Boosted":
        return Boosted(self.trees[replicates])


@pytest.fixture(scope="module")
def boosted(small_folds) -> Boosted:
    trees = (
        HistGradientBoostingClassifier(max_iter=20, max_depth=3, min_samples_leaf=5).fit(
            small_folds.x[rows], small_folds.y[rows]
        )
        for rows in small_folds.train_rows
    )
    return Boosted(tuple(trees))


@pytest.fixture(scope="module")
def on_boosted(boosted, small_folds):
    rows = SPEC.model_copy(update={"zoo_rows": 40, "tree_copy_rows": 40, "hop_skip_jump_rows": 2})
    return run_battery(boosted, small_folds, 0, EPSILON, rows, seed=9)


def test_what_follows_slopes_does_not_apply_to_trees_and_the_rest_does(on_boosted):
    sloped = {name for name, attack in FULL_COVERAGE.items() if "gradients" in attack.needs}
    assert set(on_boosted) == {*FULL_COVERAGE, *FIRST_ROWS} - sloped
    assert worst_case(on_boosted).right.sum() < on_boosted["noise"].right.sum()


def test_on_trees_zoo_breaks_nearly_all_that_the_search_breaks_and_the_copy_some(
    on_boosted, boosted, small_folds
):
    rows = on_boosted["zoo"].rows
    clean = small_folds.to_rows((boosted.margins(small_folds.test_raw()) > 0) == small_folds.test_y())[0][
        rows
    ]
    searched, zoo, copied = (on_boosted[name] for name in ("block_search", "zoo", "tree_copy"))
    lost = clean.sum() - searched.right[rows].sum()
    assert lost > 5
    assert clean.sum() - zoo.right.sum() >= 0.7 * lost
    assert clean.sum() - copied.right.sum() > 0


def test_no_example_of_zoo_leaves_the_budget(boosted, small_folds):
    one, first = boosted.select(slice(0, 1)), slice(0, 1)
    x, y = small_folds.test_x(first)[0, :12], small_folds.test_y(first)[0, :12]
    asked = []

    def ask(points: np.ndarray) -> np.ndarray:
        asked.append(np.abs(points[0, :, None] - x).max(2).min(1).max())
        return one.margins(small_folds.decode(points, first))

    found, _ = queries.zoo(ask, x, y, EPSILON, steps=5, seed=1, stage="test")
    assert max(asked) <= EPSILON + 1e-6
    assert 0 < np.abs(found - x).max() <= EPSILON + 1e-6


# ---------------------------------------------------------------- a copy


def test_an_example_for_the_copy_lies_just_beyond_its_threshold():
    """A model of one threshold, which the copy finds between the two rows nearest to it."""
    train = np.linspace(-1, 1, 21, dtype=np.float32)[:, None]
    found, asked = copies.decision_tree(
        lambda points: points[:, :, 0] - 0.22, train, np.array([[0.5], [-0.5]], np.float32), seed=1
    )
    np.testing.assert_allclose(found[:, 0], [0.25 - 0.001, 0.25 + 0.001], atol=1e-6)
    assert asked == 21


def test_where_art_climbs_past_the_root_of_the_copy_the_row_stays():
    """Genuine only where four inputs are low: beside the path of a row with one of them high, all else is fraud."""
    corners = np.array(list(itertools.product((-1.0, 1.0), repeat=4)), np.float32)
    weight = np.where((corners < 0).all(1), 3, 1)
    train = np.repeat(corners, weight, axis=0)

    def ask(points: np.ndarray) -> np.ndarray:
        return np.where((points < 0).all(2), -1.0, 1.0)

    rows = corners[(corners > 0).sum(1) == 1]
    found, _ = copies.decision_tree(ask, train, rows, seed=1)
    stayed = (found == rows).all(1)
    assert stayed.any()
    assert (ask(found[None])[0, ~stayed] < 0).all()


def test_a_model_of_one_answer_has_no_copy_to_attack():
    rows = np.zeros((3, 2), np.float32)
    found, _ = copies.decision_tree(lambda points: points[:, :, 0] + 1, rows, rows, seed=1)
    np.testing.assert_array_equal(found, rows)


def test_a_margin_of_zero_is_no_flag_to_the_copy():
    rows = np.array([[-1.0, 0.0], [1.0, 0.0]], np.float32)
    found, _ = copies.decision_tree(lambda points: np.minimum(points[:, :, 0], 0), rows, rows, seed=1)
    np.testing.assert_array_equal(found, rows)


# ---------------------------------------------------------------- what does not apply


def _wide(d: int) -> tuple[DeployedNet, Folds]:
    """One replicate of d inputs that judges 20 rows and trained on others."""
    rng = np.random.default_rng(d)
    rows = np.arange(20)[None]
    folds = Folds(
        train_rows=rows[:, :0], test_rows=rows, test_counts=np.array([20]), means=np.zeros((1, d)),
        scales=np.ones((1, d)), x=rng.standard_normal((20, d)), y=np.arange(20) % 2, seeds=1,
    )  # fmt: skip
    return _linear(rng.standard_normal((1, d)), np.zeros(1), folds), folds


@pytest.mark.parametrize(
    ("d", "left_out"), [(FEW_INPUTS, {"transfer"}), (FEW_INPUTS + 1, {"transfer", "corners"})]
)
def test_a_model_of_one_replicate_has_no_other_to_transfer_from_and_one_of_many_inputs_too_many_corners(
    d, left_out
):
    model, folds = _wide(d)
    found = run_battery(model, folds, 0, EPSILON, SPEC, seed=9)
    assert {*FULL_COVERAGE, *FIRST_ROWS} - set(found) == left_out
    assert (worst_case(found).right <= found["noise"].right).all()


def test_more_corners_than_can_be_visited_are_an_error():
    x = np.zeros((1, 1, FEW_INPUTS + 1), np.float32)
    with pytest.raises(
        ValueError, match=r"13 inputs has more corners than can be visited; at most 12 inputs"
    ):
        queries.corners(lambda x: x.sum(2), x, np.ones((1, 1)), EPSILON)

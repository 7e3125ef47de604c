"""The battery reaches the closed form where there is one, and its parts agree with each other."""

import numpy as np
import pytest

from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.network import FraudNet
from generator.records.spec import BatterySpec
from generator.threats import battery, queries
from generator.threats.battery import FULL_COVERAGE, from_arrays, run_battery, to_arrays, worst_case
from generator.threats.gradients import Target, pgd_margin
from generator.threats.needs import FEW_INPUTS

EPSILON = 0.35
SPEC = BatterySpec(
    restarts=2, pgd_steps=20, apgd_steps=15, search_queries=150, noise_draws=30, hop_skip_jump_rows=6
)
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


def test_the_same_seed_gives_the_same_outcomes_hop_skip_jump_included(on_curved, curved, toy_folds):
    np.random.seed(1)  # noqa: NPY002 - whatever global state there was must not matter
    again = run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)
    for attack, outcome in on_curved.items():
        np.testing.assert_array_equal(outcome.right, again[attack].right)
        assert outcome.queries == again[attack].queries
    assert again["hop_skip_jump"].queries > 0


def test_the_battery_leaves_the_global_generator_alone(curved, toy_folds):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_hop_skip_jump_breaks_nothing_the_closed_form_protects(telling, toy_folds, on_linear):
    found = on_linear["hop_skip_jump"]
    assert len(found.rows) == SPEC.hop_skip_jump_rows
    assert set(found.rows) <= set(toy_folds.test_rows[3])
    assert found.right[_closed_form(telling, toy_folds, 1)[found.rows]].all()


def test_hop_skip_jump_leaves_a_model_of_one_answer_alone(toy_folds):
    constant = _linear(np.zeros((6, 3)), np.full(6, -1.0), toy_folds)
    outcomes = run_battery(constant, toy_folds, 0, EPSILON, SPEC, seed=9)
    assert outcomes["hop_skip_jump"].queries == 0
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
    assert len(seen) == len(FULL_COVERAGE) + 1
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
    assert {*FULL_COVERAGE, "hop_skip_jump"} - set(found) == left_out
    assert (worst_case(found).right <= found["noise"].right).all()


def test_more_corners_than_can_be_visited_are_an_error():
    x = np.zeros((1, 1, FEW_INPUTS + 1), np.float32)
    with pytest.raises(
        ValueError, match=r"13 inputs has more corners than can be visited; at most 12 inputs"
    ):
        queries.corners(lambda x: x.sum(2), x, np.ones((1, 1)), EPSILON)

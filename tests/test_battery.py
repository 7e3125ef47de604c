"""The battery reaches the closed form where there is one, and its parts agree with each other."""

import numpy as np
import pytest

from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins
from generator.records.spec import BatterySpec
from generator.threats import battery
from generator.threats.battery import FULL_COVERAGE, from_arrays, run_battery, to_arrays, worst_case

EPSILON = 0.35
SPEC = BatterySpec(
    restarts=2, pgd_steps=20, apgd_steps=15, search_queries=150, noise_draws=30, hop_skip_jump_rows=6
)
INDIRECT = {"noise", "transfer"}
"""Not meant to reach the worst case: one is the floor, the other knows only another model."""


def _linear(weights: np.ndarray, biases: np.ndarray) -> FraudNet:
    """m = x @ weights + biases for weights (replicates, d), biases (replicates,)."""
    zero = np.zeros_like(weights)
    return FraudNet.from_arrays(
        {
            "weights.0": np.stack([zero, weights], 2).astype(np.float32),
            "biases.0": np.stack([np.zeros_like(biases), biases], 1)[:, None].astype(np.float32),
        }
    )


@pytest.fixture(scope="module")
def telling(toy_folds) -> FraudNet:
    """Linear models with some skill, the difference of class means: attacks have something to break."""
    x, y = toy_folds.train_x(), toy_folds.train_y()
    weights = np.array([a[b == 1].mean(0) - a[b == 0].mean(0) for a, b in zip(x, y, strict=True)])
    return _linear(weights, np.full(len(weights), -0.3 * np.abs(weights).sum(1).mean()))


@pytest.fixture(scope="module")
def on_linear(telling, toy_folds):
    return run_battery(telling, toy_folds, 1, EPSILON, SPEC, seed=9)


@pytest.fixture(scope="module")
def curved(toy_folds) -> FraudNet:
    from generator.models.fraudnet.training import train_standard
    from generator.records.spec import TrainingSpec

    training = TrainingSpec(epochs=60, batch_size=8)
    return train_standard(toy_folds.train_x(), toy_folds.train_y(), training, np.random.default_rng(0))[0]


@pytest.fixture(scope="module")
def on_curved(curved, toy_folds):
    return run_battery(curved, toy_folds, 0, EPSILON, SPEC, seed=9)


def _closed_form(net: FraudNet, folds, seed_index: int) -> np.ndarray:
    """(n,) right at every point of the ball: the signed margin exceeds epsilon * |w|_1."""
    weights = net.to_arrays()["weights.0"]
    reach = EPSILON * np.abs(weights[:, :, 1] - weights[:, :, 0]).sum(1)
    sign = np.where(folds.test_y() == 1, 1, -1)
    return folds.to_rows(sign * margins(net, folds.test_x()) > reach[:, None])[seed_index]


@pytest.mark.parametrize("attack", [name for name in FULL_COVERAGE if name not in INDIRECT])
def test_on_a_linear_model_every_direct_attack_reaches_the_closed_form(attack, telling, toy_folds, on_linear):
    expected = _closed_form(telling, toy_folds, 1)
    assert 0 < expected.sum() < len(expected)
    np.testing.assert_array_equal(on_linear[attack].right, expected)


@pytest.mark.parametrize("attack", sorted(INDIRECT))
def test_no_attack_breaks_a_row_that_cannot_be_broken(attack, telling, toy_folds, on_linear):
    assert on_linear[attack].right[_closed_form(telling, toy_folds, 1)].all()


def test_full_coverage_attacks_run_on_every_row_once(on_curved, toy_folds):
    for attack in FULL_COVERAGE:
        np.testing.assert_array_equal(on_curved[attack].rows, np.arange(len(toy_folds.y)))


def test_nothing_counts_as_right_that_was_wrong_before(on_curved, curved, toy_folds):
    clean = toy_folds.to_rows((margins(curved, toy_folds.test_x()) > 0) == toy_folds.test_y())[0]
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
    constant = _linear(np.zeros((6, 3)), np.full(6, -1.0))
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

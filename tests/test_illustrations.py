"""Single transactions under attack, on linear models where every number is known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from generator.models.fraudnet.deployed import DeployedNet
from generator.records.spec import AttackSpec
from generator.threats.evasion.illustrations import Evasion, evade, examples, movements, walkthrough

SPEC = AttackSpec()
EPSILON = 0.5
WEIGHTS = np.array([1.0, -2.0, 0.5])
IDS = np.array([f"T{i:03d}" for i in range(40)])


def _linear(folds, bias: float) -> DeployedNet:
    """Fraud margin x1 - 2 x2 + x3 / 2 + bias in every replicate."""
    weights = np.zeros((folds.replicates, 3, 2), dtype=np.float32)
    weights[..., 1] = WEIGHTS
    biases = np.zeros((folds.replicates, 1, 2), dtype=np.float32)
    biases[..., 1] = bias
    return DeployedNet.restored({"weights.0": weights, "biases.0": biases}, folds)


@pytest.fixture
def net(toy_folds) -> DeployedNet:
    return _linear(toy_folds, bias=0.3)


@pytest.fixture
def evasion(net, toy_folds):
    return evade(net, toy_folds, "fgsm", SPEC, EPSILON)


def test_a_fraud_evades_where_its_margin_is_positive_and_below_epsilon_times_the_norm(evasion, toy_folds):
    x, y = toy_folds.test_x().astype(np.float64), toy_folds.test_y()
    margin = x @ WEIGHTS + 0.3
    expected = (y == 1) & (margin > 0) & (margin <= EPSILON * 3.5)
    for r, count in enumerate(toy_folds.test_counts):
        expected[r, count:] = False  # repeated rows count once
    np.testing.assert_array_equal(evasion.evaded, expected)
    assert expected.sum() > 3


def test_every_evaded_fraud_moves_by_one_epsilon_against_the_weights(evasion, toy_folds, toy_features):
    replicate = np.nonzero(evasion.evaded)[0]
    scales = toy_folds.scales[replicate]
    changes = -np.sign(WEIGHTS) * EPSILON * scales.mean(0)
    for j, moved in enumerate(movements(evasion, "standard", toy_features)):
        assert (moved.feature, moved.model) == (toy_features[j].name, "standard")
        assert moved.mean_change == pytest.approx(changes[j], rel=1e-5)
        assert moved.mean_absolute_change == pytest.approx(abs(changes[j]), rel=1e-5)
        assert moved.share_up == (1.0 if WEIGHTS[j] < 0 else 0.0)
        assert moved.rows == len(replicate)


def test_movements_are_counted_over_the_frauds_that_got_away_alone(toy_features):
    before = np.zeros((1, 6, 1))
    after = before + np.array([0.5, -0.25, 0.5, 0.0, 9.0, -9.0])[:, None]
    got_away = np.array([[True] * 4 + [False] * 2])
    (moved,) = movements(Evasion(before, before, after, before, after, got_away), "m", toy_features[:1])
    assert (moved.mean_change, moved.mean_absolute_change) == (0.1875, 0.3125)
    assert (moved.share_up, moved.rows) == (0.5, 4)


def test_examples_are_real_frauds_of_the_first_seed_caught_before_and_missed_after(
    evasion, toy_folds, toy_table, toy_features
):
    shown = examples(
        evasion, toy_folds, IDS, toy_features, model="standard", attack="fgsm", epsilon=EPSILON, count=3
    )
    assert 1 <= len(shown) <= 3
    assert len({e.row_id for e in shown}) == len(shown)
    scores = [e.probability_before for e in shown]
    assert scores == sorted(scores)
    for example in shown:
        row = IDS.tolist().index(example.row_id)
        assert toy_table[1][row] == 1
        assert list(example.before.values()) == toy_table[0][row].tolist()
        assert example.probability_after <= 0.5 < example.probability_before
        up = [example.after[f.name] > example.before[f.name] for f in toy_features]
        assert up == [False, True, False]


def test_the_walkthrough_is_the_closed_form_of_fgsm_on_its_row(net, evasion, toy_folds, toy_features):
    steps = walkthrough(net, evasion, toy_folds, IDS, toy_features, EPSILON)
    row = IDS.tolist().index(steps.row_id)
    (replicate,) = (r for r in range(3) if row in toy_folds.test_rows[r])
    scaled = (toy_folds.x[row] - toy_folds.means[replicate]) / toy_folds.scales[replicate]
    margin = scaled @ WEIGHTS + 0.3
    p, q = 1 / (1 + math.exp(-margin)), 1 / (1 + math.exp(-(margin - EPSILON * 3.5)))
    assert steps.probability_before == pytest.approx(p, abs=1e-6)
    assert steps.probability_after == pytest.approx(q, abs=1e-6)
    assert steps.loss_before == pytest.approx(-math.log(p), abs=1e-6)
    assert steps.loss_after == pytest.approx(-math.log(q), abs=1e-6)
    for j, step in enumerate(steps.features):
        assert step.raw == toy_folds.x[row, j]
        assert step.scaled == pytest.approx(scaled[j], abs=1e-6)
        assert step.gradient == pytest.approx(-(1 - p) * WEIGHTS[j], abs=1e-6)
        assert step.step == -np.sign(WEIGHTS[j]) * EPSILON
        expected = step.raw + step.step * toy_folds.scales[replicate, j]
        assert step.raw_attacked == pytest.approx(expected, abs=1e-5 * toy_folds.scales[replicate, j])


def test_where_no_fraud_gets_away_there_is_nothing_to_show(toy_folds, toy_features):
    deaf = evade(_linear(toy_folds, bias=-100), toy_folds, "fgsm", SPEC, EPSILON)
    assert not deaf.evaded.any()
    assert movements(deaf, "standard", toy_features) == ()
    assert (
        examples(deaf, toy_folds, IDS, toy_features, model="standard", attack="fgsm", epsilon=EPSILON) == ()
    )
    assert walkthrough(_linear(toy_folds, -100), deaf, toy_folds, IDS, toy_features, EPSILON) is None


def test_a_single_evaded_fraud_is_enough_for_examples_and_walkthrough(net, evasion, toy_folds, toy_features):
    one = np.zeros_like(evasion.evaded)
    one[tuple(np.argwhere(evasion.evaded)[0])] = True
    alone = replace(evasion, evaded=one)
    (shown,) = examples(alone, toy_folds, IDS, toy_features, model="standard", attack="fgsm", epsilon=EPSILON)
    assert walkthrough(net, alone, toy_folds, IDS, toy_features, EPSILON).row_id == shown.row_id


def test_the_stack_keeps_its_gradients_to_itself(net, evasion, toy_folds, toy_features):
    walkthrough(net, evasion, toy_folds, IDS, toy_features, EPSILON)
    assert all(p.grad is None for p in net.stack.parameters())
    assert isinstance(net.stack.weights[0], torch.nn.Parameter)

"""The search and HiGHS, two methods that share nothing but the question, give the same answers."""

import itertools

import numpy as np
import pytest

from generator.engine.seeding import stage_rng
from generator.models.fraudnet.hardening import ascend, harden
from generator.models.fraudnet.training import margins as deployed_margins
from generator.models.fraudnet.training import train_standard
from generator.proofs import milp
from generator.proofs.relu import search
from generator.proofs.relu.network import from_arrays, margins
from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED, Lattice
from generator.records.spec import HardeningSpec, TrainingSpec


def random_network(seed: int, d: int):
    rng = np.random.default_rng(seed)
    arrays = {}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise((d, 12, 8, 2))):
        arrays[f"weights.{i}"] = 1.5 * rng.standard_normal((1, fan_in, fan_out)) / np.sqrt(fan_in)
        arrays[f"biases.{i}"] = 0.3 * rng.standard_normal((1, 1, fan_out))
    return from_arrays(arrays, 0), rng


@pytest.fixture(scope="module")
def trained():
    """800 rows of five features, fraud where a bent score is high, and two models: standard, masked."""
    rng = np.random.default_rng(11)
    x = rng.standard_normal((800, 5)).astype(np.float32)
    score = x @ (0.8, -0.5, 0.6, 0.4, -0.7) + 0.5 * np.maximum(x[:, 0], 0) * np.maximum(x[:, 2], 0)
    y = (score > np.quantile(score, 0.8)).astype(np.int64)
    training = TrainingSpec(seeds=1, folds=2, epochs=15)
    hardening = HardeningSpec(rounds=5, epochs_per_round=10)
    standard, _ = train_standard(x[None], y[None], training, stage_rng(1, "train"))
    rounds = harden(
        "accumulating_fgsm", standard, x[None], y[None], training, hardening, stage_rng(1, "harden")
    )
    return x, y, {"standard": standard, "masked": rounds[-1].net}


@pytest.mark.parametrize("seed", range(4))
def test_both_agree_on_random_networks(seed):
    net, rng = random_network(seed, 4)
    x, y = rng.standard_normal((15, 4)), rng.integers(0, 2, 15)
    reach = rng.uniform(0, 0.6, (2, 15, 4))
    threshold = rng.uniform(-0.3, 0.3)
    box = x - reach[0], x + reach[1]
    ours = search.verify(net, *box, y, threshold=threshold)
    theirs = milp.verify(net, *box, y, threshold=threshold, tight=bool(seed % 2))
    assert set(ours.outcome) == {PROVED, BROKEN}
    np.testing.assert_array_equal(ours.outcome, theirs.outcome)
    proved = ours.outcome == PROVED
    assert (ours.margin[proved] <= theirs.margin[proved] + 1e-4).all()


@pytest.mark.parametrize(("model", "epsilon"), [("standard", 0.35), ("masked", 0.25)])
def test_both_agree_on_every_row_of_a_trained_model(trained, model, epsilon):
    x, y, nets = trained
    net = from_arrays(nets[model].to_arrays(), 0)
    x, y = x[:60].astype(float), y[:60]
    ours = search.verify(net, x - epsilon, x + epsilon, y)
    theirs = milp.verify(net, x - epsilon, x + epsilon, y)
    assert {PROVED, BROKEN} == set(ours.outcome)
    np.testing.assert_array_equal(ours.outcome, theirs.outcome)
    assert search.replay(net, theirs.witness, y)[theirs.outcome == BROKEN].all()


def test_the_masked_model_fools_the_attack_it_was_trained_on_and_not_the_proof(trained):
    import torch

    x, y, nets = trained
    x_adv = ascend(nets["masked"], torch.from_numpy(x), torch.from_numpy(y), epsilon=0.35)
    attacked = ((deployed_margins(nets["masked"], x_adv.numpy()[None])[0] > 0) == (y == 1)).mean()
    verdicts = search.verify(from_arrays(nets["masked"].to_arrays(), 0), x - 0.35, x + 0.35, y)
    assert (verdicts.outcome != UNRESOLVED).all()
    assert attacked - (verdicts.outcome == PROVED).mean() > 0.05


def test_what_is_proved_or_witnessed_holds_in_the_deployed_float32_model(trained):
    x, y, nets = trained
    for net in nets.values():
        verdicts = search.verify(from_arrays(net.to_arrays(), 0), x - 0.2, x + 0.2, y)
        broken = (verdicts.outcome == BROKEN) & (verdicts.margin <= -search.TAU)
        assert broken.sum() >= (verdicts.outcome == BROKEN).sum() - 1
        fooled = deployed_margins(net, verdicts.witness[broken].astype(np.float32)[None])[0] > 0
        assert (fooled != (y[broken] == 1)).all()
        proved = verdicts.outcome == PROVED
        rng = np.random.default_rng(0)
        for _ in range(50):
            moved = x + np.float32(0.2) * rng.choice([-1, 1], x.shape).astype(np.float32)
            flagged = deployed_margins(net, moved[None])[0] > 0
            assert (flagged[proved] == (y[proved] == 1)).all()


def test_both_agree_on_lattices_and_fixed_features():
    net, rng = random_network(21, 4)
    lattice = Lattice(rng.uniform(-0.2, 0.2, 4), np.array([0.25, 0.0, 0.4, 0.0]))
    x, y = rng.standard_normal((20, 4)), rng.integers(0, 2, 20)
    whole = lattice.step > 0
    x[:, whole] = (lattice.offset + lattice.step * np.rint(x))[:, whole]
    reach = np.array([0.8, 0.5, 0.9, 0.0])
    y = (margins(net, x) > 0).astype(int)
    ours = search.verify(net, x - reach, x + reach, y, lattice=lattice)
    theirs = milp.verify(net, x - reach, x + reach, y, lattice=lattice)
    np.testing.assert_array_equal(ours.outcome, theirs.outcome)
    broken = theirs.outcome == BROKEN
    assert broken.any()
    np.testing.assert_array_equal(theirs.witness[broken][:, 3], x[broken][:, 3])


def test_out_of_time_is_unresolved(trained):
    x, y, nets = trained
    net = from_arrays(nets["masked"].to_arrays(), 0)
    verdicts = milp.verify(net, x[:3] - 1.0, x[:3] + 1.0, y[:3], time_limit=0.0)
    assert not (verdicts.outcome == PROVED).any()


def test_a_box_without_a_lattice_point_is_called_empty():
    net, _ = random_network(1, 1)
    lattice = Lattice(np.zeros(1), np.ones(1))
    with pytest.raises(RuntimeError, match="row 0"):
        milp.verify(net, np.array([[0.2]]), np.array([[0.8]]), np.array([1]), lattice=lattice)


def affine(slope: float, constant: float):
    """m = slope x + constant for x >= -5: both ReLUs are on there."""
    one, zero = np.ones((1, 1, 1)), np.zeros((1, 1, 1))
    return from_arrays(
        {
            "weights.0": one, "biases.0": 5 * one, "weights.1": one, "biases.1": zero,
            "weights.2": np.array([[[0.0, slope]]]), "biases.2": np.array([[[5.0 * slope, constant]]]),
        },
        0,
    )  # fmt: skip


def test_a_row_whose_box_bends_no_relu_needs_no_binary_and_is_proved_by_the_linear_program():
    # m = x + 2 on [-1, 1], worst at -1, where it is 1
    net = affine(1.0, 2.0)
    found = milp.verify(net, np.array([[-1.0]]), np.array([[1.0]]), np.array([1]))
    assert found.outcome[0] == PROVED
    assert found.margin[0] == pytest.approx(1.0)


@pytest.mark.parametrize(("tau", "outcome"), [(1.0, BROKEN), (0.75, PROVED)])
@pytest.mark.parametrize("tight", [True, False])
def test_a_worst_margin_that_is_just_tau_is_broken_and_any_more_is_proved(tau, outcome, tight):
    """m = x + 2 on [-1, 1]: the worst is 1, at -1; every number here is exact in binary."""
    box = np.array([[-1.0]]), np.array([[1.0]])
    found = milp.verify(affine(1.0, 2.0), *box, np.array([1]), tau=tau, tight=tight)
    assert found.outcome.tolist() == [outcome]
    assert found.margin.tolist() == [1.0]
    np.testing.assert_array_equal(found.witness, [[-1.0 if outcome == BROKEN else np.nan]])

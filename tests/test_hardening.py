"""Each recipe does what its name says, and says how much it cost."""

import numpy as np
import pytest
import torch
from art.attacks.evasion import FastGradientMethod
from art.estimators.classification import PyTorchClassifier

from generator.models.fraudnet.hardening import RECIPES, ascend, harden
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import Trainer, margins, train_standard
from generator.records.spec import HardeningSpec, TrainingSpec
from generator.threats.evasion.attacks import as_art

N = 30
TRAINING = TrainingSpec(epochs=5, batch_size=8)
SPEC = HardeningSpec(rounds=3, epochs_per_round=2, epsilons=(0.1, 0.3), pgd_epsilon=0.4, pgd_steps=4)

# 30 rows, 2 budgets; 2 epochs a round, batches of 8: 4, 12, 20 and 27 batches for 30, 90, 150 and 210 rows
COSTS = {
    "accumulating_fgsm": ([90, 150, 210], [24, 62, 116]),
    "current_round_fgsm": ([90, 90, 90], [24, 48, 72]),
    "half_batch_fgsm": ([30, 30, 30], [8, 16, 24]),
    "extra_epochs": ([90, 150, 210], [24, 62, 116]),
    "pgd_ramp": ([30, 30, 30], [8, 16, 24]),
}
"""Recipe -> training rows and gradient steps of each round."""


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(2).standard_normal((2, N, 3)).astype(np.float32)
    return x, (x[..., 0] + x[..., 1] > 0).astype(np.int64)


@pytest.fixture(scope="module")
def standard(rows) -> FraudNet:
    return train_standard(*rows, TRAINING, np.random.default_rng(0))[0]


def _harden(recipe, standard, rows, spec=SPEC, seed=1):
    return harden(recipe, standard, *rows, TRAINING, spec, np.random.default_rng(seed))


def _random_rows(seed: int, replicates: int, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((replicates * n, 4)).astype(np.float32)
    return torch.from_numpy(x), torch.from_numpy(rng.integers(0, 2, replicates * n))


# ---------------------------------------------------------------- ascend


@pytest.mark.parametrize("seed", range(4))
def test_one_step_up_the_loss_is_the_fast_gradient_method_of_art(seed):
    net = FraudNet(3, 4).initialise(torch.Generator().manual_seed(seed)).requires_grad_(False)
    x, y = _random_rows(seed, 3, 20)
    ours = ascend(net, x, y, epsilon=0.35)
    theirs = FastGradientMethod(as_art(net, PyTorchClassifier), eps=0.35, batch_size=len(x)).generate(
        x.numpy(), y.numpy()
    )
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("steps", [1, 7])
def test_a_budget_of_zero_returns_the_rows(steps):
    net = FraudNet(2, 4).initialise(torch.Generator().manual_seed(0))
    x, y = _random_rows(0, 2, 5)
    assert ascend(net, x, y, epsilon=0.0, steps=steps) is x


@pytest.mark.parametrize("step", [0.01, 0.1, 5.0, None])
def test_many_steps_stay_within_the_budget(step):
    net = FraudNet(2, 4).initialise(torch.Generator().manual_seed(0))
    x, y = _random_rows(0, 2, 30)
    x_adv = ascend(net, x, y, epsilon=0.2, steps=9, step=step)
    assert (x_adv.double() - x.double()).abs().max() <= 0.2 * (1 + 1e-6)


@pytest.mark.parametrize("steps", [1, 4])
def test_on_a_linear_model_the_climb_ends_in_the_corner_against_the_true_class(steps):
    net = FraudNet.from_arrays(
        {
            "weights.0": np.array([[[0.0, 1.0], [0.0, -2.0]]], dtype=np.float32),
            "biases.0": np.zeros((1, 1, 2), dtype=np.float32),
        }
    )
    x, y = torch.tensor([[0.5, 0.5], [0.5, 0.5]]), torch.tensor([1, 0])
    x_adv = ascend(net, x, y, epsilon=0.25, steps=steps, step=0.25 / (steps - 0.5))
    # the fraud margin is x1 - 2 x2: fraud goes down and up, the legitimate row up and down
    if steps > 1:
        torch.testing.assert_close(x_adv, torch.tensor([[0.25, 0.75], [0.75, 0.25]]))
    else:
        torch.testing.assert_close(x_adv, torch.tensor([[0.0, 1.0], [1.0, 0.0]]))


def test_climbing_leaves_no_gradient_behind():
    net = FraudNet(2, 4).initialise(torch.Generator().manual_seed(0))
    x, y = _random_rows(0, 2, 5)
    assert not ascend(net, x, y, epsilon=0.1, steps=3, step=0.05).requires_grad
    assert all(p.grad is None for p in net.parameters())


# ---------------------------------------------------------------- what every recipe keeps


def test_an_unknown_recipe_is_answered_with_the_known_ones(standard, rows):
    with pytest.raises(ValueError, match=r"unknown recipe 'dropout'; known: .*accumulating_fgsm"):
        _harden("dropout", standard, rows)


@pytest.mark.parametrize("recipe", COSTS)
def test_rounds_are_numbered_from_one(recipe, standard, rows):
    assert [state.round for state in _harden(recipe, standard, rows)] == [1, 2, 3]


@pytest.mark.parametrize("recipe", COSTS)
def test_the_standard_models_stay_as_they_were(recipe, standard, rows):
    before = standard.to_arrays()
    _harden(recipe, standard, rows)
    for name, array in standard.to_arrays().items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("recipe", COSTS)
def test_the_training_rows_stay_as_they_were(recipe, standard, rows):
    x, y = rows[0].copy(), rows[1].copy()
    _harden(recipe, standard, (x, y))
    np.testing.assert_array_equal(x, rows[0])
    np.testing.assert_array_equal(y, rows[1])


@pytest.mark.parametrize("recipe", [r for r in COSTS if r != "pgd_ramp"])  # its ramp depends on the rounds
def test_the_second_round_of_three_is_where_two_rounds_end(recipe, standard, rows):
    three = [state.net.to_arrays() for state in _harden(recipe, standard, rows)]
    two = _harden(recipe, standard, rows, SPEC.model_copy(update={"rounds": 2}))[-1].net.to_arrays()
    for name, array in two.items():
        np.testing.assert_array_equal(array, three[1][name])
        assert not np.array_equal(array, three[2][name])


@pytest.mark.parametrize("recipe", COSTS)
def test_hardening_twice_with_one_seed_is_bit_equal(recipe, standard, rows):
    one, other = (_harden(recipe, standard, rows)[-1].net.to_arrays() for _ in range(2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


# ---------------------------------------------------------------- what each recipe costs


@pytest.mark.parametrize("recipe", COSTS)
def test_training_rows_and_gradient_steps_are_as_worked_by_hand(recipe, standard, rows):
    states = _harden(recipe, standard, rows)
    training_rows, gradient_steps = COSTS[recipe]
    assert [state.training_rows for state in states] == training_rows
    assert [state.gradient_steps for state in states] == gradient_steps


# ---------------------------------------------------------------- what each recipe trains on


class _Watched(Trainer):
    """A trainer that keeps every batch it stepped on, as (replicates, rows, d)."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.batches = []

    def _step(self, x, y):
        self.batches.append(
            (x.view(self.net.replicates, -1, x.shape[1]).clone(), y.view(self.net.replicates, -1))
        )
        super()._step(x, y)


def _moved(recipe: str, spec: HardeningSpec) -> list[np.ndarray]:
    """How far each row of each batch is from its clean row, L-infinity: (replicates, rows) a batch.

    A linear model: gradients are nowhere zero. Rows lie 2 apart, budgets are below 1, so the
    nearest clean row is the one.
    """
    clean = (2 * torch.arange(8.0))[None, :, None].expand(2, 8, 3).contiguous()
    net = FraudNet.from_arrays(
        {
            "weights.0": np.full((2, 3, 2), (0.0, 1e-4), dtype=np.float32),
            "biases.0": np.zeros((2, 1, 2), dtype=np.float32),
        }
    )
    y = torch.tensor([[0, 1] * 4] * 2)
    training = TrainingSpec(batch_size=4, learning_rate=1e-9)
    trainer = _Watched(net, training, np.random.default_rng(0))
    list(RECIPES[recipe](trainer, clean, y, spec))
    return [
        (batch[:, :, None] - clean[:, None]).abs().amax(3).amin(2).numpy() for batch, _ in trainer.batches
    ]


TWO_ROUNDS = HardeningSpec(rounds=2, epochs_per_round=1, epsilons=(0.25, 0.5), pgd_epsilon=0.5, pgd_steps=2)


def _counts(batches: list[np.ndarray]) -> dict[float, int]:
    values, counts = np.unique(np.concatenate(batches, axis=1)[0].round(3), return_counts=True)
    return dict(zip(values.tolist(), counts.tolist(), strict=True))


def test_accumulating_trains_on_clean_rows_and_the_examples_of_all_rounds_so_far():
    batches = _moved("accumulating_fgsm", TWO_ROUNDS)  # 8 rows: 24 and 40 a round, batches of 4
    assert _counts(batches[:6]) == {0.0: 8, 0.25: 8, 0.5: 8}
    assert _counts(batches[6:]) == {0.0: 8, 0.25: 16, 0.5: 16}


def test_the_current_round_reading_forgets_earlier_examples():
    batches = _moved("current_round_fgsm", TWO_ROUNDS)
    assert _counts(batches[:6]) == _counts(batches[6:]) == {0.0: 8, 0.25: 8, 0.5: 8}


def test_half_of_each_batch_is_attacked_and_the_budgets_take_turns():
    batches = _moved("half_batch_fgsm", TWO_ROUNDS)
    assert [_counts([batch]) for batch in batches] == [{0.0: 2, 0.25: 2}, {0.0: 2, 0.5: 2}] * 2


def test_the_ablation_trains_on_clean_rows_only():
    batches = _moved("extra_epochs", TWO_ROUNDS)
    assert _counts(batches[:6]) == {0.0: 24}
    assert _counts(batches[6:]) == {0.0: 40}


def test_the_budget_of_pgd_training_rises_evenly_to_the_last_round_and_stays():
    three = TWO_ROUNDS.model_copy(update={"rounds": 3})
    reached = [_counts([batch]) for batch in _moved("pgd_ramp", three)]  # two batches a round
    assert reached == [{0.125: 4}, {0.25: 4}, {0.375: 4}, {0.5: 4}, {0.5: 4}, {0.5: 4}]


def test_hardening_makes_a_model_that_holds_better_under_the_attack_it_trained_on():
    """A wide-margin feature and a narrow one: only hardening learns to rely on the wide one."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], (1, 100))
    sign = np.where(y == 1, 1.0, -1.0)
    x = np.stack([sign * 0.2 + rng.normal(0, 0.02, y.shape), sign + rng.normal(0, 0.3, y.shape)], 2)
    x = x.astype(np.float32)
    weak = train_standard(x, y, TRAINING, np.random.default_rng(0))[0]
    spec = HardeningSpec(rounds=3, epochs_per_round=10, pgd_epsilon=0.5, pgd_steps=7)
    strong = harden("pgd_ramp", weak, x, y, TRAINING, spec, np.random.default_rng(0))[-1].net

    def robust(net):
        x_adv = ascend(net, torch.from_numpy(x[0]), torch.from_numpy(y[0]), epsilon=0.5, steps=20, step=0.1)
        return ((margins(net, x_adv.numpy()[None]) > 0) == y).mean()

    assert robust(strong) > robust(weak) + 0.05

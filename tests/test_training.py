"""A stack trains each replicate as it would train alone, and the same each time."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import Adam, Trainer, margins, train_standard
from generator.records.spec import TrainingSpec


def _data(replicates: int, n: int, d: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(11)
    x = rng.standard_normal((replicates, n, d)).astype(np.float32)
    return x, (x.sum(2) + 0.5 * rng.standard_normal((replicates, n)) > 0).astype(np.int64)


def test_two_trainings_with_one_seed_are_bit_equal_and_another_seed_differs():
    x, y = _data(3, 100)
    one, same, other = (
        train_standard(x, y, TrainingSpec(epochs=3), np.random.default_rng(seed))[0].to_arrays()
        for seed in (1, 1, 2)
    )
    for name, array in one.items():
        np.testing.assert_array_equal(array, same[name])
        assert not np.array_equal(array, other[name])


def test_a_replicate_learns_the_same_whatever_its_neighbours_learn():
    x, y = _data(3, 90)
    other_x, other_y = x.copy(), y.copy()
    other_x[1], other_y[1] = 5.0, 1 - y[1]
    spec = TrainingSpec(epochs=3)
    ours = train_standard(x, y, spec, np.random.default_rng(1))[0].to_arrays()
    theirs = train_standard(other_x, other_y, spec, np.random.default_rng(1))[0].to_arrays()
    for name, array in ours.items():
        np.testing.assert_array_equal(array[[0, 2]], theirs[name][[0, 2]])
        assert not np.array_equal(array[1], theirs[name][1])


def test_each_replicate_ends_where_a_plain_torch_network_trained_alone_ends():
    """Whole-batch training in float64, so that neither batch order nor rounding matters."""
    x, y = _data(2, 40)
    spec = TrainingSpec(epochs=30, batch_size=40)
    stack = FraudNet(2, 3, (4,)).initialise(torch.Generator().manual_seed(0)).double()
    start = stack.to_arrays()
    Trainer(stack, spec, np.random.default_rng(0)).fit(
        torch.from_numpy(x).double(), torch.from_numpy(y), spec.epochs
    )
    for replicate in range(2):
        alone = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).double()
        for layer, linear in enumerate((alone[0], alone[2])):
            linear.weight.data = torch.from_numpy(start[f"weights.{layer}"][replicate].T.copy())
            linear.bias.data = torch.from_numpy(start[f"biases.{layer}"][replicate, 0].copy())
        optimiser = torch.optim.Adam(alone.parameters(), lr=spec.learning_rate)
        for _ in range(spec.epochs):
            optimiser.zero_grad()
            functional.cross_entropy(
                alone(torch.from_numpy(x[replicate]).double()), torch.from_numpy(y[replicate])
            ).backward()
            optimiser.step()
        for layer, linear in enumerate((alone[0], alone[2])):
            trained = stack.weights[layer][replicate].T
            torch.testing.assert_close(trained, linear.weight, rtol=0, atol=1e-9)


def test_steps_of_the_optimiser_are_those_of_torch():
    """The same gradients, unlike in size by ten orders of magnitude, to Adam here and there."""
    ours, theirs = (FraudNet(2, 3).initialise(torch.Generator().manual_seed(0)) for _ in range(2))
    one, other = Adam(ours, 0.01), torch.optim.Adam(theirs.parameters(), lr=0.01)
    generator = torch.Generator().manual_seed(1)
    for step in range(20):
        gradients = [
            torch.randn(p.shape, generator=generator) * 10.0 ** (-step % 10) for p in theirs.parameters()
        ]
        for parameter, gradient in zip(theirs.parameters(), gradients, strict=True):
            parameter.grad = gradient
        other.step()
        one.step([gradient.numpy() for gradient in gradients])
    for mine, torchs in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, torchs, rtol=0, atol=1e-6)


def test_separable_data_is_learned_to_the_last_row():
    rng = np.random.default_rng(0)
    y = np.tile([0, 1], (2, 50))
    x = rng.uniform(-1, 1, (2, 100, 2)).astype(np.float32)
    x[..., 0] += np.where(y == 1, 2.0, -2.0)
    net, _ = train_standard(x, y, TrainingSpec(), np.random.default_rng(0))
    np.testing.assert_array_equal(margins(net, x) > 0, y == 1)


@pytest.mark.parametrize(("n", "batch", "epochs"), [(10, 4, 3), (8, 4, 2), (3, 64, 5)])
def test_gradient_steps_are_epochs_times_batches(n, batch, epochs):
    x, y = _data(2, n)
    spec = TrainingSpec(epochs=epochs, batch_size=batch)
    assert train_standard(x, y, spec, np.random.default_rng(0))[1] == epochs * math.ceil(n / batch)


def _batches(replicates: int, n: int, epochs: int) -> list[np.ndarray]:
    """The row numbers (replicates, rows) of every batch, read from inputs that are row numbers."""
    seen = []

    def look(net, batch_x, batch_y):
        seen.append(batch_x.view(replicates, -1).numpy().astype(int))
        return batch_x

    x = torch.arange(float(n)).repeat(replicates, 1)[..., None]
    net = FraudNet(replicates, 1)
    trainer = Trainer(net.initialise(torch.Generator()), TrainingSpec(batch_size=4), np.random.default_rng(0))
    trainer.fit(x, torch.zeros(replicates, n, dtype=torch.int64), epochs, look)
    return seen


def test_every_row_is_seen_once_an_epoch_in_an_order_of_each_replicates_own():
    seen = _batches(replicates=2, n=10, epochs=2)
    assert [batch.shape for batch in seen] == [(2, 4), (2, 4), (2, 2)] * 2
    epochs = [np.concatenate(seen[:3], axis=1), np.concatenate(seen[3:], axis=1)]
    orders = [tuple(order) for epoch in epochs for order in epoch]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len(set(orders)) == 4


def test_a_batch_made_on_the_fly_keeps_each_row_with_its_class():
    x, _ = _data(2, 30)
    y = (x[..., 0] > 0).astype(np.int64)

    def look(net, batch_x, batch_y):
        torch.testing.assert_close((batch_x[:, 0] > 0).long(), batch_y)
        return batch_x

    net = FraudNet(2, 3).initialise(torch.Generator().manual_seed(0))
    Trainer(net, TrainingSpec(batch_size=8), np.random.default_rng(0)).fit(
        torch.from_numpy(x), torch.from_numpy(y), 2, look
    )


def test_the_margin_is_the_fraud_logit_minus_the_legitimate_one():
    net = FraudNet.from_arrays(
        {
            "weights.0": np.array([[[1.0, 3.0]], [[2.0, 1.0]]], dtype=np.float32),
            "biases.0": np.array([[[0.5, 0.0]], [[0.0, 4.0]]], dtype=np.float32),
        }
    )
    x = np.array([[[1.0], [-1.0]], [[1.0], [5.0]]], dtype=np.float32)
    # 2x - 0.5 in the first replicate, 4 - x in the second
    np.testing.assert_allclose(margins(net, x), [[1.5, -2.5], [3.0, -1.0]])

"""Training a stack: Adam on cross-entropy, every replicate with its own rows and its own batch order."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from generator.models.fraudnet import FraudNet
from generator.records.spec import TrainingSpec

MakeBatch = Callable[[FraudNet, torch.Tensor, torch.Tensor], torch.Tensor]
"""Turns a batch (replicates * rows, d) and its classes into the batch to learn from."""

BatchLoss = Callable[[FraudNet, torch.Tensor, torch.Tensor], torch.Tensor]
"""The loss of a batch (replicates * rows, d) and its classes, summed over rows."""


def cross_entropy(net: FraudNet, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(net(x), y, reduction="sum")


class Trainer:
    """One stack and its optimiser, whose state lasts from the first epoch to the last round of hardening.

    A recipe may put its own loss in the place of `batch_loss`.
    """

    def __init__(self, net: FraudNet, spec: TrainingSpec, rng: np.random.Generator):
        self.net, self.spec = net, spec
        self.generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        # apart from the batch order, so that a recipe that draws sees the batches of one that does not
        self.noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self.batch_loss: BatchLoss = cross_entropy
        self.optimiser = torch.optim.Adam(net.parameters(), lr=spec.learning_rate, fused=True)
        self.gradient_steps = 0

    def fit(self, x: torch.Tensor, y: torch.Tensor, epochs: int, make_batch: MakeBatch | None = None):
        """Train on x (replicates, n, d), y (replicates, n) for `epochs` passes.

        The loss is the mean over a batch for each replicate, summed over replicates: the
        replicates share no weights, so each gets the gradient it would have had alone.
        """
        replicates, n, d = x.shape
        for _ in range(epochs):
            # argsort of uniform numbers: a permutation of its own for every replicate
            order = torch.rand(replicates, n, generator=self.generator).argsort(1)
            shuffled_x = x.gather(1, order[:, :, None].expand(-1, -1, d))
            shuffled_y = y.gather(1, order)
            for start in range(0, n, self.spec.batch_size):
                batch_x = shuffled_x[:, start : start + self.spec.batch_size].reshape(-1, d)
                batch_y = shuffled_y[:, start : start + self.spec.batch_size].reshape(-1)
                if make_batch is not None:
                    batch_x = make_batch(self.net, batch_x, batch_y)
                self._step(batch_x, batch_y)

    def _step(self, x: torch.Tensor, y: torch.Tensor):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.batch_loss(self.net, x, y)
        (loss / (len(x) // self.net.replicates)).backward()
        self.optimiser.step()
        self.gradient_steps += 1


def train_standard(
    x: np.ndarray, y: np.ndarray, spec: TrainingSpec, rng: np.random.Generator
) -> tuple[FraudNet, int]:
    """Train the standard models on x (replicates, n, d) float32 and y (replicates, n).

    Returns the stack and the optimiser steps each replicate took.
    """
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    net = FraudNet(len(x), x.shape[2], spec.hidden).initialise(generator)
    trainer = Trainer(net, spec, rng)
    trainer.fit(torch.from_numpy(x), torch.from_numpy(y), spec.epochs)
    return net, trainer.gradient_steps


def margins(net: FraudNet, x: np.ndarray) -> np.ndarray:
    """Fraud logit minus legitimate logit of x (replicates, rows, d) float32: (replicates, rows), fraud where > 0."""
    with torch.no_grad():
        logits = net(torch.from_numpy(x.reshape(-1, x.shape[-1])))
    return (logits[:, 1] - logits[:, 0]).numpy().reshape(x.shape[:2])

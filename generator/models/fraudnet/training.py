"""Training a stack: Adam on cross-entropy, every replicate with its own rows and its own batch order."""

import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch

from generator.models.fraudnet import kernels
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import cross_entropy_gradients
from generator.records.spec import TrainingSpec

MakeBatch = Callable[[FraudNet, torch.Tensor, torch.Tensor], torch.Tensor]
"""Turns a batch (replicates * rows, d) and its classes into the batch to learn from."""

BatchGradients = Callable[[FraudNet, torch.Tensor, torch.Tensor], Sequence[np.ndarray]]
"""Derivatives of the loss of a batch (replicates * rows, d) and its classes, one array for each parameter.

The loss is the mean over a batch for each replicate, summed over replicates: the replicates share
no weights, so each gets the gradient it would have had alone.
"""


class Adam:
    """Adam on the parameters of a stack, as torch has it. On arrays so small most of torch's own is overhead.

    Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1.
    """

    decay = (0.9, 0.999)
    """How much of the moments a step keeps, first and second."""

    def __init__(self, net: FraudNet, learning_rate: float):
        self.parameters = [parameter.detach().numpy().reshape(-1) for parameter in net.parameters()]
        self.moments = [(np.zeros_like(p), np.zeros_like(p)) for p in self.parameters]
        self.learning_rate, self.steps = learning_rate, 0

    def step(self, gradients: Sequence[np.ndarray]):
        self.steps += 1
        unbiased, unbiased_square = (1 - kept**self.steps for kept in self.decay)
        keep = (part for kept in self.decay for part in (kept, 1 - kept))
        settings = (*keep, self.learning_rate / unbiased, math.sqrt(unbiased_square), 1e-8)
        for parameter, gradient, moments in zip(self.parameters, gradients, self.moments, strict=True):
            exact = tuple(parameter.dtype.type(value) for value in settings)
            kernels.adam(parameter, gradient.reshape(-1), *moments, exact)


class Trainer:
    """One stack and its optimiser, whose state lasts from the first epoch to the last round of hardening.

    A recipe may put its own loss in the place of `batch_gradients`.
    """

    def __init__(
        self, net: FraudNet, spec: TrainingSpec, rng: np.random.Generator, balancing: np.ndarray | None = None
    ):
        """`balancing`: classes (replicates, n) that are to weigh the same, all together; None: rows weigh the same."""
        self.net, self.spec = net, spec
        self.generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
        # apart from the batch order, so that a recipe that draws sees the batches of one that does not
        self.noise = torch.Generator().manual_seed(int(rng.integers(2**62)))
        self.batch_gradients: BatchGradients = cross_entropy_gradients
        if balancing is not None:
            self.batch_gradients = partial(cross_entropy_gradients, class_weights=class_weights(balancing))
        self.optimiser = Adam(net, spec.learning_rate)
        self.gradient_steps = 0

    def fit(self, x: torch.Tensor, y: torch.Tensor, epochs: int, make_batch: MakeBatch | None = None):
        """Train on x (replicates, n, d), y (replicates, n) for `epochs` passes."""
        replicates, n, d = x.shape
        first = n * torch.arange(replicates)[:, None]
        for _ in range(epochs):
            rows = (first + self._orders(replicates, n)).view(-1)
            shuffled_x = x.reshape(-1, d).index_select(0, rows).view(replicates, n, d)
            shuffled_y = y.reshape(-1).index_select(0, rows).view(replicates, n)
            for start in range(0, n, self.spec.batch_size):
                batch_x = shuffled_x[:, start : start + self.spec.batch_size].reshape(-1, d)
                batch_y = shuffled_y[:, start : start + self.spec.batch_size].reshape(-1)
                if make_batch is not None:
                    batch_x = make_batch(self.net, batch_x, batch_y)
                self._step(batch_x, batch_y)

    def _orders(self, replicates: int, n: int) -> torch.Tensor:
        """A permutation of n rows for every replicate: the order of uniform numbers, equal ones by row number."""
        # 24 random bits before 32 of the row number: sorting whole numbers is faster than argsort
        drawn = (torch.rand(replicates, n, generator=self.generator) * 2**24).long()
        keys = ((drawn << 32) | torch.arange(n)).numpy()
        keys.sort(axis=1)
        return torch.from_numpy(keys & (2**32 - 1))

    def _step(self, x: torch.Tensor, y: torch.Tensor):
        self.optimiser.step(self.batch_gradients(self.net, x, y))
        self.gradient_steps += 1


def class_weights(y: np.ndarray) -> np.ndarray:
    """(replicates, 2) of genuine rows and of frauds among y (replicates, n): both weigh n / 2, all together."""
    frauds = y.mean(axis=1, keepdims=True)
    return 0.5 / np.concatenate((1 - frauds, frauds), axis=1)


def train_standard(
    x: np.ndarray, y: np.ndarray, spec: TrainingSpec, rng: np.random.Generator, balanced: bool = False
) -> tuple[FraudNet, int]:
    """Train the standard models on x (replicates, n, d) float32 and y (replicates, n); `balanced`: as `class_weights`.

    Returns the stack and the optimiser steps each replicate took.
    """
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    net = FraudNet(len(x), x.shape[2], spec.hidden).initialise(generator)
    trainer = Trainer(net, spec, rng, y if balanced else None)
    trainer.fit(torch.from_numpy(x), torch.from_numpy(y), spec.epochs)
    return net, trainer.gradient_steps


def margins(net: FraudNet, x: np.ndarray) -> np.ndarray:
    """Fraud logit minus legitimate logit of x (replicates, rows, d) float32: (replicates, rows), fraud where > 0."""
    with torch.no_grad():
        logits = net(torch.from_numpy(x.reshape(-1, x.shape[-1])))
    return (logits[:, 1] - logits[:, 0]).numpy().reshape(x.shape[:2])

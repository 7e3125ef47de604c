"""The standard model after more and more passes over its training rows, from before the first."""

from collections.abc import Iterator

import numpy as np
import torch

from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import Trainer
from generator.records.spec import TrainingSpec


def trained_for(
    epochs: tuple[int, ...], folds: Folds, spec: TrainingSpec, rng: np.random.Generator
) -> Iterator[tuple[int, DeployedNet]]:
    """(epochs, models) after 0 and each of `epochs`, which rise: one training, as `train_standard` goes about it."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    net = FraudNet(folds.replicates, folds.x.shape[1], spec.hidden).initialise(generator)
    trainer = Trainer(net, spec, rng)
    x, y = torch.from_numpy(folds.train_x()), torch.from_numpy(folds.train_y())
    done = 0
    for wanted in (0, *epochs):
        trainer.fit(x, y, wanted - done)
        done = wanted
        yield done, DeployedNet.restored(net.to_arrays(), folds)

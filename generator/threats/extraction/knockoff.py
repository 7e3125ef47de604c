"""Extraction by the Adversarial Robustness Toolbox: Knockoff Nets, for one net at a time."""

import numpy as np
import torch
from art.attacks.extraction import KnockoffNets
from art.estimators.classification import PyTorchClassifier
from torch import nn

from generator.engine.seeding import global_seed, stage_rng
from generator.models.fraudnet.network import FraudNet
from generator.records.spec import TrainingSpec


def knockoff_nets(
    victim: FraudNet, x: np.ndarray, training: TrainingSpec, steps: int, seed: int, stage: str
) -> FraudNet:
    """ART's copy of a stack of one from its labels of all rows x (n, d) float32, standardised.

    A given copy is trained on from where it is and comes back as the same object, so a fresh one is made here.

    Source: Orekondy, Schiele, Fritz 2019, arXiv:1812.02766, with random choice of the rows asked about.
    """
    rng, batch = stage_rng(seed, stage), training.batch_size
    copy = FraudNet(1, x.shape[1], training.hidden)
    copy.initialise(torch.Generator().manual_seed(int(rng.integers(2**62))))
    attack = KnockoffNets(
        _classifier(victim, None), batch_size_fit=batch, batch_size_query=len(x), nb_stolen=len(x),
        nb_epochs=max(1, round(steps * batch / max(batch, len(x)))), sampling_strategy="random", verbose=False,
    )  # fmt: skip
    optimiser = torch.optim.Adam(copy.parameters(), lr=training.learning_rate)
    with global_seed(seed, stage):
        attack.extract(x, thieved_classifier=_classifier(copy, optimiser))
    return copy.requires_grad_(False)


def _classifier(net: FraudNet, optimiser: torch.optim.Optimizer | None) -> PyTorchClassifier:
    return PyTorchClassifier(
        net, nn.CrossEntropyLoss(), optimizer=optimiser, input_shape=(net.weights[0].shape[1],), nb_classes=2,
        device_type="cpu",
    )  # fmt: skip

"""FraudNets that are monotone in chosen inputs by their weights: of the ordinary form, and proved so in closed form.

A network with weights >= 0 and ReLUs alone is convex, which is too little: it could flag whoever has much of one
input or of another, but not only those who have both. So the units of each hidden layer are of three kinds, as
Runje and Shankaranarayana use one function and its mirror image: those that may only rise with risk, those that
may only fall, and those that see no constrained input at all. Between two units of the first two kinds a weight
has one sign, + within a kind and - across; a unit of the third kind takes in none of the first two; all other
weights are free. A unit that falls, with a negative weight on it, is the concave mirror image of one that rises.

Weights go back into these signs after each step of Adam (projected gradient descent), so every path from a
constrained input to the margin has the sign of that input, which `generator.proofs.relu.monotone` proves.

Source: Runje and Shankaranarayana 2023, Constrained monotonic neural networks, arXiv:2205.11775.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from generator.engine.seeding import stage_rng
from generator.models.asked import Asked
from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import Adam, Trainer
from generator.records.spec import TrainingSpec

FALLING, UNSEEING = 0.375, 0.25
"""Shares of the units of a hidden layer that may only fall, and, where inputs are free, that see none of the others."""


class ProjectedAdam(Adam):
    """Adam whose weights stay within signs."""

    def __init__(self, net: FraudNet, learning_rate: float, signs: Sequence[np.ndarray]):
        """`signs`: one (fan_in, fan_out) a layer, as `path_signs` gives them."""
        super().__init__(net, learning_rate)
        self.weights, self.signs = [w.detach().numpy() for w in net.weights], signs
        self.project()

    def step(self, gradients: Sequence[np.ndarray]):
        super().step(gradients)
        self.project()

    def project(self):
        """Set what has the wrong sign to zero."""
        for weight, sign in zip(self.weights, self.signs, strict=True):
            weight[:, (sign == 0)] = 0
            np.copyto(weight, 0, where=weight * np.nan_to_num(sign) < 0)


def path_signs(directions: np.ndarray, hidden: tuple[int, ...]) -> list[np.ndarray]:
    """The sign that each weight must have: one (fan_in, fan_out) a layer, NaN where free, 0 where there is none.

    Args:
        directions: (d,) 1 where the margin must not fall with an input, -1 where it must not rise, 0 if free.
        hidden: Widths of the hidden layers.
    """
    kinds = [np.sign(np.asarray(directions, np.float64))]
    for width in hidden:
        unseeing = round(UNSEEING * width) if (kinds[0] == 0).any() else 0
        falling = round(FALLING * width)
        kinds.append(np.repeat([1.0, -1.0, 0.0], [width - falling - unseeing, falling, unseeing]))
    kinds.append(np.array([-1.0, 1.0]))  # the legitimate logit may only fall, that of fraud only rise
    return [
        np.where(source[:, None] == 0, np.nan, source[:, None] * target[None, :])
        for source, target in pairwise(kinds)
    ]


@dataclass(frozen=True)
class Evasion:
    """How far frauds evade while a network is trained, in standard deviations; they stay in the range of the rows."""

    down: np.ndarray
    """(d,) at most so far below the value."""
    up: np.ndarray
    """(d,)"""


def monotone_net(folds: Folds, asked: Asked) -> DeployedNet:
    """FraudNets monotone in every input with a direction of risk, hardened against the quoted tier."""
    reach, epsilon = asked.reach(asked.quoted).intervals, asked.worst_epsilon
    net, _ = train_monotone(
        folds.train_x(), folds.train_y(), asked.training, stage_rng(asked.seed, "monotone_net"),
        asked.directions, Evasion(epsilon * reach.down, epsilon * reach.up),
    )  # fmt: skip
    return DeployedNet(net.requires_grad_(False), folds.means, folds.scales)


def train_monotone(
    x: np.ndarray,
    y: np.ndarray,
    spec: TrainingSpec,
    rng: np.random.Generator,
    directions: np.ndarray,
    evasion: Evasion | None = None,
    balanced: bool = False,
) -> tuple[FraudNet, int]:
    """Train models that are monotone in the inputs with a direction (d,) on x (replicates, n, d), y (replicates, n).

    As `generator.models.fraudnet.training.train_standard` in all else. With `evasion` frauds are learnt from at
    their worst: each constrained input at the end of its reach that lowers the margin, the others as they are.

    Returns the stack and the optimiser steps each replicate took.

    Raises:
        ValueError: There are not as many directions as inputs, or one is not -1, 0 or 1.
    """
    directions = np.asarray(directions)
    if directions.shape != (x.shape[2],) or not np.isin(directions, (-1, 0, 1)).all():
        raise ValueError(f"{x.shape[2]} inputs need as many directions of -1, 0 or 1: {directions}")
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    net = FraudNet(len(x), x.shape[2], spec.hidden).initialise(generator)
    signs = path_signs(directions, spec.hidden)
    for weight, sign in zip(net.weights, signs, strict=True):
        array = weight.detach().numpy()
        array[:] = np.where(np.isnan(sign), array, np.abs(array) * np.nan_to_num(sign))
    trainer = Trainer(net, spec, rng, y if balanced else None)
    trainer.optimiser = ProjectedAdam(net, spec.learning_rate, signs)
    rows = x if evasion is None else np.where(y[:, :, None] == 1, _worst(x, directions, evasion), x)
    trainer.fit(torch.from_numpy(rows), torch.from_numpy(y), spec.epochs)
    return net, trainer.gradient_steps


def _worst(x: np.ndarray, directions: np.ndarray, evasion: Evasion) -> np.ndarray:
    """Where the margin of each row of x is least: no network that is monotone in `directions` tells otherwise."""
    moved = x + np.where(directions > 0, -evasion.down, np.where(directions < 0, evasion.up, 0)).astype(
        x.dtype
    )
    return np.clip(moved, x.min(1, keepdims=True), x.max(1, keepdims=True))

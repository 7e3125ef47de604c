"""Ways to harden a trained stack, each a function named in `RECIPES`.

The original recipe is open to three readings, so all three are here. Examples made during
training come from `ascend`, not from the Adversarial Robustness Toolbox, which costs more
per call than a training step; a test holds the two equal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from generator.models.fraudnet import FraudNet
from generator.models.training import Trainer
from generator.records.spec import HardeningSpec, Recipe, TrainingSpec

EXAMPLE_BLOCK = 10
"""Replicates per block when examples are made for a whole training set: fits the cache."""


@dataclass(frozen=True)
class HardenedRound:
    """The stack as it stands after one round."""

    round: int
    net: FraudNet
    training_rows: int
    """Rows one replicate saw in each epoch of this round."""
    gradient_steps: int
    """Optimiser steps of one replicate since the first round of hardening."""


def ascend(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, *, epsilon: float, steps: int = 1, step: float | None = None
) -> torch.Tensor:
    """Climb the loss inside the L-infinity ball: `steps` sign steps from x, each clipped back to epsilon.

    One step of full length is the fast gradient sign method: x + epsilon * sign(d loss / d x).

    Args:
        net: The stack.
        x: Standardised features (replicates * rows, d).
        y: True classes (replicates * rows,).
        epsilon: Radius in standard deviations; 0 returns x.
        steps: Number of gradient steps.
        step: Length of a step; epsilon if not given.

    Returns:
        Features of the shape of x, each within epsilon of x.

    Source: Goodfellow et al. 2015, arXiv:1412.6572; Madry et al. 2018, arXiv:1706.06083.
    """
    if epsilon == 0:
        return x
    x_adv = x
    for _ in range(steps):
        point = x_adv.detach().requires_grad_()
        loss = functional.cross_entropy(net(point), y, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, point)
        moved = point.detach() + (step or epsilon) * gradient.sign()
        x_adv = torch.clamp(moved, x - epsilon, x + epsilon) if steps > 1 else moved
    return x_adv


def _examples(net: FraudNet, x: torch.Tensor, y: torch.Tensor, epsilons: tuple[float, ...]) -> list[torch.Tensor]:
    """FGSM examples of x (replicates, n, d) against the current state, one tensor per budget."""
    made = []
    for epsilon in epsilons:
        blocks = []
        for start in range(0, len(x), EXAMPLE_BLOCK):
            block = slice(start, start + EXAMPLE_BLOCK)
            flat_x, flat_y = x[block].reshape(-1, x.shape[2]), y[block].reshape(-1)
            x_adv = ascend(net.select(block), flat_x, flat_y, epsilon=epsilon)
            blocks.append(x_adv.view_as(x[block]))
        made.append(torch.cat(blocks))
    return made


def _rounds_on_sets(
    trainer: Trainer,
    x: torch.Tensor,
    y: torch.Tensor,
    spec: HardeningSpec,
    *,
    epsilons: tuple[float, ...],
    keep_earlier: bool,
) -> Iterator[HardenedRound]:
    """Each round makes a set of examples, then trains on the clean rows and the sets kept."""
    kept: list[torch.Tensor] = []
    for number in range(1, spec.rounds + 1):
        made = _examples(trainer.net, x, y, epsilons)
        kept = kept + made if keep_earlier else made
        rows = torch.cat([x, *kept], dim=1)
        trainer.fit(rows, y.repeat(1, 1 + len(kept)), spec.epochs_per_round)
        yield _state(trainer, number, rows.shape[1])


def _state(trainer: Trainer, number: int, training_rows: int) -> HardenedRound:
    frozen = trainer.net.select(slice(None))
    return HardenedRound(number, frozen, training_rows, trainer.gradient_steps)


def accumulating_fgsm(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """The original recipe: clean rows, this round's FGSM examples and those of all earlier rounds."""
    return _rounds_on_sets(trainer, x, y, spec, epsilons=spec.epsilons, keep_earlier=True)


def current_round_fgsm(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """Second reading: clean rows and this round's FGSM examples only."""
    return _rounds_on_sets(trainer, x, y, spec, epsilons=spec.epsilons, keep_earlier=False)


def half_batch_fgsm(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """Third reading: half of every batch is turned into FGSM examples on the fly, the budgets taking turns."""
    turn = 0

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        nonlocal turn
        epsilon = spec.epsilons[turn % len(spec.epsilons)]
        turn += 1
        x_adv = ascend(net, batch_x, batch_y, epsilon=epsilon)
        stacked = batch_x.view(net.replicates, -1, batch_x.shape[1]).clone()
        half = stacked.shape[1] // 2
        stacked[:, :half] = x_adv.view_as(stacked)[:, :half]
        return stacked.view_as(batch_x)

    for number in range(1, spec.rounds + 1):
        trainer.fit(x, y, spec.epochs_per_round, make_batch)
        yield _state(trainer, number, x.shape[1])


def extra_epochs(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """The ablation: the original recipe with a budget of zero, so the same steps on clean rows alone."""
    none = (0.0,) * len(spec.epsilons)
    return _rounds_on_sets(trainer, x, y, spec, epsilons=none, keep_earlier=True)


def pgd_ramp(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """PGD adversarial training: every row is replaced by its PGD example, at a budget that rises to the last.

    Source: Madry et al. 2018, arXiv:1706.06083; the ramp keeps the first rounds learnable.
    """
    steps_a_round = spec.epochs_per_round * -(-x.shape[1] // trainer.spec.batch_size)
    ramp = max(1, steps_a_round * (spec.rounds - 1))
    done = 0

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        nonlocal done
        done += 1
        epsilon = spec.pgd_epsilon * min(1.0, done / ramp)
        return ascend(net, batch_x, batch_y, epsilon=epsilon, steps=spec.pgd_steps, step=2.5 * epsilon / spec.pgd_steps)

    for number in range(1, spec.rounds + 1):
        trainer.fit(x, y, spec.epochs_per_round, make_batch)
        yield _state(trainer, number, x.shape[1])


RECIPES: dict[Recipe, Callable[..., Iterator[HardenedRound]]] = {
    recipe.__name__: recipe
    for recipe in (accumulating_fgsm, current_round_fgsm, half_batch_fgsm, extra_epochs, pgd_ramp)
}


def harden(
    recipe: Recipe,
    standard: FraudNet,
    x: np.ndarray,
    y: np.ndarray,
    training: TrainingSpec,
    spec: HardeningSpec,
    rng: np.random.Generator,
) -> list[HardenedRound]:
    """Harden a copy of `standard` on x (replicates, n, d) float32, y (replicates, n); one state a round.

    Raises:
        ValueError: The recipe is unknown.
    """
    if recipe not in RECIPES:
        raise ValueError(f"unknown recipe {recipe!r}; known: {', '.join(RECIPES)}")
    net = standard.select(slice(None)).requires_grad_(True)
    trainer = Trainer(net, training, rng)
    return list(RECIPES[recipe](trainer, torch.from_numpy(x), torch.from_numpy(y), spec))

"""Ways to harden a trained stack, each a function named in `RECIPES`.

The original recipe is open to three readings, so all three are here. Examples made during
training come from `ascend`, not from the Adversarial Robustness Toolbox, which costs more
per call than a training step; a test holds the two equal.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch.nn import functional

from generator.models.certified import certified_loss
from generator.models.fraudnet import FraudNet
from generator.models.inner import ascend, climb, margin_and_gradient
from generator.models.training import MakeBatch, Trainer
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


def _examples(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, epsilons: tuple[float, ...]
) -> list[torch.Tensor]:
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
    budgets = _rising_budgets(trainer, x, spec)

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        x_adv = climb(
            net, rows, rows - epsilon, rows + epsilon, _against(net, batch_y),
            steps=spec.pgd_steps, step=2.5 * epsilon / spec.pgd_steps,
        )  # fmt: skip
        return x_adv.view_as(batch_x)

    return _rounds_on_batches(trainer, x, y, spec, make_batch)


def _rising_budgets(trainer: Trainer, x: torch.Tensor, spec: HardeningSpec) -> Iterator[float]:
    """The budget of every gradient step: it rises evenly from zero over the rounds but the last, and stays."""
    steps_a_round = spec.epochs_per_round * -(-x.shape[1] // trainer.spec.batch_size)
    ramp = max(1, steps_a_round * (spec.rounds - 1))
    return (spec.pgd_epsilon * min(1.0, done / ramp) for done in count(1))


def _rounds_on_batches(
    trainer: Trainer,
    x: torch.Tensor,
    y: torch.Tensor,
    spec: HardeningSpec,
    make_batch: MakeBatch | None = None,
) -> Iterator[HardenedRound]:
    """Each round trains on the rows as `make_batch` turns them out, batch by batch."""
    for number in range(1, spec.rounds + 1):
        trainer.fit(x, y, spec.epochs_per_round, make_batch)
        yield _state(trainer, number, x.shape[1])


def fgsm_random_start(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """Every row is replaced by one long sign step from a random point of its ball, clipped back to the ball.

    Source: Wong, Rice, Kolter 2020, arXiv:2001.03994, algorithm 3.
    """
    budgets = _rising_budgets(trainer, x, spec)

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        start = rows + epsilon * (2 * torch.rand(rows.shape, generator=trainer.noise) - 1)
        x_adv = climb(
            net, start, rows - epsilon, rows + epsilon, _against(net, batch_y),
            steps=1, step=spec.random_start_step * epsilon,
        )  # fmt: skip
        return x_adv.view_as(batch_x)

    return _rounds_on_batches(trainer, x, y, spec, make_batch)


def _against(net: FraudNet, y: torch.Tensor) -> torch.Tensor:
    """(replicates, rows): -1 for fraud, whose margin an attack lowers, +1 for legitimate rows."""
    return 1.0 - 2.0 * y.view(net.replicates, -1)


def trades(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """TRADES: right on clean rows, and close to that answer in the ball: CE(x) + beta * KL(p(x) || p(x_adv)).

    x_adv maximises the KL. Its gradient is (sigmoid(m_adv) - sigmoid(m)) d m_adv / d x, zero at
    x itself, so the climb starts from a small random step and moves the margin away from m.

    Source: Zhang et al. 2019, arXiv:1901.08573, algorithm 1.
    """
    budgets = _rising_budgets(trainer, x, spec)

    def loss(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        margin, _ = margin_and_gradient(net, rows)
        start = rows + 1e-3 * torch.randn(rows.shape, generator=trainer.noise)
        x_adv = climb(
            net, start, rows - epsilon, rows + epsilon, _against(net, batch_y),
            steps=spec.pgd_steps, step=2.5 * epsilon / spec.pgd_steps, away_from=margin,
        )  # fmt: skip
        both = net(torch.cat([rows, x_adv], dim=1).view(-1, batch_x.shape[1]))
        clean, attacked = both.view(net.replicates, 2, -1, 2).unbind(1)
        away = functional.kl_div(
            attacked.log_softmax(2), clean.log_softmax(2), reduction="sum", log_target=True
        )
        return (
            functional.cross_entropy(clean.reshape(-1, 2), batch_y, reduction="sum") + spec.trades_beta * away
        )

    trainer.batch_loss = loss
    return _rounds_on_batches(trainer, x, y, spec)


def crown_ibp(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """Certified training: the loss at a bound on the margin over the whole ball, which rises with the ramp.

    The weight of the clean loss falls from 1 to `certified_kappa` in step with the budget.

    Source: Gowal et al. 2018, arXiv:1810.12715; Zhang et al. 2020, arXiv:1906.06316.
    """
    budgets = _rising_budgets(trainer, x, spec)

    def loss(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        share = epsilon / spec.pgd_epsilon if spec.pgd_epsilon else 1.0
        kappa = 1 - share * (1 - spec.certified_kappa)
        return certified_loss(net, batch_x, batch_y, epsilon=epsilon, kappa=kappa)

    trainer.batch_loss = loss
    return _rounds_on_batches(trainer, x, y, spec)


def pgd_tier1(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """PGD training against what a fraudster can do: frauds move within `reach`, legitimate rows stay clean.

    Frauds also stay within the range of the training rows.

    Raises:
        ValueError: `spec.reach` is missing.
    """
    if spec.reach is None:
        raise ValueError(
            "pgd_tier1 needs hardening.reach: the share of the budget each feature may fall and rise by"
        )
    down, up = (torch.tensor(side, dtype=x.dtype) for side in spec.reach)
    low, high = x.amin(1, keepdim=True), x.amax(1, keepdim=True)
    budgets = _rising_budgets(trainer, x, spec)

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        fraud = batch_y.view(net.replicates, -1).to(x.dtype)
        reach = epsilon * fraud[:, :, None]
        x_adv = climb(
            net, rows, torch.clamp(rows - reach * down, min=low), torch.clamp(rows + reach * up, max=high),
            -fraud, steps=spec.pgd_steps, step=2.5 * epsilon / spec.pgd_steps,
        )  # fmt: skip
        return x_adv.view_as(batch_x)

    return _rounds_on_batches(trainer, x, y, spec, make_batch)


RECIPES: dict[Recipe, Callable[..., Iterator[HardenedRound]]] = {
    recipe.__name__: recipe
    for recipe in (
        accumulating_fgsm,
        current_round_fgsm,
        half_batch_fgsm,
        extra_epochs,
        pgd_ramp,
        fgsm_random_start,
        trades,
        crown_ibp,
        pgd_tier1,
    )
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

"""Ways to harden a trained stack, each a function named in `RECIPES`.

The original recipe is open to three readings, so all three are here. Examples made during
training come from `ascend`, not from the Adversarial Robustness Toolbox, which costs more
per call than a training step; a test holds the two equal.
"""

from collections.abc import Callable, Iterator

import numpy as np
import torch

from generator.models.fraudnet.inner import ascend
from generator.models.fraudnet.minimax import (
    crown_ibp,
    fgsm_random_start,
    pgd_ramp,
    pgd_tier1,
    trades,
)
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.rounds import HardenedRound, state
from generator.models.fraudnet.training import Trainer
from generator.records.spec import HardeningSpec, Recipe, TrainingSpec


def _examples(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, epsilons: tuple[float, ...]
) -> list[torch.Tensor]:
    """FGSM examples of x (replicates, n, d) against the current state, one tensor per budget."""
    rows, classes = x.reshape(-1, x.shape[2]), y.reshape(-1)
    return [ascend(net, rows, classes, epsilon=epsilon).view_as(x) for epsilon in epsilons]


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
        yield state(trainer, number, rows.shape[1])


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
        yield state(trainer, number, x.shape[1])


def extra_epochs(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """The ablation: the original recipe with a budget of zero, so the same steps on clean rows alone."""
    none = (0.0,) * len(spec.epsilons)
    return _rounds_on_sets(trainer, x, y, spec, epsilons=none, keep_earlier=True)


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

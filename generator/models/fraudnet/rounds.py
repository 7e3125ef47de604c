"""What all recipes share: rounds of training, the state after each, and a budget that rises."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import torch

from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import MakeBatch, Trainer
from generator.records.spec import HardeningSpec


@dataclass(frozen=True)
class HardenedRound:
    """The stack as it stands after one round."""

    round: int
    net: FraudNet
    training_rows: int
    """Rows one replicate saw in each epoch of this round."""
    gradient_steps: int
    """Optimiser steps of one replicate since the first round of hardening."""


def state(trainer: Trainer, number: int, training_rows: int) -> HardenedRound:
    """The stack of `trainer` as it is now, frozen."""
    return HardenedRound(number, trainer.net.select(slice(None)), training_rows, trainer.gradient_steps)


def rounds_on_batches(
    trainer: Trainer,
    x: torch.Tensor,
    y: torch.Tensor,
    spec: HardeningSpec,
    make_batch: MakeBatch | None = None,
) -> Iterator[HardenedRound]:
    """Each round trains on the rows as `make_batch` turns them out, batch by batch."""
    for number in range(1, spec.rounds + 1):
        trainer.fit(x, y, spec.epochs_per_round, make_batch)
        yield state(trainer, number, x.shape[1])


def rising_budgets(trainer: Trainer, x: torch.Tensor, spec: HardeningSpec) -> Iterator[float]:
    """The budget of every gradient step: it rises evenly from zero, over the rounds but the last."""
    steps_a_round = spec.epochs_per_round * -(-x.shape[1] // trainer.spec.batch_size)
    ramp = max(1, steps_a_round * (spec.rounds - 1))
    return (spec.pgd_epsilon * min(1.0, done / ramp) for done in count(1))

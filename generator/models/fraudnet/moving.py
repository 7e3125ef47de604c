"""Threat-matched hardening where frauds move names too: to those in which they look worst, and numbers by gradients."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from generator.models.fraudnet.inner import climb
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.rounds import rising_budgets, rounds_on_batches
from generator.models.fraudnet.training import Trainer, margins
from generator.records.spec import HardeningSpec, TrainingSpec

MOST = 32
"""Combinations of names that are all tried; of more, the inputs take turns."""


@dataclass(frozen=True)
class Names:
    """One category."""

    columns: tuple[int, ...]
    """Noughts and a one."""
    reached: np.ndarray
    """(replicates, columns, columns) bool: from a name to a name."""


@dataclass(frozen=True)
class Moves:
    """How far frauds move, by column, in standard deviations."""

    down: np.ndarray
    """(replicates, columns) share of the budget."""
    up: np.ndarray
    fixed_down: np.ndarray
    """(replicates, columns) whatever the budget; inf: to the limit."""
    fixed_up: np.ndarray
    low: np.ndarray
    """(replicates, columns) limits."""
    high: np.ndarray
    places: Mapping[int, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]
    """By column that is the place of a name in an order: mean and scale of each replicate, first and last place
    that a row of each place reaches."""
    lacking: Mapping[int, int]
    """By column, the one that is 1 where its value is missing."""
    names: tuple[Names, ...]

    def faces(self, x: np.ndarray, epsilon: float, share: float) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper face of rows x (replicates, n, columns); a fixed reach counts by `share` of its length."""
        with np.errstate(invalid="ignore"):  # no limit, and nothing to go there for
            low = np.clip(
                x - (epsilon * self.down + self.fixed_down)[:, None], np.minimum(self.low[:, None], x), x
            )
            high = np.clip(
                x + (epsilon * self.up + self.fixed_up)[:, None], x, np.maximum(self.high[:, None], x)
            )
        for c, (mean, scale, first, last) in self.places.items():
            place = np.rint(x[:, :, c] * scale[:, None] + mean[:, None]).astype(int)
            place = np.clip(place, 0, len(first) - 1)
            for face, ends, pick in ((low, first, np.minimum), (high, last, np.maximum)):
                face[:, :, c] = pick(x[:, :, c], (ends[place] - mean[:, None]) / scale[:, None])
        ramped = np.zeros(x.shape[2], bool)
        ramped[list(self.places)] = True
        ramped = ramped | (self.fixed_down + self.fixed_up > 0)[:, None]
        low, high = (np.where(ramped, x + share * (face - x), face) for face in (low, high))
        for c, indicator in self.lacking.items():
            gone = x[:, :, indicator] > 0.5
            low[:, :, c], high[:, :, c] = (np.where(gone, x[:, :, c], face[:, :, c]) for face in (low, high))
        return low.astype(x.dtype), high.astype(x.dtype)


def pgd_with_names(
    net: FraudNet,
    x: np.ndarray,
    y: np.ndarray,
    training: TrainingSpec,
    spec: HardeningSpec,
    moves: Moves,
    rng: np.random.Generator,
    balanced: bool = False,
) -> FraudNet:
    """A copy of `net`, hardened on x (replicates, n, columns) float32 and y (replicates, n).

    As `generator.models.fraudnet.minimax.pgd_tier1` does it, except for names and for reaches without a budget: as the
    budget rises, so does the share of frauds that change names, and the share of a fixed reach that is used.
    """
    trainer = Trainer(net.select(slice(None)).requires_grad_(True), training, rng, y if balanced else None)
    rows, classes = torch.from_numpy(x), torch.from_numpy(y)
    budgets = rising_budgets(trainer, rows, spec)

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        share = epsilon / spec.pgd_epsilon if spec.pgd_epsilon else 1.0
        batch = batch_x.view(net.replicates, -1, batch_x.shape[1]).numpy()
        fraud = batch_y.view(net.replicates, -1).numpy() == 1
        drawn = torch.rand(fraud.shape, generator=trainer.noise).numpy() < share
        start = worst_names(net, batch, fraud & drawn, moves.names)
        low, high = moves.faces(start, epsilon, share)
        low, high = (np.where(fraud[:, :, None], face, start) for face in (low, high))
        widest = float(max(epsilon, (high - low).max(initial=0) / 2))
        x_adv = climb(
            net, *map(torch.from_numpy, (start, low, high)), torch.from_numpy(-fraud.astype(batch.dtype)),
            steps=spec.pgd_steps, step=2.5 * widest / spec.pgd_steps,
        )  # fmt: skip
        return x_adv.view_as(batch_x)

    *_, last = rounds_on_batches(trainer, rows, classes, spec, make_batch)
    return last.net


def worst_names(net: FraudNet, x: np.ndarray, moved: np.ndarray, names: tuple[Names, ...]) -> np.ndarray:
    """Rows x (replicates, n, columns) with the names they reach at which their margin is least, where moved (.., n).

    Up to MOST combinations are all tried; of more, each category in turn takes its best name, twice round. A row
    without a name gets none.
    """
    most = int(moved.sum(axis=1).max(initial=0))
    if not names or not most:
        return x
    # as many rows of each replicate: those that move first, then others, which are not written back
    order = np.argsort(~moved, axis=1, kind="stable")[:, :most]
    rows = np.take_along_axis(x, order[:, :, None], axis=1)
    own = [rows[:, :, list(each.columns)].argmax(2) for each in names]
    has = [rows[:, :, list(each.columns)].max(2) > 0.5 for each in names]
    best, least = rows, margins(net, rows)
    counts = [len(each.columns) for each in names]
    everything = np.prod(counts, dtype=float) <= MOST
    tries = (
        [dict(enumerate(chosen)) for chosen in itertools.product(*map(range, counts))]
        if everything
        else [{i: chosen} for _ in range(2) for i, count in enumerate(counts) for chosen in range(count)]
    )
    replicate = np.arange(len(x))[:, None]
    for chosen in tries:
        candidate, allowed = (rows if everything else best).copy(), np.ones(least.shape, bool)
        for i, name in chosen.items():
            own_name = np.eye(counts[i], dtype=x.dtype)[name] * has[i][:, :, None]
            candidate[:, :, list(names[i].columns)] = own_name
            reached = names[i].reached[replicate, own[i], name] | (own[i] == name)
            allowed &= np.where(has[i], reached, name == 0)
        margin = margins(net, np.ascontiguousarray(candidate))
        better = allowed & (margin < least)
        best, least = np.where(better[:, :, None], candidate, best), np.where(better, margin, least)
    found = x.copy()
    kept = np.take_along_axis(moved, order, axis=1)[:, :, None]
    np.put_along_axis(found, order[:, :, None], np.where(kept, best, rows), axis=1)
    return found

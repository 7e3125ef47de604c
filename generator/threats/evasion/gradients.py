"""Attacks that read the model's gradients, each at one budget on every row of one seed's replicates."""

from dataclasses import dataclass

import numpy as np
import torch
from art.attacks.evasion import AutoProjectedGradientDescent

from generator.engine.seeding import global_seed, stage_rng
from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import margin_and_gradient
from generator.models.model import Model
from generator.records.spec import AttackSpec, BatterySpec
from generator.threats.evasion.attacks import as_art, attack_rows

BISECTIONS = 16
"""Halvings of the way from the row to the best point: the overshoot shrinks below float32 rounding."""


@dataclass(frozen=True)
class Target:
    """The replicates of one seed and their test rows."""

    model: Model
    folds: Folds
    block: slice
    """The replicates, among all of `folds`."""
    x: np.ndarray
    """(replicates, rows, d) float32, standardised."""
    y: np.ndarray
    """(replicates, rows)"""
    epsilon: float
    spec: BatterySpec
    seed: int
    whole: Model
    """All replicates, for substitutes."""

    def ask(self, x: np.ndarray) -> np.ndarray:
        """Margins (replicates, rows) of standardised rows (replicates, rows, d)."""
        return self.model.margins(self.folds.decode(x, self.block))

    def rng(self, name: str) -> np.random.Generator:
        return stage_rng(self.seed, f"battery: {name}/{self.block.start}")


Proposal = tuple[np.ndarray, int]
"""(replicates, rows, d) and the queries of a row."""


def fgsm(target: Target) -> Proposal:
    """ART's fast gradient sign method."""
    return attack_rows("fgsm", target.model.stack, target.x, target.y, target.epsilon, AttackSpec()), 1


def pgd_cross_entropy(target: Target) -> Proposal:
    """ART's projected gradient descent on cross-entropy, from the row itself, last iterate."""
    spec = AttackSpec(pgd_steps=target.spec.pgd_steps)
    return attack_rows("pgd", target.model.stack, target.x, target.y, target.epsilon, spec), spec.pgd_steps


def pgd_margin(target: Target) -> Proposal:
    """Sign steps on the margin with restarts, steps shrinking to nothing, best of all iterates.

    The first start is the row itself, the others are uniform in its box.
    """
    return _climb_best(target, target.model.stack, target.x, target.y)


def _climb_best(target: Target, net: FraudNet, x: np.ndarray, y: np.ndarray) -> Proposal:
    spec, epsilon, rng = target.spec, target.epsilon, target.rng("PGD on the margin")
    x0, direction = torch.from_numpy(x), torch.from_numpy(1.0 - 2.0 * y).float()
    best, worst = x0.clone(), torch.full(y.shape, -torch.inf)
    for restart in range(spec.restarts):
        point = x0
        if restart:
            point = x0 + torch.from_numpy(rng.uniform(-epsilon, epsilon, x.shape).astype(np.float32))
        for step in range(spec.pgd_steps + 1):
            margin, gradient = margin_and_gradient(net, point)
            worse = margin * direction > worst
            worst = torch.where(worse, margin * direction, worst)
            best = torch.where(worse[:, :, None], point, best)
            length = epsilon * (1 - step / spec.pgd_steps)
            moved = point + length * (gradient * direction[:, :, None]).sign()
            point = torch.clamp(moved, x0 - epsilon, x0 + epsilon)
    return best.numpy(), spec.restarts * (spec.pgd_steps + 1)


def apgd(target: Target) -> Proposal:
    """ART's Auto-PGD on cross-entropy, one replicate at a time: it drops broken rows, which a stack cannot.

    Source: Croce and Hein 2020, arXiv:2003.01690, section 3.
    """
    spec, proposals = target.spec, target.x.copy()
    with global_seed(target.seed, f"battery: APGD/{target.block.start}"):
        for replicate in range(len(target.x)):
            attack = AutoProjectedGradientDescent(
                as_art(target.model.stack.select(slice(replicate, replicate + 1))),
                eps=target.epsilon,
                eps_step=2 * target.epsilon,
                max_iter=spec.apgd_steps,
                nb_random_init=spec.apgd_restarts,
                batch_size=target.x.shape[1],
                loss_type="cross_entropy",
                verbose=False,
            )
            proposals[replicate] = attack.generate(target.x[replicate], target.y[replicate])
    # a step asks for a gradient and a loss, a restart for two predictions
    return proposals, spec.apgd_restarts * (2 * spec.apgd_steps + 2)


def nearest_boundary(target: Target) -> Proposal:
    """A minimum-norm attack: steps onto the linearised boundary and back, then bisection towards the row.

    The L-infinity step from x to m(x) + g . d = 0 is d = -m sign(g) / |g|_1, taken 5 % too long.
    Every other step starts from the middle between the iterate and the row.

    Source: Moosavi-Dezfooli et al. 2016, arXiv:1511.04599, section 3; Croce and Hein 2020,
    arXiv:1907.02044, for the overshoot, the way back and the final search.
    """
    x0, sign = torch.from_numpy(target.x), torch.from_numpy(2.0 * target.y - 1).float()
    best, least, point = x0.clone(), torch.full(target.y.shape, torch.inf), x0
    steps = target.spec.boundary_steps
    for step in range(steps + 1):
        margin, gradient = margin_and_gradient(target.model.stack, point)
        distance = (point - x0).abs().amax(2)
        nearer = (margin * sign <= 0) & (distance < least)
        least = torch.where(nearer, distance, least)
        best = torch.where(nearer[:, :, None], point, best)
        if step % 2:
            point = (point + x0) / 2
            margin, gradient = margin_and_gradient(target.model.stack, point)
        length = margin / gradient.abs().sum(2).clamp(min=1e-12)
        # without a slope there is no boundary to go to; beyond twice the budget none is of use
        length = (1.05 * length).clamp(-2 * target.epsilon, 2 * target.epsilon)
        point = point - length[:, :, None] * gradient.sign()
    inside, outside = torch.zeros_like(least), torch.ones_like(least)
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        margin, _ = margin_and_gradient(target.model.stack, torch.lerp(x0, best, middle[:, :, None]))
        broken = margin * sign <= 0
        inside, outside = torch.where(broken, inside, middle), torch.where(broken, middle, outside)
    return torch.lerp(x0, best, outside[:, :, None]).numpy(), steps + steps // 2 + 1 + BISECTIONS


def transfer(target: Target) -> Proposal:
    """Examples made on a substitute, in its own units: the replicate of the next seed, or of the next fold.

    The substitute may have been trained on these very rows, which only helps the attacker.
    """
    folds = target.folds
    shift = folds.folds if folds.seeds > 1 else 1
    replicates = range(target.block.start, target.block.stop)
    proposals = np.empty_like(target.x)
    for place, replicate in enumerate(replicates):
        ours, theirs = (slice(r, r + 1) for r in (replicate, (replicate + shift) % folds.replicates))
        raw = folds.decode(target.x[place : place + 1], ours)
        found, _ = _climb_best(
            target, target.whole.stack.select(theirs), folds.encode(raw, theirs), target.y[place, None]
        )
        proposals[place] = folds.encode(folds.decode(found, theirs), ours)[0]
    return proposals, 1

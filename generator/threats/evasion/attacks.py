"""Evasion by the Adversarial Robustness Toolbox (ART), judged outside it.

ART counts a success wherever the prediction changed, even from wrong to right, and does
not check its own budget. So what it returns is only a proposal: `judge` projects it,
re-encodes it through raw units, and asks the model again.
"""

from dataclasses import dataclass

import numpy as np
import torch
from art.attacks.evasion import FastGradientMethod
from art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_pytorch import (
    ProjectedGradientDescentPyTorch,
)
from art.estimators.classification import PyTorchClassifier
from torch import nn

from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import loss_gradient, refresh_loss_gradient
from generator.models.model import Model
from generator.records import spec as asked
from generator.records.spec import AttackSpec
from generator.threats.evasion.needs import Attack
from generator.threats.evasion.outcomes import CLEAN, Outcomes

BLOCK = 10
"""Replicates attacked in one call: few enough that what a step touches stays in the cache of a core."""

TOLERANCE = 1e-5
"""Standard deviations by which float32 rounding may exceed a budget."""


class StackClassifier(PyTorchClassifier):
    """ART's view of a stack, with the compiled gradient of the loss in place of automatic differentiation.

    Most of an attack is gradients. A test holds this one equal to ART's own. The gradient of a row that has
    not moved since the last call is still known: most rows reach a corner of their ball long before PGD ends.
    """

    _known: tuple[torch.Tensor, torch.Tensor, torch.Tensor] | None = None
    """Rows and classes of the last call, and their gradients; the weights do not change under attack."""

    def loss_gradient(self, x, y, training_mode: bool = False, **kwargs):
        """d CE / d x of rows x (n, d) and classes y (n, 2) one-hot; arrays or tensors, as they come."""
        rows, classes = torch.as_tensor(x), torch.as_tensor(y).argmax(1)
        if self._known is None or self._known[0].shape != rows.shape:
            gradient = loss_gradient(self.model, rows, classes)
        else:
            before, classes_before, gradient = self._known
            moved = (rows != before).any(1) | (classes != classes_before)
            refresh_loss_gradient(self.model, rows, classes, moved, gradient)
        self._known = rows.clone(), classes, gradient
        return gradient.clone() if isinstance(x, torch.Tensor) else gradient.numpy().copy()


def as_art(net: FraudNet, view: type[PyTorchClassifier] = StackClassifier) -> PyTorchClassifier:
    """ART's view of a stack. The loss is summed, so each row's gradient is its own."""
    return view(
        net,
        nn.CrossEntropyLoss(reduction="sum"),
        input_shape=(net.weights[0].shape[1],),
        nb_classes=2,
        device_type="cpu",
    )


def fgsm(
    classifier: PyTorchClassifier, x: np.ndarray, y: np.ndarray, epsilon: float, spec: AttackSpec
) -> np.ndarray:
    """Fast gradient sign method: x + epsilon * sign(d loss / d x), rows (n, d), true classes (n,).

    Source: Goodfellow et al. 2015, arXiv:1412.6572, section 4.
    """
    # one batch of all rows: the stack needs its rows grouped by replicate
    return _WholeBatchFGSM(classifier, eps=epsilon, batch_size=len(x)).generate(x, y)


class _WholeBatchFGSM(FastGradientMethod):
    """ART's fast gradient sign method in the L-infinity ball, all rows at once.

    ART looks through the gradient row by row for what is no number, which costs ten times as much as
    the gradient. A test holds this equal to ART's own.
    """

    def _compute_perturbation(self, x, y, mask, decay=None, momentum=None) -> np.ndarray:
        return np.sign(np.nan_to_num(self.estimator.loss_gradient(x, y)))


def pgd(
    classifier: PyTorchClassifier, x: np.ndarray, y: np.ndarray, epsilon: float, spec: AttackSpec
) -> np.ndarray:
    """Projected gradient descent from x itself: `pgd_steps` sign steps, each projected back to the ball.

    Source: Madry et al. 2018, arXiv:1706.06083, section 2.1.
    """
    return _WholeBatchPGD(
        classifier,
        eps=epsilon,
        eps_step=epsilon * spec.pgd_relative_step,
        max_iter=spec.pgd_steps,
        batch_size=len(x),
        verbose=False,
    ).generate(x, y)


class _WholeBatchPGD(ProjectedGradientDescentPyTorch):
    """ART's PGD iterations on all rows at once, in the L-infinity ball.

    ART feeds them through a data loader that collates row by row and then predicts three
    more times to log a success rate; both together cost as much as the attack. In each step it
    projects in float64 with a budget a number. A test holds this equal to ART's own `generate`.
    """

    def generate(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        targets = np.eye(2, dtype=np.float32)[y]
        return self._generate_batch(
            torch.from_numpy(x), torch.from_numpy(targets), None, self.eps, self.eps_step
        )

    def _compute_pytorch(self, x, x_init, y, mask, eps, eps_step, random_init, momentum) -> torch.Tensor:
        gradient = self.estimator.loss_gradient(x=x, y=y).nan_to_num_()
        return x_init + (x + eps_step * gradient.sign_() - x_init).clamp_(-eps, eps)


ATTACKS: dict[asked.Attack, Attack] = {
    "fgsm": Attack(fgsm, ("gradients",)),
    "pgd": Attack(pgd, ("gradients",), carries_over=True),
}


def attack_rows(
    attack: asked.Attack, net: FraudNet, x: np.ndarray, y: np.ndarray, epsilon: float, spec: AttackSpec
) -> np.ndarray:
    """What `attack` proposes for x (replicates, rows, d) float32, standardised, of classes y (replicates, rows).

    Raises:
        ValueError: The attack is unknown, or epsilon is negative.
    """
    if attack not in ATTACKS:
        raise ValueError(f"unknown attack {attack!r}; known: {', '.join(ATTACKS)}")
    if epsilon < 0:
        raise ValueError(f"a budget cannot be negative: {epsilon}")
    if epsilon == 0:
        return x.copy()
    proposal = ATTACKS[attack].propose(as_art(net), x.reshape(-1, x.shape[2]), y.reshape(-1), epsilon, spec)
    return proposal.reshape(x.shape)


@dataclass(frozen=True)
class Judged:
    """A proposal after projection and re-encoding."""

    x_adv: np.ndarray
    """(replicates, rows, d) float32: what the deployed model would be given."""
    margins: np.ndarray
    """(replicates, rows)"""
    violations: int
    """Rows that had left the budget, or were not numbers."""


def judge(
    model: Model, folds: Folds, block: slice, x: np.ndarray, proposal: np.ndarray, epsilon: float
) -> Judged:
    """Project `proposal` onto the ball around x, both standardised, and ask the replicates `block` in raw units.

    A row that is not finite falls back to the row before the attack, which is no success.
    """
    broken = ~np.isfinite(proposal).all(-1)
    proposal = np.where(broken[..., None], x, proposal)
    outside = np.abs(proposal - x).max(-1) > epsilon + TOLERANCE
    projected = np.clip(proposal, x - np.float32(epsilon), x + np.float32(epsilon))
    # rounding to float32 can leave the box by a hair, which is enough to pass a threshold of a tree
    centre = x.astype(np.float64)
    faces = folds.decode(centre - epsilon, block), folds.decode(centre + epsilon, block)
    raw = np.clip(folds.decode(projected, block), *faces)
    return Judged(folds.encode(raw, block), model.margins(raw), int((broken | outside).sum()))


def evaluate(model: Model, folds: Folds, spec: AttackSpec, epsilons: tuple[float, ...]) -> Outcomes:
    """Attack every row with the gradients of the replicate that judges it, at every budget.

    Attacks that do not apply to the kind of model are left out.

    FGSM is judged at each budget alone. PGD carries over: an example found within a smaller
    budget lies within the larger one too, so a row once broken stays broken and is not
    attacked again.
    """
    attacks = [attack for attack in spec.attacks if ATTACKS[attack].applies(model, folds)]
    right = {CLEAN: []} | {(attack, e): [] for attack in attacks for e in epsilons}
    violations = 0
    for start in range(0, folds.replicates, BLOCK):
        block = slice(start, min(start + BLOCK, folds.replicates))
        part, x, y = model.select(block), folds.test_x(block), folds.test_y(block)
        clean = (part.margins(folds.test_raw(block)) > 0) == y
        right[CLEAN].append(clean)
        for attack in attacks:
            standing = clean
            for epsilon in epsilons:
                rows = _level_rows(standing if ATTACKS[attack].carries_over else np.ones_like(standing))
                x_rows = np.take_along_axis(x, rows[:, :, None], 1)
                y_rows = np.take_along_axis(y, rows, 1)
                proposal = attack_rows(attack, part.stack, x_rows, y_rows, epsilon, spec)
                judged = judge(part, folds, block, x_rows, proposal, epsilon)
                violations += judged.violations
                after = np.zeros_like(standing)
                np.put_along_axis(after, rows, (judged.margins > 0) == y_rows, 1)
                after &= standing
                if ATTACKS[attack].carries_over:
                    standing = after
                right[attack, epsilon].append(after)
    return Outcomes(
        right={key: folds.to_rows(np.concatenate(parts)) for key, parts in right.items()},
        violations=violations,
    )


def _level_rows(chosen: np.ndarray) -> np.ndarray:
    """Positions of the chosen rows (replicates, n) as (replicates, widest), short ones filled by row 0.

    The same row twice gets the same answer, so filling changes no outcome.
    """
    counts = chosen.sum(1)
    rows = np.zeros((len(chosen), max(1, counts.max())), dtype=np.int64)
    for replicate, mask in enumerate(chosen):
        rows[replicate, : counts[replicate]] = np.flatnonzero(mask)
    return rows

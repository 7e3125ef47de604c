"""Recipes that train every batch against the worst its rows can become, at a budget that rises."""

from collections.abc import Iterator

import numpy as np
import torch

from generator.models.fraudnet.inner import climb
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.rounds import HardenedRound, rising_budgets, rounds_on_batches
from generator.models.fraudnet.slopes import certified_gradients, margin_gradients
from generator.models.fraudnet.training import Trainer
from generator.records.spec import HardeningSpec


def _against(net: FraudNet, y: torch.Tensor) -> torch.Tensor:
    """(replicates, rows): -1 for fraud, whose margin an attack lowers, +1 for legitimate rows."""
    return 1.0 - 2.0 * y.view(net.replicates, -1)


def pgd_ramp(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """PGD adversarial training: every row is replaced by its PGD example, at a budget that rises to the last.

    Source: Madry et al. 2018, arXiv:1706.06083; the ramp keeps the first rounds learnable.
    """
    budgets = rising_budgets(trainer, x, spec)

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        x_adv = climb(
            net, rows, rows - epsilon, rows + epsilon, _against(net, batch_y),
            steps=spec.pgd_steps, step=2.5 * epsilon / spec.pgd_steps,
        )  # fmt: skip
        return x_adv.view_as(batch_x)

    return rounds_on_batches(trainer, x, y, spec, make_batch)


def fgsm_random_start(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """Every row is replaced by one long sign step from a random point of its ball, clipped back to the ball.

    Source: Wong, Rice, Kolter 2020, arXiv:2001.03994, algorithm 3.
    """
    budgets = rising_budgets(trainer, x, spec)

    def make_batch(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> torch.Tensor:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        start = rows + epsilon * (2 * torch.rand(rows.shape, generator=trainer.noise) - 1)
        x_adv = climb(
            net, start, rows - epsilon, rows + epsilon, _against(net, batch_y),
            steps=1, step=spec.random_start_step * epsilon,
        )  # fmt: skip
        return x_adv.view_as(batch_x)

    return rounds_on_batches(trainer, x, y, spec, make_batch)


def _margin(net: FraudNet, x: torch.Tensor) -> torch.Tensor:
    """m (replicates, rows) of x (replicates, rows, d)."""
    with torch.no_grad():
        logits = net(x.reshape(-1, x.shape[2])).view(net.replicates, -1, 2)
    return logits[:, :, 1] - logits[:, :, 0]


def trades_slopes(
    clean: torch.Tensor, attacked: torch.Tensor, against: torch.Tensor, beta: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Derivatives of the loss of each row with respect to its margins m and m_adv, all (replicates, rows)."""
    p = clean.sigmoid()
    # those of p and of softplus(m) cancel but for the middle term
    slope = against * (against * clean).sigmoid() + beta * p * (1 - p) * (clean - attacked)
    return slope, beta * (attacked.sigmoid() - p)


def trades(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """TRADES: right on clean rows, and close to that answer in the ball: CE(x) + beta * KL(p(x) || p(x_adv)).

    With two classes KL = p (m - m_adv) - softplus(m) + softplus(m_adv), p = sigmoid(m). Its gradient
    is (sigmoid(m_adv) - p) d m_adv / d x, zero at x itself, so the climb to x_adv starts from a small
    random step and moves the margin away from m.

    Source: Zhang et al. 2019, arXiv:1901.08573, algorithm 1.
    """
    budgets = rising_budgets(trainer, x, spec)

    def gradients(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> list[np.ndarray]:
        epsilon = next(budgets)
        rows = batch_x.view(net.replicates, -1, batch_x.shape[1])
        before = _margin(net, rows)
        start = rows + 1e-3 * torch.randn(rows.shape, generator=trainer.noise)
        x_adv = climb(
            net, start, rows - epsilon, rows + epsilon, _against(net, batch_y),
            steps=spec.pgd_steps, step=2.5 * epsilon / spec.pgd_steps, away_from=before,
        )  # fmt: skip
        after = _margin(net, x_adv)
        slope, slope_adv = trades_slopes(before, after, _against(net, batch_y), spec.trades_beta)
        learned = torch.cat([rows, x_adv], dim=1)
        return margin_gradients(net, learned, torch.cat([slope, slope_adv], dim=1) / rows.shape[1])

    trainer.batch_gradients = gradients
    return rounds_on_batches(trainer, x, y, spec)


def crown_ibp(
    trainer: Trainer, x: torch.Tensor, y: torch.Tensor, spec: HardeningSpec
) -> Iterator[HardenedRound]:
    """Certified training: the loss at a bound on the margin over the whole ball.

    While the budget rises the bound goes from linear to interval bounds, and the weight of the
    clean loss falls from 1 to `certified_kappa`. Intervals alone end at the same robust accuracy
    but rank rows worse.

    Source: Gowal et al. 2018, arXiv:1810.12715; Zhang et al. 2020, arXiv:1906.06316, section 3.2.
    """
    budgets = rising_budgets(trainer, x, spec)

    def gradients(net: FraudNet, batch_x: torch.Tensor, batch_y: torch.Tensor) -> list[np.ndarray]:
        epsilon = next(budgets)
        share = epsilon / spec.pgd_epsilon if spec.pgd_epsilon else 1.0
        kappa = 1 - share * (1 - spec.certified_kappa)
        return certified_gradients(net, batch_x, batch_y, epsilon=epsilon, kappa=kappa, intervals=share)

    trainer.batch_gradients = gradients
    return rounds_on_batches(trainer, x, y, spec)


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
    budgets = rising_budgets(trainer, x, spec)

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

    return rounds_on_batches(trainer, x, y, spec, make_batch)

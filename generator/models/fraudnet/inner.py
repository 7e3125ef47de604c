"""The inner maximisation of hardening: where, inside a box, the model is at its worst.

With two classes every sign step on cross-entropy is a sign step on the margin, because
d CE / d x = (sigmoid(m) - y) d m / d x. So `climb` follows the margin itself, whose gradient
never underflows.
"""

import numpy as np
import torch

from generator.models.fraudnet import kernels
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import loss_gradient


def ascend(
    net: FraudNet,
    x: torch.Tensor,
    y: torch.Tensor,
    *,
    epsilon: float,
    steps: int = 1,
    step: float | None = None,
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
        moved = x_adv + (step or epsilon) * loss_gradient(net, x_adv, y).sign()
        x_adv = torch.clamp(moved, x - epsilon, x + epsilon) if steps > 1 else moved
    return x_adv


def climb(
    net: FraudNet,
    start: torch.Tensor,
    lower: torch.Tensor,
    upper: torch.Tensor,
    direction: torch.Tensor,
    *,
    steps: int,
    step: float,
    away_from: torch.Tensor | None = None,
) -> torch.Tensor:
    """`steps` sign steps from `start` that push each row's margin in its direction, clipped to the box.

    Args:
        net: The stack.
        start: Standardised features (replicates, rows, d).
        lower: The box, of the shape of `start`; a feature of zero width stays.
        upper: The same.
        direction: (replicates, rows), +1 to raise the margin, -1 to lower it, 0 to stay.
        steps: Number of steps.
        step: Length of a step, in standard deviations.
        away_from: Margins (replicates, rows); if given, a row moves on to the side of it that it is on,
            and `direction` says which where it is on neither.
    """
    x = start.numpy().copy()
    around = np.full(x.shape[:2], np.nan, x.dtype) if away_from is None else away_from.numpy()
    box = lower.numpy(), upper.numpy()
    kernels.climb(x, *box, direction.numpy(), around, steps, x.dtype.type(step), *net.layers())
    return torch.from_numpy(x)

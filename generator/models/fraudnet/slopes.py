"""How a stack's answer changes with its input, which attackers follow, and its loss with its weights, which learns.

See `kernels` for how; tests hold all of it equal to automatic differentiation.
"""

import numpy as np
import torch

from generator.models.fraudnet import kernels
from generator.models.fraudnet.network import FraudNet

MARGIN = np.int8(-1)
"""In the place of a class: the slope of the margin is asked for, not that of cross-entropy."""


def margin_and_gradient(net: FraudNet, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fraud logit minus legitimate logit, m (replicates, rows), and d m / d x, of x (replicates, rows, d)."""
    margin, gradient = np.empty(x.shape[:2], np.float32), np.empty(x.shape, np.float32)
    _input_gradients(net, x, MARGIN, True, margin, gradient)
    return torch.from_numpy(margin), torch.from_numpy(gradient)


def loss_gradient(net: FraudNet, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """d CE / d x of x (replicates * rows, d) and true classes y (replicates * rows,), the loss summed over rows.

    Rounded where automatic differentiation rounds: softmax(logits) - onehot(y) is zero for the
    true class once float32 cannot tell its probability from one, which masks the gradient.
    """
    gradient = torch.empty_like(x)
    refresh_loss_gradient(net, x, y, torch.tensor(True), gradient)
    return gradient


def refresh_loss_gradient(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, asked: torch.Tensor, gradient: torch.Tensor
):
    """`loss_gradient` of the rows that are `asked` for into `gradient` (replicates * rows, d)."""
    stacked = x.view(net.replicates, -1, x.shape[1])
    shape = stacked.shape[:2]
    classes = y.view(shape).numpy().astype(np.int8)
    asked = asked.expand(len(x)).view(shape).numpy()
    _input_gradients(
        net, stacked, classes, asked, np.empty(shape, np.float32), gradient.view_as(stacked).numpy()
    )


def _input_gradients(
    net: FraudNet,
    x: torch.Tensor,
    classes: np.ndarray | np.int8,
    asked: np.ndarray | bool,
    margin: np.ndarray,
    gradient: np.ndarray,
):
    rows = np.ascontiguousarray(x.detach().numpy())
    chosen = (np.broadcast_to(part, margin.shape) for part in (classes, asked))
    kernels.input_gradients(rows, *chosen, *net.layers(), margin, gradient)


def cross_entropy_gradients(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, class_weights: np.ndarray | None = None
) -> list[np.ndarray]:
    """d CE / d p for each parameter p of the stack, the loss a mean over the rows of each replicate.

    x (replicates * rows, d), true classes y (replicates * rows,).

    Args:
        class_weights: (replicates, 2) what a row of each class weighs; 1, if not given.
    """
    rows = x.view(net.replicates, -1, x.shape[1])
    classes = y.view(rows.shape[:2]).numpy().astype(np.int8)
    share = np.float32(1 / rows.shape[1])
    if class_weights is not None:
        share = np.take_along_axis(class_weights, classes.astype(int), axis=1).astype(np.float32) * share
    return _weight_gradients(net, rows, classes, share)


def margin_gradients(net: FraudNet, x: torch.Tensor, slope: torch.Tensor) -> list[np.ndarray]:
    """d L / d p for each parameter p of a loss whose derivative at the margin of each row is `slope`.

    x (replicates, rows, d), slope (replicates, rows).
    """
    return _weight_gradients(net, x, MARGIN, slope.numpy())


def _weight_gradients(
    net: FraudNet, x: torch.Tensor, classes: np.ndarray | np.int8, share: np.ndarray | np.float32
) -> list[np.ndarray]:
    shape = x.shape[:2]
    weights, biases = net.layers()
    weight_slopes, bias_slopes = _empty_like(weights), _empty_like(biases)
    kernels.weight_gradients(
        x.numpy(), np.broadcast_to(classes, shape), np.broadcast_to(share, shape), weights, biases,
        weight_slopes, bias_slopes,
    )  # fmt: skip
    return [*weight_slopes, *bias_slopes]


def _empty_like(arrays: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
    return tuple(np.empty_like(each) for each in arrays)


def certified_gradients(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, *, epsilon: float, kappa: float, intervals: float
) -> list[np.ndarray]:
    """d L / d p for each parameter p of the stack; L is `certified_loss`, a mean over the rows of each replicate.

    x (replicates * rows, d), true classes y (replicates * rows,).
    """
    # the kernel knows neither logits nor |W|: what they add to the chain rule is here
    rows = x.view(net.replicates, -1, x.shape[1]).numpy()
    sign = (2 * y.view(rows.shape[:2]).numpy() - 1).astype(rows.dtype)
    share, epsilon, kappa, intervals = (
        rows.dtype.type(value) for value in (1 / rows.shape[1], epsilon, kappa, intervals)
    )
    to_margin = [(*inner, last[..., 1:] - last[..., :1]) for *inner, last in net.layers()]
    weights, biases = to_margin
    first, *others = (np.abs(weight) for weight in weights)
    magnitudes = (first[:, :0], *others)
    spreads = (epsilon * first.sum(1, keepdims=True), *(np.zeros_like(bias) for bias in biases[1:]))
    network = (weights, biases, magnitudes, spreads)
    slopes = [_empty_like(part) for part in network]
    kernels.certified_gradients(rows, sign, share, epsilon, kappa, intervals, *network, *slopes)
    by_weight, by_bias, by_magnitude, by_spread = slopes
    by_magnitude = (epsilon * by_spread[0], *by_magnitude[1:])
    for slope, weight, by_size in zip(by_weight, weights, by_magnitude, strict=True):
        slope += np.sign(weight) * by_size
    to_logits = ((*inner, np.concatenate([-last, last], axis=2)) for *inner, last in (by_weight, by_bias))
    return [slope for part in to_logits for slope in part]

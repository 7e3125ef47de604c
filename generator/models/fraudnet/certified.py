"""Losses of certified training: cross-entropy at a bound on the margin that no point of the ball can pass.

This is the loss as it is defined. Training follows `slopes.certified_gradients`, which is its derivative, compiled.

All bounds are on s * m, where m is the fraud logit minus the legitimate one and s = +1 for
fraud, -1 for legitimate rows: the margin of the true class. They hold in exact arithmetic;
training needs no more. Proofs are made elsewhere, in float64.
"""

import torch
from torch.nn import functional

from generator.models.fraudnet.network import FraudNet

Bounds = list[tuple[torch.Tensor, torch.Tensor]]
"""Lower and upper ends of the pre-activations of each hidden layer, (replicates, rows, width)."""


def interval_bounds(net: FraudNet, lower: torch.Tensor, upper: torch.Tensor) -> Bounds:
    """Bounds on the pre-activations of every hidden layer over a box (replicates, rows, d).

    centre -> centre @ W + b, radius -> radius @ |W|; then ReLU of both ends.

    Source: Gowal et al. 2018, arXiv:1810.12715, section 3.
    """
    bounds = []
    for weight, bias in zip(net.weights[:-1], net.biases[:-1], strict=True):
        centre = torch.baddbmm(bias, (upper + lower) / 2, weight)
        radius = torch.bmm((upper - lower) / 2, weight.abs())
        bounds.append((centre - radius, centre + radius))
        lower, upper = (centre - radius).relu(), (centre + radius).relu()
    return bounds


def margin_weights(net: FraudNet) -> tuple[torch.Tensor, torch.Tensor]:
    """v (replicates, 1, fan_in) and c (replicates, 1) with m = hidden @ v + c."""
    last, bias = net.weights[-1], net.biases[-1]
    return (last[:, :, 1] - last[:, :, 0])[:, None, :], bias[:, :, 1] - bias[:, :, 0]


def interval_margin(
    net: FraudNet, lower: torch.Tensor, upper: torch.Tensor, bounds: Bounds, sign: torch.Tensor
) -> torch.Tensor:
    """A lower bound on sign * m over a box, (replicates, rows), by intervals to the end."""
    v, c = margin_weights(net)
    if bounds:
        lower, upper = bounds[-1][0].relu(), bounds[-1][1].relu()
    centre, radius = (upper + lower) / 2, (upper - lower) / 2
    return sign * ((centre * v).sum(2) + c) - (radius * v.abs()).sum(2)


def crown_margin(
    net: FraudNet, lower: torch.Tensor, upper: torch.Tensor, bounds: Bounds, sign: torch.Tensor
) -> torch.Tensor:
    """A lower bound on sign * m over a box, (replicates, rows): linear, backwards through `bounds`.

    A ReLU with l < z < u lies below u (z - l) / (u - l), and above z or 0, whichever leaves the
    smaller area; each coefficient takes the side its sign asks for.

    Source: Zhang et al. 2018, arXiv:1811.00866; with interval bounds inside, Zhang et al. 2020,
    arXiv:1906.06316.
    """
    v, c = margin_weights(net)
    coefficients, constant = sign[:, :, None] * v, sign * c
    layers = zip(bounds, net.weights[:-1], net.biases[:-1], strict=True)
    for (low, high), weight, bias in reversed(list(layers)):
        low, high = low.clamp(max=0), high.clamp(min=0)
        chord = high / (high - low).clamp(min=1e-9)  # 1 where always on, 0 where always off
        negative = coefficients.clamp(max=0) * chord
        constant = constant - (negative * low).sum(2)
        coefficients = coefficients.clamp(min=0) * (chord > 0.5) + negative
        constant = constant + (coefficients * bias).sum(2)
        coefficients = torch.bmm(coefficients, weight.mT)
    least = coefficients * ((upper + lower) / 2) - coefficients.abs() * ((upper - lower) / 2)
    return least.sum(2) + constant


def certified_loss(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, *, epsilon: float, kappa: float, intervals: float
) -> torch.Tensor:
    """kappa * CE(m(x)) + (1 - kappa) * CE(bound over the ball), summed over rows (replicates * rows, d).

    The bound is intervals * interval_margin + (1 - intervals) * crown_margin. At epsilon 0 it is
    the margin itself, and the loss that of standard training.
    """
    rows = x.view(net.replicates, -1, x.shape[1])
    sign = 2.0 * y.view(net.replicates, -1) - 1
    lower, upper = rows - epsilon, rows + epsilon
    bounds = interval_bounds(net, lower, upper)
    worst = intervals * interval_margin(net, lower, upper, bounds, sign)
    if intervals < 1:
        worst = worst + (1 - intervals) * crown_margin(net, lower, upper, bounds, sign)
    clean = functional.cross_entropy(net(x), y, reduction="sum")
    # two classes: cross-entropy of the true class is log(1 + exp(-margin))
    return kappa * clean + (1 - kappa) * functional.softplus(-worst).sum()

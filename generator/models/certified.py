"""Losses of certified training: cross-entropy at a bound on the margin that no point of the ball can pass.

All bounds are on s * m, where m is the fraud logit minus the legitimate one and s = +1 for
fraud, -1 for legitimate rows: the margin of the true class. They hold in exact arithmetic;
training needs no more. Proofs are made elsewhere, in float64.
"""

import torch
from torch.nn import functional

from generator.models.fraudnet import FraudNet


def interval_bounds(
    net: FraudNet, lower: torch.Tensor, upper: torch.Tensor
) -> list[tuple[torch.Tensor, torch.Tensor]]:
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
    net: FraudNet, lower: torch.Tensor, upper: torch.Tensor, sign: torch.Tensor
) -> torch.Tensor:
    """A lower bound on sign * m over a box, (replicates, rows), by intervals to the end."""
    bounds = interval_bounds(net, lower, upper)
    v, c = margin_weights(net)
    if bounds:
        lower, upper = bounds[-1][0].relu(), bounds[-1][1].relu()
    coefficients = sign[:, :, None] * v
    least = coefficients.clamp(min=0) * lower + coefficients.clamp(max=0) * upper
    return least.sum(2) + sign * c


def crown_margin(net: FraudNet, lower: torch.Tensor, upper: torch.Tensor, sign: torch.Tensor) -> torch.Tensor:
    """A lower bound on sign * m over a box, (replicates, rows), linear bounds backwards through interval bounds.

    An unstable ReLU with l < z < u lies below u (z - l) / (u - l) and above z or 0, whichever
    leaves the smaller area; coefficients take the side their sign asks for.

    Source: Zhang et al. 2018, arXiv:1811.00866; with interval bounds inside, Zhang et al. 2020,
    arXiv:1906.06316.
    """
    bounds = interval_bounds(net, lower, upper)
    v, c = margin_weights(net)
    coefficients, constant = sign[:, :, None] * v, sign * c
    for (low, high), weight, bias in zip(
        reversed(bounds), reversed(net.weights[:-1]), reversed(net.biases[:-1]), strict=True
    ):
        low, high = low.clamp(max=0), high.clamp(min=0)
        chord = high / (high - low).clamp(min=1e-9)  # 1 where always on, 0 where always off
        below = (chord > 0.5).to(chord)
        positive, negative = coefficients.clamp(min=0), coefficients.clamp(max=0)
        constant = constant - (negative * chord * low).sum(2)
        coefficients = positive * below + negative * chord
        constant = constant + (coefficients * bias).sum(2)
        coefficients = torch.bmm(coefficients, weight.mT)
    least = coefficients * ((upper + lower) / 2) - coefficients.abs() * ((upper - lower) / 2)
    return least.sum(2) + constant


def certified_loss(
    net: FraudNet, x: torch.Tensor, y: torch.Tensor, *, epsilon: float, kappa: float
) -> torch.Tensor:
    """kappa * CE(m(x)) + (1 - kappa) * CE(bound over the ball), summed over rows (replicates * rows, d).

    At epsilon 0 the bound is the margin itself, and the loss that of standard training.
    """
    stacked = x.view(net.replicates, -1, x.shape[1])
    sign = 2.0 * y.view(net.replicates, -1) - 1
    worst = crown_margin(net, stacked - epsilon, stacked + epsilon, sign)
    clean = functional.cross_entropy(net(x), y, reduction="sum")
    # two classes: cross-entropy of the true class is log(1 + exp(-margin))
    return kappa * clean + (1 - kappa) * functional.softplus(-worst).sum()

"""Inputs in which a network is monotone, proved: its worst case lies on one face of every box.

Each ReLU passes on the slope on its output times something in [0, 1]: 1 if its input is never below zero, 0 if
never above. Backwards through the layers that gives an interval around the slope of the margin in every input.

In a network whose weights agree in sign along every path from an input to the margin (as
`generator.models.fraudnet.monotone` trains them) all summands have one sign, so the interval ends at zero
exactly, whatever the range and however sums are rounded. There the deployed float32 model is monotone as well:
rounding never swaps two numbers, so a product, a sum or a ReLU of what does not fall does not fall either.
"""

import numpy as np

from generator.proofs.relu.bounds import interval_layers
from generator.proofs.relu.network import Network


def slopes(
    network: Network, lower: np.ndarray | None = None, upper: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """[low, high] (d,) of d m / d x on the box [lower, upper] (d,), or everywhere."""
    low = high = network.v
    if lower is None or upper is None:
        ranges = [(np.full(len(b), -np.inf), np.full(len(b), np.inf)) for b in network.biases]
    else:
        ranges = interval_layers(network, lower, upper)
    for w, (bottom, top) in zip(reversed(network.weights), reversed(ranges), strict=True):
        off = top <= 0
        low = np.where(off, 0.0, np.where(bottom >= 0, low, np.minimum(low, 0)))
        high = np.where(off, 0.0, np.where(bottom >= 0, high, np.maximum(high, 0)))
        rising, falling = np.maximum(w, 0), np.minimum(w, 0)
        low, high = rising @ low + falling @ high, rising @ high + falling @ low
    return low, high


def monotone(
    network: Network, lower: np.ndarray | None = None, upper: np.ndarray | None = None
) -> np.ndarray:
    """(d,) int8: 1 where the margin never falls with an input on the box, -1 where it never rises, 0 if not proved.

    An input that the margin does not depend on counts as rising. Without a box the answer holds everywhere.
    """
    low, high = slopes(network, lower, upper)
    return np.where(low >= 0, 1, np.where(high <= 0, -1, 0)).astype(np.int8)


def worst_faces(
    network: Network, lower: np.ndarray, upper: np.ndarray, y: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The boxes [lower, upper] (n, d) without what is never worst: monotone inputs at the face that hurts class y (n,).

    Monotone everywhere, that is, so that a row is asked the same whichever rows are asked with it.
    """
    side = np.where(np.asarray(y) == 1, 1, -1)[:, None] * monotone(network)
    return np.where(side < 0, upper, lower), np.where(side > 0, lower, upper)

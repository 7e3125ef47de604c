"""One proof to be read: the boxes that settle one transaction, with the bound on each."""

import numpy as np

from generator.proofs.relu.bounds import crown
from generator.proofs.relu.network import Network
from generator.proofs.verdicts import Step


def walk(
    network: Network, lower: np.ndarray, upper: np.ndarray, y: int, longest: int, tau: float
) -> list[Step] | None:
    """The boxes that prove a row of class y on [lower, upper] (d,); None if more than `longest` are needed.

    The bounds of `verify`, but each box that is not proved is halved in the feature whose
    linear coefficient times width is largest: easier to follow, and a proof all the same.
    """
    waiting, steps = [(0, lower, upper)], []
    while waiting:
        if len(steps) == longest:
            return None
        depth, low, high = waiting.pop()
        bound, slope = crown(network, low[None], high[None], np.array([y]))
        proved = bool(bound[0] > tau)
        steps.append(Step(depth, low, high, float(bound[0]), proved))
        if not proved:
            split = int(np.argmax(np.abs(slope[0]) * (high - low)))
            middle = 0.5 * (low[split] + high[split])
            left, right = high.copy(), low.copy()
            left[split] = right[split] = middle
            waiting += [(depth + 1, right, high), (depth + 1, low, left)]
    return steps

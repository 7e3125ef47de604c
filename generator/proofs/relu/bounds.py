"""Linear lower bounds of the margin on a box.

Take a box with centre c and reach r. Layer 1 is affine, so its pre-activations z lie exactly
in z(c) ± |w1|ᵀ r = [l, u]. Each ReLU is then enclosed between two lines:

    on (l >= 0): z        off (u <= 0): 0        unstable: α z <= relu(z) <= u (z - l) / (u - l)

Going backwards from a quantity Σ a_j relu(z_j), a positive a_j takes the lower line and a
negative one the upper; what remains is linear in x, and on the box a + g · (x - c) is at
least a - Σ |g_i| r_i. Layer-2 pre-activations are bounded that way (backwards, not by
intervals), then the margin. Any α in [0, 1] is sound. An unstable ReLU takes the line that
encloses less, α = 1 where u > -l and 0 elsewhere, or, with all of its layer, α = 0. The better
bound counts (layer 2: per neuron and side); of the margin three linear bounds are kept. At
α = 0 the layer-2 bound is never looser than interval arithmetic.

Networks of any other depth are bounded alike, ReLU by ReLU: by intervals, and backwards where these leave the sign
of a pre-activation open. Of the margin the second and third bound come from choosing each lower line again, as it
would have been better where the bound before was least.

Sums are rounded to float64 (relative 1e-16 a step, some 1e-12 in all), which is why a proof
asks for a bound above `generator.proofs.relu.search.TAU` and not above zero.

Source: Zhang et al. 2018, CROWN, arXiv:1811.00866; Singh et al. 2019, DeepPoly, POPL.
"""

import numpy as np

from generator.proofs.relu import kernels
from generator.proofs.relu.network import Network, moving, towards_right, where_others_stay


def interval(network: Network, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[low, high] of m on each box (n, d) by interval arithmetic, layer by layer: two (n,).

    Source: Gowal et al. 2018, arXiv:1810.12715.
    """
    low, high = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    if network.weights:
        low, high = (np.maximum(end, 0) for end in interval_layers(network, low, high)[-1])
    low, high = _affine(low, high, network.v[:, None], np.array([network.c]))
    return low[..., 0], high[..., 0]


Layers = tuple[tuple[np.ndarray, np.ndarray], ...]
"""[low, high] of the pre-activations of each hidden layer."""


def interval_layers(network: Network, lower: np.ndarray, upper: np.ndarray) -> Layers:
    """All hidden layers by interval arithmetic, on boxes (..., d)."""
    low, high, layers = np.asarray(lower, np.float64), np.asarray(upper, np.float64), []
    for w, b in zip(network.weights, network.biases, strict=True):
        low, high = _affine(low, high, w, b)
        layers.append((low, high))
        low, high = np.maximum(low, 0), np.maximum(high, 0)
    return tuple(layers)


def _affine(low: np.ndarray, high: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    positive, negative = np.maximum(w, 0), np.minimum(w, 0)
    return low @ positive + high @ negative + b, high @ positive + low @ negative + b


def crown(
    network: Network, lower: np.ndarray, upper: np.ndarray, y: np.ndarray, threshold: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """A lower bound of the signed margin on each box, and the linear function that gives it.

    The signed margin is m - threshold for fraud (y = 1) and threshold - m otherwise. With the
    coefficients g (n, d) it is at least bound + Σ |g_i| r_i + g · (x - c) at every x of a box.

    Returns:
        Bounds (n,) and coefficients (n, d).
    """
    works = [kernels.make_work(towards_right(network, fraud, threshold)) for fraud in (False, True)]
    bounds, coefficients = np.empty(len(y)), np.empty(np.shape(lower))
    boxes = np.ascontiguousarray(np.stack([lower, upper], axis=1), np.float64)
    moves, wide = moving(network, boxes[:, 0], boxes[:, 1])
    coefficients[wide] = 0.0  # of what stays, which is left out there
    for row, fraud in enumerate(y):
        own = moves[row] if wide[row] else slice(None)
        work, (low, high) = works[bool(fraud)], boxes[row][:, own]
        if wide[row]:
            few = where_others_stay(network, boxes[row, 0], own)
            work = kernels.make_work(towards_right(few, bool(fraud), threshold))
        bounds[row] = kernels.bound(work, 0, low, high, np.inf)
        coefficients[row, own] = work.scratch[kernels.COEFFICIENTS, : len(low)]
    return bounds, coefficients


def layer_bounds(network: Network, lower: np.ndarray, upper: np.ndarray) -> Layers:
    """All hidden layers on one box (d,), those after the first bounded backwards."""
    work = kernels.make_work(network)
    kernels.bound(work, 0, np.array(lower, np.float64), np.array(upper, np.float64), np.inf)
    ends = np.cumsum([0, *map(len, network.biases)])
    if len(network.biases) == 2:
        rows = (kernels.FIRST, 0), (kernels.SECOND, 0)
    else:
        rows = [(kernels.SECOND, start) for start in ends[:-1]]
    return tuple(
        tuple(work.scratch[row + end, start : start + len(bias)] for end in (0, 1))
        for (row, start), bias in zip(rows, network.biases, strict=True)
    )

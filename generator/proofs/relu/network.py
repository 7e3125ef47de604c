"""One trained network as float64 arrays: the form every proof works on."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class Network(NamedTuple):
    """The margin of one in -> h1 -> h2 -> 2 ReLU network, logit_fraud - logit_legitimate.

    m(x) = relu(relu(x w1 + b1) w2 + b2) v + c. A named tuple, because numba reads those.
    """

    w1: np.ndarray
    """(d, h1)"""
    b1: np.ndarray
    """(h1,)"""
    w2: np.ndarray
    """(h1, h2)"""
    w2t: np.ndarray
    """(h2, h1), the transpose of `w2`, contiguous."""
    b2: np.ndarray
    """(h2,)"""
    v: np.ndarray
    """(h2,) weights of the fraud logit minus those of the legitimate one."""
    c: float


def from_arrays(arrays: Mapping[str, np.ndarray], replicate: int) -> Network:
    """One replicate of a stack, from `FraudNet.to_arrays`; float32 weights become float64 unchanged.

    Raises:
        ValueError: The arrays are not those of two hidden layers and two logits.
    """
    weights, biases = (
        [np.asarray(arrays[n][replicate], np.float64) for n in sorted(arrays) if n.startswith(kind)]
        for kind in ("weights.", "biases.")
    )
    if len(weights) != 3 or weights[-1].shape[1] != 2:
        shapes = ", ".join(str(w.shape) for w in weights)
        raise ValueError(f"proofs need two hidden layers and two logits; the weights are {shapes}")
    return Network(
        w1=np.ascontiguousarray(weights[0]),
        b1=biases[0].ravel(),
        w2=np.ascontiguousarray(weights[1]),
        w2t=np.ascontiguousarray(weights[1].T),
        b2=biases[1].ravel(),
        v=weights[2][:, 1] - weights[2][:, 0],
        c=float(biases[2].ravel()[1] - biases[2].ravel()[0]),
    )


def margins(network: Network, x: np.ndarray) -> np.ndarray:
    """m(x) of x (n, d) in float64: (n,), fraud where above the threshold."""
    hidden = np.maximum(np.asarray(x, np.float64) @ network.w1 + network.b1, 0)
    return np.maximum(hidden @ network.w2 + network.b2, 0) @ network.v + network.c


def towards_right(network: Network, fraud: bool, threshold: float) -> Network:
    """The network whose margin is positive where `network` is right: m - t for fraud, t - m otherwise."""
    sign = 1.0 if fraud else -1.0
    return network._replace(v=sign * network.v, c=sign * (network.c - threshold))

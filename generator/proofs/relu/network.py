"""One trained network as float64 arrays: the form every proof works on."""

from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

MOST_RELUS = 4096
"""The search holds a matrix of ReLUs times ReLUs."""
WIDE = 32
"""Inputs that stay where they are, from which on a row is searched without them: with fewer it is cheaper to ask about
all rows at once."""


class Network(NamedTuple):
    """The margin of one network of ReLUs, of any depth and width.

    m(x) = relu(... relu(x weights[0] + biases[0]) ...) v + c: logit_fraud - logit_legitimate, or the only logit.
    """

    weights: tuple[np.ndarray, ...]
    """Of the hidden layers, each (fan_in, fan_out)."""
    biases: tuple[np.ndarray, ...]
    """Each (fan_out,)."""
    v: np.ndarray
    """(fan_in,) weights of the fraud logit minus those of the legitimate one."""
    c: float

    @property
    def inputs(self) -> int:
        return len(self.weights[0]) if self.weights else len(self.v)


def from_arrays(arrays: Mapping[str, np.ndarray], replicate: int) -> Network:
    """One replicate of a stack, from `FraudNet.to_arrays`; float32 weights become float64 unchanged.

    Raises:
        ValueError: The arrays are not those of layers that fit each other, with one or two logits at the end.
    """
    layers = sum(name.startswith("weights.") for name in arrays)
    weights, biases = (
        [np.asarray(arrays[f"{kind}.{layer}"][replicate], np.float64) for layer in range(layers)]
        for kind in ("weights", "biases")
    )
    biases = [bias.ravel() for bias in biases]
    fits = all(w.shape[1] == len(b) for w, b in zip(weights, biases, strict=True)) and all(
        left.shape[1] == len(right) for left, right in pairwise(weights)
    )
    if not layers or not fits or len(biases[-1]) not in (1, 2):
        shapes = ", ".join(str(w.shape) for w in weights)
        raise ValueError(f"proofs need layers that fit each other, the last of one or two logits: {shapes}")
    if sum(map(len, biases[:-1])) > MOST_RELUS:
        raise ValueError(f"proofs take networks of at most {MOST_RELUS:,} ReLUs; this one has more")
    *hidden, last = (np.ascontiguousarray(w) for w in weights)
    *offsets, end = biases
    if len(end) == 1:
        v, c = last[:, 0], end[0]
    else:
        v, c = last[:, 1] - last[:, 0], end[1] - end[0]
    return Network(tuple(hidden), tuple(offsets), v, float(c))


def margins(network: Network, x: np.ndarray) -> np.ndarray:
    """m(x) of x (n, d) in float64: (n,), fraud where above the threshold."""
    hidden = np.asarray(x, np.float64)
    for w, b in zip(network.weights, network.biases, strict=True):
        hidden = np.maximum(hidden @ w + b, 0)
    return hidden @ network.v + network.c


def moving(network: Network, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which inputs move in boxes (n, d), at least one, and of which rows so many stay that they are better left out."""
    moves = lower < upper
    moves[:, 0] |= ~moves.any(axis=1)
    return moves, ((~moves).sum(axis=1) >= WIDE) & bool(network.weights)


def where_others_stay(network: Network, x: np.ndarray, moves: np.ndarray) -> Network:
    """The network of the inputs that move (d,) bool: the others, as x (d,) has them, add to its first biases."""
    (first, *weights), (bias, *biases) = network.weights, network.biases
    return network._replace(
        weights=(np.ascontiguousarray(first[moves]), *weights),
        biases=(bias + x[~moves] @ first[~moves], *biases),
    )


def towards_right(network: Network, fraud: bool, threshold: float) -> Network:
    """The network whose margin is positive where `network` is right: m - t for fraud, t - m otherwise."""
    sign = 1.0 if fraud else -1.0
    return network._replace(v=sign * network.v, c=sign * (network.c - threshold))

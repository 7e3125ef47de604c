"""What a net or a line behind encoders says of rows, worked out from its arrays alone."""

from collections.abc import Callable, Mapping

import numpy as np

ACTIVATIONS: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    lambda z: np.maximum(z, 0),
    np.tanh,
    lambda z: (1 / (1 + np.exp(-z))).astype(z.dtype),
    lambda z: z,
)
"""ReLU, tanh, the sigmoid and none, by the place that a model's `activation` holds."""
PARTS = ("source", "coded", "mean", "scale", "gain", "offset", "tables")


def rounding(arrays: Mapping[str, np.ndarray], low: np.ndarray, high: np.ndarray) -> float:
    """How far float32 may move a margin of raw rows whose numbers lie between low (n, d) and high (n, d).

    Its unit, times the largest sum of the absolute terms of every layer; 0 for a model in doubles.

    Source: Higham 2002, Accuracy and Stability of Numerical Algorithms, section 3.1.
    """
    source, coded, mean, scale, gain, offset, tables = (arrays[f"encoding.{part}"] for part in PARTS)
    if arrays["weights.0"].dtype != np.float32:
        return 0.0
    mean, scale, gain, offset = (part.astype(np.float64) for part in (mean, scale, gain, offset))
    ends = [np.abs((part[:, source] - mean) / scale * gain + offset) for part in (low, high)]
    largest = np.nanmax(np.concatenate((*ends, np.zeros((1, len(source))))), axis=0)
    named = np.nanmax(np.abs(np.nan_to_num(tables)), axis=1, initial=0.0)
    size = np.where(coded, named, np.maximum(largest, named))
    for layer in range(sum(name.startswith("weights.") for name in arrays)):
        weight, bias = (
            np.abs(arrays[f"{part}.{layer}"].astype(np.float64)) for part in ("weights", "biases")
        )
        size = size @ weight + bias.ravel()
    return float(np.finfo(np.float32).eps * size.max())


def margins(arrays: Mapping[str, np.ndarray], raw: np.ndarray) -> np.ndarray:
    """(n,) above the cut, of raw rows (n, d), by the arrays of one replicate."""
    source, coded, mean, scale, gain, offset, tables = (arrays[f"encoding.{part}"] for part in PARTS)
    cells = raw[:, source].astype(mean.dtype)
    none, unknown = np.isnan(cells), tables.shape[1] - 2
    named = ~none & (cells >= 0) & (cells < unknown)
    code = np.where(named, np.where(named, cells, 0), np.where(none, unknown + 1, unknown)).astype(int)
    looked_up = tables[np.arange(len(source)), code].astype(mean.dtype)
    z = np.where(coded | none, looked_up, (cells - mean) / scale * gain + offset)
    z = z.astype(arrays["weights.0"].dtype)
    layers = sum(name.startswith("weights.") for name in arrays)
    for layer in range(layers):
        z = z @ arrays[f"weights.{layer}"] + arrays[f"biases.{layer}"]
        if layer < layers - 1:
            z = ACTIVATIONS[int(arrays["activation"])](z)
    score = z[:, -1] - z[:, 0] if z.shape[1] == 2 else z[:, 0]
    return score - arrays["cut"]

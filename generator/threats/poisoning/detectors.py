"""Detectors of our own: two scores a row, the higher the more suspect, of which the highest few are flagged."""

import numpy as np

from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins, train_standard
from generator.records.spec import TrainingSpec


def flagged(scores: np.ndarray, share: float) -> np.ndarray:
    """(n,) bool: this share of the rows, those with the highest scores (n,)."""
    found = np.zeros(len(scores), bool)
    found[np.argsort(-scores, kind="stable")[: int(share * len(scores))]] = True
    return found


def spectral_scores(hidden: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far rows lie out along the direction in which those of their label vary most: (n,), largest 1 a label.

    Of hidden (n, units), what the first hidden layer makes of a row; after it few directions are left, and the last
    layer has learnt to call planted rows genuine.

    Source: Tran, Li, Madry 2018, arXiv:1811.00636, algorithm 1.
    """
    scores = np.zeros(len(y))
    for label in np.unique(y):
        own = y == label
        centred = hidden[own] - hidden[own].mean(axis=0)
        _, _, directions = np.linalg.svd(centred, full_matrices=False)
        along = (centred @ directions[0]) ** 2
        scores[own] = along / max(along.max(), np.finfo(float).tiny)
    return scores


def first_hidden(net: FraudNet, x: np.ndarray) -> np.ndarray:
    """(n, units) of the only replicate of a stack, for rows x (n, d) standardised."""
    weights, biases = net.layers()
    return np.maximum(x.astype(np.float64) @ weights[0][0] + biases[0][0], 0)


def left_out_scores(
    x: np.ndarray, y: np.ndarray, source: np.ndarray, training: TrainingSpec, rng: np.random.Generator
) -> np.ndarray:
    """How surely models that never saw a row's source contradict its label: (n,), above 0 where they do.

    Args:
        x: (n, d) float32 standardised.
        source: (n,) 0, 1, ...: who delivered each row; its rows are left out together.
    """
    kept = [np.flatnonzero(source != each) for each in range(source.max() + 1)]
    longest = max(map(len, kept))
    rows = np.stack([np.resize(each, longest) for each in kept])  # short ones repeat their first rows
    net, _ = train_standard(x[rows], y[rows], training, rng)
    every = np.broadcast_to(x, (len(kept), *x.shape))
    margin = margins(net, np.ascontiguousarray(every))[source, np.arange(len(x))]
    return np.where(y == 1, -margin, margin).astype(np.float64)


def dealt_sources(poisoned: np.ndarray, sources: int, together: bool, rng: np.random.Generator) -> np.ndarray:
    """(n,) a source for each row, at random; the poisoned rows (n,) bool all come from the first one if `together`."""
    source = rng.integers(sources, size=len(poisoned))
    return np.where(poisoned & together, 0, source)

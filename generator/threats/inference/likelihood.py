"""Whether a model was trained on a row, by a likelihood ratio: does it judge the row as models do that had it, or not?

The replicates of a study are the shadow models: each row trained all but one of the replicates of a seed. A replicate
is judged by those of other seeds alone, because within a seed the folds of one say which rows the others had.
"""

import numpy as np

from generator.models.folds import Folds
from generator.models.model import Model


def confidences(margins: np.ndarray, folds: Folds) -> np.ndarray:
    """(replicates, n) margin of the class that each row has: the logit of the confidence in the right answer."""
    return np.where(folds.y == 1, 1, -1) * margins


def margins_of_all(model: Model, folds: Folds) -> np.ndarray:
    """(replicates, n) margins of all judged rows, those that a replicate was trained on among them."""
    return model.margins(np.broadcast_to(folds.x, (folds.replicates, *folds.x.shape)))


def members(folds: Folds) -> np.ndarray:
    """(replicates, n) bool: which of the judged rows each replicate was trained on."""
    had = np.zeros((folds.replicates, len(folds.y)), bool)
    np.put_along_axis(had, folds.train_rows, True, axis=1)
    return had


def pairs(values: np.ndarray, folds: Folds) -> np.ndarray:
    """(2, seeds, n) of values (replicates, n): of the replicate that never had a row, and of the next, which had it.

    So there are as many members as strangers, and they are the same rows.

    Raises:
        ValueError: There is a single fold: no judged row was ever trained on.
    """
    if folds.folds < 2:
        raise ValueError(
            "with a single fold no judged row was trained on; membership needs two folds or more"
        )
    without = folds.held_out()
    first = folds.folds * np.arange(folds.seeds)[:, None]
    rows = np.arange(len(folds.y))
    return np.stack([values[first + without, rows], values[first + (without + 1) % folds.folds, rows]])


def shadow_models(folds: Folds) -> int:
    """Replicates of the other seeds."""
    return (folds.seeds - 1) * folds.folds


def enough(seeds: int, folds: int) -> bool:
    """Whether each judged row was trained on by some and not by others, and their spread can be seen."""
    return folds > 1 and (seeds - 1) * folds > 2


def log_ratios(confidence: np.ndarray, folds: Folds) -> np.ndarray:
    """(2, seeds, n) log likelihood ratio of each confidence (replicates, n): with the row against without it.

    Both are normal distributions, whose means are those of the shadow models of other seeds. They share a variance, as
    few shadow models lack the row; it counts one observation more, with the variance of a row on average, so that a row
    on which all shadow models agree is not certain.

    Raises:
        ValueError: There are too few seeds for shadow models that leave a variance to be seen.

    Source: Carlini et al. 2022, arXiv:2112.03570, algorithm 1.
    """
    if not enough(folds.seeds, folds.folds):
        raise ValueError(
            f"{folds.seeds} seeds x {folds.folds} folds leave {shadow_models(folds)} shadow models; give 3 or more"
        )
    had = members(folds)
    seed_of = np.arange(folds.replicates) // folds.folds
    ratios = np.empty_like(confidence, dtype=np.float64)
    for seed in range(folds.seeds):
        own, shadows = seed_of == seed, seed_of != seed
        ratios[own] = _log_ratio(confidence[own], confidence[shadows], had[shadows])
    return pairs(ratios, folds)


def _log_ratio(confidence: np.ndarray, shadows: np.ndarray, had: np.ndarray) -> np.ndarray:
    """Of confidence (k, n) by shadow models (m, n), of which those had the row where `had` (m, n)."""
    with_row, without_row = (np.average(shadows, axis=0, weights=which) for which in (had, ~had))
    squares = ((shadows - np.where(had, with_row, without_row)) ** 2).sum(axis=0)
    free = len(shadows) - 2
    variance = (squares + squares.mean() / free) / (free + 1)
    if not variance.any():
        return np.zeros_like(confidence, dtype=np.float64)
    return ((confidence - without_row) ** 2 - (confidence - with_row) ** 2) / (2 * variance)

"""What a thief asks about: rows that the model never trained on, then rows drawn from these column by column."""

from typing import NamedTuple

import numpy as np

from generator.engine.seeding import stage_rng
from generator.models.folds import Folds


class Parts(NamedTuple):
    """The rows each replicate holds out, in two halves that share none, by their places in `Folds.test_rows`."""

    asked: np.ndarray
    """(replicates, m) the real rows a thief has."""
    judged: np.ndarray
    """(replicates, m) those a copy is compared on."""


def part(folds: Folds, seed: int) -> Parts:
    """Halve the rows that each replicate holds out at random; where their number is odd, one is in neither half."""
    half = int(folds.test_counts.min()) // 2
    orders = np.array(
        [
            stage_rng(seed, f"extraction: rows/{replicate}").permutation(count)[: 2 * half]
            for replicate, count in enumerate(folds.test_counts)
        ]
    )
    return Parts(orders[:, :half], orders[:, half:])


def rows_at(folds: Folds, places: np.ndarray) -> np.ndarray:
    """(replicates, m) row numbers of places among the rows that each replicate holds out."""
    return np.take_along_axis(folds.test_rows, places, axis=1)


def questions(folds: Folds, asked: np.ndarray, count: int, seed: int) -> np.ndarray:
    """(replicates, count, d) raw units: the rows at places `asked` (replicates, m) in their order, then drawn ones.

    A drawn row takes each input from a row of its own among those asked about, so every input is spread as it really
    is, and inputs do not hang together. More questions begin with the same ones.
    """
    real = folds.x[rows_at(folds, asked)]
    if count <= real.shape[1]:
        return real[:, :count]
    drawn = [
        _column_by_column(rows, count - len(rows), stage_rng(seed, f"extraction: drawn rows/{replicate}"))
        for replicate, rows in enumerate(real)
    ]
    return np.concatenate((real, np.array(drawn)), axis=1)


def _column_by_column(rows: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """(count, d) of rows (m, d), drawn row after row so that the first ones do not depend on `count`."""
    places = rng.integers(0, len(rows), (count, rows.shape[1]))
    return np.take_along_axis(rows, places, axis=0)

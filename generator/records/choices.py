"""Choosing a model on rows it is not judged on: for each fold, by the other folds of the same seed."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FoldChoices:
    """Which of several candidates each fold's other rows chose, and what those kept of the fold itself."""

    chosen: np.ndarray
    """(seeds, folds) place of the candidate."""
    hits: int
    """Rows kept, each judged by the choice it took no part in, over all seeds."""

    @property
    def favourite(self) -> int:
        """The candidate chosen for most folds; the first of several."""
        return int(np.bincount(self.chosen.ravel()).argmax())


def fold_choices(kept: np.ndarray, rows: np.ndarray, fold: np.ndarray) -> FoldChoices:
    """For each fold, the candidate that kept most of the same seed's other folds; the first of several.

    Args:
        kept: (candidates, seeds, n) bool.
        rows: (n,) bool, the rows that count.
        fold: (seeds, n) int, the fold that holds each row out.
    """
    inside = np.stack([(kept & rows & (fold == f)).sum(2) for f in range(fold.max() + 1)], axis=-1)
    chosen = (inside.sum(-1, keepdims=True) - inside).argmax(0)
    return FoldChoices(chosen, int(np.take_along_axis(inside, chosen[None], 0).sum()))

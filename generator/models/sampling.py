"""Tables too large to look at row by row: which rows are judged, and which of the others train."""

from dataclasses import dataclass

import numpy as np

from generator.engine.seeding import stage_rng


@dataclass(frozen=True)
class Drawn:
    """Rows that only train, a draw of its own for every replicate."""

    rows: np.ndarray
    """(replicates, k) row numbers in the whole table."""
    judged: np.ndarray
    """(m,) row numbers of the rows that are judged; none of them is in `rows`."""
    x: np.ndarray
    """(replicates, k, d) raw units."""
    y: np.ndarray
    """(replicates, k) 1 = fraud."""


@dataclass(frozen=True)
class Pool:
    """What replicates draw from: the whole table without the rows that are judged."""

    x: np.ndarray
    """(n, d) raw units, the whole table."""
    y: np.ndarray
    """(n,) 1 = fraud."""
    judged: np.ndarray
    """(m,) row numbers, rising; never drawn."""
    most: int
    """Rows a replicate trains on, its own folds included."""

    def draw(self, replicates: int, trained: int, seed: int) -> Drawn:
        """Rows for each replicate beside the `trained` ones of its folds, as many as it may have."""
        rest = [np.setdiff1d(rows, self.judged, assume_unique=True) for rows in by_class(self.y)]
        count = max(0, min(self.most - trained, sum(map(len, rest))))
        rows = np.array(
            [stratified(rest, count, stage_rng(seed, f"training rows/{r}")) for r in range(replicates)]
        )
        return Drawn(rows, self.judged, self.x[rows], self.y[rows])


def judged_rows(y: np.ndarray, most: int, seed: int) -> np.ndarray:
    """Row numbers, rising, of the rows that are judged: all, or a stratified sample of `most`."""
    if len(y) <= most:
        return np.arange(len(y))
    return np.sort(stratified(by_class(y), most, stage_rng(seed, "judged rows")))


def by_class(y: np.ndarray) -> list[np.ndarray]:
    """Row numbers of the legitimate rows and of the frauds."""
    return [np.flatnonzero(y == label) for label in (0, 1)]


def stratified(classes: list[np.ndarray], count: int, rng: np.random.Generator) -> np.ndarray:
    """`count` of the rows, none twice, from both classes in proportion to their sizes."""
    legitimate, frauds = classes
    of_frauds = round(count * len(frauds) / max(1, len(legitimate) + len(frauds)))
    return np.concatenate(
        [
            rng.choice(legitimate, count - of_frauds, replace=False),
            rng.choice(frauds, of_frauds, replace=False),
        ]
    )

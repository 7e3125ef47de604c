"""Who trains on what: seeds x stratified folds, with the scaler fitted on each replicate's training rows only."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from generator.engine.files import sha256_of
from generator.engine.seeding import stage_seed
from generator.models.sampling import Drawn, Pool
from generator.records.spec import TrainingSpec


@dataclass(frozen=True)
class Folds:
    """The data of every replicate in its own standardised units; replicate = seed * folds + fold.

    Stacks hold equally many rows per replicate. Folds differ by a row or two, so short ones
    are filled up by repeating rows: a repeated training row weighs next to nothing, and a
    repeated test row is dropped again by `to_rows`.
    """

    train_rows: np.ndarray
    """(replicates, n_train) row numbers."""
    test_rows: np.ndarray
    """(replicates, n_test) row numbers; the first `test_counts[r]` count."""
    test_counts: np.ndarray
    """(replicates,)"""
    means: np.ndarray
    """(replicates, d) of the training rows, raw units."""
    scales: np.ndarray
    """(replicates, d) standard deviations of the training rows, raw units: one epsilon."""
    x: np.ndarray
    """(n, d) raw units; the rows that are judged."""
    y: np.ndarray
    """(n,) 1 = fraud."""
    seeds: int
    drawn: Drawn | None = None
    """Further training rows; None where the judged rows are the whole table."""

    @cached_property
    def digest(self) -> str:
        """One hash of everything here."""
        arrays = (
            *(self.train_rows, self.test_rows, self.test_counts, self.means, self.scales, self.x, self.y),
            *((self.drawn.x, self.drawn.y) if self.drawn else ()),
        )
        return sha256_of(str(self.seeds), *(part for a in arrays for part in (str(a.shape), a.tobytes())))

    @property
    def replicates(self) -> int:
        return len(self.train_rows)

    @property
    def folds(self) -> int:
        return self.replicates // self.seeds

    def select(self, replicates: slice, seeds: int = 1) -> "Folds":
        """The same rows, judged by these replicates alone, which are those of so many seeds."""
        own = ("train_rows", "test_rows", "test_counts", "means", "scales")
        drawn = self.drawn and replace(
            self.drawn, **{name: getattr(self.drawn, name)[replicates] for name in ("rows", "x", "y")}
        )
        return replace(
            self, **{name: getattr(self, name)[replicates] for name in own}, seeds=seeds, drawn=drawn
        )

    def first_seeds(self, seeds: int) -> "Folds":
        """Those of the first so many seeds, or of all that there are."""
        seeds = min(seeds, self.seeds)
        return self.select(slice(seeds * self.folds), seeds)

    def held_out(self) -> np.ndarray:
        """(seeds, n): the fold that holds each row out."""
        numbers = np.arange(self.replicates)[:, None] % self.folds
        return self.to_rows(np.broadcast_to(numbers, self.test_rows.shape))

    def encode(self, raw: np.ndarray, replicates: slice = slice(None)) -> np.ndarray:
        """Raw (replicates, rows, d) in standard deviations of the training rows, in which budgets count."""
        return standardised(raw, self.means[replicates], self.scales[replicates])

    def decode(self, scaled: np.ndarray, replicates: slice = slice(None)) -> np.ndarray:
        """Standardised rows (replicates, rows, d) back to raw units, float64."""
        means, scales = self.means[replicates, None], self.scales[replicates, None]
        return scaled.astype(np.float64) * scales + means

    @property
    def n_train(self) -> int:
        """Rows each replicate trains on."""
        return self.train_rows.shape[1] + (self.drawn.rows.shape[1] if self.drawn else 0)

    def train_raw(self) -> np.ndarray:
        """(replicates, n_train, d) raw units."""
        own = self.x[self.train_rows]
        return np.concatenate((own, self.drawn.x), axis=1) if self.drawn else own

    def train_x(self) -> np.ndarray:
        """(replicates, n_train, d) float32, standardised."""
        return self.encode(self.train_raw())

    def train_y(self) -> np.ndarray:
        own = self.y[self.train_rows]
        return np.concatenate((own, self.drawn.y), axis=1) if self.drawn else own

    def test_x(self, replicates: slice = slice(None)) -> np.ndarray:
        """(replicates, n_test, d) float32, standardised."""
        return self.encode(self.test_raw(replicates), replicates)

    def test_raw(self, replicates: slice = slice(None)) -> np.ndarray:
        """(replicates, n_test, d) raw units."""
        return self.x[self.test_rows[replicates]]

    def test_y(self, replicates: slice = slice(None)) -> np.ndarray:
        return self.y[self.test_rows[replicates]]

    def to_rows(self, values: np.ndarray) -> np.ndarray:
        """Gather values (replicates, n_test, ...) into (seeds, n, ...): one value a seed and row, out of fold."""
        rows = np.empty((self.seeds, len(self.y), *values.shape[2:]), dtype=values.dtype)
        for replicate in range(self.replicates):
            count = self.test_counts[replicate]
            rows[replicate // self.folds, self.test_rows[replicate, :count]] = values[replicate, :count]
        return rows


def standardised(raw: np.ndarray, means: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """(raw - mean) / scale in float32, of raw (replicates, rows, d), means and scales (replicates, d)."""
    return ((raw - means[:, None]) / scales[:, None]).astype(np.float32)


def make_folds(
    x: np.ndarray, y: np.ndarray, training: TrainingSpec, seed: int, pool: Pool | None = None
) -> Folds:
    """Stratified folds of x (n, d) raw and y (n,), shuffled anew for each seed; all train on draws from `pool` too.

    A single fold holds all rows out: it trains on draws alone.

    Raises:
        ValueError: A class has fewer rows than there are folds, or a single fold has no pool to train on.
    """
    if training.folds == 1 and pool is None:
        raise ValueError(
            "one fold holds every row out; judge a sample of the table, so that other rows train"
        )
    smallest = int(np.bincount(y, minlength=2).min())
    if smallest < training.folds:
        raise ValueError(f"{training.folds} folds need as many rows of each class; one has {smallest}")
    train, test = [], []
    for repetition in range(training.seeds):
        for train_rows, test_rows in _split(x, y, training.folds, stage_seed(seed, f"folds/{repetition}")):
            train.append(train_rows)
            test.append(test_rows)
    train_rows = _level(train)
    drawn = pool.draw(training.replicates, train_rows.shape[1], seed) if pool else None
    scalers = [
        StandardScaler().fit(np.concatenate((x[rows], drawn.x[r])) if drawn else x[rows])
        for r, rows in enumerate(train)
    ]
    return Folds(
        train_rows=train_rows,
        test_rows=_level(test),
        test_counts=np.array([len(rows) for rows in test]),
        means=np.array([scaler.mean_ for scaler in scalers]),
        scales=np.array([scaler.scale_ for scaler in scalers]),
        x=x,
        y=y,
        seeds=training.seeds,
        drawn=drawn,
    )


def _split(x: np.ndarray, y: np.ndarray, folds: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rows that train, rows held out) of each fold."""
    if folds == 1:
        return iter([(np.arange(0), np.arange(len(y)))])
    return StratifiedKFold(folds, shuffle=True, random_state=seed % 2**32).split(x, y)


def _level(rows: list[np.ndarray]) -> np.ndarray:
    """Stack row lists of nearly equal length, repeating first rows of the short ones."""
    longest = max(len(r) for r in rows)
    return np.array([np.concatenate([r, r[: longest - len(r)]]) for r in rows])

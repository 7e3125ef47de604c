"""Partition aggregation: a vote of models that share no training row, so that few rows change few votes.

For that to hold a part may know nothing of the others. So a part scales its own rows, a model is fitted to it alone,
and its rows stand in an order of their own. A scaler of the whole table, a stack of networks that fills short parts up
to the longest, or one generator for all of them would let one row reach every vote.

Source: Levine and Feizi 2021, arXiv:2006.14768.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

import numpy as np
from sklearn.linear_model import LogisticRegression


@dataclass(frozen=True)
class Part:
    """The rows of one part as bytes, which say all that its model depends on."""

    rows: bytes
    inputs: int

    @property
    def x(self) -> np.ndarray:
        return self._table[:, :-1]

    @property
    def y(self) -> np.ndarray:
        return self._table[:, -1].astype(int)

    @property
    def _table(self) -> np.ndarray:
        return np.frombuffer(self.rows).reshape(-1, self.inputs + 1)


Voter = Callable[[np.ndarray], np.ndarray]
"""Rows (n, d) raw -> whether each is called fraud (n,) bool."""


def place_of(row: np.ndarray, parts: int) -> int:
    """The part of a row (d,): a hash of its inputs, so that a changed label leaves it where it is."""
    return int.from_bytes(sha256(row.tobytes()).digest()[:8], "big") % parts


def dealt(x: np.ndarray, y: np.ndarray, parts: int) -> list[Part]:
    """The parts of rows x (n, d) float64, y (n,)."""
    places = np.array([place_of(row, parts) for row in x])
    return [part(x[places == number], y[places == number]) for number in range(parts)]


def part(x: np.ndarray, y: np.ndarray) -> Part:
    """The part that holds these rows, in the order of their bytes."""
    table = np.column_stack((x, y)).astype(np.float64)
    return Part(b"".join(sorted(row.tobytes() for row in table)), x.shape[1])


@lru_cache(maxsize=4096)
def voter(rows: Part) -> Voter:
    """A logistic regression of one part, both classes weighing the same; a part of one class calls all rows that."""
    x, y = rows.x, rows.y
    if len(set(y.tolist())) < 2:
        only = bool(len(y) and y[0] == 1)
        return lambda asked: np.full(len(asked), only)
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1.0
    # two classes of equal weight, so that parts with few frauds call some rows fraud
    model = LogisticRegression(solver="liblinear", class_weight="balanced", random_state=0).fit(
        (x - mean) / scale, y
    )
    weights, bias = model.coef_[0], float(model.intercept_[0])
    return lambda asked: ((asked - mean) / scale) @ weights + bias > 0


def ballots(parts: list[Part], x: np.ndarray) -> np.ndarray:
    """(parts, n) bool: who calls which of the rows x (n, d) fraud."""
    return np.stack([voter(each)(x) for each in parts])


def fewest_votes(votes: np.ndarray, rate: float) -> int:
    """The fewest votes to alarm from, so that at most this share of genuine rows with votes (n,) does."""
    return next(cut for cut in range(votes.max(initial=0) + 2) if (votes >= cut).mean() <= rate)


def proved(votes: np.ndarray, cut: int, changed: int) -> np.ndarray:
    """(n,) bool: rows that alarm whatever is done to so many training rows, each of which turns one vote at most."""
    return votes - changed >= cut


def at_most(votes: np.ndarray, cut: int, changed: int) -> np.ndarray:
    """(n,) bool: rows that so many training rows could make alarm."""
    return votes + changed >= cut

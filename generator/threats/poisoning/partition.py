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

from generator.models.cuts import matched_cut
from generator.models.trees.boosting import train_trees
from generator.records.spec import TreesSpec

FEW_TREES = TreesSpec(rounds=10, depths=(2,), learning_rates=(0.3,), smallest_leaf=5)
"""Of a part that takes names and gaps: small, as its rows are few."""
OWN_ALARMS = 0.05
"""Share of its own genuine rows on which such a part alarms. Were it half of the rows, all parts would agree on more
rows than may alarm, and no number of votes would tell frauds from them."""


@dataclass(frozen=True)
class Part:
    """The rows of one part as bytes, which say all that its model depends on."""

    rows: bytes
    inputs: int
    unordered: tuple[int, ...] | None = None
    """Inputs that are places of names, where trees vote, which take gaps too; None: a logistic regression does."""

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


def dealt(x: np.ndarray, y: np.ndarray, parts: int, unordered: tuple[int, ...] | None = None) -> list[Part]:
    """The parts of rows x (n, d) float64, y (n,)."""
    places = np.array([place_of(row, parts) for row in x])
    return [part(x[places == number], y[places == number], unordered) for number in range(parts)]


def part(x: np.ndarray, y: np.ndarray, unordered: tuple[int, ...] | None = None) -> Part:
    """The part that holds these rows, in the order of their bytes."""
    table = np.column_stack((x, y)).astype(np.float64)
    return Part(b"".join(sorted(row.tobytes() for row in table)), x.shape[1], unordered)


@lru_cache(maxsize=4096)
def voter(rows: Part) -> Voter:
    """The model of one part, both classes weighing the same; a part of one class calls all rows that."""
    x, y = rows.x, rows.y
    if len(set(y.tolist())) < 2:
        only = bool(len(y) and y[0] == 1)
        return lambda asked: np.full(len(asked), only)
    if rows.unordered is not None:
        trees = train_trees([x], [y], FEW_TREES, unordered=rows.unordered, balanced=True)
        cut = matched_cut(trees.margins(x[None])[0], y == 0, OWN_ALARMS)
        return lambda asked: trees.margins(asked[None])[0] > cut
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


def fewest_votes(votes: np.ndarray, rate: float, weights: np.ndarray | None = None) -> int:
    """The fewest votes to alarm from, so that at most this share of genuine rows with votes (n,) does.

    Args:
        weights: (n,) how often each row counts; once, if not given.
    """
    cuts = range(votes.max(initial=0) + 2)
    return next(cut for cut in cuts if np.average(votes >= cut, weights=weights) <= rate)


def proved(votes: np.ndarray, cut: int, changed: int) -> np.ndarray:
    """(n,) bool: rows that alarm whatever is done to so many training rows, each of which turns one vote at most."""
    return votes - changed >= cut


def at_most(votes: np.ndarray, cut: int, changed: int) -> np.ndarray:
    """(n,) bool: rows that so many training rows could make alarm."""
    return votes + changed >= cut

"""What no classifier can pass on these rows, and what the rule behind the labels reaches itself."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import KDTree


@dataclass(frozen=True)
class Limit:
    """The best robust accuracy on `rows` rows that any function of the features can have."""

    rows: int
    conflicts: int
    """Pairs of a fraud and a legitimate row whose boxes share a point."""
    errors: int
    """Rows every classifier has to lose at least: the size of a maximum matching of those pairs."""

    @property
    def accuracy(self) -> float:
        return (self.rows - self.errors) / self.rows


def limit(lower: np.ndarray, upper: np.ndarray, y: np.ndarray) -> Limit:
    """The limit when each row of class y (n,) may be moved anywhere in its box [lower, upper] (n, d).

    Where the boxes of a fraud and a legitimate row share a point, one answer is given for
    both, so one of them is lost. The rows kept are an independent set of that bipartite graph,
    and by König's theorem the largest has n - |maximum matching| rows. The bound is reached by
    the classifier that calls fraud exactly on the boxes of the frauds kept.

    A class that does not evade has boxes of zero width. Touching boxes conflict.

    Source: Bhagoji, Cullina and Mittal 2019, arXiv:1909.12272; Diestel, Graph Theory, theorem 2.1.1.
    """
    pairs = _conflicts(lower, upper, np.asarray(y))
    matched = maximum_bipartite_matching(pairs, perm_type="column") if pairs.nnz else np.empty(0)
    return Limit(rows=len(y), conflicts=int(pairs.nnz), errors=int((matched >= 0).sum()))


def plain_limit(x: np.ndarray, y: np.ndarray, epsilon: float) -> Limit:
    """The limit when every row may move by epsilon in every feature: pairs within 2 epsilon conflict."""
    return limit(x - epsilon, x + epsilon, y)


def drawn_limit(x: np.ndarray, y: np.ndarray, epsilon: float, most_conflicts: int = 2_000_000) -> Limit:
    """As `plain_limit`, on as many of the first rows as have about that many conflicts, so that it stays quick.

    On n rows drawn the expected limit lies above that of the population, and falls towards it as n grows:
    the fewer rows, the better some classifier fits them.
    """
    probe = min(len(x), 2_000)
    found = plain_limit(x[:probe], y[:probe], epsilon)
    rows = min(len(x), int(probe * np.sqrt(most_conflicts / max(found.conflicts, 1))))
    return plain_limit(x[:rows], y[:rows], epsilon)


def _conflicts(lower: np.ndarray, upper: np.ndarray, y: np.ndarray) -> csr_array:
    """(frauds, legitimate rows), 1 where the boxes share a point."""
    lower, upper = np.asarray(lower, np.float64), np.asarray(upper, np.float64)
    fraud, genuine = np.flatnonzero(y == 1), np.flatnonzero(y != 1)
    if not len(fraud) or not len(genuine):
        return csr_array((len(fraud), len(genuine)), dtype=np.int8)
    centre, reach = 0.5 * (lower + upper), 0.5 * (upper - lower)
    # in units of the widest pair of boxes, only rows within 1 can meet; fixed features need equality
    widest = np.maximum(reach[fraud].max(0) + reach[genuine].max(0), 1e-9)
    tree = KDTree(centre[genuine] / widest)
    near = tree.query_ball_point(centre[fraud] / widest, 1 + 1e-6, p=np.inf)
    counts = np.array([len(found) for found in near])
    rows = np.repeat(np.arange(len(fraud)), counts)
    columns = np.concatenate([np.asarray(found, np.int64) for found in near])
    a, b = fraud[rows], genuine[columns]
    meet = ((lower[a] <= upper[b]) & (lower[b] <= upper[a])).all(1)
    rows, columns = rows[meet], columns[meet]
    return csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(fraud), len(genuine)))


@dataclass(frozen=True)
class Frontier:
    """Robust recall against clean false-positive rate of a score, one point a threshold, FPR rising."""

    threshold: np.ndarray
    """(k,) flagged when the score is above it."""
    false_positive_rate: np.ndarray
    """(k,) share of legitimate rows flagged; they do not evade."""
    recall: np.ndarray
    """(k,) share of frauds still flagged after their scores have dropped."""

    def recall_at(self, false_positive_rate: float) -> float:
        """The best robust recall at a false-positive rate of at most this."""
        return float(self.recall[self.false_positive_rate <= false_positive_rate].max())


def frontier(score: np.ndarray, drop: np.ndarray, y: np.ndarray) -> Frontier:
    """The frontier of flagging score (n,) > threshold, when a fraud can lower its own score by drop (n,).

    For a linear rule with weights w the drop is Σ |w_j| ε_j over the features a fraud controls,
    in the direction that helps it; for a rule at hand, its largest fall over the row's box.
    """
    score, drop, y = np.asarray(score, np.float64), np.asarray(drop, np.float64), np.asarray(y)
    genuine, fraud = np.sort(score[y != 1]), np.sort((score - drop)[y == 1])
    if not len(genuine) or not len(fraud):
        raise ValueError("a frontier needs rows of both classes")
    threshold = np.concatenate([np.unique(np.concatenate([genuine, fraud]))[::-1], [-np.inf]])

    def flagged(scores: np.ndarray) -> np.ndarray:
        return 1 - np.searchsorted(scores, threshold, side="right") / len(scores)

    return Frontier(threshold, flagged(genuine), flagged(fraud))

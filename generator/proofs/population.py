"""What no classifier can pass on any rows, from how likely each row is, and what one that exists keeps."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

Score = Callable[[np.ndarray], np.ndarray]
"""x (m, d) -> (m,)."""

PULLS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Shares of an input's distance from the centre that a pulled rule may keep."""


def paired_errors(
    x: np.ndarray,
    shift: np.ndarray,
    probability: Score,
    is_fraud: Callable[[np.ndarray], np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
) -> float:
    """A share of all rows that every classifier loses, estimated on the rows drawn, x (n, d).

    A fraud f is paired with g = f - shift; an input in which g would leave [low, high] is not shifted.
    Where |shift| is at most twice what a row may move, f and g can meet, so the classifier loses one of
    them. A genuine g pairs off at most its own probability, hence the errors are at least

        E[ 1{g genuine} min(1, Σ_f P(f) / P(g)) ],  f over the frauds paired with g,

    which needs no second row near the first, as matching drawn rows does. For a rule linear in one score
    with independent normal inputs of equal weight and m = Σ |w_j| ε_j it is P(q < s <= q + 2m), the exact value.

    Args:
        shift: (d,) towards fraud; where values come in steps, whole steps, so that probabilities are densities
            of the same grid.
        probability: Of a row, or its density; 0 outside [low, high].
    """
    genuine = x[~is_fraud(x)]
    genuine = genuine[is_fraud(np.clip(genuine + shift, low, high))]  # the others pair with no fraud
    slack = 1e-9 * (high - low)
    cannot_shift = ((genuine - shift) < low - slack) | ((genuine - shift) > high + slack)
    mass, own = np.zeros(len(genuine)), probability(genuine)
    for moved in itertools.product(*[(False, True) if step else (False,) for step in shift]):
        still = ~np.array(moved) & (shift != 0)
        rows = np.flatnonzero(cannot_shift[:, still].all(1))
        fraud = genuine[rows] + shift * moved
        inside = ((fraud >= low - slack) & (fraud <= high + slack)).all(1)
        rows, fraud = rows[inside], fraud[inside]
        flagged = is_fraud(fraud)
        mass[rows[flagged]] += probability(fraud[flagged])
    return float(np.minimum(1, mass / own).sum() / len(x))


@dataclass(frozen=True)
class PulledRule:
    """A classifier: pull each input towards a centre, score it by a rule, flag what lies above the cut."""

    score: Score
    centre: np.ndarray
    pull: np.ndarray
    """(d,) share of the distance from the centre that is kept; 1 leaves an input alone, 0 ignores it."""
    cut: float
    """inf approves everything."""

    def kept(self, calm: np.ndarray, alarming: np.ndarray, y: np.ndarray) -> float:
        """Share of rows right wherever they move: y (n,), and each box's calmest and most alarming corner (n, d)."""
        lowest, highest = (_pulled(self.score, self.centre, self.pull, x) for x in (calm, alarming))
        return float(np.where(y == 1, lowest > self.cut, highest <= self.cut).mean())


def best_pulled(
    score: Score, centre: np.ndarray, calm: np.ndarray, alarming: np.ndarray, y: np.ndarray
) -> PulledRule:
    """The pulls and the cut that keep most of these rows, one input after the other, twice round.

    The score has to be monotone in each input. The rule itself and approving everything are among the candidates.
    """

    def best_at(pull: np.ndarray) -> tuple[float, float]:
        return best_cut(_pulled(score, centre, pull, calm), _pulled(score, centre, pull, alarming), y)

    pull = np.ones(len(centre))
    kept, cut = best_at(pull)
    for j in [*range(len(centre))] * 2:
        for share in PULLS:
            tried = pull.copy()
            tried[j] = share
            found = best_at(tried)
            if found[0] > kept:
                (kept, cut), pull = found, tried
    return PulledRule(score, centre, pull, cut)


def best_cut(lowest: np.ndarray, highest: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """(share kept, cut) where flagging a score above the cut keeps most rows, as their scores range (n,)."""
    fraud, genuine = np.sort(lowest[y == 1]), np.sort(highest[y != 1])
    cuts = np.concatenate([genuine, [-np.inf, np.inf]])  # between two genuine scores nothing is won
    held = len(fraud) - np.searchsorted(fraud, cuts, side="right")
    held = held + np.searchsorted(genuine, cuts, side="right")
    best = int(held.argmax())
    return float(held[best] / len(y)), float(cuts[best])


def _pulled(score: Score, centre: np.ndarray, pull: np.ndarray, x: np.ndarray) -> np.ndarray:
    return score(centre + pull * (x - centre))

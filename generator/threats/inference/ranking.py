"""How well a score tells members from strangers: by order alone, and at cuts that other seeds set."""

import math

import numpy as np
from scipy.stats import beta, rankdata

from generator.models.cuts import matched_cut
from generator.records.inference import FoundAt
from generator.records.proofs import Estimate


def placements(scores: np.ndarray) -> np.ndarray:
    """(seeds, n) parts of the area under the curve of scores (2, seeds, n), of strangers and of members.

    Their mean over the rows of a seed is its area. The part of a place is that of its member and of its stranger
    together, so that draws of rows keep the two together.

    Source: DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, 837.
    """
    return np.array([_placements(*of_seed) for of_seed in scores.swapaxes(0, 1)])


def _placements(strangers: np.ndarray, found: np.ndarray) -> np.ndarray:
    n = len(found)
    among_all = rankdata(np.concatenate([found, strangers]))
    below = (among_all[:n] - rankdata(found)) / n  # strangers that a member stands above
    above = 1 - (among_all[n:] - rankdata(strangers)) / n  # members that stand above a stranger
    return below + above - below.mean()


def flagged(scores: np.ndarray, rate: float) -> np.ndarray:
    """(2, seeds, n) bool of scores (2, seeds, n): above the cut that `rate` of all other seeds' strangers pass."""
    seeds = scores.shape[1]
    cuts = []
    for seed in range(seeds):
        others = scores[0, np.arange(seeds) != seed].ravel()
        cuts.append(matched_cut(others, np.ones(len(others), bool), rate))
    return scores > np.array(cuts)[:, None]


def found_at(scores: np.ndarray, rate: float) -> FoundAt:
    """Members found of scores (2, seeds, n) where `rate` of the strangers may be mistaken."""
    strangers, found = flagged(scores, rate)
    return FoundAt(false_positive_rate=rate, found=exact_rate(found), mistaken=exact_rate(strangers))


def exact_rate(hits: np.ndarray) -> Estimate:
    """Share of hits (seeds, n), with the exact interval of n rows: the seeds judge the same rows, which count once.

    Source: Clopper and Pearson 1934, Biometrika 26, 404.
    """
    value, rows = float(hits.mean()), hits.shape[1]
    low = beta.ppf(0.025, value * rows, rows - value * rows + 1) if value > 0 else 0.0
    high = beta.ppf(0.975, value * rows + 1, rows - value * rows) if value < 1 else 1.0
    return Estimate(
        value=value, low=float(low), high=float(high), n=rows, seeds=len(hits), method="clopper-pearson"
    )


def least_epsilon(at: tuple[FoundAt, ...]) -> float:
    """The smallest epsilon, at a delta of 0, that the members found allow: found <= e^epsilon x mistaken, at every cut.

    Both rates are taken at that end of their interval which claims less.

    Source: Jagielski, Ullman, Oprea 2020, arXiv:2006.07709, section 3.
    """
    ratios = [each.found.low / each.mistaken.high for each in at]
    return max([0.0, *(math.log(ratio) for ratio in ratios if ratio > 0)])

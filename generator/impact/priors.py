"""From the study's fraud share to a bank's: what carries over, what does not, and how far two ways of moving differ.

Label shift: T and F are shares within a class, so they hold at any fraud share as long as frauds look alike; accuracy,
precision and scores do not. Here a fraud is a row with a high score, so at a smaller share it would be a more extreme
row. The second way relabels at that share and measures again; the truth of a bank lies where neither can look.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from generator.impact.model import Detection, Values


@dataclass(frozen=True)
class PriorRange:
    """One figure by re-weighting and by relabelling."""

    reweighted: float
    relabelled: Mapping[float, float]
    """Fraud share of the label -> the figure with the rates measured there."""

    @property
    def low(self) -> float:
        return min([self.reweighted, *self.relabelled.values()])

    @property
    def high(self) -> float:
        return max([self.reweighted, *self.relabelled.values()])


def accuracy(caught: Values, false_positive_rate: Values, fraud_share: float) -> Values:
    """p T + (1 - p) (1 - F)."""
    return fraud_share * caught + (1 - fraud_share) * (1 - false_positive_rate)


def precision(caught: Values, false_positive_rate: Values, fraud_share: float) -> Values:
    """p T / (p T + (1 - p) F)."""
    true = fraud_share * caught
    return true / (true + (1 - fraud_share) * false_positive_rate)


def odds_factor(fraud_share: float, measured_share: float) -> float:
    """What the odds of a score are multiplied by: [p / (1 - p)] / [p0 / (1 - p0)] (Saerens and others 2002)."""
    return fraud_share / (1 - fraud_share) * (1 - measured_share) / measured_share


def equivalent_score(score: Values, fraud_share: float, measured_share: float) -> Values:
    """The score at `measured_share` whose corrected score at `fraud_share` is `score`."""
    odds = score / (1 - score) / odds_factor(fraud_share, measured_share)
    return odds / (1 + odds)


def prior_range(
    figure: Callable[[tuple[Detection, ...]], float],
    reweighted: tuple[Detection, ...],
    relabelled: Mapping[float, tuple[Detection, ...]],
) -> PriorRange:
    """`figure` from the rates of the study's label, and from those measured under each other label.

    The bank's fraud share is inside `figure`; only the rates change.
    """
    return PriorRange(figure(reweighted), {share: figure(rates) for share, rates in relabelled.items()})

"""The same rates at a bank's fraud share: what becomes of accuracy and precision, and where hardening begins to pay."""

from dataclasses import dataclass

from generator.findings.breakeven import rate, share
from generator.findings.scenarios import Assumptions
from generator.impact import priors
from generator.impact.bands import scalar
from generator.impact.breakeven import prevalence
from generator.impact.measured import Choice, mean_detection, relabelled_detections
from generator.impact.priors import PriorRange, prior_range
from generator.impact.whatif import Measured
from generator.records.impact import Scenario


@dataclass(frozen=True)
class PriorLine:
    """One bank's fraud share: what the rates of the study become there."""

    fraud_share: str
    accuracy: tuple[float, float]
    """Of the standard and of the hardened model, when nobody evades."""
    precision: tuple[str, str]
    reweighted: str
    """Break-even share with the rates of the study's label."""
    relabelled: str
    """From the least to the most with the rates under other labels; empty where none were measured."""


def prior_lines(
    measured: Measured, choice: Choice, scenario: Scenario, known: Assumptions
) -> tuple[PriorLine, ...]:
    """One line a fraud share of the opening scenario and of the presets, falling."""
    return tuple(_prior_line(measured, choice, scenario, fraud_share) for fraud_share in _shares(known))


def _shares(known: Assumptions) -> list[float]:
    """The fraud shares of the opening scenario and of the presets, falling, each once."""
    presets = [each.changes["fraud_share"] for each in known.presets if "fraud_share" in each.changes]
    return sorted({known.opening.fraud_share, *presets}, reverse=True)


def _prior_line(measured: Measured, choice: Choice, scenario: Scenario, fraud_share: float) -> PriorLine:
    rates, models = measured.rates, (measured.roles.baseline, choice.hardened)
    bank = scenario.model_copy(update={"fraud_share": fraud_share})
    pair = tuple(mean_detection(rates, name, choice, choice.point) for name in models)
    found = prior_range(
        lambda two: scalar(prevalence(*two, bank)),
        pair,
        relabelled_detections(rates, models, choice.tier, (choice.point, choice.point)),
    )
    clean = [(each.caught_clean, each.false_positive_rate, fraud_share) for each in pair]
    return PriorLine(
        fraud_share=rate(fraud_share),
        accuracy=tuple(priors.accuracy(*each) for each in clean),
        precision=tuple(rate(priors.precision(*each)) for each in clean),
        reweighted=share(found.reweighted),
        relabelled=_relabelled(found),
    )


def _relabelled(found: PriorRange) -> str:
    if not found.relabelled:
        return ""
    return f"{share(min(found.relabelled.values()))} to {share(max(found.relabelled.values()))}"

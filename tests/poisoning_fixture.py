"""The tiny result with poisoned training rows, few enough figures to work out by hand."""

from report_fixture import tiny_result

from generator.records.poisoning import (
    Detector,
    Mark,
    Partition,
    PoisonedModel,
    PoisoningResult,
    PoisoningSpec,
)
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

SPEC = PoisoningSpec(shares=(0.01, 0.1), slow_shares=(0.01, 0.1), hardened=(), changed_rows=(1, 10), seeds=2)
CAUGHT = {"standard": (0.98, 0.60), "logistic_regression": (0.88, 0.20), "monotone_trees": (0.90, 0.95)}
"""Model -> frauds caught with honest rows, and marked frauds with a risky backdoor at the quoted share."""


def with_poisoning(dataset: str = "checks", *, opened_low: float = 0.3) -> StudyResult:
    """Every model catches all marked frauds but for the backdoor of that mark, and loses nothing else by flips.

    Args:
        opened_low: Lower end of the interval of what the risky mark opens.
    """
    result = tiny_result(dataset)
    models = []
    for name, (clean, marked) in CAUGHT.items():
        models.append(_model(name, "none", 0.0, clean, {"risky": 1.0, "mixed": 1.0}))
        for share in SPEC.shares:
            for poison in ("random_flips", "boundary_flips", "mislabelled"):
                models.append(_model(name, poison, share, clean, {"risky": 1.0, "mixed": 1.0}))
            for poison, trigger in (("backdoor_risky", "risky"), ("backdoor_mixed", "mixed")):
                triggered = {"risky": 1.0, "mixed": 1.0, trigger: marked}
                opened = {trigger: estimate(1 - marked, min(opened_low, 1 - marked), 1.0)}
                models.append(
                    _model(name, poison, share, clean, triggered).model_copy(update={"opened": opened})
                )
    rates = (estimate(0.9), estimate(0.6))
    vote = Partition(
        parts=50, smallest_part=2, largest_part=9, cuts=(20, 21), caught=estimate(0.92), false_alarms=estimate(0.05),
        against={"standard": estimate(-0.06, -0.08, -0.04)}, proved=rates, targeted=(estimate(0.91), estimate(0.7)),
        attacked=(estimate(0.92), estimate(0.8)), alarms_at_most=(estimate(0.06), estimate(0.1)), contradicted=0,
    )  # fmt: skip
    found = PoisoningResult(
        false_positive_rate=0.05,
        marks=(Mark(trigger="risky", feature=result.data.features[0].name, value=900.0, risky=True),),
        models=tuple(models),
        partition=vote,
        detectors=(
            _detector("source_left_out", "study", 120, 0.05),
            _detector("source_left_out_spread", "study", 30, 0.05),
            _detector("activation_defence", "art", 0, 0.4),
        ),
        out_of_bounds=0,
    )
    spec = result.spec.model_copy(update={"poisoning": SPEC})
    return result.model_copy(update={"spec": spec, "poisoning": found})


def estimate(value: float, low: float | None = None, high: float | None = None) -> Estimate:
    ends = {"low": value - 0.02 if low is None else low, "high": value + 0.02 if high is None else high}
    return Estimate(value=value, **ends, n=200, seeds=2, method="wilson")


def _model(name: str, poison: str, share: float, caught: float, triggered: dict) -> PoisonedModel:
    return PoisonedModel(
        model=name,
        poison=poison,
        share=share,
        rows=round(2000 * share),
        caught=estimate(caught),
        triggered={trigger: estimate(value) for trigger, value in triggered.items()},
        against_clean=estimate(0.0) if share else None,
        opened={},
    )


def _detector(name: str, by: str, found: int, flagged: float) -> Detector:
    return Detector(
        name=name, by=by, planted=120, found=found, flagged=estimate(flagged), flagged_clean=estimate(flagged)
    )

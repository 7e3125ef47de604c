"""Every chart that a result can fill: what the tests of charts and drawings run over."""

from generator.figures import (
    attacks,
    boundary,
    data,
    economics,
    exact,
    hardening,
    impact,
    kinds,
    patterns,
    proofs,
    tiers,
    walkthrough,
)
from generator.figures import story as of_models
from generator.figures.chart import Chart
from generator.findings.selection import leading
from generator.records.results import StudyResult


def proved(result: StudyResult) -> list[Chart]:
    """The charts of the proofs that the records can fill, in reading order."""
    found = result.proofs
    return [
        exact.exact_curve(result),
        exact.exact_curves(result),
        exact.trap(result),
        *([exact.radius(result)] if found.radii else []),
        *([tiers.tiers(result), kinds.kinds(result), of_models.story(result)] if found.tiers else []),
        *([tiers.frontier(result)] if found.tiers and found.rule else []),
        *([proofs.label_aware(result)] if found.rule else []),
        *([proofs.proof_walk(result)] if found.walk else []),
        *([proofs.battery(result)] if found.battery else []),
    ]


def story(result: StudyResult) -> dict[str, list[Chart]]:
    """Every chart of one dataset under its heading, in reading order."""
    found, followed = result.data, result.spec.hardening.followed
    return {
        "Data": [
            data.histograms(result),
            data.correlations(result),
            *(patterns.breakdown(result, part.column, part.title) for part in found.breakdowns),
            *([patterns.calendar(result)] if found.calendar else []),
            *(patterns.anomaly(result, part.slug) for part in found.anomalies),
            data.score_histogram(result),
            data.label_flip(result),
        ],
        "Attacks": [
            walkthrough.walkthrough_steps(result),
            walkthrough.walkthrough_probability(result),
            attacks.robust_accuracy(result),
            attacks.true_positive_rate(result),
            attacks.confusion(result),
            attacks.feature_movement(result),
        ],
        "Hardening": [
            hardening.robust_accuracy_by_model(result),
            *(hardening.progression(result, name) for name in leading(result) if name in followed),
            hardening.recipes(result),
            hardening.trade_off(result),
            boundary.boundary(result),
        ],
        **({"Proof": proved(result)} if result.proofs else {}),
        "Business impact": [
            *([economics.break_even(result), economics.net_benefit(result)] if result.rates else []),
            impact.missed_frauds(result),
            impact.leakage_reduction(result),
            impact.false_alarms(result),
            impact.accuracy_bounds(result),
        ],
    }

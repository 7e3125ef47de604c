"""A small, plausible, self-consistent ProofResult for the tiny results of `report_fixture`."""

import math
from itertools import pairwise

from generator.records import metrics
from generator.records.proofs import (
    BatteryRow,
    Choice,
    Estimate,
    Frontier,
    GateCheck,
    LabelAware,
    Limit,
    PopulationLimit,
    ProofResult,
    ProofStep,
    ProofWalk,
    RadiusSummary,
    Reach,
    RuleProofs,
    TierComparison,
    TierResult,
)

EPSILONS = (0.0, 0.1, 0.25, 0.35, 0.5, 1.0)
HEADLINE = 0.35
ROWS, FRAUDS, SEEDS = 1000, 200, 2
TIERS = ("T0", "T1", "T2", "T3")
RATES = (0.01, 0.05, 0.1)
BUDGETS = (0.1, HEADLINE, 0.5)
"""At which figures are compared."""
SHOWN = (*((rate, HEADLINE) for rate in RATES), (0.05, 0.1), (0.05, 0.5))
"""Matched rate and budget of the rates of tiers."""
# what a model provably catches under T1 at a false-positive rate of 5 %
CAUGHT = {
    "standard": 0.48, "accumulating_fgsm": 0.30, "current_round_fgsm": 0.33, "half_batch_fgsm": 0.40,
    "extra_epochs": 0.47, "pgd_ramp": 0.41, "fgsm_random_start": 0.40, "trades": 0.42, "crown_ibp": 0.38,
    "pgd_tier1": 0.67,
}  # fmt: skip
BATTERY = ("fgsm", "pgd_cross_entropy", "pgd_margin", "apgd", "nearest_boundary", "corners", "block_search",
           "transfer", "noise", "hop_skip_jump", "worst_case", "exact")  # fmt: skip


def tiny_proofs(models, features) -> ProofResult:
    """Proofs that fit `models`: the counts are theirs; features maps names to the tuples of the fixture."""
    proved = sum(
        e.confusion.true_positives + e.confusion.true_negatives
        for model in models
        for e in model.final.evaluations
        if e.attack == "exact"
    )
    asked = sum(1 for model in models for e in model.final.evaluations if e.attack == "exact")
    return ProofResult(
        reach=tuple(_reach(tier, name, values) for tier in TIERS for name, values in features.items()),
        tiers=tuple(
            _tier(name, tier, *shown) for name in CAUGHT for tier in TIERS for shown in SHOWN
        ),
        tier_comparisons=tuple(
            _comparison(name, tier, *shown)
            for name in CAUGHT
            if name != "standard"
            for tier in TIERS
            for shown in SHOWN
        ),
        choices=tuple(
            choice
            for budget in BUDGETS
            for choice in (
                _choice("T0", budget, "robust_accuracy", "pgd_ramp", 0.81 + _gain(budget), ROWS),
                _choice("T1", budget, "caught_proved", "pgd_tier1", 0.66 + _gain(budget), FRAUDS),
            )
        ),
        radii=tuple(_radius(name) for name in ("standard", "accumulating_fgsm", "pgd_ramp")),
        limit=Limit(
            epsilons=EPSILONS,
            best=(1.0, 1.0, 0.98, 0.95, 0.88, 0.81),
            known=(1.0, 0.93, 0.87, 0.84, 0.81, 0.8),
            population=PopulationLimit(
                rows=4000,
                best=(1.0, 0.97, 0.93, 0.9, 0.86, 0.81),
                margin=(0.0, 0.02, 0.02, 0.02, 0.03, 0.04),
                known=(1.0, 0.92, 0.86, 0.83, 0.81, 0.8),
            ),
        ),
        rule=RuleProofs(
            kept=(1.0, 0.87, 0.68, 0.57, 0.42, 0.15),
            frontiers=tuple(_frontier(tier) for tier in ("T0", "T1")),
            label_aware=tuple(
                LabelAware(
                    model=name, tier=tier, epsilon=HEADLINE, frauds=380, evaded=evaded, still_fraud=evaded // 3
                )
                for tier in ("T0", "T1")
                for name, evaded in (("standard", 230), ("accumulating_fgsm", 270), ("pgd_ramp", 90))
            ),
        ),
        battery=tuple(
            _battery(model, attack, i)
            for model in models
            if model.name in ("standard", "accumulating_fgsm", "pgd_ramp")
            for i, attack in enumerate(BATTERY)
        ),
        gate=_gate(),
        walk=_walk(features),
        rows_proved=proved,
        rows_broken=asked * ROWS * SEEDS - proved,
        rows_unresolved=0,
        contradictions=0,
    )  # fmt: skip


def _rate(value: float, n: int = FRAUDS) -> Estimate:
    low, high = metrics.wilson(value, n)
    return Estimate(value=value, low=low, high=high, n=n, seeds=SEEDS, method="wilson")


def _reach(tier: str, name: str, values) -> Reach:
    control, helps, std = values[3], values[4], values[-1]
    allowed = {
        "T1": ("free", "effort"), "T2": ("free", "effort", "costly"),
        "T3": ("free", "effort", "costly", "insider"),
    }  # fmt: skip
    if tier == "T0":
        return Reach(tier=tier, feature=name, down=HEADLINE * std, up=HEADLINE * std)
    moves = HEADLINE * std if control in allowed[tier] else 0.0
    return Reach(
        tier=tier, feature=name,
        down=moves if helps in ("down", "both") else 0.0, up=moves if helps in ("up", "both") else 0.0,
    )  # fmt: skip


def _caught(name: str, tier: str, rate: float) -> float:
    loss = {"T0": 0.25, "T1": 0.0, "T2": 0.05, "T3": 0.1}[tier]
    return max(0.0, CAUGHT[name] + {0.01: -0.15, 0.05: 0.0, 0.1: 0.1}[rate] - loss)


def _gain(budget: float) -> float:
    """What is kept more at another budget than the headline's."""
    return (HEADLINE - budget) / 5


def _tier(name: str, tier: str, rate: float, budget: float) -> TierResult:
    clean = min(1.0, 0.97 + (rate - 0.05) / 2) - (0.05 if name not in ("standard", "extra_epochs") else 0.0)
    return TierResult(
        model=name, tier=tier, epsilon=budget, false_positive_rate=rate, caught_clean=_rate(clean),
        caught_proved=_rate(max(0.0, _caught(name, tier, rate) + _gain(budget))), unresolved=0,
    )  # fmt: skip


def _comparison(name: str, tier: str, rate: float, budget: float) -> TierComparison:
    value = _caught(name, tier, rate) - _caught("standard", tier, rate)
    difference = Estimate(
        value=value, low=value - 0.04, high=value + 0.04, n=FRAUDS, seeds=SEEDS, method="bootstrap"
    )
    return TierComparison(
        model=name, tier=tier, epsilon=budget, false_positive_rate=rate, difference=difference,
        direction=metrics.direction(difference),
    )  # fmt: skip


def _choice(tier: str, budget: float, measure: str, model: str, value: float, n: int) -> Choice:
    return Choice(
        tier=tier,
        epsilon=budget,
        measure=measure,
        model=model,
        agreeing=5,
        folds=6,
        validated=_rate(value, n),
    )


def _radius(name: str) -> RadiusSummary:
    edges = tuple(k / 10 for k in range(11))
    steep = {"standard": 3.0, "accumulating_fgsm": 5.0, "pgd_ramp": 1.5}[name]

    def bins(total: int) -> tuple[int, ...]:
        left = [total * math.exp(-steep * edge) for edge in edges]
        return tuple(round(a - b) for a, b in pairwise(left))

    legitimate, fraud = bins((ROWS - FRAUDS) * SEEDS), bins(FRAUDS * SEEDS)
    return RadiusSummary(
        model=name, seeds=SEEDS, edges=edges, legitimate=legitimate, fraud=fraud,
        beyond=ROWS * SEEDS - sum(legitimate) - sum(fraud), median_legitimate=0.69 / steep,
        median_fraud=0.6 / steep, widest_bracket=0.001, mean_boxes=12.5,
    )  # fmt: skip


def _frontier(tier: str) -> Frontier:
    steps = tuple(k / 20 for k in range(21))
    loss = {"T0": 4.0, "T1": 12.0}[tier]
    return Frontier(
        tier=tier, epsilon=HEADLINE, false_positive_rate=steps,
        caught=tuple(1 - math.exp(-loss * step) if step else 0.1 for step in steps),
    )  # fmt: skip


def _battery(model, attack: str, i: int) -> BatteryRow:
    fgsm, exact = (model.final.at(a, HEADLINE).accuracy.value for a in ("fgsm", "exact"))
    kept = {"fgsm": fgsm, "exact": exact, "worst_case": exact + 0.002}.get(
        attack, fgsm - (fgsm - exact) * i / 11
    )
    rows = 100 if attack == "hop_skip_jump" else ROWS
    return BatteryRow(model=model.name, attack=attack, rows=rows, kept=int(kept * rows), queries=float(2**i))


def _gate() -> tuple[GateCheck, ...]:
    return (
        GateCheck(slug="zero-budget", status="PASS", facts={"rows": 0.0}, blocks=()),
        GateCheck(
            slug="fgsm-exact", status="FAIL", facts={"gap": 0.5, "models": 1.0, "limit": 0.05},
            blocks=("accumulating_fgsm",),
        ),
        GateCheck(slug="noise", status="N/A", facts={"gap": 0.0, "limit": 0.002}, blocks=("standard",)),
    )  # fmt: skip


def _walk(features) -> ProofWalk:
    def box(low: float, high: float) -> dict:
        return {
            "lower": tuple(v[-2] + low * v[-1] for v in features.values()),
            "upper": tuple(v[-2] + high * v[-1] for v in features.values()),
        }

    return ProofWalk(
        row_id="TX000007", model="accumulating_fgsm", epsilon=HEADLINE, label="fraud", margin=3.2, boxes=3,
        steps=(
            ProofStep(depth=0, bound=-1.4, outcome="halved", **box(-HEADLINE, HEADLINE)),
            ProofStep(depth=1, bound=0.3, outcome="proved", **box(-HEADLINE, 0.0)),
            ProofStep(depth=1, bound=0.8, outcome="proved", **box(0.0, HEADLINE)),
        ),
    )  # fmt: skip

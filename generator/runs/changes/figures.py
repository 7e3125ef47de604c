"""One figure in two runs: how far it moved, whether that is more than noise, and whether it asks for a sign-off."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from generator.notation import formats
from generator.notation.tracing import stated
from generator.records.results import Attacked, Estimate, StudyResult
from generator.records.spec import StudySpec
from generator.records.threat import Threat

Verdict = Literal["better", "worse", "within noise", "unchanged"]

MATERIAL = stated("material")
"""A figure that moved by more than this share asks for a new sign-off."""
ROUNDING = 1e-9
"""A move of exactly `MATERIAL` is not more than it, whatever the last binary digit says."""


@dataclass(frozen=True)
class FigureChange:
    """One figure of one model in both runs, at the budget and false-positive rate the later run quotes."""

    model: str
    title: str
    better: Literal["higher", "lower"]
    """The direction that is good."""
    kind: Literal["percent", "count"]
    whole: float
    """What a move is a share of: one for rates, the later run's frauds a day for counts of frauds."""
    before: Estimate
    after: Estimate

    @property
    def delta(self) -> float:
        return self.after.value - self.before.value

    @property
    def difference(self) -> tuple[float, float]:
        """95 % interval of `delta`, the two runs taken as independent.

        With d = after - before and each run's interval [l, u] about its value v:
        low = d - sqrt((v_after - l_after)² + (u_before - v_before)²),
        high = d + sqrt((u_after - v_after)² + (v_before - l_before)²).

        Source: Newcombe 1998, Statistics in Medicine 17, 873 (method 10, for Wilson intervals);
        Zou and Donner 2008, Statistics in Medicine 27, 1693 (for intervals of any kind).
        """
        a, b = self.after, self.before
        down = ((a.value - a.low) ** 2 + (b.high - b.value) ** 2) ** 0.5
        up = ((a.high - a.value) ** 2 + (b.value - b.low) ** 2) ** 0.5
        return self.delta - down, self.delta + up

    @property
    def verdict(self) -> Verdict:
        """`within noise` where the interval of the difference holds zero."""
        if self.delta == 0:
            return "unchanged"
        low, high = self.difference
        if low <= 0 <= high:
            return "within noise"
        return "better" if (self.delta > 0) == (self.better == "higher") else "worse"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the move asks for a new sign-off; empty if it does not."""
        moved = abs(self.delta) / self.whole > MATERIAL + ROUNDING
        far = f"moved by more than {formats.loss(MATERIAL, 0)}"
        apart = self.before.high < self.after.low or self.after.high < self.before.low
        whose = " of the day's frauds" if self.kind == "count" else ""
        return (*([far + whose] if moved else []), *(["the intervals do not meet"] if apart else []))


@dataclass(frozen=True)
class Measure:
    """A kind of figure that every model has."""

    title: str
    better: Literal["higher", "lower"]
    kind: Literal["percent", "count"]
    find: Callable[[StudyResult, str, StudySpec], Estimate | None]
    """(run, model, settings of the later run) to the figure; None if the run does not hold it."""

    def change(self, before: StudyResult, after: StudyResult, model: str) -> FigureChange | None:
        """The figure of `model` in both runs; None if one of them lacks it."""
        old, new = (self.find(run, model, after.spec) for run in (before, after))
        if not old or not new:
            return None
        whole = 1.0 if self.kind == "percent" else after.impact.frauds_per_day
        return FigureChange(model, self.title, self.better, self.kind, whole, old, new)

    def in_one_only(self, before: StudyResult, after: StudyResult, model: str) -> bool:
        old, new = (self.find(run, model, after.spec) for run in (before, after))
        return (old is None) != (new is None)


def _rate(attack: Attacked, metric: Literal["accuracy", "true_positive_rate", "false_positive_rate"]):
    def find(run: StudyResult, model: str, spec: StudySpec) -> Estimate | None:
        epsilon = 0.0 if attack == "clean" else spec.attack.headline_epsilon
        for evaluation in run.model(model).final.evaluations:
            if (evaluation.attack, evaluation.epsilon) == (attack, epsilon):
                return getattr(evaluation, metric)
        return None

    return find


def _caught(tier: str):
    def find(run: StudyResult, model: str, spec: StudySpec) -> Estimate | None:
        asked = (model, tier, spec.attack.headline_epsilon, spec.proof.quoted_false_positive_rate)
        for row in run.proofs.tiers:
            if (row.model, row.tier, row.epsilon, row.false_positive_rate) == asked:
                return row.caught_proved
        return None

    return find


def _missed(attack: Attacked):
    def find(run: StudyResult, model: str, spec: StudySpec) -> Estimate | None:
        epsilon = 0.0 if attack == "clean" else spec.attack.headline_epsilon
        for row in run.impact.rows:
            if (row.model, row.attack, row.epsilon) == (model, attack, epsilon):
                return row.missed_frauds
        return None

    return find


def measures(threat: Threat) -> tuple[Measure, ...]:
    """The figures that are compared, in the order tables show them."""
    return (
        Measure("accuracy, no attack", "higher", "percent", _rate("clean", "accuracy")),
        Measure("accuracy, proved", "higher", "percent", _rate("exact", "accuracy")),
        Measure("frauds caught, no attack", "higher", "percent", _rate("clean", "true_positive_rate")),
        Measure("genuine payments stopped", "lower", "percent", _rate("clean", "false_positive_rate")),
        *(
            Measure(f"frauds caught, proved, attacker {tier}", "higher", "percent", _caught(tier))
            for tier in threat.names
        ),
        Measure("missed frauds a day, no attack", "lower", "count", _missed("clean")),
        Measure("missed frauds a day, proved worst", "lower", "count", _missed("exact")),
    )

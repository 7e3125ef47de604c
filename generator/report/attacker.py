"""The attacker that pages speak of: how far inputs may move, and who moves them.

A study quotes one. A reader may pick another one that was measured; then pages read as if the study quoted that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.records.results import StudyResult
from generator.records.spec import Tier
from generator.report import palette

QUOTED_TIER: Tier = "T1"
"""What anybody can do; the benchmark box T0 keeps the original's protocol instead."""


@dataclass(frozen=True)
class Attacker:
    """Whom figures are about."""

    epsilon: float
    """Budget, in standard deviations."""
    tier: Tier
    """For figures by tier; the others are about every input of every row."""


@dataclass(frozen=True)
class Attackers:
    """Those a reader may pick: every budget with every tier."""

    budgets: tuple[float, ...]
    """Measured budgets at which all records can fill every sentence, rising."""
    tiers: tuple[Tier, ...]
    """Tiers measured at all of these budgets; the quoted one alone in records without tiers."""
    quoted: Attacker

    @property
    def rows(self) -> tuple[tuple[Attacker, ...], ...]:
        """By budget, and within a budget by tier."""
        return tuple(tuple(Attacker(epsilon, tier) for tier in self.tiers) for epsilon in self.budgets)


def attackers(results: Sequence[StudyResult]) -> Attackers | None:
    """What there is to pick; None if that is the quoted attacker alone."""
    if len({result.spec.attack.headline_epsilon for result in results}) != 1:
        return None
    known = [{each.epsilon for each in result.comparisons if each.attack == "exact"} for result in results]
    budgets = tuple(e for e in results[0].spec.proof.epsilons if all(e in found for found in known))
    if len(budgets) < 2:
        return None
    quoted = Attacker(results[0].spec.attack.headline_epsilon, QUOTED_TIER)
    return Attackers(budgets, _tiers(results, budgets) or (QUOTED_TIER,), quoted)


def _tiers(results: Sequence[StudyResult], budgets: Sequence[float]) -> tuple[Tier, ...]:
    measured = [
        {(row.tier, row.epsilon) for row in result.proofs.tiers} if result.proofs else set()
        for result in results
    ]
    shared = (t for t in palette.TIERS if all((t, e) in found for found in measured for e in budgets))
    tiers = tuple(shared)
    return tiers if QUOTED_TIER in tiers else ()


def at_budget(result: StudyResult, epsilon: float) -> StudyResult:
    """The result as if the study quoted that budget, which keeps its own place in the record."""
    (own,) = (each for each in result.spec.proof.epsilons if each == epsilon)
    attack = result.spec.attack.model_copy(update={"headline_epsilon": own})
    return result.model_copy(update={"spec": result.spec.model_copy(update={"attack": attack})})

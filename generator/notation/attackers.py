"""The attacker that pages speak of: how far inputs may move, and who moves them.

A study quotes one. A reader may pick another one that was measured; then pages read as if the study quoted that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from generator.notation import palette
from generator.records.results import StudyResult
from generator.records.spec import Tier

QUOTED_TIER: Tier = "T1"
"""What anybody can do; the benchmark box T0 keeps the original's protocol instead."""

Whose = Literal["T0", "T1", "T2", "T3", "picked", "each", "nobody"]
"""Whom a part of a page or a chart is about: one tier, whoever is picked; the one a reader picks; each row, column or
sentence one of its own, by name; nobody, as where no attack is involved."""


def whose(given: str) -> Whose:
    """`given`, if a part of a page can be about that; ValueError names what can be said."""
    if given not in get_args(Whose):
        raise ValueError(f"say whom it is about: {', '.join(get_args(Whose))}; not {given!r}")
    return given


def named(tier: Tier) -> str:
    """The attacker of a tier in words, to stand within a sentence."""
    words = f"{tier} ({palette.TIERS[tier]})"
    return f"the original study's attacker, {words}" if tier == "T0" else f"the attacker {words}"


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

"""The attacker that pages speak of: how far inputs may move, and who moves them.

A study quotes one. A reader may pick another one that was measured; then pages read as if the study quoted that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.records.results import StudyResult
from generator.records.threat import Threat

OTHERS = ("picked", "each", "nobody")
"""Whom figures are about that are not about one tier, whoever is picked: the one a reader picks; each row, column or
sentence one of its own, by name; nobody, as where no attack is involved."""


def whose(given: str, threat: Threat) -> str:
    """Whom a part of a page or a chart is about: the name of a tier, or one of `OTHERS`.

    Args:
        given: one of these, or a role that the study gives to a tier: benchmark or quoted.

    Raises:
        ValueError: It can be about nothing of that name; the message says what can be said.
    """
    roles = {"benchmark": threat.benchmark, "quoted": threat.quoted}
    found = roles.get(given, given)
    if found not in (*threat.names, *OTHERS):
        known = ", ".join((*roles, *OTHERS, *threat.names))
        raise ValueError(f"say whom it is about: {known}; not {given!r}")
    return found


def named(about: str, threat: Threat) -> str:
    """The attacker of a tier in words, to stand within a sentence; empty for `OTHERS`."""
    if about in OTHERS:
        return ""
    words = f"{about} ({threat.tier(about).title})"
    return f"the original study's attacker, {words}" if about == threat.benchmark else f"the attacker {words}"


@dataclass(frozen=True)
class Attacker:
    """Whom figures are about."""

    epsilon: float
    """Budget, in standard deviations."""
    tier: str
    """For figures by tier; the others are about every input of every row."""


@dataclass(frozen=True)
class Attackers:
    """Those a reader may pick: every budget with every tier."""

    budgets: tuple[float, ...]
    """Measured budgets at which all records can fill every sentence, rising."""
    tiers: tuple[str, ...]
    """Tiers measured at all of these budgets; the quoted one alone in records without tiers."""
    quoted: Attacker

    @property
    def rows(self) -> tuple[tuple[Attacker, ...], ...]:
        """By budget, and within a budget by tier."""
        return tuple(tuple(Attacker(epsilon, tier) for tier in self.tiers) for epsilon in self.budgets)


def attackers(results: Sequence[StudyResult]) -> Attackers | None:
    """What there is to pick; None if that is the quoted attacker alone."""
    if (
        len({(r.spec.attack.headline_epsilon, r.spec.threat.quoted, r.spec.threat.names) for r in results})
        != 1
    ):
        return None
    threat = results[0].spec.threat
    known = [{each.epsilon for each in result.comparisons if each.attack == "exact"} for result in results]
    budgets = tuple(e for e in results[0].spec.proof.epsilons if all(e in found for found in known))
    if len(budgets) < 2:
        return None
    quoted = Attacker(results[0].spec.attack.headline_epsilon, threat.quoted)
    return Attackers(budgets, _tiers(results, threat, budgets) or (threat.quoted,), quoted)


def _tiers(results: Sequence[StudyResult], threat: Threat, budgets: Sequence[float]) -> tuple[str, ...]:
    measured = [{(row.tier, row.epsilon) for row in result.proofs.tiers} for result in results]
    shared = (t for t in threat.names if all((t, e) in found for found in measured for e in budgets))
    tiers = tuple(shared)
    return tiers if threat.quoted in tiers else ()


def at_budget(result: StudyResult, epsilon: float) -> StudyResult:
    """The result as if the study quoted that budget, which keeps its own place in the record."""
    (own,) = (each for each in result.spec.proof.epsilons if each == epsilon)
    attack = result.spec.attack.model_copy(update={"headline_epsilon": own})
    return result.model_copy(update={"spec": result.spec.model_copy(update={"attack": attack})})

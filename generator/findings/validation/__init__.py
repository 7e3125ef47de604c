"""What the pages say of a validation: its figures in sentences, whose words hang on their numbers."""

from __future__ import annotations  # findings are named as the modules that make them

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from generator.findings.key_figures import Card
from generator.findings.validation import (
    alerts,
    evidence,
    groups,
    inputs,
    later,
    members,
    money,
    notices,
    poisoned,
    stealing,
    verdict,
)
from generator.findings.validation.models import (
    against,
    at_tier,
    attacked,
    baseline,
    best,
    difference,
    in_order,
    phrase,
    shown,
    titled,
    unlike,
)
from generator.notation import formats
from generator.notation.formats import md
from generator.records.proofs import Estimate
from generator.records.threat import Tier
from generator.records.validation import ColumnNote, OwnCut, ValidatedModel, ValidationResult

__all__ = ["ValidationFindings", "baseline", "best", "find_validation", "phrase", "shown", "titled"]


@dataclass(frozen=True)
class ModelRow:
    """One model at the quoted share of false alarms."""

    title: str
    clean: Estimate
    proved: tuple[Estimate, ...]
    """Tier by tier, in the order of `ValidationFindings.tiers`."""
    against: str
    """Its proved catch against the quoted tier beside the baseline's, in words."""
    auc: Estimate


@dataclass(frozen=True)
class OwnRow:
    """A deployed model at the cut it is used with."""

    title: str
    clean: OwnCut
    """Of any tier: what it says of nobody evading is the same."""
    cuts: tuple[OwnCut, ...]
    """Tier by tier, as above."""


@dataclass(frozen=True)
class ProvedRow:
    """What one model provably catches against the quoted tier, at each rate or each budget."""

    title: str
    proved: tuple[Estimate, ...]


@dataclass(frozen=True, eq=False)
class ValidationFindings:
    """All that the pages say about one validation beyond placing its record; each finding is worked out when asked for.

    Sentences are Markdown; text from data in them is disarmed. Empty ones have nothing to say.
    """

    result: ValidationResult

    @cached_property
    def verdict(self) -> str:
        return verdict.verdict(self.result)

    @cached_property
    def unquoted(self) -> str:
        return verdict.unquoted(self.result)

    @cached_property
    def cards(self) -> tuple[Card, ...]:
        return verdict.cards(self.result)

    @cached_property
    def decisions(self) -> tuple[verdict.Decision, ...]:
        return verdict.decisions(self.result)

    @cached_property
    def attacker(self) -> str:
        return verdict.attacker(self.result)

    @cached_property
    def baseline(self) -> str:
        return md(phrase(self.result, baseline(self.result)))

    @cached_property
    def in_use(self) -> bool:
        """Whether a model in use is among those judged."""
        return any(model.deployed for model in self.result.models)

    @cached_property
    def attacked(self) -> bool:
        """Whether any input can be changed by whom the headlines are about."""
        return attacked(self.result)

    @cached_property
    def tiers(self) -> tuple[Tier, ...]:
        """Those that change something and differ."""
        return shown(self.result)

    @cached_property
    def alike(self) -> str:
        """Which tiers can do nothing here, or no more than another one."""
        alike = unlike(self.result)
        as_shown = {alike[tier.name]: tier.name for tier in self.tiers}
        left: dict[str, list[str]] = {}
        for tier in self.result.spec.threat.tiers:
            if tier not in self.tiers:
                kept = as_shown.get(alike[tier.name])
                what = f"no more inputs than {md(kept)} here" if kept else "no input here"
                left.setdefault(what, []).append(md(tier.name))
        return " ".join(
            f"{formats.listed(names)} can change {what}, so {'they are' if len(names) > 1 else 'it is'} not shown."
            for what, names in left.items()
        )

    @cached_property
    def rows(self) -> tuple[ModelRow, ...]:
        result = self.result
        clean = at_tier(result, result.spec.threat.quoted)
        by_tier = [at_tier(result, tier.name) for tier in self.tiers]
        return tuple(
            ModelRow(
                title=md(titled(model)),
                clean=clean[model.name].caught_clean,
                proved=tuple(found[model.name].caught_proved for found in by_tier),
                against=_against(result, model),
                auc=model.auc,
            )
            for model in in_order(result)
        )

    @cached_property
    def own_cuts(self) -> tuple[OwnRow, ...]:
        budget = self.result.spec.attack.headline_epsilon
        rows = []
        for model in in_order(self.result):
            known = {cut.tier: cut for cut in model.own_cut if cut.epsilon == budget}
            if known and all(tier.name in known for tier in self.tiers):
                cuts = tuple(known[tier.name] for tier in self.tiers)
                rows.append(OwnRow(md(titled(model)), next(iter(known.values())), cuts))
        return tuple(rows)

    @cached_property
    def rates(self) -> tuple[float, ...]:
        """Shares of false alarms, rising."""
        return tuple(sorted({row.false_positive_rate for row in self.result.tiers}))

    @cached_property
    def by_rate(self) -> tuple[ProvedRow, ...]:
        return tuple(self._proved("rate", self.rates))

    @cached_property
    def budgets(self) -> tuple[float, ...]:
        """Rising; empty where no input that the quoted tier can change moves by a budget."""
        if not inputs.by_budget(self.result):
            return ()
        return tuple(sorted({row.epsilon for row in self.result.tiers if row.epsilon}))

    @cached_property
    def by_budget(self) -> tuple[ProvedRow, ...]:
        return tuple(self._proved("epsilon", self.budgets))

    def _proved(self, which: str, values: tuple[float, ...]) -> Iterator[ProvedRow]:
        quoted = self.result.spec.threat.quoted
        for model in in_order(self.result) if values else ():
            found = (self.result.tier(model.name, quoted, **{which: value}) for value in values)
            yield ProvedRow(md(titled(model)), tuple(row.caught_proved for row in found))

    @cached_property
    def inputs(self) -> tuple[inputs.InputRow, ...]:
        return inputs.changed(self.result)

    @cached_property
    def fixed(self) -> int:
        """How many inputs nobody can change."""
        return inputs.fixed(self.result)

    @cached_property
    def money(self) -> money.Money | None:
        return money.money(self.result)

    @cached_property
    def calculator(self) -> str:
        """Name of the page with its calculator, empty where it has none."""
        return money.calculator(self.result)

    @cached_property
    def alerts(self) -> dict[float, tuple[alerts.AlertRow, ...]]:
        return alerts.alert_rows(self.result)

    @cached_property
    def fraud_share(self) -> float:
        """Of cases, in life where it is known."""
        return money.fraud_share(self.result)

    @cached_property
    def later(self) -> tuple[later.LaterRow, ...]:
        return later.later_rows(self.result)

    @cached_property
    def later_sentence(self) -> str:
        return later.sentence(self.result)

    @cached_property
    def groups(self) -> tuple[groups.GroupTable, ...]:
        return groups.group_tables(self.result)

    @cached_property
    def stealing(self) -> stealing.Stealing | None:
        return stealing.stealing(self.result)

    @cached_property
    def poisoned(self) -> poisoned.Poisoned | None:
        return poisoned.poisoned(self.result)

    @cached_property
    def notices(self) -> tuple[notices.Noticed, ...]:
        return notices.notices(self.result)

    @cached_property
    def judged(self) -> str:
        return evidence.judged(self.result)

    @cached_property
    def proof(self) -> tuple[str, ...]:
        """How it is known: of proofs, where anything is attacked, and of intervals."""
        proved = (*evidence.ways(self.result), evidence.settled(self.result), evidence.rounded(self.result))
        return tuple(filter(None, (*(proved if self.attacked else ()), evidence.intervals(self.result))))

    @cached_property
    def origins(self) -> tuple[evidence.Origin, ...]:
        return evidence.origins(self.result)

    @cached_property
    def monotone(self) -> tuple[str, ...]:
        return evidence.monotone(self.result)

    @cached_property
    def members(self) -> tuple[members.MemberRow, ...]:
        return members.member_rows(self.result)

    @cached_property
    def members_reading(self) -> str:
        return members.READING

    @cached_property
    def limits(self) -> tuple[str, ...]:
        return evidence.limits(self.result)

    @cached_property
    def columns(self) -> tuple[ColumnNote, ...]:
        return self.result.table.columns


def _against(result: ValidationResult, model: ValidatedModel) -> str:
    if model.name == baseline(result):
        return "the others are compared with it"
    if not model.quotable or not result.model(baseline(result)).quotable:
        return "not compared: it may have seen these rows"
    return difference(against(result, model.name, result.spec.threat.quoted))


def find_validation(result: ValidationResult) -> ValidationFindings:
    """The findings on one validation."""
    return ValidationFindings(result)

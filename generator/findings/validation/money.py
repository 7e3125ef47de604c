"""What a validation's figures mean for so many cases and their money: where a share of fraud or amounts are."""

import math
from dataclasses import dataclass

from generator.findings.validation.models import (
    attacked,
    baseline,
    best,
    in_order,
    phrase,
    titled,
)
from generator.notation import formats
from generator.notation.formats import md
from generator.notation.tracing import derived, stated
from generator.records.validation import ValidatedModel, ValidationResult

DIGITS = 3
"""Significant digits of money lost: the mean amount that it is worked out of is known no better."""


@dataclass(frozen=True)
class MoneyRow:
    """One model; `lost` is empty where nobody says what a fraud is worth."""

    title: str
    missed_clean: float
    """Frauds, per `Money.cases`; nobody evades."""
    missed_proved: float
    """The same if the fraudsters of the quoted tier evade."""
    precision: float
    """Of what it flags, the share that is fraud; nobody evades."""
    lost_clean: str
    lost_proved: str


@dataclass(frozen=True)
class Money:
    share: float
    """Of frauds among cases, which all of this uses."""
    cases: float
    """That the counts are of."""
    frauds: float
    """Among them."""
    alarms: float
    """On genuine ones among them."""
    stated: bool
    """The study file says the share; else it is that of the table."""
    worth: str
    """Money lost with a fraud on average; empty where nobody says it."""
    worth_stated: bool
    """The study file says it; else it is the mean amount of the table."""
    rows: tuple[MoneyRow, ...]
    sentence: str


def fraud_share(result: ValidationResult) -> float:
    """Of frauds among cases: in life, where the study file says it, else in the table, by the weights of its rows."""
    for known in (result.table.prior, result.table.weighted_share):
        if known is not None:
            return known
    return result.table.frauds / result.table.rows


def loss(result: ValidationResult) -> float | None:
    """Money lost with a missed fraud on average: by the amounts of the table, or as the study file says."""
    return result.spec.typical_loss if result.mean_fraud_amount is None else result.mean_fraud_amount


def compared(result: ValidationResult) -> tuple[str, ...]:
    """The baseline, then every other model that may be quoted beside it; empty where the baseline may not be."""
    own = baseline(result)
    if not result.model(own).quotable:
        return ()
    return own, *(each.name for each in in_order(result) if each.quotable and each.name != own)


def calculator(result: ValidationResult) -> str:
    """Name of the page with its calculator; empty where money, an attacker or a second model is missing."""
    able = loss(result) is not None and attacked(result) and len(compared(result)) > 1
    return f"{result.name}-calculator" if able else ""


def precision(share: float, caught: float, stopped: float) -> float:
    """Of what is flagged, the share that is fraud."""
    flagged = share * caught + (1 - share) * stopped
    return derived(share * caught / flagged if flagged else 0.0, share, caught, stopped)


def money(result: ValidationResult) -> Money | None:
    """None where neither the money of a fraud nor a share of fraud in life is known."""
    mean = loss(result)
    if result.table.prior is None and mean is None:
        return None
    share = fraud_share(result)
    count = stated("per_cases")
    genuine = count * (1 - share)
    rows = tuple(_row(result, model, share, count) for model in in_order(result))
    return Money(
        share=share,
        cases=count,
        frauds=count * share,
        alarms=genuine * result.spec.proof.quoted_false_positive_rate,
        stated=result.table.prior is not None,
        worth="" if mean is None else formats.money(mean, md(result.spec.currency)),
        worth_stated=result.mean_fraud_amount is None,
        rows=rows,
        sentence=_sentence(result, share, count),
    )


def _row(result: ValidationResult, model: ValidatedModel, share: float, count: float) -> MoneyRow:
    quoted, rate = result.spec.threat.quoted, result.spec.proof.quoted_false_positive_rate
    found = result.tier(model.name, quoted)
    clean, proved = found.caught_clean.value, found.caught_proved.value
    values = next((v for v in result.values if (v.model, v.tier) == (model.name, quoted)), None)

    mean = loss(result)
    kept_clean, kept_proved = (clean, proved) if values is None else (values.clean, values.proved)

    def lost(kept: float) -> str:
        value = count * share * mean * (1 - kept)
        known = DIGITS - 1 - math.floor(math.log10(value)) if value >= 1 else 0
        return formats.money(round(value, known), md(result.spec.currency))

    known = mean is not None and (values is not None or result.mean_fraud_amount is None)
    return MoneyRow(
        title=md(titled(model)),
        missed_clean=count * share * (1 - clean),
        missed_proved=count * share * (1 - proved),
        precision=precision(share, clean, rate),
        lost_clean=lost(kept_clean) if known else "",
        lost_proved=lost(kept_proved) if known else "",
    )


def _sentence(result: ValidationResult, share: float, count: float) -> str:
    own, quoted = baseline(result), result.spec.threat.quoted
    named, _ = best(result, quoted)
    if not named or not result.model(own).quotable or not attacked(result):
        return ""
    gained = result.tier(named, quoted).caught_proved.value - result.tier(own, quoted).caught_proved.value
    ours, theirs = (md(phrase(result, name)) for name in (named, own))
    more = formats.count(count * share * gained)
    return f"If all evade, {ours} provably catches {more} more of them than {theirs}."

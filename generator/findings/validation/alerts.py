"""What each model catches with as many alerts as can be looked into."""

from dataclasses import dataclass

from generator.findings.validation.models import in_order, titled
from generator.findings.validation.money import fraud_share, precision
from generator.notation.formats import md
from generator.records.proofs import Estimate
from generator.records.validation import ValidationResult


@dataclass(frozen=True)
class AlertRow:
    """One model with one budget, against the quoted tier at the headline budget of evasion."""

    budget: float
    """Share of all cases that it may flag."""
    title: str
    clean: Estimate
    proved: Estimate
    stopped: Estimate
    """Of genuine cases."""
    precision: float
    """Of its alerts, the share that is fraud; nobody evades."""


def alert_rows(result: ValidationResult) -> tuple[AlertRow, ...]:
    """Budget by budget, as the study file has them; empty where it names none."""
    found = {(row.budget, row.model): row for row in result.alerts if row.tier == result.spec.threat.quoted}
    share, rows = fraud_share(result), []
    for budget in result.spec.alert_budgets:
        for model in in_order(result):
            one = found[budget, model.name]
            rows.append(
                AlertRow(
                    budget=budget, title=md(titled(model)), clean=one.caught_clean, proved=one.caught_proved,
                    stopped=one.flagged_genuine,
                    precision=precision(share, one.caught_clean.value, one.flagged_genuine.value),
                )
            )  # fmt: skip
    return tuple(rows)

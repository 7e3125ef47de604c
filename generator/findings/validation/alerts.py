"""What each model catches with as many alerts as can be looked into."""

from dataclasses import dataclass

from generator.findings.validation.models import in_order, titled
from generator.findings.validation.money import fraud_share, precision
from generator.notation.formats import md
from generator.records.proofs import Estimate
from generator.records.validation import AlertRates, ValidationResult


@dataclass(frozen=True)
class AlertRow:
    """One model with one budget, against the quoted tier at the headline budget of evasion."""

    title: str
    clean: Estimate
    proved: Estimate
    stopped: Estimate
    """Of genuine cases."""
    precision: float
    """Of its alerts, the share that is fraud; nobody evades."""


def alert_rows(result: ValidationResult) -> dict[float, tuple[AlertRow, ...]]:
    """A table for each share of all cases that may be flagged, as the study file has them; empty where it has none."""
    found = {(row.budget, row.model): row for row in result.alerts if row.tier == result.spec.threat.quoted}
    share = fraud_share(result)

    def of(one: AlertRates, title: str) -> AlertRow:
        return AlertRow(
            title=md(title), clean=one.caught_clean, proved=one.caught_proved, stopped=one.flagged_genuine,
            precision=precision(share, one.caught_clean.value, one.flagged_genuine.value),
        )  # fmt: skip

    return {
        budget: tuple(of(found[budget, model.name], titled(model)) for model in in_order(result))
        for budget in result.spec.alert_budgets
    }

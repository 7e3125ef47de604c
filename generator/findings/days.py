"""The original's scenario day, at budgets that the record itself does not price too."""

from generator.impact.costs import scenario_day
from generator.records.results import Attacked, ImpactRow, StudyResult


def day_of(result: StudyResult, model: str, attack: Attacked, epsilon: float) -> ImpactRow:
    """The day of `model` when every fraudster runs `attack`: that of the record, or worked out as the study does.

    Raises:
        KeyError: The attack was not measured at that budget.
    """
    for row in result.impact.rows:
        if (row.model, row.attack, row.epsilon) == (model, attack, epsilon):
            return row
    final = result.model(model).final
    return scenario_day(
        model,
        final.at(attack, epsilon),
        final.at("clean"),
        result.spec.scenario,
        result.impact.mean_fraud_amount,
    )

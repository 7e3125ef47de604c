"""The headline table an author sees at the end of a run."""

from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from generator.findings.validation.models import attacked, in_order, titled
from generator.notation.formats import epsilon, interval, percent, setting
from generator.notation.palette import model as look_of
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult


def headline_table(results: Sequence[StudyResult]) -> Table:
    """Clean and robust accuracy of every final model at the headline budget, with intervals."""
    table = Table(title="Accuracy, clean and under attack")
    for column in ("dataset", "model", "clean", "FGSM", "PGD"):
        table.add_column(column)
    for result in results:
        budget = result.spec.attack.headline_epsilon
        for model in result.models:
            states = (
                model.final.at("clean"),
                *(model.final.find(attack, budget) for attack in ("fgsm", "pgd")),
            )
            cells = [
                f"{percent(e.accuracy.value)}  ({interval(e.accuracy)})" if e else "not applicable"
                for e in states
            ]
            table.add_row(result.data.title, look_of(model.name).title, *cells)
        table.caption = f"attacks at {epsilon(budget)}, every row judged by models that never saw it"
        table.add_section()
    return table


def validation_table(result: ValidationResult) -> Table:
    """Frauds that every model catches at the quoted rate, nobody evading and provably against the quoted tier."""
    evaded = attacked(result)
    table = Table(title=f"{escape(result.spec.title)}: frauds caught")
    for column in ("model", "nobody evades", "proved") if evaded else ("model", "nobody evades"):
        table.add_column(column)
    for model in in_order(result):
        row = result.tier(model.name, result.spec.threat.quoted)
        shown = (row.caught_clean, row.caught_proved) if evaded else (row.caught_clean,)
        cells = (f"{percent(e.value)}  ({interval(e)})" for e in shown)
        table.add_row(escape(titled(model)), *cells)
    rate = setting(result.spec.proof.quoted_false_positive_rate)
    attacker = result.spec.threat.tier(result.spec.threat.quoted).attacker
    table.caption = f"{rate} false alarms; " + (
        f"proved against {attacker}"
        if evaded
        else "nobody can change an input, so that nothing can be attacked"
    )
    return table

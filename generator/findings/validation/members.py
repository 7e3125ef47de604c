"""What the models trained here give away about their rows; of a model in use nobody can say."""

from dataclasses import dataclass

from generator.findings.inference import against_coin
from generator.findings.validation.models import in_order, titled
from generator.notation.formats import md
from generator.records.inference import ModelMembership
from generator.records.validation import ValidationResult

READING = (
    "Of two rows, one trained the model. An attacker knows both rows and their labels, sees their scores and can train "
    "such models: how often does he pick the right one? A coin is right half of the time. He has few models of the "
    "kind here, so this is a floor. Of a model in use nobody can train others like it: not applicable. These shares "
    "are not among those that `verify-claims` works out again."
)
"""How to read the table."""


@dataclass(frozen=True)
class MemberRow:
    """One model; without `found`, one in use."""

    title: str
    found: ModelMembership | None
    told: str


def member_rows(result: ValidationResult) -> tuple[MemberRow, ...]:
    """Empty where it was not asked, or could not be."""
    if result.inference is None:
        return ()
    rows = []
    for model in in_order(result):
        found = result.inference.of(model.name)
        told = against_coin(found.membership.auc) if found else "not applicable"
        rows.append(MemberRow(md(titled(model)), found, told))
    return tuple(rows)

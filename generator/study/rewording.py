"""The record of a study whose words have changed: the same numbers, shown in the new ones."""

from generator.datasets import Dataset, LabelledTable
from generator.records.results import Provenance, StudyResult
from generator.records.spec import StudySpec


def reworded(
    result: StudyResult, spec: StudySpec, dataset: Dataset, table: LabelledTable, origin: Provenance
) -> StudyResult:
    """`result` in the words of `spec`, which asks for the same study: its key, `origin` has too."""
    data = dataset.summarise(table, spec)
    pairs = zip(result.data.breakdowns, data.breakdowns, strict=True)
    titles = {(before.column, before.title): after.title for before, after in pairs}
    groups = (each.model_copy(update={"title": titles[each.column, each.title]}) for each in result.groups)
    return result.model_copy(
        update={
            "spec": spec.model_copy(update={"hardening": result.spec.hardening}),  # with what was reached
            "provenance": origin,
            "data": data,
            "groups": tuple(groups),
        }
    )

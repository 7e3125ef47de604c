"""What a study file asks for and its study cannot answer, told before anything is computed."""

from collections.abc import Iterator, Sequence

import numpy as np

from generator.datasets.own.table import OwnTable
from generator.records.validation import FEWEST, ValidationSpec
from generator.threats.inference.likelihood import enough


def unanswered(spec: ValidationSpec, table: OwnTable) -> Iterator[str]:
    """One line each: the key, why there will be no answer, and what would bring one."""
    if spec.inference:
        yield from _membership(spec)
    for key, asked in {"extraction": spec.extraction, "poisoning": spec.poisoning}.items():
        if asked:
            named = asked.models if "models" in asked.model_fields_set else ()
            yield from _models(f"{key}.models", named, spec)
    if spec.extraction and not set(spec.extraction.models) & set(spec.beside):
        yield (
            f"extraction: none of {_listed(spec.extraction.models)} is trained here, and no other is copied; name some "
            "of these in beside, or those of beside in extraction.models"
        )
    for column, groups in table.groups.items():
        yield from _groups(spec, column, groups[table.judged])
    if spec.weights is None and spec.prior is None:
        for share in spec.alert_budgets:
            if share * (rows := int(table.judged.sum())) < 1:
                yield f"alert_budgets: {share:g} of {rows:,} rows that are judged is less than one; give a larger share"


def _membership(spec: ValidationSpec) -> Iterator[str]:
    folds, seeds = 1 if spec.split else spec.training.folds, spec.training.seeds
    if spec.split:
        yield (
            "inference: it takes rows that some models train on and others do not, and by split every model trains on "
            "the same; leave split out, and say saw = 'unknown' of a model in use that was trained on some rows"
        )
    elif not enough(seeds, folds):
        mend = (
            "leave --quick out" if spec.quick else "give training.seeds = 2 and training.folds = 3, or more"
        )
        yield f"inference: {seeds} repetitions of {folds} folds leave too few models to compare with; {mend}"
    for name in sorted(spec.inference.model_fields_set - {"false_positive_rates"}):
        yield f"inference.{name}: of a table of your own membership alone is asked; leave it out"


def _models(key: str, named: Sequence[str], spec: ValidationSpec) -> Iterator[str]:
    """Of models that were named: those that are not trained here."""
    if left := [name for name in named if name not in spec.beside]:
        yield f"{key}: not trained here: {_listed(left)}; name what is to be tried in beside too"


def _groups(spec: ValidationSpec, column: str, groups: np.ndarray) -> Iterator[str]:
    _, rows = np.unique(groups, return_counts=True)
    few = int((rows < FEWEST).sum())
    if few and not spec.publish_rows:
        yield (
            f"groups: of {len(rows):,} groups of {column} that are judged, {few:,} have fewer than {FEWEST} rows and "
            "are not shown; put them together in the table"
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(repr, names))

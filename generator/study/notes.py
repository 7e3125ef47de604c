"""What may be said of a table and of what was asked of it: nothing that tells of one row."""

import numpy as np

from generator.datasets.own.table import OwnTable
from generator.records.features import Feature, Input
from generator.records.validation import FEWEST, OTHERS, InputNote, TableNote, ValidationSpec


def rounded(value: float, spec: ValidationSpec) -> float:
    """To two significant digits, unless rows are published."""
    return float(value) if spec.publish_rows else float(f"{value:.2g}")


def table_note(spec: ValidationSpec, table: OwnTable) -> TableNote:
    """The table as it may be published."""
    return TableNote(
        rows=len(table.y),
        frauds=int(table.y.sum()),
        prior=spec.prior,
        weighted_share=None if spec.weights is None else float(np.average(table.y, weights=table.weights)),
        sha256=table.digest,
        columns=table.columns,
        inputs=tuple(_input_note(spec, table, place, each) for place, each in enumerate(table.features)),
        notices=table.notices,
    )


def _input_note(spec: ValidationSpec, table: OwnTable, place: int, feature: Feature) -> InputNote:
    named = _named(spec, table, place, feature)
    return InputNote(
        name=feature.name, title=feature.title, unit=feature.unit, kind=feature.kind, control=feature.control,
        helps=feature.helps, note=feature.note, reach=str(feature.reach),
        spread=rounded(feature.standard_deviation, spec) if feature.kind == "number" else None,
        categories=named, merged=len(feature.categories) - len(named),
    )  # fmt: skip


def _named(spec: ValidationSpec, table: OwnTable, place: int, feature: Input) -> tuple[str, ...]:
    """Its categories that enough rows have; all of them where rows are published."""
    if spec.publish_rows or feature.kind == "number":
        return feature.categories
    column = table.x[:, place]
    counts = np.bincount(column[~np.isnan(column)].astype(int), minlength=len(feature.categories))
    return tuple(name for name, rows in zip(feature.categories, counts, strict=True) if rows >= FEWEST)


def _said(names: tuple[str, ...], named: tuple[str, ...]) -> tuple[str, ...]:
    """These names, and one for all of them that are not `named`."""
    left = tuple(name for name in names if name in named)
    return left if len(left) == len(names) else (*left, OTHERS)


def asked_note(spec: ValidationSpec, table: OwnTable) -> ValidationSpec:
    """What was asked, without categories of few rows."""
    if spec.publish_rows:
        return spec
    inputs = []
    for place, each in enumerate(spec.inputs):
        if each.kind != "number":
            named = _named(spec, table, place, each)
            categories, reachable = (
                names and _said(names, named) for names in (each.categories, each.reachable)
            )
            each = each.model_copy(update={"categories": categories, "reachable": reachable})
        inputs.append(each)
    deployed = tuple(each.model_copy(update={"categories": {}, "columns": ()}) for each in spec.deployed)
    return spec.model_copy(update={"inputs": tuple(inputs), "deployed": deployed})

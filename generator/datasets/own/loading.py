"""From a validation's study file and the files it names to one typed, checked table, or to a refusal."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from generator.datasets.complaints import bad_file, quoted
from generator.datasets.names import LONGEST, is_name
from generator.datasets.own import checks
from generator.datasets.own.columns import (
    as_numbers,
    check_complete,
    decimal_of,
    did_you_mean,
    listed,
    missing,
    numbers,
    places,
    times,
)
from generator.datasets.own.files import Texts, TextTable, read_texts
from generator.datasets.own.table import OwnTable
from generator.datasets.table import DataError
from generator.records.features import Input
from generator.records.validation import ColumnNote, ValidationSpec

MOST_GROUPS = 50
"""Groups of a column that can be told apart on a page."""
MOST_TOLD = 20
"""Problems of a table that are told at once."""
NO_GROUP = "no value"
"""The group of rows that have none."""


def load(spec: ValidationSpec, folder: Path) -> OwnTable:
    """The table of `spec`, whose files lie in `folder`.

    Raises:
        DataError: It cannot be read, is not what the study file says, or would make the study meaningless; problems of
            one stage are told together.
    """
    return typed(spec, read_texts([_there(folder / name, spec) for name in spec.tables], spec.reading))


def typed(spec: ValidationSpec, texts: TextTable) -> OwnTable:
    """As `load`, of a table whose files are read."""
    if spec.reading.sha256 not in ("", texts.sha256):
        raise bad_file(
            texts.path,
            f"its sha256 is {texts.sha256}, and reading.sha256 {spec.reading.sha256}",
            "it is another file, or was changed: put the right one in its place, or check this one and pin it",
        )
    _refuse(texts, _unknown_columns(spec, texts))
    wrong: list[str] = []

    def read(part: Callable[..., Any], *of: Any) -> Any:
        try:
            return part(texts, spec, *of)
        except DataError as error:
            wrong.append(str(error))

    inputs = [read(_input, given) for given in spec.inputs]
    parts = (_label, _ids, _amounts, _weights, _times, _sides)
    y, ids, amounts, weights, when, sides = (read(part) for part in parts)
    groups = {name: read(_group, name) for name in spec.groups}
    _raise(wrong)
    x = np.column_stack(inputs)
    table = OwnTable(
        frame=_frame(spec, texts, x),
        ids=ids,
        x=x,
        y=y,
        features=tuple(given.measured(x[:, place]) for place, given in enumerate(spec.inputs)),
        amounts=amounts,
        weights=weights,
        times=when,
        trains=sides[0],
        judged=sides[1],
        groups=groups,
        digest=texts.sha256,
        notices=(),
        columns=tuple(_note(spec, texts, column) for column in texts.columns.values()),
    )
    _refuse(texts, checks.problems(spec, texts, table))
    return replace(table, notices=tuple(checks.notices(spec, texts, table)))


def _raise(wrong: list[str]) -> None:
    if wrong := list(dict.fromkeys(wrong)):  # a column may be an input and the amount too
        more = [f"and {len(wrong) - MOST_TOLD} more"] if len(wrong) > MOST_TOLD else []
        raise DataError("\n".join(wrong[:MOST_TOLD] + more))


def _refuse(texts: TextTable, problems: Iterable[str]) -> None:
    _raise([f"{texts.path}: {problem}" for problem in problems])


def _there(path: Path, spec: ValidationSpec) -> Path:
    try:
        path.stat()
        return path
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last of a name that no file can have
        pass
    except OSError as error:
        raise bad_file(
            path,
            f"it cannot be read ({error.strerror})",
            "correct table in the study file, or the permissions",
        ) from None
    address = spec.reading.address
    fix = (
        f"download it from {address} to there"
        if address
        else "put it there, or correct table in the study file"
    )
    raise bad_file(path, "there is no such file", fix)


def _unknown_columns(spec: ValidationSpec, texts: TextTable):
    named = [
        *((f"inputs.{name}", name) for name in spec.input_names),
        ("label.column", spec.label.column),
        ("id", spec.id),
        ("amount", spec.amount),
        ("weights", spec.weights),
        ("time", spec.time),
        ("split.column", spec.split and spec.split.column),
        *(("groups", name) for name in spec.groups),
        *(("ignored", name) for name in spec.ignored),
    ]
    for key, name in named:
        if name is not None and name not in texts.columns:
            yield (
                f"{key}: the table has no column {quoted(name)}; it has {listed(texts.columns)}"
                f"{did_you_mean(name, texts.columns)}"
            )


def _input(texts: TextTable, spec: ValidationSpec, given: Input) -> np.ndarray:
    if given.kind == "number":
        values = numbers(texts, given.name, spec.reading, whole=given.integer)
    else:
        values = places(texts, given, spec.reading)
        _check_names(texts, texts.columns[given.name])
    if given.missing and not np.isnan(values).all():
        return values
    check_complete(
        texts,
        given.name,
        values,
        "give the input missing = true, and no value is a value of its own; or leave these rows out",
    )
    return values


def _label(texts: TextTable, spec: ValidationSpec) -> np.ndarray:
    name, fraud = spec.label.column, spec.label.fraud
    column = texts.columns[name]
    none = missing(column, spec.reading.missing) & (np.array(column.values) != fraud)
    rows = np.flatnonzero(column.of(none, True))
    if len(rows):
        raise texts.refusal(
            name,
            rows,
            f"filled in, as the label; {len(rows):,} rows have none",
            "leave rows without a label out",
        )
    if fraud not in column.values:
        raise bad_file(
            texts.path,
            f"column {name!r}, the label, has no {quoted(fraud)}; it has {listed(column.values)}",
            f"give label.fraud as it stands there{did_you_mean(fraud, column.values)}",
        )
    if len(column.values) == 1:
        raise bad_file(
            texts.path,
            f"column {name!r}, the label, is {quoted(fraud)} in every row",
            "give a table with genuine rows too; is it the right column?",
        )
    if len(column.values) > 2:
        raise bad_file(
            texts.path,
            f"column {name!r}, the label, has {len(column.values)} values: {listed(column.values)}",
            "a row is fraud or not; leave the rows of the others out, or write a column that says which",
        )
    return column.of(np.array([text == fraud for text in column.values]), False).astype(np.int64)


def _ids(texts: TextTable, spec: ValidationSpec) -> np.ndarray:
    if spec.id is None:
        return np.arange(1, texts.rows + 1).astype(str)
    column = texts.columns[spec.id]
    none = np.flatnonzero(column.of(missing(column, spec.reading.missing), True))
    if len(none):
        raise texts.refusal(
            spec.id, none, "filled in, as the id", "fill it in, or leave id out of the study file"
        )
    often = np.flatnonzero(column.of(column.counts() > 1, False))
    if len(often):
        first = often[column.codes[often] == column.codes[often[0]]]
        raise texts.refusal(
            spec.id,
            first,
            f"different in every row, as the id; {len(often):,} rows share theirs",
            "leave repeated rows out, or leave id out of the study file",
        )
    return np.array(column.values)[column.codes]


def _amounts(texts: TextTable, spec: ValidationSpec) -> np.ndarray | None:
    if spec.amount is None:
        return None
    values = numbers(texts, spec.amount, spec.reading)
    check_complete(texts, spec.amount, values, "leave these rows out, or leave amount out of the study file")
    below = np.flatnonzero(values < 0)
    if len(below):
        fix = "give a column with the money at stake, or leave amount out of the study file"
        raise texts.refusal(spec.amount, below, "an amount of 0 or more", fix)
    if not values.any():
        raise bad_file(
            texts.path, f"column {spec.amount!r}, the amount, is 0 in every row", "leave amount out"
        )
    return values


def _weights(texts: TextTable, spec: ValidationSpec) -> np.ndarray:
    if spec.weights is None:
        return np.ones(texts.rows)
    values = numbers(texts, spec.weights, spec.reading)
    fix = "leave these rows out, or leave weights out of the study file"
    check_complete(texts, spec.weights, values, fix)
    none = np.flatnonzero(values <= 0)
    if len(none):
        raise texts.refusal(spec.weights, none, "more than 0, how many rows in life it stands for", fix)
    return values


def _times(texts: TextTable, spec: ValidationSpec) -> np.ndarray | None:
    if spec.time is None:
        return None
    values = times(texts, spec.time, spec.reading)
    check_complete(texts, spec.time, values, "fill it in, or leave time out of the study file")
    return values


def _sides(texts: TextTable, spec: ValidationSpec) -> tuple[np.ndarray, np.ndarray]:
    """Which rows train and which are judged, (n,) bool each."""
    split = spec.split
    if split is None:
        return np.ones(texts.rows, dtype=bool), np.ones(texts.rows, dtype=bool)
    if split.judged_from:
        days = times(texts, split.column, spec.reading)
        check_complete(texts, split.column, days, "fill it in, or split by another column")
        judged = days >= np.datetime64(date.fromisoformat(split.judged_from), "s")
        if judged.all() or not judged.any():
            raise bad_file(
                texts.path,
                f"column {split.column!r} has dates from {days.min()} to {days.max()}, so that "
                f"{'all rows are' if judged.all() else 'no row is'} judged",
                "give split.judged_from a day between them",
            )
        return ~judged, judged
    column = texts.columns[split.column]
    for key, values in {"trains": split.trains, "judged": split.judged}.items():
        for value in values:
            if value not in column.values:
                raise bad_file(
                    texts.path,
                    f"split.{key}: column {split.column!r} has no {quoted(value)}; it has {listed(column.values)}",
                    f"give values as they stand there{did_you_mean(value, column.values)}",
                )
    trains, judged = (
        column.of(np.array([text in values for text in column.values]), False)
        for values in (split.trains, split.judged)
    )
    return trains, judged


def _group(texts: TextTable, spec: ValidationSpec, name: str) -> np.ndarray:
    column = texts.columns[name]
    none = missing(column, spec.reading.missing)
    if len(column.values) > MOST_GROUPS:
        raise bad_file(
            texts.path,
            f"column {name!r}, of groups, has {len(column.values):,} different values",
            f"give one with at most {MOST_GROUPS}, such as bands of it",
        )
    _check_names(texts, column)
    names = np.where(none, NO_GROUP, np.array(column.values, dtype=object))
    return column.of(names, NO_GROUP).astype(str)


def _check_names(texts: TextTable, column: Texts) -> None:
    """Pass if what may be published of a column can stand on a page and in a terminal."""
    for text in column.values:
        if text.strip() and not is_name(text):
            raise bad_file(
                texts.path,
                f"column {column.name!r}: {quoted(text)} cannot be shown",
                f"give names of 1 to {LONGEST} visible signs",
            )


def _frame(spec: ValidationSpec, texts: TextTable, x: np.ndarray) -> pd.DataFrame:
    """Every column, as the study file uses it."""
    inputs = {given.name: x[:, place] for place, given in enumerate(spec.inputs) if given.kind == "number"}
    dated = {spec.time, spec.split.column if spec.split and spec.split.judged_from else None}
    columns = {}
    for name, column in texts.columns.items():
        if name in inputs:
            columns[name] = inputs[name]
        elif name in (spec.amount, spec.weights):
            columns[name] = numbers(texts, name, spec.reading)
        elif name in dated:
            columns[name] = times(texts, name, spec.reading)
        else:
            none = missing(column, spec.reading.missing)
            named = np.array(
                [None if gone else text for text, gone in zip(column.values, none, strict=True)], object
            )
            columns[name] = pd.Series(column.of(named, None), dtype="str")
    return pd.DataFrame(columns)


def _note(spec: ValidationSpec, texts: TextTable, column: Texts) -> ColumnNote:
    categories = next((each.categories for each in spec.inputs if each.name == column.name), ())
    none = missing(column, spec.reading.missing) & ~np.isin(column.values, categories)
    counts = column.counts()
    roles = {
        "label": (spec.label.column,),
        "id": (spec.id,),
        "input": spec.input_names,
        "amount": (spec.amount,),
        "time": (spec.time,),
        "split": (spec.split and spec.split.column,),
        "weights": (spec.weights,),
        "group": spec.groups,
    }
    role = next((role for role, names in roles.items() if column.name in names), "ignored")
    given = {each.name: each.kind for each in spec.inputs}
    return ColumnNote(
        name=column.name,
        role=role,
        kind=given.get(column.name) or _kind(spec, texts, column, none, role),
        distinct=int((counts[~none] > 0).sum()),
        missing=texts.rows - int(counts[~none].sum()),
    )


def _kind(spec: ValidationSpec, texts: TextTable, column: Texts, none: np.ndarray, role: str) -> str:
    """What a column that is no input holds, by how it is used, else by what it looks like."""
    if role in ("label", "group", "id"):
        return {"label": "flag", "group": "category", "id": "text"}[role]
    if role == "time" or checks.holds_dates(column, none):
        return "date"
    if not none.all() and as_numbers(column, none, decimal_of(texts, spec.reading)) is not None:
        return "number"
    return "category" if len(column.values) <= MOST_GROUPS else "text"

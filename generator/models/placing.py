"""A model that reads columns of its own, as the same one that reads the inputs of a table, to the last bit.

Tables hold the place of a name; what a model is given instead (a code of its own, one of several columns of noughts and
ones, another number) is worked into its trees or its first layer, so that boxes of the table are boxes of the model.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from generator.models.readers.layered import Layered
from generator.models.trees.ensemble import MISSING, ZERO, Ensemble

Placed = TypeVar("Placed", Ensemble, Layered)


@dataclass(frozen=True)
class Column:
    """What a model is given in one of its columns, of one input of the table."""

    source: int
    values: np.ndarray | None = None
    """(k,) the number of each place, -1 where it has no code for it; None where the input is a number, as it is."""
    missing: float = np.nan
    """Where the row lacks a value."""

    @property
    def as_it_is(self) -> bool:
        """Whether it is the place or the number itself."""
        same = self.values is None or np.array_equal(self.values, np.arange(len(self.values)))
        return same and np.isnan(self.missing)

    def of(self, x: np.ndarray) -> np.ndarray:
        """(n,) of rows x (n, d) of the table."""
        own = x[:, self.source]
        lacking = np.isnan(own)
        if self.values is not None:
            place = np.where(lacking, 0, own).astype(int)
            own = np.append(self.values, -1.0)[np.minimum(place, len(self.values))]
        return np.where(lacking, self.missing, own)


def given(columns: Sequence[Column], x: np.ndarray) -> np.ndarray:
    """(n, columns) what a model is given of rows x (n, d) of the table."""
    return np.column_stack([column.of(x) for column in columns])


def placed(model: Placed, columns: Sequence[Column], inputs: int) -> Placed:
    """The model of columns, as one of so many inputs: its margins of x are those of `given(columns, x)`.

    Raises:
        ValueError: Two columns take one number in different ways, or one takes a number for a name.
    """
    return _trees(model, columns, inputs) if isinstance(model, Ensemble) else _layers(model, columns, inputs)


# ---------------------------------------------------------------- trees


def _trees(ensemble: Ensemble, columns: Sequence[Column], inputs: int) -> Ensemble:
    inner = ensemble.feature >= 0
    feature, threshold = ensemble.feature.copy(), ensemble.threshold.copy()
    missing_left, unknown_left = ensemble.missing_left.copy(), ensemble.unknown_left.copy()
    category_set, sets = np.full(len(inner), -1, np.int32), []
    rules: dict[int, str] = {}
    for place, column in enumerate(columns):
        asking = np.flatnonzero(inner & (ensemble.feature == place))
        feature[asking] = column.source
        rule = ensemble.arithmetic.missing[place]
        by_code = asking[ensemble.category_set[asking] >= 0]
        kept = column.as_it_is and (column.values is None or (rule != "zero" and not len(by_code)))
        if not kept and column.values is not None:
            rule = "refused" if rule == "refused" and np.isnan(column.missing) else "nan"
        elif len(by_code):
            raise ValueError(f"input {column.source} is a number, and a name to the model")
        elif not np.isnan(column.missing) and not (rule == "zero" and abs(column.missing) <= ZERO):
            if rule == "zero":
                raise ValueError(f"input {column.source} is missing in two ways")
            missing_left[asking] = _goes_left(ensemble, asking, np.array([column.missing]))[:, 0]
            rule = "nan"
        if len(asking) and rules.setdefault(column.source, rule) != rule:
            raise ValueError(f"input {column.source} is missing in two ways")
        if kept or column.values is None:
            continue
        left = _goes_left(ensemble, asking, np.append(column.values, column.missing))
        missing_left[asking], left = left[:, -1], left[:, :-1]
        if (left[:, :-1] >= left[:, 1:]).all() and not len(by_code):
            # the codes have the order of the places: the first so many of them go left
            threshold[asking] = left.sum(axis=1) - 0.5
            continue
        category_set[asking] = len(sets) + np.arange(len(asking))
        unknown_left[asking] = _goes_left(ensemble, asking, np.array([-1.0]))[:, 0]
        threshold[asking] = np.nan
        sets += zip(left, unknown_left[asking], strict=True)
    table = np.zeros((len(sets), max((len(members) for members, _ in sets), default=0)), bool)
    for row, (members, others) in zip(table, sets, strict=True):
        row[: len(members)], row[len(members) :] = members, others
    return replace(
        ensemble, feature=feature.astype(np.int32), threshold=threshold, missing_left=missing_left,
        category_set=category_set, unknown_left=unknown_left, sets=table, inputs=inputs,
        arithmetic=replace(
            ensemble.arithmetic, missing=tuple(rules.get(place, MISSING[0]) for place in range(inputs))
        ),
    )  # fmt: skip


def _goes_left(ensemble: Ensemble, nodes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """(nodes, values) bool, of nodes that ask for one column."""
    arithmetic = ensemble.arithmetic
    if not len(nodes):
        return np.zeros((0, len(values)), bool)
    rule = arithmetic.missing[ensemble.feature[nodes[0]]]
    values = np.asarray(values, np.float64)
    values = values.astype(np.float32).astype(np.float64) if arithmetic.single_inputs else values
    values = np.where(np.isnan(values) & (rule == "as_zero"), 0.0, values)
    none = np.isnan(values) | ((rule == "zero") & (np.abs(values) <= ZERO))
    limit = ensemble.threshold[nodes, None]
    left = values < limit if arithmetic.strict else values <= limit
    by_code = np.flatnonzero(ensemble.category_set[nodes] >= 0)
    if len(by_code):
        members = ensemble.sets[ensemble.category_set[nodes[by_code]]]
        known = (values >= 0) & (values < members.shape[1])
        code = np.where(known, values, 0).astype(int)
        left[by_code] = np.where(known, members[:, code], ensemble.unknown_left[nodes[by_code], None])
    return np.where(none, ensemble.missing_left[nodes, None], left)


# ---------------------------------------------------------------- layers


def _layers(model: Layered, columns: Sequence[Column], inputs: int) -> Layered:
    old = model.encoding
    coded, made = old.coded.copy(), []
    for row, source in enumerate(old.source):
        column = columns[source]
        own = old.tables[row]
        if not np.isnan(column.missing):
            own = np.append(own[:-1], old.of(row, column.missing))
        if column.values is not None and (old.coded[row] or not column.as_it_is):
            coded[row] = True
            values = [old.of(row, value) for value in column.values]
            own = np.array([*values, old.tables[row, -2], own[-1]])
        made.append(own)
    codes = max(map(len, made), default=2)
    tables = np.full((len(made), codes), np.nan)
    for row, own in zip(tables, made, strict=True):
        row[: len(own) - 2], row[len(own) - 2 : -1], row[-1] = own[:-2], own[-2], own[-1]
    source = np.array([columns[each].source for each in old.source], np.int32)
    return replace(model, encoding=replace(old, source=source, coded=coded, tables=tables), inputs=inputs)

"""An ensemble that asks of the columns it was trained on, as one that asks of the inputs of a table."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from generator.models.trees.ensemble import Ensemble


def placed(
    ensemble: Ensemble, columns: np.ndarray, inputs: int, codes: Mapping[int, np.ndarray] | None = None
) -> Ensemble:
    """The same margins, to the bit, of rows whose inputs are those of a table.

    Args:
        columns: (d,) the input that each of its own is.
        inputs: Of the table.
        codes: By own input that is a category, (k,) its code of each place in the table; -1 where it knows none, which
            it judges as it judges what has no code. Those not named have codes that are places.
    """
    columns, codes = np.asarray(columns), codes or {}
    inner = ensemble.feature >= 0
    asking = np.flatnonzero(inner & (ensemble.category_set >= 0))
    of = [codes.get(int(ensemble.feature[node]), np.arange(ensemble.sets.shape[1])) for node in asking]
    sets = np.zeros((len(asking), max(map(len, of), default=0)), bool)
    for row, node, known in zip(sets, asking, of, strict=True):
        members, others = ensemble.sets[ensemble.category_set[node]], ensemble.unknown_left[node]
        row[:] = others
        row[: len(known)] = np.where(
            (known >= 0) & (known < len(members)), members[np.clip(known, 0, len(members) - 1)], others
        )
    category_set = np.full(len(inner), -1, np.int32)
    category_set[asking] = np.arange(len(asking))
    missing = np.full(inputs, "nan", dtype=object)
    missing[columns] = ensemble.arithmetic.missing
    return replace(
        ensemble,
        feature=np.where(inner, columns[ensemble.feature], -1).astype(np.int32),
        category_set=category_set,
        sets=sets,
        inputs=inputs,
        arithmetic=replace(ensemble.arithmetic, missing=tuple(missing)),
    )

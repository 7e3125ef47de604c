"""How a library is asked, and the rows that it is given: names as names, where codes stand in the study."""

from collections.abc import Callable, Mapping
from types import ModuleType

import numpy as np

from generator.models.deployed import TakenOver
from generator.models.readers import Deployed

Margins = Callable[[np.ndarray], np.ndarray]
"""(n,) the library's own score, of what it is given (n, columns)."""

Ask = Callable[[ModuleType, TakenOver, Mapping[str, bytes], str], Margins]
"""Of the package, a model, its files by name, and the name of the first of them."""


class NotAskedError(Exception):
    """A library that is installed cannot be asked about this model; the message is a sentence that says why."""


def named(file: Deployed, given: np.ndarray, nothing: Callable[[tuple], object]) -> list[np.ndarray]:
    """Of each column (n,), numbers as they are and the category of each code.

    Args:
        given: (n, columns) as the model is given them, a code beyond those it knows for any other name.
        nothing: Of the categories that a column has, what stands in it for a row without one.
    """
    known = file.categories or (None,) * given.shape[1]
    return [
        column if names is None else _names(column, names, nothing(names))
        for column, names in zip(given.T, known, strict=True)
    ]


def _names(codes: np.ndarray, names: tuple, nothing: object) -> np.ndarray:
    listed = np.empty(len(names) + 2, object)
    listed[:] = [*names, another(names), nothing]
    place = np.where((codes >= 0) & (codes < len(names)), codes, len(names))
    return listed[np.where(np.isnan(codes), len(names) + 1, place).astype(int)]


def another(names: tuple) -> object:
    """A name, or a number, that is none of these."""
    if not isinstance(names[0], str):
        return max(names) + 1
    return "".join(names) + "?"

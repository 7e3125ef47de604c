"""Objects of scikit-learn as named fields, the same of a file as in memory. None is made, none of their code runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Part:
    """An object: the name of its class, and its fields, which open as they are asked for.

    They are numbers, strings, None, numpy arrays, lists, dicts and further parts.
    """

    name: str
    held: Mapping[str, Any]
    opened: Callable[[Any], Any]

    def __getitem__(self, field: str) -> Any:
        return self.opened(self.held[field])

    def get(self, field: str, otherwise: Any = None) -> Any:
        return self.opened(self.held[field]) if field in self.held else otherwise


def in_memory(value: Any) -> Any:
    """An object of this process as a part; plain values as they are."""
    if value is None or isinstance(value, str | int | float | bool | np.generic):
        return value
    if isinstance(value, np.ndarray):
        return value if value.dtype != object else in_memory(value.tolist())
    if isinstance(value, list | tuple):
        return [in_memory(each) for each in value]
    if isinstance(value, dict):
        return {key: in_memory(each) for key, each in value.items()}
    if isinstance(value, type):
        return value.__name__
    # a tree of scikit-learn keeps its nodes out of sight
    held = value.__getstate__() if type(value).__name__ == "Tree" else getattr(value, "__dict__", {})
    return Part(type(value).__name__, held, in_memory)

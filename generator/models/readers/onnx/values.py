"""What tensors hold before the model, and what steps know of the inputs; each number rounded as its types say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from generator.models.readers.columns import Column
from generator.models.readers.deployed import ModelFileError
from generator.models.readers.onnx.graph import BOOL, DOUBLE, FLOAT, INT32, INT64, STRING, Node

FLOATS = {FLOAT: np.float32, DOUBLE: np.float64}
WHOLE = (INT64, INT32, BOOL, 2, 3, 4, 5, 12, 13)
"""Types without a fraction, and without a value for none."""


@dataclass(frozen=True)
class Value:
    """A tensor of the graph, column by column."""

    columns: tuple[Column, ...]
    type: int
    cut_off: bool = False
    """Whether numbers lost their fraction on the way."""


@dataclass(frozen=True)
class Made:
    """What steps look up, and what they learn of the inputs."""

    constants: Mapping[str, np.ndarray]
    names: tuple[str, ...]
    categories: dict[int, tuple]
    cut_off: set[int]

    def called(self, source: int) -> str:
        return repr(self.names[source]) if self.names else str(source + 1)


def cast_to(value: Value, to: int) -> Value:
    """Its columns in another type of the graph.

    Raises:
        ModelFileError: The type has no reader.
    """
    if to == value.type or (value.type in WHOLE and to in (INT64, INT32)):
        return replace(value, type=to)
    if to in (INT64, INT32) and value.type in FLOATS:
        return Value(value.columns, to, cut_off=True)
    if to not in FLOATS or value.type == STRING or value.cut_off:
        raise ModelFileError("casts a column to a type that has no reader; do it in the table")
    return Value(tuple(_in_type(column, FLOATS[to]) for column in value.columns), to)


def _in_type(column: Column, kind: type) -> Column:
    """A column once more rounded; what follows is worked out in this type."""
    if column.table is not None:
        return looked_up(column, lambda values: values.astype(kind))
    given, worked, handed = column.types
    if column.is_plain:
        given = kind if kind == np.float32 else given
        return replace(column, types=(given, kind, kind), missing=float(kind(column.missing)))
    handed = kind if kind == np.float32 else handed
    return replace(column, types=(given, worked, handed), missing=float(kind(column.missing)))


def looked_up(column: Column, change: Callable[[np.ndarray], np.ndarray]) -> Column:
    """A column of a category, each of whose values is changed."""
    table, unknown, missing = (
        change(np.asarray(part, np.float64)).astype(np.float64)
        for part in (column.table, column.unknown, column.missing)
    )
    return replace(column, table=table, unknown=float(unknown), missing=float(missing))


def constant(made: Made, node: Node, place: int) -> np.ndarray:
    """The constant at this place of what a node is given."""
    held = made.constants.get(node.inputs[place]) if len(node.inputs) > place else None
    if held is None or held.dtype == object:
        raise ModelFileError(f"works out how its {node.kind} is set; export it with constants")
    return held

"""Steps before the model that look names up: one-hot encoders, and tables of values by name."""

from collections.abc import Callable, Sequence

import numpy as np

from generator.models.readers.columns import Column
from generator.models.readers.deployed import ModelFileError
from generator.models.readers.onnx.graph import FLOAT, INT64, STRING, Node
from generator.models.readers.onnx.values import Made, Value

_NOTHING = ("nan", "None", "NaN", "<NA>", "")
"""How a missing value is written where only texts are taken."""


def nothing_in(names: Sequence) -> str | None:
    """The first of them that stands for a row without a name; None if none does."""
    return next((name for name in names if name in _NOTHING), None)


def _one_hot(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    """A column of noughts and ones for each category; with zeros = 0 the runtime raises for any other name."""
    keys = node.texts("cats_strings") or node.numbers("cats_int64s").tolist()
    unknown = 0.0 if node.integer("zeros", 1) else np.nan
    tables = np.eye(len(keys))
    return [Value(_coded(made, held[0], keys, tables, unknown), FLOAT)]


def _label(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    """A column of values by name; the runtime has a default for any other name, also where none was asked for."""
    keys = (
        node.texts("keys_strings")
        or node.numbers("keys_int64s").tolist()
        or node.numbers("keys_floats").tolist()
    )
    for name, kind in (("int64s", INT64), ("floats", FLOAT)):
        values = node.numbers(f"values_{name}").astype(float)
        if len(values) and len(values) == len(keys):
            default = (
                float(node.integer("default_int64", -1))
                if kind == INT64
                else node.single("default_float", 0.0)
            )
            return [Value(_coded(made, held[0], keys, values[None], default), kind)]
    raise ModelFileError(
        "looks names up for other names or keeps its table in a tensor; export it with opset ai.onnx.ml 2"
    )


def _coded(
    made: Made, value: Value, keys: Sequence, tables: np.ndarray, unknown: float
) -> tuple[Column, ...]:
    """Columns of a table each (columns, keys), of each column that is looked up."""
    of_text = bool(keys) and isinstance(keys[0], str)
    if not keys or of_text != (value.type == STRING):
        raise ModelFileError("looks up other than it is given; export it again")
    if not of_text:
        if np.isnan(keys).any():
            raise ModelFileError("looks up a missing number; fill it in before it is encoded")
        # 3.1 and not the float32 next to it
        keys = [float(str(np.float32(key))) if isinstance(key, float) else key for key in keys]
    nothing = nothing_in(keys)
    columns = []
    for column in value.columns:
        if not column.is_plain or not np.isnan(column.missing):
            raise ModelFileError("encodes a column that was changed before; encode the input itself")
        if made.categories.setdefault(column.source, tuple(keys)) != tuple(keys):
            raise ModelFileError(
                f"encodes input {made.called(column.source)} twice, with other categories; encode it once"
            )
        if value.cut_off:
            made.cut_off.add(column.source)
        for table in tables:
            # a text that is none of the names counts as any other
            missing = unknown if nothing is None else table[keys.index(nothing)]
            if column.refuses_missing or value.cut_off or sum(key in _NOTHING for key in keys) > 1:
                missing = np.nan
            columns.append(
                Column(
                    column.source,
                    table=table.astype(float),
                    unknown=unknown,
                    missing=float(missing),
                    refuses_missing=bool(np.isnan(missing)),
                )
            )
    return tuple(columns)


NAMING: dict[str, Callable[[Made, Node, Sequence], list[Value]]] = {
    "OneHotEncoder": _one_hot,
    "LabelEncoder": _label,
}

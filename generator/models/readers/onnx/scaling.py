"""Steps before the model that scale numbers, or fill them in."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from generator.models.readers.columns import Column
from generator.models.readers.deployed import ModelFileError
from generator.models.readers.onnx.graph import FLOAT, Node
from generator.models.readers.onnx.values import FLOATS, Made, Value, cast_to, looked_up

_TERMS = ("mean", "scale", "gain", "offset")
"""In the order in which a column is worked out."""


def _scaled(value: Value, term: str, by: np.ndarray) -> Value:
    """One term of (x - mean) / scale * gain + offset."""
    if value.type not in FLOATS:
        raise ModelFileError("scales whole numbers or texts; export it with columns of floats")
    kind, count = FLOATS[value.type], len(value.columns)
    if by.size not in (1, count):
        raise ModelFileError(f"scales {count} columns by {by.size} numbers; export it again")
    terms = np.broadcast_to(by.astype(kind).ravel(), count)
    return replace(
        value,
        columns=tuple(_with_term(*pair, term, kind) for pair in zip(value.columns, terms, strict=True)),
    )


def _with_term(column: Column, by: np.floating, term: str, kind: type) -> Column:
    if not np.isfinite(by) or (term in ("scale", "gain") and by == 0):
        raise ModelFileError("has a scaler that makes a column one number; leave that column out")
    own = Column(0, types=(kind,) * 3, **{term: float(by)})
    if column.table is not None:
        return looked_up(column, own.of)
    later = _TERMS[_TERMS.index(term) :]
    if any(getattr(column, each) != getattr(_PLAIN, each) for each in later):
        raise ModelFileError(f"scales input {column.source + 1} twice; keep one scaler")
    missing = float(own.of(np.asarray(column.missing)))
    return replace(column, **{term: float(by)}, missing=missing)


_PLAIN = Column(0)


def _by_constant(made: Made, node: Node, held: Sequence[Value | None]) -> list[Value]:
    """What adds or divides and the like."""
    others = [name for name, value in zip(node.inputs, held, strict=True) if value is None]
    found = made.constants.get(others[0]) if len(others) == 1 else None
    if found is None:
        raise ModelFileError(f"has a {node.kind} of two columns, which has no reader; do it in the table")
    return [_scaled(held[0] or held[1], _TERM_OF[node.kind], found)]


_TERM_OF = {"Sub": "mean", "Div": "scale", "Mul": "gain", "Add": "offset"}


def _scaler(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    """(x - offset) * scale, handed on as float32; doubles are worked out as such, all else as float32."""
    value = held[0] if held[0].type in FLOATS else cast_to(held[0], FLOAT)
    for term, by in (("mean", node.numbers("offset")), ("gain", node.numbers("scale"))):
        value = _scaled(value, term, by) if by.size else value
    return [cast_to(value, FLOAT)]


def _imputer(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    """What is missing gets a value of its own."""
    value, filled = held[0], node.numbers("imputed_value_floats")
    if (
        value.type not in FLOATS
        or not np.isnan(node.single("replaced_value_float", np.nan))
        or not filled.size
    ):
        raise ModelFileError("fills in for something else than a missing number; do it in the table")
    if not all(column.is_plain for column in value.columns):
        raise ModelFileError("fills in behind a scaler or encoder; put the imputer first")
    filled = np.broadcast_to(filled, len(value.columns))
    columns = (replace(column, missing=float(own)) for column, own in zip(value.columns, filled, strict=True))
    return [replace(value, columns=tuple(columns))]


SCALING: dict[str, Callable[[Made, Node, Sequence], list[Value]]] = {
    **dict.fromkeys(_TERM_OF, _by_constant),
    "Scaler": _scaler,
    "Imputer": _imputer,
}

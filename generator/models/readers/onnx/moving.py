"""Steps before the model that move columns, or only change their type."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from generator.models.readers.deployed import ModelFileError
from generator.models.readers.onnx.graph import FLOAT, Node
from generator.models.readers.onnx.values import Made, Value, cast_to, constant


def _same(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    return [held[0]]


def _cast(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    return [cast_to(held[0], node.integer("to", FLOAT))]


def _cast_like(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    return [cast_to(held[0], held[-1].type)]


def _concat(made: Made, node: Node, held: Sequence[Value | None]) -> list[Value]:
    if not all(held) or node.integer("axis", 1) not in (1, -1):
        raise ModelFileError(
            "joins columns with something else; export it with rows that are joined side by side"
        )
    if len({value.type for value in held}) > 1:
        raise ModelFileError(
            "joins columns of different types, which no runtime loads; convert the pipeline with all numbers as float32"
        )
    columns = tuple(column for value in held for column in value.columns)
    return [Value(columns, held[0].type, any(value.cut_off for value in held))]


def _vectorized(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    """Whatever it is given, it hands on float32."""
    singles = [cast_to(value, FLOAT) for value in held]
    return [Value(tuple(column for value in singles for column in value.columns), FLOAT)]


def _reshape(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    shape = constant(made, node, 1).ravel().tolist()
    if shape not in ([-1, len(held[0].columns)], [0, len(held[0].columns)], [-1, 1, len(held[0].columns)]):
        raise ModelFileError("brings its columns into another shape than that of a matrix; export it without")
    return [held[0]]


def _chosen(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    places = constant(made, node, 1).ravel().astype(int)
    if node.kind == "Gather" and node.integer("axis", 0) not in (1, -1, 2):
        raise ModelFileError("chooses rows; export it for rows one by one")
    return [replace(held[0], columns=tuple(held[0].columns[place] for place in places))]


def _split(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    sizes = node.numbers("split") if "split" in node.attributes else constant(made, node, 1).ravel()
    ends = np.cumsum(sizes)
    if node.integer("axis", 0) not in (1, -1, 2) or ends[-1] != len(held[0].columns):
        raise ModelFileError("splits rows; export it for rows one by one")
    starts = ends - sizes
    return [replace(held[0], columns=held[0].columns[a:b]) for a, b in zip(starts, ends, strict=True)]


def _summed(made: Made, node: Node, held: Sequence[Value]) -> list[Value]:
    """What one-hot encoders make of rare categories: columns of one input, added up."""
    columns = held[0].columns
    sources = {column.source for column in columns if column.table is not None}
    if len(sources) != 1 or any(column.table is None for column in columns):
        raise ModelFileError("adds up columns of its inputs, which has no reader; do it in the table")
    table, unknown, missing = (
        sum(np.asarray(getattr(column, part)) for column in columns)
        for part in ("table", "unknown", "missing")
    )
    return [replace(held[0], columns=(replace(columns[0], table=table, unknown=unknown, missing=missing),))]


MOVING: dict[str, Callable[[Made, Node, Sequence], list[Value]]] = {
    **dict.fromkeys(("Identity", "Dropout", "Flatten"), _same),
    "Cast": _cast,
    "CastLike": _cast_like,
    "Concat": _concat,
    "FeatureVectorizer": _vectorized,
    "Reshape": _reshape,
    "Gather": _chosen,
    "ArrayFeatureExtractor": _chosen,
    "Split": _split,
    "ReduceSum": _summed,
}

"""What stands before the model in a graph: encoders, scalers and the like, worked into columns of the inputs.

skl2onnx writes a pipeline so, with one input a column of the table where it was shown a data frame. Each number goes
through the float types that the graph names, rounded where they round.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generator.models.readers.columns import Column, Inputs
from generator.models.readers.deployed import ModelFileError
from generator.models.readers.onnx.graph import DOUBLE, FLOAT, STRING, Given, Graph, Node
from generator.models.readers.onnx.moving import MOVING
from generator.models.readers.onnx.naming import NAMING
from generator.models.readers.onnx.scaling import SCALING
from generator.models.readers.onnx.values import FLOATS, WHOLE, Made, Value

_STEPS = MOVING | SCALING | NAMING

MODELS = (
    "Gemm",
    "MatMul",
    "LinearClassifier",
    "TreeEnsemble",
    "TreeEnsembleClassifier",
    "TreeEnsembleRegressor",
)
"""A model begins with one of these."""
_EITHER_WAY = ("Add", "Mul")
"""May have the constant first."""


@dataclass(frozen=True)
class Front:
    inputs: Inputs
    """With the columns that the model is given."""
    type: int
    """Of these columns, `FLOAT` or `DOUBLE`."""
    name: str
    """Of the tensor that holds them."""
    rest: Sequence[Node]
    """The model and what follows it."""
    cut_off: frozenset[int]
    """Inputs whose numbers lose their fraction before they are looked up."""
    notes: tuple[str, ...]


def front(graph: Graph) -> Front:
    """All up to the first node of the model.

    Raises:
        ModelFileError: A step has no reader, or the inputs have none.
    """
    names = _names(graph)
    made = Made(graph.constants, names, {}, set())
    values, width = {}, 0
    for each in graph.given:
        values[each.name] = Value(_columns(each, width), each.type)
        width += each.width
    for place, node in enumerate(graph.nodes):
        held = [values.get(name) for name in node.inputs]
        if not any(held) and all(name in graph.constants for name in node.inputs if name):
            continue
        if node.kind in MODELS and held[0]:
            inputs = Inputs(held[0].columns, width, names, made.categories)
            return Front(
                inputs,
                _checked(held[0], inputs),
                node.inputs[0],
                graph.nodes[place:],
                frozenset(made.cut_off),
                _notes(made),
            )
        if node.kind not in _STEPS or not (held[0] or node.kind in _EITHER_WAY):
            raise ModelFileError(f"has a step {node.kind}, which has no reader; {_NEXT}")
        outputs = _STEPS[node.kind](made, node, held)
        values |= zip(node.outputs, outputs, strict=False)
    raise ModelFileError("has no layer and no tree; export a net, a linear model or an ensemble of trees")


_NEXT = (
    "the readers know nets, linear classifiers and trees behind scalers, one-hot and ordinal encoders and imputers: do "
    "its work in the table, or export the model without it"
)


def _names(graph: Graph) -> tuple[str, ...]:
    """Of the inputs; none for a matrix without names in the metadata."""
    if not graph.given:
        raise ModelFileError("takes no input; export it with one matrix, or one input a column")
    for each in graph.given:
        if not each.width or (each.type not in (FLOAT, DOUBLE, STRING) and each.type not in WHOLE):
            raise ModelFileError(
                f"does not say how many columns its input {each.name!r} has, or is given no numbers and texts in it; "
                "export it with a matrix of a known number of columns, or one input a column"
            )
    if graph.of_one_matrix:
        width = graph.given[0].width
        if graph.names and len(graph.names) != width:
            raise ModelFileError(
                f"names {len(graph.names)} columns in its metadata and takes {width}; export it with one name for each"
            )
        return graph.names
    wide = [each for each in graph.given if each.width > 1]
    if wide:
        raise ModelFileError(
            f"takes {len(graph.given)} inputs, one of them, {wide[0].name!r}, with {wide[0].width} columns without "
            "names; export it with one input a column, or with one matrix"
        )
    return tuple(each.name for each in graph.given)


def _columns(given: Given, first: int) -> tuple[Column, ...]:
    kind = np.float32 if given.type == FLOAT else np.float64
    return tuple(
        Column(first + place, types=(kind,) * 3, refuses_missing=given.type in WHOLE)
        for place in range(given.width)
    )


def _checked(value: Value, inputs: Inputs) -> int:
    """The type of the columns that the model is given."""
    named = [
        column.source
        for column in value.columns
        if column.table is None and column.source in inputs.categories
    ]
    if named:
        raise ModelFileError(
            f"takes input {named[0] + 1} as a number and as a category; use one column for each"
        )
    if value.type not in FLOATS or value.cut_off:
        raise ModelFileError("gives its model whole numbers or texts; export it with columns of floats")
    return value.type


def _notes(made: Made) -> tuple[str, ...]:
    if not made.cut_off:
        return ()
    told = ", ".join(made.called(source) for source in sorted(made.cut_off))
    return (f"Numbers lose their fraction before they are looked up: input {told}.",)

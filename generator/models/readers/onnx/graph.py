"""The graph in an ONNX file: its nodes in the order they run, its constants, and what it is given."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from generator.models.readers.deployed import Asked, ModelFileError
from generator.models.readers.protobuf import Message, single

FLOAT, INT32, INT64, STRING, BOOL, DOUBLE = 1, 6, 7, 8, 9, 11
"""Types of tensors, by number."""
_DTYPES = {FLOAT: "<f4", INT32: "<i4", INT64: "<i8", DOUBLE: "<f8"}


@dataclass(frozen=True)
class Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Message]

    def numbers(self, name: str) -> np.ndarray:
        """Floats or integers of an attribute; empty if it has none."""
        if name not in self.attributes:
            return np.empty(0, np.float32)
        held = self.attributes[name]
        return held.floats(7) if held.fields.get(7) else held.integers(8)

    def integer(self, name: str, otherwise: int) -> int:
        return self.attributes[name].number(3) if name in self.attributes else otherwise

    def single(self, name: str, otherwise: float) -> float:
        return single(self.attributes[name].raw(2)) if name in self.attributes else otherwise

    def text(self, name: str, otherwise: str) -> str:
        return self.attributes[name].text(4) if name in self.attributes else otherwise

    def texts(self, name: str) -> list[str]:
        return [each.decode() for each in self.attributes[name].raws(9)] if name in self.attributes else []


@dataclass(frozen=True)
class Given:
    """One input of the graph: a matrix of rows."""

    name: str
    type: int
    width: int
    """Columns; 0 if it does not say."""


@dataclass(frozen=True)
class Graph:
    nodes: tuple[Node, ...]
    constants: Mapping[str, np.ndarray]
    given: tuple[Given, ...]
    """What nodes ask for; what none does is left out."""
    of_one_matrix: bool
    """Whether a runtime is given no more than one of them."""
    names: tuple[str, ...]
    """What the metadata entry `feature_names` says, a JSON list; the format has no place of its own for names."""
    writer: str
    """With its version."""


def parsed(data: bytes, asked: Asked) -> Graph:
    """The graph of a file.

    Raises:
        ModelFileError: It keeps weights where they are not read.
        ValueError: It is damaged.
    """
    model = Message(data)
    graph = Message(model.raw(7))
    constants = {each.text(8): _tensor(each, asked) for each in graph.messages(5)}
    nodes = [_node(each) for each in graph.messages(1)]
    for node in nodes:
        if node.kind == "Constant" and "value" in node.attributes:
            constants[node.outputs[0]] = _tensor(Message(node.attributes["value"].raw(5)), asked)
        if node.kind == "Identity" and node.inputs[0] in constants:
            constants[node.outputs[0]] = constants[node.inputs[0]]
    used = {name for node in nodes for name in node.inputs}
    given = [each for each in map(_given, graph.messages(11)) if each.name not in constants]
    entries = {each.text(1): each.text(2) for each in model.messages(14)}
    names = json.loads(entries.get("feature_names", "[]"))
    return Graph(
        tuple(nodes),
        constants,
        tuple(each for each in given if each.name in used),
        len(given) == 1,
        tuple(map(str, names)) if isinstance(names, list) else (),
        f"{model.text(2) or 'an unnamed writer'} {model.text(3)}".strip(),
    )


def _node(held: Message) -> Node:
    attributes = {each.text(1): each for each in held.messages(5)}
    inputs, outputs = (tuple(map(bytes.decode, held.raws(field))) for field in (1, 2))
    return Node(held.text(4), inputs, outputs, attributes)


def _given(held: Message) -> Given:
    tensor = Message(Message(held.raw(2)).raw(1))
    sizes = [each.number(1, 0) for each in Message(tensor.raw(2)).messages(1)]
    return Given(held.text(1), tensor.number(1), max(sizes[1], 0) if len(sizes) == 2 else 0)


def _tensor(held: Message, asked: Asked) -> np.ndarray:
    """A constant; of a second file only of the one that has this file's name and .data behind it."""
    kind, shape = held.number(2), held.integers(1)
    if kind == STRING:
        return np.array([each.decode() for each in held.raws(6)], object)
    form = _DTYPES.get(kind)
    if form is None:
        return np.empty(0)
    size = int(np.prod(shape)) * np.dtype(form).itemsize
    if held.number(14) == 1:
        entries = {each.text(1): each.text(2) for each in held.messages(13)}
        if entries["location"] != f"{asked.file}.data" or not asked.beside:
            raise ModelFileError(
                f"keeps weights in {entries['location']!r}, which is not read; put them beside it as "
                f"{asked.file or 'model.onnx'}.data, or export with external_data=False"
            )
        start, length = int(entries.get("offset", 0)), int(entries.get("length", size))
        raw = asked.beside[start : start + length] if start >= 0 else b""
    else:
        raw = held.raw(9)
    by_number = {
        FLOAT: held.floats(4), DOUBLE: held.floats(10, "<f8"), INT32: held.integers(5), INT64: held.integers(7),
    }  # fmt: skip
    values = np.frombuffer(raw, form) if raw else by_number[kind].astype(form)
    if values.nbytes != size:
        raise ModelFileError(f"has {values.nbytes} bytes for a tensor of {size}; export it again")
    return values.reshape(shape)


def labels_of(nodes: Sequence[Node], constants: Mapping[str, np.ndarray]) -> tuple:
    """The two classes that the last nodes choose from; (0, 1) where the file does not say."""
    for node in nodes:
        held = constants.get(node.inputs[0]) if node.kind == "ArrayFeatureExtractor" else None
        if held is not None and held.size == 2:
            return tuple(held.ravel().tolist())
    return (0, 1)

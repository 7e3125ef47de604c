"""ONNX files: nets as torch exports them and pipelines as skl2onnx does, and ensembles of trees. All is float32.

A runtime sums in an order of its own, which depends on batch and threads: scores hold within a tolerance, and a row
whose score is nearer to the cut than that is undecided.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from generator.models.readers.deployed import SHARES, Asked, Deployed, Link, ModelFileError
from generator.models.readers.growing import Tree, together
from generator.models.readers.layered import Activation, Encoding, Layered
from generator.models.readers.protobuf import Message, single
from generator.models.trees.ensemble import Arithmetic, Ensemble

_TOLERANCE = 1e-5
"""Of float32 sums in another order, relative to the score."""
_ACTIVATIONS: dict[str, Activation] = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "logistic"}
_SAME = ("Identity", "Cast", "Dropout", "Flatten")
"""Hand on what they are given, where it is a matrix of floats."""
_LABELS = (
    "Softmax", "LogSoftmax", "Sub", "Concat", "ArgMax", "ArrayFeatureExtractor", "Reshape", "Squeeze", "ZipMap",
    "Normalizer", "Constant", "Shape", "Slice", "Gather", "Greater", "GreaterOrEqual", *_SAME,
)  # fmt: skip
"""Turn the last scores into probabilities and labels."""
_DTYPES = {1: "<f4", 6: "<i4", 7: "<i8", 11: "<f8"}
"""Of tensors, by number."""


@dataclass(frozen=True)
class _Node:
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


def read(data: bytes, asked: Asked) -> Deployed:
    """The net or ensemble of `torch.onnx.export` or `skl2onnx.to_onnx`."""
    model = Message(data)
    graph = Message(model.raw(7))
    constants = {each.text(8): _tensor(each, asked) for each in graph.messages(5)}
    nodes = [_node(each) for each in graph.messages(1)]
    for node in nodes:
        if node.kind == "Constant" and "value" in node.attributes:
            constants[node.outputs[0]] = _tensor(Message(node.attributes["value"].raw(5)), asked)
        if node.kind == "Identity" and node.inputs[0] in constants:
            constants[node.outputs[0]] = constants[node.inputs[0]]
    given = [each for each in graph.messages(11) if each.text(1) not in constants]
    if len(given) != 1:
        raise ModelFileError(
            f"takes {len(given)} inputs; export it with one matrix, whose columns are the inputs"
        )
    width, names = _width(given[0]), _column_names(model)
    if names and len(names) != width:
        raise ModelFileError(
            f"names {len(names)} columns in its metadata and takes {width}; export it with one name for each"
        )
    trees = [node for node in nodes if node.kind.startswith("TreeEnsemble")]
    made = (
        _trees(trees[0], nodes, given[0].text(1), width, asked)
        if trees
        else _net(nodes, constants, given[0].text(1), width)
    )
    library = f"ONNX of {model.text(2) or 'an unnamed writer'} {model.text(3)}".strip()
    return replace(made, library=library, inputs=names)


def _column_names(model: Message) -> tuple[str, ...]:
    """What the metadata entry `feature_names` says, a JSON list; the format has no place of its own for names."""
    entries = {each.text(1): each.text(2) for each in model.messages(14)}
    names = json.loads(entries.get("feature_names", "[]"))
    return tuple(map(str, names)) if isinstance(names, list) else ()


def _node(held: Message) -> _Node:
    attributes = {each.text(1): each for each in held.messages(5)}
    return _Node(held.text(4), *(tuple(map(bytes.decode, held.raws(field))) for field in (1, 2)), attributes)


def _tensor(held: Message, asked: Asked) -> np.ndarray:
    """A constant; of a second file only of the one that has this file's name and .data behind it."""
    form, shape = _DTYPES.get(held.number(2)), held.integers(1)
    if form is None:
        return np.empty(0)  # strings, such as the names of classes
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
    by_number = {1: held.floats(4), 11: held.floats(10, "<f8"), 6: held.integers(5), 7: held.integers(7)}
    values = np.frombuffer(raw, form) if raw else by_number[held.number(2)].astype(form)
    if values.nbytes != size:
        raise ModelFileError(f"has {values.nbytes} bytes for a tensor of {size}; export it again")
    return values.reshape(shape)


def _width(given: Message) -> int:
    """Columns of the matrix that is given."""
    tensor = Message(Message(given.raw(2)).raw(1))
    sizes = [each.number(1, 0) for each in Message(tensor.raw(2)).messages(1)]
    if len(sizes) != 2 or sizes[1] < 1 or tensor.number(1) not in (1, 11):
        raise ModelFileError(
            "does not take a matrix of floats with a known number of columns; export it with one"
        )
    return sizes[1]


# ---------------------------------------------------------------- nets


def _net(nodes: Sequence[_Node], constants: Mapping[str, np.ndarray], given: str, width: int) -> Deployed:
    """A chain of layers from the inputs on."""
    chain = _Chain(width)
    at = given
    for place, node in enumerate(nodes):
        if at not in node.inputs:
            if node.kind not in _LABELS and any(name not in constants for name in node.inputs):
                raise ModelFileError(
                    f"branches at a {node.kind}, which has no reader; export one chain of layers"
                )
            continue
        # what subtracts or divides has the rows first
        act = _STEPS.get(node.kind) if node.inputs[0] == at or node.kind in ("Add", "Mul") else None
        others = [constants.get(name) for name in node.inputs if name != at and name]
        if act is None or any(each is None for each in others):
            rest = {each.kind for each in nodes[place:]} - set(_LABELS)
            if rest or not chain.weights:
                raise ModelFileError(
                    f"has a step {sorted(rest or {node.kind})[0]}, which has no reader; the readers know nets of "
                    f"{', '.join(_STEPS)}"
                )
            break
        act(chain, node, others)
        at = node.outputs[0]
    return chain.deployed()


class _Chain:
    """What was met so far: a scaler, then layers, with an activation behind each but the last."""

    def __init__(self, width: int):
        self.width = width
        self.scaler = {name: np.full(width, float(name in ("scale", "gain")), np.float32) for name in _TERMS}
        self.terms: list[str] = []
        self.weights: list[np.ndarray] = []
        self.biases: list[np.ndarray] = []
        self.activations: list[Activation] = []

    def scale(self, term: str, value: np.ndarray):
        """One term of (x - mean) / scale * gain + offset, in this order."""
        if self.terms and _TERMS.index(term) <= _TERMS.index(self.terms[-1]):
            raise ModelFileError("scales its inputs twice; keep one scaler")
        self.terms.append(term)
        self.scaler[term] = np.broadcast_to(value.astype(np.float32).ravel(), self.width).copy()

    def layer(self, weight: np.ndarray, bias: np.ndarray):
        if len(self.activations) != len(self.weights):
            raise ModelFileError("has two layers without an activation between them; make them one")
        self.weights.append(weight.astype(np.float32))
        self.biases.append(np.broadcast_to(bias.astype(np.float32).ravel(), weight.shape[1]).copy())

    def add(self, value: np.ndarray):
        """To the inputs, or to the layer whose product came last."""
        if not self.weights:
            self.scale("offset", value)
        elif len(self.activations) < len(self.weights):
            self.biases[-1] = self.biases[-1] + value.astype(np.float32).ravel()
        else:
            raise ModelFileError("adds to what an activation gave, which has no reader; add before it")

    def activate(self, activation: Activation):
        if len(self.activations) != len(self.weights) - 1:
            raise ModelFileError("has two activations in a row; keep one")
        self.activations.append(activation)

    def deployed(self) -> Deployed:
        """The last activation, of one score, only makes it a probability, unless more layers follow."""
        if len(self.activations) == len(self.weights) and self.activations.pop() != "logistic":
            raise ModelFileError("ends in an activation; end it in a score, a Sigmoid or a Softmax")
        if len(set(self.activations)) > 1:
            raise ModelFileError(f"has activations {', '.join(sorted(set(self.activations)))}; use one kind")
        if (outputs := self.weights[-1].shape[-1]) > 2:
            raise ModelFileError(f"tells {outputs} classes apart; export one that tells fraud from genuine")
        scaler = Encoding.plain(self.width, np.float32)
        layered = Layered(
            replace(scaler, **self.scaler),
            tuple(self.weights),
            tuple(self.biases),
            self.activations[0] if self.activations else "identity",
            self.width,
        )
        return Deployed(layered, library="", classes=(0, 1), tolerance=_TOLERANCE)


_TERMS = ("mean", "scale", "gain", "offset")


def _gemm(chain: _Chain, node: _Node, others: list) -> None:
    weight = others[0].T if node.integer("transB", 0) else others[0]
    if (node.single("alpha", 1.0), node.single("beta", 1.0), node.integer("transA", 0)) != (1.0, 1.0, 0):
        raise ModelFileError("has a Gemm with alpha, beta or transA; export it from torch.nn.Linear")
    chain.layer(weight, others[1] if len(others) > 1 else np.zeros(1))


def _linear_classifier(chain: _Chain, node: _Node, others: list) -> None:
    weights = node.numbers("coefficients").reshape(-1, chain.width)
    chain.layer(weights.T, node.numbers("intercepts"))


def _scaler(chain: _Chain, node: _Node, others: list) -> None:
    chain.scale("mean", node.numbers("offset"))
    chain.scale("gain", node.numbers("scale"))


def _keep(chain: _Chain, node: _Node, others: list) -> None:
    if node.kind == "Cast" and node.integer("to", 1) not in (1, 11):
        raise ModelFileError("casts its scores to whole numbers before its last layer; export it without")


def _subtract(chain: _Chain, node: _Node, others: list) -> None:
    if chain.weights:
        raise ModelFileError("subtracts behind a layer, which has no reader; make it a bias")
    chain.scale("mean", others[0])


def _divide_or_multiply(chain: _Chain, node: _Node, others: list) -> None:
    if chain.weights:
        raise ModelFileError(f"has a {node.kind} behind a layer, which has no reader; make it a weight")
    chain.scale("scale" if node.kind == "Div" else "gain", others[0])


_STEPS: dict[str, Callable[[_Chain, _Node, list[Any]], None]] = {
    "Gemm": _gemm,
    "MatMul": lambda chain, node, others: chain.layer(others[0], np.zeros(1)),
    "Add": lambda chain, node, others: chain.add(others[0]),
    "Sub": _subtract,
    "Div": _divide_or_multiply,
    "Mul": _divide_or_multiply,
    "Scaler": _scaler,
    "LinearClassifier": _linear_classifier,
    **dict.fromkeys(_ACTIVATIONS, lambda chain, node, others: chain.activate(_ACTIVATIONS[node.kind])),
    **dict.fromkeys(_SAME, _keep),
}


# ---------------------------------------------------------------- trees


def _trees(node: _Node, nodes: Sequence[_Node], given: str, width: int, asked: Asked) -> Deployed:
    others = [each for each in nodes if each is not node and each.kind not in _LABELS]
    if others or node.inputs[0] != given or node.kind == "TreeEnsemble":
        step = others[0].kind if others else node.kind
        raise ModelFileError(
            f"has a step {step} with its trees, which has no reader; export the trees alone, with opset ai.onnx.ml 3"
        )
    of = "class" if node.kind == "TreeEnsembleClassifier" else "target"
    outputs = set(node.numbers(f"{of}_ids").tolist())
    weights = node.numbers(f"{of}_weights")
    if of == "class":
        classes = node.numbers("classlabels_int64s").tolist() or node.texts("classlabels_strings")
        if len(classes) != 2 or len(outputs) != 1:
            raise ModelFileError(
                "has not two classes told by one score; train one that tells fraud from the rest"
            )
        # as the runtime does it: weights without a negative one are shares of votes
        cut = 0.5 if (weights >= 0).all() else 0.0
    else:
        classes = (0, 1)
        if len(outputs) != 1:
            raise ModelFileError("has several targets; train one that tells fraud from the rest")
        if asked.cut is None:
            raise ModelFileError(
                "is a regressor, which flags nothing; say above which score a row is flagged"
            )
        cut = asked.cut
    transform, aggregate = node.text("post_transform", "NONE"), node.text("aggregate_function", "SUM")
    if transform not in ("NONE", "LOGISTIC") or aggregate not in ("SUM", "AVERAGE"):
        raise ModelFileError(
            f"has {transform} of a {aggregate}, which has no reader; export it with defaults"
        )
    return Deployed(
        _ensemble(node, of, weights, width, cut, aggregate == "AVERAGE"),
        library="",
        classes=tuple(classes),
        tolerance=_TOLERANCE,
        link=Link() if transform == "LOGISTIC" else SHARES,
        notes=("Judged as the ONNX runtime does, also where the library that trained it would not.",),
    )


def _ensemble(node: _Node, of: str, weights: np.ndarray, width: int, cut: float, averaged: bool) -> Ensemble:
    parts = {
        name: node.numbers(f"nodes_{name}")
        for name in (
            "treeids", "nodeids", "featureids", "truenodeids", "falsenodeids", "values", "missing_value_tracks_true",
        )
    }  # fmt: skip
    modes = np.array(node.texts("nodes_modes"))
    count = len(modes)
    if not len(parts["missing_value_tracks_true"]):
        parts["missing_value_tracks_true"] = np.zeros(count, int)
    if any(len(part) != count for part in parts.values()):
        raise ModelFileError("has nodes whose lists differ in length; export it again")
    unknown = set(modes) - {"LEAF", *_MODES}
    if unknown:
        raise ModelFileError(f"has nodes of {min(unknown)}, which has no reader; use an order of numbers")
    numbers = zip(parts["treeids"].tolist(), parts["nodeids"].tolist(), strict=True)
    places = {pair: place for place, pair in enumerate(numbers)}
    value = np.zeros(count)
    ids = zip(
        node.numbers(f"{of}_treeids").tolist(), node.numbers(f"{of}_nodeids").tolist(), weights, strict=True
    )
    for tree, own, weight in ids:
        value[places[tree, own]] += weight
    trees = []
    for tree in dict.fromkeys(parts["treeids"].tolist()):
        own = np.flatnonzero(parts["treeids"] == tree)
        trees.append(_one_tree({name: part[own] for name, part in parts.items()}, modes[own], value[own]))
    (start,) = node.numbers("base_values") if len(node.numbers("base_values")) else (0.0,)
    return together(
        trees,
        float(start),
        width,
        Arithmetic(
            strict=False, single_inputs=True, single_sum=True, cut=cut, missing=("nan",) * width,
            divisor=float(len(trees)) if averaged else 1.0,
        ),
    )  # fmt: skip


_MODES = {
    "BRANCH_LEQ": (False, False),
    "BRANCH_LT": (True, False),
    "BRANCH_GTE": (True, True),
    "BRANCH_GT": (False, True),
}
"""Whether the threshold itself lies beyond, and whether true is the upper side."""


def _one_tree(parts: Mapping[str, np.ndarray], modes: np.ndarray, value: np.ndarray) -> Tree:
    """Left is the side at most the threshold. A comparison with NaN is false, unless a flag says otherwise."""
    inner = modes != "LEAF"
    below = np.array([_MODES.get(mode, (False, False)) for mode in modes], bool)
    place_of = {number: place for place, number in enumerate(parts["nodeids"].tolist())}
    true, false = (
        np.array([place_of[number] if split else -1 for number, split in zip(parts[side].tolist(), inner, strict=True)])
        for side in ("truenodeids", "falsenodeids")
    )  # fmt: skip
    threshold = parts["values"].astype(np.float32)
    threshold = np.where(below[:, 0], np.nextafter(threshold, np.float32(-np.inf)), threshold)
    upper = below[:, 1]
    to_true = parts["missing_value_tracks_true"].astype(bool)
    if sorted([*true[inner], *false[inner]]) != list(range(1, len(modes))):
        raise ModelFileError("has a tree whose first node is not its root; export it again")
    return Tree.of_numbers(
        feature=np.where(inner, parts["featureids"], -1),
        threshold=threshold,
        left=np.where(upper, false, true),
        right=np.where(upper, true, false),
        value=value,
        missing_left=to_true ^ upper,
    )

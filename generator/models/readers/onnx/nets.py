"""Nets and linear models in a graph: a chain of layers behind the columns that `front` made."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from generator.models.readers.columns import Inputs, encoding
from generator.models.readers.deployed import Deployed, ModelFileError
from generator.models.readers.layered import Activation, Layered
from generator.models.readers.onnx.front import Front
from generator.models.readers.onnx.graph import DOUBLE, Node, labels_of

TOLERANCE = 1e-5
"""Of float32 sums in another order, relative to the score."""
_OF_DOUBLES = 1e-9
_ACTIVATIONS: dict[str, Activation] = {"Relu": "relu", "Tanh": "tanh", "Sigmoid": "logistic"}
_SAME = ("Identity", "Cast", "Dropout", "Flatten")
LABELS = (
    "Softmax", "LogSoftmax", "Sub", "Concat", "ArgMax", "ArrayFeatureExtractor", "Reshape", "Squeeze", "ZipMap",
    "Normalizer", "Constant", "Shape", "Slice", "Gather", "Greater", "GreaterOrEqual", *_SAME,
)  # fmt: skip
"""Turn the last scores into probabilities and labels."""
_SHARED = ("Abs", "ReduceSum", "Div")
"""Make two probabilities add up to one."""


def net(found: Front, constants: Mapping[str, np.ndarray]) -> Deployed:
    """Raises: ModelFileError if it is no chain of layers up to one score, or two."""
    chain = _Chain(found)
    at = found.name
    for node in found.rest:
        others = [constants.get(name) for name in node.inputs if name != at and name]
        # what subtracts or divides has the rows first
        takes = at in node.inputs and (node.inputs[0] == at or node.kind in ("Add", "Mul"))
        if takes and node.kind in _STEPS and all(each is not None for each in others):
            _STEPS[node.kind](chain, node, others)
            at = node.outputs[0] if node.kind != "LinearClassifier" else node.outputs[1]
            if len(chain.activations) < len(chain.weights):
                chain.score = at
        elif node.kind not in LABELS and not (node.kind in _SHARED and chain.ends_in_two):
            if at in node.inputs or all(name in constants for name in node.inputs if name):
                raise ModelFileError(
                    f"has a step {node.kind}, which has no reader; the readers know nets of {', '.join(_STEPS)}"
                )
            raise ModelFileError(
                f"branches at a {node.kind}, which has no reader; export one chain of layers"
            )
    return chain.deployed(labels_of(found.rest, constants))


class _Chain:
    """The layers that were met so far, with an activation behind each but the last."""

    def __init__(self, found: Front):
        self.inputs: Inputs = found.inputs
        self.type = np.float64 if found.type == DOUBLE else np.float32
        self.width = len(found.inputs.columns)
        self.weights: list[np.ndarray] = []
        self.biases: list[np.ndarray] = []
        self.activations: list[Activation] = []
        self.classes: tuple = ()
        self.softmax = False
        """Whether two scores are told to be made probabilities by their difference."""
        self.score = ""

    @property
    def ends_in_two(self) -> bool:
        """Whether its last layer has two scores, each of which an activation made a probability."""
        return (
            bool(self.weights)
            and self.weights[-1].shape[-1] == 2
            and len(self.activations) == len(self.weights)
        )

    def layer(self, weight: np.ndarray, bias: np.ndarray):
        if len(self.activations) != len(self.weights):
            raise ModelFileError("has two layers without an activation between them; make them one")
        self.weights.append(weight.astype(self.type))
        self.biases.append(np.broadcast_to(bias.astype(self.type).ravel(), weight.shape[1]).copy())

    def add(self, value: np.ndarray):
        """To the layer whose product came last."""
        if len(self.activations) == len(self.weights):
            raise ModelFileError("adds to what an activation gave, which has no reader; add before it")
        self.biases[-1] = self.biases[-1] + value.astype(self.type).ravel()

    def activate(self, activation: Activation):
        if len(self.activations) != len(self.weights) - 1:
            raise ModelFileError("has two activations in a row; keep one")
        self.activations.append(activation)

    def deployed(self, labels: tuple) -> Deployed:
        """The last activation, of one score, only makes it a probability, unless more layers follow."""
        told_apart = len(self.activations) == len(self.weights)
        if told_apart and self.activations.pop() != "logistic":
            raise ModelFileError("ends in an activation; end it in a score, a Sigmoid or a Softmax")
        if len(set(self.activations)) > 1:
            raise ModelFileError(f"has activations {', '.join(sorted(set(self.activations)))}; use one kind")
        if (outputs := self.weights[-1].shape[-1]) > 2:
            raise ModelFileError(f"tells {outputs} classes apart; export one that tells fraud from genuine")
        if outputs == 2 and (told_apart or self.classes) and not self.softmax:
            self._keep_one()
        types = {kind for column in self.inputs.columns if column.table is None for kind in column.types}
        layered = Layered(
            encoding(self.inputs, self.type if np.float64 not in types else np.float64),
            tuple(self.weights),
            tuple(self.biases),
            self.activations[0] if self.activations else "identity",
            self.inputs.width,
        )
        return Deployed(
            layered,
            library="",
            classes=self.classes or labels,
            tolerance=TOLERANCE if np.float32 in types | {self.type} else _OF_DOUBLES,
            score=self.score,
        )

    def _keep_one(self):
        """Of two scores that are one and its negative, as each has a sigmoid of its own."""
        weight, bias = self.weights[-1], self.biases[-1]
        if not ((weight[:, 0] == -weight[:, 1]).all() and bias[0] == -bias[1]):
            raise ModelFileError(
                "has two scores with a sigmoid each; export one that tells fraud from the rest"
            )
        self.weights[-1], self.biases[-1] = weight[:, 1:], bias[1:]


def _gemm(chain: _Chain, node: Node, others: list) -> None:
    weight = others[0].T if node.integer("transB", 0) else others[0]
    if (node.single("alpha", 1.0), node.single("beta", 1.0), node.integer("transA", 0)) != (1.0, 1.0, 0):
        raise ModelFileError("has a Gemm with alpha, beta or transA; export it from torch.nn.Linear")
    chain.layer(weight, others[1] if len(others) > 1 else np.zeros(1))


def _linear_classifier(chain: _Chain, node: Node, others: list) -> None:
    """All in float32, whatever it is given."""
    transform = node.text("post_transform", "NONE")
    if chain.weights or transform not in ("NONE", "LOGISTIC", "SOFTMAX"):
        raise ModelFileError(f"has a LinearClassifier with {transform}, which has no reader; export it alone")
    chain.type, chain.softmax = np.float32, transform == "SOFTMAX"
    chain.layer(node.numbers("coefficients").reshape(-1, chain.width).T, node.numbers("intercepts"))
    classes = node.numbers("classlabels_ints").tolist() or node.texts("classlabels_strings")
    if len(classes) != 2:
        raise ModelFileError(f"tells {len(classes)} classes apart; export one that tells fraud from genuine")
    chain.classes = tuple(classes)


def _keep(chain: _Chain, node: Node, others: list) -> None:
    if node.kind == "Cast" and node.integer("to", 1) not in (1, DOUBLE):
        raise ModelFileError("casts its scores to whole numbers before its last layer; export it without")


def _refused(chain: _Chain, node: Node, others: list) -> None:
    raise ModelFileError(f"has a {node.kind} behind a layer, which has no reader; make it a weight or a bias")


_STEPS: dict[str, Callable[[_Chain, Node, Sequence[Any]], None]] = {
    "Gemm": _gemm,
    "MatMul": lambda chain, node, others: chain.layer(others[0], np.zeros(1)),
    "Add": lambda chain, node, others: chain.add(others[0]),
    **dict.fromkeys(("Sub", "Div", "Mul"), _refused),
    "LinearClassifier": _linear_classifier,
    **dict.fromkeys(_ACTIVATIONS, lambda chain, node, others: chain.activate(_ACTIVATIONS[node.kind])),
    **dict.fromkeys(_SAME, _keep),
}

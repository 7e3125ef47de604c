"""Ensembles of trees in a graph, behind the columns that `front` made."""

from collections.abc import Mapping

import numpy as np

from generator.models.readers.columns import over_inputs
from generator.models.readers.deployed import SHARES, Asked, Deployed, Link, ModelFileError
from generator.models.readers.growing import Tree
from generator.models.readers.onnx.front import Front
from generator.models.readers.onnx.graph import FLOAT
from generator.models.readers.onnx.nets import LABELS, TOLERANCE
from generator.models.trees.ensemble import Arithmetic, Ensemble


def trees(found: Front, asked: Asked) -> Deployed:
    """Raises: ModelFileError if it is no ensemble that tells two classes by one score."""
    node, *tail = found.rest
    others = [each.kind for each in tail if each.kind not in LABELS]
    if others or node.kind == "TreeEnsemble":
        raise ModelFileError(
            f"has a step {[*others, node.kind][0]} with its trees, which has no reader; export the trees alone, with "
            "opset ai.onnx.ml 3"
        )
    if any(name.endswith("_as_tensor") for name in node.attributes):
        raise ModelFileError(
            "keeps thresholds or leaves as doubles; export it with opset ai.onnx.ml 1 or in float32"
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
        _ensemble(found, of, weights, cut, aggregate == "AVERAGE"),
        library="",
        classes=tuple(classes),
        tolerance=TOLERANCE,
        score=node.outputs[-1],
        link=Link() if transform == "LOGISTIC" else SHARES,
        notes=("Judged as the ONNX runtime does, also where the library that trained it would not.",),
    )


def _ensemble(found: Front, of: str, weights: np.ndarray, cut: float, averaged: bool) -> Ensemble:
    """A runtime that is given doubles compares doubles with the float32 thresholds."""
    node, kind = found.rest[0], np.float32 if found.type == FLOAT else np.float64
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
    grown = []
    for tree in dict.fromkeys(parts["treeids"].tolist()):
        own = np.flatnonzero(parts["treeids"] == tree)
        grown.append(
            _one_tree({name: part[own] for name, part in parts.items()}, modes[own], value[own], kind)
        )
    (start,) = node.numbers("base_values") if len(node.numbers("base_values")) else (0.0,)
    arithmetic = Arithmetic(
        strict=False, single_inputs=kind is np.float32, single_sum=kind is np.float32, cut=cut, missing=(),
        divisor=float(len(grown)) if averaged else 1.0,
    )  # fmt: skip
    return over_inputs(grown, found.inputs, float(start), arithmetic)


_MODES = {
    "BRANCH_LEQ": (False, False),
    "BRANCH_LT": (True, False),
    "BRANCH_GTE": (True, True),
    "BRANCH_GT": (False, True),
}
"""Whether the threshold itself lies beyond, and whether true is the upper side."""


def _one_tree(parts: Mapping[str, np.ndarray], modes: np.ndarray, value: np.ndarray, kind: type) -> Tree:
    """Left is the side at most the threshold. A comparison with NaN is false, unless a flag says otherwise."""
    inner = modes != "LEAF"
    below = np.array([_MODES.get(mode, (False, False)) for mode in modes], bool)
    place_of = {number: place for place, number in enumerate(parts["nodeids"].tolist())}
    true, false = (
        np.array([place_of[number] if split else -1 for number, split in zip(parts[side].tolist(), inner, strict=True)])
        for side in ("truenodeids", "falsenodeids")
    )  # fmt: skip
    threshold = parts["values"].astype(kind)
    threshold = np.where(below[:, 0], np.nextafter(threshold, kind(-np.inf)), threshold)
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

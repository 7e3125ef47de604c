"""CatBoost's JSON files with numbers as inputs: float32 inputs and borders, and a sum of doubles, scaled at the end.

CatBoost reads its own JSON with some leaf values one ulp off; the text is what it trained, and what counts here.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from generator.models.readers.deployed import Asked, Deployed, ModelFileError
from generator.models.readers.growing import Tree, together
from generator.models.readers.parsing import DEEPEST, from_json
from generator.models.trees.ensemble import Arithmetic

_LOSSES = ("Logloss", "CrossEntropy")
_DEEPEST_TABLE = 16
"""Splits of an oblivious tree, as CatBoost allows them."""
_MISSING_LEFT = {"AsIs": True, "AsFalse": True, "AsTrue": False}
"""By nan_value_treatment: NaN is never above a border, below all of them, or above all."""


def read(data: bytes, asked: Asked) -> Deployed:
    """The model of `CatBoost.save_model(..., format="json")`."""
    held = from_json(data)
    about, columns = held["model_info"], held["features_info"]
    _refuse_others(about, columns)
    floats = {int(each["feature_index"]): each for each in columns["float_features"]}
    width = 1 + max(int(each["flat_feature_index"]) for each in floats.values())
    grown = [_oblivious(tree, floats) for tree in held.get("oblivious_trees", ())]
    grown += [_nested(tree, floats) for tree in held.get("trees", ())]
    if not grown:
        raise ModelFileError("has no tree; train for at least one round")
    scale, biases = held["scale_and_bias"]
    (bias,) = np.atleast_1d(biases)
    probability = float(about.get("binclass_probability_threshold", 0.5))
    if not 0 < probability < 1:
        raise ModelFileError(f"flags above a probability of {probability}; set one between 0 and 1")
    names = {int(each["flat_feature_index"]): each["feature_id"] for each in floats.values()}
    named = all(names.get(place) for place in range(width))
    version = re.search(r"(?:tags/v|release )(\d[\d.]*)", about.get("catboost_version_info", ""))
    return Deployed(
        together(
            grown,
            0.0,
            width,
            Arithmetic(
                strict=False, single_inputs=True, single_sum=False, missing=("nan",) * width,
                cut=-math.log(1 / probability - 1), scale=float(scale), bias=float(bias),
            ),
        ),
        library=f"CatBoost {version[1] if version else 'of an unnamed version'}",
        inputs=tuple(names[place] for place in range(width)) if named else (),
        classes=tuple(about.get("class_params", {}).get("class_names", ())),
        notes=("As trained, and as .cbm files score; CatBoost reads its own JSON one ulp off in some leaves.",),
    )  # fmt: skip


def _refuse_others(about: Mapping[str, Any], columns: Mapping[str, Any]):
    for kind in ("categorical", "text", "embedding"):
        if columns.get(f"{kind}_features"):
            raise ModelFileError(
                f"has {kind} inputs, which CatBoost hashes; encode them as numbers and train again"
            )
    loss = about["params"].get("loss_function", {}).get("type")
    if loss not in _LOSSES:
        raise ModelFileError(f"was trained for {loss}; train with loss_function='Logloss'")


def _border(split: Mapping[str, Any], floats: Mapping[int, Mapping]) -> tuple[int, float, bool]:
    """Input, border and whether a row without a value goes left, which is not above it."""
    if split["split_type"] != "FloatFeature":
        raise ModelFileError(f"splits by {split['split_type']}; encode categories as numbers and train again")
    column = floats[int(split["float_feature_index"])]
    goes_left = _MISSING_LEFT[column["nan_value_treatment"]]
    return int(column["flat_feature_index"]), float(np.float32(split["border"])), goes_left


def _oblivious(held: Mapping[str, Any], floats: Mapping[int, Mapping]) -> Tree:
    """A full tree that asks the same on each level; leaf i lies right of the j-th split where bit j of i is set."""
    splits = [_border(split, floats) for split in held.get("splits") or ()]
    depth, values = len(splits), np.array(held["leaf_values"], np.float64)
    if depth > _DEEPEST_TABLE or values.shape != (2**depth,):
        raise ModelFileError(
            f"has {values.size} leaves for {depth} splits, which is not one output; train for two classes"
        )
    # breadth first: the last split is the root, so that the leaves come in order of their bits
    inner = 2**depth - 1
    level = np.floor(np.log2(np.arange(1, inner + 1))).astype(int)
    asked = np.array(splits[::-1], np.float64).reshape(depth, 3)[level]
    nowhere, leaf = np.full(2**depth, -1), np.zeros(2**depth)
    return Tree.of_numbers(
        feature=np.concatenate((asked[:, 0], nowhere)),
        threshold=np.concatenate((asked[:, 1], leaf)),
        left=np.concatenate((2 * np.arange(inner) + 1, nowhere)),
        right=np.concatenate((2 * np.arange(inner) + 2, nowhere)),
        value=np.concatenate((np.zeros(inner), values)),
        missing_left=np.concatenate((asked[:, 2], leaf)),
    )


def _nested(held: Mapping[str, Any], floats: Mapping[int, Mapping]) -> Tree:
    """A tree of Depthwise or Lossguide: nodes within nodes."""
    parts: dict[str, list] = {
        name: [] for name in ("feature", "threshold", "left", "right", "value", "missing_left")
    }
    waiting = [(held, None, "", 0)]
    while waiting:
        node, parent, side, depth = waiting.pop()
        place = len(parts["feature"])
        if parent is not None:
            parts[side][parent] = place
        if depth > DEEPEST:
            raise ModelFileError("nests deeper than any tree of CatBoost; save it again")
        asked = (
            {"feature": -1, "threshold": 0.0, "missing_left": False, "value": _one_number(node["value"])}
            if "split" not in node
            else dict(zip(("feature", "threshold", "missing_left"), _border(node["split"], floats), strict=True))
        )  # fmt: skip
        for name, part in parts.items():
            part.append(asked.get(name, 0.0 if name == "value" else -1))
        if "split" in node:
            waiting += [(node[side], place, side, depth + 1) for side in ("left", "right")]
    return Tree.of_numbers(**{name: np.array(part) for name, part in parts.items()})


def _one_number(value: Any) -> float:
    if not isinstance(value, int | float):
        raise ModelFileError("has several numbers a leaf; train for two classes")
    return float(value)

"""XGBoost's own files, JSON and UBJSON, of version 1.6 to 3.4: boosted trees of one binary target.

Inputs, thresholds and the sum are float32; a number below the threshold goes left, a category in a node's list right.
"""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from generator.models.readers.deployed import SHARES, Asked, Deployed, Link, ModelFileError
from generator.models.readers.growing import Set, Tree, together
from generator.models.readers.parsing import from_json
from generator.models.readers.ubjson import from_ubjson
from generator.models.trees.ensemble import Arithmetic

_SIGMOID = ("binary:logistic", "reg:logistic")
_RAW = "binary:logitraw"
_LEAST_SURE = 1.5 * 2.0**-24
"""Largest float32 margin whose float32 sigmoid, 1 / (expf(-m) + 1), is not above one half."""


def read_json(data: bytes, asked: Asked) -> Deployed:
    """The model of `Booster.save_model` as .json."""
    return _read(from_json(data), asked)


def read_ubjson(data: bytes, asked: Asked) -> Deployed:
    """The same as .ubj."""
    return _read(from_ubjson(data), asked)


def _read(held: Mapping[str, Any], asked: Asked) -> Deployed:
    learner = held["learner"]
    objective, booster = learner["objective"]["name"], learner["gradient_booster"]
    _refuse_others(learner, objective, booster)
    model, drops = _model_and_drops(booster)
    trees, notes = _rounds_that_count(learner, model, asked)
    if drops is not None:
        if len(drops) != len(model["trees"]):
            raise ModelFileError("has not one weight_drop for each tree; save the model again")
        notes.append("DART as Booster.predict sums it; XGBClassifier.predict of 3.2 rounds otherwise.")
    weights = np.ones(len(trees)) if drops is None else np.asarray(drops)[: len(trees)]
    width = int(learner["learner_model_param"]["num_feature"])
    names = tuple(learner.get("feature_names", ()))
    categories = _categories(learner, model, names, width, asked)
    grown = [_tree(tree, weight, categories) for tree, weight in zip(trees, weights, strict=True)]
    cut = _LEAST_SURE if objective in _SIGMOID else 0.5 if _is_classifier(learner) else 0.0
    if objective == _RAW:
        notes.append(f"{_RAW}: a row is flagged where its margin is above {cut}.")
    return Deployed(
        together(
            grown,
            _start(learner["learner_model_param"]["base_score"], objective),
            width,
            Arithmetic(
                strict=True, single_inputs=True, single_sum=True, cut=cut, missing=("nan",) * width
            ),
        ),
        library=f"XGBoost {'.'.join(str(part) for part in held['version'])}",
        inputs=names,
        categories=categories if any(each is not None for each in categories) else (),
        classes=(0, 1),
        link=Link() if objective in _SIGMOID else SHARES,
        notes=tuple(notes),
        of_gaps="A row without a value is given NaN there. Whether the model had missing=... is not in its file.",
    )  # fmt: skip


def _refuse_others(learner: Mapping, objective: str, booster: Mapping):
    if booster["name"] not in ("gbtree", "dart"):
        raise ModelFileError(
            f"is a booster {booster['name']!r}, not of trees; train with booster='gbtree' or 'dart'"
        )
    if objective not in (*_SIGMOID, _RAW):
        known = ", ".join((*_SIGMOID, _RAW))
        raise ModelFileError(f"has the objective {objective!r}; train with one of {known}")
    parameters = learner["learner_model_param"]
    if int(parameters.get("num_class", 0)) > 1 or int(parameters.get("num_target", 1)) > 1:
        raise ModelFileError("has more than one output; train one that tells fraud from the rest")


def _model_and_drops(booster: Mapping) -> tuple[Mapping, Sequence[float] | None]:
    """Trees, and the weights of DART: beside gbtree until 3.2, beside model in 3.3, inside it from 3.4 on."""
    within = booster.get("gbtree", booster)
    model = within["model"]
    places = [each["weight_drop"] for each in (booster, within, model) if "weight_drop" in each]
    if booster["name"] == "dart" and not places:
        raise ModelFileError("is of DART and lacks weight_drop; save it again with the XGBoost that wrote it")
    return model, places[0] if places else None


def _is_classifier(learner: Mapping) -> bool:
    said = learner.get("attributes", {}).get("scikit_learn", "{}")
    return json.loads(said).get("_estimator_type") == "classifier"


def _rounds_that_count(learner: Mapping, model: Mapping, asked: Asked) -> tuple[Sequence, list[str]]:
    trees = model["trees"]
    best = learner.get("attributes", {}).get("best_iteration")
    if best is None:
        return trees, []
    every = not _is_classifier(learner) if asked.every_round is None else asked.every_round
    if every:
        return trees, [f"All rounds count, as for a Booster, though training called round {best} the best."]
    parallel = max(1, int(model["gbtree_model_param"].get("num_parallel_tree", 1)))
    starts = model.get("iteration_indptr", range(0, len(trees) + 1, parallel))
    if not 0 <= int(best) < len(starts) - 1:
        raise ModelFileError(f"calls round {best} the best of {len(starts) - 1}; save the model again")
    return trees[: int(starts[int(best) + 1])], [
        f"Rounds 0 to {best} of {len(starts) - 1} count, as for XGBClassifier after early stopping."
    ]


def _start(text: str, objective: str) -> float:
    """The base score as a margin: the logit with each step rounded to float32."""
    scores = json.loads(text) if isinstance(text, str) else text
    scores = scores if isinstance(scores, list) else [scores]
    if len(scores) != 1:
        raise ModelFileError("has more than one base_score; train one that tells fraud from the rest")
    score = np.float32(scores[0])
    if objective == _RAW:
        return float(score)
    if not 0 < score < 1:
        raise ModelFileError(f"has base_score {score}, no probability; train with one between 0 and 1")
    return float(np.float32(-math.log(np.float32(1) / score - np.float32(1))))


def _categories(
    learner: Mapping, model: Mapping, names: Sequence[str], width: int, asked: Asked
) -> tuple[tuple | None, ...]:
    """Of each input, what its codes stand for."""
    types = learner.get("feature_types") or ["float"] * width
    encoded = model.get("cats", {}).get("enc") or [{}] * width
    found = []
    for place, (kind, held) in enumerate(zip(types, encoded, strict=True)):
        name = names[place] if len(names) else str(place)
        if kind != "c":
            found.append(None)
            continue
        own = tuple(asked.categories.get(name, ())) or _names(held, name)
        if not own:
            raise ModelFileError(
                f"does not name the categories of input {name!r}; give them in the order of their codes, "
                "or train with XGBoost 3.1 or later on a data frame"
            )
        found.append(own)
    return tuple(found)


def _names(held: Mapping, name: str) -> tuple:
    values = np.asarray(held.get("values", ()), np.int64)
    if "offsets" not in held:
        return tuple(values.tolist())
    if (values > 127).any() or (values < 0).any():
        # by characters instead of bytes: dmlc/xgboost#12371
        raise ModelFileError(
            f"names categories of input {name!r} beyond ASCII, which XGBoost cut at wrong places until 2026; give them "
            "in the order of their codes, and score rows in another order of categories to see whether it mixes them up"
        )
    text = values.astype(np.uint8).tobytes().decode("ascii")
    return tuple(text[low:high] for low, high in pairwise(map(int, held["offsets"])))


def _tree(held: Mapping, weight: float, categories: Sequence[tuple | None]) -> Tree:
    if int(held["tree_param"].get("size_leaf_vector", 1)) > 1:
        raise ModelFileError("has several numbers a leaf; train one that tells fraud from the rest")
    left, right = (np.asarray(held[side], np.int64) for side in ("left_children", "right_children"))
    inner = left >= 0
    feature = np.where(inner, np.asarray(held["split_indices"], np.int64), -1)
    # decimals of the text name float32 numbers
    conditions = np.asarray(held["split_conditions"], np.float64).astype(np.float32)
    values = conditions * np.float32(weight)
    sets, category_set = [], np.full(len(left), -1)
    codes = np.asarray(held.get("categories", ()), np.int64)
    by_category = (held.get(f"categories_{part}", ()) for part in ("nodes", "segments", "sizes"))
    for node, first, size in zip(*by_category, strict=True):
        named = codes[first : first + size]
        known = categories[feature[node]]
        if (
            known is None
            or len(named) != size
            or named.min(initial=0) < 0
            or named.max(initial=0) >= len(known)
        ):
            raise ModelFileError(f"splits input {feature[node]} by a category without a name; save it again")
        category_set[node] = len(sets)
        sets.append(Set.of(named, left=False))
    if ((np.asarray(held.get("split_type", 0)) == 1) & inner & (category_set < 0)).any():
        raise ModelFileError("lacks the categories of a split; save the model again")
    defaults = np.asarray(held["default_left"]).astype(bool)
    return Tree(feature, conditions, left, right, values, defaults, category_set, category_set >= 0, sets)

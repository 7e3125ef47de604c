"""LightGBM's text files, of version 3 and 4: doubles throughout, and a number on its threshold goes left."""

import json
import math
import re
from collections.abc import Mapping, Sequence

import numpy as np

from generator.models.readers.deployed import Asked, Deployed, Link, ModelFileError
from generator.models.readers.doubles import largest_where
from generator.models.readers.growing import Set, Tree, together
from generator.models.trees.ensemble import ZERO, Arithmetic, Missing

_CATEGORICAL, _DEFAULT_LEFT = 1, 2
"""Bits of decision_type; the two above them say what is missing."""
_NONE, _ZERO, _NAN = range(3)
_BELOW_ZERO = float(np.nextafter(-ZERO, -np.inf))
_UNUSED = "none"
"""What stands in feature_infos of an input that no tree asks for."""
_WORD = 32
"""Categories a word of a node's set has."""


def read(data: bytes, asked: Asked) -> Deployed:
    """The model of `Booster.save_model`."""
    text = data.decode("utf-8")
    body, end, after = text.partition("\nend of trees\n")
    if not end:
        raise ModelFileError("ends before its trees do; save the model again, in full")
    head, *parts = re.split(r"\n\s*\nTree=\d+\n", body)
    header = _fields(head)
    sigmoid = _sigmoid(header, head)
    if not parts:
        raise ModelFileError("has no tree; train for at least one round")
    trees = [_fields(part) for part in parts]
    names = tuple(header["feature_names"].split())
    width = int(header["max_feature_idx"]) + 1
    categories = _categories(header["feature_infos"].split(" "), names, after, asked)
    averaged = re.search(r"^average_output$", head, re.MULTILINE) is not None
    return Deployed(
        together(
            [_tree(tree) for tree in trees],
            0.0,
            width,
            Arithmetic(
                strict=False, single_inputs=False, single_sum=False, missing=_missing(trees, width),
                cut=_least_sure(sigmoid),
                divisor=float(len(trees)) if averaged else 1.0,
            ),
        ),
        library=f"LightGBM, text {header['version']}",
        inputs=names,
        categories=categories if any(each is not None for each in categories) else (),
        classes=(0, 1),
        link=Link(sigmoid),
        notes=("Rows are doubles; a table of float32 numbers is scored as it is, not rounded from decimals.",),
    )  # fmt: skip


def _fields(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def _sigmoid(header: Mapping[str, str], head: str) -> float:
    """Of the objective; other objectives and file versions are refused."""
    if not head.startswith("tree\n") or header.get("version") not in ("v3", "v4"):
        raise ModelFileError(
            f"is LightGBM text of version {header.get('version', 'unknown')}; save it with LightGBM 3 or 4"
        )
    objective, *settings = header.get("objective", "custom").split()
    if objective != "binary" or int(header["num_tree_per_iteration"]) != 1:
        raise ModelFileError(f"has the objective {objective!r}; train with objective='binary'")
    sigmoid = float(dict(each.split(":", 1) for each in settings).get("sigmoid", 1))
    if not 0 < sigmoid < math.inf:
        raise ModelFileError(f"has a sigmoid of {sigmoid}; train with one above 0")
    return sigmoid


def _least_sure(sigmoid: float) -> float:
    """The largest score whose probability, in doubles, is not above one half."""

    def not_above(scores: np.ndarray) -> np.ndarray:
        # beyond 700 the exponential overflows, long after the answer is plain
        powers = [min(max(-sigmoid * score, -700.0), 700.0) for score in scores]
        return np.array([1 / (1 + math.exp(power)) <= 0.5 for power in powers])

    return float(largest_where(not_above, 1)[0])


def _numbers(tree: Mapping[str, str], name: str, dtype: type) -> np.ndarray:
    return np.array(tree.get(name, "").split(), dtype)


def _kinds(tree: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Of each split, whether it asks for a category, and what is missing."""
    decided = _numbers(tree, "decision_type", int)
    return decided & _CATEGORICAL > 0, decided >> 2 & 3


def _missing(trees: Sequence[Mapping[str, str]], width: int) -> tuple[Missing, ...]:
    """Of each input. Where nothing is missing NaN is read as 0, which each threshold answers for itself."""
    zero, other = np.zeros(width, bool), np.zeros(width, bool)
    for tree in trees:
        categorical, missing = _kinds(tree)
        feature = _numbers(tree, "split_feature", int)
        zero[feature[~categorical & (missing == _ZERO)]] = True
        other[feature[categorical | (missing != _ZERO)]] = True
    if (zero & other).any():
        raise ModelFileError(
            f"takes 0 for missing in some trees only (input {np.argmax(zero & other)}); "
            "train all rounds with one zero_as_missing"
        )
    return tuple("zero" if each else "nan" for each in zero)


def _tree(held: Mapping[str, str]) -> Tree:
    """Splits come first, leaf i is the child ~i."""
    if int(held.get("is_linear", 0)):
        raise ModelFileError("has linear models in its leaves; train with linear_tree=False")
    leaves = int(held["num_leaves"])
    values = _numbers(held, "leaf_value", np.float64)
    splits = max(leaves - 1, 0)
    feature, threshold = _numbers(held, "split_feature", int), _numbers(held, "threshold", np.float64)
    left, right = _numbers(held, "left_child", int), _numbers(held, "right_child", int)
    categorical, missing = _kinds(held)
    parts = (feature, threshold, left, right, categorical)
    if len(values) != leaves or any(len(part) != splits for part in parts) or feature.min(initial=0) < 0:
        raise ModelFileError("has a tree whose lists differ in length; save the model again")
    # LightGBM reads numbers within ZERO of 0 as 0, before it compares
    near = ~categorical & (np.abs(threshold) <= ZERO)
    threshold = np.where(near, np.where(threshold < 0, _BELOW_ZERO, ZERO), threshold)
    as_zero = (missing == _NONE) & (threshold >= 0)
    defaults = (missing != _NONE) & (_numbers(held, "decision_type", int) & _DEFAULT_LEFT > 0)
    category_set = np.where(categorical, np.cumsum(categorical) - 1, -1)
    places = threshold[categorical].astype(int)
    inner, leaf = np.arange(splits), np.zeros(leaves)
    nowhere = np.full(leaves, -1)
    return Tree(
        feature=np.concatenate((feature, nowhere)),
        threshold=np.concatenate((threshold, leaf)),
        left=np.concatenate((np.where(left < 0, splits + ~left, left), nowhere)),
        right=np.concatenate((np.where(right < 0, splits + ~right, right), nowhere)),
        value=np.concatenate((np.zeros(len(inner)), values)),
        missing_left=np.concatenate(((as_zero | defaults) & ~categorical, leaf)),
        category_set=np.concatenate((category_set, nowhere)),
        unknown_left=np.zeros(splits + leaves, bool),
        sets=_sets(held, places),
    )


def _sets(held: Mapping[str, str], places: np.ndarray) -> list[Set]:
    """Of the categorical splits in order: the categories that go left."""
    bounds = _numbers(held, "cat_boundaries", int)
    words = _numbers(held, "cat_threshold", np.uint32)
    sets = []
    for place in places:
        low, high = bounds[place : place + 2]
        if not 0 <= low <= high <= len(words):
            raise ModelFileError("lacks the categories of a split; save the model again")
        bits = words[low:high, None] >> np.arange(_WORD, dtype=np.uint32) & 1
        sets.append(Set.of(np.flatnonzero(bits), left=True))
    return sets


def _categories(
    infos: Sequence[str], names: Sequence[str], after: str, asked: Asked
) -> tuple[tuple | None, ...]:
    """Of each input, what its codes stand for: the categories of pandas where a data frame had any, else themselves."""
    coded = [re.fullmatch(r"-?\d+(:-?\d+)*", info) is not None for info in infos]
    # an input with too few rows of each category is split nowhere, and is listed as one that never changes
    if said := re.search(r"^\[categorical_feature: ([\d,]+)\]$", after, re.MULTILINE):
        for place in map(int, said[1].split(",")):
            coded[place] = True
    found = re.search(r"^pandas_categorical:(\[.*\])$", after, re.MULTILINE)
    listed = json.loads(found[1]) if found else []
    if listed and len(listed) != sum(coded):
        raise ModelFileError(
            f"names the categories of {len(listed)} inputs and splits {sum(coded)} of them; "
            "save the model as it was trained, with its parameters"
        )
    own = iter(listed)
    return tuple(
        None if not is_coded else tuple(next(own)) if listed else _given(name, info, asked)
        for name, info, is_coded in zip(names, infos, coded, strict=True)
    )


def _given(name: str, info: str, asked: Asked) -> tuple | None:
    """What the codes of a table without names stand for: what was asked for, else the codes themselves."""
    if given := asked.categories.get(name):
        return tuple(given)
    return tuple(range(max(map(int, info.split(":"))) + 1)) if info != _UNUSED else None

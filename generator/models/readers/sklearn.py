"""scikit-learn's models, from a file of skops or from memory, alone or behind scalers and encoders in a pipeline.

Trees and forests compare float32 inputs with double thresholds, histogram boosting doubles; a number on its threshold
goes left. All sum doubles, tree by tree, which for a forest holds with n_jobs=1.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from scipy.special import logit

from generator.models.readers.columns import Inputs, encoding, ignores, inputs, over_inputs
from generator.models.readers.deployed import VOTES, Asked, Deployed, Link, ModelFileError
from generator.models.readers.growing import Set, Tree
from generator.models.readers.layered import ACTIVATIONS, Layered
from generator.models.readers.parts import Part, in_memory
from generator.models.readers.skops import opened
from generator.models.trees.ensemble import Arithmetic, Ensemble

_OLDEST = (1, 3)
"""From here on leaves hold fractions, and say where a missing value goes."""
_WORD = 32
"""Categories a word of a node's set has."""
_SUMS = 1e-9
"""What the order of a sum of products may change, relative to its size."""
HISTOGRAM = "HistGradientBoostingClassifier"
_ONE_CLASS = "train one that tells fraud from the rest"


def read(data: bytes, asked: Asked) -> Deployed:
    """The model of `skops.io.dump`."""
    return _deployed(opened(data))


def from_memory(model: Any) -> Deployed:
    """A fitted model of this process.

    Raises:
        ModelFileError: It cannot be represented exactly, or is none of scikit-learn's.
    """
    return _deployed(in_memory(model))


def _deployed(part: Part) -> Deployed:
    steps = [step for _, step in part["steps"]] if part.name == "Pipeline" else [part]
    *before, last = [step for step in steps if step is not None and step != "passthrough"]
    if not isinstance(last, Part) or last.name not in _KINDS:
        name = last.name if isinstance(last, Part) else last
        raise ModelFileError(f"is a {name}, which has no reader; the readers know {', '.join(_KINDS)}")
    version = str(last.get("_sklearn_version") or _version_here())
    if tuple(map(int, version.split(".")[:2])) < _OLDEST:
        raise ModelFileError(
            f"was written by scikit-learn {version}, before 1.3; load it there, and train or save it anew"
        )
    if "classes_" not in last.held:
        raise ModelFileError(f"is a {last.name} that was never trained; save it after fit")
    classes = np.asarray(last["classes_"])
    if classes.shape != (2,):
        raise ModelFileError(f"has not two classes but {len(classes)}; {_ONE_CLASS}")
    made = inputs(before, before[0] if before else last)
    model, categories, tolerance, notes = _KINDS[last.name](last, made)
    names = dict(made.categories) | categories
    return Deployed(
        model,
        library=f"scikit-learn {version}",
        inputs=made.names,
        categories=tuple(names.get(place) for place in range(made.width)) if names else (),
        ignores=ignores(made, missing_too=last.name == HISTOGRAM),
        classes=tuple(classes.tolist()),
        tolerance=tolerance,
        link=_link(last),
        notes=notes,
    )


def _link(last: Part) -> Link:
    if last.name in (
        "DecisionTreeClassifier",
        "ExtraTreeClassifier",
        "RandomForestClassifier",
        "ExtraTreesClassifier",
    ):
        return VOTES
    return Link(2.0 if last.get("loss") == "exponential" else 1.0)


def _version_here() -> str:
    import sklearn

    return sklearn.__version__


_Read = tuple[Ensemble | Layered, dict[int, tuple], float, tuple[str, ...]]
"""The model, categories of inputs that it encodes itself, tolerance and notes."""


def _grown(
    trees: Sequence[Tree],
    made: Inputs,
    single_inputs: bool,
    start: float = 0.0,
    divisor: float = 1.0,
    cut: float = 0.0,
    takes_missing: bool = True,
    codes: Mapping[int, tuple] = MappingProxyType({}),
) -> Ensemble:
    """Trees that ask of columns, as an ensemble that asks of inputs; `codes` as `in_raw_units`."""
    arithmetic = Arithmetic(
        strict=False, single_inputs=single_inputs, single_sum=False, cut=cut, missing=(), divisor=divisor
    )
    return over_inputs(trees, made, start, arithmetic, takes_missing, codes)


def _tree(held: Part, value: Callable[[np.ndarray], np.ndarray]) -> Tree:
    """One of scikit-learn's own trees; `value` of the values (nodes, outputs, classes) is what each leaf adds."""
    nodes, values = held["tree_"]["nodes"], held["tree_"]["values"]
    inner = nodes["left_child"] >= 0
    if len(values) != len(nodes) or values.shape[1] != 1 or (nodes["feature"][inner] < 0).any():
        raise ModelFileError(f"has more than one output, or is damaged; {_ONE_CLASS}")
    return Tree.of_numbers(
        feature=np.where(inner, nodes["feature"], -1),
        threshold=nodes["threshold"].astype(np.float64),
        left=nodes["left_child"],
        right=nodes["right_child"],
        value=value(values[:, 0]),
        missing_left=nodes["missing_go_to_left"].astype(bool),
    )


def _difference(fractions: np.ndarray) -> np.ndarray:
    """Above 0 exactly where the second class is the more frequent."""
    return fractions[:, 1] - fractions[:, 0]


def _one_tree(last: Part, made: Inputs) -> _Read:
    return _grown([_tree(last, _difference)], made, True), {}, 0.0, ()


def _forest(last: Part, made: Inputs) -> _Read:
    trees = [_tree(each, _difference) for each in last["estimators_"]]
    ensemble = _grown(trees, made, True, divisor=float(len(trees)))
    return ensemble, {}, 1e-12, ("The sum of a forest depends on n_jobs; one job is what counts here.",)


def _boosting(last: Part, made: Inputs) -> _Read:
    start = last["init_"]
    if isinstance(start, Part):
        if start.name != "DummyClassifier" or start["strategy"] != "prior":
            raise ModelFileError(
                f"starts from a {start.name} of its own; train with init=None or init='zero'"
            )
        epsilon = np.finfo(np.float64).eps
        odds = logit(np.clip(start["class_prior_"][1], epsilon, 1 - epsilon))
        start = odds if last["loss"] == "log_loss" else 0.5 * odds
    elif start == "zero":
        start = 0.0
    rate = float(last["learning_rate"])
    trees = [_tree(each, lambda values: rate * values[:, 0]) for (each,) in last["estimators_"]]
    # a score of 0 is flagged
    cut = float(np.nextafter(0.0, -np.inf))
    return _grown(trees, made, True, float(start), cut=cut, takes_missing=False), {}, 0.0, ()


def _histogram_boosting(last: Part, made: Inputs) -> _Read:
    if int(last["n_trees_per_iteration_"]) != 1:
        raise ModelFileError(f"has more than one output; {_ONE_CLASS}")
    is_category = last["is_categorical_"]
    is_category = np.zeros(len(made.columns), bool) if is_category is None else np.asarray(is_category, bool)
    names = _own_categories(last, made, is_category)
    # its own preprocessor puts categories first
    order = np.concatenate((np.flatnonzero(is_category), np.flatnonzero(~is_category)))
    trees = [_histogram_tree(each, order, names) for (each,) in last["_predictors"]]
    (start,) = np.ravel(last["_baseline_prediction"])
    own = {
        made.columns[place].source: held for place, held in names.items() if made.columns[place].table is None
    }
    return _grown(trees, made, False, float(start), codes=names), own, 0.0, ()


def _own_categories(last: Part, made: Inputs, is_category: np.ndarray) -> dict[int, tuple]:
    """By column, what its own codes stand for: names, or the codes of an encoder before it."""
    if not is_category.any():
        return {}
    if any(
        made.columns[place].table is None and not made.columns[place].is_plain
        for place in np.flatnonzero(is_category)
    ):
        raise ModelFileError("encodes categories itself behind a scaler; leave that out, trees need none")
    _, encoder, _ = last["_preprocessor"]["transformers_"][0]
    names = {}
    for place, held in zip(np.flatnonzero(is_category), encoder["categories_"], strict=True):
        listed = np.asarray(held).tolist() if isinstance(held, np.ndarray) else list(held)
        names[int(place)] = tuple(each for each in listed if each is not None and each == each)
    return names


def _histogram_tree(held: Part, order: np.ndarray, categories: Mapping[int, tuple]) -> Tree:
    """A category that is in no set and known goes right, an unknown one as a missing one."""
    nodes, words = held["nodes"], held["raw_left_cat_bitsets"]
    leaf, by_category = nodes["is_leaf"].astype(bool), nodes["is_categorical"].astype(bool)
    by_category &= ~leaf
    if nodes["feature_idx"][~leaf].max(initial=0) >= len(order):
        raise ModelFileError("asks for an input that it has not; save the model again")
    missing_left = nodes["missing_go_to_left"].astype(bool)
    feature = np.where(leaf, -1, order[np.where(leaf, 0, nodes["feature_idx"])])
    sets = []
    for node in np.flatnonzero(by_category):
        bits = words[nodes["bitset_idx"][node]][:, None] >> np.arange(_WORD, dtype=np.uint32) & 1
        known = bits.ravel()[: len(categories[feature[node]])]
        sets.append(Set(known.astype(bool), bool(missing_left[node])))
    return Tree(
        feature=feature,
        threshold=nodes["num_threshold"],
        left=nodes["left"],
        right=nodes["right"],
        value=nodes["value"],
        missing_left=missing_left,
        category_set=np.where(by_category, np.cumsum(by_category) - 1, -1),
        unknown_left=missing_left & by_category,
        sets=sets,
    )


def _logistic(last: Part, made: Inputs) -> _Read:
    weights, bias = np.asarray(last["coef_"]), np.asarray(last["intercept_"])
    if weights.shape[0] != 1:
        raise ModelFileError(f"has more than one output; {_ONE_CLASS}")
    return _layered([weights.T], [bias], "identity", made)


def _perceptron(last: Part, made: Inputs) -> _Read:
    activation = last["activation"]
    if activation not in ACTIVATIONS or last["out_activation_"] != "logistic":
        raise ModelFileError(f"has activations {activation} and {last['out_activation_']}; {_ONE_CLASS}")
    return _layered(last["coefs_"], last["intercepts_"], activation, made)


def _layered(weights: Sequence, biases: Sequence, activation: str, made: Inputs) -> _Read:
    layers = (tuple(np.asarray(each, np.float64) for each in parts) for parts in (weights, biases))
    return Layered(encoding(made), *layers, activation, made.width), {}, _SUMS, ()


_KINDS: dict[str, Callable[[Part, Inputs], _Read]] = {
    "DecisionTreeClassifier": _one_tree,
    "ExtraTreeClassifier": _one_tree,
    "RandomForestClassifier": _forest,
    "ExtraTreesClassifier": _forest,
    "GradientBoostingClassifier": _boosting,
    HISTOGRAM: _histogram_boosting,
    "LogisticRegression": _logistic,
    "MLPClassifier": _perceptron,
}

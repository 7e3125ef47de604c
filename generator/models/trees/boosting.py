"""Boosted trees of scikit-learn for the study, taken over as an `Ensemble` in memory: nothing is pickled."""

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from generator.models.trees.ensemble import Arithmetic, Ensemble
from generator.models.trees.trees import Trees
from generator.records.spec import TreesSpec


def train_trees(
    x: Sequence[np.ndarray],
    y: Sequence[np.ndarray],
    spec: TreesSpec,
    monotone: Sequence[int] | None = None,
    left_out: Sequence[int] = (),
) -> Trees:
    """Boosted trees of every replicate on rows x (n, d) raw and y (n,), each of its own length.

    Args:
        monotone: (d,) 1 where the margin may only rise with an input, -1 where only fall, 0 where it is free.
        left_out: Inputs that no tree may ask for. The model still has all d inputs.
    """
    return Trees(
        tuple(_trained(rows, fraud, spec, monotone, left_out) for rows, fraud in zip(x, y, strict=True))
    )


def _trained(
    x: np.ndarray, y: np.ndarray, spec: TreesSpec, monotone: Sequence[int] | None, left_out: Sequence[int]
) -> Ensemble:
    kept = np.setdiff1d(np.arange(x.shape[1]), left_out)
    if not len(kept):
        kept, x = np.array([0]), np.zeros_like(x)  # a constant: no tree finds a split
    signs = np.zeros(x.shape[1], int) if monotone is None else np.asarray(monotone)
    # nothing is drawn: no rows are held out to stop early, and bins are sampled only above 200,000 rows
    model = HistGradientBoostingClassifier(
        max_iter=spec.rounds,
        max_depth=spec.depth,
        learning_rate=spec.learning_rate,
        min_samples_leaf=spec.smallest_leaf,
        early_stopping=False,
        monotonic_cst=signs[kept],
        random_state=0,
    ).fit(x[:, kept], y)
    return from_histogram_boosting(model, kept, x.shape[1])


def from_histogram_boosting(
    model: HistGradientBoostingClassifier, columns: np.ndarray, inputs: int
) -> Ensemble:
    """A fitted binary classifier on numbers, whose columns are these among `inputs`.

    Raises:
        ValueError: It has more than two classes, or asks for categories.
    """
    if len(model.classes_) != 2 or model.is_categorical_ is not None:
        raise ValueError("only a classifier of two classes on numbers is taken over")
    trees = [tree.nodes for (tree,) in model._predictors]
    roots = np.cumsum([0, *(len(tree) for tree in trees[:-1])]).astype(np.int32)
    nodes = np.concatenate(trees)
    offset = np.repeat(roots, [len(tree) for tree in trees])
    leaf = nodes["is_leaf"].astype(bool)
    return Ensemble(
        feature=np.where(leaf, -1, columns[nodes["feature_idx"]]).astype(np.int32),
        threshold=np.where(leaf, np.nan, nodes["num_threshold"]),
        left=np.where(leaf, -1, nodes["left"] + offset).astype(np.int32),
        right=np.where(leaf, -1, nodes["right"] + offset).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(bool) & ~leaf,
        category_set=np.full(len(nodes), -1, np.int32),
        sets=np.zeros((0, 0), bool),
        unknown_left=np.zeros(len(nodes), bool),
        value=np.where(leaf, nodes["value"], 0.0),
        roots=roots,
        start=float(model._baseline_prediction.item()),
        inputs=inputs,
        arithmetic=Arithmetic(False, False, False, cut=0.0, missing=("nan",) * inputs),
    )

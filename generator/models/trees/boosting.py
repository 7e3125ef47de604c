"""Boosted trees of scikit-learn for the study, taken over as an `Ensemble` in memory: nothing is pickled."""

from collections.abc import Sequence

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from generator.models.folds import Folds
from generator.models.trees.ensemble import Arithmetic, Ensemble
from generator.models.trees.trees import Trees

ROUNDS, DEPTH = 150, 4
"""Enough to catch what larger ones catch on these tables, and small enough that every row is settled."""
LEARNING_RATE = 0.1
SMALLEST_LEAF = 20
"""Rows; both as scikit-learn has them."""


def boosted_trees(folds: Folds) -> Trees:
    """Boosted trees of every replicate on its own training rows."""
    return train_trees(_raw_training_rows(folds), folds.train_y())


def _raw_training_rows(folds: Folds) -> np.ndarray:
    """(replicates, n_train, d) raw units: trees need no scaler, and keep thresholds between the table's own values."""
    own = folds.x[folds.train_rows]
    return np.concatenate((own, folds.drawn.x), axis=1) if folds.drawn else own


def train_trees(
    x: Sequence[np.ndarray],
    y: Sequence[np.ndarray],
    monotone: Sequence[int] | None = None,
    left_out: Sequence[int] = (),
) -> Trees:
    """Boosted trees of every replicate on rows x (n, d) raw and y (n,), each of its own length.

    Args:
        monotone: (d,) 1 where the margin may only rise with an input, -1 where only fall, 0 where it is free.
        left_out: Inputs that no tree may ask for. The model still has all d inputs.
    """
    return Trees(tuple(_trained(rows, fraud, monotone, left_out) for rows, fraud in zip(x, y, strict=True)))


def _trained(
    x: np.ndarray, y: np.ndarray, monotone: Sequence[int] | None, left_out: Sequence[int]
) -> Ensemble:
    kept = np.setdiff1d(np.arange(x.shape[1]), left_out)
    signs = np.zeros(x.shape[1], int) if monotone is None else np.asarray(monotone)
    # nothing is drawn: no rows are held out to stop early, and bins are sampled only above 200,000 rows
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS,
        max_depth=DEPTH,
        learning_rate=LEARNING_RATE,
        min_samples_leaf=SMALLEST_LEAF,
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

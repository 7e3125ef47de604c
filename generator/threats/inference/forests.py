"""Random forests grown in full: they remember their training rows, so that an instrument has to find that they do."""

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from generator.engine.seeding import stage_rng, stage_seed
from generator.models.folds import Folds, make_folds
from generator.models.sampling import judged_rows
from generator.records.inference import InferenceSpec
from generator.records.spec import TrainingSpec


def halved(x: np.ndarray, y: np.ndarray, spec: InferenceSpec, seed: int, *, mislabelled: bool) -> Folds:
    """Halvings of a stratified sample of rows x (n, d) and y (n,), each of which trains two models.

    Args:
        mislabelled: Whether `spec.mislabelled` of the rows carry the wrong label, in training and as the right answer.
    """
    rows = judged_rows(y, spec.forest_rows, seed)
    labels = y[rows].copy()
    if mislabelled:
        wrong = stage_rng(seed, "inference/mislabelled").permutation(len(labels))
        labels[wrong[: round(spec.mislabelled * len(labels))]] ^= 1
    return make_folds(x[rows], labels, TrainingSpec(seeds=spec.forest_seeds, folds=2), seed)


def forest_margins(folds: Folds, trees: int, seed: int) -> np.ndarray:
    """(replicates, n) logit of the share of trees that say fraud, of a forest of each replicate.

    A share is kept half a tree away from nothing and all, where its logit has no end.
    """
    margins = []
    for replicate, (x, y) in enumerate(zip(folds.train_raw(), folds.train_y(), strict=True)):
        drawn = stage_seed(seed, f"inference/forest/{replicate}") % 2**32
        forest = RandomForestClassifier(trees, random_state=drawn).fit(x, y)
        fraud = trees * forest.predict_proba(folds.x)[:, 1]
        margins.append(np.log((fraud + 0.5) / (trees - fraud + 0.5)))
    return np.array(margins)

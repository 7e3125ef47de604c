"""The decision boundary on a plane one can look at."""

import numpy as np

from generator.models.folds import Folds
from generator.models.model import Model
from generator.records.features import Feature
from generator.records.results import BoundarySlice

GRID = 41
"""Points along each side."""


def telling_pair(folds: Folds) -> tuple[int, int]:
    """The two features whose class means lie furthest apart, in standard deviations; furthest first."""
    fraud = folds.y == 1
    gap = np.abs(folds.x[fraud].mean(0) - folds.x[~fraud].mean(0)) / folds.x.std(0)
    first, second = np.argsort(-gap, kind="stable")[:2]
    return int(first), int(second)


def boundary_slice(
    model: Model, folds: Folds, features: tuple[Feature, ...], pair: tuple[int, int], name: str
) -> BoundarySlice:
    """Fraud probability of the first replicate over the middle 98 % of two features, the others at the median fraud."""
    first = slice(0, 1)
    axes = [np.linspace(*np.quantile(folds.x[:, j], (0.01, 0.99)), GRID) for j in pair]
    raw = np.tile(np.median(folds.x[folds.y == 1], axis=0), (GRID * GRID, 1))
    raw[:, pair[0]] = np.tile(axes[0], GRID)
    raw[:, pair[1]] = np.repeat(axes[1], GRID)
    margin = model.select(first).margins(raw[None]).astype(np.float64)
    probability = (1 / (1 + np.exp(-margin))).reshape(GRID, GRID)
    return BoundarySlice(
        model=name,
        x_feature=features[pair[0]].name,
        y_feature=features[pair[1]].name,
        x=tuple(axes[0].tolist()),
        y=tuple(axes[1].tolist()),
        probability=tuple(tuple(row) for row in probability.tolist()),
    )

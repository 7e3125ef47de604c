"""Tree ensembles of the study: as they are, and hardened against fraudsters who move inputs one way.

Where a model can only look at an input one way, a fraudster's worst case is a corner of his box. So trees
are held monotone in every input with a direction of risk, and train on frauds that already stand at that corner.
"""

import numpy as np

from generator.models.asked import Asked
from generator.models.folds import Folds
from generator.models.trees.boosting import train_trees
from generator.models.trees.trees import Trees
from generator.records.threat import Intervals, Tier


def boosted_trees(folds: Folds, asked: Asked) -> Trees:
    """Boosted trees of every replicate on its own training rows."""
    return train_trees(folds.train_raw(), folds.train_y(), asked.trees)


def monotone_trees(folds: Folds, asked: Asked) -> Trees:
    """Monotone trees, hardened against the quoted tier."""
    return _monotone(folds, asked, asked.quoted)


def monotone_trees_widest(folds: Folds, asked: Asked) -> Trees:
    """Monotone trees, hardened against the fraudsters who can do most."""
    return _monotone(folds, asked, asked.threat.widest)


def trees_left_out(folds: Folds, asked: Asked) -> Trees:
    """Boosted trees that never see an input which the quoted tier moves."""
    reach = asked.reach(asked.quoted)
    return train_trees(
        folds.train_raw(), folds.train_y(), asked.trees, left_out=np.flatnonzero(reach.movable).tolist()
    )


def _monotone(folds: Folds, asked: Asked, tier: Tier) -> Trees:
    directions, reach, x, y = asked.directions, asked.reach(tier), folds.train_raw(), folds.train_y()
    moved = [
        np.where(
            fraud[:, None] == 1, worst_corner(rows, directions, reach, asked.worst_epsilon * scale), rows
        )
        for rows, fraud, scale in zip(x, y, folds.scales, strict=True)
    ]
    return train_trees(moved, y, asked.trees, monotone=directions.tolist())


def worst_corner(x: np.ndarray, directions: np.ndarray, reach: Intervals, budget: np.ndarray) -> np.ndarray:
    """Rows x (n, d) raw, moved by budget (d,) raw units to where they look least risky.

    Inputs without a direction of risk stay, and no row goes further beyond a limit than it is.

    Args:
        directions: (d,) as `Feature.direction`.
    """
    step = budget * np.select([directions > 0, directions < 0], [-reach.down, reach.up], 0.0)
    step = np.where(reach.whole, np.trunc(step), step)
    return np.clip(x + step, np.minimum(reach.low, x), np.maximum(reach.high, x))

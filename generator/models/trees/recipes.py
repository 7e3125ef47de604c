"""Tree ensembles of the study: as they are, and hardened against fraudsters who move inputs one way.

Where a model can only look at an input one way, a fraudster's worst case is a corner of his box. So trees
are held monotone in every input with a direction of risk, and train on frauds that already stand at that corner.

An input that a fraudster makes anything of, and that has no direction of risk, is left out of monotone trees: wherever
frauds stood while a tree was trained, they would stand elsewhere afterwards.

How deep trees are is chosen by what each is for, on rows that it would train on otherwise and that nobody judges:
clean frauds caught, or, of monotone trees, frauds that stand at their worst corner, where one score is what is proved.
"""

from collections.abc import Sequence

import numpy as np

from generator.models.asked import Asked
from generator.models.folds import Folds
from generator.models.trees.boosting import Choice, train_trees
from generator.models.trees.trees import Trees
from generator.records.threat import Surface, Tier


def boosted_trees(folds: Folds, asked: Asked) -> Trees:
    """Boosted trees of every replicate on its own training rows."""
    return _train(folds.train_raw(), folds, asked)


def monotone_trees(folds: Folds, asked: Asked) -> Trees:
    """Monotone trees, hardened against the quoted tier."""
    return _monotone(folds, asked, asked.quoted)


def monotone_trees_widest(folds: Folds, asked: Asked) -> Trees:
    """Monotone trees, hardened against the fraudsters who can do most."""
    return _monotone(folds, asked, asked.threat.widest)


def trees_left_out(folds: Folds, asked: Asked) -> Trees:
    """Boosted trees that never see an input which the quoted tier moves."""
    moved = np.flatnonzero(asked.reach(asked.quoted).movable)
    return _train(folds.train_raw(), folds, asked, left_out=moved)


def _monotone(folds: Folds, asked: Asked, tier: Tier) -> Trees:
    directions, reach, x, y = asked.directions, asked.reach(tier), folds.train_raw(), folds.train_y()
    moved = [
        np.where(
            fraud[:, None] == 1, worst_corner(rows, directions, reach, asked.worst_epsilon * scale), rows
        )
        for rows, fraud, scale in zip(x, y, folds.scales, strict=True)
    ]
    return _train(moved, folds, asked, monotone=directions, left_out=anything(directions, reach))


def _train(
    x: Sequence[np.ndarray],
    folds: Folds,
    asked: Asked,
    monotone: np.ndarray | None = None,
    left_out: np.ndarray | None = None,
) -> Trees:
    """Trees on rows x (replicates, n, d) as their recipe moves them, which are also what chooses their settings."""
    return train_trees(
        x, folds.train_y(), asked.trees,
        monotone=None if monotone is None else monotone.tolist(),
        left_out=() if left_out is None else left_out.tolist(),
        unordered=asked.unordered, choice=Choice(asked.seed, asked.false_positive_rate),
        balanced=asked.balanced,
    )  # fmt: skip


def anything(directions: np.ndarray, reach: Surface) -> np.ndarray:
    """Inputs without a direction of risk that a fraudster makes any value, or any of some names, of."""
    endless = reach.numbers.movable & np.isinf(reach.numbers.fixed)
    endless[list(reach.tables)] = True
    return np.flatnonzero(endless & (directions == 0))


def worst_corner(x: np.ndarray, directions: np.ndarray, reach: Surface, budget: np.ndarray) -> np.ndarray:
    """Rows x (n, d) raw, moved by budget (d,) raw units to where they look least risky.

    Inputs without a direction of risk stay, and so does the lack of a value; no row goes further beyond a limit
    than it is. Of names in an order a row takes the least risky one that it reaches.

    Args:
        directions: (d,) as `Feature.direction`.
    """
    numbers = reach.numbers
    down, up = numbers.steps(budget)
    step = np.select([directions > 0, directions < 0], [-down, up], 0.0)
    step = np.where(numbers.whole, np.trunc(step), step)
    moved = np.clip(x + step, np.minimum(numbers.low, x), np.maximum(numbers.high, x))
    for place, table in reach.tables.items():
        if directions[place]:
            ends = (table if directions[place] > 0 else table[:, ::-1]).argmax(axis=1)
            ends = ends if directions[place] > 0 else len(table) - 1 - ends
            has = ~np.isnan(x[:, place])
            moved[has, place] = ends[x[has, place].astype(int)]
    return moved

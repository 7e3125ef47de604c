"""What a copy is good for: evasions made on it, which the model never sees before it is to be fooled."""

from typing import NamedTuple

import numpy as np

from generator.engine.seeding import stage_rng
from generator.models.folds import Folds
from generator.models.model import Differentiable, Model
from generator.records.spec import AttackSpec
from generator.threats.evasion.attacks import attack_rows, judge
from generator.threats.evasion.queries import block_search


class Evaded(NamedTuple):
    """Which rows are no longer flagged after each attack; all False for rows that were not attacked."""

    from_copy: np.ndarray
    """(replicates, n_test) bool: the attack is made on the copy."""
    by_chance: np.ndarray
    """(replicates, n_test) bool: a random point of the box."""
    white_box: np.ndarray
    """(replicates, n_test) bool: the attack is made on the model itself."""


def attack_name(model: Model) -> str:
    """PGD by ART where there are slopes to follow, a search by scores where there are none."""
    return "pgd" if isinstance(model, Differentiable) else "search"


def evade(
    model: Model, copy: Model, folds: Folds, attacked: np.ndarray, epsilon: float, queries: int, seed: int,
    spec: AttackSpec,
) -> Evaded:  # fmt: skip
    """Attack the frauds `attacked` (replicates, n_test) of every replicate, in the plain box; the model judges.

    Args:
        queries: scores a row that the search may ask for, where a model has no slopes.
        seed: the study's.
    """
    evaded = Evaded(*(np.zeros_like(attacked) for _ in Evaded._fields))
    for replicate in range(model.replicates):
        block, rows = slice(replicate, replicate + 1), np.flatnonzero(attacked[replicate])
        if not len(rows):
            continue
        x, y = folds.test_x(block)[:, rows], np.ones((1, len(rows)), int)
        one, other = model.select(block), copy.select(block)
        rng = stage_rng(seed, f"extraction: by chance/{replicate}")
        proposals = Evaded(
            _proposal(other, folds, block, x, y, epsilon, queries, seed, spec),
            x + np.float32(epsilon) * rng.uniform(-1, 1, x.shape).astype(np.float32),
            _proposal(one, folds, block, x, y, epsilon, queries, seed, spec),
        )
        for found, proposal in zip(evaded, proposals, strict=True):
            found[replicate, rows] = judge(one, folds, block, x, proposal, epsilon).margins[0] <= 0
    return evaded


def _proposal(
    model: Model, folds: Folds, block: slice, x: np.ndarray, y: np.ndarray, epsilon: float, queries: int, seed: int,
    spec: AttackSpec,
) -> np.ndarray:  # fmt: skip
    if isinstance(model, Differentiable):
        return attack_rows("pgd", model.stack, x, y, epsilon, spec)
    rng = stage_rng(seed, f"extraction: search/{block.start}")
    return block_search(
        lambda points: model.margins(folds.decode(points, block)), x, y, epsilon, queries=queries, rng=rng
    )

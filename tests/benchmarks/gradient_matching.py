"""Whether ART's gradient matching fools a freshly trained network: `python -m tests.benchmarks gradient_matching`.

Labels stay and inputs move a little, so that a model which learns from them lets one fraud through. It is no part of a
study, as it starts a process for each pass over the rows: ten seconds of waiting for one of work.
"""

import io
from contextlib import redirect_stderr

import numpy as np
from art.attacks.poisoning import GradientMatchingAttack

from generator.engine.seeding import global_seed, stage_rng
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins, train_standard
from generator.threats.poisoning.art_models import as_torch
from tests.benchmarks.data import checks

TARGETS = 5
"""Frauds that are to be missed: one of each fold of the first seed."""
SHARE, EPSILON = 0.05, 0.1
"""Rows that are moved, and how far, in standard deviations."""
EPOCHS = 50
"""Of the search: a fifth of ART's own, as it trains no model of its own meanwhile."""


def measure() -> dict:
    """How many frauds that a network caught are missed after it is trained afresh, on moved rows and on honest ones."""
    spec, folds = checks()
    some = slice(0, TARGETS)
    x, y, test = folds.train_x()[some], folds.train_y()[some], folds.test_x(some)
    net, _ = train_standard(x, y, spec.training, stage_rng(spec.seed, "matching"))
    caught = (margins(net, test) > 0) & (folds.test_y(some) == 1)
    rng = stage_rng(spec.seed, "matching/targets")
    targets = np.stack(
        [rows[rng.choice(np.flatnonzero(each))] for rows, each in zip(test, caught, strict=True)]
    )
    moved = np.stack(
        [
            matched(net.select(slice(r, r + 1)), x[r], y[r], targets[r], spec.seed, f"matching/{r}")
            for r in range(TARGETS)
        ]
    )
    assert np.abs(moved - x).max() <= EPSILON + 1e-6
    missed = {}
    for name, rows in (("moved", moved), ("honest", x)):
        fresh, _ = train_standard(rows, y, spec.training, stage_rng(spec.seed, "matching/fresh"))
        missed[name] = int((margins(fresh, targets[:, None])[:, 0] <= 0).sum())
    return {
        "targets": TARGETS,
        "rows_moved": int((moved != x).any(axis=2).sum() // TARGETS),
        "missed": missed,
    }


def matched(
    net: FraudNet, x: np.ndarray, y: np.ndarray, target: np.ndarray, seed: int, stage: str
) -> np.ndarray:
    """Rows x (n, d) float32 standardised, y (n,), of which some are moved so that target (d,) is called genuine."""
    span = np.abs(x).max() + EPSILON
    # it draws the rows that it moves, and where they start, from global states, and tells of its progress
    with global_seed(seed, stage), redirect_stderr(io.StringIO()):
        attack = GradientMatchingAttack(
            as_torch(net), SHARE, EPSILON, max_trials=1, max_epochs=EPOCHS,
            learning_rate_schedule=([0.1, 0.01], [EPOCHS // 2, EPOCHS]), clip_values=(-span, span), verbose=0,
        )  # fmt: skip
        moved, _ = attack.poison(target[None], np.array([0]), x, y.astype(np.int64))
    return np.clip(moved, x - np.float32(EPSILON), x + np.float32(EPSILON)).astype(np.float32)


def rows(measured: dict) -> list[tuple[str, str]]:
    """What is printed."""
    return [
        ("frauds to be missed, one a network", str(measured["targets"])),
        ("training rows moved, of a network", str(measured["rows_moved"])),
        ("missed after training on moved rows", str(measured["missed"]["moved"])),
        ("missed after training on honest rows", str(measured["missed"]["honest"])),
    ]

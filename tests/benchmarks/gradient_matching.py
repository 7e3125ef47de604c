"""ART's gradient matching: labels stay, inputs move a little, so that a model learns to let one fraud through."""

import io
from contextlib import redirect_stderr

import numpy as np
from art.attacks.poisoning import GradientMatchingAttack

from generator.engine.seeding import global_seed
from generator.models.fraudnet.network import FraudNet
from generator.threats.poisoning.art_models import as_torch

EPOCHS = 50
"""Of the search: a fifth of ART's own, as it trains no model of its own meanwhile."""


def matched(
    net: FraudNet,
    x: np.ndarray,
    y: np.ndarray,
    target: np.ndarray,
    *,
    share: float,
    epsilon: float,
    seed: int,
    stage: str,
) -> np.ndarray:
    """Rows x (n, d) float32 standardised, y (n,), of which a share is moved by at most epsilon; the labels stay.

    Args:
        net: A stack of one, trained on the rows: whose gradients are matched.
        target: (d,) the fraud that is to be called genuine.
    """
    span = np.abs(x).max() + epsilon
    # it draws the rows that it moves, and where they start, from global states, and tells of its progress
    with global_seed(seed, stage), redirect_stderr(io.StringIO()):
        attack = GradientMatchingAttack(
            as_torch(net), share, epsilon, max_trials=1, max_epochs=EPOCHS,
            learning_rate_schedule=([0.1, 0.01], [EPOCHS // 2, EPOCHS]), clip_values=(-span, span), verbose=0,
        )  # fmt: skip
        moved, _ = attack.poison(target[None], np.array([0]), x, y.astype(np.int64))
    return np.clip(moved, x - np.float32(epsilon), x + np.float32(epsilon)).astype(np.float32)

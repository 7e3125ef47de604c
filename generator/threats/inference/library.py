"""ART's black-box attacks on membership and on attributes, with the input that gives them a meaning.

Membership is fitted on as many members as strangers, and scored on others; attributes stand beside ART's own baseline,
which does without the model, on the same rows.
"""

from typing import NamedTuple

import numpy as np
from art.attacks.inference.attribute_inference import AttributeInferenceBaseline, AttributeInferenceBlackBox
from art.attacks.inference.membership_inference import MembershipInferenceBlackBox
from art.estimators.classification import BlackBoxClassifier
from scipy.special import expit

from generator.engine.seeding import global_seed, stage_rng
from generator.models.folds import Folds

FOREST, LOGISTIC = "rf", "lr"
"""ART's attack models: of scores a random forest; of bands logistic regression, as ART's forest answers the first band
wherever no band has half of its trees."""


class Sides(NamedTuple):
    """Row numbers of one replicate, as many on every side and none on two."""

    fit_members: np.ndarray
    fit_strangers: np.ndarray
    members: np.ndarray
    strangers: np.ndarray


def sides(folds: Folds, replicate: int, seed: int) -> Sides:
    """Half of the rows that a replicate never had, and the other half, each beside as many that it was trained on."""
    rng = stage_rng(seed, f"inference/sides/{replicate}")
    half = int(folds.test_counts.min()) // 2
    strangers = rng.permutation(folds.test_rows[replicate, : folds.test_counts[replicate]])
    had = rng.permutation(np.unique(folds.train_rows[replicate]))
    return Sides(had[:half], strangers[:half], had[half : 2 * half], strangers[half : 2 * half])


def membership(margins: np.ndarray, y: np.ndarray, of: Sides, seed: int, stage: str) -> np.ndarray:
    """(2, half) scores of strangers and of members `of` one replicate, from its margins (n,) and the labels y (n,).

    ART is told the model's probabilities and the right class.
    """
    fraud = expit(margins.astype(np.float64))
    said = np.stack([1 - fraud, fraud], axis=1).astype(np.float32)
    # answers are given beside the rows, so the rows themselves are never asked
    attack = MembershipInferenceBlackBox(BlackBoxClassifier((said, said), (2,), 2), attack_model_type=FOREST)
    with global_seed(seed, stage):
        attack.fit(
            y=y[of.fit_members], test_y=y[of.fit_strangers], pred=said[of.fit_members],
            test_pred=said[of.fit_strangers],
        )  # fmt: skip
        scored = (np.ravel(attack.infer(None, y[r], pred=said[r], probabilities=True)) for r in of[:1:-1])
        return np.stack(list(scored))


def bands(values: np.ndarray, wanted: int) -> np.ndarray:
    """(n,) number of the band that each value is in: of equally many rows, as far as equal values stay together."""
    edges = np.unique(np.quantile(values, np.arange(1, wanted) / wanted))
    numbers = np.searchsorted(edges, values, side="left")
    return np.unique(numbers, return_inverse=True)[1]


class Guesses(NamedTuple):
    """Whether the band was guessed right, (half,) each."""

    alone: np.ndarray
    """Without the model, of rows that it never had."""
    answered: np.ndarray
    """With its answer, of the same rows."""
    trained_on: np.ndarray
    """With its answer, of rows that it was trained on."""


def attributes(
    x: np.ndarray, column: int, band: np.ndarray, margins: np.ndarray, of: Sides, seed: int, stage: str
) -> Guesses:
    """Guess the band (n,) of one input from the others of x (n, d) and one replicate's answers to x, margins (n,).

    ART is told answers, fraud or not, and no scores: its attack rounds them to that. It is fitted on rows that the
    replicate never had.
    """
    # on one scale for both: ART scales for the attack, not for its baseline
    table = ((x - x.mean(axis=0)) / x.std(axis=0)).astype(np.float32)
    table[:, column] = band
    others = np.delete(table, column, axis=1)
    answers = np.eye(2, dtype=np.float32)[(margins > 0).astype(int)]
    values = list(range(band.max() + 1))
    settings = {"attack_model_type": LOGISTIC, "attack_feature": column}
    with global_seed(seed, stage):
        alone = AttributeInferenceBaseline(**settings)
        alone.fit(table[of.fit_strangers])
        attack = AttributeInferenceBlackBox(
            BlackBoxClassifier((table, answers), (x.shape[1],), 2), **settings
        )
        attack.fit(table[of.fit_strangers])

    def right(rows: np.ndarray, said: np.ndarray) -> np.ndarray:
        return np.ravel(said) == band[rows]

    def asked(rows: np.ndarray) -> np.ndarray:
        classes = answers[rows].argmax(axis=1).reshape(-1, 1)
        return right(rows, attack.infer(others[rows], pred=classes, values=values))

    guessed = alone.infer(others[of.strangers], values=values)
    return Guesses(right(of.strangers, guessed), asked(of.strangers), asked(of.members))

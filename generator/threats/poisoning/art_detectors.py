"""The four detectors of the Adversarial Robustness Toolbox, as they are; what they flag is judged outside it."""

import numpy as np
from art.defences.detector.poison import (
    ActivationDefence,
    ProvenanceDefense,
    RONIDefense,
    SpectralSignatureDefense,
)
from art.estimators.classification import SklearnClassifier
from sklearn.linear_model import LogisticRegression

from generator.engine.seeding import global_seed
from generator.models.fraudnet.network import FraudNet
from generator.threats.poisoning.art_models import as_torch

CLASSES = np.eye(2, dtype=np.float32)
LEAST = 0.001
"""Change of accuracy from which RONI and provenance flag, about the worth of a single row; their own are a tenth and a
fifth."""


def activation_defence(net: FraudNet, x: np.ndarray, y: np.ndarray, seed: int, stage: str) -> np.ndarray:
    """(n,) bool: rows x (n, d) standardised, y (n,), in the smaller of two clusters of activations, by label."""
    with global_seed(seed, stage):  # its clusters draw from numpy's global state
        _, clean = ActivationDefence(as_torch(net), x, CLASSES[y]).detect_poison(
            nb_clusters=2, nb_dims=2, reduce="PCA", cluster_analysis="smaller"
        )
    return np.array(clean) == 0


def spectral_signatures(net: FraudNet, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n,) bool: what it flags of rows x (n, d) standardised, y (n,); a fixed share of each label."""
    _, clean = SpectralSignatureDefense(as_torch(net), x, CLASSES[y]).detect_poison()
    return np.array(clean) == 0


def roni(
    x: np.ndarray, y: np.ndarray, trusted: tuple[np.ndarray, np.ndarray], seed: int, stage: str
) -> np.ndarray:
    """(n,) bool: suspect rows that change the accuracy of a logistic regression by more than a thousandth.

    It trains a model for each row, so suspects must be few. Its other form trains one for each pair of rows.
    """
    with global_seed(seed, stage):  # it draws the rows it judges by, and an order, from numpy's global state
        found = RONIDefense(
            _linear(), x, CLASSES[y], *_one_hot(trusted), _accuracy, calibrated=False, eps=LEAST
        )
        _, clean = found.detect_poison()
    return np.array(clean) == 0


def provenance(
    x: np.ndarray,
    y: np.ndarray,
    source: np.ndarray,
    trusted: tuple[np.ndarray, np.ndarray],
    seed: int,
    stage: str,
) -> np.ndarray:
    """(n,) bool: rows of the sources (n,) without which a logistic regression is right more often on trusted rows."""
    with global_seed(seed, stage):
        found = ProvenanceDefense(
            _linear(), x, CLASSES[y], np.eye(source.max() + 1)[source], *_one_hot(trusted), LEAST, _accuracy
        )
        _, clean = found.detect_poison()
    return np.array(clean) == 0


def _one_hot(rows: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return rows[0], CLASSES[rows[1]]


def _accuracy(truth: np.ndarray, probabilities: np.ndarray) -> float:
    # their own is given probabilities and takes labels
    return float((truth.argmax(axis=1) == probabilities.argmax(axis=1)).mean())


def _linear() -> SklearnClassifier:
    return SklearnClassifier(LogisticRegression(max_iter=1000))

"""Copies made from answers: for each kind of model the thief who knows that kind and how its inputs are scaled.

Answers are probabilities of fraud; where a defence left labels alone, they are 0 and 1. A copy has the arrays
of a model of its kind, so whatever attacks, proves or judges a model does so with a copy.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import margin_gradients
from generator.models.fraudnet.training import Trainer
from generator.models.trees.boosting import from_histogram_boosting
from generator.models.trees.trees import Trees
from generator.records.extraction import ExtractionSpec
from generator.records.spec import TrainingSpec

LEAST = 1e-6
"""Doubt left in an answer where both classes have to occur in what a library learns from."""

Thief = Callable[[np.ndarray, np.ndarray, Folds, TrainingSpec, ExtractionSpec, int], Arrays]
"""Questions (replicates, q, d) raw, answers (replicates, q), folds, settings, the study's seed -> arrays of a copy of
every replicate."""


def net(
    raw: np.ndarray,
    answers: np.ndarray,
    folds: Folds,
    training: TrainingSpec,
    spec: ExtractionSpec,
    seed: int,
) -> Arrays:
    """A fresh net of the same widths, trained on cross-entropy with the answers in the place of classes.

    Source: Hinton, Vinyals, Dean 2015, arXiv:1503.02531, section 2, at temperature one.
    """
    rng = stage_rng(seed, f"extraction: net/{raw.shape[1]}")
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    copy = FraudNet(len(raw), raw.shape[2], training.hidden).initialise(generator)
    trainer = Trainer(copy, training, rng)
    trainer.batch_gradients = soft_gradients
    x, p = torch.from_numpy(folds.encode(raw)), torch.from_numpy(answers.astype(np.float32))
    steps = math.ceil(raw.shape[1] / training.batch_size)
    for share, rate in ((0.7, 1.0), (0.3, 0.1)):  # small steps at the end, to stay where the answers are met
        trainer.optimiser.learning_rate = rate * training.learning_rate
        trainer.fit(x, p, max(1, round(share * spec.gradient_steps / steps)))
    return copy.to_arrays()


def soft_gradients(net: FraudNet, x: torch.Tensor, p: torch.Tensor) -> list[np.ndarray]:
    """d L / d w for each parameter w of the stack, L the cross-entropy with probabilities p of fraud, not classes.

    x (replicates * rows, d), p (replicates * rows,); a mean over the rows of each replicate.
    """
    with torch.no_grad():
        logits = net(x)
    slope = torch.sigmoid(logits[:, 1] - logits[:, 0]) - p
    rows = len(x) // net.replicates
    return margin_gradients(net, x.view(net.replicates, rows, -1), slope.view(net.replicates, rows) / rows)


def line(
    raw: np.ndarray,
    answers: np.ndarray,
    folds: Folds,
    training: TrainingSpec,
    spec: ExtractionSpec,
    seed: int,
) -> Arrays:
    """Equations: each probability p of a row x says weights · x + bias = log(p / (1 - p)); on labels, a regression.

    As many equations as unknowns give a linear model to rounding; more of them are weighed by p (1 - p), by which
    an error of p counts.

    Source: Tramèr et al. 2016, arXiv:1609.02943, section 4.1.
    """
    x = folds.encode(raw).astype(np.float64)
    found = np.array([_solved(rows, p) for rows, p in zip(x, answers, strict=True)])
    return {"weights": found[:, :-1], "bias": found[:, -1]}


def _solved(x: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(d + 1,) weights and bias of rows x (n, d)."""
    told = (p > 0) & (p < 1)
    equations = np.column_stack((x, np.ones(len(x))))[told]
    if len(equations) and np.linalg.matrix_rank(equations) == equations.shape[1]:
        weight = p[told] * (1 - p[told])
        return np.linalg.lstsq(weight[:, None] * equations, weight * logit(p[told]), rcond=None)[0]
    rows, classes, weights = _both_classes(x, p)
    fitted = LogisticRegression(C=1e3, max_iter=1000).fit(rows, classes, weights)
    return np.append(fitted.coef_[0], fitted.intercept_[0])


def trees(
    raw: np.ndarray,
    answers: np.ndarray,
    folds: Folds,
    training: TrainingSpec,
    spec: ExtractionSpec,
    seed: int,
) -> Arrays:
    """A fresh ensemble of boosted trees on the answers."""
    columns = np.arange(raw.shape[2])
    fitted = []
    for rows, p in zip(raw, answers, strict=True):
        doubled, classes, weights = _both_classes(rows, p)
        model = HistGradientBoostingClassifier(
            max_iter=spec.tree_rounds, max_depth=spec.tree_depth, learning_rate=spec.tree_learning_rate,
            min_samples_leaf=spec.smallest_leaf, max_bins=spec.tree_bins, early_stopping=False, random_state=0,
        )  # fmt: skip
        model.fit(doubled, classes, sample_weight=weights)
        fitted.append(from_histogram_boosting(model, columns, len(columns)))
    return Trees(tuple(fitted)).arrays()


def _both_classes(x: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every row (n, d) as fraud and as no fraud, (2n, d), its classes, and its weights p and 1 - p: the same loss as
    with p in the place of the class."""
    p = np.clip(p, LEAST, 1 - LEAST)
    return np.concatenate((x, x)), np.repeat((1, 0), len(x)), np.concatenate((p, 1 - p))


THIEVES: Mapping[str, Thief] = {"relu": net, "linear": line, "trees": trees}
"""By kind of the model that is copied, as `generator.models.kinds.KINDS`."""


def thief_of(kind: str) -> tuple[Thief, str]:
    """The thief of a model of that kind, and the kind of its copies: trees, which take any row, where it has none."""
    return (THIEVES[kind], kind) if kind in THIEVES else (trees, Trees.kind)

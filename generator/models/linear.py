"""Linear models: a weight for each standardised input, and a bias."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from sklearn.linear_model import LogisticRegression

from generator.models.folds import Folds, standardised
from generator.models.fraudnet.network import FraudNet


@dataclass(frozen=True)
class Linear:
    """Margins weights · x + bias of rows x standardised in float32, summed in float64."""

    weights: np.ndarray
    """(replicates, d)"""
    bias: np.ndarray
    """(replicates,)"""
    means: np.ndarray
    """(replicates, d) raw units."""
    scales: np.ndarray
    """(replicates, d)"""

    kind: ClassVar[str] = "linear"

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> "Linear":
        """All replicates of `folds`."""
        return cls(arrays["weights"], arrays["bias"], folds.means, folds.scales)

    @property
    def replicates(self) -> int:
        return len(self.weights)

    def margins(self, raw: np.ndarray) -> np.ndarray:
        """Log-odds of fraud."""
        x = standardised(raw, self.means, self.scales).astype(np.float64)
        return np.einsum("rnd,rd->rn", x, self.weights) + self.bias[:, None]

    def select(self, replicates: slice) -> "Linear":
        return Linear(*(part[replicates] for part in (self.weights, self.bias, self.means, self.scales)))

    def arrays(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights, "bias": self.bias}

    @cached_property
    def stack(self) -> FraudNet:
        """Networks without a hidden layer, whose legitimate logit is 0."""
        weights, bias = self.weights.astype(np.float32), self.bias.astype(np.float32)[:, None]
        layer = {
            "weights.0": np.stack((np.zeros_like(weights), weights), axis=2),
            "biases.0": np.stack((np.zeros_like(bias), bias), axis=2),
        }
        return FraudNet.from_arrays(layer).requires_grad_(False)


def logistic_regression(folds: Folds) -> Linear:
    """Logistic regression of every replicate on its own training rows, with the ridge of scikit-learn."""
    fitted = [
        LogisticRegression(max_iter=1000).fit(x, y)
        for x, y in zip(folds.train_x().astype(np.float64), folds.train_y(), strict=True)
    ]
    return Linear(
        weights=np.array([model.coef_[0] for model in fitted]),
        bias=np.array([model.intercept_[0] for model in fitted]),
        means=folds.means,
        scales=folds.scales,
    )

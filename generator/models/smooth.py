"""Networks whose hidden units are smooth: tanh, sigmoid or GELU, as scikit-learn and torch train them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import erf, expit

from generator.models.folds import Folds, standardised

ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "tanh": np.tanh,
    "sigmoid": expit,
    "gelu": lambda z: z * 0.5 * (1 + erf(z / np.sqrt(2))),
}
"""By name; GELU is the exact one, not its approximation by tanh. The arrays of a model hold the place in this list."""


@dataclass(frozen=True)
class SmoothNet:
    """Scaler and networks, computed in the float type of the weights."""

    weights: tuple[np.ndarray, ...]
    """Of each layer (replicates, fan_in, fan_out); the last has one logit, or two, that of fraud behind."""
    biases: tuple[np.ndarray, ...]
    """(replicates, 1, fan_out)"""
    activation: str
    """Of the hidden layers: a key of `ACTIVATIONS`."""
    means: np.ndarray
    """(replicates, d) raw units."""
    scales: np.ndarray
    """(replicates, d)"""

    kind: ClassVar[str] = "smooth"

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> "SmoothNet":
        """All replicates of `folds`."""
        layers = range(sum(name.startswith("weights.") for name in arrays))
        weights, biases = (
            tuple(arrays[f"{kind}.{layer}"] for layer in layers) for kind in ("weights", "biases")
        )
        return cls(
            weights, biases, list(ACTIVATIONS)[int(arrays["activation"][0])], folds.means, folds.scales
        )

    @property
    def replicates(self) -> int:
        return len(self.weights[0])

    def margins(self, raw: np.ndarray) -> np.ndarray:
        """Fraud logit minus legitimate logit, or the only one."""
        x = standardised(raw, self.means, self.scales).astype(self.weights[0].dtype)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = x @ weight + bias
            if layer < len(self.weights) - 1:
                x = ACTIVATIONS[self.activation](x)
        return x[..., -1] - x[..., 0] if x.shape[-1] == 2 else x[..., 0]

    def select(self, replicates: slice) -> "SmoothNet":
        parts = (tuple(part[replicates] for part in parts) for parts in (self.weights, self.biases))
        return SmoothNet(*parts, self.activation, self.means[replicates], self.scales[replicates])

    def arrays(self) -> dict[str, np.ndarray]:
        named = {f"weights.{i}": weight for i, weight in enumerate(self.weights)}
        named |= {f"biases.{i}": bias for i, bias in enumerate(self.biases)}
        return named | {"activation": np.full(self.replicates, list(ACTIVATIONS).index(self.activation))}

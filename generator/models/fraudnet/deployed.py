"""A stack as it is deployed: behind the scaler of the rows that it was trained on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from generator.models.folds import Folds, standardised
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins


@dataclass(frozen=True)
class DeployedNet:
    """Scaler and stack, in float32."""

    stack: FraudNet
    means: np.ndarray
    """(replicates, d) raw units."""
    scales: np.ndarray
    """(replicates, d)"""

    kind: ClassVar[str] = "relu"

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> "DeployedNet":
        """All replicates of `folds`."""
        return cls(FraudNet.from_arrays(arrays).requires_grad_(False), folds.means, folds.scales)

    @property
    def replicates(self) -> int:
        return self.stack.replicates

    def margins(self, raw: np.ndarray) -> np.ndarray:
        """Fraud logit minus legitimate logit."""
        return margins(self.stack, standardised(raw, self.means, self.scales))

    def select(self, replicates: slice) -> "DeployedNet":
        return DeployedNet(self.stack.select(replicates), self.means[replicates], self.scales[replicates])

    def arrays(self) -> dict[str, np.ndarray]:
        return self.stack.to_arrays()

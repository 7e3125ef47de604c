"""What every model is to a study: margins of raw rows, and arrays to store it by."""

from collections.abc import Mapping
from typing import ClassVar, Protocol, Self, runtime_checkable

import numpy as np

from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet


class Model(Protocol):
    """One or more replicates as they are deployed; each judges rows of its own."""

    kind: ClassVar[str]
    """Which verifier decides it: a key of `generator.proofs.verifiers.VERIFIERS`."""

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> Self:
        """The model that these `arrays` are of, one replicate for each of `folds`."""

    @property
    def replicates(self) -> int: ...

    def margins(self, raw: np.ndarray) -> np.ndarray:
        """(replicates, rows) of raw (replicates, rows, d), as `LabelledTable.x` has them; fraud where above 0."""

    def select(self, replicates: slice) -> Self:
        """Some of the replicates."""

    def arrays(self) -> dict[str, np.ndarray]:
        """All that it is made of by name, first axis replicates, without the scaler, which all models share."""


@runtime_checkable
class Differentiable(Protocol):
    """A model that attackers can follow by its gradients."""

    @property
    def stack(self) -> FraudNet:
        """The same margins as networks of standardised rows, none of whose parameters asks for a gradient."""

"""The verifier of each kind of model. To add a kind: a module with these functions, and its line in `VERIFIERS`."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from generator.proofs import encoded, linear, smooth
from generator.proofs.relu import verifier as relu
from generator.proofs.trees import verifier as trees
from generator.proofs.verdicts import Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec


class Verifier(Protocol):
    """Exact answers about one replicate, in float64. Boxes hold n rows; y (n,), 1 = fraud.

    A subject is what `read` makes of the arrays of a model; only its verifier looks into it.
    """

    def read(self, arrays: Mapping[str, np.ndarray], replicate: int) -> Any:
        """One replicate of the model with these `arrays`.

        Raises:
            ValueError: They are not those of a model of this kind.
        """

    def margins(self, subject: Any, boxes: Boxes) -> np.ndarray:
        """(n,) of the rows themselves, fraud where above the threshold."""

    def decide(
        self, subject: Any, boxes: Boxes, y: np.ndarray, spec: ProofSpec, threshold: float = 0.0
    ) -> Verdicts:
        """Whether each row is judged correctly on all of its box; fraud is flagged above the threshold."""

    def monotone(self, subject: Any) -> np.ndarray:
        """(d,) int8: 1 where the margin is proved never to fall as an input rises, whatever the others are, -1 where
        never to rise, EITHER where it does not depend on the input, 0 where nothing is proved."""

    def tolerance(self, spec: ProofSpec) -> float:
        """How far above the threshold the margin of a row may still lie to count as broken."""

    def radius(self, subject: Any, boxes: Boxes, y: np.ndarray, largest: float, spec: ProofSpec) -> Radii:
        """How far each row may move in every input, both ways and continuously; the faces of its box do not count."""

    def cross_check(
        self, subject: Any, boxes: Boxes, y: np.ndarray, spec: ProofSpec
    ) -> tuple[np.ndarray, np.ndarray]:
        """Outcomes (n,) by the method of `decide` and by another one that shares nothing with it."""

    def proof_steps(
        self, subject: Any, boxes: Boxes, row: int, y: int, longest: int, spec: ProofSpec
    ) -> list[Step] | None:
        """A proof of one row to be read; None if it is not proved in `longest` steps."""

    def warm_up(self):
        """Compile what is compiled, so that the machine code is on disk."""


VERIFIERS: Mapping[str, Verifier] = {
    "relu": relu, "linear": linear, "trees": trees, "smooth": smooth, "encoded": encoded,
}  # fmt: skip
"""By kind of model, as `generator.models.kinds.KINDS`."""


def warm_up(deep: bool = False):
    """Warm up every verifier; `deep`: also for networks that have not two hidden layers, which takes as long again."""
    for verifier in VERIFIERS.values():
        verifier.warm_up()
    if deep:
        relu.warm_up(layers=1)

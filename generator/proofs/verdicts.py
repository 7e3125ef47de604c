"""What a verifier answers, whatever the kind of model."""

from dataclasses import dataclass

import numpy as np

from generator.proofs.relu.kernels import BROKEN, PROVED, UNRESOLVED

__all__ = ["BROKEN", "EITHER", "PROVED", "UNRESOLVED", "Radii", "Step", "Verdicts"]

EITHER = 2
"""Of an input that the margin does not depend on: it never falls and never rises with it."""


@dataclass(frozen=True)
class Verdicts:
    """What is known of n rows on their boxes."""

    outcome: np.ndarray
    """(n,) int8: PROVED 1, BROKEN -1, UNRESOLVED 0."""
    witness: np.ndarray
    """(n, d) float64, in the box and on the lattice; NaN unless broken. Raw units where a verifier answers,
    standardised where a method behind it does."""
    boxes: np.ndarray
    """(n,) boxes looked at."""
    margin: np.ndarray
    """(n,) signed margin, positive = right: the bound proved, or at the witness, or the least seen.

    A broken row whose margin lies above -TAU is worst at zero to within rounding: its witness
    may not flip the float32 model.
    """

    @property
    def by_rounding(self) -> np.ndarray:
        """(n,) bool: broken, although the witness is judged correctly by less than rounding can move it."""
        return (self.outcome == BROKEN) & (self.margin > 0)


@dataclass(frozen=True)
class Radii:
    """How far n rows hold: robust on every epsilon up to `proved`, wrong at a point within `broken`."""

    proved: np.ndarray
    """(n,) largest epsilon proved; 0 for rows already wrong."""
    broken: np.ndarray
    """(n,) smallest epsilon with a witness; infinite if `max_epsilon` is proved."""
    witness: np.ndarray
    """(n, d) float64; NaN where `broken` is infinite."""
    boxes: np.ndarray
    """(n,) boxes looked at."""

    def outcome(self, epsilon: float) -> np.ndarray:
        """(n,) int8 at one budget; UNRESOLVED inside the bracket, where `verify` decides."""
        above = np.where(self.broken <= epsilon, BROKEN, UNRESOLVED)
        return np.where(self.proved >= epsilon, PROVED, above).astype(np.int8)


@dataclass(frozen=True)
class Step:
    """One box, in the order looked at."""

    depth: int
    lower: np.ndarray
    """(d,) standardised."""
    upper: np.ndarray
    bound: float
    """The signed margin is at least this on the whole box."""
    proved: bool
    """Otherwise the box was halved."""

"""The answer to "can this row be broken in its box?": the search, and HiGHS for the rows it gives up."""

import numpy as np

from generator.proofs import milp
from generator.proofs.relu import search
from generator.proofs.relu.network import Network
from generator.proofs.relu.search import UNRESOLVED, Lattice, Verdicts


def decide(
    network: Network,
    lower: np.ndarray,
    upper: np.ndarray,
    y: np.ndarray,
    *,
    threshold: float = 0.0,
    lattice: Lattice | None = None,
    box_limit: int = search.BOX_LIMIT,
    tau: float = search.TAU,
    milp_seconds: float = 60.0,
) -> Verdicts:
    """As `search.verify`; rows over the box limit are put to `milp.verify`, `milp_seconds` each.

    What neither settles stays unresolved.
    """
    found = search.verify(
        network, lower, upper, y, threshold=threshold, lattice=lattice, box_limit=box_limit, tau=tau
    )
    left = np.flatnonzero(found.outcome == UNRESOLVED)
    if not len(left):
        return found
    second = milp.verify(
        network, lower[left], upper[left], y[left],
        threshold=threshold, lattice=lattice, time_limit=milp_seconds,
    )  # fmt: skip
    for mine, theirs in zip(
        (found.outcome, found.witness, found.margin),
        (second.outcome, second.witness, second.margin),
        strict=True,
    ):
        mine[left] = theirs
    return found

"""Networks of ReLUs: the search, and HiGHS for the rows it gives up."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from generator.proofs import milp
from generator.proofs.relu import network as networks
from generator.proofs.relu import search, walk
from generator.proofs.relu.monotone import monotone as signs_of
from generator.proofs.relu.monotone import slopes, worst_faces
from generator.proofs.relu.network import Network
from generator.proofs.relu.search import Lattice, warm_up
from generator.proofs.verdicts import BROKEN, EITHER, UNRESOLVED, Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec

__all__ = [
    "cross_check",
    "decide",
    "margins",
    "monotone",
    "proof_steps",
    "radius",
    "read",
    "tolerance",
    "warm_up",
]


def read(arrays: Mapping[str, np.ndarray], replicate: int) -> Network:
    return networks.from_arrays(arrays, replicate)


def margins(network: Network, boxes: Boxes) -> np.ndarray:
    return networks.margins(network, boxes.x)


def monotone(network: Network) -> np.ndarray:
    """By bounds on the slopes, over the whole range."""
    low, high = slopes(network)
    return np.where((low == 0) & (high == 0), EITHER, signs_of(network)).astype(np.int8)


def tolerance(spec: ProofSpec) -> float:
    return 2 * spec.tau


def decide(
    network: Network, boxes: Boxes, y: np.ndarray, spec: ProofSpec, threshold: float = 0.0
) -> Verdicts:
    """By `search.verify`; rows over the box limit are put to `milp.verify`, `milp_seconds` each.

    What neither settles stays unresolved. Inputs in which the network is monotone are not searched, and many that stay
    where they are cost nothing.
    """
    lattice, (lower, upper) = _lattice(boxes), worst_faces(network, boxes.lower, boxes.upper, y)
    found = _searched(network, lower, upper, y, lattice, threshold, spec)
    left = np.flatnonzero(found.outcome == UNRESOLVED)
    if len(left):
        second = milp.verify(
            network, lower[left], upper[left], y[left],
            threshold=threshold, lattice=lattice, time_limit=spec.milp_seconds, tau=spec.milp_tau,
        )  # fmt: skip
        for mine, theirs in zip(
            (found.outcome, found.witness, found.margin),
            (second.outcome, second.witness, second.margin),
            strict=True,
        ):
            mine[left] = theirs
    return replace(found, witness=boxes.to_raw(found.witness))


def _searched(
    network: Network,
    lower: np.ndarray,
    upper: np.ndarray,
    y: np.ndarray,
    lattice: Lattice,
    threshold: float,
    spec: ProofSpec,
) -> Verdicts:
    """Rows of many inputs that stay are asked one by one of a network of the others: what stays adds to its biases."""
    asked = {"threshold": threshold, "box_limit": spec.box_limit, "tau": spec.tau}
    moves, wide = networks.moving(network, lower, upper)
    if not wide.any():
        return search.verify(network, lower, upper, y, lattice=lattice, **asked)
    n = len(lower)
    outcome, looked, margin = np.empty(n, np.int8), np.empty(n, np.int64), np.empty(n)
    witness = lower.copy()
    for row in np.flatnonzero(wide):
        own = moves[row]
        found = search.verify(
            networks.where_others_stay(network, lower[row], own), lower[[row]][:, own], upper[[row]][:, own], y[[row]],
            lattice=Lattice(lattice.offset[own], lattice.step[own]), **asked,
        )  # fmt: skip
        (outcome[row],), (looked[row],), (margin[row],) = found.outcome, found.boxes, found.margin
        witness[row, own] = found.witness[0]
    rest = np.flatnonzero(~wide)
    if len(rest):
        found = search.verify(network, lower[rest], upper[rest], y[rest], lattice=lattice, **asked)
        outcome[rest], looked[rest], margin[rest] = found.outcome, found.boxes, found.margin
        witness[rest] = found.witness
    witness[outcome != BROKEN] = np.nan
    return Verdicts(outcome, witness, looked, margin)


def _lattice(boxes: Boxes) -> Lattice:
    """Whole numbers of the raw unit: offset -mean / scale, step 1 / scale; 0 for what moves continuously."""
    offset = np.where(boxes.whole, -boxes.mean / boxes.scale, 0.0)
    return Lattice(offset, np.where(boxes.whole, 1 / boxes.scale, 0.0))


def radius(network: Network, boxes: Boxes, y: np.ndarray, largest: float, spec: ProofSpec) -> Radii:
    ones = np.ones(boxes.x.shape)
    found = search.radius(
        network, boxes.x, y, ones, ones, largest,
        tolerance=spec.radius_tolerance, box_limit=spec.box_limit, tau=spec.tau,
    )  # fmt: skip
    return replace(found, witness=boxes.to_raw(found.witness))


def cross_check(
    network: Network, boxes: Boxes, y: np.ndarray, spec: ProofSpec
) -> tuple[np.ndarray, np.ndarray]:
    box = boxes.lower, boxes.upper
    by_search = search.verify(network, *box, y, box_limit=spec.box_limit, tau=spec.tau)
    by_program = milp.verify(network, *box, y, time_limit=spec.milp_seconds, tau=spec.milp_tau)
    return by_search.outcome, by_program.outcome


def proof_steps(
    network: Network, boxes: Boxes, row: int, y: int, longest: int, spec: ProofSpec
) -> list[Step] | None:
    return walk.walk(network, boxes.lower[row], boxes.upper[row], y, longest, spec.tau)

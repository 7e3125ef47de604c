"""The stages that prove: pure functions from arrays to arrays, one task per model and block of seeds."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.parallel import Task
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins
from generator.proofs import milp
from generator.proofs.decide import decide
from generator.proofs.relu.network import from_arrays
from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED, radius, verify, warm_up
from generator.records.spec import ProofSpec, StudySpec
from generator.study.tasks import TRAINING_SOURCE, only_weights, task_inputs

PROOF_SOURCE = (
    "proofs", "study/proof_tasks.py", "study/tier_tasks.py", "threats/surface.py", *TRAINING_SOURCE
)  # fmt: skip


DECIDING = ("box_limit", "tau", "milp_seconds")
"""Settings of the proof that every verdict depends on."""
WARM_UP: Task = (warm_up, ())
"""Compiles what all of it needs; the first worker that is free does it for the others."""


def settings(spec: ProofSpec, *names: str) -> str:
    """Those settings, as an input of a task."""
    return str({name: getattr(spec, name) for name in names})


def seed_block(folds: Folds, seeds: range) -> slice:
    """The replicates of some consecutive seeds."""
    return slice(seeds.start * folds.folds, seeds.stop * folds.folds)


def settle_task(
    spec: StudySpec, folds: Folds, state: Arrays, seeds: range, epsilons: tuple[float, ...]
) -> StageTask:
    """Settle every row of some seeds in the plain box at every budget."""
    weights = only_weights(state)
    inputs = task_inputs(
        PROOF_SOURCE, settings(spec.proof, *DECIDING), spec.training, spec.seed, str(seeds), str(epsilons),
        spec.attack.headline_epsilon, folds=folds, weights=weights,
    )  # fmt: skip
    return StageTask(
        inputs, _settle, (folds, weights, seeds, epsilons, spec.attack.headline_epsilon, spec.proof)
    )


def _settle(
    folds: Folds, weights: Arrays, seeds: range, epsilons: tuple[float, ...], headline: float, spec: ProofSpec
) -> Arrays:
    """A row proved at one budget is proved at every smaller one, one broken, or wrong at the start, at every larger.

    Returns:
        "margin" (seeds, n) float32 before any attack, fraud above 0; "outcome" (seeds, n, epsilons) int8;
        "witness" (seeds, n, d) raw units within the headline budget, NaN where there is none; "replayed"
        and "flipped", how many witnesses the float32 pipeline was given and how many it got wrong;
        "boxes" (seeds, n) up to the headline budget.
    """
    block = seed_block(folds, seeds)
    net, x, y = FraudNet.from_arrays(weights), folds.test_x(block), folds.test_y(block)
    margin = margins(net.select(block), x)
    right = (margin > 0) == (y == 1)
    outcome = np.full((*y.shape, len(epsilons)), UNRESOLVED, np.int8)
    outcome[~right] = BROKEN
    witness, looked = np.full(x.shape, np.nan), np.zeros(y.shape, np.int64)
    replayed = flipped = 0
    for i, replicate in enumerate(range(block.start, block.stop)):
        one, network = slice(replicate, replicate + 1), from_arrays(weights, replicate)
        part = net.select(one)
        for e in middle_first(len(epsilons)):
            rows, epsilon = np.flatnonzero(outcome[i, :, e] == UNRESOLVED), epsilons[e]
            centre = x[i, rows].astype(np.float64)
            found = decide(
                network, centre - epsilon, centre + epsilon, y[i, rows],
                box_limit=spec.box_limit, tau=spec.tau, milp_seconds=spec.milp_seconds,
            )  # fmt: skip
            outcome[i, rows, e] = found.outcome
            broken = found.outcome == BROKEN
            raw = folds.decode(found.witness[broken][None], one)
            if len(raw[0]):
                after = margins(part, folds.encode(raw, one))[0] > 0
                replayed, flipped = (
                    replayed + len(after),
                    flipped + int((after != (y[i, rows[broken]] == 1)).sum()),
                )
            if epsilon <= headline:
                witness[i, rows[broken]] = raw[0]
                looked[i, rows] += found.boxes
            spread(outcome[i], e)
    by_row = rows_of(folds, seeds)
    return {
        "margin": by_row(margin),
        "outcome": by_row(outcome),
        "witness": by_row(witness),
        "boxes": by_row(looked),
        "replayed": np.array([replayed]),
        "flipped": np.array([flipped]),
    }


def middle_first(count: int) -> Iterator[int]:
    """0 ... count - 1, each before the two halves it parts: most rows are asked about few of the budgets."""
    waiting = deque([(0, count)])
    while waiting:
        low, high = waiting.popleft()
        if low < high:
            middle = (low + high) // 2
            yield middle
            waiting += [(low, middle), (middle + 1, high)]


def spread(outcome: np.ndarray, e: int):
    """Let what is proved at budget e hold at smaller ones and what is broken at larger ones, where not known otherwise.

    Args:
        outcome: (n, budgets, ...), filled in place.
    """
    for name, others in ((PROVED, outcome[:, :e]), (BROKEN, outcome[:, e + 1 :])):
        others[(others == UNRESOLVED) & (outcome[:, [e]] == name)] = name


def rows_of(folds: Folds, seeds: range):
    """Gathers values of the replicates of `seeds` into (seeds, n, ...), as `Folds.to_rows` does for all."""
    first = seeds.start * folds.folds

    def gather(values: np.ndarray) -> np.ndarray:
        rows = np.empty((len(seeds), len(folds.y), *values.shape[2:]), values.dtype)
        for i in range(len(values)):
            count = folds.test_counts[first + i]
            rows[i // folds.folds, folds.test_rows[first + i, :count]] = values[i, :count]
        return rows

    return gather


def radius_task(spec: StudySpec, folds: Folds, state: Arrays, seed: int) -> StageTask:
    """Bracket the exact radius of every row of one seed, plain box."""
    weights = only_weights(state)
    largest = max(spec.attack.epsilons)
    inputs = task_inputs(
        PROOF_SOURCE, settings(spec.proof, *DECIDING, "radius_tolerance"), spec.training, spec.seed, seed, largest,
        folds=folds, weights=weights,
    )  # fmt: skip
    return StageTask(inputs, _radius, (folds, weights, seed, largest, spec.proof))


def _radius(folds: Folds, weights: Arrays, seed: int, largest: float, spec: ProofSpec) -> Arrays:
    """ "proved", "broken", "boxes", each (1, n); `broken` is infinite where `largest` is proved."""
    seeds = range(seed, seed + 1)
    block = seed_block(folds, seeds)
    x, y = folds.test_x(block), folds.test_y(block)
    found = []
    for i, replicate in enumerate(range(block.start, block.stop)):
        ones = np.ones(x[i].shape)
        found.append(
            radius(
                from_arrays(weights, replicate),
                x[i],
                y[i],
                ones,
                ones,
                largest,
                tolerance=spec.radius_tolerance,
                box_limit=spec.box_limit,
                tau=spec.tau,
            )
        )
    by_row = rows_of(folds, seeds)
    return {
        name: by_row(np.stack([getattr(each, name) for each in found]))
        for name in ("proved", "broken", "boxes")
    }


def cross_check_task(spec: StudySpec, folds: Folds, state: Arrays) -> StageTask:
    """Put some rows of the first replicate to both methods at the headline budget."""
    weights, headline = only_weights(state), spec.attack.headline_epsilon
    inputs = task_inputs(
        PROOF_SOURCE, settings(spec.proof, *DECIDING, "cross_checked_rows"), spec.training, spec.seed, headline,
        folds=folds, weights=weights,
    )  # fmt: skip
    return StageTask(inputs, _cross_check, (folds, weights, headline, spec.proof))


def _cross_check(folds: Folds, weights: Arrays, headline: float, spec: ProofSpec) -> Arrays:
    """ "search" and "milp", each (rows,) int8: `cross_checked_rows` outcomes, half of frauds if so many exist."""
    first = slice(0, 1)
    x, y = folds.test_x(first)[0].astype(np.float64), folds.test_y(first)[0]
    frauds_first = np.argsort(y != 1, kind="stable")
    rows = np.roll(frauds_first, spec.cross_checked_rows // 2)[: spec.cross_checked_rows]
    network, box = from_arrays(weights, 0), (x[rows] - headline, x[rows] + headline)
    return {
        "search": verify(network, *box, y[rows], box_limit=spec.box_limit, tau=spec.tau).outcome,
        "milp": milp.verify(network, *box, y[rows], time_limit=spec.milp_seconds).outcome.astype(np.int8),
    }

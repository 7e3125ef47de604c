"""The stages that prove: pure functions from arrays to arrays, one task per model and block of seeds."""

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.parallel import Task
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from generator.proofs.verifiers import VERIFIERS, warm_up
from generator.records.spec import ProofSpec, StudySpec
from generator.study.tasks import TRAINING_SOURCE, State, task_inputs
from generator.threats.surface import ball

PROOF_SOURCE = (
    "proofs", "study/proof_tasks.py", "study/tier_tasks.py", "threats/surface.py", "threats/evasion/steps.py",
    "records/boxes.py", *TRAINING_SOURCE,
)  # fmt: skip


DECIDING = ("box_limit", "tau", "milp_tau", "milp_seconds")
"""Settings of the proof that every verdict depends on."""


def warm_up_task(specs: Iterable[StudySpec]) -> Task:
    """Compiles what these studies need; the first worker that is free does it for the others."""
    return warm_up, (any(len(spec.training.hidden) != 2 for spec in specs),)


def settings(spec: ProofSpec, *names: str) -> str:
    """Those settings, as an input of a task."""
    return str({name: getattr(spec, name) for name in names})


def seed_block(folds: Folds, seeds: range) -> slice:
    """The replicates of some consecutive seeds."""
    return slice(seeds.start * folds.folds, seeds.stop * folds.folds)


def settle_task(
    spec: StudySpec, folds: Folds, state: State, seeds: range, epsilons: tuple[float, ...]
) -> StageTask:
    """Settle every row of some seeds in the plain box at every budget."""
    inputs = task_inputs(
        PROOF_SOURCE, state.kind, settings(spec.proof, *DECIDING), spec.training, spec.seed, str(seeds), str(epsilons),
        spec.attack.headline_epsilon, folds=folds, weights=state.weights,
    )  # fmt: skip
    return StageTask(
        inputs, _settle, (folds, state, seeds, epsilons, spec.attack.headline_epsilon, spec.proof)
    )


def _settle(
    folds: Folds, state: State, seeds: range, epsilons: tuple[float, ...], headline: float, spec: ProofSpec
) -> Arrays:
    """A row proved at one budget is proved at every smaller one, one broken, or wrong at the start, at every larger.

    Returns:
        "margin" (seeds, n) float32 before any attack, fraud above 0; "outcome" (seeds, n, epsilons) int8;
        "witness" (seeds, n, d) raw units within the headline budget, NaN where there is none; "replayed"
        and "flipped", how many witnesses the float32 pipeline was given and how many it got wrong;
        "boxes" (seeds, n) up to the headline budget; "by_rounding" (seeds, epsilons), how many are broken by
        rounding alone.
    """
    block, verifier = seed_block(folds, seeds), VERIFIERS[state.kind]
    model, y = state.model(folds).select(block), folds.test_y(block)
    margin = model.margins(folds.test_raw(block))
    outcome = np.full((*y.shape, len(epsilons)), UNRESOLVED, np.int8)
    outcome[(margin > 0) != (y == 1)] = BROKEN
    witness, looked = np.full((*y.shape, folds.x.shape[1]), np.nan), np.zeros(y.shape, np.int64)
    wrong, replayed, flipped = outcome == BROKEN, 0, 0
    around = {epsilon: ball(folds, block, epsilon) for epsilon in epsilons}
    for i in range(len(y)):
        subject, part = verifier.read(state.weights, block.start + i), model.select(slice(i, i + 1))
        for e in middle_first(len(epsilons)):
            rows, epsilon = np.flatnonzero(outcome[i, :, e] == UNRESOLVED), epsilons[e]
            found = verifier.decide(subject, around[epsilon].of(i, rows), y[i, rows], spec)
            outcome[i, rows, e] = found.outcome
            broken = found.outcome == BROKEN
            wrong[i, rows[broken & ~found.by_rounding], e:] = True
            raw = found.witness[broken]
            if len(raw):
                after = part.margins(raw[None])[0] > 0
                replayed += len(after)
                flipped += int((after != (y[i, rows[broken]] == 1)).sum())
            if epsilon <= headline:
                witness[i, rows[broken]] = raw
                looked[i, rows] += found.boxes
            propagate_verdicts(outcome[i], e)
    by_row = rows_of(folds, seeds)
    return {
        "margin": by_row(margin.astype(np.float32)),
        "outcome": by_row(outcome),
        "witness": by_row(witness),
        "boxes": by_row(looked),
        "replayed": np.array([replayed]),
        "flipped": np.array([flipped]),
        "by_rounding": by_row((outcome == BROKEN) & ~wrong).sum(1),
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


def propagate_verdicts(outcome: np.ndarray, e: int):
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


def radius_task(spec: StudySpec, folds: Folds, state: State, seed: int) -> StageTask:
    """Bracket the exact radius of every row of one seed, plain box."""
    largest = max(spec.attack.epsilons)
    inputs = task_inputs(
        PROOF_SOURCE, state.kind, settings(spec.proof, *DECIDING, "radius_tolerance"), spec.training, spec.seed,
        seed, largest, folds=folds, weights=state.weights,
    )  # fmt: skip
    return StageTask(inputs, _radius, (folds, state, seed, largest, spec.proof))


def _radius(folds: Folds, state: State, seed: int, largest: float, spec: ProofSpec) -> Arrays:
    """ "proved", "broken", "boxes", each (1, n); `broken` is infinite where `largest` is proved."""
    seeds = range(seed, seed + 1)
    block, verifier = seed_block(folds, seeds), VERIFIERS[state.kind]
    rows, y = ball(folds, block, 0.0), folds.test_y(block)
    found = [
        verifier.radius(verifier.read(state.weights, block.start + i), rows.of(i), y[i], largest, spec)
        for i in range(len(y))
    ]
    by_row = rows_of(folds, seeds)
    return {
        name: by_row(np.stack([getattr(each, name) for each in found]))
        for name in ("proved", "broken", "boxes")
    }


def cross_check_task(spec: StudySpec, folds: Folds, state: State) -> StageTask:
    """Put some rows of the first replicate to both methods at the headline budget."""
    headline = spec.attack.headline_epsilon
    inputs = task_inputs(
        PROOF_SOURCE, state.kind, settings(spec.proof, *DECIDING, "cross_checked_rows"), spec.training, spec.seed,
        headline, folds=folds, weights=state.weights,
    )  # fmt: skip
    return StageTask(inputs, _cross_check, (folds, state, headline, spec.proof))


def _cross_check(folds: Folds, state: State, headline: float, spec: ProofSpec) -> Arrays:
    """ "search" and "milp", each (rows,) int8: `cross_checked_rows` outcomes, half of frauds if so many exist."""
    first, verifier = slice(0, 1), VERIFIERS[state.kind]
    y = folds.test_y(first)[0]
    frauds_first = np.argsort(y != 1, kind="stable")
    rows = np.roll(frauds_first, spec.cross_checked_rows // 2)[: spec.cross_checked_rows]
    boxes = ball(folds, first, headline).of(0, rows)
    ours, theirs = verifier.cross_check(verifier.read(state.weights, 0), boxes, y[rows], spec)
    return {"search": ours.astype(np.int8), "milp": theirs.astype(np.int8)}

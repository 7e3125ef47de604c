"""The stages that prove: pure functions from arrays to arrays, one task per model and block of seeds."""

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.models.fraudnet import FraudNet
from generator.models.training import margins
from generator.proofs.network import from_arrays
from generator.proofs.network import margins as margins64
from generator.proofs.search import BROKEN, UNRESOLVED, Lattice, radius, verify
from generator.records.results import Feature
from generator.records.spec import ProofSpec, StudySpec
from generator.study.tasks import TRAINING_SOURCE, only_weights, task_inputs
from generator.threats.surface import TIERS, boxes, lattice, surface

PROOF_SOURCE = ("proofs", "study/proof_tasks.py", "threats/surface.py", *TRAINING_SOURCE)


def seed_block(folds: Folds, seeds: range) -> slice:
    """The replicates of some consecutive seeds."""
    return slice(seeds.start * folds.folds, seeds.stop * folds.folds)


def settle_task(
    spec: StudySpec, folds: Folds, state: Arrays, seeds: range, epsilons: tuple[float, ...]
) -> StageTask:
    """Settle every row of some seeds in the plain box at every budget."""
    weights = only_weights(state)
    inputs = task_inputs(
        PROOF_SOURCE, spec.proof.box_limit, spec.training, spec.seed, str(seeds), str(epsilons),
        spec.attack.headline_epsilon, x=folds.x, y=folds.y, weights=weights,
    )  # fmt: skip
    return StageTask(
        inputs, _settle, (folds, weights, seeds, epsilons, spec.attack.headline_epsilon, spec.proof)
    )


def _settle(
    folds: Folds, weights: Arrays, seeds: range, epsilons: tuple[float, ...], headline: float, spec: ProofSpec
) -> Arrays:
    """Outcomes in rising order of budgets: a row once broken, or wrong at the start, stays broken.

    Returns:
        "outcome" (seeds, n, epsilons) int8; "witness" (seeds, n, d) raw units within the
        headline budget, NaN where there is none; "replayed" and "broken", how many witnesses the float32
        pipeline was given and how many it got wrong; "boxes" (seeds, n) up to the headline budget.
    """
    block = seed_block(folds, seeds)
    net, x, y = FraudNet.from_arrays(weights), folds.test_x(block), folds.test_y(block)
    right = (margins(net.select(block), x) > 0) == (y == 1)
    outcome = np.full((*y.shape, len(epsilons)), BROKEN, np.int8)
    witness, looked = np.full(x.shape, np.nan), np.zeros(y.shape, np.int64)
    replayed = flipped = 0
    for i, replicate in enumerate(range(block.start, block.stop)):
        one, network = slice(replicate, replicate + 1), from_arrays(weights, replicate)
        part, standing = net.select(one), right[i].copy()
        for e, epsilon in enumerate(epsilons):
            rows = np.flatnonzero(standing)
            centre = x[i, rows].astype(np.float64)
            found = verify(network, centre - epsilon, centre + epsilon, y[i, rows], box_limit=spec.box_limit)
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
            standing[rows[broken]] = False
    by_row = _rows_of(folds, seeds)
    return {
        "outcome": by_row(outcome),
        "witness": by_row(witness),
        "boxes": by_row(looked),
        "replayed": np.array([replayed]),
        "flipped": np.array([flipped]),
    }


def _rows_of(folds: Folds, seeds: range):
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
        PROOF_SOURCE, spec.proof.box_limit, spec.proof.radius_tolerance, spec.training, spec.seed, seed,
        largest, x=folds.x, y=folds.y, weights=weights,
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
            )
        )
    by_row = _rows_of(folds, seeds)
    return {
        name: by_row(np.stack([getattr(each, name) for each in found]))
        for name in ("proved", "broken", "boxes")
    }


def tier_task(
    spec: StudySpec, folds: Folds, features: tuple[Feature, ...], state: Arrays, seeds: range
) -> StageTask:
    """Settle the frauds of some seeds in the box of every tier, at cuts of matched false-positive rate."""
    weights = only_weights(state)
    inputs = task_inputs(
        PROOF_SOURCE, spec.proof.box_limit, spec.training, spec.seed, str(seeds), str(features),
        str(tier_points(spec.proof, spec.attack.headline_epsilon)), x=folds.x, y=folds.y, weights=weights,
    )  # fmt: skip
    return StageTask(
        inputs, _tiers, (folds, features, weights, seeds, spec.attack.headline_epsilon, spec.proof)
    )


def tier_points(spec: ProofSpec, headline: float) -> list[tuple[float, tuple[float, ...]]]:
    """(false-positive rate, budgets): all budgets at the quoted rate, the headline budget at the others."""
    return [
        (rate, spec.epsilons if rate == spec.quoted_false_positive_rate else (headline,))
        for rate in spec.false_positive_rates
    ]


def matched_cut(margin: np.ndarray, genuine: np.ndarray, rate: float) -> float:
    """The cut above which at most this share of the genuine rows lies: margin (n,), genuine (n,) bool."""
    ranked = np.sort(margin[genuine])[::-1]
    return float(ranked[int(np.floor(rate * len(ranked)))])


def _tiers(
    folds: Folds,
    features: tuple[Feature, ...],
    weights: Arrays,
    seeds: range,
    headline: float,
    spec: ProofSpec,
) -> Arrays:
    """Per tier and rate: "clean/<rate>" (seeds, n) bool caught before, "<tier>/<rate>" (seeds, n, budgets) int8.

    In T0 too only frauds evade here: these are catch rates. Rows that are not frauds are 0.
    """
    block = seed_block(folds, seeds)
    x, y = folds.test_x(block).astype(np.float64), folds.test_y(block)
    counted = np.arange(x.shape[1]) < folds.test_counts[block, None]
    networks = [from_arrays(weights, replicate) for replicate in range(block.start, block.stop)]
    margin = np.stack([margins64(network, rows) for network, rows in zip(networks, x, strict=True)])
    answers: Arrays = {}
    for rate, epsilons in tier_points(spec, headline):
        cuts = [matched_cut(margin[i], counted[i] & (y[i] == 0), rate) for i in range(len(x))]
        caught = (margin > np.array(cuts)[:, None]) & (y == 1)
        answers[f"clean/{rate!r}"] = caught
        for tier in TIERS:
            reach = surface(features, tier)
            offset, step = lattice(reach, folds, block)
            outcome = (
                np.where(y == 1, BROKEN, UNRESOLVED)[:, :, None].repeat(len(epsilons), 2).astype(np.int8)
            )
            standing = caught.copy()
            for e, epsilon in enumerate(epsilons):
                lower, upper = boxes(reach, folds, block, epsilon)
                for i, network in enumerate(networks):
                    rows = np.flatnonzero(standing[i])
                    found = verify(
                        network, lower[i, rows], upper[i, rows], y[i, rows], threshold=cuts[i],
                        lattice=Lattice(offset[i], step[i]), box_limit=spec.box_limit,
                    )  # fmt: skip
                    outcome[i, rows, e] = found.outcome
                    standing[i, rows[found.outcome == BROKEN]] = False
            answers[f"{tier}/{rate!r}"] = outcome
    by_row = _rows_of(folds, seeds)
    return {name: by_row(values) for name, values in answers.items()}

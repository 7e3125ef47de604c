"""The stage that settles frauds tier by tier, at every operating point at once."""

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.proofs.decide import decide
from generator.proofs.network import Network, from_arrays
from generator.proofs.network import margins as margins64
from generator.proofs.search import BROKEN, PROVED, UNRESOLVED, Lattice
from generator.records.impact import OperatingPoint
from generator.records.results import Feature
from generator.records.spec import ProofSpec, StudySpec, Tier
from generator.study.proof_tasks import DECIDING, PROOF_SOURCE, rows_of, seed_block, settings
from generator.study.tasks import only_weights, task_inputs
from generator.threats.surface import boxes, lattice, surface

NESTED: tuple[Tier, ...] = ("T1", "T2", "T3", "T0")
"""Each may do all that the one before may, so what breaks a fraud in one breaks it in the next."""


def operating_points(spec: ProofSpec) -> tuple[OperatingPoint, ...]:
    """Each model's own cut, then the matched ones."""
    matched = (
        OperatingPoint(name=f"matched/{r:g}", false_positive_rate=r) for r in spec.false_positive_rates
    )
    return (OperatingPoint(name="own", false_positive_rate=None), *matched)


def quoted_point(spec: ProofSpec) -> int:
    """Place of the operating point that prose quotes."""
    return 1 + spec.false_positive_rates.index(spec.quoted_false_positive_rate)


def matched_cut(margin: np.ndarray, genuine: np.ndarray, rate: float) -> float:
    """The cut above which at most this share of the genuine rows lies: margin (n,), genuine (n,) bool."""
    ranked = np.sort(margin[genuine])[::-1]
    return float(ranked[int(np.floor(rate * len(ranked)))])


def tier_task(
    spec: StudySpec, folds: Folds, features: tuple[Feature, ...], state: Arrays, seeds: range
) -> StageTask:
    """Settle the frauds of some seeds in the box of every tier, at every operating point and budget."""
    weights, headline = only_weights(state), spec.attack.headline_epsilon
    asked = settings(spec.proof, *DECIDING, "epsilons", "false_positive_rates", "quoted_false_positive_rate")
    inputs = task_inputs(
        PROOF_SOURCE, asked, spec.training, spec.seed, str(seeds), str(features), headline,
        x=folds.x, y=folds.y, weights=weights,
    )  # fmt: skip
    return StageTask(inputs, _tiers, (folds, features, weights, seeds, headline, spec.proof))


def _tiers(
    folds: Folds,
    features: tuple[Feature, ...],
    weights: Arrays,
    seeds: range,
    headline: float,
    spec: ProofSpec,
) -> Arrays:
    """Only frauds evade, in T0 too: these are catch rates.

    Returns:
        "cuts" (seeds * folds, points), margins; "flagged" (seeds, n, points) bool, nobody evading; per tier
        "<tier>" (seeds, n, budgets, points) int8, the outcome of frauds (broken where not flagged to
        begin with, 0 for genuine rows), and "witness/<tier>" (seeds, n, d), raw units, an example
        within the headline budget at the quoted point, NaN where there is none.
    """
    block = seed_block(folds, seeds)
    x, y = folds.test_x(block).astype(np.float64), folds.test_y(block)
    counted = np.arange(x.shape[1]) < folds.test_counts[block, None]
    networks = [from_arrays(weights, replicate) for replicate in range(block.start, block.stop)]
    margin = np.stack([margins64(network, rows) for network, rows in zip(networks, x, strict=True)])
    cuts = np.array(
        [
            [0.0, *(matched_cut(m, seen & (label == 0), rate) for rate in spec.false_positive_rates)]
            for m, seen, label in zip(margin, counted, y, strict=True)
        ]
    )
    flagged = margin[:, :, None] > cuts[:, None, :]
    answers: Arrays = {"flagged": flagged}
    outcome = np.where(y == 1, BROKEN, UNRESOLVED)[:, :, None, None].repeat(len(spec.epsilons), 2)
    outcome = outcome.repeat(cuts.shape[1], 3).astype(np.int8)
    outcome[(flagged & (y == 1)[:, :, None])[:, :, None].repeat(len(spec.epsilons), 2)] = PROVED
    witness = np.full(x.shape, np.nan)
    for tier in NESTED:
        outcome, witness = outcome.copy(), witness.copy()
        reach = surface(features, tier)
        offset, step = lattice(reach, folds, block)
        for e, epsilon in enumerate(spec.epsilons):
            if e:  # what a smaller budget breaks, this one breaks
                outcome[:, :, e] = np.minimum(outcome[:, :, e], outcome[:, :, e - 1])
            lower, upper = boxes(reach, folds, block, epsilon)
            for i, network in enumerate(networks):
                box = lower[i], upper[i], Lattice(offset[i], step[i])
                kept = witness[i] if epsilon <= headline else np.full_like(witness[i], np.nan)
                _settle_points(network, cuts[i], *box, flagged[i], outcome[i, :, e], kept, spec)
        answers[tier], answers[f"witness/{tier}"] = outcome, folds.decode(witness, block)
    by_row = rows_of(folds, seeds)
    return {name: by_row(values) for name, values in answers.items()} | {"cuts": cuts}


def _settle_points(
    network: Network,
    cuts: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    steps: Lattice,
    flagged: np.ndarray,
    outcome: np.ndarray,
    witness: np.ndarray,
    spec: ProofSpec,
):
    """Settle frauds in their boxes from the highest cut down, in place; PROVED in `outcome` means not yet broken.

    A proof at one cut holds at every lower one, and an example breaks every cut it does not
    exceed, so a fraud is asked about few of them.

    Args:
        flagged: (n, points), nobody evading.
        outcome: (n, points), of one replicate and budget.
        witness: (n, d) scaled; rows flagged at the quoted point that have none get what breaks them there.
    """
    quoted, done = quoted_point(spec), np.zeros(len(outcome), bool)
    for place in np.argsort(-cuts, kind="stable"):
        rows = np.flatnonzero((outcome[:, place] == PROVED) & ~done)
        if not len(rows):
            continue
        found = decide(
            network, lower[rows], upper[rows], np.ones(len(rows)), threshold=cuts[place], lattice=steps,
            box_limit=spec.box_limit, tau=spec.tau, milp_seconds=spec.milp_seconds,
        )  # fmt: skip
        done[rows[found.outcome == PROVED]] = True
        outcome[rows, place] = found.outcome
        broken = found.outcome == BROKEN
        hit, seen = rows[broken], found.margin[broken] + cuts[place]
        outcome[hit] = np.where(seen[:, None] <= cuts + 2 * spec.tau, BROKEN, outcome[hit])
        new = hit[flagged[hit, quoted] & (outcome[hit, quoted] == BROKEN) & np.isnan(witness[hit, 0])]
        witness[new] = found.witness[np.searchsorted(rows, new)]

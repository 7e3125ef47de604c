"""The strongest attack we have: many attacks at one budget, and for each row the worst that any of them did.

Together they are the honest upper bound on robust accuracy: gradients on two losses with
restarts, the nearest boundary, corners, scores only, answers only, and the examples of another
model. Everything is a proposal; `judge` decides. The attackers move every input of every row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from generator.models.folds import Folds
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins
from generator.records.spec import BatterySpec
from generator.threats import queries
from generator.threats.evasion import judge
from generator.threats.gradients import (
    Proposal,
    Target,
    apgd,
    fgsm,
    nearest_boundary,
    pgd_cross_entropy,
    pgd_margin,
    transfer,
)


@dataclass(frozen=True)
class BatteryOutcome:
    """What one attack did to the rows it ran on."""

    right: np.ndarray
    """(rows,) bool: right before the attack and after it."""
    rows: np.ndarray
    """(rows,) row numbers in the table."""
    queries: int
    """Forward passes a row, those of gradients included."""


def corners(target: Target) -> Proposal:
    """See `queries.corners`."""
    return queries.corners(target.net, target.x, target.y, target.epsilon), 2 ** target.x.shape[2]


def block_search(target: Target) -> Proposal:
    """See `queries.block_search`."""
    count = target.spec.search_queries
    rng = target.rng("block search")
    return queries.block_search(target.net, target.x, target.y, target.epsilon, queries=count, rng=rng), count


def noise(target: Target) -> Proposal:
    """See `queries.noise`."""
    count, rng = target.spec.noise_draws, target.rng("noise")
    return queries.noise(target.net, target.x, target.y, target.epsilon, draws=count, rng=rng), count


FULL_COVERAGE: dict[str, Callable[[Target], Proposal]] = {
    attack.__name__: attack
    for attack in (
        fgsm, pgd_cross_entropy, pgd_margin, apgd, nearest_boundary, corners, block_search, transfer, noise
    )
}  # fmt: skip
"""Attacks that run on every row."""


def run_battery(
    net: FraudNet, folds: Folds, seed_index: int, epsilon: float, spec: BatterySpec, seed: int
) -> dict[str, BatteryOutcome]:
    """Attack the replicates of one seed by everything in FULL_COVERAGE, and some rows by HopSkipJump.

    Args:
        net: All replicates of `folds`.
        folds: Who judges which row.
        seed_index: The seed whose replicates are attacked; each row of the table is attacked once.
        epsilon: L-infinity budget, in standard deviations.
        spec: How hard to try.
        seed: The study's seed.

    Returns:
        Attack -> outcome, in the order of FULL_COVERAGE, then `hop_skip_jump`.

    Raises:
        ValueError: The budget is not positive, or there are more corners than can be visited.
    """
    if epsilon <= 0:
        raise ValueError(f"the battery needs a budget above zero, not {epsilon}")
    block = slice(seed_index * folds.folds, (seed_index + 1) * folds.folds)
    x, y = folds.test_x(block), folds.test_y(block)
    target = Target(net.select(block), folds, block, x, y, epsilon, spec, seed, net)
    clean = (margins(target.net, x) > 0) == y
    counted = np.arange(x.shape[1]) < folds.test_counts[block, None]
    numbers = folds.test_rows[block]
    outcomes = {}
    for name, attack in FULL_COVERAGE.items():
        proposal, asked = attack(target)
        judged = judge(target.net, folds, block, x, proposal, epsilon)
        right = clean & ((judged.margins > 0) == y)
        outcomes[name] = _outcome(right[counted], numbers[counted], asked)
    return outcomes | {"hop_skip_jump": _hop_skip_jump(target)}


def _hop_skip_jump(target: Target) -> BatteryOutcome:
    """HopSkipJump on the first test rows of the seed's first replicate."""
    first = slice(target.block.start, target.block.start + 1)
    one, chosen = target.net.select(slice(0, 1)), slice(0, target.spec.hop_skip_jump_rows)
    x, y = target.x[:1, chosen], target.y[:1, chosen]
    proposal, asked = queries.hop_skip_jump(
        one, x[0], y[0], target.epsilon,
        steps=target.spec.hop_skip_jump_steps, limit=target.spec.hop_skip_jump_queries,
        seed=target.seed, stage=f"battery: HopSkipJump/{target.block.start}",
    )  # fmt: skip
    judged = judge(one, target.folds, first, x, proposal[None], target.epsilon)
    right = ((margins(one, x) > 0) == y) & ((judged.margins > 0) == y)
    return _outcome(right[0], target.folds.test_rows[target.block.start, chosen], asked)


def _outcome(right: np.ndarray, rows: np.ndarray, asked: int) -> BatteryOutcome:
    order = np.argsort(rows)
    return BatteryOutcome(right[order], rows[order], asked)


def worst_case(outcomes: Mapping[str, BatteryOutcome]) -> BatteryOutcome:
    """Right only where no full-coverage attack broke the row; queries add up."""
    full = [outcomes[name] for name in FULL_COVERAGE]
    return BatteryOutcome(
        right=np.logical_and.reduce([outcome.right for outcome in full]),
        rows=full[0].rows,
        queries=sum(outcome.queries for outcome in full),
    )


def to_arrays(outcomes: Mapping[str, BatteryOutcome]) -> dict[str, np.ndarray]:
    """All outcomes as plain arrays, `attack/field`."""
    return {
        f"{name}/{field}": np.atleast_1d(value)
        for name, outcome in outcomes.items()
        for field, value in vars(outcome).items()
    }


def from_arrays(arrays: Mapping[str, np.ndarray]) -> dict[str, BatteryOutcome]:
    """The outcomes `to_arrays` made the arrays from, attacks in alphabetical order."""
    names = sorted({key.split("/")[0] for key in arrays})
    return {
        name: BatteryOutcome(
            arrays[f"{name}/right"], arrays[f"{name}/rows"], int(arrays[f"{name}/queries"][0])
        )
        for name in names
    }

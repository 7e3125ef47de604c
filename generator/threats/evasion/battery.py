"""The strongest attack we have: many attacks at one budget, and for each row the worst that any of them did.

Together they are the honest upper bound on robust accuracy: gradients on two losses with
restarts, the nearest boundary, corners, scores only, answers only, the examples of another model and
of a copy. Everything is a proposal; `judge` decides. The attackers move every input of every row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from generator.engine.seeding import stage_seed
from generator.models.folds import Folds
from generator.models.model import Model
from generator.records.spec import BatterySpec
from generator.threats.evasion import copies, queries
from generator.threats.evasion.attacks import judge
from generator.threats.evasion.gradients import (
    Proposal,
    Target,
    apgd,
    fgsm,
    nearest_boundary,
    pgd_cross_entropy,
    pgd_margin,
    transfer,
)
from generator.threats.evasion.needs import Attack


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
    return queries.corners(target.ask, target.x, target.y, target.epsilon), 2 ** target.x.shape[2]


def block_search(target: Target) -> Proposal:
    """See `queries.block_search`."""
    count = target.spec.search_queries
    rng = target.rng("block search")
    return queries.block_search(target.ask, target.x, target.y, target.epsilon, queries=count, rng=rng), count


def noise(target: Target) -> Proposal:
    """See `queries.noise`."""
    count, rng = target.spec.noise_draws, target.rng("noise")
    return queries.noise(target.ask, target.x, target.y, target.epsilon, draws=count, rng=rng), count


FULL_COVERAGE: dict[str, Attack] = {
    attack.__name__: Attack(attack, needs)
    for attack, *needs in (
        (fgsm, "gradients"),
        (pgd_cross_entropy, "gradients"),
        (pgd_margin, "gradients"),
        (apgd, "gradients"),
        (nearest_boundary, "gradients"),
        (corners, "scores", "few inputs"),
        (block_search, "scores"),
        (transfer, "gradients", "another replicate"),
        (noise, "scores"),
    )
}
"""Attacks that run on every row."""


def hop_skip_jump(target: Target, ask: queries.Ask, x: np.ndarray, y: np.ndarray) -> Proposal:
    """See `queries.hop_skip_jump`."""
    return queries.hop_skip_jump(
        ask, x, y, target.epsilon,
        steps=target.spec.hop_skip_jump_steps, limit=target.spec.hop_skip_jump_queries,
        seed=target.seed, stage=f"battery: HopSkipJump/{target.block.start}",
    )  # fmt: skip


def zoo(target: Target, ask: queries.Ask, x: np.ndarray, y: np.ndarray) -> Proposal:
    """See `queries.zoo`."""
    steps, stage = target.spec.zoo_steps, f"battery: ZOO/{target.block.start}"
    return queries.zoo(ask, x, y, target.epsilon, steps=steps, seed=target.seed, stage=stage)


def tree_copy(target: Target, ask: queries.Ask, x: np.ndarray, y: np.ndarray) -> Proposal:
    """See `copies.decision_tree`; the copy learns from rows that no replicate of the seed's first fold judges."""
    folds, first = target.folds, target.block.start
    rows = folds.x[folds.train_rows[first]] if folds.drawn is None else folds.drawn.x[first]
    train = folds.encode(rows[None], slice(first, first + 1))[0]
    return copies.decision_tree(ask, train, x, stage_seed(target.seed, f"battery: tree copy/{first}"))


FIRST_ROWS: dict[str, Attack] = {
    attack.__name__: Attack(attack, needs)
    for attack, *needs in ((hop_skip_jump, "answers"), (zoo, "scores"), (tree_copy, "answers"))
}
"""Attacks through ART that take rows one by one: on as many of the first as `<name>_rows` of the settings says."""


def run_battery(
    model: Model, folds: Folds, seed_index: int, epsilon: float, spec: BatterySpec, seed: int
) -> dict[str, BatteryOutcome]:
    """Attack the replicates of one seed by all in FULL_COVERAGE that applies, and some rows by those in FIRST_ROWS.

    Args:
        model: All replicates of `folds`.
        folds: Who judges which row.
        seed_index: The seed whose replicates are attacked; each row of the table is attacked once.
        epsilon: L-infinity budget, in standard deviations.
        spec: How hard to try.
        seed: The study's seed.

    Returns:
        Attack -> outcome, in the order of FULL_COVERAGE, then of FIRST_ROWS.

    Raises:
        ValueError: The budget is not positive.
    """
    if epsilon <= 0:
        raise ValueError(f"the battery needs a budget above zero, not {epsilon}")
    block = slice(seed_index * folds.folds, (seed_index + 1) * folds.folds)
    x, y = folds.test_x(block), folds.test_y(block)
    target = Target(model.select(block), folds, block, x, y, epsilon, spec, seed, model)
    clean = (target.model.margins(folds.test_raw(block)) > 0) == y
    counted = np.arange(x.shape[1]) < folds.test_counts[block, None]
    numbers = folds.test_rows[block]
    outcomes = {}
    for name, attack in FULL_COVERAGE.items():
        if not attack.applies(model, folds):
            continue
        proposal, asked = attack.propose(target)
        judged = judge(target.model, folds, block, x, proposal, epsilon)
        right = clean & ((judged.margins > 0) == y)
        outcomes[name] = _outcome(right[counted], numbers[counted], asked)
    for name, attack in FIRST_ROWS.items():
        if attack.applies(model, folds):
            outcomes[name] = _on_first_rows(target, getattr(spec, f"{name}_rows"), attack.propose)
    return outcomes


def _on_first_rows(target: Target, rows: int, propose: Callable) -> BatteryOutcome:
    """An attack that takes rows one by one, on the first test rows of the seed's first replicate."""
    first = slice(target.block.start, target.block.start + 1)
    one, chosen = target.model.select(slice(0, 1)), slice(0, rows)
    x, y = target.x[:1, chosen], target.y[:1, chosen]

    def ask(points: np.ndarray) -> np.ndarray:
        return one.margins(target.folds.decode(points, first))

    proposal, asked = propose(target, ask, x[0], y[0])
    judged = judge(one, target.folds, first, x, proposal[None], target.epsilon)
    right = ((one.margins(target.folds.test_raw(first)[:, chosen]) > 0) == y) & ((judged.margins > 0) == y)
    return _outcome(right[0], target.folds.test_rows[target.block.start, chosen], asked)


def _outcome(right: np.ndarray, rows: np.ndarray, asked: int) -> BatteryOutcome:
    order = np.argsort(rows)
    return BatteryOutcome(right[order], rows[order], asked)


def worst_case(outcomes: Mapping[str, BatteryOutcome]) -> BatteryOutcome:
    """Right only where no full-coverage attack broke the row; queries add up."""
    full = [outcomes[name] for name in FULL_COVERAGE if name in outcomes]
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

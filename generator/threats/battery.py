"""The strongest attack we have: many attacks at one budget, and for each row the worst that any of them did.

Together they are the honest upper bound on robust accuracy: gradients on two losses with
restarts, the nearest boundary, corners, scores only, answers only, and the examples of another
model. Everything is a proposal; `judge` decides. The attackers move every input of every row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from art.attacks.evasion import AutoProjectedGradientDescent

from generator.engine.seeding import global_seed, stage_rng
from generator.models.folds import Folds
from generator.models.fraudnet import FraudNet
from generator.models.inner import margin_and_gradient
from generator.models.training import margins
from generator.records.spec import AttackSpec, BatterySpec
from generator.threats import queries
from generator.threats.evasion import as_art, attack_rows, judge


@dataclass(frozen=True)
class BatteryOutcome:
    """What one attack did to the rows it ran on."""

    right: np.ndarray
    """(rows,) bool: right before the attack and after it."""
    rows: np.ndarray
    """(rows,) row numbers in the table."""
    queries: int
    """Forward passes a row, those of gradients included."""


@dataclass(frozen=True)
class Target:
    """The replicates of one seed and their test rows."""

    net: FraudNet
    folds: Folds
    block: slice
    """The replicates, among all of `folds`."""
    x: np.ndarray
    """(replicates, rows, d) float32, standardised."""
    y: np.ndarray
    """(replicates, rows)"""
    epsilon: float
    spec: BatterySpec
    seed: int
    whole: FraudNet
    """All replicates, for substitutes."""

    def rng(self, name: str) -> np.random.Generator:
        return stage_rng(self.seed, f"battery: {name}/{self.block.start}")


Proposal = tuple[np.ndarray, int]
"""(replicates, rows, d) and the queries of a row."""


def fgsm(target: Target) -> Proposal:
    """ART's fast gradient sign method."""
    return attack_rows("fgsm", target.net, target.x, target.y, target.epsilon, AttackSpec()), 1


def pgd_cross_entropy(target: Target) -> Proposal:
    """ART's projected gradient descent on cross-entropy, from the row itself, last iterate."""
    spec = AttackSpec(pgd_steps=target.spec.pgd_steps)
    return attack_rows("pgd", target.net, target.x, target.y, target.epsilon, spec), spec.pgd_steps


def pgd_margin(target: Target) -> Proposal:
    """Sign steps on the margin with restarts, steps shrinking from the budget to nothing, best of all iterates.

    The first start is the row itself, the others are uniform in its box.
    """
    return _climb_best(target, target.net, target.x, target.y)


def _climb_best(target: Target, net: FraudNet, x: np.ndarray, y: np.ndarray) -> Proposal:
    spec, epsilon, rng = target.spec, target.epsilon, target.rng("PGD on the margin")
    x0, direction = torch.from_numpy(x), torch.from_numpy(1.0 - 2.0 * y).float()
    best, worst = x0.clone(), torch.full(y.shape, -torch.inf)
    for restart in range(spec.restarts):
        point = x0
        if restart:
            point = x0 + torch.from_numpy(rng.uniform(-epsilon, epsilon, x.shape).astype(np.float32))
        for step in range(spec.pgd_steps + 1):
            margin, gradient = margin_and_gradient(net, point)
            worse = margin * direction > worst
            worst = torch.where(worse, margin * direction, worst)
            best = torch.where(worse[:, :, None], point, best)
            length = epsilon * (1 - step / spec.pgd_steps)
            moved = point + length * (gradient * direction[:, :, None]).sign()
            point = torch.clamp(moved, x0 - epsilon, x0 + epsilon)
    return best.numpy(), spec.restarts * (spec.pgd_steps + 1)


def apgd(target: Target) -> Proposal:
    """ART's Auto-PGD on cross-entropy, one replicate at a time: it drops broken rows, which a stack cannot.

    Source: Croce and Hein 2020, arXiv:2003.01690, section 3.
    """
    spec, proposals = target.spec, target.x.copy()
    with global_seed(target.seed, f"battery: APGD/{target.block.start}"):
        for replicate in range(len(target.x)):
            attack = AutoProjectedGradientDescent(
                as_art(target.net.select(slice(replicate, replicate + 1))),
                eps=target.epsilon,
                eps_step=2 * target.epsilon,
                max_iter=spec.apgd_steps,
                nb_random_init=spec.apgd_restarts,
                batch_size=target.x.shape[1],
                loss_type="cross_entropy",
                verbose=False,
            )
            proposals[replicate] = attack.generate(target.x[replicate], target.y[replicate])
    # a step asks for a gradient and a loss, a restart for two predictions
    return proposals, spec.apgd_restarts * (2 * spec.apgd_steps + 2)


def nearest_boundary(target: Target) -> Proposal:
    """A minimum-norm attack: steps onto the linearised boundary, drawn back to the row, then bisection towards it.

    The L-infinity step from x to m(x) + g . d = 0 is d = -m sign(g) / |g|_1, taken 5 % too long.
    Every other step starts from the middle between the iterate and the row.

    Source: Moosavi-Dezfooli et al. 2016, arXiv:1511.04599, section 3; Croce and Hein 2020,
    arXiv:1907.02044, for the overshoot, the way back and the final search.
    """
    x0, sign = torch.from_numpy(target.x), torch.from_numpy(2.0 * target.y - 1).float()
    best, least, point = x0.clone(), torch.full(target.y.shape, torch.inf), x0
    steps = target.spec.boundary_steps
    for step in range(steps + 1):
        margin, gradient = margin_and_gradient(target.net, point)
        distance = (point - x0).abs().amax(2)
        nearer = (margin * sign <= 0) & (distance < least)
        least = torch.where(nearer, distance, least)
        best = torch.where(nearer[:, :, None], point, best)
        if step % 2:
            point = (point + x0) / 2
            margin, gradient = margin_and_gradient(target.net, point)
        length = margin / gradient.abs().sum(2).clamp(min=1e-12)
        # without a slope there is no boundary to go to; beyond twice the budget none is of use
        length = (1.05 * length).clamp(-2 * target.epsilon, 2 * target.epsilon)
        point = point - length[:, :, None] * gradient.sign()
    inside, outside = torch.zeros_like(least), torch.ones_like(least)
    for _ in range(BISECTIONS):
        middle = (inside + outside) / 2
        margin, _ = margin_and_gradient(target.net, torch.lerp(x0, best, middle[:, :, None]))
        broken = margin * sign <= 0
        inside, outside = torch.where(broken, inside, middle), torch.where(broken, middle, outside)
    return torch.lerp(x0, best, outside[:, :, None]).numpy(), steps + steps // 2 + 1 + BISECTIONS


BISECTIONS = 16
"""Halvings of the way from the row to the best point: the overshoot shrinks below float32 rounding."""


def corners(target: Target) -> Proposal:
    """See `queries.corners`."""
    return queries.corners(target.net, target.x, target.y, target.epsilon), 2 ** target.x.shape[2]


def block_search(target: Target) -> Proposal:
    """See `queries.block_search`."""
    count = target.spec.search_queries
    rng = target.rng("block search")
    return queries.block_search(target.net, target.x, target.y, target.epsilon, queries=count, rng=rng), count


def transfer(target: Target) -> Proposal:
    """Examples made on a substitute, in its own units: the same fold of the next seed, or the next fold of one seed.

    The substitute may have been trained on these very rows, which only helps the attacker.
    """
    folds = target.folds
    shift = folds.folds if folds.seeds > 1 else 1
    replicates = range(target.block.start, target.block.stop)
    proposals = np.empty_like(target.x)
    for place, replicate in enumerate(replicates):
        ours, theirs = (slice(r, r + 1) for r in (replicate, (replicate + shift) % folds.replicates))
        raw = folds.decode(target.x[place : place + 1], ours)
        found, _ = _climb_best(
            target, target.whole.select(theirs), folds.encode(raw, theirs), target.y[place, None]
        )
        proposals[place] = folds.encode(folds.decode(found, theirs), ours)[0]
    return proposals, 1


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
        steps=target.spec.hop_skip_jump_steps, limit=target.spec.hop_skip_jump_queries, seed=target.seed,
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

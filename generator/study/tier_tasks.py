"""The stage that settles frauds tier by tier, at every operating point at once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.models.cuts import matched_cut
from generator.models.folds import Folds
from generator.models.model import Differentiable
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from generator.proofs.verifiers import VERIFIERS, Verifier
from generator.records.boxes import Boxes
from generator.records.features import Feature
from generator.records.impact import OperatingPoint
from generator.records.spec import ProofSpec, StudySpec
from generator.records.threat import Threat, surface
from generator.records.validation import ValidationSpec
from generator.study.proof_tasks import (
    DECIDING,
    PROOF_SOURCE,
    middle_first,
    propagate_verdicts,
    rows_of,
    seed_block,
    settings,
)
from generator.study.tasks import State, task_inputs
from generator.threats.evasion.steps import stepped
from generator.threats.surface import ball, boxes, reached


def operating_points(spec: ProofSpec) -> tuple[OperatingPoint, ...]:
    """Each model's own cut, then the matched ones."""
    matched = (
        OperatingPoint(name=f"matched/{r:g}", false_positive_rate=r) for r in spec.false_positive_rates
    )
    return (OperatingPoint(name="own", false_positive_rate=None), *matched)


def quoted_point(spec: ProofSpec) -> int:
    """Place of the operating point that prose quotes."""
    return 1 + spec.false_positive_rates.index(spec.quoted_false_positive_rate)


@dataclass(frozen=True)
class Counting:
    """How often each of n rows counts where cuts are matched, and cuts beyond those of the spec."""

    weights: np.ndarray
    """(n,) where a share is that of genuine rows."""
    in_life: np.ndarray
    """(n,) where it is that of all."""
    alert_budgets: tuple[float, ...] = ()
    """Shares of all that may alarm: operating points behind those of the spec."""

    @classmethod
    def once(cls, n: int) -> "Counting":
        return cls(np.ones(n), np.ones(n))


def tier_task(
    spec: StudySpec | ValidationSpec,
    folds: Folds,
    features: tuple[Feature, ...],
    state: State,
    seeds: range,
    counting: Counting | None = None,
) -> StageTask:
    """Settle the frauds of some seeds in the box of every tier, at every operating point and budget.

    Args:
        counting: None: every row counts once, and there are the points of the spec alone.
    """
    counting = counting or Counting.once(len(folds.y))
    headline = spec.attack.headline_epsilon
    asked = settings(spec.proof, *DECIDING, "epsilons", "false_positive_rates", "quoted_false_positive_rate")
    inputs = task_inputs(
        PROOF_SOURCE, state.kind, asked, spec.training, spec.seed, str(seeds), str(features), spec.threat,
        headline, str(counting.alert_budgets), folds=folds, weights=state.weights,
        counted=np.stack((counting.weights, counting.in_life)),
    )  # fmt: skip
    return StageTask(
        inputs, _tiers, (folds, features, spec.threat, state, seeds, headline, spec.proof, counting)
    )


_Examples = tuple[np.ndarray, np.ndarray]
"""Rows (m,), and points (m, d) in raw units."""


def _tiers(
    folds: Folds,
    features: tuple[Feature, ...],
    threat: Threat,
    state: State,
    seeds: range,
    headline: float,
    spec: ProofSpec,
    counting: Counting,
) -> Arrays:
    """Only frauds evade, in the benchmark too: these are catch rates.

    Returns:
        "cuts" (seeds * folds, points), margins; "monotone" (seeds * folds, d), as the verifier says;
        "flagged" (seeds, n, points) bool, nobody evading; per tier
        "<tier>" (seeds, n, budgets, points) int8, the outcome of frauds (broken where not flagged to
        begin with, 0 for genuine rows), and "witness/<tier>" (seeds, n, d), raw units, an example
        within the headline budget at the quoted point, NaN where there is none; "found/<tier>" (m, d), every
        example that settled a fraud, raw units, and "found_at/<tier>" (m, 3) int32, its seed, row and budget, by
        place; "by_rounding" (seeds, tiers, budgets, points), in the order of the threat, how many are broken by
        rounding alone. Where the model has gradients, "fgsm/<tier>" (seeds, n) bool: flagged at the quoted point
        after one step at the headline budget.
    """
    block, verifier = seed_block(folds, seeds), VERIFIERS[state.kind]
    rows, y = ball(folds, block, 0.0), folds.test_y(block)
    counted = np.arange(y.shape[1]) < folds.test_counts[block, None]
    subjects = [verifier.read(state.weights, replicate) for replicate in range(block.start, block.stop)]
    margin = np.stack([verifier.margins(subject, rows.of(i)) for i, subject in enumerate(subjects)])
    cuts = np.array(
        [
            _cuts(m, seen, label, spec, counting, tested)
            for m, seen, label, tested in zip(margin, counted, y, folds.test_rows[block], strict=True)
        ]
    )
    flagged, fraud = margin[:, :, None] > cuts[:, None, :], y == 1
    start = np.zeros((*y.shape, len(spec.epsilons), cuts.shape[1]), np.int8)
    start[(fraud[:, :, None] & ~flagged)[:, :, None].repeat(len(spec.epsilons), 2)] = BROKEN
    outcomes: dict[str, np.ndarray] = {}
    witnesses: dict[str, np.ndarray] = {}
    wrong: dict[str, np.ndarray] = {}  # where an example is wrong beyond rounding, or nothing was flagged
    examples: dict[str, list[tuple[int, int, np.ndarray, np.ndarray]]] = {}
    for tier in threat.ends_first():
        weaker = [name for name in outcomes if tier.contains(threat.tier(name))]
        stronger = [name for name in outcomes if threat.tier(name).contains(tier)]
        witness = _first_of([witnesses[name] for name in weaker], rows.x.shape)
        outcome = _inherited(start, [outcomes[n] for n in weaker], [outcomes[n] for n in stronger])
        outcomes[tier.name], witnesses[tier.name], examples[tier.name] = outcome, witness, []
        wrong[tier.name] = np.logical_or.reduce([start == BROKEN, *(wrong[name] for name in weaker)])
        reach = surface(features, tier)
        every = range(len(spec.epsilons))
        for e in middle_first(len(every)) if reach.budgeted else every[:1]:
            for i, subject in enumerate(subjects):
                if not reach.budgeted:
                    _level(outcome[i])
                stopped, asked = _settle_points(
                    verifier, subject, cuts[i], rows.of(i), partial(reached, reach, epsilon=spec.epsilons[e]),
                    fraud[i], flagged[i], outcome[i, :, e], wrong[tier.name][i, :, e], spec,
                )  # fmt: skip
                examples[tier.name] += [(i, e, *each) for each in asked]
                if spec.epsilons[e] <= headline:
                    for some, points in stopped:
                        witness[i, some] = points
                if reach.budgeted:
                    propagate_verdicts(outcome[i], e)
                else:
                    _level(outcome[i])
                wrong[tier.name][i, :, e:] |= wrong[tier.name][i, :, e, None]
    answers = {"flagged": flagged, **outcomes}
    answers |= {f"witness/{tier}": witness for tier, witness in witnesses.items()}
    answers |= _after_a_step(
        folds, features, threat, state, block, headline, cuts[:, None, quoted_point(spec)]
    )
    kept = {
        name: part
        for tier, each in examples.items()
        for name, part in _kept(folds, seeds, tier, each).items()
    }
    by_row = rows_of(folds, seeds)
    by_rounding = [by_row((outcomes[t] == BROKEN) & ~wrong[t]).sum(1) for t in threat.names]
    monotone = np.stack([verifier.monotone(subject) for subject in subjects])
    return {name: by_row(values) for name, values in answers.items()} | {
        "cuts": cuts, "monotone": monotone, "by_rounding": np.stack(by_rounding, axis=1), **kept
    }  # fmt: skip


def _after_a_step(
    folds: Folds,
    features: tuple[Feature, ...],
    threat: Threat,
    state: State,
    block: slice,
    epsilon: float,
    cuts: np.ndarray,
) -> Arrays:
    """Which frauds are still flagged where fraudsters take one gradient step, by tier; nothing without gradients.

    Args:
        cuts: (replicates, 1) margins.
    """
    model, fraud = state.model(folds).select(block), folds.test_y(block) == 1
    if not isinstance(model, Differentiable):
        return {}
    flagged = fraud & (model.margins(folds.test_raw(block)) > cuts)
    around = {tier.name: boxes(surface(features, tier), folds, block, epsilon) for tier in threat.tiers}
    return {
        f"fgsm/{name}": flagged & (model.margins(stepped(model.stack, box)) > cuts)
        for name, box in around.items()
    }


def _first_of(witnesses: list[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """(replicates, rows, d) the first of these that there is of each row, NaN where none is."""
    first = np.full(shape, np.nan)
    for each in witnesses:
        first = np.where(np.isnan(first).all(-1, keepdims=True), each, first)
    return first


def _kept(
    folds: Folds, seeds: range, tier: str, examples: list[tuple[int, int, np.ndarray, np.ndarray]]
) -> Arrays:
    """Of (replicate, budget, rows, points) all points, replicate by replicate, and the seed, row and budget of each."""
    first = seeds.start * folds.folds
    points, places = [np.empty((0, folds.x.shape[1]))], [np.empty((0, 3), np.int32)]
    for i, e, rows, found in sorted(examples, key=lambda each: each[0]):
        real = rows < folds.test_counts[first + i]  # the others fill up, and are there already
        row = folds.test_rows[first + i, rows[real]]
        points.append(found[real])
        seed = np.full(len(row), (first + i) // folds.folds)
        places.append(np.column_stack((seed, row, np.full(len(row), e))).astype(np.int32))
    return {f"found/{tier}": np.concatenate(points), f"found_at/{tier}": np.concatenate(places)}


def _cuts(
    margin: np.ndarray, seen: np.ndarray, y: np.ndarray, spec: ProofSpec, counting: Counting, rows: np.ndarray
) -> list[float]:
    """Of one replicate, each (n,): its own, those of the spec, then those of alert budgets."""
    matched = (
        matched_cut(margin, seen & (y == 0), rate, counting.weights[rows])
        for rate in spec.false_positive_rates
    )
    alerts = (matched_cut(margin, seen, share, counting.in_life[rows]) for share in counting.alert_budgets)
    return [0.0, *matched, *alerts]


def _level(outcome: np.ndarray):
    """Let what is known at one budget be known at all (n, budgets, points), in place: their boxes are the same."""
    for telling in (PROVED, BROKEN):
        known = (outcome == telling).any(axis=1, keepdims=True)
        outcome[(outcome == UNRESOLVED) & known] = telling


def _inherited(start: np.ndarray, weaker: list[np.ndarray], stronger: list[np.ndarray]) -> np.ndarray:
    """What is known before a tier is asked: a fraud that a weaker one breaks, and one that holds a stronger one."""
    outcome = start.copy()
    for telling, known in ((BROKEN, weaker), (PROVED, stronger)):
        for each in known:
            outcome[(outcome == UNRESOLVED) & (each == telling)] = telling
    return outcome


def _settle_points(
    verifier: Verifier,
    subject: Any,
    cuts: np.ndarray,
    rows: Boxes,
    reached: Callable[[Boxes], Boxes],
    fraud: np.ndarray,
    flagged: np.ndarray,
    outcome: np.ndarray,
    wrong: np.ndarray,
    spec: ProofSpec,
) -> tuple[list[_Examples], list[_Examples]]:
    """Settle in their boxes the frauds that are open, from the highest cut down, in place.

    A proof at one cut holds at every lower one, and an example breaks every cut it does not
    exceed, so a fraud is asked about few of them.

    Args:
        rows: n of them, all.
        reached: Their boxes.
        fraud: (n,)
        flagged: (n, points), nobody evading.
        outcome: (n, points), of one replicate and budget.
        wrong: (n, points) bool, where an example is wrong beyond rounding.

    Returns:
        What breaks rows that are flagged at the quoted point there, and all examples found.
    """
    quoted, breaking, examples = quoted_point(spec), [], []
    unbroken = flagged[:, quoted].copy()
    for place in np.argsort(-cuts, kind="stable"):
        asked = np.flatnonzero((outcome[:, place] == UNRESOLVED) & fraud)
        if not len(asked):
            continue
        found = verifier.decide(
            subject, reached(rows.only(asked)), np.ones(len(asked)), spec, threshold=cuts[place]
        )
        outcome[asked, place] = found.outcome
        broken = found.outcome == BROKEN
        seen = np.where(broken, found.margin + cuts[place], np.inf)
        told = np.where(seen[:, None] <= cuts + verifier.tolerance(spec), BROKEN, UNRESOLVED)
        beyond = seen[:, None] <= cuts
        beyond[:, place] = broken & ~found.by_rounding
        wrong[asked] |= beyond
        told[np.ix_(found.outcome == PROVED, cuts <= cuts[place])] = PROVED
        outcome[asked] = np.where(outcome[asked] == UNRESOLVED, told, outcome[asked])
        new = unbroken[asked] & (told[:, quoted] == BROKEN)
        unbroken[asked[new]] = False
        breaking.append((asked[new], found.witness[new]))
        examples.append((asked[broken], found.witness[broken]))
    return breaking, examples

"""The stage that bounds monotone rules: what none catches, tier by tier, once frauds have evaded."""

import math
from dataclasses import replace

import numpy as np

from generator.datasets import FreshRows, LabelledTable
from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.proofs.monotone import LARGEST, Bound, Implied, implied, most_caught, sides
from generator.records.proofs import MonotoneLimit, MonotoneLimits
from generator.records.spec import ProofSpec, StudySpec
from generator.records.threat import Surface, Threat, surface
from generator.study.proof_tasks import PROOF_SOURCE, settings
from generator.study.tasks import task_inputs
from generator.threats.surface import boxes

SOURCE = ("datasets", "records/threat.py", "study/monotone_tasks.py", *PROOF_SOURCE)
DOUBT = 0.05
"""How often chance may add more than the margin to a limit from rows drawn."""
DRAWN_PAIRS, PROBE = 200_000, 5_000
"""Pairs of a fraud and a genuine row that the flow is given, half a second; rows that tell how many have so many."""


def monotone_task(spec: StudySpec, table: LabelledTable, folds: Folds, fresh: FreshRows | None) -> StageTask:
    """Bound monotone rules in every tier, where catch rates are shown; `fresh` rows give the limit on further ones."""
    asked = settings(spec.proof, "epsilons", "false_positive_rates", "quoted_false_positive_rate")
    headline, drawn = spec.attack.headline_epsilon, {} if fresh is None else {"fresh": fresh.x}
    inputs = task_inputs(
        SOURCE, asked, headline, str(table.features), spec.threat, spec.label,
        table.rule.cut if table.rule else "", folds=folds, **drawn,
    )  # fmt: skip
    return StageTask(inputs, _monotone, (table, folds, fresh, spec.threat, spec.proof, headline))


def _monotone(*arguments) -> Arrays:
    """ "record", the bytes of the record, as `monotone_from` reads them."""
    return {"record": np.frombuffer(monotone_limits(*arguments).to_json().encode(), np.uint8)}


def monotone_from(arrays: Arrays) -> MonotoneLimits:
    return MonotoneLimits.model_validate_json(arrays["record"].tobytes())


def monotone_limits(
    table: LabelledTable,
    folds: Folds,
    fresh: FreshRows | None,
    threat: Threat,
    spec: ProofSpec,
    headline: float,
) -> MonotoneLimits:
    """The limits of rules monotone in every input that has a direction of risk; none where there is no such input."""
    risk = np.array([feature.direction for feature in table.features])
    whole = _one_fold(table, table.x, table.y)
    drawn = None
    if fresh is not None and table.rule is not None:
        drawn = _one_fold(table, fresh.x, (table.rule.of(fresh.x) >= table.rule.cut).astype(np.int64))
    limits = []
    for tier in threat.tiers if risk.any() else ():
        reach = surface(table.features, tier)
        for epsilon in spec.epsilons:
            rates = spec.false_positive_rates if epsilon == headline else (spec.quoted_false_positive_rate,)
            own = [_pairs(reach, folds, i, epsilon, risk) for i in range(folds.replicates)]
            every = _pairs(reach, whole, 0, epsilon, risk)
            further = drawn and _some_pairs(reach, drawn, epsilon, risk)
            for rate in rates:
                bound = further and _bound(further, rate)
                limits.append(
                    MonotoneLimit(
                        tier=tier.name,
                        epsilon=epsilon,
                        false_positive_rate=rate,
                        by_fold=sum(_most(pairs, rate) for pairs in own) / sum(pairs.frauds for pairs in own),
                        by_one=_most(every, rate) / every.frauds,
                        drawn=float(bound.caught / further.frauds) if bound else None,
                        drawn_margin=bound.margin(further, DOUBT) if bound else None,
                        drawn_rows=further.frauds + further.genuine if bound else 0,
                    )
                )
    return MonotoneLimits(
        inputs=tuple(feature.name for feature in table.features if feature.direction), limits=tuple(limits)
    )


def _one_fold(table: LabelledTable, x: np.ndarray, y: np.ndarray) -> Folds:
    """All rows judged by one rule, budgets in deviations of the table's rows."""
    return Folds(
        train_rows=np.arange(0)[None], test_rows=np.arange(len(y))[None], test_counts=np.array([len(y)]),
        means=table.x.mean(0)[None], scales=table.x.std(0)[None], x=x, y=y, seeds=1,
    )  # fmt: skip


def _pairs(reach: Surface, folds: Folds, replicate: int, epsilon: float, risk: np.ndarray) -> Implied:
    """Of the rows that one replicate judges, each once."""
    count = folds.test_counts[replicate]
    y, around = (
        folds.y[folds.test_rows[replicate, :count]],
        boxes(reach, folds, slice(replicate, replicate + 1), epsilon),
    )
    lower, upper = sides(around.of(0, np.flatnonzero(y == 1)), reach.intervals)
    return implied(lower, upper, around.of(0, np.flatnonzero(y == 0)).raw, risk)


def _some_pairs(reach: Surface, drawn: Folds, epsilon: float, risk: np.ndarray) -> Implied:
    """Of as many of the first rows drawn as have about `DRAWN_PAIRS`: pairs grow with the square of the rows."""
    probe = min(len(drawn.y), PROBE)
    found = _pairs(reach, _first(drawn, probe), 0, epsilon, risk)
    rows = int(probe * np.sqrt(DRAWN_PAIRS / max(len(found.fraud), 1)))
    rows = min(
        len(drawn.y), rows, int(2 * np.sqrt(LARGEST))
    )  # of so many, the flow can count all pairs there may be
    return _pairs(reach, _first(drawn, rows), 0, epsilon, risk)


def _first(drawn: Folds, rows: int) -> Folds:
    """The first rows of one fold that judges all."""
    part = np.arange(rows)[None]
    return replace(drawn, test_rows=part, test_counts=np.array([rows]), x=drawn.x[:rows], y=drawn.y[:rows])


def _most(pairs: Implied, rate: float) -> int:
    """Frauds that no monotone rule exceeds at this share of false alarms; a rule catches a whole number of them."""
    return math.floor(_bound(pairs, rate).caught)


def _bound(pairs: Implied, rate: float) -> Bound:
    return most_caught(pairs, math.floor(rate * pairs.genuine))

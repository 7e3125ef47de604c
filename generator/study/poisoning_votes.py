"""Partition aggregation on the folds of a study: what its votes prove, and poisoners of few rows."""

from collections.abc import Mapping, Sequence

import numpy as np

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.records.metrics import Resamples, rate_estimate
from generator.records.poisoning import Partition, PoisoningSpec
from generator.records.proofs import Estimate
from generator.records.spec import StudySpec
from generator.study.tasks import TRAINING_SOURCE, task_inputs
from generator.threats.poisoning import against_partition as against
from generator.threats.poisoning import partition, tables

VOTES_SOURCE = ("threats/poisoning", "study/poisoning_votes.py", *TRAINING_SOURCE)


def partition_task(
    spec: StudySpec, folds: Folds, table: LabelledTable, risky: Mapping[int, float], seed: int
) -> StageTask:
    """The votes of one seed's replicates, and what poisoners of few rows do to them."""
    amount = [each.name for each in table.features].index(spec.amount)
    step = 10.0 ** -table.features[amount].decimals  # a cent
    rate, asked = spec.proof.quoted_false_positive_rate, spec.poisoning
    inputs = task_inputs(
        VOTES_SOURCE,
        asked.parts,
        str(asked.changed_rows),
        rate,
        seed,
        amount,
        str(risky),
        folds=folds,
    )
    arguments = (folds, seed, amount, step, risky, asked.parts, asked.changed_rows, rate)
    return StageTask(inputs, _votes, arguments)


def _votes(
    folds: Folds,
    seed: int,
    amount: int,
    step: float,
    risky: Mapping[int, float],
    parts: int,
    changed: Sequence[int],
    rate: float,
) -> Arrays:
    """Of all n rows, each by the replicate that holds it out.

    Returns:
        "votes" (n,) int, "cuts" (n,) int of their replicate, "attacked" (n, changed) int, votes of models retrained on
        what one poisoner of so many rows left, "targeted" (n, changed) bool, still caught by a poisoner of its own;
        "sizes" (replicates * parts,) rows of each part.
    """
    n = len(folds.y)
    found = {"votes": np.zeros(n, int), "cuts": np.zeros(n, int)}
    found |= {"attacked": np.zeros((n, len(changed)), int), "targeted": np.zeros((n, len(changed)), bool)}
    sizes, train_x, train_y = [], folds.train_raw(), folds.train_y()
    for replicate in range(seed * folds.folds, (seed + 1) * folds.folds):
        x, y = train_x[replicate].astype(np.float64), train_y[replicate]
        rows = folds.test_rows[replicate, : folds.test_counts[replicate]]
        judged, fraud = folds.x[rows], folds.y[rows] == 1
        dealt = partition.dealt(x, y, parts)
        sizes += [len(each.y) for each in dealt]
        votes = partition.ballots(dealt, judged).sum(axis=0)
        cut = partition.fewest_votes(votes[~fraud], rate)
        found["votes"][rows], found["cuts"][rows] = votes, cut
        corner = tables.stamped(np.median(x[y == 1], axis=0), risky)
        options = against.options(x, y, dealt, corner, amount, step, judged[fraud])
        steps = against.for_all(options, votes[fraud], cut, min(max(changed), parts))
        for place, count in enumerate(changed):
            found["attacked"][rows, place] = against.votes_after(x, y, steps[:count], parts, judged)
            found["targeted"][rows[fraud], place] = against.for_each(options, votes[fraud], cut, count)
    return found | {"sizes": np.array(sizes)}


def partition_record(
    asked: PoisoningSpec,
    votes: Sequence[Arrays],
    others: Mapping[str, np.ndarray],
    y: np.ndarray,
    resamples: Resamples,
) -> Partition:
    """What the votes prove and poisoners leave of them, beside what `others` (seeds, n), trained on all rows, flag."""
    fraud, seeds = y == 1, len(votes)
    all_votes, cuts, attacked, targeted = (
        np.stack([each[name] for each in votes]) for name in ("votes", "cuts", "attacked", "targeted")
    )
    sizes = np.concatenate([each["sizes"] for each in votes])

    def share(flagged: np.ndarray, of: np.ndarray) -> Estimate:
        return rate_estimate(int(flagged[:, of].sum()), int(of.sum()), seeds)

    caught = all_votes >= cuts
    still = attacked >= cuts[..., None]
    proofs = [partition.proved(all_votes, cuts, changed) for changed in asked.changed_rows]
    return Partition(
        parts=asked.parts,
        smallest_part=int(sizes.min()),
        largest_part=int(sizes.max()),
        cuts=tuple(sorted({int(cut) for cut in cuts.ravel()})),
        caught=share(caught, fraud),
        false_alarms=share(caught, ~fraud),
        against={model: resamples.difference(caught, other, fraud) for model, other in others.items()},
        proved=tuple(share(each, fraud) for each in proofs),
        attacked=tuple(share(still[..., place], fraud) for place in range(len(proofs))),
        targeted=tuple(share(targeted[..., place], fraud) for place in range(len(proofs))),
        alarms_at_most=tuple(
            share(partition.at_most(all_votes, cuts, changed), ~fraud) for changed in asked.changed_rows
        ),
        contradicted=sum(
            int((each & ~(still[..., place] & targeted[..., place]))[:, fraud].sum())
            for place, each in enumerate(proofs)
        ),
    )

"""Partition aggregation on the folds of a study: what its votes prove, and poisoners of few rows."""

from collections.abc import Mapping, Sequence

import numpy as np

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.records.features import Feature
from generator.records.poisoning import OwnPoisoningSpec, Partition, PoisoningSpec
from generator.records.spec import StudySpec
from generator.records.validation import ValidationSpec
from generator.study.rates import Shares
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
    return _task(spec, folds, risky, seed, leading=(amount, step))


def own_partition_task(
    spec: ValidationSpec,
    folds: Folds,
    features: tuple[Feature, ...],
    risky: Mapping[int, float],
    weights: np.ndarray,
) -> StageTask:
    """The same of the first seed of a table with names and gaps: trees vote, and no input leads a row to a part."""
    unordered = tuple(place for place, each in enumerate(features) if each.kind == "category")
    return _task(spec, folds, risky, 0, unordered=unordered, weights=weights)


def _task(
    spec: StudySpec | ValidationSpec,
    folds: Folds,
    risky: Mapping[int, float],
    seed: int,
    leading: tuple[int, float] | None = None,
    unordered: tuple[int, ...] | None = None,
    weights: np.ndarray | None = None,
) -> StageTask:
    rate, asked = spec.proof.quoted_false_positive_rate, spec.poisoning
    weighed = {} if weights is None else {"weights": weights}
    inputs = task_inputs(
        VOTES_SOURCE, asked.parts, str(asked.changed_rows), rate, seed, str(leading), str(unordered), str(risky),
        folds=folds, **weighed,
    )  # fmt: skip
    arguments = (folds, seed, leading, unordered, risky, asked.parts, asked.changed_rows, rate, weights)
    return StageTask(inputs, _votes, arguments)


def _votes(
    folds: Folds,
    seed: int,
    leading: tuple[int, float] | None,
    unordered: tuple[int, ...] | None,
    risky: Mapping[int, float],
    parts: int,
    changed: Sequence[int],
    rate: float,
    weights: np.ndarray | None,
) -> Arrays:
    """Of all n rows, each by the replicate that holds it out.

    Args:
        leading: The input by which an added row is led to its part, and in which steps; None: nothing leads it.
        unordered: Inputs that are places of names, where trees vote.

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
        dealt = partition.dealt(x, y, parts, unordered)
        sizes += [len(each.y) for each in dealt]
        votes = partition.ballots(dealt, judged).sum(axis=0)
        often = None if weights is None else weights[rows][~fraud]
        cut = partition.fewest_votes(votes[~fraud], rate, often)
        found["votes"][rows], found["cuts"][rows] = votes, cut
        if leading:
            corner = tables.stamped(np.median(x[y == 1], axis=0), risky)
            options = against.options(x, y, dealt, corner, *leading, judged[fraud])
        else:
            options = against.options_as_they_fall(x, y, dealt, risky, judged[fraud])
        steps = against.for_all(options, votes[fraud], cut, min(max(changed), parts))
        for place, count in enumerate(changed):
            found["attacked"][rows, place] = against.votes_after(
                x, y, steps[:count], parts, judged, unordered
            )
            found["targeted"][rows[fraud], place] = against.for_each(options, votes[fraud], cut, count)
    return found | {"sizes": np.array(sizes)}


def partition_record(
    asked: PoisoningSpec | OwnPoisoningSpec,
    votes: Sequence[Arrays],
    others: Mapping[str, np.ndarray],
    shares: Shares,
) -> Partition:
    """What the votes prove and poisoners leave of them, beside what `others` (seeds, n), trained on all rows, flag."""
    fraud, share = shares.y == 1, shares.of
    all_votes, cuts, attacked, targeted = (
        np.stack([each[name] for each in votes]) for name in ("votes", "cuts", "attacked", "targeted")
    )
    sizes = np.concatenate([each["sizes"] for each in votes])

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
        against={model: shares.less(caught, other) for model, other in others.items()},
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

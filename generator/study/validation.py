"""A validation of one's own table and models, from the table to the record: the whole story on one screen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, rankdata

from generator.datasets.own.table import OwnTable
from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import Engine
from generator.models.folds import Folds, make_folds
from generator.models.sampling import Pool, judged_rows
from generator.proofs.verdicts import PROVED, UNRESOLVED
from generator.records.metrics import Resamples, direction
from generator.records.proofs import Choice, Estimate, TierComparison, TierResult
from generator.records.results import Judged, Provenance
from generator.records.validation import (
    FEWEST,
    CleanComparison,
    GroupRates,
    OwnCut,
    ValidatedModel,
    ValidationResult,
    ValidationSpec,
    ValueRates,
)
from generator.study.notes import asked_note, rounded, table_note
from generator.study.proof_records import choose, proved_monotone
from generator.study.tasks import State, beside_state, beside_task
from generator.study.tier_records import shown
from generator.study.tier_tasks import quoted_point, tier_task
from generator.study.using import InUse

OWN = 0
"""Place of each model's own cut among the operating points."""


@dataclass(frozen=True)
class Validation:
    """A finished validation: its record, and what stays with its owner."""

    result: ValidationResult
    sample: OwnTable
    """The rows that were judged."""
    private: Arrays
    """ "ids" (n,) str, "y" (n,), and `<model>/<name>` of all that `tier_tasks` gives."""


def run_validation(
    spec: ValidationSpec, table: OwnTable, used: Mapping[str, InUse], origin: Provenance, engine: Engine
) -> Validation:
    """Train what stands beside the models in use, prove all of them against every tier, and compare.

    Args:
        used: By name, the models in use, as `in_use` takes them over.
    """
    spec = _with_roles(spec)
    sample, folds = judged(spec, table)
    states = _states(spec, folds, table, used, engine)
    tasks = [tier_task(spec, folds, table.features, state, range(folds.seeds)) for state in states.values()]
    tiers = dict(zip(states, engine.run(spec.dataset, "tiers", tasks), strict=True))
    y, amounts = sample.y, sample.amounts
    resamples = Resamples(y, folds.seeds, spec.bootstrap, stage_rng(spec.seed, "bootstrap"))
    result = ValidationResult(
        spec=asked_note(spec, table),
        provenance=origin,
        table=table_note(spec, table),
        judged=Judged(rows=len(y), frauds=int(y.sum()), training_rows=folds.n_train),
        models=tuple(_model(spec, name, states[name], tiers[name], used, folds, y) for name in states),
        tiers=tuple(_tier_results(tiers, y, spec)),
        comparisons=tuple(_proved_comparisons(tiers, y, spec, resamples)),
        clean=tuple(_clean_comparisons(tiers, y, spec, resamples)),
        choices=tuple(_choices(spec, folds, tiers, used)),
        proved_monotone=proved_monotone(tiers, spec.input_names),
        groups=tuple(_groups(spec, sample, tiers)),
        values=() if amounts is None else tuple(_values(spec, amounts, y, tiers)),
        mean_fraud_amount=None if amounts is None else rounded(amounts[y == 1].mean(), spec),
        unresolved=sum(
            int((arrays[tier][:, y == 1] == UNRESOLVED).sum())
            for arrays in tiers.values()
            for tier in spec.threat.names
        ),
        rounding=sum(
            int(arrays["by_rounding"].sum()) for arrays in tiers.values() if "by_rounding" in arrays
        ),
    )
    private = {"ids": sample.ids, "y": sample.y} | {
        f"{model}/{name}": array for model, arrays in tiers.items() for name, array in arrays.items()
    }
    return Validation(result, sample, private)


def _with_roles(spec: ValidationSpec) -> ValidationSpec:
    """The spec with who is compared with whom: all with the model in use, if it judges no row that it may have seen."""
    used = next((each.name for each in spec.deployed if each.saw != "unknown"), None)
    plain = spec.roles.baseline if spec.roles.baseline in spec.beside else spec.beside[0]
    roles = spec.roles.model_copy(update={"deployed": used, "baseline": used or plain})
    return spec.model_copy(update={"roles": roles})


def judged(spec: ValidationSpec, table: OwnTable) -> tuple[OwnTable, Folds]:
    """The rows that are judged, and who judges them: those that the split names, or all of them by folds."""
    if spec.split:
        table = table.only(np.flatnonzero(table.trains | table.judged))
        rows = np.flatnonzero(table.judged)
        rows = rows[judged_rows(table.y[rows], spec.sample.most_evaluated_rows, spec.seed)]
        training = spec.training.model_copy(update={"folds": 1})
    else:
        rows = judged_rows(table.y, spec.sample.most_evaluated_rows, spec.seed)
        training = spec.training
    if len(rows) == len(table.y):
        return table, make_folds(table.x, table.y, training, spec.seed)
    left = np.concatenate((rows, np.flatnonzero(table.judged))) if spec.split else rows
    pool = Pool(table.x, table.y, np.unique(left), spec.sample.most_training_rows)
    sample = table.only(rows)
    return sample, make_folds(sample.x, sample.y, training, spec.seed, pool)


def _states(
    spec: ValidationSpec, folds: Folds, table: OwnTable, used: Mapping[str, InUse], engine: Engine
) -> dict[str, State]:
    """The models in use first, then those trained beside them."""
    tasks = [beside_task(spec, folds, table.features, model, encoded=True) for model in spec.beside]
    trained = engine.run(spec.dataset, "train", tasks)
    return {name: one.state(folds) for name, one in used.items()} | {
        model: beside_state(model, arrays, encoded=True)
        for model, arrays in zip(spec.beside, trained, strict=True)
    }


def _model(
    spec: ValidationSpec,
    name: str,
    state: State,
    tiers: Arrays,
    used: Mapping[str, InUse],
    folds: Folds,
    y: np.ndarray,
) -> ValidatedModel:
    about = {"auc": _auc(folds.to_rows(state.model(folds).margins(folds.test_raw())), y)}
    if name not in used:
        return ValidatedModel(name=name, title=name, kind=state.kind, **about)
    one = used[name]
    file, reproduced = one.taken.file, one.reproduced
    return ValidatedModel(
        name=name, title=one.spec.title, kind=state.kind, deployed=True, library=file.library, sha256=file.digest,
        reproduced=reproduced and reproduced.rows, tolerance=reproduced.tolerance if reproduced else 0.0,
        saw=one.spec.saw, own_cut=tuple(_own_cut(spec, tier, tiers, y) for tier in spec.threat.names), **about,
    )  # fmt: skip


def _own_cut(spec: ValidationSpec, tier: str, arrays: Arrays, y: np.ndarray) -> OwnCut:
    e, frauds, flagged = _headline(spec), y == 1, arrays["flagged"][:, :, OWN]
    outcome = arrays[tier][:, frauds, e, OWN]
    return OwnCut(
        tier=tier, epsilon=spec.attack.headline_epsilon, flagged_genuine=_rate(flagged[:, ~frauds]),
        caught_clean=_rate(flagged[:, frauds]), caught_proved=_rate(outcome == PROVED),
        unresolved=int((outcome == UNRESOLVED).sum()),
    )  # fmt: skip


# ---------------------------------------------------------------- rates and what they differ by


def _headline(spec: ValidationSpec) -> int:
    """Place of the quoted budget."""
    return spec.proof.epsilons.index(spec.attack.headline_epsilon)


def _rate(hits: np.ndarray) -> Estimate:
    """Mean of hits (seeds, rows) with the exact interval of so many rows, which holds for few frauds.

    Source: Clopper and Pearson 1934, Biometrika 26, 404.
    """
    rows, value = hits.shape[1], float(hits.mean())
    caught = value * rows
    low = beta.ppf(0.025, caught, rows - caught + 1) if value > 0 else 0.0
    high = beta.ppf(0.975, caught + 1, rows - caught) if value < 1 else 1.0
    return Estimate(
        value=value, low=float(low), high=float(high), n=rows, seeds=len(hits), method="clopper-pearson"
    )


def _auc(margin: np.ndarray, y: np.ndarray) -> Estimate:
    """Of margins (seeds, n), the mean over seeds, with DeLong's interval.

    Source: DeLong, DeLong and Clarke-Pearson 1988, Biometrics 44, 837.
    """
    frauds, genuine = margin[:, y == 1], margin[:, y == 0]
    above = np.array(
        [rankdata(np.r_[f, g])[: len(f)] - rankdata(f) for f, g in zip(frauds, genuine, strict=True)]
    )
    below = np.array(
        [rankdata(np.r_[f, g])[len(f) :] - rankdata(g) for f, g in zip(frauds, genuine, strict=True)]
    )
    by_fraud, by_genuine = above.mean(0) / genuine.shape[1], 1 - below.mean(0) / frauds.shape[1]
    value = float(by_fraud.mean())
    spread = np.sqrt(by_fraud.var(ddof=1) / len(by_fraud) + by_genuine.var(ddof=1) / len(by_genuine))
    low, high = np.clip((value - 1.96 * spread, value + 1.96 * spread), 0, 1)
    return Estimate(
        value=value, low=float(low), high=float(high), n=len(y), seeds=len(margin), method="delong"
    )


def _tier_results(tiers: Mapping[str, Arrays], y: np.ndarray, spec: ValidationSpec) -> Iterator[TierResult]:
    for model, arrays in tiers.items():
        flagged = arrays["flagged"][:, y == 1]
        for tier in spec.threat.names:
            outcome = arrays[tier][:, y == 1]
            for rate, point, e in shown(spec):
                yield TierResult(
                    model=model, tier=tier, epsilon=spec.proof.epsilons[e], false_positive_rate=rate,
                    caught_clean=_rate(flagged[:, :, point]), caught_proved=_rate(outcome[:, :, e, point] == PROVED),
                    unresolved=int((outcome[:, :, e, point] == UNRESOLVED).sum()),
                )  # fmt: skip


def _proved_comparisons(
    tiers: Mapping[str, Arrays], y: np.ndarray, spec: ValidationSpec, resamples: Resamples
) -> Iterator[TierComparison]:
    baseline = tiers[spec.roles.baseline]
    for model, arrays in tiers.items():
        if arrays is not baseline:
            for rate, point, e in shown(spec):
                for tier in spec.threat.names:
                    ours, theirs = (each[tier][:, :, e, point] == PROVED for each in (arrays, baseline))
                    gap = resamples.difference(ours, theirs, y == 1)
                    yield TierComparison(
                        model=model, tier=tier, epsilon=spec.proof.epsilons[e], false_positive_rate=rate,
                        difference=gap, direction=direction(gap),
                    )  # fmt: skip


def _clean_comparisons(
    tiers: Mapping[str, Arrays], y: np.ndarray, spec: ValidationSpec, resamples: Resamples
) -> Iterator[CleanComparison]:
    baseline = tiers[spec.roles.baseline]["flagged"]
    for model, arrays in tiers.items():
        if model != spec.roles.baseline:
            for place, rate in enumerate(spec.proof.false_positive_rates):
                gap = resamples.difference(
                    arrays["flagged"][:, :, 1 + place], baseline[:, :, 1 + place], y == 1
                )
                yield CleanComparison(
                    model=model, false_positive_rate=rate, difference=gap, direction=direction(gap)
                )


def _choices(
    spec: ValidationSpec, folds: Folds, tiers: Mapping[str, Arrays], used: Mapping[str, InUse]
) -> Iterator[Choice]:
    """Of the models trained here, the one that catches most in each tier; none where there is one fold alone."""
    if folds.folds == 1:
        return
    point, rows = quoted_point(spec.proof), folds.y == 1
    for e, epsilon in enumerate(spec.proof.epsilons):
        for tier in spec.threat.names:
            caught = {m: a[tier][:, :, e, point] == PROVED for m, a in tiers.items() if m not in used}
            yield choose(caught, rows, folds, tier, epsilon, "caught_proved")


def _groups(spec: ValidationSpec, table: OwnTable, tiers: Mapping[str, Arrays]) -> Iterator[GroupRates]:
    point = quoted_point(spec.proof)
    for column, groups in table.groups.items():
        for group in sorted(set(groups.tolist())):
            rows = groups == group
            if rows.sum() < FEWEST and not spec.publish_rows:
                continue
            for model, arrays in tiers.items():
                flagged = arrays["flagged"][:, :, point]
                parts = [flagged[:, rows & (table.y == label)] for label in (1, 0)]
                caught, genuine = (_rate(part) if part.size else None for part in parts)
                yield GroupRates(
                    model=model, column=column, group=group, caught=caught, flagged_genuine=genuine
                )


def _values(
    spec: ValidationSpec, amounts: np.ndarray, y: np.ndarray, tiers: Mapping[str, Arrays]
) -> Iterator[ValueRates]:
    frauds, point, e = y == 1, quoted_point(spec.proof), _headline(spec)
    worth = amounts[frauds] / amounts[frauds].sum()
    for model, arrays in tiers.items():
        clean = float((arrays["flagged"][:, frauds, point] @ worth).mean())
        for tier in spec.threat.names:
            proved = float(((arrays[tier][:, frauds, e, point] == PROVED) @ worth).mean())
            yield ValueRates(model=model, tier=tier, clean=clean, proved=proved)

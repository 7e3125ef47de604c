"""A validation of one's own table and models, from the table to the record: the whole story on one screen."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.stats import rankdata

from generator.datasets.own.checks import FEWEST as FEWEST_OF_A_SIDE
from generator.datasets.own.dates import late_day
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
    AlertRates,
    CleanComparison,
    GroupRates,
    Later,
    LaterRates,
    OwnCut,
    Split,
    ValidatedModel,
    ValidationResult,
    ValidationSpec,
    ValueRates,
)
from generator.study.extraction import extract_trained
from generator.study.inference import infer_members
from generator.study.notes import asked_note, rounded, table_note
from generator.study.poisoning import poison_trained
from generator.study.proof_records import choose, proved_monotone
from generator.study.rates import weighted_rate
from generator.study.tasks import State, beside_state, beside_task
from generator.study.tier_records import shown
from generator.study.tier_tasks import Counting, quoted_point, tier_task
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
    """What it takes to replay every verdict.

    "spec", as asked, and "features", JSON; "ids" (n,) str, "x" (n, d), "y", "weights" and "in_life" (n,), the last two
    as `Counting` has them; "replicate" (seeds, n) that judges each row, "means" and "scales" (replicates, d) of what it
    trained on. Of each model `<model>/<name>` of all that `tier_tasks` gives, `<model>/model/<name>` of its arrays, and
    of one in use `<model>/file/<name>`, bytes. All but the files once more as `later/<name>`, of an out-of-time
    judgement.
    """


def run_validation(
    spec: ValidationSpec, table: OwnTable, used: Mapping[str, InUse], origin: Provenance, engine: Engine
) -> Validation:
    """Train what stands beside the models in use, prove all of them against every tier, and compare.

    Args:
        used: By name, the models in use, as `in_use` takes them over.
    """
    spec = _with_roles(spec)
    settled = _settle(spec, table, used, engine)
    sample, folds, states, tiers = settled.sample, settled.folds, settled.states, settled.tiers
    later = _settle_later(spec, table, used, engine)
    y = sample.y
    resamples = Resamples(y, folds.seeds, spec.bootstrap, stage_rng(spec.seed, "bootstrap"))
    result = ValidationResult(
        spec=asked_note(spec, table),
        provenance=origin,
        table=table_note(spec, table),
        judged=Judged(rows=len(y), frauds=int(y.sum()), training_rows=folds.n_train),
        models=tuple(_model(spec, name, states[name], tiers[name], used, folds, sample) for name in states),
        tiers=tuple(_tier_results(tiers, sample, spec)),
        comparisons=tuple(_proved_comparisons(tiers, sample, spec, resamples)),
        alerts=tuple(_alerts(tiers, sample, spec)),
        later=later and _later(later),
        clean=tuple(_clean_comparisons(tiers, sample, spec, resamples)),
        choices=tuple(_choices(spec, folds, tiers, used)),
        proved_monotone=proved_monotone(tiers, spec.input_names),
        groups=tuple(_groups(spec, sample, tiers)),
        values=tuple(_values(spec, sample, tiers)),
        extraction=extract_trained(spec, folds, states, used, engine),
        inference=infer_members(spec, folds, _trained(states, used), resamples, engine),
        poisoning=poison_trained(spec, sample, folds, states, used, engine),
        mean_fraud_amount=_mean_fraud_amount(spec, sample),
        unresolved=sum(
            int((arrays[tier][:, y == 1] == UNRESOLVED).sum())
            for arrays in tiers.values()
            for tier in spec.threat.names
        ),
    )
    private = _private(settled)
    for model, one in used.items():
        private |= {
            f"{model}/file/{name}": np.frombuffer(content, np.uint8) for name, content in one.files.items()
        }
    if later:
        private |= {f"later/{name}": array for name, array in _private(later).items()}
    return Validation(result, sample, private)


@dataclass(frozen=True)
class _Settled:
    """Every fraud of the rows judged, of every model."""

    spec: ValidationSpec
    sample: OwnTable
    folds: Folds
    states: Mapping[str, State]
    tiers: Mapping[str, Arrays]


def _settle(
    spec: ValidationSpec, table: OwnTable, used: Mapping[str, InUse], engine: Engine, stage: str = ""
) -> _Settled:
    """Train and prove; `stage` comes before the names of the stages."""
    sample, folds = judged(spec, table)
    counted = counting(spec, sample)
    states = _states(spec, folds, table, used, counted, engine, f"{stage}train")
    tasks = [
        tier_task(spec, folds, table.features, state, range(folds.seeds), counted)
        for state in states.values()
    ]
    tiers = engine.run(spec.dataset, f"{stage}tiers", tasks)
    return _Settled(spec, sample, folds, states, dict(zip(states, tiers, strict=True)))


def _settle_later(
    spec: ValidationSpec, table: OwnTable, used: Mapping[str, InUse], engine: Engine
) -> _Settled | None:
    """The last rows, judged by models that were trained on earlier ones; None where that says nothing, or is asked."""
    if table.times is None or spec.split is not None:
        return None
    day = late_day(table.times)
    late = table.times >= np.datetime64(day)
    if (
        min(int((table.y[rows] == label).sum()) for rows in (late, ~late) for label in (0, 1))
        < FEWEST_OF_A_SIDE
    ):
        return None
    asked = spec.model_copy(update={"split": Split(column=spec.time, judged_from=day)})
    return _settle(asked, replace(table, trains=~late, judged=late), used, engine, "later ")


def _later(settled: _Settled) -> Later:
    spec, sample = settled.spec, settled.sample
    return Later(
        judged_from=spec.split.judged_from if spec.publish_rows else "",
        judged=Judged(rows=len(sample.y), frauds=int(sample.y.sum()), training_rows=settled.folds.n_train),
        rates=tuple(
            LaterRates(
                model=model, tier=tier, **_at_point(spec, arrays, tier, quoted_point(spec.proof), sample)
            )
            for model, arrays in settled.tiers.items()
            for tier in spec.threat.names
        ),
    )


def _private(settled: _Settled) -> dict[str, np.ndarray]:
    """As `Validation.private`, without files."""
    spec, sample, folds = settled.spec, settled.sample, settled.folds
    features = json.dumps([each.model_dump(mode="json") for each in sample.features])
    seeds, counted = np.arange(folds.seeds)[:, None], counting(spec, sample)
    kept = {
        "spec": np.array(spec.to_json()), "features": np.array(features), "ids": sample.ids, "x": sample.x,
        "y": sample.y, "weights": counted.weights, "in_life": counted.in_life,
        "replicate": seeds * folds.folds + folds.held_out(), "means": folds.means, "scales": folds.scales,
    }  # fmt: skip
    for model, arrays in settled.tiers.items():
        kept |= {f"{model}/{name}": array for name, array in arrays.items()}
        kept |= {f"{model}/model/{name}": array for name, array in settled.states[model].weights.items()}
    return kept


def counting(spec: ValidationSpec, sample: OwnTable) -> Counting:
    """How often each row judged counts: by its weight, and among all cases by the share of fraud in life."""
    weights, fraud = sample.weights, sample.y == 1
    in_life = weights
    if spec.prior is not None:
        share = weights[fraud].sum() / weights.sum()
        in_life = weights * np.where(fraud, spec.prior / share, (1 - spec.prior) / (1 - share))
    return Counting(weights, in_life, spec.alert_budgets)


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
    spec: ValidationSpec,
    folds: Folds,
    table: OwnTable,
    used: Mapping[str, InUse],
    counted: Counting,
    engine: Engine,
    stage: str,
) -> dict[str, State]:
    """The models in use first, then those trained beside them."""
    tasks = [beside_task(spec, folds, table.features, model, encoded=True) for model in spec.beside]
    trained = engine.run(spec.dataset, stage, tasks)
    return {name: one.state(folds, counted) for name, one in used.items()} | {
        model: beside_state(model, arrays, encoded=True)
        for model, arrays in zip(spec.beside, trained, strict=True)
    }


def _trained(states: Mapping[str, State], used: Mapping[str, InUse]) -> dict[str, State]:
    """What is trained here: of a model in use nobody can train shadow models."""
    return {name: state for name, state in states.items() if name not in used}


def _model(
    spec: ValidationSpec,
    name: str,
    state: State,
    tiers: Arrays,
    used: Mapping[str, InUse],
    folds: Folds,
    sample: OwnTable,
) -> ValidatedModel:
    about = {
        "auc": _auc(folds.to_rows(state.model(folds).margins(folds.test_raw())), sample.y),
        "rounding": int(tiers["by_rounding"].sum()),
    }
    if name not in used:
        return ValidatedModel(name=name, title=name, kind=state.kind, **about)
    one = used[name]
    file, reproduced = one.taken.file, one.reproduced
    return ValidatedModel(
        name=name, title=one.spec.title, kind=state.kind, deployed=True, library=file.library, sha256=file.digest,
        reproduced=reproduced and reproduced.rows, tolerance=reproduced.tolerance if reproduced else 0.0,
        saw=one.spec.saw, own_cut=tuple(_own_cut(spec, tier, tiers, sample) for tier in spec.threat.names), **about,
    )  # fmt: skip


def _own_cut(spec: ValidationSpec, tier: str, arrays: Arrays, sample: OwnTable) -> OwnCut:
    return OwnCut(
        tier=tier, **_at_point(spec, arrays, tier, OWN, sample), epsilon=spec.attack.headline_epsilon
    )


def _at_point(
    spec: ValidationSpec, arrays: Arrays, tier: str, point: int, sample: OwnTable
) -> dict[str, Any]:
    """What one model catches and stops at an operating point, at the headline budget."""
    fraud, weights, e = sample.y == 1, sample.weights, _headline(spec)
    flagged, outcome = arrays["flagged"][:, :, point], arrays[tier][:, fraud, e, point]
    return {
        "flagged_genuine": weighted_rate(flagged[:, ~fraud], weights[~fraud]),
        "caught_clean": weighted_rate(flagged[:, fraud], weights[fraud]),
        "caught_proved": weighted_rate(outcome == PROVED, weights[fraud]),
        "unresolved": int((outcome == UNRESOLVED).sum()),
    }


# ---------------------------------------------------------------- rates and what they differ by


def _headline(spec: ValidationSpec) -> int:
    """Place of the quoted budget."""
    return spec.proof.epsilons.index(spec.attack.headline_epsilon)


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


def _tier_results(
    tiers: Mapping[str, Arrays], sample: OwnTable, spec: ValidationSpec
) -> Iterator[TierResult]:
    fraud, weights = sample.y == 1, sample.weights[sample.y == 1]
    for model, arrays in tiers.items():
        flagged = arrays["flagged"][:, fraud]
        for tier in spec.threat.names:
            outcome = arrays[tier][:, fraud]
            for rate, point, e in shown(spec):
                yield TierResult(
                    model=model, tier=tier, epsilon=spec.proof.epsilons[e], false_positive_rate=rate,
                    caught_clean=weighted_rate(flagged[:, :, point], weights),
                    caught_proved=weighted_rate(outcome[:, :, e, point] == PROVED, weights),
                    unresolved=int((outcome[:, :, e, point] == UNRESOLVED).sum()),
                )  # fmt: skip


def _alerts(tiers: Mapping[str, Arrays], sample: OwnTable, spec: ValidationSpec) -> Iterator[AlertRates]:
    first = 1 + len(spec.proof.false_positive_rates)
    for point, budget in enumerate(spec.alert_budgets, start=first):
        for model, arrays in tiers.items():
            for tier in spec.threat.names:
                yield AlertRates(
                    model=model, tier=tier, budget=budget, **_at_point(spec, arrays, tier, point, sample)
                )


def _proved_comparisons(
    tiers: Mapping[str, Arrays], sample: OwnTable, spec: ValidationSpec, resamples: Resamples
) -> Iterator[TierComparison]:
    baseline = tiers[spec.roles.baseline]
    for model, arrays in tiers.items():
        if arrays is not baseline:
            for rate, point, e in shown(spec):
                for tier in spec.threat.names:
                    ours, theirs = (each[tier][:, :, e, point] == PROVED for each in (arrays, baseline))
                    gap = resamples.difference(ours, theirs, sample.y == 1, sample.weights)
                    yield TierComparison(
                        model=model, tier=tier, epsilon=spec.proof.epsilons[e], false_positive_rate=rate,
                        difference=gap, direction=direction(gap),
                    )  # fmt: skip


def _clean_comparisons(
    tiers: Mapping[str, Arrays], sample: OwnTable, spec: ValidationSpec, resamples: Resamples
) -> Iterator[CleanComparison]:
    baseline = tiers[spec.roles.baseline]["flagged"]
    for model, arrays in tiers.items():
        if model != spec.roles.baseline:
            for point, rate in enumerate(spec.proof.false_positive_rates, start=1):
                ours, theirs = arrays["flagged"][:, :, point], baseline[:, :, point]
                gap = resamples.difference(ours, theirs, sample.y == 1, sample.weights)
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
                parts = [rows & (table.y == label) for label in (1, 0)]
                caught, genuine = (
                    weighted_rate(flagged[:, part], table.weights[part]) if part.any() else None
                    for part in parts
                )
                yield GroupRates(
                    model=model, column=column, group=group, caught=caught, flagged_genuine=genuine
                )


def _values(spec: ValidationSpec, sample: OwnTable, tiers: Mapping[str, Arrays]) -> Iterator[ValueRates]:
    if sample.amounts is None:
        return
    frauds, point, e = sample.y == 1, quoted_point(spec.proof), _headline(spec)
    worth = (sample.amounts * sample.weights)[frauds]
    if not worth.any():  # of a sample of the rows judged
        return
    worth = worth / worth.sum()
    for model, arrays in tiers.items():
        clean = float((arrays["flagged"][:, frauds, point] @ worth).mean())
        for tier in spec.threat.names:
            proved = float(((arrays[tier][:, frauds, e, point] == PROVED) @ worth).mean())
            yield ValueRates(model=model, tier=tier, clean=clean, proved=proved)


def _mean_fraud_amount(spec: ValidationSpec, sample: OwnTable) -> float | None:
    if sample.amounts is None:
        return None
    frauds = sample.y == 1
    return rounded(np.average(sample.amounts[frauds], weights=sample.weights[frauds]), spec)

"""The half of a study that proves: settle every row, then say what follows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from generator.datasets import Dataset, LabelledTable, Rule
from generator.engine.cache import Arrays
from generator.engine.stages import Engine
from generator.models.folds import Folds
from generator.proofs.verdicts import PROVED, UNRESOLVED
from generator.records.metrics import Resamples
from generator.records.proofs import BatteryRow, Choice, Limit, MonotoneLimits, ProofResult, RuleProofs
from generator.records.spec import StudySpec
from generator.study import proof_records as records
from generator.study.gate import Evidence, sanity_gate
from generator.study.limit_tasks import limit_from, limit_task
from generator.study.monotone_tasks import monotone_from, monotone_task
from generator.study.proof_tasks import cross_check_task, radius_task, settle_task
from generator.study.tasks import State, battery_task
from generator.study.tier_records import tier_comparisons, tier_results
from generator.study.tier_tasks import quoted_point, tier_task
from generator.threats.evasion import battery
from generator.threats.evasion.outcomes import CLEAN, Condition, Outcomes

SEEDS_A_TASK = 5
"""Seeds settled in one task: small enough for even work, large enough to keep tasks few."""


@dataclass(frozen=True)
class Settled:
    """Every row of every final model in the plain box, and the rounds of the original recipe."""

    finals: Mapping[str, Arrays]
    """Model -> outcome (seeds, n, epsilons), witness (seeds, n, d), boxes (seeds, n), replayed, flipped."""
    rounds: Mapping[int, Arrays]
    """Round -> the same at the headline budget alone."""
    epsilons: tuple[float, ...]


def seed_blocks(folds: Folds) -> list[range]:
    """The seeds, `SEEDS_A_TASK` at a time."""
    return [
        range(start, min(start + SEEDS_A_TASK, folds.seeds)) for start in range(0, folds.seeds, SEEDS_A_TASK)
    ]


def settle_all(
    spec: StudySpec, folds: Folds, states: Mapping[str, list[State]], engine: Engine, name: str
) -> Settled:
    """Settle the last state of every model at every budget, and earlier ones of the original recipe at one."""
    epsilons, original = spec.proof.epsilons, spec.roles.original
    blocks = seed_blocks(folds)
    wanted = {(model, len(rounds) - 1): epsilons for model, rounds in states.items()}
    # attacks alone show these rounds as progress: the trap that a report without proofs falls into
    for number in range(1, len(states.get(original, ())) - 1):
        wanted[original, number] = (spec.attack.headline_epsilon,)
    tasks = [
        settle_task(spec, folds, states[model][number], block, budgets)
        for (model, number), budgets in wanted.items()
        for block in blocks
    ]
    answers = iter(engine.run(name, "settle", tasks))
    settled = {place: _joined([next(answers) for _ in blocks]) for place in wanted}
    return Settled(
        finals={model: settled[model, len(rounds) - 1] for model, rounds in states.items()},
        rounds={
            number: arrays for (model, number), arrays in settled.items() if number < len(states[model]) - 1
        },
        epsilons=epsilons,
    )


def _joined(parts: list[Arrays]) -> Arrays:
    """Blocks of seeds put together; counts added up."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return joined | {
        name: joined[name].sum(keepdims=True) for name in ("replayed", "flipped") if name in joined
    }


def with_exact(
    outcomes: Mapping[str, list[Outcomes]], settled: Settled, spec: StudySpec
) -> dict[str, list[Outcomes]]:
    """The outcomes of the attacks, with what is proved beside them."""
    joined = {model: list(rounds) for model, rounds in outcomes.items()}
    for model, arrays in settled.finals.items():
        joined[model][-1] = _and_exact(joined[model][-1], arrays, settled.epsilons)
    for number, arrays in settled.rounds.items():
        of_original = joined[spec.roles.original]
        of_original[number] = _and_exact(of_original[number], arrays, (spec.attack.headline_epsilon,))
    for rounds in joined.values():  # round 0 of a recipe is the baseline
        if len(rounds) > 1:
            rounds[0] = joined[spec.roles.baseline][-1]
    return joined


def _and_exact(judged: Outcomes, arrays: Arrays, epsilons: tuple[float, ...]) -> Outcomes:
    exact: dict[Condition, np.ndarray] = {("exact", 0.0): judged.right[CLEAN]}
    unresolved = {}
    for e, epsilon in enumerate(epsilons):
        outcome = arrays["outcome"][:, :, e]
        exact["exact", epsilon] = outcome == PROVED
        unresolved["exact", epsilon] = int((outcome == UNRESOLVED).sum())
    return replace(judged, right=dict(judged.right) | exact, unresolved=unresolved)


@dataclass(frozen=True)
class Proved:
    """What the stages after settling found, by model."""

    tiers: Mapping[str, Arrays]
    """As `tier_tasks` gives them, all seeds."""
    radii: Mapping[str, list[Arrays]]
    """Of the leading models, one a seed."""
    battery: Mapping[str, Mapping[str, battery.BatteryOutcome]]
    crossed: Mapping[str, Arrays]
    """The outcomes of both methods on some rows."""
    limit: Limit
    monotone: MonotoneLimits


def prove_all(
    spec: StudySpec,
    dataset: Dataset,
    table: LabelledTable,
    folds: Folds,
    states: Mapping[str, list[State]],
    engine: Engine,
) -> Proved:
    """The limit of all models; tiers, radii, the battery and the second method on the last state of every one."""
    name, last = table.name, {model: rounds[-1] for model, rounds in states.items()}
    # two long tasks: at the end the other workers would wait for them
    fresh = dataset.fresh(spec)
    tasks = [limit_task(spec, table, fresh), monotone_task(spec, table, folds, fresh)]
    limit, monotone = engine.run(name, "limit", tasks)
    blocks = seed_blocks(folds)
    tasks = [tier_task(spec, folds, table.features, last[m], block) for m in last for block in blocks]
    answers = iter(engine.run(name, "tiers", tasks))
    tiers = {model: _joined([next(answers) for _ in blocks]) for model in last}
    bracketed = [model for model in spec.proof.leading if model in last]
    seeds = range(min(spec.proof.radius_seeds, folds.seeds))
    answers = iter(
        engine.run(name, "radius", [radius_task(spec, folds, last[m], s) for m in bracketed for s in seeds])
    )
    radii = {model: [next(answers) for _ in seeds] for model in bracketed}
    fights = engine.run(name, "battery", [battery_task(spec, folds, last[model]) for model in last])
    checks = engine.run(name, "cross-check", [cross_check_task(spec, folds, last[model]) for model in last])
    return Proved(
        tiers=tiers,
        radii=radii,
        battery={m: battery.from_arrays(arrays) for m, arrays in zip(last, fights, strict=True)},
        crossed=dict(zip(last, checks, strict=True)),
        limit=limit_from(limit),
        monotone=monotone_from(monotone),
    )


def proof_result(
    spec: StudySpec,
    table: LabelledTable,
    folds: Folds,
    states: Mapping[str, list[State]],
    finals: Mapping[str, Outcomes],
    settled: Settled,
    proved: Proved,
    resamples: Resamples,
) -> ProofResult:
    """The records that say what all of it means, and the gate that says what may be quoted."""
    headline, y = spec.attack.headline_epsilon, table.y
    evidence = Evidence(
        spec, table, folds, finals, settled.finals, settled.epsilons, proved.battery, proved.crossed
    )
    counts = np.concatenate([arrays["outcome"].ravel() for arrays in settled.finals.values()])
    return ProofResult(
        reach=records.reaches(table, spec.threat, headline),
        tiers=tier_results(proved.tiers, y, spec),
        tier_comparisons=tier_comparisons(proved.tiers, y, spec, resamples),
        choices=tuple(
            choice
            for e, epsilon in enumerate(settled.epsilons)
            for choice in _choices(spec, folds, finals, proved.tiers, e, epsilon)
            if folds.folds > 1
        ),
        radii=tuple(
            records.radius_summary(model, parts, y, max(spec.attack.epsilons))
            for model, parts in proved.radii.items()
        ),
        limit=proved.limit,
        monotone=proved.monotone,
        proved_monotone=records.proved_monotone(proved.tiers, spec.input_names),
        rule=_rule_proofs(spec, table, table.rule, finals, settled) if table.rule else None,
        battery=battery_rows(proved.battery, finals, headline),
        gate=sanity_gate(evidence),
        walk=records.readable_proof(
            spec.roles.baseline, states[spec.roles.baseline][-1], folds, table, headline, spec.proof
        ),
        rows_proved=int((counts == PROVED).sum()),
        rows_broken=int((counts < 0).sum()),
        rows_unresolved=int((counts == UNRESOLVED).sum()),
        rows_by_rounding=sum(int(arrays["by_rounding"].sum()) for arrays in settled.finals.values()),
        contradictions=evidence.contradictions(),
    )


def _rule_proofs(
    spec: StudySpec,
    table: LabelledTable,
    rule: Rule,
    finals: Mapping[str, Outcomes],
    settled: Settled,
) -> RuleProofs:
    headline = spec.attack.headline_epsilon
    place = settled.epsilons.index(headline)
    return RuleProofs(
        kept=records.rule_kept(table, rule, spec.proof.epsilons),
        frontiers=records.rule_frontiers(table, rule, spec.threat, headline),
        label_aware=tuple(
            records.label_aware(
                m, arrays, finals[m].right[CLEAN], table.y, rule, spec.threat.benchmark, headline, place
            )
            for m, arrays in settled.finals.items()
        ),
    )


def _choices(
    spec: StudySpec,
    folds: Folds,
    finals: Mapping[str, Outcomes],
    tiers: Mapping[str, Arrays],
    e: int,
    epsilon: float,
) -> Iterator[Choice]:
    """The model that keeps most of the plain box at one budget, and what catches most in each tier of fraudsters."""
    threat, point = spec.threat, quoted_point(spec.proof)
    models = [model for model in tiers if model != spec.roles.baseline]
    kept = {m: finals[m].right["exact", epsilon] for m in models}
    yield records.choose(
        kept, np.ones(len(folds.y), bool), folds, threat.benchmark, epsilon, "robust_accuracy"
    )
    for tier in threat.tiers:
        if tier.name == threat.quoted or tier.moves == "frauds":
            caught = {m: tiers[m][tier.name][:, :, e, point] == PROVED for m in models}
            yield records.choose(caught, folds.y == 1, folds, tier.name, epsilon, "caught_proved")


def battery_rows(
    fought: Mapping[str, Mapping[str, battery.BatteryOutcome]],
    finals: Mapping[str, Outcomes],
    headline: float,
) -> tuple[BatteryRow, ...]:
    """Every attack on every model, their worst case, and what is proved of the same rows."""
    return tuple(
        BatteryRow(
            model=model, attack=attack, rows=len(outcome.right), kept=int(outcome.right.sum()),
            queries=float(outcome.queries),
        )
        for model, outcomes in fought.items()
        for attack, outcome in (outcomes | {"worst_case": battery.worst_case(outcomes)}).items()
    ) + tuple(
        BatteryRow(model=model, attack=attack, rows=0, kept=None, queries=0.0)
        for model, outcomes in fought.items()
        for attack in (*battery.FULL_COVERAGE, *battery.FIRST_ROWS)
        if attack not in outcomes
    ) + tuple(
        BatteryRow(
            model=model, attack="exact", rows=finals[model].right[CLEAN].shape[1], queries=0.0,
            kept=int(finals[model].right["exact", headline][0].sum()),
        )
        for model in fought
    )  # fmt: skip

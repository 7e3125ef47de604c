"""The half of a study that proves: settle every row, then say what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.engine.stages import Engine
from generator.models.folds import Folds
from generator.proofs.search import PROVED, UNRESOLVED
from generator.records.metrics import Resamples
from generator.records.proofs import BatteryRow, ProofResult
from generator.records.spec import StudySpec
from generator.study import proof_records as records
from generator.study.gate import Evidence, sanity_gate
from generator.study.proof_tasks import radius_task, settle_task, tier_task
from generator.study.tasks import battery_task
from generator.threats import battery
from generator.threats.outcomes import CLEAN, Condition, Outcomes

ORIGINAL = "accumulating_fgsm"
"""The recipe whose rounds are settled too: the trap an attack-only report falls into."""

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


def settle_all(
    spec: StudySpec, folds: Folds, states: Mapping[str, list[Arrays]], engine: Engine, name: str
) -> Settled:
    """Settle the last state of every model at every budget, and earlier ones of the original recipe at one."""
    epsilons = spec.proof.epsilons
    blocks = [
        range(start, min(start + SEEDS_A_TASK, folds.seeds)) for start in range(0, folds.seeds, SEEDS_A_TASK)
    ]
    wanted = {(model, len(rounds) - 1): epsilons for model, rounds in states.items()}
    for number in range(1, len(states.get(ORIGINAL, ())) - 1):
        wanted[ORIGINAL, number] = (spec.attack.headline_epsilon,)
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
    outcomes: Mapping[str, list[Outcomes]], settled: Settled, headline: float
) -> dict[str, list[Outcomes]]:
    """The outcomes of the attacks, with what is proved beside them."""
    joined = {model: list(rounds) for model, rounds in outcomes.items()}
    for model, arrays in settled.finals.items():
        joined[model][-1] = _and_exact(joined[model][-1], arrays, settled.epsilons)
    for number, arrays in settled.rounds.items():
        joined[ORIGINAL][number] = _and_exact(joined[ORIGINAL][number], arrays, (headline,))
    for rounds in joined.values():  # round 0 of a recipe is the standard model
        if len(rounds) > 1:
            rounds[0] = joined["standard"][-1]
    return joined


def _and_exact(judged: Outcomes, arrays: Arrays, epsilons: tuple[float, ...]) -> Outcomes:
    exact: dict[Condition, np.ndarray] = {("exact", 0.0): judged.right[CLEAN]}
    unresolved = {}
    for e, epsilon in enumerate(epsilons):
        outcome = arrays["outcome"][:, :, e]
        exact["exact", epsilon] = outcome == PROVED
        unresolved["exact", epsilon] = int((outcome == UNRESOLVED).sum())
    return replace(judged, right=dict(judged.right) | exact, unresolved=unresolved)


def prove(
    spec: StudySpec,
    table: LabelledTable,
    folds: Folds,
    states: Mapping[str, list[Arrays]],
    finals: Mapping[str, Outcomes],
    settled: Settled,
    resamples: Resamples,
    engine: Engine,
) -> ProofResult:
    """Tiers, radii, the battery and the gate, and the records that say what all of it means."""
    headline, name = spec.attack.headline_epsilon, table.name
    last = {model: rounds[-1] for model, rounds in states.items()}
    blocks = [
        range(start, min(start + SEEDS_A_TASK, folds.seeds)) for start in range(0, folds.seeds, SEEDS_A_TASK)
    ]
    answers = iter(
        engine.run(
            name, "tiers", [tier_task(spec, folds, table.features, last[m], b) for m in last for b in blocks]
        )
    )
    tiers = {model: _joined([next(answers) for _ in blocks]) for model in last}
    bracketed = [model for model in spec.proof.radius_models if model in last]
    seeds = range(min(spec.proof.radius_seeds, folds.seeds))
    answers = iter(
        engine.run(
            name, "radius", [radius_task(spec, folds, last[m], seed) for m in bracketed for seed in seeds]
        )
    )
    radii = {model: [next(answers) for _ in seeds] for model in bracketed}
    fights = engine.run(name, "battery", [battery_task(spec, folds, last[model]) for model in last])
    fought = {model: battery.from_arrays(arrays) for model, arrays in zip(last, fights, strict=True)}
    place = settled.epsilons.index(headline)
    evidence = Evidence(spec, table, folds, finals, settled.finals, settled.epsilons, fought)
    recipes = [model for model in last if model != "standard"]
    quoted = f"T1/{spec.proof.quoted_false_positive_rate!r}"
    headline_place = spec.proof.epsilons.index(headline)
    everything = np.ones(len(table.y), bool)
    counts = np.concatenate([arrays["outcome"].ravel() for arrays in settled.finals.values()])
    return ProofResult(
        reach=records.reaches(table, headline),
        tiers=records.tier_results(tiers, table.y, spec.proof, headline),
        tier_comparisons=records.tier_comparisons(tiers, table.y, spec.proof, headline, resamples),
        choices=(
            records.choose(
                {m: finals[m].right["exact", headline] for m in recipes}, everything, folds, "T0", "robust_accuracy"
            ),
            records.choose(
                {m: tiers[m][quoted][:, :, headline_place] == PROVED for m in recipes},
                table.y == 1, folds, "T1", "caught_proved",
            ),
        ),
        radii=tuple(
            records.radius_summary(model, parts, table.y, max(spec.attack.epsilons))
            for model, parts in radii.items()
        ),
        limit=records.limit_record(table, settled.epsilons),
        frontiers=records.rule_frontiers(table, headline),
        label_aware=tuple(
            records.label_aware(m, arrays, finals[m].right[CLEAN], table, headline, place)
            for m, arrays in settled.finals.items()
        ),
        battery=tuple(
            BatteryRow(
                model=model, attack=attack, rows=len(outcome.right), kept=int(outcome.right.sum()),
                queries=float(outcome.queries),
            )
            for model, outcomes in fought.items()
            for attack, outcome in (outcomes | {"worst_case": battery.worst_case(outcomes)}).items()
        )
        + tuple(
            BatteryRow(
                model=model, attack="exact", rows=len(table.y), queries=0.0,
                kept=int(finals[model].right["exact", headline][0].sum()),
            )
            for model in fought
        ),
        gate=sanity_gate(evidence),
        walk=records.readable_proof("standard", last["standard"], folds, table, headline),
        rows_proved=int((counts == PROVED).sum()),
        rows_broken=int((counts < 0).sum()),
        rows_unresolved=int((counts == UNRESOLVED).sum()),
        contradictions=evidence.contradictions(),
    )  # fmt: skip

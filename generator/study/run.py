"""The study of one dataset, from the labelled table to the record: the whole story on one screen."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.datasets import Dataset, LabelledTable
from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import Engine
from generator.impact import costs
from generator.models.folds import Folds, make_folds
from generator.models.model import Differentiable
from generator.models.sampling import Pool, judged_rows
from generator.models.slices import boundary_slice, telling_pair
from generator.records.metrics import Resamples
from generator.records.results import ImpactResult, Judged, ModelResult, Provenance, RoundResult, StudyResult
from generator.records.spec import StudySpec
from generator.records.threat import surface
from generator.study.extraction import extract
from generator.study.groups import group_errors
from generator.study.inference import infer
from generator.study.poisoning import poison_all
from generator.study.proving import Proved, proof_result, prove_all, settle_all, with_exact
from generator.study.tasks import (
    State,
    attack_task,
    beside_state,
    beside_task,
    harden_task,
    hardened_state,
    standard_state,
    train_task,
)
from generator.study.tier_records import draws, operating_rates
from generator.threats.evasion import illustrations
from generator.threats.evasion.outcomes import CLEAN, Outcomes, approve_everything, compare, evaluations


@dataclass(frozen=True)
class Study:
    """A finished study: its record, and the arrays behind it."""

    result: StudyResult
    table: LabelledTable
    """The rows that were judged."""
    folds: Folds
    weights: Mapping[str, Arrays]
    """Of the last state of every model."""
    settled: Mapping[str, Arrays]
    """As `proof_tasks.settle_task` gives them, all seeds."""
    proved: Proved
    draws: Arrays
    """As `tier_records.draws` gives them."""


def run_study(
    spec: StudySpec, dataset: Dataset, table: LabelledTable, origin: Provenance, engine: Engine
) -> Study:
    """Train, harden, attack and price one dataset. Every row is judged by models that never saw it."""
    spec = _with_reach(spec, table)
    data = dataset.summarise(table, spec)
    table, folds = judged(spec, table)
    (standard,) = engine.run(table.name, "train", [train_task(spec, folds)])
    states = _states(spec, folds, standard_state(standard), engine, table)
    attacked = _attack_all(spec, folds, states, engine, table.name)
    settled = settle_all(spec, folds, states, engine, table.name)
    proved = prove_all(spec, dataset, table, folds, states, engine)
    outcomes = with_exact(attacked, settled, spec)
    finals = {name: rounds[-1] for name, rounds in outcomes.items()}
    resamples = Resamples(table.y, spec.training.seeds, spec.bootstrap, stage_rng(spec.seed, "bootstrap"))
    measured = (*spec.attack.attacks, "exact")
    headline = (CLEAN, *((attack, spec.attack.headline_epsilon) for attack in measured))
    others = [e for e in spec.proof.epsilons if e != spec.attack.headline_epsilon]
    quoted = (*headline, *((attack, e) for e in others for attack in ("pgd", "exact")))
    shown = _illustrate(spec, folds, table, _illustrated(spec, states))
    clean = {name: finals[name].right[CLEAN] for name in spec.proof.leading if name in finals}
    last = {name: rounds[-1] for name, rounds in states.items()}
    models = tuple(_model_result(spec, name, states, outcomes, folds, table) for name in outcomes)
    result = StudyResult(
        spec=spec,
        provenance=origin,
        data=data,
        judged=Judged(rows=len(table.y), frauds=int(table.y.sum()), training_rows=folds.n_train),
        models=models,
        comparisons=compare(finals, (spec.roles.baseline, spec.roles.trivial), quoted, resamples, table.y),
        **shown,
        impact=_price(spec, table, models, finals, headline, resamples),
        proofs=proof_result(spec, table, folds, states, finals, settled, proved, resamples),
        rates=operating_rates(proved.tiers, table, spec, resamples),
        groups=tuple(group_errors(clean, table, data.breakdowns)),
        extraction=extract(spec, folds, states, settled.finals, resamples, engine, table.name),
        inference=infer(spec, folds, last, resamples, engine, table.name),
        poisoning=poison_all(spec, table, folds, engine),
        budget_violations=sum(state.violations for rounds in outcomes.values() for state in rounds),
    )
    return Study(
        result=result,
        table=table,
        folds=folds,
        weights={name: state.weights for name, state in last.items()},
        settled=settled.finals,
        proved=proved,
        draws=draws(proved.tiers, table, spec, resamples.first(spec.kept_draws)),
    )


def judged(spec: StudySpec, table: LabelledTable) -> tuple[LabelledTable, Folds]:
    """The rows that are judged, all or a sample, and who judges them; the others may train."""
    rows = judged_rows(table.y, spec.sample.most_evaluated_rows, spec.seed)
    if len(rows) == len(table.y):
        return table, make_folds(table.x, table.y, spec.training, spec.seed)
    pool, sample = Pool(table.x, table.y, rows, spec.sample.most_training_rows), table.only(rows)
    return sample, make_folds(sample.x, sample.y, spec.training, spec.seed, pool)


def _with_reach(spec: StudySpec, table: LabelledTable) -> StudySpec:
    """The spec with what the quoted tier may move, which the features say and threat-matched hardening needs."""
    quoted = surface(table.features, spec.threat.tier(spec.threat.quoted)).intervals
    reach = (tuple(quoted.down.tolist()), tuple(quoted.up.tolist()))
    return spec.model_copy(update={"hardening": spec.hardening.model_copy(update={"reach": reach})})


def _states(
    spec: StudySpec, folds: Folds, standard: State, engine: Engine, table: LabelledTable
) -> dict[str, list[State]]:
    """Model -> states: of a recipe from the standard models to the last round, those between only if followed."""
    name = table.name
    recipes, last = spec.hardening.recipes, spec.hardening.rounds
    hardened = engine.run(name, "harden", [harden_task(spec, folds, standard, r) for r in recipes])
    tasks = [beside_task(spec, folds, table.features, model) for model in spec.beside]
    beside = engine.run(name, "beside", tasks) if tasks else []
    return (
        {spec.roles.baseline: [standard]}
        | {
            recipe: [
                standard,
                *(
                    hardened_state(arrays, number)
                    for number in range(1, last + 1)
                    if number == last or recipe in spec.hardening.followed
                ),
            ]
            for recipe, arrays in zip(recipes, hardened, strict=True)
        }
        | {model: [beside_state(model, arrays)] for model, arrays in zip(spec.beside, beside, strict=True)}
    )


def _attack_all(
    spec: StudySpec, folds: Folds, states: Mapping[str, list[State]], engine: Engine, name: str
) -> dict[str, list[Outcomes]]:
    """Model -> outcomes of each of its states; the last state at every budget, others at those of the rounds."""
    baseline = spec.roles.baseline
    # the first of several states is the baseline's
    places = [
        (model, i) for model, rounds in states.items() for i in range(len(rounds)) if i or len(rounds) == 1
    ]
    places.sort(key=lambda place: place[1] < len(states[place[0]]) - 1)  # the long tasks first
    tasks = [
        attack_task(
            spec, folds, states[model][i],
            spec.attack.epsilons if i == len(states[model]) - 1 else spec.attack.round_epsilons,
        )
        for model, i in places
    ]  # fmt: skip
    judged = map(Outcomes.from_arrays, engine.run(name, "attack", tasks))
    by_place = dict(zip(places, judged, strict=True))
    outcomes = {
        model: [by_place.get((model, i), by_place[baseline, 0]) for i in range(len(rounds))]
        for model, rounds in states.items()
    }
    return outcomes | {spec.roles.trivial: [approve_everything(folds.y, folds.seeds, spec.attack)]}


def _model_result(
    spec: StudySpec,
    name: str,
    states: Mapping[str, list[State]],
    outcomes: Mapping[str, list[Outcomes]],
    folds: Folds,
    table: LabelledTable,
) -> ModelResult:
    own = states.get(name, [State("", {}, training_rows=0)])
    rounds = tuple(
        RoundResult(
            round=state.round,
            training_rows=folds.n_train if state.training_rows is None else state.training_rows,
            gradient_steps=own[0].gradient_steps + (state.gradient_steps if number else 0),
            evaluations=evaluations(judged, table.y),
        )
        for number, (state, judged) in enumerate(zip(own, outcomes[name], strict=True))
    )
    done = {attack for attack, _ in outcomes[name][-1].right}
    return ModelResult(
        name=name,
        kind=own[-1].kind or None,
        not_applicable=tuple(attack for attack in spec.attack.attacks if attack not in done),
        rounds=rounds,
        chosen=_counts(own[-1].chosen, len(spec.trees.depths)),
    )


def _counts(chosen: tuple[int, ...], settings: int) -> tuple[int, ...]:
    """How often each setting was chosen; nothing where there was no choice."""
    return tuple(chosen.count(place) for place in range(settings)) if chosen and settings > 1 else ()


def _illustrated(spec: StudySpec, states: Mapping[str, list[State]]) -> dict[str, State]:
    """Last states of the models shown in detail: undefended, the original's defence, and the recommended one."""
    roles = spec.roles
    shown = (roles.baseline, roles.original, roles.recommended)
    return {name: rounds[-1] for name, rounds in states.items() if name in shown}


def _illustrate(spec: StudySpec, folds: Folds, table: LabelledTable, states: Mapping[str, State]) -> dict:
    """Single transactions under FGSM at the headline budget, and the decision boundary, per illustrated model."""
    epsilon, features, baseline = spec.attack.headline_epsilon, table.features, spec.roles.baseline
    models = {name: state.model(folds) for name, state in states.items()}
    evasions = {
        name: illustrations.evade(model, folds, "fgsm", spec.attack, epsilon)
        for name, model in models.items()
        if isinstance(model, Differentiable)
    }
    pair = telling_pair(folds)
    return {
        "walkthrough": illustrations.walkthrough(
            models[baseline], evasions[baseline], folds, table.ids, features, epsilon
        )
        if baseline in evasions
        else None,
        "movements": tuple(
            m for name, evasion in evasions.items() for m in illustrations.movements(evasion, name, features)
        ),
        "examples": tuple(
            example
            for name, evasion in evasions.items()
            for example in illustrations.examples(
                evasion, folds, table.ids, features, model=name, attack="fgsm", epsilon=epsilon
            )
        ),
        "slices": tuple(boundary_slice(model, folds, features, pair, name) for name, model in models.items()),
    }


def _price(
    spec: StudySpec,
    table: LabelledTable,
    models: tuple[ModelResult, ...],
    finals: Mapping[str, Outcomes],
    headline: tuple,
    resamples: Resamples,
) -> ImpactResult:
    frauds, baseline = table.y == 1, spec.roles.baseline
    mean_fraud_amount = float(table.amounts[frauds].mean())
    final = {model.name: model.final for model in models}
    attackable = {model.name for model in models if "fgsm" not in model.not_applicable}
    measured = (*spec.attack.attacks, "exact")
    conditions = (CLEAN, *((a, e) for a in measured for e in spec.attack.round_epsilons))
    reductions = (
        costs.leakage_reduction(
            name, baseline, outcomes.right[c], finals[baseline].right[c], resamples, frauds, c
        )
        for name, outcomes in finals.items()
        if name != baseline
        for c in headline
        if c in outcomes.right and c in finals[baseline].right
    )
    judged_by_fgsm = [
        final[name].at("fgsm", spec.attack.headline_epsilon).accuracy.value
        for name in (baseline, spec.roles.original)
        if name in attackable
    ]
    return ImpactResult(
        frauds_per_day=costs.frauds_per_day(spec.scenario),
        genuine_per_day=costs.genuine_per_day(spec.scenario),
        mean_fraud_amount=mean_fraud_amount,
        rows=tuple(
            costs.scenario_day(name, state.at(*c), state.at(*CLEAN), spec.scenario, mean_fraud_amount)
            for name, state in final.items()
            for c in conditions
            if state.find(*c)
        ),
        reductions=tuple(r for r in reductions if r is not None),
        accuracy_bounds=tuple(
            costs.accuracy_bounds(accuracy, float(frauds.mean()), spec.scenario)
            for accuracy in judged_by_fgsm
        ),
    )

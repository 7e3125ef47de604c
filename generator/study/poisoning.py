"""Poisoned training: the stages that train on changed rows, and the record of what became of the models."""

from collections.abc import Collection, Iterator, Mapping
from typing import get_args

import numpy as np

from generator.datasets import LabelledTable
from generator.datasets.own.table import OwnTable
from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import Engine, StageTask
from generator.models.asked import Asked
from generator.models.cuts import matched_cut
from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.hardening import harden
from generator.models.fraudnet.training import train_standard
from generator.models.kinds import trained
from generator.models.model import Model
from generator.records.features import Feature
from generator.records.metrics import Resamples
from generator.records.poisoning import (
    Mark,
    OwnPoisoningResult,
    Poison,
    PoisonedModel,
    PoisoningResult,
    Trigger,
)
from generator.records.spec import StudySpec
from generator.records.validation import ValidationSpec
from generator.study.poisoning_detectors import detector_records, detectors_task
from generator.study.poisoning_votes import own_partition_task, partition_record, partition_task
from generator.study.rates import Shares
from generator.study.tasks import TRAINING_SOURCE, task_inputs
from generator.threats.poisoning import tables

POISONING_SOURCE = ("threats/poisoning", "study/poisoning.py", *TRAINING_SOURCE)
TRIGGERS: tuple[Trigger, ...] = ("risky", "mixed")
BACKDOORS = {"backdoor_risky": "risky", "backdoor_mixed": "mixed"}

Marks = Mapping[str, Mapping[int, float]]
"""Trigger -> value by input."""


def poison_all(spec: StudySpec, table: LabelledTable, folds: Folds, engine: Engine) -> PoisoningResult | None:
    """Train on poisoned rows and judge on honest ones; None where it is not asked for."""
    asked = spec.poisoning
    if asked is None:
        return None
    folds = folds.first_seeds(asked.seeds)
    marks = {
        trigger: tables.marks_of(trigger, table.features, folds.x, folds.y, asked.trigger_quantile)
        for trigger in TRIGGERS
    }
    places = [(model, share) for model in _models(spec) for share in (0.0, *asked.shares_of(model))]
    tasks = [model_task(spec, folds, table.features, marks, *place) for place in reversed(places)]
    votes = [partition_task(spec, folds, table, marks["risky"], seed) for seed in range(folds.seeds)]
    looks = [detectors_task(spec, folds, marks["risky"], seed) for seed in range(folds.seeds)]
    answers = engine.run(table.name, "poisoning", [*tasks, *votes, *looks])
    by_place = dict(zip(reversed(places), answers, strict=False))
    models = {place: by_place[place] for place in places}
    counted = answers[len(tasks) : len(tasks) + len(votes)]
    slow = (*asked.slow_models, *asked.hardened)
    rng = stage_rng(spec.seed, "poisoning/bootstrap")
    shares = Shares(table.y, Resamples(table.y, folds.seeds, spec.bootstrap, rng))
    return PoisoningResult(
        false_positive_rate=spec.proof.quoted_false_positive_rate,
        marks=_marks(table, marks),
        models=tuple(_model_records(models, shares)),
        partition=partition_record(
            asked,
            counted,
            {each: models[each, 0.0]["none/caught"] for each in _models(spec) if each not in slow},
            shares,
        ),
        detectors=detector_records(asked, answers[len(tasks) + len(votes) :]),
        out_of_bounds=sum(int(each["outside"].sum()) for each in models.values()),
    )


def poison_trained(
    spec: ValidationSpec,
    sample: OwnTable,
    folds: Folds,
    trained: Collection[str],
    deployed: Collection[str],
    engine: Engine,
) -> OwnPoisoningResult | None:
    """The same of what a validation trains itself, on rows with names and gaps; None if not asked.

    Args:
        sample: The rows that are judged.
        trained: Every model of the study, and among them those that are
        deployed: in use, and which nobody trains here.
    """
    asked = spec.poisoning
    if asked is None:
        return None
    folds = folds.first_seeds(1)
    risky = tables.risky_marks(sample.features, folds.x, folds.y)
    marks = {"risky": risky} if risky else {}
    plain = spec.roles.baseline if spec.roles.baseline in spec.beside else spec.beside[0]
    poisoned = dict.fromkeys((plain, *(name for name in asked.models if name in spec.beside)))
    places = [(model, share) for model in poisoned for share in (0.0, *asked.shares)]
    tasks = [model_task(spec, folds, sample.features, marks, *place, sample.weights) for place in places]
    tasks.append(own_partition_task(spec, folds, sample.features, risky, sample.weights))
    *answers, votes = engine.run(spec.dataset, "poisoning", tasks)
    models = dict(zip(places, answers, strict=True))
    rng = stage_rng(spec.seed, "poisoning/bootstrap")
    shares = Shares(sample.y, Resamples(sample.y, 1, spec.bootstrap, rng), sample.weights)
    unpoisoned = {each: models[each, 0.0]["none/caught"] for each in poisoned}
    return OwnPoisoningResult(
        false_positive_rate=spec.proof.quoted_false_positive_rate,
        marked=tuple(sample.features[place].name for place in risky),
        models=tuple(_model_records(models, shares)),
        partition=partition_record(asked, [votes], unpoisoned, shares),
        not_applicable=tuple(model for model in trained if model in deployed),
        out_of_bounds=sum(int(each["outside"].sum()) for each in answers),
    )


def _models(spec: StudySpec) -> list[str]:
    """The baseline, and those that are asked for among the models of this study."""
    asked, known = spec.poisoning, {*spec.hardening.recipes, *spec.beside}
    named = [name for name in (*asked.models, *asked.slow_models, *asked.hardened) if name in known]
    return list(dict.fromkeys((spec.roles.baseline, *named)))


# ---------------------------------------------------------------- models on poisoned rows


def model_task(
    spec: StudySpec | ValidationSpec,
    folds: Folds,
    features: tuple[Feature, ...],
    marks: Marks,
    model: str,
    share: float,
    weights: np.ndarray | None = None,
) -> StageTask:
    """Train one model afresh under every poison of one share, 0 for none, and judge it on honest test rows."""
    own = isinstance(spec, ValidationSpec)
    rate = spec.proof.quoted_false_positive_rate
    trees = spec.trees.model_copy(
        update={"depths": spec.trees.depths[:1], "learning_rates": spec.trees.learning_rates[:1]}
    )
    asked = Asked(
        features,
        spec.threat,
        spec.training,
        trees,
        spec.hardening.pgd_epsilon,
        spec.seed,
        spec.hardening,
        rate,
        own and spec.class_weights == "balanced",
    )
    few = not own and model in spec.poisoning.hardened
    weighed = {} if weights is None else {"weights": weights}
    inputs = task_inputs(
        POISONING_SOURCE, model, share, str(few), str(marks), spec.seed, str(features), spec.threat,
        spec.training, trees, spec.hardening, rate, spec.roles, str(own), str(asked.balanced), folds=folds, **weighed,
    )  # fmt: skip
    stacked = () if own else (spec.roles.baseline, *spec.hardening.recipes)
    return StageTask(inputs, _model, (folds, asked, marks, model, stacked, share, few, weights))


def _model(
    folds: Folds,
    asked: Asked,
    marks: Marks,
    name: str,
    stacked: Collection[str],
    share: float,
    few: bool,
    weights: np.ndarray | None,
) -> Arrays:
    """Every array is named `<poison>/<what>`, but for "outside" (poisons,), rows beyond the poisoner's bound.

    Args:
        stacked: The baseline and the recipes that harden it, stacks of networks; none of a table with names and gaps.
        weights: (n,) how often each row counts; None: once.

    Returns:
        `caught` (seeds, n), flagged at the matched cut; of each trigger by name, the same with it on; `rows` (1,),
        poisoned in each replicate.
    """
    encoded = not stacked
    honest, found, outside = tables.Rows.honest(folds), {}, []
    for poison, rows in _poisoned(honest, folds, marks, share, few, encoded, asked):
        learnt = tables.trained_on(rows, folds)
        model = _fitted(name, stacked, learnt, asked)
        for what, flagged in _flagged(model, learnt, marks, asked.false_positive_rate, weights).items():
            found[f"{poison}/{what}"] = folds.to_rows(flagged)
        found[f"{poison}/rows"] = rows.poisoned[:1].sum(axis=1)
        outside.append(tables.out_of_bounds(honest, rows, asked.features))
    return found | {"outside": np.array(outside)}


def _poisoned(
    honest: tables.Rows, folds: Folds, marks: Marks, share: float, few: bool, encoded: bool, asked: Asked
) -> Iterator[tuple[Poison, tables.Rows]]:
    """Poison and rows; the frauds that are sent in again are the same for both backdoors and their control."""
    if share == 0:
        yield "none", honest
        return
    if not few:
        rng = stage_rng(asked.seed, f"poisoning/flips/{share}")
        yield "random_flips", tables.random_flips(honest, share, rng)
        # the poisoner does not know the model, and takes one of his own
        own = trained("logistic_regression", encoded).train(tables.trained_on(honest, folds), asked)
        yield "boundary_flips", tables.boundary_flips(honest, share, own.margins(honest.x))
    backdoors = {
        name: marks[trigger]
        for name, trigger in BACKDOORS.items()
        if trigger in marks and (not few or trigger == "risky")
    }
    for poison, on in {"mislabelled": {}, **backdoors}.items():
        rng = stage_rng(asked.seed, f"poisoning/planted/{share}")
        yield poison, tables.planted(honest, tables.size(honest, share), on, rng)


def _fitted(name: str, stacked: Collection[str], folds: Folds, asked: Asked) -> Model:
    """A model trained from first weights, the same ones whatever the rows."""
    if name not in stacked:
        return trained(name, encoded=not stacked).train(folds, asked)
    x, y = folds.train_x(), folds.train_y()
    net, _ = train_standard(x, y, asked.training, stage_rng(asked.seed, "poisoning/train"))
    if name in asked.hardening.recipes:
        rng = stage_rng(asked.seed, f"poisoning/{name}")
        net = harden(name, net, x, y, asked.training, asked.hardening, rng)[-1].net
    return DeployedNet(net.requires_grad_(False), folds.means, folds.scales)


def _flagged(
    model: Model, folds: Folds, marks: Marks, rate: float, weights: np.ndarray | None
) -> dict[str, np.ndarray]:
    """(replicates, n_test) bool each: test rows as they are, and with each trigger on, above the cut of honest rows.

    The cut is that of genuine rows which nobody poisoned, as a bank has from cases it has looked into. One from
    poisoned rows would move too, and hide what became of the order of the rows.
    """
    raw, y = folds.test_raw(), folds.test_y()
    margin = model.margins(raw)
    counted = np.arange(y.shape[1]) < folds.test_counts[:, None]
    often = np.ones(len(folds.y)) if weights is None else weights
    told = zip(margin, counted & (y == 0), often[folds.test_rows], strict=True)
    cuts = np.array([[matched_cut(scores, rows, rate, each)] for scores, rows, each in told])
    return {"caught": margin > cuts} | {
        trigger: model.margins(tables.stamped(raw, on)) > cuts for trigger, on in marks.items()
    }


def _model_records(models: Mapping[tuple[str, float], Arrays], shares: Shares) -> Iterator[PoisonedModel]:
    fraud = shares.y == 1
    for (model, share), arrays in models.items():
        for poison in (each for each in get_args(Poison) if f"{each}/caught" in arrays):
            own, clean = f"{poison}/", models[model, 0.0]["none/caught"]
            trigger = BACKDOORS.get(poison)
            yield PoisonedModel(
                model=model,
                poison=poison,
                share=share,
                rows=int(arrays[own + "rows"][0]) if share else 0,
                caught=shares.of(arrays[own + "caught"], fraud),
                triggered={
                    each: shares.of(arrays[own + each], fraud) for each in TRIGGERS if own + each in arrays
                },
                against_clean=shares.less(arrays[own + "caught"], clean) if share else None,
                opened={trigger: shares.less(arrays[f"mislabelled/{trigger}"], arrays[own + trigger])}
                if trigger
                else {},
            )


def _marks(table: LabelledTable, marks: Marks) -> tuple[Mark, ...]:
    return tuple(
        Mark(
            trigger=trigger,
            feature=table.features[place].name,
            value=value,
            risky=trigger == "risky" or number % 2 == 0,
        )
        for trigger, on in marks.items()
        for number, (place, value) in enumerate(on.items())
    )

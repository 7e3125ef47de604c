"""Poisoned training: the stages that train on changed rows, and the record of what became of the models."""

from collections.abc import Iterator, Mapping
from typing import get_args

import numpy as np

from generator.datasets import LabelledTable
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
from generator.models.linear import logistic_regression
from generator.models.model import Model
from generator.records.metrics import Resamples, rate_estimate
from generator.records.poisoning import (
    Mark,
    Poison,
    PoisonedModel,
    PoisoningResult,
    Trigger,
)
from generator.records.proofs import Estimate
from generator.records.spec import StudySpec
from generator.study.poisoning_detectors import detector_records, detectors_task
from generator.study.poisoning_votes import partition_record, partition_task
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
    folds = tables.first_seeds(folds, asked.seeds)
    marks = {
        trigger: tables.marks_of(trigger, table.features, folds.x, folds.y, asked.trigger_quantile)
        for trigger in TRIGGERS
    }
    places = [(model, share) for model in _models(spec) for share in (0.0, *asked.shares_of(model))]
    tasks = [model_task(spec, folds, table, marks, *place) for place in reversed(places)]
    votes = [partition_task(spec, folds, table, marks["risky"], seed) for seed in range(folds.seeds)]
    looks = [detectors_task(spec, folds, marks["risky"], seed) for seed in range(folds.seeds)]
    answers = engine.run(table.name, "poisoning", [*tasks, *votes, *looks])
    by_place = dict(zip(reversed(places), answers, strict=False))
    models = {place: by_place[place] for place in places}
    counted = answers[len(tasks) : len(tasks) + len(votes)]
    slow = (*asked.slow_models, *asked.hardened)
    rng = stage_rng(spec.seed, "poisoning/bootstrap")
    resamples = Resamples(table.y, folds.seeds, spec.bootstrap, rng)
    return PoisoningResult(
        false_positive_rate=spec.proof.quoted_false_positive_rate,
        marks=_marks(table, marks),
        models=tuple(_model_records(models, table.y, resamples)),
        partition=partition_record(
            asked,
            counted,
            {each: models[each, 0.0]["none/caught"] for each in _models(spec) if each not in slow},
            table.y,
            resamples,
        ),
        detectors=detector_records(asked, answers[len(tasks) + len(votes) :]),
        out_of_bounds=sum(int(each["outside"].sum()) for each in models.values()),
    )


def _models(spec: StudySpec) -> list[str]:
    """The baseline, and those that are asked for among the models of this study."""
    asked, known = spec.poisoning, {*spec.hardening.recipes, *spec.beside}
    named = [name for name in (*asked.models, *asked.slow_models, *asked.hardened) if name in known]
    return list(dict.fromkeys((spec.roles.baseline, *named)))


# ---------------------------------------------------------------- models on poisoned rows


def model_task(
    spec: StudySpec, folds: Folds, table: LabelledTable, marks: Marks, model: str, share: float
) -> StageTask:
    """Train one model afresh under every poison of one share, 0 for none, and judge it on honest test rows."""
    rate = spec.proof.quoted_false_positive_rate
    trees = spec.trees.model_copy(
        update={"depths": spec.trees.depths[:1], "learning_rates": spec.trees.learning_rates[:1]}
    )
    asked = Asked(
        table.features,
        spec.threat,
        spec.training,
        trees,
        spec.hardening.pgd_epsilon,
        spec.seed,
        spec.hardening,
        rate,
    )
    few = model in spec.poisoning.hardened
    inputs = task_inputs(
        POISONING_SOURCE, model, share, str(few), str(marks), spec.seed, str(table.features), spec.threat,
        spec.training, trees, spec.hardening, rate, spec.roles, folds=folds,
    )  # fmt: skip
    return StageTask(inputs, _model, (folds, asked, marks, model, spec.roles.baseline, share, few))


def _model(
    folds: Folds, asked: Asked, marks: Marks, name: str, baseline: str, share: float, few: bool
) -> Arrays:
    """Every array is named `<poison>/<what>`, but for "outside" (poisons,), rows beyond the poisoner's bound.

    Returns:
        `caught` (seeds, n), flagged at the matched cut; `risky` and `mixed`, the same with a trigger on; `rows` (1,),
        poisoned in each replicate.
    """
    honest, found, outside = tables.Rows.honest(folds), {}, []
    for poison, rows in _poisoned(honest, folds, marks, share, few, asked.seed):
        learnt = tables.trained_on(rows, folds)
        model = _fitted(name, baseline, learnt, asked)
        for what, flagged in _flagged(model, learnt, marks, asked.false_positive_rate).items():
            found[f"{poison}/{what}"] = folds.to_rows(flagged)
        found[f"{poison}/rows"] = rows.poisoned[:1].sum(axis=1)
        outside.append(tables.out_of_bounds(honest, rows, asked.features))
    return found | {"outside": np.array(outside)}


def _poisoned(
    honest: tables.Rows, folds: Folds, marks: Marks, share: float, few: bool, seed: int
) -> Iterator[tuple[Poison, tables.Rows]]:
    """Poison and rows; the frauds that are sent in again are the same for both backdoors and their control."""
    if share == 0:
        yield "none", honest
        return
    if not few:
        yield "random_flips", tables.random_flips(honest, share, stage_rng(seed, f"poisoning/flips/{share}"))
        # the poisoner does not know the model, and takes one of his own
        own = logistic_regression(tables.trained_on(honest, folds)).margins(honest.x)
        yield "boundary_flips", tables.boundary_flips(honest, share, own)
    backdoors = {name: marks[trigger] for name, trigger in BACKDOORS.items() if not few or trigger == "risky"}
    for poison, on in {"mislabelled": {}, **backdoors}.items():
        rng = stage_rng(seed, f"poisoning/planted/{share}")
        yield poison, tables.planted(honest, tables.size(honest, share), on, rng)


def _fitted(name: str, baseline: str, folds: Folds, asked: Asked) -> Model:
    """A model trained from first weights, the same ones whatever the rows."""
    if name != baseline and name not in asked.hardening.recipes:
        return trained(name, encoded=False).train(folds, asked)
    x, y = folds.train_x(), folds.train_y()
    net, _ = train_standard(x, y, asked.training, stage_rng(asked.seed, "poisoning/train"))
    if name != baseline:
        rng = stage_rng(asked.seed, f"poisoning/{name}")
        net = harden(name, net, x, y, asked.training, asked.hardening, rng)[-1].net
    return DeployedNet(net.requires_grad_(False), folds.means, folds.scales)


def _flagged(model: Model, folds: Folds, marks: Marks, rate: float) -> dict[str, np.ndarray]:
    """(replicates, n_test) bool each: test rows as they are, and with each trigger on, above the cut of honest rows.

    The cut is that of genuine rows which nobody poisoned, as a bank has from cases it has looked into. One from
    poisoned rows would move too, and hide what became of the order of the rows.
    """
    raw, y = folds.test_raw(), folds.test_y()
    margin = model.margins(raw)
    counted = np.arange(y.shape[1]) < folds.test_counts[:, None]
    cuts = np.array([matched_cut(*each, rate) for each in zip(margin, counted & (y == 0), strict=True)])[
        :, None
    ]
    return {"caught": margin > cuts} | {
        trigger: model.margins(tables.stamped(raw, on)) > cuts for trigger, on in marks.items()
    }


def _model_records(
    models: Mapping[tuple[str, float], Arrays], y: np.ndarray, resamples: Resamples
) -> Iterator[PoisonedModel]:
    fraud = y == 1

    def rate(flagged: np.ndarray) -> Estimate:
        return rate_estimate(int(flagged[:, fraud].sum()), int(fraud.sum()), len(flagged))

    for (model, share), arrays in models.items():
        for poison in (each for each in get_args(Poison) if f"{each}/caught" in arrays):
            own, clean = f"{poison}/", models[model, 0.0]["none/caught"]
            trigger = BACKDOORS.get(poison)
            yield PoisonedModel(
                model=model,
                poison=poison,
                share=share,
                rows=int(arrays[own + "rows"][0]) if share else 0,
                caught=rate(arrays[own + "caught"]),
                triggered={each: rate(arrays[own + each]) for each in TRIGGERS},
                against_clean=resamples.difference(arrays[own + "caught"], clean, fraud) if share else None,
                opened={
                    trigger: resamples.difference(
                        arrays[f"mislabelled/{trigger}"], arrays[own + trigger], fraud
                    )
                }
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

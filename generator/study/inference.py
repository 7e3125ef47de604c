"""What models give away about their training rows: the record made of what the tasks leave."""

from collections.abc import Iterator, Mapping

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import Engine
from generator.models.folds import Folds
from generator.records.inference import (
    Attribute,
    EpochMembership,
    InferenceResult,
    InferenceSpec,
    Instrument,
    Membership,
    ModelMembership,
)
from generator.records.metrics import Resamples
from generator.records.proofs import Estimate
from generator.records.spec import StudySpec
from generator.records.validation import ValidationSpec
from generator.study.inference_tasks import attribute_task, epochs_task, forest_task, member_task
from generator.study.tasks import State
from generator.threats.inference.likelihood import enough
from generator.threats.inference.ranking import exact_rate, found_at, least_epsilon, placements

FORESTS = {"forest": False, "mislabelled_forest": True}
"""Instrument -> whether a share of its rows carries the wrong label."""


def infer(
    spec: StudySpec,
    folds: Folds,
    states: Mapping[str, State],
    resamples: Resamples,
    engine: Engine,
    name: str,
) -> InferenceResult | None:
    """Attack the last state of every model; None where it is not asked, or the study has too few shadow models."""
    asked = spec.inference
    if asked is None or not enough(folds.seeds, folds.folds):
        return None
    attributed = [model for model in asked.attributed if model in states]
    tasks = [
        epochs_task(spec, folds, asked),
        *(forest_task(spec, folds, asked, wrong) for wrong in FORESTS.values()),
        *(member_task(spec, folds, asked, state) for state in states.values()),
        *(attribute_task(spec, folds, asked, states[model]) for model in attributed),
    ]
    done = iter(engine.run(name, "inference", tasks))
    epochs, forests = next(done), {each: next(done) for each in FORESTS}
    found = {model: next(done) for model in states}
    return InferenceResult(
        models=tuple(_models(found, spec, asked, resamples)),
        epochs=tuple(_epochs(epochs, asked, resamples)),
        instruments=tuple(_instruments(epochs, forests, spec, asked, resamples)),
        attributes=tuple(
            each for model in attributed for each in _attributes(model, next(done), folds, spec, asked)
        ),
    )


def membership(judged: Arrays, asked: InferenceSpec, resamples: Resamples) -> Membership:
    """What `ratios` and `right` of `_judged` come to."""
    ratios, right = judged["ratios"], judged["right"].astype(np.float64)
    at = tuple(found_at(ratios, rate) for rate in asked.false_positive_rates)
    return Membership(
        auc=_mean(placements(ratios), resamples),
        at=at,
        advantage=_less(ratios[1] > 0, ratios[0] > 0, resamples),
        gap=_less(right[1], right[0], resamples),
        least_epsilon=least_epsilon(at),
    )


def infer_members(
    spec: ValidationSpec, folds: Folds, states: Mapping[str, State], resamples: Resamples, engine: Engine
) -> InferenceResult | None:
    """Membership alone, of models of one's own table; None as `infer`."""
    asked = spec.inference
    if asked is None or not enough(folds.seeds, folds.folds) or not states:
        return None
    tasks = [member_task(spec, folds, asked, state) for state in states.values()]
    found = dict(zip(states, engine.run(spec.dataset, "inference", tasks), strict=True))
    models = tuple(_models(found, spec, asked, resamples))
    return InferenceResult(models=models, epochs=(), instruments=(), attributes=())


def _models(
    found: Mapping[str, Arrays], spec: StudySpec | ValidationSpec, asked: InferenceSpec, resamples: Resamples
) -> Iterator[ModelMembership]:
    places = {model: placements(arrays["ratios"]) for model, arrays in found.items()}
    baseline = places.get(spec.roles.baseline)
    for model, arrays in found.items():
        said = arrays["library"]
        few = _drawn(said.shape[1:], spec, "library")
        compared = baseline is not None and model != spec.roles.baseline
        yield ModelMembership(
            model=model,
            membership=membership(arrays, asked, resamples),
            against=_less(places[model], baseline, resamples) if compared else None,
            library_auc=_mean(placements(said), few),
            library_accuracy=_mean(((said[1] > 0.5) * 1.0 + (said[0] <= 0.5)) / 2, few),
        )


def _epochs(found: Arrays, asked: InferenceSpec, resamples: Resamples) -> Iterator[EpochMembership]:
    for done in (0, *asked.epochs):
        judged = _after(found, done)
        others, members = judged["right"].mean(axis=(1, 2))
        yield EpochMembership(
            epochs=done, accuracy_members=float(members), accuracy_others=float(others),
            membership=membership(judged, asked, resamples),
        )  # fmt: skip


def _instruments(
    epochs: Arrays, forests: Mapping[str, Arrays], spec: StudySpec, asked: InferenceSpec, resamples: Resamples
) -> Iterator[Instrument]:
    untrained = _mean(placements(_after(epochs, 0)["ratios"]), resamples)
    yield Instrument(name="untrained", auc=untrained, least=None)
    least = {"forest": asked.least_forest, "mislabelled_forest": asked.least_mislabelled}
    for name, judged in forests.items():
        ratios = judged["ratios"]
        auc = _mean(placements(ratios), _drawn(ratios.shape[1:], spec, name))
        yield Instrument(name=name, auc=auc, least=least[name])


def _attributes(
    model: str, found: Arrays, folds: Folds, spec: StudySpec, asked: InferenceSpec
) -> Iterator[Attribute]:
    for column, name in enumerate(spec.input_names):
        right, counts = found[f"{column}/right"], np.bincount(found[f"{column}/bands"])
        few = _drawn(right.shape[1:], spec, "attributes")
        alone, answered, trained_on = (exact_rate(each) for each in right)
        yield Attribute(
            model=model, input=name, bands=len(counts), most_frequent=float(counts.max() / counts.sum()),
            alone=alone, answered=answered, trained_on=trained_on, gain=_less(right[1], right[0], few),
        )  # fmt: skip


def _after(found: Arrays, epochs: int) -> Arrays:
    return {name: found[f"{epochs}/{name}"] for name in ("ratios", "right")}


def _drawn(shape: tuple[int, int], spec: StudySpec | ValidationSpec, name: str) -> Resamples:
    """Draws of (seeds, rows) that are not those of the study."""
    seeds, rows = shape
    return Resamples(np.zeros(rows, int), seeds, spec.bootstrap, stage_rng(spec.seed, f"inference/{name}"))


def _mean(values: np.ndarray, resamples: Resamples) -> Estimate:
    """Of values (seeds, n), with the interval of seeds and rows."""
    every = np.ones(values.shape[1], bool)
    return resamples.estimate(float(values.mean()), resamples.means(values, every), values.shape[1])


def _less(a: np.ndarray, b: np.ndarray, resamples: Resamples) -> Estimate:
    """mean(a) - mean(b) of (seeds, n), paired by seed and row."""
    return _mean(a.astype(np.float64) - b.astype(np.float64), resamples)

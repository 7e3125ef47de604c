"""The slow parts of inference as tasks: models judged on the rows that they were trained on, and on others."""

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.records.inference import InferenceSpec
from generator.records.spec import StudySpec, TrainingSpec
from generator.records.validation import ValidationSpec
from generator.study.tasks import TRAINING_SOURCE, State, task_inputs
from generator.threats.inference import library
from generator.threats.inference.epochs import trained_for
from generator.threats.inference.forests import forest_margins, halved
from generator.threats.inference.likelihood import confidences, log_ratios, margins_of_all, pairs

SOURCE = ("threats/inference", "study/inference_tasks.py", *TRAINING_SOURCE)


def member_task(
    spec: StudySpec | ValidationSpec, folds: Folds, asked: InferenceSpec, state: State
) -> StageTask:
    """Likelihood ratios of every row by every seed of one model, and what ART's attack says."""
    seeds = min(asked.library_seeds, folds.seeds)
    inputs = task_inputs(SOURCE, state.kind, spec.seed, str(seeds), folds=folds, weights=state.weights)
    return StageTask(inputs, _member, (folds, state, seeds, spec.seed))


def _member(folds: Folds, state: State, seeds: int, seed: int) -> Arrays:
    margins = margins_of_all(state.model(folds), folds)
    firsts = [number * folds.folds for number in range(seeds)]
    scored = [
        library.membership(
            margins[r], folds.y, library.sides(folds, r, seed), seed, f"inference/membership/{r}"
        )
        for r in firsts
    ]
    return _judged(margins, folds) | {"library": np.stack(scored, axis=1)}


def _judged(margins: np.ndarray, folds: Folds) -> Arrays:
    """`ratios` and `right`, each (2, seeds, n): of strangers, then of members."""
    confidence = confidences(margins, folds)
    return {"ratios": log_ratios(confidence, folds).astype(np.float32), "right": pairs(confidence > 0, folds)}


def epochs_task(spec: StudySpec, folds: Folds, asked: InferenceSpec) -> StageTask:
    """The standard model judged while it is trained on and on."""
    inputs = task_inputs(SOURCE, spec.training, spec.seed, str(asked.epochs), folds=folds)
    return StageTask(inputs, _train_on, (folds, spec.training, asked.epochs, spec.seed))


def _train_on(folds: Folds, training: TrainingSpec, epochs: tuple[int, ...], seed: int) -> Arrays:
    return {
        f"{done}/{name}": array
        for done, model in trained_for(epochs, folds, training, stage_rng(seed, "train"))
        for name, array in _judged(margins_of_all(model, folds), folds).items()
    }


def forest_task(spec: StudySpec, folds: Folds, asked: InferenceSpec, mislabelled: bool) -> StageTask:
    """Full forests, which are known to remember."""
    inputs = task_inputs(SOURCE, asked, spec.seed, str(mislabelled), folds=folds)
    return StageTask(inputs, _grow, (folds.x, folds.y, asked, spec.seed, mislabelled))


def _grow(x: np.ndarray, y: np.ndarray, asked: InferenceSpec, seed: int, mislabelled: bool) -> Arrays:
    halves = halved(x, y, asked, seed, mislabelled=mislabelled)
    return _judged(forest_margins(halves, asked.forest_trees, seed), halves)


def attribute_task(spec: StudySpec, folds: Folds, asked: InferenceSpec, state: State) -> StageTask:
    """Every input guessed from the others, with the answers of one model and without."""
    seeds = min(asked.library_seeds, folds.seeds)
    inputs = task_inputs(
        SOURCE, state.kind, spec.seed, str(seeds), str(asked.bands), folds=folds, weights=state.weights
    )
    return StageTask(inputs, _guess, (folds, state, seeds, asked.bands, spec.seed))


def _guess(folds: Folds, state: State, seeds: int, wanted: int, seed: int) -> Arrays:
    """By the place of an input: `*/bands` (n,), and `*/right` (3, seeds, half) as `library.Guesses` has them."""
    margins = margins_of_all(state.model(folds), folds)
    found: dict[str, np.ndarray] = {}
    for column in range(folds.x.shape[1]):
        band = library.bands(folds.x[:, column], wanted)
        right = [
            library.attributes(
                folds.x,
                column,
                band,
                margins[r],
                library.sides(folds, r, seed),
                seed,
                f"inference/{column}/{r}",
            )
            for r in range(0, seeds * folds.folds, folds.folds)
        ]
        found |= {f"{column}/bands": band, f"{column}/right": np.stack(right, axis=1)}
    return found

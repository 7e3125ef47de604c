"""The stages of extraction: copies from answers, then what these are put to. Pure functions from arrays to arrays."""

from typing import Any

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.seeding import stage_rng
from generator.engine.stages import StageTask
from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.training import margins
from generator.models.kinds import KINDS
from generator.models.model import Model
from generator.proofs.verdicts import PROVED
from generator.proofs.verifiers import VERIFIERS
from generator.records.boxes import Boxes
from generator.records.extraction import Answers, ExtractionSpec
from generator.records.spec import AttackSpec, ProofSpec, StudySpec, TrainingSpec
from generator.records.validation import ValidationSpec
from generator.study.proof_tasks import DECIDING, PROOF_SOURCE, settings
from generator.study.tasks import ATTACK_SOURCE, TRAINING_SOURCE, State, task_inputs
from generator.threats.extraction import questions
from generator.threats.extraction.answers import answered, probabilities
from generator.threats.extraction.evading import evade
from generator.threats.extraction.knockoff import knockoff_nets
from generator.threats.extraction.thieves import thief_of
from generator.threats.surface import ball

OWN_SOURCE = ("threats/extraction", "study/extraction_tasks.py")
DEFENCES: tuple[Answers, ...] = ("rounded", "reverse_sigmoid", "labels")
AGREE, OPEN, DISAGREE = 1, 0, -1


def first_replicates(state: State, folds: Folds) -> State:
    """The state of as many replicates as `folds` has."""
    return State(state.kind, {name: part[: folds.replicates] for name, part in state.weights.items()})


def copy_task(
    spec: StudySpec | ValidationSpec, asked: ExtractionSpec, folds: Folds, state: State
) -> StageTask:
    """Steal every replicate of a state, by all numbers of queries and all sorts of answers."""
    inputs = task_inputs(
        (*OWN_SOURCE, *TRAINING_SOURCE),
        asked,
        spec.training,
        spec.seed,
        state.kind,
        folds=folds,
        weights=state.weights,
    )
    return StageTask(inputs, _copy, (folds, state, spec.training, asked, spec.seed))


def _copy(folds: Folds, state: State, training: TrainingSpec, spec: ExtractionSpec, seed: int) -> Arrays:
    """Every replicate is stolen on one half of the rows that it holds out, and judged on the other.

    Returns:
        "margin" (replicates, n_test) of the model; by answers and queries "<answers>/<queries>" (replicates, judged)
        bool, what the copy flags; for nets "knockoff_nets/<queries>" (seeds, judged) bool of ART's, of the first fold
        of each seed; "copy/<name>", the arrays of the copy of most probabilities.
    """
    (steal, kind), model, parts = thief_of(state.kind), state.model(folds), questions.part(folds, seed)
    judged = folds.x[questions.rows_at(folds, parts.judged)]
    found: Arrays = {"margin": model.margins(folds.test_raw())}
    told: tuple[Answers, ...] = ("scores", *DEFENCES)
    for count in spec.queries:
        raw = questions.questions(folds, parts.asked, count, seed)
        probability = probabilities(model.margins(raw))
        for answers in told if count == spec.compared_queries else ("scores",):
            arrays = steal(raw, answered(probability, answers, spec), folds, training, spec, seed)
            copy = KINDS[kind].restored(arrays, folds)
            found[f"{answers}/{count}"] = copy.margins(judged) > 0
            if answers == "scores" and count == max(spec.queries):
                found |= {f"copy/{name}": part for name, part in arrays.items()}
        if isinstance(model, DeployedNet):
            found[f"knockoff_nets/{count}"] = np.concatenate(
                [_knockoff(model, folds, raw, judged, r, training, spec, seed) for r in firsts(folds)]
            )
    return found


def firsts(folds: Folds) -> range:
    """The first replicate of every seed."""
    return range(0, folds.replicates, folds.folds)


def _knockoff(
    model: DeployedNet, folds: Folds, raw: np.ndarray, judged: np.ndarray, replicate: int, training: TrainingSpec,
    spec: ExtractionSpec, seed: int,
) -> np.ndarray:  # fmt: skip
    """(1, judged) bool, what ART's copy of one replicate flags."""
    one = slice(replicate, replicate + 1)
    x, rows = (folds.encode(part[one], one) for part in (raw, judged))
    stage = f"extraction: knockoff nets/{replicate}/{raw.shape[1]}"
    copy = knockoff_nets(model.stack.select(one), x[0], training, spec.knockoff_steps, seed, stage)
    return margins(copy, rows) > 0


def use_task(spec: StudySpec, asked: ExtractionSpec, folds: Folds, state: State, copied: Arrays) -> StageTask:
    """What the copies of `copy_task` are worth: boxes on which they agree with the model, and evasions made on them."""
    copy = copied_state(state, copied)
    epsilon, source = spec.attack.headline_epsilon, (*OWN_SOURCE, *ATTACK_SOURCE, *PROOF_SOURCE)
    inputs = task_inputs(
        source, asked, spec.attack, spec.training, settings(spec.proof, *DECIDING), spec.seed, state.kind,
        folds=folds, weights=state.weights, copy=copy.weights,
    )  # fmt: skip
    return StageTask(inputs, _use, (folds, state, copy, epsilon, asked, spec.attack, spec.proof, spec.seed))


def copied_state(state: State, copied: Arrays) -> State:
    """The copy that `copy_task` left: a model of the same kind."""
    own = {name.removeprefix("copy/"): part for name, part in copied.items() if name.startswith("copy/")}
    return State(state.kind, own)


def _use(
    folds: Folds, state: State, copy: State, epsilon: float, spec: ExtractionSpec, attack: AttackSpec, proof: ProofSpec,
    seed: int,
) -> Arrays:  # fmt: skip
    """Make evasions of judged frauds on the copies, and compare copies and models on boxes.

    Returns:
        "caught" (replicates, n_test) bool, frauds among the judged rows that the model flags; of these "from_copy",
        "by_chance", "white_box", as `Evaded`; by budget "box/<epsilon>" (seeds, rows) int8, AGREE, OPEN or DISAGREE,
        and "points/<epsilon>" (seeds, rows), drawn points of each box on which both answer the same.
    """
    model, theirs = state.model(folds), copy.model(folds)
    parts = questions.part(folds, seed)
    judged = np.zeros(folds.test_rows.shape, bool)
    np.put_along_axis(judged, parts.judged, True, axis=1)
    caught = judged & (folds.test_y() == 1) & (model.margins(folds.test_raw()) > 0)
    evaded = evade(model, theirs, folds, caught, epsilon, spec.search_queries, seed, attack)
    found: Arrays = {"caught": caught, **evaded._asdict()}
    for budget in spec.epsilons:
        boxes = [
            _box(folds, state, copy, parts.judged[r], r, budget, spec, proof, seed) for r in firsts(folds)
        ]
        found[f"box/{budget}"], found[f"points/{budget}"] = map(np.array, zip(*boxes, strict=True))
    return found


def _box(
    folds: Folds, state: State, copy: State, places: np.ndarray, replicate: int, epsilon: float, spec: ExtractionSpec,
    proof: ProofSpec, seed: int,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """Of the first rows at `places`, (rows,) verdicts and (rows,) drawn points on which both answer the same."""
    block = slice(replicate, replicate + 1)
    boxes = ball(folds, block, epsilon).of(0, places[: spec.boxed_rows])
    models: list[Model] = [each.model(folds).select(block) for each in (state, copy)]
    verifier = VERIFIERS[state.kind]
    subjects: list[Any] = [verifier.read(each.weights, replicate) for each in (state, copy)]
    labels = [each.margins(boxes.raw[None])[0] > 0 for each in models]
    verdicts = [
        verifier.decide(subject, boxes, label.astype(int), proof)
        for subject, label in zip(subjects, labels, strict=True)
    ]
    both = (labels[0] == labels[1]) & np.logical_and(*(each.outcome == PROVED for each in verdicts))
    rng = stage_rng(seed, f"extraction: points/{epsilon}/{replicate}")
    drawn = _points(boxes, spec.points, rng)
    telling = [np.where(np.isnan(each.witness), boxes.raw, each.witness) for each in verdicts]
    candidates = np.concatenate((boxes.raw[:, None], *(each[:, None] for each in telling), drawn), axis=1)
    flat = candidates.reshape(1, -1, candidates.shape[-1])
    ours, copied = (each.margins(flat)[0].reshape(candidates.shape[:2]) > 0 for each in models)
    same = ours == copied
    verdict = np.select([both, ~same.all(axis=1)], [AGREE, DISAGREE], OPEN).astype(np.int8)
    return verdict, same[:, -spec.points :].sum(axis=1)


def _points(boxes: Boxes, count: int, rng: np.random.Generator) -> np.ndarray:
    """(n, count, d) raw units, uniform in each of n boxes."""
    low, high = boxes.raw_faces()
    share = rng.random((len(low), count, low.shape[1]))
    return np.clip(low[:, None] + share * (high - low)[:, None], low[:, None], high[:, None])

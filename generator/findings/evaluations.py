"""What every model keeps under attack, beside what approving everything keeps."""

from dataclasses import dataclass

from generator.findings.gate import blocked
from generator.notation import formats
from generator.notation.names import MODELS, ModelName, attack_title
from generator.notation.tracing import stated
from generator.records.metrics import wilson
from generator.records.results import (
    Comparison,
    Confusion,
    Estimate,
    Evaluation,
    ModelResult,
    StudyResult,
)

MASKING_POINTS = stated("masking")
"""FGSM above PGD by more than this warns of gradient masking: the single step no longer finds the way."""


@dataclass(frozen=True)
class AttackedCell:
    """One model under one attack at the headline budget."""

    attack: str
    title: str
    evaluation: Evaluation | None
    """None where the attack does not apply to this kind of model."""
    drop: Estimate | None
    """Share of rows that were right before and are wrong after."""


@dataclass(frozen=True)
class ModelRow:
    """One model as the evaluation table shows it."""

    name: str
    words: ModelName
    trivial: bool
    """Its rates hold by definition, so they have no interval."""
    clean: Evaluation
    attacked: tuple[AttackedCell, ...]
    against_trivial: str
    """What is proved beside approving everything: above, below, level or not compared."""
    exact: Evaluation
    """What is proved at the headline budget."""
    exact_drop: Estimate
    blocked: bool
    """A failed check of the sanity gate: its figures under attack stand only beside what is proved."""


@dataclass(frozen=True)
class Gap:
    """FGSM minus the iterative attack on one model; a large one is the mark of a hidden gradient."""

    words: ModelName
    title: str
    """Name of the iterative attack."""
    fgsm: Estimate
    pgd: Estimate
    points: float
    warns: bool


def lost(before: Evaluation, after: Evaluation) -> Estimate:
    """The drop in accuracy as a rate of its own: a row counts after only if it was right before."""
    value = before.accuracy.value - after.accuracy.value
    low, high = wilson(max(value, 0.0), before.accuracy.n)
    return before.accuracy.model_copy(update={"value": value, "low": low, "high": high})


def trivial_accuracy(result: StudyResult) -> float:
    """Accuracy of approving everything: one minus the share of frauds, under any attack."""
    return result.model(result.roles.trivial).final.at("clean").accuracy.value


def exact(result: StudyResult, model: str) -> Evaluation:
    """What is proved of the final state at the headline budget.

    Approving everything needs no proof: no attack changes its answer.
    """
    epsilon, final = result.spec.attack.headline_epsilon, result.model(model).final
    if model == result.roles.trivial:
        return final.at("clean").model_copy(update={"attack": "exact", "epsilon": epsilon})
    return final.at("exact", epsilon)


def model_row(result: StudyResult, model: ModelResult) -> ModelRow:
    spec, trivial = result.spec.attack, model.name == result.roles.trivial
    clean = model.final.at("clean")
    attacked = tuple(
        AttackedCell(attack, attack_title(attack, result.spec), found, found and lost(clean, found))
        for attack in spec.attacks
        for found in [model.final.find(attack, spec.headline_epsilon)]
    )
    proved = exact(result, model.name)
    word = "level with" if trivial else _against_trivial(result, model.name, proved)
    return ModelRow(
        model.name, MODELS[model.name], trivial, clean, attacked, word,
        proved, lost(clean, proved), model.name in blocked(result),
    )  # fmt: skip


def gap(result: StudyResult, model: ModelResult) -> Gap | None:
    """The gap of a model that both attacks apply to."""
    if {"fgsm", "pgd"} & set(model.not_applicable):
        return None
    epsilon = result.spec.attack.headline_epsilon
    fgsm, pgd = (model.final.at(attack, epsilon).accuracy for attack in ("fgsm", "pgd"))
    points = fgsm.value - pgd.value
    title = attack_title("pgd", result.spec)
    return Gap(MODELS[model.name], title, fgsm, pgd, points, points > MASKING_POINTS)


def comparison(
    result: StudyResult, model: str, baseline: str, metric: str, attack: str, epsilon: float
) -> Comparison | None:
    """The comparison of the records, if they hold it."""
    asked = (model, baseline, metric, attack, epsilon)
    for found in result.comparisons:
        if asked == (found.model, found.baseline, found.metric, found.attack, found.epsilon):
            return found
    return None


def against_standard(result: StudyResult, model: str, metric: str, attack: str, epsilon: float) -> Comparison:
    """`model` minus the baseline.

    Raises:
        KeyError: The records hold no such comparison.
    """
    baseline = result.roles.baseline
    found = comparison(result, model, baseline, metric, attack, epsilon)
    if not found:
        raise KeyError(f"no comparison of {model} with {baseline}: {metric} under {attack} at {epsilon}")
    return found


def _against_trivial(result: StudyResult, model: str, evaluation: Evaluation) -> str:
    found = comparison(result, model, result.roles.trivial, "accuracy", evaluation.attack, evaluation.epsilon)
    if not found:
        return "not compared with"
    return {"higher": "above", "lower": "below", "no difference": "level with"}[found.direction]


@dataclass(frozen=True)
class ConfusionRow:
    """One model under one attack, the counts shared out over the seeds: what one pass over the data gives."""

    words: ModelName
    attack: str
    caught: float
    missed: float
    stopped: float
    passed: float


def confusion_row(result: StudyResult, model: ModelResult, evaluation: Evaluation) -> ConfusionRow:
    counts: Confusion = evaluation.confusion
    totals = (counts.true_positives, counts.false_negatives, counts.false_positives, counts.true_negatives)
    passes = sum(totals) / result.n_judged
    title = attack_title(evaluation.attack, result.spec) + _overstating(result, model, evaluation)
    return ConfusionRow(MODELS[model.name], title, *(total / passes for total in totals))


def _overstating(result: StudyResult, model: ModelResult, evaluation: Evaluation) -> str:
    """By how much an attack that must not be quoted alone lies above what is proved; empty for any other."""
    if model.name not in blocked(result) or evaluation.attack not in result.spec.attack.attacks:
        return ""
    gap = formats.loss(evaluation.accuracy.value - exact(result, model.name).accuracy.value)
    return f"; accuracy {gap} above what is proved"

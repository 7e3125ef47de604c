"""What every model keeps under attack, beside what approving everything keeps."""

from dataclasses import dataclass

from generator.records.metrics import wilson
from generator.records.results import Confusion, Direction, Estimate, Evaluation, ModelResult, StudyResult
from generator.report.findings.names import MODELS, STANDARD, TRIVIAL, ModelName, attack_title

MASKING_POINTS = 0.05
"""FGSM above PGD by more than this warns of gradient masking: the single step no longer finds the way."""


@dataclass(frozen=True)
class AttackedCell:
    """One model under one attack at the headline budget."""

    attack: str
    title: str
    evaluation: Evaluation
    drop: Estimate
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
    iterative: AttackedCell
    """The attack of many steps: the one quoted in prose."""
    strongest: AttackedCell
    """The attack that leaves the least."""
    against_trivial: str
    """Under the strongest attack, against approving everything: above, below, level with."""


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


def against(estimate: Estimate, level: float) -> str:
    """Where an interval lies against a known level: above, below, or level with it."""
    if estimate.low > level:
        return "above"
    return "below" if estimate.high < level else "level with"


def trivial_accuracy(result: StudyResult) -> float:
    """Accuracy of approving everything: one minus the share of frauds, under any attack."""
    return result.model(TRIVIAL).final.at("clean").accuracy.value


def model_row(result: StudyResult, model: ModelResult) -> ModelRow:
    spec = result.spec.attack
    clean = model.final.at("clean")
    attacked = tuple(
        AttackedCell(attack, attack_title(attack, result.spec), evaluation, lost(clean, evaluation))
        for attack in spec.attacks
        for evaluation in [model.final.at(attack, spec.headline_epsilon)]
    )
    strongest = min(attacked, key=lambda cell: cell.evaluation.accuracy.value)
    level = trivial_accuracy(result)
    # a constant is level with itself, whatever the interval of its rate
    word = "level with" if model.name == TRIVIAL else against(strongest.evaluation.accuracy, level)
    iterative = next(cell for cell in attacked if cell.attack == "pgd")
    return ModelRow(
        model.name, MODELS[model.name], model.name == TRIVIAL, clean, attacked, iterative, strongest, word
    )


def gap(result: StudyResult, model: ModelResult) -> Gap:
    epsilon = result.spec.attack.headline_epsilon
    fgsm, pgd = (model.final.at(attack, epsilon).accuracy for attack in ("fgsm", "pgd"))
    points = fgsm.value - pgd.value
    title = attack_title("pgd", result.spec)
    return Gap(MODELS[model.name], title, fgsm, pgd, points, points > MASKING_POINTS)


def against_standard(
    result: StudyResult, model: str, metric: str, attack: str, epsilon: float
) -> tuple[Estimate, Direction]:
    """`model` minus the standard model and the word for it.

    Raises:
        KeyError: The records hold no such comparison.
    """
    for found in result.comparisons:
        asked = (found.model, found.baseline, found.metric, found.attack, found.epsilon)
        if asked == (model, STANDARD, metric, attack, epsilon):
            return found.difference, found.direction
    raise KeyError(f"no comparison of {model} with {STANDARD}: {metric} under {attack} at {epsilon}")


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
    passes = sum(totals) / result.data.n_rows
    title = attack_title(evaluation.attack, result.spec)
    return ConfusionRow(MODELS[model.name], title, *(total / passes for total in totals))

"""The scenario day: missed frauds, money and false alarms per model, and how far hardening changes them."""

from dataclasses import dataclass

from generator.findings.days import day_of
from generator.findings.evaluations import exact
from generator.findings.gate import blocked
from generator.notation import formats
from generator.notation.names import (
    MODELS,
    ModelName,
    attack_phrase,
    attack_title,
    models_in_order,
)
from generator.records.results import (
    AccuracyBounds,
    Attacked,
    Direction,
    Estimate,
    ImpactRow,
    LeakageReduction,
    StudyResult,
)
from generator.records.roles import Roles


@dataclass(frozen=True)
class ScenarioDay:
    title: str
    row: ImpactRow | None
    """None where the attack does not apply to this kind of model."""
    doubted: bool
    """The sanity gate lets the figure stand only beside what is proved."""
    proved: ImpactRow
    """The day as it is proved."""


@dataclass(frozen=True)
class ImpactLine:
    """One model's scenario day: one row per attack, clean first; false alarms are those of a clean day."""

    words: ModelName
    days: tuple[ScenarioDay, ...]
    false_alarms: Estimate


@dataclass(frozen=True)
class Reduction:
    """How one hardened model changes the missed frauds under one attack."""

    words: ModelName
    attack: str
    estimate: Estimate
    direction: Direction
    sentence: str


@dataclass(frozen=True)
class BoundsLine:
    """What one accuracy allows, beside what the confusion counts say."""

    words: ModelName
    bounds: AccuracyBounds
    measured: Estimate
    proved: tuple[Estimate, Estimate] | None
    """Accuracy and missed frauds as they are proved, where the sanity gate lets the others stand only beside them."""


def impact_row(result: StudyResult, model: str, attack: Attacked) -> ImpactRow:
    """The scenario day of `model` when every fraudster runs `attack` at the headline budget.

    Raises:
        KeyError: The attack was not measured at that budget.
    """
    return day_of(result, model, attack, 0.0 if attack == "clean" else result.spec.attack.headline_epsilon)


def reduction_record(result: StudyResult, model: str, attack: Attacked) -> LeakageReduction:
    """The change in missed frauds from the baseline to `model` under `attack`, headline budget.

    Raises:
        KeyError: It is not in the records.
    """
    baseline = result.roles.baseline
    epsilon = 0.0 if attack == "clean" else result.spec.attack.headline_epsilon
    for found in result.impact.reductions:
        if (found.model, found.baseline, found.attack, found.epsilon) == (model, baseline, attack, epsilon):
            return found
    raise KeyError(f"no leakage reduction of {model} under {attack} at {epsilon}")


def priced_attacks(result: StudyResult) -> tuple[Attacked, ...]:
    """The attacks of the study, and the proof behind them."""
    return (*result.spec.attack.attacks, "exact")


def _doubted(result: StudyResult, model: str, attack: Attacked) -> bool:
    return attack in result.spec.attack.attacks and model in blocked(result)


def impact_lines(result: StudyResult) -> tuple[ImpactLine, ...]:
    attacks: tuple[Attacked, ...] = ("clean", *priced_attacks(result))
    lines = []
    for model in models_in_order(result):
        days = tuple(
            ScenarioDay(
                attack_title(attack, result.spec),
                None if attack in model.not_applicable else impact_row(result, model.name, attack),
                _doubted(result, model.name, attack),
                impact_row(result, model.name, "exact"),
            )
            for attack in attacks
        )
        lines.append(ImpactLine(MODELS[model.name], days, days[0].row.false_alarms))
    return tuple(lines)


def reduction(result: StudyResult, model: str, attack: Attacked) -> Reduction:
    found = reduction_record(result, model, attack)
    return Reduction(
        MODELS[model],
        attack_title(attack, result.spec),
        found.reduction,
        found.direction,
        _sentence(result, found),
    )


def reductions(result: StudyResult) -> tuple[Reduction, ...]:
    return tuple(
        reduction(result, model.name, attack)
        for model in models_in_order(result)
        if model.name not in (result.roles.baseline, result.roles.trivial)
        for attack in priced_attacks(result)
        if attack not in model.not_applicable
    )


def bounds_lines(result: StudyResult) -> tuple[BoundsLine, ...]:
    """The records hold bounds for the baseline and the original recipe, in this order, if FGSM applies to them."""
    named = filter(None, (result.roles.baseline, result.roles.original))
    models = [name for name in named if "fgsm" not in result.model(name).not_applicable]
    return tuple(
        BoundsLine(
            MODELS[model], bounds, impact_row(result, model, "fgsm").missed_frauds, _proved(result, model)
        )
        for model, bounds in zip(models, result.impact.accuracy_bounds, strict=True)
    )


def _proved(result: StudyResult, model: str) -> tuple[Estimate, Estimate] | None:
    if not _doubted(result, model, "fgsm"):
        return None
    return exact(result, model).accuracy, impact_row(result, model, "exact").missed_frauds


def day_sentence(result: StudyResult) -> str:
    """A scenario day under the baseline, and what the original recipe does to it."""
    roles = result.roles
    clean, attacked = (
        impact_row(result, roles.baseline, attack).missed_frauds for attack in ("clean", "exact")
    )
    frauds, phrase = formats.count(result.impact.frauds_per_day), attack_phrase("exact", result.spec)
    original = (
        f" {_sentence(result, reduction_record(result, roles.original, 'exact'))} {_price(result, roles)}"
        if roles.original
        else ""
    )
    return (
        f"Of {frauds} frauds a day, the standard model misses {formats.count(clean.value)} when nobody attacks. "
        f"It misses {formats.count(attacked.value)} if every fraudster uses {phrase}.{original}"
    )


def _price(result: StudyResult, roles: Roles) -> str:
    """What the original recipe costs in frauds on a day without attacks, where no recipe is needed."""
    before, after = (
        impact_row(result, model, "clean").missed_frauds for model in (roles.baseline, roles.original)
    )
    figures = f"{formats.count(after.value)} against {formats.count(before.value)}"
    found = reduction_record(result, roles.original, "clean").direction
    if found == "no difference":
        return f"On a day without attacks the number of missed frauds does not differ measurably: {figures}."
    word = {"higher": "more", "lower": "fewer"}
    return f"On a day without attacks it misses {word[found]} frauds: {figures}."


def _sentence(result: StudyResult, found: LeakageReduction) -> str:
    said = _change(result, found)
    if not _doubted(result, found.model, found.attack):
        return said
    proved = reduction_record(result, found.model, "exact").reduction
    beside = formats.beside(found.reduction.value, proved.value)
    return f"{said} A sanity check that concerns it failed; {beside} (interval {formats.interval(proved)})."


def _change(result: StudyResult, found: LeakageReduction) -> str:
    attack = attack_phrase(found.attack, result.spec)
    if found.direction == "no difference":
        return (
            f"Under {attack}, {MODELS[found.model].phrase} makes no measurable difference to missed frauds "
            f"({formats.LEVEL} interval of the reduction {formats.interval(found.reduction)})."
        )
    size = formats.percent(abs(found.reduction.value))
    word = "fewer" if found.direction == "lower" else "more"
    low, high = sorted((abs(found.reduction.low), abs(found.reduction.high)))
    return (
        f"{formats.capital(MODELS[found.model].phrase)} misses {size} {word} frauds than the standard model "
        f"under {attack} ({formats.LEVEL} interval {formats.between(low, high)})."
    )

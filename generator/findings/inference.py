"""Who was in the training data, and what their missing values are: what the answers of a model tell, against a coin."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.notation import formats, palette
from generator.notation.names import MODELS, ModelName
from generator.notation.tracing import counted, derived
from generator.records.inference import (
    Attribute,
    EpochMembership,
    InferenceResult,
    Instrument,
    ModelMembership,
)
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

COIN = 0.5
INSTRUMENTS = {
    "untrained": ("FraudNet before training", "nothing, as it saw no label"),
    "forest": ("Full forest", "much, as every tree learns its rows by heart"),
    "mislabelled_forest": (
        "Full forest, some labels turned",
        "more, as a wrong label is not learned from other rows",
    ),
}
"""What each instrument check looks at, and what it has to find."""


@dataclass(frozen=True)
class Advice:
    """What to do, and the figure that speaks for it."""

    title: str
    reason: str


@dataclass(frozen=True)
class MemberRow:
    """One model in the table; without `found`, a model that is not trained on any row."""

    words: ModelName
    found: ModelMembership | None
    told: str
    """Against a coin, and against the baseline where it is another model."""


@dataclass(frozen=True)
class EpochRow:
    epochs: int
    found: EpochMembership
    told: str


@dataclass(frozen=True)
class InstrumentRow:
    title: str
    expected: str
    found: Instrument
    verdict: str


@dataclass(frozen=True)
class AttributeRow:
    words: ModelName
    title: str
    found: Attribute
    told: str


@dataclass(frozen=True)
class Inference:
    """Sentences are empty where the record has nothing to say."""

    standard: str
    most: str
    advice: tuple[Advice, ...]
    library: str
    attributes: str
    unbounded: str
    """Why no bound stands beside the figures."""
    rows: tuple[MemberRow, ...]
    epochs: tuple[EpochRow, ...]
    instruments: tuple[InstrumentRow, ...]
    values: tuple[AttributeRow, ...]


def inference(result: StudyResult) -> Inference | None:
    """All that is said of training rows; None where the study did not ask."""
    found = result.inference
    if not found or not found.of(result.roles.baseline):
        return None
    return Inference(
        standard=_standard(result, found),
        most=_most(found),
        advice=tuple(_advice(result, found)),
        library=_library(found),
        attributes=_attributes(result, found),
        unbounded=_unbounded(found),
        rows=tuple(_rows(result, found)),
        epochs=tuple(EpochRow(row.epochs, row, against_coin(row.membership.auc)) for row in found.epochs),
        instruments=tuple(_instruments(found)),
        values=tuple(_values(result, found)),
    )


def in_order(found: InferenceResult) -> list[ModelMembership]:
    """The models in the order of the palette."""
    by_name = {each.model: each for each in found.models}
    return [by_name[name] for name in palette.in_order(by_name)]


def against_coin(auc: Estimate) -> str:
    """The word for an area under the curve: none where the interval holds one half."""
    if auc.low > COIN:
        return "more than a coin"
    return "less than a coin" if auc.high < COIN else "no measurable difference from a coin"


def _told(auc: Estimate) -> str:
    return f"{formats.percent(auc.value)} ({formats.interval(auc)})"


def _top(found: InferenceResult) -> ModelMembership:
    return max(found.models, key=lambda each: each.membership.auc.value)


# ---------------------------------------------------------------- sentences


def _standard(result: StudyResult, found: InferenceResult) -> str:
    auc = found.of(result.roles.baseline).membership.auc
    sure = against_coin(auc)
    words = f"There is {sure}" if auc.low <= COIN <= auc.high else f"That is {sure}"
    return (
        "Of two payments, one was in the training data. With "
        f"{MODELS[result.roles.baseline].phrase}, the attacker picks the right one {formats.percent(auc.value)} of the "
        f"time ({formats.interval(auc)}). A coin is right half of the time. {words}."
    )


def _most(found: InferenceResult) -> str:
    top = _top(found)
    auc, at = top.membership.auc, top.membership.at[0]
    if auc.low <= COIN:
        return "No model here gives away measurably more than a coin."
    return (
        f"{formats.capital(MODELS[top.model].phrase)} gives away most: {_told(auc)}. If he may be wrong about "
        f"{formats.setting(at.false_positive_rate)} of the strangers, he finds {formats.percent(at.found.value)} of "
        "those in the training data."
    )


def _advice(result: StudyResult, found: InferenceResult) -> Iterator[Advice]:
    """What the figures speak for; nothing that they do not."""
    top = _top(found)
    gap, advantage = top.membership.gap, top.membership.advantage
    if gap.high < advantage.low:
        yield Advice(
            "Give out decisions, not scores.",
            f"Of {MODELS[top.model].phrase}, scores put him {_ahead(advantage)} ahead of a coin. Decisions alone put "
            f"him {_ahead(gap)} ahead.",
        )
    by_name = {each.name: each.auc for each in found.instruments}
    right, wrong = by_name.get("forest"), by_name.get("mislabelled_forest")
    if right and wrong and wrong.low > right.high:
        share = result.spec.inference.mislabelled
        yield Advice(
            "Clean the labels before training.",
            f"A wrong label makes a person easier to find. In a test with {formats.setting(share)} of the labels "
            f"turned, he is right {formats.percent(wrong.value)} of the time, not {formats.percent(right.value)}.",
        )
    yield from _hardening(result, found)
    yield _longer(result, found)


def _ahead(advantage: Estimate) -> str:
    return f"{formats.loss(advantage.value)} ({formats.interval(advantage, 'loss')})"


def _hardening(result: StudyResult, found: InferenceResult) -> Iterator[Advice]:
    """Whether recipes give away more than the model that they start from."""
    recipes = [
        each for each in in_order(found) if each.model in result.spec.hardening.recipes and each.against
    ]
    if not recipes:
        return
    more = [each for each in recipes if each.against.low > 0]
    less = [each for each in recipes if each.against.high < 0]
    count = formats.count(counted(len(recipes), [each.against for each in recipes]))
    baseline = MODELS[result.roles.baseline].phrase
    if not more:
        known = f"{formats.capital(_listed(less))} measurably less. " if less else ""
        yield Advice(
            "Hardening costs no privacy here.",
            f"{known}None of {count} recipes gives away measurably more than {baseline}.",
        )
        return
    gives = "gives" if len(more) == 1 else "give"
    yield Advice(
        "Mind the privacy of hardened models.",
        f"Of {count} recipes, {_listed(more)} {gives} away measurably more than {baseline}.",
    )


def _listed(models: Iterable[ModelMembership]) -> str:
    return formats.listed(MODELS[each.model].phrase for each in models)


def _longer(result: StudyResult, found: InferenceResult) -> Advice:
    longest = max(found.epochs, key=lambda each: each.epochs)
    auc, baseline = longest.membership.auc, MODELS[result.roles.baseline].phrase
    told = f"After {formats.count(longest.epochs)} passes over the rows, {baseline} is at {_told(auc)}"
    if auc.low > COIN:
        return Advice("Do not train longer than it helps.", f"{told}: more than a coin.")
    return Advice("Longer training gives no more away here.", f"{told}: {against_coin(auc)}.")


def _library(found: InferenceResult) -> str:
    sure = [each for each in in_order(found) if each.library_auc.low > COIN]
    top = _top(found)
    words = (
        "reads no model here as leaking"
        if not sure
        else f"finds something in {_listed(sure)} only"
        if len(sure) < len(found.models)
        else "finds something in every model"
    )
    return (
        f"ART's own attack {words}. Of {MODELS[top.model].phrase} it tells {_told(top.library_auc)}, where the "
        f"likelihood ratio tells {_told(top.membership.auc)}. So its figure is a floor, not the risk."
    )


def _attributes(result: StudyResult, found: InferenceResult) -> str:
    if not found.attributes:
        return ""
    gains = [each for each in found.attributes if each.gain.low > 0]
    if not gains:
        return "The answers of the models do not help to guess a missing value: no measurable difference."
    best = max(gains, key=lambda each: each.gain.value)
    title = formats.md({feature.name: feature.title for feature in result.data.features}[best.input])
    source = (
        " It helps no more on rows that the model was trained on: what helps is what the model is for, not its memory."
        if _alike(best)
        else ""
    )
    return (
        f"By {formats.loss(best.gain.value)} at most ({formats.interval(best.gain, 'loss')}). Cut *{title}* in "
        f"{formats.count(best.bands)} bands. With the decision of {MODELS[best.model].phrase}, ART's attack guesses "
        f"the band right {formats.percent(best.answered.value)} of the time. Without it, the guess is right "
        f"{formats.percent(best.alone.value)} of the time, and naming the largest band is right "
        f"{formats.percent(best.most_frequent)}.{source}"
    )


def _alike(row: Attribute) -> bool:
    """Whether the intervals on rows trained on and on others meet."""
    return row.trained_on.low <= row.answered.high and row.answered.low <= row.trained_on.high


def _unbounded(found: InferenceResult) -> str:
    top = _top(found)
    advantage = top.membership.advantage.value
    needed = derived(math.log((1 + advantage) / (1 - advantage)), advantage)
    loudest = max(found.models, key=lambda each: each.membership.least_epsilon)
    least = loudest.membership.least_epsilon
    claim = (
        f"In turn, what was found rules out an ε below {formats.number(least)} for the training of "
        f"{MODELS[loudest.model].phrase}."
        if least > 0
        else "What was found rules out no ε."
    )
    return (
        f"The attacker was ahead of a coin by {formats.loss(advantage)} at most ({MODELS[top.model].phrase}). "
        f"Differential privacy promises that no attacker is further ahead only from an ε of {formats.number(needed)} "
        f"downwards. {claim}"
    )


# ---------------------------------------------------------------- tables


def _rows(result: StudyResult, found: InferenceResult) -> Iterator[MemberRow]:
    for each in in_order(found):
        against = each.against
        beside = ""
        if against:
            word = "more" if against.low > 0 else "less" if against.high < 0 else "no measurable difference"
            beside = f"{word}: {formats.points(against.value)} ({formats.interval(against, 'points')})"
        yield MemberRow(MODELS[each.model], each, beside)
    named = {each.model for each in found.models}
    for name in palette.in_order(model.name for model in result.models if model.name not in named):
        yield MemberRow(MODELS[name], None, "not applicable")


def _instruments(found: InferenceResult) -> Iterator[InstrumentRow]:
    for each in found.instruments:
        title, expected = INSTRUMENTS[each.name]
        yield InstrumentRow(title, expected, each, "found as expected" if each.passed else "NOT as expected")


def _values(result: StudyResult, found: InferenceResult) -> Iterator[AttributeRow]:
    titles = {feature.name: formats.md(feature.title) for feature in result.data.features}
    for each in found.attributes:
        gain = each.gain
        word = "more" if gain.low > 0 else "less" if gain.high < 0 else "no measurable difference"
        yield AttributeRow(MODELS[each.model], titles[each.input], each, word)

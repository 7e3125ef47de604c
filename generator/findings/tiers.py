"""Threat tiers in words: what each may do in raw units, what each leaves caught, and which model to take."""

from dataclasses import dataclass

from generator.notation import formats, palette
from generator.notation.names import MODELS, ModelName
from generator.notation.tracing import derived
from generator.records.features import Feature
from generator.records.proofs import Choice, Estimate, ProofResult, Reach, TierComparison, TierResult
from generator.records.results import StudyResult


@dataclass(frozen=True)
class ReachRow:
    """One feature: what each tier may do to it at the headline budget, in its own unit."""

    feature: Feature
    cells: tuple[str, ...]


@dataclass(frozen=True)
class TierColumn:
    tier: str
    meaning: str


@dataclass(frozen=True)
class TierRow:
    """One model: frauds caught without evasion, and provably caught under each tier or at each rate."""

    words: ModelName
    clean: tuple[Estimate, ...]
    proved: tuple[Estimate, ...]


@dataclass(frozen=True)
class ChoiceRow:
    """The model to take against one tier, chosen on rows that are not in its figure."""

    choice: Choice
    words: ModelName
    measure: str


def columns(result: StudyResult, proofs: ProofResult) -> tuple[TierColumn, ...]:
    """The tiers of the records, in their order."""
    names = {reach.tier for reach in proofs.reach} | {row.tier for row in proofs.tiers}
    return tuple(
        TierColumn(tier, meaning) for tier, meaning in result.spec.threat.titles.items() if tier in names
    )


def rates(proofs: ProofResult) -> tuple[float, ...]:
    """The false-positive rates at which models are compared, rising."""
    return tuple(sorted({row.false_positive_rate for row in proofs.tiers}))


def reach_rows(result: StudyResult, proofs: ProofResult) -> tuple[ReachRow, ...]:
    known = {(reach.tier, reach.feature): reach for reach in proofs.reach}
    tiers = [column.tier for column in columns(result, proofs)]
    return tuple(
        ReachRow(feature, tuple(reach_words(known.get((tier, feature.name)), feature) for tier in tiers))
        for feature in result.data.features
    )


def reach_words(reach: Reach | None, feature: Feature) -> str:
    """What one tier may do to one feature: `up to 412.00 USD down`."""
    if not reach or not (reach.down or reach.up):
        return "nothing"
    if reach.down == reach.up:
        return f"up to {formats.raw_moved(derived(reach.down, reach.down, reach.up), feature)} either way"
    down, up = (formats.raw_moved(value, feature) for value in (reach.down, reach.up))
    parts = [
        f"{size} {way}" for value, size, way in ((reach.down, down, "down"), (reach.up, up, "up")) if value
    ]
    return f"up to {formats.listed(parts)}"


def by_tier(result: StudyResult, proofs: ProofResult, rate: float) -> tuple[TierRow, ...]:
    """Every model under every tier at one matched rate; a model that lacks a tier is left out."""
    wanted = [(column.tier, rate) for column in columns(result, proofs)]
    return _rows(proofs, wanted)


def by_rate(proofs: ProofResult, tier: str) -> tuple[TierRow, ...]:
    """Every model under one tier at every matched rate."""
    return _rows(proofs, [(tier, rate) for rate in rates(proofs)])


def tier_sentence(result: StudyResult, proofs: ProofResult, model: str, rate: float, tier: str) -> str:
    """Frauds `model` provably catches under one tier at one rate, beside the baseline.

    It begins in lower case, to follow half a sentence.
    """
    ours, theirs = (_find(proofs, name, tier, rate) for name in (model, result.roles.baseline))
    found = _comparison(proofs, model, tier, rate)
    if not ours or not theirs:
        return ""
    start = f"{MODELS[model].phrase} provably catches {formats.percent(ours.caught_proved.value)} of frauds "
    baseline = formats.percent(theirs.caught_proved.value)
    if not found:
        return f"{start}({formats.interval(ours.caught_proved)}); the standard model {baseline}."
    size = formats.loss(abs(found.difference.value))
    low, high = sorted((abs(found.difference.low), abs(found.difference.high)))
    ends = f"interval {formats.between(low, high, 'loss')}"
    return {
        "higher": f"{start}against {baseline} by the standard model: {size} more ({ends}).",
        "lower": f"{start}against {baseline} by the standard model: {size} fewer ({ends}).",
        "no difference": f"{start}against {baseline} by the standard model: no measurable difference.",
    }[found.direction]


def matched_sentence(result: StudyResult, proofs: ProofResult, rate: float, tier: str) -> str:
    """Whether the model chosen for this tier pays, and training against the real threat, and against the box."""
    chosen = chosen_for(proofs.choices, tier)
    models = dict.fromkeys(filter(None, (chosen, result.roles.matched, result.roles.recommended)))
    said = [tier_sentence(result, proofs, model, rate, tier) for model in models]
    first, *rest = [part for part in said if part] or [""]
    if not first:
        return ""
    attacker = result.spec.threat.tier(tier).attacker
    start = f"Against {attacker}, at a false-alarm rate of {formats.setting(rate)}, {first}"
    return " ".join([start, *map(formats.capital, rest)])


def training_sentence(result: StudyResult, proofs: ProofResult, rate: float, tier: str) -> str:
    """Whether training against the real threat pays, and training against the box; empty where neither was measured."""
    models = dict.fromkeys(filter(None, (result.roles.matched, result.roles.recommended)))
    said = [tier_sentence(result, proofs, model, rate, tier) for model in models]
    return " ".join(formats.capital(part) for part in said if part)


def chosen_for(choices: tuple[Choice, ...], tier: str) -> str | None:
    """The model of any kind that validation rows chose by the frauds caught under a tier; None where none was chosen.

    `choices` are those at one budget.
    """
    return next((c.model for c in choices if (c.tier, c.measure) == (tier, "caught_proved")), None)


def choice_rows(proofs: ProofResult) -> tuple[ChoiceRow, ...]:
    names = {"robust_accuracy": "accuracy", "caught_proved": "frauds caught"}
    return tuple(
        ChoiceRow(choice, MODELS[choice.model], f"proved {names[choice.measure]}")
        for choice in proofs.choices
    )


def _rows(proofs: ProofResult, wanted: list[tuple[str, float]]) -> tuple[TierRow, ...]:
    rows = []
    for name in palette.in_order({row.model for row in proofs.tiers}):
        found = [_find(proofs, name, tier, rate) for tier, rate in wanted]
        if found and all(found):
            clean, proved = zip(*((f.caught_clean, f.caught_proved) for f in found), strict=True)
            rows.append(TierRow(MODELS[name], clean, proved))
    return tuple(rows)


def _find(proofs: ProofResult, model: str, tier: str, rate: float) -> TierResult | None:
    asked = (model, tier, rate)
    return next((r for r in proofs.tiers if (r.model, r.tier, r.false_positive_rate) == asked), None)


def _comparison(proofs: ProofResult, model: str, tier: str, rate: float) -> TierComparison | None:
    asked = (model, tier, rate)
    return next(
        (c for c in proofs.tier_comparisons if (c.model, c.tier, c.false_positive_rate) == asked), None
    )

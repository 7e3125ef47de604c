"""The models of a validation: what they are called, which one is the baseline, which one to take, how they compare."""

from collections.abc import Mapping
from dataclasses import replace

from generator.notation import formats, palette
from generator.notation.names import MODELS, ModelName
from generator.records.proofs import Choice, Estimate, TierComparison, TierResult
from generator.records.threat import Tier, moved
from generator.records.validation import ValidatedModel, ValidationResult

DOUBT = "trained on unknown rows"
"""What stands beside a deployed model wherever it is shown, if nobody says which rows it saw."""


OWN_WORDS = {
    "standard": replace(
        MODELS["standard"], phrase="the neural net", made="FraudNet, trained on clean rows only."
    ),
    "pgd_tier1": replace(
        MODELS["pgd_tier1"],
        phrase="the hardened neural net",
        made="FraudNet, trained on frauds that evade as the fraudster of the headline may.",
    ),
    "monotone_net": replace(
        MODELS["monotone_net"],
        phrase="the monotone neural net",
        made="FraudNet that may look at every input with a direction of risk in that direction only. It trains on "
        "frauds that already stand at the worst corner of what the fraudster of the headline can change.",
    ),
    "monotone_trees": replace(
        MODELS["monotone_trees"],
        made="Boosted trees that may look at every input with a direction of risk in that direction only. They train "
        "on frauds that already stand at the worst corner of what the fraudster of the headline can change.",
    ),
    "trees_left_out": replace(
        MODELS["trees_left_out"],
        made="Boosted trees that never see an input which the fraudster of the headline can change.",
    ),
}
"""Models that are called otherwise here, where FraudNet is one of several nets and any tier may be quoted."""
TITLES = {
    "standard": "Neural net",
    "pgd_tier1": "Neural net, hardened",
    "monotone_net": "Neural net, monotone",
}


def words(name: str) -> ModelName | None:
    """What a model trained here is called and how it was made; None for one that nobody has described."""
    return OWN_WORDS.get(name, MODELS.get(name))


def title_of(model: ValidatedModel) -> str:
    """Text as it stands."""
    return model.title if model.deployed else trained_title(model.name) or model.title


def trained_title(name: str) -> str:
    """Of a model trained here; empty for one that nobody has described."""
    known = words(name)
    return TITLES.get(name, known.title) if known else ""


def in_order(result: ValidationResult) -> tuple[ValidatedModel, ...]:
    """Deployed models as the study file has them, then those trained here in the order of the palette."""
    trained = {model.name: model for model in result.models if not model.deployed}
    known = [name for name in trained if name in palette.MODELS]
    others = [name for name in trained if name not in palette.MODELS]
    deployed = [model for model in result.models if model.deployed]
    return (*deployed, *(trained[name] for name in (*palette.in_order(known), *others)))


def baseline(result: ValidationResult) -> str:
    """The model that the record compares all others with."""
    compared = {row.model for row in result.comparisons}
    alone = [model.name for model in result.models if model.name not in compared]
    asked = (result.spec.roles.deployed, result.spec.roles.baseline)
    return next((name for name in asked if name in alone), (alone or [result.models[0].name])[0])


def phrase(result: ValidationResult, name: str) -> str:
    """The model within a sentence; text from data, as it stands."""
    model = result.model(name)
    if model.deployed:
        several = sum(each.deployed for each in result.models) > 1
        return f"{model.title} (in use)" if several else "the model in use"
    known = words(name)
    return known.phrase if known else model.title


def titled(model: ValidatedModel) -> str:
    """The model in a table or a chart, with what a reader has to know before its figures; text as it stands."""
    known = {"in use": model.deployed, "unchecked": unchecked(model), DOUBT: not model.quotable}
    said = [words for words, holds in known.items() if holds]
    return f"{title_of(model)} ({', '.join(said)})" if said else title_of(model)


def unchecked(model: ValidatedModel) -> bool:
    """Whether nobody said what it scored."""
    return model.deployed and not model.reproduced


def at_tier(result: ValidationResult, tier: str) -> Mapping[str, TierResult]:
    """Every model's rates against one tier at the quoted point, by name."""
    return {model.name: result.tier(model.name, tier) for model in in_order(result)}


def best(result: ValidationResult, tier: str) -> tuple[str | None, Choice | None]:
    """The model to take against a tier, and the choice on validation rows that named it.

    None where none provably catches measurably more than the baseline. Where no choice was made, it is the model that
    proves most of the very rows that it is judged on.
    """
    found, own = at_tier(result, tier), baseline(result)
    asked = (tier, result.spec.attack.headline_epsilon, "caught_proved")
    choice = next((c for c in result.choices if (c.tier, c.epsilon, c.measure) == asked), None)
    others = [name for name in found if name != own and result.model(name).quotable]
    if choice and choice.model == own:
        return None, None
    if choice and choice.model in others:
        named = choice.model
    elif others:
        named, choice = max(others, key=lambda name: found[name].caught_proved.value), None
    else:
        return None, None
    row = against(result, named, tier)
    return (named, choice) if row and row.direction == "higher" else (None, None)


def against(
    result: ValidationResult, model: str, tier: str, epsilon: float | None = None
) -> TierComparison | None:
    """Its difference from the baseline at the quoted rate; at the headline budget if not given."""
    epsilon = result.spec.attack.headline_epsilon if epsilon is None else epsilon
    asked = (model, tier, epsilon, result.spec.proof.quoted_false_positive_rate)
    for row in result.comparisons:
        if (row.model, row.tier, row.epsilon, row.false_positive_rate) == asked:
            return row
    return None


def clean_direction(result: ValidationResult, model: str) -> str:
    """Whether it catches more than the baseline when nobody evades, measurably: as a `CleanComparison` has it."""
    rate = result.spec.proof.quoted_false_positive_rate
    (row,) = (row for row in result.clean if (row.model, row.false_positive_rate) == (model, rate))
    return row.direction


def beside(one: Estimate, other: Estimate) -> str:
    """What one estimate is beside another, by intervals that do not meet."""
    return "higher" if one.low > other.high else "lower" if one.high < other.low else "no difference"


def with_interval(estimate: Estimate) -> str:
    return f"{formats.percent(estimate.value)} ({formats.interval(estimate)})"


def difference(found: TierComparison | None) -> str:
    """In words; empty for the baseline itself."""
    if not found:
        return ""
    if found.direction == "no difference":
        return "no measurable difference"
    low, high = sorted((abs(found.difference.low), abs(found.difference.high)))
    word = {"higher": "more", "lower": "fewer"}[found.direction]
    return f"{formats.loss(abs(found.difference.value))} {word} ({formats.between(low, high, 'loss')})"


# ---------------------------------------------------------------- tiers


def unlike(result: ValidationResult) -> dict[str, str]:
    """Every tier -> the first one that can change the same inputs in the same way, which may be itself."""
    kept: dict[str, Tier] = {}
    found = {}
    for tier in result.spec.threat.tiers:
        mine = (moved(tier, result.spec.inputs), tier.bounded, tier.moves, tier.reaches is None)
        for name, other in kept.items():
            if mine == (moved(other, result.spec.inputs), other.bounded, other.moves, other.reaches is None):
                found[tier.name] = name
                break
        else:
            kept[tier.name], found[tier.name] = tier, tier.name
    return found


def attacked(result: ValidationResult, tier: Tier | None = None) -> bool:
    """Whether a tier, the quoted one if not given, can change any input."""
    threat = result.spec.threat
    return bool(moved(tier or threat.tier(threat.quoted), result.spec.inputs))


def shown(result: ValidationResult) -> tuple[Tier, ...]:
    """The tiers that change something and differ, in the order of the study; of several alike, the quoted one stands
    for them."""
    alike, quoted = unlike(result), result.spec.threat.quoted
    names = {quoted if name == alike[quoted] else name for name in alike.values()}
    return tuple(tier for tier in result.spec.threat.tiers if tier.name in names and attacked(result, tier))

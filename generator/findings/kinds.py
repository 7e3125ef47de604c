"""Which kind of model resists evasion, and at what price: all models of a study, not FraudNet and its recipes alone."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from generator.findings.exact import rounding_sentence
from generator.findings.tiers import TierColumn, columns
from generator.notation import formats, palette
from generator.notation.names import KINDS, MODELS, ModelName
from generator.records.features import Feature
from generator.records.proofs import (
    Choice,
    Estimate,
    MonotoneLimit,
    ProvedMonotone,
    TierComparison,
    TierResult,
)
from generator.records.results import StudyResult
from generator.records.threat import Tier

LEFT_OUT = "trees_left_out"
"""The model that never sees what the quoted tier moves."""
TRAINED_ON = {
    "monotone_net": "frauds at their worst corner",
    "monotone_trees": "frauds at their worst corner",
    "monotone_trees_widest": "frauds at an insider's worst corner",
    LEFT_OUT: "clean rows, without what anybody can change",
}
"""What models trained beside FraudNet see; clean rows where nothing is said."""


@dataclass(frozen=True)
class ProvedCell:
    """Frauds that one model provably catches under one tier."""

    proved: Estimate
    against: TierComparison | None
    """Its difference from the baseline; None for the baseline itself."""


@dataclass(frozen=True)
class KindRow:
    """One model of any kind at the quoted share of false alarms."""

    words: ModelName
    kind: str
    clean: Estimate
    cells: tuple[ProvedCell, ...]
    """Tier by tier, in the order of `Kinds.columns`."""
    trained: str
    proof: str
    """How its worst case is found for the fraudsters who can do most."""


@dataclass(frozen=True)
class MonotoneRow:
    """A model that is proved monotone in some inputs, whatever the others are."""

    words: ModelName
    rises: str
    """Inputs, listed; empty where there are none."""
    falls: str
    without: str
    """Inputs that it does not depend on."""
    limited: bool
    """Whether the limit of monotone rules holds for it."""


@dataclass(frozen=True)
class Kinds:
    """Sentences are empty where the record has nothing to say."""

    verdict: str
    price: str
    """What the model named costs where nobody evades."""
    chosen: str
    """Why that model is named."""
    others: str
    """The best of every other kind, so that a kind that does not win is told of."""
    left_out: str
    limit: str
    columns: tuple[TierColumn, ...]
    """The tiers in which frauds alone move."""
    rows: tuple[KindRow, ...]
    rate: float
    settings: str
    """Which depths the trees chose."""
    unresolved: str
    """How many frauds no proof and no example settled, over all kinds, tiers, rates and budgets."""


def kinds(result: StudyResult, tier: str) -> Kinds | None:
    """All that is said of kinds against the fraudsters of `tier`; None where FraudNet is the only kind."""
    found = results(result, tier)
    if not beside(result, found) or result.roles.baseline not in found:
        return None
    named, choice = best(result, tier, found)
    fraudsters = tuple(
        column
        for column in columns(result, result.proofs)
        if result.spec.threat.tier(column.tier).moves == "frauds"
    )
    return Kinds(
        verdict=_verdict(result, tier, found, named),
        price=_price(result, found, named),
        chosen=_chosen(choice),
        others=_others(result, tier, found, named),
        left_out=_left_out(result, found),
        limit=_limit(result, tier, found),
        columns=fraudsters,
        rows=tuple(_rows(result, fraudsters)),
        rate=_rate(result),
        settings=_settings(result),
        unresolved=_unresolved(result),
    )


def difference_sentence(result: StudyResult, tier: str) -> str:
    """How sure it is that the model named is not the baseline; empty where they were not compared."""
    found = results(result, tier)
    if result.roles.baseline not in found or len(found) < 2:
        return ""
    compared = against(result, best(result, tier, found)[0], tier)
    if not compared:
        return ""
    if compared.direction == "no difference":
        return f"The interval of the proved difference is {formats.interval(compared.difference, 'points')}."
    return f"The proved difference is {formats.loss(abs(compared.difference.value))} ({_ends(compared)})."


def monotone_rows(result: StudyResult) -> tuple[MonotoneRow, ...]:
    """The models proved monotone in at least one input, in the order of the palette."""
    proved = {row.model: row for row in result.proofs.proved_monotone if row.rises or row.falls}
    titles = {feature.name: formats.md(feature.title) for feature in result.data.features}

    def listed(names: Iterable[str]) -> str:
        words = [titles[name] for name in names]
        return formats.listed(words) if words else ""

    return tuple(
        MonotoneRow(
            MODELS[name],
            listed(each for each in row.rises if each not in row.falls),
            listed(each for each in row.falls if each not in row.rises),
            listed(each for each in row.rises if each in row.falls),
            name in limited(result),
        )
        for name, row in ((name, proved[name]) for name in palette.in_order(proved))
    )


# ---------------------------------------------------------------- what the record holds


def results(result: StudyResult, tier: str) -> Mapping[str, TierResult]:
    """Every model's figures for one tier at the quoted rate and budget, by name, in the order of the palette."""
    epsilon = result.spec.attack.headline_epsilon
    found = {
        row.model: row
        for row in result.proofs.tiers
        if (row.tier, row.epsilon, row.false_positive_rate) == (tier, epsilon, _rate(result))
    }
    return {name: found[name] for name in palette.in_order(found)}


def beside(result: StudyResult, names: Iterable[str]) -> list[str]:
    """Of these models, those that are neither the baseline nor made from it by a recipe."""
    own = {result.roles.baseline, *result.spec.hardening.recipes}
    return [name for name in names if name not in own]


def limited(result: StudyResult) -> set[str]:
    """The models for which the limit of monotone rules holds: proved monotone, with risk, in all of its inputs."""
    if not result.proofs.monotone:
        return set()
    features = {feature.name: feature for feature in result.data.features}
    wanted = [features[name] for name in result.proofs.monotone.inputs]
    return {
        row.model
        for row in result.proofs.proved_monotone
        if wanted and all(_with_risk(row, f) for f in wanted)
    }


def limit_at(result: StudyResult, tier: str) -> MonotoneLimit | None:
    """The limit of monotone rules at the quoted rate and budget; None where it was not worked out."""
    try:
        return result.proofs.monotone and result.proofs.monotone.at(
            tier, result.spec.attack.headline_epsilon, _rate(result)
        )
    except KeyError:
        return None


def best(result: StudyResult, tier: str, found: Mapping[str, TierResult]) -> tuple[str, Choice | None]:
    """The model to name against a tier, and the choice on validation rows that named it.

    Where none was made for this tier, it is the model that proves most of the very rows that it is judged on.
    """
    for choice in result.choices:
        if (choice.tier, choice.measure) == (tier, "caught_proved") and choice.model in found:
            return choice.model, choice
    others = [name for name in found if name != result.roles.baseline]
    return max(others, key=lambda name: found[name].caught_proved.value), None


def _with_risk(row: ProvedMonotone, feature: Feature) -> bool:
    return feature.name in (row.rises if feature.direction > 0 else row.falls)


def _rate(result: StudyResult) -> float:
    return result.spec.proof.quoted_false_positive_rate


def against(result: StudyResult, model: str, tier: str) -> TierComparison | None:
    asked = (model, tier, result.spec.attack.headline_epsilon, _rate(result))
    for row in result.proofs.tier_comparisons:
        if (row.model, row.tier, row.epsilon, row.false_positive_rate) == asked:
            return row
    return None


# ---------------------------------------------------------------- sentences


def _verdict(result: StudyResult, tier: str, found: Mapping[str, TierResult], named: str) -> str:
    ours, theirs = found[named].caught_proved, found[result.roles.baseline].caught_proved
    baseline = MODELS[result.roles.baseline].phrase
    difference = _difference(against(result, named, tier))
    return (
        f"Against {result.spec.threat.tier(tier).attacker}, {baseline} provably catches "
        f"{formats.percent(theirs.value)} of frauds at {formats.percent(_rate(result), 0)} false alarms. "
        f"{formats.capital(MODELS[named].phrase)} catches {formats.percent(ours.value)}: {difference}."
    )


def _price(result: StudyResult, found: Mapping[str, TierResult], named: str) -> str:
    ours, theirs = (found[name].caught_clean for name in (named, result.roles.baseline))
    caught = f"{MODELS[named].phrase} catches {formats.percent(ours.value)} instead of {formats.percent(theirs.value)}"
    start = f"When nobody evades, {caught}"
    return f"{start}." if apart(ours, theirs) else f"{start}: no measurable difference."


def _chosen(choice: Choice | None) -> str:
    if not choice:
        return (
            "No choice was made on validation rows for this attacker. The model named is the one of which most is "
            "proved on these rows, which flatters it."
        )
    return (
        f"The model named was chosen on validation rows, among models of every kind ({formats.count(choice.agreeing)} "
        f"of {formats.count(choice.folds)} folds agree). On rows that took no part in the choice, it provably catches "
        f"{_with_interval(choice.validated)}."
    )


def _others(result: StudyResult, tier: str, found: Mapping[str, TierResult], named: str) -> str:
    """The best of each other family, in the order of the palette."""
    families: dict[str, list[str]] = {}
    for name in found:
        if name not in (result.roles.baseline, LEFT_OUT):
            families.setdefault(_family(result, name), []).append(name)
    families.pop(_family(result, named), None)
    firsts = [max(names, key=lambda name: found[name].caught_proved.value) for names in families.values()]
    parts = [
        f"{MODELS[name].phrase} {formats.percent(found[name].caught_proved.value)} "
        f"({_side(against(result, name, tier))})"
        for name in firsts
    ]
    if not parts:
        return ""
    return (
        f"The best model of every other kind, and whether it provably catches more than "
        f"{MODELS[result.roles.baseline].phrase}: "
        f"{formats.listed(parts)}."
    )


def _left_out(result: StudyResult, found: Mapping[str, TierResult]) -> str:
    if LEFT_OUT not in found:
        return ""
    row = found[LEFT_OUT]
    return (
        f"Leaving out every input that anybody can change is the simplest defence: {MODELS[LEFT_OUT].phrase} provably "
        f"catches {_with_interval(row.caught_proved)}, and {formats.percent(row.caught_clean.value)} when nobody "
        "evades. Approving everything catches none."
    )


def _limit(result: StudyResult, tier: str, found: Mapping[str, TierResult]) -> str:
    limit = limit_at(result, tier)
    if not limit or not limited(result) & found.keys():
        return ""
    if limit.by_fold >= 1:
        return "For monotone rules these rows set no limit: one could catch all of these frauds."
    return f"No monotone rule whatever can catch more than {formats.percent(limit.by_fold)} of these frauds."


def _unresolved(result: StudyResult) -> str:
    rows = result.proofs.tiers
    left = sum(row.unresolved for row in rows)
    counted = [row.by_rounding for row in rows if row.by_rounding is not None]
    rounding = rounding_sentence(sum(counted) if counted else None)
    if not left:
        every = "For every kind of model, tier and budget, all frauds were either proved or broken"
        return f"{every}: none is left open.{rounding}"
    return (
        f"{formats.count(left)} frauds, over all kinds, tiers and budgets, were left open. They count as missed."
        f"{rounding}"
    )


def _settings(result: StudyResult) -> str:
    counts = {model.name: model.chosen for model in result.models if model.chosen}
    parts = [
        f"{MODELS[name].phrase} "
        + formats.listed(
            f"{formats.count(depth)} in {formats.count(copies)}"
            for depth, copies in zip(result.spec.trees.depths, counts[name], strict=True)
        )
        for name in palette.in_order(counts)
    ]
    if not parts:
        return ""
    return (
        "Each copy of a model chose the depth of its trees on a part of its own training rows. Depths and copies: "
        f"{'; '.join(parts)}."
    )


def _difference(found: TierComparison | None) -> str:
    if not found:
        return "the difference was not measured"
    if found.direction == "no difference":
        return f"no measurable difference ({formats.interval(found.difference, 'points')})"
    word = {"higher": "more", "lower": "fewer"}[found.direction]
    return f"{formats.loss(abs(found.difference.value))} {word} ({_ends(found)})"


def _ends(found: TierComparison) -> str:
    low, high = sorted((abs(found.difference.low), abs(found.difference.high)))
    return f"interval {formats.between(low, high, 'loss')}"


def _side(found: TierComparison | None) -> str:
    return {"higher": "more", "lower": "fewer", "no difference": "no measurable difference"}[
        found.direction if found else "no difference"
    ]


def _with_interval(estimate: Estimate) -> str:
    return f"{formats.percent(estimate.value)} ({formats.interval(estimate)})"


def apart(one: Estimate, other: Estimate) -> bool:
    """Whether two intervals do not meet: stricter than that of a difference, which the record lacks here."""
    return one.low > other.high or one.high < other.low


def _family(result: StudyResult, name: str) -> str:
    if not beside(result, [name]):
        return "recipe"
    return result.model(name).kind or ""


# ---------------------------------------------------------------- the table


def _rows(result: StudyResult, fraudsters: tuple[TierColumn, ...]) -> Iterator[KindRow]:
    by_tier = [(column.tier, results(result, column.tier)) for column in fraudsters]
    for name in palette.in_order(set.intersection(*(set(found) for _, found in by_tier)) if by_tier else ()):
        yield KindRow(
            words=MODELS[name],
            kind=KINDS.get(result.model(name).kind or "", result.model(name).kind or ""),
            clean=by_tier[0][1][name].caught_clean,
            cells=tuple(
                ProvedCell(found[name].caught_proved, against(result, name, tier)) for tier, found in by_tier
            ),
            trained=_trained(result, name),
            proof=_proof(result, name),
        )


def _trained(result: StudyResult, name: str) -> str:
    if name == result.roles.ablation:
        return "clean rows, for longer"
    if name in result.spec.hardening.recipes:
        return "attacked rows"
    return TRAINED_ON.get(name, "clean rows")


def _proof(result: StudyResult, name: str) -> str:
    """How the worst case of the widest tier of fraudsters is found."""
    if result.model(name).kind == "linear":
        return "closed form"
    proved = {row.model: {*row.rises, *row.falls} for row in result.proofs.proved_monotone}.get(name, set())
    moved = [f for f in result.data.features if _moves(result.spec.threat.widest, f)]
    free = [f for f in moved if f.name not in proved]
    if not free:
        return "one evaluation (proved monotone)"
    if len(free) == len(moved):
        return "search"
    return f"search over {formats.listed(formats.md(f.title) for f in free)} alone"


def _moves(tier: Tier, feature: Feature) -> bool:
    return tier.reaches is None or (feature.control in tier.reaches and feature.helps != "none")

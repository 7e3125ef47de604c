"""All that the pages say about what was proved: one record with every sentence and table of it."""

from dataclasses import dataclass

from generator.findings import evaluations, exact, tiers, verdict
from generator.findings.gate import Gate, blocked, gate
from generator.findings.recipes import RecipeRow
from generator.findings.selection import leading
from generator.notation import formats, palette
from generator.notation.names import MODELS, ModelName
from generator.notation.tracing import derived
from generator.records.features import Feature
from generator.records.proofs import BatteryRow, LabelAware, ProofResult, ProofStep, ProofWalk, RadiusSummary
from generator.records.results import StudyResult


@dataclass(frozen=True)
class LabelAwareRow:
    """Three ways to count an evasion, on one model."""

    words: ModelName
    found: LabelAware
    fixed: str
    """Share of all frauds that end up missed, clean misses included; empty if it was not proved."""
    evaded: float
    """Share of the frauds caught before."""
    still_fraud: float
    """Share of the frauds caught before that got through and stay a fraud by the rule."""
    gave_up: float
    """Of those that got through: share that is no longer a fraud by the rule."""


@dataclass(frozen=True)
class BatteryLine:
    words: ModelName
    attack: str
    row: BatteryRow
    share: float | None
    """None where the attack does not apply to this kind of model."""
    proved: float | None
    """Share of the same rows that is proved, where the sanity gate lets the other stand only beside it."""


@dataclass(frozen=True)
class RadiusRow:
    words: ModelName
    radius: RadiusSummary


@dataclass(frozen=True)
class WalkStep:
    step: ProofStep
    ranges: tuple[str, ...]
    """The box, feature by feature, in raw units."""


@dataclass(frozen=True)
class Walk:
    walk: ProofWalk
    words: ModelName
    sentence: str
    steps: tuple[WalkStep, ...]


@dataclass(frozen=True)
class ProofFindings:
    """Sentences are empty, and tuples too, where the records have nothing to say."""

    proofs: ProofResult
    trap: str
    standing: str
    limit: str
    limit_note: str
    unresolved: str
    contradictions: str
    choice: str
    matched: str
    training: str
    label_aware: tuple[LabelAwareRow, ...]
    label_sentence: str
    radii: tuple[RadiusRow, ...]
    bracket: float | None
    """Widest bracket of any radius, in standard deviations."""
    walk: Walk | None
    columns: tuple[tiers.TierColumn, ...]
    reach: tuple[tiers.ReachRow, ...]
    by_tier: tuple[tiers.TierRow, ...]
    by_rate: tuple[tiers.TierRow, ...]
    rates: tuple[float, ...]
    rate: float
    """The false-alarm rate quoted in prose."""
    choices: tuple[tiers.ChoiceRow, ...]
    battery: tuple[BatteryLine, ...]
    gate: Gate


def find_proofs(
    result: StudyResult, recipes: tuple[RecipeRow, ...], original: RecipeRow | None
) -> ProofFindings:
    """Every finding about proofs."""
    proofs = at_headline(result, result.proofs)
    rate = result.spec.proof.quoted_false_positive_rate
    known = sorted(
        proofs.rule.label_aware if proofs.rule else (),
        key=lambda found: (found.tier, list(MODELS).index(found.model)),
    )
    aware = tuple(_label_aware(result, found) for found in known)
    return ProofFindings(
        proofs=proofs,
        trap=exact.trap_sentence(result, original) if original else "",
        standing=exact.standing_sentence(result, original) if original else "",
        limit=exact.limit_sentence(result, proofs),
        limit_note=exact.limit_note(result, proofs),
        unresolved=exact.unresolved_sentence(proofs),
        contradictions=exact.contradiction_sentence(proofs),
        choice=verdict.choice_sentence(result, proofs, recipes),
        matched=tiers.matched_sentence(result, proofs, rate, result.spec.threat.quoted),
        training=tiers.training_sentence(result, proofs, rate, result.spec.threat.quoted),
        label_aware=aware,
        label_sentence=label_sentence(aware),
        radii=tuple(RadiusRow(MODELS[r.model], r) for r in proofs.radii),
        bracket=max((r.widest_bracket for r in proofs.radii), default=None),
        walk=_walk(result, proofs.walk) if proofs.walk else None,
        columns=tiers.columns(result, proofs),
        reach=tiers.reach_rows(result, proofs),
        by_tier=tiers.by_tier(result, proofs, rate),
        by_rate=tiers.by_rate(proofs, result.spec.threat.quoted),
        rates=tiers.rates(proofs),
        rate=rate,
        choices=tiers.choice_rows(proofs),
        battery=battery_lines(result, proofs),
        gate=gate(result),
    )


def at_headline(result: StudyResult, proofs: ProofResult) -> ProofResult:
    """The records with their tiers at the headline budget only, where every sentence is quoted."""
    epsilon = result.spec.attack.headline_epsilon
    kept = {
        field: tuple(row for row in getattr(proofs, field) if row.epsilon == epsilon)
        for field in ("tiers", "tier_comparisons", "choices")
    }
    if proofs.rule:
        kept["rule"] = proofs.rule.model_copy(
            update={
                field: tuple(row for row in getattr(proofs.rule, field) if row.epsilon == epsilon)
                for field in ("frontiers", "label_aware")
            }
        )
    return proofs.model_copy(update=kept)


def label_sentence(rows: tuple[LabelAwareRow, ...]) -> str:
    """How much of the evasion hides a fraud, and how much ends it; the first model of the records speaks."""
    if not rows or not rows[0].found.evaded:
        return ""
    first = rows[0]
    return (
        f"Of the frauds that {first.words.phrase} catches, {formats.percent(first.evaded)} can get through. "
        f"In {formats.percent(first.gave_up)} of these, the example found is no longer a fraud by the rule: "
        f"it gave up its gain. {formats.percent(first.still_fraud)} of all caught frauds get through and "
        "stay a fraud by the rule."
    )


def _label_aware(result: StudyResult, found: LabelAware) -> LabelAwareRow:
    frauds, evaded = max(found.frauds, 1), max(found.evaded, 1)
    proved = evaluations.exact(result, found.model) if found.tier == result.spec.threat.benchmark else None
    return LabelAwareRow(
        MODELS[found.model],
        found,
        formats.percent(1 - proved.true_positive_rate.value) if proved else "",
        found.evaded / frauds,
        found.still_fraud / frauds,
        (found.evaded - found.still_fraud) / evaded,
    )


def battery_lines(result: StudyResult, proofs: ProofResult) -> tuple[BatteryLine, ...]:
    """One line an attack on each model that matters, in the order of the palette."""
    shown = leading(result)
    models, attacks = list(palette.MODELS), list(palette.BATTERY)

    def place(row: BatteryRow) -> tuple:
        return models.index(row.model), attacks.index(row.attack) if row.attack in attacks else len(attacks)

    proved = {row.model: row.kept / row.rows for row in proofs.battery if row.attack == "exact"}
    doubted = blocked(result)
    return tuple(
        BatteryLine(
            MODELS[row.model], palette.battery(row.attack), row, None if row.kept is None else row.kept / row.rows,
            proved.get(row.model) if row.model in doubted and row.attack != "exact" else None,
        )
        for row in sorted(proofs.battery, key=place)
        if row.model in shown
    )  # fmt: skip


def _walk(result: StudyResult, walk: ProofWalk) -> Walk:
    features = result.data.features
    ends = {
        "proved": "On every box the bound was above zero in the end: no input within the budget changes the "
        "answer.",
        "broken": "A box held an input that changes the answer: the transaction is broken.",
        "halved": "The table shows the first boxes of the search.",
    }
    outcome = walk.steps[-1].outcome if len(walk.steps) == walk.boxes else "halved"
    return Walk(
        walk,
        MODELS[walk.model],
        f"The search looked at {formats.count(walk.boxes)} boxes. {ends[outcome]}",
        tuple(WalkStep(step, tuple(map(_range, step.lower, step.upper, features))) for step in walk.steps),
    )


def _range(low: float, high: float, feature: Feature) -> str:
    if low == high:
        return formats.raw(derived(low, low, high), feature)
    return formats.raw_between(low, high, feature)

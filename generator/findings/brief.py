"""What to do on one page: for each situation the advice that the proved comparisons support, and no other."""

from dataclasses import dataclass

from generator.findings.evaluations import MASKING_POINTS
from generator.findings.exact import overstated
from generator.findings.recipes import RecipeRow, price_in_frauds
from generator.notation import formats
from generator.notation.names import MODELS
from generator.records.proofs import Choice, TierComparison
from generator.records.results import StudyResult


@dataclass(frozen=True)
class Decision:
    """If `situation`, then `advice`, because of `ground`."""

    situation: str
    advice: str
    ground: str


def decisions(result: StudyResult, recipes: tuple[RecipeRow, ...]) -> tuple[Decision, ...]:
    """The rows of the decision table; a row whose ground the record lacks is left out."""
    rows = (
        _nobody(result),
        _realistic(result, result.spec.threat.quoted, "Fraudsters change only what they control"),
        _widest(result),
        _benchmark(result, recipes),
        _offered(result, recipes),
    )
    return tuple(row for row in rows if row)


def _choice(result: StudyResult, tier: str) -> Choice | None:
    return next((c for c in result.choices if c.tier == tier), None)


def _nobody(result: StudyResult) -> Decision | None:
    """Hardening against an attack that does not come has to be measurably better, or the simpler model stays."""
    choice = _choice(result, result.spec.threat.quoted)
    rate, epsilon = result.spec.proof.quoted_false_positive_rate, result.spec.attack.headline_epsilon
    baseline = result.roles.baseline
    found = {
        row.model: row.caught_clean
        for row in (result.proofs.tiers if choice else ())
        if (row.tier, row.false_positive_rate, row.epsilon) == (result.spec.threat.quoted, rate, epsilon)
    }
    if not choice or not {choice.model, baseline} <= found.keys():
        return None
    ours, theirs = found[choice.model], found[baseline]
    return Decision(
        "Nobody evades",
        _take(choice.model) if ours.low > theirs.high else "Keep the standard model",
        f"At {formats.setting(rate)} false alarms the standard model catches "
        f"{formats.percent(theirs.value)} of frauds ({formats.interval(theirs)}), "
        f"{MODELS[choice.model].phrase} {formats.percent(ours.value)} ({formats.interval(ours)}).",
    )


def _widest(result: StudyResult) -> Decision | None:
    """Against the fraudsters who can do most, where that is not who is quoted."""
    widest = result.spec.threat.widest
    if widest.name == result.spec.threat.quoted:
        return None
    return _realistic(result, widest.name, formats.capital(widest.attacker))


def _realistic(result: StudyResult, tier: str, situation: str) -> Decision | None:
    choice = _choice(result, tier)
    compared = _compared(result, choice.model, tier) if choice else None
    if not choice or not compared:
        return None
    advice, ground = {
        "higher": (_take(choice.model), "more frauds are provably caught than by the standard model"),
        "lower": ("Keep the standard model", "fewer frauds are provably caught than by the standard model"),
        "no difference": (
            "Change models only if it costs nothing",
            "no measurable difference from the standard model",
        ),
    }[compared.direction]
    return Decision(
        situation,
        advice,
        f"With {MODELS[choice.model].phrase}, {ground}: {formats.points(compared.difference.value)} "
        f"({formats.interval(compared.difference, 'points')}).",
    )


def _compared(result: StudyResult, model: str, tier: str) -> TierComparison | None:
    rate, epsilon = result.spec.proof.quoted_false_positive_rate, result.spec.attack.headline_epsilon
    asked = (model, tier, rate, epsilon)
    return next(
        (
            c
            for c in result.proofs.tier_comparisons
            if (c.model, c.tier, c.false_positive_rate, c.epsilon) == asked
        ),
        None,
    )


def _benchmark(result: StudyResult, recipes: tuple[RecipeRow, ...]) -> Decision | None:
    choice = _choice(result, result.spec.threat.benchmark)
    row = next((r for r in recipes if choice and r.name == choice.model), None)
    if not row:
        return None
    better = row.exact_change.direction == "higher"
    return Decision(
        "Every input could be changed",
        _take(choice.model) if better else "Keep the standard model",
        f"Proved accuracy {formats.percent(choice.validated.value)} ({formats.interval(choice.validated)}) on "
        f"rows that took no part in the choice; {row.against_trivial} approving everything. "
        f"{price_in_frauds(row)}",
    )


def _offered(result: StudyResult, recipes: tuple[RecipeRow, ...]) -> Decision | None:
    worst = max(recipes, key=lambda row: overstated(result, row.name), default=None)
    size = overstated(result, worst.name) if worst else 0.0
    if size <= MASKING_POINTS:
        return None
    return Decision(
        "A supplier shows accuracy under FGSM",
        "Ask for what is proved",
        f"Here FGSM overstates the accuracy of {worst.words.phrase} by {formats.loss(size)}.",
    )


def _take(model: str) -> str:
    return f"Try {MODELS[model].phrase}"

"""What the Summary says of one dataset first: the answer, its numbers, and what became of the original's claim."""

from dataclasses import dataclass

from generator.findings.evaluations import ModelRow
from generator.findings.key_figures import Card
from generator.findings.kinds import against, apart, best, results
from generator.findings.recipes import RecipeRow
from generator.notation import formats
from generator.notation.names import MODELS
from generator.records.proofs import Estimate, TierResult
from generator.records.results import StudyResult


@dataclass(frozen=True)
class Summary:
    answer: str
    """What the undefended model provably catches under the tier, and what the best model does, at what price."""
    cards: tuple[Card, ...]
    """The numbers of the answer."""
    claim: str
    """What FGSM says of the original's hardening and what is proved of it; empty without it."""


def summary(result: StudyResult, tier: str, original: RecipeRow | None, standard: ModelRow) -> Summary:
    found = results(result, tier)
    if result.roles.baseline not in found or len(found) < 2:
        return Summary("", (), _claim(original, standard) if original else "")
    named, _ = best(result, tier, found)
    before, after = found[result.roles.baseline], found[named]
    return Summary(
        answer=_answer(result, tier, named, before, after),
        cards=_cards(named, before, after),
        claim=_claim(original, standard) if original else "",
    )


def _answer(result: StudyResult, tier: str, named: str, before: TierResult, after: TierResult) -> str:
    rate = result.spec.proof.quoted_false_positive_rate
    compared = against(result, named, tier)
    proved = f"{formats.capital(MODELS[named].phrase)} provably catches {formats.percent(after.caught_proved.value)}"
    if not compared or compared.direction == "no difference":
        proved += ", no measurable difference"
    clean, standard = (formats.percent(each.caught_clean.value) for each in (after, before))
    price = (
        f"{clean} instead of {standard} when nobody evades"
        if apart(after.caught_clean, before.caught_clean)
        else "no measurable difference when nobody evades"
    )
    return (
        f"Against {result.spec.threat.tier(tier).attacker}, {MODELS[result.roles.baseline].phrase} provably catches "
        f"{formats.percent(before.caught_proved.value)} of frauds, at {formats.setting(rate)} false alarms. "
        f"{proved}, and {price}."
    )


def _cards(named: str, before: TierResult, after: TierResult) -> tuple[Card, ...]:
    return (
        _card(before.caught_proved, "of frauds provably caught without a defence"),
        _card(after.caught_proved, f"with {MODELS[named].phrase}"),
        _card(
            after.caught_clean,
            f"when nobody evades; {formats.percent(before.caught_clean.value)} without a defence",
        ),
    )


def _card(estimate: Estimate, label: str) -> Card:
    return Card(formats.percent(estimate.value), label, formats.arm(estimate))


def _claim(original: RecipeRow, standard: ModelRow) -> str:
    said = formats.doubted(original.gap.fgsm.value, original.exact.accuracy.value)
    side = {
        "higher": "more than",
        "lower": "less than",
        "no difference": "no measurable difference from",
    }[original.exact_change.direction]
    return (
        f"Tested with FGSM, the attack it was trained on, the original's hardened model has an accuracy of {said}. "
        f"That is {side} the {formats.percent(standard.exact.accuracy.value)} proved without hardening."
    )

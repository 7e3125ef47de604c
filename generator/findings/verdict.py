"""The verdict on one dataset, as short sentences; the Summary opens with them."""

from dataclasses import dataclass, replace

from generator.findings.evaluations import ModelRow, trivial_accuracy
from generator.findings.exact import overstated, standard_sentence, standing_sentence
from generator.findings.gate import failures
from generator.findings.key_figures import Card, card
from generator.findings.recipes import AGAINST, RecipeRow, price_in_frauds
from generator.findings.tiers import chosen_for
from generator.notation import formats
from generator.notation.names import MODELS
from generator.records.proofs import Choice, ProofResult
from generator.records.results import Direction, StudyResult

ACCURACY: dict[Direction, str] = {
    "higher": "raises that accuracy to",
    "lower": "lowers that accuracy further, to",
    "no difference": "makes no measurable difference to that accuracy:",
}
CAUGHT: dict[Direction, str] = {
    "higher": "catches more of the frauds",
    "lower": "catches fewer of the frauds",
    "no difference": "catches no more of the frauds",
}


@dataclass(frozen=True)
class Headline:
    answer: str
    """Can the model be fooled, and does the original hardening stop it?"""
    clean: str
    attacked: str
    hardened: str
    """Of the original recipe; empty without it."""
    cards: tuple[Card, ...]
    tier_cards: tuple[Card, ...]
    """What is left where fraudsters of the quoted tier attack; the other cards are about every input."""


def headline(result: StudyResult, standard: ModelRow, original: RecipeRow | None) -> Headline:
    return Headline(
        _answer(standard, original),
        clean_sentence(standard),
        standard_sentence(result, standard.exact),
        _hardened(result, original) if original else "",
        _cards(result, standard, original),
        tier_cards(result, result.spec.threat.quoted),
    )


def choice_sentence(result: StudyResult, proofs: ProofResult, recipes: tuple[RecipeRow, ...]) -> str:
    """The model chosen on validation rows against the plain box, with its proved accuracy."""
    choice = next((c for c in proofs.choices if c.tier == result.spec.threat.benchmark), None)
    row = next((r for r in recipes if choice and r.name == choice.model), None)
    if not choice or not row:
        return ""
    kept, caught = choice.validated, row.exact.true_positive_rate
    trivial = trivial_accuracy(result)
    side = "above" if kept.low > trivial else "below" if kept.high < trivial else "level with"
    direction = f", {AGAINST[row.exact_change.direction]}"
    return (
        f"Chosen on validation rows, the model to take against this attacker is {row.words.phrase} "
        f"({_agreement(choice)}). On rows that took no part in the choice, accuracy of "
        f"{formats.percent(kept.value)} ({formats.interval(kept)}) is proved{direction}, and {side} the "
        f"{formats.percent(trivial)} of approving everything. It then provably catches "
        f"{formats.percent(caught.value)} of frauds ({formats.interval(caught)})."
    )


def clean_sentence(standard: ModelRow) -> str:
    return f"Without an attack the standard model has an accuracy of {formats.percent(standard.clean.accuracy.value)}."


def _agreement(choice: Choice) -> str:
    return f"{formats.count(choice.agreeing)} of {formats.count(choice.folds)} folds agree"


def _answer(standard: ModelRow, original: RecipeRow | None) -> str:
    before, after = standard.clean, standard.exact
    if after.accuracy.high >= before.accuracy.low:
        return "No: within the budget, nothing lowers the accuracy of the standard model measurably."
    accuracy, caught = (
        f"from {formats.percent(old.value)} to {formats.percent(new.value)}"
        for old, new in (
            (before.accuracy, after.accuracy),
            (before.true_positive_rate, after.true_positive_rate),
        )
    )
    fooled = (
        f"Yes, it can be fooled: at its proved worst, accuracy falls {accuracy}, and the share of frauds "
        f"caught {caught}."
    )
    if not original:
        return fooled
    change, caught_change = original.exact_change.direction, original.exact_caught_change.direction
    join = "and" if change == caught_change else "but"
    return (
        f"{fooled} The original hardening {ACCURACY[change]} "
        f"{formats.percent(original.exact.accuracy.value)}, {join} {CAUGHT[caught_change]} "
        f"({formats.percent(original.exact.true_positive_rate.value)})."
    )


def _hardened(result: StudyResult, original: RecipeRow) -> str:
    stands, price = standing_sentence(result, original), price_in_frauds(original)
    return f"{_attack_figures(result, original)} {stands} {price}"


def _attack_figures(result: StudyResult, original: RecipeRow) -> str:
    """What FGSM says of the original recipe; where the gate forbids to quote it alone, what is proved and the gap."""
    fgsm = original.gap.fgsm.value
    if original.blocked:
        failed = failures(result, original.name)
        checks = (
            "a sanity check that concerns"
            if failed == 1
            else f"{formats.count(failed)} sanity checks that concern"
        )
        return (
            f"Under FGSM, {original.words.phrase} has an accuracy of "
            f"{formats.doubted(fgsm, original.exact.accuracy.value)}: {checks} it failed."
        )
    size = overstated(result, original.name)
    over = f", {formats.loss(size)} more than is proved" if original.gap.warns else ""
    return f"Under FGSM, {original.words.phrase} has an accuracy of {formats.percent(fgsm)}{over}."


def _cards(result: StudyResult, standard: ModelRow, original: RecipeRow | None) -> tuple[Card, ...]:
    trivial = Card(
        formats.percent(trivial_accuracy(result)),
        "accuracy of approving everything; no fraud is caught",
        "holds by definition, under any attack",
    )
    return (
        card(standard.clean.accuracy, "accuracy of the standard model, no attack"),
        card(standard.exact.accuracy, "accuracy of the standard model, proved whatever the attack"),
        card(
            standard.exact.true_positive_rate,
            "frauds caught by the standard model, proved whatever the attack",
        ),
        trivial,
        *(_original_cards(original) if original else ()),
        *_chosen_card(result),
    )


def _original_cards(original: RecipeRow) -> tuple[Card, Card]:
    proved = "accuracy of the original's hardened model, proved whatever the attack"
    return _fgsm_card(original), card(original.exact.accuracy, proved)


def _fgsm_card(original: RecipeRow) -> Card:
    label = "accuracy of the original's hardened model under FGSM, its own test"
    shown = card(original.gap.fgsm, label)
    if not original.blocked:
        return shown
    beside = formats.beside(original.gap.fgsm.value, original.exact.accuracy.value)
    return replace(shown, interval=f"{shown.interval}; {beside}")


def _chosen_card(result: StudyResult) -> tuple[Card, ...]:
    choice = next((c for c in result.choices if c.tier == result.spec.threat.benchmark), None)
    if not choice:
        return ()
    return (
        card(choice.validated, f"accuracy of {MODELS[choice.model].phrase}, proved; chosen on other rows"),
    )


def _beside(result: StudyResult, asked: tuple) -> str:
    """The baseline under the same tier, rate and budget, to stand behind a card's interval."""
    for row in result.proofs.tiers:
        if (result.roles.baseline, *asked[1:]) == (row.model, row.tier, row.false_positive_rate, row.epsilon):
            return f"; standard model {formats.percent(row.caught_proved.value)}"
    return ""


def tier_cards(result: StudyResult, tier: str) -> tuple[Card, ...]:
    """The model chosen against one tier, or else the threat-matched one, or the one to take against the benchmark."""
    rate, epsilon = result.spec.proof.quoted_false_positive_rate, result.spec.attack.headline_epsilon
    short = result.spec.threat.tier(tier).short
    chosen = chosen_for(result.choices, tier) or result.roles.matched or result.roles.recommended
    asked = (chosen, tier, rate, epsilon)
    for row in result.proofs.tiers:
        if (row.model, row.tier, row.false_positive_rate, row.epsilon) == asked:
            label = (
                f"{MODELS[chosen].phrase}, {short}, {formats.setting(rate)} false alarms, "
                "proved: frauds caught"
            )
            shown = card(row.caught_proved, label)
            return (replace(shown, interval=f"{shown.interval}{_beside(result, asked)}"),)
    return ()

"""What a validation says in one sentence, in three numbers, and what to do about it."""

from dataclasses import dataclass

from generator.findings.key_figures import Card, card
from generator.findings.validation.inputs import budget_words, directed
from generator.findings.validation.models import (
    at_tier,
    attacked,
    baseline,
    beside,
    best,
    clean_direction,
    phrase,
    shown,
    with_interval,
)
from generator.notation import formats
from generator.notation.formats import capital, md
from generator.notation.tracing import derived
from generator.records.threat import moved
from generator.records.validation import LEFT_OUT, MONOTONE, ValidationResult


@dataclass(frozen=True)
class Decision:
    """One thing that can be done."""

    advice: str
    ground: str
    change: str
    """The condition that would change it."""


def verdict(result: ValidationResult) -> str:
    """Who, what, how much, how sure. A model that may have seen the rows it is judged on is not in it."""
    own = baseline(result)
    if not result.model(own).quotable:
        return (
            "No model here can be quoted: nobody says which rows those in use were trained on, and no other was "
            "trained beside them."
        )
    theirs = result.tier(own, result.spec.threat.quoted)
    if not attacked(result):
        return (
            f"Nobody can change an input of this study, so that nothing can be attacked: {_said(result, own)} catches "
            f"{with_interval(theirs.caught_clean)} of frauds at {rate(result)} false alarms."
        )
    start = (
        f"Against {attacker(result)}{budget_words(result)}, {_said(result, own)} provably catches "
        f"{with_interval(theirs.caught_proved)} of frauds at {rate(result)} false alarms"
    )
    named, _ = best(result, result.spec.threat.quoted)
    if not named:
        if _others(result):
            return f"{start}; no other model here provably catches measurably more."
        return f"{start}, and {with_interval(theirs.caught_clean)} when nobody evades."
    ours = result.tier(named, result.spec.threat.quoted)
    return f"{start}; {_said(result, named)} catches {with_interval(ours.caught_proved)}, {_clean(result, named)}."


def unquoted(result: ValidationResult) -> str:
    """Which deployed models no headline quotes, and why; empty where there are none."""
    names = [md(model.title) for model in result.models if not model.quotable]
    if not names:
        return ""
    return (
        f"Nobody says which rows {formats.listed(names)} {'was' if len(names) == 1 else 'were'} trained on, so "
        "some of the rows judged may be among them. The figures may flatter; no headline quotes them."
    )


def cards(result: ValidationResult) -> tuple[Card, ...]:
    """Three figures: what is proved today, what could be, and what that costs when nobody evades."""
    own, quoted = baseline(result), result.spec.threat.quoted
    if not result.model(own).quotable:
        return ()
    theirs, (named, _) = result.tier(own, quoted), best(result, quoted)
    whose = _said(result, own)
    if not attacked(result):
        return (card(theirs.caught_clean, f"of frauds are caught by {whose}; nothing can be attacked"),)
    evades = f"even if {_short(result)} evades"
    if not named:
        return (
            card(theirs.caught_clean, f"of frauds are caught by {whose} when nobody evades"),
            card(theirs.caught_proved, f"are provably caught {evades}"),
        )
    ours, other = result.tier(named, quoted), _said(result, named)
    return (
        card(theirs.caught_proved, f"of frauds are provably caught by {whose}, {evades}"),
        card(ours.caught_proved, f"by {other}"),
        card(
            ours.caught_clean,
            f"by {other} when nobody evades; {whose} {formats.percent(theirs.caught_clean.value)}",
        ),
    )


def decisions(result: ValidationResult) -> tuple[Decision, ...]:
    """What to do, each with the condition that would change it; none where no model can be quoted."""
    own, quoted = baseline(result), result.spec.threat.quoted
    if not result.model(own).quotable:
        return ()
    if not attacked(result):
        return (_nobody(),)
    named, _ = best(result, quoted)
    found = [_take(result, named) if named else _keep(result)]
    if other := _alternative(result, named):
        found.append(_or(result, named, other))
    if named:
        found.append(_nothing(result, named))
    return tuple(found)


# ---------------------------------------------------------------- what sentences are made of


def attacker(result: ValidationResult) -> str:
    """Whom the headlines are about, within a sentence."""
    return md(result.spec.threat.tier(result.spec.threat.quoted).attacker)


def rate(result: ValidationResult) -> str:
    return formats.setting(result.spec.proof.quoted_false_positive_rate)


def _short(result: ValidationResult) -> str:
    return f"a {md(result.spec.threat.tier(result.spec.threat.quoted).short)}"


def _others(result: ValidationResult) -> bool:
    return any(model.quotable and model.name != baseline(result) for model in result.models)


def _clean(result: ValidationResult, named: str) -> str:
    """What the model named catches beside the baseline when nobody evades, to follow what it provably catches."""
    ours, theirs = _clean_catches(result, named)
    catches = f"when nobody evades ({formats.percent(ours)} instead of {formats.percent(theirs)})"
    return {
        "higher": f"and more {catches}",
        "lower": f"but fewer {catches}",
        "no difference": f"and, when nobody evades, not measurably fewer than {_said(result, baseline(result))}",
    }[clean_direction(result, named)]


def _clean_catches(result: ValidationResult, named: str) -> tuple[float, float]:
    quoted = result.spec.threat.quoted
    ours, theirs = (result.tier(name, quoted).caught_clean.value for name in (named, baseline(result)))
    return ours, theirs


def break_even(result: ValidationResult, named: str) -> float | None:
    """Share of frauds that have to evade for `named` to catch as many as the baseline; None if it always does.

    With c caught clean and p provably, a share s that evades leaves (1 - s) c + s p caught.
    """
    if clean_direction(result, named) != "lower":
        return None
    quoted, own = result.spec.threat.quoted, baseline(result)
    ours, theirs = result.tier(named, quoted), result.tier(own, quoted)
    lost = theirs.caught_clean.value - ours.caught_clean.value
    gained = ours.caught_proved.value - theirs.caught_proved.value
    return derived(lost / (lost + gained), lost, gained)


def _take(result: ValidationResult, named: str) -> Decision:
    own, quoted = baseline(result), result.spec.threat.quoted
    _, choice = best(result, quoted)
    share = break_even(result, named)
    ground = (
        f"It provably catches {formats.percent(result.tier(named, quoted).caught_proved.value)} of frauds instead of "
        f"{formats.percent(result.tier(own, quoted).caught_proved.value)}."
    )
    if choice:
        ground += (
            f" Validation rows chose it in {formats.count(choice.agreeing)} of {formats.count(choice.folds)} folds; of "
            f"rows that took no part in the choice, it provably catches {with_interval(choice.validated)}."
        )
    else:
        ground += " It was named on the rows that it is judged on, which flatters it."
    wrong = "an input listed as nobody's can be changed after all"
    wrong += ", or one moves the other way" if directed(result) else ""
    start, way = ("Replace", "by") if result.model(own).deployed else ("Take", "rather than")
    pair = (own, named) if result.model(own).deployed else (named, own)
    advice = f"{start} {_said(result, pair[0])} {way} {_said(result, pair[1])}"
    if share is None:
        return Decision(advice, ground, f"It would change if {wrong}.")
    return Decision(
        f"{advice} where more than {formats.percent(share)} of frauds evade",
        ground,
        f"Below that share it catches fewer frauds in all. It would change, too, if {wrong}.",
    )


def _nobody() -> Decision:
    return Decision(
        "Say in the study file who can change which input, and study again",
        "As it stands nobody can, so that there is nothing to prove.",
        "Until then all figures are those of a day on which nobody evades.",
    )


def _keep(result: ValidationResult) -> Decision:
    own = baseline(result)
    caught = formats.percent(result.tier(own, result.spec.threat.quoted).caught_proved.value)
    ground = f"It provably catches {caught} of frauds, and no other model " + (
        "here catches measurably more." if _others(result) else "was studied that it could be replaced by."
    )
    return Decision(
        f"{'Keep' if result.model(own).deployed else 'Take'} {_said(result, own)}", ground,
        "It would change if fraudsters can change an input that is listed as nobody's.",
    )  # fmt: skip


def _alternative(result: ValidationResult, named: str | None) -> str | None:
    """The other simple defence: inputs left out, or where that is named, the best monotone model."""
    found = at_tier(result, result.spec.threat.quoted)
    if named != LEFT_OUT:
        return LEFT_OUT if LEFT_OUT in found and baseline(result) != LEFT_OUT else None
    monotone = [name for name in found if name.startswith(MONOTONE)]
    return max(monotone, key=lambda name: found[name].caught_proved.value, default=None)


def _or(result: ValidationResult, named: str | None, other: str) -> Decision:
    """What the other simple defence is beside the model named."""
    quoted = result.spec.threat.quoted
    row = result.tier(other, quoted)
    wider = _wider(result)
    inputs = f"the inputs that {md(quoted)} can change" if wider else "the inputs that can be changed"
    ground = f"{capital(_said(result, other))} provably catches {with_interval(row.caught_proved)}"
    if other != LEFT_OUT:
        ground += "."
    elif wider:
        change = "changes" if len(wider) == 1 else "change"
        ground += f" against {md(quoted)}; {formats.listed(wider)} {change} inputs that it sees."
    else:
        ground += ", whatever is done to them."
    start = f"leave out {inputs}" if other == LEFT_OUT else f"take {_said(result, other)}"
    if not named:
        return Decision(
            f"Leaving out {inputs} is no measurable gain", ground,
            "It would change if they could be changed further.",
        )  # fmt: skip
    best_row, best_said = result.tier(named, quoted), _said(result, named)
    ways = [
        beside(getattr(row, field), getattr(best_row, field)) for field in ("caught_proved", "caught_clean")
    ]
    if "lower" in ways:
        return Decision(
            f"{capital(start)} only where {best_said} cannot be run", ground,
            f"It would change if what is lost beside {best_said} were no longer measurable.",
        )  # fmt: skip
    return Decision(
        f"Or {start}: it does as well", ground,
        f"It would change if {best_said} measurably caught more, proved or not.",
    )  # fmt: skip


def _wider(result: ValidationResult) -> list[str]:
    """Names of the tiers that change inputs which the quoted one leaves."""
    threat, inputs = result.spec.threat, result.spec.inputs
    mine = moved(threat.tier(threat.quoted), inputs)
    return [md(tier.name) for tier in shown(result) if moved(tier, inputs) - mine]


def _nothing(result: ValidationResult, named: str) -> Decision:
    own, quoted = baseline(result), result.spec.threat.quoted
    theirs = result.tier(own, quoted)
    lost = max(theirs.caught_clean.value - theirs.caught_proved.value, 0.0)
    share = break_even(result, named)
    few = "hardly anybody evades" if share is None else f"fewer than {formats.percent(share)} of frauds evade"
    other = "Do nothing" if result.model(own).deployed else f"Take {_said(result, own)}"
    return Decision(
        f"{other} only if {few}",
        f"Fraudsters who evade may get up to {formats.loss(lost)} of the frauds past {_said(result, own)} that it "
        "catches now.",
        "It would change with the first signs of evasion: values of these inputs that drift where fraud is confirmed.",
    )


def _said(result: ValidationResult, name: str) -> str:
    return md(phrase(result, name))

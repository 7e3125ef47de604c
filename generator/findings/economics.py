"""When hardening pays, in words: the break-even share of attackers, a day's cost, and what moves the answer."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from generator.findings.breakeven import (
    assumptions,
    money,
    money_range,
    opening_sentence,
    pays,
    rate,
    share,
)
from generator.findings.priors import PriorLine, prior_lines
from generator.findings.scenarios import Assumptions, Preset, default_scenario, scenario_of
from generator.impact.bands import Band
from generator.impact.breakeven import BreakEven
from generator.impact.measured import Choice, amounts, mean_detection
from generator.impact.model import take_per_attempt
from generator.impact.whatif import OUTPUTS, Answer, Measured, answer, break_even_of
from generator.notation import formats
from generator.notation.attackers import Attacker
from generator.notation.names import MODELS, ModelName
from generator.notation.tracing import bare, derived
from generator.records.impact import EvasionPrice, OperatingRates, Scenario

POLICIES = {
    "either": "Stop what either of them stops",
    "both": "Stop what both of them stop",
}


STAY = "Keep the standard model"
TOLD = {"missed_frauds", "cost_usd", "net_usd"}
"""The outputs of a scenario that pages tell."""


@dataclass(frozen=True)
class PricedModel:
    """One hardened model in the opening scenario."""

    words: ModelName
    answer: Answer
    missed: tuple[str, str]
    """Frauds a day, with the standard model and with this one."""
    net: str
    pays: str
    sentence: str


@dataclass(frozen=True)
class PresetLine:
    preset: Preset
    scenario: Scenario
    answer: Answer
    fraud_share: str
    missed: tuple[str, str]
    net: str
    pays: str
    pays_own: str
    """The same with each model at its own cut, where their false alarms differ."""


@dataclass(frozen=True)
class PolicyLine:
    """One way to use the two models, mean rates in the opening scenario."""

    title: str
    caught_clean: float
    caught_attacked: float
    false_positive_rate: float
    cost: str
    net: str
    """Against the standard model alone; empty for that one itself."""
    pays: str


@dataclass(frozen=True)
class EvasionLine:
    """What evading one model costs the fraudster."""

    words: ModelName
    price: EvasionPrice
    take: str
    """Mean loot per attempt, caught or not."""


@dataclass(frozen=True)
class PricedDecision:
    """What to do, and the condition that would change it."""

    advice: str
    condition: str
    """To follow the advice in one sentence."""
    state: str
    """What the calculator is set to in order to show the condition, as its address has it."""


@dataclass(frozen=True)
class ConditionLine:
    """One change of the opening scenario, and from which share of attackers the switch pays then."""

    change: str
    pays: str
    state: str


@dataclass(frozen=True)
class Economics:
    """What the page on business impact says of one dataset beyond its scenario day."""

    measured: Measured
    choice: Choice
    who: str
    """The attacker, within a sentence."""
    words: ModelName
    """The hardened model looked at first."""
    scenario: Scenario
    assumptions: str
    sentence: str
    decisions: tuple[PricedDecision, ...]
    switch: ModelName
    """The model that breaks even first, which the decisions are about; that of `words` where none does."""
    conditions: tuple[ConditionLine, ...]
    """What could move the break-even share, and where it moves to; the first line is the opening scenario itself."""
    lines: tuple[PricedModel, ...]
    presets: tuple[PresetLine, ...]
    policies: tuple[PolicyLine, ...]
    evasion: tuple[EvasionLine, ...]
    priors: tuple[PriorLine, ...]


def find_economics(measured: Measured, known: Assumptions, attacker: Attacker | None = None) -> Economics:
    """Everything at the opening choice of the calculator, in its opening scenario and in every preset.

    Args:
        attacker: in place of the quoted one; then without what evading costs and without the rates under other
            labels, which are known at the quoted budget alone.
    """
    rates, models = measured.rates, measured.draws.models
    choice = opening_choice(measured)
    if attacker:
        choice = replace(choice, tier=attacker.tier, epsilon=attacker.epsilon)
    hardened, scenario = choice.hardened, default_scenario(rates, known)
    lines = tuple(
        _model_line(measured, choice, scenario, name) for name in models if name != measured.roles.baseline
    )
    first = _first(lines)
    switch = first.words if first else MODELS[hardened]
    return Economics(
        measured=measured,
        choice=choice,
        who=measured.threat.tier(choice.tier).attacker,
        words=MODELS[hardened],
        scenario=scenario,
        assumptions=assumptions(scenario, measured.currency),
        sentence={line.words.name: line.sentence for line in lines}[hardened] + _earlier(lines, choice),
        decisions=_decisions(measured, choice, scenario, lines),
        switch=switch,
        conditions=_conditions(measured, replace(choice, hardened=switch.name), scenario),
        lines=lines,
        presets=tuple(_preset_line(measured, choice, preset, known) for preset in known.presets),
        policies=_policies(measured, choice, scenario),
        evasion=() if attacker else _evasion(measured, choice),
        priors=() if attacker else prior_lines(measured, choice, scenario, known),
    )


def favoured(measured: Measured) -> str:
    """The model looked at first: the one chosen against the quoted fraudsters, or trained against them, or the last."""
    models = measured.draws.models
    first = (name for name in (measured.chosen, measured.roles.matched) if name in models)
    return next(first, models[-1])


def opening_choice(measured: Measured) -> Choice:
    """What is looked at first: the favoured recipe, at what the study quotes: tier, budget and false alarms."""
    return Choice(favoured(measured), measured.threat.quoted, measured.priced.epsilon, measured.priced.point)


def answered(
    measured: Measured, choice: Choice, scenario: Scenario, told: Collection[str] = OUTPUTS
) -> Answer:
    """The answer; the ends of its bands name the same sources as their values, for draws carry none."""
    found = answer(measured, choice, scenario, told)
    return replace(
        found,
        standard={name: _sourced(each) for name, each in found.standard.items()},
        hardened={name: _sourced(each) for name, each in found.hardened.items()},
        benefit={name: _sourced(each) for name, each in found.benefit.items()},
        break_even=_sourced_share(found.break_even),
        count_only=_sourced(found.count_only),
    )


def _sourced_share(found: BreakEven) -> BreakEven:
    return replace(found, prevalence=_sourced(found.prevalence))


def _sourced(found: Band) -> Band:
    return Band(found.value, derived(found.low, found.value), derived(found.high, found.value))


# ---------------------------------------------------------------- lines


def _model_line(measured: Measured, choice: Choice, scenario: Scenario, name: str) -> PricedModel:
    chosen = Choice(name, choice.tier, choice.epsilon, choice.point)
    found = answered(measured, chosen, scenario, TOLD)
    return PricedModel(
        words=MODELS[name],
        answer=found,
        missed=_missed(found),
        net=money_range(found.benefit["net_usd"], measured.currency),
        pays=pays(found.break_even),
        sentence=opening_sentence(
            found, scenario, MODELS[name].phrase, measured.threat.tier(choice.tier).attacker
        ),
    )


def _decisions(
    measured: Measured, choice: Choice, scenario: Scenario, lines: tuple[PricedModel, ...]
) -> tuple[PricedDecision, ...]:
    """For which share of attackers each model is the cheapest, where the intervals allow to say so."""
    (line,) = (line for line in lines if line.words.name == choice.hardened)
    found = line.answer.break_even
    first = _first(lines) or line
    if found.verdict != "pays above" and first is line:
        return (_plain_decision(choice, scenario, line),)
    steps = [(first, first.answer.break_even.prevalence)]
    if first is not line and found.verdict == "pays above":
        roles = measured.roles.model_copy(update={"baseline": first.words.name})
        better = _sourced_share(break_even_of(replace(measured, roles=roles), choice, scenario))
        steps += [(line, better.prevalence)] if better.verdict == "pays above" else []
    decisions, (_, band) = [], steps[0]
    if bare(band.low) > 0:
        fewer = f"if you expect fewer than {share(band.low)} of fraudsters to attack"
        at = _state(choice, scenario, hardened=first.words.name, attack_prevalence=band.low)
        decisions.append(PricedDecision(STAY, fewer, at))
    for each, band in steps:
        if bare(band.high) < 1:
            more = f"if you expect more than {share(band.high)} of fraudsters to attack"
            state = _state(
                choice, scenario, hardened=each.words.name, attack_prevalence=max(0.0, bare(band.high))
            )
            decisions.append(PricedDecision(f"Switch to {each.words.phrase}", more, state))
    state = _state(choice, scenario)
    if not decisions:
        nowhere = "at no share of attacking fraudsters is there a measurable difference"
        return (PricedDecision("Change models only if it costs nothing", nowhere, state),)
    between = "if you expect a share in between: there is no measurable difference"
    return (*decisions, PricedDecision("Settle your own estimate first", between, state))


def _first(lines: tuple[PricedModel, ...]) -> PricedModel | None:
    """The model that breaks even at the least share of attackers, of those that do as more fraudsters attack."""
    able = [line for line in lines if line.answer.break_even.verdict in ("pays above", "always pays")]
    return min(able, key=lambda line: line.answer.break_even.prevalence.value, default=None)


def _plain_decision(choice: Choice, scenario: Scenario, line: PricedModel) -> PricedDecision:
    """The decision where no share of attackers parts two answers."""
    found = line.answer.break_even
    condition = {
        "always pays": "whatever the share of fraudsters who attack",
        "pays below": f"while at most {share(found.limit)} of fraudsters attack",
        "never pays": "even if every fraudster attacks",
        "not more robust": "whatever the share of fraudsters who attack",
        "catching does not pay": "as long as a review costs more than a caught fraud saves",
    }[found.verdict]
    pays_now = found.verdict in ("always pays", "pays below")
    return PricedDecision(
        f"Switch to {line.words.phrase}" if pays_now else STAY, condition, _state(choice, scenario)
    )


def _earlier(lines: tuple[PricedModel, ...], choice: Choice) -> str:
    """A sentence on the model that breaks even first, with a space before it; empty where that is the chosen one."""
    first = _first(lines)
    if not first or first.words.name == choice.hardened:
        return ""
    at = share(first.answer.break_even.prevalence.value)
    return f" {formats.capital(first.words.phrase)} breaks even first, when {at} of fraudsters attack."


def _conditions(measured: Measured, choice: Choice, scenario: Scenario) -> tuple[ConditionLine, ...]:
    """False alarms, then prices: each changed alone."""
    half = {"loss_per_fraud": scenario.loss_per_fraud / 2}
    double = {name: 2 * getattr(scenario, name) for name in ("review_cost", "friction_cost")}
    changes = [
        ("Nothing: as assumed here", choice, {}),
        *(
            (_alarms(point.false_positive_rate), replace(choice, point=point.name), {})
            for point in measured.rates.points
            if point.name != choice.point
        ),
        (
            f"A missed fraud costs half as much, {money(half['loss_per_fraud'], measured.currency)}",
            choice,
            half,
        ),
        (
            f"An alert and a stopped customer cost double, {money(double['review_cost'], measured.currency)} and "
            f"{money(double['friction_cost'], measured.currency)}",
            choice,
            double,
        ),
    ]
    return tuple(
        ConditionLine(
            title,
            pays(_sourced_share(break_even_of(measured, chosen, scenario.model_copy(update=changed)))),
            _state(chosen, scenario, **changed),
        )
        for title, chosen, changed in changes
    )


def _alarms(rate: float | None) -> str:
    if rate is None:
        return "Each model keeps its own cut, so that their false alarms differ"
    return f"Both models stop {formats.setting(rate)} of genuine payments"


def _state(choice: Choice, scenario: Scenario, **changes: float | str) -> str:
    """The address of the calculator at a choice and a scenario, behind its anchor and the name of the dataset."""
    asked = {**vars(choice), **scenario.model_dump(), **changes}
    return "&".join(f"{name}={bare(value)}" for name, value in asked.items())


def _preset_line(measured: Measured, choice: Choice, preset: Preset, known: Assumptions) -> PresetLine:
    scenario = scenario_of(preset, measured.rates, known)
    found = answered(measured, choice, scenario, TOLD)
    return PresetLine(
        preset=preset,
        scenario=scenario,
        answer=found,
        fraud_share=rate(scenario.fraud_share),
        missed=_missed(found),
        net=money_range(found.benefit["net_usd"], measured.currency),
        pays=pays(found.break_even),
        pays_own=pays(
            _sourced_share(break_even_of(measured, replace(choice, point=own_cut(measured.rates)), scenario))
        ),
    )


def own_cut(rates: OperatingRates) -> str:
    """Name of the operating point that is each model's own."""
    (own,) = (point.name for point in rates.points if point.false_positive_rate is None)
    return own


def _missed(found: Answer) -> tuple[str, str]:
    return tuple(
        formats.significant(each["missed_frauds"].value) for each in (found.standard, found.hardened)
    )


def _policies(measured: Measured, choice: Choice, scenario: Scenario) -> tuple[PolicyLine, ...]:
    """The two models alone, then together where the study measured that."""
    joined = {f"{policy}/{choice.hardened}": title for policy, title in POLICIES.items()}
    alone = measured.roles.baseline
    titles = {name: MODELS[name].title for name in (alone, choice.hardened)} | joined
    lines = []
    for name in (name for name in titles if name in measured.draws.names):
        chosen = replace(choice, hardened=name)
        found, mean = (
            answered(measured, chosen, scenario, TOLD),
            mean_detection(measured.rates, name, choice, choice.point),
        )
        lines.append(
            PolicyLine(
                title=titles[name],
                caught_clean=mean.caught_clean,
                caught_attacked=mean.caught_attacked,
                false_positive_rate=mean.false_positive_rate,
                cost=money_range(found.hardened["cost_usd"], measured.currency),
                net="" if name == alone else money_range(found.benefit["net_usd"], measured.currency),
                pays="" if name == alone else pays(found.break_even),
            )
        )
    return tuple(lines)


def _evasion(measured: Measured, choice: Choice) -> tuple[EvasionLine, ...]:
    rates = measured.rates
    return tuple(
        EvasionLine(
            MODELS[name],
            price,
            money(
                take_per_attempt(
                    mean_detection(rates, name, choice, choice.point, measured.priced), amounts(rates)
                ),
                measured.currency,
            ),
        )
        for name in measured.draws.models
        for price in rates.prices
        if (price.model, price.tier) == (name, choice.tier)
    )

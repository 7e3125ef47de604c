"""The calculator of a study of one's own table: what its record gives, and a day to begin with.

The record has no draws: rates with their intervals, and the difference of every model and the baseline with its own.
"""

import math
from collections.abc import Callable, Iterable

import numpy as np

from generator.findings.scenarios import INPUTS, Preset, ScenarioInput
from generator.findings.validation import baseline, best, phrase, shown, titled
from generator.findings.validation.money import calculator, compared, fraud_share, loss
from generator.impact.ends import UNKNOWN, Ends, KnownOperatingRates, KnownRates
from generator.impact.measured import Choice, Priced
from generator.impact.whatif import Measured
from generator.notation import palette
from generator.notation.formats import capital
from generator.notation.palette import Look
from generator.notation.tracing import CONSTANTS
from generator.records.impact import OperatingPoint, Scenario
from generator.records.proofs import Estimate
from generator.records.validation import ValidatedModel, ValidationResult
from generator.tools.calculator.bench import Bench, Words

BY_AMOUNT = ("leakage_by_amount_usd", "value_detection_rate")
"""Outputs that need the amounts of frauds."""
OF_GENUINE = ("residual_bps",)
"""Outputs that need the amounts of genuine cases too, which no record of one's own holds."""
IN_USE = palette.label_class("legitimate")
"""Whose colours a model in use has, which the palette does not know."""
INTERVALS = "the 95 % intervals of the study"
PRESETS = (
    Preset(
        name="nobody", title="Nobody evades", source="As the page of this study has it.",
        leaves_out="Everybody who evades.", changes={"attack_prevalence": 0.0},
    ),
    Preset(
        name="all", title="All evade", source="As the page of this study has it: what is proved is the worst case.",
        leaves_out="Frauds that come as they are.", changes={"attack_prevalence": 1.0},
    ),
)  # fmt: skip
NOTES = {
    "transactions_per_day": ("Cases a day", "Starts at as many as the page of this study counts."),
    "fraud_share": ("Fraud share", "Of the cases. Starts at the share that the page of this study uses."),
    "attack_prevalence": (
        "Fraudsters who evade", "Share of frauds crafted to evade the model. Nobody publishes it: you set it.",
    ),
    "recovered_share": ("Money that comes back", "Starts at nothing."),
    "review_cost": ("Cost of reviewing an alert", "Starts at nothing: put in yours."),
    "friction_cost": ("Cost of a stopped customer", "Starts at nothing: anger, calls, lost business."),
    "alerts_per_analyst": ("Alerts per analyst a day", "An assumption."),
    "hardening_cost": ("Cost of the switch, once", "Starts at nothing; it sets the payback only."),
}  # fmt: skip
"""Input -> what it is called here, and its note."""
STRETCHED = {"fraud_share": 0.99, "loss_per_fraud": math.inf}
"""Inputs that begin where the study has them, and the most that each can be."""
ROOM = 10
"""Times below and above where they begin, to which their sliders go."""


def own_bench(result: ValidationResult) -> Bench | None:
    """The study in the calculator; None where its page has none."""
    if not calculator(result):
        return None
    models, quoted = compared(result), result.spec.threat.quoted
    named, _ = best(result, quoted)
    others = [name for name in models[1:] if name == named] or models[1:]
    opening = max(others, key=lambda name: result.tier(name, quoted).caught_proved.value)
    unknown = OF_GENUINE if result.values else (*BY_AMOUNT, *OF_GENUINE)
    scenario = _scenario(result)
    return Bench(
        name=result.name,
        title=result.spec.title,
        study_key=result.provenance.study_key,
        measured=Measured(
            _rates(result, models), _ends(result, models),
            Priced(_headline(result), _point(result.spec.proof.quoted_false_positive_rate)),
            result.spec.roles.model_copy(update={"baseline": models[0]}), result.spec.threat, result.spec.currency,
        ),
        opening=Choice(opening, quoted, _headline(result), _point(result.spec.proof.quoted_false_positive_rate)),
        scenario=scenario,
        looks={name: _look(result.model(name)) for name in models},
        inputs=tuple(_input(each, result, scenario) for each in INPUTS),
        presets=tuple((preset, preset.changes) for preset in PRESETS),
        words=Words(
            baseline=phrase(result, baseline(result)),
            spread=f"from {INTERVALS}",
            strip=INTERVALS,
            arms=INTERVALS,
            otherwise="The page of the study says what its own figures come to.",
        ),
        unknown=frozenset(unknown),
        apart=True,
    )  # fmt: skip


# ---------------------------------------------------------------- what was measured


def _headline(result: ValidationResult) -> float:
    return result.spec.attack.headline_epsilon


def _point(rate: float) -> str:
    return f"matched/{rate:g}"


def _falsely(result: ValidationResult) -> tuple[float, ...]:
    """Shares of false alarms, rising."""
    return tuple(sorted({row.false_positive_rate for row in result.tiers}))


def _rates(result: ValidationResult, models: Iterable[str]) -> KnownOperatingRates:
    """At the headline budget, where the record has every share of false alarms."""
    rates = _falsely(result)
    values = {(row.model, row.tier): row for row in result.values}

    def known(model: str) -> KnownRates:
        def by_tier(at: Callable[[str, float], float]) -> dict[str, tuple[tuple[float, ...]]]:
            return {tier.name: (tuple(at(tier.name, rate) for rate in rates),) for tier in shown(result)}

        def worth(tier: str, rate: float, share: str) -> float:
            at_quoted = rate == result.spec.proof.quoted_false_positive_rate and (model, tier) in values
            return getattr(values[model, tier], share) if at_quoted else UNKNOWN

        quoted = result.spec.threat.quoted
        return KnownRates(
            model=model,
            false_positive_rate=rates,
            caught_clean=tuple(result.tier(model, quoted, rate=rate).caught_clean.value for rate in rates),
            value_caught_clean=tuple(worth(quoted, rate, "clean") for rate in rates),
            caught=by_tier(lambda tier, rate: result.tier(model, tier, rate=rate).caught_proved.value),
            value_caught=by_tier(lambda tier, rate: worth(tier, rate, "proved")),
        )

    return KnownOperatingRates(
        points=tuple(OperatingPoint(name=_point(rate), false_positive_rate=rate) for rate in rates),
        epsilons=(_headline(result),),
        mean_fraud_amount=UNKNOWN if result.mean_fraud_amount is None else result.mean_fraud_amount,
        mean_genuine_amount=UNKNOWN,
        rates=tuple(known(model) for model in models),
    )


def _ends(result: ValidationResult, models: tuple[str, ...]) -> Ends:
    rates, quoted = _falsely(result), result.spec.threat.quoted
    clean = {(row.model, row.false_positive_rate): row.difference for row in result.clean}
    proved = {
        (row.model, row.tier, row.false_positive_rate): row.difference
        for row in result.comparisons
        if row.epsilon == _headline(result)
    }

    def table(at: Callable[[str, float], Estimate | None]) -> np.ndarray:
        """(models, points, 2)."""
        found = [[at(model, rate) for rate in rates] for model in models]
        return np.array([[(each.low, each.high) if each else (0.0, 0.0) for each in row] for row in found])

    arrays = {
        "caught_clean": table(lambda model, rate: result.tier(model, quoted, rate=rate).caught_clean),
        "gap_clean": table(lambda model, rate: clean.get((model, rate))),
    }
    for tier in shown(result):
        by_name = {
            "caught": table(
                lambda model, rate, tier=tier.name: result.tier(model, tier, rate=rate).caught_proved
            ),
            "gap": table(lambda model, rate, tier=tier.name: proved.get((model, tier, rate))),
        }
        arrays |= {f"{name}/{tier.name}": found[:, None] for name, found in by_name.items()}
    return Ends(models, arrays)


def _look(model: ValidatedModel) -> Look:
    known = palette.MODELS.get(model.name, IN_USE) if not model.deployed else IN_USE
    return Look(capital(titled(model)), known.light, known.dark)


# ---------------------------------------------------------------- where the reader begins


def _scenario(result: ValidationResult) -> Scenario:
    """The day whose figures the page of the study has for frauds that all evade: no price is made up."""
    return Scenario(
        loss_per_fraud=loss(result),
        transactions_per_day=CONSTANTS["per_cases"]["value"],
        fraud_share=fraud_share(result),
        attack_prevalence=1.0,
        recovered_share=0.0,
        review_cost=0.0,
        friction_cost=0.0,
        hardening_cost=0.0,
    )


def _input(each: ScenarioInput, result: ValidationResult, scenario: Scenario) -> ScenarioInput:
    """As it is asked in this study: in its words and its money, and as far as it takes."""
    title, note = NOTES.get(each.name, (each.title, each.note))
    if each.name == "loss_per_fraud":
        said = (
            "what the study file says" if result.mean_fraud_amount is None else "the mean fraud of the table"
        )
        note = f"Starts at {said}."
    unit = _unit(scenario.loss_per_fraud) if each.unit == "money" else 1.0
    low, high = each.low * unit, each.high * unit
    if each.name in STRETCHED:
        begins = getattr(scenario, each.name)
        low, high = min(low, begins / ROOM), max(high, min(begins * ROOM, STRETCHED[each.name]))
    return each.model_copy(
        update={"title": title, "note": note, "low": low, "high": high, "step": each.step * unit}
    )


def _unit(value: float) -> float:
    """A power of ten: sliders made for dollars take so many of this currency, where a fraud costs `value` of it."""
    (made,) = (each for each in INPUTS if each.name == "loss_per_fraud")
    above, below = math.log10(value / made.high), math.log10(value / made.low)
    return 10.0 ** (max(0, math.ceil(above)) + min(0, math.floor(below)))

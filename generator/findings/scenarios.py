"""The reader's side of the impact model: what can be set, in which range, and days that somebody else has described.

Arithmetic is in `generator.impact`; here is what is said about its inputs. All of it is published as one record, so
that a number that was assumed can be traced like one that was measured.
"""

from typing import Literal

from generator.records.base import Record
from generator.records.impact import OperatingRates, Scenario

Scale = Literal["linear", "log", "square"]
Unit = Literal["number", "percent", "money"]
CHECK = "check before relying on it"
"""Said of a figure that was not read in its first source."""


class ScenarioInput(Record):
    """One number of a scenario that a reader sets."""

    name: str
    """Field of `Scenario`."""
    title: str
    unit: Unit
    low: float
    high: float
    scale: Scale
    """How the slider runs: `log` and `square` give small values more room."""
    step: float
    note: str


class Preset(Record):
    """A day that somebody else has described; what it does not change is as in the opening scenario."""

    name: str
    title: str
    source: str
    leaves_out: str
    check: bool = False
    """The figure was not read in its first source."""
    changes: dict[str, float]
    """By the name of a field of `Scenario`."""


class Assumptions(Record):
    """Everything about money that this study did not measure."""

    opening: Scenario = Scenario()
    inputs: tuple[ScenarioInput, ...]
    presets: tuple[Preset, ...]


def _input(
    name: str, title: str, unit: Unit, ends: tuple[float, float], scale: Scale, step: float, note: str
) -> ScenarioInput:
    low, high = ends
    return ScenarioInput(
        name=name, title=title, unit=unit, low=low, high=high, scale=scale, step=step, note=note
    )


def _preset(
    name: str, title: str, source: str, leaves_out: str, check: bool = False, **changes: float
) -> Preset:
    return Preset(name=name, title=title, source=source, leaves_out=leaves_out, check=check, changes=changes)


INPUTS = (
    _input("transactions_per_day", "Transactions a day", "number", (100, 1_000_000), "log", 1,
           "The original's volume."),
    _input("fraud_share", "Fraud share", "percent", (0.000045, 0.25), "log", 0.000001,
           "Share of transactions that are frauds; the buttons above give published ones."),
    _input("attack_prevalence", "Fraudsters who attack", "percent", (0, 1), "linear", 0.005,
           "Share of frauds crafted to evade the model. Nobody publishes it: you set it."),
    _input("loss_per_fraud", "Loss per missed fraud", "money", (10, 20_000), "log", 1,
           "Starts at the mean fraud of the data."),
    _input("recovered_share", "Money that comes back", "percent", (0, 0.9), "linear", 0.01, "An assumption."),
    _input("review_cost", "Cost of reviewing an alert", "money", (0, 50), "linear", 0.5,
           f"From vendors' minutes per alert, a weak source: {CHECK}."),
    _input("friction_cost", "Cost of a stopped customer", "money", (0, 100), "linear", 1,
           "An assumption: anger, calls, lost business."),
    _input("analysts", "Analysts", "number", (1, 500), "log", 1,
           "With the next one, the alerts a day you can look at."),
    _input("alerts_per_analyst", "Alerts per analyst a day", "number", (10, 100), "linear", 1,
           f"From vendors' figures: {CHECK}."),
    _input("hardening_cost", "Cost of hardening, once", "money", (0, 5_000_000), "square", 1000,
           "An assumption; it sets the payback only."),
)  # fmt: skip
"""In the order the page asks for them."""


PRESETS = (
    _preset("default", "One fraud in a hundred", "An assumption of this page.",
            "Any one bank: every figure is a round number."),
    _preset("original", "The original's world", "The original study; there, every fraudster attacks.",
            "Fraudsters who do not attack, money that comes back, and any price for an alarm.",
            fraud_share=0.15, attack_prevalence=1, recovered_share=0, review_cost=0, friction_cost=0),
    _preset("study", "This study's data", "The share of rows that its labels call fraud.",
            "A bank: the share was chosen so that there is enough to learn from.", fraud_share=0.20),
    _preset("openings", "Account openings", "Bank Account Fraud suite, base variant.",
            "Payments: these are applications for an account, and the rows are generated.", True, fraud_share=0.011),
    _preset("handbook", "Card simulator", "Simulator of the Fraud Detection Handbook, about 85 frauds a day.",
            "Real fraudsters: its kinds of fraud were put in by hand.", fraud_share=0.008),
    _preset("cards", "Cards, one data set", "492 of 284,807 card payments, Université libre de Bruxelles.",
            "Other months and other banks: it covers two days.", True, fraud_share=492 / 284_807),
    _preset("area", "Cards, all of the EEA", "17 million of 111 billion card payments of 2024, by number.",
            "Differences between banks, and frauds nobody reported.", True, fraud_share=0.00015),
    _preset("us_checks", "Checks in the United States", "Checks of 2012, by number.",
            "The years since, in which check fraud changed.", True, fraud_share=0.000045),
)  # fmt: skip
ASSUMPTIONS = Assumptions(inputs=INPUTS, presets=PRESETS)


def default_scenario(rates: OperatingRates, known: Assumptions = ASSUMPTIONS) -> Scenario:
    """The opening state: the mean fraud of the data in whole money, and round numbers."""
    return known.opening.model_copy(update={"loss_per_fraud": round(rates.mean_fraud_amount, 0)})


def scenario_of(preset: Preset, rates: OperatingRates, known: Assumptions = ASSUMPTIONS) -> Scenario:
    return default_scenario(rates, known).model_copy(update=preset.changes)

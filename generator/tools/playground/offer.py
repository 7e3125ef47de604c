"""What the playground is given: the models of one replicate, what each attacker may do, and transactions to try.

It is a record, published beside the others, so that what the page says about an example can be traced to it.
"""

from typing import Literal

from generator.records.base import Record

Outcome = Literal["proved", "broken", "unresolved"]


class PlayFeature(Record):
    """One input of the models."""

    name: str
    title: str
    unit: str
    decimals: int
    integer: bool
    """It moves in whole units only."""
    low: float
    """Raw units: the range of the data, which no attacker but the benchmark's leaves."""
    high: float
    control: str
    """Who can change it, in words."""


class PlayTier(Record):
    """What the attackers of one tier may reach, as `generator.records.threat.Surface` says it."""

    name: str
    title: str
    down: tuple[float, ...]
    """Share of the budget a feature may fall by, in the order of the features."""
    up: tuple[float, ...]
    limited: bool
    """Within the range of the data, whole numbers in whole steps."""
    frauds_only: bool
    """Genuine customers do not attack."""


class Cut(Record):
    """A way to set the score from which a transaction is stopped."""

    name: str
    title: str
    margins: dict[str, float]
    """By model: a transaction is stopped when its margin is above."""


class PlayModel(Record):
    """One trained model."""

    name: str
    kind: str
    title: str
    phrase: str
    """How it is called within a sentence."""
    light: str
    dark: str
    weights: str
    """Base64 of the bytes that `making.PACKED` makes of its kind."""


class Found(Record):
    """What the study found for one transaction under one model of this replicate."""

    margin: float
    """Log-odds of fraud, nobody attacking."""
    outcome: Outcome
    """Plain box, headline budget, the model's own cut."""
    proved: float
    """Standard deviations: largest budget proved, plain box, own cut."""
    broken: float | None
    """Smallest budget broken; None where none is."""


class Transaction(Record):
    """A test row of the replicate: its models never saw it."""

    id: str
    label: Literal["fraud", "genuine"]
    raw: tuple[float, ...]
    found: dict[str, Found]


class Example(Record):
    """The state the playground opens in, and its worked example for readers without scripts."""

    transaction: Transaction
    hardened: str
    tier: str
    cut: str
    epsilon: float
    attack: str
    witness: tuple[float, ...] | None
    """Raw units: an input within the budget that the standard model misjudges; None where it holds."""


class Offer(Record):
    """Everything the playground knows of one dataset."""

    dataset: str
    title: str
    study_key: str
    origin: str
    licence: str
    stand_in: bool
    replicate: int
    seed: int
    """Repetition of the replicate, from zero."""
    fold: int
    """The fold it does not see, from zero."""
    replicates: int
    """Of the study."""
    widths: tuple[int, ...]
    """Inputs and hidden layers of the networks."""
    means: tuple[float, ...]
    """Of the training rows of the replicate, raw units."""
    scales: tuple[float, ...]
    """Their standard deviations: one unit of the budget."""
    features: tuple[PlayFeature, ...]
    tiers: tuple[PlayTier, ...]
    cuts: tuple[Cut, ...]
    models: tuple[PlayModel, ...]
    """The standard one first, then the hardened ones."""
    exact: dict[str, bool]
    """By model: whether the brackets are those of the exact radius, not of the settled budgets."""
    largest: float
    """The largest budget of the study."""
    headline: float
    pgd_steps: int
    pgd_share: float
    """Step of PGD as a share of the budget."""
    tau: float
    """Logits a proof keeps from the cut."""
    tolerance: float
    """Widest bracket of a radius."""
    box_limit: int
    """Boxes after which the page gives up."""
    transactions: tuple[Transaction, ...]
    example: Example

    @property
    def standard(self) -> PlayModel:
        return self.models[0]

    def model(self, name: str) -> PlayModel:
        return {model.name: model for model in self.models}[name]

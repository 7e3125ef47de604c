"""What a bank's day is worked out from: how often each model catches a fraud, at several cuts, with and without evasion."""

from generator.records.base import Record
from generator.records.proofs import Estimate
from generator.records.spec import Tier


class OperatingPoint(Record):
    """A cut of the score above which a transaction is stopped."""

    name: str
    """`own`, or `matched/<rate>`."""
    false_positive_rate: float | None
    """Share of the genuine rows that every model may stop; None at the model's own cut, a score of one half."""


class Rates(Record):
    """Class-conditional rates of one model, or of two models together, means over seeds.

    `value_*` are the same shares counted in USD: of the money in all frauds, how much is in those caught.
    """

    model: str
    """A recipe, `standard`, or a policy: `either/<recipe>` and `both/<recipe>` pair a recipe with `standard`."""
    false_positive_rate: tuple[float, ...]
    """Genuine rows stopped, per operating point; they do not evade."""
    caught_clean: tuple[float, ...]
    """Frauds caught when nobody evades, per operating point."""
    value_caught_clean: tuple[float, ...]
    caught: dict[Tier, tuple[tuple[float, ...], ...]]
    """Frauds caught whatever a fraudster of the tier does within the budget (proved), [budget][operating point]."""
    value_caught: dict[Tier, tuple[tuple[float, ...], ...]]


class EvasionPrice(Record):
    """What evading costs the fraudster in loot, on the examples found, headline budget, quoted false alarms."""

    model: str
    tier: Tier
    frauds: int
    """Frauds caught before, over all seeds."""
    evaded: int
    """Of these, how many got through."""
    given_up: Estimate | None
    """Mean USD by which the amount fell in those that got through; None if none did."""


class OperatingRates(Record):
    """The measured side of the impact model; prices and priors are the reader's."""

    points: tuple[OperatingPoint, ...]
    epsilons: tuple[float, ...]
    frauds: int
    """Rows behind every catch rate."""
    genuine: int
    seeds: int
    fraud_share: float
    """Of the table."""
    mean_fraud_amount: float
    """USD."""
    mean_genuine_amount: float
    rates: tuple[Rates, ...]
    prices: tuple[EvasionPrice, ...]

    def of(self, model: str) -> Rates:
        """The rates of `model`; KeyError names the known ones."""
        for rates in self.rates:
            if rates.model == model:
                return rates
        raise KeyError(f"no rates of {model!r}; known: {', '.join(r.model for r in self.rates)}")

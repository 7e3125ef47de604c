"""What a bank's day is worked out from: how often each model catches a fraud, at several cuts, evaded or not."""

from pydantic import Field

from generator.records.base import Record
from generator.records.proofs import Estimate


class OperatingPoint(Record):
    """A cut of the score above which a transaction is stopped."""

    name: str
    """`own`, or `matched/<rate>`."""
    false_positive_rate: float | None
    """Share of the genuine rows that every model may stop; None at the model's own cut, a score of one half."""


class Rates(Record):
    """Class-conditional rates of one model, or of two models together, means over seeds.

    `value_*` are the same shares counted in money: of the money in all frauds, how much is in those caught.
    """

    model: str
    """A recipe, `standard`, or a policy: `either/<recipe>` and `both/<recipe>` pair a recipe with `standard`."""
    false_positive_rate: tuple[float, ...]
    """Genuine rows stopped, per operating point; they do not evade."""
    caught_clean: tuple[float, ...]
    """Frauds caught when nobody evades, per operating point."""
    value_caught_clean: tuple[float, ...]
    caught: dict[str, tuple[tuple[float, ...], ...]]
    """Frauds caught whatever a fraudster of the tier does within the budget (proved), [budget][operating point]."""
    value_caught: dict[str, tuple[tuple[float, ...], ...]]


class EvasionPrice(Record):
    """What evading costs the fraudster in loot, on the examples found, headline budget, quoted false alarms."""

    model: str
    tier: str
    frauds: int
    """Frauds caught before, over all seeds."""
    evaded: int
    """Of these, how many got through."""
    given_up: Estimate | None
    """Mean money by which the amount fell in those that got through; None if none did."""


class Relabelled(Record):
    """The same models and cuts, were only the riskiest rows called fraud; all others count as genuine."""

    fraud_share: float
    rates: tuple[Rates, ...]
    """Of the leading models, headline budget alone."""


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
    """In the study's currency."""
    mean_genuine_amount: float
    rates: tuple[Rates, ...]
    prices: tuple[EvasionPrice, ...]
    relabelled: tuple[Relabelled, ...]

    def of(self, model: str) -> Rates:
        """The rates of `model`; KeyError names the known ones."""
        for rates in self.rates:
            if rates.model == model:
                return rates
        raise KeyError(f"no rates of {model!r}; known: {', '.join(r.model for r in self.rates)}")


# ---------------------------------------------------------------- the reader's side


class Scenario(Record):
    """A bank's day and its prices: what no study of models can measure. The defaults are assumptions."""

    loss_per_fraud: float = Field(default=671, ge=0)
    """Money lost per missed fraud, before anything comes back; pages begin with the mean fraud of their data."""
    transactions_per_day: float = Field(default=10_000, gt=0)
    fraud_share: float = Field(default=0.01, gt=0, lt=1)
    """Share of the transactions that are frauds."""
    attack_prevalence: float = Field(default=0.10, ge=0, le=1)
    """Share of the frauds that are crafted to evade; the others come as they are."""
    recovered_share: float = Field(default=0.20, ge=0, le=1)
    """Share of a missed fraud's money that comes back."""
    review_cost: float = Field(default=10, ge=0)
    """Money per alert looked at, whether it is a fraud or not."""
    friction_cost: float = Field(default=10, ge=0)
    """Money per genuine customer who was stopped."""
    analysts: float = Field(default=8, gt=0)
    alerts_per_analyst: float = Field(default=40, gt=0)
    """Alerts one analyst can look at in a day."""
    hardening_cost: float = Field(default=50_000, ge=0)
    """Money paid once for hardening."""

    @property
    def capacity(self) -> float:
        """Alerts a day that can be looked at."""
        return self.analysts * self.alerts_per_analyst

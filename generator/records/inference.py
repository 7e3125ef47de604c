"""What a model gives away about the people it was trained on: what is asked of it, and what was found."""

from typing import Annotated, Literal

from pydantic import Field

from generator.records.base import Record
from generator.records.proofs import Estimate

Share = Annotated[float, Field(gt=0, lt=1)]


class InferenceSpec(Record):
    """Membership (was this row trained on?) and attributes (what is the value that is missing here?)."""

    false_positive_rates: tuple[Share, ...] = Field(default=(0.01, 0.05), min_length=1)
    """Shares of rows that were not trained on which the attacker may take for members."""
    epochs: tuple[Annotated[int, Field(ge=1)], ...] = (1, 5, 25, 100, 200)
    """Passes over the training rows after which the standard model is attacked anew, in rising order."""
    library_seeds: int = Field(default=5, ge=1)
    """Seeds whose first replicate ART's attacks are put to."""
    attributed: tuple[str, ...] = ("standard", "boosted_trees")
    """Models whose answers are used to guess values; those that the study has."""
    bands: int = Field(default=5, ge=2)
    """Bands of equally many rows whose number is guessed, as a value cannot be guessed to the last digit."""
    forest_rows: int = Field(default=1_000, ge=40)
    """Rows of the table that the forests of the instrument check are trained on, half of them each."""
    forest_seeds: int = Field(default=20, ge=3)
    """Halvings, each of which trains two forests."""
    forest_trees: int = Field(default=50, ge=1)
    mislabelled: Share = 0.1
    """Share of these rows whose label is turned round in the second of the two checks."""
    least_forest: float = 0.72
    """Area under the curve at which what a full forest gives away counts as found; 0.76 was measured before."""
    least_mislabelled: float = 0.85
    """The same with turned labels; 0.90 was measured before."""

    def quickened(self) -> "InferenceSpec":
        """The same questions of fewer models."""
        return self.model_copy(update={"epochs": self.epochs[:2], "library_seeds": 1})


class FoundAt(Record):
    """Members found at a cut that was set on other seeds, to let so many strangers pass for members."""

    false_positive_rate: float
    """As asked."""
    found: Estimate
    """Share of members taken for members, with the exact interval of so many rows."""
    mistaken: Estimate
    """Share of strangers taken for members at that cut."""


class Membership(Record):
    """What tells members from strangers, as many of each: every row once as either, by two models of one seed."""

    auc: Estimate
    """Chance that a member looks more like one than a stranger does, by the likelihood ratio; one half by a coin."""
    at: tuple[FoundAt, ...]
    advantage: Estimate
    """Members less strangers that are taken for members where the ratio says so: nothing is fitted for it."""
    gap: Estimate
    """Accuracy on training rows less accuracy on others: the advantage of calling whatever is judged right a member."""
    least_epsilon: float
    """No training with a smaller epsilon of differential privacy leaves this much to find; 0 if nothing was."""


class ModelMembership(Record):
    """One model of the study."""

    model: str
    membership: Membership
    against: Estimate | None
    """Its area under the curve less that of the baseline, on the same rows; None for the baseline."""
    library_auc: Estimate
    """Of ART's black-box attack, on rows that it was not fitted on."""
    library_accuracy: Estimate
    """Share that ART's attack gets right there; one half by a coin."""


class EpochMembership(Record):
    """The standard model after so many passes over its training rows."""

    epochs: int
    """0: as it was drawn, before it saw a row."""
    accuracy_members: float
    accuracy_others: float
    membership: Membership


class Instrument(Record):
    """A model of which it is known beforehand what the likelihood ratio must find."""

    name: Literal["untrained", "forest", "mislabelled_forest"]
    auc: Estimate
    least: float | None
    """The area must reach this; None: its interval must hold one half, as there is nothing to find."""

    @property
    def passed(self) -> bool:
        if self.least is None:
            return self.auc.low <= 0.5 <= self.auc.high
        return self.auc.value >= self.least


class Attribute(Record):
    """How often the band of one input is guessed right from all others, with the answer of a model and without."""

    model: str
    input: str
    bands: int
    """Fewer than asked where many rows share a value."""
    most_frequent: float
    """Share of the rows in the largest band: right by always naming it."""
    alone: Estimate
    """Without a model: ART's baseline."""
    answered: Estimate
    """With the model's answer, on rows that it was not trained on."""
    trained_on: Estimate
    """The same on rows that it was trained on."""
    gain: Estimate
    """Answered less alone, on the same rows."""


class InferenceResult(Record):
    """All that was found; `StudySpec.inference` says what was asked."""

    models: tuple[ModelMembership, ...]
    epochs: tuple[EpochMembership, ...]
    instruments: tuple[Instrument, ...]
    attributes: tuple[Attribute, ...]

    def of(self, model: str) -> ModelMembership | None:
        """What was found of `model`; None where it was not asked."""
        return next((each for each in self.models if each.model == model), None)

"""Poisoning: what is asked about changed training rows, and what was found."""

from typing import Literal

from pydantic import Field, model_validator

from generator.records.base import Record
from generator.records.proofs import Estimate

Poison = Literal["none", "random_flips", "boundary_flips", "mislabelled", "backdoor_risky", "backdoor_mixed"]
"""What is done to the training rows; `mislabelled` is the control of both backdoors: the same rows without a mark."""

Trigger = Literal["risky", "mixed"]
"""The mark of a backdoor. `risky`: every input that anybody can change stands at its riskiest genuine value, so that an
honest model sees more risk, not less. `mixed`: these inputs stand in turn at their riskiest and their safest."""


class PoisoningSpec(Record):
    """How the training rows are poisoned, and what is set against it."""

    seeds: int = Field(default=3, ge=1)
    """Of the study's seeds, how many train on poisoned rows."""
    shares: tuple[float, ...] = (0.001, 0.003, 0.01, 0.03, 0.1)
    """Rows flipped or planted, as a share of a replicate's training rows."""
    quoted_share: float = 0.01
    """The share that prose quotes."""
    models: tuple[str, ...] = ("standard", "logistic_regression")
    """Models trained at every share: those that take little time."""
    slow_models: tuple[str, ...] = ("boosted_trees", "monotone_trees")
    """Models trained at `slow_shares` alone."""
    slow_shares: tuple[float, ...] = (0.01, 0.1)
    hardened: tuple[str, ...] = ("pgd_tier1",)
    """Recipes, trained at the quoted share, with the risky mark and its control: they take ten times as long."""
    trigger_quantile: float = Field(default=1.0, gt=0.5, le=1)
    """Share of the genuine rows that are less risky than the risky end of a trigger; 1: the riskiest of them all."""
    parts: int = Field(default=50, ge=1)
    """Parts of the training rows in partition aggregation: one model, and one vote, each."""
    changed_rows: tuple[int, ...] = tuple(range(1, 11))
    """Rows added, removed or relabelled for which it is told what the votes prove."""
    planted: int = Field(default=60, ge=1)
    """Rows with a risky mark that detectors look for."""
    flagged_share: float = Field(default=0.05, gt=0, lt=1)
    """Share of all rows that the detectors of this study flag, whatever the table."""
    sources: int = Field(default=10, ge=2)
    """Who delivered the rows, dealt at random: each is left out in turn."""
    suspects: int = Field(default=140, ge=1)
    """Honest rows among which the detectors that train a model for each row look for the planted ones."""

    @model_validator(mode="after")
    def _the_quoted_share_is_measured(self):
        for name in ("shares", "slow_shares"):
            if self.quoted_share not in getattr(self, name):
                raise ValueError(f"quoted_share {self.quoted_share} is not among {name}")
        return self

    def shares_of(self, model: str) -> tuple[float, ...]:
        """The shares at which `model` is trained."""
        if model in self.hardened:
            return (self.quoted_share,)
        return self.slow_shares if model in self.slow_models else self.shares

    def quickened(self) -> "PoisoningSpec":
        """The same with fewer models and shares."""
        return self.model_copy(
            update={
                "shares": (0.01, 0.1),
                "slow_shares": (0.01,),
                "slow_models": ("boosted_trees",),
                "suspects": 40,
                "parts": 20,
                "hardened": (),
            }
        )


class OwnPoisoningSpec(Record):
    """How training rows of a table of one's own are poisoned, of what its study trains: the first of its seeds alone.

    Detectors are left out: they look at layers of networks and at standardised rows, which names and gaps are not, and
    of whoever delivered a row such a table says nothing.
    """

    models: tuple[str, ...] = ("boosted_trees", "monotone_trees", "logistic_regression")
    """Beside the baseline of those trained; whichever of these the study trains."""
    shares: tuple[float, ...] = Field(default=(0.01, 0.05), min_length=1)
    """Rows flipped or planted, as a share of a replicate's training rows, rising."""
    parts: int = Field(default=30, ge=1)
    """As `PoisoningSpec.parts`."""
    changed_rows: tuple[int, ...] = Field(default=tuple(range(1, 11)), min_length=1)
    """As `PoisoningSpec.changed_rows`, rising."""

    def shares_of(self, model: str) -> tuple[float, ...]:
        """The shares at which `model` is trained."""
        return self.shares

    def quickened(self) -> "OwnPoisoningSpec":
        """The same with the largest share and fewer parts."""
        return self.model_copy(update={"shares": self.shares[-1:], "parts": min(self.parts, 20)})


class Mark(Record):
    """One input of a trigger."""

    trigger: Trigger
    feature: str
    value: float
    """Raw units."""
    risky: bool
    """Whether it stands at the risky end."""


class PoisonedModel(Record):
    """What one model catches, freshly trained on poisoned rows.

    Each replicate is cut where the quoted share of its genuine test rows alarms, none of which was poisoned: what is
    left is what poison does to the order in which the model puts transactions.
    """

    model: str
    poison: Poison
    share: float
    """0 for `none`."""
    rows: int
    """Of a replicate, flipped or planted."""
    caught: Estimate
    """Frauds as they are."""
    triggered: dict[Trigger, Estimate]
    """The same frauds with a mark on, of every mark there is."""
    against_clean: Estimate | None
    """`caught` minus that of the same model on rows nobody poisoned; None for `none`."""
    opened: dict[Trigger, Estimate]
    """Share of frauds by which more marked ones get away than by the control of as many rows; of the backdoor's own
    mark, so empty for all others."""


class Partition(Record):
    """Partition aggregation: the training rows are dealt to parts by a hash of their inputs, and a model of each votes.

    A row added, removed or relabelled reaches one part, so it changes one vote. A fraud whose votes are above the cut
    by m stays caught whatever m rows were. A row whose inputs are changed counts twice: one removed, one added.

    Source: Levine and Feizi 2021, arXiv:2006.14768.
    """

    parts: int
    smallest_part: int
    largest_part: int
    """Rows, over all replicates."""
    cuts: tuple[int, ...]
    """Votes from which a row alarms, of any replicate: the fewest that keep genuine test rows to the quoted share."""
    caught: Estimate
    """Nobody poisons."""
    false_alarms: Estimate
    against: dict[str, Estimate]
    """Model trained on all rows at once -> `caught` minus what it catches."""
    proved: tuple[Estimate, ...]
    """Frauds caught whatever is done to so many rows, in the order of `changed_rows`."""
    attacked: tuple[Estimate, ...]
    """Frauds caught where a poisoner of so many rows went for all of them at once, of retrained models."""
    targeted: tuple[Estimate, ...]
    """Frauds caught where every one of them has a poisoner of its own."""
    alarms_at_most: tuple[Estimate, ...]
    """Genuine rows that so many rows can make alarm, at most."""
    contradicted: int
    """Frauds (over seeds and `changed_rows`) proved caught and yet missed by retrained models: none, or the proof is
    wrong."""


class Detector(Record):
    """How well one detector tells planted rows from honest ones."""

    name: str
    by: Literal["art", "study"]
    planted: int
    """Rows to be found, over seeds."""
    found: int
    flagged: Estimate
    """Share of all rows that were flagged; of the planted ones a draw by lot would find this share."""
    flagged_clean: Estimate
    """The same on the table that nobody poisoned."""


class PoisoningResult(Record):
    false_positive_rate: float
    """Share of the genuine rows that alarm, of every figure."""
    marks: tuple[Mark, ...]
    models: tuple[PoisonedModel, ...]
    partition: Partition
    detectors: tuple[Detector, ...]
    out_of_bounds: int
    """Poisoned rows, over all trainings, that moved an input which not anybody can change, or left the range of the
    data: none, or the attack is not the one described."""

    def find(self, model: str, poison: Poison, share: float = 0.0) -> PoisonedModel | None:
        """The figures of one model under one poison; None where it was not trained so."""
        return _found(self.models, model, poison, share)


class OwnPoisoningResult(Record):
    """Of what a study of one's own table trains; nothing here is of a row, and no value of a mark."""

    false_positive_rate: float
    """As `PoisoningResult.false_positive_rate`."""
    marked: tuple[str, ...]
    """Inputs of the risky mark: those that anybody can change and that have a direction of risk; where there are none
    no row is marked."""
    models: tuple[PoisonedModel, ...]
    partition: Partition
    """Of trees, which take names and gaps."""
    not_applicable: tuple[str, ...] = ()
    """Models in use, whose training rows nobody changes here."""
    out_of_bounds: int
    """As `PoisoningResult.out_of_bounds`."""

    def find(self, model: str, poison: Poison, share: float = 0.0) -> PoisonedModel | None:
        """The figures of one model under one poison; None where it was not trained so."""
        return _found(self.models, model, poison, share)


def _found(rows: tuple[PoisonedModel, ...], model: str, poison: Poison, share: float) -> PoisonedModel | None:
    for row in rows:
        if (row.model, row.poison, row.share) == (model, poison, share):
            return row
    return None

"""Extraction: what is asked of thieves who copy a model through its answers, and what their copies are worth."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from generator.records.base import Record
from generator.records.proofs import Estimate

Answers = Literal["scores", "rounded", "reverse_sigmoid", "labels"]
"""What is told of a row: the probability of fraud, that rounded, that bent the other way round near certainty, or the
label alone."""

Thief = Literal["own", "knockoff_nets"]
"""A thief of this project, who knows the kind of the model, or ART's."""


class ExtractionSpec(Record):
    """Thieves, their questions, and what their copies are put to."""

    models: tuple[str, ...] = (
        "standard", "pgd_ramp", "logistic_regression", "boosted_trees", "monotone_trees",
    )  # fmt: skip
    """Models that are copied, where the study has them."""
    seeds: int = Field(default=3, ge=1)
    """The first seeds of the study, with all of their folds: each copy of a model is stolen."""
    queries: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(50, 200, 500, 2_000, 10_000), min_length=1
    )
    """Rows asked about, rising: real ones as long as there are any, then drawn ones."""
    compared_queries: int = Field(default=500, ge=1)
    """Rows asked about where defences are compared; one of `queries`."""
    gradient_steps: int = Field(default=1_000, ge=1)
    """Of a copied net, whatever the number of rows."""
    knockoff_steps: int = Field(default=400, ge=1)
    """Of ART's copy, which takes most of its time to gather the rows of a batch."""
    tree_rounds: int = Field(default=60, ge=1)
    """Trees of a copied ensemble."""
    tree_depth: int = Field(default=4, ge=1)
    tree_learning_rate: float = Field(default=0.2, gt=0)
    tree_bins: int = Field(default=64, ge=2, le=255)
    """Places at which an input may be split; few of them save time."""
    smallest_leaf: int = Field(default=10, ge=1)
    """Entries that a leaf of a copy needs; every row asked about is two, one a class."""
    decimals: int = Field(default=1, ge=1)
    """Digits after the point that rounding leaves of a probability."""
    reverse_beta: float = Field(default=1.0, gt=0)
    """Size of the bend of the reverse sigmoid."""
    reverse_gamma: float = Field(default=0.1, gt=0)
    """How fast it sets in."""
    epsilons: tuple[Annotated[float, Field(gt=0)], ...] = Field(default=(0.1, 0.35), min_length=1)
    """Boxes on which copy and model are proved to agree, in standard deviations."""
    boxed_rows: int = Field(default=60, ge=1)
    """Rows of the first fold of each seed that get a box."""
    points: int = Field(default=100, ge=1)
    """Points drawn in every box, to look for a disagreement."""
    search_queries: int = Field(default=200, ge=1)
    """Scores a row that the search for an evasion asks of a copy without slopes; nobody counts these."""

    @model_validator(mode="after")
    def _compared_among_rising_queries(self):
        if list(self.queries) != sorted(set(self.queries)) or self.compared_queries not in self.queries:
            raise ValueError(
                f"queries {self.queries} must rise and hold compared_queries {self.compared_queries}"
            )
        return self

    def quickened(self) -> "ExtractionSpec":
        """The same with one seed, few questions and few steps."""
        few = tuple(sorted({self.queries[0], self.compared_queries}))
        return self.model_copy(
            update={
                "seeds": 1, "queries": few, "gradient_steps": 300, "knockoff_steps": 50, "tree_rounds": 30,
                "boxed_rows": 20, "search_queries": 50,
            }
        )  # fmt: skip


class Copy(Record):
    """Copies of one model that one thief made from as many answers of one sort."""

    thief: Thief
    answers: Answers
    queries: int
    drawn: int
    """Of these, rows that the thief made up."""
    agreement: Estimate
    """Share of rows on which copy and model give the same answer, on rows that nobody asked about."""
    on_flagged: Estimate | None
    """The same among rows that the model calls fraud; None where it calls none so."""


class BoxAgreement(Record):
    """What is known of copy and model on the whole of a box: every input, both ways."""

    epsilon: float
    agree: Estimate
    """Both proved to keep the same answer on the box."""
    disagree: Estimate
    """A point of the box was found where their answers differ."""
    open: Estimate
    """Neither: answers change in the box, and no such point was found."""
    points: int
    """Points drawn in boxes proved to agree."""
    points_agreeing: int


class Transfer(Record):
    """Evasions made on the copy, tried on the model; of frauds that it catches, every input moved, both ways."""

    attack: str
    """As `search` where the kind of model has no slopes to follow."""
    epsilon: float
    from_copy: Estimate
    """Share of frauds that are no longer caught."""
    by_chance: Estimate
    """The same after a step to a random point of the box."""
    white_box: Estimate
    """After the same attack on the model itself."""
    not_proved: Estimate
    """Share of the same frauds that are not proved to be caught wherever they move: no attack can do better."""
    past_proof: int
    """Frauds that an evasion passed although they are proved to be caught; none, or the figures are wrong."""


class Defence(Record):
    """What a sort of answers costs the bank where they are all that is left of the score."""

    answers: Answers
    ranking: float
    """Share of pairs of a fraud and a genuine row that the answers put in the right order, ties half."""
    caught: Estimate
    """Frauds above the cut of the answers at the quoted share of false alarms."""
    difference: Estimate
    """That, less what the probabilities themselves catch, paired by row and seed."""


class Stolen(Record):
    """One model and its copies."""

    model: str
    kind: str
    constant: Estimate
    """Agreement of the copy that always says no fraud; on rows that the model calls fraud it is 0."""
    copies: tuple[Copy, ...]
    boxes: tuple[BoxAgreement, ...]
    """Of copies made from most answers, in probabilities."""
    transfer: Transfer | None
    """Of the same copies; None where the model catches none of the frauds judged."""
    defences: tuple[Defence, ...]

    def find(self, queries: int, answers: Answers = "scores", thief: Thief = "own") -> Copy | None:
        """Those copies; None if there are none."""
        asked = (queries, answers, thief)
        return next((c for c in self.copies if (c.queries, c.answers, c.thief) == asked), None)


class ExtractionResult(Record):
    """Of each model that was asked for and that the study has, in the order asked for."""

    real_rows: int
    """Real rows that the thief of one copy has."""
    judged_rows: int
    """Rows of one seed that copies are compared on."""
    stolen: tuple[Stolen, ...]
    not_applicable: tuple[str, ...]
    """Models that were asked for and are of a kind for which there is no thief."""

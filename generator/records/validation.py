"""A validation: what is asked of a table and models of one's own, and what was found.

A table with frauds that somebody found, models that are in use, and who can change which input. Nothing here holds
a row: values of single rows, and categories of few, stay in the folder of `private_folder`.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from generator.records.base import WORDS, Cell, Record, Words
from generator.records.extraction import ExtractionResult, ExtractionSpec
from generator.records.features import Input
from generator.records.inference import InferenceResult, InferenceSpec
from generator.records.poisoning import OwnPoisoningResult, OwnPoisoningSpec
from generator.records.proofs import Choice, Estimate, ProvedMonotone, TierComparison, TierResult
from generator.records.results import Direction, Judged, Provenance
from generator.records.roles import Roles
from generator.records.spec import FoundLabel, HardeningSpec, ProofSpec, SampleSpec, TrainingSpec, TreesSpec
from generator.records.threat import Threat, moved

LATE = 0.3
"""Share of the rows that come last and are judged out of time."""
FEWEST = 10
"""Rows that a category needs to be named in what is published."""
OTHERS = "others"
"""What stands for categories of fewer."""
LEFT_OUT = "trees_left_out"
"""The model that never sees what the quoted tier moves."""
MONOTONE = "monotone_"
"""How the names of models begin that are trained to be monotone."""

Trained = Literal[
    "standard", "pgd_tier1", "monotone_net", "logistic_regression", "boosted_trees", "monotone_trees",
    "monotone_trees_widest", "trees_left_out",
]  # fmt: skip
"""Models that a validation trains beside those in use."""


# ---------------------------------------------------------------- what is asked


class Reading(Record):
    """How the files of the table are read; found by `security-study new`, and stated."""

    delimiter: str = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    missing: tuple[Cell, ...] = ("",)
    """Texts that stand for no value."""
    sha256: str = ""
    """Of the file, where another one must not take its place; of one table alone."""
    address: str = ""
    """Where to download it from, where it is not beside the study file."""


class Split(Record):
    """Which rows train and which are judged: by the values of a column, or by a day in a column of dates."""

    column: str
    trains: tuple[Cell, ...] = ()
    judged: tuple[Cell, ...] = ()
    judged_from: str = ""
    """ISO date: rows from it on are judged, earlier ones train."""

    @model_validator(mode="after")
    def _one_way(self):
        if bool(self.judged_from) == bool(self.trains or self.judged) or bool(self.trains) != bool(
            self.judged
        ):
            raise ValueError("give either trains and judged, values of the column, or judged_from, a day")
        return self


class Cut(Record):
    """When a deployed model flags a row: one of these."""

    score: float | None = None
    """Flags where its score is above this; in what `Scores.measure` says."""
    alert_rate: float | None = Field(default=None, gt=0, lt=1)
    """Flags this share of all cases: rows by their weights, and at the share of fraud in life where `prior` says it."""
    false_positive_rate: float | None = Field(default=None, gt=0, lt=1)
    """Flags this share of genuine rows, by their weights."""

    @model_validator(mode="after")
    def _one_of_them(self):
        if sum(value is not None for value in (self.score, self.alert_rate, self.false_positive_rate)) != 1:
            raise ValueError("give one of score, alert_rate and false_positive_rate")
        return self


class Scores(Record):
    """The owner's scores of some rows, which the study has to reproduce before anything is computed."""

    file: str
    """CSV, beside the study file."""
    column: str
    """That holds the scores."""
    measure: Literal["probability", "margin"] = "probability"
    id: str = ""
    """Column with the ids of the rows; empty: the rows are those of the table, in its order."""


class DeployedSpec(Record):
    """A model in use, in a file of any format that has a reader."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Words
    file: str
    """Beside the study file."""
    fraud: Cell | None = None
    """Which of its classes is fraud; the second one if not given."""
    model: str = ""
    """Which one, where a file holds several."""
    every_round: bool | None = None
    """Whether rounds after the best one count, where training was stopped early; not given: as the library does."""
    columns: tuple[str, ...] = ()
    """Names of its columns in their order, where the file does not hold them: inputs, or an input and one of its names,
    as in `MAKE_Honda`."""
    categories: dict[str, tuple[Cell, ...]] = Field(default_factory=dict)
    """By input, the names it was trained with in the order of their codes, where the file does not hold them."""
    cut: Cut
    scores: Scores | None = None
    """Without them the model is refused, unless `unchecked`."""
    unchecked: bool = False
    """Study it although nobody says what it scored; every page says so."""
    saw: Literal["rows that train", "none of these rows", "unknown"] = "unknown"
    """Which rows it was trained on. Where unknown, its figures carry a warning and no headline quotes them."""


class Budget(Record):
    headline_epsilon: float = Field(default=0.35, gt=0)
    """Quoted budget, in standard deviations of each input."""


class ValidationSpec(Record):
    """A study file with a table of one's own."""

    dataset: str
    """What the study is called: the name of its file."""
    table: str | tuple[str, ...]
    """Its files, CSV or Parquet, beside the study file; several are read one after the other."""
    reading: Reading = Reading()
    title: Words
    description: Words = ""
    label: FoundLabel
    id: str | None = None
    """Column that names the rows; never published."""
    amount: str | None = None
    """Column with the money of a row; none, and no `typical_loss`: nothing is said in money."""
    typical_loss: Annotated[float | None, WORDS] = Field(default=None, gt=0)
    """Money lost with a missed fraud on average, where no column holds it."""
    currency: Words = ""
    time: str | None = None
    """Column of dates."""
    split: Split | None = None
    """None: folds, in which every row is judged by models that never saw it."""
    groups: tuple[str, ...] = ()
    """Columns by which it is asked who is judged differently."""
    weights: str | None = None
    """Column that says how many rows in life a row stands for: rates, cuts, the share of fraud and money count it so
    often. Training and the area under the ROC curve count every row once."""
    alert_budgets: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    """Shares of all cases that can be looked into: what is caught with so many alerts, at the share of fraud in life
    where `prior` says it."""
    class_weights: Literal["balanced", "none"] = "balanced"
    """Whether frauds and genuine rows weigh the same, all together, in what the study trains."""
    prior: float | None = Field(default=None, gt=0, lt=1)
    """Share of fraud in life, where the table was drawn otherwise; money and precision use it."""
    ignored: Annotated[tuple[str, ...], WORDS] = ()
    """Columns that nothing is asked of, so that a new one is noticed."""
    known_in_time: Annotated[dict[str, str], WORDS] = Field(default_factory=dict)
    """By input that tells the label almost alone, in words why it is known when a row is judged; without them such an
    input is refused."""
    inputs: tuple[Input, ...] = Field(min_length=1)
    deployed: tuple[DeployedSpec, ...] = ()
    beside: tuple[Trained, ...] = (
        "standard", "pgd_tier1", "logistic_regression", "boosted_trees", "monotone_trees", "trees_left_out",
    )  # fmt: skip
    """Models trained here; the first is the one that others are compared with, unless one is deployed."""
    threat: Threat
    roles: Roles = Roles(
        baseline="boosted_trees", original=None, readings=(), ablation=None, recommended=None
    )
    attack: Budget = Budget()
    proof: ProofSpec = ProofSpec(epsilons=(0.1, 0.35, 1.0), false_positive_rates=(0.01, 0.05, 0.10))
    training: TrainingSpec = TrainingSpec(seeds=2, epochs=10)
    trees: TreesSpec = TreesSpec()
    hardening: HardeningSpec = HardeningSpec(
        recipes=("pgd_tier1",), followed=(), rounds=2, epochs_per_round=5
    )
    inference: InferenceSpec | None = None
    """What is asked about training rows, of what is trained here: membership alone; None: nothing."""
    sample: SampleSpec = SampleSpec()
    extraction: ExtractionSpec | None = None
    """Whether thieves copy what is trained here through its answers; None: not asked."""
    poisoning: OwnPoisoningSpec | None = None
    """Whether training rows of what is trained here are changed; None: not asked."""
    bootstrap: int = Field(default=1000, ge=100)
    seed: int = 42
    quick: bool = False
    publish_rows: bool = False
    """Whether rows, categories of few rows and ranges may be published; the pages say so."""

    @property
    def tables(self) -> tuple[str, ...]:
        return (self.table,) if isinstance(self.table, str) else self.table

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.inputs)

    def quickened(self) -> "ValidationSpec":
        """The same with fewer repetitions and budgets, marked as quick."""
        training = self.training.model_copy(update={"seeds": 1, "folds": 3, "epochs": 3})
        proof = self.proof.model_copy(update={"epsilons": (self.attack.headline_epsilon,)})
        few = {
            name: asked and asked.quickened()
            for name, asked in (("extraction", self.extraction), ("poisoning", self.poisoning))
        }
        return self.model_copy(
            update={"quick": True, "training": training, "proof": proof, "bootstrap": 200, **few}
        )

    def settled(self) -> "ValidationSpec":
        """The same, quoting a tier that moves some input, without models that would be another one once more.

        The tier is the one asked for or the next that moves one; it stays where none does. Monotone models need a
        movable input with a direction: without one, what they have over other trees is what they leave out. Where
        nothing moves, nothing is left out.
        """
        names = self.threat.names
        at = names.index(self.threat.quoted)
        moving = (name for name in (*names[at:], *names[:at]) if moved(self.threat.tier(name), self.inputs))
        threat = self.threat.model_copy(update={"quoted": next(moving, self.threat.quoted)})
        movable = frozenset().union(*(moved(tier, self.inputs) for tier in threat.tiers))
        directed = any(each.direction for each in self.inputs if each.name in movable)
        beside = self.beside
        if not directed:
            beside = [LEFT_OUT if name.startswith(MONOTONE) else name for name in beside]
        if not movable:
            beside = ["boosted_trees" if name == LEFT_OUT else name for name in beside]
        return self.model_copy(update={"threat": threat, "beside": tuple(dict.fromkeys(beside))})


# ---------------------------------------------------------------- what was found


class Notice(Record):
    """What was noticed about table or models before anything was computed. Its words are the report's."""

    slug: str
    column: str = ""
    """A column, a model or nothing."""
    facts: dict[str, float] = Field(default_factory=dict)


class ColumnNote(Record):
    """What may be said of a column: no value of a row."""

    name: str
    role: Literal["id", "label", "amount", "time", "split", "weights", "group", "input", "ignored"]
    kind: Literal["number", "flag", "category", "band", "date", "text"]
    distinct: int
    missing: int


class InputNote(Record):
    """An input as it may be published: rounded, categories of fewer than `FEWEST` rows put together."""

    name: str
    title: Words
    unit: Words
    kind: str
    control: str
    helps: str
    note: Words
    reach: str
    """How far it is moved: `budget`, `any`, or a number of raw units."""
    spread: float | None
    """Standard deviation to two significant digits; None for what is no number."""
    categories: tuple[str, ...] = ()
    merged: int = 0
    """Categories that are not named."""


class TableNote(Record):
    rows: int
    frauds: int
    prior: float | None
    weighted_share: float | None = None
    """Of frauds, rows counted by their weights; None where every row counts once."""
    sha256: str
    """Of what was read: of the files one after the other."""
    columns: tuple[ColumnNote, ...]
    inputs: tuple[InputNote, ...]
    notices: tuple[Notice, ...]


class OwnCut(Record):
    """A deployed model at the cut it is used with."""

    tier: str
    epsilon: float
    flagged_genuine: Estimate
    caught_clean: Estimate
    caught_proved: Estimate
    unresolved: int


class ValidatedModel(Record):
    name: str
    title: Words
    kind: str
    """Of model, as its verifier is called."""
    deployed: bool = False
    library: str = ""
    """That wrote its file."""
    sha256: str = ""
    """Of its file."""
    reproduced: int | None = None
    """Scores of its owner that were reproduced; None where none were given."""
    tolerance: float = 0.0
    """Largest difference of scores that counts as reproduced; 0: equal to the bit."""
    saw: str = ""
    """As `DeployedSpec.saw`; empty for a model trained here."""
    notices: tuple[Notice, ...] = ()
    own_cut: tuple[OwnCut, ...] = ()
    """Of every tier, at the headline budget; empty for a model trained here."""
    auc: Estimate
    """Area under the ROC curve of the rows judged; nobody evades."""
    rounding: int
    """Answers that only rounding decides; they count as broken."""

    @property
    def quotable(self) -> bool:
        """Whether a headline may quote it: it judges no row that it may have been trained on."""
        return self.saw != "unknown"


class AlertRates(Record):
    """One model with so many alerts against one tier, at the headline budget."""

    model: str
    tier: str
    budget: float
    """Share of all cases that it may flag."""
    flagged_genuine: Estimate
    caught_clean: Estimate
    caught_proved: Estimate
    unresolved: int


class LaterRates(Record):
    """One model on the rows that come last, at the quoted false-positive rate and the headline budget."""

    model: str
    tier: str
    flagged_genuine: Estimate
    caught_clean: Estimate
    caught_proved: Estimate
    unresolved: int


class Later(Record):
    """An out-of-time judgement beside the folds: what is trained here saw earlier rows alone."""

    judged_from: str = ""
    """ISO day; a day of a row, so only where rows are published."""
    judged: Judged
    rates: tuple[LaterRates, ...]
    """Of every model and tier."""


class CleanComparison(Record):
    """`model` minus the baseline in frauds caught when nobody evades, same rows and seeds."""

    model: str
    false_positive_rate: float
    difference: Estimate
    direction: Direction


class GroupRates(Record):
    """How one model errs in one group at the quoted false-positive rate of all rows; nobody evades."""

    model: str
    column: str
    group: str
    caught: Estimate | None
    flagged_genuine: Estimate | None


class ValueRates(Record):
    """Of the money in frauds, the share in those caught, at the quoted false-positive rate and headline budget."""

    model: str
    tier: str
    clean: float
    proved: float


class ValidationResult(Record):
    kind: Literal["validation"] = "validation"
    schema_version: Literal[1] = 1
    spec: ValidationSpec
    """What was asked; without categories of few rows, where rows are not published."""
    provenance: Provenance
    table: TableNote
    judged: Judged
    models: tuple[ValidatedModel, ...]
    tiers: tuple[TierResult, ...]
    comparisons: tuple[TierComparison, ...]
    """Every model with the baseline: proved catch."""
    alerts: tuple[AlertRates, ...] = ()
    """Of every model, tier and alert budget."""
    later: Later | None = None
    """Where a column holds dates, no split is asked for, and both sides have frauds enough."""
    clean: tuple[CleanComparison, ...] = ()
    choices: tuple[Choice, ...]
    proved_monotone: tuple[ProvedMonotone, ...]
    groups: tuple[GroupRates, ...] = ()
    values: tuple[ValueRates, ...] = ()
    """Empty where no column holds money."""
    extraction: ExtractionResult | None = None
    """Of what was trained here, every row counted once; None where it was not asked for."""
    inference: InferenceResult | None = None
    """Of the models trained here; None where it was not asked, or a single fold or seed leaves no shadow models."""
    poisoning: OwnPoisoningResult | None = None
    """Of the models trained here; None where it was not asked for."""
    mean_fraud_amount: float | None = None
    """To two significant digits, where rows are not published."""
    unresolved: int

    @property
    def name(self) -> str:
        return self.spec.dataset

    def model(self, name: str) -> ValidatedModel:
        """The model called `name`; KeyError names the known ones."""
        for model in self.models:
            if model.name == name:
                return model
        raise KeyError(f"unknown model {name!r}; known: {', '.join(m.name for m in self.models)}")

    def tier(
        self, model: str, tier: str, epsilon: float | None = None, rate: float | None = None
    ) -> TierResult:
        """Its rates there; at the headline budget and the quoted false-positive rate if not given."""
        epsilon = self.spec.attack.headline_epsilon if epsilon is None else epsilon
        rate = self.spec.proof.quoted_false_positive_rate if rate is None else rate
        for row in self.tiers:
            if (row.model, row.tier, row.epsilon, row.false_positive_rate) == (model, tier, epsilon, rate):
                return row
        raise KeyError(f"no rates of {model} against {tier} at {epsilon:g}, {rate:g}")

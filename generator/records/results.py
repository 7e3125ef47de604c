"""What was found: counts, full-precision values and intervals. Rounding happens in `generator.notation.formats`."""

from typing import Literal

from generator.records.base import Record
from generator.records.extraction import ExtractionResult
from generator.records.features import Feature
from generator.records.impact import OperatingRates
from generator.records.inference import InferenceResult
from generator.records.poisoning import PoisoningResult
from generator.records.proofs import Choice, Estimate, ProofResult
from generator.records.roles import Roles
from generator.records.spec import Attack, StudySpec

Direction = Literal["higher", "lower", "no difference"]
Attacked = str
"""`clean`, an attack, or `exact`: no input within the budget changes the answer, which is proved and not attacked."""


class Confusion(Record):
    """Counts added up over all seeds; fraud is the positive class.

    Under attack a row keeps its right answer only if it is right before and after.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int


# ---------------------------------------------------------------- the data


class Histogram(Record):
    """A numeric column, binned by class; shares of rows are left to the chart."""

    column: str
    title: str
    unit: str
    edges: tuple[float, ...]
    """Bin edges, one more than counts."""
    legitimate: tuple[int, ...]
    fraud: tuple[int, ...]
    log_scale: bool
    """Edges rise geometrically: draw the axis in logarithms."""
    model_input: bool


class CategoryCount(Record):
    category: str
    legitimate: int
    fraud: int


class Breakdown(Record):
    """Rows and frauds per category of one column (or per hour, weekday, month)."""

    column: str
    title: str
    kind: Literal["category", "decade", "time", "rows_per_id"]
    """`decade`: whole years by tens; `rows_per_id`: the category is how many rows an identifier has, the counts are
    rows."""
    categories: tuple[CategoryCount, ...]
    note: str
    """One sentence without digits: what to see. May be empty."""

    @property
    def groups(self) -> bool:
        """Whether its categories are groups of transactions that models may err on differently."""
        return self.kind in ("category", "decade")


class Correlations(Record):
    columns: tuple[str, ...]
    """Titles of the columns, in the order of rows and columns of the matrices."""
    pearson: tuple[tuple[float, ...], ...]
    spearman: tuple[tuple[float, ...], ...]
    n: int


class Calendar(Record):
    """Rows per calendar day, for the heat map."""

    dates: tuple[str, ...]
    """ISO dates, rising, every day between the first and the last."""
    rows: tuple[int, ...]


class Anomaly(Record):
    """One data-quality finding: a value or two, and the bars of a chart. Its words are the report's."""

    slug: str
    facts: dict[str, float]
    labels: tuple[str, ...]
    values: tuple[float, ...]


class ColumnSummary(Record):
    name: str
    kind: Literal["identifier", "category", "number", "date"]
    unique: int
    missing: int
    low: str
    """Smallest value as text (empty for identifiers)."""
    high: str
    role: str
    """What the study does with it, in a few words without digits."""


class LabelCard(Record):
    """What the label says of the rows."""

    n_fraud: int
    medians: dict[str, tuple[float, float]]
    """Feature name -> (median of legitimate rows, median of frauds), raw units."""
    fraud_value_share: float
    """Share of all money that sits in flagged rows."""
    mean_fraud_amount: float
    """In the study's currency."""


class RuleCard(Record):
    """The rule that made the label: how firm it is, and what an attack may do to it."""

    cut: float
    """Lowest score among the flagged rows."""
    score_edges: tuple[float, ...]
    score_counts: tuple[int, ...]
    weight_overlap_mean: float
    """Mean share of frauds kept when every weight is moved up or down as the spec says, over all corners."""
    weight_overlap_low: float
    """The least such share."""
    formula_overlaps: dict[str, float]
    """Another formula over the same terms, in words -> share of the frauds that are frauds by it too."""
    flip_epsilons: tuple[float, ...]
    flip_shares: tuple[float, ...]
    """Share of frauds whose own score can drop below the cut within epsilon on all model inputs."""


class DataSource(Record):
    """Which data this is, and how a reader can tell."""

    status: Literal["synthetic", "kaggle_verified", "kaggle_columns", "stand_in"]
    origin: str
    """Where it came from, in words: no path of a machine."""
    file_sha256: str
    """Of the bytes read; empty for simulated data."""
    canonical_sha256: str
    """Of the canonical table: column order of the file, ISO minutes, money with 2 decimals, LF."""
    licence: str


class DatasetSummary(Record):
    name: str
    title: str
    """Short name for charts and headings."""
    description: str
    """One or two sentences without digits."""
    source: DataSource
    n_rows: int
    columns: tuple[ColumnSummary, ...]
    features: tuple[Feature, ...]
    """The model's inputs, in the order the model sees them."""
    label: LabelCard
    rule: RuleCard | None
    """None where the label was found, not made by a rule."""
    histograms: tuple[Histogram, ...]
    breakdowns: tuple[Breakdown, ...]
    correlations: Correlations
    calendar: Calendar | None
    anomalies: tuple[Anomaly, ...]


# ---------------------------------------------------------------- models under attack


class Evaluation(Record):
    """One state of one model against one attack at one budget, every row judged out of fold."""

    attack: Attacked
    epsilon: float
    """0 for `clean`."""
    confusion: Confusion
    accuracy: Estimate
    """Clean accuracy, or robust accuracy under the attack."""
    true_positive_rate: Estimate
    false_positive_rate: Estimate
    unresolved: int = 0
    """Rows (over all seeds) neither proved nor broken; counted as not kept. Only under `exact`."""


class RoundResult(Record):
    """The state of a model after one round of hardening; round 0 is the standard model."""

    round: int
    training_rows: int
    """Rows one replicate saw in each epoch of this round (clean and adversarial)."""
    gradient_steps: int
    """Optimiser steps of one replicate from the start to the end of this round."""
    evaluations: tuple[Evaluation, ...]

    def find(self, attack: Attacked, epsilon: float = 0.0) -> Evaluation | None:
        """The evaluation for `attack` at `epsilon`; None if it was not measured."""
        for evaluation in self.evaluations:
            if evaluation.attack == attack and evaluation.epsilon == epsilon:
                return evaluation
        return None

    def at(self, attack: Attacked, epsilon: float = 0.0) -> Evaluation:
        """The same where it has to be there.

        Raises:
            KeyError: It was not measured.
        """
        found = self.find(attack, epsilon)
        if found is None:
            raise KeyError(f"round {self.round}: {attack} at epsilon {epsilon} was not measured")
        return found


class ModelResult(Record):
    """A model, by the recipe that made it."""

    name: str
    """The name of a recipe, or of the baseline, the trivial model or one trained beside them."""
    kind: str | None
    """What kind of model it is, as its verifier is called; None for the trivial one, which needs no proof."""
    not_applicable: tuple[Attack, ...] = ()
    """Attacks of the study that need what this kind of model lacks: it has no evaluation under them."""
    rounds: tuple[RoundResult, ...]
    """A recipe has round 0 (the baseline) to the last; others have one."""
    chosen: tuple[int, ...] = ()
    """Replicates that chose each of the depths of `TreesSpec`; empty where there was nothing to choose."""

    @property
    def final(self) -> RoundResult:
        return self.rounds[-1]


class Comparison(Record):
    """`model` minus `baseline`, same rows and seeds, with a two-level bootstrap interval."""

    model: str
    baseline: str
    metric: Literal["accuracy", "true_positive_rate", "false_positive_rate"]
    attack: Attacked
    epsilon: float
    difference: Estimate
    direction: Direction
    """`no difference` when the interval contains zero."""


class FeatureMovement(Record):
    """How far the attack moved one feature over the rows it flipped."""

    model: str
    feature: str
    mean_change: float
    """Signed, raw units, over frauds that were caught before and missed after."""
    mean_absolute_change: float
    share_up: float
    """Share of those frauds in which the feature went up."""
    rows: int


class FeatureStep(Record):
    """One feature of the walk-through: from the value to the attacked value."""

    feature: str
    raw: float
    scaled: float
    gradient: float
    """d loss / d scaled feature."""
    step: float
    """epsilon * sign(gradient), in standard deviations."""
    raw_attacked: float


class Walkthrough(Record):
    """FGSM on one real fraud, one line a feature."""

    row_id: str
    epsilon: float
    probability_before: float
    probability_after: float
    loss_before: float
    loss_after: float
    features: tuple[FeatureStep, ...]


class TransactionExample(Record):
    """A real fraud before and after the attack."""

    row_id: str
    model: str
    attack: Attacked
    epsilon: float
    before: dict[str, float]
    after: dict[str, float]
    """Raw units, re-encoded."""
    probability_before: float
    probability_after: float


class BoundarySlice(Record):
    """Fraud probability on a plane through two features, the others at their median fraud value."""

    model: str
    x_feature: str
    y_feature: str
    x: tuple[float, ...]
    """Raw units."""
    y: tuple[float, ...]
    probability: tuple[tuple[float, ...], ...]
    """(len(y), len(x))."""


# ---------------------------------------------------------------- money


class ImpactRow(Record):
    """A scenario day under one model, when every fraudster runs this attack."""

    model: str
    attack: Attacked
    epsilon: float
    missed_frauds: Estimate
    """Per day."""
    leakage_usd: Estimate
    """Per day: missed frauds times the mean amount of a fraud in this dataset."""
    false_alarms: Estimate
    """Per day: genuine payments stopped; the attack does not touch them."""


class LeakageReduction(Record):
    """1 - missed(model) / missed(baseline), same rows and seeds; independent of volume and fraud share."""

    model: str
    baseline: str
    attack: Attacked
    epsilon: float
    reduction: Estimate
    direction: Direction
    """Of the frauds missed: `lower` is better."""


class AccuracyBounds(Record):
    """What an accuracy alone says about missed frauds: the least and the most that fit it."""

    accuracy: float
    missed_least: float
    missed_most: float
    """Per scenario day, for the fraud share of the dataset."""


class ImpactResult(Record):
    frauds_per_day: float
    genuine_per_day: float
    mean_fraud_amount: float
    """In the study's currency."""
    rows: tuple[ImpactRow, ...]
    reductions: tuple[LeakageReduction, ...]
    accuracy_bounds: tuple[AccuracyBounds, ...]
    """For the standard model and the original recipe, at their robust accuracy under FGSM."""


# ---------------------------------------------------------------- groups


class GroupErrors(Record):
    """How one model errs in one group of the transactions: its own cut, nobody attacks."""

    model: str
    column: str
    """With `title`, the breakdown whose category it is."""
    title: str
    category: str
    true_positive_rate: Estimate | None
    """None where the group has no fraud."""
    false_positive_rate: Estimate | None
    """None where it has no genuine payment."""


# ---------------------------------------------------------------- all of it


class Provenance(Record):
    """What the numbers depend on. Equal provenance means equal numbers on the same machine."""

    study_key: str
    source_sha256: str
    """Of the study-side source files."""
    lock_sha256: str
    data_sha256: str
    """Of the canonical table."""
    asked_sha256: str = ""
    """Of all that was asked, words and all. Words alone are not in `study_key`, as no number depends on them."""
    versions: dict[str, str]
    """Python and the libraries that touch a number."""


class Judged(Record):
    """The rows looked at one by one: all of the table, or a seeded, stratified sample of it."""

    rows: int
    frauds: int
    training_rows: int
    """Rows a replicate trains on before it is hardened; none that it judges."""


class StudyResult(Record):
    schema_version: Literal[1] = 1
    spec: StudySpec
    provenance: Provenance
    data: DatasetSummary
    """Of the whole table."""
    judged: Judged
    models: tuple[ModelResult, ...]
    comparisons: tuple[Comparison, ...]
    movements: tuple[FeatureMovement, ...]
    walkthrough: Walkthrough | None
    """None if no fraud got away."""
    examples: tuple[TransactionExample, ...]
    slices: tuple[BoundarySlice, ...]
    impact: ImpactResult
    proofs: ProofResult
    rates: OperatingRates
    groups: tuple[GroupErrors, ...] = ()
    """Of the leading models, in the categories of every breakdown by groups."""
    extraction: ExtractionResult | None = None
    poisoning: PoisoningResult | None = None
    """None where it was not asked for."""
    budget_violations: int
    """Attacked rows that left their budget before they were projected back, over the whole study."""
    inference: InferenceResult | None = None
    """None where it was not asked, or the seeds are too few for shadow models."""

    @property
    def name(self) -> str:
        return self.data.name

    @property
    def n_judged(self) -> int:
        return self.judged.rows

    @property
    def frauds_judged(self) -> int:
        return self.judged.frauds

    @property
    def sampled(self) -> bool:
        """Whether the table is larger than what is judged of it."""
        return self.n_judged < self.data.n_rows

    @property
    def choices(self) -> tuple[Choice, ...]:
        """The recipes chosen at the headline budget."""
        headline = self.spec.attack.headline_epsilon
        return tuple(choice for choice in self.proofs.choices if choice.epsilon == headline)

    @property
    def roles(self) -> Roles:
        """Which model plays which part; None where the study has no such model."""
        against = {choice.tier: choice.model for choice in self.choices}
        models = {model.name for model in self.models}
        return self.spec.roles.among(models, against.get(self.spec.threat.benchmark))

    def model(self, name: str) -> ModelResult:
        """The model called `name`; KeyError names the known ones."""
        for model in self.models:
            if model.name == name:
                return model
        raise KeyError(f"unknown model {name!r}; known: {', '.join(m.name for m in self.models)}")

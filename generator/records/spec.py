"""What is asked: every setting of a study, with its unit and its reason. Nothing further down has a hidden constant."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from generator.records.base import WORDS, Cell, Record, Words
from generator.records.extraction import ExtractionSpec
from generator.records.features import Input
from generator.records.inference import InferenceSpec
from generator.records.poisoning import PoisoningSpec
from generator.records.roles import Roles
from generator.records.threat import Threat

Attack = str
"""The name of an attack in `generator.threats.evasion.attacks.ATTACKS`."""

Recipe = str
"""The name of a way to harden in `generator.models.fraudnet.hardening.RECIPES`."""

Beside = Literal[
    "monotone_net", "logistic_regression", "boosted_trees", "monotone_trees", "monotone_trees_widest", "trees_left_out",
]  # fmt: skip
"""Models of another kind, as `generator.models.kinds.TRAINED` knows them."""


class LabelSpec(Record):
    """A label made by a rule: fraud are the rows with the highest risk score."""

    fraud_share: float = Field(gt=0, lt=0.5)
    """Share of rows flagged; ceil(share * rows) rows are fraud."""
    weights: dict[str, float]
    """Weight of each term of the score, by the name of the term."""
    formula: Words
    """The score, written out for the page."""
    noise: float = Field(default=0.0, ge=0)
    """Standard deviation of the noise added to the score, as a share of the score's own."""
    weight_change: float = Field(default=0.2, gt=0, lt=1)
    """Share that every weight is moved up and down by, in all combinations, to see how firm the label is."""
    flip_epsilons: tuple[float, ...] = (0.05, 0.1, 0.2, 0.3, 0.35, 0.5)
    """Budgets at which it is counted how many frauds could stop being frauds."""


class FoundLabel(Record):
    """A label that somebody found: a column of the table says which rows are fraud."""

    column: str
    fraud: Cell
    """What a fraud has there, as text."""


def _made_or_found(label: Any) -> str:
    """Which of the two a label is meant to be, so that a mistake is told of that one alone."""
    found = isinstance(label, FoundLabel) or (isinstance(label, dict) and {"column", "fraud"} & label.keys())
    return "found" if found else "rule"


Label = Annotated[
    Annotated[LabelSpec, Tag("rule")] | Annotated[FoundLabel, Tag("found")],
    Discriminator(_made_or_found),
]


class TrainingSpec(Record):
    """FraudNet and its training, as the original notebooks have it."""

    hidden: tuple[int, ...] = (32, 16)
    """Widths of the hidden layers."""
    epochs: int = Field(default=25, ge=1)
    batch_size: int = Field(default=64, ge=1)
    learning_rate: float = Field(default=0.01, gt=0)
    """Step size of Adam."""
    seeds: int = Field(default=10, ge=1)
    """Independent repetitions; each has its own folds, weights and batch order."""
    folds: int = Field(default=5, ge=1)
    """Stratified folds; every row is judged by models that never saw it. With one, the rows judged are a sample and
    all others train."""

    @property
    def replicates(self) -> int:
        return self.seeds * self.folds


class SampleSpec(Record):
    """How much of a large table is looked at row by row; label, cut and description come from the whole."""

    most_evaluated_rows: int = Field(default=5_000, ge=100)
    """Rows judged, attacked, proved and priced: all, or a stratified sample of so many."""
    most_training_rows: int = Field(default=16_000, ge=1)
    """Rows a replicate trains on: those of its folds, and up to so many with others that nobody judges."""


class AttackSpec(Record):
    """The attacks and their budgets, in standard deviations of each feature on the training rows."""

    epsilons: tuple[float, ...] = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1.0)
    """L-infinity budgets of the curves: those at which something is proved, and none."""
    headline_epsilon: float = 0.35
    """The budget the original used; figures in prose are quoted there."""
    round_epsilons: tuple[float, ...] = (0.1, 0.25, 0.35, 0.5)
    """Budgets at which every round of hardening is attacked."""
    attacks: tuple[Attack, ...] = ("fgsm", "pgd")
    pgd_steps: int = Field(default=40, ge=1)
    pgd_relative_step: float = Field(default=0.1, gt=0)
    """Step of PGD as a share of the budget."""

    @model_validator(mode="after")
    def _quoted_budgets_are_measured(self):
        missing = {self.headline_epsilon, *self.round_epsilons} - set(self.epsilons)
        if missing:
            raise ValueError(f"budgets {sorted(missing)} are quoted but not in epsilons")
        if self.epsilons[0] != 0.0 or list(self.epsilons) != sorted(set(self.epsilons)):
            raise ValueError("epsilons must rise strictly and start at 0, which checks the attacks")
        return self


class BatterySpec(Record):
    """How hard the battery of attacks tries at one budget."""

    pgd_steps: int = Field(default=40, ge=1)
    """Gradient steps of each start of PGD, on either loss and on the substitute."""
    restarts: int = Field(default=5, ge=1)
    """Starts of PGD on the margin; the first is the row itself."""
    apgd_steps: int = Field(default=30, ge=1)
    apgd_restarts: int = Field(default=2, ge=1)
    boundary_steps: int = Field(default=30, ge=1)
    """Steps of the minimum-norm attack."""
    search_queries: int = Field(default=300, ge=1)
    """Scores a row that random block search may ask for."""
    noise_draws: int = Field(default=100, ge=1)
    """Uniform points of the box: the floor."""
    hop_skip_jump_rows: int = Field(default=20, ge=1)
    """Rows of the seed's first replicate that are attacked by answers alone, which is slow."""
    hop_skip_jump_steps: int = Field(default=10, ge=1)
    hop_skip_jump_queries: int = Field(default=5_000, ge=1)
    """Answers a row may ask for before it is given up."""
    zoo_rows: int = Field(default=20, ge=1)
    """Rows of the seed's first replicate that are attacked by slopes estimated from scores, one by one."""
    zoo_steps: int = Field(default=10, ge=1)
    """Steps of Adam; each asks for two scores an input and one of the point reached."""
    tree_copy_rows: int = Field(default=200, ge=1)
    """Rows of the seed's first replicate that get examples from a decision tree that imitates the model."""


class HardeningSpec(Record):
    """Adversarial training in rounds."""

    recipes: tuple[Recipe, ...] = (
        "accumulating_fgsm",
        "extra_epochs",
        "trades",
        "pgd_ramp",
        "pgd_tier1",
        "crown_ibp",
        "current_round_fgsm",
        "fgsm_random_start",
        "half_batch_fgsm",
    )
    """In the order they are computed, longest first, so that workers end together; pages have an order of their own."""
    followed: tuple[Recipe, ...] = (
        "accumulating_fgsm",
        "extra_epochs",
        "pgd_ramp",
        "current_round_fgsm",
        "half_batch_fgsm",
    )
    """Recipes attacked after every round; the others after the last."""
    rounds: int = Field(default=5, ge=1)
    epochs_per_round: int = Field(default=10, ge=1)
    epsilons: tuple[float, ...] = (0.35,)
    """Budgets of the examples made in each round, one set of examples for each."""
    pgd_epsilon: float = 0.35
    """Budget PGD training ends at; it rises evenly, from zero, over the rounds but the last.

    FGSM with random start, TRADES, certified and threat-matched training share budget and ramp; monotone models train
    on frauds moved by it.
    """
    pgd_steps: int = Field(default=7, ge=1)
    """Steps of the inner maximisation of PGD training, TRADES and threat-matched training."""
    random_start_step: float = Field(default=1.25, gt=0)
    """Step of FGSM with random start, as a share of the budget."""
    trades_beta: float = Field(default=3.0, ge=0)
    """Weight of TRADES on staying close to the clean answer, against being right."""
    certified_kappa: float = Field(default=0.25, ge=0, le=1)
    """Weight of the clean loss certified training ends at; it falls from one as the budget rises."""
    reach: tuple[tuple[float, ...], tuple[float, ...]] | None = None
    """Share of the budget each feature may fall, and rise, by in threat-matched training; set from the features
    and the quoted tier."""


class TreesSpec(Record):
    """Boosted trees, as scikit-learn trains them."""

    rounds: int = Field(default=100, ge=1)
    """Trees of an ensemble: few enough that every row is settled, and that settings can be compared."""
    depths: tuple[Annotated[int, Field(ge=1)], ...] = Field(default=(2, 4), min_length=1)
    """Splits from the root to a leaf, at most: each replicate chooses among these, on rows inside its own training
    rows; the first where there are too few rows to choose on, or two are as good."""
    learning_rates: tuple[Annotated[float, Field(gt=0)], ...] = (0.2, 0.1)
    """One for each depth: what fewer splits lack, larger steps make up for."""
    smallest_leaf: int = Field(default=20, ge=1)
    """Training rows that a leaf needs."""
    choosing_share: float = Field(default=0.2, gt=0, lt=1)
    """Share of the training rows of a replicate, alike of both classes, that choose: held out until all of them train
    what was chosen."""

    @model_validator(mode="after")
    def _every_depth_has_its_learning_rate(self):
        if len(self.depths) != len(self.learning_rates):
            raise ValueError(
                f"{len(self.learning_rates)} learning_rates for {len(self.depths)} depths; give one for each"
            )
        return self


class ProofSpec(Record):
    """What is proved beside what is attacked."""

    epsilons: tuple[float, ...] = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1.0)
    """Budgets at which every row is settled: plain box, and tiers at the quoted false-positive rate."""
    false_positive_rates: tuple[float, ...] = (0.01, 0.02, 0.05, 0.10)
    """Operating points beside each model's own cut: cuts at which every model stops this share of genuine rows."""
    quoted_false_positive_rate: float = 0.05
    relabelled_shares: tuple[float, ...] = (0.01, 0.05, 0.10, 0.20)
    """Shares of rows called fraud in the cross-check of the prior shift."""
    leading: tuple[str, ...] = ("standard", "accumulating_fgsm", "pgd_ramp", "pgd_tier1")
    """Models looked at most closely (radii, money): the undefended, the original's, the best at either tier."""
    radius_seeds: int = Field(default=3, ge=1)
    """Seeds whose rows get a radius, which is dear for masked models; the budgets are settled for all seeds."""
    radius_tolerance: float = Field(default=1e-3, gt=0)
    """Widest bracket of a radius, in standard deviations."""
    box_limit: int = Field(default=10_000_000, ge=1)
    """Boxes a row may cost before it is put to the mixed-integer program; the hardest radius measured cost
    2.3 million."""
    tau: float = Field(default=2e-5, gt=0)
    """Logits a proof keeps from the cut: twice what float32 was seen to move a margin by near it (1e-5,
    gradient-masked models), so that what is proved also holds in the deployed model. A row whose margin is within
    twice of it at some input is worst at zero to within rounding and counts as broken; the gap between the two ends a
    search without a floor on box width."""
    milp_tau: float = Field(default=1e-4, gt=0)
    """The same for the mixed-integer program: HiGHS holds constraints to 1e-6 and big-M multiplies that, so a proof
    needs a dual bound above it, and a witness counts only if the network itself is at most that."""
    milp_seconds: float = Field(default=60.0, gt=0)
    """Seconds the mixed-integer program may take for a row before it counts as unresolved."""
    cross_checked_rows: int = Field(default=2, ge=1)
    """Rows of each model, first replicate, that are put to the mixed-integer program too: both must agree."""
    population_rows: int = Field(default=40_000, ge=100)
    """Fresh rows the limit of any classifier is estimated on, where the dataset can be drawn from."""


class GateSpec(Record):
    """Where the sanity gate draws its lines."""

    overstated: float = Field(default=0.05, gt=0)
    """An attack figure this far above the exact one is gradient masking (catastrophic overfitting)."""
    level: float = Field(default=0.002, gt=0)
    """Shares that differ by less count as level."""
    least_correlation: float = Field(default=0.05, gt=0)
    """Matthews correlation below which a model hardly predicts at all."""
    least_seeds: int = Field(default=5, ge=1)
    least_replayed: float = Field(default=0.999, gt=0, le=1)
    """Share of the witnesses that the deployed arithmetic must confirm."""


class ScenarioSpec(Record):
    """The day at the bank that turns rates into counts; the original's assumptions."""

    transactions_per_day: int = 10_000
    fraud_share: float = 0.15
    """Share of transactions that are fraud on that day (the study's own data has 20 %)."""


class BreakdownSpec(Record):
    """A column whose rows and frauds are counted group by group."""

    column: str
    title: Words
    kind: Literal["category", "decade", "rows_per_id", "hour", "weekday", "month"] = "category"
    """A group is a value, ten whole years, the rows that an identifier has, or a part of the time."""
    note: Words = ""
    """One sentence without digits: what to see."""


class StudySpec(Record):
    """One study of one dataset: what a study file asks for."""

    dataset: str
    """What the study is called: the name of its file."""
    table: str
    """Who loads and labels the table: a folder in `generator/datasets/`."""
    title: Words
    """Of the dataset, short, for charts and headings."""
    description: Annotated[str | dict[str, str], WORDS]
    """One or two sentences without digits; or one text for each status that the source of the table can have."""
    currency: Words = "USD"
    """In front of every amount of money."""
    inputs: tuple[Input, ...] = Field(min_length=1)
    """Of the models, in the order they see them."""
    amount: str
    """The input that holds the money of a transaction."""
    columns: Annotated[dict[str, str], WORDS]
    """What the study does with each column of the table, in a few words without digits."""
    breakdowns: tuple[BreakdownSpec, ...] = ()
    seed: int = 42
    """The only seed; every stage draws from it under its own name."""
    quick: bool = False
    """A small run for authors: never for decisions, and every page says so."""
    label: Label
    """Made by a rule, or found. Without a rule nothing is said of formula, cut and score."""
    training: TrainingSpec = TrainingSpec()
    beside: tuple[Beside, ...] = ()
    """Models of other kinds that are studied beside FraudNet."""
    trees: TreesSpec = TreesSpec()
    sample: SampleSpec = SampleSpec()
    threat: Threat
    """Who attacks."""
    roles: Roles = Roles()
    """Which model plays which part."""
    attack: AttackSpec = AttackSpec()
    hardening: HardeningSpec = HardeningSpec()
    proof: ProofSpec = ProofSpec()
    battery: BatterySpec = BatterySpec()
    gate: GateSpec = GateSpec()
    extraction: ExtractionSpec | None = None
    """Whether thieves copy models through their answers; None: not asked."""
    inference: InferenceSpec | None = None
    """What is asked about training rows; None: nothing."""
    poisoning: PoisoningSpec | None = None
    """None: nobody changes training rows."""
    scenario: ScenarioSpec = ScenarioSpec()
    bootstrap: int = Field(default=2000, ge=100)
    """Resamples of (seed, row) behind the interval of a difference."""
    kept_draws: int = Field(default=200, ge=1)
    """Of these resamples, how many rates are kept one by one, for what readers work out themselves."""
    rows: int | None = None
    """Rows generated, where the dataset is simulated."""

    @property
    def rule(self) -> LabelSpec | None:
        """The rule that makes the label; None where it was found."""
        return self.label if isinstance(self.label, LabelSpec) else None

    @property
    def input_names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.inputs)

    def described(self, status: str) -> str:
        """The description of a table whose source has that status."""
        return self.description if isinstance(self.description, str) else self.description.get(status, "")

    @model_validator(mode="after")
    def _amount_is_an_input(self):
        if self.amount not in self.input_names:
            raise ValueError(f"amount {self.amount!r} is no input; inputs: {', '.join(self.input_names)}")
        return self

    @model_validator(mode="after")
    def _quoted_budgets_are_proved(self):
        missing = {self.attack.headline_epsilon, *self.attack.round_epsilons} - set(self.proof.epsilons)
        if missing or not set(self.proof.epsilons) <= set(self.attack.epsilons):
            raise ValueError(
                f"proof.epsilons {self.proof.epsilons} must hold every quoted budget "
                f"(missing: {sorted(missing)}) and be among attack.epsilons"
            )
        return self

    def quickened(self, *, seeds: int = 2) -> "StudySpec":
        """The same study with fewer seeds, budgets and rounds, marked as quick."""
        return self.model_copy(
            update={
                "quick": True,
                "training": self.training.model_copy(update={"seeds": seeds, "folds": 3}),
                "attack": self.attack.model_copy(
                    update={"epsilons": (0.0, 0.1, 0.25, 0.35, 0.5, 1.0), "pgd_steps": 10}
                ),
                "hardening": self.hardening.model_copy(
                    update={"rounds": 3, "epochs_per_round": 4, "pgd_steps": 3}
                ),
                "proof": self.proof.model_copy(
                    update={
                        "epsilons": (0.1, 0.25, 0.35, 0.5, 1.0),
                        "radius_seeds": 1,
                        "radius_tolerance": 0.02,
                        "population_rows": 5_000,
                    }
                ),
                "battery": self.battery.model_copy(
                    update={"restarts": 2, "hop_skip_jump_rows": 4, "zoo_rows": 4, "tree_copy_rows": 40}
                ),
                "extraction": self.extraction and self.extraction.quickened(),
                "inference": self.inference and self.inference.quickened(),
                "poisoning": self.poisoning and self.poisoning.quickened(),
                "bootstrap": 200,
            }
        )

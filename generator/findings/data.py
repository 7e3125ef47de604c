"""What the pages say about the data itself: which file, what a budget means in it, how its label holds."""

from dataclasses import dataclass

from generator.notation import formats
from generator.notation.names import CONTROLS, HELPS, MODELS, STATUSES, ModelName, attack_title
from generator.records.features import Feature
from generator.records.results import StudyResult, TransactionExample


@dataclass(frozen=True)
class BudgetRow:
    """One feature with the meaning of each budget in its own unit."""

    feature: Feature
    mean: str
    spread: str
    control: str
    helps: str
    budgets: tuple[str, ...]


@dataclass(frozen=True)
class MedianRow:
    feature: Feature
    legitimate: str
    fraud: str


@dataclass(frozen=True)
class StepRow:
    """One feature of the walk-through, in both units."""

    feature: Feature
    scaled: float
    gradient: float
    step: float
    before: str
    after: str
    change: str


@dataclass(frozen=True)
class FeatureChange:
    feature: Feature
    before: str
    after: str
    change: str


@dataclass(frozen=True)
class ExampleCard:
    """A real transaction before and after an attack, in raw units."""

    example: TransactionExample
    words: ModelName
    attack: str
    changes: tuple[FeatureChange, ...]


@dataclass(frozen=True)
class Movement:
    """How an attack moved one feature, on average, over the frauds it hid."""

    feature: Feature
    mean_change: str
    mean_size: str
    share_up: float


@dataclass(frozen=True)
class MovementTable:
    words: ModelName
    rows: int
    features: tuple[Movement, ...]


def status_line(result: StudyResult) -> str:
    """Which data the numbers stand on; every page prints it."""
    source = result.data.source
    return (
        f"{formats.md(result.data.title)}: {STATUSES[source.status]}, "
        f"{formats.count(result.data.n_rows)} rows, table hash {formats.sha(source.canonical_sha256)}."
    )


def quoted_budgets(result: StudyResult) -> tuple[float, ...]:
    """The budgets tables quote: those of the rounds and the headline one, rising."""
    spec = result.spec.attack
    return tuple(sorted({*spec.round_epsilons, spec.headline_epsilon}))


def budget_rows(result: StudyResult) -> tuple[BudgetRow, ...]:
    return tuple(
        BudgetRow(
            feature,
            formats.raw_moved(feature.mean, feature),
            formats.raw_spread(feature),
            CONTROLS[feature.control],
            HELPS[feature.helps],
            tuple(formats.raw_epsilon(budget, feature) for budget in quoted_budgets(result)),
        )
        for feature in result.data.features
    )


def feature(result: StudyResult, name: str) -> Feature:
    """The model input called `name`; KeyError if there is none."""
    return {feature.name: feature for feature in result.data.features}[name]


def medians(result: StudyResult) -> tuple[MedianRow, ...]:
    return tuple(
        MedianRow(each, *(formats.raw(value, each) for value in result.data.label.medians[each.name]))
        for each in result.data.features
        if each.name in result.data.label.medians
    )


def steps(result: StudyResult) -> tuple[StepRow, ...]:
    rows = []
    for step in result.walkthrough.features:
        each = feature(result, step.feature)
        before, after = formats.raw(step.raw, each), formats.raw_moved(step.raw_attacked, each)
        change = formats.raw_change(step.raw_attacked - step.raw, each)
        rows.append(StepRow(each, step.scaled, step.gradient, step.step, before, after, change))
    return tuple(rows)


def examples(result: StudyResult) -> tuple[ExampleCard, ...]:
    return tuple(
        ExampleCard(
            example,
            MODELS[example.model],
            attack_title(example.attack, result.spec),
            tuple(
                FeatureChange(
                    each,
                    formats.raw(example.before[each.name], each),
                    formats.raw_moved(example.after[each.name], each),
                    formats.raw_change(example.after[each.name] - example.before[each.name], each),
                )
                for each in result.data.features
            ),
        )
        for example in result.examples
    )


def movements(result: StudyResult) -> tuple[MovementTable, ...]:
    """One table per model, in the order of the records."""
    names = dict.fromkeys(movement.model for movement in result.movements)
    tables = []
    for name in names:
        found = [movement for movement in result.movements if movement.model == name]
        rows = tuple(
            Movement(
                feature(result, each.feature),
                formats.raw_change(each.mean_change, feature(result, each.feature)),
                formats.raw_moved(each.mean_absolute_change, feature(result, each.feature)),
                each.share_up,
            )
            for each in found
        )
        tables.append(MovementTable(MODELS[name], found[0].rows, rows))
    return tuple(tables)


def flip_sentence(result: StudyResult) -> str:
    """How far an attack changes the truth by the label's own formula, up to the headline budget.

    Empty where no rule made the label, or nothing was measured.
    """
    rule, headline = result.data.rule, result.spec.attack.headline_epsilon
    if rule is None:
        return ""
    measured = [
        pair for pair in zip(rule.flip_epsilons, rule.flip_shares, strict=True) if pair[0] <= headline
    ]
    if not measured:
        return ""
    epsilon, share = measured[-1]
    return (
        f"Within {formats.epsilon(epsilon)}, {formats.percent(share)} of the frauds could stop being frauds "
        f"by the label's own formula. Such a row is no longer a fraud that the model ought to catch."
    )

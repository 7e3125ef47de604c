"""How the figures of a validation are known, and where they end."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.findings.validation.inputs import by_budget, movable
from generator.findings.validation.models import attacked, in_order, title_of, unchecked, words
from generator.notation import formats
from generator.notation.formats import md
from generator.notation.names import KINDS
from generator.records.validation import ValidatedModel, ValidationResult, ValidationSpec

WAYS = {
    "trees": "by a search over the cells between its own thresholds",
    "linear": "in closed form",
    "relu": "by splitting the box and bounding each part",
    "smooth": "by bounds on its activations",
    "encoded": "behind its encoders: nets by splitting the box or by bounds, lines in closed form",
}
"""How a kind of model is proved."""
INTERVALS = {
    "clopper-pearson": "Intervals of shares are exact (Clopper and Pearson), which holds for few frauds too.",
    "wilson": "Intervals of shares are those of Wilson.",
}
"""How the interval of a share is worked out, by its method."""
SAW = {
    "rows that train": "It is judged on none of the rows that trained it.",
    "none of these rows": "It was trained on none of these rows, so that all judge it.",
    "unknown": "Nobody says which rows it was trained on.",
}


@dataclass(frozen=True)
class Origin:
    """A model: how it was made, or for a deployed one where it comes from and how it was checked."""

    title: str
    sentences: tuple[str, ...]
    sha256: str
    """Of its file; empty for a model trained here."""


def ways(result: ValidationResult) -> tuple[str, ...]:
    """How the models that are here are proved, kind by kind."""
    kinds = dict.fromkeys(model.kind for model in in_order(result))
    named = any(each.kind != "number" for each in movable(result))
    more = {"encoded": ", with every combination of categories in reach" if named else ""}
    return tuple(
        f"{_models(result, kind)}: each row is settled {WAYS[kind]}{more.get(kind, '')}."
        for kind in kinds
        if kind in WAYS
    )


def _models(result: ValidationResult, kind: str) -> str:
    return formats.listed(f"“{md(title_of(model))}”" for model in in_order(result) if model.kind == kind)


def settled(result: ValidationResult) -> str:
    if not result.unresolved:
        return "Every fraud was settled for every model, attacker, rate and budget: none is left open."
    return (
        f"{formats.count(result.unresolved)} frauds, over all of these, were left open; they count as missed."
    )


def rounded(result: ValidationResult) -> str:
    """Whose answers hang on rounding; empty where it decides nothing."""
    parts = [
        f"{formats.count(model.rounding)} of “{md(title_of(model))}”"
        for model in in_order(result)
        if model.rounding
    ]
    return f"Answers that hang on rounding alone count as missed: {formats.listed(parts)}." if parts else ""


def origins(result: ValidationResult) -> tuple[Origin, ...]:
    return tuple(
        Origin(
            md(title_of(model)),
            tuple(_origin(model) if model.deployed else _made(model, result.spec)),
            model.sha256,
        )
        for model in in_order(result)
    )


def _made(model: ValidatedModel, spec: ValidationSpec) -> Iterator[str]:
    known = words(model.name)
    yield known.made if known else f"{md(KINDS.get(model.kind, model.kind))}, trained here."
    if spec.class_weights == "balanced":
        yield "Frauds weighed as much as genuine rows in its training, all together."


def _origin(model: ValidatedModel) -> Iterator[str]:
    kind = KINDS.get(model.kind, model.kind)
    yield f"{md(kind)}, from a file of {md(model.library)}." if model.library else f"{md(kind)}."
    if unchecked(model):
        yield "**Unchecked**: nobody said what it scored, so that a wrong reading of its file would not show."
    else:
        within = f"to within {formats.significant(model.tolerance)}" if model.tolerance else "to the last bit"
        rows = formats.count(model.reproduced)
        yield f"Its owner's scores were reproduced {within} on {rows} of {rows} rows."
    yield SAW.get(model.saw, "")


def intervals(result: ValidationResult) -> str:
    return INTERVALS.get(result.tiers[0].caught_clean.method, "")


def monotone(result: ValidationResult) -> tuple[str, ...]:
    """Of each model that is proved monotone in some inputs that can be changed, in which; whatever the others are."""
    changed = {each.name: md(each.title) for each in movable(result)}
    said = []
    for model in in_order(result):
        rows = [row for row in result.proved_monotone if row.model == model.name]
        names = [name for name in changed if any(name in (*row.rises, *row.falls) for row in rows)]
        if not names:
            continue
        which = formats.listed(changed[name] for name in names)
        every = "all inputs that can be changed" if len(names) == len(changed) else which
        said.append(f"“{md(title_of(model))}” is proved monotone in {every}, whatever the other inputs are.")
    return tuple(said)


def judged(result: ValidationResult) -> str:
    """Which rows are judged, by what was trained on which."""
    spec, rows = result.spec, result.judged
    start = f"{formats.count(rows.rows)} rows are judged, {formats.count(rows.frauds)} of them frauds"
    if rows.rows < result.table.rows:
        start += f", out of {formats.count(result.table.rows)}"
    repeated = f"{formats.count(spec.training.seeds)} times"
    if spec.split is None:
        return (
            f"{start}. What is trained here judges in {formats.count(spec.training.folds)} folds, {repeated}: no row "
            "trains a model that judges it."
        )
    if spec.split.judged_from:
        return (
            f"{start}: those from {md(spec.split.judged_from)} on. What is trained here saw earlier ones alone, and "
            f"was trained {repeated}."
        )
    return (
        f"{start}: those that {md(spec.split.column)} sets apart. What is trained here saw none of them, and was "
        f"trained {repeated}."
    )


def limits(result: ValidationResult) -> tuple[str, ...]:
    """What the figures do not say, for this study."""
    return tuple(_limits(result))


def _limits(result: ValidationResult) -> Iterator[str]:
    yield "Frauds that nobody found count as genuine."
    if attacked(result):
        yield (
            "A proof holds for what the study file says that a fraudster can change, and for nothing beyond it."
        )
        yield "The worst case is proved, not the usual one: real fraudsters do not know the model."
    if by_budget(result):
        budget = formats.epsilon(result.spec.attack.headline_epsilon)
        yield f"Inputs that move by a budget move by {budget}; a larger one leaves less."
    if result.spec.time is None:
        yield "No column of dates is known, so nothing is said of rows that come later."
    elif result.later is None and not (result.spec.split and result.spec.split.judged_from):
        yield "Folds mix the times, so nothing is said of rows that come later."
    if result.mean_fraud_amount is None and result.spec.typical_loss is None:
        yield (
            "Nothing is said in money, as every fraud counts the same: name a column of amounts in the study file "
            "(`amount`), or say what a missed fraud costs (`typical_loss`), for figures in money and a calculator."
        )
    elif result.mean_fraud_amount is None:
        yield "No column holds money, so every fraud costs the same: what the study file says."
    if result.spec.weights is not None:
        yield (
            f"Rows count as often as {md(result.spec.weights)} says, in every rate, cut and share of money. Training, "
            "the choice of a model and the area under the ROC curve count each of them once."
        )
    if result.table.prior is None:
        yield "The share of frauds is that of the table, which may have been drawn otherwise."
    if result.spec.inference and not result.inference:
        yield (
            "What the models give away about these rows is not known. To tell, each kind has to be trained on several "
            "folds, and that at least twice, which this study does not do."
        )
    if result.spec.sample.most_evaluated_rows < result.table.rows and result.judged.rows < result.table.rows:
        yield "A sample of the rows is judged; every interval is that of the sample."

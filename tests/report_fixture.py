"""A small, plausible, deterministic result with every field filled: what the report side is tested on."""

import math
import re
import shutil
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from extraction_fixture import with_extraction
from proof_fixture import BUDGETS, tiny_proofs
from rates_fixture import tiny_draws, tiny_rates
from threat_fixture import FRAUDSTERS

from generator.records import metrics
from generator.records.base import Record
from generator.records.features import Input
from generator.records.results import (
    AccuracyBounds,
    Anomaly,
    BoundarySlice,
    Breakdown,
    Calendar,
    CategoryCount,
    ColumnSummary,
    Comparison,
    Confusion,
    Correlations,
    DatasetSummary,
    DataSource,
    Estimate,
    Evaluation,
    Feature,
    FeatureMovement,
    FeatureStep,
    GroupErrors,
    Histogram,
    ImpactResult,
    ImpactRow,
    Judged,
    LabelCard,
    LeakageReduction,
    ModelResult,
    Provenance,
    RoundResult,
    RuleCard,
    StudyResult,
    TransactionExample,
    Walkthrough,
)
from generator.records.spec import AttackSpec, HardeningSpec, LabelSpec, ProofSpec, StudySpec, TrainingSpec
from generator.records.validation import ValidationResult

ROOT = Path(__file__).parent.parent
ROWS, FRAUDS, SEEDS = 1000, 200, 2
EPSILONS = (0.0, 0.1, 0.25, 0.35, 0.5, 1.0)
HEADLINE = 0.35

# name: (title, unit, decimals, control, helps, low, high, mean, standard deviation)
FEATURES = {
    "checks": {
        "amount": ("Check amount", "USD", 2, "effort", "down", 10.0, 25000.0, 1014.0, 1208.0),
        "account_age": ("Account age", "years", 1, "nobody", "none", 0.08, 40.0, 6.7, 5.3),
        "bounced_checks": ("Bounced checks", "", 0, "insider", "down", 0.0, 12.0, 0.55, 1.0),
        "distance": ("Distance to branch", "miles", 1, "effort", "down", 0.1, 3000.0, 19.7, 48.0),
        "signature_match": ("Signature match", "", 3, "effort", "up", 0.05, 1.0, 0.85, 0.1),
    },
    "kaggle": {
        "TransactionAmount": ("Amount", "USD", 2, "effort", "down", 0.26, 1919.11, 297.59, 291.95),
        "CustomerAge": ("Customer age", "years", 0, "nobody", "none", 18.0, 80.0, 44.7, 17.8),
        "TransactionDuration": ("Duration", "s", 0, "free", "both", 10.0, 300.0, 119.6, 70.0),
        "LoginAttempts": ("Login attempts", "", 0, "effort", "down", 1.0, 5.0, 1.12, 0.6),
        "AccountBalance": ("Account balance", "USD", 2, "nobody", "none", 101.25, 14977.99, 5114.0, 3900.0),
    },
}

# name: clean (TPR, FPR); TPR and FPR that remain at a large budget under FGSM, under PGD, and in truth
BEHAVIOUR = {
    "standard": ((0.95, 0.012), (0.15, 0.5), (0.1, 0.62), (0.09, 0.63)),
    "accumulating_fgsm": ((0.88, 0.03), (0.7, 0.08), (0.04, 0.7), (0.0, 0.95)),
    "current_round_fgsm": ((0.87, 0.03), (0.6, 0.12), (0.06, 0.6), (0.02, 0.8)),
    "half_batch_fgsm": ((0.86, 0.03), (0.45, 0.2), (0.2, 0.45), (0.18, 0.5)),
    "extra_epochs": ((0.95, 0.011), (0.12, 0.52), (0.08, 0.66), (0.07, 0.67)),
    "pgd_ramp": ((0.72, 0.04), (0.4, 0.13), (0.39, 0.14), (0.385, 0.143)),
    "fgsm_random_start": ((0.74, 0.04), (0.39, 0.14), (0.37, 0.15), (0.36, 0.152)),
    "trades": ((0.7, 0.035), (0.4, 0.13), (0.39, 0.135), (0.383, 0.14)),
    "crown_ibp": ((0.66, 0.03), (0.38, 0.12), (0.375, 0.125), (0.37, 0.126)),
    "pgd_tier1": ((0.93, 0.03), (0.2, 0.45), (0.15, 0.55), (0.14, 0.56)),
}


def tiny_result(dataset: str = "checks") -> StudyResult:
    """The result of an invented study of `dataset` ("checks" or "kaggle"); equal calls, equal values."""
    spec = _spec(dataset)
    recipes = tuple(_model(spec, name) for name in spec.hardening.recipes)
    models = (_model(spec, "standard"), _approve_everything(), *recipes)
    features = tuple(FEATURES[dataset])
    return StudyResult(
        spec=spec,
        provenance=Provenance(
            study_key="5" * 64,
            source_sha256="a" * 64,
            lock_sha256="b" * 64,
            data_sha256="c" * 64,
            versions={"python": "3.11.7", "torch": "2.9.0", "adversarial-robustness-toolbox": "1.20.1"},
        ),
        data=_data(dataset),
        judged=Judged(rows=ROWS, frauds=FRAUDS, training_rows=ROWS * 4 // 5),
        models=models,
        comparisons=tuple(_comparisons(models)),
        movements=tuple(
            FeatureMovement(
                model=model, feature=name, mean_change=(-1) ** i * 0.3 * _std(dataset, name),
                mean_absolute_change=0.31 * _std(dataset, name), share_up=0.9 if i % 2 else 0.1, rows=120,
            )
            for model in ("standard", "accumulating_fgsm", "pgd_ramp")
            for i, name in enumerate(features)
        ),
        walkthrough=_walkthrough(dataset),
        examples=tuple(_example(dataset, i) for i in range(3)),
        slices=tuple(
            _slice(dataset, model, steep) for model, steep in (("standard", 9.0), ("accumulating_fgsm", 3.0))
        ),
        impact=_impact(spec, models),
        proofs=tiny_proofs(models, dict(FEATURES[dataset])),
        rates=tiny_rates(dataset, spec.proof.epsilons),
        groups=_groups(),
        budget_violations=3,
    )  # fmt: skip


def _spec(dataset: str) -> StudySpec:
    budgets = (0.35,) if dataset == "checks" else (0.1, 0.25, 0.35, 0.5)
    return StudySpec(
        dataset=dataset,
        table=dataset,
        title="",
        description="",
        inputs=(Input(name="amount", title="", decimals=2, control="free", helps="down", note=""),),
        amount="amount",
        columns={},
        threat=FRAUDSTERS,
        quick=True,
        label=LabelSpec(
            fraud_share=0.2,
            weights={"amount": 0.35, "drain": 0.25, "logins": 0.2, "duration": 0.1, "balance": 0.1},
            formula="0.35 r(amount) + 0.25 r(drain) + 0.20 logins + 0.10 r(duration) + 0.10 (1 - r(balance))",
        ),
        training=TrainingSpec(seeds=SEEDS, folds=3),
        attack=AttackSpec(epsilons=EPSILONS, pgd_steps=10),
        proof=ProofSpec(epsilons=EPSILONS[1:]),
        hardening=HardeningSpec(
            recipes=tuple(name for name in BEHAVIOUR if name != "standard"),
            rounds=3,
            epochs_per_round=4,
            epsilons=budgets,
        ),
        bootstrap=200,
        rows=ROWS if dataset == "checks" else None,
    )


def _rates(name: str, attack: str, epsilon: float, progress: float) -> tuple[float, float]:
    """(TPR, FPR), falling from the clean rates towards the floor; `progress` 0 is the standard model."""
    pairs = []
    for model in ("standard", name):
        clean, *attacked = BEHAVIOUR[model]
        floor = dict(zip(("clean", "fgsm", "pgd", "exact"), (clean, *attacked), strict=True))[attack]
        left = math.exp(-3.2 * epsilon)
        pairs.append([f + (c - f) * left for c, f in zip(clean, floor, strict=True)])
    return tuple((1 - progress) * a + progress * b for a, b in zip(*pairs, strict=True))


def _evaluation(attack: str, epsilon: float, tpr: float, fpr: float) -> Evaluation:
    positives, negatives = FRAUDS * SEEDS, (ROWS - FRAUDS) * SEEDS
    caught, stopped = round(tpr * positives), round(fpr * negatives)
    return Evaluation(
        attack=attack,
        epsilon=epsilon,
        confusion=Confusion(
            true_positives=caught,
            false_negatives=positives - caught,
            false_positives=stopped,
            true_negatives=negatives - stopped,
        ),
        accuracy=metrics.rate_estimate(caught + negatives - stopped, ROWS, SEEDS),
        true_positive_rate=metrics.rate_estimate(caught, FRAUDS, SEEDS),
        false_positive_rate=metrics.rate_estimate(stopped, ROWS - FRAUDS, SEEDS),
    )


def _round(spec: StudySpec, name: str, number: int, progress: float, epsilons) -> RoundResult:
    points = [("clean", 0.0), *((a, e) for a in spec.attack.attacks for e in epsilons)]
    if tuple(epsilons) == EPSILONS:
        points += [("exact", epsilon) for epsilon in EPSILONS]
    elif name == "accumulating_fgsm":
        points.append(("exact", HEADLINE))
    return RoundResult(
        round=number,
        training_rows=667 * (1 + number),
        gradient_steps=275 + 120 * number,
        evaluations=tuple(_evaluation(a, e, *_rates(name, a, e, progress)) for a, e in points),
    )


def _model(spec: StudySpec, name: str) -> ModelResult:
    if name == "standard":
        return ModelResult(name=name, kind="relu", rounds=(_round(spec, name, 0, 1.0, EPSILONS),))
    last = spec.hardening.rounds
    return ModelResult(
        name=name,
        kind="relu",
        rounds=tuple(
            _round(spec, name, i, i / last, EPSILONS if i == last else spec.attack.round_epsilons)
            for i in range(last + 1)
            if i in (0, last) or name in spec.hardening.followed
        ),
    )


def _approve_everything() -> ModelResult:
    points = [("clean", 0.0), *((a, e) for a in ("fgsm", "pgd", "exact") for e in EPSILONS)]
    evaluations = tuple(_evaluation(a, e, 0.0, 0.0) for a, e in points)
    only = RoundResult(round=0, training_rows=0, gradient_steps=0, evaluations=evaluations)
    return ModelResult(name="approve_everything", kind=None, rounds=(only,))


def _spread(value: float, half: float, method: str = "bootstrap", n: int = ROWS) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=n, seeds=SEEDS, method=method)


def _comparisons(models):
    pairs = [(model, models[0]) for model in models[2:]]
    pairs += [(model, models[1]) for model in (models[0], *models[2:])]
    points = (("clean", 0.0), ("fgsm", HEADLINE), *((a, e) for e in BUDGETS for a in ("pgd", "exact")))
    for model, base in pairs:
        for attack, epsilon in points:
            for metric in ("accuracy", "true_positive_rate", "false_positive_rate"):
                mine, theirs = (getattr(r.final.at(attack, epsilon), metric) for r in (model, base))
                difference = _spread(mine.value - theirs.value, 0.03)
                yield Comparison(
                    model=model.name, baseline=base.name, metric=metric, attack=attack, epsilon=epsilon,
                    difference=difference, direction=metrics.direction(difference),
                )  # fmt: skip


def _impact(spec: StudySpec, models) -> ImpactResult:
    frauds = spec.scenario.transactions_per_day * spec.scenario.fraud_share
    genuine = spec.scenario.transactions_per_day - frauds
    mean = 671.08
    rows, reductions = [], []
    points = [("clean", 0.0), *((a, HEADLINE) for a in spec.attack.attacks), ("exact", HEADLINE)]
    for model in models:
        for attack, epsilon in points:
            now, clean = model.final.at(attack, epsilon), model.final.at("clean")
            missed = _scaled(now.true_positive_rate, -frauds, frauds)
            rows.append(
                ImpactRow(
                    model=model.name, attack=attack, epsilon=epsilon, missed_frauds=missed,
                    leakage_usd=_scaled(missed, mean, 0.0),
                    false_alarms=_scaled(clean.false_positive_rate, genuine, 0.0),
                )
            )  # fmt: skip
            if model.name not in ("standard", "approve_everything"):
                base = models[0].final.at(attack, epsilon).true_positive_rate.value
                value = 1 - (1 - now.true_positive_rate.value) / (1 - base)
                reduction = _spread(value, 0.08, n=FRAUDS)
                reductions.append(
                    LeakageReduction(
                        model=model.name, baseline="standard", attack=attack, epsilon=epsilon,
                        reduction=reduction,
                        direction={"higher": "lower", "lower": "higher"}.get(
                            metrics.direction(reduction), "no difference"
                        ),
                    )
                )  # fmt: skip
    return ImpactResult(
        frauds_per_day=frauds,
        genuine_per_day=genuine,
        mean_fraud_amount=mean,
        rows=tuple(rows),
        reductions=tuple(reductions),
        accuracy_bounds=(
            AccuracyBounds(accuracy=0.58, missed_least=0.0, missed_most=1500.0),
            AccuracyBounds(accuracy=0.90, missed_least=0.0, missed_most=750.0),
        ),
    )


def _scaled(rate: Estimate, factor: float, start: float) -> Estimate:
    ends = sorted(start + factor * value for value in (rate.low, rate.high))
    value = start + factor * rate.value
    return rate.model_copy(update={"value": value, "low": ends[0], "high": ends[1]})


def _std(dataset: str, name: str) -> float:
    return FEATURES[dataset][name][-1]


def _data(dataset: str) -> DatasetSummary:
    features = tuple(
        Feature(
            name=name, title=title, unit=unit, decimals=decimals, control=control, helps=helps,
            note="An invented feature.", low=low, high=high, mean=mean, standard_deviation=std,
        )
        for name, (title, unit, decimals, control, helps, low, high, mean, std) in FEATURES[dataset].items()
    )  # fmt: skip
    stand_in = dataset == "kaggle"
    return DatasetSummary(
        name=dataset,
        title="Bank transactions (Kaggle)" if stand_in else "Bank checks (synthetic)",
        description="An invented dataset for tests of the report.",
        source=DataSource(
            status="stand_in" if stand_in else "synthetic",
            origin="simulated from the published schema" if stand_in else "simulated",
            file_sha256="",
            canonical_sha256="c" * 64,
            licence="Apache-2.0",
        ),
        n_rows=ROWS,
        columns=(
            ColumnSummary(
                name="id", kind="identifier", unique=ROWS, missing=0, low="", high="", role="row name"
            ),
            *(
                ColumnSummary(
                    name=f.name, kind="number", unique=700, missing=0, low=f"{f.low:g}", high=f"{f.high:g}",
                    role="model input",
                )
                for f in features
            ),
        ),
        features=features,
        label=_label(dataset),
        rule=_rule(),
        histograms=tuple(_histogram(f, i) for i, f in enumerate(features)),
        breakdowns=_breakdowns(),
        correlations=_correlations(features),
        calendar=_calendar() if stand_in else None,
        anomalies=(
            Anomaly(
                slug="mondays",
                facts={"monday": 0.426, "rolled": 3 / 7, "weekend": 0.0, "chance": 0.55},
                labels=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
                values=(426.0, 150.0, 140.0, 143.0, 141.0, 0.0, 0.0),
            ),
            Anomaly(
                slug="travel", facts={"pairs": 19.0, "moved": 18.0}, labels=("moved", "stayed"), values=(18.0, 1.0)
            ),
        ),
    )  # fmt: skip


def _histogram(feature: Feature, i: int) -> Histogram:
    bins = 12
    log_scale = feature.low > 0 and feature.high / feature.low > 500
    if log_scale:
        ratio = (feature.high / feature.low) ** (1 / bins)
        edges = tuple(feature.low * ratio**k for k in range(bins + 1))
    else:
        edges = tuple(feature.low + (feature.high - feature.low) * k / bins for k in range(bins + 1))
    shift = 2 if i % 2 == 0 else -2
    return Histogram(
        column=feature.name, title=feature.title, unit=feature.unit, edges=edges,
        legitimate=_bell(bins, 5.0, ROWS - FRAUDS), fraud=_bell(bins, 5.0 + shift, FRAUDS),
        log_scale=log_scale, model_input=True,
    )  # fmt: skip


def _bell(bins: int, middle: float, total: int) -> tuple[int, ...]:
    weights = [math.exp(-((k - middle) ** 2) / 8) for k in range(bins)]
    counts = [int(total * w / sum(weights)) for w in weights]
    counts[int(middle)] += total - sum(counts)
    return tuple(counts)


def _groups() -> tuple[GroupErrors, ...]:
    """Errors of two models by channel: apart in what the standard one catches, alike in all else."""

    def rate(value: float, rows: int) -> Estimate:
        return metrics.rate_estimate(round(value * rows * SEEDS), rows, SEEDS)

    caught = {
        "standard": {"ATM": 0.5, "Branch": 0.8, "Online": 0.9},
        "pgd_tier1": {"ATM": 0.7, "Branch": 0.71, "Online": 0.72},
    }
    return tuple(
        GroupErrors(
            model=model, column=part.column, title=part.title, category=each.category,
            true_positive_rate=rate(shares[each.category], each.fraud),
            false_positive_rate=rate(0.02, each.legitimate),
        )
        for model, shares in caught.items()
        for part in _breakdowns()[:1]
        for each in part.categories
    )  # fmt: skip


def _breakdowns() -> tuple[Breakdown, ...]:
    def counts(**categories: tuple[int, int]) -> tuple[CategoryCount, ...]:
        return tuple(
            CategoryCount(category=name.replace("_", " "), legitimate=a, fraud=b)
            for name, (a, b) in categories.items()
        )

    cities = {f"City_number_{i}": (20 - i % 3, 5 - i % 2) for i in range(40)}
    return (
        Breakdown(
            column="Channel", title="Channel", kind="category", note="The channels differ little.",
            categories=counts(Branch=(280, 70), ATM=(260, 60), Online=(260, 70)),
        ),
        Breakdown(column="Location", title="City", kind="category", note="", categories=counts(**cities)),
        Breakdown(
            column="TransactionDate", title="Hour of day", kind="time", note="Only three hours are ever "
            "seen.",
            categories=counts(**{"16": (420, 100), "17": (260, 70), "18": (120, 30)}),
        ),
        Breakdown(
            column="TransactionDate", title="Weekday", kind="time", note="Weekends are empty.",
            categories=counts(Monday=(340, 86), Tuesday=(120, 30), Wednesday=(112, 28), Thursday=(116, 27),
                              Friday=(112, 29), Saturday=(0, 0), Sunday=(0, 0)),
        ),
        Breakdown(
            column="AccountID", title="Transactions per account", kind="rows_per_id", note="",
            categories=counts(**{"1": (40, 10), "2": (160, 40), "3": (240, 60), "4": (360, 90)}),
        ),
    )  # fmt: skip


def _correlations(features) -> Correlations:
    size = len(features)
    pearson = tuple(
        tuple(1.0 if i == j else round(0.32 * (-1) ** (i + j) / (1 + abs(i - j)), 3) for j in range(size))
        for i in range(size)
    )
    spearman = tuple(tuple(v if v == 1 else round(v * 1.2, 3) for v in row) for row in pearson)
    return Correlations(columns=tuple(f.title for f in features), pearson=pearson, spearman=spearman, n=ROWS)


def _calendar() -> Calendar:
    days = [date(2023, 1, 2) + timedelta(days=k) for k in range(364)]
    rows = [0 if d.weekday() > 4 else 8 if d.weekday() == 0 else 2 + d.day % 2 for d in days]
    return Calendar(dates=tuple(d.isoformat() for d in days), rows=tuple(rows))


def _label(dataset: str) -> LabelCard:
    return LabelCard(
        n_fraud=FRAUDS,
        medians={
            name: (values[-2], values[-2] + 0.8 * values[-1]) for name, values in FEATURES[dataset].items()
        },
        fraud_value_share=0.452,
        mean_fraud_amount=671.08,
    )


def _rule() -> RuleCard:
    return RuleCard(
        cut=0.573,
        score_edges=tuple(k / 20 for k in range(21)),
        score_counts=(*_bell(12, 6.0, 700), *_bell(8, 1.0, 300)),
        weight_overlap_mean=0.952,
        weight_overlap_low=0.923,
        formula_overlaps={"equal weights": 0.797, "without amount": 0.686, "amount alone": 0.676},
        flip_epsilons=(0.05, 0.1, 0.2, 0.3, 0.5),
        flip_shares=(0.1, 0.2, 0.37, 0.48, 0.67),
    )


def _walkthrough(dataset: str) -> Walkthrough:
    steps = []
    for i, (name, values) in enumerate(FEATURES[dataset].items()):
        gradient = (-1) ** (i + 1) * 0.4 / (1 + i)
        step = math.copysign(HEADLINE, gradient)
        raw = values[-2] + 0.9 * values[-1]
        steps.append(
            FeatureStep(
                feature=name, raw=raw, scaled=0.9, gradient=gradient, step=step,
                raw_attacked=raw + step * values[-1],
            )
        )  # fmt: skip
    return Walkthrough(
        row_id="TX000042",
        epsilon=HEADLINE,
        probability_before=0.81,
        probability_after=0.17,
        loss_before=0.21,
        loss_after=1.77,
        features=tuple(steps),
    )


def _example(dataset: str, i: int) -> TransactionExample:
    before = {name: values[-2] + (0.5 + 0.2 * i) * values[-1] for name, values in FEATURES[dataset].items()}
    return TransactionExample(
        row_id=f"TX{i:06d}",
        model="standard",
        attack="fgsm",
        epsilon=HEADLINE,
        before=before,
        after={name: value - HEADLINE * _std(dataset, name) for name, value in before.items()},
        probability_before=0.93 - 0.1 * i,
        probability_after=0.12 + 0.05 * i,
    )


def _slice(dataset: str, model: str, steep: float) -> BoundarySlice:
    (x_name, x_values), (y_name, y_values) = list(FEATURES[dataset].items())[:2]
    x = tuple(x_values[-2] + x_values[-1] * (k / 7 - 1) for k in range(15))
    y = tuple(y_values[-2] + y_values[-1] * (k / 6 - 1) for k in range(13))
    grid = tuple(
        tuple(1 / (1 + math.exp(-steep * (i / 14 - j / 20 - 0.3))) for i in range(15)) for j in range(13)
    )
    return BoundarySlice(model=model, x_feature=x_name, y_feature=y_name, x=x, y=y, probability=grid)


def templates_of(folder: Path, *pages: str) -> Path:
    """`folder`/templates with the templates of these pages alone, and with what all templates share."""
    chosen = folder / "templates"
    chosen.mkdir(exist_ok=True)
    for path in (ROOT / "templates").iterdir():
        if path.name.startswith("_") or path.name.removesuffix(".md.j2") in pages:
            shutil.copy(path, chosen)
    return chosen


def tiny_project(
    folder: Path,
    results: tuple[StudyResult, ...] = (),
    ids: tuple[str, ...] = (),
    validations: tuple[ValidationResult, ...] = (),
) -> tuple[StudyResult, ...]:
    """A copy of what MkDocs reads, with the pages of both tiny results, or of others, rendered into `folder`/docs.

    Of the two tiny ones the first asked for the other threats too.

    `ids` are those of the rows of the playground, ninety of them; `validations` have pages beside the studies.
    """
    from playground_fixture import IDS, tiny_offers

    from generator.pages.rendering import render_pages
    from generator.publish.metadata import write_metadata
    from generator.tools import calculator, playground

    results = results or (with_extraction(tiny_result("checks")), tiny_result("kaggle"))
    draws = {result.data.name: tiny_draws(result.rates) for result in results}
    offers = tiny_offers(results, folder / "records", ids or IDS)
    for name in ("mkdocs.yml", "mkdocs.offline.yml"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "overrides", folder / "overrides")
    shutil.copytree(ROOT / "docs" / "assets", folder / "docs" / "assets", ignore_dangling_symlinks=True)
    render_pages(
        results, ROOT / "templates", folder / "docs",
        files=(
            calculator.write(results, draws, folder / "scripts", validations)
            | playground.write(offers, folder / "scripts")
        ),
        documents=calculator.DOCUMENTS | playground.documents(offers),
        extras=lambda results: (
            calculator.values(results, draws) | playground.values(offers) | calculator.own_values(validations)
        ),
        validations=validations,
    )  # fmt: skip
    write_metadata(results, folder / "docs", validations=validations)
    return results


def misplaced(site: Path, url: str) -> list[str]:
    """What a built site gets wrong if it is published at `url`, by the addresses that hold the host's root or name."""
    folder = f"{urlsplit(url).path.rstrip('/')}/"
    unknown = re.findall(r'(?:href|src)="(/[^"]*)"', (site / "404.html").read_text(encoding="utf-8"))
    assert unknown
    named = {'rel="canonical" href="': "method/", 'og:image" content="': "assets/social.png"}
    page, base = (site / "method" / "index.html").read_text(encoding="utf-8"), f"{url.rstrip('/')}/"
    return [
        *(
            each
            for each in unknown
            if not each.startswith(folder) or not (site / each[len(folder) :]).exists()
        ),
        *(mark for mark, place in named.items() if f'{mark}{base}{place}"' not in page),
    ]


def without(value, gone: frozenset[str]):
    """A record as if the study had not run the models of these names: all that is about them is left out."""
    if isinstance(value, Record):
        if gone & _about(value):  # one that stands alone: the proof that is shown, the worked example
            return None
        return value.model_copy(update={name: without(part, gone) for name, part in vars(value).items()})
    if isinstance(value, tuple):
        return tuple(without(part, gone) for part in value if not gone & _about(part))
    return value


def _about(part) -> set[str]:
    if isinstance(part, str):
        return {part}
    name = part.name if isinstance(part, ModelResult) else getattr(part, "model", "")
    return set(name.split("/")) if isinstance(name, str) else set()


def without_original(dataset: str = "checks") -> StudyResult:
    """The tiny result of a study that never ran the original notebooks' recipe, in any reading."""
    result = tiny_result(dataset)
    found = without(result, frozenset(result.roles.readings))
    bounds = found.impact.accuracy_bounds[:1]  # the second is the original's
    return found.model_copy(update={"impact": found.impact.model_copy(update={"accuracy_bounds": bounds})})

"""A validation of an invented table of claims, with every part that its record may have, or without some of them."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generator.datasets.study_file import read_threat
from generator.program import PROGRAM, STUDIES
from generator.records.features import Input
from generator.records.metrics import direction, wilson
from generator.records.proofs import Choice, Estimate, ProvedMonotone, TierComparison, TierResult
from generator.records.results import Judged, Provenance
from generator.records.roles import Roles
from generator.records.spec import FoundLabel
from generator.records.validation import (
    AlertRates,
    CleanComparison,
    ColumnNote,
    Cut,
    DeployedSpec,
    GroupRates,
    InputNote,
    Later,
    LaterRates,
    Notice,
    OwnCut,
    Scores,
    Split,
    TableNote,
    ValidatedModel,
    ValidationResult,
    ValidationSpec,
    ValueRates,
)

VALIDATORS = read_threat(STUDIES / "threats" / "validators.toml")
ROWS, FRAUDS, SEEDS = 15_420, 923, 2
RATES, BUDGETS = (0.01, 0.05, 0.1), (0.1, 0.35, 1.0)
QUOTED, HEADLINE = 0.05, 0.35

CAUGHT = {
    "champion": (0.249, 0.055, 0.041, 0.02),
    "challenger": (0.61, 0.40, 0.36, 0.31),
    "standard": (0.205, 0.042, 0.03, 0.012),
    "pgd_tier1": (0.21, 0.12, 0.09, 0.05),
    "logistic_regression": (0.222, 0.011, 0.008, 0.0),
    "boosted_trees": (0.252, 0.058, 0.043, 0.02),
    "monotone_trees": (0.271, 0.271, 0.268, 0.19),
    "trees_left_out": (0.282, 0.282, 0.20, 0.15),
}
"""Model -> frauds caught at the quoted rate: nobody evading, then provably under T1, T2, T3 at the headline budget."""
TRAINED = {
    "standard": ("FraudNet", "relu"),
    "pgd_tier1": ("FraudNet, threat-matched", "relu"),
    "logistic_regression": ("Logistic regression", "linear"),
    "boosted_trees": ("Boosted trees", "trees"),
    "monotone_trees": ("Monotone trees", "trees"),
    "trees_left_out": ("Trees without attackable inputs", "trees"),
}
DEPLOYED = {
    "champion": ("Champion", "xgboost", "rows that train", 15_420),
    "challenger": ("Challenger", "lightgbm", "unknown", None),
}


def _input(name: str, title: str, control: str, helps: str, **more) -> Input:
    given = {"decimals": 0, "note": "An invented reason."} | more
    return Input(name=name, title=title, control=control, helps=helps, **given)


INPUTS = (
    _input("supplements", "Number of supplements", "free", "down", integer=True, reach="any"),
    _input("deductible", "Deductible", "effort", "up", unit="USD", reach=200.0),
    _input("claim", "Claim", "effort", "down", unit="USD", decimals=2),
    _input(
        "witness",
        "Witness present",
        "effort",
        "up",
        kind="flag",
        categories=("no", "yes"),
        reachable=("yes",),
    ),
    _input(
        "address", "Address changed", "costly", "down", kind="band", categories=("never", "year", "month")
    ),
    _input("police", "Police report filed", "insider", "both", kind="flag", categories=("no", "yes")),
    _input("make", "Make", "nobody", "none", kind="category", categories=("Ford", "Honda", "other")),
    _input("age", "Age of driver", "nobody", "none", unit="years", missing=True),
)


def tiny_validation(
    name: str = "claims",
    *,
    title: str = "Vehicle claims",
    deployed: tuple[str, ...] = tuple(DEPLOYED),
    amount: bool = True,
    time: bool = True,
    groups: bool = True,
    prior: float | None = 0.01,
    publish_rows: bool = False,
    caught: dict[str, tuple[float, ...]] = CAUGHT,
    chosen: str | None = "monotone_trees",
    unresolved: int = 0,
    quick: bool = False,
    alert_budgets: tuple[float, ...] = (),
    later: bool = False,
    typical_loss: float | None = None,
    currency: str = "USD",
) -> ValidationResult:
    """Equal calls, equal values. The baseline is the champion, or boosted trees where nothing is deployed."""
    baseline = "champion" if "champion" in deployed else "boosted_trees"
    models = [*deployed, *TRAINED]
    spec = ValidationSpec(
        dataset=name,
        table=f"{name}.csv",
        title=title,
        description="Claims that somebody looked into.",
        label=FoundLabel(column="FRAUDFOUND", fraud="Yes"),
        id="PolicyNumber",
        amount="claim" if amount else None,
        typical_loss=typical_loss,
        currency=currency if amount or typical_loss else "",
        time="day" if time else None,
        split=Split(column="day", judged_from="1996-01-01") if time and not later else None,
        groups=("sex",) if groups else (),
        prior=prior,
        alert_budgets=alert_budgets,
        inputs=INPUTS,
        deployed=tuple(_asked(each) for each in deployed),
        threat=VALIDATORS,
        roles=Roles(baseline="boosted_trees", original=None, readings=(), ablation=None, recommended=None),
        publish_rows=publish_rows,
        quick=quick,
    )
    tiers = tuple(
        _tier(model, tier.name, at, rate, epsilon, caught)
        for model in models
        for at, tier in enumerate(VALIDATORS.tiers, 1)
        for rate in RATES
        for epsilon in BUDGETS
    )
    return ValidationResult(
        spec=spec,
        provenance=Provenance(
            study_key="7" * 64, source_sha256="a" * 64, lock_sha256="b" * 64, data_sha256="d" * 64,
            versions={"python": "3.11.7", "torch": "2.9.0", "xgboost": "3.2.0"},
        ),
        table=_table(prior, amount, time, groups),
        judged=Judged(rows=ROWS, frauds=FRAUDS, training_rows=ROWS * 4 // 5),
        models=tuple(_model(name, deployed) for name in models),
        tiers=tiers,
        comparisons=_comparisons(tiers, baseline),
        alerts=tuple(
            AlertRates(
                model=row.model, tier=row.tier, budget=budget, flagged_genuine=rate(0.02, ROWS - FRAUDS),
                caught_clean=row.caught_clean, caught_proved=row.caught_proved, unresolved=0,
            )
            for budget in alert_budgets
            for row in tiers
            if (row.epsilon, row.false_positive_rate) == (HEADLINE, QUOTED)
        ),
        later=Later(
            judged=Judged(rows=4626, frauds=277, training_rows=10_794),
            rates=tuple(
                LaterRates(
                    model=row.model, tier=row.tier, flagged_genuine=rate(0.05, 4349),
                    caught_clean=rate(0.9 * row.caught_clean.value, 277),
                    caught_proved=rate(0.5 * row.caught_proved.value, 277), unresolved=0,
                )
                for row in tiers
                if (row.epsilon, row.false_positive_rate) == (HEADLINE, QUOTED)
            ),
        ) if later else None,
        clean=_clean_comparisons(tiers, baseline),
        choices=tuple(_choice(tier.name, chosen) for tier in VALIDATORS.tiers) if chosen else (),
        proved_monotone=(
            ProvedMonotone(model="logistic_regression", rises=("claim",), falls=("deductible",)),
            ProvedMonotone(model="monotone_trees", rises=("supplements", "claim"), falls=("deductible", "witness")),
        ),
        groups=tuple(_group(model, group) for model in models for group in ("Female", "Male")) if groups else (),
        values=tuple(
            ValueRates(
                model=row.model, tier=row.tier,
                clean=row.caught_clean.value * 0.9, proved=row.caught_proved.value * 0.8,
            )
            for row in tiers
            if (row.epsilon, row.false_positive_rate) == (HEADLINE, QUOTED)
        ) if amount else (),
        mean_fraud_amount=5300.0 if amount else None,
        unresolved=unresolved,
    )  # fmt: skip


def calculators(validations: Sequence[ValidationResult], folder: Path) -> dict[str, Any]:
    """What `render_pages` takes to have the calculators of validations, their scripts being in `folder`."""
    from generator.tools import calculator

    return {
        "files": calculator.write([], {}, folder / "scripts", validations),
        "extras": lambda results: calculator.own_values(validations),
    }


def validated_site(folder: Path, validations: Sequence[ValidationResult]) -> Path:
    """A built site of validations alone, in `folder`."""
    from generator.pages.rendering import render_pages
    from generator.publish.metadata import write_metadata
    from generator.publish.site import build_site

    shutil.copy(PROGRAM / "mkdocs.yml", folder)
    shutil.copytree(PROGRAM / "overrides", folder / "overrides")
    shutil.copytree(PROGRAM / "docs" / "assets", folder / "docs" / "assets", ignore_dangling_symlinks=True)
    render_pages(
        [],
        PROGRAM / "templates",
        folder / "docs",
        validations=validations,
        **calculators(validations, folder),
    )
    write_metadata([], folder / "docs", validations=validations)
    build_site(folder / "mkdocs.yml", folder / "site")
    return folder / "site"


def rate(value: float, n: int = FRAUDS) -> Estimate:
    low, high = wilson(value, n)
    return Estimate(value=value, low=low, high=high, n=n, seeds=SEEDS, method="wilson")


def _asked(name: str) -> DeployedSpec:
    title, _, saw, reproduced = DEPLOYED[name]
    scores = Scores(file=f"{name}.scores.csv", column="score", id="PolicyNumber") if reproduced else None
    return DeployedSpec(
        name=name, title=title, file=f"{name}.json", cut=Cut(alert_rate=0.06), scores=scores,
        unchecked=not reproduced, saw=saw,
    )  # fmt: skip


def _tier(
    model: str, tier: str, at: int, share: float, epsilon: float, caught: dict[str, tuple[float, ...]]
) -> TierResult:
    """At other rates all is scaled alike; a smaller budget leaves more caught, but never more than nobody evading."""
    clean, proved = caught[model][0], caught[model][at]
    more = {0.01: 0.4, 0.05: 1.0, 0.1: 1.5}[share]
    left = {0.1: (clean + proved) / 2, 0.35: proved, 1.0: 0.9 * proved}[epsilon]
    return TierResult(
        model=model, tier=tier, epsilon=epsilon, false_positive_rate=share,
        caught_clean=rate(more * clean), caught_proved=rate(more * left), unresolved=0,
    )  # fmt: skip


def _comparisons(tiers: tuple[TierResult, ...], baseline: str) -> tuple[TierComparison, ...]:
    known = {(t.tier, t.epsilon, t.false_positive_rate): t for t in tiers if t.model == baseline}
    found = []
    for row in tiers:
        if row.model == baseline:
            continue
        asked = (row.tier, row.epsilon, row.false_positive_rate)
        gap = row.caught_proved.value - known[asked].caught_proved.value
        difference = Estimate(
            value=gap, low=gap - 0.03, high=gap + 0.03, n=FRAUDS, seeds=SEEDS, method="bootstrap"
        )
        found.append(TierComparison(
            model=row.model, tier=row.tier, epsilon=row.epsilon, false_positive_rate=row.false_positive_rate,
            difference=difference, direction=direction(difference),
        ))  # fmt: skip
    return tuple(found)


def _clean_comparisons(tiers: tuple[TierResult, ...], baseline: str) -> tuple[CleanComparison, ...]:
    """One that spans 6 points, for every model at every rate."""
    known = {(row.model, row.false_positive_rate): row.caught_clean.value for row in tiers}
    found = []
    for (model, share), value in known.items():
        if model != baseline:
            gap = value - known[baseline, share]
            difference = Estimate(
                value=gap, low=gap - 0.03, high=gap + 0.03, n=FRAUDS, seeds=SEEDS, method="bootstrap"
            )
            found.append(
                CleanComparison(
                    model=model,
                    false_positive_rate=share,
                    difference=difference,
                    direction=direction(difference),
                )
            )
    return tuple(found)


def _choice(tier: str, model: str) -> Choice:
    return Choice(
        tier=tier, epsilon=HEADLINE, measure="caught_proved", model=model, agreeing=9, folds=10,
        validated=rate(0.262),
    )  # fmt: skip


def _model(name: str, deployed: tuple[str, ...]) -> ValidatedModel:
    auc = Estimate(value=0.81, low=0.79, high=0.83, n=ROWS, seeds=SEEDS, method="bootstrap")
    if name not in deployed:
        title, kind = TRAINED[name]
        return ValidatedModel(name=name, title=title, kind=kind, auc=auc, rounding=3 * (kind == "relu"))
    title, library, saw, reproduced = DEPLOYED[name]
    return ValidatedModel(
        name=name, title=title, kind="trees", deployed=True, library=library, sha256="e" * 64,
        reproduced=reproduced, saw=saw, auc=auc, rounding=0,
        notices=(Notice(slug="early_stopped", column=name, facts={"rounds": 120, "used": 87}),),
        own_cut=tuple(
            OwnCut(
                tier=tier.name, epsilon=HEADLINE, flagged_genuine=rate(0.048, ROWS - FRAUDS),
                caught_clean=rate(CAUGHT[name][0]), caught_proved=rate(CAUGHT[name][at]), unresolved=0,
            )
            for at, tier in enumerate(VALIDATORS.tiers, 1)
        ),
    )  # fmt: skip


def _group(model: str, group: str) -> GroupRates:
    stopped = 0.046 if group == "Female" else 0.071
    return GroupRates(
        model=model, column="sex", group=group, caught=None if group == "Female" else rate(0.26, 750),
        flagged_genuine=rate(stopped, 2300 if group == "Female" else 12_000),
    )  # fmt: skip


def _table(prior: float | None, amount: bool, time: bool, groups: bool) -> TableNote:
    columns = [
        ColumnNote(name="PolicyNumber", role="id", kind="text", distinct=ROWS, missing=0),
        ColumnNote(name="FRAUDFOUND", role="label", kind="flag", distinct=2, missing=0),
        *([ColumnNote(name="day", role="time", kind="date", distinct=1000, missing=0)] if time else []),
        *([ColumnNote(name="sex", role="group", kind="flag", distinct=2, missing=0)] if groups else []),
        *(
            ColumnNote(
                name=each.name, role="amount" if amount and each.name == "claim" else "input", kind=each.kind,
                distinct=len(each.categories) or 80, missing=320 * each.missing,
            )
            for each in INPUTS
        ),
    ]  # fmt: skip
    return TableNote(
        rows=ROWS, frauds=FRAUDS, prior=prior, sha256="f" * 64, columns=tuple(columns),
        inputs=tuple(
            InputNote(
                name=each.name, title=each.title, unit=each.unit, kind=each.kind, control=each.control,
                helps=each.helps, note=each.note, reach=str(each.reach),
                spread=None if each.categories else 1200.0, categories=each.categories,
                merged=17 * (each.name == "make"),
            )
            for each in INPUTS
        ),
        notices=(
            Notice(slug="duplicate_rows", facts={"rows": 12}),
            Notice(slug="something_new", column="age", facts={"share": 0.02}),
        ),
    )  # fmt: skip

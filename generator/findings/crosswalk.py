"""Which tests the record holds, and what each maps to: whether a test was made is decided from the record alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from generator.findings import poisoning
from generator.findings.extraction import copied_words
from generator.findings.frameworks import MAPPINGS, Mapping
from generator.notation import formats, palette
from generator.notation.names import attack_title
from generator.notation.tracing import counted
from generator.records.results import StudyResult

Status = Literal["tested", "not tested", "not applicable"]

WHITE_BOX = ("pgd_cross_entropy", "pgd_margin", "apgd", "nearest_boundary")
BLACK_BOX = ("hop_skip_jump", "block_search")
TRANSFER = ("transfer",)
"""Attacks of the battery by what they see."""


@dataclass(frozen=True)
class Test:
    """One kind of test: what it is, what in the record shows it, and where a reader finds it."""

    id: str
    title: str
    found: Callable[[StudyResult], str]
    """What the record holds of it, in words; empty if it holds nothing."""
    page: str
    anchor: str
    """Of the place on the page, after the name of the dataset; empty for the top of the page."""
    missing: str
    """What is not covered, or why there is nothing."""


@dataclass(frozen=True)
class Row:
    """One test on one dataset."""

    id: str
    title: str
    status: Status
    found: str
    missing: str
    link: str
    """Where its results are; empty if it was not made."""
    mapping: Mapping


@dataclass(frozen=True)
class Crosswalk:
    """All tests of one dataset."""

    rows: tuple[Row, ...]
    sentence: str
    """Which kinds of test were not made."""


@dataclass(frozen=True)
class Uncovered:
    """An entry of a framework that no test here covers."""

    entry: str
    status: Status
    reason: str


def crosswalk(result: StudyResult) -> Crosswalk:
    """Every test in the order of its id; one that was not made stays, and says so."""
    rows = tuple(_row(result, test) for test in TESTS)
    return Crosswalk(rows, _sentence(rows))


def _sentence(rows: tuple[Row, ...]) -> str:
    left = [f"{row.title[:1].lower()}{row.title[1:]}" for row in rows if row.status == "not tested"]
    if not left:
        return "Every kind of test in the table was made."
    return f"These kinds of test were not made: {'; '.join(left)}. The others in the table were."


def _row(result: StudyResult, test: Test) -> Row:
    found = test.found(result)
    anchor = f"#{result.data.name}-{test.anchor}" if test.anchor else ""
    return Row(
        test.id,
        test.title,
        "tested" if found else "not tested",
        found,
        test.missing,
        f"{test.page}{anchor}" if found else "",
        MAPPINGS[test.id],
    )


def _clean(result: StudyResult) -> str:
    if not all(any(e.attack == "clean" for e in model.final.evaluations) for model in result.models):
        return ""
    models = formats.count(counted(len(result.models), result.models))
    return f"Accuracy, frauds caught and false alarms of {models} models, with intervals."


def _white_box(result: StudyResult) -> str:
    measured = {e.attack for model in result.models for e in model.final.evaluations}
    titles = [attack_title(a, result.spec) for a in result.spec.attack.attacks if a in measured]
    return _named([*titles, *_battery(result, WHITE_BOX)])


def _black_box(result: StudyResult) -> str:
    return _named(_battery(result, BLACK_BOX))


def _transfer(result: StudyResult) -> str:
    return _named(_battery(result, TRANSFER))


def _constrained(result: StudyResult) -> str:
    tiers = (
        sorted({row.tier for row in result.proofs.tiers} - {result.spec.threat.benchmark})
        if _reach(result)
        else []
    )
    return f"Frauds provably caught under {formats.listed(tiers)}." if tiers else ""


def _reach(result: StudyResult) -> bool:
    return bool(result.proofs.reach)


def _hardening(result: StudyResult) -> str:
    roles = result.roles
    compared = {
        c.model
        for c in result.comparisons
        if c.baseline == roles.baseline and c.attack in ("pgd", "exact") and c.model != roles.trivial
    }
    if not compared:
        return ""
    recipes = formats.count(counted(len(compared), result.comparisons))
    return f"{recipes} models, each beside the standard model on the same rows."


def _masking(result: StudyResult) -> str:
    checks = [c for c in result.proofs.gate if c.status != "N/A"]
    failed = sum(check.status == "FAIL" for check in checks)
    if not checks:
        return ""
    made, lost = (formats.count(counted(size, checks)) for size in (len(checks), failed))
    return f"{made} checks of the sanity gate; {lost} failed."


def _impact(result: StudyResult) -> str:
    if not result.impact.rows:
        return ""
    return "Money lost, false alarms, and the share of attacking fraudsters at which hardening breaks even."


def _data(result: StudyResult) -> str:
    source = result.data.source
    if not source.canonical_sha256 or not result.provenance.versions:
        return ""
    return "Data card, hash of the table, and the versions of the libraries."


def _reproduction(result: StudyResult) -> str:
    keys = result.provenance
    if not all((keys.study_key, keys.source_sha256, keys.lock_sha256, keys.data_sha256)):
        return ""
    return "Hashes of code, settings, data and versions; one key over them all."


def _inference(result: StudyResult) -> str:
    found = result.inference
    if not found:
        return ""
    models = formats.count(counted(len(found.models), found.models))
    return f"A likelihood ratio and ART's attack on {models} models, beside checks of the instrument; values guessed."


def _nothing(result: StudyResult) -> str:
    return ""


def _battery(result: StudyResult, names: tuple[str, ...]) -> list[str]:
    ran = {row.attack for row in result.proofs.battery if row.kept is not None}
    return [palette.battery(name) for name in names if name in ran]


def _named(titles: list[str]) -> str:
    return f"{'; '.join(titles)}." if titles else ""


TESTS = (
    Test("V1", "Performance without an attack, by class, with intervals", _clean, "attacks.md", "evaluation",
         "Calibration is not measured."),
    Test("V2", "Evasion by gradient, by an attacker who knows the model", _white_box, "attacks.md", "evaluation",
         "Carlini and Wagner's attack was not run; what is proved covers it within the budget."),
    Test("V3", "Evasion by queries alone", _black_box, "evidence.md", "battery",
         "The query attack by answers alone runs on a sample of rows."),
    Test("V4", "Transfer from another model", _transfer, "evidence.md", "battery",
         "The other model is of the same kind and has seen the same data."),
    Test("V5", "Evasion within what a fraudster can change", _constrained, "proof.md", "tiers",
         "No person tried to evade by hand."),
    Test("V6", "Effect of adversarial training", _hardening, "hardening.md", "all-recipes",
         "No ensembles, no input filters."),
    Test("V7", "Checks for hidden gradients", _masking, "evidence.md", "gate", ""),
    Test("V8", "Flooding with false alarms", _nothing, "", "",
         "Nobody tried to make genuine payments alarm in bulk."),
    Test("V9", "Poisoned training data, wrong labels", poisoning.sentence, "poisoning.md", "",
         "One mark in two forms; a stronger one may exist."),
    Test("V10", "Copying the model by questions", copied_words, "extraction.md", "",
         "The thief knows the kind of model and how its inputs are scaled."),
    Test("V11", "Natural noise, drift, missing fields", _nothing, "", "",
         "Random noise within the budget is in the battery; drift and missing fields were not tried."),
    Test("V12", "Business impact and break-even share of attackers", _impact, "impact.md", "",
         "Prices and volumes are assumptions."),
    Test("V13", "Data card, provenance, third-party code and data", _data, "cards.md", "data-card",
         "The code of the libraries was not reviewed."),
    Test("V14", "Reproducibility and change between runs", _reproduction, "reproduce.md", "",
         "Another machine may differ in the last digits."),
    Test("V15", "Membership of training rows, guessed values", _inference, "inference.md", "",
         "No bound by differential privacy; no attack on answers alone but the gap."),
)  # fmt: skip

UNCOVERED = (
    Uncovered("AML.T0018.000 (poisoned model)", "not tested", "Nobody tampered with a trained model."),
    Uncovered("AML.T0024.001 (model inversion), ML03:2023", "not tested",
              "Inputs were not rebuilt from the model."),
    Uncovered("ML07:2023 Transfer Learning Attack", "not applicable",
              "Every model is trained from first weights drawn here; none was taken over."),
    Uncovered("ML09:2023 Output Integrity Attack", "not tested", "The way from the score to the decision is not here."),
    Uncovered("ML10:2023 Model Poisoning", "not tested", "Weights were not attacked."),
    Uncovered("PCI DSS", "not applicable", "No card data is used."),
    Uncovered("PSD2, fraud reporting by value and volume", "not applicable",
              "The impact page has the same shape of figures, and reports about no bank."),
)  # fmt: skip
"""What the frameworks list beside the tests above."""

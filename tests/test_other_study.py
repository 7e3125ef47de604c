"""A linear model and labels that somebody found go through a whole study, from the table to the site."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from other_study import COLUMN, SPEC, Answering, claims
from report_fixture import ROOT
from study_fixture import Recorder, StudyRun, store

from generator.audit import audit, published
from generator.datasets import SourceOptions
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.models import kinds
from generator.pages.rendering import render_pages
from generator.proofs import linear, verifiers
from generator.proofs.verdicts import BROKEN, PROVED
from generator.provenance import provenance
from generator.publish.metadata import write_metadata
from generator.publish.site import build_site
from generator.records.spec import SampleSpec
from generator.records.threat import surface
from generator.study.run import run_study
from generator.threats.evasion.battery import FULL_COVERAGE
from generator.threats.surface import boxes
from generator.tools import calculator, playground

MODEL = "logistic_regression"
GRADIENTS = {name for name, attack in FULL_COVERAGE.items() if "gradients" in attack.needs}


def _run(spec, cache: Path) -> StudyRun:
    known, recorder = claims(), Recorder()
    table = known.load(spec, SourceOptions(offline=True))
    origin = provenance(spec, table.source.canonical_sha256)
    study = run_study(spec, known, table, origin, Engine(StageCache(cache), 1, recorder))
    return StudyRun(spec, known, table, origin, cache, recorder, study)


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> StudyRun:
    return _run(SPEC, tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def project(found, tmp_path_factory) -> Path:
    """What the study leaves, and pages and site from it."""
    folder = tmp_path_factory.mktemp("project")
    records, docs, scripts = folder / "records", folder / "docs", folder / "scripts"
    store(found, records)
    shutil.copy(ROOT / "mkdocs.yml", folder)
    shutil.copytree(ROOT / "overrides", folder / "overrides")
    shutil.copytree(ROOT / "docs" / "assets", docs / "assets", ignore_dangling_symlinks=True)
    results = [found.result]
    draws, offers = calculator.stored_draws(results, records), playground.make_offers(results, records)
    render_pages(
        results, ROOT / "templates", docs,
        files=calculator.write(results, draws, scripts) | playground.write(offers, scripts),
        documents=calculator.DOCUMENTS | playground.documents(offers),
        extras=lambda results: calculator.values(results, draws) | playground.values(offers),
    )  # fmt: skip
    write_metadata(results, docs)
    build_site(folder / "mkdocs.yml", folder / "site")
    return folder


@pytest.fixture(scope="module")
def pages(project) -> dict[str, str]:
    return {page.stem: page.read_text() for page in (project / "docs").glob("*.md")}


# ---------------------------------------------------------------- the linear model


def _line(found, replicate: int) -> linear.Line:
    return linear.read(found.study.weights[MODEL], replicate)


def test_every_row_at_every_budget_is_settled_as_the_closed_form_has_it(found):
    folds, outcome = found.study.folds, found.study.settled[MODEL]["outcome"]
    for replicate, rows in enumerate(folds.test_rows):
        rows = rows[: folds.test_counts[replicate]]
        line, x = _line(found, replicate), folds.test_x(slice(replicate, replicate + 1))[0, : len(rows)]
        signed = np.where(folds.y[rows] == 1, 1, -1) * (x.astype(np.float64) @ line.w + line.b)
        for e, epsilon in enumerate(SPEC.proof.epsilons):
            worst = signed - epsilon * np.abs(line.w).sum()
            expected = np.where(worst > SPEC.proof.tau, PROVED, BROKEN)
            np.testing.assert_array_equal(outcome[replicate // folds.folds, rows, e], expected)


def test_frauds_are_proved_in_every_tier_exactly_where_their_worst_corner_is_above_the_cut(found):
    folds, tiers = found.study.folds, found.study.proved.tiers[MODEL]
    for tier in SPEC.threat.tiers:
        reach = surface(found.table.features, tier)
        for e, epsilon in enumerate(SPEC.proof.epsilons):
            around = boxes(reach, folds, slice(None), epsilon)
            for replicate, rows in enumerate(folds.test_rows):
                fraud = np.flatnonzero(folds.y[rows] == 1)
                box, line = around.of(replicate, fraud), _line(found, replicate)
                worst = np.where(line.w > 0, box.lower, box.upper) @ line.w + line.b
                told = tiers[tier.name][replicate // folds.folds, rows[fraud], e]
                margins = worst[:, None] - tiers["cuts"][replicate]
                clear = np.abs(margins) > 3 * SPEC.proof.tau
                assert clear.mean() > 0.9
                np.testing.assert_array_equal((told == PROVED)[clear], (margins > 0)[clear])


def test_one_gradient_step_is_the_worst_there_is_for_a_linear_model(found):
    final = found.result.model(MODEL).final
    for epsilon in SPEC.proof.epsilons:
        assert final.at("fgsm", epsilon).confusion == final.at("exact", epsilon).confusion


def test_it_is_attacked_priced_and_compared_as_every_model_is(found):
    result = found.result
    assert (result.model(MODEL).kind, result.model("standard").kind) == ("linear", "relu")
    assert result.model(MODEL).not_applicable == ()
    asked = {row.attack: row.kept for row in result.proofs.battery if row.model == MODEL}
    assert None not in asked.values()
    assert asked["corners"] == asked["exact"] == asked["worst_case"]
    assert {radius.model for radius in result.proofs.radii} == set(SPEC.proof.leading)
    assert {row.model for row in result.impact.rows} >= {MODEL}
    assert result.rates.of(MODEL).caught_clean
    assert {c.attack for c in result.comparisons if c.model == MODEL} == {"clean", "fgsm", "pgd", "exact"}


def test_the_gate_finds_no_contradiction_and_both_methods_agree(found):
    gate = {check.slug: check for check in found.result.proofs.gate}
    for slug in (
        "contradictions",
        "second-method",
        "settled",
        "witnesses",
        "zero-budget",
        "monotone",
        "budget",
    ):
        assert gate[slug].status == "PASS", slug


def test_the_published_files_of_both_kinds_hold_against_the_record(found, project):
    replayed = {each.model: each for each in audit(found.result, project / "records")}
    assert replayed[MODEL].examples > 100
    assert replayed[MODEL].tier_examples > 10


def test_its_card_and_its_rows_stand_on_the_pages(project, pages):
    assert 'id="claims-card-logistic-regression"' in (project / "site" / "cards" / "index.html").read_text()
    for page in ("attacks", "hardening", "proof", "impact", "evidence"):
        assert "| Logistic regression |" in pages[page], page


# ---------------------------------------------------------------- labels that somebody found


def test_a_record_of_found_labels_has_nothing_of_a_rule(found):
    result = found.result
    assert result.data.rule is None
    assert result.proofs.rule is None
    assert result.proofs.limit.population is None
    assert result.rates.relabelled == ()
    assert result.proofs.limit.known == (1 - result.data.label.n_fraud / 300,) * 3


def test_the_page_says_where_the_label_was_found(pages):
    assert f"`{COLUMN}`" in pages["data"]
    assert "This label was found" in pages["data"]


RULE = re.compile(
    r"(?<!other )(?<!same )formula|risk score|labelling rule|the rule that made|by the rule|are a definition|relabel",
    re.I,
)


def test_no_page_speaks_of_a_rule(pages):
    said = {name: [line for line in text.splitlines() if RULE.search(line)] for name, text in pages.items()}
    assert {name: lines for name, lines in said.items() if lines} == {}


def test_no_heading_stands_over_nothing(pages):
    empty = re.compile(r"^(#+) [^\n]*\n\s*(?=\1 |#{1,2} |\Z)", re.M)
    assert {
        n: [m[0].strip() for m in empty.finditer(text)] for n, text in pages.items() if empty.search(text)
    } == {}


def test_without_the_original_no_page_compares_with_it(pages):
    assert "original recipe" not in pages["index"].lower()


# ---------------------------------------------------------------- a model without gradients


@pytest.fixture(scope="module")
def blind(tmp_path_factory):
    """A study with one replicate of each model, where logistic regression shows no gradients; and its pages."""
    quoted = (SPEC.attack.headline_epsilon,)
    spec = SPEC.model_copy(
        update={
            "training": SPEC.training.model_copy(update={"seeds": 1, "folds": 1}),
            "sample": SampleSpec(most_evaluated_rows=150),
            "attack": SPEC.attack.model_copy(update={"epsilons": (0.0, *quoted), "round_epsilons": quoted}),
            "proof": SPEC.proof.model_copy(update={"epsilons": quoted}),
        }
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kinds.KINDS, Answering.kind, Answering)
        patch.setitem(kinds.TRAINED, MODEL, kinds.Trained(Answering.kind, Answering.train))
        patch.setitem(verifiers.VERIFIERS, Answering.kind, linear)
        patch.setitem(published.KINDS, Answering.kind, published.KINDS["linear"])
        run = _run(spec, tmp_path_factory.mktemp("cache"))
        folder = tmp_path_factory.mktemp("blind")
        store(run, folder)
        audit(run.result, folder)
    render_pages([run.result], ROOT / "templates", folder / "docs")
    return run, {page.stem: page.read_text() for page in (folder / "docs").glob("*.md")}


def test_what_needs_gradients_is_recorded_as_not_applicable(blind):
    result = blind[0].result
    model = result.model(MODEL)
    assert model.not_applicable == ("fgsm", "pgd")
    assert {e.attack for e in model.final.evaluations} == {"clean", "exact"}
    asked = {row.attack: row.kept for row in result.proofs.battery if row.model == MODEL}
    assert {name for name, kept in asked.items() if kept is None} == GRADIENTS | {"transfer"}
    assert asked["corners"] == asked["exact"]
    assert {row.attack for row in result.impact.rows if row.model == MODEL} == {"clean", "exact"}
    others = [each for each in result.models if each.name != MODEL]
    assert {each.not_applicable for each in others} == {()}


def test_one_replicate_judges_the_sample_and_trains_on_all_other_rows(blind):
    run, _ = blind
    folds = run.study.folds
    assert folds.replicates == 1
    assert (run.result.judged.rows, run.result.judged.training_rows) == (150, 150)
    assert not np.isin(folds.drawn.rows, folds.drawn.judged).any()
    assert run.study.settled[MODEL]["outcome"].shape == (1, 150, 1)
    # no other replicate makes examples, and no validation rows choose a recipe
    assert {row.kept for row in run.result.proofs.battery if row.attack == "transfer"} == {None}
    assert run.result.choices == ()
    assert run.result.proofs.contradictions == run.result.proofs.rows_unresolved == 0


def test_pages_show_it_as_not_applicable(blind):
    _, pages = blind
    rows = {
        page: [line for line in pages[page].splitlines() if "not applicable" in line and line.startswith("|")]
        for page in ("attacks", "cards", "hardening", "impact", "evidence")
    }
    assert [page for page, lines in rows.items() if not lines] == []
    of_others = [
        line
        for page in ("attacks", "hardening", "impact", "evidence")  # tables of cards are each about one model
        for line in rows[page]
        if "Logistic regression" not in line and "Examples of another model" not in line
    ]
    assert of_others == []

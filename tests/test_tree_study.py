"""Boosted trees go through a whole study: attacked without gradients, proved in every tier, and audited."""

import itertools
import json

import numpy as np
import pytest
from other_study import SPEC, claims
from study_fixture import Recorder, StudyRun, store

from generator.audit import audit
from generator.audit.export import questions, tree_question
from generator.audit.published import read_published
from generator.datasets import SourceOptions
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from generator.provenance import provenance
from generator.study.run import run_study

MODEL = "boosted_trees"


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> StudyRun:
    leading = tuple(MODEL if name == "logistic_regression" else name for name in SPEC.proof.leading)
    spec = SPEC.model_copy(
        update={"beside": (MODEL,), "proof": SPEC.proof.model_copy(update={"leading": leading})}
    )
    known, recorder, cache = claims(), Recorder(), tmp_path_factory.mktemp("cache")
    table = known.load(spec, SourceOptions(offline=True))
    origin = provenance(spec, table.source.canonical_sha256)
    study = run_study(spec, known, table, origin, Engine(StageCache(cache), 1, recorder))
    return StudyRun(spec, known, table, origin, cache, recorder, study)


def test_every_row_is_settled_at_every_budget_and_in_every_tier(run):
    outcome = run.study.settled[MODEL]["outcome"]
    assert set(np.unique(outcome)) == {PROVED, BROKEN}
    fraud = run.study.folds.y == 1
    for tier in SPEC.threat.tiers:
        told = run.study.proved.tiers[MODEL][tier.name][:, fraud]
        assert not (told == UNRESOLVED).any(), tier.name
        assert (told == PROVED).any(), tier.name


def test_the_record_says_how_often_each_depth_was_chosen(run):
    chosen = run.result.model(MODEL).chosen
    assert len(chosen) == len(SPEC.trees.depths) > 1
    assert sum(chosen) == SPEC.training.replicates
    assert run.result.model("standard").chosen == ()


def test_attacks_without_gradients_stay_above_what_is_proved(run):
    result = run.result
    assert (result.model(MODEL).kind, result.model(MODEL).not_applicable) == ("trees", ("fgsm", "pgd"))
    kept = {row.attack: row.kept for row in result.proofs.battery if row.model == MODEL}
    everywhere = [kept[attack] for attack in ("corners", "worst_case", "block_search", "noise")]
    assert kept["exact"] <= min(everywhere)
    assert kept["apgd"] is None
    gate = {check.slug: check.status for check in result.proofs.gate}
    for slug in ("contradictions", "second-method", "settled", "witnesses", "zero-budget", "monotone"):
        assert gate[slug] == "PASS", slug


def test_the_audit_judges_every_published_example_again(run, tmp_path):
    store(run, tmp_path)
    replayed = {each.model: each for each in audit(run.result, tmp_path)}[MODEL]
    assert replayed.examples > 100
    assert replayed.tier_examples > 10
    assert replayed.touching == replayed.tier_touching == 0


def test_a_question_put_to_another_solver_has_the_answer_of_the_study(run, tmp_path):
    """Every choice of cells is tried, which three inputs in a fraudster's reach allow."""
    store(run, tmp_path)
    published = read_published(run.result, tmp_path)
    answers = []
    for row_id in published.rows.ids[published.rows.label == 1].tolist():
        for question in questions(published, row_id):
            if question.kind == "trees" and question.name.endswith("T1"):
                told = tree_question(question)
                assert json.loads(json.dumps(told)) == told
                broken = _least_margin(told) <= told["cut"]
                assert broken == (question.outcome == "broken"), question.name
                answers.append(broken)
    assert 10 < sum(answers) < len(answers) - 10


def _least_margin(told: dict) -> float:
    """Over all choices, by the JSON alone."""
    cells = np.array(list(itertools.product(*(each["reachable"] for each in told["inputs"]))))
    assert len(cells) < 200_000
    total = np.full(len(cells), told["start"])
    for nodes in told["trees"]:
        at = np.zeros(len(cells), int)
        inner = np.array([len(node) == 3 for node in nodes])
        table = np.array([node if len(node) == 3 else [0, 0, 0] for node in nodes])
        while inner[at].any():
            j, k, right = table[at].T
            left = cells[np.arange(len(cells)), j] <= k
            at = np.where(inner[at], np.where(left, at + 1, right), at)
        total += np.array([node[0] if len(node) == 1 else np.nan for node in nodes])[at]
    return float((total / told["divisor"] * told["scale"] + told["bias"] - told["own_cut"]).min())

"""A question written for other solvers is the one that was asked: same network, same box, same answer."""

import argparse
import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from rows_fixture import publish

from generator.audit import AuditError
from generator.audit.export import SEED, WRITERS, export, questions, vnnlib
from generator.audit.published import Published, read_published
from generator.commands.common import InputError
from generator.commands.comparing import verify_claims
from generator.records.files import record_file
from generator.records.results import StudyResult
from tests.marabou_fixture import ANSWERS, marabou

WORDS = {1: "proved", -1: "broken"}


@pytest.fixture(scope="module")
def folder(tiny_study, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("published")
    publish(tiny_study.study, folder)
    return folder


@pytest.fixture(scope="module")
def published(folder) -> Published:
    return read_published(StudyResult.read(record_file(folder, "checks")), folder)


def _some(published: Published, label: int, count: int) -> list[str]:
    return published.rows.ids[published.rows.label == label][:count].tolist()


def test_a_fraud_is_asked_about_twice_of_each_model_and_a_genuine_row_once(published):
    models = len(published.rows.models)
    (fraud,), (genuine,) = _some(published, 1, 1), _some(published, 0, 1)
    assert len(list(questions(published, fraud))) == 2 * models
    assert len(list(questions(published, genuine))) == models
    assert list(questions(published, "none such")) == []


def test_the_text_has_box_and_mistake_and_reads_back_to_the_last_bit(published):
    for row_id in _some(published, 1, 2) + _some(published, 0, 2):
        for question in questions(published, row_id):
            text = vnnlib(question)
            ends = re.findall(r"^\(assert \(([<>]=) X_(\d+) (-?\d+\.\d+)\)\)$", text, re.M)
            read = {(sign, int(i)): float(value) for sign, i, value in ends}
            for i in range(len(question.features)):
                assert (read[">=", i], read["<=", i]) == (question.lower[i], question.upper[i])
            assert len(ends) == 2 * len(question.features)
            assert f"(assert ({'<=' if question.fraud else '>='} Y_0 0.0))" in text
            assert question.outcome in text.splitlines()[0]


def test_the_box_holds_the_published_example_where_there_is_one(published):
    rows, seen = published.rows, 0
    for row_id in _some(published, 1, 60):
        row = int(np.flatnonzero(rows.ids == row_id)[0])
        replicate = published.replicate[row, SEED]
        mean, scale = (published.arrays[name][replicate] for name in ("means", "scales"))
        for question in questions(published, row_id):
            model = next(m for m, name in enumerate(rows.models) if f"-{name}-" in question.name)
            witness = (rows.tier_witness if question.name.endswith(rows.tier) else rows.witness)[
                row, model, SEED
            ]
            if np.isfinite(witness).all():
                x = (witness - mean) / scale
                assert ((x >= question.lower - 1e-6) & (x <= question.upper + 1e-6)).all()
                assert question.outcome == "broken"
                seen += 1
    assert seen > 5


def test_the_model_is_the_published_one_less_its_cut(published, folder, tmp_path):
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    (row_id,) = _some(published, 1, 1)
    paths = export(published.result, folder, row_id, tmp_path)
    asked = [question for question in questions(published, row_id) if question.kind in WRITERS]
    assert [path.name for path in paths] == [
        f"{question.name}.{kind}" for question in asked for kind in ("onnx", "vnnlib")
    ]
    row = int(np.flatnonzero(published.rows.ids == row_id)[0])
    x = published.centre[row, 0, SEED].astype(np.float32)
    for question, path in zip(asked, paths[::2], strict=True):
        model = next(m for m, name in enumerate(published.rows.models) if f"-{name}-" in question.name)
        (said,) = ReferenceEvaluator(onnx.load(path)).run(None, {"X": x[None]})
        assert said[0, 0] == pytest.approx(published.rows.margin[row, model, SEED] - question.cut, abs=1e-4)


def test_marabou_answers_the_exported_files_as_the_study_does(published, folder, tmp_path):
    pytest.importorskip("onnx")
    front, core = marabou()
    compared = []
    for row_id in _some(published, 1, 4) + _some(published, 0, 3):
        asked = {question.name: question for question in questions(published, row_id)}
        for path in export(published.result, folder, row_id, tmp_path)[1::2]:
            question = asked[path.stem]
            if question.whole or abs(_touching(question)) < 1e-3:
                continue  # numbers between whole ones, and rows that start beyond the cut, are asked differently
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                query = front.read_onnx(str(path.with_suffix(".onnx"))).getInputQuery()
            core.loadProperty(query, str(path))
            said = core.solve(query, front.createOptions(verbosity=0), "")[0]
            compared.append((path.name, WORDS[ANSWERS[said]], question.outcome))
    assert len(compared) > 10
    assert [said for _, said, _ in compared] == [found for _, _, found in compared]


def _touching(question) -> float:
    """The margin less the cut in the middle of the box."""
    x = (question.lower + question.upper) / 2
    layers = sum(name.startswith("weights.") for name in question.arrays)
    for i in range(layers):
        x = x @ question.arrays[f"weights.{i}"] + question.arrays[f"biases.{i}"].ravel()
        x = np.maximum(x, 0) if i < layers - 1 else x
    return float(x[1] - x[0] - question.cut)


def test_without_the_package_it_says_what_to_install(published, folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(AuditError, match="pip install onnx"):
        export(published.result, folder, _some(published, 1, 1)[0], tmp_path)


def test_the_command_writes_into_the_project_and_knows_when_there_is_no_such_row(
    published, folder, tmp_path, monkeypatch
):
    pytest.importorskip("onnx")
    monkeypatch.chdir(tmp_path)
    (row_id,) = _some(published, 0, 1)
    options = argparse.Namespace(records=folder, site=None, datasets=None, export=row_id)
    assert verify_claims(options) == 0
    written = sorted(path.name for path in (tmp_path / "build" / "questions").iterdir())
    assert written == sorted(
        f"{question.name}.{kind}"
        for question in questions(published, row_id)
        if question.kind in WRITERS
        for kind in ("onnx", "vnnlib")
    )
    options.export = "none such"
    with pytest.raises(InputError, match="no published row is called none such"):
        verify_claims(options)

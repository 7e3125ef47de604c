"""The study key moves with everything that can move a number, and says what moved."""

import shutil

import pytest

from generator import provenance as module
from generator.datasets import dataset
from generator.provenance import provenance
from generator.records.changes import changed_inputs

SPEC = dataset("checks").study


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A copy of the package and its lock that a test may change."""
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    package = shutil.copytree(module.PACKAGE, tmp_path / "generator", ignore=ignored)
    shutil.copytree(module.PROGRAM / "templates", tmp_path / "templates")
    lock = tmp_path / "requirements.txt"
    lock.write_text("numpy==2\n")
    monkeypatch.setattr(module, "PACKAGE", package)
    monkeypatch.setattr(module, "LOCK", lock)
    return tmp_path


def _append(path, text="\n# changed\n"):
    path.write_text(path.read_text() + text)


def test_nothing_changed_is_nothing_to_say(sources):
    assert provenance(SPEC, "data") == provenance(SPEC, "data")
    assert changed_inputs(provenance(SPEC, "data"), provenance(SPEC, "data")) == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("generator/study/run.py", ["the study's source"]),
        ("generator/study/tasks.py", ["the study's source"]),
        ("generator/models/fraudnet/hardening.py", ["the study's source"]),
        ("generator/datasets/checks/dataset.py", ["the study's source"]),
        ("generator/impact/costs.py", ["the study's source"]),
        ("generator/threats/evasion/attacks.py", ["the study's source"]),
        ("generator/engine/parallel.py", ["the study's source"]),
        ("generator/records/metrics.py", ["the study's source"]),
        ("requirements.txt", ["requirements.txt"]),
        ("generator/notation/formats.py", []),
        ("generator/findings/gate_words.py", []),  # a sentence of the gate
        ("generator/figures/exact.py", []),  # a caption
        ("templates/index.md.j2", []),  # a sentence of a page
        ("generator/commands/common.py", []),
    ],
)
def test_a_changed_file_changes_the_key_if_a_number_can_depend_on_it(sources, file, words):
    before = provenance(SPEC, "data")
    _append(sources / file)
    after = provenance(SPEC, "data")
    assert (after.study_key != before.study_key) is bool(words)
    assert changed_inputs(before, after) == words


@pytest.mark.parametrize(
    ("spec", "data", "words"),
    [
        (SPEC, "other data", ["the data"]),
        (SPEC.model_copy(update={"seed": 43}), "data", ["the settings"]),
        (SPEC.quickened(), "data", ["the settings"]),
    ],
)
def test_other_data_or_settings_change_the_key(spec, data, words):
    before, after = provenance(SPEC, "data"), provenance(spec, data)
    assert after.study_key != before.study_key
    assert changed_inputs(before, after) == words


def test_another_version_of_a_library_changes_the_key(monkeypatch):
    before = provenance(SPEC, "data")
    monkeypatch.setattr(module, "versions", lambda: before.versions | {"torch": "0.4"})
    assert changed_inputs(before, provenance(SPEC, "data")) == ["installed versions"]


def test_every_change_is_named(sources):
    before = provenance(SPEC, "data")
    _append(sources / "generator" / "study" / "run.py")
    _append(sources / "requirements.txt", "pandas==3\n")
    assert changed_inputs(before, provenance(SPEC, "other")) == [
        "the study's source",
        "requirements.txt",
        "the data",
    ]


def test_versions_name_python_and_the_libraries_that_touch_a_number():
    import numpy
    import torch

    versions = module.versions()
    assert versions["numpy"] == numpy.__version__
    assert versions["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert "python" in versions

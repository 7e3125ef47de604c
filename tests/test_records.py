"""A record is frozen, exact, and says what is wrong with a file it cannot read."""

import json

import pytest
from pydantic import ValidationError

from generator.datasets import datasets
from generator.records.base import RecordError
from generator.records.results import Confusion, Estimate, ModelResult, RoundResult, StudyResult
from generator.records.spec import StudySpec

ESTIMATE = Estimate(value=0.1, low=1e-17, high=1 / 3, n=101, seeds=10, method="wilson")


@pytest.fixture
def spec_file(tmp_path):
    path = tmp_path / "spec.json"
    path.write_text(datasets()[0].study.to_json())
    return path


def _edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize("record", [ESTIMATE, *(d.study for d in datasets())])
def test_a_record_read_back_is_equal_and_writes_the_same_bytes(tmp_path, record):
    path = tmp_path / "record.json"
    path.write_text(record.to_json())
    back = type(record).read(path)
    assert back == record
    assert back.to_json() == record.to_json()


def test_the_record_of_a_study_read_back_is_equal_and_writes_the_same_bytes(tmp_path, tiny_study):
    path = tmp_path / "checks.json"
    path.write_text(tiny_study.result.to_json())
    back = StudyResult.read(path)
    assert back == tiny_study.result
    assert back.to_json() == path.read_text()


def test_json_has_sorted_keys_and_full_precision():
    assert ESTIMATE.to_json() == (
        '{\n "high": 0.3333333333333333,\n "low": 1e-17,\n "method": "wilson",\n "n": 101,\n "seeds": 10,\n'
        ' "value": 0.1\n}\n'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_refused(value):
    with pytest.raises(ValidationError, match="finite"):
        Estimate(value=value, low=0, high=1, n=1, seeds=1, method="wilson")


def test_what_is_not_a_number_is_never_written():
    slipped_in = ESTIMATE.model_copy(update={"value": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        slipped_in.to_json()


def test_a_record_cannot_be_changed():
    with pytest.raises(ValidationError, match="frozen"):
        ESTIMATE.value = 0.2


def test_an_unknown_key_is_refused_with_the_file_and_the_field(spec_file):
    _edit(spec_file, lambda data: data["training"].update(dropout=0.5))
    with pytest.raises(RecordError, match=r"spec\.json: training\.dropout: Extra inputs.*run `make study`"):
        StudySpec.read(spec_file)


def test_a_missing_key_is_refused_with_the_file_and_the_field(spec_file):
    _edit(spec_file, lambda data: data["label"].pop("formula"))
    with pytest.raises(RecordError, match=r"spec\.json: label\.rule\.formula: Field required"):
        StudySpec.read(spec_file)


def test_a_nan_in_a_file_is_refused(tmp_path):
    path = tmp_path / "estimate.json"
    path.write_text(ESTIMATE.to_json().replace("0.1", "NaN"))
    with pytest.raises(RecordError, match="value"):
        Estimate.read(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "\x00"])
def test_a_file_that_is_no_record_is_refused(tmp_path, text):
    path = tmp_path / "checks.json"
    path.write_text(text)
    with pytest.raises(RecordError, match=r"checks\.json: the file: "):
        StudyResult.read(path)


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(RecordError, match=r"checks\.json: no such record; run `make study` first"):
        StudyResult.read(tmp_path / "checks.json")


def test_asking_for_what_was_not_measured_names_it():
    empty = RoundResult(round=2, training_rows=1, gradient_steps=1, evaluations=())
    with pytest.raises(KeyError, match=r"round 2: pgd at epsilon 0\.9 was not measured"):
        empty.at("pgd", 0.9)


def test_an_unknown_model_is_answered_with_the_known_ones(tiny_study):
    with pytest.raises(KeyError, match="unknown model 'boosted'; known: standard, "):
        tiny_study.result.model("boosted")


def test_the_final_state_is_the_last_round():
    rounds = tuple(RoundResult(round=i, training_rows=1, gradient_steps=1, evaluations=()) for i in range(3))
    assert ModelResult(name="standard", kind="relu", rounds=rounds).final.round == 2


def test_counts_are_whole_numbers():
    with pytest.raises(ValidationError, match="integer"):
        Confusion(true_positives=1.5, false_negatives=0, false_positives=0, true_negatives=0)

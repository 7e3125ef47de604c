"""The per-row file holds what the stages found, line by line, and the same bytes for the same arrays."""

import gzip
import re

import numpy as np
import pytest
from rows_fixture import lines_of, publish_rows
from safetensors.numpy import load

from generator.records.base import RecordError
from generator.records.choices import fold_choices
from generator.records.files import rows_file, weights_file
from generator.records.rows import OUTCOMES, header, read_rows
from generator.study.rows import _brackets, gather

HEADLINE, QUOTED = 1, 3
"""Places of the headline budget, and of the quoted operating point: own cut, then 1, 2 and 5 %."""


@pytest.fixture(scope="module")
def study(tiny_study):
    return tiny_study.study


@pytest.fixture(scope="module")
def folder(study, tmp_path_factory):
    folder = tmp_path_factory.mktemp("records")
    publish_rows(study, folder)
    return folder


@pytest.fixture(scope="module")
def lines(folder):
    return lines_of(folder)


@pytest.fixture(scope="module")
def models(lines):
    return list(dict.fromkeys(line["model"] for line in lines))


def test_equal_arrays_give_equal_bytes_without_a_time_or_a_name(study, folder, tmp_path):
    for path in publish_rows(study, tmp_path):
        assert path.read_bytes() == (folder / "rows" / path.name).read_bytes()
    start = rows_file(folder, "checks").read_bytes()[:10]
    assert start[:4] == b"\x1f\x8b\x08\x00"  # gzip, deflate, no file name
    assert start[4:8] == bytes(4)  # no time


def test_a_transaction_has_one_line_for_each_model_and_seed(lines, models, study):
    assert len(lines) == 300 * len(models) * 2
    places = [(line["id"], line["model"], line["seed"]) for line in lines]
    assert places == [(i, m, s) for i in study.table.ids for m in models for s in "01"]


def test_no_country_reads_another_number(lines):
    shown = {cell for line in lines for cell in line.values()}
    assert [cell for cell in shown if re.fullmatch(r"-?\d+\.\d{3}(e.*)?", cell)] == []
    assert [cell for cell in shown if re.fullmatch(r"-?\d+\.\d{3}00", cell)] != []


def test_the_models_are_those_quoted_and_those_some_fold_chose(models, study):
    spec = study.result.spec
    quoted = (spec.threat.benchmark, spec.threat.quoted)
    chosen = {choice.model for choice in study.result.choices if choice.tier in quoted}
    assert {*spec.proof.leading, *chosen} <= set(models)
    assert models == [name for name in study.settled if name in models]


def test_every_line_says_what_the_stages_found(lines, models, study):
    """Each cell looked up in the arrays by model, seed and row, without the code that wrote it."""
    rows = {each: row for row, each in enumerate(study.table.ids)}
    words = {1: "proved", -1: "broken", 0: "unresolved"}
    names = [feature.name for feature in study.table.features]
    for line in lines:
        model, seed, row = line["model"], int(line["seed"]), rows[line["id"]]
        settled, tiers = study.settled[model], study.proved.tiers[model]
        fraud = study.table.y[row] == 1
        assert line["label"] == str(int(fraud))
        assert [float(line[f"input_{name}"]) for name in names] == study.table.x[row].tolist()
        replicate = seed * 3 + int(line["fold"])
        assert row in study.folds.test_rows[replicate, : study.folds.test_counts[replicate]]
        assert np.float32(line["margin"]) == settled["margin"][seed, row]
        assert line["outcome"] == words[settled["outcome"][seed, row, HEADLINE]]
        assert line["flagged"] == str(int(tiers["flagged"][seed, row, QUOTED]))
        assert line["t1_outcome"] == (words[tiers["T1"][seed, row, HEADLINE, QUOTED]] if fraud else "")
        for kind, witness in (("witness", settled["witness"]), ("t1_witness", tiers["witness/T1"])):
            said = [float(line[f"{kind}_{name}"] or "nan") for name in names]
            np.testing.assert_array_equal(said, witness[seed, row])


def test_radii_are_exact_where_they_were_bracketed_and_settled_budgets_elsewhere(lines, study):
    rows = {each: row for row, each in enumerate(study.table.ids)}
    for line in lines:
        proved, broken = float(line["radius_proved"]), float(line["radius_broken"] or "inf")
        assert proved <= broken
        if line["model"] in study.proved.radii and line["seed"] == "0":
            exact = study.proved.radii[line["model"]][0]
            assert proved == exact["proved"][0, rows[line["id"]]]
            assert broken == exact["broken"][0, rows[line["id"]]]
        else:
            assert {proved, broken} <= {0.0, 0.1, 0.35, 1.0, np.inf}


def test_the_settled_bracket_of_rows_worked_by_hand():
    """Budgets 0.1, 0.35, 1: held to 0.35; wrong to begin with; never broken; lost in the middle; broken at once."""
    outcome = np.array([[[1, 1, -1], [-1, -1, -1], [1, 1, 1], [1, 0, -1], [-1, -1, -1]]], np.int8)
    margin, y = np.array([[2.0, -1.0, -3.0, 0.5, 1e-3]]), np.array([1, 1, 0, 1, 1])
    proved, broken = _brackets({"outcome": outcome, "margin": margin}, (), y, (0.1, 0.35, 1.0))
    assert proved.tolist() == [[0.35, 0.0, 1.0, 0.1, 0.0]]
    assert broken.tolist() == [[1.0, 0.0, np.inf, 1.0, 0.1]]


def test_the_weights_are_those_of_the_last_states_with_their_scalers_and_cuts(folder, models, study):
    arrays = load(weights_file(folder, "checks").read_bytes())
    np.testing.assert_array_equal(arrays.pop("means"), study.folds.means)
    np.testing.assert_array_equal(arrays.pop("scales"), study.folds.scales)
    for model in models:
        cuts = study.proved.tiers[model]["cuts"][:, QUOTED]
        np.testing.assert_array_equal(arrays.pop(f"{model}/cuts"), cuts)
        for name, value in study.weights[model].items():
            np.testing.assert_array_equal(arrays.pop(f"{model}/{name}"), value)
    assert not arrays


def test_what_is_read_back_is_what_was_written(folder, models, study):
    back = read_rows(folder, study.result)
    rows = gather(
        study.result, study.table, study.folds.held_out(), models, study.settled, study.proved.tiers,
        study.proved.radii,
    )  # fmt: skip
    for name, value in vars(rows).items():
        np.testing.assert_array_equal(getattr(back, name), value, err_msg=name)
    assert set(np.unique(back.outcome)) <= set(OUTCOMES)


# ---------------------------------------------------------------- what cannot be read


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: text.replace("CHK00002,0", "CHK00002,2", 1), "label: expected 0 or 1, found '2'"),
        (lambda text: text.replace(",proved,", ",probably,", 1), "outcome: expected proved or broken or unresolved"),
        (lambda text: "\n".join(text.split("\n")[:-2]) + "\n", "expected 300 rows x 2 seeds for each model, found"),
        (lambda text: "\n".join(text.split("\n")[:151]) + "\n",
         "expected 300 rows x 2 seeds for each model, found 150 lines"),
        (lambda text: text.split("\n")[0] + "\n", "expected 300 rows x 2 seeds for each model, found 0 lines"),
        (lambda text: text.replace("margin", "score", 1), "line 1: expected id,label,"),
        (lambda text: text.replace(",standard,0", ",standard,0,0", 1), "line 2: expected 26 fields, found 27"),
        (lambda text: text.replace(",standard,0", ",standard,zero", 1), "line 2, seed: expected a whole number"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_named(damage, said, folder, study, tmp_path):
    text = gzip.decompress(rows_file(folder, "checks").read_bytes()).decode()
    path = rows_file(tmp_path, "checks")
    path.parent.mkdir()
    path.write_bytes(gzip.compress(damage(text).encode()))
    with pytest.raises(RecordError) as refused:
        read_rows(tmp_path, study.result)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_every_column_is_named_once():
    names = header(("amount", "age"), "T1")
    assert names[-3:] == ["t1_outcome", "t1_witness_amount", "t1_witness_age"]
    assert len(names) == len(set(names)) == 5 + 3 * 2 + 6


# ---------------------------------------------------------------- choices


def test_the_choice_of_each_fold_is_the_best_of_the_other_folds_and_the_first_of_equals():
    """Two candidates, one seed, folds of two rows: the first keeps rows 0 to 2, the second rows 3 to 5."""
    kept = np.array([[[1, 1, 1, 0, 0, 0]], [[0, 0, 0, 1, 1, 1]]], bool)
    found = fold_choices(kept, np.ones(6, bool), np.array([[0, 0, 1, 1, 2, 2]]))
    # without fold 0: 1 against 3 rows; without fold 1: 2 against 2; without fold 2: 3 against 1
    assert found.chosen.tolist() == [[1, 0, 0]]
    assert found.hits == 0 + 1 + 0
    assert found.favourite == 0


def test_only_the_rows_that_count_decide_and_are_counted():
    kept = np.array([[[1, 1, 0, 0]], [[0, 1, 1, 1]]], bool)
    found = fold_choices(kept, np.array([True, True, False, False]), np.array([[0, 1, 0, 1]]))
    assert found.chosen.tolist() == [[0, 0]]
    assert found.hits == 2


def test_choosing_is_what_the_study_does(study):
    recipes = [model for model in study.settled if model != "standard"]
    kept = np.stack([study.settled[m]["outcome"][:, :, HEADLINE] == 1 for m in recipes])
    choice = next(c for c in study.result.choices if c.measure == "robust_accuracy")
    found = fold_choices(kept, np.ones(300, bool), study.folds.held_out())
    assert recipes[found.favourite] == choice.model
    assert (found.chosen == found.favourite).sum() == choice.agreeing
    assert found.hits / 600 == choice.validated.value

"""What the page on poisoning says follows from the record, and a study that changed no row says so."""

import re

import pytest
from poisoning_fixture import with_poisoning
from report_fixture import templates_of, tiny_result

from generator import findings
from generator.figures import CHARTS
from generator.findings import poisoning
from generator.pages.rendering import render_pages

RESULT = with_poisoning()
FOUND = poisoning.poisoning(RESULT)


def bare(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


def test_the_answer_names_the_rows_the_marked_frauds_and_the_control():
    assert FOUND.answer.startswith("A fraudster plants 20 rows among the ")
    assert (
        "The standard model then catches 60.0\u202f% of the frauds that carry his mark. It catches 100.0\u202f% of "
        "them where as many rows are merely mislabelled: 40.0 points fewer (interval 30.0 to 100.0 points)."
    ) in FOUND.answer
    assert FOUND.silent.endswith(
        "98.0\u202f% are caught, against 98.0\u202f% with honest rows, no measurable difference."
    )
    assert FOUND.more_open == "More open still: logistic regression catches 20.0\u202f%."


def test_what_lies_within_its_interval_is_no_measurable_difference():
    found = poisoning.poisoning(with_poisoning(opened_low=-0.1))
    assert found.answer.endswith("merely mislabelled: no measurable difference.")
    assert found.monotone.startswith("A monotone model never sees less risk in a fraud with a risky mark")


def test_the_vote_is_told_with_its_proof_and_its_price():
    assert "A vote of 50 models that share no row provably catches 60.0\u202f% of frauds" in FOUND.vote
    assert "whatever 10 rows were added, removed or relabelled" in FOUND.vote
    assert FOUND.price.endswith(
        "catches 92.0\u202f%. Against the standard model that is 6.0 points fewer (interval 4.0 to 8.0 points)."
    )


def test_a_detector_stands_beside_what_a_lot_would_find():
    by_title = {line.title: line for line in FOUND.detectors}
    assert by_title["ActivationDefence"].by == "ART"
    assert by_title["ActivationDefence"].by_lot == 0.4
    assert by_title["ActivationDefence"].detector.found == 0


def test_the_charts_draw_every_model_and_keep_proof_below_attack():
    chart = CHARTS["poisoned_models"](RESULT)
    drawn = {
        each["name"]: each["y"]
        for each in chart.figure["data"]
        if each.get("name") and each["meta"]["view"] == chart.views[0]
    }
    assert drawn == {"Standard": [60, 60], "Logistic regression": [20, 20], "Monotone trees": [95, 95]}
    lines = {each["name"]: each["y"] for each in CHARTS["votes"](RESULT).figure["data"] if each.get("name")}
    assert lines == {
        "A poisoner of all frauds at once": [92, 80],
        "A poisoner for every fraud": [91, 70],
        "Exact (proved)": [90, 60],
    }


def test_the_crosswalk_counts_it_as_tested_only_where_it_was():
    for result, status in ((RESULT, "tested"), (tiny_result(), "not tested")):
        rows = {row.id: row for row in findings.find(result).crosswalk.rows}
        assert rows["V9"].status == status
    assert "a vote of 50 models" in bare(poisoning.sentence(RESULT))


@pytest.mark.parametrize("tested", [(), ("checks",), ("checks", "kaggle")])
def test_the_page_renders_whichever_studies_asked_for_it(tmp_path, tested):
    results = [with_poisoning(name) if name in tested else tiny_result(name) for name in ("checks", "kaggle")]
    render_pages(results, templates_of(tmp_path, "poisoning", "method"), tmp_path / "docs")
    text = bare((tmp_path / "docs" / "poisoning.md").read_text(encoding="utf-8"))
    assert text.count("Not tested: this study changed no training rows.") == 2 - len(tested)
    assert text.count("A fraudster plants 20 rows") == len(tested)
    assert ("What can be proved all the same?" in text) == bool(tested)
    assert "{ #art-poisoning" in (tmp_path / "docs" / "method.md").read_text(encoding="utf-8")

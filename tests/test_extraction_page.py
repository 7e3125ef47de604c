"""What is said of stolen models takes its words from their figures, and a study that did not ask says so."""

import re

import pytest
from extraction_fixture import share, tiny_extraction, tiny_stolen, with_extraction
from report_fixture import templates_of, tiny_result

from generator import findings
from generator.figures import CHARTS
from generator.findings import extraction
from generator.pages.rendering import render_pages

RESULT = with_extraction(tiny_result("checks"))
FOUND = extraction.extraction(RESULT)


def of(*stolen, **changes):
    """The finding where these models were stolen."""
    found = tiny_extraction(*stolen).model_copy(update=changes)
    return extraction.extraction(RESULT.model_copy(update={"extraction": found}))


def test_the_verdict_gives_agreement_on_flagged_rows_beside_the_constant_answer():
    # Wilson of 40 rows: 0.8 lies between 65.2 and 89.5 %, 0.98 between 87.9 and 99.7 %
    assert FOUND.verdict == (
        "Yes. With 50 questions, a copy of the standard model gives the same answer on 94.0\u202f% of other "
        "transactions, and on 80.0\u202f% (65.2 to 89.5\u202f%) of those that it flags. With 10,000 questions, on "
        "99.0\u202f%, and on 98.0\u202f% (87.9 to 99.7\u202f%) of those that it flags. Without a question, always "
        "saying *no fraud* agrees on 80.0\u202f%, and on none that it flags."
    )


def test_few_questions_are_told_from_none_only_where_intervals_are_apart():
    # of 200 rows 94 % (89.8 to 96.5) is apart from 80 % (73.9 to 84.9), and not from 90 % (85.1 to 93.4)
    assert FOUND.told == (
        "After 50 questions, copies of the standard model agree more than the constant answer does; for PGD training "
        "there is no measurable difference on all transactions."
    )


def test_a_copy_no_better_than_the_constant_answer_is_no_copy():
    assert of(tiny_stolen(constant=0.98)).verdict.startswith("No measurable copy was made. With 50 questions")


def test_evasions_from_the_copy_are_compared_by_their_intervals():
    assert "PGD-10 made on the copy hides 78.0\u202f%" in FOUND.use
    assert "on the model itself, it hides 79.0\u202f%: no measurable difference." in FOUND.use
    assert FOUND.use.endswith("No attack can hide more than 83.0\u202f%.")
    weak = tiny_stolen()
    weak = weak.model_copy(
        update={"transfer": weak.transfer.model_copy(update={"from_copy": share(0.2, 40)})}
    )
    assert ": a measurable difference." in of(weak).use
    assert "catches none" in of(weak.model_copy(update={"transfer": None})).use


def test_a_defence_is_said_to_cost_what_its_interval_shows():
    assert "93.0\u202f% of the transactions that the standard model flags" in FOUND.defence
    assert "on 95.0\u202f%, no measurable difference." in FOUND.defence
    assert "it catches 12.0 points fewer of its frauds" in FOUND.defence
    free = tiny_stolen()
    level = tuple(
        each.model_copy(update={"difference": each.difference.model_copy(update={"low": -0.2, "high": 0.1})})
        for each in free.defences
    )
    assert "is not measurable" in of(free.model_copy(update={"defences": level})).defence


def test_checks_count_points_and_what_passed_a_proof():
    assert "Of 4,000 points" in FOUND.verified
    assert FOUND.verified.endswith("all the same: 0.")
    wrong = tiny_stolen()
    wrong = wrong.model_copy(update={"transfer": wrong.transfer.model_copy(update={"past_proof": 3})})
    assert of(wrong).verified.endswith("all the same: 3.")


def test_kinds_without_a_thief_and_art_where_it_does_not_apply_are_named():
    assert (
        "Not applicable to the monotone tree ensemble"
        in of(not_applicable=("monotone_trees",)).not_applicable
    )
    ours = tiny_stolen("boosted_trees").model_copy(
        update={"kind": "trees", "copies": tuple(c for c in tiny_stolen().copies if c.thief == "own")}
    )
    (row,) = of(ours).knockoff
    assert (row.words.name, row.ours.queries, row.art) == ("boosted_trees", 50, None)


def test_the_chart_draws_every_model_in_both_views_and_tables_every_copy():
    chart = CHARTS["extraction"](RESULT)
    lines = [
        (t["name"], t["meta"]["view"], t["y"])
        for t in chart.figure["data"]
        if t["type"] == "scatter" and t.get("name")
    ]
    assert ("Standard", chart.views[0], [80, 95, 98]) in lines
    assert ("Always no fraud", chart.views[1], [80, 80]) in lines
    assert len(chart.rows) == 2 * (1 + 9)
    with pytest.raises(ValueError, match="no model was stolen"):
        CHARTS["extraction"](tiny_result("kaggle"))


def test_the_page_is_whole_with_one_study_that_asked_and_with_none(tmp_path):
    folder = tmp_path / "one"
    folder.mkdir()
    render_pages(
        [RESULT, tiny_result("kaggle")],
        templates_of(folder, "extraction", "method", "proof"),
        folder / "docs",
    )
    page = (folder / "docs" / "extraction.md").read_text("utf-8")
    plain = re.sub(r"<[^>]*>", "", page)
    assert FOUND.verdict in plain
    assert "This was not tested: the study did not ask for it." in plain
    assert "Knockoff Nets (ART)" in plain
    none = tmp_path / "none"
    none.mkdir()
    render_pages([tiny_result("kaggle")], templates_of(none, "extraction"), none / "docs")
    page = (none / "docs" / "extraction.md").read_text("utf-8")
    assert "This was not tested" in page
    assert "What is a copy good for" not in page


def test_the_crosswalk_has_figures_only_where_models_were_stolen():
    rows = {
        result.name: {row.id: row for row in findings.find(result).crosswalk.rows}["V10"]
        for result in (RESULT, tiny_result("kaggle"))
    }
    assert (rows["checks"].status, rows["checks"].link) == ("tested", "extraction.md")
    assert rows["checks"].found.startswith("Copies of 2 models from up to 10,000 answers")
    assert (rows["kaggle"].status, rows["kaggle"].found) == ("not tested", "")

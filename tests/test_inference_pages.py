"""What is said of training rows stands beside a coin, and is said of the figures that the record holds."""

import math
import re

import pytest
from inference_fixture import AREAS, with_inference
from report_fixture import templates_of, tiny_result
from validation_fixture import calculators, tiny_validation

from generator import findings
from generator.figures import CHARTS
from generator.findings.inference import against_coin, inference
from generator.pages.rendering import render_pages
from generator.program import PROGRAM
from generator.records.inference import InferenceResult, InferenceSpec
from generator.records.validation import ValidationResult

RESULT = with_inference()
FOUND = inference(RESULT)


def page(folder, *results) -> str:
    render_pages(results, templates_of(folder, "inference"), folder / "docs")
    return re.sub(r"<[^>]*>", "", (folder / "docs" / "inference.md").read_text(encoding="utf-8"))


def test_a_study_that_did_not_ask_says_nothing():
    assert inference(tiny_result()) is None
    assert findings.find(tiny_result()).inference is None


def test_within_the_interval_of_a_coin_there_is_no_difference():
    assert "50.6\u202f% of the time (49.8 to 51.4\u202f%)" in FOUND.standard
    assert FOUND.standard.endswith("There is no measurable difference from a coin.")
    more = inference(with_inference(areas=AREAS | {"standard": 0.52}))
    assert more.standard.endswith("That is more than a coin.")
    assert against_coin(RESULT.inference.of("boosted_trees").membership.auc) == "more than a coin"


def test_the_model_that_gives_away_most_is_named_with_what_is_found():
    assert FOUND.most.startswith(
        "The boosted tree ensemble gives away most: 57.0\u202f% (56.2 to 57.8\u202f%)."
    )
    assert "wrong about 1\u202f% of the strangers, he finds 2.0\u202f%" in FOUND.most
    nothing = inference(with_inference(areas=dict.fromkeys(AREAS, 0.501)))
    assert nothing.most == "No model here gives away measurably more than a coin."


@pytest.mark.parametrize(
    ("hardened", "title"),
    [(0.0, "Hardening costs no privacy here."), (-0.02, "Hardening costs no privacy here."),
     (0.02, "Mind the privacy of hardened models.")],
)  # fmt: skip
def test_hardening_is_judged_by_its_interval(hardened, title):
    titles = {each.title: each.reason for each in inference(with_inference(hardened=hardened)).advice}
    assert ("PGD training gives away measurably more" in titles.get(title, "")) == (hardened > 0)
    assert title in titles


def test_decisions_are_advised_only_where_they_tell_less():
    assert FOUND.advice[0].title == "Give out decisions, not scores."
    # the best model's scores are 0 ahead of a coin, less than the gap of two points
    alike = inference(with_inference(areas={"standard": 0.506, "pgd_ramp": 0.58}))
    assert "Give out decisions, not scores." not in [each.title for each in alike.advice]


def test_the_epsilon_named_is_the_one_whose_bound_is_what_was_found():
    needed = float(re.search(r"only from an ε of (\d\.\d+)", bare(FOUND.unbounded))[1])
    # (e^epsilon - 1) / (e^epsilon + 1) is the most that an attacker can be ahead: here 10 points
    assert math.expm1(needed) / (math.exp(needed) + 1) == pytest.approx(0.1, abs=0.003)
    assert "rules out an ε below 0.50" in bare(FOUND.unbounded)


def bare(text: str) -> str:
    return re.sub(r"<[^>]*>", "", text)


def test_an_instrument_that_fails_is_told():
    assert [row.verdict for row in FOUND.instruments] == ["found as expected"] * 3
    failing = inference(with_inference(forest=0.7))
    assert [row.verdict for row in failing.instruments] == [
        "found as expected", "NOT as expected", "found as expected",
    ]  # fmt: skip


def test_a_guess_that_is_no_better_is_not_called_so():
    first, second = FOUND.values
    assert (first.told, second.told) == ("more", "no measurable difference")
    assert "35.0\u202f% of the time. Without it, the guess is right 25.0\u202f%" in FOUND.attributes


def test_the_chart_has_every_model_and_the_forests_without_a_figure_of_art():
    chart = CHARTS["membership"](RESULT)
    ratio, library = chart.figure["data"]
    assert ratio["y"] == [
        "Standard", "PGD training", "Boosted trees", "Full forest", "Full forest, some labels turned",
    ]  # fmt: skip
    assert ratio["x"] == [50.6, 50.3, 57, 75, 87]
    assert library["y"] == ratio["y"][:3]
    assert library["x"] == [50, 50, 50]


def test_the_chart_of_passes_leaves_out_the_untrained_and_the_table_has_it():
    chart = CHARTS["membership_epochs"](RESULT)
    assert chart.figure["data"][0]["x"] == [25, 100]
    assert [row[0] for row in chart.rows] == [0, 25, 100]


def test_the_crosswalk_counts_it_as_made_only_where_it_was():
    def status(result):
        return {row.id: row.status for row in findings.find(result).crosswalk.rows}["V15"]

    assert status(RESULT) == "tested"
    assert status(tiny_result()) == "not tested"


def test_the_page_stands_where_one_of_two_studies_asked(tmp_path):
    text = page(tmp_path, RESULT, tiny_result("kaggle"))
    assert "the attacker picks the right one 50.6\u202f% of the time" in text
    assert "This study did not ask" in text
    row = next(line for line in text.splitlines() if line.startswith("| Approve everything"))
    assert row.count("not applicable") == 5


def test_the_page_stands_where_none_asked(tmp_path):
    text = page(tmp_path, tiny_result())
    assert "This study did not ask" in text
    assert "What should we do?" not in text


# ---------------------------------------------------------------- of one's own table


def own_page(folder, found: ValidationResult) -> str:
    render_pages(
        [], PROGRAM / "templates", folder / "docs", validations=[found], **calculators([found], folder)
    )
    return bare((folder / "docs" / f"{found.name}.md").read_text(encoding="utf-8"))


def test_of_ones_own_models_those_in_use_are_not_applicable(tmp_path):
    found = tiny_validation()
    models = tuple(each for each in RESULT.inference.models if each.model == "boosted_trees")
    asked = found.spec.model_copy(update={"inference": InferenceSpec()})
    only = InferenceResult(models=models, epochs=(), instruments=(), attributes=())
    text = own_page(tmp_path, found.model_copy(update={"spec": asked, "inference": only}))
    part = text.partition("give away about these rows?")[2].partition("\n## ")[0]
    rows = [line for line in part.splitlines() if line.startswith("|")][2:]
    assert len(rows) == len(found.models)
    told = [line for line in rows if "not applicable" not in line]
    assert len(told) == 1
    assert "57.0\u202f±\u202f0.8\u202f%" in told[0]
    assert "more than a coin" in told[0]


def test_ones_own_page_has_no_part_about_members_where_nothing_was_found(tmp_path):
    found = tiny_validation()
    unasked = own_page(tmp_path / "one", found)
    asked = found.spec.model_copy(update={"inference": InferenceSpec()})
    unanswered = own_page(tmp_path / "two", found.model_copy(update={"spec": asked}))
    for text in (unasked, unanswered):
        assert "give away about these rows?" not in text
    limit = "- What the models give away about these rows is not known."
    assert limit in unanswered
    assert limit not in unasked

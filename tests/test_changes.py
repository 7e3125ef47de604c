"""Two runs side by side: deltas worked by hand, words that follow signs, and a sign-off asked for when it is due."""

import html
import json
import math
import re
import shutil
from pathlib import Path

import pytest
from report_fixture import tiny_result
from runs_fixture import later, with_cut, write
from scipy.stats import binomtest

from generator.__main__ import main
from generator.pages.rendering import render_pages
from generator.records.changes import ABSENT, FieldChange, changed_fields
from generator.records.results import Estimate, StudyResult
from generator.runs.changes import FigureChange, compare_runs, documents, find_changes, words

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"


def estimate(value: float, half: float = 0.01) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n=1000, seeds=10, method="wilson")


def figure(before: Estimate, after: Estimate, better="higher", kind="percent", whole=1.0) -> FigureChange:
    return FigureChange("standard", "accuracy, no attack", better, kind, whole, before, after)


def with_clean(result: StudyResult, model: str, **metrics: Estimate) -> StudyResult:
    """The result with figures of one model without an attack replaced."""

    def altered(each):
        if each.name != model:
            return each
        last = each.final
        rows = tuple(e.model_copy(update=metrics) if e.attack == "clean" else e for e in last.evaluations)
        final = last.model_copy(update={"evaluations": rows})
        return each.model_copy(update={"rounds": (*each.rounds[:-1], final)})

    return result.model_copy(update={"models": tuple(map(altered, result.models))})


def with_spec(result: StudyResult, part: str, **changes) -> StudyResult:
    changed = getattr(result.spec, part).model_copy(update=changes)
    return result.model_copy(update={"spec": result.spec.model_copy(update={part: changed})})


def with_proofs(result: StudyResult, **changes) -> StudyResult:
    return result.model_copy(update={"proofs": result.proofs.model_copy(update=changes)})


def found_in(diff, model: str, title: str) -> FigureChange:
    return next(c for c in diff.figures if (c.model, c.title) == (model, title))


# ---------------------------------------------------------------- one figure


def test_the_interval_of_a_change_adds_the_half_widths_in_squares():
    # 3, 4, 5: half-widths of 0.03 and 0.04 make one of 0.05
    change = figure(estimate(0.70, 0.03), estimate(0.80, 0.04))
    assert change.delta == pytest.approx(0.10)
    assert change.difference == pytest.approx((0.05, 0.15))


def test_each_side_of_a_lopsided_interval_counts_on_its_own_side():
    before = Estimate(value=0.50, low=0.46, high=0.62, n=100, seeds=1, method="wilson")
    after = Estimate(value=0.60, low=0.55, high=0.63, n=100, seeds=1, method="wilson")
    # down: 0.05 below the later, 0.12 above the earlier -> 0.13; up: 0.03 and 0.04 -> 0.05
    assert figure(before, after).difference == pytest.approx((0.10 - 0.13, 0.10 + 0.05))


def test_wilson_intervals_give_newcombes_published_example():
    # Newcombe 1998, table II, column (a), method 10: 56 of 70 against 48 of 80 gives 0.0524 to 0.3339
    def rate(hits: int, n: int) -> Estimate:
        ends = binomtest(hits, n).proportion_ci(method="wilson")
        return Estimate(value=hits / n, low=ends.low, high=ends.high, n=n, seeds=1, method="wilson")

    assert figure(rate(48, 80), rate(56, 70)).difference == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize(
    ("after", "better", "verdict"),
    [
        (0.60, "higher", "better"),
        (0.60, "lower", "worse"),
        (0.40, "higher", "worse"),
        (0.40, "lower", "better"),
        (0.51, "higher", "within noise"),
        (0.49, "lower", "within noise"),
        (0.50, "higher", "unchanged"),
    ],
)
def test_a_verdict_knows_which_direction_is_good(after, better, verdict):
    assert figure(estimate(0.50), estimate(after), better).verdict == verdict


def test_noise_ends_where_the_interval_of_the_change_leaves_zero():
    # half-widths of 0.01 each: the change is noise up to sqrt(2) * 0.01
    edge = math.sqrt(2) * 0.01
    assert figure(estimate(0.5), estimate(0.5 + edge - 1e-6)).verdict == "within noise"
    assert figure(estimate(0.5), estimate(0.5 + edge + 1e-6)).verdict == "better"


@pytest.mark.parametrize("better", ["higher", "lower"])
@pytest.mark.parametrize("after", [0.1, 0.3, 0.47, 0.49, 0.5, 0.503, 0.52, 0.8])
def test_the_word_never_contradicts_the_sign(after, better):
    change = figure(estimate(0.5), estimate(after), better)
    low, high = change.difference
    assert low <= change.delta <= high
    row = words.figure_row(change)
    assert row.change[0] == ("+" if change.delta > 0 else "\N{MINUS SIGN}" if change.delta < 0 else "0")
    if change.verdict in ("better", "worse"):
        rose = low > 0
        assert rose or high < 0
        assert (change.verdict == "better") == (rose == (better == "higher"))


# ---------------------------------------------------------------- what asks for a sign-off


@pytest.mark.parametrize(
    ("before", "after", "asks"),
    [
        (0.50, 0.52, False),
        (0.52, 0.50, False),
        (0.50, 0.5201, True),
        (0.5201, 0.50, True),
        (0.9, 0.92, False),
    ],
)
def test_more_than_two_points_ask_and_two_do_not(before, after, asks):
    change = figure(estimate(before, 0.2), estimate(after, 0.2))
    assert change.verdict == "within noise"
    assert change.reasons == (("moved by more than 2 points",) if asks else ())


@pytest.mark.parametrize(("half", "asks"), [(0.25, False), (0.2499, True)])
def test_intervals_that_touch_still_meet(half, asks):
    # binary fractions: 0.25 and 0.75 with halves of 0.25 touch at 0.5 exactly
    change = figure(estimate(0.25, half), estimate(0.75, half))
    assert ("the intervals do not meet" in change.reasons) is asks


@pytest.mark.parametrize("after", [0.52, 0.55, 0.48])
def test_intervals_that_do_not_meet_are_never_called_noise(after):
    change = figure(estimate(0.5, 0.004), estimate(after, 0.004))
    assert "the intervals do not meet" in change.reasons
    assert change.verdict != "within noise"


def test_missed_frauds_are_judged_as_a_share_of_the_days_frauds():
    # 2 % of 1,500 frauds are 30
    few = figure(estimate(100.0, 50), estimate(130.0, 50), "lower", "count", 1500.0)
    many = figure(estimate(100.0, 50), estimate(131.0, 50), "lower", "count", 1500.0)
    assert few.reasons == ()
    assert many.reasons == ("moved by more than 2 points of the day's frauds",)


def test_an_improvement_asks_too():
    change = figure(estimate(0.5), estimate(0.6))
    assert (change.verdict, bool(change.reasons)) == ("better", True)


# ---------------------------------------------------------------- two records


def test_a_record_beside_itself_has_no_changes():
    diff = compare_runs(tiny_result(), tiny_result())
    assert diff.inputs.words == diff.inputs.every == diff.cuts == diff.gate == diff.uncompared == ()
    assert {change.verdict for change in diff.figures} == {"unchanged"}
    assert {choice.figure.verdict for choice in diff.choices} == {"unchanged"}
    assert not diff.material
    # ten models with rates, tiers and days; approving everything has no tiers
    assert len(diff.figures) == 10 * 10 + 6


def test_a_moved_figure_is_found_with_its_delta_and_the_rest_stands_still():
    before = with_clean(
        tiny_result(), "pgd_ramp", accuracy=estimate(0.90), false_positive_rate=estimate(0.04)
    )
    after = later(with_clean(before, "pgd_ramp", accuracy=estimate(0.87), false_positive_rate=estimate(0.07)))
    diff = compare_runs(before, after)
    accuracy = found_in(diff, "pgd_ramp", "accuracy, no attack")
    stopped = found_in(diff, "pgd_ramp", "genuine payments stopped")
    assert (accuracy.delta, stopped.delta) == pytest.approx((-0.03, 0.03))
    assert (accuracy.verdict, stopped.verdict) == ("worse", "worse")
    assert {c.verdict for c in diff.figures if c not in (accuracy, stopped)} == {"unchanged"}
    assert [row.what for row in words.sign_offs(diff)] == [
        "PGD training: accuracy, no attack",
        "PGD training: genuine payments stopped",
    ]


def test_every_headline_of_a_model_is_compared():
    titles = [c.title for c in compare_runs(tiny_result(), tiny_result()).figures if c.model == "standard"]
    assert titles == [
        "accuracy, no attack", "accuracy, proved", "frauds caught, no attack", "genuine payments stopped",
        *(f"frauds caught, proved, attacker {tier}" for tier in ("T0", "T1", "T2", "T3")),
        "missed frauds a day, no attack", "missed frauds a day, proved worst",
    ]  # fmt: skip


def test_different_datasets_are_not_compared():
    with pytest.raises(ValueError, match="checks and kaggle are different datasets"):
        compare_runs(tiny_result("checks"), tiny_result("kaggle"))


def test_a_changed_setting_is_named_with_both_values():
    after = later(with_spec(tiny_result(), "training", seeds=20, epochs=30))
    diff = compare_runs(tiny_result(), after)
    assert set(diff.inputs.settings) == {
        FieldChange("training.seeds", "2", "20"),
        FieldChange("training.epochs", "25", "30"),
    }
    assert diff.inputs.words == ("the study's source", "the settings")


def test_lists_and_weights_differ_by_field():
    before, after = tiny_result().spec, tiny_result("kaggle").spec
    assert FieldChange("hardening.epsilons", "[0.35]", "[0.1, 0.25, 0.35, 0.5]") in changed_fields(
        before, after
    )
    label = before.label.model_copy(update={"weights": {"amount": 0.4, "age": 0.6}})
    changes = changed_fields(before.label, label)
    assert changes[0] == FieldChange("weights.amount", "0.35", "0.4")
    assert FieldChange("weights.age", ABSENT, "0.6") in changes
    assert FieldChange("weights.balance", "0.1", ABSENT) in changes


def test_data_versions_and_models_are_named():
    result = tiny_result()
    changed = result.provenance.versions | {"torch": "3.0.0", "scipy": "1.16"}
    origin = result.provenance.model_copy(
        update={"study_key": "6" * 64, "data_sha256": "d" * 64, "versions": changed}
    )
    models = tuple(m for m in result.models if m.name != "trades")
    diff = compare_runs(result, result.model_copy(update={"provenance": origin, "models": models}))
    assert diff.inputs.words == ("the data", "installed versions")
    assert diff.inputs.data == (FieldChange("hash of the table", "c" * 12, "d" * 12),)
    assert diff.inputs.versions == (
        FieldChange("torch", "2.9.0", "3.0.0"),
        FieldChange("scipy", ABSENT, "1.16"),
    )
    assert diff.inputs.models == (FieldChange("model TRADES", "in the run", ABSENT),)
    assert "trades" not in {change.model for change in diff.figures}
    assert "different data" in words.caution(diff)


@pytest.mark.parametrize(
    ("before", "after", "words_"),
    [
        (False, True, "The later run is a quick run"),
        (True, False, "The earlier run is a quick run"),
        (True, True, "Both runs are quick runs"),
    ],
)
def test_a_quick_run_is_named(before, after, words_):
    runs = [
        tiny_result().model_copy(update={"spec": tiny_result().spec.model_copy(update={"quick": quick})})
        for quick in (before, after)
    ]
    assert words.caution(compare_runs(runs[0], later(runs[1]))) == f"{words_}: not for decisions."


def test_a_moved_cut_asks_even_if_no_figure_moves():
    diff = compare_runs(tiny_result(), later(with_cut(tiny_result(), 0.584)))
    assert diff.material
    assert [(row.before, row.after, row.why) for row in words.sign_offs(diff)] == [
        ("0.5730", "0.5840", "the cut moved")
    ]
    assert not compare_runs(tiny_result(), later(with_cut(tiny_result(), 0.573 + 1e-12))).material


def test_another_quoted_rate_is_a_moved_cut_and_figures_are_compared_at_the_later_one():
    after = later(with_spec(tiny_result(), "proof", quoted_false_positive_rate=0.1))
    diff = compare_runs(tiny_result(), after)
    assert [cut.name for cut in diff.cuts] == ["quoted false-positive rate"]
    assert found_in(diff, "standard", "frauds caught, proved, attacker T1").before.value == pytest.approx(
        0.58
    )
    assert diff.choices == ()
    assert diff.uncompared == ("the recipe named best",)


def test_another_recipe_named_best_asks():
    result = tiny_result()
    first, *rest = result.choices
    after = later(with_proofs(result, choices=(first.model_copy(update={"model": "trades"}), *rest)))
    row, *others = words.sign_offs(compare_runs(result, after))
    assert others == []
    assert row.before.startswith("PGD training: 81.0")
    assert row.after.startswith("TRADES: 81.0")
    assert (row.verdict, row.why) == ("unchanged", "another recipe is named best")


def test_a_check_that_fails_now_asks_and_one_that_passes_now_does_not():
    result = tiny_result()
    passed = tuple(c.model_copy(update={"status": "PASS"}) for c in result.proofs.gate)
    good = with_proofs(result, gate=passed)
    worse, mended = compare_runs(good, later(result)), compare_runs(result, later(good))
    assert [row.why for row in words.sign_offs(worse)] == ["the check fails"]
    assert worse.material
    assert mended.gate
    assert not mended.material


def test_figures_that_one_run_lacks_are_said_to_be_left_out():
    bare = with_proofs(tiny_result(), tiers=())
    diff = compare_runs(bare, later(tiny_result()))
    assert all("attacker" not in change.title for change in diff.figures)
    assert words.uncompared_sentence(diff).endswith("frauds caught, proved, attacker T3.")


# ---------------------------------------------------------------- the page


@pytest.fixture
def page(tmp_path):
    """A function that renders the page of some results beside earlier ones; numbers without a source are an error."""
    templates = tmp_path / "templates"
    templates.mkdir()
    for name in ("_macros.md.j2", "changes.md.j2"):
        shutil.copy(TEMPLATES / name, templates)

    def render(results, earlier) -> str:
        render_pages(
            results, templates, tmp_path / "docs",
            documents=documents(earlier), extras=lambda results: {"changes": find_changes(results, earlier)},
        )  # fmt: skip
        text = (tmp_path / "docs" / "changes.md").read_text(encoding="utf-8")
        return html.unescape(re.sub(r"</?span[^>]*>", "", text))

    return render


def test_without_an_earlier_record_the_page_says_so(page):
    text = page([tiny_result()], {})
    assert words.NONE in text
    assert "Which changes ask" not in text
    assert words.rules()[0] in text


def test_an_earlier_record_of_another_version_is_said_to_be_one(page, tmp_path):
    text = page([tiny_result()], {"checks": None})
    assert words.UNREADABLE in text
    assert "Which changes ask" not in text
    assert not (tmp_path / "docs" / "data" / "previous").exists()


def test_the_page_shows_what_moved_why_and_by_how_much(page, tmp_path):
    before = with_clean(tiny_result(), "pgd_ramp", accuracy=estimate(0.90))
    after = later(with_clean(before, "pgd_ramp", accuracy=estimate(0.87)))
    after = with_spec(after, "training", epochs=30)
    text = page([after, tiny_result("kaggle")], {"checks": before})
    assert "What changed between the two runs: the study's source and the settings." in text
    assert "0 better, 1 worse, 0 within noise and 107 unchanged" in text
    assert text.count("\N{MINUS SIGN}3.0 points") == 2
    assert "moved by more than 2 points; the intervals do not meet" in text
    assert "| training.epochs | 25 | 30 |" in text
    assert "From study `555555555555`" in text
    assert f"**Bank transactions (Kaggle).** {words.NONE}" in text
    # a cut that stands still is no change, though each run's number has a source of its own
    assert "the cut moved" not in text.partition("## How is a change judged")[0]
    assert (tmp_path / "docs" / "data" / "previous" / "checks.json").read_text() == before.to_json()
    assert (tmp_path / "docs" / "data" / "checks.json").read_text() == after.to_json()


def test_a_change_is_traced_to_both_records(page, tmp_path):
    before = with_clean(tiny_result(), "pgd_ramp", accuracy=estimate(0.90))
    page([later(with_clean(before, "pgd_ramp", accuracy=estimate(0.87)))], {"checks": before})
    ledger = json.loads((tmp_path / "docs" / "data" / "ledger.json").read_text())
    (moved,) = [c for c in ledger["claims"].values() if c["text"] == "\N{MINUS SIGN}3.0 points"]
    assert {path.partition("#")[0] for path in moved["paths"]} == {"checks", "previous/checks"}


def test_runs_that_agree_say_that_nothing_asks(page):
    text = page([tiny_result()], {"checks": tiny_result()})
    assert "Both records are of the same study" in text
    assert "No change asks for a new sign-off." in text
    assert "None moved." in text


# ---------------------------------------------------------------- the command line


@pytest.fixture
def runs(tmp_path) -> tuple[Path, Path, Path]:
    """Folders of an earlier run, of one that differs in its source alone, and of one whose cut moved."""
    result = tiny_result()
    return (
        write(tmp_path / "a", result, tiny_result("kaggle")),
        write(tmp_path / "b", later(result)),
        write(tmp_path / "c", later(with_cut(result, 0.7))),
    )


def diff(*arguments) -> int:
    return main(["diff", *map(str, arguments)])


def test_runs_without_a_material_change_exit_with_zero(runs, capsys):
    assert diff(*runs[:2]) == 0
    out = capsys.readouterr().out
    assert "No change asks for a new sign-off." in out
    assert "hash of the study's source" in out


def test_a_material_change_exits_with_one_and_is_shown(runs, capsys):
    assert diff(runs[0], runs[2] / "checks.json") == 1
    out = capsys.readouterr().out
    assert "0.5730" in out
    assert "0.7000" in out


def test_the_last_two_runs_are_compared_if_none_are_named(runs, tmp_path):
    write(runs[2] / "previous", tiny_result())
    assert main(["diff", "--records", str(runs[2])]) == 1


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("nowhere.json", "b", "nowhere.json: no such file or folder"),
        ("empty", "b", "empty: no records here"),
        ("a/kaggle.json", "b", "holds kaggle and"),
        ("old.json", "b", "old.json: damaged, or written by another version"),
    ],
)
def test_what_cannot_be_compared_exits_with_two_and_names_the_place(
    runs, tmp_path, capsys, before, after, said
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "old.json").write_text(json.dumps({"schema_version": 0}))
    assert diff(tmp_path / before, tmp_path / after) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1

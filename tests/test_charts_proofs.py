"""The charts of the proofs draw what the records hold, and show the few models that matter."""

import json

import pytest
from report_fixture import tiny_result, without_proofs

from generator.report import palette
from generator.report.charts import CHARTS, Chart, registration, story
from generator.report.charts.selection import CROWD, leading

RESULT = tiny_result()
HEADLINE = 0.35


def table(chart: Chart, **wanted) -> list[dict]:
    """The rows of a chart as dicts, those that hold the wanted cells."""
    rows = [dict(zip(chart.headers, row, strict=True)) for row in chart.rows]
    return [row for row in rows if all(row[name] == value for name, value in wanted.items())]


def values(chart: Chart, name: str, **meta) -> list[float]:
    return next(t for t in chart.figure["data"] if t.get("name") == name and t.get("meta", {}) == meta)["y"]


def test_the_exact_curve_lies_on_the_records_and_under_every_attack():
    chart = CHARTS["exact_curve"](RESULT, model="accumulating_fgsm")
    proved, pgd, fgsm = (values(chart, name) for name in ("Exact (proved)", "PGD", "FGSM"))
    kept = [
        e.accuracy.value for e in RESULT.model("accumulating_fgsm").final.evaluations if e.attack == "exact"
    ]
    assert proved == pytest.approx([100 * value for value in kept], abs=0.01)
    assert all(a <= b <= c for a, b, c in zip(proved, pgd, fgsm, strict=True))


def test_the_limit_is_the_ceiling_and_approving_everything_the_floor():
    chart = CHARTS["exact_curve"](RESULT)
    assert values(chart, "Limit: best any classifier") == [100, 100, 98, 95, 88, 81]
    assert set(values(chart, "Approve everything")) == {80}


def test_the_shaded_area_ends_at_the_strongest_attack_and_at_the_proof():
    chart = CHARTS["exact_curve"](RESULT, model="accumulating_fgsm")
    area = values(chart, "Missed by the attacks")
    assert area[: len(area) // 2] == values(chart, "PGD")
    assert area[len(area) // 2 :] == values(chart, "Exact (proved)")[::-1]


def test_the_trap_has_every_round_and_the_standard_model_as_a_line():
    chart = CHARTS["trap"](RESULT)
    rounds = RESULT.model("accumulating_fgsm").rounds
    for name, title in (("fgsm", "FGSM"), ("pgd", "PGD"), ("exact", "Exact (proved)")):
        kept = [100 * r.at(name, HEADLINE).accuracy.value for r in rounds]
        assert values(chart, title) == pytest.approx(kept, abs=0.01)
    assert set(values(chart, "Standard, exact")) == {values(chart, "Exact (proved)")[0]}


def test_the_share_that_still_holds_never_rises_and_leaves_those_beyond():
    chart = CHARTS["radius"](RESULT)
    part = RESULT.proofs.radii[0]
    shares = [row["Share that still holds (%)"] for row in table(chart, Model="Standard", Class="Fraud")]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] == pytest.approx(100 * (1 - sum(part.fraud) / (200 * part.seeds)), abs=0.01)


def test_tiers_draw_the_few_and_list_all():
    chart = CHARTS["tiers"](RESULT)
    drawn = {title for trace in chart.figure["data"] for title in trace["y"]}
    assert drawn == {"Standard", "Original recipe", "PGD training", "Threat-matched PGD"}
    assert len({row["Model"] for row in table(chart)}) == 10
    assert chart.views[0] == "5\u202f% false alarms"
    (row,) = table(chart, Tier="T1", Model="Threat-matched PGD", **{"False alarms": "5\u202f% false alarms"})
    assert (row["Proved (%)"], row["Left open"]) == (67.0, 0)


def test_the_frontier_opens_at_the_headline_tier():
    chart = CHARTS["frontier"](RESULT)
    assert chart.views[0] == "T1"
    points = table(chart, Tier="T1", Line="Threat-matched PGD")
    assert [row["Genuine stopped (%)"] for row in points] == [1, 5, 10]


def test_the_battery_ends_with_the_proof_of_the_same_rows():
    chart = CHARTS["battery"](RESULT)
    for trace in chart.figure["data"]:
        assert trace["y"][-1] == "Exact (proved)"
        kept = [x for x, title in zip(trace["x"], trace["y"], strict=True) if "rows" not in title]
        assert trace["x"][-1] == min(kept)
    assert "HopSkipJump (sees answers only), 100 rows" in chart.figure["data"][0]["y"]
    assert "HopSkipJump" not in chart.summary


def test_a_battery_without_its_own_proof_draws_none():
    rows = tuple(row for row in RESULT.proofs.battery if row.attack != "exact")
    bare = RESULT.model_copy(update={"proofs": RESULT.proofs.model_copy(update={"battery": rows})})
    chart = CHARTS["battery"](bare)
    assert not any("Exact (proved)" in trace["y"] for trace in chart.figure["data"])


def test_the_parts_of_the_frauds_caught_add_up():
    for row in CHARTS["label_aware"](RESULT).rows:
        assert sum(row[2:]) == pytest.approx(100, abs=0.1)


def test_the_walk_draws_each_box_once():
    chart = CHARTS["proof_walk"](RESULT)
    drawn = sorted(x for trace in chart.figure["data"] for x in trace["x"])
    assert drawn == [1, 2, 3]


def test_a_crowd_is_cut_to_the_few_that_matter():
    assert leading(RESULT) == [
        "standard", "accumulating_fgsm", "pgd_ramp", "pgd_tier1", "approve_everything"
    ]  # fmt: skip
    old = without_proofs(RESULT)
    assert len(old.models) <= CROWD
    assert leading(old) == palette.in_order(model.name for model in old.models)


def test_the_proof_is_the_first_view_where_there_is_one():
    assert CHARTS["robust_accuracy_by_model"](RESULT).views == ("Exact (proved)", "PGD", "FGSM")
    assert CHARTS["robust_accuracy_by_model"](without_proofs(RESULT)).views == ("PGD", "FGSM")


def test_every_colour_a_figure_asks_for_travels_with_it():
    for part in story(RESULT).values():
        for chart in part:
            code = registration(chart)
            known = json.loads(code[code.index("{") : code.rindex("}") + 1])["colours"]
            assert {t for t in palette.colours() if f'"@{t}"' in json.dumps(chart.figure)} <= set(known)


def test_a_record_without_proofs_tells_its_story_without_that_chapter():
    assert "Proof" in story(RESULT)
    assert "Proof" not in story(without_proofs(RESULT))

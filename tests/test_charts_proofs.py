"""The charts of the proofs draw what the records hold, and show the few models that matter."""

import json

import pytest
from charts_fixture import story
from report_fixture import tiny_result

from generator.figures import CHARTS, Chart, registration
from generator.findings.selection import CROWD, leading
from generator.notation import palette

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
    assert values(chart, "Limit: best any classifier") == [100, 97, 93, 90, 86, 81]
    assert set(values(chart, "Approve everything")) == {80}


def test_without_fresh_rows_the_ceiling_is_that_of_the_rows_at_hand():
    own = RESULT.proofs.limit.model_copy(update={"population": None})
    bare = RESULT.model_copy(update={"proofs": RESULT.proofs.model_copy(update={"limit": own})})
    assert values(CHARTS["exact_curve"](bare), "Limit: best any classifier") == [100, 100, 98, 95, 88, 81]


def test_the_strip_under_the_limit_ends_at_the_best_classifier_known():
    chart = CHARTS["exact_curve"](RESULT)
    strip = values(chart, "Between the limit and the best known")
    assert strip == [100, 97, 93, 90, 86, 81, 80, 81, 83, 86, 92, 100]
    assert [row["Value (%)"] for row in table(chart, Line="Best classifier known")] == strip[:5:-1]


@pytest.mark.parametrize("name", ["exact_curve", "robust_accuracy", "robust_accuracy_by_model"])
def test_charts_against_the_budget_have_the_ceiling_at_the_settled_budgets_alone(name):
    fewer = RESULT.proofs.limit.model_copy(
        update={"epsilons": (0.1, 0.35), "best": (1.0, 0.95), "known": (0.93, 0.84), "population": None}
    )
    rule = RESULT.proofs.rule.model_copy(update={"kept": (0.87, 0.57)})
    proofs = RESULT.proofs.model_copy(update={"limit": fewer, "rule": rule})
    chart = CHARTS[name](RESULT.model_copy(update={"proofs": proofs}))
    (ceiling,) = (t for t in chart.figure["data"] if t.get("name") == "Limit: best any classifier")
    assert (ceiling["x"], ceiling["y"]) == ([0.1, 0.35], [100, 95])
    assert any(t.get("name") == "Approve everything" and set(t["y"]) == {80} for t in chart.figure["data"])


@pytest.mark.parametrize("name", ["progression", "trap"])
def test_charts_by_round_have_ceiling_and_floor_as_level_lines(name):
    chart = CHARTS[name](RESULT)
    for title, level in (("Limit: best any classifier", 90), ("Approve everything", 80)):
        lines = [t["y"] for t in chart.figure["data"] if t.get("name") == title]
        assert [level, level] in lines


@pytest.mark.parametrize(("name", "side"), [("trade_off", "y0"), ("recipes", "x0")])
def test_charts_of_models_have_ceiling_and_floor_across_them(name, side):
    shapes = CHARTS[name](RESULT).figure["layout"]["shapes"]
    assert {(shape["line"]["color"], shape[side]) for shape in shapes} == {
        ("@approve_everything", 80), ("@limit", 90)
    }  # fmt: skip


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
    shares = [row["Share with a larger radius (%)"] for row in table(chart, Model="Standard", Class="Fraud")]
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
    few = RESULT.model_copy(update={"models": RESULT.models[:CROWD]})
    assert leading(few) == palette.in_order(model.name for model in few.models)


def test_the_proof_is_the_first_view():
    assert CHARTS["robust_accuracy_by_model"](RESULT).views == ("Exact (proved)", "PGD", "FGSM")


def test_every_colour_a_figure_asks_for_travels_with_it():
    for part in story(RESULT).values():
        for chart in part:
            code = registration(chart)
            known = json.loads(code[code.index("{") : code.rindex("}") + 1])["colours"]
            assert {t for t in palette.colours() if f'"@{t}"' in json.dumps(chart.figure)} <= set(known)

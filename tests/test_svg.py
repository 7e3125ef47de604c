"""Every chart is drawn without a browser: whole, small, the same twice, and right where it can be checked by hand."""

import re
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from charts_fixture import story
from offenders import all_hold
from report_fixture import tiny_result
from validation_fixture import tiny_validation

from generator.figures.chart import Chart
from generator.figures.frame import axis, figure
from generator.figures.svg import document, drawing, paint, settled, symbols, ticks
from generator.figures.svg.axes import axes
from generator.figures.svg.contours import outlines
from generator.figures.svg.legend import entries
from generator.figures.svg.marks import path
from generator.figures.validation import validation
from generator.notation import palette

GOLDEN = Path(__file__).parent / "golden"
"""Drawings of a small fixed study; `python tests/test_svg.py` writes them anew."""
SHOWN = (
    "checks-exact-curve-standard", "checks-confusion", "checks-recipes", "checks-break-even", "checks-tiers",
    "checks-breakdown-channel", "kaggle-calendar", "checks-boundary", "checks-walkthrough-probability",
)  # fmt: skip
TYPICAL, MOST = 10_000, 14_000
"""Bytes of a drawing, and of the largest."""

ALL = [chart for name in ("checks", "kaggle") for part in story(tiny_result(name)).values() for chart in part]
ALL.append(validation(tiny_validation()))
VIEWS = [(chart, view) for chart in ALL for view in chart.views or ("",)]


def of_view(each: tuple[Chart, str]) -> str:
    chart, view = each
    return f"{chart.slug} {view}"


def drawn(chart: Chart, view: str = "") -> str:
    return drawing(chart.figure, "d", view or (chart.views[0] if chart.views else ""), chart.narrow)


def lined(markup: str) -> str:
    """An element a line, so that a review sees what changed."""
    return markup.replace("><", ">\n<") + "\n"


def golden() -> dict[str, str]:
    return {chart.slug: lined(drawn(chart)) for chart in ALL if chart.slug in SHOWN}


def test_a_drawing_looks_as_it_did():
    now = golden()

    def looks_alike(slug):
        expected = (GOLDEN / f"{slug}.svg.txt").read_text(encoding="utf-8")
        assert now[slug] == expected, (
            "if this is meant: PYTHONPATH=. .venv/bin/python tests/test_svg.py, and look at the diff"
        )

    all_hold(looks_alike, SHOWN)


def test_a_drawing_is_well_formed_small_and_the_same_twice():
    def is_sound(each: tuple[Chart, str]):
        chart, view = each
        markup = drawn(chart, view)
        ET.fromstring(f"<figure>{markup}</figure>")
        assert drawn(chart, view) == markup
        assert len(markup.encode()) <= MOST

    all_hold(is_sound, VIEWS, of_view)


def test_a_file_of_a_drawing_brings_its_colours_and_its_style_along():
    def stands_alone(slug):
        sheet = (Path(__file__).parents[1] / "docs" / "assets" / "extra.css").read_text(encoding="utf-8")
        made = document(drawn(next(chart for chart in ALL if chart.slug == slug)), sheet)
        root = ET.fromstring(made)
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        asked = set(re.findall(r"var\(--c-([a-z_]+)\)", made)) - {"accent"}
        assert asked <= set(re.findall(r"--c-([a-z_]+): light-dark", made))
        assert ".chart-plots>.panel" in made.replace(" ", "")
        assert "@container" not in made
        assert not re.search(r"https?://(?!www\.w3\.org/)|@import", made)

    all_hold(stands_alone, SHOWN)


def test_most_drawings_are_far_below_the_largest():
    sizes = sorted(len(drawn(chart, view).encode()) for chart, view in VIEWS)
    assert sizes[int(0.95 * len(sizes))] <= TYPICAL


def test_no_token_or_colour_is_left_and_every_class_has_its_colour():
    def has_its_colours(each: tuple[Chart, str]):
        chart, view = each
        markup = drawn(chart, view)
        assert not re.search(r'"@|#[0-9a-f]{6}"|\bnan\b|\binf\b|None', markup)
        used = set(re.findall(r"\bc-([a-z0-9_]+)", markup))
        assert used <= set(palette.colours())

    all_hold(has_its_colours, VIEWS, of_view)


def test_the_legend_names_what_needs_telling_apart():
    def tells_apart(each: tuple[Chart, str]):
        chart, view = each
        markup = drawn(chart, view)
        for trace in entries(chart.figure, view):
            assert f'data-name="{trace["name"]}"' in markup

    all_hold(tells_apart, VIEWS, of_view)


def test_ids_are_told_once_and_asked_for_by_nobody_else():
    def has_its_own_ids(each: tuple[Chart, str]):
        chart, view = each
        markup = drawn(chart, view)
        told = re.findall(r'\bid="([^"]+)"', markup)
        assert len(told) == len(set(told))
        assert set(re.findall(r'(?:href="#|url\(#)([^")]+)', markup)) == set(told)

    all_hold(has_its_own_ids, VIEWS, of_view)


def test_what_a_legend_tells_apart_differs_in_more_than_colour():
    def differs(each: tuple[Chart, str]):
        chart, view = each

        def look(trace):
            line, marker = trace.get("line", {}), trace.get("marker", {})
            wide = "lines" in trace.get("mode", "") and line.get("width", 2)
            return (
                trace["type"], line.get("dash", "solid") if wide else "", "fill" in trace,
                marker.get("symbol") if "markers" in trace.get("mode", "") else "",
                marker.get("pattern", {}).get("shape"),
                trace.get("fillcolor") if not wide else "",  # a strip without a line of its own lies along a named one
            )  # fmt: skip

        looks = [look(trace) for trace in entries(chart.figure, view)]
        assert len(looks) == len(set(looks))

    all_hold(differs, VIEWS, of_view)


def test_all_drawings_of_two_studies_take_less_than_five_seconds():
    start = time.perf_counter()
    for chart, view in VIEWS:
        drawn(chart, view)
    assert time.perf_counter() - start < 5


def test_a_chart_against_the_budget_has_a_cursor_that_knows_its_ends():
    chart = next(chart for chart in ALL if chart.slug == "checks-exact-curve-standard")
    low, high = settled(chart.figure)["layout"]["xaxis"]["range"]
    assert f'<line class="cursor" y2="100%" data-low="{low:g}" data-high="{high:g}"/>' in drawn(chart)
    assert 'class="cursor"' not in drawn(next(chart for chart in ALL if "recipes" in chart.slug))


def test_text_from_data_cannot_leave_its_place():
    bad = '</text><script>"&'
    shapes = {
        "type": "bar",
        "x": [1, 2],
        "y": [bad, "b"],
        "orientation": "h",
        "marker": {"color": "@pgd"},
        "name": bad,
    }
    other = {
        "type": "scatter",
        "mode": "lines",
        "x": [1, 2],
        "y": [bad, "b"],
        "name": "z",
        "line": {"color": "@pgd"},
    }
    made = drawing(figure([shapes, other], xaxis=axis(bad), yaxis=axis(bad)), "d")
    assert "<script" not in made
    ET.fromstring(f"<figure>{made}</figure>")


# ---------------------------------------------------------------- by hand


def flat(trace: dict, **layout) -> str:
    whole = {"range": [0, 10]}
    return drawing(figure([trace], xaxis=axis(**whole), yaxis=axis(**whole), **layout), "d")


def test_a_line_and_its_marks_lie_where_their_values_are():
    trace = {
        "type": "scatter", "mode": "lines+markers", "x": [0, 5, 10], "y": [0, 10, 5],
        "line": {"color": "@pgd", "dash": "dash", "width": 2.5},
        "marker": {"color": "@pgd", "symbol": "square", "size": 8},
    }  # fmt: skip
    made = flat(trace)
    assert '<path class="c-pgd l dash" d="M0 1000l500-1000l500 500"/>' in made
    assert re.findall(r'<use href="#d-0"([^>]*)/>', made) == [
        ' x="0%" y="100%"',
        ' x="50%" y="0%"',
        ' x="100%" y="50%"',
    ]


def test_a_bar_begins_at_zero_and_keeps_a_gap_to_its_neighbours():
    trace = {"type": "bar", "x": ["a", "b"], "y": [5, 10], "marker": {"color": "@pgd"}}
    made = drawing(figure([trace], xaxis=axis(), yaxis=axis(range=[0, 10])), "d")
    # two categories of half the width each; a bar takes three quarters of one
    assert '<rect class="c-pgd f" x="6.2%" y="50%" width="37.5%" height="50%"/>' in made
    assert '<rect class="c-pgd f" x="56.2%" y="0%" width="37.5%" height="100%"/>' in made


def test_stacked_bars_stand_on_each_other():
    bars = [
        {"type": "bar", "x": ["a"], "y": [y], "name": str(y), "marker": {"color": "@pgd"}} for y in (2, 6)
    ]
    made = drawing(figure(bars, barmode="stack", xaxis=axis(), yaxis=axis(range=[0, 10])), "d")
    assert re.findall(r'y="(\d+%)" width="75%" height="(\d+%)"', made) == [("80%", "20%"), ("20%", "60%")]


def test_points_on_one_straight_level_are_left_out():
    assert path([(0, 0.5), (0.2, 0.5), (0.6, 0.5), (0.6, 1)]) == "M0 500h600v-500"


def test_round_marks_on_axes():
    assert ticks.linear(0, 102, 6, suffix=" %") == [(v, f"{v} %") for v in (0, 20, 40, 60, 80, 100)]
    assert [text for _, text in ticks.linear(-0.5, 0.5, 5)] == ["−0.4", "−0.2", "0.0", "0.2", "0.4"]
    assert [text for _, text in ticks.log(0, 3, si=True)] == ["1", "10", "100", "1k"]
    assert [text for _, text in ticks.log(-1, 0, suffix=" %")] == ["0.1 %", "0.2 %", "0.5 %", "1 %"]
    assert [text for _, text in ticks.months(738521, 738885, 6)][:2] == ["Jan 2023", "Mar 2023"]


def test_plotly_is_told_the_ranges_that_are_drawn():
    for chart in ALL:
        told = settled(chart.figure, chart.views)["layout"]
        for name, known in axes(chart.figure, chart.views[0] if chart.views else "").items():
            asked = told[f"{name[0]}axis{name[1:]}"].get("range")
            if known.kind in ("linear", "log"):
                assert asked == pytest.approx([known.low, known.high], abs=1e-6)


def test_the_outline_of_a_cone_is_a_ring_around_its_top():
    grid = [[5 - max(abs(r - 5), abs(c - 5)) for c in range(11)] for r in range(11)]
    (ring,) = outlines(grid, 2.5)
    assert ring[0] == ring[-1]
    assert {round(max(abs(x - 5), abs(y - 5)), 6) for x, y in ring} == {2.5}


def test_an_outline_is_closed_along_the_frame():
    (ring,) = outlines([[0, 1], [0, 1]], 0.5)
    assert sorted(set(ring)) == [(0.5, 0), (0.5, 1), (1, 0), (1, 1)]


def test_text_on_a_surface_is_read_in_both_schemes():
    known = palette.colours()
    for scale in ([[0, "@neutral"], [1, "@cold"]], [[0, "@warm"], [0.5, "@neutral"], [1, "@cold"]]):
        for step in range(101):
            inks = paint.ink(scale, step / 100)
            for dark in (False, True):
                colour = known[inks[dark]][dark]
                parts = tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))
                assert paint.contrast(parts, paint.rgb(scale, step / 100, dark)) >= 4.5


def test_labels_and_notes_are_read_in_both_schemes():
    for token in ("text", "muted"):
        for colour, page in zip(palette.INK[token], (palette.PAGE_LIGHT, palette.PAGE_DARK), strict=True):
            one, other = (tuple(int(c[at : at + 2], 16) for at in (1, 3, 5)) for c in (colour, page))
            assert paint.contrast(one, other) >= 4.5


def test_every_mark_of_the_palette_can_be_drawn_and_an_unknown_one_is_refused():
    looks = [
        *palette.MODELS.values(),
        *palette.ATTACKS.values(),
        *palette.BOUNDS.values(),
        *palette.CLASSES.values(),
    ]
    for look in looks:
        assert symbols.path(look.symbol, 8).startswith("M")
    with pytest.raises(ValueError, match="unknown mark 'bow-tie'; known: circle, square"):
        symbols.path("bow-tie", 8)
    with pytest.raises(ValueError, match="no drawing of a 'pie'; known: scatter, bar, heatmap, contour"):
        drawing({"data": [{"type": "pie", "x": [1], "y": [1]}], "layout": {}}, "d")


def test_the_stylesheet_of_the_palette_is_the_one_that_is_published():
    sheet = Path(__file__).parents[1] / "docs" / "assets" / "palette.css"
    assert sheet.read_text(encoding="utf-8") == palette.stylesheet(), (
        "python -m generator.notation.palette > docs/assets/palette.css"
    )


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, text in golden().items():
        (GOLDEN / f"{name}.svg.txt").write_text(text, encoding="utf-8", newline="\n")

"""Every chart says what it shows, shows what its table says, and comes out the same twice."""

import csv
import hashlib
import io
import json
import re
from operator import attrgetter
from pathlib import Path

import pytest
from charts_fixture import story
from extraction_fixture import with_extraction
from inference_fixture import with_inference
from offenders import all_hold
from poisoning_fixture import with_poisoning
from report_fixture import tiny_result
from validation_fixture import tiny_validation

from generator import figures as charts
from generator.figures import CHARTS, embed, files_of, registration
from generator.figures.chart import Chart, rounded
from generator.figures.embedding import TABLE_LIMIT, csv_text
from generator.figures.extraction import extraction
from generator.figures.validation import validation
from generator.notation import palette

RESULTS = {name: tiny_result(name) for name in ("checks", "kaggle")}
ALL = [chart for result in RESULTS.values() for part in story(result).values() for chart in part]
ALL += [validation(tiny_validation()), extraction(with_extraction(RESULTS["checks"]))]
ALL += [CHARTS[name](with_inference()) for name in ("membership", "membership_epochs")]
ALL += [CHARTS[name](with_poisoning()) for name in ("poisoned_models", "votes")]
ASSETS = Path(__file__).parent.parent / "docs" / "assets"
STYLE = (ASSETS / "extra.css").read_text(encoding="utf-8")
of_chart = attrgetter("slug")


def walk(value):
    """Every leaf of nested lists and dicts."""
    if isinstance(value, dict):
        value = value.values()
    if isinstance(value, list | tuple) or not isinstance(value, str | int | float | bool | type(None)):
        for part in value:
            yield from walk(part)
    else:
        yield value


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_story_tells_every_chart_and_no_slug_twice():
    slugs = [chart.slug for chart in ALL]
    assert len(slugs) == len(set(slugs))
    told = {re.sub(r"^(checks|kaggle|claims)-", "", slug) for slug in slugs}
    missing = [n for n in CHARTS if not any(slug.startswith(n.replace("_", "-")) for slug in told)]
    assert not missing


def test_each_chart_is_called_by_the_name_of_its_function_and_listed_with_a_line():
    for name, function in CHARTS.items():
        assert function.__name__ == name
        assert re.search(rf"^    {name} +\w", charts.__doc__, re.MULTILINE), f"{name} is not in the list"


def test_a_chart_has_title_caption_summary_and_a_rectangular_table():
    def says_all(chart: Chart):
        assert chart.title
        assert chart.caption.endswith(".")
        assert chart.summary.endswith((".", "%."))
        assert chart.rows
        assert {len(row) for row in chart.rows} == {len(chart.headers)}

    all_hold(says_all, ALL, of_chart)


def test_the_coordinates_of_a_trace_have_equal_lengths():
    def fits_itself(chart: Chart):
        for trace in chart.figure["data"]:
            if "z" in trace:
                assert len(trace["z"]) == len(trace["y"])
                assert {len(row) for row in trace["z"]} == {len(trace["x"])}
            else:
                assert len(trace["x"]) == len(trace["y"]) > 0

    all_hold(fits_itself, ALL, of_chart)


def test_a_trace_lies_on_axes_that_exist_and_one_of_them_has_a_title():
    def has_axes(chart: Chart):
        layout = chart.figure["layout"]
        for trace in chart.figure["data"]:
            for letter in "xy":
                assert f"{letter}axis{trace.get(letter + 'axis', letter)[1:]}" in layout
        titles = [
            part["title"]["text"] for name, part in layout.items() if "axis" in name and "title" in part
        ]
        labelled = any(trace["type"] == "heatmap" for trace in chart.figure["data"])
        assert titles or labelled

    all_hold(has_axes, ALL, of_chart)


def test_a_figure_is_plain_json_of_finite_rounded_numbers():
    def is_plain(chart: Chart):
        text = json.dumps(chart.figure, allow_nan=False)
        assert "bdata" not in text
        for leaf in walk(chart.figure["data"]):
            if isinstance(leaf, float):
                assert leaf == rounded(leaf)

    all_hold(is_plain, ALL, of_chart)


def test_colours_are_tokens_of_the_palette():
    def asks_the_palette(chart: Chart):
        known = palette.colours()
        for leaf in walk(chart.figure):
            if isinstance(leaf, str) and leaf.startswith("@"):
                assert leaf[1:].split("/")[0] in known
            assert not (isinstance(leaf, str) and re.fullmatch(r"#[0-9a-f]{3,8}", leaf))

    all_hold(asks_the_palette, ALL, of_chart)


def test_every_value_drawn_is_in_the_table():
    def draws_its_table(chart: Chart):
        cells = {cell for row in chart.rows for cell in row if not isinstance(cell, str)}
        for trace in chart.figure["data"]:
            if trace.get("hoverinfo") == "skip" or "base" in trace:
                continue  # strips and spans are drawn from the ends that the table holds
            value = "z" if "z" in trace else "x" if trace.get("orientation") == "h" else "y"
            drawn = [v for v in walk(trace[value]) if isinstance(v, int | float)]
            diagonal = {1} if "correlations" in chart.slug else set()
            assert {rounded(v) for v in drawn} - cells <= diagonal

    all_hold(draws_its_table, ALL, of_chart)


def test_a_view_shows_only_what_it_names():
    def names_its_views(chart: Chart):
        named = {trace["meta"]["view"] for trace in chart.figure["data"] if "meta" in trace}
        assert named == set(chart.views)

    all_hold(names_its_views, ALL, of_chart)


def test_the_files_of_a_chart_are_equal_to_the_byte_each_time():
    def is_made_alike(chart: Chart):
        made = files_of(chart, STYLE)
        assert set(made) == {f"{chart.slug}.{kind}" for kind in ("js", "csv", "xlsx", "svg")}
        assert files_of(chart, STYLE) == made

    all_hold(is_made_alike, ALL, of_chart)


def test_the_csv_holds_the_whole_table():
    def has_all_rows(chart: Chart):
        rows = list(csv.reader(io.StringIO(csv_text(chart))))
        assert rows[0] == list(chart.headers)
        assert len(rows) == len(chart.rows) + 1

    all_hold(has_all_rows, ALL, of_chart)


def test_equal_results_give_equal_charts():
    assert story(tiny_result("checks")) == story(RESULTS["checks"])


def hostile() -> Chart:
    return Chart(
        slug="checks-hostile",
        title='<script>alert("x")</script>',
        caption="a & b",
        summary="</figure>",
        figure={
            "data": [
                {"type": "bar", "x": ["</script><!--", "\u2028"], "y": [1, 2], "marker": {"color": "@pgd"}}
            ],
            "layout": {},
        },
        headers=("name", "value"),
        rows=(("=1+1", -1), ("@cmd", 2.5), ("-x", 3), ("<b>", 4), *[("row", i) for i in range(TABLE_LIMIT)]),
    )


def test_text_from_data_cannot_leave_its_place():
    assert "<script>alert" not in embed(hostile())
    assert "</figure>" not in embed(hostile()).removesuffix("</figure>")
    code = registration(hostile())
    assert "<" not in code
    assert "\u2028" not in code
    payload = json.loads(code.removeprefix('studyChart("checks-hostile",').removesuffix(");\n"))
    assert payload["figure"]["data"][0]["x"] == ["</script><!--", "\u2028"]


def test_a_spreadsheet_runs_nothing_and_negative_numbers_stay_numbers():
    rows = list(csv.reader(io.StringIO(csv_text(hostile()))))
    assert rows[1:4] == [["'=1+1", "-1"], ["'@cmd", "2.5"], ["'-x", "3"]]


def test_a_long_table_says_how_many_rows_the_csv_has():
    assert f"The first <span>{TABLE_LIMIT}</span> of {TABLE_LIMIT + 4} rows" in embed(hostile())


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.0, 0.0),
        (12.3456, 12.35),
        (0.00123456, 0.001235),
        (1234567.8, 1234568.0),
        (-98.7654, -98.77),
        (7, 7),
    ],
)
def test_rounding_keeps_four_digits_and_all_that_stand_left_of_the_point(value, expected):
    assert rounded(value) == expected


MARKS = {**palette.MODELS, **palette.ATTACKS, **palette.CLASSES}


def test_every_mark_stands_out_three_to_one_in_both_schemes():
    def stands_out(name):
        assert contrast(MARKS[name].light, palette.PAGE_LIGHT) >= 3
        assert contrast(MARKS[name].dark, palette.PAGE_DARK) >= 3

    all_hold(stands_out, MARKS)


def test_no_two_marks_share_a_colour():
    for scheme in ("light", "dark"):
        assert len({getattr(look, scheme) for look in MARKS.values()}) == len(MARKS)


def test_every_model_and_attack_of_a_study_has_its_look():
    for result in RESULTS.values():
        assert palette.in_order(model.name for model in result.models)
        assert all(palette.attack(name) for name in ("clean", *result.spec.attack.attacks))


def test_an_unknown_name_is_told_the_known_ones():
    with pytest.raises(ValueError, match="unknown attack 'pdg' has no colour; known: clean, fgsm, pgd"):
        palette.attack("pdg")
    with pytest.raises(ValueError, match="unknown column 'nope'; known: Channel"):
        CHARTS["breakdown"](RESULTS["checks"], "nope")
    with pytest.raises(ValueError, match="no movement of features"):
        CHARTS["feature_movement"](RESULTS["checks"], model="half_batch_fgsm")


def test_the_bundle_is_the_published_one():
    bundle = ASSETS / "plotly-cartesian-4.1.1.min.js"
    stated = re.search(r"sha256:([0-9a-f]{64})", (ASSETS / "README.md").read_text()).group(1)
    assert hashlib.sha256(bundle.read_bytes()).hexdigest() == stated
    assert bundle.name in (ASSETS / "charts.js").read_text()


def test_the_script_of_the_figures_offers_no_upload_and_runs_no_text():
    code = (ASSETS / "charts.js").read_text()
    assert "showSendToCloud: false" in code
    assert "displayModeBar: false" in code
    assert not re.search(r"\beval\(|new Function|innerHTML|fetch\(|https?://\w", code)

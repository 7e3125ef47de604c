"""Every page in a real browser: it draws, it fits, it is quiet, and it asks nobody else."""

import time

import pytest

from generator.report.palette import INK

PAGES = (
    "",
    "data/",
    "attack/",
    "attacks/",
    "hardening/",
    "proof/",
    "playground/",
    "impact/",
    "evidence/",
    "cards/",
    "crosswalk/",
    "brief/",
    "changes/",
    "method/",
    "reproduce/",
)
SHIFT = 0.02
"""Cumulative layout shift: the theme's own header moves by up to half of it on a busy machine, a figure must not."""

STOPS = 5
"""CSV, PNG, SVG, link and table: a reader with a keyboard passes a figure in five steps."""


def ink(scheme: str) -> str:
    """Colour of the tick labels as the browser writes it."""
    colour = INK["text"][scheme == "dark"]
    return "rgb({}, {}, {})".format(*(int(colour[i : i + 2], 16) for i in (1, 3, 5)))


def assert_drawn(figures: list[dict], scheme: str):
    for figure in figures:
        assert figure["state"] == "drawn", figure
        assert figure["height"] > 100, figure
        assert abs(figure["width"] - figure["box"]) <= 1, figure
        assert set(figure["ink"]) <= {ink(scheme)}, figure


def toggle(browser):
    """Press the theme's own switch and give the figures a moment to follow."""
    browser.run("document.querySelector('[data-md-component=palette] label:not([hidden])').click()")
    time.sleep(0.3)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [1280, 390])
def test_a_page_draws_fits_and_stays_quiet_in_light_and_in_dark(browser, base, page, width):
    browser.open(base + page, width=width)
    browser.draw_all()
    figures = browser.figures()
    assert_drawn(figures, "light")
    assert len({figure["id"] for figure in figures}) == len(figures)
    assert all(figure["stops"] <= STOPS and not figure["inside"] for figure in figures)
    assert browser.overflow() <= 0
    toggle(browser)
    assert browser.run("return document.body.dataset.mdColorScheme") == "slate"
    assert_drawn(browser.figures(), "dark")
    assert browser.overflow() <= 0
    assert browser.run("return window.shift") <= SHIFT
    assert browser.errors() == []
    assert [url for url in browser.requests() if not url.startswith(base)] == []


def test_a_reader_who_prefers_dark_gets_dark_figures_and_can_go_back(browser, base):
    browser.open(base + "attack/", scheme="dark")
    browser.draw_all()
    assert_drawn(browser.figures(), "dark")
    toggle(browser)
    assert_drawn(browser.figures(), "light")


@pytest.mark.parametrize("page", ["", "data/", "attacks/"])
def test_the_narrowest_phone_has_no_sideways_scroll(browser, base, page):
    browser.open(base + page, width=320)
    assert browser.overflow() <= 0


def test_figures_follow_the_width_of_the_window(browser, base):
    browser.open(base + "attack/", width=1280)
    browser.draw_all()
    browser.cdp(
        "Emulation.setDeviceMetricsOverride", width=390, height=900, deviceScaleFactor=1, mobile=False
    )
    time.sleep(0.4)
    assert_drawn(browser.figures(), "light")
    assert browser.overflow() <= 0


def test_a_view_is_chosen_by_a_real_button(browser, base):
    browser.open(base + "data/")
    browser.draw_all()
    cells = "return document.querySelector('#checks-correlations .heatmaplayer').textContent"
    figure = "#checks-correlations .chart-views button"
    before = browser.run(cells)
    browser.run(f"document.querySelectorAll('{figure}')[1].click()")
    time.sleep(0.2)
    pressed = browser.run(
        f"return [...document.querySelectorAll('{figure}')].map((b) => b.ariaPressed + b.textContent)"
    )
    assert pressed == ["falsePearson", "trueSpearman"]
    assert browser.run(cells) != before


def test_a_figure_goes_into_a_file_with_its_title(browser, base, tmp_path):
    browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    browser.open(base + "attack/", scheme="dark")
    browser.draw_all()
    for kind in ("SVG", "PNG"):
        browser.run(
            "[...document.querySelectorAll('#checks-walkthrough-probability .chart-tools button')]"
            f".find((b) => b.textContent === '{kind}').click()"
        )
    files = [tmp_path / f"checks-walkthrough-probability.{kind}" for kind in ("svg", "png")]
    until = time.monotonic() + 10
    while time.monotonic() < until and not all(file.exists() for file in files):
        time.sleep(0.1)
    svg, png = files
    assert "Fraud probability of transaction" in svg.read_text(encoding="utf-8")
    assert ink("light") in svg.read_text(encoding="utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_paper_is_light_and_the_screen_returns_to_dark(browser, base):
    browser.open(base + "attack/", scheme="dark")
    browser.draw_all()
    browser.run("dispatchEvent(new Event('beforeprint'))")
    figures = browser.figures()
    assert {colour for figure in figures for colour in figure["ink"]} == {ink("light")}
    assert {figure["width"] for figure in figures} == {660}
    browser.run("dispatchEvent(new Event('afterprint'))")
    assert_drawn(browser.figures(), "dark")


def test_a_figure_whose_data_does_not_load_says_so(browser, base):
    browser.cdp("Network.setBlockedURLs", urls=["*checks-walkthrough-probability.js"])
    try:
        browser.open(base + "attack/")
        browser.draw_all()
        text = browser.run("return document.querySelector('#checks-walkthrough-probability').textContent")
    finally:
        browser.cdp("Network.setBlockedURLs", urls=[])
    assert "could not be drawn" in text
    assert "did not load" in text
    states = {figure["id"]: figure["state"] for figure in browser.figures()}
    assert states.pop("checks-walkthrough-probability") == "failed"
    assert set(states.values()) == {"drawn"}


def test_without_scripts_caption_summary_and_table_are_there(browser, base):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(base + "attack/")
        figure = browser.driver.find_element("id", "checks-walkthrough-probability")
        plot = figure.find_element("class name", "chart-plot")
        assert not plot.is_displayed()
        assert "fraud probability goes from" in figure.text
        figure.find_element("tag name", "summary").click()
        assert "Before" in figure.find_element("tag name", "tbody").text
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("page", ["index.html", "attacks.html"])
def test_the_unpacked_zip_draws_from_disk(browser, project, page):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    browser.open(f"{folder}/{page}")
    browser.draw_all()
    assert_drawn(browser.figures(), "light")
    assert browser.errors() == []
    assert all(url.startswith(folder) for url in browser.requests())

"""Figures in a real browser: drawings first, live on demand, where and as a reader asks."""

import base64
import time

import pytest
from browser import answered, downloaded, soon
from browser import waited as wait
from drawings import assert_all, assert_drawn, assert_live, bundle, ink
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from generator.figures.embedding import TABLE_LIMIT

SHIFT = 0.02
"""Cumulative layout shift: the theme's own header moves by up to half of it on a busy machine, a figure must not."""

FIGURE = "figure#checks-walkthrough-probability"
PLOT = f"{FIGURE} .chart-plot"


def live(figure: str) -> str:
    return f"document.querySelector('{figure}').dataset.state === 'live'"


@pytest.mark.parametrize("page", ["attack/", "hardening/"])
def test_a_page_that_is_only_opened_loads_nothing_that_waits_for_its_reader(browser, base, page):
    browser.open(base + page, width=390)
    names = browser.run(
        "return [...document.querySelectorAll('[data-wakes]')].map((e) => e.dataset.wakes.split('/').pop())"
    )
    there = "[...document.scripts].map((script) => script.src.split('/').pop())"
    assert names
    browser.run(
        "document.querySelector('.md-nav__list').dispatchEvent(new Event('scroll'))"
    )  # so does the theme
    time.sleep(0.5)
    assert not set(names) & set(browser.run(f"return {there}"))
    browser.run("document.dispatchEvent(new Event('scroll'))")
    wait(browser, f"{names}.every((name) => {there}.includes(name))")


def test_a_reader_who_prefers_dark_gets_dark_drawings_and_can_go_back(browser, base):
    browser.open(base + "attack/", scheme="dark")
    browser.draw_all()
    assert_drawn(browser.figures(), "dark")
    browser.wake_all()
    assert_live(browser.figures(), "dark")
    browser.switch_scheme()
    assert_all(browser, "light")


def by_pointer(browser):
    ActionChains(browser.driver).move_to_element(browser.driver.find_element("css selector", PLOT)).perform()


def by_tap(browser):
    browser.run(f"document.querySelector('{PLOT}').dispatchEvent(new PointerEvent('pointerdown'))")


def by_keyboard(browser):
    browser.run(f"document.querySelector('{PLOT}').focus()")


@pytest.mark.parametrize("turn", [by_pointer, by_tap, by_keyboard])
def test_a_reader_who_turns_to_a_figure_gets_a_live_one_in_its_place(browser, base, turn):
    with browser.busy():
        browser.open(base + "attack/")
    assert bundle(browser.requests()) == []
    browser.run(f"document.querySelector('{FIGURE}').scrollIntoView({{ block: 'center' }})")
    place = f"return JSON.stringify(document.querySelector('{PLOT}').getBoundingClientRect())"
    before = browser.run(place)
    turn(browser)
    wait(browser, live(FIGURE))
    assert browser.run(place) == before
    assert [figure["id"] for figure in browser.figures() if figure["state"] == "live"] == [
        FIGURE.split("#")[1]
    ]
    assert browser.run("return window.shift") <= SHIFT
    assert browser.errors() == []


def test_a_live_plot_lies_exactly_on_its_drawing(browser, base):
    browser.open(base + "attacks/")
    browser.wake_all()
    apart = browser.run("""
      return [...document.querySelectorAll(".chart-plots.live")].flatMap((plots) => {
        const drawn = [...plots.querySelectorAll(":scope > .panel")].map((each) => each.getBoundingClientRect());
        const { _plots } = plots.querySelector(".chart-live")._fullLayout;
        const corner = plots.getBoundingClientRect();
        return Object.values(_plots).map(({ xaxis, yaxis }) => Math.min(...drawn.map((each) => Math.max(
          Math.abs(each.left - corner.left - xaxis._offset), Math.abs(each.width - xaxis._length),
          Math.abs(each.top - corner.top - yaxis._offset), Math.abs(each.height - yaxis._length)))));
      });
    """)
    assert len(apart) > 10
    assert max(apart) <= 1


def test_arrow_keys_read_the_points_and_escape_leaves(browser, base):
    browser.open(base + "attack/")
    by_keyboard(browser)
    wait(browser, live(FIGURE))
    said = f"document.querySelector('{FIGURE} [aria-live]').textContent"
    ActionChains(browser.driver).send_keys(Keys.ARROW_RIGHT).perform()
    wait(browser, f"{said}.includes('Before')")
    ActionChains(browser.driver).send_keys(Keys.ARROW_RIGHT).perform()
    wait(browser, f"{said}.includes('After FGSM')")
    assert "%" in browser.run(f"return {said}")
    ActionChains(browser.driver).send_keys(Keys.ESCAPE).perform()
    assert browser.run("return document.activeElement === document.body")
    wait(browser, f"{said} === ''")


def test_tools_are_one_stop_and_arrow_keys_go_through_them(browser, base):
    browser.open(base + "attack/")
    browser.run(f"document.querySelector('{FIGURE} .chart-tools a').focus()")
    ActionChains(browser.driver).send_keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER).perform()
    assert browser.run("return document.activeElement.textContent") == "Table"
    assert browser.run(f"return document.querySelector('{FIGURE} details').open")


def test_an_opened_table_has_every_row(browser, base):
    with browser.busy():
        browser.open(base + "data/")
    figure = "figure#checks-histograms"
    there = browser.run(f"return document.querySelectorAll('{figure} tbody tr').length")
    browser.run(
        f"[...document.querySelectorAll('{figure} button')].find((b) => b.textContent === 'Table').click()"
    )
    wait(browser, f"!document.querySelector('{figure} .rest')")
    total = browser.run(f"return document.querySelectorAll('{figure} tbody tr').length")
    assert there == TABLE_LIMIT < total
    assert bundle(browser.requests()) == [f"{base}data/checks-histograms.js"]


def test_the_budget_of_the_reader_moves_the_cursor_of_drawings_and_of_live_charts(browser, base):
    browser.open(base + "attacks/")
    place = (
        "[...document.querySelectorAll('.chart-view:not([hidden]) .cursor')].map((line) => {"
        "const [low, high] = [Number(line.dataset.low), Number(line.dataset.high)];"
        "return low + parseFloat(line.getAttribute('x1')) / 100 * (high - low) })"
    )
    assert browser.run("return document.querySelectorAll('.cursor[x1]').length") == 0
    tell = "document.dispatchEvent(new CustomEvent('study:attacker', { detail: { epsilon: 0.2 } }))"
    browser.run(tell)
    browser.draw_all()  # a drawing that comes later knows the budget, too
    found = browser.run(f"return {place}")
    assert len(found) >= 4
    assert found == pytest.approx([0.2] * len(found))
    browser.wake_all()
    browser.run(tell.replace("0.2", "0.3"))
    answered(browser, f"return {place}", lambda found: found == pytest.approx([0.3] * len(found)))
    shown = browser.run(
        "return [...document.querySelectorAll('.cursor')].map((e) => getComputedStyle(e).visibility)"
    )
    assert set(shown) == {"visible"}


@pytest.mark.parametrize("page", ["", "data/", "attacks/"])
def test_the_narrowest_phone_has_no_sideways_scroll(browser, base, page):
    browser.open(base + page, width=320)
    assert browser.overflow() <= 0


def test_figures_follow_the_width_of_the_window(browser, base):
    browser.open(base + "attack/", width=1280)
    browser.wake_all()
    browser.cdp(
        "Emulation.setDeviceMetricsOverride", width=390, height=900, deviceScaleFactor=1, mobile=False
    )
    browser.pass_all()
    assert_all(browser, "light")
    assert browser.overflow() <= 0


def test_a_view_is_chosen_by_a_real_button(browser, base):
    browser.open(base + "data/?level=engineer")
    figure = "figure#checks-correlations"
    text = f"document.querySelector('{figure} .chart-view:not([hidden]) .panel').textContent"
    cells = f"document.querySelector('{figure} .heatmaplayer').textContent"
    browser.run(f"document.querySelector('{figure}').scrollIntoView()")
    wait(browser, f"document.querySelector('{figure} .chart-view:not([hidden]) .panel')")
    before = browser.run(f"return {text}")
    browser.run(f"document.querySelectorAll('{figure} .chart-views button')[1].click()")
    wait(browser, live(figure))
    buttons = f"[...document.querySelectorAll('{figure} .chart-views button')]"
    pressed = browser.run(f"return {buttons}.map((each) => each.ariaPressed + each.textContent)")
    assert pressed == ["falsePearson", "trueSpearman"]
    after = browser.run(f"return {text}")
    assert after != before
    assert browser.run(f"return {cells}").strip()
    browser.run(f"document.querySelectorAll('{figure} .chart-views button')[0].click()")
    answered(browser, f"return {text}", lambda found: found == before)


def test_a_figure_goes_into_a_file_with_its_title(browser, base, tmp_path):
    browser.open(base + "attack/", scheme="dark")
    buttons = "#checks-walkthrough-probability .chart-tools button"
    wanted = (
        f"[...document.querySelectorAll('{buttons}')].filter((b) => ['SVG', 'PNG'].includes(b.textContent))"
    )
    png, svg = downloaded(browser, tmp_path, f"{wanted}.forEach((button) => button.click())", 2)
    assert {png.stem, svg.stem} == {"checks-walkthrough-probability"}
    assert "Fraud probability of transaction" in svg.read_text(encoding="utf-8")
    assert ink("light") in svg.read_text(encoding="utf-8")
    assert png.read_bytes().startswith(b"\x89PNG")


def printed(browser, **size) -> bytes:
    return base64.b64decode(browser.cdp("Page.printToPDF", printBackground=True, **size)["data"])


@pytest.mark.parametrize("woken", [False, True])
def test_paper_is_light_and_shows_the_drawings(browser, base, woken):
    browser.open(base + "attack/", scheme="dark")
    if woken:
        browser.wake_all()
    feature = {"name": "prefers-color-scheme", "value": "dark"}
    browser.cdp("Emulation.setEmulatedMedia", media="print", features=[feature])
    try:
        soon(lambda: assert_drawn(browser.figures(), "light"))
        shown = browser.run(
            "return [...document.querySelectorAll('.panel text')].map((e) => getComputedStyle(e).visibility)"
        )
        assert set(shown) == {"visible"}
        if woken:
            assert (
                browser.run("return getComputedStyle(document.querySelector('.chart-live')).display")
                == "none"
            )
        assert printed(browser).startswith(b"%PDF")
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="", features=[])


def test_a_figure_whose_data_does_not_load_says_so_and_keeps_its_drawing(browser, base):
    browser.cdp("Network.setBlockedURLs", urls=["*checks-walkthrough-probability.js"])
    try:
        browser.open(base + "attack/")
        browser.wake_all()
        text = browser.run(f"return document.querySelector('{FIGURE}').textContent")
    finally:
        browser.cdp("Network.setBlockedURLs", urls=[])
    assert "could not be loaded" in text
    assert "did not load" in text
    states = {figure["id"]: figure["state"] for figure in browser.figures()}
    assert states.pop("checks-walkthrough-probability") == "failed"
    assert set(states.values()) == {"live"}
    assert_drawn(browser.figures(), "light")
    by_tap(browser)
    wait(browser, live(FIGURE))  # the next touch tries again
    assert "could not be loaded" not in browser.run(f"return document.querySelector('{FIGURE}').textContent")


def test_without_scripts_drawing_caption_summary_and_table_are_there(browser, base):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(base + "attack/")
        figure = browser.driver.find_element("id", "checks-walkthrough-probability")
        panel = figure.find_element("class name", "panel")
        assert panel.is_displayed()
        assert panel.size["width"] > 500
        assert "fraud probability goes from" in figure.text
        figure.find_element("tag name", "summary").click()
        assert "Before" in figure.find_element("tag name", "tbody").text
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_without_scripts_and_on_paper_files_stand_in_for_drawings_further_down(browser, base, scheme):
    waiting = "figure.chart:has([data-later])"
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(base + "data/", scheme=scheme)
        browser.unfold()
        stills = browser.driver.find_elements("css selector", f"{waiting} .chart-still img")
        assert len(stills) > 10
        for still in stills[:6]:
            browser.run("arguments[0].scrollIntoView()", still)
            assert still.is_displayed()
            assert still.size["width"] > 500
        assert not browser.driver.find_element("css selector", f"{waiting} .chart-plot").is_displayed()
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
    with browser.busy():
        browser.open(base + "data/", scheme=scheme)
        browser.unfold()
    assert not browser.driver.find_element("css selector", f"{waiting} .chart-still img").is_displayed()


@pytest.mark.parametrize("page", ["index.html", "attacks.html"])
def test_the_unpacked_zip_draws_from_disk(browser, project, page):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    browser.open(f"{folder}/{page}")
    browser.draw_all()
    assert_drawn(browser.figures(), "light")
    browser.wake_all()
    assert_live(browser.figures(), "light")
    assert browser.errors() == []
    assert all(url.startswith(folder) for url in browser.requests())

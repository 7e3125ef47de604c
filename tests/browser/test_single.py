"""The whole site in one file, opened from disk: every page by clicking, all that works on the site works in it."""

import pytest
from browser import downloaded, search, waited
from server import serving
from test_calculator import mistyped_numbers

from generator.publish.export import SINGLE

PAGE = "return document.querySelector('article h1')?.textContent"


@pytest.fixture(scope="module")
def address(project) -> str:
    return (project / "build" / SINGLE).as_uri()


@pytest.fixture
def opened(browser, address):
    """A function that opens a page of the file and waits until it is unpacked."""

    def open_page(page: str = "", **view):
        browser.open(f"{address}?{page}" if page else address, **view)
        waited(browser, "document.getElementById('pack') === null")
        return browser

    return open_page


def assert_quiet(browser, address: str):
    assert browser.run("return window.refused") == []
    assert browser.errors() == []
    assert {url.split("?")[0].split("#")[0] for url in browser.requests()} <= {address}


def test_every_page_is_reached_by_clicking_fits_and_asks_for_nothing(opened, address, project):
    view, other = {"width": 1280, "scheme": "light"}, {"width": 390, "scheme": "dark"}
    browser, titles = opened(**view), set()
    while True:
        titles.add(browser.run("return document.title"))
        browser.draw_all()
        assert {figure["state"] for figure in browser.figures()} <= {"drawing", "live"}
        assert browser.overflow() <= 0, browser.widest()
        view, other = other, view  # the next page is opened in the other one
        browser.shown(**view)
        browser.frames(3)
        assert browser.overflow() <= 0, browser.widest()
        assert_quiet(browser, address)
        if not browser.run("return document.querySelector('.md-footer__link--next') !== null"):
            break
        before = browser.run("return location.search")
        browser.run("document.querySelector('.md-footer__link--next').click()")
        waited(
            browser,
            f"location.search !== {before!r} && document.body && !document.getElementById('pack')"
            " && document.querySelector('article h1')",
        )
    assert len(titles) == len(list((project / "docs").glob("*.md")))


def test_the_calculator_and_the_palette_work_and_a_link_with_an_anchor_arrives(opened, address):
    browser = opened("calculator.html#calculator")
    waited(browser, "document.querySelector('.calculator').dataset.state === 'live'")
    # a choice kept by an earlier page of this disk may have made it dark already
    scheme = "document.body.dataset.mdColorScheme"
    before = browser.run(f"return {scheme}")
    browser.switch_scheme()
    waited(browser, f"{scheme} !== {before!r}")
    waited(browser, "scrollY > 100")
    assert mistyped_numbers(browser, most=2) == []  # the rest is asked of the site, of the same script
    assert_quiet(browser, address)


def test_the_search_finds_and_its_hit_is_a_page_of_the_file(opened, address):
    browser = opened()
    assert search(browser, "gradient masking")
    browser.run("document.querySelector('.md-search-result__link').click()")
    waited(browser, "location.search.endsWith('.html') && document.querySelector('article h1')")
    assert browser.driver.current_url.startswith(f"{address}?")
    assert_quiet(browser, address)


def test_hosted_where_a_page_may_keep_nothing_it_is_quiet_and_the_search_finds(browser, project):
    with (
        serving(project / "build") as server,
        server.sending(Content_Security_Policy="sandbox allow-scripts"),
    ):
        browser.open(f"{server.base}{SINGLE}?attack.html")
        waited(browser, "document.getElementById('pack') === null && document.querySelector('article h1')")
        before = browser.run("return document.body.dataset.mdColorScheme")
        browser.switch_scheme()
        assert browser.run("return document.body.dataset.mdColorScheme") != before
        assert search(browser, "gradient masking")
        assert_quiet(browser, server.base + SINGLE)


def test_a_table_is_downloaded_from_within_and_what_is_not_in_the_file_says_so(opened, tmp_path):
    browser = opened("attack.html")
    (table,) = downloaded(browser, tmp_path, "document.querySelector('figure.chart a[download]').click()")
    assert table.suffix == ".csv"
    assert table.read_text().count("\n") > 2
    record = "document.querySelector('a[href$=\"data/checks.json\"]')"
    assert "not in this copy" in browser.run(f"return {record}.title")
    before = browser.driver.current_url
    browser.run(f"{record}.click()")
    assert browser.driver.current_url == before


def test_a_link_with_a_state_of_the_calculator_opens_it_in_that_state(opened):
    browser = opened("calculator.html#calculator&fraud_share=0.03")
    waited(browser, "document.querySelector('.calculator').dataset.state === 'live'")
    assert browser.run("return document.getElementById('calculator-fraud_share').value") == "3"
    assert browser.errors() == []

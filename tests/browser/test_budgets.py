"""The site as a kept promise: every page, both widths, both schemes, within `budgets.toml`; from a disk too."""

import hashlib
import os
import time
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import ADDRESSES, AXE, LOOKS, PAGES, RULES, Browser, search, soon
from drawings import STOPS, assert_drawn, assert_live, bundle
from offenders import all_hold
from server import Server

BUDGETS = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text())
FIRST, WHOLE, ALWAYS = (BUDGETS[part] for part in ("first_view", "whole_page", "always"))
SHIFT = 0.02
"""Cumulative layout shift of a page in use: the theme's own header moves by up to half of it on a busy machine."""
DESK, PHONE = 1280, 390
VIEWS = [(DESK, "light"), (PHONE, "dark")]
"""Each width and each scheme once, to begin with."""
QUIET = 0.15
"""Seconds without a request after which a first view has settled."""


def within(measured: dict[str, float], budget: dict[str, float], *why: str):
    over = {name: f"{value} > {budget[name]}" for name, value in measured.items() if value > budget[name]}
    assert not over, (over, *why)


def settle(server) -> list[str]:
    """Everything asked for until the page is quiet."""
    asked = server.take()
    until = time.monotonic() + 5
    while time.monotonic() < until:
        time.sleep(QUIET)
        more = server.take()
        if not more:
            break
        asked += more
    return asked


def first_view(browser, server, address: str, **view) -> list[str]:
    """What a page asks for before its reader does anything, and before it is at rest and draws what is far down."""
    browser.driver.get("about:blank")  # what the page before still loads is not counted
    settle(server)
    with browser.busy():
        browser.open(server.base + address, **view)
        return settle(server)


@pytest.fixture(scope="module")
def fresh(browser):
    """The browser as of a reader who comes for the first time, on every page."""
    browser.cdp("Network.setCacheDisabled", cacheDisabled=True)
    yield browser
    browser.cdp("Network.setCacheDisabled", cacheDisabled=False)


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_every_page_keeps_its_promises_at_first_view_and_in_full_use(fresh, server, width, scheme):
    def keeps_them(address: str):
        asked = first_view(fresh, server, address, width=width, scheme=scheme)
        assert_light(fresh, server, address, asked)
        if "SITE" not in os.environ:  # the first view alone has a budget on every site
            assert_drawn_in_both(fresh, server, asked, scheme, live=width == PHONE)
            if width == PHONE:
                assert_narrow(fresh)
        assert fresh.run("return window.refused") == []
        assert fresh.errors() == []
        assert [url for url in fresh.requests() if not url.startswith(server.base)] == []

    all_hold(keeps_them, ADDRESSES)


def assert_light(browser: Browser, server: Server, address: str, asked: list[str]):
    """What came is within its budget, moved nothing, is no live chart, and breaks no rule of accessibility."""
    shift, moved = browser.run("return [window.shift, window.moved]")
    html = [path for path in asked if path.endswith(("/", ".html"))]
    measured = {
        "bytes": server.weight(asked), "requests": len(asked), "html_bytes": server.weight(html),
        "layout_shift": shift,
    }  # fmt: skip
    within(measured, FIRST | FIRST.get(address.strip("/"), {}), *moved)
    assert bundle(asked) == []
    desk = browser.run("return innerWidth") >= DESK
    # what holds for any width and scheme is asked at the desk; the frame of all pages, on the first page at both
    assert browser.axe(RULES if desk or not address else LOOKS, styles=not address) == []


def assert_drawn_in_both(browser: Browser, server: Server, asked: list[str], scheme: str, *, live: bool):
    """Every figure is drawn in either scheme and, if asked, comes to life; nothing is wider than the window."""
    browser.draw_all()
    within({"bytes": server.weight(asked + settle(server))}, WHOLE)
    figures = browser.figures()
    assert_drawn(figures, scheme)
    assert len({figure["id"] for figure in figures}) == len(figures)
    assert all(figure["stops"] <= STOPS and not figure["inside"] for figure in figures)
    assert browser.overflow() <= 0
    if live:
        browser.cdp("Network.setCacheDisabled", cacheDisabled=False)  # what comes from here on is not weighed
        browser.wake_all()
        browser.cdp("Network.setCacheDisabled", cacheDisabled=True)
        assert_live(browser.figures(), scheme)
    browser.switch_scheme()
    other = {"light": "dark", "dark": "light"}[scheme]
    shown = browser.run("return document.body.dataset.mdColorScheme")
    assert shown == {"light": "default", "dark": "slate"}[other]
    soon(lambda: assert_drawn(browser.figures(), other))
    if live:
        soon(lambda: assert_live(browser.figures(), other))
    assert browser.overflow() <= 0
    assert browser.run("return window.shift") <= SHIFT


def assert_narrow(browser: Browser):
    """All fits on the narrowest phone, too."""
    browser.cdp("Emulation.setDeviceMetricsOverride", width=320, height=800, deviceScaleFactor=1, mobile=True)
    browser.frames(3)  # what listens to the size of the window has heard of it

    def fits():
        assert browser.overflow() <= ALWAYS["sideways_px_at_320"], browser.widest()

    soon(fits)


@pytest.mark.parametrize("address", ["method/", "brief/", "impact/", "calculator/", "changes/"])
def test_a_page_that_comes_in_pieces_does_not_move(fresh, server, address):
    with server.in_pieces(0.02):
        first_view(fresh, server, address)
    shift, moved = fresh.run("return [window.shift, window.moved]")
    within({"layout_shift": shift}, FIRST, *moved)


def test_a_table_that_comes_in_halves_does_not_move(fresh, server):
    html = server.file("method/").read_bytes()
    with server.in_pieces(0.5, size=(html.index(b"<table") + html.index(b"</table>")) // 2):
        first_view(fresh, server, "method/")
    shift, moved = fresh.run("return [window.shift, window.moved]")
    within({"layout_shift": shift}, FIRST, *moved)


# Of every figure what a reader sees of it.
SEEN = """
const seen = (element) => Boolean(element?.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
return [...document.querySelectorAll("figure.chart")].map((figure) => ({
  id: figure.id, caption: figure.querySelector("figcaption").innerText,
  rows: figure.querySelectorAll("tbody tr").length,
  seen: seen(figure) && seen(figure.querySelector("a[download]")),
}));
"""


def test_without_scripts_every_figure_table_and_download_is_there(browser, server):
    def complete(address: str):
        browser.open(server.base + address)
        assert browser.driver.find_element("css selector", "article h1").is_displayed()
        browser.unfold()
        assert [
            each for each in browser.run(SEEN) if not (each["caption"] and each["rows"] and each["seen"])
        ] == []

    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        all_hold(complete, ADDRESSES[:-1])
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


@pytest.mark.parametrize(("words", "page"), [("gradient masking", "method"), ("correlations", "data")])
def test_the_search_wakes_when_it_is_opened_and_finds_terms(browser, server, words, page):
    assert not [
        path
        for path in first_view(browser, server, "")
        if "search" in path and not path.endswith("search.js")
    ]
    found = search(browser, words)
    assert any(f"/{page}/" in url for url in found), found
    assert browser.run("return window.refused") == []
    assert browser.errors() == []


def test_from_a_disk_every_page_is_reached_by_clicking_and_asks_for_its_folder_only(browser, project):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    browser.open(f"{folder}/index.html")
    names = set()
    while True:
        browser.draw_all()
        assert all(figure["panels"] for figure in browser.figures())
        names.add(urlsplit(browser.driver.current_url).path.rpartition("/")[2])
        # the way of a reader: the arrow to the next page at the foot of each
        if not browser.run("return document.querySelector('.md-footer__link--next') !== null"):
            break
        browser.run("document.querySelector('.md-footer__link--next').click()")
    assert names == {f"{page}.html" for page in PAGES}
    assert browser.errors() == []
    assert all(url.startswith(folder) for url in browser.requests())


def test_the_search_works_from_a_disk(browser, project):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    browser.open(f"{folder}/index.html")
    assert any(url.startswith(f"{folder}/method.html") for url in search(browser, "gradient masking"))
    assert browser.run("return window.refused") == []
    assert browser.errors() == []


def test_the_checker_of_accessibility_is_the_published_one():
    noted = (AXE.parent / "README.md").read_text()
    assert f"sha256:{hashlib.sha256(AXE.read_bytes()).hexdigest()}" in noted

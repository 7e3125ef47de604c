"""The site as a kept promise: every page, both widths, both schemes, within `budgets.toml`; from a disk too."""

import hashlib
import os
import time
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from browser import AXE, search, soon

HERE = Path(__file__).parent
TEMPLATES = HERE.parents[1] / "templates"
BUDGETS = tomllib.loads((HERE / "budgets.toml").read_text())
FIRST, WHOLE, ALWAYS = (BUDGETS[part] for part in ("first_view", "whole_page", "always"))
PAGES = sorted(path.name.removesuffix(".md.j2") for path in TEMPLATES.glob("[!_.]*.md.j2"))
ADDRESSES = ["" if page == "index" else f"{page}/" for page in PAGES] + ["404.html"]
VIEWS = [(1280, "light"), (390, "dark")]
"""Each width and each scheme once; in CI every one with every other."""
if os.environ.get("CI"):
    VIEWS += [(1280, "dark"), (390, "light")]
QUIET = 0.15
"""Seconds without a request after which a first view has settled."""


def within(measured: dict[str, float], budget: dict[str, float]):
    over = {name: f"{value} > {budget[name]}" for name, value in measured.items() if value > budget[name]}
    assert not over


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
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_is_light_quiet_and_accessible_at_first_view(fresh, server, address, width, scheme):
    asked = first_view(fresh, server, address, width=width, scheme=scheme)
    shift, moved = fresh.run("return [window.shift, window.moved]")  # before axe looks into every corner
    html = [path for path in asked if path.endswith(("/", ".html"))]
    assert fresh.axe() == []
    assert fresh.run("return window.refused") == []
    assert fresh.errors() == []
    assert [url for url in fresh.requests() if not url.startswith(server.base)] == []
    measured = {
        "bytes": server.weight(asked), "requests": len(asked), "html_bytes": server.weight(html),
        "layout_shift": shift,
    }  # fmt: skip
    print("moved:", *moved)
    within(measured, FIRST | FIRST.get(address.strip("/"), {}))


@pytest.mark.parametrize("address", ["method/", "brief/", "impact/"])
def test_a_page_that_comes_in_pieces_does_not_move(fresh, server, address):
    with server.in_pieces(0.02):
        first_view(fresh, server, address)
    shift, moved = fresh.run("return [window.shift, window.moved]")
    print("moved:", *moved)
    within({"layout_shift": shift}, FIRST)


def test_a_table_that_comes_in_halves_does_not_move(fresh, server):
    html = server.file("method/").read_bytes()
    with server.in_pieces(0.5, size=(html.index(b"<table") + html.index(b"</table>")) // 2):
        first_view(fresh, server, "method/")
    shift, moved = fresh.run("return [window.shift, window.moved]")
    print("moved:", *moved)
    within({"layout_shift": shift}, FIRST)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_in_full_use_is_within_its_weight_and_breaks_no_rule(fresh, server, address):
    asked = first_view(fresh, server, address)
    fresh.draw_all()
    within({"bytes": server.weight(asked + settle(server))}, WHOLE)
    assert fresh.run("return window.refused") == []
    assert fresh.errors() == []
    fresh.cdp("Emulation.setDeviceMetricsOverride", width=320, height=800, deviceScaleFactor=1, mobile=True)
    fresh.frames(3)  # what listens to the size of the window has heard of it

    def fits():
        assert fresh.overflow() <= ALWAYS["sideways_px_at_320"], fresh.widest()

    soon(fits)


@pytest.mark.parametrize("address", ADDRESSES[:-1])
def test_without_scripts_every_figure_table_and_download_is_there(browser, server, address):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(server.base + address)
        figures = browser.driver.find_elements("css selector", "figure.chart")
        for figure in figures:
            assert figure.is_displayed()
            assert figure.find_element("css selector", "figcaption").text
            assert figure.find_elements("css selector", "tbody tr")
            assert figure.find_element("css selector", "a[download]").is_displayed()
        assert browser.driver.find_element("css selector", "article h1").is_displayed()
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

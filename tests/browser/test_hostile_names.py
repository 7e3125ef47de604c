"""A site full of hostile names, in a real browser: nothing of it runs, and all of it is shown as it stands."""

import json
import re

import pytest
from browser import PAGES, downloaded, search, waited
from hostile_site import IDS
from hostile_tables import MARK, SHOWN
from offenders import all_hold
from server import serving

from generator.publish.postprocess import markup

WITH_NAMES = {"data", "attack", "attacks", "proof", "playground", "cards"}
FIGURE = "figure#kaggle-breakdown-city"
"""Of the one category that a file may fill with any text."""


@pytest.fixture(scope="module")
def base(hostile):
    with serving(hostile / "site") as running:
        yield running.base


def assert_quiet(browser, start: str):
    """Nothing ran, nothing was refused, nobody else was asked, and no dialog is open."""
    assert browser.run(f"return window.{MARK}") is None
    assert browser.run("return window.refused") == []
    assert browser.errors() == []
    assert [url for url in browser.requests() if not url.startswith(start)] == []


def test_every_page_allows_its_own_scripts_alone(hostile):
    for path in sorted((hostile / "site").rglob("*.html")):
        (policy,) = re.findall(
            r'Content-Security-Policy" content="([^"]+)"', path.read_text(encoding="utf-8")
        )
        held = dict(part.split(" ", 1) for part in policy.split("; "))
        assert held["default-src"] == held["object-src"] == held["base-uri"] == "'none'"
        first, *hashes = held["script-src"].split()
        assert first == "'self'"
        assert all(re.fullmatch(r"'sha256-[A-Za-z0-9+/]{43}='", each) for each in hashes)
        assert not [each for each in policy.split() if each.startswith(("http", "*", "'unsafe-eval"))]


def test_the_built_pages_have_no_handler_and_no_script_but_their_own(hostile):
    names = {name: markup.read(hostile / "site" / f"{name}.html") for name in PAGES}
    for name, page in names.items():
        assert not page.handlers, name
        assert not [text for text in page.scripts if MARK in text], name
        assert not [
            url for _, url in page.references if "evil.example" in url or url.startswith("javascript")
        ]


def test_no_name_of_a_hostile_table_runs_on_a_page(browser, base):
    def harmless(page: str):
        browser.open(f"{base}{page}.html")
        browser.draw_all()
        if page in WITH_NAMES:
            browser.wake_all()
            browser.run(
                "document.querySelectorAll('.chart-tools button[aria-expanded]').forEach((each) => each.click())"
            )
            assert not [each for each in browser.figures() if each["state"] != "live"]
        assert_quiet(browser, base)
        text = browser.run("return document.querySelector('article').textContent")
        assert (MARK in text) == (page in WITH_NAMES)

    all_hold(harmless, PAGES)


def test_names_are_shown_as_they_stand_in_drawing_live_chart_table_and_speech(browser, base):
    browser.open(f"{base}data.html?level=engineer&of=kaggle")
    browser.draw_all()
    labels = f"[...document.querySelectorAll('{FIGURE} .panel text')].map((each) => each.innerHTML)"
    drawn = browser.run(f"return {labels}.map((each) => each.replace(/<.?tspan[^>]*>/g, ' ')).join('\\n')")
    browser.run(
        f"document.querySelector('{FIGURE} .chart-plot').dispatchEvent(new PointerEvent('pointerdown'))"
    )
    waited(browser, f"document.querySelector('{FIGURE}').dataset.state === 'live'")
    live = browser.run(
        f"return [...document.querySelectorAll('{FIGURE} .ytick text')].map((each) => each.textContent)"
    )
    browser.run(f"document.querySelector('{FIGURE} button[aria-expanded]').click()")
    waited(browser, f"!document.querySelector('{FIGURE} .rest')")
    table = browser.run(
        f"return [...document.querySelectorAll('{FIGURE} tbody td:first-child')].map((each) => each.textContent)"
    )
    assert set(table) == set(SHOWN)
    together = {text.replace(" ", "") for text in live}
    assert {text.replace(" ", "") for text in SHOWN} == together
    assert "&lt;b&gt;bold" in drawn
    assert not browser.run(f"return document.querySelector('{FIGURE} .chart-plot a')")
    said = browser.run(f"""
      const box = document.querySelector("{FIGURE} .chart-plot"), heard = [];
      const said = document.querySelector("{FIGURE} [aria-live]");
      return (async () => {{
        for (let i = 0; i < {len(SHOWN)}; i++) {{
          box.dispatchEvent(new KeyboardEvent("keydown", {{ key: "ArrowRight", bubbles: true }}));
          for (let turns = 0; turns < 1000 && said.textContent === (heard.at(-1) ?? ""); turns++) {{
            await new Promise((done) => setTimeout(done, 5));
          }}
          heard.push(said.textContent);
        }}
        return [heard, document.querySelector("{FIGURE} .hoverlayer").textContent];
      }})();
    """)
    assert [name for name in SHOWN if not any(name in text for text in said[0])] == []
    assert_quiet(browser, base)


def test_a_picture_with_a_hostile_title_and_the_tips_of_numbers_are_quiet(browser, base, tmp_path):
    browser.open(f"{base}attack.html")
    figure = "#kaggle-walkthrough-probability"
    browser.run(f"document.querySelector('{figure}').scrollIntoView()")
    browser.draw_all()
    buttons = f"[...document.querySelectorAll('{figure} .chart-tools button')]"
    (file,) = downloaded(
        browser, tmp_path, f"{buttons}.find((button) => button.textContent === 'SVG').click()"
    )
    assert file.name == "kaggle-walkthrough-probability.svg"
    assert "transaction x](javascript:" in file.read_text(encoding="utf-8")
    browser.run("document.querySelector('[data-claims]').click()")
    waited(browser, "document.querySelector('[data-claim][role=button]')")
    browser.run("for (const each of document.querySelectorAll('[data-claim][role=button]')) each.click()")
    waited(browser, "document.querySelector('.claim-tip')")
    assert_quiet(browser, base)


def test_the_playground_offers_and_attacks_transactions_of_any_name(browser, base):
    browser.open(f"{base}playground.html#playground&dataset=kaggle")
    browser.run("document.querySelector('.playground').scrollIntoView()")
    browser.run(
        "document.querySelector('[name=transaction]').dispatchEvent(new PointerEvent('pointerdown', {bubbles: true}))"
    )
    waited(browser, "document.querySelector('.playground').dataset.state === 'settled'")
    browser.run(
        "const d = document.querySelector('[name=dataset]'); d.value = 'kaggle';"
        "d.dispatchEvent(new Event('change', { bubbles: true }));"
        "d.dispatchEvent(new Event('input', { bubbles: true }));"
    )
    options = "[...document.querySelector('[name=transaction]').options].map((each) => each.value)"
    waited(browser, f"{options}.some((each) => each.includes('{MARK}'))")
    offered = browser.run(f"return {options}")
    assert len(set(offered) & set(IDS)) >= 20
    for name in offered[:5]:
        browser.run(
            "const t = document.querySelector('[name=transaction]'); t.value = arguments[0];"
            "t.dispatchEvent(new Event('change', { bubbles: true }));"
            "t.dispatchEvent(new Event('input', { bubbles: true }));",
            name,
        )
        waited(browser, "document.querySelector('.playground').dataset.state === 'settled'")
    assert_quiet(browser, base)


def test_the_search_finds_hostile_names_and_shows_them_as_text(browser, base):
    browser.open(f"{base}data.html")
    found = search(browser, "onerror")
    assert found
    active = ".md-search-result__list :is(script, img, iframe, b, [onerror], [onload], [onclick])"
    assert browser.run(f"return document.querySelectorAll('{active}').length") == 0
    assert_quiet(browser, base)


@pytest.mark.parametrize("page", ["", "?data.html&level=engineer&of=kaggle", "?playground.html"])
def test_nothing_runs_in_the_single_file(browser, hostile, page):
    start = (hostile / "single.html").as_uri()
    browser.open(f"{start}{page}")
    waited(browser, "document.getElementById('pack') === null")
    browser.draw_all()
    browser.run(
        f"document.querySelector('{FIGURE} .chart-plot')?.dispatchEvent(new PointerEvent('pointerdown'))"
    )
    assert_quiet(browser, start)


def test_the_downloads_of_the_site_hold_no_formula(hostile):
    files = sorted((hostile / "site" / "data").glob("*.csv"))
    assert len(files) >= 50
    held = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert "'=cmd" in held
    for line in held.splitlines():
        assert not line.startswith(("=", "+", "@", "\t")), line
    told = json.loads((hostile / "site" / "data" / "kaggle.json").read_text(encoding="utf-8"))
    assert told["data"]["source"]["status"] == "kaggle_columns"

"""What each reading level promises, on every built page: so many words, so many screens, in plain English."""

import tomllib
from pathlib import Path

import pytest
from browser import ADDRESSES
from offenders import all_hold

from tests.reading import LEVELS, Article, grade

PROMISES = tomllib.loads((Path(__file__).parent / "budgets.toml").read_text())["reading"]
SCREEN = 900
ANSWER = """
const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().bottom <= innerHeight;
for (const banner of document.querySelectorAll(".banner")) banner.remove(); // of a small run on a stand-in
const paragraphs = [...document.querySelectorAll("article p")];
const answer = paragraphs.find((each) => each.checkVisibility() && each.innerText.includes("%"));
const numbers = [...document.querySelectorAll(".kpi-value")];
return [seen(document.querySelector("article h1")), seen(answer), numbers.filter(seen).length];
"""


def datasets(html: str) -> list[str]:
    return sorted({part.partition('"')[0] for part in html.split('data-of="')[1:]}) or [""]


def test_every_page_keeps_to_its_words_at_every_level(server):
    def keeps_to_them(address: str):
        html = server.file(address).read_text(encoding="utf-8")
        promised = PROMISES if address else PROMISES | PROMISES["summary"]
        for dataset in datasets(html):
            executive, analyst, _ = (Article(html, level, dataset) for level in LEVELS)
            assert executive.words <= promised["executive"], (dataset, executive.words)
            assert analyst.words <= promised["analyst"], (dataset, analyst.words)
            if not address:
                assert executive.before_first_chart <= promised["before_first_chart"]
            assert grade(executive.text) <= promised["executive_grade"], (dataset, grade(executive.text))

    all_hold(keeps_to_them, ADDRESSES[:-1])


def test_every_page_keeps_to_its_screens(browser, server):
    def keeps_to_them(address: str):
        browser.open(server.base + address)
        screens = browser.run("return document.documentElement.scrollHeight") / SCREEN
        assert screens <= PROMISES["executive_screens"], screens

    all_hold(keeps_to_them, ADDRESSES[:-1])


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_first_screen_holds_question_answer_and_three_numbers(browser, base, width, height):
    browser.open(base, width=width)
    browser.cdp(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=width < 600,
    )
    browser.frames(3)
    assert browser.run(ANSWER) == [True, True, 3]


TABLES = """
return [...document.querySelectorAll("article table")]
  .filter((table) => table.checkVisibility() && !table.closest(".calculator, .playground"))
  .map((table) => [table.tBodies[0].rows.length, Math.max(...[...table.rows].map((row) => row.cells.length))]);
"""
ROWS, COLUMNS = 12, 7


def test_an_executive_sees_no_long_and_no_wide_table(browser, server):
    def sees_none(address: str):
        browser.open(server.base + address)
        large = [size for size in browser.run(TABLES) if size[0] > ROWS or size[1] > COLUMNS]
        assert large == [], large

    all_hold(sees_none, ADDRESSES[:-1])

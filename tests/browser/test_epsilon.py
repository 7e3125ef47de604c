"""One budget for the whole site, in a real browser: text and cards follow, address and tab remember."""

import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CARDS = 'return [...document.querySelectorAll(".kpi-value")].map((card) => card.textContent)'
STATE = """
const form = document.querySelector("form.at");
return {
  at: form.elements.at.value, said: form.elements.said.textContent, hash: location.hash,
  text: document.querySelector("[data-follow]").textContent,
  moved: document.querySelectorAll("[data-moved]").length,
  other: [...document.querySelectorAll("h2, h3")].filter((h) => h.offsetParent).map((h) => h.textContent),
};
"""


@pytest.fixture
def page(browser, base):
    """The Summary as nobody has touched it."""
    browser.open(base)
    browser.run("sessionStorage.clear()")
    browser.open(base)
    return browser


def slider(browser):
    return browser.driver.find_element(By.CSS_SELECTOR, "form.at input")


def settled(browser, wanted) -> dict:
    until = time.monotonic() + 3
    while not wanted(found := browser.run(STATE)) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def test_the_arrow_keys_move_text_cards_and_address_and_the_button_takes_all_back(page):
    quoted, before = page.run(CARDS), page.run(STATE)
    assert (before["moved"], before["hash"]) == (0, "")
    slider(page).send_keys(Keys.ARROW_LEFT)
    moved = settled(page, lambda state: state["moved"])
    assert moved["hash"] == "#at=0.1"
    assert "0.1\u202fσ" in moved["said"]
    assert "USD" in moved["said"]
    assert moved["text"] != before["text"]
    assert page.run(CARDS) != quoted
    page.driver.find_element(By.CSS_SELECTOR, "form.at button").click()
    back = settled(page, lambda state: not state["moved"])
    assert (back["text"], back["hash"], page.run(CARDS)) == (before["text"], "", quoted)
    assert page.errors() == []


def test_the_next_page_has_the_same_budget_and_a_link_brings_it_to_others(page, base):
    slider(page).send_keys(Keys.ARROW_RIGHT)
    settled(page, lambda state: state["moved"])
    page.driver.get(f"{base}hardening/")
    there = settled(page, lambda state: state["moved"])
    assert there["hash"] == "#at=0.5"
    page.run("sessionStorage.clear()")
    page.driver.get("about:blank")
    page.driver.get(f"{base}proof/#at=0.1&of=kaggle")
    linked = settled(page, lambda state: state["moved"])
    assert "0.1\u202fσ" in linked["said"]
    assert not any(heading.startswith("Bank checks") for heading in linked["other"])
    assert any(heading.startswith("Bank transactions") for heading in linked["other"])


def test_charts_are_told(page):
    page.run("document.addEventListener('study:epsilon', ({ detail }) => { window.told = detail.epsilon; })")
    slider(page).send_keys(Keys.ARROW_LEFT)
    settled(page, lambda state: state["moved"])
    assert page.run("return window.told") == 0.1


def test_numbers_of_another_budget_say_where_they_come_from(page):
    slider(page).send_keys(Keys.ARROW_LEFT)
    settled(page, lambda state: state["moved"])
    claim = page.driver.find_element(By.CSS_SELECTOR, "[data-moved] .kpi-value [data-claim]")
    page.run("document.querySelector('[data-moved] .kpi-value [data-claim]').click()")
    time.sleep(0.5)
    assert claim.text in page.run("return document.querySelector('.claim-tip')?.innerText ?? ''")


def test_at_390_px_nothing_runs_over(browser, base):
    browser.open(base, width=390)
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")

"""Numbers that say where they come from, in a real browser: by mouse, by finger, by keyboard, from disk."""

import time

import pytest
from browser import answered, waited
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

CARD = ".kpi-value [data-claim]"
TABLE = ".md-typeset .table-scroll table:not(figure table)"
TIP = """
const tip = document.querySelector(".claim-tip:popover-open"), box = tip?.getBoundingClientRect();
return tip && {
  text: tip.innerText, role: tip.role, links: [...tip.querySelectorAll("a")].map((a) => a.href),
  describes: document.querySelector("[aria-describedby=claim-tip]")?.textContent,
  inside: box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight,
  paper: getComputedStyle(tip).backgroundColor,
};
"""


def tip(browser, *, wanted: bool = True) -> dict | None:
    """The tip once it is there, or once it is gone."""
    return answered(browser, TIP, lambda found: bool(found) == wanted)


def element(browser, selector: str):
    found = browser.driver.find_element(By.CSS_SELECTOR, selector)
    browser.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", found)
    return found


def hover(browser, selector: str):
    ActionChains(browser.driver).move_to_element(element(browser, selector)).perform()


def tap(browser, selector: str):
    element(browser, selector)
    box = browser.run(
        f"const b = document.querySelector('{selector}').getClientRects()[0]; return [b.x, b.y]"
    )
    touch = [{"x": box[0] + 3, "y": box[1] + 3}]
    browser.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=touch)
    browser.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])


def press(browser, key: str):
    ActionChains(browser.driver).send_keys(key).perform()


def switch(browser):
    hover(browser, "[data-claims]")
    waited(browser, "!document.querySelector('[data-claims]').disabled")
    pressed = "return document.querySelector('[data-claims]').ariaPressed"
    before = browser.run(pressed)
    element(browser, "[data-claims]").click()
    answered(browser, pressed, lambda found: found != before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mouse_on_a_key_figure_shows_interval_rows_seeds_and_record(browser, base, scheme):
    browser.open(base)
    if scheme == "dark":
        browser.switch_scheme()
        waited(browser, "document.body.dataset.mdColorScheme === 'slate'")
    hover(browser, CARD)
    found = tip(browser)
    for word in ("95\u202f% interval", "wilson", "n = 200 rows", "2 repetitions", "/proofs/tiers/"):
        assert word in found["text"], found["text"]
    assert found["role"] == "tooltip"
    assert found["describes"] == element(browser, CARD).text
    assert found["inside"]
    assert found["links"] == [f"{base}data/checks.json"]
    assert (found["paper"] == "rgb(255, 255, 255)") == (scheme == "light")
    assert browser.run("return window.shift") <= 0.02
    assert browser.errors() == []


def test_nothing_is_loaded_before_a_number_is_asked_about(browser, base):
    browser.open(base)
    time.sleep(0.3)
    assert not any("claims-" in url for url in browser.requests())
    hover(browser, CARD)
    assert tip(browser)
    assert [url for url in browser.requests() if "claims-" in url] == [f"{base}data/claims-index.js"]


def test_the_tip_stays_while_the_mouse_is_on_it_and_goes_with_escape(browser, base):
    browser.open(base)
    hover(browser, CARD)
    assert tip(browser)
    hover(browser, ".claim-tip")
    time.sleep(0.6)
    assert browser.run(TIP)
    press(browser, Keys.ESCAPE)
    assert tip(browser, wanted=False) is None


def test_leaving_the_number_takes_the_tip_away(browser, base):
    browser.open(base)
    hover(browser, CARD)
    assert tip(browser)
    hover(browser, "h1")
    assert tip(browser, wanted=False) is None


def test_numbers_are_no_stops_for_a_keyboard_until_the_switch_is_on(browser, base):
    browser.open(base)
    stops = "return document.querySelectorAll('[data-claim][tabindex=\"0\"]').length"
    assert browser.run(stops) == 0
    switch(browser)
    claims = browser.run("return document.querySelectorAll('[data-claim]').length")
    assert browser.run(stops) == claims > 50
    switch(browser)
    assert browser.run(stops) == 0


def test_a_keyboard_reads_the_tip_goes_to_its_link_and_returns(browser, base):
    browser.open(base)
    switch(browser)
    press(browser, Keys.TAB)
    while not browser.run("return document.activeElement.matches('[data-claim]')"):
        press(browser, Keys.TAB)
    found = tip(browser)
    assert found["role"] == "tooltip"
    press(browser, Keys.ENTER)
    waited(browser, f"document.activeElement.href === '{base}data/checks.json'")
    assert browser.run(TIP)["role"] == "dialog"
    press(browser, Keys.ESCAPE)
    assert tip(browser, wanted=False) is None
    assert browser.run("return document.activeElement.matches('[data-claim]')")


def test_a_finger_opens_and_closes_the_tip_within_a_small_screen(browser, base):
    browser.open(base, width=390)
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=True, maxTouchPoints=1)
    try:
        tap(browser, CARD)
        found = tip(browser)
        assert found["inside"]
        assert browser.overflow() <= 0
        tap(browser, "h2")
        assert tip(browser, wanted=False) is None
    finally:
        browser.cdp("Emulation.setTouchEmulationEnabled", enabled=False)


@pytest.mark.parametrize("page", ["attacks/", "proof/", "impact/", "cards/"])
def test_every_number_in_a_table_is_found_by_its_place(browser, base, page):
    browser.open(base + page)
    switch(browser)
    placed = browser.run(
        "return document.querySelectorAll('.md-typeset table:not(figure table) [data-claim]').length"
    )
    script = f"{base}data/claims-{page.strip('/')}.js"
    known = browser.driver.execute_async_script(
        "const done = arguments[1], before = window.studyClaims;"
        "window.studyClaims = (_, known) => { window.studyClaims = before; done(Object.keys(known.cells).length); };"
        "const s = document.createElement('script'); s.src = arguments[0]; document.head.append(s);",
        script,
    )
    assert placed == known > 20


def test_a_cell_tells_of_all_its_numbers(browser, base):
    browser.open(base + "attacks/")
    browser.unfold()
    hover(browser, f"{TABLE} td:nth-child(2)")
    waited(browser, f"document.querySelector('{TABLE} td:nth-child(2) [data-claim]')")
    hover(browser, f"{TABLE} td:nth-child(3)")
    hover(browser, f"{TABLE} td:nth-child(2) [data-claim]")
    assert tip(browser)["text"].count("/accuracy") == 1


def test_the_switch_shows_every_number_at_once(browser, base):
    browser.open(base)
    switch(browser)
    drawn = browser.run(f"return getComputedStyle(document.querySelector('{CARD}')).textDecorationStyle")
    assert drawn == "dotted"
    assert browser.run("return document.querySelector('[data-claims]').ariaPressed") == "true"


@pytest.mark.parametrize("page", ["index.html", "attacks.html"])
def test_the_unpacked_zip_tells_from_disk(browser, project, page):
    folder = (project / "unpacked" / "model-security-study").as_uri()
    browser.open(f"{folder}/{page}")
    hover(browser, "p [data-claim]")
    assert tip(browser)["links"] == [f"{folder}/data/checks.json"]
    assert browser.errors() == []


def test_without_scripts_numbers_are_plain_and_no_switch_is_offered(browser, base):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(base)
        assert not browser.driver.find_element(By.CSS_SELECTOR, ".claims-switch").is_displayed()
        assert browser.driver.find_element(By.CSS_SELECTOR, CARD).is_displayed()
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


def test_a_first_move_that_ends_on_a_number_is_answered(browser, base):
    browser.open(base)
    number = browser.driver.find_element(
        By.CSS_SELECTOR, "article p > [data-claim], article span > [data-claim]"
    )
    assert browser.run("return arguments[0].getBoundingClientRect().bottom < innerHeight", number)
    ActionChains(browser.driver).move_to_element(
        number
    ).perform()  # brings claims.js, too late to be seen by it
    assert tip(browser)


def test_a_number_for_another_attacker_is_answered_though_he_was_picked_before_anybody_asked(browser, base):
    browser.open(f"{base}proof/#at=1")
    waited(browser, "document.body.hasAttribute('data-moved')")
    assert browser.run("return !window.studyClaims")
    other = "p [data-moved] [data-claim]"
    waited(browser, f"document.querySelector('{other}')")
    wanted = element(browser, other).text
    hover(browser, other)
    assert wanted in tip(browser)["text"]

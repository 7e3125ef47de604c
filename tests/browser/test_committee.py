"""What a committee comes for is at most three presses away from the Summary, by keyboard and on a phone."""

import pytest
from browser import waited
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

VISIBLE = "[...document.querySelectorAll('article p')].filter((each) => each.checkVisibility())"


class Reader:
    """Presses what is in sight, and counts."""

    def __init__(self, browser):
        self.browser = browser
        self.presses = 0

    def press(self, found: str, by: str = By.CSS_SELECTOR):
        element = self.browser.driver.find_element(by, found)
        assert element.is_displayed(), found
        self.browser.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        element.send_keys(Keys.ENTER)
        self.presses += 1

    def says(self, words: str) -> bool:
        return self.browser.run(
            f"return {VISIBLE}.some((each) => each.innerText.includes(arguments[0]))", words
        )


@pytest.fixture(params=[1280, 390])
def reader(request, browser, base) -> Reader:
    browser.open(base, width=request.param)
    return Reader(browser)


def test_is_the_model_safe(reader):
    assert reader.says("provably catches")
    assert reader.presses == 0


def test_which_model_to_take(reader):
    reader.press("Which model to take, and at what price?", By.LINK_TEXT)
    waited(reader.browser, "location.pathname === '/models/'")
    assert reader.says("provably catches")
    assert reader.presses <= 3


def test_what_it_would_cost_with_our_numbers(reader):
    reader.press("What would it cost us, with our numbers?", By.LINK_TEXT)
    waited(reader.browser, "document.querySelector('.calculator').dataset.state === 'live'")
    assert reader.browser.driver.find_element(
        By.CSS_SELECTOR, ".calculator [name=fraud_share]"
    ).is_displayed()
    assert reader.presses <= 3


def test_was_the_claim_of_the_original_true(reader):
    assert reader.says("proved without hardening")
    assert reader.presses == 0


def test_how_to_check_one_number(reader):
    reader.press("[data-claims]")
    waited(reader.browser, "document.querySelector('.kpi-value [data-claim][tabindex]')")
    reader.press(".kpi-value [data-claim][tabindex]")
    waited(reader.browser, "document.querySelector('.claim-tip a')")
    link = reader.browser.run("return document.querySelector('.claim-tip a').getAttribute('href')")
    assert ".json" in link
    assert reader.presses <= 3

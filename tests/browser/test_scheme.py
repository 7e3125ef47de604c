"""Light and dark: as the reader's system has it until he picks one, which is kept; one button, for the keyboard too."""

import pytest
from browser import waited

SCHEME = "return document.body.dataset.mdColorScheme"
SEEN = "[...document.querySelectorAll('.scheme')].filter((each) => each.checkVisibility())"


@pytest.mark.parametrize(("system", "scheme"), [("light", "default"), ("dark", "slate")])
def test_a_first_visit_has_the_scheme_of_the_system(browser, base, system, scheme):
    browser.open(base, scheme=system)
    assert browser.run(SCHEME) == scheme
    assert browser.run("return getComputedStyle(document.documentElement).colorScheme") in (system, "normal")
    assert browser.run(f"return {SEEN}.length") == 1


def test_a_page_follows_the_system_until_the_reader_picks(browser, base):
    browser.open(base, scheme="light")
    dark = {"name": "prefers-color-scheme", "value": "dark"}
    browser.cdp("Emulation.setEmulatedMedia", features=[dark])
    waited(browser, "document.body.dataset.mdColorScheme === 'slate'")  # heard with the next frame
    browser.run(f"{SEEN}[0].focus(); {SEEN}[0].click()")
    assert browser.run(SCHEME) == "default"
    assert browser.run(f"return document.activeElement === {SEEN}[0]")
    browser.cdp("Emulation.setEmulatedMedia", features=[{**dark, "value": "light"}])
    browser.cdp("Emulation.setEmulatedMedia", features=[dark])
    browser.driver.refresh()
    assert browser.run(SCHEME) == "default"

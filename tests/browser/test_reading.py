"""The reading level folds detail, is linkable and remembered, and never hides anything from paper or from a link."""

from browser import waited

FOLDED = "return document.querySelectorAll('article .folded').length"
PRESSED = "return document.querySelector('.levels [aria-pressed=true]').dataset.level"


def press(browser, level: str):
    browser.run(f"document.querySelector('.levels [data-level={level}]').click()")


def test_a_page_opens_with_everything_and_folds_by_level(browser, base):
    browser.open(base + "proof/")
    assert browser.run(PRESSED) == "engineer"
    assert browser.run(FOLDED) == 0
    press(browser, "executive")
    most = browser.run(FOLDED)
    assert most > 10
    press(browser, "analyst")
    assert 0 < browser.run(FOLDED) < most
    assert browser.run("return location.search") == "?level=analyst"
    press(browser, "engineer")
    assert browser.run(FOLDED) == 0
    assert browser.errors() == []


def test_the_level_is_linkable_and_remembered_on_the_next_page(browser, base):
    browser.open(base + "proof/?level=executive")
    assert browser.run(PRESSED) == "executive"
    press(browser, "analyst")
    browser.driver.get(base + "hardening/")
    assert browser.run(PRESSED) == "analyst"
    assert browser.axe() == []


def test_a_folded_part_opens_by_its_button_and_by_a_link_into_it(browser, base):
    browser.open(base + "proof/?level=executive")
    before = browser.run(FOLDED)
    browser.run("document.querySelector('.fold-note button').click()")
    assert browser.run(FOLDED) < before
    browser.run("location.hash = '#kaggle-proof-walk'")
    browser.run("dispatchEvent(new HashChangeEvent('hashchange'))")
    assert browser.run("return document.getElementById('kaggle-proof-walk').offsetHeight") > 0


def test_paper_shows_what_is_folded(browser, base):
    browser.open(base + "proof/?level=executive")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    try:
        shown = (
            "return [...document.querySelectorAll('article .folded')].map((e) => getComputedStyle(e).display)"
        )
        assert "none" not in browser.run(shown)
        assert browser.run("return getComputedStyle(document.querySelector('.levels')).display") == "none"
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="")


def test_a_term_leads_to_its_entry(browser, base):
    browser.open(base + "attacks/")
    browser.run("document.querySelector('a.term').click()")
    waited(browser, "location.pathname === '/method/' && location.hash.startsWith('#term-')")
    waited(browser, "document.querySelector('td:target')")

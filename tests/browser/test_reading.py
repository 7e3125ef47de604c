"""A page opens with its answers and one dataset; the level and the dataset are linkable and remembered, and nothing is
hidden from paper, from a link, or where there are no scripts."""

from browser import waited

PARTS = "document.querySelectorAll('article details.part{}').length"
CLOSED = f"return {PARTS.format(':not([open])')}"
PRESSED = "return document.querySelector('.levels [aria-pressed=true]').dataset.level"
DATASET = "return document.querySelector('.datasets [aria-pressed=true]').dataset.dataset"
FIGURES = "return [...document.querySelectorAll('figure.chart')].filter((f) => f.checkVisibility()).map((f) => f.id)"


def press(browser, what: str):
    browser.driver.find_element("css selector", f".reading [data-{what}]").click()


def test_a_page_opens_for_an_executive_and_unfolds_by_level(browser, base):
    browser.open(base + "proof/")
    assert browser.run(PRESSED) == "executive"
    every = browser.run(CLOSED)
    assert every == browser.run(f"return {PARTS.format('')}") > 5
    press(browser, "level=analyst")
    assert 0 < browser.run(CLOSED) < every
    assert browser.run("return location.search") == "?level=analyst"
    press(browser, "level=engineer")
    assert browser.run(CLOSED) == 0
    press(browser, "level=executive")
    assert browser.run(CLOSED) == every
    assert browser.errors() == []


def test_the_level_is_linkable_and_remembered_on_the_next_page(browser, base):
    browser.open(base + "proof/?level=engineer")
    assert browser.run(PRESSED) == "engineer"
    press(browser, "level=analyst")
    browser.driver.get(base + "hardening/")
    assert browser.run(PRESSED) == "analyst"
    assert browser.axe() == []


def test_a_folded_part_opens_by_its_button_and_by_a_link_into_it(browser, base):
    browser.open(base + "proof/")
    before = browser.run(CLOSED)
    button = browser.driver.find_element("css selector", "details.part > summary")
    assert button.text == "Show this part"
    button.click()
    assert browser.run(CLOSED) == before - 1
    assert button.text == "Hide this part"
    browser.run("location.hash = '#kaggle-proof-walk'")
    waited(browser, "document.getElementById('kaggle-proof-walk').checkVisibility()")
    assert browser.run(DATASET) == "kaggle"


def test_paper_shows_what_is_folded_and_every_dataset(browser, base):
    browser.open(base + "proof/")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    try:
        hidden = (
            "return [...document.querySelectorAll('article :is(h2, h3, figcaption, .table-scroll)')]"
            ".filter((each) => !each.closest('.chart-table') && !each.checkVisibility())"
            ".map((each) => each.textContent)"
        )
        assert browser.run(hidden) == []
        assert browser.run("return getComputedStyle(document.querySelector('.reading')).display") == "none"
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="")


def test_a_page_opens_with_the_first_dataset_and_the_others_are_a_press_away(browser, base):
    browser.open(base + "hardening/")
    assert all(name.startswith("checks-") for name in browser.run(FIGURES))
    press(browser, "dataset=kaggle")
    waited(browser, "location.search === '?of=kaggle'")
    assert all(name.startswith("kaggle-") for name in browser.run(FIGURES))
    browser.driver.get(base + "proof/")
    assert browser.run(DATASET) == "kaggle"
    assert all(name.startswith("kaggle-") for name in browser.run(FIGURES))
    browser.driver.get(base + "proof/?of=checks")
    assert browser.run(DATASET) == "checks"
    browser.driver.get(base + "proof/?of=nonsense")
    assert "nonsense" in browser.run("return document.querySelector('.reading-told').textContent")


def test_another_dataset_is_read_on_from_the_same_place(browser, base):
    browser.open(base + "attacks/?level=engineer")
    heading = (
        "[...document.querySelectorAll('article :is(h2, h3)')]"
        ".filter((h) => h.id.startsWith('{}-') && h.checkVisibility()).at(-1)"
    )
    browser.run(f"{heading.format('checks')}.scrollIntoView()")
    before = browser.run(f"return {heading.format('checks')}.getBoundingClientRect().top")
    browser.run("document.querySelector('[data-dataset=kaggle]').click()")
    waited(browser, f"{heading.format('kaggle')}?.checkVisibility()")
    after = browser.run(f"return {heading.format('kaggle')}.getBoundingClientRect().top")
    assert abs(after - before) < 200


def test_without_scripts_parts_open_one_by_one_and_every_dataset_is_there(browser, base):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.open(base + "hardening/")
        assert not browser.run("return document.querySelector('.reading').checkVisibility()")
        seen = (
            "return [...new Set([...document.querySelectorAll('article [data-of]')]"
            ".filter((each) => each.checkVisibility()).map((each) => each.dataset.of))]"
        )
        assert sorted(browser.run(seen)) == ["checks", "kaggle"]
        part = browser.driver.find_element("css selector", "details.part > summary")
        part.click()
        assert browser.run("return document.querySelector('details.part').open")
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)


def test_a_term_leads_to_its_entry(browser, base):
    browser.open(base + "attacks/")
    browser.run("document.querySelector('a.term').click()")
    waited(browser, "location.pathname === '/method/' && location.hash.startsWith('#term-')")
    waited(browser, "document.querySelector('td:target')")

"""Pages as they are met: translated, in the colours of the system, by assistive technology, in a picture."""

import time

import pytest
from browser import waited
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

# As the translator of a browser: every text goes into two elements, before the page's own scripts and when it changes.
TRANSLATOR = """
const translated = (text) => {
  const left = "script, style, svg, option, textarea, [data-translated]";
  if (!text.data.trim() || text.parentElement?.closest(left)) return;
  const outer = document.createElement("font"), inner = document.createElement("font");
  outer.dataset.translated = "";
  inner.textContent = text.data.replaceAll(/[a-z]+/gi, "\\u00fc$&").replaceAll(".", "\\u066b");
  outer.append(inner);
  text.replaceWith(outer);
};
const translate = (root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  texts.forEach(translated);
};
document.addEventListener("readystatechange", () => {
  if (document.readyState !== "interactive") return; // scripts that wait for the page come after this
  translate(document.body);
  new MutationObserver((changes) => {
    for (const node of changes.flatMap(({ addedNodes }) => [...addedNodes]).filter((each) => each.isConnected)) {
      if (node.nodeType === Node.TEXT_NODE) translated(node);
      else translate(node);
    }
  }).observe(document.body, { childList: true, subtree: true });
});
"""
STATE = """
const every = (found, told) => [...document.querySelectorAll(found)].map(told);
const label = document.querySelector(".fold-note button")?.ariaLabel.replaceAll("\\u00fc", "");
return JSON.stringify({
  place: location.search + location.hash, pressed: every("button", (each) => each.ariaPressed), label,
  views: every(".chart-view:not([hidden])", (each) => each.dataset.view ?? "first"),
  rows: every(".chart-table[open]", (each) => each.querySelectorAll("tr").length),
  chosen: every("[data-tiers] :is(td, th)", (each) => each.hasAttribute("data-chosen")),
  folded: document.querySelectorAll(".folded").length, cells: document.querySelectorAll("td [data-claim]").length,
  moved: every("[data-follow]", (each) => each.hasAttribute("data-moved")),
  fields: every("form :is(input, select), [data-cell] input", (each) => each.value),
  tip: document.querySelector(".claim-tip")?.children.length,
});
"""
FIGURE = "figure.chart:has(.chart-views)"
USES = {
    "attacks/": (
        f"{FIGURE} .chart-views button:nth-of-type(2)", f"{FIGURE} .chart-views button:nth-of-type(1)",
        f"{FIGURE} .chart-tools button:nth-of-type(1)", "p > [data-claim]", "[data-claims]", "form.at [name=by]",
        ".md-typeset__table td:last-child", ".levels [data-level=executive]", ".fold-note button",
    ),
    "proof/": ("form.at [name=by]", "form.at button", ".levels [data-level=analyst]"),
    "impact/": (
        ".calculator-presets button:last-of-type", "[data-act=json]", ".calculator [name=point]", "[data-act=reset]",
    ),
    "playground/": (
        "[data-act=standard]", "[data-act=undo]", "[data-act=miss]", ".playground [name=attack]", "[data-act=link]",
        "[data-act=reset]",
    ),
}  # fmt: skip
"""What is pressed on a page, one after the other; of a menu the next choice is taken."""


def used(browser, url: str) -> list[str]:
    """The state of the page after each of its uses by mouse and keys."""
    browser.open(url)
    browser.run("sessionStorage.clear()")
    browser.driver.get("about:blank")
    browser.open(url)
    states = [stable(browser)]
    for control in USES["/".join(url.split("/")[-2:])]:
        element = browser.driver.find_element(By.CSS_SELECTOR, control)
        browser.run("arguments[0].scrollIntoView({ block: 'center' })", element)
        if element.tag_name == "select":
            browser.run("arguments[0].focus()", element)
            element.send_keys(Keys.ARROW_DOWN)
        else:
            ActionChains(browser.driver).move_to_element(element).click().perform()
        states.append(stable(browser))
    assert browser.errors() == []
    return states


def stable(browser) -> str:
    """The state, once it does not change for a while."""
    before, quiet, until = "", 0, time.monotonic() + 10
    while quiet < 8 and time.monotonic() < until:
        now = browser.run(STATE)
        quiet = quiet + 1 if now == before else 0
        before = now
        time.sleep(0.15)
    return before


@pytest.mark.parametrize("page", USES)
def test_every_control_does_on_a_translated_page_what_it_does_on_any(browser, base, page):
    plain = used(browser, base + page)
    script = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=TRANSLATOR)["identifier"]
    try:
        translated = used(browser, base + page)
        assert browser.run("return document.querySelectorAll('[data-translated]').length") > 100
    finally:
        browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    for control, one, other in zip(("open", *USES[page]), translated, plain, strict=True):
        assert one == other, control
    assert len(set(plain)) > 2

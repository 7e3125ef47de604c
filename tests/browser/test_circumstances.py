"""Pages as they are met: translated, in the colours of the system, by assistive technology, in a picture."""

import pytest
from browser import soon, waited
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from generator.notation.palette import INK

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
  folded: document.querySelectorAll("details.part:not([open])").length,
  cells: document.querySelectorAll("td [data-claim]").length,
  moved: every("[data-follow]", (each) => each.hasAttribute("data-moved")),
  fields: every("form :is(input, select), [data-cell] input", (each) => each.value),
  tip: document.querySelector(".claim-tip")?.children.length,
});
"""
FIGURE = "figure.chart:has(.chart-views)"
USES = {
    "attacks/": (
        ".levels [data-level=analyst]",
        f"{FIGURE} .chart-views button:nth-of-type(2)", f"{FIGURE} .chart-views button:nth-of-type(1)",
        f"{FIGURE} .chart-tools button:nth-of-type(1)", "p [data-claim]", "[data-claims]", "form.at [name=by]",
        "[data-follow] .md-typeset__table td:last-child", "details.part:not([open]) > summary",
    ),
    "proof/": ("form.at [name=by]", "form.at button", ".levels [data-level=analyst]"),
    "calculator/": (
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
    """The state, once the page is at rest."""
    browser.rest()
    return browser.run(STATE)


@pytest.mark.parametrize("page", USES)
def test_every_control_does_on_a_translated_page_what_it_does_on_any(browser, base, page):
    plain = used(browser, base + page)
    with browser.beginning(TRANSLATOR):
        translated = used(browser, base + page)
        assert browser.run("return document.querySelectorAll('[data-translated]').length") > 100
    for control, one, other in zip(("open", *USES[page]), translated, plain, strict=True):
        assert one == other, control
    assert len(set(plain)) > 2


# ---------------------------------------------------------------- colours of the system

LOOK = """
const colours = (element) => [getComputedStyle(element).color, getComputedStyle(element).backgroundColor];
const look = (found) => colours(document.querySelector(found));
const probe = document.body.appendChild(document.createElement("i"));
probe.style.cssText = "forced-color-adjust: none; color: HighlightText; background: Highlight";
const told = {
  highlight: colours(probe),
  pressed: [look(".chart-views [aria-pressed=true]"), look(".levels [aria-pressed=true]")],
  others: [look(".chart-views [aria-pressed=false]"), look(".levels [aria-pressed=false]")],
  drawing: look(".chart-plot"), live: document.querySelector(".chart-live .xtick text").style.fill,
  tab: getComputedStyle(document.querySelector(".md-tabs__item--active a")).textDecorationLine,
};
probe.remove();
return told;
"""


@pytest.mark.parametrize(("system", "scheme"), [("light", "dark"), ("dark", "light"), ("dark", "dark")])
def test_in_the_colours_of_the_system_what_is_chosen_shows_and_drawings_have_a_page_that_fits(
    browser, base, system, scheme
):
    browser.open(f"{base}attacks/", scheme=scheme)
    browser.run(
        f"document.querySelector('{FIGURE} .chart-plot').dispatchEvent(new PointerEvent('pointerdown'))"
    )
    waited(browser, f"document.querySelector('{FIGURE}').dataset.state === 'live'")
    wanted = {"forced-colors": "active", "prefers-color-scheme": system}
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": n, "value": v} for n, v in wanted.items()])
    ink, page = (rgb(INK[token][system == "dark"]) for token in ("text", "page"))

    def assert_seen():
        found = browser.run(LOOK)
        assert found["pressed"] == [found["highlight"]] * 2
        assert found["highlight"] not in found["others"]
        assert (found["drawing"], found["live"]) == ([ink, page], ink)
        assert found["tab"] == "underline"

    soon(assert_seen)


def rgb(colour: str) -> str:
    return "rgb({}, {}, {})".format(*(int(colour[at : at + 2], 16) for at in (1, 3, 5)))


# ---------------------------------------------------------------- assistive technology

SET = """
const [found, value] = arguments, field = document.querySelector(found);
field.value = value;
for (const sign of ["input", "change"]) field.dispatchEvent(new Event(sign, { bubbles: true }));
"""
"""All that a page hears of it: no pointer, no key, no focus."""


def test_an_attacker_chosen_by_assistive_technology_counts_at_once_and_after_coming_back(browser, base):
    browser.open(f"{base}proof/")
    browser.run(SET, "form.at [name=by]", "T2")
    waited(browser, "location.hash === '#by=T2' && document.querySelector('[data-follow][data-moved]')")
    assert "T2" in browser.run("return document.querySelector('[data-chosen]').textContent")
    browser.driver.get(f"{base}hardening/")
    waited(browser, "document.querySelector('form.at').elements.by.value === 'T2'")
    browser.run(SET, "form.at [name=by]", "T1")
    waited(browser, "location.hash === ''")
    browser.driver.get(base)
    waited(browser, "document.querySelector('form.at')")
    browser.run(SET, "form.at [name=by]", "T3")
    waited(browser, "location.hash === '#by=T3'")
    browser.driver.back()  # to a page that was left with T1
    waited(browser, "location.pathname.includes('hardening')")
    waited(browser, "document.querySelector('form.at').elements.by.value === 'T3'")
    waited(browser, "location.hash === '#by=T3'")


def test_a_tool_has_what_was_set_and_pressed_before_its_script_was_there(browser, base):
    browser.open(f"{base}calculator/")
    browser.run(SET, ".calculator [name=tier]", "T3")
    browser.run("document.querySelector('.calculator-presets button:last-of-type').click()")
    waited(browser, "window.study.chosen().by === 'T3'")
    waited(browser, "document.querySelector('.calculator').dataset.state === 'live'")
    asked, there = browser.run("""
      const preset = document.querySelector(".calculator-presets button:last-of-type");
      const wanted = new URLSearchParams(preset.dataset.values);
      const { elements } = document.querySelector(".calculator form");
      const names = [...wanted.keys()];
      return [names.map((name) => Number(wanted.get(name))),
        names.map((name) => Number(elements[name].value) / Number(elements[name].dataset.factor))];
    """)
    assert there == pytest.approx(asked)
    browser.open(f"{base}playground/")
    browser.run(SET, ".playground [name=tier]", "T2")
    browser.run(SET, ".playground [data-cell=raw] input", "55")
    browser.run("document.querySelector('.playground [data-act=standard]').click()")
    waited(browser, "document.querySelector('.playground').dataset.state === 'settled'")
    waited(browser, "document.querySelector('.playground-try').textContent.startsWith('Your try')")
    found = browser.run(
        "return ['[name=tier]', '[name=transaction]', '[data-cell=raw] input']"
        ".map((each) => document.querySelector(`.playground ${each}`).value)"
    )
    assert found == ["T2", "typed", "55"]


def test_the_switch_of_the_sources_works_without_any_other_sign(browser, base):
    browser.open(base)
    browser.run("document.querySelector('[data-claims]').click()")
    waited(browser, "document.querySelector('[data-claims]').ariaPressed === 'true'")


# ---------------------------------------------------------------- pictures

WHOLE = """(() => {
  const tools = [...document.querySelectorAll(".calculator-plot, .playground-plot")];
  return !document.querySelector("figure.chart [data-later]") && tools.every((plot) => plot.firstElementChild);
})()"""
BLANK = """
const [picture, scale, boxes, done] = arguments;
fetch(`data:image/png;base64,${picture}`).then((sent) => sent.blob()).then(createImageBitmap).then((bitmap) => {
  const pen = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d", { willReadFrequently: true });
  pen.drawImage(bitmap, 0, 0);
  done(boxes.filter(([, ...sides]) => {
    const [x, y, width, height] = sides.map((side) => Math.round(side * scale));
    const { data } = pen.getImageData(x + 2, y + 2, width - 4, height - 4);
    return new Set(new Uint32Array(data.buffer)).size < 20;
  }).map(([name]) => name));
}, (error) => done([String(error)]));
"""
BOXES = """
const drawn = ".chart :is(.chart-title, .chart-plot, figcaption), .calculator-plot, .playground-plot";
const parts = [...document.querySelectorAll(`${drawn}, .md-typeset__table`)];
return parts.filter((part) => part.checkVisibility()).map((part) => {
  const { left, top, width, height } = part.getBoundingClientRect();
  return [`${part.closest("[id]")?.id} ${part.className}`, left + scrollX, top + scrollY, width, height];
});
"""
DRAWN = """
return [".panel", ".calculator-plot svg", ".playground-plot svg", ".chart-still"].map((found) =>
  [...document.querySelectorAll(found)].filter((each) => each.checkVisibility()).length);
"""
SCALE = 0.5


def pictured(browser) -> tuple[list, str]:
    """The boxes of what has to be in a picture of the whole page, and the picture as it is at this moment."""
    boxes, size = browser.run(BOXES), browser.cdp("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": SCALE}
    return boxes, browser.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]


@pytest.mark.parametrize(
    ("page", "width"), [("data/", 390), ("hardening/", 1280), ("calculator/", 390), ("playground/", 1280)]
)
def test_a_picture_of_the_whole_page_has_every_figure_although_nobody_scrolled(
    browser, base, tmp_path, page, width
):
    browser.open(base + page, width=width)
    at_once = pictured(browser)
    waited(browser, WHOLE)
    at_rest = pictured(browser)
    assert browser.run("return [scrollY, window.shift < 0.01]") == [0, True]
    assert browser.errors() == []
    shown, saved = browser.run(DRAWN), tmp_path / "page.mhtml"
    saved.write_text(browser.cdp("Page.captureSnapshot", format="mhtml")["data"])
    browser.driver.get("about:blank")
    for boxes, picture in (at_once, at_rest):
        assert len(boxes) > 1
        assert browser.driver.execute_async_script(BLANK, picture, SCALE, boxes) == []
    browser.driver.get(saved.as_uri())
    assert browser.run(DRAWN) == shown

"""What the browser tests ask of a page, over the DevTools protocol."""

import functools
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from selenium import webdriver
from selenium.common.exceptions import JavascriptException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

TEMPLATES = Path(__file__).parents[2] / "templates"
PAGES = sorted(path.name.removesuffix(".md.j2") for path in TEMPLATES.glob("[!_.]*.md.j2"))
ADDRESSES = ["" if page == "index" else f"{page}/" for page in PAGES] + ["404.html"]
"""Where the pages of a site are; the last is shown in place of one that is not there."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    "headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync",
)  # fmt: skip

PATIENCE = 30
"""Seconds after which what has to happen on a page counts as not happening: no measure of it, a machine may be busy."""
Answer = TypeVar("Answer")

# Scrolls from figure to figure until every drawing is there.
DRAW_ALL = """
const done = arguments[0], until = Date.now() + 60000;
(function next() {
  const open = document.querySelector("figure.chart:has([data-later]):not([data-state=failed])");
  if (!open || Date.now() > until) return done();
  open.scrollIntoView();
  setTimeout(next, 30);
})();
"""
# Turns to one figure after the other, as a tap does, until all are live.
WAKE_ALL = """
const done = arguments[0], until = Date.now() + 60000;
(function next() {
  const open = document.querySelector("figure.chart:not([data-state=live]):not([data-state=failed])");
  if (!open || Date.now() > until) return done();
  if (!open.dataset.state) open.querySelector(".chart-plot").dispatchEvent(new PointerEvent("pointerdown"));
  setTimeout(next, 20);
})();
"""
# Passes by every figure: one that nobody is near is not laid out.
PASS_ALL = """
const done = arguments[0], figures = [...document.querySelectorAll("figure.chart")];
(function next() {
  const figure = figures.shift();
  if (!figure) return done();
  figure.scrollIntoView();
  setTimeout(next, 50);
})();
"""
# What this tab remembers is gone; in a sandbox it remembers nothing.
FORGET = "try { sessionStorage.clear(); } catch {}"
# Counts what a page has still to do by itself: frames, idle moments, timers that end soon, scripts on their way.
PENDING = """
(() => {
  const open = new Set(), SOON = 1000;
  window.pending = () => open.size;
  for (const [begin, end] of [["requestAnimationFrame", "cancelAnimationFrame"],
      ["requestIdleCallback", "cancelIdleCallback"], ["setTimeout", "clearTimeout"]]) {
    const [first, last] = [window[begin].bind(window), window[end].bind(window)];
    const mark = (id) => `${begin} ${id}`;
    window[begin] = (act, ...rest) => {
      const id = first((...given) => {
        open.delete(mark(id));
        return act(...given);
      }, ...rest);
      if (begin !== "setTimeout" || !(rest[0] > SOON)) open.add(mark(id));
      return id;
    };
    window[end] = (id) => {
      open.delete(mark(id));
      last(id);
    };
  }
  new MutationObserver((changes) => {
    for (const script of changes.flatMap(({ addedNodes }) => [...addedNodes])) {
      if (script.localName !== "script" || !script.src) continue;
      open.add(script);
      for (const end of ["load", "error"]) script.addEventListener(end, () => open.delete(script));
    }
  }).observe(document, { childList: true, subtree: true });
})();
"""
# Until it has nothing more to do, and had frames enough to be told what is seen and how large.
REST = """
const [done] = arguments;
(function look(calm) {
  if (calm > 2) return done();
  requestAnimationFrame(() => setTimeout(() => look(document.readyState === "complete" && !pending() ? calm + 1 : 0)));
})(0);
"""
FRAMES = """
const [count, done] = arguments;
const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : setTimeout(done));
next(count);
"""
FIGURES = """
return [...document.querySelectorAll("figure.chart")].map((figure) => {
  const box = figure.querySelector(".chart-plot").getBoundingClientRect();
  const view = figure.querySelector(".chart-view:not([hidden])");
  const panels = [...view.querySelectorAll(".panel")].map((panel) => panel.getBoundingClientRect());
  const layers = [...view.querySelectorAll(".chart-live .bglayer, .chart-live .cartesianlayer > .subplot .gridlayer")];
  const live = view.querySelector(".chart-live .main-svg")?.getBoundingClientRect();
  const place = view.querySelector(".chart-plots").getBoundingClientRect();
  const label = view.querySelector(".panel > g.mid[transform] > text, .panel > g.end > text");
  const ink = [...view.querySelectorAll(".xtick text, .ytick text, .x2tick text")].map((t) => t.style.fill);
  return {
    id: figure.id, state: figure.dataset.state ?? "drawing", box: box.width, height: box.height,
    drawing: Math.max(...panels.map((panel) => panel.right)) - box.left, panels: panels.length,
    smallest: Math.min(...panels.map((panel) => Math.min(panel.width, panel.height))),
    width: live?.width ?? 0, place: place.width,
    ink: [...new Set(ink)], label: label && getComputedStyle(label).color,
    stops: [...figure.querySelectorAll("a[href], button, summary, [tabindex]")].filter(
      (each) => each.tabIndex === 0 && each.checkVisibility() && !each.closest("details:not([open]) > :not(summary)"),
    ).length,
    inside: figure.querySelectorAll(".chart-plot :is(a[href], button, input, [tabindex='0'])").length,
  };
});
"""
AXE = Path(__file__).parent / "axe" / "axe-4.14.1.min.js"
RULES = ("wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice")
UNFOLD = """
for (const part of document.querySelectorAll("details.part")) part.open = true;
delete document.documentElement.dataset.of;
window.study?.sift(document.body);
"""
LOOKS = ("color-contrast", "target-size", "link-in-text-block", "scrollable-region-focusable")
"""Rules on what a width or a scheme changes, of the ones above."""
VIOLATIONS = """
const done = arguments[2];
axe.run(document, { runOnly: arguments[0], resultTypes: ["violations"], preload: arguments[1] }).then(
  ({ violations }) => done(violations.map(
    ({ id, nodes }) => `${id} (${nodes.length}): ${nodes[0].target} ${nodes[0].failureSummary}`)),
  (error) => done([String(error)]));
"""
SHIFTS = """
window.shift = 0;
window.moved = [];
window.refused = [];
addEventListener("securitypolicyviolation", (event) => {
  refused.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
// White space goes to the next line with the word behind it, when that word comes: nobody sees it.
const blank = ({ node }) => node?.nodeType === Node.TEXT_NODE && !node.data.trim();
new PerformanceObserver((list) => {
  const seen = (each) => !each.hadRecentInput && !(each.sources.length && each.sources.every(blank));
  for (const entry of list.getEntries().filter(seen)) {
    window.shift += entry.value;
    moved.push(...entry.sources.map(({ node }) => `${node?.nodeName} ${node?.className} ${entry.value}`));
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@functools.cache
def _axe() -> str:
    return f"{AXE.read_text(encoding='utf-8')};0"  # its own value would be sent back


# What a field of a tool holds, what is said beside it, whether it is marked, and the link to the state of the tool.
STATE = """
const [field] = arguments, said = document.getElementById(`${field.id}-said`);
field.closest("section").querySelector("[data-act=link]").click();
return [field.value, said.textContent, field.ariaInvalid === "true", location.hash.split("&").slice(1).join("&")];
"""
# What a reader types into every field and the number that it means; and into every third, where None is no number.
TYPED = {"2.5": 2.5, "12.5": 12.5, "0.5": 0.5, "1250.50": 1250.5}
ODD = (("2,5", 2.5), ("", None), ("7)", None))


class Browser:
    """A driver with the questions of these tests."""

    def __init__(self, driver):
        self.driver = driver
        for script in (SHIFTS, PENDING):
            self.cdp("Page.addScriptToEvaluateOnNewDocument", source=script)
        self.cdp("Network.enable")

    def cdp(self, command: str, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    def run(self, script: str, *given):
        return self.driver.execute_script(script, *given)

    def open(self, url: str, *, width: int = 1280, scheme: str = "light"):
        """Load `url` as a reader would who has never been here, and forget what was logged before."""
        self.shown(width=width, scheme=scheme)
        self.cdp("Storage.clearDataForOrigin", origin=url, storageTypes="local_storage")
        self.driver.get("about:blank")  # or the page before could still ask for something
        self.errors()
        self.requests()
        with self.beginning(FORGET):
            self.driver.get(url)

    def shown(self, *, width: int, scheme: str):
        """Have a window of `width` in a system that prefers `scheme`."""
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=900, deviceScaleFactor=1, mobile=width < 600,
        )  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.cdp("Emulation.setEmulatedMedia", features=[feature])

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Pages that are opened within never come to rest: what waits for that does not happen."""
        with self.beginning("window.requestIdleCallback = () => {}"):
            yield

    @contextmanager
    def beginning(self, script: str) -> Iterator[None]:
        """Pages that are opened within begin with `script`."""
        made = self.cdp("Page.addScriptToEvaluateOnNewDocument", source=script)
        try:
            yield
        finally:
            self.cdp("Page.removeScriptToEvaluateOnNewDocument", **made)

    def switch_scheme(self):
        """Press the button for the other of light and dark."""
        self.run("[...document.querySelectorAll('.scheme')].find((each) => each.checkVisibility()).click()")

    def frames(self, count: int):
        """Let the page be shown `count` times."""
        self.driver.execute_async_script(FRAMES, count)

    def rest(self):
        """Wait until the page does nothing more by itself."""
        self.driver.execute_async_script(REST)

    def unfold(self):
        """Show what an engineer sees, of every dataset; what that moves does not count."""
        self.run(UNFOLD)
        time.sleep(0.1)  # no frame is told of where scripts do not run
        self.run("window.shift = 0; window.moved = []")

    def draw_all(self):
        self.unfold()
        self.driver.execute_async_script(DRAW_ALL)

    def wake_all(self):
        self.unfold()
        self.driver.execute_async_script(WAKE_ALL)

    def pass_all(self):
        self.unfold()
        self.driver.execute_async_script(PASS_ALL)

    def figures(self) -> list[dict]:
        return self.run(FIGURES)

    def axe(self, rules: tuple[str, ...] = RULES, *, styles: bool = False) -> list[str]:
        """What axe-core finds wrong with the page as it is now, and with its `styles` if asked; one line a rule."""
        self.cdp("Runtime.evaluate", expression=_axe())
        return self.driver.execute_async_script(VIOLATIONS, list(rules), styles)

    def overflow(self) -> int:
        """Pixels the page is wider than its window."""
        return self.run("const d = document.documentElement; return d.scrollWidth - d.clientWidth")

    def widest(self) -> list[str]:
        """What sticks out of the window on the right."""
        return self.run(
            "return [...document.querySelectorAll('body *')].filter((e) => !e.closest('.table-scroll')"
            " && e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)"
            ".map((e) => `${e.tagName}.${e.className} ${e.textContent.slice(0, 60)}`)"
        )

    def errors(self) -> list[str]:
        """What the console holds since the last call, but for information."""
        kept = ("SEVERE", "WARNING")
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in kept]

    def requests(self) -> list[str]:
        """Addresses asked for since the last call, without those that stay inside the page."""
        urls = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        return [url for url in urls if urlsplit(url).scheme not in ("data", "blob")]


@contextmanager
def started(profile: Path) -> Iterator[Browser]:
    """A headless Chromium whose profile is in the folder `profile`.

    Raises:
        FileNotFoundError: There is none on this machine, or no chromedriver.
    """
    binary, driver = next(filter(None, map(shutil.which, BROWSERS)), None), shutil.which("chromedriver")
    if not binary or not driver:
        raise FileNotFoundError("no Chromium with chromedriver on this machine")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in FLAGS:
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={profile}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(driver))
    try:
        chrome.set_script_timeout(3 * PATIENCE)
        yield Browser(chrome)
    finally:
        chrome.quit()


def soon(check: Callable[[], Answer]) -> Answer:
    """What `check` gives once it holds: asserted again and again, since a page answers when it has time.

    Raises:
        AssertionError: It did not hold within `PATIENCE`; that of the last time.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > until:
                raise
        time.sleep(0.03)


def answered(browser: Browser, script: str, wanted: Callable[[Any], bool]):
    """What `script` gives once that is as `wanted`; a page that is just being replaced has no answer yet."""

    def answer():
        try:
            found = browser.run(script)
        except JavascriptException as error:
            raise AssertionError(f"{script}: {error.msg}") from error
        assert wanted(found), f"{script} gives {found!r}"
        return found

    return soon(answer)


def waited(browser: Browser, condition: str):
    """Wait until `condition` is true on the page."""
    answered(browser, f"return Boolean({condition})", bool)


def typed(browser: Browser, field, text: str):
    """Click a field, mark what is in it, type `text` key by key, and go on to the next control."""
    browser.run("arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' })", field)
    field.click()
    field.send_keys(Keys.CONTROL + "a" + Keys.NULL + (text or Keys.DELETE) + Keys.TAB)


def mistyped(
    browser: Browser, fields: list, fits: Callable[[int, float], bool], counted: Callable[[int, dict], float]
):
    """Type numbers into each field by keys; what went wrong, one line each.

    The field has to keep what is typed. What fits the field counts; else the number before does, and words beside the
    field say so.

    Args:
        fits: whether a number can stand in a field, by the place of that.
        counted: the number that a field stands for, by its place and the words of the link to the state.
    """
    wrong = []
    for place, field in enumerate(fields):
        counts = float(field.get_attribute("value"))
        for text, meant in (*TYPED.items(), ODD[place % len(ODD)]):
            typed(browser, field, text)
            value, words, invalid, link = browser.run(STATE, field)
            taken = meant is not None and fits(place, meant)
            counts = meant if taken else counts
            found = (value, round(counted(place, dict(parse_qsl(link))), 9), bool(words), invalid)
            if found != (text, round(counts, 9), not taken, not taken):
                wrong.append(f"{field.get_attribute('id')}, {text!r}: {found}, {words!r}")
    return wrong


def downloaded(browser: Browser, folder: Path, click: str, count: int = 1) -> list[Path]:
    """The `count` files that the script `click` makes the browser save into `folder`, by name.

    A file being saved stands there empty at first, and beside it what has come so far (.crdownload).
    """
    browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.run(click)

    def saved() -> list[Path]:
        files = sorted(folder.glob("[!.]*"))
        assert len(files) >= count, files
        assert not [file for file in files if file.suffix == ".crdownload" or not file.stat().st_size]
        return files

    return soon(saved)


def search(browser: Browser, words: str) -> list[str]:
    """What the search of the page offers for `words`: the addresses."""
    browser.run(
        "const input = document.querySelector('[data-md-component=search-query]'); input.focus();"
        f"input.value = '{words}'; input.dispatchEvent(new Event('keyup', {{ bubbles: true }}));"
    )
    waited(browser, "document.querySelector('.md-search-result__link')")
    return browser.run(
        "return [...document.querySelectorAll('.md-search-result__link')].map((link) => link.href)"
    )

"""The search finds what stands on the pages, from the first key on, and works where a page may keep nothing."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from browser import ADDRESSES, search, waited
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from generator.publish.postprocess.markup import VOID

WITHIN_A_WORD = frozenset(("a", "abbr", "b", "code", "em", "i", "mark", "span", "strong", "sub", "sup"))
"""Elements that do not end a word."""
CONTROLS = {"at", "at-units", "chart-plot", "chart-table", "headerlink", "reading", "siblings", "part-button"}
"""Classes of what is no text of a page: it is marked so in the Markdown (`data-search-exclude`)."""
STOP_WORDS = re.compile(r'\["a","able".*?\]')
"""In the script of the worker: words that no search engine looks for by themselves."""
FIELD = ".md-search__input"
HITS = "document.querySelectorAll('.md-search-result__link').length"
SAID = "document.querySelector('.md-search-result__meta').textContent"
# Asks the worker of the page, as the field does, for one thing after the other: the pages that it offers for each.
LOOK_UP = """
const [questions, done] = arguments;
(async () => {
  await study.load("../search/search_index.js", document.querySelector("script[src*='assets/search.js']").src);
  const worker = new Worker(new URL(JSON.parse(document.getElementById("__config").textContent).search, location).href);
  const answer = (message) => new Promise((resolve) => {
    worker.addEventListener("message", ({ data }) => resolve(data.data), { once: true });
    worker.postMessage(message);
  });
  await answer({ type: 0, data: { ...__index, options: { suggest: false } } });
  const found = [];
  for (const data of questions) {
    const { items } = await answer({ type: 2, data });
    found.push([...new Set(items.flat().filter(({ score }) => score).map((each) => each.location.split("#")[0]))]);
  }
  done(found);
})();
"""


class Text(HTMLParser):
    """The text of the article of a page, words of different boxes apart."""

    def __init__(self, page: str):
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, set[str]]] = []
        self.parts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append((tag, set((dict(attrs).get("class") or "").split())))
        self.parts.append("" if tag in WITHIN_A_WORD else " ")

    def handle_endtag(self, tag):
        while tag not in VOID and self.open and self.open.pop()[0] != tag:
            pass
        self.parts.append("" if tag in WITHIN_A_WORD else " ")

    def handle_data(self, data):
        names = {tag for tag, _ in self.open}
        controls = any(classes & CONTROLS for _, classes in self.open)
        if "article" in names and not controls and not names & {"script", "style", "template"}:
            self.parts.append(data)


def words_of(site: Path) -> dict[str, set[str]]:
    """What a reader may type, to the addresses of the pages that have it: words as they stand there and without the
    signs around them, numbers without the commas and the space in front of their unit."""
    found: dict[str, set[str]] = {}
    for path in sorted(site.rglob("index.html")):
        text = "".join(Text(path.read_text(encoding="utf-8")).parts)
        chunks = [each for each in text.split() if re.search(r"\w", each)]
        bare = [re.sub(r"^\W+|\W+$", "", each) for each in chunks]
        plain = [each.replace(",", "") for each in bare if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", each)]
        units = [number + unit for number, unit in re.findall(r"(\d[\d.,]*)\s([%σ])", text)]
        address = path.parent.relative_to(site).as_posix()
        for word in (*chunks, *bare, *plain, *units):
            found.setdefault(word, set()).add("" if address == "." else f"{address}/")
    return found


def test_every_word_and_number_of_the_pages_is_found(browser, server):
    script = next((server.folder / "assets/javascripts/workers").glob("search.*.js")).read_text()
    stop_words = set(json.loads(STOP_WORDS.search(script)[0]))
    pages = words_of(server.folder)
    words = [
        word for word in pages if not {word.lower(), re.sub(r"^\W+|\W+$", "", word).lower()} & stop_words
    ]
    assert len(words) > 3000
    browser.open(server.base)
    browser.driver.find_element("css selector", FIELD).click()
    found = browser.driver.execute_async_script(LOOK_UP, words)
    missed = {
        word: lost for word, there in zip(words, found, strict=True) if (lost := pages[word] - set(there))
    }
    assert missed == {}
    assert browser.errors() == []


def typed(browser, *keys: str):
    ActionChains(browser.driver).send_keys(*keys).perform()


def emptied(browser):
    """Select what the field holds, and delete it."""
    chain = ActionChains(browser.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
    chain.send_keys(Keys.DELETE).perform()
    waited(browser, f"{HITS} === 0")


def test_numbers_are_found_however_they_are_typed_and_no_hit_lacks_what_it_has(browser, base):
    browser.open(f"{base}attack/")
    typed(browser, "/")
    unfound = []
    for words in (
        "(IBP)",
        "1,365",
        "1365",
        "80%",
        "80 %",
        "-0.400",
        "−0.35",
        "0.35σ",
        "T0:",
        '"standard model"',
        "--output",
    ):
        emptied(browser)
        typed(browser, *words)
        waited(browser, f"!/initial|start/i.test({SAID})")
        try:
            waited(browser, HITS)
        except AssertionError:
            unfound.append(words)
    assert unfound == []
    emptied(browser)
    typed(browser, *"1365")
    waited(browser, "document.querySelector('.md-search-result mark')")
    assert browser.run("return document.querySelector('.md-search-result mark').textContent").startswith(
        "1,365"
    )
    assert not browser.run("return document.querySelector('.md-search-result__terms')")


def by_key(browser, key: str):
    typed(browser, key)


def by_mouse(browser, place: str):
    ActionChains(browser.driver).move_to_element(
        browser.driver.find_element("css selector", place)
    ).click().perform()


@pytest.mark.parametrize(
    ("turn", "to", "width"),
    [
        (by_key, "/", 1280),
        (by_key, "s", 1280),
        (by_mouse, FIELD, 1280),
        (by_mouse, "header [for=__search]", 390),
    ],
)
def test_what_opens_the_search_counts_at_once_and_so_does_what_is_typed_next(browser, base, turn, to, width):
    browser.open(f"{base}attack/", width=width)
    turn(browser, to)
    typed(browser, *"Wilson", Keys.ENTER)
    waited(browser, f"{HITS} > 0")
    assert browser.run(f"return document.querySelector('{FIELD}').value") == "Wilson"
    assert browser.driver.current_url == f"{base}attack/"
    typed(browser, Keys.ENTER)
    waited(browser, "location.pathname !== '/attack/'")


def test_the_first_key_turns_to_the_next_page(browser, base):
    browser.open(f"{base}attack/")
    typed(browser, "n")
    waited(browser, "location.pathname === '/attacks/'")


def test_in_a_sandbox_every_page_is_quiet_and_all_that_a_reader_uses_works(browser, server):
    browser.cdp("Network.clearBrowserCache")  # pages that came without the header
    with server.sending(Content_Security_Policy="sandbox allow-scripts"):
        for page in ADDRESSES[:-1]:
            browser.open(server.base + page)
            assert browser.run("return window.origin") == "null"
            browser.switch_scheme()
            assert browser.run("return document.body.dataset.mdColorScheme") == "slate", page
            browser.run("document.querySelector('.levels button')?.click()")
            assert browser.run("return window.refused") == [], page
            assert browser.errors() == [], page
        assert search(browser, "gradient masking")
        browser.open(f"{server.base}calculator/#calculator")
        waited(browser, "document.querySelector('.calculator').dataset.state === 'live'")
        browser.open(f"{server.base}playground/#playground")
        typed(browser, Keys.TAB)
        waited(browser, "document.querySelector('.playground').dataset.state === 'settled'")
        assert browser.run("return window.refused") == []
        assert browser.errors() == []

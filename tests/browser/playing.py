"""What the tests of the playground do on its page, as a reader does."""

import json

from browser import waited as wait

SETTLED = "document.querySelector('.playground').dataset.state === 'settled'"
OUTCOME = "return document.querySelector('.playground-model[data-side=%s]').dataset.outcome"


def visit(browser, url: str, **given):
    """Open a page as a reader who moves: the playground waits for a first sign of one."""
    browser.open(url, **given)
    browser.run("dispatchEvent(new Event('scroll'))")


def text(browser, selector: str) -> str:
    return browser.run(f"return document.querySelector({json.dumps(selector)}).textContent")


def choose(browser, name: str, value: str):
    """Choose or set, as a reader does."""
    browser.run(
        f"const f = document.querySelector('.playground [name={name}]'); f.value = {json.dumps(value)}; "
        "for (const kind of ['input', 'change']) f.dispatchEvent(new Event(kind, { bubbles: true })); "
        "document.querySelector('.playground').dataset.state = 'asked'"
    )
    wait(browser, SETTLED)


def outcome(browser, side: str) -> str:
    return browser.run(OUTCOME % side)

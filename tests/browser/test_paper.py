"""The two tools on paper: what is set is said, what sets it is not there, and no figure is an empty box."""

import pytest
from browser import waited

TOOLS = {"calculator": "calculator", "playground": "playground"}
SHOWN = """
  const shown = (element) => element.checkVisibility();
  const within = (what) => [...document.querySelectorAll(`.%s ${what}`)].filter(shown);
  dispatchEvent(new Event("beforeprint"));
  return {
    controls: within(":is(button, input[type=range])").length,
    fields: within("select").map((each) => [getComputedStyle(each).appearance, each.offsetHeight < 40]),
    plots: within("[role=img]").map((each) => each.childElementCount),
    wide: within("svg").some((each) => each.getBoundingClientRect().right > document.documentElement.clientWidth),
  };
"""


@pytest.fixture
def paper(browser, base, request):
    """A page as it would be printed, woken by the reader or not."""
    page, woken = request.param
    browser.open(f"{base}{page}/")
    if woken:
        browser.run("dispatchEvent(new Event('scroll'))")
        if page == "calculator":
            browser.run("document.querySelector('.calculator').scrollIntoView()")
        waited(browser, f"document.querySelector('.{TOOLS[page]}').dataset.state")
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    yield browser.run(SHOWN % TOOLS[page])
    browser.cdp("Emulation.setEmulatedMedia", media="")


@pytest.mark.parametrize("paper", [("calculator", False), ("playground", False)], indirect=True)
def test_a_tool_that_nobody_woke_prints_no_empty_figure(paper):
    assert paper["plots"] == []
    assert paper["controls"] == 0


@pytest.mark.parametrize(
    ("paper", "plots"), [(("calculator", True), 5), (("playground", True), 2)], indirect=["paper"]
)
def test_a_tool_in_use_prints_its_settings_as_text_and_all_its_figures(paper, plots):
    assert paper["plots"] == [1] * plots
    assert paper["controls"] == 0
    assert paper["fields"]
    assert all(look == "none" and low for look, low in paper["fields"])
    assert not paper["wide"]

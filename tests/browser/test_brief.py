"""The brief on paper: two pages on either size, with its charts drawn for the place they have there."""

import base64
import re

import pytest

INCHES = {"A4": (8.27, 11.69), "Letter": (8.5, 11.0)}
PAGE = re.compile(rb"/Type\s*/Page\b")


@pytest.mark.parametrize("size", INCHES)
def test_the_brief_is_two_pages_with_both_banners(browser, base, size):
    width, height = INCHES[size]
    browser.open(base + "brief/")
    printed = browser.cdp("Page.printToPDF", paperWidth=width, paperHeight=height)
    assert len(PAGE.findall(base64.b64decode(printed["data"]))) == 2


def test_charts_of_a_pair_are_narrower_on_paper_and_the_others_are_not(browser, base):
    browser.open(base + "brief/", width=720)
    browser.cdp("Emulation.setEmulatedMedia", media="print")
    try:
        widths = {figure["id"]: figure["box"] for figure in browser.figures()}
    finally:
        browser.cdp("Emulation.setEmulatedMedia", media="")
    narrow = {round(width) for name, width in widths.items() if "trap" in name}
    wide = {round(width) for name, width in widths.items() if "tiers" in name}
    assert max(narrow) < 400 < 600 < min(wide)

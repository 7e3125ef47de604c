"""Every number below the control that picks an attacker is about that one, or its own is named over it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown import markdown
from report_fixture import tiny_result
from threat_fixture import FRAUDSTERS

from generator.figures import CHARTS, WHOSE
from generator.pages.rendering import PageError, render_pages

EXTENSIONS = ("admonition", "attr_list", "md_in_html", "tables")
"""Of Markdown, as mkdocs.yml has them."""
TEMPLATES = Path(__file__).parents[1] / "templates"
OUTSIDE = ("at", "at-units", "provenance")
"""Classes of what is no statement of the page: the control itself, and where its data comes from."""
HEADING = re.compile(r"h[1-6]")
BUDGET = re.compile(r"\d\u202fσ|budget|ε")


class Reader(HTMLParser):
    """Walks a page and lists the numbers, tables, cards and charts that do not say whom they are about."""

    def __init__(self):
        super().__init__()
        self.offenders: list[str] = []
        self.controls = 0
        self.charts = 0
        self._open: list[dict[str, str]] = []
        self._headings: list[tuple[int, str, str]] = []
        """Level, text, and the attacker of what stands below."""
        self._caption = ("", "")
        """Tier and text of the last line that names one below the last heading."""
        self._said = ""

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs} | {"tag": tag}
        kinds = classes(found)
        self.controls += "at" in kinds and tag == "form"
        if HEADING.fullmatch(tag):
            level = int(tag[1])
            self._headings = [each for each in self._headings if each[0] < level]
            self._headings.append((level, found.get("id", ""), found.get("data-attacker", "")))
            self._caption = ("", "")
        if "whose" in kinds or "chart" in kinds:
            self._said = ""
        if tag not in ("br", "hr", "img", "input", "meta", "link"):
            self._open.append(found)
        if "data-claim" in found or {"table-scroll", "kpis", "chart"} & kinds:
            self._look(found)

    def handle_data(self, data):
        self._said += data

    def handle_startendtag(self, tag, attrs):
        pass  # a line, a break, a shape of a drawing: no number stands in it

    def handle_endtag(self, tag):
        while self._open and (closed := self._open.pop())["tag"] != tag:
            pass
        if "whose" in classes(closed):
            self._caption = (closed["data-attacker"], self._said)
        if "chart" in classes(closed):
            self.charts += 1
            self._demand(closed.get("data-attacker", ""), self._said, closed["id"])

    def _look(self, found):
        known = {*OUTSIDE, "whose", "chart"}  # of a chart its end is looked at
        if not self.controls or any(HEADING.fullmatch(e["tag"]) or classes(e) & known for e in self._open):
            return
        own = [each["data-attacker"] for each in self._open if "data-attacker" in each]
        inherited = [about for *_, about in self._headings if about]
        about = own[-1] if own else self._caption[0] or (inherited or [""])[-1]
        what = found.get("aria-label") or found.get("data-claim") or found["class"]
        said = self._caption[1] if self._caption[0] == about else ""
        self._demand(about, said, f"{self._headings[-1][1]}: {what}")

    def _demand(self, about, said, place):
        tier = FRAUDSTERS.titles.get(about)
        if not about or (tier and not (f"{about} ({tier})" in said and BUDGET.search(said))):
            self.offenders.append(f"{place}: {about}")


def classes(element: dict[str, str]) -> set[str]:
    return set(element.get("class", "").split())


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(markdown(text, extensions=list(EXTENSIONS)))
    return reader


@pytest.fixture(scope="module")
def pages(tiny_docs) -> dict[str, str]:
    """Name --> Markdown of every page, with the calculator and the playground."""
    return {path.stem: path.read_text(encoding="utf-8") for path in tiny_docs.glob("*.md")}


def test_whatever_is_not_about_the_picked_attacker_names_its_own(pages):
    found = {name: read(text) for name, text in pages.items()}
    assert {name: each.offenders for name, each in found.items() if each.offenders} == {}
    with_control = {name for name, each in found.items() if each.controls}
    assert with_control == {"index", "attacks", "hardening", "proof", "brief", "impact"}
    assert all(found[name].charts for name in with_control)


def test_a_page_that_loses_a_name_is_found(pages):
    for name in ("index", "attacks", "hardening", "proof", "impact"):
        assert read(re.sub(r'<p class="whose".*?</p>', "", pages[name])).offenders, name
    assert read(pages["proof"].replace(' data-attacker="each"', "")).offenders


def test_on_the_summary_the_answer_stands_before_the_control_under_the_name_of_its_attacker(pages):
    head, _, below = pages["index"].partition('<form class="at"')
    said = re.sub(r"<[^>]*>", "", head)
    assert "Against a fraudster who changes only what anybody can change, " in said
    assert 'class="kpi"' in head
    assert 'id="checks-story' in head
    assert 'data-follow="checks-verdict" data-of="checks" data-attacker="picked"' in below


def test_every_chart_says_whom_it_is_about():
    assert set(WHOSE) == set(CHARTS)


@pytest.mark.parametrize("given", ["", 'whose="T9"'])
def test_a_part_that_does_not_say_whose_figures_it_holds_ends_the_build(tmp_path, given):
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "_macros.md.j2").write_text((TEMPLATES / "_macros.md.j2").read_text("utf-8"), encoding="utf-8")
    part = f'{{% call(found) m.follow("a", findings, {given}) %}}b{{% endcall %}}'
    (folder / "page.md.j2").write_text(f'{{% import "_macros.md.j2" as m with context %}}\n# ?\n\n{part}\n')
    with pytest.raises(PageError, match="'a': say whom it is about: benchmark, "):
        render_pages([tiny_result("checks"), tiny_result("kaggle")], folder, tmp_path / "docs")

"""What a built page holds, as far as others have to agree with it: ids, references, figures, scripts, handlers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

REFERENCES = {"href", "src", "poster", "data-src"}
SETS = {"srcset"}
"""Attributes with several addresses, each followed by its width."""
VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")
)
DATA_TYPES = ("application/json", "application/ld+json", "text/plain", "application/gzip")
"""Types of a <script> that no browser runs."""


@dataclass
class Figure:
    """One chart of a page and what a reader without eyes or without scripts has of it."""

    id: str
    label: str
    title: str = ""
    summary: str = ""
    rows: int = 0
    """Of its data table, with the row of headers."""
    downloads: list[str] = field(default_factory=list)


@dataclass
class Markup:
    ids: set[str] = field(default_factory=set)
    repeated: list[str] = field(default_factory=list)
    """Ids that stand more than once."""
    references: list[tuple[int, str]] = field(default_factory=list)
    """(line, address) in the order of the page."""
    figures: list[Figure] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    """Text of the inline scripts that a browser runs."""
    handlers: list[tuple[int, str]] = field(default_factory=list)
    """(line, attribute) of event handlers in the markup."""


def read(path: Path) -> Markup:
    return parse(path.read_text(encoding="utf-8"))


def to_json(page: Markup) -> dict[str, Any]:
    """The page as JSON can hold it."""
    return {**vars(page), "ids": sorted(page.ids), "figures": [vars(figure) for figure in page.figures]}


def from_json(page: Mapping[str, Any]) -> Markup:
    """The page that `to_json` was given, whether or not JSON has made lists of its pairs meanwhile."""
    pairs = {name: [tuple(pair) for pair in page[name]] for name in ("references", "handlers")}
    figures = [Figure(**figure) for figure in page["figures"]]
    return Markup(**page | pairs | {"ids": set(page["ids"]), "figures": figures})


def parse(text: str) -> Markup:
    """What a page holds."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.page = Markup()
        self.depth = 0
        self.figure_depth = 0
        self.title_depth = 0
        self.script: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]):
        given = {name: value or "" for name, value in attrs}
        line = self.getpos()[0]
        if tag not in VOID:
            self.depth += 1
        if name := given.get("id"):
            if name in self.page.ids:
                self.page.repeated.append(name)
            self.page.ids.add(name)
        for attribute, value in given.items():
            if attribute in REFERENCES and value:
                self.page.references.append((line, value))
            elif attribute in SETS:
                self.page.references += [(line, part.split()[0]) for part in value.split(",") if part.strip()]
            elif attribute.startswith("on"):
                self.page.handlers.append((line, attribute))
        if tag == "script" and "src" not in given and given.get("type", "") not in DATA_TYPES:
            self.script = []
        self._inside_figure(tag, given)

    def _inside_figure(self, tag: str, given: dict[str, str]):
        classes = given.get("class", "").split()
        if tag == "figure" and "chart" in classes:
            self.figure_depth = self.depth
            self.page.figures.append(Figure(given.get("id", ""), given.get("aria-label", "")))
        if not self.figure_depth:
            return
        figure = self.page.figures[-1]
        if "chart-title" in classes:
            self.title_depth = self.depth
        if "chart-plot" in classes and not figure.summary:
            figure.summary = given.get("aria-label", "")
        if tag == "tr":
            figure.rows += 1
        if tag == "a" and "download" in given:
            figure.downloads.append(given.get("href", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_data(self, data: str):
        if self.script is not None:
            self.script.append(data)
        if self.title_depth:
            self.page.figures[-1].title += data

    def handle_endtag(self, tag: str):
        if tag in VOID:
            return
        if tag == "script" and self.script is not None:
            self.page.scripts.append("".join(self.script))
            self.script = None
        if self.title_depth == self.depth:
            self.title_depth = 0
        if self.figure_depth == self.depth:
            self.figure_depth = 0
        self.depth -= 1

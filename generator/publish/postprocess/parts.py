"""The parts of a page as elements: what a heading marks for some readers is folded below it, and what it says is about
one dataset is in one box.

Without scripts, in print and for the search all of it is in the page. A part ends where the next heading of its rank
or a higher one begins, at a rule, before the provenance, or with the element it stands in. What the table of contents
names of such a box is about that dataset too.
"""

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from generator.pages.reading import LEVELS
from generator.publish.postprocess.markup import VOID

HEADING = re.compile(r"h[2-6]")
ENTRY = re.compile(r'<li class="md-nav__item"(?=>\s*<a href="#([^"]*)")')
"""Of the table of contents."""
LAST = 7
"""Rank of what is no heading."""
SUMMARY = (
    '<summary class="part-button"><span class="show">Show this part</span>'
    '<span class="hide">Hide this part</span></summary>'
)


@dataclass
class Open:
    """A part that has begun and not ended."""

    rank: int
    closes: str
    about: str = ""


def parted(text: str) -> str:
    """The page with its parts in elements, and with `data-other` on what is not about the first dataset."""
    reader = _Reader(text)
    reader.feed(text)
    reader.close()
    pieces, at = [], 0
    for place, piece in reader.added:
        pieces += [text[at:place], piece]
        at = place
    return ENTRY.sub(reader.entry, "".join([*pieces, text[at:]]))


class _Reader(HTMLParser):
    def __init__(self, text: str):
        super().__init__(convert_charrefs=False)
        self.added: list[tuple[int, str]] = []
        self._lines = [0]
        for line in text.splitlines(keepends=True):
            self._lines.append(self._lines[-1] + len(line))
        self._parents: list[tuple[str, list[Open]]] = []
        self._article = 0
        self._first = ""
        self._about: dict[str, str] = {}
        """Id of a heading --> the dataset it is about."""
        self._folds = ""
        """Class of the fold that begins where the open heading ends."""

    def _place(self) -> int:
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def entry(self, found: re.Match) -> str:
        """The beginning of an entry of the table of contents."""
        about = self._about.get(found[1], "")
        return found[0] + (f' data-of="{about}"' + " data-other" * (about != self._first) if about else "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]):
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "").split()
        if self._article:
            self._begin(tag, given, classes)
        if tag not in VOID:
            self._parents.append((tag, []))
        if tag == "article" and "md-content__inner" in classes:
            self._article = len(self._parents)

    def _begin(self, tag: str, given: dict[str, str], classes: list[str]):
        rank = int(tag[1]) if HEADING.fullmatch(tag) else LAST
        if rank < LAST or tag == "hr" or "provenance" in classes:
            self._end_parts(0 if rank == LAST else rank)
        about = given.get("data-of", "")
        self._first = self._first or about
        other = bool(about) and about != self._first
        start = self._place()
        if rank < LAST and about:
            self.added.append((start, f'<div data-of="{about}"{" data-other" if other else ""}>'))
            self._parents[-1][1].append(Open(rank, "</div>", about))
        elif other:
            self.added.append((start + 1 + len(tag), " data-other"))
        if rank < LAST:
            within = [part.about for _, parts in self._parents for part in parts if part.about]
            self._about[given.get("id", "")] = (within or [about])[-1]
            self._folds = next((level for level in LEVELS[1:] if level in classes), "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str):
        if tag in VOID or not any(name == tag for name, _ in self._parents):
            return
        while self._parents:
            name, _ = self._parents[-1]
            self._end_parts(0)
            self._parents.pop()
            if name == tag:
                break
        if len(self._parents) < self._article:
            self._article = 0
        if self._article and self._folds and HEADING.fullmatch(tag):
            end = self._place() + len(f"</{tag}>")
            self.added.append((end, f'<details class="part {self._folds}">{SUMMARY}'))
            self._parents[-1][1].append(Open(int(tag[1]), "</details>"))
            self._folds = ""

    def _end_parts(self, rank: int):
        """End the parts of the element that is open, of this rank or below, the last one first."""
        parts = self._parents[-1][1]
        while parts and parts[-1].rank >= rank:
            self.added.append((self._place(), parts.pop().closes))

"""What a reader sees of a built page at a reading level: the words of the article, as the promises count them.

Tables, drawings, form controls and what only scripts fill are left out; so is what is about another dataset.
"""

import re
from functools import cache
from html.parser import HTMLParser

import pyphen

LEVELS = ("executive", "analyst", "engineer")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SILENT = {"nav", "table", "svg", "script", "style", "form", "button", "select", "template", "summary"}
SILENT_CLASSES = {
    "chart-title",
    "chart-plot",
    "chart-tools",
    "chart-table",
    "provenance",
    "headerlink",
    "banner",
}
BLOCKS = {
    "p",
    "li",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "figcaption",
    "section",
    "details",
    "blockquote",
    "dd",
    "dt",
}
WORD = re.compile(r"[^\W_]")


class Article(HTMLParser):
    """The visible text of a page at `level`, with the parts about one `dataset`, or about all of them."""

    def __init__(self, html: str, level: str, dataset: str = ""):
        super().__init__(convert_charrefs=True)
        self._shown = LEVELS.index(level)
        self._dataset = dataset
        self._open: list[tuple[str, bool]] = []  # of each element whether its text counts
        self._headings: list[
            tuple[int, bool]
        ] = []  # those the place lies under, and whether their parts count
        self._title: bool | None = None
        self._inside = 0
        self._text: list[str] = []
        self.before_first_chart: int | None = None
        self.feed(html)

    @property
    def text(self) -> str:
        return "".join(self._text)

    @property
    def words(self) -> int:
        return count(self.text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        classes = set((found.get("class") or "").split())
        if tag == "article" and "md-content__inner" in classes:
            self._inside += 1
        if not self._inside or tag in VOID:
            return
        own = self._dataset in ("", found.get("data-of") or self._dataset)
        counts = (
            own and tag not in SILENT and not classes & SILENT_CLASSES and "data-search-exclude" not in found
        )
        if re.fullmatch("h[1-6]", tag):
            depth = int(tag[1])
            self._headings = [each for each in self._headings if each[0] < depth]
            within = self._heard()  # of a folded part the title is seen, unless it lies in another one
            self._headings.append(
                (depth, own and not any(level in classes for level in LEVELS[self._shown + 1 :]))
            )
            self._title = own and within
        if tag == "figure" and self.before_first_chart is None and self._counting() and own and self._heard():
            self.before_first_chart = self.words
        self._open.append((tag, counts))
        if tag in BLOCKS:
            self._text.append("\n")

    def handle_endtag(self, tag):
        if not self._inside or tag in VOID:
            return
        if re.fullmatch("h[1-6]", tag):
            self._title = None
        while self._open and self._open.pop()[0] != tag:
            pass
        if tag in BLOCKS:
            self._text.append("\n")
        if tag == "article" and not any(each[0] == "article" for each in self._open):
            self._inside = 0

    def handle_data(self, data):
        heard = self._title if self._title is not None else self._heard()
        if self._inside and heard and self._counting():
            self._text.append(data)

    def _counting(self) -> bool:
        return all(counts for _, counts in self._open)

    def _heard(self) -> bool:
        return all(counts for _, counts in self._headings)


def count(text: str) -> int:
    """Words: what stands between spaces and holds a letter or a digit."""
    return sum(bool(WORD.search(word)) for word in text.split())


SENTENCE = re.compile(r"(?<=[.?!:])\s+|\n+")
UNREAD = re.compile(r"[^A-Za-z'-]+")


def grade(text: str) -> float:
    """Flesch-Kincaid grade of the sentences of `text`, without numbers, and without lines that are no sentences.

    Kincaid et al. 1975; syllables are what pyphen can part.
    """
    sentences = [
        words
        for sentence in SENTENCE.split(text)
        if len(words := [word for word in UNREAD.split(sentence) if len(word) > 1 and not word.isupper()]) > 3
    ]
    words = [word for sentence in sentences for word in sentence]
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * syllables / len(words) - 15.59


def _syllables(word: str) -> int:
    return len(_parting().inserted(word.lower()).split("-"))


@cache
def _parting() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_US", left=1, right=1)

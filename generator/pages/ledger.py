"""The claim ledger: every number on a page, with the paths of the records it comes from.

When a page is finished, marks (`marks`) become `<span data-claim="id">` in running text. In tables they are told by
their place, and vanish, as they do where no element may stand: in code, headings, attributes and links.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count
from typing import Any

from generator.figures.chart import Chart
from generator.notation.marks import END, MARK, MIDDLE, START, Mark, Marks, plain, untraced
from generator.notation.paths import Numbered, condensed, resolve
from generator.notation.tracing import Traced, TracedInt, bare, sources
from generator.records.proofs import Estimate

PAIR = re.compile(f"{START}(\\d+){MIDDLE}([^{END}]*){END} \\({START}(\\d+){MIDDLE}([^{END}]*){END}\\)")
"""A value with its interval behind it."""
BARE = re.compile(
    r"^```.*?^```[^\n]*$|`[^`\n]*`"  # code
    r"|^#{1,6} [^\n]*$|^ *(?:!!!|\?\?\?\+?) [^\n]*$"  # headings, titles of notes
    r"|(?P<table>^\|[^\n]*(?:\n\|[^\n]*)*)"
    r"|<button.*?</button>|<[A-Za-z/!][^>]*>"  # attributes
    r"|\[[^\]\n]*\]\([^)\n]*\)|\{[^}\n]*\}",  # links, attribute lists
    re.M | re.S,
)
"""Where no element may stand, and tables."""
HEADING = re.compile(r"^# [^\n]*$", re.M)
FEW = 8
"""More paths than this are told by the nodes that hold them."""


class LedgerError(Exception):
    """A number cannot be traced, or a reference to a claim leads nowhere."""


class PageClaims:
    """The claims of one page, by id."""

    def __init__(self, name: str):
        self.name = name
        self.claims: dict[str, Mark] = {}
        self.ids: dict[Mark, str] = {}
        self.shown: set[str] = set()
        """Claims with an element of their own, or a place in a table."""
        self.cells: dict[str, list[str]] = {}
        """Table, row and column, each from zero, to the claims in that cell; row zero is the head."""
        self.own = 0
        """How many claims are of the page itself; those behind them are of what it says of other attackers."""

    def claim(self, found: Mark) -> str:
        """The id of a number: it hangs on page, kind and paths, not on the value; numbered where it is taken."""
        if found not in self.ids:
            digest = hashlib.sha256("\n".join((self.name, found.kind, *found.paths)).encode()).digest()
            first = base64.b32encode(digest)[:6].decode().lower()
            names = chain([first], (f"{first}-{again}" for again in count(2)))
            self.ids[found] = next(name for name in names if name not in self.claims)
            self.claims[self.ids[found]] = found
        return self.ids[found]

    def show(self, found: Mark) -> str:
        """The id of a number that has an element, or a place in a table, on the page."""
        name = self.claim(found)
        self.shown.add(name)
        return name


class Book:
    """The ledger of one rendering: the claims of every page."""

    def __init__(self, marks: Marks, documents: Mapping[str, Any]):
        self.marks = marks
        self.documents = documents
        """What paths lead into, by name."""
        self.pages: dict[str, PageClaims] = {}
        self._told: dict[Mark, dict[str, Any]] = {}
        self._numbered: Numbered = {}
        self._led: dict[str, bool] = {}

    def drawn(self, chart: Chart) -> tuple[Chart, list[str]]:
        """The chart as its files need it, without marks and traced numbers; and where its numbers come from.

        Title, caption and summary keep their marks: they become text of the page.

        Raises:
            LedgerError: A text in the figure or its table has no source.
        """
        found: list[Any] = []
        self._cleaned(chart.title, found)
        fields = ("slug", "figure", "narrow", "headers", "rows", "views")
        clean = replace(chart, **{name: self._cleaned(getattr(chart, name), found) for name in fields})
        return clean, condensed(sources(found), self.documents, self._numbered)

    def finished(self, name: str, text: str) -> str:
        """The text of a page with its marks turned into elements or taken away; all are claims from now on.

        Raises:
            LedgerError: The page names a claim that is not on it.
        """
        page = self.pages[name] = PageClaims(name)
        text = self._linked(page, text)
        for asked in re.findall(r'data-claim="([^"]*)"', text):
            if asked not in page.claims:
                raise LedgerError(f"no claim {asked!r} on this page")
        page.own = len(page.claims)
        return text

    def switch(self, name: str) -> str:
        """The button that lets a keyboard reach the claims of a finished page, if it has any; `claims.js` wakes it."""
        if not self.pages[name].shown:
            return ""
        return (
            f'<div class="claims-switch"><button type="button" data-claims="{name}" data-wakes="claims.js" '
            'aria-pressed="false">Show sources</button></div>'
        )

    def elsewhere(self, name: str, text: str, *, table: bool) -> tuple[str, dict[str, Any]]:
        """What stands in a place of a page for some attacker, as HTML, and what is known of its numbers, by id.

        They are claims of the page too; those in a table have no element, as on the page.
        """
        page = self.pages[name]
        text = PAIR.sub(self._joined, text)
        known = {page.claim(found): found for found in self.marks.within(text)}
        if table:
            return plain(text), {}
        return self._elements(text, page.claim), {each: self._entry(found) for each, found in known.items()}

    def _linked(self, page: PageClaims, text: str) -> str:
        """The text with its marks turned into elements or taken away."""
        text = PAIR.sub(self._joined, text)
        pieces, at, tables = [], 0, 0
        for part in BARE.finditer(text):
            pieces.append(self._elements(text[at : part.start()], page.show))
            if part["table"]:
                pieces.append(self._table(page, part[0], tables))
                tables += 1
            else:
                pieces.append(plain(part[0]))
                for found in self.marks.within(part[0]):
                    page.claim(found)
            at = part.end()
        return "".join([*pieces, self._elements(text[at:], page.show)])

    def lines(self, name: str) -> tuple[str, str]:
        """What the ledger says of a page, a claim a line: of the quoted attacker, and of others."""
        page = self.pages[name]
        claims = [(f"{name}/{each}", self._entry(found)) for each, found in page.claims.items()]
        quoted, others = sorted(claims[: page.own]), sorted(claims[page.own :])
        return tuple(
            ",\n".join(f"{_json(key)}:{_json({'page': name, **entry})}" for key, entry in part)
            for part in (quoted, others)
        )

    def script(self, name: str) -> str:
        """What `claims.js` asks for on one page; a script, as file:// loads no JSON."""
        page = self.pages[name]
        claims = {each: self._entry(page.claims[each]) for each in page.shown}
        return f"studyClaims({_json(name)},{_json({'claims': claims, 'cells': page.cells})});\n"

    def _elements(self, text: str, named: Callable[[Mark], str]) -> str:
        """The text with an element around each number, of the id that its mark has."""
        return MARK.sub(
            lambda found: f'<span data-claim="{named(self.marks[found[1]])}">{found[2]}</span>', text
        )

    def _table(self, page: PageClaims, table: str, number: int) -> str:
        """The table without marks; its claims are known by their place, and it by an element in its head."""
        head, rule, *body = table.split("\n")
        known = len(page.cells)
        for row, line in enumerate((head, *body)):
            for column, cell in enumerate(line.split("|")[1:]):
                if names := [page.show(found) for found in self.marks.within(cell)]:
                    page.cells[f"{number}/{row}/{column}"] = names
        if len(page.cells) > known:
            head = f'|<span data-table="{number}"></span>{head[1:]}'
        return plain("\n".join((head, rule, *body)))

    def _joined(self, found: re.Match) -> str:
        """A value and the interval of the same estimate become one claim."""
        value, ends = self.marks[found[1]], self.marks[found[3]]
        behind = self._estimate(value.paths)
        if behind is None or behind is not self._estimate(ends.paths):
            return found[0]
        paths = tuple(sorted({*value.paths, *ends.paths}))
        text = f"{value.text} ({ends.text})"
        return self.marks.wrap(Mark(value.kind, text, (*value.values, *ends.values), paths))

    def _cleaned(self, value: Any, found: list[Any]) -> Any:
        if isinstance(value, str):
            if wrong := untraced(value):
                raise LedgerError(wrong)
            found.extend(path for each in self.marks.within(value) for path in each.paths)
            return plain(value)
        if isinstance(value, Traced | TracedInt):
            found.append(value)
            return bare(value)
        if isinstance(value, dict):
            return {self._cleaned(key, found): self._cleaned(part, found) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)([self._cleaned(part, found) for part in value])
        return value

    def _estimate(self, paths: tuple[str, ...]) -> Estimate | None:
        """The one estimate behind the paths, if there is one."""
        parents = {path.rpartition("/")[0] for path in paths}
        node = resolve(parents.pop(), self.documents) if len(parents) == 1 else None
        return node if isinstance(node, Estimate) else None

    def _entry(self, found: Mark) -> dict[str, Any]:
        """What the ledger says about a number.

        Raises:
            LedgerError: A path leads nowhere.
        """
        if found not in self._told:
            for path in found.paths:
                if path not in self._led:
                    self._led[path] = resolve(path, self.documents) is not None
                if not self._led[path]:
                    raise LedgerError(f"{found.text!r}: {path} leads to no number")
            few = len(found.paths) <= FEW
            self._told[found] = {
                "text": found.text,
                "kind": found.kind,
                "values": [value for value in found.values if math.isfinite(value)],
                "paths": list(found.paths) if few else condensed(found.paths, self.documents, self._numbered),
            }
            if behind := self._estimate(found.paths):
                self._told[found]["estimate"] = behind.model_dump()
        return self._told[found]


def section(name: str, lines: Iterable[str]) -> str:
    """One section of a published ledger."""
    return f'"{name}":{{\n' + ",\n".join(filter(None, lines)) + "\n}"


def chart_line(slug: str, pages: Sequence[str], paths: Sequence[str]) -> str:
    """What the ledger says of a chart: the pages that show it, and where its numbers come from."""
    return f"{_json(slug)}:{_json({'pages': pages, 'paths': paths})}"


def _json(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c")

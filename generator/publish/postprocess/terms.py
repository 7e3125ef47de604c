"""Terms of art lead to the glossary: the first time one stands in the text of a page, it is a link with its meaning.

The glossary is one table on the Method page; nothing is written twice.
"""

import html
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEADING = "what-do-the-words-mean"
UNKNOWN = "404.html"
"""Served at any depth, so no address on it is as seen from the page."""
TABLE = re.compile(rf'id="{HEADING}".*?<tbody>(.*?)</tbody>', re.DOTALL)
ROW = re.compile(r"<tr>\s*<td>(.*?)</td>\s*<td>(.*?)</td>\s*</tr>", re.DOTALL)
TAG = re.compile(r"(<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)>|<[^>]+>)", re.DOTALL)
NAME = re.compile(r"</?([a-zA-Z][\w-]*)")
SEPARATOR = re.compile(r"[^a-z0-9]+")
DIVIDED = re.compile(r"[,()]")
AMBIGUOUS = frozenset(("limit", "loss"))
"""Entries that are everyday words too, and mostly mean those."""
CLOSED = frozenset(
    (
        "a",
        "abbr",
        "button",
        "code",
        "details",
        "figure",
        "form",
        "h1",
        "h2",
        "h3",
        "nav",
        "pre",
        "summary",
        "svg",
        "table",
    )
)
"""Elements whose text is left alone."""
APART = ("provenance", "banner", "levels", "calculator", "admonition-title")
"""Classes of elements whose text is left alone."""
VOID = frozenset(("area", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"))


@dataclass(frozen=True)
class Term:
    anchor: str
    names: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class Explained:
    """A page, and the terms it is to link to."""

    text: str
    terms: Sequence[Term] = ()
    target: str = ""
    """Address of the glossary, as seen from the page."""


def explained(pages: Mapping[str, str]) -> dict[str, Explained]:
    """The pages, by name below the site, with the terms of the glossary on one of them, whose entries get anchors."""
    glossary = next((name for name, text in pages.items() if HEADING in text), None)
    found = {name: Explained(text) for name, text in pages.items()}
    if not glossary:
        return found
    anchors, terms = anchored(pages[glossary])
    for name, text in pages.items():
        if posixpath.basename(name) != UNKNOWN:
            target = posixpath.relpath(glossary, posixpath.dirname(name) or ".").removesuffix("index.html")
            found[name] = Explained(text, terms, target)
    return found | {glossary: Explained(anchors)}


def anchored(text: str) -> tuple[str, list[Term]]:
    """The Method page with an id in each row of its glossary, and the terms."""
    if not (table := TABLE.search(text)):
        return text, []
    terms = []

    def row(found: re.Match) -> str:
        said, meaning = (html.unescape(TAG.sub("", part)).strip() for part in found.groups())
        slug = SEPARATOR.sub("-", said.lower()).strip("-")
        term = Term(f"term-{slug}", _names(said), meaning)
        terms.append(term)
        return found[0].replace("<td>", f'<td id="{term.anchor}">', 1)

    rows = ROW.sub(row, table[1])
    return text[: table.start(1)] + rows + text[table.end(1) :], terms


def _names(said: str) -> tuple[str, ...]:
    """`Hardening (adversarial training)` is known by both; so is `Margin, logit`."""
    return tuple(name for part in DIVIDED.split(said) if (name := part.strip()))


def linked(text: str, terms: Sequence[Term], target: str) -> str:
    """The page `text` with a link to `target` where each term stands first in a paragraph or a list."""
    known = {name.lower(): term for term in terms for name in term.names}
    known = {name: term for name, term in known.items() if name not in AMBIGUOUS}
    if not known:
        return text
    longest = sorted(known, key=len, reverse=True)
    word = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, longest))})(?![\w-])", re.IGNORECASE)
    seen: set[Term] = set()

    def link(found: re.Match) -> str:
        term = known[found[1].lower()]
        if term in seen:
            return found[0]
        seen.add(term)
        meaning = html.escape(term.meaning)
        return f'<a class="term" href="{target}#{term.anchor}" title="{meaning}">{found[1]}</a>'

    parts, nesting = TAG.split(text), []
    for at, part in enumerate(parts):
        if at % 2:
            _follow(part, nesting)
        elif _is_prose(nesting):
            parts[at] = word.sub(link, part)
    return "".join(parts)


def _follow(tag: str, nesting: list[tuple[str, bool]]):
    """Keep `nesting`, the open elements as (name, whether its text is left alone), up to date."""
    if not (found := NAME.match(tag)) or found[1].lower() in (*VOID, "script", "style") or tag.endswith("/>"):
        return
    name = found[1].lower()
    if tag.startswith("</"):
        while nesting and nesting.pop()[0] != name:
            pass
    else:
        nesting.append((name, name in CLOSED or any(each in tag for each in APART)))


def _is_prose(nesting: list[tuple[str, bool]]) -> bool:
    names = [name for name, _ in nesting]
    return "article" in names and ("p" in names or "li" in names) and not any(alone for _, alone in nesting)

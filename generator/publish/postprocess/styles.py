"""Drops from the theme's style sheets the rules that no page of this site can match.

Conservative: a selector is dropped only if it needs a class, or a colour of the theme, whose name stands nowhere in any
page or script, or text from right to left. What a script may put together (`md-x--` and an ending) counts as standing
there.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from generator.pages import tables

THEME = "assets/stylesheets"
WORD = re.compile(r"[\w-]+")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
COLOUR = re.compile(r"\[data-md-color-(?:primary|accent)=[\"']?([\w-]+)")
LIBRARY = "plotly-"
"""Start of the names of scripts that bring their own styles; their words would keep everything."""


def class_tables(site: Path):
    """Let the style sheets below `site` mean tables as the pages have them."""
    for path in sorted((site / "assets").rglob("*.css")):
        _write(path, tables.styled(path.read_text(encoding="utf-8")))


def prune(site: Path, used: set[str]):
    """Rewrite the style sheets of the theme below `site`; `used` are the words of all pages."""
    scripts = (path for path in (site / "assets").rglob("*.js") if not path.name.startswith(LIBRARY))
    used = used.union(*(words(path.read_text(encoding="utf-8")) for path in scripts))
    for path in sorted((site / THEME).glob("*.css")):
        _write(path, pruned(path.read_text(encoding="utf-8"), used))


def words(text: str) -> set[str]:
    """Whatever in a page or script can be the name of a class, or the beginning of one."""
    return set(WORD.findall(text))


def pruned(css: str, words: set[str]) -> str:
    """The rules of minified `css` that something made of `words` can match, in their order."""
    beginnings = tuple(word for word in words if len(word) > 3 and word.endswith("-"))
    return "".join(_kept(css, words, beginnings))


def _kept(css: str, words: set[str], beginnings: tuple[str, ...]) -> Iterator[str]:
    for head, body in _rules(css):
        if body is None:
            yield head
        elif head.startswith(("@media", "@supports", "@container", "@layer")):
            if inner := "".join(_kept(body, words, beginnings)):
                yield f"{head}{{{inner}}}"
        elif head.startswith("@"):
            yield f"{head}{{{body}}}"
        elif alive := [each for each in _selectors(head) if _possible(each, words, beginnings)]:
            yield f"{','.join(alive)}{{{body}}}"


def _rules(css: str) -> Iterator[tuple[str, str | None]]:
    """(selector or at-rule, body); (statement, None) for what has no body."""
    at = 0
    while at < len(css):
        start = at
        while at < len(css) and css[at] not in "{;":
            at = _past(css, at)
        if css[at : at + 1] != "{":
            at += 1
            if statement := css[start:at].strip():
                yield statement, None
            continue
        head, inner, depth = css[start:at].strip(), at + 1, 0
        while at < len(css):
            depth += (css[at] == "{") - (css[at] == "}")
            if not depth:
                break
            at = _past(css, at)
        yield head, css[inner:at]
        at += 1


def _past(css: str, at: int) -> int:
    """The place behind the sign at `at`, or behind the string or comment that begins there."""
    if css.startswith("/*", at):
        return css.index("*/", at) + 2
    if css[at] == "\\":
        return at + 2
    if css[at] in "\"'":
        end = at + 1
        while css[end] != css[at]:
            end += 2 if css[end] == "\\" else 1
        return end + 1
    return at + 1


def _selectors(head: str) -> list[str]:
    """The selectors of a list; commas within brackets do not divide."""
    parts, depth = [""], 0
    for sign in head:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _possible(selector: str, words: set[str], beginnings: tuple[str, ...]) -> bool:
    if "[dir=rtl]" in selector:
        return False
    selector = re.sub(r":(?:not|is|where)\([^()]*(?:\([^()]*\)[^()]*)*\)", "", selector)
    needed = CLASS.findall(selector) + COLOUR.findall(selector)
    return all(name in words or name.startswith(beginnings) for name in needed)


def _write(path: Path, text: str):
    path.write_text(text, encoding="utf-8", newline="\n")

"""Drops from the theme's style sheets the rules that no page of this site can match.

Conservative: a selector is dropped only if it needs a class, or a colour of the theme, whose name stands nowhere in any
page or script, or text from right to left. What a script may put together (`md-x--` and an ending) counts as standing
there.
"""

import re
from collections.abc import Iterator
from pathlib import Path

THEME = "assets/stylesheets"
WORD = re.compile(r"[\w-]+")
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
COLOUR = re.compile(r"\[data-md-color-(?:primary|accent)=[\"']?([\w-]+)")
LIBRARY = "plotly-"
"""Start of the names of scripts that bring their own styles; their words would keep everything."""


def prune(site: Path):
    """Rewrite the style sheets of the theme below `site`."""
    words = _words(site)
    for path in sorted((site / THEME).glob("*.css")):
        text = path.read_text(encoding="utf-8")
        path.write_text(pruned(text, words), encoding="utf-8", newline="\n")


def _words(site: Path) -> set[str]:
    sources = [*site.rglob("*.html"), *(site / "assets").rglob("*.js")]
    texts = (path.read_text(encoding="utf-8") for path in sources if not path.name.startswith(LIBRARY))
    return {word for text in texts for word in WORD.findall(text)}


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

"""How a page loads: one style sheet for the whole site, no script before the page stands, and that of the theme only
for somebody who is there."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

SHEET = re.compile(r'<link rel="stylesheet" href="([^"]*?)(assets/[^"]+)">\n?')
SCRIPT = re.compile(r"<script src=")
THEME = re.compile(r'<script src="[^"]*?assets/(javascripts/bundle\.[^"]+)"></script>\n?')
"""What the theme does beside its styles, all of which answers a reader: search, contents that follow, way back up."""
AT_ONCE = "md-search__button"
"""The theme's successor has a button for its search, which is dead before its script is there."""


SHARED = "assets/stylesheets/site.css"
"""Stands in a page for the one style sheet of the site, whose name is known when all pages are."""


def hastened(text: str) -> tuple[str, list[str]]:
    """The page `text` with scripts that wait, in their order, and one style sheet, `SHARED`; and those it asked for.

    `study.js` brings the script of the theme at the first sign of a reader: it works through the whole page, which
    takes a phone half a second.
    """
    sheets = [found[2] for found in SHEET.finditer(text)]
    if first := SHEET.search(text):
        link = f'<link rel="stylesheet" href="{first[1]}{SHARED}">\n'
        text = text[: first.start()] + link + SHEET.sub("", text[first.end() :])
    # where it stood, at the end of the page: what is asked for last comes last
    if AT_ONCE not in text:
        text = THEME.sub(r'<template data-wakes="\1"></template>\n', text)
    return SCRIPT.sub("<script defer src=", text), sheets


def join_sheets(site: Path, pages: Sequence[Sequence[str]]) -> str:
    """Join the style sheets that pages ask for into one, below `site`, and return its name.

    One request instead of up to eight, and the next page has the answer.
    """
    names = _in_order(pages)
    joined = "".join((site / name).read_text(encoding="utf-8").rstrip() + "\n" for name in names)
    sheet = f"assets/stylesheets/site.{hashlib.sha256(joined.encode()).hexdigest()[:8]}.css"
    for name in names:
        (site / name).unlink()
    if names:
        (site / sheet).write_text(joined, encoding="utf-8", newline="\n")
    return sheet


def _in_order(pages: Sequence[Sequence[str]]) -> list[str]:
    """Every name once: those that all pages share, as they stand there, then the others."""
    shared = [name for name in pages[0] if all(name in each for each in pages)]
    return shared + sorted({name for each in pages for name in each} - set(shared))

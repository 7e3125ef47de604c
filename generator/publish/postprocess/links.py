"""Every address in the built pages leads somewhere: pages, anchors, assets, downloads; and every figure is whole.

MkDocs checks the links of the Markdown. What the theme, HTML in a page and scripts' data files add is seen only here.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from generator.publish.postprocess import markup

ELSEWHERE = ("http", "https", "mailto", "data", "blob")
"""Schemes of addresses that are none of this site's files."""
UNKNOWN = "404.html"
"""Served at any depth, so its addresses begin at the root of the site, wherever that is."""
STYLE_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)")


class LinkError(Exception):
    """A page refers to something that is not there; the message names page, line and address."""


def check(site: Path):
    """Check all pages and styles below `site`.

    Raises:
        LinkError: with every problem found, one a line.
    """
    if problems := list(problems_of(site)):
        raise LinkError("\n".join(problems))


def problems_of(site: Path) -> Iterator[str]:
    """One line for each problem, in the order of pages and lines."""
    known = cache(markup.read)
    for path in sorted(site.rglob("*.html")):
        page, name = known(path), path.relative_to(site).as_posix()
        yield from (f"{name}: the id {each!r} stands more than once" for each in page.repeated)
        yield from (f"{name}, line {line}: event handler {handler!r}" for line, handler in page.handlers)
        for line, address in page.references:
            if wrong := _wrong(address, path, site, known):
                yield f"{name}, line {line}: {address!r}: {wrong}"
        for figure in page.figures:
            yield from (f"{name}: figure {figure.id!r} has no {part}" for part in _lacking(figure))
    for path in sorted(site.rglob("*.css")):
        for address in STYLE_URL.findall(path.read_text(encoding="utf-8")):
            if wrong := _wrong(address, path, site, known):
                yield f"{path.relative_to(site).as_posix()}: {address!r}: {wrong}"


def _wrong(address: str, path: Path, site: Path, known) -> str:
    """What is wrong with an address that stands in the file `path`; empty if nothing."""
    parts = urlsplit(address)
    if parts.scheme in ELSEWHERE:
        return ""
    if parts.scheme or parts.netloc:
        return f"the scheme {parts.scheme!r} is not for a published page"
    target = path
    if parts.path:
        if path.name == UNKNOWN and parts.path.startswith("/"):
            target = _below_root(unquote(parts.path), site)
        elif parts.path.startswith("/"):
            return "begins at the root of the host, which a project site does not own"
        else:
            target = (path.parent / unquote(parts.path)).resolve()
        if target.is_dir():
            target /= "index.html"
        if not target.is_relative_to(site.resolve()) or not target.is_file():
            return "no such file"
    anchor = unquote(parts.fragment).partition("&")[0]
    if anchor and target.suffix == ".html" and anchor not in known(target).ids:
        return "no such anchor"
    return ""


def _below_root(path: str, site: Path) -> Path:
    """The file of an absolute address, whatever the folder under which the host offers the site."""
    parts = path.strip("/").split("/")
    candidates = [site.joinpath(*parts[at:]).resolve() for at in range(len(parts) + 1)]
    return next((each for each in candidates if each.exists()), candidates[0])


def _lacking(figure: markup.Figure) -> list[str]:
    found = {
        "id": figure.id,
        "name": figure.label and figure.title.strip(),
        "summary": figure.summary,
        "data table": figure.rows > 1,
        "CSV": any(re.search(r"\.csv$|^data:text/csv", each) for each in figure.downloads),
    }
    return [part for part, there in found.items() if not there]

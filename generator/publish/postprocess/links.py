"""Every address in the built pages leads somewhere: pages, anchors, assets, downloads; and every figure is whole.

MkDocs checks the links of the Markdown. What the theme, HTML in a page and scripts' data files add is seen only here.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from generator.publish.postprocess import markup

ELSEWHERE = ("http", "https", "mailto", "data", "blob")
"""Schemes of addresses that are none of this site's files."""
UNKNOWN = "404.html"
"""Served at any depth, so its addresses begin at the root of the site, wherever that is."""
STYLE_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)")


class LinkError(Exception):
    """A page refers to something that is not there; the message names page, line and address."""


def check(site: Path, held: Mapping[str, markup.Markup] = MappingProxyType({})):
    """Check all pages and styles below `site`.

    Args:
        held: what is in the pages that were read already, by name below `site`.

    Raises:
        LinkError: with every problem found, one a line.
    """
    if problems := list(problems_of(site, held)):
        raise LinkError("\n".join(problems))


def problems_of(site: Path, held: Mapping[str, markup.Markup]) -> Iterator[str]:
    """One line for each problem, in the order of pages and lines."""
    files = Files(site, held)
    for name in sorted(each for each in files.names if each.endswith(".html")):
        page = files.page(name)
        yield from (f"{name}: the id {each!r} stands more than once" for each in page.repeated)
        yield from (f"{name}, line {line}: event handler {handler!r}" for line, handler in page.handlers)
        for line, address in page.references:
            if wrong := files.wrong(address, name):
                yield f"{name}, line {line}: {address!r}: {wrong}"
        for figure in page.figures:
            yield from (f"{name}: figure {figure.id!r} has no {part}" for part in _lacking(figure))
    for name in sorted(each for each in files.names if each.endswith(".css")):
        for address in STYLE_URL.findall((site / name).read_text(encoding="utf-8")):
            if wrong := files.wrong(address, name):
                yield f"{name}: {address!r}: {wrong}"


class Files:
    """What is below a site, looked at once."""

    def __init__(self, site: Path, held: Mapping[str, markup.Markup]):
        self._site = site
        paths = list(site.rglob("*"))
        self.names = {path.relative_to(site).as_posix() for path in paths if path.is_file()}
        self._folders = {".", *(posixpath.dirname(name) or "." for name in self.names)}
        self._pages = dict(held)

    def page(self, name: str) -> markup.Markup:
        if name not in self._pages:
            self._pages[name] = markup.read(self._site / name)
        return self._pages[name]

    def wrong(self, address: str, name: str) -> str:
        """What is wrong with an address that stands in the file `name`; empty if nothing."""
        parts = urlsplit(address)
        if parts.scheme in ELSEWHERE:
            return ""
        if parts.scheme or parts.netloc:
            return f"the scheme {parts.scheme!r} is not for a published page"
        target = name
        if parts.path:
            path = unquote(parts.path)
            if posixpath.basename(name) == UNKNOWN and path.startswith("/"):
                target = self._below_root(path)
            elif path.startswith("/"):
                return "begins at the root of the host, which a project site does not own"
            else:
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if target in self._folders:
                target = posixpath.normpath(posixpath.join(target, "index.html"))
            if target not in self.names:
                return "no such file"
        anchor = unquote(parts.fragment).partition("&")[0]
        if anchor and target.endswith(".html") and anchor not in self.page(target).ids:
            return "no such anchor"
        return ""

    def _below_root(self, path: str) -> str:
        """The name of an absolute address, whatever the folder under which the host offers the site."""
        parts = path.strip("/").split("/")
        candidates = [posixpath.normpath("/".join(parts[at:]) or ".") for at in range(len(parts) + 1)]
        return next(filter(self._is_there, candidates), candidates[0])

    def _is_there(self, name: str) -> bool:
        return name in self.names or name in self._folders


def _lacking(figure: markup.Figure) -> list[str]:
    found = {
        "id": figure.id,
        "name": figure.label and figure.title.strip(),
        "summary": figure.summary,
        "data table": figure.rows > 1,
        "CSV": any(re.search(r"\.csv$|^data:text/csv", each) for each in figure.downloads),
    }
    return [part for part, there in found.items() if not there]

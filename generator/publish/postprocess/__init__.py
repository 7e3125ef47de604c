"""What happens to a site between MkDocs and the reader: terms lead to the glossary, search works wherever
a page does, nothing unread stays or holds a page up, all links are checked, and every page gets its security policy.

It works on the HTML alone, so it serves whatever engine has built it.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from generator.engine.memo import FORGETFUL, Memo
from generator.publish.postprocess.links import LinkError, check
from generator.publish.postprocess.loading import join_sheets
from generator.publish.postprocess.page import finished
from generator.publish.postprocess.policy import SITE, with_policy
from generator.publish.postprocess.search import open_search
from generator.publish.postprocess.styles import class_tables, prune
from generator.publish.postprocess.terms import explained
from generator.publish.postprocess.trim import trim

__all__ = ["LinkError", "check", "finish"]


def finish(site: Path, own: Iterable[str] = (), memo: Memo = FORGETFUL):
    """Make the built `site` what is published.

    Args:
        own: Pages of the site that somebody wrote as HTML; their links are checked, and they stay as they are.
        memo: Has the pages that an earlier run finished.

    Raises:
        LinkError: A page refers to something that is not there.
    """
    names = sorted({path.relative_to(site).as_posix() for path in site.rglob("*.html")} - {*own})
    built = {name: (site / name).read_text(encoding="utf-8") for name in names}
    pages = {name: finished(page, memo) for name, page in explained(built).items()}
    class_tables(site)
    trim(site)
    open_search(site)
    prune(site, {word for page in pages.values() for word in page.words})
    sheet = join_sheets(site, [page.sheets for page in pages.values()])
    pages = {name: page.with_sheet(sheet) for name, page in pages.items()}
    _write(site, {name: page.text for name, page in pages.items()})
    check(site, {name: page.held for name, page in pages.items()})
    _write(site, {name: with_policy(page.text, SITE, page.held.scripts) for name, page in pages.items()})


def _write(site: Path, texts: Mapping[str, str]):
    for name, text in texts.items():
        (site / name).write_text(text, encoding="utf-8", newline="\n")

"""What happens to a site between MkDocs and the reader: terms lead to the glossary, search works wherever
a page does, nothing unread stays or holds a page up, all links are checked, and every page gets its security policy.

It works on the HTML alone, so it serves whatever engine has built it.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.pages.tables import settle
from generator.publish.postprocess.links import LinkError, check
from generator.publish.postprocess.loading import hasten
from generator.publish.postprocess.policy import restrict
from generator.publish.postprocess.search import open_search
from generator.publish.postprocess.styles import prune
from generator.publish.postprocess.terms import explain_terms
from generator.publish.postprocess.trim import trim

__all__ = ["LinkError", "check", "finish"]


def finish(site: Path, own: Iterable[str] = ()):
    """Make the built `site` what is published.

    Args:
        own: Pages of the site that somebody wrote as HTML; their links are checked, and they stay as they are.

    Raises:
        LinkError: A page refers to something that is not there.
    """
    own = list(own)
    with _without(site, own):
        explain_terms(site)
        settle(site)
        trim(site)
        open_search(site)
        prune(site)
        hasten(site)
    check(site)
    with _without(site, own):
        restrict(site)


@contextmanager
def _without(site: Path, names: Iterable[str]) -> Iterator[None]:
    """The site without these files, which are back at the end."""
    held = {site / name: (site / name).read_bytes() for name in names}
    for path in held:
        path.unlink()
    yield
    for path, content in held.items():
        path.write_bytes(content)

"""What happens to a site between MkDocs and the reader: terms lead to the glossary, nothing unread stays or holds
a page up, all links are checked, and every page gets its security policy.

It works on the HTML alone, so it serves whatever engine has built it.
"""

from pathlib import Path

from generator.report.built.links import LinkError, check
from generator.report.built.loading import hasten
from generator.report.built.policy import restrict
from generator.report.built.styles import prune
from generator.report.built.tables import settle
from generator.report.built.terms import explain_terms
from generator.report.built.trim import trim

__all__ = ["LinkError", "check", "finish"]


def finish(site: Path):
    """Make the built `site` what is published.

    Raises:
        LinkError: A page refers to something that is not there.
    """
    explain_terms(site)
    settle(site)
    trim(site)
    prune(site)
    hasten(site)
    check(site)
    restrict(site)

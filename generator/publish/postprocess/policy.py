"""A Content-Security-Policy for every page: scripts of this site, and the theme's own inline ones by their hash.

GitHub Pages sets no headers, so it stands in the page; a page that stands alone on a disk keeps it.
"""

import base64
import hashlib
from collections.abc import Iterable

from generator.publish.postprocess import markup

FIRST = '<meta charset="utf-8">'
"""What every page begins its head with; the policy comes right behind it, before anything it governs."""
NOWHERE = {"default-src": "'none'", "base-uri": "'none'", "object-src": "'none'", "form-action": "'self'"}
SITE = {
    **NOWHERE,
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
}
"""Inline styles stay: Markdown writes them for the columns of tables, and charts for their boxes."""


def with_policy(text: str, directives: dict[str, str], scripts: Iterable[str]) -> str:
    """The page `text` with its policy.

    Args:
        directives: by name; the hashes of the inline scripts are added to `script-src`.
        scripts: all inline scripts that the page has, or makes itself.

    Raises:
        ValueError: The page does not begin its head with its encoding.
    """
    if FIRST not in text:
        raise ValueError(f"a page has to begin its head with {FIRST}")
    hashes = sorted({_hash(script) for script in scripts})
    allowed = {**directives, "script-src": " ".join(filter(None, (directives.get("script-src"), *hashes)))}
    policy = "; ".join(f"{name} {sources}" for name, sources in allowed.items())
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return text.replace(FIRST, f"{FIRST}\n{meta}", 1)


def inline_scripts(text: str) -> list[str]:
    """What the page `text` would run without asking for it."""
    return markup.parse(text).scripts


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"

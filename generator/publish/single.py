"""The whole site as one HTML file: its pages, scripts, styles and tables, compressed into one page that unpacks them.

The start page stands in it in plain HTML, so that a reader without scripts has the summary. `single.js` does the rest.
"""

import base64
import re
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

from generator.publish.packing import pack
from generator.publish.postprocess import policy

SCRIPT = "single.js"
"""Beside the other assets, but not published."""
CONTENTS = ("*.html", "assets/**/*.js", "assets/**/*.css", "data/*.js", "search/*.js")
"""A CSV is made of the rows of its figure when a reader asks for it, by `charts.js`."""
LEFT_OUT = ("404.html", "assets/claims.js", "data/claims-*.js")
"""Numbers say where they come from on the site: the records they name are not in this file either."""
POLICY = {
    **policy.NOWHERE,
    "style-src": "'unsafe-inline'",
    "img-src": "data: blob:",
    "worker-src": "blob:",
}
STYLE = re.compile(r'<link rel="stylesheet" href="([^"]+)">')
ICON = re.compile(r'<link rel="icon" href="([^"]+)">')
INLINE = re.compile(r"<script>.*?</script>|<script defer src=[^>]*></script>", re.DOTALL)
IDLE = re.compile(r'<p class="chart-still"[^>]*>.*?</p>\n?|<div class="claims-switch">.*?</div>', re.DOTALL)
"""Drawings for readers without scripts, who see the start page only, and the switch of what is left out."""
FOLLOWING = re.compile(r"data/at-.*\.js")
CLAIM = re.compile(r' data-claim=(\\?)"[^"\\]*\1"')
"""In a page, and in the text of a script that holds parts of pages."""
META = re.compile(r'\s*<meta http-equiv="Content-Security-Policy"[^>]*>')


def single_page(site: Path, script: str) -> str:
    """The site below `site`, built for file://, as one HTML text that asks for nothing else; equal sites, equal text.

    Args:
        script: what unpacks it.
    """
    files = {name: _needed(name, text) for name, text in _contents(site)}
    start = _standing(files["index.html"], files, site)
    runs = [script, *(text for name, text in files.items() if name.endswith(".js"))]
    for name, text in files.items():
        if name.endswith(".html"):
            runs += policy.inline_scripts(text)
    packed = {name: text for name, text in files.items() if f'data-sheet="{name}"' not in start}
    body = (
        f'<script type="application/gzip" id="pack">{pack(packed)}</script>\n'
        f"<script>{script}</script>\n</body>"
    )
    start = start.replace("</body>", body)
    return policy.with_policy(start, POLICY, [*policy.inline_scripts(start), *runs])


def _needed(name: str, text: str) -> str:
    """A file without what only the site can use."""
    if name.endswith(".html"):
        text = IDLE.sub("", META.sub("", text))
    return CLAIM.sub("", text) if name.endswith(".html") or FOLLOWING.match(name) else text


def _contents(site: Path) -> Iterable[tuple[str, str]]:
    """(name, text) of what is packed, similar files side by side: the same chart of each study."""
    for pattern in CONTENTS:
        for path in sorted(site.glob(pattern), key=lambda path: (path.name.partition("-")[2], path)):
            name = path.relative_to(site).as_posix()
            if not any(fnmatch(name, pattern) for pattern in LEFT_OUT):
                yield name, path.read_text(encoding="utf-8")


def _standing(text: str, files: dict[str, str], site: Path) -> str:
    """The start page without the scripts that the pack holds, its styles and its icon in it."""

    def icon(found: re.Match) -> str:
        kind = "svg+xml" if found[1].endswith(".svg") else "png"
        content = base64.b64encode((site / found[1]).read_bytes()).decode()
        return f'<link rel="icon" href="data:image/{kind};base64,{content}">'

    text = STYLE.sub(lambda found: f'<style data-sheet="{found[1]}">{files[found[1]]}</style>', text)
    return INLINE.sub("", ICON.sub(icon, text))

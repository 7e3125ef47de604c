"""What MkDocs and the theme put beside a site that no reader of it ever asks for."""

import re
import shutil
from pathlib import Path

INDENTED = re.compile(r"\n\s+")
AS_WRITTEN = re.compile(r"(<(?:pre|script|style|textarea)\b.*?</(?:pre|script|style|textarea)>)", re.DOTALL)
LANGUAGES = "assets/javascripts/lunr"
"""Stemmers of the search for other languages; English is built in."""
MAPPED = re.compile(r"\n?/[/*]# sourceMappingURL=\S+(?: \*/)?\s*$")


COMMENT = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*\n", re.MULTILINE | re.DOTALL)
"""One that begins a line and ends one: no text of a script does."""
OTHERS = "plotly-"
"""Start of the names of scripts of others, whose comments are their licences."""


def trim(site: Path):
    """Drop source maps and the lines that point to them, languages of the search, and comments below `site`."""
    shutil.rmtree(site / LANGUAGES, ignore_errors=True)
    for path in sorted(site.rglob("*.map")):
        path.unlink()
        source = path.with_suffix("")
        if source.exists():
            text = source.read_text(encoding="utf-8")
            source.write_text(MAPPED.sub("", text) + "\n", encoding="utf-8", newline="\n")
    for path in sorted((site / "assets").glob("*.*s")):  # .js and .css, those of the theme lie deeper
        if not path.name.startswith(OTHERS):
            text = path.read_text(encoding="utf-8")
            path.write_text(COMMENT.sub("", text), encoding="utf-8", newline="\n")


def unindented(text: str) -> str:
    """The page `text` without indentation, but for what is shown as it is written."""
    parts = AS_WRITTEN.split(text)
    parts[::2] = [INDENTED.sub("\n", part) for part in parts[::2]]
    return "".join(parts)

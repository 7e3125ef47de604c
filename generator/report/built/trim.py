"""What MkDocs and the theme put beside a site that no reader of it ever asks for."""

import re
import shutil
from pathlib import Path

INDENTED = re.compile(r"\n\s+")
AS_WRITTEN = re.compile(r"(<(?:pre|script|style|textarea)\b.*?</(?:pre|script|style|textarea)>)", re.DOTALL)
LANGUAGES = "assets/javascripts/lunr"
"""Stemmers of the search for other languages; English is built in."""
MAPPED = re.compile(r"\n?/[/*]# sourceMappingURL=\S+(?: \*/)?\s*$")


def trim(site: Path):
    """Drop source maps, with the lines that point to them, the languages of the search, and indentation."""
    shutil.rmtree(site / LANGUAGES, ignore_errors=True)
    for path in sorted(site.rglob("*.map")):
        path.unlink()
        source = path.with_suffix("")
        if source.exists():
            text = source.read_text(encoding="utf-8")
            source.write_text(MAPPED.sub("", text) + "\n", encoding="utf-8", newline="\n")
    for path in sorted(site.rglob("*.html")):
        parts = AS_WRITTEN.split(path.read_text(encoding="utf-8"))
        parts[::2] = [INDENTED.sub("\n", part) for part in parts[::2]]
        path.write_text("".join(parts), encoding="utf-8", newline="\n")

"""What MkDocs and the theme put beside a site that no reader of it ever asks for."""

import re
import shutil
from pathlib import Path

LANGUAGES = "assets/javascripts/lunr"
"""Stemmers of the search for other languages; English is built in."""
MAPPED = re.compile(r"\n?/[/*]# sourceMappingURL=\S+(?: \*/)?\s*$")


def trim(site: Path):
    """Drop source maps, with the lines that point to them, and the languages of the search."""
    shutil.rmtree(site / LANGUAGES, ignore_errors=True)
    for path in sorted(site.rglob("*.map")):
        path.unlink()
        source = path.with_suffix("")
        if source.exists():
            text = source.read_text(encoding="utf-8")
            source.write_text(MAPPED.sub("", text) + "\n", encoding="utf-8", newline="\n")

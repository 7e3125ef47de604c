"""The search of the built pages: its dialog has a name, its index is a script, and its worker finds all that is there.

A page that has no origin of its own, from a disk or in a sandbox, may read no file of its site, but run its scripts.
"""

import re
from pathlib import Path

INDEX = "search/search_index.json"
"""What MkDocs writes; the theme's successor has another one, and a search of its own."""
WORKERS = "assets/javascripts/workers"
MENDED = "assets/search-worker.js"
"""What the workers of the theme lack; it is theirs, and no file for a page."""
LIBRARY = "TokenSet"
"""A name in a worker that is made of lunr."""
UNNAMED = re.compile(r'(<div class="md-search"[^>]* role="dialog")>')


def named(text: str) -> str:
    """The page `text` with a name for the dialog of its search."""
    return UNNAMED.sub(r'\1 aria-label="Search">', text)


def open_search(site: Path):
    """Make the index and the workers of the search below `site` those for every reader and every place."""
    if (index := site / INDEX).exists():
        _write(index.with_suffix(".js"), f"var __index = {index.read_text(encoding='utf-8')};\n")
        index.unlink()
    if (mended := site / MENDED).exists():
        for worker in sorted((site / WORKERS).glob("search.*.js")):
            if LIBRARY in (text := worker.read_text(encoding="utf-8")):
                _write(worker, f"{text.rstrip()}\n{mended.read_text(encoding='utf-8')}")
        mended.unlink()


def _write(path: Path, text: str):
    path.write_text(text, encoding="utf-8", newline="\n")

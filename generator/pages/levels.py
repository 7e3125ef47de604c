"""Reading levels: a page with parts that not every reader needs lets its reader fold them.

A heading marked `{ .analyst }` or `{ .engineer }` opens such a part; `reading.js` folds it.
"""

import re

LEVELS = ("executive", "analyst", "engineer")
"""From those who want the answers alone to those who want everything, which is what a page opens with."""

_MARKED = re.compile(rf"^##.*\{{[^}}]*\.({'|'.join(LEVELS[1:])})\b", re.MULTILINE)
_TITLE = re.compile(r"^# .*\n", re.MULTILINE)


def offered(text: str) -> str:
    """The Markdown of a page, with what picks the level below its title if a heading is marked."""
    if not _MARKED.search(text):
        return text
    return _TITLE.sub(lambda title: f"{title[0]}\n{_control()}\n", text, count=1)


def _control() -> str:
    buttons = " ".join(
        f'<button type="button" data-level="{level}" aria-pressed="{str(level == LEVELS[-1]).lower()}">{level}</button>'
        for level in LEVELS
    )
    return (
        '<div class="levels" role="group" aria-label="Reading level" markdown="0" data-search-exclude>'
        f"<span>Read as</span> {buttons}</div>"
    )

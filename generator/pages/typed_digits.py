"""What a template may not do: type a digit that a run could change."""

import re
from pathlib import Path

from generator.engine.files import visible_files

ALLOWED = "_digits.txt"
"""Beside the templates: tokens with digits that no run changes, one a line; `#` begins a comment."""
NOT_PROSE = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"  # code of the template
    r"|^```.*?^```[^\n]*$|`[^`\n]*`"  # code on the page
    r"|<[A-Za-z/!][^>]*>"  # elements and their attributes
    r"|\]\([^)]*\)|<https?:[^>]*>|https?://\S+"  # addresses
    r"|\{[^}]*\}"  # attribute lists
    r"|^\d+\. ",  # numbered lists
    re.M | re.S,
)


def typed_digits(templates: Path) -> list[str]:
    """Template, line and text of every digit in prose that is not allowed."""
    return [
        f"{path.name}, line {number}: a digit is typed: {line.strip()!r}; place a number from a record, or "
        f"allow the word in {ALLOWED} if no run can change it"
        for path in visible_files(templates, "*.j2")
        for number, line in enumerate(_prose(path, _allowed(templates)).splitlines(), start=1)
        if re.search(r"\d", line)
    ]


def _allowed(templates: Path) -> re.Pattern | None:
    path = templates / ALLOWED
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    words = [word for line in lines if (word := line.partition("#")[0].strip())]
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)") if words else None


def _prose(path: Path, allowed: re.Pattern | None) -> str:
    """The text of a template with nothing but newlines in place of what is no prose."""
    text = path.read_text(encoding="utf-8")
    for pattern in (NOT_PROSE, allowed):
        if pattern:
            text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return text

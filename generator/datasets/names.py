"""What text a table may bring to a page and a terminal."""

import unicodedata
from itertools import groupby

LONGEST = 100
"""Signs of a name or an identifier."""
STACKED = 3
"""Marks that may stand on one letter: more of them run over the lines around it."""


def is_name(text: str) -> bool:
    """Whether `text` can stand on a page and in a terminal: not blank, short, every sign of it visible."""
    return bool(text.strip()) and len(text) <= LONGEST and text.isprintable() and not _piled_up(text)


def _piled_up(text: str) -> bool:
    if text.isascii():
        return False
    marks = (unicodedata.category(sign).startswith("M") for sign in text)
    return any(is_mark and len(list(run)) > STACKED for is_mark, run in groupby(marks))

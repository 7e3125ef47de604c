"""Texts that are much alike, as what they share and what each has for itself.

    a text for every budget, or for every budget and tier --> [shared, own, shared, ..., own, shared]

`docs/assets/study.js` takes one text out again.
"""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

FINE = re.compile(r"\d{1,3}(?:,\d{3})+|[^<>\s\"',:;={}\[\]]+|.", re.DOTALL)
"""A word, a number or a sign: what texts share or do not, as a whole, where they have equally many."""
COARSE = re.compile(r"<[^>]*>[^<]*|[^<\n]+\n?|\n", re.DOTALL)
"""A tag with the text behind it, or a line, where they have not."""


def woven(texts: Sequence[Sequence[str]]) -> list[Any]:
    """Shared strings, and between two of them a list of what each budget has there: a string, or one for each tier.

    Args:
        texts: by budget, and within a budget by tier; rows are equally long.
    """
    width = len(texts[0])
    made: list[Any] = [""]
    for part in _cut([text for row in texts for text in row]):
        if isinstance(part, str):
            made[-1] += part
            continue
        rows = [part[at : at + width] for at in range(0, len(part), width)]
        made += [[row[0] if len(set(row)) == 1 else row for row in rows], ""]
    return made


def unwoven(made: Sequence[Any], budget: int, tier: int = 0) -> str:
    """The text of one budget and tier, each by its place."""
    own = (each if isinstance(each, str) else each[budget] for each in made)
    return "".join(each if isinstance(each, str) else each[tier] for each in own)


def _cut(texts: list[str]) -> list[str | list[str]]:
    """Shared strings, and lists of what each text has in their place."""
    fine = [FINE.findall(text) for text in texts]
    if len({len(each) for each in fine}) == 1:
        return [column[0] if len(set(column)) == 1 else list(column) for column in zip(*fine, strict=True)]
    pieces = [COARSE.findall(text) for text in texts]
    places = _common(pieces)
    if not places[0]:
        return [texts]
    made: list[str | list[str]] = []
    ends = [0] * len(texts)
    for column in [*zip(*places, strict=True), [len(each) for each in pieces]]:
        own = ["".join(each[end:at]) for each, end, at in zip(pieces, ends, column, strict=True)]
        if any(own):
            made += _cut(own)
        made += pieces[0][column[0] : column[0] + 1]
        ends = [at + 1 for at in column]
    return made


def _common(pieces: list[list[str]]) -> list[list[int]]:
    """Where in each text lie the pieces that all share."""
    common, places = pieces[0], [list(range(len(pieces[0])))]
    for other in pieces[1:]:
        blocks = SequenceMatcher(None, common, other, autojunk=False).get_matching_blocks()
        kept = [(a + i, b + i) for a, b, size in blocks for i in range(size)]
        common = [common[a] for a, _ in kept]
        places = [[each[a] for a, _ in kept] for each in places] + [[b for _, b in kept]]
    return places

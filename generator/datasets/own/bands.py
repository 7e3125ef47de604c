"""Names that are bands of a number, and their rising order: `15to30`, `morethan30`, `less than 20_000`, `1vehicle`."""

import re
from collections import Counter
from collections.abc import Collection
from typing import NamedTuple

_NUMBER = r"(\d+(?:\.\d+)?)(k?)"
_UNIT = r"([a-z%]*)"
_BELOW = re.compile(rf"(?:lessthan|under|below|upto|atmost|<=?|≤){_NUMBER}{_UNIT}")
_ABOVE = re.compile(rf"(?:morethan|over|above|atleast|>=?|≥){_NUMBER}{_UNIT}")
_OR_MORE = re.compile(rf"{_NUMBER}(?:\+|plus|andmore|ormore|andover){_UNIT}")
_RANGE = re.compile(rf"[\[(]?{_NUMBER}[a-z%]*?(?:to|-|–|—|\.\.|[,;]){_NUMBER}{_UNIT}[\])]?")
_ONE = re.compile(rf"{_NUMBER}{_UNIT}")
_LEAST = {"none", "no", "never", "new", "nochange", "zero"}
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365, "yr": 365}
SCALES = (
    ("very low", "low", "medium", "high", "very high"),
    ("very small", "small", "medium", "large", "very large"),
    ("never", "rarely", "sometimes", "often", "always"),
)
MOST = 50
"""Bands of a number; more names are something else."""


class _Band(NamedTuple):
    start: float
    """The number it starts at, or below or above which it lies."""
    side: int
    """-1 below it, 1 above, 0 from it on."""
    unit: str
    spans: bool
    """Whether it is more than one number."""


def rising(names: Collection[str]) -> tuple[str, ...] | None:
    """`names` in rising order if all of them are bands of one number, or steps of a known scale; else None."""
    if not 2 <= len(names) <= MOST:
        return None
    small = {name.lower().replace("_", " ").strip(): name for name in names}
    for scale in SCALES:
        if len(names) == len(small) > 2 and set(small) <= set(scale):
            return tuple(small[step] for step in scale if step in small)
    bands = {name: _band(name) for name in names}
    found = [band for band in bands.values() if band]
    if len(found) < len(names) or not any(band.spans for band in found):
        return None
    keys = {name: (band.start * _factor(band, found), band.side) for name, band in bands.items()}
    if len(set(keys.values())) < len(keys) or sum(band.start < 0 for band in found) == len(found):
        return None
    return tuple(sorted(names, key=keys.get))


def _band(name: str) -> _Band | None:
    bare = re.sub(r"[\s€$£]", "", name.lower())
    bare = re.sub(r"(?<=\d)[_'’](?=\d{3})", "", bare)
    if bare in _LEAST:
        return _Band(-1.0, 0, "", True)
    for pattern, side in ((_BELOW, -1), (_ABOVE, 1), (_OR_MORE, 1), (_RANGE, 0), (_ONE, 0)):
        if match := pattern.fullmatch(bare):
            number, thousands, *_, unit = match.groups()
            return _Band(float(number) * (1000 if thousands else 1), side, unit, pattern is not _ONE)
    return None


def _factor(band: _Band, bands: list[_Band]) -> int:
    """Of a band in months among others in years; 1 where all are in one unit, or in none of time."""
    units = Counter(each.unit.removesuffix("s") for each in bands if each.unit)
    if len(units) < 2 or not set(units) <= set(_DAYS):
        return 1
    return _DAYS[band.unit.removesuffix("s") or units.most_common(1)[0][0]]

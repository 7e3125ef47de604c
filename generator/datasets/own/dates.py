"""Dates of a column in the spellings that tables have, never by a guess between day and month."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np

from generator.records.validation import LATE

WANTED = "a date, such as 2023-04-30 or 2023-04-30 16:29:14"

_CLOCK = r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?(?: ?(Z|[+-]\d{2}:?\d{2}))?)?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})([-/.]?)(\d{{1,2}})\2(\d{{1,2}}){_CLOCK}", re.ASCII)
_YEAR_LAST = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}){_CLOCK}", re.ASCII)
_COMPACT = re.compile(r"\d{8}", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 1900, 2100
"""Between them eight digits in a row count as a date."""


def is_date(text: str) -> bool:
    """Whether `text`, seen alone, is a day that exists, in whatever order."""
    text = text.strip()
    if _COMPACT.fullmatch(text) and not _FIRST_YEAR <= int(text[:4]) < _LAST_YEAR:
        return False
    return _read(text, day_first=True) is not None or _read(text, day_first=False) is not None


def day_first(texts: Sequence[str]) -> bool | None:
    """Whether the day stands before the month where the year is last; None where nothing decides.

    A text with points does, and any number above twelve.
    """
    for text in texts:
        if match := _YEAR_LAST.fullmatch(text.strip()):
            if match[2] == "." or int(match[1]) > 12:
                return True
            if int(match[3]) > 12:
                return False
    return None


def late_day(times: np.ndarray) -> str:
    """The ISO day from which the last rows are, `LATE` of times (n,)."""
    return str(np.sort(times)[int(len(times) * (1 - LATE))])[:10]


def parsed(texts: Sequence[str], first: bool | None) -> np.ndarray:
    """Seconds (k,) datetime64[s], NaT for what is no date; `first` says whether the day is, where the year is last.

    A zone that is given is taken off, so that all are UTC; without one the clock counts as it stands.
    """
    return np.array([_read(text.strip(), first) for text in texts], dtype="datetime64[s]")


def _read(text: str, day_first: bool | None) -> datetime | None:
    if match := _YEAR_FIRST.fullmatch(text):
        year, mark, month, day, *clock = match.groups()
        if not mark and not _COMPACT.match(text):
            return None
    elif (match := _YEAR_LAST.fullmatch(text)) and day_first is not None:
        one, _, two, year, *clock = match.groups()
        day, month = (one, two) if day_first else (two, one)
    else:
        return None
    hour, minute, second, zone = clock
    try:
        time = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0))
        if zone and zone != "Z":
            away = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            time = time - away if zone[0] == "+" else time + away
    except (ValueError, OverflowError):
        return None
    return time

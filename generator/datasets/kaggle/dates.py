"""The two date columns, read in one spelling each, never by a guess between day and month."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from generator.datasets.complaints import bad_file, bad_rows

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2})?", re.ASCII)
_NUMERIC = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2\d{4} \d{1,2}:\d{2}(:\d{2})?", re.ASCII)

WANTED = (
    "a date and time in one of the public spellings, 2023-04-11 16:29:14, 2023-04-11 16:29, "
    "4/11/2023 16:29 (month first), 11/04/2023 16:29 or 11-04-2023 16:29 (day first)"
)
FIX = "write all dates of the file as 2023-04-11 16:29:14, or use the original from Kaggle"
PUBLISHED_PREVIOUS_DAY = pd.Timestamp("2024-11-04")
"""The published file has this day in every PreviousTransactionDate. It may refuse a reading, never decide."""


@dataclass(frozen=True)
class Spelling:
    """What all cells of one column have in common."""

    separator: str
    seconds: bool
    iso_t: bool = False
    day_first: bool | None = None
    """None for ISO, and where no cell of the column decides."""

    @property
    def iso(self) -> bool:
        return self.separator == "iso"

    def parse(self, cells: pd.Series) -> pd.Series:
        """Times of `cells`; NaT where the spelling fits but the day does not exist."""
        if self.iso:
            date = "%Y-%m-%dT" if self.iso_t else "%Y-%m-%d "
        else:
            order = ("%d", "%m") if self.day_first else ("%m", "%d")
            date = self.separator.join((*order, "%Y "))
        clock = "%H:%M:%S" if self.seconds else "%H:%M"
        return pd.to_datetime(cells, format=date + clock, errors="coerce").astype("datetime64[s]")


def order_of(chunks: Iterable[tuple[pd.Series, np.ndarray]], path: Path) -> bool | None:
    """Whether the day comes first in TransactionDate, whose `chunks` are (cells, lines); None for ISO.

    Its own cells alone decide: one above 12 is a day. No more chunks are read than it takes.

    Raises:
        DataError: A cell has no known spelling, spellings are mixed, or no cell decides.
    """
    column = Habits()
    for cells, lines in chunks:
        spelling = column.see(cells.str.strip(), lines, path)
        if spelling.iso or spelling.day_first is not None:
            return spelling.day_first
    line, cell = column.earliest()
    raise bad_file(path, f"column {cells.name!r}: no date decides between day and month, as every day and "
                   f"month is 12 or less (line {line}: {cell!r} can be read both ways)", FIX)  # fmt: skip


class DateReader:
    """Reads both date columns of one file, a chunk at a time, in the order found by `order_of`.

    A column has one spelling: ISO, or two numbers and a year with one separator and one habit of padding.
    PreviousTransactionDate, which holds a single day, is read in the order of TransactionDate. What was read
    by an order must then fit what is known of the published file: no transaction on a weekend, the previous
    ones on their day.
    """

    def __init__(self, day_first: bool | None, path: Path):
        self.day_first, self.path = day_first, path
        self.own, self.other = Habits(), Habits()

    def read(self, cells: pd.DataFrame, lines: np.ndarray) -> pd.DataFrame:
        """Times of the columns of `cells` (str), TransactionDate and PreviousTransactionDate.

        Raises:
            DataError: A cell has no known spelling, spellings are mixed, day and month cannot be told apart,
                or the order found contradicts the published file.
        """
        path = self.path
        date, previous = (cells[name].str.strip() for name in cells.columns)
        own = replace(self.own.see(date, lines, path), day_first=self.day_first)
        other = self.other.see(previous, lines, path)
        if not other.iso:
            other = _order_from(own, other, previous, lines, path)
        times = {date.name: own.parse(date), previous.name: other.parse(previous)}
        for name, parsed in times.items():
            wrong = np.flatnonzero(parsed.isna())
            if len(wrong):
                raise bad_rows(path, name, lines[wrong], list(cells[name].iloc[wrong]), WANTED, FIX)
        if not own.iso:
            _refuse_weekends(times[date.name], date, lines, path)
        if not other.iso:
            _refuse_swapped_day(times[previous.name], previous, lines, path)
        return pd.DataFrame(times)


PADDED, BARE, ABOVE_FIRST, ABOVE_SECOND = "padded", "bare", "above first", "above second"
AT_ODDS = ((PADDED, BARE), (ABOVE_FIRST, ABOVE_SECOND))
"""Habits that no column spelled in one way has both."""


class Habits:
    """How the cells of a column were spelled so far: each habit, with the line and the cell that had it first."""

    def __init__(self):
        self.spellings: dict[tuple[str, bool, bool], tuple[int, str]] = {}
        """(separator, seconds, ISO with a T) -> (line, cell)."""
        self.habits: dict[str, tuple[int, str]] = {}

    def see(self, cells: pd.Series, lines: np.ndarray, path: Path) -> Spelling:
        """The spelling all cells share, those of earlier chunks included."""
        unknown = set()
        firsts = cells.drop_duplicates()
        for row, cell in zip(firsts.index - cells.index[0], firsts, strict=True):
            place = int(lines[row]), cell
            if match := _ISO.fullmatch(cell):
                self.spellings.setdefault(("iso", match[1] is not None, cell[10] == "T"), place)
            elif match := _NUMERIC.fullmatch(cell):
                self.spellings.setdefault((match[2], match[4] is not None, False), place)
                for habit in _habits(match[1], match[3]):
                    self.habits.setdefault(habit, place)
            else:
                unknown.add(cell)
        if unknown:
            wrong = np.flatnonzero(cells.isin(unknown))
            raise bad_rows(path, str(cells.name), lines[wrong], list(cells.iloc[wrong]), WANTED, FIX)
        at_odds = [list(self.spellings.values())] + [
            [self.habits[habit] for habit in pair if habit in self.habits] for pair in AT_ODDS
        ]
        for places in at_odds:
            if len(places) > 1:
                first_two = sorted(places)[:2]
                wanted = "spelled in one way throughout, and is mixed"
                raise bad_rows(path, str(cells.name), *zip(*first_two, strict=True), wanted, FIX)
        (separator, seconds, iso_t), *_ = self.spellings
        decided = ABOVE_FIRST in self.habits or ABOVE_SECOND in self.habits
        return Spelling(separator, seconds, iso_t, ABOVE_FIRST in self.habits if decided else None)

    def earliest(self) -> tuple[int, str]:
        return min(self.spellings.values())


def _habits(first: str, second: str) -> Iterator[str]:
    """What the two numbers before the year show."""
    if len(first) == 1 or len(second) == 1:
        yield BARE
    if first[0] == "0" or second[0] == "0":
        yield PADDED
    if int(first) > 12:
        yield ABOVE_FIRST
    if int(second) > 12:
        yield ABOVE_SECOND


def _order_from(own: Spelling, other: Spelling, cells: pd.Series, lines: np.ndarray, path: Path) -> Spelling:
    """`other` read in the order `own` was decided in."""
    if own.iso or own.separator != other.separator:
        raise bad_file(path, f"column {cells.name!r}: it is spelled unlike TransactionDate, so nothing "
                       f"decides between day and month ({_first(cells, lines)})", FIX)  # fmt: skip
    if other.day_first not in (None, own.day_first):
        raise bad_file(path, f"column {cells.name!r}: its day and month are the other way round than in "
                       f"TransactionDate ({_first(cells, lines)})", FIX)  # fmt: skip
    return replace(other, day_first=own.day_first)


def _refuse_weekends(times: pd.Series, cells: pd.Series, lines: np.ndarray, path: Path) -> None:
    weekend = np.flatnonzero(times.dt.day_of_week >= 5)
    if len(weekend):
        wanted = "on a weekday, as in the published file (are day and month exchanged in some rows?)"
        raise bad_rows(path, str(cells.name), lines[weekend], list(cells.iloc[weekend]), wanted, FIX)


def _refuse_swapped_day(times: pd.Series, cells: pd.Series, lines: np.ndarray, path: Path) -> None:
    swapped = pd.Timestamp(
        year=PUBLISHED_PREVIOUS_DAY.year, month=PUBLISHED_PREVIOUS_DAY.day, day=PUBLISHED_PREVIOUS_DAY.month
    )
    if (times.dt.normalize() == swapped).any():
        raise bad_file(path, f"column {cells.name!r}: read in the order of TransactionDate it gives "
                       f"{swapped:%Y-%m-%d}, the published day with day and month exchanged "
                       f"({_first(cells, lines)})", FIX)  # fmt: skip


def _first(cells: pd.Series, lines: np.ndarray) -> str:
    return f"line {lines[0]}: {cells.iloc[0]!r}"

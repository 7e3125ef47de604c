"""The two date columns, read in one spelling each, never by a guess between day and month."""

import re
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from generator.datasets.complaints import bad_file, bad_rows
from generator.datasets.table import DataError

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


def parse_dates(cells: pd.DataFrame, lines: list[int], path: Path) -> pd.DataFrame:
    """Times of the columns of `cells` (str), TransactionDate and PreviousTransactionDate.

    A column has one spelling: ISO, or two numbers and a year with one separator and one habit of padding.
    Which of the two is the day is decided by TransactionDate's own cells alone: one above 12 is a day.
    PreviousTransactionDate, which holds a single day, is read in the same order. What was read by an order
    must then fit what is known of the published file: no transaction on a weekend, the previous ones on
    their day.

    Raises:
        DataError: A cell has no known spelling, spellings are mixed, day and month cannot be told apart, or
            the order found contradicts the published file.
    """
    date, previous = (cells[name].str.strip() for name in cells.columns)
    own = _spelling(date, lines, path)
    if not own.iso and own.day_first is None:
        raise bad_file(path, f"column {date.name!r}: no date decides between day and month, as every day and "
                       f"month is 12 or less ({_first(date, lines)} can be read both ways)", FIX)  # fmt: skip
    other = _spelling(previous, lines, path)
    if not other.iso:
        other = _order_from(own, other, previous, lines, path)
    times = {date.name: own.parse(date), previous.name: other.parse(previous)}
    for name, parsed in times.items():
        wrong = [row for row, missing in enumerate(parsed.isna()) if missing]
        if wrong:
            raise bad_rows(
                path, name, [lines[row] for row in wrong], list(cells[name].iloc[wrong]), WANTED, FIX
            )
    if not own.iso:
        _refuse_weekends(times[date.name], date, lines, path)
    if not other.iso:
        _refuse_swapped_day(times[previous.name], previous, lines, path)
    return pd.DataFrame(times)


def _spelling(cells: pd.Series, lines: list[int], path: Path) -> Spelling:
    """The spelling all `cells` share."""
    first_of: dict[tuple, int] = {}
    unknown, above_first, above_second, padded, bare = [], [], [], [], []
    for row, cell in enumerate(cells):
        if match := _ISO.fullmatch(cell):
            first_of.setdefault(("iso", match[1] is not None, cell[10] == "T"), row)
        elif match := _NUMERIC.fullmatch(cell):
            first_of.setdefault((match[2], match[4] is not None, False), row)
            numbers = (match[1], match[3])
            if any(len(number) == 1 for number in numbers):
                bare.append(row)
            if any(number[0] == "0" for number in numbers):
                padded.append(row)
            if int(match[1]) > 12:
                above_first.append(row)
            if int(match[3]) > 12:
                above_second.append(row)
        else:
            unknown.append(row)
    if unknown:
        wrong = [lines[row] for row in unknown]
        raise bad_rows(path, str(cells.name), wrong, list(cells.iloc[unknown]), WANTED, FIX)
    if len(first_of) > 1:
        raise _mixed(cells, sorted(first_of.values())[:2], lines, path)
    if padded and bare:
        raise _mixed(cells, sorted((padded[0], bare[0])), lines, path)
    if above_first and above_second:
        raise _mixed(cells, sorted((above_first[0], above_second[0])), lines, path)
    separator, seconds, iso_t = next(iter(first_of))
    decided = bool(above_first) if above_first or above_second else None
    return Spelling(separator, seconds, iso_t, decided)


def _order_from(own: Spelling, other: Spelling, cells: pd.Series, lines: list[int], path: Path) -> Spelling:
    """`other` read in the order `own` was decided in."""
    if own.iso or own.separator != other.separator:
        raise bad_file(path, f"column {cells.name!r}: it is spelled unlike TransactionDate, so nothing "
                       f"decides between day and month ({_first(cells, lines)})", FIX)  # fmt: skip
    if other.day_first not in (None, own.day_first):
        raise bad_file(path, f"column {cells.name!r}: its day and month are the other way round than in "
                       f"TransactionDate ({_first(cells, lines)})", FIX)  # fmt: skip
    return replace(other, day_first=own.day_first)


def _refuse_weekends(times: pd.Series, cells: pd.Series, lines: list[int], path: Path) -> None:
    weekend = [row for row, day in enumerate(times.dt.day_of_week) if day >= 5]
    if weekend:
        wanted = "on a weekday, as in the published file (are day and month exchanged in some rows?)"
        raise bad_rows(
            path, str(cells.name), [lines[row] for row in weekend], list(cells.iloc[weekend]), wanted, FIX
        )


def _refuse_swapped_day(times: pd.Series, cells: pd.Series, lines: list[int], path: Path) -> None:
    swapped = pd.Timestamp(
        year=PUBLISHED_PREVIOUS_DAY.year, month=PUBLISHED_PREVIOUS_DAY.day, day=PUBLISHED_PREVIOUS_DAY.month
    )
    if (times.dt.normalize() == swapped).any():
        raise bad_file(path, f"column {cells.name!r}: read in the order of TransactionDate it gives "
                       f"{swapped:%Y-%m-%d}, the published day with day and month exchanged "
                       f"({_first(cells, lines)})", FIX)  # fmt: skip


def _mixed(cells: pd.Series, rows: list[int], lines: list[int], path: Path) -> DataError:
    wanted = "spelled in one way throughout, and is mixed"
    return bad_rows(path, str(cells.name), [lines[row] for row in rows], list(cells.iloc[rows]), wanted, FIX)


def _first(cells: pd.Series, lines: list[int]) -> str:
    return f"line {lines[0]}: {cells.iloc[0]!r}"

"""From a column as text to numbers, places among categories or dates; any other cell is named with line and value."""

import difflib
import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from generator.datasets.complaints import bad_file, quoted
from generator.datasets.own import dates
from generator.datasets.own.files import Texts, TextTable
from generator.records.features import Input
from generator.records.validation import Reading

LARGEST = 2.0**53 - 1
"""Above it not every whole number is a float64."""
NO_VALUE = (
    "",
    "?",
    "-",
    "--",
    ".",
    "na",
    "n/a",
    "#n/a",
    "nan",
    "null",
    "none",
    "nil",
    "missing",
    "(null)",
    "\\n",
)
"""What tables write for no value, in small letters."""
SHOWN = 10
"""Categories that a message lists."""

_PLAIN = frozenset("0123456789+-.eE")
"""Signs of which nothing but a number is both made and read as one."""
_NUMBER = {
    ".": re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII),
    ",": re.compile(r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d+)?", re.ASCII),
}
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:[., '’\u00a0\u202f]\d{3})+(?:[.,]\d+)?", re.ASCII)


def missing(column: Texts, texts: Collection[str]) -> np.ndarray:
    """(k,) bool: the texts that stand for no value, blanks around them aside."""
    texts = {text.strip() for text in texts}
    return np.array([text in texts for text in column.bare], dtype=bool)


def read_numbers(texts: Sequence[str], decimal: str) -> np.ndarray:
    """The numbers (k,) float64 that `texts` are, blanks around them aside; NaN for what is none, or above `LARGEST`."""
    if decimal == "." and set("".join(texts)) <= _PLAIN:
        try:
            return _bounded(np.array(list(map(float, texts))))
        except ValueError:
            pass
    return _bounded(np.array([_number(text.strip(), decimal) for text in texts], dtype=float))


def _number(text: str, decimal: str) -> float:
    return float(text.replace(",", ".")) if _NUMBER[decimal].fullmatch(text) else np.nan


def _bounded(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) <= LARGEST, values, np.nan)


def numbers(table: TextTable, name: str, reading: Reading, *, whole: bool = False) -> np.ndarray:
    """The numbers of column `name` (n,) float64, NaN where a row has none.

    Raises:
        DataError: A cell is something else.
    """
    column, decimal = table.columns[name], decimal_of(table, reading)
    none = missing(column, reading.missing)
    values = np.where(none, np.nan, read_numbers(column.values, decimal))
    wrong = np.isnan(values) & ~none
    if wrong.any():
        rows = np.flatnonzero(column.of(wrong, False))
        text = column.values[column.codes[rows[0]]]
        raise table.refusal(
            name, rows, "a number", _instead_of_number(text, decimal, bool(wrong[~none].all()))
        )
    if whole and (broken := values % 1 > 0).any():
        rows = np.flatnonzero(column.of(broken, False))
        raise table.refusal(
            name, rows, "a whole number", "correct the cells, or leave integer = true out of the input"
        )
    return column.of(values, np.nan)


def as_numbers(column: Texts, none: np.ndarray, decimal: str) -> np.ndarray | None:
    """The numbers (n,) of a column that holds nothing else, NaN where there is `none` (k,); None for any other."""
    found = np.where(none, np.nan, read_numbers(column.values, decimal))
    return None if (np.isnan(found) & ~none).any() else column.of(found, np.nan)


def decimal_of(table: TextTable, reading: Reading) -> str:
    """Parquet holds numbers, which have no mark until they are written."""
    return "." if table.is_parquet else reading.decimal


def _instead_of_number(text: str, decimal: str, throughout: bool) -> str:
    """What to do about a `text` in the place of a number, by what it looks like."""
    other = "," if decimal == "." else "."
    bare = text.strip()
    if bare.lower() in NO_VALUE:
        return f"where it stands for no value, list {text!r} in reading.missing and give the input missing = true"
    if _NUMBER[decimal].fullmatch(bare):
        return f"give numbers of at most {LARGEST:.0f}: beyond, whole numbers are no longer told apart"
    if _NUMBER[other].fullmatch(bare) and not (_THOUSANDS.fullmatch(bare) and bare.count(other) > 1):
        return f"reading.decimal is {decimal!r}; it looks like {other!r}, or like signs between thousands: write none"
    if _THOUSANDS.fullmatch(bare):
        return "write numbers without signs between thousands"
    if dates.is_date(bare):
        return "it looks like a date; derive a number from it, such as days since another one"
    if throughout:
        return "if it holds names, give the input kind = 'category' and categories = [...]"
    return "correct the cell, or write it without unit, currency or remark"


def places(table: TextTable, given: Input, reading: Reading) -> np.ndarray:
    """Where the categories of column `given.name` are in `given.categories` (n,) float64, NaN where a row has none.

    Raises:
        DataError: A cell is none of them.
    """
    column = table.columns[given.name]
    known = {name: float(place) for place, name in enumerate(given.categories)}
    none = missing(column, reading.missing)
    found = np.array([known.get(text, np.nan) for text in column.values])
    wrong = np.isnan(found) & ~none
    if wrong.any():
        rows = np.flatnonzero(column.of(wrong, False))
        text = column.values[column.codes[rows[0]]]
        raise table.refusal(
            given.name,
            rows,
            f"one of the categories of the input, {listed(given.categories)}",
            f"correct the cells, or add {quoted(text)} to inputs.{given.name}.categories"
            + did_you_mean(text, given.categories),
        )
    return column.of(found, np.nan)


def times(table: TextTable, name: str, reading: Reading) -> np.ndarray:
    """The dates of column `name` (n,) datetime64[s], NaT where a row has none.

    Raises:
        DataError: A cell is no date, or no cell decides between day and month.
    """
    column = table.columns[name]
    none = missing(column, reading.missing)
    texts = [text for text, gone in zip(column.values, none, strict=True) if not gone]
    first = dates.day_first(texts)
    found = np.full(len(column.values), "NaT", dtype="datetime64[s]")
    found[~none] = dates.parsed(texts, first)
    wrong = np.isnat(found) & ~none
    if wrong.any():
        rows = np.flatnonzero(column.of(wrong, False))
        text = column.values[column.codes[rows[0]]]
        unclear = first is None and dates.is_date(text)
        fix = (
            "no date tells day from month; write the year first"
            if unclear
            else "correct the cells, or write all dates with the year first"
        )
        raise table.refusal(name, rows, dates.WANTED, fix)
    return column.of(found, np.datetime64("NaT", "s"))


def did_you_mean(text: str, known: Iterable[str]) -> str:
    by_small_letters = {name.lower(): name for name in list(known)[:1000]}
    near = difflib.get_close_matches(text.lower(), by_small_letters, n=1)
    return f"; did you mean {quoted(by_small_letters[near[0]])}?" if near else ""


def listed(names: Collection[str]) -> str:
    shown = ", ".join(map(quoted, list(names)[:SHOWN]))
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def check_complete(table: TextTable, name: str, values: np.ndarray, fix: str) -> None:
    """Pass if every row has a value.

    Raises:
        DataError: Some have none.
    """
    none = np.isnat(values) if values.dtype.kind == "M" else np.isnan(values)
    if none.all():
        raise bad_file(
            table.path, f"column {name!r} has no value in any row", "leave it out of the study file"
        )
    if none.any():
        rows = np.flatnonzero(none)
        raise table.refusal(
            name, rows, f"filled in; {len(rows):,} of {len(values):,} rows have no value", fix
        )

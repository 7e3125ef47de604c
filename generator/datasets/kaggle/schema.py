"""The sixteen columns of the Kaggle table: what each holds, what must be true of it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pyarrow
from pyarrow import compute

from generator.datasets.complaints import bad_rows
from generator.datasets.names import LONGEST, is_name

DECIMALS = {"TransactionAmount": 2, "AccountBalance": 2}
"""Columns of money, to the cent."""
LARGEST = 1e12
"""More than this is a damaged number, whatever the unit."""
FIRST_YEAR, LAST_YEAR = 1970, 2099
"""Of a date that is no slip of the pen."""


@dataclass(frozen=True)
class Column:
    kind: Literal["identifier", "category", "number", "date"]
    wanted: str
    """Ends the sentence `column x must be`."""
    dtype: str = "str"
    checks: tuple[pa.Check, ...] = field(default=())


_NAME = f"filled in, with 1 to {LONGEST} visible signs"


def _are_names(values: pd.Series) -> pd.Series:
    """`is_name` of every value, worked out once for each."""
    return ~values.isin([text for text in values.unique() if not is_name(text)])


_NAMES = pa.Check(_are_names)


def _text(kind: Literal["identifier", "category"]) -> Column:
    return Column(kind, _NAME, checks=(_NAMES,))


def _date() -> Column:
    known = pa.Check.in_range(
        pd.Timestamp(FIRST_YEAR, 1, 1), pd.Timestamp(LAST_YEAR + 1, 1, 1), include_max=False
    )
    return Column(
        "date", f"a date and time of the years {FIRST_YEAR} to {LAST_YEAR}", "datetime64[s]", (known,)
    )


def _one_of(*categories: str) -> Column:
    return Column("category", f"one of {', '.join(categories)}", checks=(pa.Check.isin(categories),))


def _number(wanted: str, dtype: str, low: float, high: float = LARGEST) -> Column:
    whole = (pa.Check(lambda values: values % 1 == 0),) if dtype == "int64" else ()
    return Column("number", wanted, dtype, (pa.Check.in_range(low, high), *whole))


_WHOLE = "a whole number"
_MONEY = "an amount of money, a plain number that is not negative, with a point before the cents"

COLUMNS: dict[str, Column] = {
    "TransactionID": Column("identifier", f"{_NAME}, and unique", checks=(_NAMES,)),
    "AccountID": _text("identifier"),
    "TransactionAmount": _number(_MONEY, "float64", 0),
    "TransactionDate": _date(),
    "TransactionType": _one_of("Debit", "Credit"),
    "Location": _text("category"),
    "DeviceID": _text("identifier"),
    "IP Address": _text("identifier"),
    "MerchantID": _text("identifier"),
    "Channel": _one_of("ATM", "Branch", "Online"),
    "CustomerAge": _number(f"{_WHOLE} of years, 0 to 120", "int64", 0, 120),
    "CustomerOccupation": _one_of("Doctor", "Engineer", "Retired", "Student"),
    "TransactionDuration": _number(f"{_WHOLE} of seconds, not negative", "int64", 0),
    "LoginAttempts": _number(f"{_WHOLE}, 1 or more", "int64", 1, 1000),
    "AccountBalance": _number(_MONEY, "float64", 0),
    "PreviousTransactionDate": _date(),
}  # fmt: skip

NUMBERS = tuple(name for name, column in COLUMNS.items() if column.kind == "number")
DATES = tuple(name for name, column in COLUMNS.items() if column.kind == "date")

# Numbers are checked as floats, where a cell that is no number is NaN; `settle` gives them their own type.
# Text is checked as it was read, before it is kept tightly.
SCHEMA = pa.DataFrameSchema(
    {
        name: pa.Column(
            {"number": "float64", "date": column.dtype}.get(column.kind),
            checks=list(column.checks),
        )
        for name, column in COLUMNS.items()
    },
    strict=True,
    ordered=True,
)

PLAIN_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?"


def typed(texts: pd.DataFrame, dates: pd.DataFrame, lines: np.ndarray, path: Path) -> pd.DataFrame:
    """The canonical table of `texts` (every cell a str) and its parsed `dates`, rows in file order.

    Dates are floored to minutes and money rounded to cents, so equal canonical hashes mean equal studies.

    Raises:
        DataError: A cell breaks the rule of its column; the first such column in file order is named.
    """
    frame = texts.assign(**{name: dates[name] for name in DATES})
    for name in NUMBERS:
        frame[name] = _numbers(texts[name])
    try:
        SCHEMA.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases
        for name, column in COLUMNS.items():
            rows = sorted({int(i) for i in cases.loc[cases["column"] == name, "index"].dropna()})
            if rows:
                raise bad_rows(path, name, lines[rows], list(texts[name].iloc[rows]), column.wanted) from None
        raise
    return settled(frame)


def _numbers(cells: pd.Series) -> pd.Series:
    """The plain numbers among `cells` as float64, blanks around them aside; NaN for the others."""
    if not compute.all(compute.match_substring_regex(pyarrow.array(cells), f"^(?:{PLAIN_NUMBER})$")).as_py():
        cells = cells.str.strip()
        cells = cells.where(cells.str.fullmatch(PLAIN_NUMBER), "nan")
    return cells.astype("float64")


def settled(frame: pd.DataFrame) -> pd.DataFrame:
    """`frame` with whole numbers as int64, dates floored to minutes, money rounded to cents, text kept tightly."""
    frame = frame.astype({name: COLUMNS[name].dtype for name in COLUMNS if name not in DATES}).round(DECIMALS)
    return frame.assign(**{name: frame[name].dt.floor("min") for name in DATES})

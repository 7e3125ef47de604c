"""Cells of CSV files that people open with a spreadsheet: none is run, and no number is taken for another one."""

import re

FORMULA = "=+\\-@\t\r＝＋－＠"
"""Signs that begin a formula, the wide ones of East Asian keyboards included."""
BEGINNINGS = r"(?:^|(?<=[;,|\t\r\n]))"
"""Where a cell may begin, whatever sign parts the cells in the country of the reader."""
ACTIVE = re.compile(rf"{BEGINNINGS}(?=[\s\"]*[{FORMULA}'])")
DISARMED = re.compile(rf"{BEGINNINGS}'(?=[\s\"]*[{FORMULA}'])")


def disarmed(text: str) -> str:
    """`text` as a cell that no spreadsheet runs; `armed` gives it back."""
    return ACTIVE.sub("'", text)


def armed(cell: str) -> str:
    """The text that `disarmed` made this cell of."""
    return DISARMED.sub("", cell)


def number_text(text: str) -> str:
    """A decimal number as Python writes it, so that a spreadsheet of any country reads it right or leaves it as text.

    Where a point parts thousands, `9.342` is 9342 and `1.234e-05` is 0.01234: three decimals get two zeros. Not one:
    where a point parts dates, `9.3420` may be a month of the year 3420.
    """
    if text[-4:-3] != "." and "e" not in text:  # most of millions of cells
        return text
    mantissa, e, exponent = text.partition("e")
    return f"{mantissa}00{e}{exponent}" if mantissa[-4:-3] == "." else text

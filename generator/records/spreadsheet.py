"""Text in CSV files that people open with a spreadsheet: what it would take for a formula gets an apostrophe."""

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

"""The wording of a refusal: file, column, first bad rows, what is wanted, what to do."""

from collections.abc import Sequence
from pathlib import Path

from generator.datasets.table import DataError

SHOWN_ROWS = 3
SHOWN_CHARACTERS = 40
SHOWN_OF_PATH = 300

FIX = "correct the file, or put the original from Kaggle in data/raw (see data/README.md)"


def visible(text: str, longest: int) -> str:
    """`text` cut to a bounded length; signs that a terminal would obey, or not show, are written out."""
    cut = text if len(text) <= longest else text[:longest] + "…"
    return cut if cut.isprintable() else ascii(cut)[1:-1]


def quoted(value: str) -> str:
    """`value` as a Python literal of plain ASCII, cut to a bounded length."""
    text = str(value)
    cut = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    return ascii(cut).replace("\\u2026", "…")


def bad_file(path: Path, problem: str, fix: str = FIX) -> DataError:
    return DataError(f"{visible(str(path), SHOWN_OF_PATH)}: {problem}; {fix}")


def bad_rows(
    path: Path, column: str, lines: Sequence[int], values: Sequence[str], wanted: str, fix: str = FIX
) -> DataError:
    """The refusal of `values` of one column, found on `lines` (1 is the header) of the file, or rows of a Parquet."""
    word = "row" if path.suffix == ".parquet" else "line"
    shown = ", ".join(
        f"{word} {line}: {quoted(value)}" for line, value in zip(lines[:SHOWN_ROWS], values, strict=False)
    )
    more = f" and {len(lines) - SHOWN_ROWS} more" if len(lines) > SHOWN_ROWS else ""
    return bad_file(path, f"column {column!r} must be {wanted}; found {shown}{more}", fix)

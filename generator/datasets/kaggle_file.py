"""From the bytes of a CSV file to the canonical Kaggle table, or to one clear refusal."""

import codecs
import csv
import difflib
import io
from pathlib import Path

import pandas as pd

from generator.datasets.complaints import bad_file, quoted
from generator.datasets.kaggle_dates import parse_dates
from generator.datasets.kaggle_schema import COLUMNS, DATES, typed

COMPARED = 100
"""Unknown columns among which a misspelt one is looked for."""
_SAVE_AS = "save the file as comma-separated UTF-8 text"


def read_table(content: bytes, path: Path) -> pd.DataFrame:
    """The canonical table in `content`; `path` is only named in errors.

    A byte-order mark, CRLF line ends and another order of the columns are fine.

    Raises:
        DataError: It is not text, not comma-separated, lacks or adds columns, or a cell is wrong.
    """
    rows, lines = _cells(_decoded(content, path), path)
    texts = pd.DataFrame(rows[1:], columns=rows[0], dtype="str")[list(COLUMNS)]
    dates = parse_dates(texts[list(DATES)], lines, path)
    return typed(texts, dates, lines, path)


def _decoded(content: bytes, path: Path) -> str:
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise bad_file(path, "the file is empty")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise bad_file(path, "the file is UTF-16, not UTF-8", _SAVE_AS)
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise bad_file(path, f"line {line} has a NUL byte: the file is damaged, or no UTF-8 text", _SAVE_AS)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        wrong = content[error.start : error.start + 1].hex()
        raise bad_file(path, f"line {line} has the byte 0x{wrong}, which is not UTF-8", _SAVE_AS) from None


def _cells(text: str, path: Path) -> tuple[list[list[str]], list[int]]:
    """Header and rows of `text`, and for each row the line it starts on; blank lines are skipped."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(line)
                if len(rows) == 1:
                    _check_header(row, path)
                elif len(row) != len(rows[0]):
                    raise bad_file(path, f"line {line} has {len(row)} cells, the header has {len(rows[0])}")
            line = reader.line_num + 1
    except csv.Error as error:
        raise bad_file(
            path, f"line {line} cannot be split into cells ({error}); is a quotation mark left open?"
        ) from None
    if len(rows) == 1:
        raise bad_file(path, "the file has a header and no rows")
    return rows, lines[1:]


def _check_header(header: list[str], path: Path) -> None:
    if len(header) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if mark in header[0]:
                raise bad_file(path, f"the columns are separated by {name}, not by commas", _SAVE_AS)
    missing = [name for name in COLUMNS if name not in header]
    extra = [name for name in header if name not in COLUMNS]
    twice = [name for name in COLUMNS if header.count(name) > 1]
    problems = []
    for name in missing:
        near = difflib.get_close_matches(name, extra[:COMPARED], n=1)
        problems.append(f"column {name!r} is missing" + (f" (is it {quoted(near[0])}?)" if near else ""))
    problems += [f"column {quoted(name)} is not one of the Kaggle table" for name in extra[:5]]
    problems += [f"column {name!r} is there twice" for name in twice]
    if problems:
        raise bad_file(path, "line 1: " + ", ".join(problems), f"the header must name: {', '.join(COLUMNS)}")

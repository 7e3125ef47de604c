"""From the bytes of a CSV file to the canonical Kaggle table, or to one clear refusal."""

import codecs
import csv
import difflib
import io
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np
import pandas as pd

from generator.datasets.complaints import bad_file, quoted
from generator.datasets.kaggle.chunks import CHUNK, TEXT, Chunk, gathered
from generator.datasets.kaggle.schema import COLUMNS
from generator.datasets.table import DataError

COMPARED = 100
"""Unknown columns among which a misspelt one is looked for."""
_SAVE_AS = "save the file as comma-separated UTF-8 text"


BLOCK = 1 << 20
"""Bytes looked at in one go."""


def read_table(content: bytes, path: Path) -> pd.DataFrame:
    """As `read_csv`, of bytes."""
    return read_csv(io.BytesIO(content), path)


def read_csv(file: BinaryIO, path: Path, chunk_rows: int = CHUNK) -> pd.DataFrame:
    """The canonical table in `file`, which is read twice from its start; `path` is only named in errors.

    A byte-order mark, CRLF line ends and another order of the columns are fine.

    Raises:
        DataError: It is not text, not comma-separated, lacks or adds columns, or a cell is wrong.
    """
    _check_text(file, path)
    return gathered(lambda: _chunks(file, path, chunk_rows), path)


def _check_text(file: BinaryIO, path: Path) -> None:
    """Pass if all of `file` is UTF-8 text, and not only blanks."""
    file.seek(0)
    decoder, lines, blank = codecs.getincrementaldecoder("utf-8")(), 1, True
    while block := file.read(BLOCK):
        if file.tell() == len(block) and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise bad_file(path, "the file is UTF-16, not UTF-8", _SAVE_AS)
        if b"\0" in block:
            line = lines + block[: block.index(b"\0")].count(b"\n")
            raise bad_file(
                path, f"line {line} has a NUL byte: the file is damaged, or no UTF-8 text", _SAVE_AS
            )
        blank = blank and not block.removeprefix(codecs.BOM_UTF8).strip()
        held, _ = decoder.getstate()  # the first bytes of a sign that the last block cut in two
        _check_block(held + block, lines, path, decoder)
        lines += block.count(b"\n")
    if blank:
        raise bad_file(path, "the file is empty")
    held, _ = decoder.getstate()
    if held:
        raise _no_utf8(held[0], lines, path)


def _check_block(content: bytes, line: int, path: Path, decoder: codecs.IncrementalDecoder) -> None:
    decoder.reset()
    try:
        decoder.decode(content)
    except UnicodeDecodeError as error:
        raise _no_utf8(content[error.start], line + content[: error.start].count(b"\n"), path) from None


def _no_utf8(byte: int, line: int, path: Path) -> DataError:
    return bad_file(path, f"line {line} has the byte 0x{byte:02x}, which is not UTF-8", _SAVE_AS)


def _chunks(file: BinaryIO, path: Path, chunk_rows: int) -> Generator[Chunk]:
    """The rows of `file`, `chunk_rows` at a time, each with the line it starts on; blank lines are skipped."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        yield from _split(text, path, chunk_rows)
    finally:
        text.detach()  # or `file` would be closed with it


def _split(text: TextIO, path: Path, chunk_rows: int) -> Generator[Chunk]:
    reader = csv.reader(text, strict=True)
    header: list[str] = []
    rows, lines, line = [], [], 1
    found = False
    try:
        for row in reader:
            if row and not header:
                check_header(row, path, "line 1")
                header = row
            elif row:
                if len(row) != len(header):
                    raise bad_file(path, f"line {line} has {len(row)} cells, the header has {len(header)}")
                rows.append(row)
                lines.append(line)
                if len(rows) == chunk_rows:
                    yield _chunk(rows, header, lines)
                    rows, lines, found = [], [], True
            line = reader.line_num + 1
    except csv.Error as error:
        raise bad_file(
            path, f"line {line} cannot be split into cells ({error}); is a quotation mark left open?"
        ) from None
    if rows:
        yield _chunk(rows, header, lines)
    elif not found:
        raise bad_file(path, "the file has a header and no rows")


def _chunk(rows: list[list[str]], header: list[str], lines: list[int]) -> Chunk:
    return pd.DataFrame(rows, columns=header, dtype=TEXT)[list(COLUMNS)], np.array(lines)


def check_header(header: list[str], path: Path, place: str) -> None:
    """Pass if `header` names the Kaggle columns, each once, in any order.

    Raises:
        DataError: It does not; the message says how, and that `place` shows it.
    """
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
        raise bad_file(
            path, f"{place}: " + ", ".join(problems), f"the header must name: {', '.join(COLUMNS)}"
        )

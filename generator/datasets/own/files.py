"""From the files of a table to its columns as text, or to one clear refusal; no cell is taken for anything yet."""

import codecs
import csv
import hashlib
import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, TextIO

import numpy as np
import pyarrow as pa
from pyarrow import compute, parquet

from generator.datasets.at_odds import PARQUET
from generator.datasets.complaints import bad_file, bad_rows, quoted
from generator.datasets.names import LONGEST, is_name
from generator.datasets.opening import opened
from generator.datasets.table import DataError
from generator.records.validation import Reading

CHUNK = 50_000
"""Rows that stand in memory as single texts at one time."""
BLOCK = 1 << 20
"""Bytes looked at in one go."""
DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
OTHER_FILES = {
    b"PK\x03\x04": "a workbook or another zip archive",
    b"\xd0\xcf\x11\xe0": "an old workbook",
    b"\x1f\x8b": "packed",
    b"PAR1": "Parquet",
    b"%PDF": "a PDF",
    b"<!doc": "a web page",
    b"<html": "a web page",
    b"version https://git-lfs": "a pointer of Git LFS, for which `git lfs pull` fetches the file",
    b'{"': "JSON",
    b"[{": "JSON",
}
"""How a file starts that is no text of cells."""
SAVE_AS = "save the table as text with one sign between cells"


@dataclass(frozen=True)
class Texts:
    """One column as its files have it."""

    name: str
    codes: np.ndarray
    """(n,) places in `values`; -1 where a Parquet file has nothing."""
    values: tuple[str, ...]
    """The different texts, in the order that rows first have them."""

    @cached_property
    def bare(self) -> tuple[str, ...]:
        """`values` without blanks around them."""
        return tuple(map(str.strip, self.values))

    def of(self, meaning: np.ndarray, nothing) -> np.ndarray:
        """What each row has (n,), by what each text means (k,)."""
        return np.append(meaning, nothing)[self.codes]

    def counts(self) -> np.ndarray:
        """Rows of each text (k,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.values))


@dataclass(frozen=True)
class Part:
    """One file of a table."""

    path: Path
    lines: np.ndarray
    """(m,) where its rows start: lines of text, the header being the first; numbers of rows in Parquet."""


@dataclass(frozen=True)
class TextTable:
    columns: dict[str, Texts]
    """In the order of the first file."""
    parts: tuple[Part, ...]
    sha256: str
    """Of the bytes of the files, one after the other."""

    @property
    def rows(self) -> int:
        return sum(len(part.lines) for part in self.parts)

    @property
    def path(self) -> Path:
        """The first file, which stands for the table in what is said of the whole."""
        return self.parts[0].path

    @property
    def is_parquet(self) -> bool:
        return self.path.suffix.lower() == PARQUET

    def refusal(self, name: str, rows: np.ndarray, wanted: str, fix: str) -> DataError:
        """What is said of column `name`, wrong in these rows (m,), rising: those of the first file that has any."""
        column, start = self.columns[name], 0
        for part in self.parts:
            inside = rows[(rows >= start) & (rows < start + len(part.lines))]
            if len(inside):
                shown = column.codes[inside]
                values = [column.values[code] if code >= 0 else "" for code in shown[:5]]
                return bad_rows(part.path, name, part.lines[inside - start], values, wanted, fix)
            start += len(part.lines)
        return bad_file(self.path, f"column {name!r} must be {wanted}", fix)


def read_texts(paths: Sequence[Path], reading: Reading) -> TextTable:
    """The table in the files at `paths`, one after the other, all of them text or all of them Parquet.

    Raises:
        DataError: One cannot be read, is not what `reading` says, has no rows, or has other columns than the first.
    """
    digest, parts, header, chunks = hashlib.sha256(), [], [], []
    for path in paths:
        read = _parquet if path.suffix.lower() == PARQUET else _text
        with opened(path) as file, read(file, path, reading, digest) as (names, found):
            order = _order(names, header or names, path, paths[0])
            header, lines = header or names, []
            for arrays, where in found:
                chunks.append([arrays[place] for place in order])
                lines.append(where)
        if not lines:
            raise bad_file(path, "it has columns and no rows", "is it the right file?")
        parts.append(Part(path, np.concatenate(lines)))
    columns = {name: _joined(name, arrays) for name, *arrays in zip(header, *chunks, strict=True)}
    return TextTable(columns, tuple(parts), digest.hexdigest())


def _order(names: list[str], wanted: list[str], path: Path, first: Path) -> list[int]:
    """Where the columns `wanted` are among `names`."""
    problems = [f"column {quoted(name)} is missing" for name in wanted if name not in names]
    problems += [f"column {quoted(name)} is not in {first.name}" for name in names if name not in wanted]
    if problems:
        raise bad_file(path, ", ".join(problems[:5]), "give files with the same columns")
    return [names.index(name) for name in wanted]


def _joined(name: str, arrays: list[pa.Array]) -> Texts:
    whole = pa.chunked_array(arrays).unify_dictionaries().combine_chunks()
    if isinstance(whole, pa.ChunkedArray):  # what newer versions give back for a single chunk
        whole = whole.chunk(0)
    return Texts(name, whole.indices.fill_null(-1).to_numpy(), tuple(whole.dictionary.to_pylist()))


def _check_header(names: list[str], path: Path) -> list[str]:
    """The names of the columns; one without a name is called as pandas calls it."""
    names = [name or f"Unnamed: {place}" for place, name in enumerate(names)]
    for place, name in enumerate(names):
        if not is_name(name):
            raise bad_file(
                path,
                f"column {place + 1} is called {quoted(name)}",
                f"give it a name of 1 to {LONGEST} visible signs",
            )
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise bad_file(path, f"column {quoted(twice[0])} is there twice", "give every column its own name")
    return names


# ---------------------------------------------------------------- text


@contextmanager
def _text(file: BinaryIO, path: Path, reading: Reading, digest):
    """The names of the columns, and the rows as (arrays by column, lines), a chunk at a time."""
    _check_text(file, path, reading.encoding, digest)
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=_decoder(reading.encoding), newline="")
    try:
        rows = _rows(text, path, reading.delimiter)
        _, header = next(rows, (1, []))
        if len(header) < 2:
            raise bad_file(path, *_one_cell(header, reading.delimiter))
        yield _check_header(header, path), _chunks(rows, len(header), path)
    finally:
        text.detach()  # or `file` would be closed with it


def _one_cell(header: list[str], delimiter: str) -> tuple[str, str]:
    if not header:
        return "it is empty", "is it the right file?"
    known = DELIMITERS.get(delimiter, quoted(delimiter))
    for mark in DELIMITERS:
        if mark in header[0]:
            return (
                f"line 1 is one cell if {known} separate cells, as stated; it looks like {DELIMITERS[mark]}",
                f"give reading.delimiter = {json.dumps(mark)}",
            )
    return f"line 1 is one cell, {quoted(header[0])}, with no {known}", "is it the right file?"


def _rows(text: TextIO, path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(line it starts on, cells) of every row that is not blank, the header being the first."""
    reader, line = csv.reader(text, strict=True, delimiter=delimiter), 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise bad_file(
            path,
            f"line {line} cannot be split into cells ({error})",
            "is a quotation mark left open, or one inside of a cell not written twice?",
        ) from None


def _chunks(rows: Iterator[tuple[int, list[str]]], width: int, path: Path) -> Iterator:
    while chunk := list(itertools.islice(rows, CHUNK)):
        for line, row in chunk:
            if len(row) != width:
                raise bad_file(
                    path,
                    f"line {line} has {len(row)} cells, the header has {width}",
                    "is a cell with the delimiter in it not in quotation marks, or the file cut short?",
                )
        lines, cells = zip(*chunk, strict=True)
        arrays = [pa.array(column, pa.string()).dictionary_encode() for column in zip(*cells, strict=True)]
        yield arrays, np.array(lines)


def _decoder(encoding: str) -> str:
    """A byte-order mark is no part of the first name."""
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding


def _check_text(file: BinaryIO, path: Path, encoding: str, digest) -> None:
    """Pass if all of `file`, which `digest` sees too, is text in `encoding`, as far as bytes can tell.

    Raises:
        DataError: It is not, and what it looks like.
    """
    wide = codecs.lookup(encoding).name.startswith(("utf-16", "utf-32"))
    declared = codecs.getincrementaldecoder(encoding)()
    utf8 = None if codecs.lookup(encoding).name.startswith("utf") else codecs.getincrementaldecoder("utf-8")()
    lines, plain = 1, True
    while True:
        block = file.read(BLOCK)
        digest.update(block)
        if lines == 1 and file.tell() == len(block):
            _check_start(block, path, wide)
        if not wide and b"\0" in block:
            line = lines + block[: block.index(b"\0")].count(b"\n")
            raise bad_file(path, f"line {line} has a NUL byte: the file is damaged, or no text", SAVE_AS)
        held = declared.getstate()[0]
        try:
            declared.decode(block, final=not block)
        except UnicodeDecodeError as error:
            wrong = (held + block)[error.start : error.start + 1]
            line = lines + (held + block)[: error.start].count(b"\n")
            raise bad_file(
                path,
                f"line {line} has the byte 0x{wrong.hex()}, which is not {encoding}",
                f"give reading.encoding = {encoding_of(file)!r}, which it looks like, or save the file as UTF-8",
            ) from None
        except UnicodeError:  # a stream that has to start with a mark, and does not
            raise bad_file(
                path,
                f"reading.encoding is {encoding}, and the file does not start with its mark",
                f"give reading.encoding = '{encoding}-le' or '{encoding}-be', or save the file as UTF-8",
            ) from None
        plain = plain and block.isascii()
        try:
            utf8 and utf8.decode(block, final=not block)
        except UnicodeDecodeError:
            utf8 = None
        lines += block.count(b"\n")
        if not block:
            break
    if utf8 and not plain:
        raise bad_file(
            path, f"reading.encoding is {encoding}; it looks like utf-8", "give reading.encoding = 'utf-8'"
        )


def _check_start(block: bytes, path: Path, wide: bool) -> None:
    if not block.removeprefix(codecs.BOM_UTF8).strip():
        raise bad_file(path, "it is empty", "is it the right file?")
    if what := other_file(block):
        raise bad_file(path, f"it is {what}, no text", SAVE_AS)
    if not wide and block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise bad_file(
            path, "it looks like utf-16", "give reading.encoding = 'utf-16', or save the file as UTF-8"
        )


def other_file(start: bytes) -> str | None:
    """What a file that starts so is, if it is known to be no table in text."""
    begins = start.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    return next((what for mark, what in OTHER_FILES.items() if begins.startswith(mark.lower())), None)


def encoding_of(file: BinaryIO) -> str:
    """What the bytes of `file` look like: UTF with or without a mark, else what Western European Windows writes."""
    file.seek(0)
    content = file.read(64 * BLOCK)
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "cp1252"):
        try:
            codecs.getincrementaldecoder(encoding)().decode(content)
            return encoding
        except UnicodeDecodeError:
            pass
    return "latin-1"


# ---------------------------------------------------------------- Parquet


@contextmanager
def _parquet(file: BinaryIO, path: Path, reading: Reading, digest):
    """As `_text`; rows are numbered from 1."""
    while block := file.read(BLOCK):
        digest.update(block)
    file.seek(0)
    try:
        table = parquet.ParquetFile(file)
        names = _check_header(table.schema_arrow.names, path)
        for field in table.schema_arrow:
            if pa.types.is_nested(field.type):
                raise bad_file(
                    path,
                    f"column {field.name!r} holds {field.type}, no text, number or date",
                    "leave it out of the file",
                )
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(path, error) from None
    yield names, _batches(table, path)


def _batches(table: parquet.ParquetFile, path: Path) -> Iterator:
    first = 1
    try:
        for batch in table.iter_batches(CHUNK):
            if len(batch):
                arrays = [_as_text(values).dictionary_encode() for values in batch.columns]
                yield arrays, np.arange(first, first + len(batch))
            first += len(batch)
    except (pa.ArrowException, OSError) as error:
        raise _not_parquet(path, error) from None


def _not_parquet(path: Path, error: Exception) -> DataError:
    reason = (str(error).splitlines() or ["no reason given"])[0]
    return bad_file(path, f"it cannot be read as Parquet ({reason[:200]})", "write the file again")


def _as_text(values: pa.Array) -> pa.Array:
    """The values as a CSV file has them, fractions to the last bit; null where there is none."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_floating(values.type):
        values = values.cast(pa.float64())
        values = compute.if_else(compute.is_nan(values), None, values)
    if pa.types.is_timestamp(values.type):
        if values.type.tz:  # what the clock showed in the zone of the column, not what it then was in UTC
            values = compute.local_timestamp(values)
        whole = compute.floor_temporal(values, unit="second").cast(pa.timestamp("s"), safe=False)
        values = compute.strftime(whole, format="%Y-%m-%d %H:%M:%S")
    return values.cast(pa.string())

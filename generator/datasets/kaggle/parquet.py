"""A Parquet file with the Kaggle columns: its values are written as text, then read as those of a CSV file."""

from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import compute, parquet

from generator.datasets.complaints import bad_file
from generator.datasets.kaggle.chunks import CHUNK, TEXT, Chunk, gathered
from generator.datasets.kaggle.file import check_header
from generator.datasets.kaggle.schema import COLUMNS

SUFFIX = ".parquet"


def read_parquet(file: BinaryIO, path: Path, chunk_rows: int = CHUNK) -> pd.DataFrame:
    """The canonical table in `file`; `path` is only named in errors, where a line is the number of the row.

    Raises:
        DataError: It is no Parquet file, lacks or adds columns, or a value is wrong.
    """
    try:
        table = parquet.ParquetFile(file)
        check_header(table.schema_arrow.names, path, "the schema")
        for field in table.schema_arrow:
            if pa.types.is_nested(field.type):
                raise bad_file(path, f"column {field.name!r} holds {field.type}, no text, number or date")
        if not table.metadata.num_rows:
            raise bad_file(path, "the file has columns and no rows")
        return gathered(lambda: _chunks(table, chunk_rows), path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise bad_file(
            path, f"it cannot be read as Parquet ({reason[:200]})", "write the file again"
        ) from None


def _chunks(table: parquet.ParquetFile, chunk_rows: int) -> Generator[Chunk]:
    first = 1
    for batch in table.iter_batches(chunk_rows, columns=list(COLUMNS)):
        texts = {name: _as_text(batch.column(name)) for name in COLUMNS}
        yield pd.DataFrame(texts, dtype=TEXT), np.arange(first, first + len(batch))
        first += len(batch)


def _as_text(values: pa.Array) -> list[str]:
    """The values as a CSV file has them; nothing where there is none."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_timestamp(values.type):
        if values.type.tz:  # what the clock showed in the zone of the column, not what it then was in UTC
            values = compute.local_timestamp(values)
        whole = compute.floor_temporal(values, unit="second").cast(pa.timestamp("s"), safe=False)
        values = compute.strftime(whole, format="%Y-%m-%d %H:%M:%S")
    return compute.fill_null(values.cast(pa.string()), "").to_pylist()

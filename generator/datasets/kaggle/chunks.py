"""From the rows of a file, a chunk at a time, to the canonical table: no more text in memory than one chunk."""

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from generator.datasets.complaints import bad_rows
from generator.datasets.kaggle.dates import DateReader, order_of
from generator.datasets.kaggle.schema import COLUMNS, DATES, typed

CHUNK = 50_000
"""Rows that stand in memory as text at one time."""

TEXT = pd.StringDtype("python", na_value=np.nan)
"""Cells as they are read: their checks know every white space and every sign of Unicode."""

Chunk = tuple[pd.DataFrame, np.ndarray]
"""The sixteen columns as text, and the line of each row in the file."""

KEY = "TransactionID"


def gathered(chunks: Callable[[], Generator[Chunk]], path: Path) -> pd.DataFrame:
    """The canonical table of `chunks`, which gives all of them anew each time it is called.

    Raises:
        DataError: A cell is wrong; the first chunk that has one is judged alone.
    """
    with closing(chunks()) as part:
        order = order_of(((texts[DATES[0]], lines) for texts, lines in part), path)
    dates, parts, lines = DateReader(order, path), [], []
    with closing(chunks()) as part:
        for texts, where in part:
            parts.append(typed(texts, dates.read(texts[list(DATES)], where), where, path))
            lines.append(where)
    frame = pd.concat(parts, ignore_index=True)
    _check_unique(frame[KEY], np.concatenate(lines), path)
    return frame


def _check_unique(ids: pd.Series, lines: np.ndarray, path: Path) -> None:
    repeated = np.flatnonzero(ids.duplicated(keep=False))
    if len(repeated):
        raise bad_rows(path, KEY, lines[repeated], list(ids.iloc[repeated]), COLUMNS[KEY].wanted)

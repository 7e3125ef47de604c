"""The one text form of a table: what two files must share to be the same data."""

import csv
import hashlib
import io
from collections.abc import Iterator

import numpy as np
import pandas as pd

CHUNK = 50_000
"""Rows that stand in memory as text at one time."""


def canonical_text(frame: pd.DataFrame, decimals: dict[str, int]) -> str:
    """CSV of `frame`: its column order, ISO minutes, `decimals` digits for fractions, LF line ends."""
    return "".join(_parts(frame, decimals))


def canonical_sha256(frame: pd.DataFrame, decimals: dict[str, int]) -> str:
    digest = hashlib.sha256()
    for part in _parts(frame, decimals):
        digest.update(part.encode())
    return digest.hexdigest()


def _parts(frame: pd.DataFrame, decimals: dict[str, int]) -> Iterator[str]:
    for start in range(0, max(1, len(frame)), CHUNK):
        part = frame.iloc[start : start + CHUNK]
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        if not start:
            writer.writerow(frame.columns)
        writer.writerows(zip(*(_cells(part[name], decimals.get(name)) for name in part), strict=True))
        yield text.getvalue()


def _cells(values: pd.Series, decimals: int | None) -> list:
    if decimals is not None:
        return [f"{value:.{decimals}f}" for value in values]
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return np.datetime_as_string(values.to_numpy(), unit="m").tolist()
    return values.tolist()

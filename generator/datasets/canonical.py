"""The one text form of a table: what two files must share to be the same data."""

import hashlib

import pandas as pd


def canonical_text(frame: pd.DataFrame, decimals: dict[str, int]) -> str:
    """CSV of `frame`: its column order, ISO minutes, `decimals` digits for fractions, LF line ends."""
    text = frame.copy()
    for column, digits in decimals.items():
        text[column] = [f"{value:.{digits}f}" for value in frame[column]]
    for column in frame.columns[frame.dtypes.map(pd.api.types.is_datetime64_dtype)]:
        text[column] = frame[column].dt.strftime("%Y-%m-%dT%H:%M")
    return text.to_csv(index=False, lineterminator="\n")


def canonical_sha256(frame: pd.DataFrame, decimals: dict[str, int]) -> str:
    return hashlib.sha256(canonical_text(frame, decimals).encode()).hexdigest()

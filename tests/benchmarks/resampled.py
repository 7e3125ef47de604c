"""A table of any size with the Kaggle columns: rows of the real one drawn again, none an exact copy."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from generator.datasets import DataError, SourceOptions
from generator.datasets.kaggle import source as kaggle_source
from generator.engine.seeding import stage_rng

PART = 250_000
"""Rows made and written at one time."""
SPREAD = 0.05
"""Standard deviation of the logarithm by which amounts and balances move."""
SECONDS = 5
"""Most by which a duration moves, either way."""


def published() -> Path:
    """The Kaggle file: the one given, or the one in data/raw.

    Raises:
        DataError: There is none.
    """
    given = Path(os.environ.get("KAGGLE_CSV") or SourceOptions().raw_dir / kaggle_source.FILE)
    if not given.exists():
        raise DataError(f"{given}: there is no such file; give the Kaggle file as KAGGLE_CSV")
    return given


def write_resampled(path: Path, rows: int, seed: int = 2512):
    """A CSV file of `rows` rows at `path`; identifiers of rows are new, the other columns keep their values."""
    table, _ = kaggle_source.obtain(SourceOptions(kaggle_csv=published(), offline=True))
    rng = stage_rng(seed, f"resampled/{rows}")
    for start in range(0, rows, PART):
        part = _part(table, min(PART, rows - start), start, rng)
        part.to_csv(
            path, mode="a" if start else "w", header=not start, index=False, date_format="%Y-%m-%d %H:%M:%S"
        )


def _part(table: pd.DataFrame, rows: int, start: int, rng: np.random.Generator) -> pd.DataFrame:
    drawn = table.iloc[rng.integers(0, len(table), rows)].reset_index(drop=True)
    moved = {
        money: np.maximum(drawn[money] * np.exp(SPREAD * rng.standard_normal(rows)), 0.01).round(2)
        for money in ("TransactionAmount", "AccountBalance")
    }
    shift = rng.integers(-SECONDS, SECONDS, rows, endpoint=True)
    return drawn.assign(
        TransactionID=[f"TX{number:08d}" for number in range(start + 1, start + rows + 1)],
        TransactionDuration=(drawn["TransactionDuration"] + shift).clip(lower=1),
        **moved,
    )

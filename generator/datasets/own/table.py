"""What a table of one's own is once it is read: inputs, label, and which rows train and are judged."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from generator.datasets.table import only
from generator.records.features import Feature
from generator.records.validation import ColumnNote, Notice


@dataclass(frozen=True)
class OwnTable:
    """n rows with the label that somebody found."""

    frame: pd.DataFrame
    """Every column of the files, typed as the study file uses it: numbers float64, dates datetime64[s], else str, with
    nothing where a row has none; index 0..n-1, rows in file order."""
    ids: np.ndarray
    """(n,) str, unique; the number of the row, from 1, where no column is the id. Never published."""
    x: np.ndarray
    """(n, d) float64, inputs in raw units, columns as in `features`: of a flag, a category or a band its place in
    `Feature.categories`, NaN where a row has no value."""
    y: np.ndarray
    """(n,) int64, 1 = fraud."""
    features: tuple[Feature, ...]
    amounts: np.ndarray | None
    """(n,) in the study's currency, 0 or more; None where no column holds money."""
    weights: np.ndarray
    """(n,) how many rows in life each stands for, above 0; 1 where no column says so."""
    times: np.ndarray | None
    """(n,) datetime64[s]; None where no column is the time."""
    trains: np.ndarray
    """(n,) bool: rows that models may be trained on; without a split all of them."""
    judged: np.ndarray
    """(n,) bool: rows that models are judged on; without a split all of them, by models that never saw them."""
    groups: dict[str, np.ndarray]
    """Column -> (n,) str, the group of each row."""
    digest: str
    """sha256 of the bytes of the files, one after the other."""
    notices: tuple[Notice, ...]
    columns: tuple[ColumnNote, ...]
    """Of every column of the files, in their order."""

    @property
    def split(self) -> bool:
        """Whether the study file says which rows train and which are judged."""
        return not (self.trains & self.judged).all()

    def only(self, rows: np.ndarray) -> "OwnTable":
        """Those rows of the table (m,); features, notices and columns stay those of the whole."""
        return only(
            self,
            rows,
            amounts=None if self.amounts is None else self.amounts[rows],
            weights=self.weights[rows],
            times=None if self.times is None else self.times[rows],
            trains=self.trains[rows],
            judged=self.judged[rows],
            groups={name: values[rows] for name, values in self.groups.items()},
        )

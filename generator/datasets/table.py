"""What every dataset hands to the study: one labelled table, its inputs, and how it was obtained."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from generator.records.features import Control, Feature
from generator.records.results import DatasetSummary, DataSource
from generator.records.spec import LabelSpec, StudySpec

ScoreTerms = Callable[[np.ndarray], np.ndarray]
"""x (m, d) raw units -> terms (m, k) of the risk score, on scales frozen on the whole table."""


class DataError(Exception):
    """The data cannot be used; the message names the file, the column, the first bad rows and the fix."""


@dataclass(frozen=True)
class SourceOptions:
    """Where to look for data."""

    kaggle_csv: Path | None = None
    """A file that must be used; None searches."""
    offline: bool = False
    """Never download."""
    raw_dir: Path = Path("data/raw")
    """Where files are put by hand, and where a download is kept."""


@dataclass(frozen=True)
class Input:
    """What is known of one model input before any row is seen."""

    name: str
    title: str
    unit: str
    decimals: int
    control: Control
    helps: Literal["up", "down", "both", "none"]
    """Direction in which a fraudster who can change it would move it."""
    score_sign: int
    """+1 where the risk score rises with it, -1 where it falls, 0 where it does not depend on it."""
    note: str
    integer: bool = False
    """It moves in whole units only."""

    def measured(self, values: np.ndarray) -> Feature:
        """The record of this input, with the range and spread (divisor n) of values (n,) in raw units."""
        return Feature(
            name=self.name,
            title=self.title,
            unit=self.unit,
            decimals=self.decimals,
            control=self.control,
            helps=self.helps,
            integer=self.integer,
            note=self.note,
            low=float(values.min()),
            high=float(values.max()),
            mean=float(values.mean()),
            standard_deviation=float(values.std()),
        )


@dataclass(frozen=True)
class LabelledTable:
    """n transactions with the label the study gives them."""

    name: str
    title: str
    description: str
    frame: pd.DataFrame
    """The canonical table: every column, rows in file order, index 0..n-1."""
    ids: np.ndarray
    """(n,) str, unique."""
    x: np.ndarray
    """(n, d) float64, model inputs in raw units, columns as in `features`."""
    y: np.ndarray
    """(n,) int64, 1 = fraud."""
    score: np.ndarray
    """(n,) float64, the risk score the label was cut from, noise included."""
    cut: float
    """Lowest score among the flagged rows."""
    amount: int
    """The column of `x` that holds the amount, USD."""
    features: tuple[Feature, ...]
    source: DataSource
    rule: Callable[[np.ndarray], np.ndarray]
    """x (m, d) raw units -> the score the labelling rule gives those rows (m,), noise left out."""
    score_signs: np.ndarray
    """(d,) +1 where the rule's score rises with the input, -1 where it falls, 0 where it does not depend on it."""

    @property
    def amounts(self) -> np.ndarray:
        """(n,) USD."""
        return self.x[:, self.amount]

    def only(self, rows: np.ndarray) -> "LabelledTable":
        """Those rows of the table (m,); labels, cut, rule and ranges stay those of the whole."""
        return replace(
            self,
            frame=self.frame.iloc[rows].reset_index(drop=True),
            ids=self.ids[rows],
            x=self.x[rows],
            y=self.y[rows],
            score=self.score[rows],
        )

    def lowest_scores(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The least score of the rule on each box [lower, upper] (m, d), raw units, cut to the data's range.

        The rule is monotone in each input, so its least value lies at one corner.
        """
        return self._corner(np.where(self.score_signs > 0, lower, upper))

    def highest_scores(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The greatest score of the rule on each box, as `lowest_scores`."""
        return self._corner(np.where(self.score_signs > 0, upper, lower))

    def _corner(self, x: np.ndarray) -> np.ndarray:
        low = np.array([feature.low for feature in self.features])
        high = np.array([feature.high for feature in self.features])
        return self.rule(np.clip(x, low, high))


@dataclass(frozen=True)
class FreshRows:
    """Rows drawn from where the rows of a simulated table came from, and how likely any row is there."""

    x: np.ndarray
    """(n, d), raw units; not in the table."""
    probability: Callable[[np.ndarray], np.ndarray]
    """x (m, d) raw units -> P(a row drawn is exactly this one) (m,); 0 outside [low, high]."""
    low: np.ndarray
    """(d,) least value an input can have."""
    high: np.ndarray
    step: np.ndarray
    """(d,) every value is a whole number of these."""


@dataclass(frozen=True)
class Dataset:
    """A dataset the study knows: what is asked of it, how to load it, how to describe it."""

    name: str
    title: str
    study: StudySpec
    load: Callable[[StudySpec, SourceOptions], LabelledTable]
    summarise: Callable[[LabelledTable, StudySpec], DatasetSummary]
    fresh: Callable[[StudySpec], FreshRows | None] = lambda spec: None
    """Further rows, as many as the spec says; None where there is nothing to draw them from."""


def flag_top(score: np.ndarray, share: float, ids: np.ndarray) -> np.ndarray:
    """y (n,) int64 with 1 for the ceil(share * n) highest scores; among equal scores the smaller id wins."""
    # 0.2 * 2515 is 503.00000000000006 in floats; the ceiling is meant of the exact product.
    k = math.ceil(round(share * len(score), 9))
    least = np.partition(score, len(score) - k)[len(score) - k]
    y = (score > least).astype(np.int64)
    level = np.flatnonzero(score == least)
    y[level[np.argsort(ids[level], kind="stable")[: k - y.sum()]]] = 1
    return y


def weight_vector(label: LabelSpec, terms: tuple[str, ...]) -> np.ndarray:
    """Weights of the score (k,), in the order of `terms`.

    Raises:
        DataError: The spec weighs other terms than the score has.
    """
    if set(label.weights) != set(terms):
        raise DataError(
            f"label weights are given for {', '.join(sorted(label.weights)) or 'nothing'}; "
            f"give one for each of: {', '.join(terms)}"
        )
    return np.array([label.weights[term] for term in terms])


def check_learnable(table: LabelledTable, folds: int) -> None:
    """Pass if stratified folds can be made: each class has at least `folds` rows.

    Raises:
        DataError: One class is missing, or smaller than the number of folds.
    """
    for label, title in ((1, "fraud"), (0, "legitimate")):
        rows = int((table.y == label).sum())
        if rows < folds:
            problem = "all rows are of one class" if rows == 0 else f"only {rows} rows are {title}"
            raise DataError(
                f"{table.title}: {len(table.y)} rows, column 'label': {problem}, but {folds} folds need at "
                f"least {folds} of each; use a file with more rows, or fewer folds"
            )

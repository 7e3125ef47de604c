"""What every dataset hands to the study: one labelled table, its inputs, and how it was obtained."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from generator.records.features import Feature
from generator.records.results import DatasetSummary, DataSource
from generator.records.spec import LabelSpec, StudySpec

if TYPE_CHECKING:
    import pandas as pd

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
class Rule:
    """The rule that made the label of n rows: fraud are those with a score from the cut upwards."""

    terms: ScoreTerms
    weights: np.ndarray
    """(k,) of the terms."""
    names: tuple[str, ...]
    """(k,)"""
    signs: np.ndarray
    """(d,) +1 where the score rises with the input, -1 where it falls, 0 where it does not depend on it."""
    low: np.ndarray
    """(d,) least value of each input in the data, raw units; the rule is not asked beyond."""
    high: np.ndarray
    score: np.ndarray
    """(n,) float64, noise included."""
    cut: float
    """Lowest score among the flagged rows."""

    @classmethod
    def flagging(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        score: np.ndarray,
        terms: ScoreTerms,
        weights: np.ndarray,
        names: tuple[str, ...],
        signs: np.ndarray,
    ) -> Self:
        """The rule that gave rows x (n, d) these scores (n,) and flagged those where y (n,) is 1."""
        cut = float(score[y == 1].min())
        return cls(terms, weights, names, signs, low=x.min(0), high=x.max(0), score=score, cut=cut)

    def of(self, x: np.ndarray) -> np.ndarray:
        """The scores (m,) of x (m, d) raw units, noise left out."""
        return self.terms(x) @ self.weights

    def lowest(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The least score on each box [lower, upper] (m, d), raw units, cut to the data's range.

        The score is monotone in each input, so its least value lies at one corner.
        """
        return self.of(np.clip(np.where(self.signs > 0, lower, upper), self.low, self.high))

    def highest(self, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
        """The greatest score on each box, as `lowest`."""
        return self.of(np.clip(np.where(self.signs > 0, upper, lower), self.low, self.high))


@dataclass(frozen=True)
class LabelledTable:
    """n transactions with the label the study gives them."""

    name: str
    title: str
    description: str
    frame: "pd.DataFrame"
    """The canonical table: every column, rows in file order, index 0..n-1."""
    ids: np.ndarray
    """(n,) str, unique."""
    x: np.ndarray
    """(n, d) float64, model inputs in raw units, columns as in `features`: of a flag, a category or a band its place
    in `Feature.categories`, NaN where a row has no value."""
    y: np.ndarray
    """(n,) int64, 1 = fraud."""
    amount: int
    """The column of `x` that holds the amount, in the study's currency."""
    features: tuple[Feature, ...]
    source: DataSource
    rule: Rule | None
    """What made the label; None where it was found."""

    @property
    def amounts(self) -> np.ndarray:
        """(n,) in the study's currency."""
        return self.x[:, self.amount]

    def only(self, rows: np.ndarray) -> "LabelledTable":
        """Those rows of the table (m,); labels, rule and ranges stay those of the whole."""
        return only(self, rows, rule=self.rule and replace(self.rule, score=self.rule.score[rows]))


Rows = TypeVar("Rows")
"""A table of any kind, with `frame`, `ids`, `x` and `y`."""


def only(table: Rows, rows: np.ndarray, **others: Any) -> Rows:
    """Those rows of a table (m,), with `others` in place of what else it has row by row."""
    return replace(
        table,
        frame=table.frame.iloc[rows].reset_index(drop=True),
        ids=table.ids[rows],
        x=table.x[rows],
        y=table.y[rows],
        **others,
    )


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

    study: StudySpec
    load: Callable[[StudySpec, SourceOptions], LabelledTable]
    summarise: Callable[[LabelledTable, StudySpec], DatasetSummary]
    fresh: Callable[[StudySpec], FreshRows | None]
    """Further rows, as many as the spec says; None where there is nothing to draw them from."""

    @property
    def name(self) -> str:
        return self.study.dataset


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

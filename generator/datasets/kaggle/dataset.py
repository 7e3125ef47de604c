"""Kaggle bank transactions: the public table without a label, labelled by the top share of a risk score."""

import numpy as np

from generator.datasets.kaggle import source as kaggle_source
from generator.datasets.kaggle.anomalies import anomalies
from generator.datasets.kaggle.schema import COLUMNS
from generator.datasets.profile import summary
from generator.datasets.study_file import check_columns
from generator.datasets.table import (
    LabelledTable,
    Rule,
    ScoreTerms,
    SourceOptions,
    check_learnable,
    flag_top,
    weight_vector,
)
from generator.records.results import DatasetSummary
from generator.records.spec import StudySpec

FEATURES = ("TransactionAmount", "CustomerAge", "TransactionDuration", "LoginAttempts", "AccountBalance")
SIGNS = np.array([1, 0, 1, 1, -1])
"""+1 where the risk score rises with the input, -1 where it falls, 0 where it does not depend on it."""
TERMS = ("amount", "amount share", "login attempts", "duration", "thin balance")


def midrank_share(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """r(v) = (rows of the rising sample `ordered` below v + half of those equal) / n; there, (midrank - 1/2) / n."""
    each, places = np.unique(values, return_inverse=True)  # to look up in rising order is many times faster
    below = np.searchsorted(ordered, each, side="left")
    not_above = np.searchsorted(ordered, each, side="right")
    return ((below + not_above) / (2 * len(ordered)))[places]


def amount_share(amount: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """amount / (amount + balance), 0 where both are 0."""
    return amount / np.maximum(amount + balance, 0.01)


def score_terms(table_x: np.ndarray) -> ScoreTerms:
    """The terms of the risk score, ranked among the rows of table_x (n, 5) for good.

    Login attempts are scaled, not ranked: nearly all rows have one, so ranks would say nothing.
    """
    amount0, _, duration0, _, balance0 = np.sort(table_x, axis=0).T
    share0 = np.sort(amount_share(table_x[:, 0], table_x[:, 4]))

    def terms(x: np.ndarray) -> np.ndarray:
        amount, _, duration, logins, balance = x.T
        return np.column_stack(
            (
                midrank_share(amount0, amount),
                midrank_share(share0, amount_share(amount, balance)),
                (logins - 1) / 4,
                midrank_share(duration0, duration),
                1 - midrank_share(balance0, balance),
            )
        )

    return terms


def load(spec: StudySpec, options: SourceOptions) -> LabelledTable:
    """The Kaggle table, or what stands in for it, labelled.

    Raises:
        StudyFileError: The study is of other columns.
        DataError: The file given or found cannot be used, or has too few rows for the folds.
    """
    check_columns(spec, tuple(COLUMNS), FEATURES)
    frame, source = kaggle_source.obtain(options)
    x = frame[list(FEATURES)].to_numpy(float)
    terms, weights = score_terms(x), weight_vector(spec.label, TERMS)
    score = terms(x) @ weights
    ids = frame["TransactionID"].to_numpy(str)
    y = flag_top(score, spec.label.fraud_share, ids)
    table = LabelledTable(
        name=spec.dataset,
        title=spec.title,
        description=spec.described(source.status),
        frame=frame,
        ids=ids,
        x=x,
        y=y,
        amount=FEATURES.index(spec.amount),
        features=tuple(given.measured(x[:, i]) for i, given in enumerate(spec.inputs)),
        source=source,
        rule=Rule.flagging(x, y, score, terms, weights, TERMS, SIGNS),
    )
    check_learnable(table, spec.training.folds)
    return table


def fresh(spec: StudySpec) -> None:
    """No further rows: there is nothing to draw them from."""


KINDS = {name: column.kind for name, column in COLUMNS.items()}


def summarise(table: LabelledTable, spec: StudySpec) -> DatasetSummary:
    """The facts about `table` that the pages show."""
    # Notes are true of the published table and of its stand-in; nothing is known of another file.
    told = _without_notes(spec) if table.source.status == "kaggle_columns" else spec
    return summary(table, told, KINDS, anomalies(table.frame))


def _without_notes(spec: StudySpec) -> StudySpec:
    plain = tuple(each.model_copy(update={"note": ""}) for each in spec.breakdowns)
    return spec.model_copy(update={"breakdowns": plain})

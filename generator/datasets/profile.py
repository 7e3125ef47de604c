"""What the pages show of a table: every column counted, binned and correlated; no raw row leaves it."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from generator.datasets.label_card import label_card, rule_card
from generator.datasets.table import LabelledTable
from generator.records.features import Feature
from generator.records.results import (
    Anomaly,
    Breakdown,
    Calendar,
    CategoryCount,
    ColumnSummary,
    Correlations,
    DatasetSummary,
    Histogram,
)
from generator.records.spec import BreakdownSpec, StudySpec

BINS = 40
DECADES = 2
"""From this many powers of ten between the lowest and the highest value on, bins rise geometrically."""
MOST = 60
"""Different values of a category that are shown one by one; more would make a page of any length."""
OTHERS = "all others"
MOST_DAYS = 3 * 366
"""Days that a calendar can show; on a longer one no day could be seen."""
TIMES = ("hour", "weekday", "month")
"""Kinds of breakdown that take the time of a transaction apart."""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def summary(
    table: LabelledTable,
    spec: StudySpec,
    kinds: Mapping[str, str],
    anomalies: tuple[Anomaly, ...],
) -> DatasetSummary:
    """All facts about `table`.

    Args:
        kinds: Column -> what it holds, of every column of the table.
    """
    frame, y = table.frame, table.y
    times = [frame[each.column] for each in spec.breakdowns if each.kind in TIMES]
    return DatasetSummary(
        name=table.name,
        title=table.title,
        description=table.description,
        source=table.source,
        n_rows=len(frame),
        columns=tuple(column_summary(frame[name], kinds[name], spec.columns[name]) for name in frame.columns),
        features=table.features,
        label=label_card(table),
        rule=rule_card(table, table.rule, spec.rule) if table.rule else None,
        histograms=tuple(histogram(table.x[:, i], y, given) for i, given in enumerate(table.features)),
        breakdowns=tuple(breakdown(frame[each.column], y, each) for each in spec.breakdowns),
        correlations=correlations(table.x, tuple(given.title for given in table.features)),
        calendar=calendar(times[0]) if times else None,
        anomalies=anomalies,
    )


def column_summary(values: pd.Series, kind: str, role: str) -> ColumnSummary:
    low, high = ("", "") if kind == "identifier" else (_text(values.min()), _text(values.max()))
    return ColumnSummary(
        name=str(values.name),
        kind=kind,
        unique=int(values.nunique()),
        missing=int(values.isna().sum()),
        low=low,
        high=high,
        role=role,
    )


def _text(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, pd.Timestamp) else str(value)


def bin_edges(values: np.ndarray, *, whole: bool) -> tuple[np.ndarray, bool]:
    """Edges (k + 1,) of about BINS bins that hold every value, and whether they rise geometrically.

    Bins of whole numbers start at a half and are whole numbers wide, so each holds equally many numbers.
    """
    low, high = float(values.min()), float(values.max())
    if low > 0 and high / low >= 10**DECADES:
        return np.geomspace(low, high, BINS + 1), True
    if whole:
        width = max(1, int(np.ceil((high - low + 1) / BINS)))
        return np.arange(low - 0.5, high + 0.5 + width, width), False
    if low == high:
        return np.array([low - 0.5, high + 0.5]), False
    return np.linspace(low, high, BINS + 1), False


def histogram(values: np.ndarray, y: np.ndarray, given: Feature) -> Histogram:
    edges, log_scale = bin_edges(values, whole=given.decimals == 0)
    legitimate, fraud = (np.histogram(values[y == label], edges)[0] for label in (0, 1))
    return Histogram(
        column=given.name,
        title=given.title,
        unit=given.unit,
        edges=tuple(edges.tolist()),
        legitimate=tuple(legitimate.tolist()),
        fraud=tuple(fraud.tolist()),
        log_scale=log_scale,
        model_input=True,
    )


def breakdown(values: pd.Series, y: np.ndarray, asked: BreakdownSpec) -> Breakdown:
    """Rows of each class per group of `values`, of which there are at most `MOST`; parts of the time are all there."""
    if asked.kind in TIMES:
        counted = _time_counts(values, y, asked.kind)
    else:
        groups = grouped(values, asked.kind)
        if groups.nunique() > MOST:
            groups = _ranges(groups) if asked.kind == "rows_per_id" else _commonest(groups)
        counted = _counts(groups, y)
    return Breakdown(
        column=asked.column,
        title=asked.title,
        kind="time" if asked.kind in TIMES else asked.kind,
        categories=counted,
        note=asked.note,
    )


def grouped(values: pd.Series, kind: str) -> pd.Series:
    """The group of each row: its value, the decade of it, or the number of rows its identifier has."""
    if kind == "decade":
        first = values // 10 * 10
        return first.astype(str) + " to " + (first + 9).astype(str)
    if kind == "rows_per_id":
        places, _ = pd.factorize(values)
        return pd.Series(np.bincount(places)[places], values.index)
    return values


def _ranges(counts: pd.Series) -> pd.Series:
    """The range each count falls in; about as many ranges as a histogram has bins."""
    edges, _ = bin_edges(counts.to_numpy(float), whole=True)
    edges = np.unique(np.ceil(edges).astype(int))
    edges[-1] = max(edges[-1], counts.max() + 1)
    return pd.cut(
        counts, edges, right=False, labels=[f"{low} to {high - 1}" for low, high in pairwise(edges)]
    )


def _commonest(values: pd.Series) -> pd.Series:
    """The `MOST` - 1 values with the most rows by name, among equals the first in order; the rest as one."""
    texts = values.astype(str)
    rows = texts.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    return texts.where(texts.isin(rows.index[: MOST - 1]), OTHERS)


def _counts(groups: pd.Series, y: np.ndarray) -> tuple[CategoryCount, ...]:
    """Counts by group, groups in rising order."""
    places, names = pd.factorize(groups, sort=True)
    legitimate, fraud = (np.bincount(places[y == label], minlength=len(names)).tolist() for label in (0, 1))
    return tuple(
        CategoryCount(category=str(name), legitimate=genuine, fraud=flagged)
        for name, genuine, flagged in zip(names, legitimate, fraud, strict=True)
    )


def _time_counts(times: pd.Series, y: np.ndarray, kind: str) -> tuple[CategoryCount, ...]:
    """Rows of each class per hour (all 24), weekday (all 7) or month (all 12), empty ones included."""
    values, domain, names = {
        "hour": (times.dt.hour, range(24), [f"{hour:02d}" for hour in range(24)]),
        "weekday": (times.dt.day_of_week, range(7), WEEKDAYS),
        "month": (times.dt.month, range(1, 13), MONTHS),
    }[kind]
    counts = [np.bincount(values[y == label], minlength=max(domain) + 1) for label in (0, 1)]
    return tuple(
        CategoryCount(category=name, legitimate=int(counts[0][part]), fraud=int(counts[1][part]))
        for part, name in zip(domain, names, strict=True)
    )


def correlations(x: np.ndarray, titles: tuple[str, ...]) -> Correlations:
    """Pearson and Spearman (Pearson of midranks) of the columns of x (n, d); 0 with a constant column."""
    return Correlations(
        columns=titles, pearson=_pearson(x), spearman=_pearson(pd.DataFrame(x).rank().to_numpy()), n=len(x)
    )


def _pearson(x: np.ndarray) -> tuple[tuple[float, ...], ...]:
    centred = x - x.mean(0)
    length = np.sqrt((centred**2).sum(0))
    unit = centred / np.where(length > 0, length, 1)
    matrix = np.clip(unit.T @ unit, -1, 1)
    np.fill_diagonal(matrix, 1)
    return tuple(map(tuple, matrix.tolist()))


def calendar(times: pd.Series) -> Calendar | None:
    """Rows per day, from the first day with a row to the last; None where those are too far apart to show."""
    per_day = times.dt.normalize().value_counts()
    if (per_day.index.max() - per_day.index.min()).days >= MOST_DAYS:
        return None
    days = pd.date_range(per_day.index.min(), per_day.index.max(), freq="D")
    return Calendar(
        dates=tuple(days.strftime("%Y-%m-%d")),
        rows=tuple(per_day.reindex(days, fill_value=0).astype(int).tolist()),
    )

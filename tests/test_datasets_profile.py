"""Bins, counts, correlations and the label card, against cases worked by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from generator.datasets.checks.marks import area_under_curve
from generator.datasets.label_card import flip_share, weight_overlaps
from generator.datasets.profile import bin_edges, breakdown, calendar, correlations
from generator.datasets.table import LabelledTable, Rule, flag_top
from generator.records.features import Input
from generator.records.results import DataSource
from generator.records.spec import BreakdownSpec


def linear_table(x):
    """Rows whose score is the sum of the inputs, the top half flagged."""
    x = np.asarray(x, dtype=float)
    score = x.sum(1)
    ids = np.array([f"r{i}" for i in range(len(x))])
    y = flag_top(score, 0.5, ids)
    inputs = [
        Input(name=f"f{i}", title=f"F{i}", decimals=2, control="free", helps="down", note="")
        for i in range(x.shape[1])
    ]
    return LabelledTable(
        name="t", title="T", description="", frame=pd.DataFrame(x), ids=ids, x=x, y=y, amount=0,
        features=tuple(given.measured(x[:, i]) for i, given in enumerate(inputs)),
        source=DataSource(status="synthetic", origin="", file_sha256="", canonical_sha256="", licence=""),
        rule=Rule(
            terms=lambda rows: rows, weights=np.ones(x.shape[1]), names=tuple(given.name for given in inputs),
            signs=np.ones(x.shape[1]), low=x.min(0), high=x.max(0), score=score, cut=float(score[y == 1].min()),
        ),
    )  # fmt: skip


def counts(part):
    return [(row.category, row.legitimate, row.fraud) for row in part.categories]


def test_bins_of_whole_numbers_are_whole_numbers_wide():
    edges, log_scale = bin_edges(np.arange(1, 6), whole=True)
    assert edges.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]
    assert not log_scale
    edges, _ = bin_edges(np.arange(10, 301) / 4 * 4, whole=True)
    assert set(np.diff(edges)) == {8.0}  # 291 numbers in at most 40 bins
    assert edges[0] < 10 < 300 < edges[-1]


def test_bins_rise_geometrically_from_two_decades_on():
    edges, log_scale = bin_edges(np.array([1.0, 10_000.0]), whole=False)
    assert log_scale
    np.testing.assert_allclose(edges[1:] / edges[:-1], 10 ** (4 / 40))
    assert not bin_edges(np.array([1.0, 99.0]), whole=False)[1]
    assert not bin_edges(np.array([0.0, 99_000.0]), whole=False)[1]  # no logarithm of nothing


def test_forty_even_bins_hold_what_spans_less_than_two_decades():
    edges, log_scale = bin_edges(np.array([3.0, 2.0, 6.0]), whole=False)
    np.testing.assert_allclose(edges, [2 + place / 10 for place in range(41)])
    assert not log_scale


def test_a_constant_column_has_one_bin():
    assert bin_edges(np.array([3.0, 3.0]), whole=False)[0].tolist() == [2.5, 3.5]


def test_rows_per_identifier_count_rows_not_identifiers():
    ids = pd.Series(["a", "a", "b", "c", "c"], name="id")
    part = breakdown(
        ids, np.array([1, 0, 0, 1, 1]), BreakdownSpec(column="id", title="Ids", kind="rows_per_id")
    )
    assert [(row.category, row.legitimate, row.fraud) for row in part.categories] == [
        ("1", 1, 0),
        ("2", 1, 3),
    ]


def test_categories_keep_a_column_for_a_class_that_is_absent():
    part = breakdown(pd.Series(["x", "y"], name="c"), np.array([0, 0]), BreakdownSpec(column="c", title="C"))
    assert [(row.category, row.legitimate, row.fraud) for row in part.categories] == [
        ("x", 1, 0),
        ("y", 1, 0),
    ]


def test_time_breakdowns_name_every_hour_weekday_and_month():
    times = pd.Series(pd.to_datetime(["2024-01-01 16:05", "2024-12-29 00:30"]), name="t")  # Monday, Sunday
    hours, weekdays, months = (
        breakdown(times, np.array([0, 1]), BreakdownSpec(column="t", title="T", kind=kind))
        for kind in ("hour", "weekday", "month")
    )
    assert (len(hours.categories), len(weekdays.categories), len(months.categories)) == (24, 7, 12)
    assert (hours.categories[16].legitimate, hours.categories[0].fraud) == (1, 1)
    assert (weekdays.categories[0].category, weekdays.categories[0].legitimate) == ("Monday", 1)
    assert (months.categories[11].category, months.categories[11].fraud) == ("December", 1)


def test_the_calendar_has_every_day_between_the_first_and_the_last():
    days = calendar(pd.Series(pd.to_datetime(["2024-03-01 10:00", "2024-02-28 09:00", "2024-03-01 11:00"])))
    assert days.dates == ("2024-02-28", "2024-02-29", "2024-03-01")
    assert days.rows == (1, 0, 2)


def test_correlations_agree_with_scipy_and_are_zero_with_a_constant():
    rng = np.random.default_rng(0)
    x = np.column_stack((rng.normal(size=60), rng.integers(0, 4, 60), np.full(60, 2.0)))
    x[:, 1] += x[:, 0].round()
    found = correlations(x, ("a", "b", "c"))
    assert found.pearson[0][1] == pytest.approx(stats.pearsonr(x[:, 0], x[:, 1]).statistic)
    assert found.spearman[0][1] == pytest.approx(stats.spearmanr(x[:, 0], x[:, 1]).statistic)
    assert (found.pearson[0][2], found.pearson[2][2]) == (0.0, 1.0)


def test_on_a_sum_the_flip_budget_is_the_distance_to_the_cut():
    # Scores 0, 2, 4, 6, 8, 10; frauds 6, 8, 10; cut 6. One standard deviation moves the sum by its own size.
    table = linear_table([[0], [2], [4], [6], [8], [10]])
    spread = np.sqrt(35 / 3)
    for distance, share in ((0.0, 0), (1.9, 1 / 3), (2.1, 2 / 3), (4.1, 1)):
        assert flip_share(table, table.rule, distance / spread) == pytest.approx(share), distance


def test_an_input_without_weight_gives_the_attack_nothing():
    table = linear_table([[0], [2], [4], [6], [8], [10]])
    assert flip_share(table, replace(table.rule, signs=np.zeros(1)), 5.0) == 0


def test_a_single_weight_moves_no_label_and_two_opposed_ones_do():
    one = linear_table([[0], [2], [4], [6]])
    assert weight_overlaps(one, one.rule, 0.2).tolist() == [1, 1]
    two = linear_table([[10, 0], [0, 9.9], [9.8, 0], [0, 0]])
    overlaps = weight_overlaps(two, two.rule, 0.2)
    # Only (first up, second down) puts 9.8 * 1.2 above 9.9 * 0.8: one of two frauds is kept.
    assert sorted(overlaps) == [0.5, 1, 1, 1]


def test_the_area_under_the_curve_counts_pairs_and_ties_by_half():
    y = np.array([0, 0, 1, 1])
    assert area_under_curve(np.array([1.0, 2.0, 3.0, 4.0]), y) == 1
    assert area_under_curve(np.array([1.0, 3.0, 2.0, 3.0]), y) == (1 + 0 + 1 + 0.5) / 4

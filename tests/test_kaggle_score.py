"""The risk score of the Kaggle table, against ranks worked by hand and scipy's."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from generator.datasets import SourceOptions, dataset
from generator.datasets.kaggle import dataset as kaggle

KAGGLE = dataset("kaggle")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return KAGGLE.load(KAGGLE.study, SourceOptions(offline=True, raw_dir=tmp_path_factory.mktemp("raw")))


def test_shares_of_rank_count_the_rows_below_and_half_the_ties():
    sample = np.array([1.0, 3.0, 3.0, 7.0])
    found = kaggle.midrank_share(sample, np.array([0.0, 1.0, 2.0, 3.0, 7.0, 9.0]))
    assert found.tolist() == [0, 0.125, 0.25, 0.5, 0.875, 1]


def test_the_score_is_the_stated_formula_with_midranks(table):
    amount, _, duration, logins, balance = table.x.T
    n = len(table.x)

    def r(values):
        return (stats.rankdata(values) - 0.5) / n

    expected = (
        0.35 * r(amount)
        + 0.25 * r(amount / (amount + balance))
        + 0.20 * (logins - 1) / 4
        + 0.10 * r(duration)
        + 0.10 * (1 - r(balance))
    )
    np.testing.assert_allclose(table.rule.score, expected, atol=1e-12)
    assert table.y.sum() == 503


def test_the_score_is_frozen_so_other_rows_do_not_move_it(table):
    terms = kaggle.score_terms(table.x)
    assert np.array_equal(terms(table.x[:7]), terms(table.x)[:7])


def test_the_score_moves_with_each_input_in_the_stated_direction(table):
    terms = kaggle.score_terms(table.x)
    weights = np.array([0.35, 0.25, 0.20, 0.10, 0.10])
    for column, sign in enumerate(kaggle.SIGNS):
        moved = table.x.copy()
        moved[:, column] += table.x[:, column].std()
        change = (terms(moved) - terms(table.x)) @ weights
        if sign == 0:
            assert (change == 0).all()
        else:
            assert (sign * change >= -1e-12).all()
            assert sign * change.mean() > 0


def test_inputs_come_in_the_agreed_order():
    assert kaggle.FEATURES == (
        "TransactionAmount", "CustomerAge", "TransactionDuration", "LoginAttempts", "AccountBalance",
    )  # fmt: skip


def test_nothing_is_said_of_a_file_that_is_not_the_published_one(table):
    assert any(part.note for part in KAGGLE.summarise(table, KAGGLE.study).breakdowns)
    other = replace(table, source=table.source.model_copy(update={"status": "kaggle_columns"}))
    unknown = KAGGLE.summarise(other, KAGGLE.study).breakdowns
    assert not any(part.note for part in unknown)
    assert len(unknown) == len(KAGGLE.study.breakdowns)

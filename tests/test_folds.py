"""Every row is judged by models that never saw it, not even through the scaler."""

import numpy as np
import pytest

from generator.models.folds import make_folds
from generator.records.spec import TrainingSpec


def test_every_row_is_in_exactly_one_test_fold_per_seed(toy_folds, toy_table):
    n = len(toy_table[1])
    for seed in range(2):
        tested = np.concatenate(
            [toy_folds.test_rows[r, : toy_folds.test_counts[r]] for r in range(3 * seed, 3 * seed + 3)]
        )
        assert sorted(tested) == list(range(n))


def test_the_training_rows_of_a_replicate_are_all_the_others(toy_folds, toy_table):
    everything = set(range(len(toy_table[1])))
    for train, test in zip(toy_folds.train_rows, toy_folds.test_rows, strict=True):
        assert set(train) == everything - set(test)


def test_filling_repeats_at_most_a_row_or_two_of_the_same_fold(toy_folds):
    for rows in (*toy_folds.train_rows, *toy_folds.test_rows):
        assert len(rows) - len(set(rows)) <= 2


def test_each_fold_holds_its_share_of_the_frauds(toy_folds, toy_table):
    y = toy_table[1]
    for replicate, count in enumerate(toy_folds.test_counts):
        assert y[toy_folds.test_rows[replicate, :count]].sum() == 12 / 3


def test_seeds_shuffle_anew_and_one_seed_always_alike(toy_table, toy_folds):
    again = make_folds(*toy_table, TrainingSpec(seeds=2, folds=3), seed=5)
    other = make_folds(*toy_table, TrainingSpec(seeds=2, folds=3), seed=6)
    np.testing.assert_array_equal(again.test_rows, toy_folds.test_rows)
    assert not np.array_equal(other.test_rows, toy_folds.test_rows)
    assert not np.array_equal(toy_folds.test_rows[:3], toy_folds.test_rows[3:])


def test_more_seeds_leave_the_folds_of_the_first_ones_alone(toy_table, toy_folds):
    more = make_folds(*toy_table, TrainingSpec(seeds=4, folds=3), seed=5)
    np.testing.assert_array_equal(more.test_rows[:6], toy_folds.test_rows)


def test_the_scaler_is_the_mean_and_population_spread_of_the_training_rows(toy_folds, toy_table):
    x, everything = toy_table[0], np.arange(40)
    for r, count in enumerate(toy_folds.test_counts):
        train = np.setdiff1d(everything, toy_folds.test_rows[r, :count])
        np.testing.assert_allclose(toy_folds.means[r], x[train].sum(0) / len(train))
        spread = np.sqrt(((x[train] - x[train].mean(0)) ** 2).sum(0) / len(train))
        np.testing.assert_allclose(toy_folds.scales[r], spread)


@pytest.mark.parametrize("row", [0, 11, 12, 39])
def test_changing_a_row_never_changes_the_scaler_of_the_replicates_that_test_it(toy_table, toy_folds, row):
    x = toy_table[0].copy()
    x[row] += 1e6
    changed = make_folds(x, toy_table[1], TrainingSpec(seeds=2, folds=3), seed=5)
    tests_it = np.array([row in rows for rows in toy_folds.test_rows])
    np.testing.assert_array_equal(changed.means[tests_it], toy_folds.means[tests_it])
    np.testing.assert_array_equal(changed.scales[tests_it], toy_folds.scales[tests_it])
    assert (changed.means[~tests_it] != toy_folds.means[~tests_it]).all()
    assert tests_it.sum() == 2  # once a seed


def test_a_constant_column_is_centred_and_not_divided_by_zero(toy_table):
    x = toy_table[0].copy()
    x[:, 1] = 3.0
    folds = make_folds(x, toy_table[1], TrainingSpec(seeds=1, folds=2), seed=1)
    assert (folds.scales[:, 1] == 1).all()
    assert (folds.train_x()[..., 1] == 0).all()


def test_standardised_training_rows_have_mean_zero_and_spread_one(toy_folds):
    # replicates whose training rows are all different: filling shifts the others a little
    full = [r for r, rows in enumerate(toy_folds.train_rows) if len(set(rows)) == len(rows)]
    x = toy_folds.train_x()[full]
    assert x.dtype == np.float32
    np.testing.assert_allclose(x.mean(1), 0, atol=1e-6)
    np.testing.assert_allclose(x.std(1), 1, atol=1e-6)


def test_decoding_undoes_encoding(toy_folds):
    raw = toy_folds.x[toy_folds.test_rows]
    off = np.abs(toy_folds.decode(toy_folds.encode(raw)) - raw) / toy_folds.scales[:, None]
    assert off.max() < 1e-6  # standard deviations


def test_encoding_what_was_decoded_gives_the_same_float32_values(toy_folds):
    scaled = toy_folds.test_x()
    np.testing.assert_array_equal(toy_folds.encode(toy_folds.decode(scaled)), scaled)


def test_a_part_of_the_replicates_is_encoded_in_its_own_units(toy_folds):
    part = slice(2, 5)
    np.testing.assert_array_equal(toy_folds.test_x(part), toy_folds.test_x()[part])
    np.testing.assert_array_equal(toy_folds.test_y(part), toy_folds.test_y()[part])
    np.testing.assert_array_equal(
        toy_folds.decode(toy_folds.test_x(part), part), toy_folds.decode(toy_folds.test_x())[part]
    )


def test_labels_follow_their_rows(toy_folds, toy_table):
    np.testing.assert_array_equal(toy_folds.train_y(), toy_table[1][toy_folds.train_rows])
    np.testing.assert_array_equal(toy_folds.test_y(), toy_table[1][toy_folds.test_rows])


def test_values_of_the_test_folds_come_back_one_a_seed_and_row(toy_folds):
    np.testing.assert_array_equal(toy_folds.to_rows(toy_folds.test_rows), [range(40), range(40)])


def test_values_at_repeated_rows_are_dropped(toy_folds):
    values = np.zeros(toy_folds.test_rows.shape, dtype=bool)
    for r, count in enumerate(toy_folds.test_counts):
        values[r, count:] = True
    assert values.any()  # 40 rows in 3 folds: some are filled up
    assert not toy_folds.to_rows(values).any()


def test_values_with_further_axes_keep_them(toy_folds, toy_table):
    gathered = toy_folds.to_rows(toy_folds.x[toy_folds.test_rows])
    np.testing.assert_array_equal(gathered, [toy_table[0], toy_table[0]])


def test_a_class_with_fewer_rows_than_folds_is_refused(toy_table):
    y = np.array([1, 1] + [0] * 38)
    with pytest.raises(ValueError, match="3"):
        make_folds(toy_table[0], y, TrainingSpec(seeds=1, folds=3), seed=1)

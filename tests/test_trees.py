"""Tree ensembles say what their library says, to the last bit, and are the same after they were stored."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from tree_fixture import tiny_case

from generator.audit import published
from generator.models.trees.boosting import from_histogram_boosting, train_trees
from generator.models.trees.ensemble import Arithmetic, Ensemble
from generator.models.trees.trees import Trees
from generator.records.spec import TreesSpec


@pytest.fixture(scope="module")
def rows():
    """x (3000, 5) whole numbers, some of them missing, and a noisy y."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 50, (3000, 5)).astype(float)
    x[rng.random(x.shape) < 0.02] = np.nan
    return x, (np.nansum(x, axis=1) + rng.normal(0, 10, 3000) > 130).astype(int)


def _at_thresholds(ensemble: Ensemble, n: int) -> np.ndarray:
    """Rows every number of which is a threshold of its input, or the float64 next to one."""
    rng = np.random.default_rng(1)
    columns = [rng.choice(ensemble.threshold[ensemble.feature == j], n) for j in range(ensemble.inputs)]
    x = np.column_stack(columns)
    return np.nextafter(x, x + rng.integers(-1, 2, x.shape))


def test_boosted_trees_say_what_scikit_learn_says_on_thresholds_and_missing_values_too(rows):
    x, y = rows
    theirs = HistGradientBoostingClassifier(max_iter=60, max_depth=4, early_stopping=False).fit(x, y)
    ensemble = from_histogram_boosting(theirs, np.arange(5), 5)
    asked = np.concatenate((x, _at_thresholds(ensemble, 5000), np.full((1, 5), np.nan)))
    np.testing.assert_array_equal(ensemble.margins_raw(asked), theirs.decision_function(asked))
    np.testing.assert_array_equal(ensemble.margins(asked) > 0, theirs.predict(asked) == 1)


def _stump(strict=False, single_inputs=False, missing="nan", single_sum=False, **constants) -> Ensemble:
    """x below .1 gives -1, above 2, without a value -1."""
    return Ensemble(
        feature=np.array([0, -1, -1], np.int32),
        threshold=np.array([0.1, np.nan, np.nan]),
        left=np.array([1, -1, -1], np.int32),
        right=np.array([2, -1, -1], np.int32),
        missing_left=np.array([True, False, False]),
        category_set=np.full(3, -1, np.int32),
        sets=np.zeros((0, 0), bool),
        unknown_left=np.zeros(3, bool),
        value=np.array([0.0, -1.0, 2.0]),
        roots=np.array([0], np.int32),
        start=0.0,
        inputs=1,
        arithmetic=Arithmetic(strict, single_inputs, single_sum, 0.0, (missing,), **constants),
    )


@pytest.mark.parametrize(
    ("stump", "x", "margin"),
    [
        (_stump(), 0.1, -1.0),
        (_stump(strict=True), 0.1, 2.0),
        (_stump(), 0.1 + 1e-12, 2.0),
        (_stump(single_inputs=True), 0.1 - 1e-12, 2.0),  # float32 rounds it up to .10000000149
        (_stump(), np.nan, -1.0),
        (_stump(missing="as_zero"), np.nan, -1.0),
        (replace(_stump(missing="as_zero"), threshold=np.array([-1.0, np.nan, np.nan])), np.nan, 2.0),
        (replace(_stump(missing="zero"), threshold=np.array([-1.0, np.nan, np.nan])), 1e-36, -1.0),
        (replace(_stump(missing="nan"), threshold=np.array([-1.0, np.nan, np.nan])), 1e-36, 2.0),
        (_stump(divisor=4.0, scale=3.0, bias=0.25), 1.0, 1.75),
        (replace(_stump(single_sum=True), start=2.0**24), 0.0, 2.0**24 - 1),
        (replace(_stump(single_sum=True), start=2.0**24 + 2, value=np.array([0, 0, 1.0])), 1.0, 2.0**24 + 4),
        (replace(_stump(), start=2.0**24 + 2, value=np.array([0, 0, 1.0])), 1.0, 2.0**24 + 3),
    ],
)  # fmt: skip
def test_the_arithmetic_of_the_library_decides_at_a_threshold_without_a_value_and_in_the_sum(
    stump, x, margin
):
    assert stump.margins_raw(np.array([[x]]))[0] == margin


def test_a_category_goes_where_its_set_says_and_one_without_a_code_where_the_node_says():
    by_set = replace(
        _stump(),
        threshold=np.full(3, np.nan),
        category_set=np.array([0, -1, -1], np.int32),
        sets=np.array([[False, True, False]]),
    )
    asked = np.array([[0.0], [1.0], [2.0], [3.0], [-1.0], [np.nan]])
    assert by_set.margins_raw(asked).tolist() == [2, -1, 2, 2, 2, -1]
    unknown_left = replace(by_set, unknown_left=np.array([True, False, False]))
    assert unknown_left.margins_raw(asked).tolist() == [2, -1, 2, -1, -1, -1]


def test_a_row_without_a_value_is_refused_where_the_library_refuses_it():
    with pytest.raises(ValueError, match="row 1 lacks a value"):
        _stump(missing="refused").margins_raw(np.array([[1.0], [np.nan]]))


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("left", [0, -1, -1]),
        ("left", [2, -1, -1]),
        ("right", [7, -1, -1]),
        ("feature", [1, -1, -1]),
        ("value", [0, np.inf, 1]),
        ("threshold", [np.nan] * 3),
        ("category_set", [0, -1, -1]),
        ("missing_left", [True]),
    ],
)
def test_arrays_that_are_no_trees_are_refused(part, values):
    whole = _stump()
    with pytest.raises(ValueError, match=r"tree|node|leaf"):
        replace(whole, **{part: np.array(values, getattr(whole, part).dtype)})


# ---------------------------------------------------------------- the kind


def test_replicates_of_unlike_size_are_the_same_after_they_were_stored(rows, toy_folds):
    x, y = rows
    model = train_trees([x, x[:500]], [y, y[:500]], TreesSpec())
    one_set = replace(model.ensembles[0], sets=np.array([[True, False]]))
    model = Trees((one_set, model.ensembles[1]))
    asked = np.stack((x, x))
    back = Trees.restored(model.arrays(), toy_folds)
    np.testing.assert_array_equal(back.margins(asked), model.margins(asked))
    assert [each.sets.shape for each in back.ensembles] == [(1, 2), (1, 0)]
    assert [len(each.roots) for each in back.ensembles] == [len(each.roots) for each in model.ensembles]
    np.testing.assert_array_equal(model.select(slice(1, 2)).margins(asked[1:]), model.margins(asked)[1:])


def test_a_node_of_trees_on_numbers_is_stored_in_ten_bytes(rows):
    model = train_trees([rows[0]], [rows[1]], TreesSpec(depths=(4,), learning_rates=(0.1,)))
    nodes, arrays = len(model.ensembles[0].feature), model.arrays()
    assert nodes > 1_000
    assert sum(part.nbytes for part in arrays.values()) < 10 * nodes + 200


def test_the_audit_makes_the_same_margins_from_the_stored_arrays_alone():
    for seed in range(300):
        ensemble, region, *_ = tiny_case(seed)
        one = {name: part[0] for name, part in Trees((ensemble,)).arrays().items()}
        found = {name: np.shape(part) for name, part in one.items()}
        assert published.KINDS["trees"].shapes(None, ensemble.inputs, found) == found
        again = published.KINDS["trees"].margins(one, region.centre, region.centre)
        np.testing.assert_array_equal(again, ensemble.margins(region.centre), f"ensemble {seed}")


def test_each_replicate_trains_on_its_own_rows_in_raw_units(toy_folds):
    model = train_trees(toy_folds.train_raw(), toy_folds.train_y(), TreesSpec())
    for r in range(toy_folds.replicates):
        rows = toy_folds.train_rows[r]
        alone = train_trees([toy_folds.x[rows]], [toy_folds.y[rows]], TreesSpec())
        np.testing.assert_array_equal(
            model.select(slice(r, r + 1)).margins(toy_folds.test_raw()[[r]]), alone.margins(toy_folds.test_raw()[[r]])
        )  # fmt: skip


def test_names_are_told_apart_by_place_and_rare_or_unseen_ones_are_judged_as_no_name(rows):
    """The third input is left out, so that no place is by chance the one that scikit-learn has."""
    x, y = rows[0].copy(), rows[1]
    rng = np.random.default_rng(3)
    x[:, 1] = rng.integers(2, 7, len(x)) * 2  # places 4, 6, ... 12, and no others
    x[:, 4] = np.where(rng.random(len(x)) < 0.5, rng.integers(0, 300, len(x)), x[:, 4])
    y = y ^ (x[:, 1] == 8) ^ (x[:, 4] == 7)
    spec = TreesSpec(rounds=30, depths=(4,), learning_rates=(0.1,))
    (ensemble,) = train_trees(
        [x], [y], spec, monotone=(1, 1, 0, 0, -1), left_out=(2,), unordered=(1, 4)
    ).ensembles
    assert {1, 4} <= set(ensemble.feature[ensemble.category_set >= 0]) <= {1, 4}
    places, counts = np.unique(x[:, 4][~np.isnan(x[:, 4])], return_counts=True)
    seen = x[:, [0, 1, 3, 4]].copy()
    seen[np.isin(seen[:, 3], places[np.argsort(-counts, kind="stable")[255:]]), 3] = np.nan
    theirs = HistGradientBoostingClassifier(
        max_iter=30, max_depth=4, early_stopping=False, categorical_features=[1, 3], monotonic_cst=[1, 0, 0, 0],
    ).fit(seen, y)  # fmt: skip
    asked = x.copy()
    asked[:1500, 1] = rng.integers(0, 15, 1500)
    asked[:, 4] = rng.integers(0, 320, len(x))
    asked[rng.random(x.shape) < 0.1] = np.nan
    np.testing.assert_array_equal(ensemble.margins(asked), theirs.decision_function(asked[:, [0, 1, 3, 4]]))


def test_an_input_without_any_value_is_left_out(rows):
    x = rows[0].copy()
    x[:, 2] = np.nan
    (ensemble,) = train_trees([x], [rows[1]], TreesSpec(rounds=5)).ensembles
    assert 2 not in set(ensemble.feature)


def test_an_input_left_out_is_never_asked_for_and_a_constraint_reaches_the_input_it_was_meant_for(rows):
    x, y = rows
    (ensemble,) = train_trees([x], [y], TreesSpec(), monotone=(0, 0, 0, -1, 1), left_out=(1, 2)).ensembles
    assert set(ensemble.feature) == {-1, 0, 3, 4}
    low, high = np.nan_to_num(x), np.nan_to_num(x)
    for j, sign in ((3, -1), (4, 1)):
        low[:, j], high[:, j] = 0, 49
        assert (sign * (ensemble.margins(high) - ensemble.margins(low)) >= 0).all()
        low[:, j] = high[:, j] = 25
    # frauds have large numbers, so a falling constraint leaves nothing of input 3
    assert (ensemble.feature == 4).sum() > 50

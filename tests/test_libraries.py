"""Models in use are asked through the libraries that wrote their files, which say what their owner was told."""

import deployed_fixture as made
import numpy as np
import pytest
import xgboost

from generator.models.libraries import library_of


@pytest.mark.parametrize(
    ("make", "library"), [(made.xgb, "XGBoost"), (made.lgb, "LightGBM"), (made.cat, "CatBoost")]
)
def test_a_library_gives_the_margins_that_it_gave_its_owner(tmp_path, make, library):
    x, frame, y = made.table(missing=make is not made.cat)
    model = make(tmp_path, made.spread(frame) if make is made.cat else frame, y)
    taken = made.taken(model, tmp_path, x)
    found = library_of(taken, (tmp_path / model.file).read_bytes())
    assert found.name.startswith(f"{library} ")
    own = model.margin.astype(np.float64)
    np.testing.assert_allclose(
        found.margins(taken.as_given(x)), own, rtol=found.tolerance, atol=found.tolerance
    )
    assert (found.tolerance == 0) == (make is not made.cat)


def test_rounds_after_the_best_count_for_the_library_where_they_count_for_the_reader(tmp_path):
    x, frame, y = made.table()
    model = made.xgb(tmp_path, frame, y)
    early = xgboost.XGBClassifier(
        n_estimators=40, max_depth=3, enable_categorical=True, early_stopping_rounds=2, n_jobs=1
    )
    early.fit(frame[:300], y[:300], eval_set=[(frame[300:], y[300:])], verbose=False)
    early.save_model(tmp_path / model.file)
    assert early.best_iteration + 1 < early.get_booster().num_boosted_rounds()
    for every_round in (None, True):
        taken = made.taken(model, tmp_path, x, every_round=every_round)
        found = library_of(taken, (tmp_path / model.file).read_bytes())
        np.testing.assert_array_equal(found.margins(taken.as_given(x)), taken.margins(x))


def test_of_what_is_turned_round_or_of_another_kind_no_library_is_asked(tmp_path):
    x, frame, y = made.table(missing=False)
    model = made.pipeline(tmp_path, frame, y)
    taken = made.taken(model, tmp_path, x)
    assert library_of(taken, (tmp_path / model.file).read_bytes()) is None

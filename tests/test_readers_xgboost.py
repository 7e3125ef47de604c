"""XGBoost's files are read as XGBoost evaluates them, to the last bit."""

import json

import numpy as np
import pandas as pd
import pytest
from reader_fixture import CHANNELS, CITIES, NUMBERS, agree, claims, coded, trying

from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Asked

xgboost = pytest.importorskip("xgboost")  # has no package for macOS without OpenMP

KINDS = {
    "plain": {},
    "pruned": {"tree_method": "exact", "gamma": 1.0, "enable_categorical": False},
    "lossguide": {"grow_policy": "lossguide", "max_leaves": 12, "max_depth": 0},
    "forest within": {"num_parallel_tree": 4, "n_estimators": 5, "subsample": 0.7},
    "raw": {"objective": "binary:logitraw"},
    "start": {"base_score": 0.137},
}


def fitted(table: pd.DataFrame, y: np.ndarray, **settings):
    asked = {"n_estimators": 25, "max_depth": 4, "n_jobs": 1, "random_state": 1, "enable_categorical": True}
    return xgboost.XGBClassifier(**asked | settings).fit(table, y)


def saved(model, folder, suffix: str = "json"):
    path = folder / f"model.{suffix}"
    model.save_model(path)
    return path


def matrix(x: np.ndarray, model):
    booster = model.get_booster()
    return xgboost.DMatrix(
        x, feature_names=booster.feature_names, feature_types=booster.feature_types, enable_categorical=True
    )


def agrees(path, model, table: pd.DataFrame):
    """On rows of codes, which the library takes as they are, categories of no code included."""
    deployed = read(path)
    x = trying(deployed, table)
    rows, booster = matrix(x, model), model.get_booster()
    best = getattr(model, "best_iteration", None) if model.early_stopping_rounds else None
    counted = (0, 0) if best is None else (0, best + 1)
    margins = booster.predict(rows, output_margin=True, iteration_range=counted)
    agree(deployed, x, margins, booster.predict(rows, iteration_range=counted) > 0.5)
    return deployed


@pytest.mark.parametrize("kind", KINDS)
def test_margins_are_equal_to_the_bit(kind, tmp_path):
    table, y = claims()
    model = fitted(table[list(NUMBERS)], y, **KINDS[kind])
    deployed = agrees(saved(model, tmp_path), model, table[list(NUMBERS)])
    assert deployed.inputs == NUMBERS
    assert deployed.kind == "trees"
    assert deployed.library == f"XGBoost {xgboost.__version__}"


@pytest.mark.parametrize("onehot", [1, 100])
@pytest.mark.parametrize("suffix", ["json", "ubj"])
def test_categories_are_read_with_their_names(suffix, onehot, tmp_path):
    table, y = claims()
    model = fitted(table, y, max_cat_to_onehot=onehot)
    deployed = agrees(saved(model, tmp_path, suffix), model, table)
    assert deployed.categories == (None,) * 4 + (CITIES, CHANNELS)
    assert (deployed.model.category_set >= 0).sum() > 20
    # the library looks names up itself, whatever their order in a table
    other = table.assign(city=table["city"].cat.set_categories(CITIES[::-1]))
    assert (model.predict(other, output_margin=True) == deployed.margins_raw(coded(table))).all()


def test_both_forms_of_a_file_say_the_same(tmp_path):
    table, y = claims()
    model = fitted(table, y)
    text, binary = (read(saved(model, tmp_path, suffix)).model for suffix in ("json", "ubj"))
    for name in ("feature", "threshold", "left", "right", "missing_left", "category_set", "sets", "value"):
        np.testing.assert_array_equal(getattr(text, name), getattr(binary, name))
    assert text.start == binary.start


def test_dropped_trees_have_their_weights(tmp_path):
    table, y = claims()
    model = fitted(table, y, booster="dart", rate_drop=0.4)
    deployed = agrees(saved(model, tmp_path), model, table)
    assert any("DART" in note for note in deployed.notes)


@pytest.mark.parametrize("place", ["3.3", "3.4"])
def test_weights_are_found_where_later_versions_put_them(place, tmp_path):
    table, y = claims()
    path = saved(fitted(table, y, booster="dart", rate_drop=0.4), tmp_path)
    held = json.loads(path.read_text())
    booster = held["learner"]["gradient_booster"]
    held["learner"]["gradient_booster"] = later = {"name": "gbtree", "model": booster["gbtree"]["model"]}
    (later if place == "3.3" else later["model"])["weight_drop"] = booster["weight_drop"]
    again, x = read(json.dumps(held).encode()), coded(table)
    assert (again.margins_raw(x) == read(path).margins_raw(x)).all()
    assert any("DART" in note for note in again.notes)


def test_a_forest_is_one_round(tmp_path):
    table, y = claims()
    model = xgboost.XGBRFClassifier(n_estimators=20, max_depth=4, n_jobs=1, enable_categorical=True).fit(
        table, y
    )
    agrees(saved(model, tmp_path), model, table)


def test_a_classifier_stopped_early_keeps_its_best_rounds_and_a_booster_all(tmp_path):
    table, y = claims(missing=False)
    model = xgboost.XGBClassifier(
        n_estimators=60, max_depth=6, learning_rate=0.8, early_stopping_rounds=8, n_jobs=1, enable_categorical=True
    )  # fmt: skip
    model.fit(table[:1000], y[:1000], eval_set=[(table[1000:], y[1000:])], verbose=False)
    path, x = saved(model, tmp_path), coded(table)
    best = agrees(path, model, table)
    assert best.notes[0].startswith(f"Rounds 0 to {model.best_iteration} of {model.best_iteration + 9} count")
    assert (best.margins_raw(x) == model.predict(table, output_margin=True)).all()
    whole = read(path, asked=Asked(every_round=True))
    assert (whole.margins_raw(x) == model.get_booster().predict(matrix(x, model), output_margin=True)).all()
    assert ((whole.margins(x) > 0) != (best.margins(x) > 0)).any()
    assert "All rounds count" in whole.notes[0]


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_best_round_that_the_file_does_not_have_is_refused(tmp_path, beyond):
    table, y = claims(missing=False)
    model = xgboost.XGBClassifier(
        n_estimators=60, max_depth=6, learning_rate=0.8, early_stopping_rounds=8, n_jobs=1, enable_categorical=True
    )  # fmt: skip
    model.fit(table[:1000], y[:1000], eval_set=[(table[1000:], y[1000:])], verbose=False)
    held = json.loads(saved(model, tmp_path).read_bytes())
    rounds = model.get_booster().num_boosted_rounds()
    held["learner"]["attributes"]["best_iteration"] = str(rounds - 1 + beyond)
    if beyond:
        with pytest.raises(
            ModelFileError, match=f"calls round {rounds} the best of {rounds}; save the model"
        ):
            read(json.dumps(held).encode())
    else:
        assert f"Rounds 0 to {rounds - 1} of {rounds} count" in read(json.dumps(held).encode()).notes[0]


def test_a_margin_that_rounds_to_one_half_is_not_flagged(tmp_path):
    table, y = claims()
    deployed = read(saved(fitted(table, y), tmp_path))
    cut = np.float32(deployed.model.arithmetic.cut)
    near = cut + np.arange(-3, 4, dtype=np.float32) * np.spacing(cut)
    rows = xgboost.DMatrix(np.zeros((len(near), 1)), base_margin=near, label=np.zeros(len(near)))
    none = xgboost.train({"objective": "binary:logistic", "max_depth": 0, "eta": 0}, rows, 1)
    assert ((none.predict(rows) > 0.5) == (near > cut)).all()


def test_raw_margins_of_a_classifier_are_cut_where_it_cuts_them(tmp_path):
    table, y = claims()
    model = fitted(table, y, objective="binary:logitraw")
    assert ((read(saved(model, tmp_path)).margins(coded(table)) > 0) == model.predict(table)).all()


def test_codes_without_names_are_asked_for(tmp_path):
    table, y = claims()
    x = coded(table)
    types = ["float"] * 4 + ["c"] * 2
    booster = xgboost.train(
        {"objective": "binary:logistic", "max_depth": 4, "nthread": 1},
        xgboost.DMatrix(x, y, feature_types=types, enable_categorical=True),
        20,
    )
    path = tmp_path / "codes.json"
    booster.save_model(path)
    with pytest.raises(ModelFileError, match="does not name the categories of input '4'; give them"):
        read(path)
    deployed = read(path, asked=Asked(categories={"4": CITIES, "5": CHANNELS}))
    margins = booster.predict(
        xgboost.DMatrix(x, feature_types=types, enable_categorical=True), output_margin=True
    )
    assert (deployed.margins_raw(x) == margins).all()
    assert deployed.categories[5] == CHANNELS


def test_names_beyond_ascii_are_asked_for_because_the_library_cuts_them(tmp_path):
    table, y = claims(missing=False)
    cities = (*CITIES[:2], "Köln", *CITIES[3:])
    table["city"] = table["city"].cat.rename_categories(cities)
    model = fitted(table, y)
    with pytest.raises(ModelFileError, match="input 'city' beyond ASCII"):
        read(saved(model, tmp_path))
    deployed = read(saved(model, tmp_path), asked=Asked(categories={"city": cities}))
    assert deployed.categories[4] == cities
    assert (deployed.margins_raw(coded(table)) == model.predict(table, output_margin=True)).all()
    other = table.assign(city=table["city"].cat.set_categories(cities[::-1]))
    assert (deployed.margins_raw(coded(table)) != model.predict(other, output_margin=True)).sum() > 100

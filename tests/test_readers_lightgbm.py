"""LightGBM's text files are read as LightGBM evaluates them, to the last bit."""

import re

import lightgbm
import numpy as np
import pandas as pd
import pytest
from reader_fixture import CHANNELS, CITIES, NUMBERS, agree, claims, coded, trying

from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Asked

KINDS = {
    "plain": {},
    "zero is missing": {"zero_as_missing": True},
    "nothing is missing": {"use_missing": False},
    "another sigmoid": {"sigmoid": 0.7},
    "dropped trees": {"boosting_type": "dart"},
    "one-hot": {"max_cat_to_onehot": 10},
    "quantised": {"use_quantized_grad": True},
}


def fitted(table: pd.DataFrame, y: np.ndarray, **settings) -> lightgbm.LGBMClassifier:
    asked = {
        "n_estimators": 25,
        "num_leaves": 12,
        "min_data_per_group": 10,
        "cat_smooth": 1,
        "n_jobs": 1,
        "verbose": -1,
    }
    return lightgbm.LGBMClassifier(**asked | settings).fit(table, y)


def saved(model: lightgbm.LGBMClassifier, folder):
    path = folder / "model.txt"
    model.booster_.save_model(path)
    return path


def of_codes(model: lightgbm.LGBMClassifier) -> lightgbm.Booster:
    """The same model, for rows of codes instead of names."""
    text, _, _ = model.booster_.model_to_string().partition("\npandas_categorical")
    return lightgbm.Booster(model_str=f"{text}\npandas_categorical:null\n")


@pytest.mark.parametrize("kind", KINDS)
def test_margins_are_equal_to_the_bit(kind, tmp_path):
    table, y = claims()
    table.loc[::9, "amount"] = 0.0
    model = fitted(table, y, **KINDS[kind])
    deployed = read(saved(model, tmp_path))
    assert deployed.inputs == tuple(table)
    assert deployed.categories == (None,) * 4 + (CITIES, CHANNELS)
    x, booster = trying(deployed, table), of_codes(model)
    x[::5, 0] = np.resize([0.0, -0.0, 1e-35, -1e-35, 9e-36, 1.1e-35, 5e-324], len(x[::5]))
    agree(deployed, x, booster.predict(x, raw_score=True), booster.predict(x) > 0.5)
    assert (deployed.margins_raw(coded(table)) == model.predict(table, raw_score=True)).all()


def test_a_forest_is_averaged(tmp_path):
    table, y = claims()
    model = fitted(table, y, boosting_type="rf", subsample=0.6, subsample_freq=1)
    deployed, booster = read(saved(model, tmp_path)), of_codes(model)
    x = trying(deployed, table)
    # the library's raw scores are sums, which it averages only on the way to a probability
    agree(deployed, x, booster.predict(x, raw_score=True) / 25, booster.predict(x) > 0.5)


def test_rounds_after_the_best_are_not_in_the_file(tmp_path):
    table, y = claims()
    model = lightgbm.LGBMClassifier(n_estimators=60, learning_rate=0.8, n_jobs=1, verbose=-1)
    stop = lightgbm.early_stopping(5, verbose=False)
    model.fit(table[:1000], y[:1000], eval_X=table[1000:], eval_y=y[1000:], callbacks=[stop])
    deployed = read(saved(model, tmp_path))
    assert len(deployed.model.roots) == model.best_iteration_ < 55
    assert ((deployed.margins(coded(table)) > 0) == model.predict(table)).all()


@pytest.mark.parametrize("sigmoid", [0.7, 1.0, 3.0])
def test_a_probability_that_rounds_to_one_half_is_not_flagged(sigmoid, tmp_path):
    table, y = claims()
    text = saved(
        fitted(table[list(NUMBERS)], y, sigmoid=sigmoid, n_estimators=1, num_leaves=2), tmp_path
    ).read_text()
    cut = read(text.encode()).model.arithmetic.cut
    for score in cut + np.arange(-3, 4) * np.spacing(cut):
        constant = re.sub("leaf_value=.*", f"leaf_value={float(score)!r} {float(score)!r}", text)
        flagged = lightgbm.Booster(model_str=constant).predict(np.zeros((1, 4))) > 0.5
        assert flagged == (read(constant.encode()).margins(np.zeros((1, 4))) > 0) == (score > cut)


def test_codes_without_names_stand_for_themselves(tmp_path):
    table, y = claims()
    x = coded(table)
    model = lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1)
    path = saved(model.fit(np.nan_to_num(x), y, categorical_feature=[4, 5]), tmp_path)
    assert read(path).categories == (None,) * 4 + (tuple(range(5)), tuple(range(4)))
    assert read(path, asked=Asked(categories={"Column_4": CITIES})).categories[4] == CITIES
    assert (read(path).margins_raw(x) == model.booster_.predict(x, raw_score=True)).all()


@pytest.mark.parametrize("rare", [0, 3], ids=["always the same", "hardly ever another"])
def test_a_column_of_categories_that_no_tree_asks_for_has_its_names_all_the_same(tmp_path, rare):
    """LightGBM lists it as one that never changes; which columns hold categories stands among the parameters."""
    table, y = claims()
    names = ["Rome"] * rare + ["Bonn"] * (len(table) - rare)
    table["city"] = pd.Categorical(names)
    model = fitted(table, y)
    path = saved(model, tmp_path)
    assert "none" in re.search("^feature_infos=(.*)$", path.read_text(), re.MULTILINE)[1].split()
    deployed, place = read(path), list(table).index("city")
    assert deployed.categories[place] == tuple(sorted(set(names)))
    x = coded(table.assign(city=pd.Categorical([CITIES[0]] * len(table), CITIES)))
    assert (deployed.margins_raw(x) == model.predict(table, raw_score=True)).all()


def test_a_column_whose_categories_cannot_be_told_is_refused(tmp_path):
    table, y = claims()
    table["city"] = pd.Categorical(["Bonn"] * len(table))
    path = saved(fitted(table, y), tmp_path)
    path.write_text(re.sub(r"\[categorical_feature: .*\]\n", "", path.read_text()))
    with pytest.raises(ModelFileError, match="names the categories of 2 inputs and splits 1"):
        read(path)


def test_a_tree_of_one_leaf_is_a_constant(tmp_path):
    table, y = claims()
    model = fitted(table[list(NUMBERS)], y, min_child_samples=1400, n_estimators=3)
    deployed = read(saved(model, tmp_path))
    x = coded(table)[:, :4]
    assert (deployed.margins_raw(x) == model.predict(table[list(NUMBERS)], raw_score=True)).all()
    assert (deployed.model.feature == -1).all()

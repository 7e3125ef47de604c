"""CatBoost's JSON files are read as the model that was trained scores, to the last bit."""

import math

import catboost
import numpy as np
import pandas as pd
import pytest
from reader_fixture import NUMBERS, agree, claims, coded, trying

from generator.models.readers import read

KINDS = {
    "plain": {},
    "missing above all": {"nan_mode": "Max"},
    "missing below all": {"nan_mode": "Min"},
    "leaf by leaf": {"grow_policy": "Lossguide", "max_leaves": 12},
    "level by level": {"grow_policy": "Depthwise"},
    "from an average": {"boost_from_average": True},
    "soft labels": {"loss_function": "CrossEntropy"},
}


def fitted(table: pd.DataFrame, y: np.ndarray, **settings) -> catboost.CatBoostClassifier:
    asked = {"iterations": 25, "depth": 4, "thread_count": 1, "verbose": False, "allow_writing_files": False}
    return catboost.CatBoostClassifier(**asked | settings).fit(table, y)


def saved(model: catboost.CatBoostClassifier, folder):
    path = folder / "model.json"
    model.save_model(path, format="json")
    return path


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_margins_are_equal_to_the_bit(kind, missing, tmp_path):
    table, y = claims(missing=missing)
    table = table[list(NUMBERS)]
    model = fitted(table, y, **KINDS[kind])
    deployed = read(saved(model, tmp_path))
    # without missing values in training a missing one is no error, it is above no border
    x = trying(deployed, table)
    agree(
        deployed,
        x,
        model.predict(x, prediction_type="RawFormulaVal"),
        model.predict(x, prediction_type="Class"),
    )
    assert deployed.inputs == NUMBERS
    assert deployed.library == f"CatBoost {catboost.__version__}"


def test_scale_bias_and_threshold_are_the_models(tmp_path):
    table, y = claims()
    table = table[list(NUMBERS)]
    model = fitted(table, y, class_weights=[1, 3])
    model.set_scale_and_bias(1.7, -0.3)
    model.set_probability_threshold(0.31)
    deployed = read(saved(model, tmp_path))
    x = trying(deployed, table)
    agree(
        deployed,
        x,
        model.predict(x, prediction_type="RawFormulaVal"),
        model.predict(x, prediction_type="Class"),
    )


@pytest.mark.parametrize("probability", [0.01, 0.31, 0.5, 0.7001, 0.9])
def test_a_score_at_the_threshold_is_not_flagged(probability, tmp_path):
    table, y = claims(missing=False)
    model = fitted(table[list(NUMBERS)], y, iterations=1, depth=1)
    model.set_probability_threshold(probability)
    model.set_leaf_values(np.zeros(2))
    start = -math.log(1 / probability - 1)
    for bias in start + np.arange(-3, 4) * np.spacing(start):
        model.set_scale_and_bias(1, float(bias))
        margin = read(saved(model, tmp_path)).margins(np.zeros((1, 4)))
        assert (margin > 0) == model.predict(np.zeros((1, 4)), prediction_type="Class")


def test_names_of_classes_are_in_the_file(tmp_path):
    table, y = claims()
    model = fitted(table[list(NUMBERS)], np.where(y == 1, "fraud", "legit"))
    deployed = read(saved(model, tmp_path))
    assert deployed.classes == ("fraud", "legit")
    flagged = model.predict(table[list(NUMBERS)]) == "legit"
    assert ((deployed.margins(coded(table)[:, :4]) > 0) == flagged).all()

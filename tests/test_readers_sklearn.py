"""scikit-learn's models are read from skops files and from memory as scikit-learn evaluates them."""

import io
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from reader_fixture import CHANNELS, CITIES, NUMBERS, agree, claims, coded, trying
from scipy.special import logit
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, ExtraTreeClassifier

from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Asked
from generator.models.readers.sklearn import from_memory

TREES = {
    "tree": DecisionTreeClassifier(max_depth=7, random_state=1),
    "extra tree": ExtraTreeClassifier(max_depth=9, random_state=1),
    "forest": RandomForestClassifier(25, max_depth=6, random_state=1),
    "forest of pure leaves": RandomForestClassifier(10, random_state=1),
    "extra trees": ExtraTreesClassifier(24, min_samples_leaf=3, random_state=1),
    "boosting": GradientBoostingClassifier(n_estimators=25, random_state=1),
    "exponential boosting": GradientBoostingClassifier(n_estimators=25, loss="exponential", random_state=1),
    "boosting from zero": GradientBoostingClassifier(n_estimators=25, init="zero", random_state=1),
    "histogram boosting": HistGradientBoostingClassifier(max_iter=25, random_state=1),
}
SUMS = {
    "logistic regression": LogisticRegression(),
    **{
        f"perceptron, {activation}": MLPClassifier((8, 5), activation=activation, solver="lbfgs", max_iter=40)
        for activation in ("relu", "tanh", "logistic", "identity")
    },
}


def score(model, rows) -> np.ndarray:
    """The library's own, in the form in which the reader has it."""
    last = model[-1] if hasattr(model, "steps") else model
    if hasattr(last, "decision_function"):
        return model.decision_function(rows)
    fractions = model.predict_proba(rows)
    if isinstance(last, MLPClassifier):
        return logit(fractions[:, 1])
    return fractions[:, 1] - fractions[:, 0]


def agrees(model, rows: pd.DataFrame | np.ndarray, x: np.ndarray):
    """From memory and from its file, of rows as the library has them and as codes."""
    for deployed in (from_memory(model), read(skops.io.dumps(model), "model.skops")):
        agree(deployed, x, score(model, rows), model.predict(rows) == model.classes_[1])
    return deployed


def named(deployed, x: np.ndarray, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of codes with the names that they stand for; a code of no name becomes another one."""
    frame = pd.DataFrame(x, columns=list(table))
    for name, categories in zip(table, deployed.categories, strict=True):
        if categories is not None:
            other = "elsewhere" if isinstance(categories[0], str) else 99
            names = {code: category for code, category in enumerate(categories)}
            column = frame[name].map(
                lambda code, names=names, other=other: names.get(code, other), na_action="ignore"
            )
            frame[name] = column.astype(object if other == "elsewhere" else float)
    return frame


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("kind", TREES)
def test_trees_are_equal(kind, missing):
    takes_missing = "boosting" not in kind or "histogram" in kind
    table, y = claims(missing=missing and takes_missing)
    model = TREES[kind].fit(table[list(NUMBERS)].to_numpy(), y)
    # also where training had none missing: each node says where such a row goes
    x = trying(from_memory(model), table[list(NUMBERS)], missing=takes_missing)
    agrees(model, x, x)


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
@pytest.mark.parametrize("kind", SUMS)
def test_sums_are_equal_but_for_their_order(kind):
    table, y = claims(missing=False)
    table = table[list(NUMBERS)] / [1, 50, 3000, 4]
    model = SUMS[kind].fit(table, y)
    deployed = agrees(model, rows := table.sample(20_000, replace=True, random_state=1), rows.to_numpy())
    assert deployed.inputs == NUMBERS
    assert deployed.kind == ("linear" if kind == "logistic regression" else kind.split()[1])


def test_histogram_boosting_encodes_categories_itself():
    table, y = claims()
    model = HistGradientBoostingClassifier(max_iter=25, categorical_features="from_dtype").fit(table, y)
    deployed = from_memory(model)
    assert deployed.categories == (None,) * 4 + (CITIES, CHANNELS)
    assert (deployed.model.category_set >= 0).sum() > 10
    x = trying(deployed, table)
    agrees(model, named(deployed, x, table), x)


@pytest.mark.parametrize("unknown", [np.nan, -1], ids=["unknown is missing", "unknown is below"])
@pytest.mark.parametrize("missing", [True, False], ids=["with gaps", "without"])
def test_histogram_boosting_encodes_what_an_encoder_before_it_made(unknown, missing):
    """Codes that no training row has, or that are below zero, are to it as no value."""
    table, y = claims(missing=missing)
    seen = (table["city"] != CITIES[0]).to_numpy()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=unknown)
    ready = ColumnTransformer(
        [("names", encoder, ["channel", "city"]), ("some", RobustScaler(), ["balance"])],
        remainder="passthrough",
    )
    last = HistGradientBoostingClassifier(max_iter=25, categorical_features=[0, 1])
    model = make_pipeline(ready, last).fit(table[seen], y[seen])
    deployed = from_memory(model)
    assert deployed.categories[4:] == (tuple(sorted(CITIES[1:])), tuple(sorted(CHANNELS)))
    assert deployed.ignores == {4, 5}
    assert (deployed.model.category_set >= 0).sum() > 10
    frame = table.sample(20_000, replace=True, random_state=1)
    x = coded(frame)
    for place, name in ((4, "city"), (5, "channel")):
        known = {each: code for code, each in enumerate(deployed.categories[place])}
        x[:, place] = [
            np.nan if each != each else known.get(each, len(known)) for each in frame[name].astype(object)
        ]
    agrees(model, frame, x)


@pytest.mark.parametrize(
    ("last", "scaler"),
    [
        ("tree", StandardScaler()),
        ("tree", MinMaxScaler()),
        ("forest", MinMaxScaler()),
        ("boosting", RobustScaler()),
        ("histogram boosting", MaxAbsScaler()),
        ("logistic regression", StandardScaler()),
        ("logistic regression", MinMaxScaler()),
    ],
    ids=str,
)
def test_scalers_and_encoders_become_part_of_the_model(last, scaler):
    table, y = claims(missing=False)
    frame = table.assign(city=table["city"].astype(object).where(np.arange(len(table)) % 9 > 0, np.nan))
    steps = [
        ("numbers", scaler, ["balance", "amount"]),
        ("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
        ("places", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["channel"]),
    ]
    model = make_pipeline(ColumnTransformer(steps, remainder="passthrough"), (TREES | SUMS)[last])
    model.set_params(**{"logisticregression__max_iter": 5000} if "logistic" in last else {}).fit(frame, y)
    deployed = from_memory(model)
    assert deployed.inputs == tuple(table)
    assert deployed.categories == (None,) * 4 + (CITIES, CHANNELS)
    x = trying(deployed, table, missing=False)
    x[::7, 4] = np.nan  # a category of its own
    agrees(model, named(deployed, x, table), x)


def test_columns_are_found_by_name_within_other_steps():
    table, y = claims(missing=False)
    table = table[list(NUMBERS)]
    inner = ColumnTransformer([("turned", RobustScaler(), ["balance"]), ("rest", "passthrough", ["amount"])])
    model = make_pipeline(
        ColumnTransformer([("some", inner, ["amount", "count", "balance"])]), TREES["histogram boosting"]
    ).fit(table, y)
    x = trying(from_memory(model), table)
    agrees(model, pd.DataFrame(x, columns=list(table)), x)
    named_before = make_pipeline(
        StandardScaler().set_output(transform="pandas"),
        ColumnTransformer([("some", "passthrough", ["count", "balance"])]),
        TREES["tree"],
    ).fit(table, y)
    x = trying(from_memory(named_before), table, missing=False)
    agrees(named_before, pd.DataFrame(x, columns=list(table)), x)
    renamed = make_pipeline(
        ColumnTransformer([("some", StandardScaler(), list(NUMBERS))]).set_output(transform="pandas"),
        ColumnTransformer([("some", "passthrough", ["some__count"])]),
        TREES["tree"],
    ).fit(table, y)
    with pytest.raises(ModelFileError, match="chooses a column 'some__count' that an earlier step made"):
        from_memory(renamed)


def test_one_encoder_for_all_columns():
    table, y = claims(missing=False)
    table = table[["city", "channel"]]
    for drop in (None, "first"):
        encoder = OneHotEncoder(drop=drop, handle_unknown="ignore")
        model = make_pipeline(encoder, StandardScaler(with_mean=False), LogisticRegression()).fit(table, y)
        deployed = from_memory(model)
        x = np.random.default_rng(1).integers(0, 4, (20_000, 2)).astype(float)
        agrees(model, named(deployed, x, table), x)


@pytest.mark.parametrize("encoder", [OneHotEncoder(sparse_output=False), OrdinalEncoder()], ids=str)
@pytest.mark.parametrize("last", ["tree", "logistic regression"])
def test_a_row_that_an_encoder_refuses_is_refused(encoder, last):
    table, y = claims(missing=False)
    table = table[["city", "channel"]]
    deployed = from_memory(make_pipeline(encoder, (TREES | SUMS)[last]).fit(table, y))
    x = coded(table)
    assert np.isfinite(deployed.margins(x)).all()
    x[3, 1] = np.nan
    with pytest.raises(ValueError, match="row 3 lacks a value, which this model refuses"):
        deployed.margins(x)


def test_a_missing_category_is_an_unknown_one_where_training_had_none():
    table, y = claims(missing=False)
    table = table[["city", "channel"]]
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=9)
    model = make_pipeline(encoder, TREES["tree"]).fit(table, y)
    x = np.random.default_rng(1).integers(0, 6, (20_000, 2)).astype(float)
    x[::5, 0] = x[::7, 1] = np.nan
    agrees(model, named(from_memory(model), x, table), x)


def test_a_vote_of_one_half_is_not_fraud():
    x, y = np.repeat([[0.0], [1.0]], 4, axis=0), np.array([0, 0, 1, 1] * 2)
    model = DecisionTreeClassifier(max_depth=1).fit(x, y)
    assert not (from_memory(model).margins(x) > 0).any()
    assert not model.predict(x).any()


def test_a_score_of_zero_is_fraud_to_gradient_boosting_alone():
    x, y = np.zeros((8, 1)), np.array([0, 1] * 4)
    boosting = GradientBoostingClassifier(n_estimators=1, init="zero").fit(x, y)
    histogram = HistGradientBoostingClassifier(max_iter=1).fit(x, y)
    assert (boosting.decision_function(x) == 0).all()
    assert (histogram.decision_function(x) == 0).all()
    assert (from_memory(boosting).margins(x) > 0).all() == boosting.predict(x).all() == True  # noqa: E712
    assert (from_memory(histogram).margins(x) > 0).any() == histogram.predict(x).any() == False  # noqa: E712


@pytest.mark.parametrize("kind", ["boosting", "histogram boosting", "tree", "logistic regression"])
def test_the_first_class_may_be_fraud(kind):
    table, y = claims(missing=False)
    x = table[list(NUMBERS)].to_numpy()
    model = (TREES | SUMS)[kind].set_params(**{"max_iter": 5000} if kind in SUMS else {})
    model.fit(x, np.where(y == 1, "ok", "fraud"))
    file = skops.io.dumps(model)
    deployed = read(file, asked=Asked(fraud="fraud"))
    assert deployed.classes == ("ok", "fraud")
    agree(deployed, x, -score(model, x), model.predict(x) == "fraud")
    assert (read(file).margins_raw(x) == -deployed.margins_raw(x)).all()
    with pytest.raises(ModelFileError, match="has the classes fraud, ok, none of them 'bad'; say which"):
        read(file, asked=Asked(fraud="bad"))


def test_a_row_on_the_cut_changes_sides_with_the_class():
    x, y = np.zeros((8, 1)), np.array([0, 1] * 4)
    for model in (
        GradientBoostingClassifier(n_estimators=1, init="zero").fit(x, y),
        HistGradientBoostingClassifier(max_iter=1).fit(x, y),
    ):
        deployed = from_memory(model).against(0)
        assert ((deployed.margins(x) > 0) == (model.predict(x) == 0)).all()


def test_no_class_of_a_file_is_looked_for(tmp_path):
    table, y = claims(missing=False)
    model = make_pipeline(StandardScaler(), TREES["tree"]).fit(table[list(NUMBERS)], y)
    packed = zipfile.ZipFile(io.BytesIO(skops.io.dumps(model)))
    path = tmp_path / "other.skops"
    with zipfile.ZipFile(path, "w") as again:
        for each in packed.infolist():
            content = packed.read(each)
            if each.filename == "schema.json":
                content = content.replace(b"sklearn.tree", b"not.installed").replace(b'"numpy"', b'"os"')
            again.writestr(each.filename, content)
    x = coded(table)[:, :4]
    assert (read(path).margins(x) == from_memory(model).margins(x)).all()

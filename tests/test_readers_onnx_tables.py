"""ONNX files of whole pipelines, one input a column of the table, are read as the runtime scores them."""

import numpy as np
import onnxruntime
import pandas as pd
import pytest
from reader_fixture import CHANNELS, CITIES, ROWS, agree, claims, trying
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier

from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Deployed

UNKNOWN = "Aachen"
TEXTS = ["city", "sort"]
FLOATS = ["amount", "age", "balance"]
SORTS = ("new", "old", "rare", "worn")


def table() -> tuple[pd.DataFrame, np.ndarray]:
    """That of the fixture, with one more category."""
    made, y = claims(missing=False)
    made.insert(5, "sort", made["channel"].cat.rename_categories(SORTS))
    return made, y


def frame(kind: str = "float64") -> tuple[pd.DataFrame, np.ndarray]:
    """Numbers of one float type, whole numbers, texts, and codes that are whole numbers; the classes."""
    whole, y = table()
    made = whole[FLOATS].astype(kind)
    made["count"] = whole["count"].astype("int64" if kind == "float64" else kind)
    made[["city", "sort"]] = whole[["city", "sort"]].astype(str).astype(object)
    made["channel"] = whole["channel"].astype("int64")
    return made, y


def beside(encoder, scaler="passthrough", last: str = "line") -> ColumnTransformer:
    """Texts and whole numbers encoded, other numbers scaled.

    Of doubles, skl2onnx writes files that the runtime loads if the numbers come first for a net or line, and last for
    trees.
    """
    parts = [
        ("numbers", scaler, [*FLOATS, "count"]),
        ("texts", encoder, TEXTS),
        ("codes", OrdinalEncoder(), ["channel"]),
    ]
    return ColumnTransformer(parts if last in ("line", "net", "tanh net") else parts[1:] + parts[:1])


def written(model, X: pd.DataFrame, y: np.ndarray, path, **more) -> Deployed:
    model.fit(X, y)
    shown = {"X": X[:1]} if "initial_types" not in more else {}
    path.write_bytes(to_onnx(model, **shown, options={"zipmap": False}, **more).SerializeToString())
    return read(path)


def texts(name: str, codes: np.ndarray, known: tuple) -> np.ndarray:
    """(n,) of codes (n,): the name, a name that is none of them, or what stands for no name."""
    listed = np.array([*known, UNKNOWN if isinstance(known[0], str) else 999], object)
    return listed[np.where((codes >= 0) & (codes < len(known)), codes, len(known)).astype(int)]


def run(path, deployed: Deployed, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of rows x (n, d) that hold codes, as the runtime gives them with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    types = {"tensor(string)": object, "tensor(float)": np.float32, "tensor(double)": np.float64,
             "tensor(int64)": np.int64}  # fmt: skip
    given = {}
    for each in session.get_inputs():
        if each.name not in deployed.inputs:
            given[each.name] = np.zeros((len(x), 1)).astype(types[each.type])
            continue
        place = deployed.inputs.index(each.name)
        known = (deployed.categories or (None,) * x.shape[1])[place]
        column = x[:, place] if known is None else texts(each.name, x[:, place], known)
        given[each.name] = np.asarray(column).astype(types[each.type])[:, None]
    return tuple(session.run(None, given))


def rows(deployed: Deployed, missing: bool, whole: bool) -> np.ndarray:
    """Of the columns that the model has, as `trying` has them; whole numbers where only these are taken."""
    x = trying(deployed, table()[0][list(deployed.inputs)], missing)
    for place, name in enumerate(deployed.inputs):
        known = deployed.categories[place]
        if (whole and name == "count") or name == "channel":
            x[:, place] = np.nan_to_num(np.round(x[:, place]))
        if known is not None and place not in deployed.ignores:
            x[:, place] = np.abs(np.nan_to_num(x[:, place])) % len(known)
    return x


def scores_of(deployed: Deployed, probabilities: np.ndarray) -> np.ndarray:
    if deployed.link.straight:
        return probabilities[:, 1].astype(float)
    with np.errstate(divide="ignore"):
        return np.log(probabilities[:, 1].astype(float)) - np.log(probabilities[:, 0].astype(float))


def holds(deployed: Deployed, path, x: np.ndarray, least: float = 0.9):
    """Pass if labels are equal where rounding cannot change them, and scores where a probability still tells them."""
    certain = x[deployed.certain(x)]
    assert len(certain) > least * len(x)
    labels, probabilities = run(path, deployed, certain)
    assert set(np.unique(labels)) == set(deployed.classes)
    flagged = labels == deployed.classes[1]
    own = deployed.margins_raw(certain)
    told = np.full(len(own), True) if deployed.link.straight else np.abs(own) < 4
    assert (flagged == (deployed.margins(certain) > 0)).all()
    agree(deployed, certain[told], scores_of(deployed, probabilities[told]), flagged[told])


ENCODERS = {
    "unknown names ignored": lambda: OneHotEncoder(handle_unknown="ignore"),
    "unknown names refused": lambda: OneHotEncoder(),
    "first name dropped": lambda: OneHotEncoder(drop="first"),
    "one of two dropped": lambda: OneHotEncoder(drop="if_binary", handle_unknown="ignore"),
    "rare names together": lambda: OneHotEncoder(min_frequency=280, handle_unknown="infrequent_if_exist"),
    "in order": lambda: OrdinalEncoder(),
    "in order, rare together": lambda: OrdinalEncoder(min_frequency=280),
    "in order, unknown coded": lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
}
MODELS = {
    "tree": lambda: DecisionTreeClassifier(max_depth=6, random_state=1),
    "forest": lambda: RandomForestClassifier(15, max_depth=6, random_state=1),
    "extra trees": lambda: ExtraTreesClassifier(15, max_depth=7, random_state=1),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=15, random_state=1),
    "line": lambda: LogisticRegression(max_iter=500),
    "net": lambda: MLPClassifier((8, 4), solver="lbfgs", max_iter=100, random_state=1),
    "tanh net": lambda: MLPClassifier((8, 4), "tanh", solver="lbfgs", max_iter=100, random_state=1),
}
QUIET = pytest.mark.filterwarnings("ignore:lbfgs failed")


@QUIET
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("last", ["forest", "line"])
def test_every_way_to_encode_a_name(encoder, last, kind, tmp_path):
    X, y = frame(kind)
    model = make_pipeline(beside(ENCODERS[encoder](), StandardScaler(), last), MODELS[last]())
    deployed = written(model, X, y, path := tmp_path / "model.onnx")
    assert deployed.inputs == tuple(X)
    assert [sorted(known) for known in deployed.categories[4:]] == [list(CITIES), list(SORTS), list(CHANNELS)]
    assert all(each is None for each in deployed.categories[:4])
    holds(deployed, path, rows(deployed, last == "forest", kind == "float64"))


@QUIET
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("last", MODELS)
def test_every_model_behind_encoders_and_a_scaler(last, kind, tmp_path):
    X, y = frame(kind)
    model = make_pipeline(
        beside(OneHotEncoder(handle_unknown="ignore"), StandardScaler(), last), MODELS[last]()
    )
    deployed = written(model, X, y, path := tmp_path / "model.onnx")
    holds(deployed, path, rows(deployed, deployed.kind == "trees", kind == "float64"))


SCALERS = {
    "none": lambda: "passthrough",
    "a function that does nothing": lambda: FunctionTransformer(),
    "from 0 to 1": lambda: MinMaxScaler(),
    "by the largest": lambda: MaxAbsScaler(),
    "by quartiles": lambda: RobustScaler(),
    "gaps filled": lambda: SimpleImputer(),
    "gaps filled, then scaled": lambda: make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
}


@QUIET
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("scaler", SCALERS)
@pytest.mark.parametrize("last", ["tree", "line"])
def test_every_way_to_change_a_number(last, scaler, kind, tmp_path):
    kind = "float32" if "gaps" in scaler else kind  # the runtime has no imputer of doubles
    X, y = frame(kind)
    model = make_pipeline(
        beside(OneHotEncoder(handle_unknown="ignore"), SCALERS[scaler](), last), MODELS[last]()
    )
    deployed = written(model, X, y, path := tmp_path / "model.onnx")
    x = rows(deployed, last == "tree" or "gaps" in scaler, kind == "float64")
    if "gaps" in scaler:
        assert np.isnan(x[:, :3]).any()
    holds(deployed, path, x)


@QUIET
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("last", ["forest", "net"])
def test_a_scaler_over_all_columns_scales_noughts_and_ones_too(last, kind, tmp_path):
    X, y = frame(kind)
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    model = make_pipeline(beside(encoder, "passthrough", last), StandardScaler(), MODELS[last]())
    deployed = written(model, X, y, path := tmp_path / "model.onnx")
    holds(deployed, path, rows(deployed, last == "forest", kind == "float64"))


@pytest.mark.parametrize("last", ["boosting", "line"])
def test_types_may_be_given_by_hand(last, tmp_path):
    X, y = frame()
    types = [
        (name, StringTensorType([None, 1]) if name in TEXTS else FloatTensorType([None, 1])) for name in X
    ]
    model = make_pipeline(
        beside(OneHotEncoder(handle_unknown="ignore"), StandardScaler(), last), MODELS[last]()
    )
    deployed = written(model, X, y, path := tmp_path / "model.onnx", initial_types=types)
    holds(deployed, path, rows(deployed, last == "boosting", False))


def test_numbers_that_are_encoded_lose_their_fraction_and_it_is_said(tmp_path):
    X, y = frame("float32")
    X["channel"] = X["channel"].astype("float32")
    model = make_pipeline(
        ColumnTransformer(
            [("n", "passthrough", FLOATS), ("c", OneHotEncoder(handle_unknown="ignore"), ["channel"])]
        ),
        MODELS["forest"](),
    )
    deployed = written(model, X, y, tmp_path / "model.onnx")
    assert deployed.inputs == (*FLOATS, "channel")
    assert "Numbers lose their fraction before they are looked up: input 'channel'." in deployed.notes
    assert deployed.ignores == frozenset()


@QUIET
def test_a_frame_of_numbers_alone_goes_through_float32(tmp_path):
    """What the converter writes for it has float32 between columns of doubles, and the reader rounds there."""
    X, y = frame()
    model = make_pipeline(StandardScaler(), MODELS["net"]())
    deployed = written(model, X[FLOATS], y, path := tmp_path / "model.onnx")
    assert deployed.inputs == tuple(FLOATS)
    assert deployed.tolerance == 1e-5
    holds(deployed, path, trying(deployed, table()[0][FLOATS], missing=False))


def test_doubles_next_to_a_threshold_of_one_matrix(tmp_path):
    X, y = frame()
    model = MODELS["forest"]().fit(X[FLOATS].to_numpy(), y)
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(model, X[FLOATS].to_numpy()[:1], options={"zipmap": False}).SerializeToString())
    deployed = read(path)
    assert not deployed.inputs
    x = trying(deployed, table()[0][FLOATS])
    x = x[deployed.certain(x)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    labels, probabilities = session.run(None, {session.get_inputs()[0].name: x})
    assert len(x) > 0.9 * ROWS
    agree(deployed, x, probabilities[:, 1].astype(float), labels)
    # float32 in their place would go the other way at some of them
    assert (deployed.margins(x) != deployed.margins(x.astype(np.float32))).any()


@QUIET
@pytest.mark.parametrize("last", ["line", "net", "forest"])
def test_classes_are_those_of_the_file_and_columns_that_no_step_takes_are_left_out(last, tmp_path):
    X, y = frame("float32")
    encoder = ColumnTransformer(
        [("n", StandardScaler(), ["age", "amount"]), ("c", OneHotEncoder(), ["city"])]
    )
    model = make_pipeline(encoder, MODELS[last]())
    deployed = written(model, X, np.where(y, "fraud", "genuine"), path := tmp_path / "model.onnx")
    assert deployed.classes == ("fraud", "genuine")
    assert deployed.inputs == ("amount", "age", "city")
    holds(deployed, path, rows(deployed, last == "forest", False), 0.85)
    against, x = deployed.against("fraud"), rows(deployed, False, False)
    assert (against.margins_raw(x) == -deployed.margins_raw(x)).all()


@QUIET
def test_a_row_without_a_name_is_what_the_encoder_learnt_of_none(tmp_path):
    X, y = frame("float32")
    X.loc[::9, "city"] = None
    encoder = ColumnTransformer(
        [("n", "passthrough", FLOATS), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]
    )
    deployed = written(make_pipeline(encoder, MODELS["line"]()), X, y, path := tmp_path / "model.onnx")
    assert deployed.categories[3] == (*CITIES, "None")
    x = rows(deployed, False, False)
    x[::3, 3] = np.nan
    as_text = x.copy()
    as_text[::3, 3] = len(CITIES)
    np.testing.assert_array_equal(deployed.margins(x), deployed.margins(as_text))
    holds(deployed, path, as_text)


REFUSED = {
    "products of columns": (
        lambda: make_pipeline(PolynomialFeatures(2), LogisticRegression(max_iter=500)), "has a step .*, which has no",
    ),
    "two scalers": (
        lambda: make_pipeline(StandardScaler(), MinMaxScaler(), MODELS["line"]()), "scales input 1 twice; keep one",
    ),
    "rows of length one": (lambda: make_pipeline(Normalizer(), MODELS["line"]()), "has a step Normalizer"),
    "three classes": (lambda: MODELS["line"](), "tells 3 classes apart"),
    "a calibrated one": (
        lambda: CalibratedClassifierCV(MODELS["line"](), cv=2), "has a step .*, which has no reader|branches at a",
    ),
}  # fmt: skip


@QUIET
@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_reader_is_refused_with_the_next_step(case, tmp_path):
    make, words = REFUSED[case]
    X, y = frame("float32")
    y = y + (X["amount"] > 1).to_numpy() if case == "three classes" else y
    path, numbers = tmp_path / "model.onnx", X[FLOATS].to_numpy()
    path.write_bytes(to_onnx(make().fit(numbers, y), numbers[:1]).SerializeToString())
    with pytest.raises(ModelFileError, match=words) as told:
        read(path)
    assert "\n" not in str(told.value)
    assert ";" in str(told.value)


def test_a_matrix_beside_other_inputs_has_no_names(tmp_path):
    X, y = frame("float32")
    types = [("numbers", FloatTensorType([None, 3])), ("city", StringTensorType([None, 1]))]
    encoder = ColumnTransformer([("n", "passthrough", [0, 1, 2]), ("c", OneHotEncoder(), [3])])
    model = make_pipeline(encoder, MODELS["line"]())
    with pytest.raises(
        ModelFileError, match="takes 2 inputs, one of them, 'numbers', with 3 columns without names"
    ):
        written(model, X[[*FLOATS, "city"]].to_numpy(object), y, tmp_path / "model.onnx", initial_types=types)

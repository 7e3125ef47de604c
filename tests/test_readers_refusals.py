"""What cannot be taken over exactly is refused in one line that says what and what to do; no file harms its reader."""

import gzip
import io
import json
import pickle
import re
import zipfile
import zlib

import catboost
import joblib
import lightgbm
import numpy as np
import pytest
import skops.io
import torch
from reader_fixture import NUMBERS, claims
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from generator.models.readers import ModelFileError, parsing, read

xgboost = pytest.importorskip("xgboost")


class Harmful:
    """Runs code when it is unpickled."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


@pytest.fixture(scope="module")
def rows():
    table, y = claims(300, missing=False)
    return table[list(NUMBERS)].to_numpy(), y


def of_xgboost(x, y, **settings) -> bytes:
    asked = {"n_estimators": 3, "max_depth": 3, "n_jobs": 1}
    return bytes(xgboost.XGBClassifier(**asked | settings).fit(x, y).get_booster().save_raw("json"))


def of_lightgbm(x, y, **settings) -> bytes:
    asked = {"objective": "binary", "verbose": -1, "num_threads": 1}
    return lightgbm.train(asked | settings, lightgbm.Dataset(x, y), 3).model_to_string().encode()


def of_catboost(x, y, folder, kind="json", **settings) -> bytes:
    asked = {"iterations": 3, "depth": 2, "verbose": False, "allow_writing_files": False, "thread_count": 1}
    catboost.CatBoost(asked | {"loss_function": "Logloss"} | settings).fit(x, y).save_model(
        folder / "model", format=kind
    )
    return (folder / "model").read_bytes()


def changed(data: bytes, change) -> bytes:
    held = json.loads(data)
    change(held)
    return json.dumps(held).encode()


def packed(obj, compress: int = 0) -> bytes:
    file = io.BytesIO()
    joblib.dump(obj, file, compress=compress)
    return file.getvalue()


def of_torch(obj) -> bytes:
    file = io.BytesIO()
    torch.save(obj, file)
    return file.getvalue()


def of_zip(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as held:
        for name, content in files.items():
            held.writestr(name, content)
    return file.getvalue()


def third_class(y):
    return np.arange(len(y)) % 3


FILES = {
    # what runs code, or hides a program
    "pickle": (lambda x, y, d: pickle.dumps(Harmful()), "is a pickle, which runs code when it is loaded"),
    "joblib": (lambda x, y, d: packed(Harmful()), "is a pickle, which runs code .* skops.io.dump"),
    "joblib, small": (lambda x, y, d: packed(Harmful(), compress=3), "is compressed as joblib does it: is a pickle"),
    "torch": (lambda x, y, d: of_torch({"weight": torch.zeros(2)}), r"export the net with torch.onnx.export\("),
    # other formats of these libraries
    "xgboost dump": (lambda x, y, d: b"booster[0]:\n0:leaf=1\n", "is a dump of XGBoost, .* save_model"),
    "xgboost dump, JSON": (lambda x, y, d: b'[{"nodeid": 0}]', "a JSON list, such as a dump of XGBoost"),
    "lightgbm dump": (
        lambda x, y, d: json.dumps(lightgbm.train({"verbose": -1}, lightgbm.Dataset(x, y), 2).dump_model()).encode(),
        "is a dump of LightGBM; save the model with save_model",
    ),
    "catboost, binary": (lambda x, y, d: of_catboost(x, y, d, "cbm"), 'save_model.path, format="json"'),
    "keras": (lambda x, y, d: b"\x89HDF\r\n\x1a\n", "export the net as ONNX"),
    "pmml": (lambda x, y, d: b"<PMML/>", "is XML, such as PMML; save the model"),
    "gzip": (lambda x, y, d: gzip.compress(of_xgboost(x, y)), "is compressed with gzip; unpack it first"),
    "another zip": (lambda x, y, d: of_zip(a=b"1"), "is a zip, but not of skops"),
    "a table": (lambda x, y, d: b"amount,age\n1,2\n", "is of no format with a reader; save it as"),
    "nothing": (lambda x, y, d: b"", "is empty; save the model again"),
    # XGBoost
    "linear booster": (
        lambda x, y, d: of_xgboost(x, y, booster="gblinear"),
        "is a booster 'gblinear', not of trees; train with booster='gbtree'",
    ),
    "xgboost, other objective": (
        lambda x, y, d: of_xgboost(x, y, objective="binary:hinge"),
        "has the objective 'binary:hinge'; train with one of binary:logistic",
    ),
    "xgboost, three classes": (
        lambda x, y, d: of_xgboost(x, third_class(y)), "objective 'multi:softprob'; train with",
    ),
    "xgboost, lost weights": (
        lambda x, y, d: changed(
            of_xgboost(x, y, booster="dart"),
            lambda held: held["learner"]["gradient_booster"].pop("weight_drop"),
        ),
        "is of DART and lacks weight_drop; save it again",
    ),
    "xgboost, several numbers a leaf": (
        lambda x, y, d: of_xgboost(
            x, np.stack((y, y), 1), multi_strategy="multi_output_tree", tree_method="hist"
        ),
        "has more than one output; train one",
    ),
    # LightGBM
    "linear trees": (lambda x, y, d: of_lightgbm(x, y, linear_tree=True), "train with linear_tree=False"),
    "lightgbm, other objective": (
        lambda x, y, d: of_lightgbm(x, y, objective="cross_entropy"),
        "has the objective 'cross_entropy'; train with objective='binary'",
    ),
    "lightgbm, three classes": (
        lambda x, y, d: of_lightgbm(x, third_class(y), objective="multiclass", num_class=3),
        "has the objective 'multiclass'; train with",
    ),
    "lightgbm, own objective": (
        lambda x, y, d: of_lightgbm(x, y, objective=lambda p, data: (p - data.get_label(), np.ones(len(p)))),
        "has the objective 'custom'; train with",
    ),
    "lightgbm, cut off": (lambda x, y, d: of_lightgbm(x, y)[:2000], "ends before its trees do; save the model again"),
    "lightgbm, old": (
        lambda x, y, d: of_lightgbm(x, y).replace(b"version=v4", b"version=v2"),
        "is LightGBM text of version v2; save it with LightGBM 3 or 4",
    ),
    # CatBoost
    "hashed categories": (
        lambda x, y, d: of_catboost(np.column_stack((y, y)).astype(str), y, d, cat_features=[1]),
        "has categorical inputs, which CatBoost hashes; encode them",
    ),
    "catboost, a regression": (
        lambda x, y, d: of_catboost(x, y, d, loss_function="RMSE"),
        "was trained for RMSE; train with loss_function='Logloss'",
    ),
    "catboost, three classes": (
        lambda x, y, d: of_catboost(x, third_class(y), d, loss_function="MultiClass"), "was trained for MultiClass",
    ),
    # scikit-learn
    "another kind": (lambda x, y, d: skops.io.dumps(SVC().fit(x, y)), "is a SVC, which has no reader"),
    "calibrated": (
        lambda x, y, d: skops.io.dumps(CalibratedClassifierCV(DecisionTreeClassifier(max_depth=2)).fit(x, y)),
        "is a CalibratedClassifierCV, which has no reader; the readers know DecisionTreeClassifier",
    ),
    "three classes": (
        lambda x, y, d: skops.io.dumps(DecisionTreeClassifier(max_depth=2).fit(x, third_class(y))),
        "has not two classes but 3; train one",
    ),
    "two targets": (
        lambda x, y, d: skops.io.dumps(RandomForestClassifier(2).fit(x, np.stack((y, 1 - y), 1))),
        "has not two classes but 2; train one",
    ),
    "another start": (
        lambda x, y, d: skops.io.dumps(
            GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()).fit(x, y)
        ),
        "starts from a LogisticRegression of its own; train with init=None",
    ),
    "another step": (
        lambda x, y, d: skops.io.dumps(make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(x / 1000, y)),
        "has a step PolynomialFeatures, which has no reader; use scalers",
    ),
    "rare categories together": (
        lambda x, y, d: skops.io.dumps(
            make_pipeline(OneHotEncoder(max_categories=2), LogisticRegression()).fit(x[:, 3:].astype(int), y)
        ),
        "puts rare categories together; do that in the table",
    ),
    "scaled twice": (
        lambda x, y, d: skops.io.dumps(make_pipeline(*2 * [StandardScaler()], LogisticRegression()).fit(x, y)),
        "scales a column twice; keep one scaler",
    ),
    "skops of a list": (lambda x, y, d: skops.io.dumps([1, 2]), "holds no model; save the fitted model itself"),
    "deep JSON": (lambda x, y, d: b'{"learner":' + b"[" * 10**6, "nests deeper than any model"),
    "no JSON": (lambda x, y, d: of_xgboost(x, y)[:-9], "is no JSON .*; save the model again with its own library"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", FILES)
def test_a_file_is_refused_in_one_line_that_says_what_to_do(kind, rows, tmp_path):
    make, words = FILES[kind]
    with pytest.raises(ModelFileError) as refused:
        read(make(*rows, tmp_path), "mine")
    message = str(refused.value)
    assert re.search(words, message)
    assert message.startswith("mine: ")
    assert "\n" not in message


@pytest.mark.parametrize("suffix", ["pkl", "joblib", "pt"])
def test_a_suffix_alone_is_enough_to_refuse(suffix, tmp_path):
    path = tmp_path / f"model.{suffix}"
    path.write_bytes(b"anything")
    with pytest.raises(ModelFileError, match=f"^model.{suffix}: is a .*pickle"):
        read(path)


def test_a_path_that_is_none_is_refused(tmp_path):
    with pytest.raises(
        ModelFileError, match=r"^none\.json: cannot be read: No such file .*; check the path$"
    ):
        read(tmp_path / "none.json")


def test_files_and_what_is_packed_in_them_have_a_largest_size(rows, monkeypatch, tmp_path):
    x, y = rows
    data = skops.io.dumps(DecisionTreeClassifier(max_depth=2).fit(x, y))
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.infolist():
            new.writestr(each.filename, old.read(each))
    monkeypatch.setattr(parsing, "LARGEST_FILE", len(again.getvalue()) + 100)
    with pytest.raises(ModelFileError, match="bytes, more than"):
        read(again.getvalue())
    path = tmp_path / "model.json"
    path.write_bytes(b"{" + b" " * 10**6)
    with pytest.raises(ModelFileError, match="has 1,000,001 bytes, more than"):
        read(path)


def test_an_array_sets_nothing_aside_for_what_it_only_promises(rows):
    x, y = rows
    packed_model = zipfile.ZipFile(io.BytesIO(skops.io.dumps(DecisionTreeClassifier(max_depth=2).fit(x, y))))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as again:
        for each in packed_model.infolist():
            content = packed_model.read(each)
            if content.startswith(b"\x93NUMPY"):
                promised = re.sub(
                    rb"'shape': \((\d+),", lambda found: b"'shape': (" + b"9" * 11 + b",", content
                )
                content = promised[: len(content)]
            again.writestr(each.filename, content)
    with pytest.raises(ModelFileError, match="is damaged, or of a version without a reader"):
        read(file.getvalue())


WHOLE = {
    "xgboost": lambda x, y, d: of_xgboost(x, y),
    "xgboost, binary": lambda x, y, d: bytes(
        xgboost.XGBClassifier(n_estimators=3, max_depth=3).fit(x, y).get_booster().save_raw("ubj")
    ),
    "lightgbm": lambda x, y, d: of_lightgbm(x, y),
    "catboost": lambda x, y, d: of_catboost(x, y, d),
    "skops": lambda x, y, d: skops.io.dumps(HistGradientBoostingClassifier(max_iter=3).fit(x, y)),
}


@pytest.mark.parametrize("kind", WHOLE)
def test_a_damaged_file_is_refused_or_read_but_never_harms(kind, rows, tmp_path):
    x, y = rows
    data = WHOLE[kind](x, y, tmp_path)
    read(data)
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    refused = 0
    for _ in range(150):
        broken = bytearray(data[: rng.integers(1, len(data))] if rng.random() < 0.3 else data)
        for place in rng.integers(0, len(broken), rng.integers(0, 4)):
            broken[place] = rng.integers(256)
        words = refusal(bytes(broken), x)
        refused += words is not None
        assert "\n" not in (words or "")
    assert refused > 30


def refusal(data: bytes, x: np.ndarray) -> str | None:
    """Why a file is refused; None if it is read, and then it judges rows."""
    try:
        deployed = read(data)
    except ModelFileError as error:
        return str(error)
    assert deployed.margins_raw(x).shape == (len(x),)
    return None

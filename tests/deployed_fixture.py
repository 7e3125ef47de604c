"""A table of claims, models of many libraries trained on it, and what their owner would send along."""

import json
from dataclasses import dataclass
from pathlib import Path

import catboost
import lightgbm
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import skops.io
import xgboost
from mixed_fixture import INPUTS, features, rows
from onnx import helper
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from generator.models.deployed import TakenOver, take_over
from generator.records.validation import DeployedSpec

NUMBERS = ["Claimed", "Age", "Days"]
NAMED = ["Make", "Price", "Base", "Report"]
N = 600


@dataclass(frozen=True)
class Made:
    """A file, and its library's margins and probabilities of all rows."""

    file: str
    margin: np.ndarray | None
    probability: np.ndarray


def table(missing: bool = True) -> tuple[np.ndarray, pd.DataFrame, np.ndarray]:
    """x (n, 7) as the study holds it, the owner's data frame with names, and y."""
    x, y = rows(N, seed=5)
    if not missing:
        x[np.isnan(x)] = 1.0
    frame = pd.DataFrame(x, columns=[each.name for each in INPUTS])
    for each in INPUTS:
        if each.categories:
            # the owner's codes have an order of their own
            known = sorted(each.categories, reverse=True)
            named = [None if np.isnan(place) else each.categories[int(place)] for place in frame[each.name]]
            frame[each.name] = pd.Categorical(named, known)
    return x, frame[[*NUMBERS, *NAMED]], y


def spread(frame: pd.DataFrame) -> pd.DataFrame:
    """With a column for each name."""
    return pd.get_dummies(frame, columns=NAMED, dtype=float)


def spec(file: str, **more) -> DeployedSpec:
    return DeployedSpec(
        name="champion", title="Champion", file=file, cut=more.pop("cut", {"score": 0.5}), **more
    )


def taken(made: Made, folder: Path, x: np.ndarray, **more) -> TakenOver:
    return take_over(spec(made.file, **more), folder, features(x), x)


def xgb(folder: Path, frame: pd.DataFrame, y: np.ndarray, **settings) -> Made:
    model = xgboost.XGBClassifier(n_estimators=15, max_depth=4, enable_categorical=True, n_jobs=1, **settings)
    model.fit(frame, y)
    model.save_model(folder / "xgb.json")
    return Made("xgb.json", model.predict(frame, output_margin=True), model.predict_proba(frame)[:, 1])


def lgb(folder: Path, frame: pd.DataFrame, y: np.ndarray, **settings) -> Made:
    model = lightgbm.LGBMClassifier(n_estimators=15, num_leaves=12, verbose=-1, n_jobs=1, **settings).fit(
        frame, y
    )
    model.booster_.save_model(folder / "lgb.txt")
    return Made("lgb.txt", model.predict(frame, raw_score=True), model.predict_proba(frame)[:, 1])


def cat(folder: Path, frame: pd.DataFrame, y: np.ndarray) -> Made:
    model = catboost.CatBoostClassifier(
        iterations=15, depth=4, verbose=0, thread_count=1, train_dir=str(folder / "c")
    )
    model.fit(frame, y).save_model(str(folder / "cat.json"), format="json")
    return Made(
        "cat.json", model.predict(frame, prediction_type="RawFormulaVal"), model.predict_proba(frame)[:, 1]
    )


def _skops(folder: Path, model, frame: pd.DataFrame, y: np.ndarray) -> Made:
    model.fit(frame, y)
    skops.io.dump(model, folder / "model.skops")
    margin = model.decision_function(frame) if hasattr(model, "decision_function") else None
    return Made("model.skops", margin, model.predict_proba(frame)[:, 1])


def histogram(folder: Path, frame: pd.DataFrame, y: np.ndarray) -> Made:
    model = HistGradientBoostingClassifier(max_iter=15, categorical_features="from_dtype")
    return _skops(folder, model, frame, y)


def pipeline(folder: Path, frame: pd.DataFrame, y: np.ndarray) -> Made:
    ready = ColumnTransformer([("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(), NAMED)])
    return _skops(
        folder, make_pipeline(ready, LogisticRegression()), frame.astype(dict.fromkeys(NAMED, object)), y
    )


def forest(folder: Path, frame: pd.DataFrame, y: np.ndarray) -> Made:
    ready = ColumnTransformer([("n", "passthrough", NUMBERS), ("c", OrdinalEncoder(), NAMED)])
    model = make_pipeline(ready, RandomForestClassifier(15, max_depth=5, random_state=1, n_jobs=1))
    return _skops(folder, model, frame.astype(dict.fromkeys(NAMED, object)), y)


def net(folder: Path, frame: pd.DataFrame, y: np.ndarray) -> Made:
    """A net behind its scaler on one-hot columns, whose names stand in the metadata of its file."""
    columns = spread(frame)
    scaler = StandardScaler().fit(columns.to_numpy())
    fitted = MLPClassifier((8, 6), max_iter=2000, tol=1e-3, random_state=1).fit(
        scaler.transform(columns.to_numpy()), y
    )
    kept = {"mean": scaler.mean_, "scale": scaler.scale_}
    nodes = [helper.make_node("Sub", ["x", "mean"], ["d"]), helper.make_node("Div", ["d", "scale"], ["h0"])]
    for place, (weight, bias) in enumerate(zip(fitted.coefs_, fitted.intercepts_, strict=True), 1):
        kept |= {f"w{place}": weight, f"b{place}": bias}
        nodes.append(helper.make_node("Gemm", [f"h{place - 1}", f"w{place}", f"b{place}"], [f"z{place}"]))
        if place < len(fitted.coefs_):
            nodes.append(helper.make_node("Relu", [f"z{place}"], [f"h{place}"]))
    given, answer = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", width])
                     for name, width in (("x", len(columns.columns)), ("z3", 1)))  # fmt: skip
    arrays = [onnx.numpy_helper.from_array(part.astype(np.float32), name) for name, part in kept.items()]
    model = helper.make_model(helper.make_graph(nodes, "net", [given], [answer], arrays))
    helper.set_model_props(model, {"feature_names": json.dumps(list(columns))})
    onnx.save(model, folder / "net.onnx")
    margin = run(folder / "net.onnx", columns.to_numpy())[0][:, 0]
    return Made("net.onnx", margin, 1 / (1 + np.exp(-margin.astype(float))))


def run(path: Path, x: np.ndarray) -> list[np.ndarray]:
    """What the ONNX runtime answers with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x.astype(np.float32)})


def scores(folder: Path, values: np.ndarray, ids=None, name: str = "scores.csv", **more) -> dict:
    """A file of scores, and what a study file says of it."""
    frame = pd.DataFrame({"score": values} if ids is None else {"claim": ids, "score": values})
    frame.to_csv(folder / name, index=False, **more)
    return {"file": name, "column": "score"} | ({} if ids is None else {"id": "claim"})

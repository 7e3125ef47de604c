"""Run by the Python of an older library, which knows nothing of this project: `older.py train|score NAME FOLDER`.

`train` leaves a model in the library's own form in the folder, and sample.npy; `score` puts the scores and labels of
rows.npy into scores.npz.
"""

import sys
from pathlib import Path

import numpy as np

CODES = 5
"""Of the category in the last column."""


def table():
    rng = np.random.default_rng(1)
    x = rng.standard_normal((3000, 4)) * (1, 50, 3000, 4)
    x = np.column_stack((x, rng.integers(0, CODES, len(x))))
    score = x[:, 0] + x[:, 1] / 50 + x[:, 3].round() / 4 + x[:, 4] % 2 + rng.standard_normal(len(x))
    x[:, :4][rng.random((len(x), 4)) < 0.08] = np.nan
    return x, (score > 0.5).astype(int)


def xgboost(act, folder, x, y=None):
    import xgboost

    rows = xgboost.DMatrix(x, y, feature_types=["float"] * 4 + ["c"], enable_categorical=True)
    if act == "train":
        asked = {"objective": "binary:logistic", "max_depth": 5, "tree_method": "hist", "nthread": 1}
        return xgboost.train(asked, rows, 60).save_model(folder / "model.json")
    booster = xgboost.Booster(model_file=folder / "model.json")
    return booster.predict(rows, output_margin=True), booster.predict(rows) > 0.5


def lightgbm(act, folder, x, y=None):
    import lightgbm

    if act == "train":
        rows = lightgbm.Dataset(x, y, categorical_feature=[4])
        asked = {"objective": "binary", "num_leaves": 20, "num_threads": 1, "verbose": -1}
        return lightgbm.train(asked, rows, 60).save_model(folder / "model.txt")
    booster = lightgbm.Booster(model_file=str(folder / "model.txt"))
    return booster.predict(x, raw_score=True), booster.predict(x) > 0.5


def catboost(act, folder, x, y=None):
    import catboost

    if act == "train":
        asked = {
            "iterations": 60,
            "depth": 5,
            "thread_count": 1,
            "verbose": False,
            "allow_writing_files": False,
        }
        model = catboost.CatBoostClassifier(**asked).fit(x, y)
        model.save_model(folder / "model.json", format="json")
        return model.save_model(folder / "model.cbm")
    model = catboost.CatBoostClassifier().load_model(folder / "model.cbm")
    return model.predict(x, prediction_type="RawFormulaVal"), model.predict(x, prediction_type="Class")


def scikit_learn(act, folder, x, y=None):
    import skops.io
    from sklearn.ensemble import HistGradientBoostingClassifier

    path = folder / "model.skops"
    if act == "train":
        model = HistGradientBoostingClassifier(max_iter=60, categorical_features=[4], random_state=1)
        return skops.io.dump(model.fit(x, y), path)
    # this script wrote the file
    model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    return model.decision_function(x), model.predict(x)


def forest(act, folder, x, y=None):
    import skops.io
    from sklearn.ensemble import RandomForestClassifier

    path = folder / "model.skops"
    if act == "train":
        return skops.io.dump(RandomForestClassifier(30, max_depth=8, random_state=1).fit(x, y), path)
    model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    fractions = model.predict_proba(x)
    return fractions[:, 1] - fractions[:, 0], model.predict(x)


def onnx(act, folder, x, y=None):
    from sklearn.neural_network import MLPClassifier

    return _onnx(act, folder, x, y, MLPClassifier((16, 8), max_iter=60, random_state=1))


def onnx_trees(act, folder, x, y=None):
    from sklearn.ensemble import GradientBoostingClassifier

    return _onnx(act, folder, x, y, GradientBoostingClassifier(max_depth=4, random_state=1))


def onnx_histogram(act, folder, x, y=None):
    from sklearn.ensemble import HistGradientBoostingClassifier

    return _onnx(act, folder, x, y, HistGradientBoostingClassifier(max_iter=40, random_state=1))


def _onnx(act, folder, x, y, model):
    """What these models were converted to; they know no missing values, so gaps are zeros here."""
    import onnxruntime
    from skl2onnx import to_onnx

    x = np.nan_to_num(x).astype(np.float32)
    path = folder / "model.onnx"
    if act == "train":
        made = to_onnx(model.fit(x, y), x[:1], options={id(model): {"zipmap": False}})
        return path.write_bytes(made.SerializeToString())
    session = onnxruntime.InferenceSession(path)
    labels, shares = session.run(None, {session.get_inputs()[0].name: x})
    with np.errstate(divide="ignore"):
        return np.log(shares[:, 1]) - np.log(shares[:, 0]), labels


def main():
    act, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    library = globals()[name.replace("-", "_")]
    if act == "train":
        x, y = table()
        np.save(folder / "sample.npy", x)
        library(act, folder, x, y)
    else:
        scores, labels = library(act, folder, np.load(folder / "rows.npy"))
        np.savez(folder / "scores.npz", scores=np.asarray(scores, float), labels=np.asarray(labels, float))


if __name__ == "__main__":
    main()

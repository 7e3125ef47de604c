"""Models in use are asked through the libraries that wrote their files, which say what their owner was told."""

from dataclasses import replace

import deployed_fixture as made
import numpy as np
import onnx
import onnxruntime
import pandas as pd
import pytest
import sklearn
import skops.io
import xgboost
from mixed_fixture import features
from skl2onnx import to_onnx
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from generator.models.deployed import take_over
from generator.models.libraries import NotAskedError, library_of
from generator.models.readers import files_of


@pytest.mark.parametrize(
    ("make", "library"), [(made.xgb, "XGBoost"), (made.lgb, "LightGBM"), (made.cat, "CatBoost")]
)
def test_a_library_gives_the_margins_that_it_gave_its_owner(tmp_path, make, library):
    x, frame, y = made.table(missing=make is not made.cat)
    model = make(tmp_path, made.spread(frame) if make is made.cat else frame, y)
    taken = made.taken(model, tmp_path, x)
    found = library_of(taken, {model.file: (tmp_path / model.file).read_bytes()})
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
        found = library_of(taken, {model.file: (tmp_path / model.file).read_bytes()})
        np.testing.assert_array_equal(found.margins(taken.as_given(x)), taken.margins(x))


@pytest.mark.parametrize("make", [made.xgb, made.net])
def test_of_what_is_turned_round_no_library_is_asked(tmp_path, make):
    x, frame, y = made.table(missing=False)
    model = make(tmp_path, frame, y)
    fraud = {made.xgb: "1", made.net: 1}[make]
    taken = made.taken(model, tmp_path, x, fraud=fraud)
    with pytest.raises(NotAskedError, match="as the study file says which class is fraud"):
        library_of(taken, {model.file: (tmp_path / model.file).read_bytes()})


RENAMED = "Make: of car"


def asked(model: made.Made, folder, x: np.ndarray, **more):
    """Of a model: as it was taken over for a table in which one input has a longer name, and its library."""
    inputs = tuple(
        each.model_copy(update={"name": RENAMED if each.name == "Make" else each.name})
        for each in features(x)
    )
    taken = take_over(made.spec(model.file, **more), folder, inputs, x)
    return taken, library_of(taken, files_of(folder / model.file))


def pipeline(last, frame: pd.DataFrame, y: np.ndarray, kind: str):
    """Fitted; of doubles, the converter writes files that the runtime loads if trees have their numbers last."""
    shown = frame.astype(dict.fromkeys(made.NAMED, object)).astype(dict.fromkeys(made.NUMBERS, kind))
    shown = shown.rename(columns={"Make": RENAMED})
    encoder = OneHotEncoder(handle_unknown="ignore")
    parts = [("n", StandardScaler(), made.NUMBERS), ("c", encoder, [RENAMED, *made.NAMED[1:]])]
    return make_pipeline(ColumnTransformer(parts[:: -1 if hasattr(last, "n_estimators") else 1]), last).fit(
        shown, y
    ), shown


def exported(folder, frame: pd.DataFrame, y: np.ndarray, last, kind: str) -> made.Made:
    """With one input a column, one of which the converter renames, and one that no step takes."""
    model, shown = pipeline(last, frame, y, kind)
    probability = model.predict_proba(shown)[:, 1]
    content = to_onnx(model, shown.assign(unused="x")[:1], options={"zipmap": False}).SerializeToString()
    (folder / "model.onnx").write_bytes(content)
    return made.Made("model.onnx", None, probability)


LAST = {
    "line": LogisticRegression(),
    "net": MLPClassifier((8, 4), solver="lbfgs", max_iter=2000, random_state=1),
    "forest": RandomForestClassifier(15, max_depth=5, random_state=1),
    "boosting": GradientBoostingClassifier(n_estimators=15, random_state=1),
}


@pytest.mark.filterwarnings("ignore:lbfgs failed")
@pytest.mark.parametrize("kind", ["float32", "float64"])
@pytest.mark.parametrize("last", LAST)
def test_the_onnx_runtime_gives_the_margins_of_the_reader(last, kind, tmp_path):
    x, frame, y = made.table(missing=False)
    model = exported(tmp_path, frame, y, LAST[last], kind)
    taken, found = asked(model, tmp_path, x)
    assert f"'Make__of_car' as {RENAMED!r}" in " ".join(taken.notes)
    assert found.name == f"ONNX Runtime {onnxruntime.__version__}"
    own = taken.margins(x)
    near = found.tolerance
    assert near in (1e-5, 1e-9)
    np.testing.assert_allclose(found.margins(taken.as_given(x)), own, rtol=near, atol=near)
    # of doubles, a graph compares other numbers with the thresholds of a forest than scikit-learn does
    far = np.abs(taken.link.probability(own) - model.probability) > 1e-5
    assert far.mean() <= (0.02 if (last, kind) == ("forest", "float64") else 0)
    unknown = np.where(np.arange(7) == 1, 99.0, x)
    np.testing.assert_allclose(
        found.margins(taken.as_given(unknown)), taken.margins(unknown), rtol=near, atol=near
    )


def test_one_column_among_those_that_no_step_takes_has_its_name(tmp_path):
    x, frame, y = made.table(missing=False)
    ready = ColumnTransformer([("n", StandardScaler(), ["Claimed"])])
    shown = frame[made.NUMBERS].astype("float32")
    model = make_pipeline(ready, LogisticRegression()).fit(shown, y)
    content = to_onnx(model, shown[:1], options={"zipmap": False}).SerializeToString()
    (tmp_path / "model.onnx").write_bytes(content)
    one = features(x)[:1]
    assert one[0].name == "Claimed"
    taken = take_over(made.spec("model.onnx"), tmp_path, one, x[:, :1])
    assert taken.file.inputs == ("Claimed",)
    found = library_of(taken, {"model.onnx": content})
    own = taken.margins(x[:, :1])
    np.testing.assert_allclose(found.margins(taken.as_given(x[:, :1])), own, rtol=1e-5, atol=1e-5)


def test_the_onnx_runtime_finds_weights_in_a_second_file(tmp_path):
    x, frame, y = made.table(missing=False)
    model = made.net(tmp_path, frame, y)
    path = tmp_path / model.file
    where = {"save_as_external_data": True, "location": f"{model.file}.data", "size_threshold": 0}
    onnx.save(onnx.load(path), path, **where)
    taken = made.taken(model, tmp_path, x)
    found = library_of(taken, files_of(path))
    np.testing.assert_allclose(found.margins(taken.as_given(x)), model.margin, rtol=1e-5, atol=1e-5)


@pytest.mark.filterwarnings("ignore:lbfgs failed")
@pytest.mark.parametrize("last", ["line", "net"])
@pytest.mark.parametrize("nothing", [None, np.nan], ids=str)
def test_scikit_learn_gives_the_margins_of_the_reader_where_skops_trusts_the_file(last, nothing, tmp_path):
    x, frame, y = made.table(missing=False)
    frame = frame.astype(dict.fromkeys(made.NAMED, object))
    frame.loc[::7, "Price"] = nothing
    x[::7, 3] = np.nan
    model, shown = pipeline(LAST[last], frame, y, "float64")
    skops.io.dump(model, tmp_path / "model.skops")
    taken, found = asked(made.Made("model.skops", None, np.empty(0)), tmp_path, x)
    assert found.name == f"scikit-learn {sklearn.__version__}"
    assert found.tolerance == 1e-9
    own = found.margins(taken.as_given(x))
    np.testing.assert_allclose(own, taken.margins(x), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(taken.link.probability(own), model.predict_proba(shown)[:, 1], atol=1e-9)


def test_a_file_that_skops_does_not_trust_or_that_another_version_wrote_is_not_opened(tmp_path):
    x, frame, y = made.table(missing=False)
    with pytest.raises(NotAskedError, match=r"as skops does not trust sklearn\.tree\._tree\.Tree by"):
        asked_of(made.forest(tmp_path, frame, y), tmp_path, x)
    model = made.pipeline(tmp_path, frame, y)
    taken = made.taken(model, tmp_path, x)
    older = replace(taken, file=replace(taken.file, library="scikit-learn 1.5.2"))
    with pytest.raises(NotAskedError, match=r"is not asked, as 1\.5\.2 wrote the file"):
        library_of(older, files_of(tmp_path / model.file))


def asked_of(model: made.Made, folder, x: np.ndarray):
    return library_of(made.taken(model, folder, x), files_of(folder / model.file))

"""What was changed is noticed by the ONNX Runtime and by scikit-learn alone, as by what was stored."""

from dataclasses import replace
from pathlib import Path

import claims_fixture
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from study_fixture import Recorder
from test_replaying import MOVED, OPTIONS, TAMPERED, changed, ways

from generator.audit import AuditError
from generator.audit.kept import Kept
from generator.audit.replaying import ReplayedModel, _Replay, _rounding
from generator.commands.validating import asked_of
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.models.readers import ModelFileError
from generator.study.validation import run_validation

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
skops = pytest.importorskip("skops.io")

NUMBERS, NAMED = ["Claimed", "Days since policy"], ["Price", "Make", "Witness"]
LIBRARIES = {"graph": "ONNX Runtime", "pipeline": "scikit-learn"}


def given(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """What a model is given: numbers of one float type, and texts."""
    return pd.DataFrame(
        {name: table[name].astype(kind) for name in NUMBERS} | {name: table[name].astype(object) for name in NAMED}
    )  # fmt: skip


def write(folder: Path, table: pd.DataFrame):
    """A net as a graph with one input a column, with weights beside it, a line as skops has it, and their scores."""
    build, fraud = table["Part"] == "build", table["Outcome"] == "fraud"
    last = {
        "graph": MLPClassifier((6, 4), solver="lbfgs", max_iter=5000, alpha=1.0, random_state=1),
        "pipeline": LogisticRegression(),
    }
    for name, model in last.items():
        X = given(table, "float32" if name == "graph" else "float64")
        parts = [("n", StandardScaler(), NUMBERS), ("c", OneHotEncoder(handle_unknown="ignore"), ["Make"]),
                 ("o", OrdinalEncoder(), ["Price", "Witness"])]  # fmt: skip
        fitted = make_pipeline(ColumnTransformer(parts), model).fit(X[build], fraud[build].astype(int))
        score = fitted.predict_proba(X)[:, 1]
        if name == "graph":
            graph = skl2onnx.to_onnx(fitted, X[:1], options={"zipmap": False})
            path = folder / "graph.onnx"
            # what is written number by number stays in the file, and so have shapes to
            for held in (
                each for each in graph.graph.initializer if each.data_type == onnx.TensorProto.FLOAT
            ):
                held.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(held), held.name))
            onnx.save(graph, path, save_as_external_data=True, location="graph.onnx.data", size_threshold=0)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            rows = {
                each.name: X[[column]].to_numpy()
                for each, column in zip(session.get_inputs(), X, strict=True)
            }
            score = session.run(None, rows)[1][:, 1]
        else:
            skops.dump(fitted, folder / "pipeline.skops")
        pd.DataFrame({"Claim": table["Claim"], "score": score}).to_csv(folder / f"{name}.csv", index=False)


@pytest.fixture(scope="module")
def by_libraries(tmp_path_factory) -> Kept:
    folder = tmp_path_factory.mktemp("libraries")
    write(folder, claims_fixture.asked(folder, 400))
    before, _, model = claims_fixture.STUDY.partition("[[deployed]]")
    models = [
        model.replace("champion", name).replace("scores.csv", f"{name}.csv").replace("model.json", file)
        for name, file in (("graph", "graph.onnx"), ("pipeline", "pipeline.skops"))
    ]
    (folder / "claims.toml").write_text("[[deployed]]".join([before, *models]))
    asked = asked_of(folder / "claims.toml", OPTIONS)
    inputs = tuple(each.model_copy(update=MOVED.get(each.name, {})) for each in asked.spec.inputs)
    proof = asked.spec.proof.model_copy(update={"epsilons": (0.1, 0.35)})
    spec = asked.spec.model_copy(
        update={"inputs": inputs, "beside": ("logistic_regression",), "proof": proof}
    )
    measured = tuple(each.measured(asked.table.x[:, place]) for place, each in enumerate(inputs))
    table = replace(asked.table, features=measured)
    engine = Engine(StageCache(folder / "cache"), 1, Recorder())
    found = run_validation(spec, table, asked.used, asked.origin, engine)
    return Kept(folder / "claims.npz", found.result, dict(found.private))


def replayed(kept: Kept, model: str) -> ReplayedModel:
    """By the library alone, which the stored arrays do not help."""
    (judge,) = (each for each in ways(kept)[model] if each.name.startswith(LIBRARIES[model]))
    tiers = kept.spec.threat.tiers
    rising = sorted(tiers, key=lambda tier: sum(map(tier.contains, tiers)))
    return _Replay(kept, model, judge, _rounding(kept, model)).all(rising)


@pytest.mark.parametrize("model", LIBRARIES)
def test_a_library_agrees_with_all_that_was_found(by_libraries, model):
    found = replayed(by_libraries, model)
    assert found.judged == by_libraries.replicate.size
    assert found.examples > 0
    assert found.proofs > 0


@pytest.mark.parametrize("tampered", TAMPERED, ids=lambda each: each.__name__)
@pytest.mark.parametrize("model", LIBRARIES)
def test_a_library_alone_notices_what_was_changed(by_libraries, tampered, model):
    with pytest.raises(AuditError, match=TAMPERED[tampered]) as told:
        replayed(tampered(by_libraries, model), model)
    assert model in str(told.value)


@pytest.mark.parametrize("model", LIBRARIES)
def test_a_library_alone_notices_that_another_model_judged(by_libraries, model):
    kept = by_libraries
    other = {
        f"{model}/{name.partition('/')[2]}": array
        for name, array in kept.arrays.items()
        if name.startswith("logistic_regression/")
    }
    with pytest.raises(AuditError, match=LIBRARIES[model]):
        replayed(replace(kept, arrays=dict(kept.arrays) | other), model)


@pytest.mark.parametrize(("model", "name"), [("graph", "graph.onnx.data"), ("pipeline", "pipeline.skops")])
def test_a_file_that_was_changed_is_refused(by_libraries, model, name):
    def another(array: np.ndarray):
        array[len(array) // 2] ^= 1

    with pytest.raises(ModelFileError, match=name.partition(".data")[0]):
        ways(changed(by_libraries, f"{model}/file/{name}", another))

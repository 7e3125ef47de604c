"""ONNX files are read as the runtime scores them, within the rounding of float32 sums."""

from itertools import pairwise

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from reader_fixture import NUMBERS, ROWS, agree, claims, trying
from skl2onnx import to_onnx
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from torch import nn

from generator.models.readers import ModelFileError, read
from generator.models.readers.deployed import Asked

HEADS = {
    "one score": (1, ()),
    "a probability": (1, (nn.Sigmoid(),)),
    "two scores": (2, ()),
    "two probabilities": (2, (nn.Softmax(1),)),
}


class Scaled(nn.Module):
    """A net behind the scaler that it is deployed with."""

    def __init__(self, layers: nn.Sequential):
        super().__init__()
        self.layers = layers
        self.register_buffer("mean", torch.tensor([0.1, 5.0, 90.0, 0.0]))
        self.register_buffer("scale", torch.tensor([1.0, 50.0, 3000.0, 4.0]))

    def forward(self, x):
        return self.layers((x - self.mean) / self.scale)


def exported(head: str, between: type[nn.Module], folder, widths=(8, 5)):
    torch.manual_seed(3)
    outputs, last = HEADS[head]
    sizes = (len(NUMBERS), *widths)
    hidden = [part for a, b in pairwise(sizes) for part in (nn.Linear(a, b), between())]
    net = Scaled(nn.Sequential(*hidden, nn.Linear(sizes[-1], outputs), *last)).eval()
    path = folder / "net.onnx"
    batch = {"x": {0: "rows"}}
    torch.onnx.export(
        net, (torch.zeros(2, 4),), path, dynamo=False, input_names=["x"], dynamic_axes=batch, opset_version=17
    )
    return path


def run(path, x: np.ndarray) -> list[np.ndarray]:
    """What the runtime answers with one thread, the only number of them that answers the same again."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x.astype(np.float32)})


def rows() -> np.ndarray:
    table, _ = claims(ROWS, missing=False)
    return table[list(NUMBERS)].to_numpy()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("between", [nn.ReLU, nn.Tanh, nn.Sigmoid])
@pytest.mark.parametrize("head", HEADS)
def test_nets_of_torch(head, between, tmp_path):
    path = exported(head, between, tmp_path)
    deployed = read(path)
    x = rows()
    (scores,) = run(path, x)
    own = deployed.margins_raw(x)
    if "probabilit" in head:
        scores = np.log(scores / (1 - scores)) if scores.shape[1] == 1 else np.log(scores)
    margins = scores[:, 0] if scores.shape[1] == 1 else scores[:, 1] - scores[:, 0]
    np.testing.assert_allclose(own, margins, atol=5e-5)
    assert ((own > 0) == (margins > 0))[deployed.certain(x)].all()
    assert deployed.certain(x).mean() > 0.99
    assert deployed.kind == {nn.ReLU: "relu", nn.Tanh: "tanh", nn.Sigmoid: "logistic"}[between]
    assert [weight.shape[1] for weight in deployed.model.weights][:-1] == [8, 5]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_weights_in_a_second_file_are_part_of_the_model(tmp_path):
    path = exported("one score", nn.ReLU, tmp_path, widths=(40, 40))
    whole, x = read(path), rows()
    onnx.save(onnx.load(path), path, save_as_external_data=True, location="net.onnx.data", size_threshold=0)
    parted = read(path)
    assert (parted.margins(x) == whole.margins(x)).all()
    weights = bytearray((tmp_path / "net.onnx.data").read_bytes())
    weights[:4] = np.float32(9).tobytes()
    (tmp_path / "net.onnx.data").write_bytes(weights)
    assert read(path).digest != parted.digest
    path.rename(tmp_path / "renamed.onnx")
    with pytest.raises(ModelFileError, match=r"keeps weights in 'net\.onnx\.data', which is not read"):
        read(tmp_path / "renamed.onnx")


@pytest.mark.parametrize(
    "model",
    [
        DecisionTreeClassifier(max_depth=6, random_state=1),
        RandomForestClassifier(20, max_depth=6, random_state=1),
        ExtraTreesClassifier(20, max_depth=8, random_state=1),
        GradientBoostingClassifier(n_estimators=20, random_state=1),
    ],
    ids=lambda model: type(model).__name__,
)
def test_trees_of_scikit_learn(model, tmp_path):
    table, y = claims(missing=False)
    x = table[list(NUMBERS)].to_numpy()
    model.fit(x, y)
    path = tmp_path / "trees.onnx"
    path.write_bytes(to_onnx(model, x[:1].astype(np.float32), options={"zipmap": False}).SerializeToString())
    deployed = read(path)
    # missing values too: the file sends them right, whatever scikit-learn does
    near = trying(deployed, table[list(NUMBERS)])
    near = near[deployed.certain(near)]
    assert len(near) > 0.9 * ROWS
    labels, probabilities = run(path, near)
    scores = probabilities[:, 1].astype(float)
    if isinstance(model, GradientBoostingClassifier):
        scores = np.log(scores / (1 - scores))
    agree(deployed, near, scores, labels)


@pytest.mark.parametrize(
    "last", [LogisticRegression(), MLPClassifier((8, 4), solver="lbfgs", max_iter=200)], ids=str
)
@pytest.mark.filterwarnings("ignore:lbfgs failed")
def test_pipelines_of_scikit_learn(last, tmp_path):
    table, y = claims(missing=False)
    x = table[list(NUMBERS)].to_numpy()
    model = make_pipeline(StandardScaler(), last).fit(x, y)
    path = tmp_path / "pipeline.onnx"
    path.write_bytes(to_onnx(model, x[:1].astype(np.float32), options={"zipmap": False}).SerializeToString())
    deployed = read(path)
    near = rows()[deployed.certain(rows())]
    labels, _ = run(path, near)
    assert ((deployed.margins(near) > 0) == labels).all()
    assert deployed.library == "ONNX of skl2onnx 1.20.0"


@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"])
@pytest.mark.parametrize("tracks", [0, 1])
def test_every_order_of_a_node_goes_where_the_runtime_goes(mode, tracks, tmp_path):
    node = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["score"], domain="ai.onnx.ml", n_targets=1, nodes_treeids=[0, 0, 0],
        nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_modes=[mode, "LEAF", "LEAF"],
        nodes_values=[0.1, 0.0, 0.0], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0],
        nodes_missing_value_tracks_true=[tracks, 0, 0], target_treeids=[0, 0], target_nodeids=[1, 2],
        target_ids=[0, 0], target_weights=[2.0, -3.0],
    )  # fmt: skip
    path = tmp_path / "node.onnx"
    shapes = ([helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1])] for name in ("x", "score"))
    graph = helper.make_graph([node], "one", *shapes)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=9), path)
    with pytest.raises(ModelFileError, match="is a regressor, which flags nothing; say above which score"):
        read(path)
    deployed = read(path, asked=Asked(cut=0.0))
    tenth = np.float32(0.1)
    x = np.array([tenth, np.nextafter(tenth, -np.inf), np.nextafter(tenth, np.inf), np.nan, -np.inf, np.inf])[
        :, None
    ]
    assert (deployed.margins(x) == run(path, x)[0][:, 0]).all()

"""Networks of tanh, sigmoid and GELU: bounds hold at every point, verdicts agree with fine grids and libraries."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from generator.audit.published import KINDS
from generator.models.folds import standardised
from generator.models.smooth import ACTIVATIONS, SmoothNet
from generator.proofs import smooth
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec

SPEC = ProofSpec()
NAMES = tuple(ACTIVATIONS)


def _arrays(rng: np.random.Generator, activation: str, widths: tuple[int, ...]) -> dict[str, np.ndarray]:
    made = {"activation": np.array([NAMES.index(activation)])}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(widths)):
        made[f"weights.{i}"] = 2 * rng.standard_normal((1, fan_in, fan_out)) / np.sqrt(fan_in)
        made[f"biases.{i}"] = 0.5 * rng.standard_normal((1, 1, fan_out))
    return made


def _boxes(x: np.ndarray, reach: np.ndarray | float, whole: np.ndarray | None = None) -> Boxes:
    d = x.shape[1]
    whole = np.zeros(d, bool) if whole is None else whole
    return Boxes(x, x, x - reach, x + reach, whole, np.zeros(d), np.ones(d))


def _case(seed: int, activation: str, hidden: tuple[int, ...] = (8, 6), d: int = 2, n: int = 20):
    """A network whose margin is as often above zero as below, and rows labelled as it labels them."""
    rng = np.random.default_rng(seed)
    subject, x = smooth.read(_arrays(rng, activation, (d, *hidden, 2)), 0), rng.standard_normal((n, d))
    m = smooth.margins(subject, _boxes(x, 0.0))
    subject.biases[-1][:] -= np.median(m)
    return subject, x, (m > np.median(m)).astype(int)


def _grid(low: np.ndarray, high: np.ndarray, points: int) -> np.ndarray:
    axes = [np.linspace(*ends, points) for ends in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes), -1).reshape(-1, len(low))


def test_both_rooms_name_the_activations_alike():
    assert smooth.NAMES == NAMES
    z = np.linspace(-9, 9, 1001)
    theirs = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "gelu": torch.nn.functional.gelu}
    for name, function in ACTIVATIONS.items():
        np.testing.assert_allclose(function(z), theirs[name](torch.from_numpy(z)).numpy(), atol=1e-14)
        np.testing.assert_array_equal(function(z), smooth.value(name, z))


@pytest.mark.parametrize("activation", NAMES)
def test_lines_enclose_the_activation(activation):
    rng = np.random.default_rng(1)
    low = rng.normal(0, 4, 4000)
    high = low + np.where(rng.random(4000) < 0.3, 10 ** rng.uniform(-14, -5, 4000), rng.exponential(2, 4000))
    low[:3], high[:3] = (0.0, -1.0, 2.0), (0.0, 0.0, 2.0)
    above, over, below, under = smooth.lines(activation, low, high)
    for share in np.linspace(0, 1, 201):
        z = np.clip(low + share * (high - low), low, high)
        f = smooth.value(activation, z)
        assert (below * z + under <= f + 1e-12).all()
        assert (f <= above * z + over + 1e-12).all()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1), activation=st.sampled_from(NAMES), reach=st.floats(0, 1.5),
    hidden=st.sampled_from([(), (5,), (6, 4), (5, 4, 3)]), sign=st.sampled_from([1.0, -1.0]),
)  # fmt: skip
def test_no_point_of_a_box_is_below_its_bound(seed, activation, reach, hidden, sign):
    rng = np.random.default_rng(seed)
    subject, centre = smooth.read(_arrays(rng, activation, (3, *hidden, 1)), 0), rng.standard_normal((2, 3))
    lower, upper = centre - reach * rng.random((2, 3)), centre + reach * rng.random((2, 3))
    least, slope, _ = smooth.bounds(subject, lower, upper, sign)
    middle, half = (lower + upper) / 2, (upper - lower) / 2
    for k in range(2):
        points = rng.uniform(lower[k], upper[k], (300, 3))
        points = np.vstack([points, np.where(rng.random((60, 3)) < 0.5, lower[k], upper[k])])
        values = sign * smooth.margins(subject, _boxes(points, 0.0))
        line = least[k] + np.abs(slope[k]) @ half[k] + (points - middle[k]) @ slope[k]
        assert (line <= values + 1e-9).all()
        if not hidden:
            assert (line >= values - 1e-9).all()


@pytest.mark.parametrize("activation", NAMES)
def test_verdicts_agree_with_a_fine_grid(activation):
    subject, x, y = _case(2, activation)
    boxes = _boxes(x, 0.4)
    found = smooth.decide(subject, boxes, y, SPEC, threshold=0.05)
    worst = np.array(
        [
            ((smooth.margins(subject, _boxes(_grid(low, high, 201), 0.0)) - 0.05) * (2 * label - 1)).min()
            for low, high, label in zip(boxes.lower, boxes.upper, y, strict=True)
        ]
    )
    clear = np.abs(worst) > 5e-3  # twice what the margin changes by between points of the grid
    assert clear.sum() > 15
    assert {PROVED, BROKEN} == set(found.outcome)
    np.testing.assert_array_equal(found.outcome[clear], np.where(worst > 0, PROVED, BROKEN)[clear])
    proved = found.outcome == PROVED
    assert (found.margin[proved] <= worst[proved] + 1e-12).all()


def test_witnesses_lie_in_their_box_and_are_wrong():
    for activation in NAMES:
        subject, x, y = _case(3, activation, d=4, n=25)
        boxes = _boxes(x, np.array([0.5, 0.0, 0.3, 0.4]))
        found = smooth.decide(subject, boxes, y, SPEC)
        broken = found.outcome == BROKEN
        assert 0 < broken.sum() < 25
        assert np.isnan(found.witness[~broken]).all()
        point = found.witness[broken]
        assert ((point >= boxes.lower[broken]) & (point <= boxes.upper[broken])).all()
        m = smooth.margins(subject, _boxes(point, 0.0)) * (2 * y[broken] - 1)
        np.testing.assert_allclose(m, found.margin[broken], atol=1e-12)
        assert (m <= 2 * SPEC.tau).all()


def test_whole_numbers_agree_with_trying_them_all():
    subject, x, _ = _case(4, "tanh", d=3, n=40)
    scale = np.array([3.0, 2.0, 1.0])
    raw = np.rint(x * scale)
    x = raw / scale
    y = (smooth.margins(subject, _boxes(x, 0.0)) > 0).astype(int)
    steps, whole = np.array([2, 1, 0]), np.array([True, True, False])
    boxes = Boxes(raw, x, x - steps / scale, x + steps / scale, whole, np.zeros(3), scale)
    found = smooth.decide(subject, boxes, y, SPEC)
    moves = np.stack(np.meshgrid([-2, -1, 0, 1, 2], [-1, 0, 1], [0]), -1).reshape(-1, 3) / scale
    signed = [
        smooth.margins(subject, _boxes(row + moves, 0.0)) * (2 * label - 1)
        for row, label in zip(x, y, strict=True)
    ]
    worst = np.min(signed, axis=1)
    clear = np.abs(worst) > 3 * SPEC.tau
    assert {PROVED, BROKEN} == set(found.outcome)
    np.testing.assert_array_equal(found.outcome[clear], np.where(worst > 0, PROVED, BROKEN)[clear])
    broken = found.outcome == BROKEN
    np.testing.assert_allclose(found.witness[broken], np.rint(found.witness[broken]), atol=1e-9)


def test_a_radius_is_where_the_verdict_turns():
    subject, x, y = _case(5, "sigmoid", n=12)
    found = smooth.radius(subject, _boxes(x, 0.0), y, 1.0, SPEC)
    bounded = np.isfinite(found.broken)
    assert bounded.any()
    assert (found.broken - found.proved)[bounded].max() <= SPEC.radius_tolerance
    inside = smooth.decide(subject, _boxes(x, found.proved[:, None]), y, SPEC).outcome
    assert (inside[found.proved > 0] == PROVED).all()
    beyond = _boxes(x[bounded], found.broken[bounded][:, None])
    assert (smooth.decide(subject, beyond, y[bounded], SPEC).outcome == BROKEN).all()


def test_out_of_boxes_is_unresolved_and_the_second_method_refutes_no_proof():
    subject, x, y = _case(6, "gelu", n=15)
    hurried = smooth.decide(subject, _boxes(x, 0.4), y, ProofSpec(box_limit=1))
    assert (hurried.outcome == UNRESOLVED).any()
    ours, theirs = smooth.cross_check(subject, _boxes(x, 0.3), y, SPEC)
    np.testing.assert_array_equal(ours, theirs)


def test_a_proof_that_is_read_covers_its_box():
    subject, x, y = _case(7, "tanh", n=20)
    boxes, lengths = _boxes(x, 0.25), []
    outcome = smooth.decide(subject, boxes, y, SPEC).outcome
    for row in range(20):
        steps = smooth.proof_steps(subject, boxes, row, int(y[row]), 400, SPEC)
        if steps is None:
            continue
        assert outcome[row] == PROVED
        volume = sum(np.prod(step.upper - step.lower) for step in steps if step.proved)
        assert volume == pytest.approx(0.5**2)
        assert smooth.proof_steps(subject, boxes, row, int(y[row]), len(steps) - 1, SPEC) is None
        lengths.append(len(steps))
    assert max(lengths) > 2


@pytest.mark.parametrize(("activation", "theirs"), [("tanh", "tanh"), ("sigmoid", "logistic")])
def test_a_network_of_scikit_learn_is_proved_as_it_judges(toy_folds, activation, theirs):
    x = standardised(toy_folds.x, toy_folds.means[:1], toy_folds.scales[:1]).reshape(-1, toy_folds.x.shape[1])
    rows, raw = toy_folds.train_rows[0], toy_folds.test_raw()
    fitted = MLPClassifier((8, 6), activation=theirs, solver="lbfgs", max_iter=500, random_state=0)
    fitted.fit(x[rows].astype(np.float64), toy_folds.y[rows])
    weights, biases = (
        tuple(np.stack([np.atleast_2d(each)] * toy_folds.replicates) for each in part)
        for part in (fitted.coefs_, fitted.intercepts_)
    )
    net = SmoothNet(weights, biases, activation, toy_folds.means, toy_folds.scales)
    z = toy_folds.test_x()[0].astype(np.float64)
    y = fitted.predict(z)
    np.testing.assert_array_equal(net.margins(raw)[0] > 0, y == 1)
    again = SmoothNet.restored(net.arrays(), toy_folds)
    np.testing.assert_array_equal(again.margins(raw), net.margins(raw))
    subject = smooth.read(net.arrays(), 0)
    np.testing.assert_allclose(smooth.margins(subject, _boxes(z, 0.0)), net.margins(raw)[0], atol=1e-9)
    found = smooth.decide(subject, _boxes(z, 0.3), y, SPEC)
    sure = (found.outcome == BROKEN) & (found.margin <= -SPEC.tau)
    assert sure.any()
    assert (fitted.predict(found.witness[sure]) != y[sure]).all()
    rng = np.random.default_rng(0)
    proved = found.outcome == PROVED
    for _ in range(20):
        assert (fitted.predict(z + rng.uniform(-0.3, 0.3, z.shape))[proved] == y[proved]).all()


@pytest.mark.parametrize("logits", [1, 2])
@pytest.mark.parametrize("activation", NAMES)
def test_the_audit_judges_what_is_published_as_torch_does(activation, logits):
    rng = np.random.default_rng(logits)
    arrays = {name: part[0] for name, part in _arrays(rng, activation, (3, 7, 5, logits)).items()}
    kind, x = KINDS["smooth"], 3 * rng.standard_normal((200, 3)).astype(np.float32)
    found = {name: part.shape for name, part in arrays.items()}
    assert kind.shapes(None, 3, found) == found
    theirs = {"tanh": torch.nn.Tanh(), "sigmoid": torch.nn.Sigmoid(), "gelu": torch.nn.GELU()}[activation]
    out = torch.from_numpy(x.astype(np.float64))
    for layer in range(3):
        weights, biases = (torch.from_numpy(arrays[f"{part}.{layer}"]) for part in ("weights", "biases"))
        out = out @ weights + biases
        out = theirs(out) if layer < 2 else out
    expected = (out[:, 1] - out[:, 0] if logits == 2 else out[:, 0]).numpy()
    np.testing.assert_allclose(kind.margins(arrays, x, x), expected, atol=1e-12)


def test_the_audit_names_a_published_layer_that_does_not_fit():
    good = {
        "weights.0": (3, 7),
        "biases.0": (1, 7),
        "weights.1": (7, 2),
        "biases.1": (1, 2),
        "activation": (),
    }
    shapes = KINDS["smooth"].shapes
    assert shapes(None, 4, good)["weights.0"] == (4, 7)
    assert shapes(None, 3, good | {"biases.0": (1, 6)})["biases.0"] == (1, 7)
    assert shapes(None, 3, good | {"weights.1": (6, 2)})["weights.1"] == (7, 2)
    assert shapes(None, 3, good | {"weights.1": (7, 3), "biases.1": (1, 3)})["weights.1"] == (7, 2)
    assert shapes(None, 3, {name: good[name] for name in good if name != "activation"})["activation"] == ()


def test_more_than_two_logits_are_refused():
    with pytest.raises(ValueError, match=r"one or two logits; the weights are \(2, 4\), \(4, 3\)"):
        smooth.read(_arrays(np.random.default_rng(0), "tanh", (2, 4, 3)), 0)

"""Networks of any depth and width, with one or two logits: the same verdicts as closed forms and other solvers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.models.folds import make_folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.proofs import milp
from generator.proofs.relu import kernels, search
from generator.proofs.relu.bounds import crown, interval_layers, layer_bounds
from generator.proofs.relu.network import Network, from_arrays, margins
from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED, Lattice, radius, replay, verify
from generator.proofs.relu.walk import walk
from generator.records.spec import TrainingSpec
from tests.marabou_fixture import ask

WIDTHS = ((), (7,), (9, 5), (8, 6, 7), (6, 5, 6, 5))


def arrays(
    rng: np.random.Generator, d: int, hidden: tuple[int, ...], logits: int, gain: float = 1.7
) -> dict[str, np.ndarray]:
    """Random weights of one replicate, large enough to bend inside boxes."""
    made = {}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise((d, *hidden, logits))):
        made[f"weights.{i}"] = gain * rng.standard_normal((1, fan_in, fan_out)) / np.sqrt(fan_in)
        made[f"biases.{i}"] = 0.3 * rng.standard_normal((1, 1, fan_out))
    return made


def case(seed: int, hidden: tuple[int, ...], logits: int = 2, d: int = 3, n: int = 25):
    """A random network, rows labelled as it labels them itself, and boxes of unlike sides; one input is fixed."""
    rng = np.random.default_rng(seed)
    net, x = from_arrays(arrays(rng, d, hidden, logits), 0), rng.standard_normal((n, d))
    net = net._replace(c=net.c - float(np.median(margins(net, x))))
    reach = rng.uniform(0, 0.7, (2, n, d))
    reach[:, :, -1] = 0
    return net, x, (margins(net, x) > 0).astype(int), (x - reach[0], x + reach[1])


@pytest.mark.parametrize("logits", [1, 2])
@pytest.mark.parametrize("hidden", WIDTHS, ids=str)
def test_the_network_is_the_layers_of_the_arrays_one_after_the_other(hidden, logits):
    rng = np.random.default_rng(len(hidden))
    made, x = arrays(rng, 3, hidden, logits), rng.standard_normal((10, 3))
    out = x
    for layer in range(len(hidden) + 1):
        out = out @ made[f"weights.{layer}"][0] + made[f"biases.{layer}"][0]
        if layer < len(hidden):
            out = np.maximum(out, 0)
    expected = out[:, 0] if logits == 1 else out[:, 1] - out[:, 0]
    np.testing.assert_allclose(margins(from_arrays(made, 0), x), expected, atol=1e-12)


def _breaks(net: Network, low: float, high: float) -> np.ndarray:
    """Both ends, and every place between where the margin of one input bends: it is linear between two."""
    places = np.array([low, high])
    for depth in range(len(net.weights)):
        ends = places
        values = ends[:, None]
        for w, b in zip(net.weights[: depth + 1], net.biases[: depth + 1], strict=True):
            before = values @ w + b
            values = np.maximum(before, 0)
        # up to here each ReLU of this layer takes in something linear between two places
        left, right = before[:-1], before[1:]
        piece, unit = np.nonzero((left < 0) != (right < 0))
        share = left[piece, unit] / (left[piece, unit] - right[piece, unit])
        places = np.unique(np.concatenate([places, ends[piece] + share * (ends[piece + 1] - ends[piece])]))
    return places


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), hidden=st.sampled_from(WIDTHS[1:]), logits=st.integers(1, 2))
def test_with_one_input_the_worst_margin_is_that_of_the_worst_bend(seed, hidden, logits):
    rng = np.random.default_rng(seed)
    net = from_arrays(arrays(rng, 1, hidden, logits), 0)
    low, high, threshold = *np.sort(rng.normal(0, 1.5, 2)), rng.normal(0, 0.3)
    m = margins(net, _breaks(net, low, high)[:, None])
    for y, worst in ((1, m.min() - threshold), (0, threshold - m.max())):
        found = verify(net, np.array([[low]]), np.array([[high]]), np.array([y]), threshold=threshold)
        if abs(worst) > 1e-4:
            assert found.outcome[0] == (PROVED if worst > 0 else BROKEN)
        if found.outcome[0] == PROVED:
            assert found.margin[0] <= worst + 1e-9


@pytest.mark.parametrize("logits", [1, 2])
@pytest.mark.parametrize("hidden", WIDTHS[1:], ids=str)
def test_the_search_agrees_with_the_mixed_integer_program(hidden, logits):
    for seed in range(3):
        net, _, y, box = case(seed, hidden, logits)
        threshold = 0.2 * seed
        ours = verify(net, *box, y, threshold=threshold)
        theirs = milp.verify(net, *box, y, threshold=threshold, tight=bool(seed % 2))
        np.testing.assert_array_equal(ours.outcome, theirs.outcome)
        assert {PROVED, BROKEN} == set(ours.outcome)
        proved = ours.outcome == PROVED
        assert (ours.margin[proved] <= theirs.margin[proved] + 1e-4).all()


def test_a_network_without_a_hidden_layer_is_worst_at_a_corner():
    net, _, y, (low, high) = case(4, ())
    sign = np.where(y == 1, 1, -1)
    worst = sign * net.c + np.minimum(sign[:, None] * net.v * low, sign[:, None] * net.v * high).sum(1)
    found = verify(net, low, high, y)
    np.testing.assert_array_equal(found.outcome, np.where(worst > search.TAU, PROVED, BROKEN))
    theirs = milp.verify(net, low, high, y)
    np.testing.assert_array_equal(found.outcome, theirs.outcome)


@pytest.mark.parametrize("hidden", WIDTHS, ids=str)
def test_proofs_survive_random_draws_and_witnesses_are_in_the_box_and_wrong(hidden):
    net, _, y, (low, high) = case(5, hidden, n=40)
    found = verify(net, low, high, y)
    rng = np.random.default_rng(0)
    for row in np.flatnonzero(found.outcome == PROVED):
        points = np.where(rng.random((400, 3)) < 0.4, low[row], rng.uniform(low[row], high[row], (400, 3)))
        assert (margins(net, points) * (2 * y[row] - 1)).min() >= found.margin[row] - 1e-9
    broken = found.outcome == BROKEN
    assert broken.any()
    assert ((found.witness >= low) & (found.witness <= high))[broken].all()
    assert replay(net, found.witness, y)[broken].all()


@pytest.mark.parametrize("hidden", [(7,), (6, 5, 6, 5)], ids=str)
def test_whole_numbers_agree_with_trying_them_all(hidden):
    net, x, _, _ = case(6, hidden, n=50)
    lattice = Lattice.of_raw(np.array([1.0, 0.5, 1.0]), np.array([2.0, 1.0, 3.0]), np.array([4.0, 2.0, 3.0]))
    x = lattice.offset + lattice.step * np.rint((x - lattice.offset) / lattice.step)
    y = (margins(net, x) > 0).astype(int)
    found = verify(net, x - 0.3, x + 0.3, y, lattice=lattice)
    moves = np.stack(np.meshgrid(*[np.arange(-2, 3)] * 3), -1).reshape(-1, 3) * lattice.step
    moves = moves[(np.abs(moves) <= 0.3 + 1e-9).all(1)]
    worst = np.array(
        [(margins(net, row + moves) * (2 * label - 1)).min() for row, label in zip(x, y, strict=True)]
    )
    clear = np.abs(worst) > 1e-4
    assert {PROVED, BROKEN} == set(found.outcome)
    np.testing.assert_array_equal(found.outcome[clear], np.where(worst > 0, PROVED, BROKEN)[clear])


@pytest.mark.parametrize("hidden", WIDTHS, ids=str)
def test_a_radius_is_where_the_verdict_turns(hidden):
    net, x, y, _ = case(7, hidden, n=15)
    ones = np.ones(x.shape)
    found = radius(net, x, y, ones, ones, 1.0)
    assert (found.broken - found.proved)[np.isfinite(found.broken)].max(initial=0) <= 1e-3 + 1e-12
    for reach, outcome, rows in (
        (found.proved * (1 - 1e-9), PROVED, found.proved > 0),
        (found.broken, BROKEN, np.isfinite(found.broken)),
    ):
        part = (x[rows] + side * reach[rows, None] for side in (-1, 1))
        assert (verify(net, *part, y[rows]).outcome == outcome).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), hidden=st.sampled_from(WIDTHS[1:]), reach=st.floats(0, 1.5))
def test_no_point_of_the_box_is_outside_the_bounds_of_layers_margin_and_slopes(seed, hidden, reach):
    rng = np.random.default_rng(seed)
    net = from_arrays(arrays(rng, 3, hidden, 2), 0)
    centre, sides = rng.standard_normal(3), reach * rng.random(3)
    low, high = centre - sides, centre + sides
    points = np.vstack([rng.uniform(low, high, (200, 3)), np.where(rng.random((60, 3)) < 0.5, low, high)])
    values, tight, loose = points, layer_bounds(net, low, high), interval_layers(net, low, high)
    for layer, (w, b) in enumerate(zip(net.weights, net.biases, strict=True)):
        before = values @ w + b
        for bottom, top in (tight[layer], loose[layer]):
            assert (bottom - 1e-9 <= before).all()
            assert (before <= top + 1e-9).all()
        values = np.maximum(before, 0)
    for y in (0, 1):
        bound, slope = crown(net, low[None], high[None], np.array([y]))
        line = bound[0] + np.abs(slope[0]) @ sides + (points - centre) @ slope[0]
        assert (line <= margins(net, points) * (2 * y - 1) + 1e-9).all()


@pytest.mark.parametrize("hidden", [(7,), (8, 6, 7), (6, 5, 6, 5)], ids=str)
def test_what_is_left_of_a_network_on_a_box_is_the_same_function_there(hidden):
    rng = np.random.default_rng(1)
    net = from_arrays(arrays(rng, 3, hidden, 2), 0)
    work, shrunk, sloped = kernels.make_work(net), 0, 0
    for _ in range(50):
        centre, reach = rng.standard_normal(3), rng.uniform(0.02, 0.6, 3)
        kernels.bound(work, 0, centre - reach, centre + reach, np.inf)
        shrunk += work.sizes[1] < work.sizes[0]
        sides = work.scratch[kernels.SIDE, :3].copy()
        sloped += np.abs(sides).sum()
        for x in rng.uniform(centre - reach, centre + reach, (5, 3)):
            rise = [
                (margins(net, x[None] + 1e-7 * e)[0] - margins(net, x[None])[0]) / 1e-7 for e in np.eye(3)
            ]
            assert (sides * rise >= -1e-5).all()
            for level in (0, 1):
                assert kernels.gradient(work, level, x) == pytest.approx(margins(net, x[None])[0])
                assert kernels.margin(work, level, x) == pytest.approx(margins(net, x[None])[0])
                np.testing.assert_allclose(work.scratch[kernels.SLOPE, :3], rise, rtol=1e-5, atol=1e-5)
    assert shrunk > 25
    assert sloped > 25


def test_both_kinds_of_loops_give_two_layers_the_same_verdicts(monkeypatch):
    net, x, y, _ = case(8, (32, 16), d=4, n=60)
    by_layers = verify(net, x - 0.3, x + 0.3, y)
    monkeypatch.setattr(kernels, "make_work", kernels._chain)
    by_chain = verify(net, x - 0.3, x + 0.3, y)
    assert {PROVED, BROKEN} == set(by_layers.outcome)
    np.testing.assert_array_equal(by_layers.outcome, by_chain.outcome)


def test_a_box_of_a_deep_network_counts_for_more_of_the_limit():
    net, _, y, box = case(5, (6, 5, 6, 5), n=40)
    hurried, patient = (verify(net, *box, y, box_limit=limit * search.CHAIN_COST) for limit in (1, 10_000))
    assert (hurried.boxes == 1).all()
    np.testing.assert_array_equal(hurried.outcome == UNRESOLVED, (patient.boxes > 1))
    assert 0 < (patient.boxes > 1).sum() < 40


def test_a_proof_of_a_deep_network_can_be_read():
    net, x, y, _ = case(9, (8, 6, 7), n=20)
    read = [
        walk(net, row - 0.15, row + 0.15, int(label), 200, search.TAU)
        for row, label in zip(x, y, strict=True)
    ]
    outcome = verify(net, x - 0.15, x + 0.15, y).outcome
    assert any(steps and len(steps) > 1 for steps in read)
    assert all(outcome[row] == PROVED for row, steps in enumerate(read) if steps)


@pytest.mark.parametrize(
    ("hidden", "logits", "words"), [((4,), 3, "one or two logits"), ((5000,), 2, "4,096 ReLUs")]
)
def test_what_a_proof_cannot_take_is_refused_in_words(hidden, logits, words):
    with pytest.raises(ValueError, match=words):
        from_arrays(arrays(np.random.default_rng(0), 2, hidden, logits), 0)


def test_layers_that_do_not_fit_each_other_are_refused():
    made = arrays(np.random.default_rng(0), 3, (4, 5), 2)
    made["biases.1"] = made["biases.1"][:, :, :-1]
    with pytest.raises(ValueError, match=r"fit each other.*\(3, 4\), \(4, 5\), \(5, 2\)"):
        from_arrays(made, 0)


@pytest.mark.parametrize("hidden", [(), (7,), (8, 6, 7)], ids=str)
def test_one_logit_is_deployed_as_the_fraud_logit_beside_a_legitimate_one_of_zero(hidden):
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((40, 3)), rng.permutation(np.arange(40) % 2)
    folds = make_folds(x, y, TrainingSpec(seeds=1, folds=2), 1)
    made = {name: np.repeat(a, 2, 0).astype(np.float32) for name, a in arrays(rng, 3, hidden, 1).items()}
    net = DeployedNet.restored(made, folds)
    again = DeployedNet.restored(net.arrays(), folds)
    np.testing.assert_array_equal(net.margins(folds.test_raw()), again.margins(folds.test_raw()))
    for replicate in range(2):
        expected = margins(from_arrays(made, replicate), folds.test_x()[replicate])
        np.testing.assert_allclose(net.margins(folds.test_raw())[replicate], expected, atol=1e-5)
        other = from_arrays(net.arrays(), replicate)
        np.testing.assert_allclose(margins(other, folds.test_x()[replicate]), expected, atol=1e-12)


@pytest.mark.parametrize("hidden", [(32, 16), (12, 10, 8)], ids=str)
def test_marabou_says_the_same(hidden):
    net, x, y, _ = case(10, hidden, d=4, n=20)
    box = x - 0.25, x + 0.25
    ours = verify(net, *box, y)
    theirs = [ask(net, box[0][row], box[1][row], y[row])[0] for row in range(len(y))]
    np.testing.assert_array_equal(ours.outcome, theirs)
    assert {PROVED, BROKEN} == set(theirs)

"""Monotone networks are proved so, not believed; their worst case is one corner, and says what the search says."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.engine.seeding import stage_rng
from generator.models.fraudnet.monotone import Evasion, path_signs, train_monotone
from generator.models.fraudnet.training import margins as deployed_margins
from generator.models.fraudnet.training import train_standard
from generator.proofs.relu.monotone import monotone, slopes, worst_faces
from generator.proofs.relu.network import from_arrays, margins
from generator.proofs.relu.search import BROKEN, PROVED, verify
from generator.proofs.relu.verifier import decide
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec, TrainingSpec

DIRECTIONS = np.array([1, -1, 0, 1])
SPEC = TrainingSpec(seeds=1, folds=2, epochs=12)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """700 rows, fraud where two inputs are high together or one is low; the third input bends both ways."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((700, 4)).astype(np.float32)
    score = np.minimum(x[:, 0], x[:, 3]) + np.maximum(-x[:, 1], 0) - np.abs(x[:, 2])
    return x, (score > np.quantile(score, 0.7)).astype(np.int64)


@pytest.fixture(scope="module")
def trained(rows):
    x, y = rows
    return train_monotone(np.stack([x, x]), np.stack([y, y]), SPEC, stage_rng(1, "train"), DIRECTIONS)


def test_a_trained_network_is_proved_monotone_everywhere_in_every_replicate(trained):
    net, steps = trained
    assert steps == 12 * -(-700 // SPEC.batch_size)
    for replicate in range(2):
        found = monotone(from_arrays(net.to_arrays(), replicate))
        np.testing.assert_array_equal(found, DIRECTIONS)


def test_a_plain_network_of_the_same_rows_is_not(rows):
    x, y = rows
    net, _ = train_standard(x[None], y[None], SPEC, stage_rng(1, "train"))
    assert not monotone(from_arrays(net.to_arrays(), 0)).any()


def test_it_learns_what_it_may_learn(rows, trained):
    """Two inputs high together is no convex rule, and the free input bends: both are caught."""
    x, y = rows
    m = deployed_margins(trained[0], np.stack([x, x]))[0]
    assert (m[y == 1] > np.quantile(m[y == 0], 0.95)).mean() > 0.9


def test_the_deployed_float32_model_never_falls_by_a_rounding(trained):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3000, 4)).astype(np.float32)
    for i in np.flatnonzero(DIRECTIONS):
        moved = x.copy()
        moved[:, ::2, i] = np.nextafter(x[:, ::2, i], np.float32(np.inf) * DIRECTIONS[i])
        moved[:, 1::2, i] += rng.exponential(1, (2, 1500)).astype(np.float32) * np.float32(DIRECTIONS[i])
        assert (deployed_margins(trained[0], moved) >= deployed_margins(trained[0], x)).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**32 - 1),
    hidden=st.sampled_from([(), (6,), (7, 5), (5, 6, 4)]),
    reach=st.floats(0, 1),
)
def test_slopes_on_a_box_are_within_their_bounds(seed, hidden, reach):
    rng = np.random.default_rng(seed)
    arrays = {}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise((3, *hidden, 2))):
        arrays[f"weights.{i}"] = rng.standard_normal((1, fan_in, fan_out))
        arrays[f"biases.{i}"] = rng.standard_normal((1, 1, fan_out))
    net, centre = from_arrays(arrays, 0), rng.standard_normal(3)
    box = centre - reach, centre + reach
    low, high = slopes(net, *box)
    widest = slopes(net)
    assert (widest[0] <= low).all()
    assert (high <= widest[1]).all()
    x, step = rng.uniform(*box, (100, 3)), 1e-6
    for i, unit in enumerate(np.eye(3)):
        # between two points of the box the mean slope lies within the bounds of all slopes there
        moved = np.clip(x + step * unit, *box)
        rise = margins(net, moved) - margins(net, x)
        length = moved[:, i] - x[:, i]
        assert (rise >= low[i] * length - 1e-9).all()
        assert (rise <= high[i] * length + 1e-9).all()
    found = monotone(net, *box)
    np.testing.assert_array_equal(found, np.where(low >= 0, 1, np.where(high <= 0, -1, 0)))


def test_the_slope_of_two_relus_is_worked_by_hand():
    # m = relu(x1 + 1) - relu(x1 - 1) + 0 x2, rising by at most 1; on [2, 3] both are on, so it is level there
    arrays = {
        "weights.0": np.array([[[1.0, 1.0], [0.0, 0.0]]]),
        "biases.0": np.array([[[1.0, -1.0]]]),
        "weights.1": np.array([[[1.0], [-1.0]]]),
        "biases.1": np.zeros((1, 1, 1)),
    }
    net = from_arrays(arrays, 0)
    np.testing.assert_array_equal(slopes(net), [[-1, 0], [1, 0]])
    np.testing.assert_array_equal(slopes(net, np.array([-0.5, 0]), np.array([0.5, 1])), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(monotone(net, np.array([2.0, 0]), np.array([3.0, 1])), [1, 1])
    np.testing.assert_array_equal(monotone(net), [0, 1])


def test_a_decision_of_a_monotone_network_searches_its_free_input_alone(rows, trained):
    x = rows[0][:80].astype(np.float64)
    net = from_arrays(trained[0].to_arrays(), 0)
    y = (margins(net, x) > 0).astype(int)
    boxes = Boxes(x, x, x - 0.3, x + 0.3, np.zeros(4, bool), np.zeros(4), np.ones(4))
    found, searched = decide(net, boxes, y, ProofSpec()), verify(net, boxes.lower, boxes.upper, y)
    assert {PROVED, BROKEN} == set(found.outcome)
    np.testing.assert_array_equal(found.outcome, searched.outcome)
    lower, upper = worst_faces(net, boxes.lower, boxes.upper, y)
    np.testing.assert_array_equal((lower < upper).any(0), [False, False, True, False])
    np.testing.assert_array_equal(lower[y == 1][:, 0], x[y == 1][:, 0] - 0.3)
    np.testing.assert_array_equal(lower[y == 1][:, 1], x[y == 1][:, 1] + 0.3)
    np.testing.assert_array_equal(lower[y == 0][:, 0], x[y == 0][:, 0] + 0.3)
    broken = found.outcome == BROKEN
    assert ((found.witness >= lower) & (found.witness <= upper))[broken].all()


def test_where_no_input_is_free_one_evaluation_is_a_proof(rows, trained):
    x = rows[0][:60].astype(np.float64)
    net = from_arrays(trained[0].to_arrays(), 0)
    y = (margins(net, x) > 0).astype(int)
    reach = np.array([0.4, 0.4, 0.0, 0.4])
    boxes = Boxes(x, x, x - reach, x + reach, np.zeros(4, bool), np.zeros(4), np.ones(4))
    found = decide(net, boxes, y, ProofSpec())
    assert (found.boxes == 1).all()
    corner = x - np.where(y == 1, 1, -1)[:, None] * DIRECTIONS * reach
    worst = margins(net, corner) * (2 * y - 1)
    np.testing.assert_array_equal(found.outcome, np.where(worst > 2 * ProofSpec().tau, PROVED, BROKEN))


def test_signs_multiply_to_the_direction_along_every_path():
    signs = path_signs(DIRECTIONS, (8, 4))
    assert [sign.shape for sign in signs] == [(4, 8), (8, 4), (4, 2)]
    free, seen = np.isnan(signs[0][2]), 0
    assert free.all()
    for i, j, k in itertools.product(range(4), range(8), range(4)):
        steps = signs[0][i, j], signs[1][j, k], signs[2][k, 1]
        if DIRECTIONS[i] and 0 not in steps:
            assert np.prod(steps) == DIRECTIONS[i]
            seen += 1
    assert seen > 40
    # without a free input no unit is kept from seeing the others
    assert all((sign != 0).all() for sign in path_signs(np.array([1, -1]), (8, 4)))


def test_with_evasion_frauds_are_learnt_from_at_the_end_of_their_reach(rows):
    x, y = rows
    evasion = Evasion(down=np.array([0.3, 0.3, 0.3, 0.0]), up=np.array([0.0, 0.2, 0.3, 0.0]))
    moved = x.copy()
    moved[y == 1, 0] = np.maximum(x[y == 1, 0] - np.float32(0.3), x[:, 0].min())
    moved[y == 1, 1] = np.minimum(x[y == 1, 1] + np.float32(0.2), x[:, 1].max())
    ours, _ = train_monotone(x[None], y[None], SPEC, stage_rng(1, "train"), DIRECTIONS, evasion)
    theirs, _ = train_monotone(moved[None], y[None], SPEC, stage_rng(1, "train"), DIRECTIONS)
    for name, array in ours.to_arrays().items():
        np.testing.assert_array_equal(array, theirs.to_arrays()[name])


@pytest.mark.parametrize("directions", [[1, 0, 1], [1, 0, 2, 0]])
def test_directions_that_do_not_fit_are_refused(rows, directions):
    x, y = rows
    with pytest.raises(ValueError, match="4 inputs need as many directions"):
        train_monotone(x[None], y[None], SPEC, stage_rng(1, "train"), np.array(directions))

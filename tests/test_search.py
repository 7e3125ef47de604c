"""Every verdict has an independent answer: a closed form, corners, random points, or the witness itself."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.proofs.relu import kernels
from generator.proofs.relu.network import Network, from_arrays, margins
from generator.proofs.relu.search import (
    BROKEN,
    PROVED,
    TAU,
    UNRESOLVED,
    Lattice,
    radius,
    replay,
    verify,
)


def random_network(rng: np.random.Generator, d: int, gain: float = 2.0) -> Network:
    """in -> 32 -> 16 -> 2 with weights large enough to bend inside the boxes."""
    sizes = (d, 32, 16, 2)
    arrays = {}
    for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes)):
        arrays[f"weights.{i}"] = gain * rng.standard_normal((1, fan_in, fan_out)) / np.sqrt(fan_in)
        arrays[f"biases.{i}"] = rng.standard_normal((1, 1, fan_out)) * 0.3
    return from_arrays(arrays, 0)


def linear_network(w: np.ndarray, b: float) -> Network:
    """m = w x + b, written as relu(z) - relu(-z) twice over."""
    swap = np.array([[1.0, 0.0], [0.0, 1.0]])
    return from_arrays(
        {
            "weights.0": np.stack([w, -w], 1)[None],
            "biases.0": np.array([[[b, -b]]]),
            "weights.1": swap[None],
            "biases.1": np.zeros((1, 1, 2)),
            "weights.2": np.array([[[0.0, 1.0], [0.0, -1.0]]]),
            "biases.2": np.zeros((1, 1, 2)),
        },
        0,
    )


def case(seed: int, d: int = 4, n: int = 40) -> tuple[Network, np.ndarray, np.ndarray]:
    """A random network and rows labelled as it labels them itself."""
    rng = np.random.default_rng(seed)
    net, x = random_network(rng, d), rng.standard_normal((n, d))
    return net, x, (margins(net, x) > 0).astype(int)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), threshold=st.floats(-1, 1))
def test_a_linear_row_holds_exactly_while_its_margin_exceeds_epsilon_times_the_one_norm(seed, threshold):
    rng = np.random.default_rng(seed)
    w, b, x = rng.standard_normal(5), rng.standard_normal(), rng.standard_normal((30, 5))
    net, y = linear_network(w, b), rng.integers(0, 2, 30)
    signed = np.where(y == 1, 1, -1) * (x @ w + b - threshold)
    exact = np.maximum(signed, 0) / np.abs(w).sum()
    for epsilon in (0.05, 0.3):
        outcome = verify(net, x - epsilon, x + epsilon, y, threshold=threshold).outcome
        clear = np.abs(exact - epsilon) > 1e-3
        assert (outcome[clear] == np.where(exact > epsilon, PROVED, BROKEN)[clear]).all()
    found = radius(net, x, y, np.ones(x.shape), np.ones(x.shape), 10.0, threshold=threshold)
    assert (found.proved <= exact + 1e-9).all()
    assert (found.broken >= exact - 1e-3).all()
    assert (found.broken - found.proved <= 1e-3 + 1e-12).all()


@pytest.mark.parametrize("y", [0, 1])
def test_a_row_that_only_just_holds_counts_as_broken(y):
    """At epsilon = |m| / |w| the worst margin is zero: a tie, which m <= t would give to the legitimate."""
    net, x = linear_network(np.array([2.0, -1.0]), 0.0), np.array([[0.4 * (2 * y - 1), -0.1 * (2 * y - 1)]])
    epsilon = 0.3
    assert abs(margins(net, x)[0]) == pytest.approx(epsilon * 3)
    verdict = verify(net, x - epsilon, x + epsilon, np.array([y]))
    assert verdict.outcome[0] == BROKEN
    assert abs(verdict.margin[0]) <= 2 * TAU


def test_proved_rows_survive_random_draws_and_all_corners():
    for seed in range(4):
        net, x, y = case(seed)
        verdicts = verify(net, x - 0.2, x + 0.2, y)
        proved = np.flatnonzero(verdicts.outcome == PROVED)
        assert 3 <= len(proved) < len(x)
        rng = np.random.default_rng(seed)
        corners = 0.2 * np.array(list(itertools.product((-1, 1), repeat=4)))
        for row in proved:
            points = x[row] + np.vstack([rng.uniform(-0.2, 0.2, (10_000, 4)), corners])
            signed = margins(net, points) * (1 if y[row] else -1)
            assert signed.min() >= verdicts.margin[row] - 1e-9


def test_witnesses_lie_in_the_box_and_fool_the_network():
    for seed in range(4):
        net, x, y = case(seed)
        verdicts = verify(net, x - 0.4, x + 0.4, y)
        broken = verdicts.outcome == BROKEN
        assert broken.sum() >= 3
        assert (np.abs(verdicts.witness[broken] - x[broken]) <= 0.4 + 1e-12).all()
        assert replay(net, verdicts.witness, y)[broken].all()
        assert np.isnan(verdicts.witness[~broken]).all()
        assert not replay(net, verdicts.witness, y)[~broken].any()


def test_the_same_rows_settle_at_every_budget_and_never_recover():
    net, x, y = case(9)
    robust = [verify(net, x - e, x + e, y).outcome for e in (0.0, 0.05, 0.1, 0.2, 0.4, 0.8)]
    assert (np.stack(robust) != UNRESOLVED).all()
    assert (robust[0] == PROVED).all()
    assert (np.diff(robust, axis=0) <= 0).all()


def test_a_box_may_differ_by_feature_and_side():
    """m = x1 - x2 at (1, 0): only x1 falling or x2 rising can flip it."""
    net, x, y = linear_network(np.array([1.0, -1.0]), 0.0), np.array([[1.0, 0.0]]), np.array([1])
    boxes = {
        PROVED: [([0, 9], [9, 0]), ([0.9, 0], [0, 0]), ([0.4, 9], [0, 0.5])],
        BROKEN: [([1.1, 0], [0, 0]), ([0, 0], [0, 1.1]), ([0.6, 0], [0, 0.6])],
    }
    for outcome, sides in boxes.items():
        for low, high in sides:
            assert verify(net, x - low, x + np.array(high), y).outcome[0] == outcome


def test_features_that_cannot_move_stay_to_the_last_bit():
    net, x, y = case(3)
    shape = np.tile([0.6, 0.0, 0.6, 0.0], (len(x), 1))
    verdicts = verify(net, x - shape, x + shape, y)
    broken = verdicts.outcome == BROKEN
    assert broken.any()
    assert (verdicts.witness[broken][:, 1::2] == x[broken][:, 1::2]).all()
    free = verify(net, x - 0.6, x + 0.6, y)
    assert (free.outcome <= verdicts.outcome).all()


def test_a_threshold_is_a_shift_of_the_bias():
    net, x, y = case(2)
    for t in (-0.7, 0.4):
        shifted = net._replace(c=net.c - t)
        ours = verify(net, x - 0.2, x + 0.2, y, threshold=t)
        theirs = verify(shifted, x - 0.2, x + 0.2, y)
        assert (ours.outcome == theirs.outcome).all()


def tent(peak: float, height: float) -> Network:
    """m = height - relu(1 - |x - peak| ...): below zero only within (1 - height) of `peak`."""
    return from_arrays(
        {
            "weights.0": np.array([[[1.0, 1.0, 1.0]]]),
            "biases.0": np.array([[[1.0 - peak, -peak, -1.0 - peak]]]),
            "weights.1": np.array([[[1.0], [-2.0], [1.0]]]),
            "biases.1": np.zeros((1, 1, 1)),
            "weights.2": np.array([[[0.0, -1.0]]]),
            "biases.2": np.array([[[0.0, height]]]),
        },
        0,
    )


def test_whole_numbers_hold_where_the_values_between_them_break():
    """The margin dips below zero on (0.3, 0.7) only, between the whole numbers 0 and 1."""
    net, low, high, y = tent(0.5, 0.8), np.array([[-2.0]]), np.array([[3.0]]), np.array([1])
    assert verify(net, low, high, y).outcome[0] == BROKEN
    whole = Lattice(np.zeros(1), np.ones(1))
    assert verify(net, low, high, y, lattice=whole).outcome[0] == PROVED
    halves = Lattice(np.array([0.0]), np.array([0.5]))
    verdict = verify(net, low, high, y, lattice=halves)
    assert verdict.outcome[0] == BROKEN
    assert verdict.witness[0, 0] == 0.5


def test_whole_numbers_agree_with_trying_them_all():
    net, x, _ = case(8, d=3, n=60)
    lattice = Lattice.of_raw(
        np.array([1.0, 0.5, 1.0]), mean=np.array([2.0, 1.0, 3.0]), scale=np.array([4.0, 2.0, 3.0])
    )
    x = lattice.offset + lattice.step * np.rint((x - lattice.offset) / lattice.step)
    y = (margins(net, x) > 0).astype(int)
    verdicts = verify(net, x - 0.7, x + 0.7, y, lattice=lattice)
    steps = [np.arange(-9, 10)] * 3
    moves = np.stack(np.meshgrid(*steps), -1).reshape(-1, 3) * lattice.step
    moves = moves[(np.abs(moves) <= 0.7 + 1e-9).all(1)]
    worst = np.array([(margins(net, x[r] + moves) * (2 * y[r] - 1)).min() for r in range(60)])
    clear = np.abs(worst) > 1e-4
    assert (verdicts.outcome[clear] == np.where(worst > 0, PROVED, BROKEN)[clear]).all()
    assert 0 < (verdicts.outcome == BROKEN).sum() < 60
    broken = verdicts.outcome == BROKEN
    k = (verdicts.witness[broken] - lattice.offset) / lattice.step
    np.testing.assert_allclose(k, np.rint(k), atol=1e-9)


def test_a_box_without_a_lattice_point_is_named():
    net = linear_network(np.array([1.0]), 0.0)
    with pytest.raises(ValueError, match="row 1: no lattice point"):
        verify(
            net,
            np.array([[0.9], [0.2]]),
            np.array([[1.1], [0.8]]),
            np.ones(2),
            lattice=Lattice(np.zeros(1), np.ones(1)),
        )


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (np.zeros((2, 3)), np.ones((2, 3)), "do not fit"),
        (np.full((1, 1), -np.inf), np.ones((1, 1)), "not finite"),
        (np.ones((1, 1)), np.zeros((1, 1)), "lower above upper"),
    ],
)
def test_a_box_that_makes_no_sense_is_refused(low, high, message):
    with pytest.raises(ValueError, match=message):
        verify(linear_network(np.array([1.0]), 0.0), low, high, np.ones(1))


def test_a_search_cut_short_is_unresolved_and_never_wrong():
    net, x, y = case(1)
    full = verify(net, x - 0.3, x + 0.3, y)
    for limit in (0, 1, 3, 10):
        short = verify(net, x - 0.3, x + 0.3, y, box_limit=limit)
        assert np.isin(short.outcome, [UNRESOLVED]).sum() >= (full.boxes > limit).sum()
        settled = short.outcome != UNRESOLVED
        assert (short.outcome[settled] == full.outcome[settled]).all()
    assert (verify(net, x - 0.3, x + 0.3, y, box_limit=0).outcome == UNRESOLVED).all()


def test_a_radius_is_bracketed_and_both_ends_agree_with_verify():
    for seed in range(3):
        net, x, y = case(seed)
        ones = np.ones(x.shape)
        found = radius(net, x, y, ones, ones, 2.0)
        assert (found.broken - found.proved <= 1e-3 + 1e-12)[np.isfinite(found.broken)].all()
        below, at = 0.999 * found.proved[:, None], np.minimum(found.broken, 2.0)[:, None]
        assert (verify(net, x - below, x + below, y).outcome == PROVED).all()
        broken = np.isfinite(found.broken)
        assert broken.any()
        assert (verify(net, x - at, x + at, y).outcome[broken] == BROKEN).all()
        fooled = replay(net, found.witness, y)[broken]
        assert fooled.mean() > 0.9
        touching = margins(net, found.witness[broken]) * (2 * y[broken] - 1)
        assert (touching[~fooled] <= 2 * TAU).all()
        reach = np.abs(found.witness - x).max(1)
        np.testing.assert_allclose(reach[broken], found.broken[broken], rtol=1e-12)


def test_a_radius_respects_the_shape_of_its_box():
    net, x, y = case(6)
    low, high = np.tile([1.0, 0.0, 0.5, 0.0], (len(x), 1)), np.tile([0.0, 0.0, 2.0, 1.0], (len(x), 1))
    found = radius(net, x, y, low, high, 3.0)
    broken = np.isfinite(found.broken)
    assert broken.any()
    moved = found.witness[broken] - x[broken]
    room = found.broken[broken, None] + 1e-9
    assert (moved >= -room * low[broken]).all()
    assert (moved <= room * high[broken]).all()
    for epsilon in (0.3, 1.0):
        outcome = verify(net, x - epsilon * low, x + epsilon * high, y).outcome
        known = found.outcome(epsilon) != UNRESOLVED
        assert (outcome[known] == found.outcome(epsilon)[known]).all()


def test_the_radius_of_a_whole_feature_is_where_its_next_value_breaks():
    """m = 2.4 - x, fraud at x = 0: the first whole number that breaks is 3, not 2.4."""
    net, x, one = linear_network(np.array([-1.0]), 2.4), np.zeros((1, 1)), np.ones((1, 1))
    free = radius(net, x, np.array([1]), one, one, 5.0)
    whole = radius(net, x, np.array([1]), one, one, 5.0, lattice=Lattice(np.zeros(1), np.ones(1)))
    assert free.broken[0] == pytest.approx(2.4, abs=1e-3)
    assert whole.proved[0] == pytest.approx(3.0, abs=1e-3)
    assert whole.broken[0] == pytest.approx(3.0, abs=1e-6)


def test_rows_already_wrong_have_radius_zero_and_are_their_own_witness():
    net, x, y = case(4)
    ones = np.ones(x.shape)
    found = radius(net, x, 1 - y, ones, ones, 1.0)
    assert (found.proved == 0).all()
    assert (found.broken == 0).all()
    np.testing.assert_array_equal(found.witness, x)
    assert (verify(net, x, x, 1 - y).outcome == BROKEN).all()


def test_a_row_that_holds_at_the_largest_budget_has_no_witness():
    net, x = linear_network(np.array([1.0]), 5.0), np.zeros((1, 1))
    found = radius(net, x, np.array([1]), np.ones((1, 1)), np.ones((1, 1)), 1.0)
    assert found.proved[0] == 1.0
    assert np.isinf(found.broken[0])
    assert np.isnan(found.witness[0, 0])
    assert found.outcome(1.0)[0] == PROVED


def test_two_searches_of_the_same_rows_are_equal_to_the_last_bit():
    net, x, y = case(7)
    ones = np.ones(x.shape)
    first, second = (radius(net, x, y, ones, ones, 1.0) for _ in range(2))
    for name in ("proved", "broken", "witness", "boxes"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_cut_off_a_box_holds_no_point_at_or_below_the_bar(seed):
    rng = np.random.default_rng(seed)
    net = random_network(rng, 4)
    for _ in range(50):
        centre, reach, bar = rng.standard_normal(4), rng.uniform(0.05, 0.6, 4), rng.normal()
        lower, upper = centre - reach, centre + reach
        work = kernels.make_work(net)
        kernels.bound(work, 0, lower, upper, np.inf)
        left_low, left_high = lower.copy(), upper.copy()
        something_left = kernels.contract(left_low, left_high, bar, work)
        draws = rng.uniform(lower, upper, (500, 4))
        inside = ((draws >= left_low) & (draws <= left_high)).all(1) & something_left
        assert (margins(net, draws[~inside]) > bar).all()


def test_margin_and_gradient_are_those_of_the_network_and_of_what_is_left_of_it_on_a_box():
    rng = np.random.default_rng(3)
    net = random_network(rng, 4)
    for _ in range(50):
        centre, reach = rng.standard_normal(4), rng.uniform(0.05, 0.6, 4)
        work = kernels.make_work(net)
        kernels.bound(work, 0, centre - reach, centre + reach, np.inf)
        x = rng.uniform(centre - reach, centre + reach)
        first = x @ net.weights[0] + net.biases[0]
        second = np.maximum(first, 0) @ net.weights[1] + net.biases[1]
        by_chain_rule = net.weights[0] @ ((first > 0) * (net.weights[1] @ ((second > 0) * net.v)))
        for level in (0, 1):
            assert kernels.gradient(work, level, x) == pytest.approx(margins(net, x[None])[0])
            np.testing.assert_allclose(work.scratch[kernels.SLOPE, :4], by_chain_rule, rtol=1e-9, atol=1e-9)


def test_the_nearest_point_of_a_linear_boundary_is_reached_on_all_sides_at_once():
    # m = 2 a - b + 3 at (1, 1): to 0.5 at a rate of 2 x 0.5 + 1 x 4, with a down by half and b up by four times
    net, x, aim = linear_network(np.array([2.0, -1.0]), 3.0), np.ones(2), np.empty(2)
    shape = np.array([[0.5, 1.0], [7.0, 4.0]])  # down, up
    assert kernels.nearest(kernels.make_work(net), x, shape, x, 0.5, 9.0, aim) == pytest.approx(3.5 / 5)
    np.testing.assert_allclose(aim, [1 - 0.7 * 0.5, 1 + 0.7 * 4])
    assert margins(net, aim[None])[0] == pytest.approx(0.5)


def test_a_box_that_shrinks_to_one_point_is_decided_there():
    # m = x + 2 on [-1, 1]: above 1 but for the corner itself
    net, point = linear_network(np.array([1.0]), 2.0), np.array([[-1.0]])
    assert verify(net, point, -point, np.array([1]), threshold=1.0).outcome[0] == BROKEN
    assert verify(net, point, -point, np.array([1]), threshold=1.0 - 1e-3).outcome[0] == PROVED


WARM = """
import numpy as np
from generator.proofs.relu import kernels
from generator.proofs.relu.network import Network
from generator.proofs.relu.search import Lattice, radius, verify
from generator.proofs.verifiers import warm_up
from test_search import random_network

warm_up(deep=True)
rng = np.random.default_rng(1)
network, x, y = random_network(rng, 5), rng.standard_normal((40, 5)), rng.integers(0, 2, 40)
on = Lattice(np.zeros(5), np.array([0, 0.5, 0, 0, 1.0]))
(first, second), (shift, other), ones = network.weights, network.biases, np.ones(32)
none = Network((), (), ones[:5], 0.0)
one = Network((first,), (shift,), ones, 0.0)
three = Network((first, second, np.eye(16)), (shift, other, np.zeros(16)), network.v, network.c)
for each in (network, none, one, three):
    verify(each, x - 0.6, x + 0.6, y, threshold=0.2, lattice=on)
    radius(each, x, y, np.ones((40, 5)), np.zeros((40, 5)), 1.5, lattice=on)
print(len(kernels.verify_rows.signatures), len(kernels.radius_rows.signatures))
"""


def test_after_a_warm_up_searches_have_nothing_left_to_compile():
    paths = os.pathsep.join(("tests", *sys.path))
    done = subprocess.run(
        [sys.executable, "-c", WARM],
        env=os.environ | {"PYTHONPATH": paths},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.split() == ["2", "2"]  # of two hidden layers, and of any other depth

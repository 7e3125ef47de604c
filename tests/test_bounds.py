"""Bounds hold at every point of a box, and equal what is worked by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.models.fraudnet.training import margins as deployed_margins
from generator.proofs.relu.bounds import crown, interval, layer_bounds
from generator.proofs.relu.network import Network, from_arrays, margins


def network(rng: np.random.Generator, d: int = 4, widths: tuple[int, int] = (9, 6)) -> Network:
    """Random weights of about unit gain."""
    sizes = (d, *widths, 2)
    arrays = {
        f"{kind}.{i}": rng.standard_normal((1, fan_in if kind == "weights" else 1, fan_out)) / np.sqrt(fan_in)
        for i, (fan_in, fan_out) in enumerate(itertools.pairwise(sizes))
        for kind in ("weights", "biases")
    }
    return from_arrays(arrays, 0)


@pytest.fixture(scope="module")
def by_hand() -> Network:
    """m = relu(x1 + x2) + relu(x1 - x2) + 1: two ReLUs, then one that is always on."""
    return from_arrays(
        {
            "weights.0": np.array([[[1.0, 1.0], [1.0, -1.0]]]),
            "biases.0": np.zeros((1, 1, 2)),
            "weights.1": np.array([[[1.0], [1.0]]]),
            "biases.1": np.ones((1, 1, 1)),
            "weights.2": np.array([[[0.0, 1.0]]]),
            "biases.2": np.zeros((1, 1, 2)),
        },
        0,
    )


SQUARE = np.full((1, 2), -1.0), np.full((1, 2), 1.0)


def test_interval_arithmetic_adds_both_relus_at_their_largest(by_hand):
    low, high = interval(by_hand, *SQUARE)
    assert (low[0], high[0]) == (1.0, 5.0)


def test_crown_of_a_fraud_row_takes_the_flat_lower_line_and_is_exact(by_hand):
    bound, coefficients = crown(by_hand, *SQUARE, np.array([1]))
    assert bound[0] == 1.0
    assert coefficients[0].tolist() == [0.0, 0.0]


def test_crown_of_a_legitimate_row_adds_the_chords_before_it_bounds(by_hand):
    """Both chords are (z + 2) / 2, so m <= 1 + (x1 + x2 + 2)/2 + (x1 - x2 + 2)/2 = 3 + x1 <= 4."""
    bound, coefficients = crown(by_hand, *SQUARE, np.array([0]))
    assert bound[0] == -4.0
    assert coefficients[0].tolist() == [-1.0, 0.0]


def test_the_threshold_shifts_the_signed_margin(by_hand):
    boxes = np.repeat(SQUARE[0], 2, 0), np.repeat(SQUARE[1], 2, 0)
    bound, _ = crown(by_hand, *boxes, np.array([1, 0]), threshold=0.25)
    assert bound.tolist() == [0.75, -3.75]


def test_layer_two_is_bounded_backwards(by_hand):
    first, second = layer_bounds(by_hand, SQUARE[0][0], SQUARE[1][0])
    assert (first[0].tolist(), first[1].tolist()) == ([-2.0, -2.0], [2.0, 2.0])
    assert (second[0].tolist(), second[1].tolist()) == ([1.0], [4.0])


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), reach=st.floats(0, 2), fraud=st.integers(0, 1))
def test_no_point_of_the_box_is_outside_the_bounds(seed, reach, fraud):
    rng = np.random.default_rng(seed)
    net = network(rng)
    centre, radius = rng.standard_normal(4), reach * rng.random(4)
    box = centre[None] - radius, centre[None] + radius
    points = np.vstack([rng.uniform(*box, (300, 4)), np.where(rng.random((100, 4)) < 0.5, *box)])
    m = margins(net, points)

    low, high = interval(net, *box)
    assert low[0] - 1e-9 <= m.min()
    assert m.max() <= high[0] + 1e-9

    signed = m if fraud else -m
    bound, coefficients = crown(net, *box, np.array([fraud]))
    line = bound[0] + np.abs(coefficients[0]) @ radius + (points - centre) @ coefficients[0]
    assert (line <= signed + 1e-9).all()
    assert (bound[0] <= line + 1e-9).all()

    z = points @ net.weights[0] + net.biases[0]
    for (bottom, top), values in zip(
        layer_bounds(net, box[0][0], box[1][0]),
        (z, np.maximum(z, 0) @ net.weights[1] + net.biases[1]),
        strict=True,
    ):
        assert (bottom - 1e-9 <= values).all()
        assert (values <= top + 1e-9).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), reach=st.floats(0.01, 1))
def test_layer_two_is_never_looser_than_interval_arithmetic(seed, reach):
    rng = np.random.default_rng(seed)
    net = network(rng)
    x = rng.standard_normal(4)
    (low1, high1), (low2, high2) = layer_bounds(net, x - reach, x + reach)
    ends = np.maximum(low1, 0), np.maximum(high1, 0)
    positive, negative = np.maximum(net.weights[1], 0), np.minimum(net.weights[1], 0)
    assert (low2 >= ends[0] @ positive + ends[1] @ negative + net.biases[1] - 1e-9).all()
    assert (high2 <= ends[1] @ positive + ends[0] @ negative + net.biases[1] + 1e-9).all()


def test_a_box_of_one_point_is_bounded_by_its_margin():
    rng = np.random.default_rng(5)
    net, x = network(rng), rng.standard_normal((20, 4))
    bound, _ = crown(net, x, x, np.ones(20))
    np.testing.assert_allclose(bound, margins(net, x), atol=1e-12)


def test_the_network_is_the_deployed_model_in_double_precision(random_stack, toy_folds):
    x = toy_folds.test_x()
    for replicate in range(random_stack.replicates):
        net = from_arrays(random_stack.to_arrays(), replicate)
        deployed = deployed_margins(random_stack, x)[replicate]
        np.testing.assert_allclose(margins(net, x[replicate]), deployed, atol=1e-6)

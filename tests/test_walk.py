"""A proof that is printed covers its box without gap or overlap, and each of its bounds is true."""

import numpy as np
import pytest
import torch

from generator.models.fraudnet.network import FraudNet
from generator.proofs.relu.network import Network, from_arrays, margins
from generator.proofs.relu.search import PROVED, TAU, verify
from generator.proofs.relu.walk import Step, walk

LONGEST = 200


def _network(seed: int) -> Network:
    """Three inputs, weights large enough to bend inside the boxes."""
    net = FraudNet(1, 3, (16, 8)).initialise(torch.Generator().manual_seed(seed))
    return from_arrays({name: 2.5 * array for name, array in net.to_arrays().items()}, 0)


def _proofs(wanted: int) -> list[tuple[Network, np.ndarray, np.ndarray, int, list[Step]]]:
    """Proofs of several boxes each, of rows of both classes, on boxes of unequal sides."""
    found = []
    for seed in range(40):
        network, rng = _network(seed), np.random.default_rng(seed)
        for x in rng.standard_normal((10, 3)):
            y = int(margins(network, x[None])[0] > 0)
            lower, upper = x - rng.uniform(0.05, 0.5, 3), x + rng.uniform(0.05, 0.5, 3)
            steps = walk(network, lower, upper, y, LONGEST, TAU)
            if steps is not None and len(steps) > 3:
                found.append((network, lower, upper, y, steps))
                break
        if len(found) == wanted:
            return found
    raise AssertionError("too few proofs of several boxes")


@pytest.fixture(scope="module")
def proofs():
    return _proofs(12)


def test_the_proofs_below_are_of_both_classes(proofs):
    assert {y for _, _, _, y, _ in proofs} == {0, 1}


def test_the_volumes_of_the_proved_boxes_add_up_to_the_whole(proofs):
    for _, lower, upper, _, steps in proofs:
        volumes = [np.prod(step.upper - step.lower) for step in steps if step.proved]
        assert sum(volumes) == pytest.approx(np.prod(upper - lower), rel=1e-12)


def test_every_point_lies_in_exactly_one_proved_box(proofs):
    for _, lower, upper, _, steps in proofs:
        points = np.random.default_rng(1).uniform(lower, upper, (500, 3))
        holds = [((step.lower <= points) & (points < step.upper)).all(1) for step in steps if step.proved]
        assert (np.sum(holds, 0) == 1).all()


def test_each_halving_makes_one_box_into_two_of_half_its_volume(proofs):
    for _, lower, upper, _, steps in proofs:
        assert sum(step.proved for step in steps) == sum(not step.proved for step in steps) + 1
        for step in steps:
            share = np.prod(step.upper - step.lower) / np.prod(upper - lower)
            assert share == pytest.approx(0.5**step.depth)


def test_every_bound_lies_below_the_margin_at_every_sampled_point_of_its_box(proofs):
    for network, _, _, y, steps in proofs:
        for step in steps:
            points = np.random.default_rng(2).uniform(step.lower, step.upper, (200, 3))
            corners = np.where(np.random.default_rng(3).random((64, 3)) < 0.5, step.lower, step.upper)
            seen = margins(network, np.concatenate([points, corners])) * (1 if y == 1 else -1)
            assert step.bound <= seen.min() + 1e-9
            assert step.proved == (step.bound > TAU)


def test_what_a_walk_proves_the_search_proves(proofs):
    for network, lower, upper, y, _ in proofs:
        assert verify(network, lower[None], upper[None], np.array([y])).outcome[0] == PROVED


def test_a_proof_longer_than_asked_for_is_none_and_one_just_as_long_is_given(proofs):
    for network, lower, upper, y, steps in proofs:
        assert walk(network, lower, upper, y, len(steps) - 1, TAU) is None
        assert len(walk(network, lower, upper, y, len(steps), TAU)) == len(steps)


def test_a_row_that_does_not_hold_has_no_proof():
    network, x = _network(0), np.zeros(3)
    wrong = int(margins(network, x[None])[0] <= 0)
    assert walk(network, x - 0.01, x + 0.01, wrong, LONGEST, TAU) is None


def test_a_point_is_one_box_whose_bound_is_its_margin():
    network, x = _network(1), np.array([0.3, -0.2, 0.9])
    margin = margins(network, x[None])[0]
    (step,) = walk(network, x, x, int(margin > 0), LONGEST, TAU)
    assert step.bound == pytest.approx(abs(margin))

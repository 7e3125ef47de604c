"""The compiled gradients are those of automatic differentiation, of any depth, and just as blind when it is."""

import itertools
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from art.estimators.classification import PyTorchClassifier
from torch.nn import functional

from generator.models.fraudnet.certified import certified_loss
from generator.models.fraudnet.kernels import LANES
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import (
    certified_gradients,
    cross_entropy_gradients,
    loss_gradient,
    margin_and_gradient,
    margin_gradients,
)
from generator.models.fraudnet.training import class_weights
from generator.threats.evasion.attacks import as_art

DEPTHS = [(), (5,), (8, 4), (32, 16)]
ROWS = [1, LANES - 1, LANES, 2 * LANES + 3]


def _stack(hidden: tuple[int, ...], scale: float = 1.0) -> FraudNet:
    net = FraudNet(3, 4, hidden).initialise(torch.Generator().manual_seed(0))
    for weight in net.weights:
        weight.data.mul_(scale)
    return net


def _rows(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(count)
    return torch.randn(3, count, 4, generator=generator), torch.randint(2, (3, count), generator=generator)


def _logits(net: FraudNet, x: torch.Tensor) -> torch.Tensor:
    return net(x.reshape(-1, 4)).view(3, -1, 2)


@pytest.mark.parametrize("hidden", DEPTHS)
@pytest.mark.parametrize("count", ROWS)
def test_the_gradient_of_the_margin_is_that_of_automatic_differentiation(hidden, count):
    net, (x, _) = _stack(hidden), _rows(count)
    point = x.clone().requires_grad_()
    logits = _logits(net, point)
    expected = logits[..., 1] - logits[..., 0]
    (theirs,) = torch.autograd.grad(expected.sum(), point)
    margin, ours = margin_and_gradient(net, x)
    torch.testing.assert_close(margin, expected.detach())
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("hidden", DEPTHS)
@pytest.mark.parametrize("count", ROWS)
def test_the_gradient_of_the_loss_is_that_of_automatic_differentiation(hidden, count):
    net, (x, y) = _stack(hidden), _rows(count)
    point = x.clone().requires_grad_()
    loss = functional.cross_entropy(_logits(net, point).view(-1, 2), y.view(-1), reduction="sum")
    (theirs,) = torch.autograd.grad(loss, point)
    torch.testing.assert_close(loss_gradient(net, x.view(-1, 4), y.view(-1)).view_as(x), theirs)


def test_where_the_loss_of_a_sure_model_has_no_gradient_left_ours_has_none_either():
    net, (x, y) = _stack((32, 16), scale=6.0), _rows(400)
    flat, classes = x.view(-1, 4), y.view(-1)
    targets = np.eye(2, dtype=np.float32)[classes.numpy()]
    classifier = as_art(net)
    theirs = PyTorchClassifier.loss_gradient(classifier, flat.numpy(), targets)
    ours = classifier.loss_gradient(flat.numpy(), targets)
    sure = np.abs(np.diff(net(flat).detach().numpy())[:, 0]) > 30
    assert 0.1 < sure.mean() < 0.9
    blind = np.abs(theirs).max(1) < 1e-12
    assert blind.any()
    np.testing.assert_array_equal(np.abs(ours).max(1) < 1e-12, blind)
    np.testing.assert_allclose(ours, theirs, rtol=5e-3, atol=1e-30)


def test_a_row_that_has_not_moved_keeps_its_gradient_and_a_moved_one_gets_a_new_one():
    net, (x, y) = _stack((32, 16)), _rows(200)
    classifier, targets = as_art(net), np.eye(2, dtype=np.float32)[y.view(-1).numpy()]
    rows = x.view(-1, 4).numpy().copy()
    first = classifier.loss_gradient(rows, targets)
    first[:] = 0  # what is handed out is the caller's
    for moved in (slice(0, 0), slice(3, 500, 7), slice(None)):
        rows[moved] += 0.5
        np.testing.assert_array_equal(
            classifier.loss_gradient(rows, targets), as_art(net).loss_gradient(rows, targets)
        )
    turned = 1 - targets
    np.testing.assert_array_equal(
        classifier.loss_gradient(rows, turned), as_art(net).loss_gradient(rows, turned)
    )


@pytest.mark.parametrize("hidden", DEPTHS)
@pytest.mark.parametrize("count", ROWS)
def test_the_gradients_of_the_weights_are_those_of_automatic_differentiation(hidden, count):
    net, (x, y) = _stack(hidden), _rows(count)
    flat, classes = x.view(-1, 4), y.view(-1)
    loss = functional.cross_entropy(net(flat), classes, reduction="sum") / count
    slope = torch.randn(3, count, generator=torch.Generator().manual_seed(1))
    logits = _logits(net, x)
    for ours, theirs in (
        (cross_entropy_gradients(net, flat, classes), loss),
        (margin_gradients(net, x, slope), (slope * (logits[..., 1] - logits[..., 0])).sum()),
    ):
        for one, other in zip(ours, torch.autograd.grad(theirs, list(net.parameters())), strict=True):
            torch.testing.assert_close(torch.from_numpy(one), other, rtol=1e-4, atol=1e-5)


def test_balanced_classes_weigh_the_same_all_together_in_every_copy():
    net, (x, _) = _stack((8, 4)), _rows(40)
    y = (
        torch.rand(3, 40, generator=torch.Generator().manual_seed(2)) < torch.tensor([[0.1], [0.3], [0.6]])
    ).long()
    weights = class_weights(y.numpy())
    for copy in range(3):
        assert weights[copy, 0] * (y[copy] == 0).sum() == pytest.approx(20)
        assert weights[copy, 1] * (y[copy] == 1).sum() == pytest.approx(20)
    each = functional.cross_entropy(_logits(net, x).reshape(-1, 2), y.view(-1), reduction="none").view(3, 40)
    loss = (each * torch.from_numpy(np.take_along_axis(weights, y.numpy(), 1)).float()).mean(1).sum()
    ours = cross_entropy_gradients(net, x.view(-1, 4), y.view(-1), weights)
    for one, other in zip(ours, torch.autograd.grad(loss, list(net.parameters())), strict=True):
        torch.testing.assert_close(torch.from_numpy(one), other, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("hidden", [(), (9,), (32, 16)])
@pytest.mark.parametrize("inputs", [5, 30])
@pytest.mark.parametrize("count", [1, LANES, 2 * LANES + 3])
def test_the_gradients_of_the_certified_loss_are_those_of_automatic_differentiation(hidden, inputs, count):
    generator = torch.Generator().manual_seed(count)
    net = FraudNet(3, inputs, hidden).initialise(generator)
    x = torch.randn(3 * count, inputs, generator=generator)
    y = torch.randint(2, (3 * count,), generator=generator)
    for epsilon, intervals in itertools.product([0.0, 0.05, 0.4, 3.0], [0.0, 0.5, 1.0]):
        settings = {"epsilon": epsilon, "kappa": 0.3, "intervals": intervals}
        loss = certified_loss(net, x, y, **settings) / count
        ours = certified_gradients(net, x, y, **settings)
        for one, other in zip(ours, torch.autograd.grad(loss, list(net.parameters())), strict=True):
            torch.testing.assert_close(torch.from_numpy(one), other, rtol=1e-4, atol=1e-5)


def test_it_takes_rows_that_do_not_lie_in_one_piece_and_leaves_them_as_they_are():
    net, (x, _) = _stack((8, 4)), _rows(30)
    apart, before = x[:, ::3], x.clone()
    torch.testing.assert_close(margin_and_gradient(net, apart), margin_and_gradient(net, apart.contiguous()))
    assert torch.equal(x, before)


COMPILED = """
import hashlib, torch
from test_slopes import _rows, _stack
from generator.models.fraudnet.slopes import cross_entropy_gradients
x, y = _rows(129)
made = cross_entropy_gradients(_stack((32, 16)), x.reshape(-1, 4), y.reshape(-1))
print(hashlib.sha256(b"".join(each.tobytes() for each in made)).hexdigest())
"""


def test_who_compiles_gets_the_bits_of_those_who_load(tmp_path):
    paths = os.pathsep.join(("tests", *sys.path))
    answers = [
        subprocess.run(
            [sys.executable, "-c", COMPILED], check=True, capture_output=True, text=True,
            env=os.environ | {"PYTHONPATH": paths, "NUMBA_CACHE_DIR": str(tmp_path)},
        ).stdout
        for _ in ("compiles", "loads")
    ]  # fmt: skip
    assert answers[0] == answers[1]

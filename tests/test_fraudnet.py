"""The stacked network is that many separate networks."""

import numpy as np
import pytest
import torch
from torch import nn

from generator.models.fraudnet.network import FraudNet


def _net_2_2_2() -> FraudNet:
    return FraudNet.from_arrays(
        {
            "weights.0": np.array([[[1.0, -1.0], [2.0, 0.0]]], dtype=np.float32),
            "biases.0": np.array([[[0.0, 0.5]]], dtype=np.float32),
            "weights.1": np.array([[[1.0, -1.0], [5.0, 5.0]]], dtype=np.float32),
            "biases.1": np.array([[[0.5, 0.0]]], dtype=np.float32),
        }
    )


@pytest.mark.parametrize(
    ("x", "logits"),
    [
        # hidden (3, -0.5) -> relu (3, 0) -> (3 + 0.5, -3)
        ((1.0, 1.0), (3.5, -3.0)),
        # hidden (3, 1.5) -> (3 + 7.5 + 0.5, -3 + 7.5)
        ((-1.0, 2.0), (11.0, 4.5)),
        # hidden (0, 0.5) -> (2.5 + 0.5, 2.5)
        ((0.0, 0.0), (3.0, 2.5)),
    ],
)
def test_the_forward_pass_of_a_2_2_2_net_is_as_worked_by_hand(x, logits):
    np.testing.assert_allclose(_net_2_2_2()(torch.tensor([x])).detach(), [logits])


def _plain(net: FraudNet, replicate: int) -> nn.Sequential:
    """One replicate as the textbook network of torch.nn.Linear and ReLU."""
    layers = []
    for weight, bias in zip(net.weights, net.biases, strict=True):
        linear = nn.Linear(weight.shape[1], weight.shape[2])
        linear.weight.data, linear.bias.data = (
            weight.data[replicate].T.clone(),
            bias.data[replicate, 0].clone(),
        )
        layers += [linear, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("hidden", [(32, 16), (4,), ()])
def test_a_stack_answers_as_its_networks_would_one_by_one(hidden):
    net = FraudNet(4, 5, hidden).initialise(torch.Generator().manual_seed(0))
    x = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(1))
    alone = torch.cat([_plain(net, replicate)(x[replicate]) for replicate in range(4)])
    torch.testing.assert_close(net(x.reshape(-1, 5)), alone, rtol=0, atol=1e-6)


def test_the_default_is_the_original_fraudnet():
    assert [tuple(w.shape) for w in FraudNet(1, 5).weights] == [(1, 5, 32), (1, 32, 16), (1, 16, 2)]
    assert sum(p.numel() for p in FraudNet(1, 5).parameters()) == (5 + 1) * 32 + (32 + 1) * 16 + (16 + 1) * 2


def test_weights_start_within_the_bounds_of_torch_linear_and_differ_between_replicates():
    net = FraudNet(40, 4).initialise(torch.Generator().manual_seed(0))
    for weight, bias, bound in zip(net.weights, net.biases, (1 / 2, 1 / 32**0.5, 1 / 4), strict=True):
        for values in (weight, bias):
            assert 0.97 * bound < values.abs().max() <= bound
            assert abs(values.mean()) < 0.1 * bound
    assert not torch.equal(net.weights[0][0], net.weights[0][1])


def test_the_same_generator_seed_starts_the_same_stack():
    one, other = (FraudNet(2, 3).initialise(torch.Generator().manual_seed(9)).to_arrays() for _ in range(2))
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])


@pytest.mark.parametrize("part", [slice(1, 3), slice(0, 1), slice(2, 9), slice(None)])
def test_a_selection_answers_as_its_replicates_do_in_the_stack(part):
    net = FraudNet(4, 3).initialise(torch.Generator().manual_seed(0))
    x = torch.randn(4, 6, 3, generator=torch.Generator().manual_seed(1))
    whole, chosen = net(x.view(-1, 3)).view(4, 6, 2)[part], net.select(part)
    assert chosen.replicates == len(whole)
    torch.testing.assert_close(chosen(x[part].reshape(-1, 3)).view_as(whole), whole, rtol=0, atol=1e-6)


def test_a_selection_is_frozen_and_stays_as_it_was_when_the_stack_trains_on():
    net = FraudNet(2, 3).initialise(torch.Generator().manual_seed(0))
    chosen = net.select(slice(0, 1))
    before = chosen.to_arrays()
    assert not any(p.requires_grad for p in chosen.parameters())
    with torch.no_grad():
        net.weights[0].add_(1.0)
    np.testing.assert_array_equal(chosen.to_arrays()["weights.0"], before["weights.0"])


@pytest.mark.parametrize("hidden", [(32, 16), (2,), (), (3,) * 11])
def test_arrays_make_the_same_stack_again(hidden):
    net = FraudNet(3, 4, hidden).initialise(torch.Generator().manual_seed(0))
    again = FraudNet.from_arrays(net.to_arrays())
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(again(x), net(x), rtol=0, atol=0)


@pytest.mark.parametrize("hidden", [(5,), ()])
def test_a_net_of_one_logit_has_a_second_one_of_zero(hidden):
    arrays = FraudNet(3, 4, hidden).initialise(torch.Generator().manual_seed(0)).to_arrays()
    last = len(hidden)
    single = dict(arrays) | {
        f"{kind}.{last}": arrays[f"{kind}.{last}"][..., 1:] for kind in ("weights", "biases")
    }
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))
    logits, whole = FraudNet.from_arrays(single)(x), FraudNet.from_arrays(arrays)(x)
    assert logits.shape == whole.shape
    assert not logits[..., 0].any()
    torch.testing.assert_close(logits[..., 1], whole[..., 1], rtol=0, atol=0)


def test_arrays_are_copies():
    net = FraudNet(1, 2).initialise(torch.Generator().manual_seed(0))
    arrays = net.to_arrays()
    arrays["weights.0"][:] = 7
    again = FraudNet.from_arrays(arrays)
    arrays["weights.0"][:] = 8
    assert (net.weights[0] < 7).all()
    assert (again.weights[0] == 7).all()

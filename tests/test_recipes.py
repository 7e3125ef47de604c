"""Recipes that train against the worst a row can become: inner problems and losses against known answers."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from generator.models.fraudnet import minimax
from generator.models.fraudnet.certified import (
    certified_loss,
    crown_margin,
    interval_bounds,
    interval_margin,
)
from generator.models.fraudnet.hardening import RECIPES, harden
from generator.models.fraudnet.inner import climb
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.slopes import (
    certified_gradients,
    margin_and_gradient,
    margin_gradients,
)
from generator.models.fraudnet.training import Trainer
from generator.records.spec import HardeningSpec, TrainingSpec

TRAINING = TrainingSpec(batch_size=8)
SPEC = HardeningSpec(
    rounds=2, epochs_per_round=2, pgd_epsilon=0.4, pgd_steps=3, reach=((1.0, 0.0, 1.0), (0.0, 0.0, 1.0))
)


def _net(seed: int = 0, replicates: int = 2, inputs: int = 3, hidden: tuple[int, ...] = (8, 4)) -> FraudNet:
    return FraudNet(replicates, inputs, hidden).initialise(torch.Generator().manual_seed(seed))


def _rows(seed: int = 0, replicates: int = 2, n: int = 24, d: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(replicates, n, d, generator=generator)
    return x, (x[..., 0] + x[..., 1] > 0).long()


class _Watched(Trainer):
    """A trainer that keeps every batch it stepped on."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.batches = []

    def _step(self, x, y):
        self.batches.append((x.clone(), y))
        super()._step(x, y)


def _batches(recipe: str, spec: HardeningSpec = SPEC) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """What `recipe` trained on, as (rows, d) beside the class, from a net that hardly moves."""
    x, y = _rows()
    trainer = _Watched(_net(), TrainingSpec(batch_size=8, learning_rate=1e-9), np.random.default_rng(0))
    list(RECIPES[recipe](trainer, x, y, spec))
    return trainer.batches


def _clean_batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The same batches before any recipe touches them."""
    return _batches("pgd_ramp", SPEC.model_copy(update={"pgd_epsilon": 0.0}))


# ---------------------------------------------------------------- the inner maximisation


@pytest.mark.parametrize("steps", [1, 5])
def test_a_climb_stays_in_its_box_and_features_without_width_stay_put(steps):
    net, (x, _) = _net(), _rows()
    width = torch.rand(x.shape, generator=torch.Generator().manual_seed(1))
    width[..., 1] = 0
    lower, upper = x - width, x + width / 2
    found = climb(net, x, lower, upper, torch.ones(x.shape[:2]), steps=steps, step=0.7)
    assert ((found >= lower) & (found <= upper)).all()
    assert torch.equal(found[..., 1], x[..., 1])


@pytest.mark.parametrize("direction", [-1.0, 1.0])
def test_on_a_linear_model_a_climb_ends_in_the_worst_corner(direction):
    net, (x, _) = _net(hidden=()), _rows()
    lower, upper = x - 0.1, x + 0.3
    found = climb(net, x, lower, upper, torch.full(x.shape[:2], direction), steps=4, step=0.1)
    _, weights = margin_and_gradient(net, x)
    expected = torch.where(direction * weights > 0, upper, lower)
    torch.testing.assert_close(found, expected)


def test_a_climb_away_from_a_margin_goes_on_to_the_side_it_is_on():
    net, (x, _) = _net(hidden=()), _rows()
    margin, _ = margin_and_gradient(net, x)
    start = x + 1e-3 * torch.randn(x.shape, generator=torch.Generator().manual_seed(0))
    side = (margin_and_gradient(net, start)[0] - margin).sign()
    found = climb(net, start, x - 0.2, x + 0.2, torch.zeros(x.shape[:2]), steps=4, step=0.1, away_from=margin)
    moved = margin_and_gradient(net, found)[0] - margin
    reach = 0.2 * (net.weights[0][:, :, 1] - net.weights[0][:, :, 0]).abs().sum(1, keepdim=True)
    torch.testing.assert_close(moved, side * reach, atol=1e-4, rtol=0)


# ---------------------------------------------------------------- bounds


def _worked_net() -> FraudNet:
    """z1 = x1 + 2 x2, z2 = -x1 + x2 + 1, m = relu(z1) - 2 relu(z2) + 1/2."""
    arrays = {
        "weights.0": [[[1, -1], [2, 1]]], "biases.0": [[[0, 1]]],
        "weights.1": [[[0, 1], [0, -2]]], "biases.1": [[[0, 0.5]]],
    }  # fmt: skip
    return FraudNet.from_arrays({name: np.array(value, np.float32) for name, value in arrays.items()})


def _margin_bounds(bound, net, lower, upper) -> tuple[torch.Tensor, torch.Tensor]:
    """The least and the greatest margin that `bound` allows in the box."""
    bounds, up = interval_bounds(net, lower, upper), torch.ones(lower.shape[:2])
    return bound(net, lower, upper, bounds, up), -bound(net, lower, upper, bounds, -up)


def test_bounds_of_a_small_network_are_as_worked_by_hand():
    net, x = _worked_net(), torch.tensor([[[1.0, 0.0]]])
    ((low, high),) = interval_bounds(net, x - 0.5, x + 0.5)
    assert (low.tolist(), high.tolist()) == ([[[-0.5, -1.0]]], [[[2.5, 1.0]]])
    # relu: [0, 2.5] and [0, 1]; m from 0 - 2 + 1/2 to 2.5 - 0 + 1/2
    low, high = _margin_bounds(interval_margin, net, x - 0.5, x + 0.5)
    assert (low.item(), high.item()) == (-1.5, 3.0)
    # relu(z1) >= z1, relu(z2) <= (z2 + 1) / 2, so m >= z1 - z2 - 1/2 = 2 x1 + x2 - 3/2 >= -1
    low, _ = _margin_bounds(crown_margin, net, x - 0.5, x + 0.5)
    assert low.item() == pytest.approx(-1.0, abs=1e-6)


@pytest.mark.parametrize("bound", [interval_margin, crown_margin])
@pytest.mark.parametrize("epsilon", [0.05, 0.35, 1.5])
def test_bounds_contain_the_margin_of_every_sampled_point(bound, epsilon):
    net, (x, _) = _net(hidden=(32, 16)).requires_grad_(False), _rows()
    low, high = _margin_bounds(bound, net, x - epsilon, x + epsilon)
    generator = torch.Generator().manual_seed(2)
    for _ in range(500):
        point = x + epsilon * (2 * torch.rand(x.shape, generator=generator) - 1)
        margin, _ = margin_and_gradient(net, point.round(decimals=6))
        assert ((margin >= low - 1e-5) & (margin <= high + 1e-5)).all()


@pytest.mark.parametrize("bound", [interval_margin, crown_margin])
def test_bounds_of_a_linear_model_are_met(bound):
    net, (x, _) = _net(hidden=()), _rows()
    margin, weights = margin_and_gradient(net, x)
    low, high = _margin_bounds(bound, net, x - 0.3, x + 0.3)
    reach = 0.3 * weights.abs().sum(2)
    torch.testing.assert_close(low, margin - reach, atol=1e-5, rtol=0)
    torch.testing.assert_close(high, margin + reach, atol=1e-5, rtol=0)


@pytest.mark.parametrize("kappa", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("intervals", [0.0, 0.5, 1.0])
def test_at_budget_zero_the_certified_loss_is_cross_entropy(kappa, intervals):
    net, (x, y) = _net(hidden=(32, 16)), _rows()
    flat_x, flat_y = x.view(-1, 3), y.view(-1)
    found = certified_loss(net, flat_x, flat_y, epsilon=0.0, kappa=kappa, intervals=intervals)
    torch.testing.assert_close(found, functional.cross_entropy(net(flat_x), flat_y, reduction="sum"))


def test_the_certified_loss_is_above_the_loss_of_every_attack():
    net, (x, y) = _net(hidden=(32, 16)), _rows()
    flat_x, flat_y = x.view(-1, 3), y.view(-1)
    bound = certified_loss(net, flat_x, flat_y, epsilon=0.3, kappa=0.0, intervals=0.5)
    x_adv = climb(net, x, x - 0.3, x + 0.3, 1.0 - 2.0 * y, steps=10, step=0.1)
    assert bound >= functional.cross_entropy(net(x_adv.view(-1, 3)), flat_y, reduction="sum")


# ---------------------------------------------------------------- what the recipes train on


def test_trades_without_its_second_term_is_plain_training():
    x, y = _rows()
    plain = Trainer(_net(), TRAINING, np.random.default_rng(3))
    plain.fit(x, y, SPEC.rounds * SPEC.epochs_per_round)
    spec = SPEC.model_copy(update={"trades_beta": 0.0})
    found = harden("trades", _net(), x.numpy(), y.numpy(), TRAINING, spec, np.random.default_rng(3))[-1].net
    for name, weights in plain.net.to_arrays().items():
        np.testing.assert_allclose(found.to_arrays()[name], weights, atol=1e-4)


def test_certified_training_without_a_budget_is_plain_training():
    x, y = _rows()
    plain = Trainer(_net(), TRAINING, np.random.default_rng(3))
    plain.fit(x, y, SPEC.rounds * SPEC.epochs_per_round)
    spec = SPEC.model_copy(update={"pgd_epsilon": 0.0})
    found = harden("crown_ibp", _net(), x.numpy(), y.numpy(), TRAINING, spec, np.random.default_rng(3))[
        -1
    ].net
    for name, weights in plain.net.to_arrays().items():
        np.testing.assert_allclose(found.to_arrays()[name], weights, atol=1e-4)


class _ByTorch(Trainer):
    """A trainer whose steps are torch's: automatic differentiation of the recipe's loss, and torch's Adam."""

    def __init__(self, net, spec, rng, beta=None):
        super().__init__(net, spec, rng)
        self.theirs, self.beta = torch.optim.Adam(net.parameters(), lr=spec.learning_rate), beta
        self.certified = None

    def _loss(self, x, y):
        if self.certified is not None:
            return certified_loss(self.net, x, y, **self.certified)
        if self.beta is None:
            return functional.cross_entropy(self.net(x), y, reduction="sum")
        # the recipe hands on what it learns from: clean rows beside attacked ones, replicate by replicate
        stacked = self.learned.view(self.net.replicates, 2, -1, x.shape[1])
        clean, attacked = (
            self.net(part.reshape(-1, x.shape[1])).log_softmax(1) for part in stacked.unbind(1)
        )
        kl = (clean.exp() * (clean - attacked)).sum()
        return functional.nll_loss(clean, y, reduction="sum") + self.beta * kl

    def _step(self, x, y):
        self.batch_gradients(self.net, x, y)
        self.theirs.zero_grad()
        (self._loss(x, y) / (len(x) // self.net.replicates)).backward()
        self.theirs.step()
        self.gradient_steps += 1


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_ends_where_automatic_differentiation_and_torchs_adam_end(recipe, monkeypatch):
    (x, y), spec = _rows(), SPEC.model_copy(update={"rounds": 1})
    ours = Trainer(_net(), TRAINING, np.random.default_rng(3))
    theirs = _ByTorch(
        _net(), TRAINING, np.random.default_rng(3), spec.trades_beta if recipe == "trades" else None
    )
    list(RECIPES[recipe](ours, x, y, spec))

    def noted(net, learned, slope):
        theirs.learned = learned
        return margin_gradients(net, learned, slope)

    def noted_settings(net, x, y, **settings):
        theirs.certified = settings
        return certified_gradients(net, x, y, **settings)

    monkeypatch.setattr(minimax, "margin_gradients", noted)
    monkeypatch.setattr(minimax, "certified_gradients", noted_settings)
    list(RECIPES[recipe](theirs, x, y, spec))
    assert ours.gradient_steps == theirs.gradient_steps
    for mine, torchs in zip(ours.net.parameters(), theirs.net.parameters(), strict=True):
        torch.testing.assert_close(mine, torchs, rtol=0, atol=1e-4)


@pytest.mark.parametrize("recipe", ["fgsm_random_start", "pgd_ramp"])
def test_no_row_leaves_the_ball_and_most_are_moved(recipe):
    moved = [x - clean for (x, _), (clean, _) in zip(_batches(recipe), _clean_batches(), strict=True)]
    assert max(m.abs().max() for m in moved) <= 0.4 * (1 + 1e-5)
    assert (moved[-1].abs().amax(1) > 0.2).float().mean() > 0.9


def test_random_starts_lie_anywhere_in_the_ball_and_leave_the_order_of_batches_alone():
    pairs = zip(_batches("fgsm_random_start")[-6:], _clean_batches()[-6:], strict=True)
    moved = torch.cat([x - clean for (x, _), (clean, _) in pairs])
    # a step of 1.25 budgets from a uniform start passes the face from all but the furthest 3/8 of starts
    assert (moved.abs() > 0.4 - 1e-5).float().mean() == pytest.approx(5 / 8, abs=0.1)


def test_tier_one_training_never_moves_legitimate_rows_nor_what_is_out_of_reach():
    for (x, y), (clean, _) in zip(_batches("pgd_tier1"), _clean_batches(), strict=True):
        assert torch.equal(x[y == 0], clean[y == 0])
        assert torch.equal(x[:, 1], clean[:, 1])
        assert (x[:, 0] <= clean[:, 0]).all()


def test_tier_one_training_moves_frauds_within_reach_and_the_range_of_the_rows():
    rows, _ = _rows()
    low, high = rows.amin((0, 1)), rows.amax((0, 1))
    moved = False
    for (x, y), (clean, _) in zip(_batches("pgd_tier1"), _clean_batches(), strict=True):
        assert ((x - clean).abs() <= 0.4 * (1 + 1e-5)).all()
        assert ((x >= low) & (x <= high)).all()
        moved |= bool((x[y == 1] != clean[y == 1]).any())
    assert moved


def test_tier_one_training_asks_for_the_reach():
    x, y = _rows()
    with pytest.raises(ValueError, match=r"pgd_tier1 needs hardening\.reach"):
        harden("pgd_tier1", _net(), x.numpy(), y.numpy(), TRAINING, HardeningSpec(), np.random.default_rng(0))


@pytest.mark.parametrize("recipe", ["fgsm_random_start", "trades", "crown_ibp", "pgd_tier1"])
def test_every_recipe_takes_as_many_steps_as_pgd_training_and_repeats_bit_by_bit(recipe):
    x, y = _rows()
    one, other = (
        harden(recipe, _net(), x.numpy(), y.numpy(), TRAINING, SPEC, np.random.default_rng(1))
        for _ in range(2)
    )
    assert [state.gradient_steps for state in one] == [6, 12]  # 24 rows, batches of 8, 2 epochs a round
    assert [state.training_rows for state in one] == [24, 24]
    for name, array in one[-1].net.to_arrays().items():
        np.testing.assert_array_equal(array, other[-1].net.to_arrays()[name])

"""One seed, many stages: each draws for itself, and nobody's global state is touched."""

import contextlib

import numpy as np
import pytest
import torch

from generator.engine.seeding import global_seed, stage_rng, stage_seed


def test_the_same_seed_and_name_give_the_same_draws():
    assert stage_rng(42, "train").random(5).tolist() == stage_rng(42, "train").random(5).tolist()


@pytest.mark.parametrize(
    ("seed", "name"),
    [(42, "train "), (42, "attack"), (43, "train"), (4, "2/train")],
)
def test_another_seed_or_name_gives_other_draws(seed, name):
    assert stage_rng(seed, name).random() != stage_rng(42, "train").random()


def test_a_stage_added_between_two_others_leaves_their_draws_alone():
    without = [stage_rng(1, name).random() for name in ("train", "attack")]
    train, _, attack = (stage_rng(1, name).random() for name in ("train", "verify", "attack"))
    assert [train, attack] == without


def test_a_stage_seed_fits_every_library_that_takes_one():
    seeds = [stage_seed(seed, name) for seed in range(50) for name in ("a", "b")]
    assert len(set(seeds)) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)


def _global_draws() -> tuple[float, float]:
    return float(np.random.random()), float(torch.rand(()))  # noqa: NPY002


def _draws_after(use) -> tuple[float, float]:
    np.random.seed(0)  # noqa: NPY002
    torch.manual_seed(0)
    use()
    return _global_draws()


def test_inside_the_context_a_library_draws_the_same_whatever_came_before():
    with global_seed(42, "art"):
        first = _global_draws()
    _global_draws()
    with global_seed(42, "art"):
        assert _global_draws() == first


def test_global_state_is_put_back_after_the_context():
    def use():
        with global_seed(42, "art"):
            _global_draws()

    assert _draws_after(use) == _draws_after(lambda: None)


def test_global_state_is_put_back_after_an_exception():
    def use():
        with contextlib.suppress(RuntimeError), global_seed(42, "art"):
            _global_draws()
            raise RuntimeError

    assert _draws_after(use) == _draws_after(lambda: None)

"""What is settled is true: proofs survive attacks and draws, and examples found fool the deployed model."""

import numpy as np
import pytest

from generator.models.fraudnet import FraudNet
from generator.models.training import margins
from generator.proofs.network import from_arrays
from generator.proofs.network import margins as margins64
from generator.proofs.search import BROKEN, PROVED, UNRESOLVED, verify
from generator.records.spec import ProofSpec
from generator.study.proof_tasks import (
    matched_cut,
    radius_task,
    seed_block,
    settle_task,
    tier_points,
    tier_task,
)
from generator.study.tasks import only_weights
from generator.threats.evasion import evaluate
from generator.threats.outcomes import CLEAN
from generator.threats.surface import TIERS, boxes, surface

EPSILONS, HEADLINE = (0.1, 0.35, 1.0), 0.35
SEEDS = range(2)


def _run(task):
    return task.function(*task.arguments)


@pytest.fixture(scope="module")
def settled(tiny_spec, small_folds, small_models):
    return _run(settle_task(tiny_spec, small_folds, small_models, SEEDS, EPSILONS))


@pytest.fixture(scope="module")
def tiers(tiny_spec, small_folds, small_table, small_models):
    return _run(tier_task(tiny_spec, small_folds, small_table.features, small_models, SEEDS))


@pytest.fixture(scope="module")
def attacked(tiny_spec, small_folds, small_models):
    spec = tiny_spec.attack.model_copy(update={"pgd_steps": 20})
    return evaluate(FraudNet.from_arrays(only_weights(small_models)), small_folds, spec, EPSILONS).right


def _replicates(folds, seeds=SEEDS):
    """(seed, replicate, its test rows) of each replicate."""
    for replicate in range(folds.replicates):
        rows = folds.test_rows[replicate, : folds.test_counts[replicate]]
        yield seeds[replicate // folds.folds], replicate, rows


def _margins32(models, folds, replicate: int, raw: np.ndarray) -> np.ndarray:
    """What the deployed model says of raw rows (m, d): encoded, in float32."""
    one = slice(replicate, replicate + 1)
    net = FraudNet.from_arrays(only_weights(models)).select(one)
    return margins(net, folds.encode(raw[None], one))[0]


# ---------------------------------------------------------------- the plain box


def test_every_row_is_settled_and_both_ways_happen(settled):
    assert settled["outcome"].shape == (2, 300, 3)
    for e in range(3):
        assert set(np.unique(settled["outcome"][:, :, e])) == {BROKEN, PROVED}


def test_rows_wrong_before_any_attack_are_broken_at_every_budget_and_have_no_example(settled, attacked):
    wrong = ~attacked[CLEAN]
    assert wrong.any()
    assert (settled["outcome"][wrong] == BROKEN).all()
    assert np.isnan(settled["witness"][wrong]).all()


def test_a_row_once_broken_stays_broken_at_larger_budgets(settled):
    proved = settled["outcome"] == PROVED
    assert (proved[:, :, 1:] <= proved[:, :, :-1]).all()


def test_each_budget_alone_gives_the_same_answer(settled, attacked, small_folds, small_models):
    for seed, replicate, rows in _replicates(small_folds):
        x = small_folds.encode(small_folds.x[rows], slice(replicate, replicate + 1))[0].astype(np.float64)
        network = from_arrays(only_weights(small_models), replicate)
        for e, epsilon in enumerate(EPSILONS):
            found = verify(network, x - epsilon, x + epsilon, small_folds.y[rows]).outcome == PROVED
            found &= attacked[CLEAN][seed, rows]
            np.testing.assert_array_equal(found, settled["outcome"][seed, rows, e] == PROVED)


@pytest.mark.parametrize("attack", ["fgsm", "pgd"])
def test_proved_rows_survive_the_attack(settled, attacked, attack):
    for e, epsilon in enumerate(EPSILONS):
        proved = settled["outcome"][:, :, e] == PROVED
        assert proved.any()
        assert attacked[attack, epsilon][proved].all()


def test_proved_rows_survive_two_thousand_random_draws_half_of_them_corners(
    settled, small_folds, small_models
):
    rng = np.random.default_rng(0)
    for seed, replicate, rows in _replicates(small_folds):
        proved = rows[settled["outcome"][seed, rows, 1] == PROVED]
        moves = rng.uniform(-HEADLINE, HEADLINE, (2000, small_folds.x.shape[1]))
        moves[1000:] = HEADLINE * np.sign(moves[1000:])
        for row in proved:
            raw = small_folds.x[row] + moves * small_folds.scales[replicate]
            said = _margins32(small_models, small_folds, replicate, raw) > 0
            assert (said == (small_folds.y[row] == 1)).all()


def test_every_example_lies_within_the_headline_budget_of_its_row_and_fools_the_deployed_model(
    settled, attacked, small_folds, small_models
):
    for seed, replicate, rows in _replicates(small_folds):
        broken = attacked[CLEAN][seed, rows] & (settled["outcome"][seed, rows, 1] == BROKEN)
        witness = settled["witness"][seed, rows]
        np.testing.assert_array_equal(np.isfinite(witness).all(1), broken)
        moved = np.abs(witness - small_folds.x[rows])[broken] / small_folds.scales[replicate]
        assert moved.max() <= HEADLINE + 1e-5
        said = _margins32(small_models, small_folds, replicate, witness[broken]) > 0
        assert (said != (small_folds.y[rows[broken]] == 1)).all()


def test_all_examples_at_all_budgets_were_given_to_the_deployed_model(settled, attacked, small_folds):
    # rows that fill up a fold are given twice
    broken = attacked[CLEAN] & (settled["outcome"][:, :, -1] == BROKEN)
    repeated = small_folds.test_rows.size - small_folds.test_counts.sum()
    assert broken.sum() <= settled["replayed"][0] <= broken.sum() + repeated
    assert settled["flipped"][0] == settled["replayed"][0]


def test_blocks_of_seeds_say_what_all_seeds_at_once_say(tiny_spec, small_folds, small_models, settled):
    parts = [
        _run(settle_task(tiny_spec, small_folds, small_models, range(s, s + 1), EPSILONS)) for s in SEEDS
    ]
    for name in ("outcome", "witness", "boxes"):
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), settled[name])
    for name in ("replayed", "flipped"):
        assert sum(int(part[name][0]) for part in parts) == settled[name][0]


def test_a_row_over_its_limit_of_boxes_is_neither_proved_nor_broken_and_may_be_settled_later(
    tiny_spec, small_folds, small_models, settled
):
    hurried = tiny_spec.model_copy(update={"proof": tiny_spec.proof.model_copy(update={"box_limit": 1})})
    found = _run(settle_task(hurried, small_folds, small_models, SEEDS, EPSILONS))["outcome"]
    assert (found == UNRESOLVED).any()
    known = found != UNRESOLVED
    np.testing.assert_array_equal(found[known], settled["outcome"][known])


# ---------------------------------------------------------------- radii


@pytest.fixture(scope="module")
def radii(tiny_spec, small_folds, small_models):
    return _run(radius_task(tiny_spec, small_folds, small_models, 1))


def test_the_radius_of_a_row_agrees_with_what_was_settled(radii, settled):
    for e, epsilon in enumerate(EPSILONS):
        proved = settled["outcome"][1, :, e] == PROVED
        assert proved[radii["proved"][0] >= epsilon].all()
        assert not proved[radii["broken"][0] <= epsilon].any()


def test_brackets_are_as_narrow_as_asked(radii, tiny_spec):
    bounded = np.isfinite(radii["broken"])
    assert (radii["broken"] - radii["proved"])[bounded].max() <= tiny_spec.proof.radius_tolerance + 1e-12
    assert (radii["proved"][~bounded] == 1.0).all()


# ---------------------------------------------------------------- cuts


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.1, 0.5])
@pytest.mark.parametrize("n", [1, 19, 20, 100, 137])
def test_exactly_the_matched_share_of_genuine_rows_alarms(rate, n):
    rng = np.random.default_rng(n)
    margin, genuine = rng.standard_normal(2 * n), np.arange(2 * n) % 2 == 0
    cut = matched_cut(margin, genuine, rate)
    assert (margin[genuine] > cut).sum() == int(rate * n)


def test_a_cut_among_equal_margins_lets_fewer_alarm_never_more():
    margin = np.array([5.0, 3.0, 3.0, 3.0, 1.0, 9.0])
    genuine = np.array([True] * 5 + [False])
    assert matched_cut(margin, genuine, 0.4) == 3.0  # two of five may; the second is one of three alike


def test_the_quoted_rate_is_settled_at_all_budgets_and_the_others_at_the_headline():
    spec = ProofSpec(epsilons=(0.1, 0.35), false_positive_rates=(0.01, 0.05))
    assert tier_points(spec, 0.35) == [(0.01, (0.35,)), (0.05, (0.1, 0.35))]


# ---------------------------------------------------------------- tiers


def test_catch_rates_are_of_frauds_only_in_every_tier(tiers, small_table):
    genuine = small_table.y == 0
    for name, values in tiers.items():
        assert not values[:, genuine].any(), name


def test_frauds_below_the_cut_are_broken_in_every_tier(tiers, small_table):
    for rate in (0.01, 0.05, 0.1):
        missed = ~tiers[f"clean/{rate!r}"] & (small_table.y == 1)
        assert missed.any()
        for tier in TIERS:
            assert (tiers[f"{tier}/{rate!r}"][missed] == BROKEN).all()


def test_more_false_alarms_catch_more_frauds(tiers):
    assert (tiers["clean/0.01"] <= tiers["clean/0.05"]).all()
    assert (tiers["clean/0.05"] <= tiers["clean/0.1"]).all()
    for tier in TIERS:
        few, quoted, many = (tiers[f"{tier}/{rate!r}"] == PROVED for rate in (0.01, 0.05, 0.1))
        assert (few[:, :, 0] <= quoted[:, :, 1]).all()
        assert (quoted[:, :, 1] <= many[:, :, 0]).all()


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1])
def test_what_holds_against_the_stronger_holds_against_the_weaker(tiers, rate):
    proved = {tier: tiers[f"{tier}/{rate!r}"] == PROVED for tier in TIERS}
    for weaker, stronger in (("T1", "T2"), ("T2", "T3"), ("T3", "T0")):
        assert (proved[stronger] <= proved[weaker]).all()
    assert proved["T1"].sum() > proved["T0"].sum()


@pytest.mark.parametrize("rate", [0.01, 0.05, 0.1])
def test_a_fraud_is_caught_while_no_input_in_its_box_falls_to_the_matched_cut(
    tiers, small_folds, small_table, small_models, rate
):
    caught = tiers[f"T0/{rate!r}"][:, :, 1 if rate == 0.05 else 0] == PROVED
    for seed, replicate, rows in _replicates(small_folds):
        x = small_folds.encode(small_folds.x[rows], slice(replicate, replicate + 1))[0].astype(np.float64)
        fraud, network = small_table.y[rows] == 1, from_arrays(only_weights(small_models), replicate)
        genuine = np.sort(margins64(network, x[~fraud]))[::-1]
        cut = genuine[int(rate * len(genuine))]
        box = x[fraud] - HEADLINE, x[fraud] + HEADLINE
        found = verify(network, *box, np.ones(fraud.sum()), threshold=cut)
        np.testing.assert_array_equal(caught[seed, rows[fraud]], found.outcome == PROVED)


def test_frauds_proved_in_a_tier_stay_caught_at_every_draw_from_their_box(
    tiers, small_folds, small_table, small_models
):
    rng, rate = np.random.default_rng(5), 0.05
    integer = np.array([feature.integer for feature in small_table.features])
    for tier in ("T1", "T3"):
        reach = surface(small_table.features, tier)
        lower, upper = boxes(reach, small_folds, seed_block(small_folds, SEEDS), HEADLINE)
        for seed, replicate, rows in _replicates(small_folds):
            network = from_arrays(only_weights(small_models), replicate)
            mean, scale = small_folds.means[replicate], small_folds.scales[replicate]
            x = small_folds.encode(small_folds.x[rows], slice(replicate, replicate + 1))[0]
            genuine = np.sort(margins64(network, x[small_table.y[rows] == 0]))[::-1]
            cut = genuine[int(rate * len(genuine))]
            for place, row in enumerate(rows):
                if tiers[f"{tier}/{rate!r}"][seed, row, 1] != PROVED:
                    continue
                low, high = lower[replicate, place], upper[replicate, place]
                drawn = np.where(rng.random((200, 1)) < 0.5, rng.uniform(low, high, (200, len(low))),
                                 np.where(rng.random((200, len(low))) < 0.5, low, high))  # fmt: skip
                whole = (np.round(drawn * scale + mean) - mean) / scale
                drawn = np.where(integer & (low < high), np.clip(whole, low, high), drawn)
                assert (margins64(network, drawn) > cut).all()


def test_blocks_of_seeds_say_the_same_of_tiers(tiny_spec, small_folds, small_table, small_models, tiers):
    parts = [
        _run(tier_task(tiny_spec, small_folds, small_table.features, small_models, range(s, s + 1)))
        for s in SEEDS
    ]
    for name, values in tiers.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)

"""What is settled is true: proofs survive attacks and draws, and examples found fool the deployed model."""

import numpy as np
import pytest

from generator.proofs.relu.network import from_arrays
from generator.proofs.relu.search import BROKEN, PROVED, verify
from generator.study.proof_tasks import cross_check_task, radius_task, settle_task
from generator.threats.evasion.attacks import evaluate
from generator.threats.evasion.outcomes import CLEAN

EPSILONS, HEADLINE = (0.1, 0.35, 1.0), 0.35
SEEDS = range(2)


def _run(task):
    return task.function(*task.arguments)


@pytest.fixture(scope="module")
def settled(tiny_spec, small_folds, small_models):
    return _run(settle_task(tiny_spec, small_folds, small_models, SEEDS, EPSILONS))


@pytest.fixture(scope="module")
def attacked(tiny_spec, small_folds, small_models):
    spec = tiny_spec.attack.model_copy(update={"pgd_steps": 20})
    return evaluate(small_models.model(small_folds), small_folds, spec, EPSILONS).right


def _replicates(folds, seeds=SEEDS):
    """(seed, replicate, its test rows) of each replicate."""
    for replicate in range(folds.replicates):
        rows = folds.test_rows[replicate, : folds.test_counts[replicate]]
        yield seeds[replicate // folds.folds], replicate, rows


def _margins32(models, folds, replicate: int, raw: np.ndarray) -> np.ndarray:
    """What the deployed model says of raw rows (m, d): encoded, in float32."""
    one = slice(replicate, replicate + 1)
    return models.model(folds).select(one).margins(raw[None])[0]


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
        network = from_arrays(small_models.weights, replicate)
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
    # a row has an example for the smallest budget that breaks it, and for those above that it was asked about
    broken = attacked[CLEAN] & (settled["outcome"][:, :, -1] == BROKEN)
    assert broken.sum() <= settled["replayed"][0] <= small_folds.seeds * len(EPSILONS) * broken.shape[1]
    assert settled["flipped"][0] == settled["replayed"][0]


def test_blocks_of_seeds_say_what_all_seeds_at_once_say(tiny_spec, small_folds, small_models, settled):
    parts = [
        _run(settle_task(tiny_spec, small_folds, small_models, range(s, s + 1), EPSILONS)) for s in SEEDS
    ]
    for name in ("outcome", "witness", "boxes"):
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), settled[name])
    for name in ("replayed", "flipped"):
        assert sum(int(part[name][0]) for part in parts) == settled[name][0]


def test_a_row_over_its_limit_of_boxes_is_settled_by_the_mixed_integer_program(
    tiny_spec, small_folds, small_models, settled
):
    hurried = tiny_spec.model_copy(update={"proof": tiny_spec.proof.model_copy(update={"box_limit": 1})})
    found = _run(settle_task(hurried, small_folds, small_models, range(1), (HEADLINE,)))
    assert (found["boxes"] <= 1).all()
    examples = np.isfinite(found["witness"]).all(2).sum()
    assert found["replayed"].tolist() == found["flipped"].tolist() == [examples]
    np.testing.assert_array_equal(found["outcome"][:, :, 0], settled["outcome"][:1, :, 1])


def test_the_margin_kept_is_that_of_the_deployed_model(settled, attacked, small_folds):
    np.testing.assert_array_equal((settled["margin"] > 0) == (small_folds.y == 1), attacked[CLEAN])


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


# ---------------------------------------------------------------- the second method


def test_both_methods_answer_the_same_rows_of_both_classes_alike(tiny_spec, small_folds, small_models):
    spec = tiny_spec.model_copy(
        update={"proof": tiny_spec.proof.model_copy(update={"cross_checked_rows": 24})}
    )
    found = _run(cross_check_task(spec, small_folds, small_models))
    np.testing.assert_array_equal(found["search"], found["milp"])
    assert set(found["search"]) == {PROVED, BROKEN}
    assert len(found["search"]) == 24

"""A stage computes what is missing, keeps what it has, and knows what an answer depends on."""

from dataclasses import replace

import numpy as np
import pytest

from generator.engine.cache import StageCache
from generator.engine.stages import Engine, StageTask
from generator.study.proof_tasks import radius_task, settle_task
from generator.study.tasks import (
    attack_task,
    battery_task,
    harden_task,
    hardened_state,
    standard_state,
    train_task,
)
from generator.study.tier_tasks import tier_task

CALLS = []


def _square(number: int) -> dict[str, np.ndarray]:
    CALLS.append(number)
    return {"square": np.array([number * number])}


def _root(number: int) -> dict[str, np.ndarray]:
    if number < 0:
        raise ValueError("no root of a negative number")
    return {"root": np.array([number**0.5])}


def _tasks(function, *numbers: int) -> list[StageTask]:
    return [StageTask({"number": str(n)}, function, (n,)) for n in numbers]


@pytest.fixture
def engine(tmp_path, recorder) -> Engine:
    CALLS.clear()
    return Engine(StageCache(tmp_path), workers=1, reporter=recorder)


def _squares(results) -> list[int]:
    return [int(r["square"][0]) for r in results]


def test_only_the_missing_tasks_are_run_and_all_answers_are_in_order(engine):
    engine.run("checks", "s", _tasks(_square, 2, 4))
    CALLS.clear()
    assert _squares(engine.run("checks", "s", _tasks(_square, 1, 2, 3, 4))) == [1, 4, 9, 16]
    assert CALLS == [1, 3]


def test_a_second_run_computes_nothing(engine):
    first = engine.run("checks", "s", _tasks(_square, 1, 2))
    CALLS.clear()
    assert _squares(engine.run("checks", "s", _tasks(_square, 1, 2))) == _squares(first)
    assert CALLS == []


def test_a_dataset_does_not_read_what_another_one_stored(engine):
    engine.run("checks", "s", _tasks(_square, 1))
    engine.run("kaggle", "s", _tasks(_square, 1))
    assert CALLS == [1, 1]


def test_a_damaged_result_is_computed_again(engine):
    engine.run("checks", "s", _tasks(_square, 1, 2))
    engine.cache.path("checks/s", {"number": "2"}).write_bytes(b"damaged")
    CALLS.clear()
    assert _squares(engine.run("checks", "s", _tasks(_square, 1, 2))) == [1, 4]
    assert CALLS == [2]


def test_what_was_done_before_a_failure_is_kept(engine):
    with pytest.raises(ValueError, match="no root"):
        engine.run("checks", "s", _tasks(_root, 1, 4, -1, 9))
    assert engine.cache.load("checks/s", {"number": "4"})["root"].tolist() == [2.0]


def test_the_reporter_hears_of_every_task_stored_or_computed(engine, recorder):
    engine.run("checks", "s", _tasks(_square, 1))
    engine.run("checks", "t", _tasks(_square, 1, 2, 3))
    assert recorder.totals == {("checks", "s"): 1, ("checks", "t"): 3}
    assert recorder.done == recorder.totals


@pytest.fixture(scope="module")
def standard(tiny_spec, toy_folds):
    task = train_task(tiny_spec, toy_folds)
    return standard_state(task.function(*task.arguments))


def _updated(spec, part: str | None, **values):
    if part is None:
        return spec.model_copy(update=values)
    return spec.model_copy(update={part: getattr(spec, part).model_copy(update=values)})


TASKS = {
    "train": lambda spec, folds, _features, _state: train_task(spec, folds),
    "harden": lambda spec, folds, _features, state: harden_task(spec, folds, state, "extra_epochs"),
    "attack": lambda spec, folds, _features, state: attack_task(spec, folds, state, (0.0, 0.1)),
    "battery": lambda spec, folds, _features, state: battery_task(spec, folds, state),
    "settle": lambda spec, folds, _features, state: settle_task(spec, folds, state, range(1), (0.1, 0.35)),
    "tiers": lambda spec, folds, features, state: tier_task(spec, folds, features, state, range(1)),
    "radius": lambda spec, folds, _features, state: radius_task(spec, folds, state, 0),
}
"""Stage -> one of its tasks."""


@pytest.mark.parametrize(
    ("part", "values", "stages"),
    [
        (None, {"seed": 43}, set(TASKS)),
        ("training", {"epochs": 3}, set(TASKS)),
        ("hardening", {"rounds": 3}, {"harden"}),
        ("attack", {"pgd_steps": 3}, {"attack"}),
        ("attack", {"headline_epsilon": 0.1}, {"battery", "settle", "tiers"}),
        ("attack", {"epsilons": (0.0, 0.1, 0.35, 2.0)}, {"radius"}),
        ("battery", {"noise_draws": 6}, {"battery"}),
        ("proof", {"box_limit": 5}, {"settle", "tiers", "radius"}),
        ("proof", {"false_positive_rates": (0.05,)}, {"tiers"}),
        ("proof", {"radius_tolerance": 0.5}, {"radius"}),
        ("scenario", {"fraud_share": 0.1}, set()),
        (None, {"bootstrap": 200}, set()),
    ],
)
def test_a_setting_changes_the_inputs_of_the_stages_it_can_touch(
    tiny_spec, toy_folds, toy_features, standard, part, values, stages
):
    def inputs(spec):
        return {name: make(spec, toy_folds, toy_features, standard).inputs for name, make in TASKS.items()}

    before, after = inputs(tiny_spec), inputs(_updated(tiny_spec, part, **values))
    assert {stage for stage in before if before[stage] != after[stage]} == stages


def test_each_recipe_and_each_set_of_budgets_is_a_task_of_its_own(tiny_spec, toy_folds, standard):
    recipes = [harden_task(tiny_spec, toy_folds, standard, r).inputs for r in tiny_spec.hardening.recipes]
    assert all(one != other for i, one in enumerate(recipes) for other in recipes[:i])
    few, many = (attack_task(tiny_spec, toy_folds, standard, e).inputs for e in ((0.1,), (0.1, 0.2)))
    assert few != many


def test_one_changed_weight_changes_the_inputs_of_what_follows(tiny_spec, toy_folds, standard):
    bias = np.nextafter(standard.weights["biases.0"], np.float32(np.inf))
    moved = replace(standard, weights=standard.weights | {"biases.0": bias})
    for task in (harden_task, attack_task):
        last = "pgd_ramp" if task is harden_task else (0.1,)
        assert (
            task(tiny_spec, toy_folds, standard, last).inputs
            != task(tiny_spec, toy_folds, moved, last).inputs
        )


def test_one_changed_cell_of_the_data_changes_every_stage(tiny_spec, toy_folds, standard):
    x = toy_folds.x.copy()
    x[0, 0] = np.nextafter(x[0, 0], np.inf)
    changed = replace(toy_folds, x=x)
    assert train_task(tiny_spec, toy_folds).inputs != train_task(tiny_spec, changed).inputs
    assert (
        attack_task(tiny_spec, toy_folds, standard, (0.1,)).inputs
        != attack_task(tiny_spec, changed, standard, (0.1,)).inputs
    )


def test_the_order_in_which_the_weights_are_read_does_not_change_the_inputs(tiny_spec, toy_folds, standard):
    turned = replace(standard, weights=dict(reversed(standard.weights.items())))
    assert (
        harden_task(tiny_spec, toy_folds, standard, "extra_epochs").inputs
        == harden_task(tiny_spec, toy_folds, turned, "extra_epochs").inputs
    )
    assert (
        attack_task(tiny_spec, toy_folds, standard, (0.1,)).inputs
        == attack_task(tiny_spec, toy_folds, turned, (0.1,)).inputs
    )


def test_the_net_of_a_round_is_found_among_the_arrays_of_hardening(standard):
    arrays = standard.weights | {"training_rows": np.array([70]), "gradient_steps": np.array([5])}
    hardened = {f"{number}/{name}": a + number for number in (1, 2, 12) for name, a in arrays.items()}
    second = hardened_state(hardened, 2)
    assert (second.round, second.training_rows, second.gradient_steps) == (2, 72, 7)
    assert second.weights.keys() == standard.weights.keys()
    np.testing.assert_array_equal(second.weights["weights.1"], standard.weights["weights.1"] + 2)


def _poisoned(folds, row: int):
    x = folds.x.copy()
    x[row] = np.nan
    return replace(folds, x=x)


@pytest.mark.parametrize(
    "recipe",
    [
        "accumulating_fgsm", "current_round_fgsm", "half_batch_fgsm", "extra_epochs", "pgd_ramp",
        "fgsm_random_start", "trades", "crown_ibp", "pgd_tier1",
    ],
)  # fmt: skip
def test_hardening_never_sees_the_test_rows_of_a_replicate(tiny_spec, toy_folds, standard, recipe):
    row = 3
    tiny_spec = _updated(tiny_spec, "hardening", reach=((1.0, 0.0, 1.0), (0.0, 1.0, 0.0)))
    tested_by = np.array([row in rows for rows in toy_folds.test_rows])
    poisoned = _poisoned(toy_folds, row)
    clean_task = harden_task(tiny_spec, toy_folds, standard, recipe)
    clean = clean_task.function(*clean_task.arguments)
    task = harden_task(tiny_spec, poisoned, standard, recipe)
    for name, array in task.function(*task.arguments).items():
        if "weights" in name:
            np.testing.assert_array_equal(array[tested_by], clean[name][tested_by])
            assert np.isnan(array[~tested_by]).any()


def test_training_never_sees_the_test_rows_of_a_replicate(tiny_spec, toy_folds, standard):
    row = 3
    tested_by = np.array([row in rows for rows in toy_folds.test_rows])
    task = train_task(tiny_spec, _poisoned(toy_folds, row))
    trained = task.function(*task.arguments)
    np.testing.assert_array_equal(trained["weights.0"][tested_by], standard.weights["weights.0"][tested_by])
    assert np.isnan(trained["weights.0"][~tested_by]).all()

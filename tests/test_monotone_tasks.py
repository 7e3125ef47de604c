"""The limits of monotone rules hold for every rate, budget and tier, and for a monotone model that is proved."""

from dataclasses import replace

import numpy as np
import pytest

from generator.datasets import FreshRows, dataset
from generator.models.linear import Linear, logistic_regression
from generator.proofs.verdicts import PROVED
from generator.records.spec import StudySpec
from generator.study import monotone_tasks
from generator.study.monotone_tasks import monotone_from, monotone_limits, monotone_task
from generator.study.tasks import State
from generator.study.tier_records import shown
from generator.study.tier_tasks import tier_task


@pytest.fixture(scope="module")
def spec(tiny_spec) -> StudySpec:
    """Quoted where so few rows meet."""
    return tiny_spec.model_copy(
        update={"attack": tiny_spec.attack.model_copy(update={"headline_epsilon": 1.0})}
    )


@pytest.fixture(scope="module")
def fresh(tiny_spec) -> FreshRows:
    return dataset("checks").fresh(tiny_spec)


@pytest.fixture(scope="module")
def limits(spec, small_table, small_folds, fresh):
    task = monotone_task(spec, small_table, small_folds, fresh)
    return monotone_from(task.function(*task.arguments))


def test_they_stand_where_catch_rates_do(limits, spec):
    assert limits.inputs == spec.input_names
    points = {(rate, spec.proof.epsilons[e]) for rate, _, e in shown(spec)}
    expected = {(tier, *point) for tier in spec.threat.names for point in points}
    assert {(each.tier, each.false_positive_rate, each.epsilon) for each in limits.limits} == expected
    assert len(limits.limits) == len(expected)
    assert limits.at("T3", 1.0, 0.05).epsilon == 1.0
    with pytest.raises(KeyError, match=r"no limit of monotone rules for T3 at 0\.35, 0\.1"):
        limits.at("T3", 0.35, 0.1)


def test_they_fall_with_budget_and_reach_and_rise_with_alarms(limits, spec):
    def line(points) -> np.ndarray:
        return np.array([[each.by_fold, each.by_one] for each in (limits.at(*point) for point in points)])

    quoted, headline = 0.05, spec.attack.headline_epsilon
    budgets = line(("T3", epsilon, quoted) for epsilon in spec.proof.epsilons)
    tiers = line((tier, 1.0, quoted) for tier in ("T1", "T2", "T3", "T0"))
    alarms = line(("T3", headline, rate) for rate in spec.proof.false_positive_rates)
    for falling in (budgets, tiers, -alarms):
        assert (np.diff(falling, axis=0) <= 0).all()
    for values in (budgets, tiers, alarms):
        assert (values > 0).all()
        assert (values <= 1).all()
        assert (values.min(0) < values.max(0)).all()


def test_no_proved_monotone_model_passes_them(limits, spec, small_table, small_folds):
    """A linear model whose weights have the signs of the risk."""
    fitted, risk = logistic_regression(small_folds), [feature.direction for feature in small_table.features]
    line = Linear(np.abs(fitted.weights) * risk, fitted.bias, fitted.means, fitted.scales)
    state, seeds = State(Linear.kind, line.arrays()), range(small_folds.seeds)
    task = tier_task(spec, small_folds, small_table.features, state, seeds)
    settled, frauds, below = task.function(*task.arguments), small_table.y == 1, []
    for rate, point, e in shown(spec):
        for tier in spec.threat.names:
            caught = (settled[tier][:, frauds, e, point] == PROVED).mean()
            limit = limits.at(tier, spec.proof.epsilons[e], rate)
            assert caught <= limit.by_fold
            below.append(limit.by_fold < 1)
    assert sum(below) > 10


def test_further_rows_bound_more_sharply_but_for_chance(limits, fresh):
    near, far = limits.at("T3", 0.35, 0.05), limits.at("T3", 1.0, 0.05)
    assert near.drawn_rows == len(fresh.x)
    for each in (near, far):
        assert 0 < each.drawn <= each.by_one + each.drawn_margin
        assert each.drawn_margin > 0


def test_as_many_rows_are_drawn_as_have_about_the_pairs_asked_for(
    monkeypatch, tiny_spec, small_table, small_folds, fresh
):
    monkeypatch.setattr(monotone_tasks, "DRAWN_PAIRS", 2_000)
    spec = tiny_spec.proof.model_copy(update={"epsilons": (0.35, 1.0), "false_positive_rates": (0.05,)})
    found = monotone_limits(small_table, small_folds, fresh, tiny_spec.threat, spec, 0.35)
    rows = [found.at("T3", epsilon, 0.05).drawn_rows for epsilon in (0.35, 1.0)]
    assert rows[0] > 2 * rows[1] > 200


def test_without_a_rule_there_is_nothing_to_draw(tiny_spec, small_table, small_folds):
    spec = tiny_spec.proof.model_copy(update={"epsilons": (0.35,)})
    found = monotone_limits(small_table, small_folds, None, tiny_spec.threat, spec, 0.35)
    assert {(each.drawn, each.drawn_margin, each.drawn_rows) for each in found.limits} == {(None, None, 0)}


def test_where_no_input_has_a_direction_every_rule_is_monotone_and_nothing_is_said(
    tiny_spec, small_table, small_folds
):
    free = tuple(each.model_copy(update={"helps": "both"}) for each in small_table.features)
    found = monotone_limits(
        replace(small_table, features=free), small_folds, None, tiny_spec.threat, tiny_spec.proof, 0.35
    )
    assert (found.inputs, found.limits) == ((), ())

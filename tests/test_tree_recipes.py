"""Trees of the study: worst corners worked by hand, and what a constraint or a missing input does to a model."""

import numpy as np
import pytest
from threat_fixture import FRAUDSTERS

from generator.datasets import SourceOptions, dataset
from generator.models.asked import Asked
from generator.models.folds import make_folds
from generator.models.kinds import TRAINED
from generator.models.trees.boosting import Choice, train_trees
from generator.models.trees.recipes import anything, worst_corner
from generator.records.spec import TrainingSpec, TreesSpec
from generator.records.threat import Categories, Interval, Surface, surface


def _moving(down: float, up: float, whole: bool = False, fixed: float = 0.0) -> Interval:
    return Interval(down, up, low=0.0, high=9.0, whole=whole, fixed=fixed)


TIER = FRAUDSTERS.tier("T1")


def test_frauds_move_to_the_corner_where_they_look_least_risky():
    """Down where risk rises with the input, up where it falls, by whole steps, within limits, else not at all."""
    reach = Surface(
        TIER,
        {"a": _moving(1, 0), "b": _moving(0, 1), "c": _moving(1, 1), "d": _moving(1, 0, whole=True),
         "e": _moving(0, 0)},
    )  # fmt: skip
    directions, budget = np.array([1, -1, 0, 1, 1]), np.array([2.5, 2.5, 2.5, 2.5, 2.5])
    rows = np.array([[5.0, 5.0, 5.0, 5.0, 5.0], [1.0, 8.0, 5.0, 1.0, 5.0], [-3.0, 12.0, 5.0, 0.0, 5.0]])
    expected = [[2.5, 7.5, 5.0, 3.0, 5.0], [0.0, 9.0, 5.0, 0.0, 5.0], [-3.0, 12.0, 5.0, 0.0, 5.0]]
    np.testing.assert_array_equal(worst_corner(rows, directions, reach, budget), expected)


def test_frauds_without_a_budget_go_to_the_end_and_bands_to_the_last_name_they_reach():
    """A gap stays a gap, names without an order stay, and what could be anything without being safer is left out."""
    reach = Surface(
        TIER,
        {"any": _moving(0, 1, fixed=np.inf), "some": _moving(1, 0, fixed=2.0), "both": _moving(1, 1, fixed=np.inf),
         "band": Categories(("b", "c"), tuple("abcd"), up=False), "make": Categories(("a",), tuple("abc")),
         "flag": Categories(("n", "y"), ("n", "y"), down=False)},
    )  # fmt: skip
    directions, none = np.array([-1, 1, 0, 1, 0, -1]), np.nan
    rows = np.array(
        [[5.0, 5.0, 5.0, 3.0, 2.0, 0.0], [none, none, none, none, none, none], [10, 1, 5, 0, 1, 1]]
    )
    expected = [[9.0, 3.0, 5.0, 1.0, 2.0, 1.0], [none, none, none, none, none, none], [10, 0, 5, 0, 1, 1]]
    np.testing.assert_array_equal(worst_corner(rows, directions, reach, np.full(6, 99.0)), expected)
    assert anything(directions, reach).tolist() == [2, 4]


@pytest.fixture(scope="module")
def trained():
    """Every tree recipe on few checks."""
    checks = dataset("checks")
    table = checks.load(checks.study.model_copy(update={"rows": 400}), SourceOptions(offline=True))
    folds = make_folds(table.x, table.y, TrainingSpec(seeds=1, folds=2), 7)
    trees = TreesSpec(rounds=30, depths=(3,), learning_rates=(0.1,), smallest_leaf=5)
    asked = Asked(table.features, checks.study.threat, TrainingSpec(), trees, worst_epsilon=0.35, seed=7)
    recipes = ("boosted_trees", "monotone_trees", "monotone_trees_widest", "trees_left_out")
    return table, folds, asked, {name: TRAINED[name].train(folds, asked) for name in recipes}


CHOICE, PAIR = Choice(seed=7, rate=0.05), {"rounds": 30, "depths": (1, 3), "learning_rates": (0.3, 0.3)}


def _parity(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Fraud is an odd number of inputs above zero, which no sum of trees of one split can tell."""
    x = np.random.default_rng(seed).standard_normal((n, 3))
    return x, (x > 0).sum(axis=1) % 2


def test_each_copy_trains_on_all_its_rows_what_caught_most_of_those_held_out():
    odd, one_input = _parity(600, 0), (_parity(600, 1)[0], (_parity(600, 1)[0][:, 0] > 0.5).astype(int))
    x, y = zip(odd, one_input, strict=True)
    found = train_trees(x, y, TreesSpec(**PAIR), choice=CHOICE)
    assert found.chosen == (1, 0)  # where both catch all, the first
    for replicate, depth in enumerate((3, 1)):
        alone = TreesSpec(rounds=30, depths=(depth,), learning_rates=(0.3,))
        expected = train_trees(x[replicate : replicate + 1], y[replicate : replicate + 1], alone).arrays()
        for name, part in found.select(slice(replicate, replicate + 1)).arrays().items():
            np.testing.assert_array_equal(part, expected[name], err_msg=name)


def test_without_rows_to_choose_on_the_first_setting_is_taken():
    x, y = _parity(600, 0)
    few = np.concatenate([np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:4]])
    assert train_trees([x[few]], [y[few]], TreesSpec(**PAIR), choice=CHOICE).chosen == (0,)
    assert train_trees([x], [y], TreesSpec(**PAIR)).chosen == (0,)


def test_every_recipe_chooses_its_depth_in_every_copy(trained):
    _, folds, asked, _ = trained
    pair = asked._replace(trees=TreesSpec(rounds=5))
    for name in ("boosted_trees", "monotone_trees", "monotone_trees_widest", "trees_left_out"):
        chosen = TRAINED[name].train(folds, pair).chosen
        assert len(chosen) == folds.replicates, name
        assert set(chosen) <= {0, 1}, name


def _swings(table, folds, model, j):
    """Margins with input j lowest and highest."""
    raw = folds.test_raw()
    ends = []
    for value in (table.x[:, j].min(), table.x[:, j].max()):
        moved = raw.copy()
        moved[..., j] = value
        ends.append(model.margins(moved))
    return ends


@pytest.mark.parametrize("name", ["monotone_trees", "monotone_trees_widest"])
def test_monotone_trees_look_at_an_input_in_its_direction_of_risk_alone(trained, name):
    table, folds, _, models = trained
    for j, feature in enumerate(table.features):
        low, high = _swings(table, folds, models[name], j)
        assert (feature.direction * (high - low) >= 0).all(), feature.name
    free = [_swings(table, folds, models["boosted_trees"], j) for j in range(len(table.features))]
    # the constraint does something: without it some row falls where it should rise
    assert any(
        (f.direction * (high - low) < 0).any() for f, (low, high) in zip(table.features, free, strict=True)
    )


def test_the_recipe_against_an_insider_moves_frauds_further(trained):
    """It flags fewer genuine-looking corners: its frauds stood further out, so its margins of unmoved frauds differ."""
    table, folds, _, models = trained
    bounced = table.features.index(next(f for f in table.features if f.control == "insider"))
    asked_for = {
        name: sum((one.feature == bounced).sum() for one in models[name].ensembles)
        for name in ("monotone_trees", "monotone_trees_widest")
    }
    assert asked_for["monotone_trees_widest"] != asked_for["monotone_trees"]
    assert not np.array_equal(
        models["monotone_trees"].margins(folds.test_raw()),
        models["monotone_trees_widest"].margins(folds.test_raw()),
    )


def test_left_out_is_what_the_quoted_tier_moves(trained):
    table, _, asked, models = trained
    moved = np.flatnonzero(surface(table.features, asked.threat.tier("T1")).intervals.movable)
    seen = {int(j) for one in models["trees_left_out"].ensembles for j in one.feature[one.feature >= 0]}
    assert seen
    assert not seen & set(moved.tolist())


def test_with_every_input_left_out_a_model_is_a_constant(trained):
    table, folds, asked, _ = trained
    everything = asked.threat.model_copy(update={"quoted": "T3"})
    model = TRAINED["trees_left_out"].train(folds, asked._replace(threat=everything))
    moved = np.flatnonzero(surface(table.features, everything.tier("T3")).intervals.movable)
    assert len(moved) == len(table.features)
    assert (np.ptp(model.margins(folds.test_raw()), axis=1) == 0).all()

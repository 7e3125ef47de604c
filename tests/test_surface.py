"""What each tier may change, worked by hand on two rows, and a box that holds whatever the tiers are."""

import numpy as np
import pytest
from threat_fixture import FRAUDSTERS

from generator.datasets import dataset
from generator.models.folds import Folds
from generator.records.boxes import Boxes
from generator.records.features import Feature, Input
from generator.records.threat import Categories, Threat, surface
from generator.threats.surface import ball, boxes, describe, reached


def _feature(name: str, control: str, helps: str, low: float, high: float, **more) -> Feature:
    return Feature(
        name=name, title=name, unit="", decimals=0, control=control, helps=helps, note="", low=low, high=high,
        mean=0, standard_deviation=more.pop("standard_deviation", 1), **more,
    )  # fmt: skip


FEATURES = (
    _feature("Amount", "effort", "down", 10, 900, standard_deviation=100),
    _feature("Duration", "free", "both", 1, 60, integer=True, standard_deviation=10),
    _feature("Account age", "costly", "up", 0, 40, standard_deviation=5),
    _feature("Balance", "insider", "up", 0, 5000, standard_deviation=1000),
    _feature("Age", "nobody", "none", 18, 80, integer=True, standard_deviation=12),
)
RAW = np.array([[30.0, 7, 3, 200, 40], [500.0, 58, 39, 4000, 18]])
MEANS, SCALES = np.array([[100.0, 20, 5, 1000, 45]]), np.array([[100.0, 10, 5, 1000, 12]])


def _folds(labels=(1, 1), raw=RAW) -> Folds:
    """One replicate that judges both rows."""
    rows = np.arange(len(raw))[None]
    return Folds(
        train_rows=rows, test_rows=rows, test_counts=np.array([len(raw)]), means=MEANS, scales=SCALES,
        x=raw, y=np.array(labels), seeds=1,
    )  # fmt: skip


TIERS = FRAUDSTERS.names


def _boxes(tier: str, epsilon: float, folds: Folds | None = None) -> Boxes:
    return boxes(surface(FEATURES, FRAUDSTERS.tier(tier)), folds or _folds(), slice(0, 1), epsilon)


def _raw_box(tier: str, epsilon: float, folds: Folds | None = None) -> np.ndarray:
    """(2, rows, d): the faces in raw units."""
    box = _boxes(tier, epsilon, folds)
    return np.array([face[0] * SCALES[0] + MEANS[0] for face in (box.lower, box.upper)])


def test_t0_is_the_plain_box_around_every_row():
    box = _boxes("T0", 0.5, _folds((0, 1)))
    x = _folds().test_x().astype(np.float64)
    np.testing.assert_array_equal(box.lower, x - 0.5)
    np.testing.assert_array_equal(box.upper, x + 0.5)


def test_t1_moves_amount_down_and_duration_both_ways_within_the_range_of_the_data():
    lower, upper = _raw_box("T1", 0.55)
    # 55 USD down, but not below 10; 5.5 seconds are 5 whole ones, within 1..60
    np.testing.assert_allclose(lower, [[10, 2, 3, 200, 40], [445, 53, 39, 4000, 18]], atol=1e-4)
    np.testing.assert_allclose(upper, [[30, 12, 3, 200, 40], [500, 60, 39, 4000, 18]], atol=1e-4)


def test_t2_adds_what_patience_buys_and_t3_what_an_insider_does():
    assert _raw_box("T2", 0.55)[1].round(4).tolist() == [[30, 12, 5.75, 200, 40], [500, 60, 40, 4000, 18]]
    assert _raw_box("T3", 0.55)[1].round(3).tolist() == [[30, 12, 5.75, 750, 40], [500, 60, 40, 4550, 18]]
    np.testing.assert_array_equal(_raw_box("T3", 0.55)[0], _raw_box("T1", 0.55)[0])


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.35, 2.0])
def test_a_stronger_tier_has_a_larger_box_and_every_box_holds_its_row(epsilon):
    x = _folds().test_x()[0]
    inner = (x, x)
    for tier in TIERS[1:]:
        box = _boxes(tier, epsilon)
        lower, upper = box.lower[0], box.upper[0]
        assert (lower <= inner[0] + 1e-6).all()
        assert (upper >= inner[1] - 1e-6).all()
        inner = lower, upper


@pytest.mark.parametrize("tier", TIERS[1:])
def test_legitimate_rows_are_points(tier):
    box = _boxes(tier, 0.5, _folds((0, 1)))
    lower, upper = box.lower, box.upper
    np.testing.assert_array_equal(lower[0, 0], upper[0, 0])
    np.testing.assert_array_equal(lower[0, 0], _folds().test_x()[0, 0].astype(np.float64))
    assert (lower[0, 1] < upper[0, 1]).any()


def test_what_nobody_changes_never_moves():
    box = _boxes("T3", 3.0)
    np.testing.assert_array_equal(box.lower[..., 4], box.upper[..., 4])


def test_a_row_outside_the_range_may_stay_and_come_back_but_go_no_further():
    outside = RAW.copy()
    outside[0, :2] = 5, 70  # below 10 USD, above 60 seconds
    lower, upper = _raw_box("T1", 0.55, _folds(raw=outside))
    np.testing.assert_allclose([lower[0, 0], upper[0, 0]], [5, 5], atol=1e-4)
    np.testing.assert_allclose([lower[0, 1], upper[0, 1]], [65, 70], atol=1e-4)


def test_a_budget_below_one_unit_leaves_a_whole_number_where_it_is():
    lower, upper = _raw_box("T1", 0.09)
    np.testing.assert_allclose(lower[:, 1], [7, 58], atol=1e-9)
    np.testing.assert_allclose(upper[:, 1], [7, 58], atol=1e-9)


def test_a_budget_of_exactly_three_units_reaches_the_third():
    assert _raw_box("T1", 0.3)[0][0, 1] == pytest.approx(4, abs=1e-9)


def test_the_faces_of_whole_numbers_lie_on_the_lattice():
    box = _boxes("T1", 0.55)
    assert box.whole.tolist() == [False, True, False, False, True]
    for face in (box.lower, box.upper):
        number = box.of(0).to_raw(face[0])[:, 1]
        np.testing.assert_allclose(number, number.round(), atol=1e-9)


def test_t0_knows_no_whole_numbers():
    box = _boxes("T0", 0.5)
    assert not box.whole.any()


def test_no_attack_of_a_tier_makes_an_amount_exceed_its_balance_by_more_than_before():
    rng = np.random.default_rng(0)
    box = _boxes("T3", 2.0)
    points = rng.uniform(box.lower[0], box.upper[0], (1000, 2, 5)) * SCALES[0] + MEANS[0]
    assert (points[..., 0] - points[..., 3] <= RAW[:, 0] - RAW[:, 3] + 1e-4).all()


def test_a_budget_is_described_in_raw_units():
    reach = describe(surface(FEATURES, FRAUDSTERS.tier("T2")), FEATURES, 0.55)
    assert [(r.feature, round(r.down, 9), round(r.up, 9)) for r in reach] == [
        ("Amount", 55, 0), ("Duration", 5, 5), ("Account age", 0, 2.75), ("Balance", 0, 0), ("Age", 0, 0)
    ]  # fmt: skip


def test_an_unknown_tier_and_a_negative_budget_are_refused():
    with pytest.raises(KeyError, match="unknown tier 'T4'; known: T0, T1, T2, T3"):
        FRAUDSTERS.tier("T4")
    with pytest.raises(ValueError, match=r"a budget cannot be negative: -0\.1"):
        _boxes("T0", -0.1)


def _named(name: str, kind: str, names: str, helps: str = "both", **more) -> Feature:
    return _feature(name, "free", helps, 0, 4, kind=kind, categories=tuple(names), **more)


MIXED = (
    _feature("Claimed", "free", "down", 10, 90, reach="any"),
    _feature("Age of policy", "free", "up", 0, 30, reach=2.5),
    _feature("Witnesses", "free", "both", 0, 9, integer=True, reach=3.0),
    _named("Make", "category", "abcd", reachable=("b", "d")),
    _named("Price", "band", "abcd", helps="down"),
    _named("Report", "flag", "ab", helps="up"),
    _named("Base", "category", "abc", helps="none"),
)
MIXED_RAW = np.array(
    [[40.0, 5, 4, 0, 2, 0, 1], [95.0, 29, 8, 1, 0, 1, 2], [np.nan, np.nan, 4, np.nan, np.nan, 0, 1]]
)


def _mixed_folds(labels=(1, 1, 1)) -> Folds:
    rows = np.arange(3)[None]
    return Folds(
        train_rows=rows, test_rows=rows, test_counts=np.array([3]), means=np.full((1, 7), 3.0),
        scales=np.full((1, 7), 0.7), x=MIXED_RAW, y=np.array(labels), seeds=1,
    )  # fmt: skip


def _mixed(tier: str, epsilon: float = 0.1, labels=(1, 1, 1)) -> Boxes:
    return boxes(surface(MIXED, FRAUDSTERS.tier(tier)), _mixed_folds(labels), slice(0, 1), epsilon).of(0)


@pytest.mark.parametrize("epsilon", [0.0, 2.0])
def test_a_fixed_reach_ends_exactly_at_its_limit_whatever_the_budget(epsilon):
    low, high = _mixed("T1", epsilon).raw_faces()
    nothing = np.nan
    assert low[:2, :3].tolist() == [[10, 5, 1], [10, 29, 5]]
    assert high[:2, :3].tolist() == [[40, 7.5, 7], [95, 30, 9]]
    np.testing.assert_array_equal(low[2, :3], [nothing, nothing, 1])
    around = _mixed("T1", epsilon)
    np.testing.assert_allclose(around.to_raw(around.lower)[:, :3], low[:, :3], atol=1e-5)


def test_names_reach_names_on_the_side_that_helps_and_a_row_without_one_gets_none():
    def places(row: int) -> dict[int, list[int]]:
        return {j: np.flatnonzero(part[row]).tolist() for j, part in _mixed("T1").allowed.items()}

    assert [places(row) for row in range(3)] == [
        {3: [0, 1, 3], 4: [0, 1, 2], 5: [0, 1]}, {3: [1, 3], 4: [0], 5: [1]}, {3: [], 4: [], 5: [0, 1]}
    ]  # fmt: skip
    low, high = _mixed("T1").raw_faces()
    np.testing.assert_array_equal(low[:, 3:], [[0, 0, 0, 1], [1, 0, 1, 2], [np.nan, np.nan, 0, 1]])
    np.testing.assert_array_equal(high[:, 3:], [[3, 2, 1, 1], [3, 0, 1, 2], [np.nan, np.nan, 1, 1]])


def test_a_genuine_row_keeps_its_names_and_the_benchmark_reaches_all():
    for part in _mixed("T1", labels=(0, 0, 0)).allowed.values():
        assert set(part.sum(1)) <= {0, 1}
    whole = _mixed("T0")
    assert [whole.allowed[j][0].all() for j in (3, 4, 5, 6)] == [True] * 4
    assert not whole.exact


def test_what_moves_is_known_of_inputs_of_any_kind():
    reached = surface(MIXED, FRAUDSTERS.tier("T1"))
    assert reached.movable.tolist() == [True] * 6 + [False]
    assert reached.reach["Make"] == Categories(("b", "d"), tuple("abcd"))
    with pytest.raises(TypeError, match="input 'Make' is no number"):
        _ = reached.intervals
    with pytest.raises(ValueError, match="a category is one of some names"):
        Feature.model_validate(MIXED[3].model_dump() | {"categories": ()})
    assert [(r.feature, r.down, r.up) for r in describe(reached, MIXED, 0.55)] == [
        ("Claimed", np.inf, 0), ("Age of policy", 0, 2.5), ("Witnesses", 3, 3)
    ]  # fmt: skip


def test_range_and_spread_are_those_of_the_rows_that_have_a_value():
    asked = Input.model_validate(MIXED[0].model_dump(include=set(Input.model_fields)))
    given = asked.measured(np.array([2.0, np.nan, 6.0]))
    assert (given.low, given.high, given.mean, given.standard_deviation) == (2, 6, 4, 2)


def test_a_threat_names_its_tiers_and_knows_which_holds_which():
    def holding(name: str) -> list[str]:
        return [each.name for each in FRAUDSTERS.tiers if FRAUDSTERS.tier(name).contains(each)]

    assert {name: holding(name) for name in TIERS} == {
        "T0": ["T0", "T1", "T2", "T3"], "T1": ["T1"], "T2": ["T1", "T2"], "T3": ["T1", "T2", "T3"]
    }  # fmt: skip
    assert [tier.name for tier in FRAUDSTERS.ends_first()] == ["T1", "T0", "T3", "T2"]
    with pytest.raises(ValueError, match="quoted tier 'T9' is not declared: T0, T1, T2, T3"):
        Threat(tiers=FRAUDSTERS.tiers, quoted="T9", benchmark="T0")
    with pytest.raises(ValueError, match="two tiers have the same name"):
        Threat(tiers=FRAUDSTERS.tiers * 2, quoted="T1", benchmark="T0")


MOVED = {
    "checks": {
        "T1": {"Amount": "down", "Distance": "down", "Signature Match": "up"},
        "T2": {"Account Age": "up"},
        "T3": {"Bounced Checks": "down"},
    },
    "kaggle": {
        "T1": {"TransactionAmount": "down", "TransactionDuration": "both"},
        "T2": {"LoginAttempts": "down"},
        "T3": {"AccountBalance": "up"},
    },
}
WHOLE = {"checks": {"Bounced Checks"}, "kaggle": {"CustomerAge", "TransactionDuration", "LoginAttempts"}}


@pytest.mark.parametrize("name", MOVED)
def test_each_tier_adds_the_features_it_should(name):
    features = tuple(given.measured(np.array([0.0, 1.0])) for given in dataset(name).study.inputs)
    expected = {}
    for tier in TIERS[1:]:
        expected |= MOVED[name][tier]
        which = surface(features, FRAUDSTERS.tier(tier)).intervals
        ways = {(1.0, 0.0): "down", (0.0, 1.0): "up", (1.0, 1.0): "both"}
        found = {f.name: ways.get((d, u)) for f, d, u in zip(features, which.down, which.up, strict=True)}
        assert {name: way for name, way in found.items() if way} == expected
    assert {f.name for f in features if f.integer} == WHOLE[name]


@pytest.mark.parametrize("tier", TIERS)
def test_the_box_of_a_row_is_the_same_whichever_rows_are_asked(tier):
    """Of inputs of every kind, and in whatever order."""
    every, some = _mixed(tier), np.array([2, 0])
    alone = reached(
        surface(MIXED, FRAUDSTERS.tier(tier)), ball(_mixed_folds(), slice(0, 1), 0.0).of(0, some), 0.1
    )
    expected = every.only(some)
    for name in ("raw", "x", "lower", "upper", "whole"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(expected, name))
    for name in ("exact", "allowed"):
        found, wanted = getattr(alone, name), getattr(expected, name)
        assert found.keys() == wanted.keys()
        for j in wanted:
            np.testing.assert_array_equal(found[j], wanted[j])

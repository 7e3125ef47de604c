"""Inputs that nobody moves cost nothing to prove: 200 of which 8 move are searched as those 8."""

from itertools import pairwise

import numpy as np
import pytest

from generator.datasets.study_file import read_threat
from generator.models.folds import make_folds
from generator.models.trees.boosting import train_trees
from generator.program import STUDIES
from generator.proofs import linear
from generator.proofs.relu import network, search
from generator.proofs.relu import verifier as relu
from generator.proofs.relu.bounds import crown
from generator.proofs.trees import verifier as trees
from generator.proofs.verdicts import BROKEN, PROVED
from generator.records.boxes import Boxes
from generator.records.features import Input
from generator.records.spec import ProofSpec, TrainingSpec, TreesSpec
from generator.records.threat import surface
from generator.threats import surface as threats

WIDTH, MOVED, ROWS = 200, 8, 40
SPREAD = np.array([3, 17, 40, 77, 101, 130, 166, 199])
"""The inputs that move; the others tell little."""


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return np.random.default_rng(7).normal(size=(ROWS, WIDTH)).round(3)


def around(x: np.ndarray, moved: np.ndarray, reach: float = 0.4) -> Boxes:
    """Boxes of rows x (n, d), in which some inputs move both ways."""
    step = np.zeros(x.shape[1])
    step[moved] = reach
    d = x.shape[1]
    return Boxes(x, x, x - step, x + step, np.zeros(d, bool), np.zeros(d), np.ones(d))


def net(hidden: tuple[int, int] = (24, 12)) -> dict[str, np.ndarray]:
    rng, arrays = np.random.default_rng(11), {}
    for layer, (fan_in, fan_out) in enumerate(pairwise((WIDTH, *hidden, 2))):
        arrays[f"weights.{layer}"] = rng.normal(size=(1, fan_in, fan_out)) / np.sqrt(fan_in if layer else 12)
        arrays[f"biases.{layer}"] = rng.normal(size=(1, 1, fan_out)) / 4
    arrays["weights.0"][:, np.setdiff1d(np.arange(WIDTH), SPREAD)] /= 20
    return arrays


def test_a_net_is_searched_in_the_inputs_that_move_and_in_no_other(rows, monkeypatch):
    wide, asked = relu.read(net(), 0), []

    def verify(network, lower, upper, *more, **others):
        asked.append(lower.shape[1])
        return search_verify(network, lower, upper, *more, **others)

    search_verify = search.verify
    monkeypatch.setattr(search, "verify", verify)
    boxes, y = around(rows, SPREAD), np.ones(ROWS)
    cut = float(np.median(relu.margins(wide, boxes))) - 0.5
    found = relu.decide(wide, boxes, y, ProofSpec(), threshold=cut)
    assert set(asked) == {MOVED}
    monkeypatch.setattr(network, "WIDE", WIDTH + 1)  # none is left out of the search
    asked.clear()
    whole = relu.decide(wide, boxes, y, ProofSpec(), threshold=cut)
    assert asked == [WIDTH]
    np.testing.assert_array_equal(found.outcome, whole.outcome)
    assert {PROVED, BROKEN} <= set(found.outcome.tolist())
    assert found.boxes.sum() <= 1.2 * whole.boxes.sum()
    broken = found.outcome == BROKEN
    there = found.witness[broken]
    assert (there >= boxes.lower[broken]).all()
    assert (there <= boxes.upper[broken]).all()
    still = np.setdiff1d(np.arange(WIDTH), SPREAD)
    np.testing.assert_array_equal(there[:, still], rows[broken][:, still])
    again = relu.margins(wide, around(there, SPREAD, 0.0)) - cut
    np.testing.assert_allclose(again, found.margin[broken], atol=1e-9)
    assert np.isnan(found.witness[~broken]).all()


def test_a_row_is_answered_the_same_whichever_rows_are_asked_with_it(rows):
    wide, boxes = relu.read(net(), 0), around(rows, SPREAD)
    all_at_once = relu.decide(wide, boxes, np.ones(ROWS), ProofSpec())
    for row in range(0, ROWS, 7):
        alone = relu.decide(wide, boxes.only(np.array([row])), np.ones(1), ProofSpec())
        assert alone.margin[0] == all_at_once.margin[row]
        np.testing.assert_array_equal(alone.witness[0], all_at_once.witness[row])


def test_trees_look_at_as_many_boxes_as_without_the_inputs_that_stay(rows):
    """Each input that stays is asked by some tree."""
    rng = np.random.default_rng(13)
    x = rng.normal(size=(3000, WIDTH))
    y = (x[:, SPREAD].sum(1) + 0.3 * x.sum(1) + rng.normal(size=3000) > 2).astype(int)
    model = train_trees([x], [y], TreesSpec(rounds=60, depths=(4,), learning_rates=(0.2,)))
    forest = trees.read(model.arrays(), 0)
    assert len(np.setdiff1d(forest.feature, SPREAD)) > MOVED
    boxes = around(rows, SPREAD)
    found = trees.decide(forest, boxes, np.ones(ROWS), ProofSpec())
    for row in range(ROWS):
        # the same trees, where they ask for what stays they are given the answer
        alone = trees.decide(_pruned(forest, rows[row]), boxes.only(np.array([row])), np.ones(1), ProofSpec())
        assert (alone.outcome[0], alone.boxes[0]) == (found.outcome[row], found.boxes[row])


def _pruned(forest, row: np.ndarray):
    """Every question about an input that stays has both sides of its answer."""
    nodes = forest.nodes.copy()
    stays = (forest.feature >= 0) & ~np.isin(forest.feature, SPREAD)
    limits = forest.limit.copy()
    limits[stays] = np.where(row[forest.feature[stays]] <= forest.limit[stays], np.inf, -np.inf)
    nodes["limit"][stays] = limits[stays]
    return forest._replace(nodes=nodes, limit=limits)


def test_a_line_is_one_sum_whatever_moves(rows):
    arrays = {"weights": np.linspace(-1, 1, WIDTH)[None], "bias": np.zeros(1)}
    found = linear.decide(linear.read(arrays, 0), around(rows, SPREAD), np.ones(ROWS), ProofSpec())
    assert found.boxes.max() <= 1


def test_a_bound_below_a_net_is_drawn_in_the_inputs_that_move(rows, monkeypatch):
    wide, boxes, y = relu.read(net(), 0), around(rows, SPREAD), np.ones(ROWS)
    least, slopes = crown(wide, boxes.lower, boxes.upper, y)
    monkeypatch.setattr(network, "WIDE", WIDTH + 1)
    whole, all_slopes = crown(wide, boxes.lower, boxes.upper, y)
    np.testing.assert_allclose(least, whole, atol=1e-9)
    np.testing.assert_allclose(slopes[:, SPREAD], all_slopes[:, SPREAD], atol=1e-9)
    assert not slopes[:, np.setdiff1d(np.arange(WIDTH), SPREAD)].any()


def test_boxes_are_laid_out_in_the_inputs_that_move(rows, monkeypatch):
    """Whatever the tier, faces are worked out of the inputs that it moves."""
    given = [
        Input(
            name=f"i{j}",
            title="",
            decimals=0,
            control="free" if j in SPREAD else "nobody",
            helps="down",
            note="",
        )
        for j in range(WIDTH)
    ]
    features = tuple(each.measured(rows[:, j]) for j, each in enumerate(given))
    tier = read_threat(STUDIES / "threats" / "validators.toml").tiers[0]
    folds = make_folds(rows, (np.arange(ROWS) % 2), TrainingSpec(seeds=1, folds=2), 0)
    shapes, face = [], threats._face

    def counted(x, *others):
        shapes.append(x.shape)
        return face(x, *others)

    monkeypatch.setattr(threats, "_face", counted)
    found = threats.boxes(surface(features, tier), folds, slice(None), 0.3)
    assert {shape[-1] for shape in shapes} == {MOVED}
    moved = (found.lower < found.upper).any((0, 1))
    assert np.flatnonzero(moved).tolist() == SPREAD.tolist()

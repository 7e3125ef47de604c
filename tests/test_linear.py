"""A linear model says what scikit-learn's says, and its closed form what other methods find."""

import itertools

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from generator.models.kinds import KINDS, TRAINED
from generator.models.linear import Linear, logistic_regression
from generator.models.model import Differentiable
from generator.proofs import linear
from generator.proofs.relu import verifier as relu
from generator.proofs.relu.network import Network
from generator.proofs.relu.search import radius, verify
from generator.proofs.verdicts import BROKEN, EITHER, PROVED
from generator.proofs.verifiers import VERIFIERS
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec
from tests.test_search import linear_network

SPEC = ProofSpec()


def _case(seed: int, n: int = 200, d: int = 4) -> tuple[linear.Line, Boxes, np.ndarray]:
    """A random line, boxes of unlike sides around random rows, and labels that are mostly its own."""
    rng = np.random.default_rng(seed)
    line, x = linear.Line(rng.standard_normal(d), float(rng.standard_normal())), rng.standard_normal((n, d))
    mean, scale = rng.standard_normal(d) * 10, rng.uniform(0.5, 20, d)
    boxes = Boxes(
        raw=x * scale + mean, x=x, lower=x - rng.uniform(0, 0.5, (n, d)), upper=x + rng.uniform(0, 0.5, (n, d)),
        whole=np.zeros(d, bool), mean=mean, scale=scale,
    )  # fmt: skip
    y = (x @ line.w + line.b > 0).astype(int)
    return line, boxes, np.where(rng.random(n) < 0.1, 1 - y, y)


def _network(line: linear.Line) -> Network:
    return linear_network(line.w, line.b)


def test_every_kind_has_a_verifier_and_every_verifier_a_kind():
    assert set(KINDS) == set(VERIFIERS)
    assert {trained.kind for trained in TRAINED.values()} <= set(KINDS)


def test_logistic_regression_says_what_the_pipeline_of_scikit_learn_says(toy_folds):
    model = logistic_regression(toy_folds)
    said = model.margins(toy_folds.test_raw())
    for r in range(toy_folds.replicates):
        rows = toy_folds.train_rows[r]
        theirs = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        # short folds repeat a row, for which the scaler of the folds is not fitted again
        theirs.fit(toy_folds.x[rows], toy_folds.y[rows])
        odds = theirs.decision_function(toy_folds.x[toy_folds.test_rows[r]])
        np.testing.assert_allclose(said[r], odds, rtol=0.05, atol=0.05)


def test_a_model_is_the_same_after_it_was_stored_and_a_part_of_it_judges_as_the_whole(toy_folds):
    model = logistic_regression(toy_folds)
    raw = toy_folds.test_raw()
    back = Linear.restored(model.arrays(), toy_folds)
    np.testing.assert_array_equal(back.margins(raw), model.margins(raw))
    part = slice(2, 5)
    np.testing.assert_array_equal(model.select(part).margins(raw[part]), model.margins(raw)[part])
    assert isinstance(model, Differentiable)
    assert (model.replicates, model.select(part).replicates) == (6, 3)


def test_the_stack_that_attackers_follow_has_the_same_margins(toy_folds):
    from generator.models.fraudnet.training import margins

    model = logistic_regression(toy_folds)
    np.testing.assert_allclose(
        margins(model.stack, toy_folds.test_x()), model.margins(toy_folds.test_raw()), atol=1e-5
    )


@pytest.mark.parametrize("threshold", [0.0, 0.7, -1.3])
def test_the_closed_form_is_the_least_margin_of_all_corners(threshold):
    line, boxes, y = _case(1)
    found = linear.decide(line, boxes, y, SPEC, threshold)
    faces = np.stack((boxes.lower, boxes.upper))
    margin = np.full(len(y), np.inf)
    for corner in itertools.product((0, 1), repeat=4):
        x = np.stack([faces[side, :, j] for j, side in enumerate(corner)], axis=1)
        margin = np.minimum(margin, np.where(y == 1, 1, -1) * (x @ line.w + line.b - threshold))
    np.testing.assert_allclose(found.margin, margin, atol=1e-12)
    np.testing.assert_array_equal(found.outcome, np.where(margin > SPEC.tau, PROVED, BROKEN))
    assert set(found.outcome) == {PROVED, BROKEN}


def test_the_closed_form_answers_as_the_search_on_the_same_line_written_as_a_network():
    line, boxes, y = _case(2)
    found, searched = linear.decide(line, boxes, y, SPEC), verify(_network(line), boxes.lower, boxes.upper, y)
    clear = np.abs(found.margin) > 3 * SPEC.tau
    assert clear.sum() > 190
    np.testing.assert_array_equal(found.outcome[clear], searched.outcome[clear])


def test_a_witness_lies_in_its_box_and_is_judged_wrongly():
    line, boxes, y = _case(3)
    found = linear.decide(line, boxes, y, SPEC)
    broken = found.outcome == BROKEN
    np.testing.assert_array_equal(np.isfinite(found.witness).all(1), broken)
    x = (found.witness[broken] - boxes.mean) / boxes.scale
    assert (x >= boxes.lower[broken] - 1e-9).all()
    assert (x <= boxes.upper[broken] + 1e-9).all()
    wrong = (x @ line.w + line.b > 0) != (y[broken] == 1)
    assert wrong[np.abs(found.margin[broken]) > 1e-9].all()


def test_a_row_whose_worst_margin_is_within_tau_of_the_cut_is_broken_and_one_beyond_it_proved():
    w, b = np.array([1.0, -2.0]), 0.0
    x = np.array([[0.3 + SPEC.tau / 2, 0.0], [0.3 + 2 * SPEC.tau, 0.0]])
    ones = np.array([0.1, 0.1])
    boxes = Boxes(x, x, x - ones, x + ones, np.zeros(2, bool), np.zeros(2), np.ones(2))
    assert linear.decide(linear.Line(w, b), boxes, np.ones(2), SPEC).outcome.tolist() == [BROKEN, PROVED]


def test_a_radius_is_where_decisions_turn_and_what_the_search_brackets():
    line, boxes, y = _case(4)
    found = linear.radius(line, boxes, y, 1.0, SPEC)
    ones = np.ones(boxes.x.shape)
    searched = radius(_network(line), boxes.x, y, ones, ones, 1.0, tolerance=1e-4)
    np.testing.assert_allclose(found.proved, searched.proved, atol=2e-4)
    np.testing.assert_array_equal(np.isfinite(found.broken), np.isfinite(searched.broken))
    for step, outcome in ((-1e-6, PROVED), (1e-6, BROKEN)):
        inside = (found.proved > 0.01) & np.isfinite(found.broken)
        reach = (found.proved + step)[:, None]
        moved = Boxes(
            boxes.raw, boxes.x, boxes.x - reach, boxes.x + reach, boxes.whole, boxes.mean, boxes.scale
        )
        assert (linear.decide(line, moved, y, SPEC).outcome[inside] == outcome).all()


def test_without_a_weight_a_line_and_a_network_depend_on_no_such_input():
    line = linear.Line(np.array([2.0, 0.0, -1.0]), 0.5)
    assert linear.monotone(line).tolist() == [1, EITHER, -1]
    assert relu.monotone(_network(line)._replace(v=np.zeros(2))).tolist() == [EITHER] * 3
    assert relu.monotone(Network((), (), line.w, line.b)).tolist() == [1, EITHER, -1]


def test_a_line_without_slope_holds_at_every_budget():
    boxes = _case(5, n=3)[1]
    found = linear.radius(linear.Line(np.zeros(4), 1.0), boxes, np.array([1, 1, 0]), 2.0, SPEC)
    assert found.proved.tolist() == [2.0, 2.0, 0.0]
    assert found.broken.tolist() == [np.inf, np.inf, 0.0]


def test_a_linear_program_agrees_with_every_answer():
    line, boxes, y = _case(6, n=60)
    ours, theirs = linear.cross_check(line, boxes, y, SPEC)
    np.testing.assert_array_equal(ours, theirs)
    assert set(ours) == {PROVED, BROKEN}


def test_the_proof_of_a_row_is_one_box_and_a_broken_row_has_none():
    line, boxes, y = _case(7)
    outcome = linear.decide(line, boxes, y, SPEC)
    for row in range(20):
        steps = linear.proof_steps(line, boxes, row, int(y[row]), 15, SPEC)
        assert (steps is not None) == (outcome.outcome[row] == PROVED)
        if steps:
            assert [(s.depth, s.proved) for s in steps] == [(0, True)]
            assert steps[0].bound == pytest.approx(outcome.margin[row])

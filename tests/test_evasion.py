"""The attacks do what the textbook says, and are judged by nobody who made them."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from art.attacks.evasion import FastGradientMethod
from art.attacks.evasion.projected_gradient_descent.projected_gradient_descent_pytorch import (
    ProjectedGradientDescentPyTorch,
)
from art.estimators.classification import PyTorchClassifier
from torch.nn import functional

from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.training import margins
from generator.records.spec import AttackSpec
from generator.threats.evasion import attacks
from generator.threats.evasion.attacks import ATTACKS, TOLERANCE, as_art, attack_rows, evaluate, judge
from generator.threats.evasion.outcomes import CLEAN

EPSILONS = (0.0, 0.05, 0.2, 0.5, 1.0, 2.5)
SPEC = AttackSpec(epsilons=EPSILONS, headline_epsilon=0.2, round_epsilons=(), pgd_steps=20)


def deployed(net, folds) -> DeployedNet:
    return DeployedNet(net, folds.means, folds.scales)


def _replaced(monkeypatch, name: str, propose):
    monkeypatch.setitem(ATTACKS, name, ATTACKS[name]._replace(propose=propose))


def _mean_loss(net, x, y) -> float:
    return functional.cross_entropy(
        net(torch.from_numpy(x.reshape(-1, 3))), torch.from_numpy(y.reshape(-1))
    ).item()


def _true_margins(net, x, y) -> np.ndarray:
    """Logit of the true class minus the other one, in float64."""
    return np.where(y == 1, 1, -1) * margins(net, x).astype(np.float64)


# ---------------------------------------------------------------- every attack


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("epsilon", [0.01, 0.35, 1.0, 3.0])
def test_no_row_leaves_its_budget(random_stack, toy_folds, attack, epsilon):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    x_adv = attack_rows(attack, random_stack, x, y, epsilon, SPEC)
    moved = np.abs(x_adv.astype(np.float64) - x.astype(np.float64))
    assert moved.max() <= epsilon * (1 + 1e-6) + np.spacing(np.abs(x_adv).max())
    assert moved.max() > 0.99 * epsilon


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_budget_of_zero_moves_nothing(random_stack, toy_folds, attack):
    x = toy_folds.test_x()
    x_adv = attack_rows(attack, random_stack, x, toy_folds.test_y(), 0.0, SPEC)
    np.testing.assert_array_equal(x_adv, x)
    assert x_adv is not x


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attacked_rows_cost_the_model_more_than_the_clean_ones(random_stack, toy_folds, attack):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    losses = [
        _mean_loss(random_stack, attack_rows(attack, random_stack, x, y, e, SPEC), y) for e in EPSILONS[:4]
    ]
    assert losses == sorted(losses)
    assert losses[-1] > losses[0]


@pytest.mark.parametrize("attack", ATTACKS)
def test_the_attacked_rows_are_handed_back_in_their_place_and_the_input_stays(
    random_stack, toy_folds, attack
):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    before = x.copy()
    x_adv = attack_rows(attack, random_stack, x, y, 0.3, SPEC)
    np.testing.assert_array_equal(x, before)
    assert (x_adv.shape, x_adv.dtype) == (x.shape, np.float32)


@pytest.mark.parametrize("attack", ATTACKS)
def test_on_a_linear_model_the_margin_falls_by_exactly_epsilon_times_the_l1_norm(
    linear_stack, toy_folds, attack
):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    w = linear_stack.weights[0].numpy().astype(np.float64)
    l1 = np.abs(w[..., 1] - w[..., 0]).sum(1)[:, None]
    for epsilon in (0.05, 0.5, 2.0):
        x_adv = attack_rows(attack, linear_stack, x, y, epsilon, SPEC)
        fallen = _true_margins(linear_stack, x, y) - _true_margins(linear_stack, x_adv, y)
        np.testing.assert_allclose(fallen, np.broadcast_to(epsilon * l1, fallen.shape), rtol=0, atol=5e-6)


def test_gradients_are_arts_own_and_worked_out_again_for_rows_that_moved_alone(
    random_stack, toy_folds, monkeypatch
):
    x = toy_folds.test_x()
    replicates, n, d = x.shape
    y = np.eye(2, dtype=np.float32)[toy_folds.test_y()]
    ours, theirs = as_art(random_stack), as_art(random_stack, PyTorchClassifier)
    whole, anew = [], []
    plain, refresh = attacks.loss_gradient, attacks.refresh_loss_gradient
    monkeypatch.setattr(
        attacks, "loss_gradient", lambda net, rows, y: whole.append(len(rows)) or plain(net, rows, y)
    )
    monkeypatch.setattr(
        attacks, "refresh_loss_gradient", lambda *asked: anew.append(int(asked[3].sum())) or refresh(*asked)
    )
    few, moved = n - 3, x.copy()
    moved[:, :2] += 0.5
    for rows, classes in ((x, y), (moved, y), (moved[:, :few], y[:, :few])):
        asked, classes = rows.reshape(-1, d), classes.reshape(-1, 2)
        np.testing.assert_allclose(
            ours.loss_gradient(asked, classes), theirs.loss_gradient(asked, classes), rtol=0, atol=1e-6
        )
    assert whole == [replicates * n, replicates * few]
    assert anew == [2 * replicates]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("epsilon", [0.1, 0.7])
def test_art_on_stacked_rows_equals_art_on_each_replicate_alone(random_stack, toy_folds, attack, epsilon):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    stacked = attack_rows(attack, random_stack, x, y, epsilon, SPEC)
    for r in range(toy_folds.replicates):
        one = slice(r, r + 1)
        alone = attack_rows(attack, random_stack.select(one), x[one], y[one], epsilon, SPEC)
        np.testing.assert_allclose(stacked[one], alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("epsilon", [0.1, 0.7])
def test_fgsm_on_the_whole_batch_equals_arts_own_generate(random_stack, toy_folds, epsilon):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    plain = FastGradientMethod(as_art(random_stack, PyTorchClassifier), eps=epsilon, batch_size=y.size)
    theirs = plain.generate(x.reshape(-1, 3), y.reshape(-1)).reshape(x.shape)
    np.testing.assert_allclose(
        attack_rows("fgsm", random_stack, x, y, epsilon, SPEC), theirs, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize("epsilon", [0.1, 0.7])
def test_pgd_on_the_whole_batch_equals_arts_own_generate(random_stack, toy_folds, epsilon):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    flat = x.reshape(-1, 3)
    attack = ProjectedGradientDescentPyTorch(
        as_art(random_stack, PyTorchClassifier),
        eps=epsilon,
        eps_step=epsilon * SPEC.pgd_relative_step,
        max_iter=SPEC.pgd_steps,
        batch_size=len(flat),
        verbose=False,
    )
    theirs = attack.generate(flat, y.reshape(-1)).reshape(x.shape)
    np.testing.assert_allclose(
        attack_rows("pgd", random_stack, x, y, epsilon, SPEC), theirs, rtol=0, atol=1e-6
    )


def test_many_small_steps_cost_the_model_at_least_as_much_as_one_long_step(random_stack, toy_folds):
    x, y = toy_folds.test_x(), toy_folds.test_y()
    fgsm, pgd = (
        _mean_loss(random_stack, attack_rows(a, random_stack, x, y, 1.0, SPEC), y) for a in ("fgsm", "pgd")
    )
    assert pgd >= fgsm - 1e-4


def test_an_unknown_attack_is_answered_with_the_known_ones(random_stack, toy_folds):
    with pytest.raises(ValueError, match=r"^unknown attack 'pdg'; known: fgsm, pgd$"):
        attack_rows("pdg", random_stack, toy_folds.test_x(), toy_folds.test_y(), 0.1, SPEC)


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_negative_budget_is_refused(random_stack, toy_folds, attack):
    with pytest.raises(ValueError, match=r"a budget cannot be negative: -0\.1"):
        attack_rows(attack, random_stack, toy_folds.test_x(), toy_folds.test_y(), -0.1, SPEC)


# ---------------------------------------------------------------- the judge


@pytest.fixture
def judged(linear_stack, toy_folds):
    def call(proposal, epsilon):
        everything = slice(0, toy_folds.replicates)
        return judge(
            deployed(linear_stack, toy_folds), toy_folds, everything, toy_folds.test_x(), proposal, epsilon
        )

    return call


def test_a_proposal_within_the_budget_is_taken_as_it_is(judged, toy_folds):
    proposal = toy_folds.test_x() + np.float32(0.25)
    verdict = judged(proposal, 0.25)
    assert verdict.violations == 0
    np.testing.assert_allclose(verdict.x_adv, proposal, rtol=0, atol=1e-6)


def test_a_proposal_outside_the_budget_is_projected_and_counted(judged, toy_folds):
    x = toy_folds.test_x()
    proposal = x + np.float32(0.2)
    proposal[0, :2, 1] = x[0, :2, 1] - 7
    proposal[3, 0] = x[3, 0] + 0.2 + 3 * TOLERANCE
    verdict = judged(proposal, 0.2)
    assert verdict.violations == 3
    expected = x + np.float32(0.2)
    expected[0, :2, 1] = x[0, :2, 1] - np.float32(0.2)
    np.testing.assert_allclose(verdict.x_adv, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("nonsense", [np.nan, np.inf, -np.inf])
def test_a_proposal_that_is_no_number_falls_back_to_the_clean_row_and_is_counted(
    judged, linear_stack, toy_folds, nonsense
):
    x = toy_folds.test_x()
    proposal = x + np.float32(0.2)
    proposal[2, 5, 0] = nonsense
    verdict = judged(proposal, 0.2)
    assert verdict.violations == 1
    np.testing.assert_array_equal(verdict.x_adv[2, 5], x[2, 5])
    assert verdict.margins[2, 5] == pytest.approx(margins(linear_stack, x)[2, 5], abs=1e-6)
    np.testing.assert_allclose(verdict.x_adv[2, 4], x[2, 4] + 0.2, atol=1e-6)


def test_the_margins_are_what_the_model_says_of_the_rows_it_is_given(judged, linear_stack, toy_folds):
    verdict = judged(toy_folds.test_x() - np.float32(0.4), 0.5)
    np.testing.assert_array_equal(verdict.margins, margins(linear_stack, verdict.x_adv))


# ---------------------------------------------------------------- evaluate


def test_on_a_linear_model_every_outcome_is_the_closed_form(linear_stack, toy_folds, toy_table):
    """Right under epsilon where the margin exceeds epsilon * ||w1 - w0||_1, row by row, out of fold."""
    outcomes = evaluate(deployed(linear_stack, toy_folds), toy_folds, SPEC, EPSILONS)
    w, b = (p[0].numpy().astype(np.float64) for p in (linear_stack.weights, linear_stack.biases))
    x, y = toy_table
    seen = 0
    for r, count in enumerate(toy_folds.test_counts):
        rows, seed = toy_folds.test_rows[r, :count], r // 3
        direction = w[r, :, 1] - w[r, :, 0]
        scaled = (x[rows] - toy_folds.means[r]) / toy_folds.scales[r]
        margin = np.where(y[rows] == 1, 1, -1) * (scaled @ direction + b[r, 0, 1] - b[r, 0, 0])
        for epsilon in EPSILONS:
            left = margin - epsilon * np.abs(direction).sum()
            sure = np.abs(left) > 1e-4
            seen += sure.sum()
            for attack in ATTACKS:
                np.testing.assert_array_equal(
                    outcomes.right[attack, epsilon][seed, rows[sure]], left[sure] > 0
                )
    assert seen > 0.99 * 2 * 40 * len(EPSILONS)
    assert outcomes.violations == 0


@pytest.fixture
def outcomes(random_stack, toy_folds):
    return evaluate(deployed(random_stack, toy_folds), toy_folds, SPEC, EPSILONS)


def test_every_condition_is_measured_on_every_seed_and_row(outcomes):
    assert set(outcomes.right) == {CLEAN} | {(attack, e) for attack in ATTACKS for e in EPSILONS}
    assert {right.shape for right in outcomes.right.values()} == {(2, 40)}


@pytest.mark.parametrize("attack", ATTACKS)
def test_at_a_budget_of_zero_exactly_the_clean_answers_stand(outcomes, attack):
    np.testing.assert_array_equal(outcomes.right[attack, 0.0], outcomes.right[CLEAN])


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_stands_under_attack_was_right_before(outcomes, attack):
    for epsilon in EPSILONS:
        assert (outcomes.right[attack, epsilon] <= outcomes.right[CLEAN]).all()


def test_a_row_broken_by_pgd_stays_broken_at_larger_budgets(outcomes):
    for smaller, larger in pairwise(EPSILONS):
        assert (outcomes.right["pgd", larger] <= outcomes.right["pgd", smaller]).all()


def test_a_row_broken_within_a_small_budget_counts_at_larger_ones_where_pgd_fails(
    linear_stack, toy_folds, monkeypatch
):
    pgd = ATTACKS["pgd"].propose

    def shy(classifier, x, y, epsilon, spec):
        return pgd(classifier, x, y, epsilon, spec) if epsilon < 1 else x.copy()

    _replaced(monkeypatch, "pgd", shy)
    right = evaluate(deployed(linear_stack, toy_folds), toy_folds, SPEC, EPSILONS).right
    assert right["pgd", 0.5].sum() < right[CLEAN].sum()
    for epsilon in (1.0, 2.5):
        np.testing.assert_array_equal(right["pgd", epsilon], right["pgd", 0.5])


def test_an_attack_that_mends_a_wrong_answer_raises_no_robust_accuracy(linear_stack, toy_folds, monkeypatch):
    def helper(classifier, x, y, epsilon, spec):
        gradient = classifier.loss_gradient(x, np.eye(2, dtype=np.float32)[y])
        return x - np.float32(epsilon) * np.sign(gradient)

    _replaced(monkeypatch, "fgsm", helper)
    _replaced(monkeypatch, "pgd", helper)
    outcomes = evaluate(deployed(linear_stack, toy_folds), toy_folds, SPEC, EPSILONS)
    assert not outcomes.right[CLEAN].all()
    for attack in ATTACKS:
        np.testing.assert_array_equal(outcomes.right[attack, 2.5], outcomes.right[CLEAN])


def test_an_attack_that_ignores_its_budget_gains_nothing_and_is_counted(linear_stack, toy_folds, monkeypatch):
    honest = evaluate(deployed(linear_stack, toy_folds), toy_folds, SPEC, (0.2,))
    fgsm = ATTACKS["fgsm"].propose
    _replaced(monkeypatch, "fgsm", lambda c, x, y, epsilon, spec: fgsm(c, x, y, 50 * epsilon, spec))
    greedy = evaluate(deployed(linear_stack, toy_folds), toy_folds, SPEC, (0.2,))
    np.testing.assert_array_equal(greedy.right["fgsm", 0.2], honest.right["fgsm", 0.2])
    assert greedy.violations >= 2 * 40


def test_a_study_may_ask_for_one_attack_only(random_stack, toy_folds, outcomes):
    only = evaluate(
        deployed(random_stack, toy_folds), toy_folds, SPEC.model_copy(update={"attacks": ("fgsm",)}), (0.2,)
    )
    assert set(only.right) == {CLEAN, ("fgsm", 0.2)}
    np.testing.assert_array_equal(only.right["fgsm", 0.2], outcomes.right["fgsm", 0.2])


class Answering:
    """A model that only judges."""

    def __init__(self, model):
        self.model = model

    def select(self, replicates: slice):
        return Answering(self.model.select(replicates))

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return self.model.margins(raw)


def test_attacks_that_follow_gradients_do_not_apply_to_a_model_that_has_none(random_stack, toy_folds):
    model = deployed(random_stack, toy_folds)
    found = evaluate(Answering(model), toy_folds, SPEC, EPSILONS).right
    assert set(found) == {CLEAN}
    np.testing.assert_array_equal(found[CLEAN], evaluate(model, toy_folds, SPEC, EPSILONS).right[CLEAN])


class _Fence:
    """Flags what lies outside the box by however little, as a threshold of a tree at its face would."""

    def __init__(self, lower, upper):
        self.lower, self.upper = lower, upper

    def margins(self, raw):
        return np.where(((raw < self.lower) | (raw > self.upper)).any(-1), 1.0, -1.0)


@pytest.mark.parametrize("epsilon", [0.05, 0.1, 0.35, 1.0])
def test_rows_are_judged_within_the_box_to_the_last_bit(toy_folds, epsilon):
    """Float32 puts x + epsilon beyond the face of some row; a tree that splits there would tell."""
    x = toy_folds.test_x()
    centre, everything = x.astype(np.float64), slice(None)
    lower, upper = (toy_folds.decode(centre + side, everything) for side in (-epsilon, epsilon))
    outside = 0
    for side in (-1, 1):
        proposal = x + np.float32(side * epsilon)
        plain = toy_folds.decode(proposal, everything)
        outside += int(((plain < lower) | (plain > upper)).any(-1).sum())
        judged = judge(_Fence(lower, upper), toy_folds, everything, x, proposal, epsilon)
        assert (judged.margins < 0).all()
    assert outside > 0

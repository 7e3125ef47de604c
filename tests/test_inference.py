"""Membership is found where it is known to be, not where it cannot be, and never beyond what its bound allows."""

import math

import numpy as np
import pytest
from art.attacks.inference.membership_inference import MembershipInferenceBlackBoxRuleBased
from art.estimators.classification import BlackBoxClassifier
from scipy.stats import binomtest, norm
from sklearn.metrics import roc_auc_score

from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.models.folds import make_folds
from generator.records.inference import FoundAt, InferenceResult, InferenceSpec
from generator.records.metrics import Resamples
from generator.records.spec import TrainingSpec
from generator.study.inference import infer, infer_members
from generator.study.inference_tasks import epochs_task, member_task
from generator.threats.inference import library
from generator.threats.inference.epochs import trained_for
from generator.threats.inference.forests import forest_margins, halved
from generator.threats.inference.likelihood import (
    confidences,
    log_ratios,
    margins_of_all,
    members,
    pairs,
)
from generator.threats.inference.ranking import exact_rate, flagged, found_at, least_epsilon, placements

ASKED = InferenceSpec(epochs=(1, 2), library_seeds=2, forest_rows=60, forest_seeds=3, forest_trees=10)


@pytest.fixture(scope="module")
def folds():
    """60 rows without any structure, 6 seeds x 3 folds."""
    rng = np.random.default_rng(1)
    return make_folds(rng.normal(size=(60, 2)), np.arange(60) % 2, TrainingSpec(seeds=6, folds=3), seed=3)


# ---------------------------------------------------------------- who is a member


def test_every_row_is_once_a_stranger_and_once_a_member(folds):
    stranger, member = pairs(members(folds), folds)
    assert not stranger.any()
    assert member.all()
    # the replicate of either is one of the row's own seed
    strangers, others = pairs(np.broadcast_to(np.arange(18)[:, None], (18, 60)), folds)
    assert (strangers // 3 == np.arange(6)[:, None]).all()
    assert (others // 3 == np.arange(6)[:, None]).all()


def test_a_study_without_folds_or_shadow_models_is_refused(folds):
    single = make_folds(folds.x, folds.y, TrainingSpec(seeds=1, folds=3), seed=3)
    with pytest.raises(ValueError, match="leave 0 shadow models; give 3 or more"):
        log_ratios(np.zeros((3, 60)), single)


# ---------------------------------------------------------------- the likelihood ratio


def test_the_ratio_is_that_of_two_normal_densities(folds):
    confidence = np.random.default_rng(5).normal(size=(18, 60))
    had, found = members(folds), log_ratios(confidence, folds)
    spread = np.zeros((6, 60))
    for seed in range(6):
        shadows = [r for r in range(18) if r // 3 != seed]
        for row in range(60):
            groups = [[confidence[r, row] for r in shadows if had[r, row] == side] for side in (True, False)]
            spread[seed, row] = sum(np.var(group) * len(group) for group in groups)
    for seed, row in ((0, 0), (2, 17), (5, 59)):
        shadows = [r for r in range(18) if r // 3 != seed]
        # 15 shadow models, two means: 13 are free, and one of an average row
        scale = math.sqrt((spread[seed, row] + spread[seed].mean() / 13) / 14)
        mean = {
            side: np.mean([confidence[r, row] for r in shadows if had[r, row] == side])
            for side in (True, False)
        }
        stranger = next(r for r in range(3 * seed, 3 * seed + 3) if not had[r, row])
        value = confidence[stranger, row]
        expected = norm.logpdf(value, mean[True], scale) - norm.logpdf(value, mean[False], scale)
        assert found[0, seed, row] == pytest.approx(expected, rel=1e-9)


def test_the_other_folds_of_a_seed_do_not_give_the_row_away(folds):
    confidence = np.random.default_rng(6).normal(size=(18, 60))
    before = log_ratios(confidence, folds)
    stranger, member = pairs(np.broadcast_to(np.arange(18)[:, None], (18, 60)), folds)
    third = 0 + 1 + 2 - stranger[0] - member[0]  # of the first seed the fold that is neither
    confidence[third, np.arange(60)] += 100
    assert np.array_equal(log_ratios(confidence, folds)[:, 0], before[:, 0])


def test_a_shift_is_found_as_often_as_the_normal_distribution_says(folds):
    rng = np.random.default_rng(7)
    wide = make_folds(
        rng.normal(size=(2000, 1)), np.arange(2000) % 2, TrainingSpec(seeds=30, folds=2), seed=4
    )
    shifted = rng.normal(size=(60, 2000)) + 1.0 * members(wide)
    # two normal distributions one standard deviation apart: P(a - b > 0) with a spread of sqrt(2)
    found = placements(log_ratios(shifted, wide)).mean()
    assert found == pytest.approx(norm.cdf(1 / math.sqrt(2)), abs=0.01)


def test_what_all_shadow_models_agree_on_tells_nothing(folds):
    assert not log_ratios(np.ones((18, 60)), folds).any()


# ---------------------------------------------------------------- how well it tells


def test_the_area_is_that_of_another_library_ties_and_all():
    scores = np.random.default_rng(8).integers(0, 6, (2, 3, 200)).astype(float)
    scores[1] += np.random.default_rng(9).integers(0, 2, (3, 200))
    truth = np.r_[np.zeros(200), np.ones(200)]
    expected = [roc_auc_score(truth, scores[:, seed].ravel()) for seed in range(3)]
    assert placements(scores).mean(axis=1) == pytest.approx(expected, abs=1e-12)


def test_a_cut_is_set_on_other_seeds_alone():
    scores = np.random.default_rng(10).normal(size=(2, 4, 500))
    before = flagged(scores, 0.05)
    for seed in range(4):
        others = np.sort(scores[0, [s for s in range(4) if s != seed]].ravel())[::-1]
        # 75 of 1,500 strangers pass: those above the next one
        assert np.array_equal(before[1, seed], scores[1, seed] > others[75])
    scores[0, 2] += 10
    assert np.array_equal(flagged(scores, 0.05)[1, 2], before[1, 2])


def test_an_exact_interval_is_that_of_another_library():
    for hits in (0, 1, 7, 40):
        found = exact_rate(np.arange(40)[None] < hits)
        expected = binomtest(hits, 40).proportion_ci(method="exact")
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


# ---------------------------------------------------------------- the bound


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0, 3.0])
def test_what_differential_privacy_answers_never_claims_more_than_its_epsilon(epsilon):
    """Randomised response tells the truth with odds of e^epsilon, and is private at epsilon and at no less."""
    rng, truth = np.random.default_rng(11), math.exp(epsilon) / (1 + math.exp(epsilon))
    honest = rng.random((2, 10, 50_000)) < truth
    answers = np.stack([~honest[0], honest[1]]).astype(float) + 1e-6 * rng.random((2, 10, 50_000))
    strangers, found = answers > 0.5
    at = FoundAt(false_positive_rate=1 - truth, found=exact_rate(found), mistaken=exact_rate(strangers))
    advantage = found.mean() - strangers.mean()
    assert advantage <= math.expm1(epsilon) / (math.exp(epsilon) + 1) + 0.003
    assert least_epsilon((at,)) <= epsilon
    assert least_epsilon((at,)) >= epsilon - 0.05


def test_no_epsilon_is_claimed_where_as_many_strangers_pass():
    scores = np.random.default_rng(12).normal(size=(2, 3, 400))
    assert least_epsilon((found_at(scores, 0.05),)) == 0


def test_no_epsilon_is_claimed_where_no_member_is_found():
    alike = found_at(np.zeros((2, 3, 40)), 0.05)
    assert alike.found.low == 0
    assert least_epsilon((alike,)) == 0


# ---------------------------------------------------------------- instruments, known beforehand


@pytest.fixture(scope="module")
def checks():
    from generator.datasets import SourceOptions, dataset

    known = dataset("checks")
    return known.load(known.study, SourceOptions(offline=True))


@pytest.mark.parametrize(("mislabelled", "least"), [(False, 0.72), (True, 0.85)])
def test_a_full_forest_is_found_to_remember(checks, mislabelled, least):
    asked = InferenceSpec(forest_seeds=8)
    halves = halved(checks.x, checks.y, asked, 42, mislabelled=mislabelled)
    margins = forest_margins(halves, asked.forest_trees, 42)
    assert placements(log_ratios(confidences(margins, halves), halves)).mean() >= least
    # and not by looking at the answers alone: as hard rows are hard for everybody
    alone = pairs(confidences(margins, halves), halves)
    assert placements(alone).mean() < placements(log_ratios(confidences(margins, halves), halves)).mean()


def test_one_in_ten_labels_is_turned_and_no_other(checks):
    asked = InferenceSpec(forest_rows=500, forest_seeds=3)
    right, wrong = (halved(checks.x, checks.y, asked, 42, mislabelled=each) for each in (False, True))
    assert np.array_equal(right.x, wrong.x)
    assert (right.y != wrong.y).sum() == 50


def test_a_net_that_was_never_trained_shows_no_membership(checks):
    folds = make_folds(checks.x, checks.y, TrainingSpec(), seed=42)
    ((_, untrained),) = trained_for((), folds, TrainingSpec(), np.random.default_rng(0))
    places = placements(log_ratios(confidences(margins_of_all(untrained, folds), folds), folds))
    spread = places.std() / math.sqrt(places.shape[1])  # as if rows alone were drawn
    assert abs(places.mean() - 0.5) <= 2 * spread


def test_the_sweep_passes_through_the_standard_model(small_folds, tiny_spec):
    from generator.study.tasks import train_task

    training = tiny_spec.training.model_copy(update={"epochs": 3})
    task = train_task(tiny_spec.model_copy(update={"training": training}), small_folds)
    expected = task.function(*task.arguments)
    from generator.engine.seeding import stage_rng

    rng = stage_rng(tiny_spec.seed, "train")
    *_, (done, model) = trained_for((1, 3), small_folds, training, rng)
    assert done == 3
    for name, array in model.arrays().items():
        assert np.array_equal(array, expected[name]), name


# ---------------------------------------------------------------- ART


def test_no_row_is_on_two_sides_and_members_are_as_many(small_folds):
    of = library.sides(small_folds, 1, 42)
    assert len({len(side) for side in of}) == 1
    rows = np.concatenate(of)
    assert len(set(rows.tolist())) == len(rows)
    had = members(small_folds)[1]
    assert had[of.members].all()
    assert had[of.fit_members].all()
    assert not had[of.strangers].any()
    assert not had[of.fit_strangers].any()


def test_the_gap_is_twice_what_the_rule_of_art_is_above_a_coin(small_folds, small_models):
    margins = margins_of_all(small_models.model(small_folds), small_folds)
    of, y = library.sides(small_folds, 0, 42), small_folds.y
    rows = np.concatenate([of.members, of.strangers])
    truth = np.repeat([1, 0], len(of.members))
    said = np.eye(2, dtype=np.float32)[(margins[0, rows] > 0).astype(int)]
    x = small_folds.x[rows].astype(np.float32)
    attack = MembershipInferenceBlackBoxRuleBased(BlackBoxClassifier((x, said), (x.shape[1],), 2))
    answers = np.ravel(attack.infer(x, np.eye(2)[y[rows]]))
    right = confidences(margins, small_folds)[0] > 0
    gap = right[of.members].mean() - right[of.strangers].mean()
    assert 2 * (answers == truth).mean() - 1 == pytest.approx(gap)


def test_art_finds_what_a_model_says_outright(small_folds):
    """A model that is sure of its training rows alone: nothing is easier to find, on rows that were not fitted on."""
    had, y = members(small_folds)[0], small_folds.y
    margins = np.where(had, 5.0, 0.1) * np.where(y == 1, 1, -1)
    of = library.sides(small_folds, 0, 42)
    strangers, found = library.membership(margins, y, of, 42, "test")
    assert strangers.shape == found.shape == of.members.shape
    assert (found > 0.5).all()
    assert (strangers < 0.5).all()


def test_art_guesses_a_band_that_the_answer_gives_away():
    rng = np.random.default_rng(13)
    x = rng.normal(size=(900, 3))
    folds = make_folds(x, (x[:, 1] > 0).astype(int), TrainingSpec(seeds=1, folds=3), seed=1)
    band = library.bands(x[:, 1], 2)
    guessed = library.attributes(x, 1, band, x[:, 1], library.sides(folds, 0, 42), 42, "test")
    assert np.mean(guessed.answered) > 0.95
    assert np.mean(guessed.trained_on) > 0.95
    assert np.mean(guessed.alone) == pytest.approx(0.5, abs=0.12)


def test_bands_hold_equally_many_rows_and_keep_equal_values_together():
    assert np.bincount(library.bands(np.arange(100.0), 5)).tolist() == [20] * 5
    assert library.bands(np.array([1, 1, 1, 1, 1, 1, 1, 2.0, 3, 4]), 5).tolist() == [0] * 7 + [1, 2, 2]


# ---------------------------------------------------------------- the study


def test_a_task_answers_the_same_bytes_twice(small_folds, small_models, tiny_spec):
    task = member_task(tiny_spec, small_folds, ASKED, small_models)
    one, other = (task.function(*task.arguments) for _ in range(2))
    assert all(np.array_equal(array, other[name]) for name, array in one.items())


def test_a_setting_that_matters_asks_anew(small_folds, tiny_spec):
    longer = ASKED.model_copy(update={"epochs": (1, 3)})
    assert (
        epochs_task(tiny_spec, small_folds, ASKED).inputs
        != epochs_task(tiny_spec, small_folds, longer).inputs
    )


@pytest.fixture(scope="module")
def result(small_folds, small_models, tiny_spec, tmp_path_factory) -> InferenceResult:
    from study_fixture import Recorder

    spec = tiny_spec.model_copy(update={"inference": ASKED})
    resamples = Resamples(small_folds.y, small_folds.seeds, 100, np.random.default_rng(0))
    engine = Engine(StageCache(tmp_path_factory.mktemp("cache")), 1, Recorder())
    return infer(spec, small_folds, {"standard": small_models}, resamples, engine, "checks")


def test_the_record_of_a_study_holds_every_question(result, tiny_spec):
    assert InferenceResult.model_validate_json(result.to_json()) == result
    assert [each.model for each in result.models] == ["standard"]
    assert result.of("standard").against is None
    assert result.of("trades") is None
    assert [each.epochs for each in result.epochs] == [0, 1, 2]
    assert [each.name for each in result.instruments] == ["untrained", "forest", "mislabelled_forest"]
    assert [each.input for each in result.attributes] == list(tiny_spec.input_names)


def test_the_gap_of_the_record_is_that_of_the_two_accuracies(result):
    for each in result.epochs:
        gap = each.accuracy_members - each.accuracy_others
        assert each.membership.gap.value == pytest.approx(gap, abs=1e-12)


def test_a_study_that_does_not_ask_is_told_nothing(small_folds, small_models, tiny_spec):
    spec = tiny_spec.model_copy(update={"inference": None})
    assert infer(spec, small_folds, {"standard": small_models}, None, None, "checks") is None


def test_ones_own_models_are_asked_for_membership_alone(small_folds, small_models, tmp_path):
    from study_fixture import Recorder
    from validation_fixture import tiny_validation

    asked = tiny_validation().spec.model_copy(update={"inference": ASKED, "bootstrap": 100})
    resamples = Resamples(small_folds.y, small_folds.seeds, 100, np.random.default_rng(0))
    engine = Engine(StageCache(tmp_path), 1, Recorder())
    found = infer_members(asked, small_folds, {"standard": small_models}, resamples, engine)
    assert [each.model for each in found.models] == ["standard"]
    assert found.models[0].against is None  # the baseline is in use
    assert (found.epochs, found.instruments, found.attributes) == ((), (), ())
    single = make_folds(small_folds.x, small_folds.y, TrainingSpec(seeds=1, folds=3), seed=3)
    assert infer_members(asked, single, {"standard": small_models}, resamples, engine) is None

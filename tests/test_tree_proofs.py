"""What the search says of tree ensembles is what brute force, HiGHS and the model itself say."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from tree_fixture import breakable, forest_of, inside, tiny_case, tiny_ensemble

from generator.models.folds import make_folds
from generator.models.trees import ensemble as models
from generator.models.trees.boosting import train_trees
from generator.models.trees.ensemble import Ensemble
from generator.models.trees.trees import Trees
from generator.proofs.trees import forest, milp, search, verifier
from generator.proofs.trees.forest import Forest
from generator.proofs.verdicts import BROKEN, EITHER, PROVED, UNRESOLVED
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec, TrainingSpec, TreesSpec
from generator.threats.surface import ball

SPEC = ProofSpec()
LIMIT = 10_000


def test_brute_force_agrees_on_two_thousand_tiny_ensembles():
    """Thresholds are hit exactly, values are missing, categories change, sums tie with the cut."""
    offenders, broken = [], 0
    for seed in range(2_000):
        ensemble, region, y, thresholds = tiny_case(seed)
        found = search.verify(forest_of(ensemble), region, y, thresholds, box_limit=LIMIT)
        for row, fraud in enumerate(y == 1):
            told, wrong = found.outcome[row], breakable(ensemble, region, row, fraud, thresholds[row])
            broken += wrong
            if told != (BROKEN if wrong else PROVED):
                offenders.append(f"ensemble {seed}, row {row}: told {told}, breakable {wrong}")
            elif wrong:
                margin = ensemble.margins(found.witness[[row]])[0] - thresholds[row]
                if (margin > 0) == fraud or not inside(found.witness[row], region, row):
                    offenders.append(
                        f"ensemble {seed}, row {row}: witness {found.witness[row]}, margin {margin}"
                    )
    assert offenders == []
    assert 4_000 < broken < 8_000


def test_models_and_proofs_mean_the_same_by_missing():
    assert models.MISSING[forest.ZERO_OR_NAN] == "zero"
    assert models.MISSING[forest.AS_ZERO] == "as_zero"
    assert models.ZERO == forest.ZERO


def test_a_proof_scores_rows_as_the_model_does():
    for seed in range(200):
        ensemble, region, _, _ = tiny_case(seed)
        row = region.centre
        nothing = np.zeros(row.shape)
        boxes = Boxes(row, row, row, row, region.whole, nothing[0], nothing[0] + 1)
        np.testing.assert_array_equal(
            verifier.margins(forest_of(ensemble), boxes), ensemble.margins(row), f"ensemble {seed}"
        )


def test_arrays_of_another_kind_are_refused():
    arrays = Trees((tiny_case(0)[0],)).arrays()
    for damaged in (
        {name: part for name, part in arrays.items() if name != "number"},
        arrays | {"feature": np.zeros_like(arrays["feature"])},
        arrays | {"trees": arrays["trees"] + 99},
    ):
        with pytest.raises(ValueError, match="tree ensemble"):
            verifier.read(damaged, 0)


# ---------------------------------------------------------------- monotone trees


def _signs_of_all_cells(ensemble, subject) -> list[set[int]]:
    """Of each numeric input the signs that hold between all cells, from the score of each of them; else None."""
    kind = np.float32 if subject.single_inputs else np.float64
    values = []
    for first, last, category in zip(subject.offset, subject.offset[1:], subject.category, strict=False):
        limits = subject.limits[first:last]
        above = np.nextafter(limits.astype(kind), kind(np.inf)).astype(float)
        values.append([*(range(5) if category else np.unique([-50, 0, 50, *limits, *above])), np.nan])
    margins = ensemble.margins(np.array(list(itertools.product(*values))))
    margins = margins.reshape([len(each) for each in values])
    steps = [np.diff(np.moveaxis(margins, j, 0)[:-1], axis=0) for j in range(margins.ndim)]
    return [{s for s in (1, -1) if (s * step >= 0).all()} for step in steps]


def test_what_is_called_monotone_is_so_in_all_cells_and_a_single_tree_that_is_so_is_called_so():
    called = missed = 0
    for seed in range(1_000):
        rng = np.random.default_rng(seed)
        ensemble = tiny_ensemble(rng, category=bool(rng.random() < 0.5))
        subject = forest_of(ensemble)
        signs = _signs_of_all_cells(ensemble, subject)
        for j in np.flatnonzero(~subject.category):
            told = subject.signs[j]
            assert told == 0 or told in signs[j], f"ensemble {seed}, input {j}"
            called += told != 0
            missed += told == 0 and bool(signs[j])
            if len(ensemble.roots) == 1 and ensemble.arithmetic.missing[j] != "zero":
                assert bool(told) == bool(signs[j]), f"ensemble {seed}, input {j}"
    assert called > 800
    assert missed < 200


def test_a_constraint_is_found_again_and_makes_one_score_a_proof(rows_of_four):
    x, y = rows_of_four
    model = train_trees([x], [y], TreesSpec(), monotone=(1, 0, -1, 1))
    subject = verifier.read(model.arrays(), 0)
    assert subject.signs.tolist() == [1, 0, -1, 1]
    assert verifier.read(train_trees([x], [y], TreesSpec()).arrays(), 0).signs.tolist() == [0, 0, 0, 0]
    blind = train_trees([x], [y], TreesSpec(), monotone=(1, 0, -1, 1), left_out=(1, 2))
    assert verifier.monotone(verifier.read(blind.arrays(), 0)).tolist() == [1, EITHER, EITHER, 1]
    some, truth = x[:100], y[:100]
    moves = np.array([20.0, 0.0, 800.0, 1.0])
    boxes = Boxes(some, some, some - moves, some + moves, np.zeros(4, bool), np.zeros(4), np.ones(4))
    found = verifier.decide(subject, boxes, truth, SPEC)
    side = np.where(truth == 1, -1.0, 1.0)[:, None]
    corner = model.margins((some + side * moves * subject.signs)[None])[0]
    np.testing.assert_array_equal(found.outcome == PROVED, (corner > 0) == (truth == 1))
    assert (found.boxes == 1).all()
    searched = verifier.decide(subject._replace(signs=np.zeros(4, np.int8)), boxes, truth, SPEC)
    np.testing.assert_array_equal(found.outcome, searched.outcome)


def test_an_ensemble_whose_scale_is_negative_falls_where_its_trees_rise(rows_of_four):
    (ensemble,) = train_trees(
        [rows_of_four[0]], [rows_of_four[1]], TreesSpec(), monotone=(1, 0, -1, 1)
    ).ensembles
    turned = replace(ensemble, arithmetic=replace(ensemble.arithmetic, scale=-1.0))
    assert forest_of(turned).signs.tolist() == [-1, 0, 1, -1]


# ---------------------------------------------------------------- trees that were trained


@pytest.fixture(scope="module")
def rows_of_four():
    """600 rows with money, whole numbers and a linear rule."""
    rng = np.random.default_rng(0)
    x = np.column_stack(
        [rng.lognormal(4, 1, 600), rng.integers(18, 80, 600), rng.normal(5000, 3000, 600), rng.integers(1, 6, 600)]
    ).astype(float)  # fmt: skip
    z = x[:, 0] / 150 - x[:, 2] / 3000 + x[:, 3] + rng.normal(0, 0.3, 600)
    return x, (z > np.quantile(z, 0.7)).astype(int)


@pytest.fixture(scope="module")
def trained(rows_of_four):
    """Their folds, boosted trees of these, and the first replicate as proofs read it."""
    folds = make_folds(*rows_of_four, TrainingSpec(seeds=1, folds=2), seed=5)
    model = train_trees(folds.train_raw(), folds.train_y(), TreesSpec())
    return folds, model, verifier.read(model.arrays(), 0)


def _question(trained, epsilon: float, rows=slice(None)) -> tuple[Boxes, np.ndarray]:
    folds, _, _ = trained
    return ball(folds, slice(None), epsilon).of(0, rows), folds.test_y()[0, rows]


def test_a_witness_breaks_the_deployed_model_within_its_box(trained):
    _, model, subject = trained
    boxes, y = _question(trained, 0.3)
    found = verifier.decide(subject, boxes, y, SPEC)
    assert set(found.outcome) == {PROVED, BROKEN}
    broken = found.outcome == BROKEN
    np.testing.assert_array_equal(np.isfinite(found.witness).all(1), broken)
    after = model.select(slice(0, 1)).margins(found.witness[broken][None])[0]
    np.testing.assert_array_equal(after > 0, y[broken] == 0)
    np.testing.assert_array_equal(np.where(y[broken] == 1, after, -after), found.margin[broken])
    x = (found.witness[broken] - boxes.mean) / boxes.scale
    assert (np.abs(x - boxes.x[broken]) <= 0.3 + 1e-6).all()


def test_a_bound_that_proves_a_row_is_below_every_margin_in_its_box(trained):
    _, model, subject = trained
    boxes, y = _question(trained, 0.2)
    found = verifier.decide(subject, boxes, y, SPEC)
    rng = np.random.default_rng(1)
    for _ in range(50):
        x = boxes.to_raw(rng.uniform(boxes.lower, boxes.upper))
        signed = np.where(y == 1, 1, -1) * model.select(slice(0, 1)).margins(x[None])[0]
        proved = found.outcome == PROVED
        assert (signed[proved] >= found.margin[proved] - 1e-9).all()


def test_a_mixed_integer_program_agrees_with_every_answer(trained):
    subject = trained[2]
    rows = slice(0, 40)
    ours, theirs = verifier.cross_check(subject, *_question(trained, 0.3, rows), SPEC)
    np.testing.assert_array_equal(ours, theirs)
    assert set(ours) == {PROVED, BROKEN}


def test_a_mixed_integer_program_agrees_on_tiny_ensembles_with_whole_numbers_and_places():
    asked = 0
    for seed in range(400):
        ensemble, region, y, thresholds = tiny_case(seed)
        unlisted = (ensemble.category_set >= 0).any() and region.listed[-1] < 0
        if unlisted or "zero" in ensemble.arithmetic.missing:
            continue
        rows = ~region.missing.any(axis=1)
        region = region._replace(
            **{n: getattr(region, n)[rows] for n in ("centre", "low", "high", "missing", "allowed")}
        )
        subject = forest_of(ensemble)
        ours = search.verify(subject, region, y[rows], thresholds[rows], box_limit=LIMIT).outcome
        theirs = milp.verify(subject, region, y[rows], thresholds[rows], tau=1e-6, time_limit=60)
        clear = theirs != UNRESOLVED  # unless a genuine row is worst exactly at the cut
        np.testing.assert_array_equal(ours[clear], theirs[clear], f"ensemble {seed}")
        asked += clear.sum()
    assert asked > 200


def test_an_input_in_whole_numbers_has_no_cell_between_two_of_them():
    """A tree that is wrong only on (3.2, 3.7] is never wrong on whole numbers."""
    ensemble, *_ = tiny_case(0)
    ensemble = replace(
        ensemble,
        feature=np.array([0, -1, 0, -1, -1], np.int32),
        threshold=np.array([3.2, np.nan, 3.7, np.nan, np.nan]),
        left=np.array([1, -1, 3, -1, -1], np.int32),
        right=np.array([2, -1, 4, -1, -1], np.int32),
        value=np.array([0, 1.0, 0, -1, 1]),
        missing_left=np.zeros(5, bool), unknown_left=np.zeros(5, bool), category_set=np.full(5, -1, np.int32),
        roots=np.array([0], np.int32), start=0.0,
        arithmetic=models.Arithmetic(False, False, False, 0.0, ("nan",) * 3),
    )  # fmt: skip
    row, ones = np.full((1, 3), 3.0), np.ones(3)
    for whole, outcome in ((True, PROVED), (False, BROKEN)):
        boxes = Boxes(row, row, row - 1, row + 1, np.array([whole, False, False]), 0 * ones, ones)
        assert verifier.decide(forest_of(ensemble), boxes, np.ones(1), SPEC).outcome.tolist() == [outcome]


def _sum_of_stumps(rows: int, step: float, **parts) -> Ensemble:
    """A tree for each input, which adds `step` above 0 and nothing below."""
    stumps = [(3 * place, place) for place in range(rows)]
    return Ensemble(
        feature=np.array([n for _, j in stumps for n in (j, -1, -1)], np.int32),
        threshold=np.array([0.0, np.nan, np.nan] * rows),
        left=np.array([n for root, _ in stumps for n in (root + 1, -1, -1)], np.int32),
        right=np.array([n for root, _ in stumps for n in (root + 2, -1, -1)], np.int32),
        missing_left=np.zeros(3 * rows, bool), category_set=np.full(3 * rows, -1, np.int32),
        sets=np.zeros((0, 0), bool), unknown_left=np.zeros(3 * rows, bool),
        value=np.array([0.0, 0.0, step] * rows), roots=np.arange(0, 3 * rows, 3, dtype=np.int32),
        inputs=rows, **parts,
    )  # fmt: skip


def _around_zero(ensemble: Ensemble) -> tuple[Forest, Boxes]:
    """Searched as if it were not monotone, from a row above every threshold."""
    subject = forest_of(ensemble)._replace(signs=np.zeros(ensemble.inputs, np.int8))
    row, ones = np.ones((1, ensemble.inputs)), np.ones(ensemble.inputs)
    return subject, Boxes(row, row, row - 2, row, np.zeros(ensemble.inputs, bool), 0 * ones, ones)


@pytest.mark.parametrize(("single", "outcome"), [(True, BROKEN), (False, PROVED)])
def test_a_cell_that_only_rounding_decides_is_decided_as_deployed(single, outcome):
    """Above 0 the sum is 2^24 + 3, which float32 calls 2^24 + 4; below it is 2^24 + 1, which float32 calls 2^24."""
    arithmetic = models.Arithmetic(False, single, single, cut=2.0**24, missing=("nan",))
    ensemble = replace(
        _sum_of_stumps(1, 2.0, start=2.0**24, arithmetic=arithmetic), value=np.array([0, 1.0, 3.0])
    )
    subject, boxes = _around_zero(ensemble)
    found = verifier.decide(subject, boxes, np.ones(1), SPEC)
    assert found.outcome.tolist() == [outcome]
    assert found.margin[0] == (0.0 if single else pytest.approx(1.0))
    assert not found.by_rounding.any()


@pytest.mark.parametrize(("inputs", "outcome"), [(6, PROVED), (12, BROKEN)])
def test_a_row_with_too_many_cells_at_the_cut_is_broken_by_rounding(inputs, outcome):
    """Every cell is judged correctly by less than a bound can tell: 64 are scored one by one, 4,096 are not."""
    arithmetic = models.Arithmetic(False, False, False, cut=0.0, missing=("nan",) * inputs)
    subject, boxes = _around_zero(_sum_of_stumps(inputs, 1e-13, start=1e-12, arithmetic=arithmetic))
    found = verifier.decide(subject, boxes, np.ones(1), SPEC)
    assert found.outcome.tolist() == [outcome]
    assert found.by_rounding.tolist() == [outcome == BROKEN]


def test_a_row_over_the_limit_is_unresolved_and_nothing_else(trained):
    subject = trained[2]
    boxes, y = _question(trained, 0.5)
    cheap = verifier.decide(subject, boxes, y, SPEC.model_copy(update={"box_limit": 1}))
    whole = verifier.decide(subject, boxes, y, SPEC)
    left = cheap.outcome == UNRESOLVED
    assert left.any()
    np.testing.assert_array_equal(cheap.outcome[~left], whole.outcome[~left])
    assert np.isnan(cheap.witness[left]).all()
    assert (whole.boxes[left] > 1).all()


def test_a_bracket_of_a_radius_is_narrow_and_agrees_with_the_budgets(trained):
    subject = trained[2]
    boxes, y = _question(trained, 0.0)
    found = verifier.radius(subject, boxes, y, 1.0, SPEC)
    assert (np.minimum(found.broken, 1.0) - found.proved <= SPEC.radius_tolerance).all()
    for epsilon in (0.05, 0.2, 0.5, 1.0):
        outcome = verifier.decide(subject, _question(trained, epsilon)[0], y, SPEC).outcome
        told = found.outcome(epsilon)
        np.testing.assert_array_equal(told[told != UNRESOLVED], outcome[told != UNRESOLVED])
    right = np.isfinite(found.broken) & (found.broken > 0)
    away = np.abs((found.witness[right] - boxes.mean) / boxes.scale - boxes.x[right]).max(axis=1)
    np.testing.assert_allclose(away, found.broken[right], atol=1e-6)


def test_a_proof_to_be_read_covers_the_box_with_bounds_that_hold(trained):
    _, model, subject = trained
    boxes, y = _question(trained, 0.2)
    outcome, read, rng = verifier.decide(subject, boxes, y, SPEC).outcome, 0, np.random.default_rng(2)
    for row in range(100):
        steps = verifier.proof_steps(subject, boxes, row, int(y[row]), 15, SPEC)
        if steps is None:
            continue
        assert outcome[row] == PROVED
        read += len(steps) > 1
        leaves = [step for step in steps if step.proved]
        assert len(steps) == 2 * len(leaves) - 1
        x = rng.uniform(boxes.lower[row], boxes.upper[row], (200, 4))
        within = np.array([((x >= s.lower - 1e-9) & (x <= s.upper + 1e-9)).all(1) for s in leaves])
        assert within.any(axis=0).all()
        signed = (2 * y[row] - 1) * model.select(slice(0, 1)).margins(boxes.to_raw(x)[None])[0]
        assert (signed >= np.where(within, [[s.bound] for s in leaves], np.inf).min(axis=0) - 1e-9).all()
    assert read >= 1

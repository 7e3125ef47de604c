"""A large table is judged on a sample; no row that is judged ever trains, and a small table is left alone."""

import numpy as np
import pytest

from generator.audit import audit
from generator.datasets import SourceOptions, dataset
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from generator.models.folds import make_folds
from generator.models.sampling import Pool, judged_rows
from generator.provenance import provenance
from generator.records.spec import SampleSpec, TrainingSpec
from generator.study.output import write_study
from generator.study.run import judged, run_study

TRAINING = TrainingSpec(seeds=2, folds=3)
JUDGED, TRAINED = 120, 300


@pytest.fixture(scope="module")
def large(tiny_spec):
    """2,000 checks of which 120 are judged, and 300 train a replicate."""
    spec = tiny_spec.model_copy(
        update={
            "rows": 2_000,
            "sample": SampleSpec(most_evaluated_rows=JUDGED, most_training_rows=TRAINED),
        }
    )
    return spec, dataset("checks").load(spec, SourceOptions(offline=True))


@pytest.fixture(scope="module")
def divided(large):
    spec, table = large
    return judged(spec, table)


def test_a_table_within_the_limits_is_judged_whole_and_its_folds_are_what_they_were(small_table, tiny_spec):
    same, folds = judged(tiny_spec, small_table)
    plain = make_folds(small_table.x, small_table.y, tiny_spec.training, tiny_spec.seed)
    assert same is small_table
    assert folds.drawn is None
    for name in ("train_rows", "test_rows", "test_counts", "means", "scales"):
        np.testing.assert_array_equal(getattr(folds, name), getattr(plain, name))
    np.testing.assert_array_equal(folds.train_x(), plain.train_x())


def test_the_sample_has_the_frauds_of_the_table_in_proportion(large, divided):
    _, table = large
    sample, _ = divided
    assert len(sample.y) == JUDGED
    assert sample.y.mean() == pytest.approx(table.y.mean(), abs=0.5 / JUDGED)


def test_the_sample_keeps_label_cut_and_ranges_of_the_whole_table(large, divided):
    _, table = large
    sample, _ = divided
    place = {row: i for i, row in enumerate(table.ids)}
    rows = [place[row] for row in sample.ids]
    assert rows == sorted(rows)
    np.testing.assert_array_equal(sample.y, table.y[rows])
    np.testing.assert_array_equal(sample.x, table.x[rows])
    assert (sample.rule.cut, sample.features) == (table.rule.cut, table.features)
    np.testing.assert_array_equal(sample.rule.of(sample.x), table.rule.of(table.x)[rows])
    np.testing.assert_array_equal(sample.rule.score, table.rule.score[rows])
    assert sample.frame["CheckID"].tolist() == sample.ids.tolist()


def test_no_judged_row_is_trained_on_by_a_model_that_judges_it(large, divided):
    _, table = large
    sample, folds = divided
    for r in range(folds.replicates):
        tested = set(sample.ids[folds.test_rows[r]])
        assert len(tested) == folds.test_counts[r]
        assert not tested & set(sample.ids[folds.train_rows[r]])
        assert not set(sample.ids) & set(table.ids[folds.drawn.rows[r]])
        own, drawn = sample.x[folds.train_rows[r]], table.x[folds.drawn.rows[r]]
        raw = np.concatenate((own, drawn))
        np.testing.assert_array_equal(folds.train_x()[r], folds.encode(raw[None], slice(r, r + 1))[0])


def test_every_replicate_trains_on_as_many_rows_as_the_spec_allows_drawn_anew(divided):
    _, folds = divided
    assert folds.n_train == folds.train_x().shape[1] == folds.train_y().shape[1] == TRAINED
    rows = folds.drawn.rows
    assert all(len(set(each)) == len(each) for each in rows)
    assert all(set(rows[0]) != set(each) for each in rows[1:])


def test_the_drawn_rows_carry_their_labels_and_the_share_of_frauds(large, divided):
    _, table = large
    _, folds = divided
    np.testing.assert_array_equal(folds.drawn.x, table.x[folds.drawn.rows])
    np.testing.assert_array_equal(folds.drawn.y, table.y[folds.drawn.rows])
    assert folds.train_y().mean(1) == pytest.approx(table.y.mean(), abs=0.01)


def test_the_scaler_is_that_of_all_rows_a_replicate_trains_on(divided):
    sample, folds = divided
    for r in range(folds.replicates):
        own = np.unique(folds.train_rows[r])
        trained = np.concatenate((sample.x[own], folds.drawn.x[r]))
        np.testing.assert_allclose(folds.means[r], trained.mean(0), rtol=1e-12)
        np.testing.assert_allclose(folds.scales[r], trained.std(0), rtol=1e-9)


def test_where_few_rows_are_left_all_of_them_train():
    y = np.array([0] * 80 + [1] * 20)
    x = np.arange(100.0)[:, None]
    rows = judged_rows(y, 90, seed=1)
    folds = make_folds(x[rows], y[rows], TRAINING, 1, Pool(x, y, rows, most=1_000))
    rest = sorted(set(range(100)) - set(rows))
    assert all(sorted(each) == rest for each in folds.drawn.rows)


def test_folds_that_reach_the_limit_draw_nothing():
    y = np.array([0] * 80 + [1] * 20)
    x = np.arange(100.0)[:, None]
    rows = judged_rows(y, 90, seed=1)
    folds = make_folds(x[rows], y[rows], TRAINING, 1, Pool(x, y, rows, most=10))
    plain = make_folds(x[rows], y[rows], TRAINING, 1)
    assert folds.n_train == plain.n_train
    np.testing.assert_array_equal(folds.train_x(), plain.train_x())


def test_another_row_drawn_changes_what_the_folds_are_known_by(large, divided):
    spec, table = large
    _, folds = divided
    x = table.x.copy()
    x[folds.drawn.rows[0, 0], 0] += 1
    pool = Pool(x, table.y, folds.drawn.judged, TRAINED)
    changed = make_folds(folds.x, folds.y, spec.training, spec.seed, pool)
    assert changed.digest != folds.digest


def test_the_study_of_a_large_table_says_what_was_judged_and_its_files_agree_with_it(
    large, tmp_path, recorder
):
    spec, table = large
    known, origin = dataset("checks"), provenance(spec, table.source.canonical_sha256)
    study = run_study(spec, known, table, origin, Engine(StageCache(tmp_path / "cache"), 1, recorder))
    result = study.result
    assert (result.data.n_rows, result.n_judged, result.judged.training_rows) == (2_000, JUDGED, TRAINED)
    assert result.sampled
    assert result.frauds_judged == study.table.y.sum() == 24
    assert result.data.label.n_fraud == 400
    counts = result.model("standard").final.at("clean").confusion
    assert sum(counts.model_dump().values()) == spec.training.seeds * JUDGED
    passed = {check.slug: check.status for check in result.proofs.gate}
    assert passed["disjoint"] == passed["contradictions"] == "PASS"
    write_study(study, tmp_path)
    replayed = audit(result, tmp_path)
    assert {each.lines for each in replayed} == {JUDGED * spec.training.seeds}

"""Rules every dataset shares: who is flagged, what can be learned, how a dataset is found."""

from dataclasses import replace

import numpy as np
import pytest

from generator.datasets import DataError, SourceOptions, StudyFileError, dataset, datasets
from generator.datasets.table import check_learnable, flag_top, weight_vector
from generator.findings.anomaly_words import ANOMALIES
from generator.records.spec import LabelSpec


def test_the_highest_scores_are_flagged_and_the_share_is_rounded_up():
    score = np.array([0.1, 0.9, 0.5, 0.7, 0.3, 0.2])
    ids = np.array(list("abcdef"))
    assert flag_top(score, 0.2, ids).tolist() == [0, 1, 0, 1, 0, 0]  # ceil(1.2) = 2


def test_a_tie_at_the_cut_goes_to_the_smaller_id_wherever_the_rows_stand():
    score = np.array([0.5, 0.5, 0.5, 0.9])
    assert flag_top(score, 0.5, np.array(["c", "a", "b", "d"])).tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize(("n", "k"), [(2512, 503), (5000, 1000), (2515, 503), (1, 1)])
def test_a_fifth_of_n_rows_is_the_exact_ceiling(n, k):
    ids = np.arange(n).astype(str)
    assert flag_top(np.zeros(n), 0.2, ids).sum() == k


def test_weights_must_name_the_terms_of_the_score():
    label = LabelSpec(fraud_share=0.2, weights={"b": 2.0, "a": 1.0}, formula="")
    assert weight_vector(label, ("a", "b")).tolist() == [1.0, 2.0]
    with pytest.raises(DataError, match="give one for each of: a, c"):
        weight_vector(label, ("a", "c"))


def test_an_unknown_dataset_is_answered_with_the_known_ones():
    with pytest.raises(StudyFileError, match=r"^unknown dataset 'x'; known: checks, kaggle$"):
        dataset("x")


def test_each_dataset_is_found_by_the_name_its_study_carries():
    for known in datasets():
        assert dataset(known.study.dataset) == known


def test_fewer_frauds_than_folds_and_a_single_class_are_refused():
    checks = dataset("checks")
    table = checks.load(checks.study.model_copy(update={"rows": 50}), SourceOptions())
    check_learnable(table, 10)
    with pytest.raises(DataError, match="only 10 rows are fraud, but 11 folds"):
        check_learnable(table, 11)
    with pytest.raises(DataError, match="all rows are of one class"):
        check_learnable(replace(table, y=np.zeros_like(table.y)), 5)


def test_loading_too_few_rows_for_the_folds_is_refused():
    checks = dataset("checks")
    with pytest.raises(DataError, match="only 4 rows are fraud, but 5 folds"):
        checks.load(checks.study.model_copy(update={"rows": 20}), SourceOptions())


@pytest.mark.parametrize("name", ["checks", "kaggle"])
def test_a_loaded_table_and_its_summary_agree_with_each_other(name, tmp_path):
    known = dataset(name)
    table = known.load(known.study, SourceOptions(offline=True, raw_dir=tmp_path))
    summary = known.summarise(table, known.study)
    n, d = table.x.shape
    assert (table.y.sum(), summary.label.n_fraud) == (-(-n // 5), -(-n // 5))
    assert len(set(table.ids)) == n == summary.n_rows
    assert table.x.dtype == table.rule.score.dtype == np.float64
    assert table.y.dtype == np.int64
    assert [given.name for given in summary.features] == [bar.column for bar in summary.histograms]
    assert len(summary.features) == d
    for bars in summary.histograms:
        assert sum(bars.legitimate) == n - table.y.sum()
        assert sum(bars.fraud) == table.y.sum()
        assert list(bars.edges) == sorted(set(bars.edges))
    for part in summary.breakdowns:
        assert sum(row.legitimate + row.fraud for row in part.categories) == n
    for card in summary.anomalies:
        assert len(card.labels) == len(card.values)
        words = ANOMALIES[card.slug]
        assert set(card.facts) == set(words.said.kinds)
        assert words.said.about(card.facts)
        assert not any(character.isdigit() for character in words.said.sentence + words.said.title)
    assert type(summary).model_validate_json(summary.to_json()) == summary

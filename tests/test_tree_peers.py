"""Veritas, where it is installed, says of boxes of an XGBoost ensemble what the search says."""

import numpy as np
import pytest

pytest.importorskip("veritas")
pytest.importorskip("xgboost")

from tests.benchmarks import trees


@pytest.fixture(scope="module")
def small():
    """2,000 rows, 20 trees of depth 4, and 60 other rows."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"TRAINED_ON": 2_000, "ROWS": 60, "TREES": 20, "DEPTH": 4, "MILP_ROWS": 5}.items():
            patch.setattr(trees, name, value)
        yield trees.measure()


def test_veritas_and_highs_agree_with_every_answer_at_every_setting(small):
    assert len(small["comparisons"]) == len(trees.SETTINGS)
    for line in small["comparisons"]:
        assert line["undecided"] == line["other_undecided"] == 0, line["name"]
        assert line["other_disagreements"] == line["pruned_disagreements"] == 0, line["name"]
        assert line["milp_disagreements"] == 0, line["name"]
    proved = [line["proved"] for line in small["comparisons"]]
    assert min(proved) < 0.5 < max(proved) < 1


def test_the_terminal_shows_each_setting_and_the_geometric_means(small):
    lines = trees.rows(small)
    assert [name for name, _ in lines][-1] == "geometric mean"
    assert np.isfinite([line["ratio"] for line in small["comparisons"]]).all()
    assert len(lines) == len(trees.SETTINGS) + 1

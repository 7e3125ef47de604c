"""Error rates by group: counted by hand."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from generator.datasets.profile import breakdown, grouped
from generator.records.spec import BreakdownSpec
from generator.study.groups import group_errors


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"channel": ["a", "a", "b", "b", "b", "c"], "age": [18, 19, 20, 29, 80, 31]})


Y = np.array([0, 1, 0, 1, 1, 0])


def test_decades_are_named_by_their_ends(frame):
    assert grouped(frame["age"], "decade").tolist() == [
        "10 to 19", "10 to 19", "20 to 29", "20 to 29", "80 to 89", "30 to 39",
    ]  # fmt: skip


def test_errors_are_counted_over_seeds_in_each_group_and_class(frame):
    table = SimpleNamespace(frame=frame, y=Y)
    parts = tuple(
        breakdown(frame[column], Y, BreakdownSpec(column=column, title=column, kind=kind))
        for column, kind in (("channel", "category"), ("age", "decade"), ("channel", "rows_per_id"))
    )
    right = {"standard": np.array([[1, 1, 0, 1, 0, 1], [1, 0, 1, 1, 0, 1]], dtype=bool)}
    found = {(each.column, each.category): each for each in group_errors(right, table, parts)}
    assert set(found) == {
        *(("channel", name) for name in "abc"),
        *(("age", name) for name in ("10 to 19", "20 to 29", "30 to 39", "80 to 89")),
    }
    b = found["channel", "b"]
    assert (b.true_positive_rate.value, b.true_positive_rate.n, b.true_positive_rate.seeds) == (0.5, 2, 2)
    assert (b.false_positive_rate.value, b.false_positive_rate.n) == (0.5, 1)
    assert found["channel", "c"].true_positive_rate is None
    assert found["age", "80 to 89"].false_positive_rate is None
    assert found["age", "80 to 89"].true_positive_rate.value == 0.0

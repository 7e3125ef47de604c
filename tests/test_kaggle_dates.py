"""Day and month are told apart by evidence or not at all."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from generator.datasets import DataError
from generator.datasets.kaggle.dates import DateReader, order_of


def read(dates, previous="2024-11-04 08:06"):
    if isinstance(previous, str):
        previous = [previous] * len(dates)
    cells = pd.DataFrame({"TransactionDate": dates, "PreviousTransactionDate": previous}, dtype="str")
    path, lines = Path("f.csv"), np.arange(2, 2 + len(dates))
    order = order_of([(cells["TransactionDate"], lines)], path)
    times = DateReader(order, path).read(cells, lines)
    return [f"{time:%Y-%m-%d %H:%M}" for time in times["TransactionDate"]], times


@pytest.mark.parametrize(
    ("dates", "previous"),
    [
        (["2023-04-11 16:29:14", "2023-04-13 17:05:00"], "2024-11-04 08:06:23"),
        (["2023-04-11T16:29", "2023-04-13T17:05"], "2024-11-04T08:06"),
        (["4/11/2023 16:29", "4/13/2023 17:05"], "11/4/2024 8:06"),
        (["11/04/2023 16:29", "13/04/2023 17:05"], "04/11/2024 08:06"),
        (["11-04-2023 16:29", "13-04-2023 17:05"], "04-11-2024 08:06"),
    ],
)
def test_one_decisive_date_settles_the_whole_file(dates, previous):
    found, times = read(dates, previous)
    assert found == ["2023-04-11 16:29", "2023-04-13 17:05"]
    assert (times["PreviousTransactionDate"].dt.normalize() == pd.Timestamp("2024-11-04")).all()


def test_without_a_decisive_date_the_file_is_refused():
    with pytest.raises(DataError, match=r"no date decides between day and month.*line 2: '11/04/2023 16:29'"):
        read(["11/04/2023 16:29", "12/04/2023 16:29"], "04/11/2024 08:06")


def test_the_known_day_of_the_previous_date_never_decides():
    with pytest.raises(DataError, match="no date decides"):
        read(["4/11/2023 16:29"], "11/4/2024 8:06")


def test_both_orders_in_one_column_are_refused_with_a_line_of_each():
    with pytest.raises(DataError, match=r"mixed; found line 2: '13/04/2023.*line 3: '04/13/2023"):
        read(["13/04/2023 16:29", "04/13/2023 16:29"])


def test_a_spreadsheet_that_swapped_only_the_days_it_could_is_caught_by_the_missing_zeros():
    with pytest.raises(DataError, match="mixed"):
        read(["13/04/2023 16:29", "11/4/2023 16:29", "05/04/2023 16:29"])


@pytest.mark.parametrize("odd", ["2023-04-11 16:29", "11-04-2023 16:29", "11/04/2023 16:29:10"])
def test_two_spellings_in_one_column_are_refused(odd):
    with pytest.raises(DataError, match="mixed"):
        read(["13/04/2023 16:29", odd])


def test_a_weekend_read_by_order_is_refused_as_a_sign_of_exchanged_days():
    # 2023-04-08 is a Saturday; the fourth of August, a Friday, was meant.
    with pytest.raises(DataError, match=r"must be on a weekday.*line 3: '08/04/2023 16:29'"):
        read(["13/04/2023 16:29", "08/04/2023 16:29"])


def test_the_previous_dates_may_not_contradict_the_order_found():
    with pytest.raises(DataError, match="gives 2024-04-11, the published day with day and month exchanged"):
        read(["13/04/2023 16:29"], "11/04/2024 08:06")
    with pytest.raises(DataError, match="the other way round"):
        read(["13/04/2023 16:29"], "11/14/2024 08:06")
    with pytest.raises(DataError, match="spelled unlike TransactionDate"):
        read(["2023-04-13 16:29"], "04/11/2024 08:06")


@pytest.mark.parametrize(
    "odd",
    ["soon", "", "4/11/23 16:29", "2023-04-11", "2023-13-01 10:00", "2023-02-30 10:00", "4/13/2023 4:29 PM"],
)
def test_what_is_no_date_is_refused_with_its_line(odd):
    with pytest.raises(DataError, match=r"column 'TransactionDate' must be a date and time.*line 3: "):
        read(["2023-04-11 16:29", odd])

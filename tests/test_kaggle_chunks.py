"""A file is read a chunk at a time, as CSV or Parquet, and neither changes the table or a refusal."""

import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from generator.datasets import DataError, SourceOptions
from generator.datasets.canonical import canonical_sha256, canonical_text
from generator.datasets.kaggle import (
    file as kaggle_file,
)
from generator.datasets.kaggle import (
    source as kaggle_source,
)
from generator.datasets.kaggle import (
    standin as kaggle_standin,
)
from generator.datasets.kaggle.file import read_csv, read_table
from generator.datasets.kaggle.parquet import read_parquet
from generator.datasets.kaggle.schema import DECIMALS
from generator.datasets.profile import MOST, breakdown
from generator.datasets.table import flag_top
from generator.records.spec import BreakdownSpec

FRAME = kaggle_standin.simulate().head(60)
TEXT = canonical_text(FRAME, DECIMALS)
PATH = Path("given.csv")


def with_dates(form: str) -> str:
    """The file with its dates spelled otherwise."""
    spelled = {name: FRAME[name].dt.strftime(form) for name in ("TransactionDate", "PreviousTransactionDate")}
    return FRAME.assign(**spelled).to_csv(index=False)


def read(text: str, rows: int) -> pd.DataFrame:
    return read_csv(io.BytesIO(text.encode()), PATH, rows)


def refusal(call) -> str:
    with pytest.raises(DataError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("rows", [1, 7, 30, 59, 60, 61])
@pytest.mark.parametrize("form", ["%Y-%m-%d %H:%M:%S", "%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"])
def test_the_size_of_a_chunk_does_not_change_the_table(rows, form):
    text = with_dates(form)
    pd.testing.assert_frame_equal(read(text, rows), read_table(text.encode(), PATH))
    pd.testing.assert_frame_equal(read(text, rows), FRAME)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("TransactionAmount", "-3"), ("CustomerAge", "44.5"), ("TransactionDate", "yesterday"),
        ("TransactionDate", "2023-04-31 16:29"), ("PreviousTransactionDate", "11/4/2024 8:06"),
        ("Channel", "Post"), ("Location", " "),
    ],
)  # fmt: skip
def test_a_bad_cell_of_a_later_chunk_is_refused_in_the_same_words(column, value):
    bad = FRAME.astype({column: object})
    bad.loc[41, column] = value
    text = canonical_text(bad, {}) if "Date" not in column else bad.to_csv(index=False)
    whole = refusal(lambda: read_table(text.encode(), PATH))
    assert "line 43: " in whole
    if column == "PreviousTransactionDate":  # mixed with the spelling of the first row of the file
        assert "line 2: " in whole
    assert refusal(lambda: read(text, 10)) == whole


def test_an_identifier_that_stands_in_two_chunks_is_refused_with_both_lines():
    text = TEXT.replace("TX000055", "TX000003")
    assert "line 4: 'TX000003', line 56: 'TX000003'" in refusal(lambda: read(text, 10))


def test_habits_of_spelling_are_remembered_from_chunk_to_chunk():
    lines = with_dates("%d/%m/%Y %H:%M").splitlines()
    lines[40] = lines[40].replace(FRAME["TransactionDate"][39].strftime("%d/%m/%Y"), "3/4/2023")
    message = refusal(lambda: read("\n".join(lines), 10))
    assert "spelled in one way throughout" in message
    assert "line 41: '3/4/2023" in message


def test_lines_are_counted_across_quoted_line_breaks_and_blank_lines():
    lines = TEXT.splitlines()
    city = FRAME["Location"][20]
    lines[21] = lines[21].replace(city, f'"{city}\n{city}"')
    lines[41] = lines[41].replace(FRAME["Channel"][40], "Post")
    assert "column 'Location'" in refusal(lambda: read("\n".join(lines), 10))
    assert "line 22: " in refusal(lambda: read("\n".join(lines), 10))
    lines[21] = "\n" + TEXT.splitlines()[21]
    assert "line 43: 'Post'" in refusal(lambda: read("\n".join(lines), 10))


@pytest.mark.parametrize("block", [3, 4, 5, 64])
@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t.replace(b"Debit", b"D\xff", 1), "has the byte 0xff, which is not UTF-8"),
        (lambda t: t.replace(b"Debit", b"D\0", 1), "has a NUL byte"),
        (lambda t: t.rstrip() + b"\xe2\x82", "line 61 has the byte 0xe2, which is not UTF-8"),
        (lambda t: b"\xef\xbb\xbf \n  ", "the file is empty"),
    ],
)
def test_bytes_that_are_no_text_are_found_wherever_the_blocks_end(monkeypatch, block, spoil, words):
    content = spoil(TEXT.encode())
    whole = refusal(lambda: read_table(content, PATH))
    assert words in whole
    monkeypatch.setattr(kaggle_file, "BLOCK", block)
    assert refusal(lambda: read_table(content, PATH)) == whole


def test_letters_of_several_bytes_may_lie_across_blocks(monkeypatch):
    text = TEXT.replace(FRAME["Location"][3], "Zürich 東京 🏦")
    monkeypatch.setattr(kaggle_file, "BLOCK", 1)
    assert read_table(text.encode(), PATH)["Location"][3] == "Zürich 東京 🏦"


def test_the_canonical_hash_does_not_depend_on_the_size_of_its_chunks(monkeypatch):
    whole = canonical_sha256(FRAME, DECIMALS)
    monkeypatch.setattr("generator.datasets.canonical.CHUNK", 7)
    assert canonical_sha256(FRAME, DECIMALS) == whole


# ---------------------------------------------------------------- Parquet


def parquet(frame: pd.DataFrame, path: Path, **how) -> Path:
    frame.to_parquet(path, index=False, **how)
    return path


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME[FRAME.columns[::-1]],
        FRAME.astype({"Channel": "category", "Location": "category", "LoginAttempts": "float64"}),
        FRAME.astype({"TransactionDate": "datetime64[ns]", "PreviousTransactionDate": "datetime64[us]"}),
        FRAME.astype(str),
    ],
)
def test_a_parquet_file_gives_the_table_of_the_csv_file(frame, tmp_path):
    path = parquet(frame, tmp_path / "given.parquet", row_group_size=17)
    table, source = kaggle_source.obtain(SourceOptions(kaggle_csv=path, offline=True))
    pd.testing.assert_frame_equal(table, FRAME)
    assert source.canonical_sha256 == canonical_sha256(FRAME, DECIMALS)


@pytest.mark.parametrize(
    ("zone", "clocks"),
    [
        (
            "America/New_York",
            ("01:59", "03:00", "01:30", "01:30", "16:29"),
        ),  # winter, summer, the hour that comes twice
        ("UTC", ("06:59", "07:00", "05:30", "06:30", "20:29")),
        ("-04:00", ("02:59", "03:00", "01:30", "02:30", "16:29")),
        (None, ("06:59", "07:00", "05:30", "06:30", "20:29")),
    ],
)
def test_times_with_a_zone_are_what_its_clock_showed(tmp_path, zone, clocks):
    days = ("2023-03-12", "2023-03-12", "2023-11-05", "2023-11-05", "2023-04-11")
    instants = [
        datetime.fromisoformat(f"{day} {utc}")
        for day, utc in zip(days, ("06:59", "07:00", "05:30", "06:30", "20:29"), strict=True)
    ]
    table = pa.Table.from_pandas(FRAME.head(5), preserve_index=False)
    place = table.column_names.index("TransactionDate")
    column = pa.array(instants, pa.timestamp("us")).cast(pa.timestamp("us", tz=zone))
    path = tmp_path / "given.parquet"
    pq.write_table(table.set_column(place, "TransactionDate", column), path)
    with path.open("rb") as file:
        read_back = read_parquet(file, path)["TransactionDate"]
    assert [f"{each:%Y-%m-%d %H:%M}" for each in read_back] == [
        f"{day} {clock}" for day, clock in zip(days, clocks, strict=True)
    ]


@pytest.mark.parametrize(
    "spelled", ["2023-04-11T16:29:14-04:00", "2023-04-11T20:29:14Z", "2023-04-11 16:29:14 EDT"]
)
def test_a_text_with_a_zone_is_refused_as_csv_and_as_parquet(tmp_path, spelled):
    frame = FRAME.astype({"TransactionDate": str}).assign(TransactionDate=spelled)
    path = parquet(frame, tmp_path / "given.parquet")
    with path.open("rb") as file:
        assert f"row 1: {spelled!r}" in refusal(lambda: read_parquet(file, path))
    assert f"line 2: {spelled!r}" in refusal(lambda: read_table(frame.to_csv(index=False).encode(), PATH))


def test_a_bad_value_in_a_parquet_file_is_named_with_its_row(tmp_path):
    frame = FRAME.copy()
    frame.loc[41, "TransactionAmount"] = -3.0
    path = parquet(frame, tmp_path / "given.parquet")
    with path.open("rb") as file:
        message = refusal(lambda: read_parquet(file, path, 10))
    assert "column 'TransactionAmount'" in message
    assert "row 42: '-3'" in message


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[:900]), "cannot be read as Parquet"),
        (lambda path: path.write_text(TEXT), "cannot be read as Parquet"),
        (lambda path: parquet(FRAME.drop(columns="Channel"), path), "column 'Channel' is missing"),
        (lambda path: parquet(FRAME.head(0), path), "columns and no rows"),
        (lambda path: parquet(FRAME.assign(Channel=None), path), "column 'Channel' must be one of"),
        (
            lambda path: parquet(FRAME.assign(Location=[[1]] * len(FRAME)), path),
            "column 'Location' holds list<",
        ),
    ],
)
def test_a_parquet_file_that_cannot_be_used_is_refused(tmp_path, spoil, words):
    path = parquet(FRAME, tmp_path / "given.parquet")
    spoil(path)
    message = refusal(lambda: kaggle_source.obtain(SourceOptions(kaggle_csv=path, offline=True)))
    assert words in message
    assert "\n" not in message


# ---------------------------------------------------------------- what must not grow with the rows


def test_the_top_scores_are_flagged_as_by_sorting_all_of_them():
    rng = np.random.default_rng(5)
    for share in (0.01, 0.2, 0.45):
        score = rng.integers(0, 9, 400) / 8  # many ties
        ids = rng.permutation([f"TX{i}" for i in range(400)])
        order = np.lexsort((ids, -score))
        flagged = np.flatnonzero(flag_top(score, share, ids))
        assert sorted(order[: len(flagged)]) == flagged.tolist()
        assert len(flagged) == round(share * 400)


def test_many_different_numbers_of_rows_are_shown_as_ranges_that_hold_all_rows():
    ids = pd.Series(np.repeat(np.arange(200), np.arange(1, 201)), name="account")
    y = (ids % 2).to_numpy()
    part = breakdown(ids, y, BreakdownSpec(column="AccountID", title="Accounts", kind="rows_per_id"))
    assert len(part.categories) <= MOST
    assert sum(c.legitimate + c.fraud for c in part.categories) == len(ids)
    for each in part.categories:
        low, high = map(int, each.category.split(" to "))
        assert each.legitimate + each.fraud == sum(range(low, min(high, 200) + 1))

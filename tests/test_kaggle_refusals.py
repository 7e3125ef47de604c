"""A file that cannot be used is refused in one message with file, column, first bad rows and the fix."""

import logging
from pathlib import Path

import pytest

from generator.datasets import DataError, SourceOptions, dataset
from generator.datasets.canonical import canonical_text
from generator.datasets.kaggle import standin as kaggle_standin
from generator.datasets.kaggle.file import read_table
from generator.datasets.kaggle.schema import COLUMNS, DECIMALS

KAGGLE = dataset("kaggle")
TEXT = canonical_text(kaggle_standin.simulate().head(60), DECIMALS)
LINES = TEXT.splitlines()


def refusal(content):
    content = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(DataError) as caught:
        read_table(content, Path("folder/given.csv"))
    message = str(caught.value)
    assert message.startswith("folder/given.csv: ")
    assert "\n" not in message
    return message


def changed(column, *values, line=4):
    """The file with `values` in `column`, from `line` on."""
    position = list(COLUMNS).index(column)
    lines = list(LINES)
    for offset, value in enumerate(values):
        cells = lines[line - 1 + offset].split(",")
        cells[position] = value
        lines[line - 1 + offset] = ",".join(cells)
    return "\n".join(lines) + "\n"


def test_the_unchanged_file_loads_with_or_without_a_last_line_end_and_blank_lines():
    frame = read_table(TEXT.encode(), Path("f.csv"))
    assert len(frame) == 60
    assert read_table(("\n" + TEXT.rstrip() + "\n\n\n").encode(), Path("f.csv")).equals(frame)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("TransactionAmount", "-3"),
        ("TransactionAmount", "twelve"),
        ("TransactionAmount", ""),
        ("TransactionAmount", "NaN"),
        ("TransactionAmount", "inf"),
        ("TransactionAmount", "1e999"),
        ("TransactionAmount", "0x1F"),
        ("AccountBalance", "-0.01"),
        ("AccountBalance", "1_000"),
        ("CustomerAge", "44.5"),
        ("CustomerAge", "400"),
        ("TransactionDuration", "-1"),
        ("LoginAttempts", "0"),
        ("LoginAttempts", "1.5"),
        ("TransactionType", "debit"),
        ("Channel", "Post"),
        ("CustomerOccupation", ""),
        ("Location", " "),
        ("TransactionID", ""),
        ("PreviousTransactionDate", "yesterday"),
    ],
)
def test_a_bad_cell_is_named_with_column_line_value_and_fix(column, value):
    message = refusal(changed(column, value))
    assert f"column {column!r} must be " in message
    assert f"found line 4: {value!r}; " in message
    assert "; correct the file" in message or "; write all dates" in message


def test_only_the_first_bad_rows_are_shown_and_the_rest_counted():
    message = refusal(changed("TransactionAmount", "a", "b", "c", "d", "e"))
    assert "found line 4: 'a', line 5: 'b', line 6: 'c' and 2 more;" in message


def test_lines_are_those_of_the_file_even_after_blank_lines_and_quoted_line_ends():
    lines = changed("TransactionAmount", "a", line=6).splitlines()
    lines.insert(1, "")
    cells = lines[3].split(",")
    cells[5] = '"New\nYork"'
    lines[3] = ",".join(cells)
    assert "found line 8: 'a'" in refusal("\n".join(lines))


def test_a_shown_value_is_short_and_without_control_characters():
    message = refusal(changed("Channel", "x" * 5000))
    assert len(message) < 400
    assert "\x1b" not in refusal(changed("Channel", "\x1b[31mred"))


def test_a_renamed_debit_is_refused_with_the_known_types():
    message = refusal(TEXT.replace(",Debit,", ",Withdrawal,"))
    assert "column 'TransactionType' must be one of Debit, Credit; found line" in message


def test_a_repeated_id_is_refused_with_both_lines():
    first = LINES[1].split(",")[0]
    message = refusal(changed("TransactionID", first))
    assert f"unique; found line 2: {first!r}, line 4: {first!r};" in message


def test_a_missing_renamed_or_extra_column_is_named():
    assert "column 'AccountBalance' is missing (is it 'Account Balance'?)" in refusal(
        TEXT.replace("AccountBalance", "Account Balance")
    )
    dropped = "\n".join(line.split(",", 1)[1] for line in LINES)
    assert "column 'TransactionID' is missing" in refusal(dropped)
    assert "column 'note' is not one of the Kaggle table" in refusal(
        "\n".join(f"{line},note" for line in LINES)
    )
    assert "column 'Channel' is there twice" in refusal("\n".join(f"{line},Channel" for line in LINES))


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_separator_is_named(mark, name):
    assert f"separated by {name}, not by commas" in refusal(TEXT.replace(",", mark))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\n \n", "the file is empty"),
        (LINES[0].encode() + b"\n", "a header and no rows"),
        (TEXT.encode("utf-16"), "UTF-16, not UTF-8"),
        (TEXT.encode("utf-16-le"), "line 1 has a NUL byte"),
        (TEXT.replace("Debit", "D\0bit", 1).encode(), "has a NUL byte"),
        (changed("Location", "Montréal").encode("latin-1"), "line 4 has the byte 0xe9, which is not UTF-8"),
        (changed("Location", "San, Diego").encode(), "line 4 has 17 cells, the header has 16"),
        (changed("Location", '"San Diego').encode(), "is a quotation mark left open?"),
    ],
)
def test_what_is_no_such_table_is_refused(content, problem):
    assert problem in refusal(content)


def test_a_file_given_that_is_missing_or_a_folder_is_refused_and_never_replaced(tmp_path):
    for path, problem in ((tmp_path / "gone.csv", "there is no such file"), (tmp_path, "this is a folder")):
        with pytest.raises(DataError, match=problem):
            KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=path, offline=True, raw_dir=tmp_path))


def test_a_bad_file_in_the_raw_folder_is_refused_and_never_replaced(tmp_path):
    (tmp_path / "bank_transactions_data_2.csv").write_text("nothing\nhere\n")
    with pytest.raises(DataError, match="column 'TransactionID' is missing"):
        KAGGLE.load(KAGGLE.study, SourceOptions(offline=True, raw_dir=tmp_path))


def test_fewer_rows_than_the_folds_need_are_refused(tmp_path, caplog):
    path = tmp_path / "short.csv"
    path.write_text("\n".join(LINES[:11]))
    with caplog.at_level(logging.ERROR), pytest.raises(DataError, match="only 2 rows are fraud, but 5 folds"):
        KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=path))

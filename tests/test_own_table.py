"""A table of one's own is read as its study file says, or refused with file, line, column, value and a way out."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from own_fixture import ROWS, cells, loaded, text
from sklearn.metrics import roc_auc_score

from generator.datasets.own.checks import telling
from generator.datasets.own.files import Texts
from generator.datasets.table import DataError

FIRST = ("[[inputs]]", "[[inputs]]")
"""A change that is none."""


def _changed(column: str, **rows: str) -> dict[str, list[str]]:
    """The table with other cells in some rows, by `line2` and so on."""
    table = cells()
    for line, cell in rows.items():
        table[column][int(line[4:]) - 2] = cell
    return table


def _slugs(table) -> dict[str, dict[str, float]]:
    return {f"{each.slug} {each.column}".strip(): each.facts for each in table.notices}


def test_a_table_is_read_as_its_study_file_says(tmp_path):
    table, given = loaded(tmp_path, cells()), cells()
    assert table.x.shape == (ROWS, 5)
    assert table.x[:, 0].tolist() == [float(cell) for cell in given["Amount"]]
    assert table.x[:, 2].tolist() == [["No", "Yes"].index(cell) for cell in given["Witness"]]
    bands = {"none": 0, "1to7": 1, "morethan7": 2}
    assert np.array_equal(table.x[:, 4], [bands.get(cell, np.nan) for cell in given["Delay"]], equal_nan=True)
    assert table.y.tolist() == [int(cell == "Yes") for cell in given["Fraud"]]
    assert table.ids.tolist() == given["Policy"]
    assert table.amounts.tolist() == table.x[:, 0].tolist()
    assert table.times[0] == np.datetime64(given["Day"][0])
    assert table.groups["Sex"].tolist() == given["Sex"]
    assert table.trains.all()
    assert table.judged.all()
    assert table.digest == hashlib.sha256((tmp_path / "claims.csv").read_bytes()).hexdigest()
    assert [each.role for each in table.columns] == [
        "id", "input", "input", "input", "input", "input", "group", "time", "ignored", "label",
    ]  # fmt: skip
    assert table.columns[5].missing == given["Delay"].count("NA")
    # range and spread of bands are those of the rows that have one
    places = [bands[cell] for cell in given["Delay"] if cell in bands]
    assert table.features[4].standard_deviation == pytest.approx(np.std(places))
    assert table.frame["Delay"].isna().sum() == given["Delay"].count("NA")
    assert table.notices == ()


def test_delimiter_decimal_mark_and_encoding_are_as_stated(tmp_path):
    table = cells()
    table["Amount"] = [cell.replace(".", ",") for cell in table["Amount"]]
    table["Make"] = ["Škoda" if cell == "Saab" else cell for cell in table["Make"]]
    stated = (
        ('missing = ["", "NA"]', 'missing = ["", "NA"]\ndelimiter = ";"\ndecimal = ","\nencoding = "cp1250"'),
        ('"Saab"', '"Škoda"'),
    )
    read = loaded(tmp_path, text(table, ";").encode("cp1250"), *stated)
    assert np.array_equal(read.x, loaded(tmp_path, cells()).x, equal_nan=True)


def test_parquet_and_several_files_hold_the_same_table(tmp_path):
    plain, given = loaded(tmp_path, cells()), cells()
    frame = pd.DataFrame(given).assign(
        Amount=[float(cell) for cell in given["Amount"]],
        Cars=[int(cell) for cell in given["Cars"]],
        Day=pd.to_datetime(given["Day"]),
        Make=pd.Categorical(given["Make"]),
        Delay=[None if cell == "NA" else cell for cell in given["Delay"]],
    )
    frame[:150].to_parquet(tmp_path / "a.parquet")
    frame[150:].to_parquet(tmp_path / "b.parquet")
    read = loaded(tmp_path, cells(), ('"claims.csv"', '["a.parquet", "b.parquet"]'))
    assert np.array_equal(read.x, plain.x, equal_nan=True)
    assert read.ids.tolist() == plain.ids.tolist()
    assert (read.times == plain.times).all()
    both = b"".join((tmp_path / name).read_bytes() for name in ("a.parquet", "b.parquet"))
    assert read.digest == hashlib.sha256(both).hexdigest()


def test_files_with_other_columns_are_told_apart(tmp_path):
    table = cells()
    first, second = (
        {name: column[part] for name, column in table.items()} for part in (slice(200), slice(200, None))
    )
    turned = dict(reversed(second.items()))
    for name, part in {
        "a.csv": first,
        "b.csv": turned,
        "c.csv": {**second, "Cars": [], "Bikes": second["Cars"]},
    }.items():
        (tmp_path / name).write_text(text({key: column for key, column in part.items() if column}))
    whole = loaded(tmp_path, table, ('"claims.csv"', '["a.csv", "b.csv"]'))
    assert np.array_equal(whole.x, loaded(tmp_path, table).x, equal_nan=True)
    with pytest.raises(
        DataError, match=r"c\.csv: column 'Cars' is missing, column 'Bikes' is not in a\.csv; give files"
    ):
        loaded(tmp_path, table, ('"claims.csv"', '["a.csv", "c.csv"]'))
    turned["Cars"][5] = "two"
    (tmp_path / "b.csv").write_text(text(turned))
    with pytest.raises(DataError, match=r"b\.csv: column 'Cars' must be a number; found line 7: 'two'"):
        loaded(tmp_path, table, ('"claims.csv"', '["a.csv", "b.csv"]'))


def test_rows_are_split_by_the_values_of_a_column_or_by_a_day(tmp_path):
    table = cells()
    by_day = loaded(
        tmp_path, table, ("[reading]", 'split = { column = "Day", judged_from = 2023-07-01 }\n[reading]')
    )
    late = np.array(table["Day"]) >= "2023-07-01"
    assert (by_day.judged == late).all()
    assert (by_day.trains == ~late).all()
    table["Part"] = ["fit" if row % 3 else "test" if row % 2 else "none" for row in range(ROWS)]
    by_value = loaded(
        tmp_path,
        table,
        ("[reading]", 'split = { column = "Part", trains = ["fit"], judged = ["test"] }\n[reading]'),
    )
    assert by_value.trains.sum() == table["Part"].count("fit")
    assert _slugs(by_value)["neither"] == {"rows": table["Part"].count("none")}
    assert _slugs(by_value)["trains_later"]["rows"] > 0


@pytest.mark.parametrize(
    ("table", "change", "told"),
    [
        (_changed("Amount", line7="12 EUR"), FIRST, "claims.csv: column 'Amount' must be a number; found line 7: '12"),
        (_changed("Amount", line7="12,50"), FIRST, "reading.decimal is '.'; it looks like ','"),
        (_changed("Amount", line7="1,200,000.00"), FIRST, "write numbers without signs between thousands"),
        (_changed("Cars", line9="1.5"), FIRST, "column 'Cars' must be a whole number; found line 9: '1.5'"),
        (_changed("Cars", line9="n/a"), FIRST, "list 'n/a' in reading.missing and give the input missing = true"),
        (_changed("Cars", line9="2023-01-01"), FIRST, "it looks like a date; derive a number from it"),
        (_changed("Cars", line9="NA"), FIRST, "column 'Cars' must be filled in; 1 of 400 rows have no value"),
        (_changed("Make", line5="Faib"), FIRST, "found line 5: 'Faib'; correct the cells, or add 'Faib' to "),
        (_changed("Make", line5="fiat"), FIRST, "did you mean 'Fiat'?"),
        (_changed("Fraud", line3=""), FIRST, "column 'Fraud' must be filled in, as the label; 1 rows have none"),
        (_changed("Fraud", line3="Perhaps"), FIRST, "column 'Fraud', the label, has 3 values: "),
        (cells() | {"Fraud": ["Yes"] * ROWS}, FIRST, "column 'Fraud', the label, is 'Yes' in every row"),
        (cells(), ('"Yes" }', '"yes" }'), "column 'Fraud', the label, has no 'yes'; it has 'No', 'Yes'"),
        (cells(), ('name = "Cars"', 'name = "Car"'), "inputs.Car: the table has no column 'Car'; it has "),
        (_changed("Policy", line2="P1x", line8="P1x"), FIRST, "found line 2: 'P1x', line 8: 'P1x'; leave"),
        (cells() | {"Cars": ["2"] * ROWS}, FIRST, "input 'Cars': every row has the same value, so that nobody is seen"),
        (cells() | {"Cars": cells()["Desk"], "Weight": ["0", *["1"] * (ROWS - 1)]},
         ("[reading]", 'weights = "Weight"\n[reading]'), "column 'Weight' must be more than 0, how many rows in life"),
        (cells() | {"Cars": [str(i) for i in range(ROWS)]}, FIRST, "input 'Cars': its values number the rows"),
        (cells() | {"Delay": ["NA"] * ROWS}, FIRST, "column 'Delay' has no value in any row; leave it out"),
        (cells() | {"Cars": ["9" if cell == "Yes" else "2" for cell in cells()["Fraud"]]}, FIRST,
         "input 'Cars': it alone tells 100.0% of pairs of a fraud and a genuine row apart"),
        (cells() | {"Make": ["Fiat" if cell == "Yes" else "Audi" for cell in cells()["Fraud"]]}, FIRST,
         "input 'Make': it alone tells 100.0% of pairs"),
        (cells() | {"Cars": [day.replace("-", "") for day in cells()["Day"]]}, FIRST, "input 'Cars': it holds dates"),
        (cells(), ('"Yes" }', '"No" }'), "of rows are 'No'; is it the value of a fraud? if the table was drawn that"),
        (_changed("Day", line4="4/5/2023"), FIRST, "column 'Day' must be a date, such as 2023-04-30 or 2023-04-30"),
        (_changed("Amount", line4="-5"), FIRST, "column 'Amount' must be an amount of 0 or more; found line 4: '-5'"),
        (cells(), ("[reading]", 'split = { column = "Day", judged_from = "2025-01-01" }\n[reading]'),
         "no row is judged"),
        (cells(), ("[reading]", 'split = { column = "Sex", trains = ["f"], judged = ["M"] }\n[reading]'),
         "split.judged: column 'Sex' has no 'M'; it has 'm', 'f'; give values as they stand there; did you mean 'm'?"),
        ({name: column[:160] for name, column in cells().items()}, FIRST,
         "are frauds, and 5 folds need 25; give more rows, or fewer training.folds"),
        (cells(), ("[reading]", 'split = { column = "Day", judged_from = "2023-12-30" }\n[reading]'),
         "of the rows that are judged are frauds, and the split needs 5; give more rows, or another split"),
        (cells(), ('"Saab"]', '"Saab", ' + ", ".join(f'"{number}"' for number in range(10_000)) + "]"),
         "input 'Make': 10,003 categories are too many to tell apart; merge them, or leave it out"),
        (cells() | {"Make": cells()["Policy"]}, ('["Audi", "Fiat", "Saab"]', json.dumps(cells()["Policy"])),
         "input 'Make': its values number the rows, as an id does"),
        (cells(), ('groups = ["Sex"]', 'groups = ["Amount"]'), "column 'Amount', of groups, has "),
        (cells(), ("[reading]", f'[reading]\nsha256 = "{"0" * 64}"'), "its sha256 is "),
        (cells(), ('"claims.csv"', '"claim.csv"'), "claim.csv: there is no such file; put it there, or"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_named_with_place_value_and_a_way_out(tmp_path, table, change, told):
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, table, change)
    assert told in str(caught.value), caught.value
    assert str(caught.value).count("\n") < 4


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (text(cells(), ";").encode(), "it looks like semicolons; give reading.delimiter = \";\""),
        (text(cells()).replace("Audi", "Aùdi", 1).encode("cp1252"), "line 2 has the byte 0xf9, which is not utf-8; "
         "give reading.encoding = 'cp1252'"),
        (text(cells()).encode("utf-16"), "it looks like utf-16"),
        (text(cells()).encode()[:-30], "line 401 has"),
        (text(cells()).replace("Audi", '"Audi', 1).encode(), "is a quotation mark left open"),
        (text(cells()).replace("Make", "Cars", 1).encode(), "column 'Cars' is there twice"),
        (b"PK\x03\x04" + bytes(range(256)), "it is a workbook or another zip archive, no text"),
        (b"<!DOCTYPE html><p>404", "it is a web page, no text"),
        (b"a\0b,c\n1,2\n", "line 1 has a NUL byte"),
        (b"", "it is empty"),
        (text(cells()).splitlines()[0].encode(), "it has columns and no rows"),
        (text({"x": ["1"]}).encode(), "line 1 is one cell, 'x', with no commas"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_table_says_what_it_looks_like(tmp_path, content, told):
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, content)
    assert told in str(caught.value), caught.value


def test_utf_16_without_a_mark_is_refused_unless_its_order_of_bytes_is_stated(tmp_path):
    content = text(cells()).encode("utf-16-be")
    for encoding in ("utf-16", "utf-16-be"):
        asked = ('missing = ["", "NA"]', f'missing = ["", "NA"]\nencoding = "{encoding}"')
        if encoding == "utf-16-be":
            assert len(loaded(tmp_path, content, asked).y) == ROWS
            continue
        with pytest.raises(
            DataError, match=r"does not start with its mark; give reading.encoding = 'utf-16-le' or"
        ):
            loaded(tmp_path, content, asked)


def test_the_wrong_encoding_is_seen_where_it_would_garble_names(tmp_path):
    content = text(cells()).replace("Audi", "Aùdi").encode()
    with pytest.raises(DataError, match=r"reading\.encoding is cp1252; it looks like utf-8"):
        loaded(tmp_path, content, ('missing = ["", "NA"]', 'missing = ["", "NA"]\nencoding = "cp1252"'))


def test_all_that_is_wrong_with_a_table_is_told_at_once(tmp_path):
    table = cells()
    table["Cars"][3], table["Make"][4], table["Fraud"][5] = "two", "Dodge", ""
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, table)
    assert [line.split(" must")[0].split("column ")[1] for line in str(caught.value).splitlines()] == [
        "'Cars'", "'Make'", "'Fraud'",
    ]  # fmt: skip


def test_what_is_odd_about_a_table_is_noticed(tmp_path):
    table = {name: column + column[:7] for name, column in cells().items()}
    table["Policy"] = [f"P{row * row}" for row in range(len(table["Policy"]))]
    table["Empty"] = [""] * len(table["Policy"])
    table["Same"] = ["x"] * len(table["Policy"])
    table["Outcome"] = ["fined" if cell == "Yes" else "" for cell in table["Fraud"]]
    table["Closed"] = [
        ("2024-02-01", "2023-02-01", "2023-03-01", "2024-03-01")[row % 4]
        for row in range(len(table["Policy"]))
    ]
    table["New"] = table["Desk"]
    notices = _slugs(
        loaded(
            tmp_path,
            table,
            ('ignored = ["Desk"]', 'ignored = ["Desk", "Empty", "Same", "Outcome", "Closed"]'),
            ('"Saab"]', '"Saab", "Tesla"]'),
            ('control = "effort"', 'control = "nobody"'),
            ('control = "free"', 'control = "nobody"'),
            ('control = "free"', 'control = "nobody"'),
        )
    )
    assert list(notices) == [
        "duplicate_rows", "empty Empty", "constant Same", "tells_label Outcome", "after_time Closed",
        "unused_categories Make", "few_movable", "unlisted New",
    ]  # fmt: skip
    assert notices["duplicate_rows"] == {"rows": 7}
    assert notices["after_time Closed"] == {"rows": len(table["Policy"]) // 2}
    assert notices["few_movable"] == {"inputs": 1}


def test_an_input_that_is_the_same_in_every_row_is_kept_where_nobody_moves_it_and_noticed(tmp_path):
    table = loaded(
        tmp_path,
        cells() | {"Cars": ["2"] * ROWS},
        (
            'control = "free"\nhelps = "up"\nnote = "A friend\'s car',
            'control = "nobody"\nhelps = "none"\nnote = "A friend\'s car',
        ),
    )
    assert "constant_input Cars" in _slugs(table)
    assert np.unique(table.x[:, 1]).tolist() == [2.0]


def test_an_input_that_tells_the_label_is_taken_on_the_word_of_the_study_file_and_noticed(tmp_path):
    table = cells()
    table["Cars"] = ["9" if cell == "Yes" else str(1 + row % 3) for row, cell in enumerate(table["Fraud"])]
    said = ("[reading]", 'known_in_time = { Cars = "Counted when the policy is signed." }\n[reading]')
    found = _slugs(loaded(tmp_path, table, said))
    assert found["known_in_time Cars"] == {"pairs": 1.0}
    with pytest.raises(DataError, match=r"say why: known_in_time = \{ Cars = \"\.\.\.\" \}"):
        loaded(tmp_path, table)


def test_rows_that_stand_for_others_say_for_how_many(tmp_path):
    weights = ["2.5" if row % 2 else "1" for row in range(ROWS)]
    table = loaded(tmp_path, cells() | {"Weight": weights}, ("[reading]", 'weights = "Weight"\n[reading]'))
    assert table.weights.tolist() == [2.5 if row % 2 else 1.0 for row in range(ROWS)]
    assert {note.name: note.role for note in table.columns}["Weight"] == "weights"
    assert (loaded(tmp_path, cells()).weights == 1).all()


def test_one_column_tells_the_label_as_the_library_of_the_field_says():
    rng = np.random.default_rng(0)
    y = (rng.random(500) < 0.3).astype(int)
    values = np.round(rng.normal(size=500) - y, 1)
    names, codes = np.unique(values.astype(str), return_inverse=True)
    column = Texts("x", codes, tuple(names))
    assert telling(column, values, y) == pytest.approx(1 - roc_auc_score(y, values))
    # many names of few rows each tell nothing, although each of them alone has one kind of row
    rare = Texts("x", np.arange(500), tuple(map(str, range(500))))
    assert telling(rare, None, y) == 0.5


def test_a_number_that_is_lacking_counts_as_the_lowest():
    values = np.r_[np.full(50, np.nan), np.arange(100.0), np.arange(100.0, 150)]
    y = np.r_[np.ones(50, int), np.zeros(100, int), np.zeros(50, int)]
    column = Texts("x", np.r_[np.full(50, -1), np.arange(150)], tuple(map(str, range(150))))
    assert telling(column, values, y) == 1
    y = np.r_[np.ones(50, int), np.zeros(50, int), np.ones(100, int)]
    lowest = np.where(np.isnan(values), -1, values)
    found = {roc_auc_score(y, lowest), 1 - roc_auc_score(y, lowest), roc_auc_score(y, np.isnan(values))}
    assert telling(column, values, y) == pytest.approx(max(*found, 1 - min(found)))


def test_a_parquet_file_that_is_spoilt_within_is_refused_with_what_the_library_says(tmp_path):
    pd.DataFrame(cells()).to_parquet(tmp_path / "claims.parquet", row_group_size=50)
    spoilt = bytearray((tmp_path / "claims.parquet").read_bytes())
    spoilt[100:400] = bytes(300)
    (tmp_path / "claims.parquet").write_bytes(spoilt)
    with pytest.raises(DataError, match=r"it cannot be read as Parquet \(\S.*\); write the file again"):
        loaded(tmp_path, cells(), ('"claims.csv"', '"claims.parquet"'))


def test_a_whole_number_is_read_as_long_as_the_next_one_is_told_apart(tmp_path):
    largest = 2**53 - 1
    assert loaded(tmp_path, _changed("Amount", line2=str(largest))).x[0, 0] == largest
    for beyond in (largest + 1, largest + 2):
        with pytest.raises(DataError, match=f"at most {largest}: beyond, whole") as told:
            loaded(tmp_path, _changed("Amount", line2=str(beyond)))
        assert str(told.value).count("'Amount' must be a number") == 1

"""A study file that is proposed can be read and its table loaded as it stands, and makes nothing attackable."""

import csv
import pickle
import random
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile_tables import MARK, NOT_DATES, NOT_NUMBERS, REFUSED, SHOWN
from own_fixture import ROWS, cells, text

from generator.datasets.own import load
from generator.datasets.own.bands import rising
from generator.datasets.own.checks import is_movable
from generator.datasets.own.proposing import propose
from generator.datasets.study_file import StudyFileError, read_validation
from generator.datasets.table import DataError
from generator.models.deployed import take_over
from generator.study.using import ModelFileError, asking


def _proposed(folder: Path, content: bytes, label: str = "Fraud=Yes", model: Path | None = None):
    """What is proposed for the table with this content: as TOML, as read from its file, and the table loaded."""
    (folder / "claims.csv").write_bytes(content)
    proposal = propose(folder / "claims.csv", label, model)
    (folder / "claims.toml").write_text(proposal, encoding="utf-8")
    spec = read_validation(folder / "claims.toml")
    return proposal, spec, load(spec, folder)


def _kinds(spec) -> dict[str, str]:
    return {given.name: given.kind for given in spec.inputs}


def test_kinds_categories_id_and_what_is_left_out_are_proposed(tmp_path):
    table = cells() | {
        "Constant": ["x"] * ROWS,
        "Empty": [""] * ROWS,
        "Outcome": ["fined" if cell == "Yes" else "" for cell in cells()["Fraud"]],
        "Twin": cells()["Make"],
        "Recoded": [cell.replace("Saab", "Seat") for cell in cells()["Make"]],
        "Remark": [f"remark {row * 7}" for row in range(ROWS)],
        "Ratio": [f"{row % 17 / 8}" for row in range(ROWS)],
        "Age": random.Random(1).choices(["under25", "25to40", "41to65", "over65"], k=ROWS),
    }
    proposal, spec, loaded = _proposed(tmp_path, text(table).encode())
    assert (spec.id, spec.label.column, spec.label.fraud) == ("Policy", "Fraud", "Yes")
    assert _kinds(spec) == {
        "Amount": "number", "Cars": "number", "Witness": "flag", "Make": "category", "Delay": "band",
        "Sex": "category", "Desk": "number", "Ratio": "number", "Age": "band",
        "Recoded": "category",
    }  # fmt: skip
    assert spec.ignored == ("Day", "Constant", "Empty", "Outcome", "Twin", "Remark")
    given = {each.name: each for each in spec.inputs}
    assert given["Age"].categories == ("under25", "25to40", "41to65", "over65")
    assert given["Witness"].categories == ("No", "Yes")
    assert (given["Amount"].decimals, given["Ratio"].decimals, given["Cars"].integer) == (2, 3, True)
    # nothing is written that need not be, and what a key means is said once
    assert proposal.count("\ndecimals = ") == 2
    assert proposal.count("# what the page calls it") == 1
    # a guess makes nothing attackable, and says so
    assert not any(map(is_movable, spec.inputs))
    assert {notice.slug for notice in loaded.notices} == {"tells_label", "constant", "empty", "none_movable"}
    # what stands behind a # for dates works once it is no longer
    taken = (
        proposal.replace("# time = ", "time = ").replace("# split = ", "split = ").replace('"Day",  #', "#")
    )
    (tmp_path / "claims.toml").write_text(taken, encoding="utf-8")
    assert load(read_validation(tmp_path / "claims.toml"), tmp_path).judged.mean() == pytest.approx(
        0.3, abs=0.01
    )
    for reason in (
        '"Outcome",  # alone it tells 100.0% of pairs',
        "\"Twin\",  # the same as 'Make' in every row",
        '"Remark",  # different in every row'
        if "different in every row, as" in proposal
        else '"Remark",  # 400 different',
        '# time = "Day"  # if it is the time of the event',
        '# amount = "Amount"  # if it is the money',
        '# groups = ["Sex", "Age"]',
    ):
        assert reason in proposal, proposal


def test_an_input_made_attackable_without_a_word_why_is_noticed_and_no_other(tmp_path):
    proposal, _, untouched = _proposed(tmp_path, text(cells()).encode())
    assert "no_reason" not in {notice.slug for notice in untouched.notices}
    head, behind, rest = proposal.partition('name = "Cars"\n')
    moved = rest.replace('control = "nobody"', 'control = "free"', 1).replace(
        'helps = "none"', 'helps = "up"', 1
    )
    (tmp_path / "claims.toml").write_text(head + behind + moved)
    noticed = load(read_validation(tmp_path / "claims.toml"), tmp_path).notices
    assert [notice.column for notice in noticed if notice.slug == "no_reason"] == ["Cars"]


def test_a_column_that_is_always_the_same_is_an_input_where_the_model_asks_for_it(tmp_path):
    table = cells() | {"Branch": ["Main"] * ROWS, "Rate 1": ["3"] * ROWS, "Told": cells()["Fraud"]}
    (tmp_path / "claims.csv").write_text(text(table))
    (tmp_path / "model.txt").write_text("")
    needed = ("Amount", "Branch", "Rate_1", "_Told")
    proposal = propose(tmp_path / "claims.csv", "Fraud=Yes", tmp_path / "model.txt", needed=needed)
    (tmp_path / "claims.toml").write_text(proposal)
    spec = read_validation(tmp_path / "claims.toml")
    noticed = load(spec, tmp_path).notices
    assert {note.column for note in noticed if note.slug == "constant_input"} == {"Branch", "Rate 1"}
    assert "Told" in spec.ignored
    assert "make it an input, and say so in known_in_time" in proposal
    without = propose(tmp_path / "claims.csv", "Fraud=Yes")
    assert '"Branch",  # the same value in every row' in without


def _booster(folder: Path, frame: pd.DataFrame) -> Path:
    """Trained on these columns of the table of `cells`."""
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=5, min_child_samples=5, verbose=-1, n_jobs=1)
    model.fit(frame, [cell == "Yes" for cell in cells()["Fraud"]])
    model.booster_.save_model(folder / "model.txt")
    return folder / "model.txt"


def test_numbers_that_are_names_to_the_model_are_proposed_as_categories_in_their_order(tmp_path):
    table = pd.DataFrame(cells())
    cars = pd.get_dummies(table["Cars"], prefix="Cars")
    coded = pd.concat(
        [table["Amount"].astype(float), table["Desk"].astype(int).astype("category"), cars], axis=1
    )
    asked = asking(_booster(tmp_path, coded))
    assert asked.unread == ""
    table[["Policy", "Amount", "Desk", "Cars", "Fraud"]].to_csv(tmp_path / "claims.csv", index=False)
    proposal = propose(
        tmp_path / "claims.csv", "Fraud=Yes", tmp_path / "model.txt", None, asked.inputs, asked.taken_as_names
    )
    (tmp_path / "claims.toml").write_text(proposal)
    spec = read_validation(tmp_path / "claims.toml")
    assert _kinds(spec) == {"Amount": "number", "Desk": "category", "Cars": "category"}
    assert spec.inputs[1].categories == tuple(map(str, range(1, 20)))
    loaded = load(spec, tmp_path)
    taken = take_over(spec.deployed[0], tmp_path, loaded.features, loaded.x)
    # the model is given what it was trained on
    own = coded.assign(Desk=coded["Desk"].cat.codes).to_numpy(float)
    assert (taken.as_given(loaded.x) == own).all()
    # what the refusal of a number prints mends it, and without quotation marks too
    for name, names, told in (("Desk", 19, "takes 'Desk' as names"), ("Cars", 5, "has 'Cars_1', 'Cars_2'")):
        head, inputs, rest = proposal.partition(f'name = "{name}"\n')
        number, kind = f'kind = "number"  # {names}', f'kind = "category"  # {names}'
        rest = re.sub(r"^categories = \[[^]]*\]\n", "", rest.replace(kind, number), count=1, flags=re.M)
        (tmp_path / "claims.toml").write_text(head + inputs + rest)
        numbers = load(read_validation(tmp_path / "claims.toml"), tmp_path)
        with pytest.raises(ModelFileError, match=f"{told}.*and the study file has a number") as refused:
            take_over(spec.deployed[0], tmp_path, numbers.features, numbers.x)
        (pasted,) = re.findall(r'kind = "category" and (categories = \[[^]]*\])$', str(refused.value))
        rest = rest.replace(number, 'kind = "category"\n' + pasted.replace('"', "") + "  #")
        (tmp_path / "claims.toml").write_text(head + inputs + rest)
        assert read_validation(tmp_path / "claims.toml").inputs == spec.inputs


def test_a_column_whose_name_is_another_one_with_a_number_behind_it_makes_that_no_category(tmp_path):
    table = pd.DataFrame({**cells(), "Desk_2": cells()["Cars"]})
    asked = asking(_booster(tmp_path, table[["Desk", "Desk_2"]].astype(float)))
    texts = {name: sorted(set(table[name])) for name in ("Desk", "Desk_2")}
    assert asked.taken_as_names(texts) == set()
    assert asked.taken_as_names({"Desk": texts["Desk"]}) == {"Desk"}


def test_what_a_model_does_not_ask_for_is_no_input_and_may_be_money_or_a_group(tmp_path):
    """A study of it would be refused: the model has no column for it."""
    table = pd.DataFrame({**cells(), "Sample": ["in", "out"] * (ROWS // 2)})
    coded = pd.get_dummies(table["Make"], prefix="Make").assign(Cars=table["Cars"].astype(float))
    asked = asking(_booster(tmp_path, coded))
    table.to_csv(tmp_path / "claims.csv", index=False)
    proposal = propose(
        tmp_path / "claims.csv", "Fraud=Yes", tmp_path / "model.txt", None, asked.inputs, asked.taken_as_names,
        asked.asked_for,
    )  # fmt: skip
    (tmp_path / "claims.toml").write_text(proposal)
    spec = read_validation(tmp_path / "claims.toml")
    assert set(spec.input_names) == {"Make", "Cars"}
    assert {"Amount", "Sex", "Desk"} <= set(spec.ignored)
    assert '"Amount",  # no input of the model' in proposal
    assert re.search('^# amount = "Amount" .*; then take it out of ignored$', proposal, re.M)
    assert re.search(r'^# groups = \["Sex"\] .*; then take them out of ignored$', proposal, re.M)
    split = re.search(r"^# (split = \{ .*Sample.* \})  # or the other way round, if ", proposal, re.M)[1]
    loaded = load(spec, tmp_path)
    take_over(spec.deployed[0], tmp_path, loaded.features, loaded.x)
    (tmp_path / "claims.toml").write_text(
        proposal.replace("ignored = [", f"{split}\nignored = [").replace('    "Sample",', "    #")
    )
    assert load(read_validation(tmp_path / "claims.toml"), tmp_path).trains.sum() == ROWS // 2
    # of a model of another table nothing is known
    assert (
        asking(_booster(tmp_path, pd.DataFrame({"Age": range(ROWS)}))).asked_for({"Make": ["Audi"]}) == set()
    )


def test_a_model_that_cannot_be_read_is_left_behind_a_sign_with_the_reason(tmp_path):
    (tmp_path / "claims.csv").write_text(text(cells()))
    (tmp_path / "model.pkl").write_bytes(pickle.dumps({"model": 1}))
    unread = asking(tmp_path / "model.pkl").unread
    proposal = propose(
        tmp_path / "claims.csv", "Fraud=Yes", tmp_path / "model.pkl", unread=f"{unread}\n\x00x"
    )
    assert "# Left out, as it cannot be read: model.pkl: is a pickle" in proposal
    (tmp_path / "claims.toml").write_text(proposal)
    assert read_validation(tmp_path / "claims.toml").deployed == ()
    head, behind, block = proposal.partition("# Once it can, take away the first # of each line below.\n")
    (tmp_path / "claims.toml").write_text(head + behind + re.sub("^# ?", "", block, flags=re.M))
    (deployed,) = read_validation(tmp_path / "claims.toml").deployed
    assert (deployed.name, deployed.file) == ("model", "model.pkl")


def test_missing_values_are_declared_where_they_are_found(tmp_path):
    table = cells()
    table["Cars"][3], table["Amount"][4], table["Make"][5] = "n/a", "-", ""
    _, spec, loaded = _proposed(tmp_path, text(table).encode())
    assert [given.name for given in spec.inputs if given.missing] == ["Amount", "Cars", "Make", "Delay"]
    assert set(spec.reading.missing) == {"", "-", "NA", "n/a"}
    assert np.isnan(loaded.x).sum(0).tolist()[:4] == [1, 1, 0, 1]
    # but `none` is the least of these bands, not the lack of one
    assert next(given.categories for given in spec.inputs if given.name == "Delay") == (
        "none",
        "1to7",
        "morethan7",
    )


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_delimiter_encoding_and_decimal_mark_are_found(tmp_path, delimiter, encoding, decimal):
    table = cells()
    table["Amount"] = [cell.replace(".", decimal) for cell in table["Amount"]]
    table["Make"] = ["Citroën" if cell == "Saab" else cell for cell in table["Make"]]
    proposal, spec, loaded = _proposed(tmp_path, text(table, delimiter).encode(encoding))
    assert (spec.reading.delimiter, spec.reading.decimal) == (delimiter, decimal)
    assert spec.reading.encoding == encoding.removesuffix("-sig")
    assert "Citroën" in next(given.categories for given in spec.inputs if given.name == "Make")
    assert loaded.x[:, 0].tolist() == [float(cell) for cell in cells()["Amount"]]
    assert ("a guess" in proposal) == (encoding == "cp1252")


def test_a_parquet_file_and_a_model_beside_it_are_described(tmp_path):
    frame = pd.DataFrame(cells()).assign(
        Amount=[float(cell) for cell in cells()["Amount"]], Twin=cells()["Make"]
    )
    frame["Sometimes"] = [None, "promised"] * (ROWS // 2)
    frame.to_parquet(tmp_path / "claims.parquet")
    (tmp_path / "XGB model-3.json").write_text("{}")
    proposal = propose(tmp_path / "claims.parquet", "Fraud=Yes", tmp_path / "XGB model-3.json")
    (tmp_path / "mine.toml").write_text(proposal)
    spec = read_validation(tmp_path / "mine.toml")
    (deployed,) = spec.deployed
    assert "Twin" in spec.input_names  # the model may ask for both
    sometimes = next(given for given in spec.inputs if given.name == "Sometimes")
    assert (sometimes.categories, sometimes.missing) == (("promised",), True)
    assert np.isnan(load(spec, tmp_path).x[:, -1]).sum() == ROWS // 2
    assert (deployed.name, deployed.file, deployed.saw) == ("xgb_model_3", "XGB model-3.json", "unknown")
    assert (deployed.cut.false_positive_rate, deployed.scores) == (0.05, None)
    assert "# scores = {" in proposal
    asked = tomllib.loads(proposal.replace("# scores = {", "scores = {"))
    assert asked["deployed"][0]["scores"] == {
        "file": "scores.csv",
        "column": "score",
        "measure": "probability",
        "id": "Policy",
    }


@pytest.mark.parametrize(
    ("label", "told"),
    [
        ("Fraud", "--label 'Fraud' has no equals sign; give --label COLUMN=VALUE"),
        ("Froud=Yes", "there is no column 'Froud' in line 1, which names 'Policy', 'Amount'"),
        ("Fraud=yes", "column 'Fraud' has no 'yes'; it has 'No', 'Yes'"),
        ("Fraud=No", "of rows are 'No'; did you mean Fraud=Yes?"),
        ("Make=Audi", "column 'Make', the label, has 3 values: "),
        ("Empty=", "column 'Empty', the label, is '' in every row"),
    ],
)
def test_a_label_that_tells_no_frauds_is_refused(tmp_path, label, told):
    (tmp_path / "claims.csv").write_text(text(cells() | {"Empty": [""] * ROWS}))
    with pytest.raises(DataError) as caught:
        propose(tmp_path / "claims.csv", label)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    "names",
    [
        ["none", "1to7", "8to15", "15to30", "morethan30"],
        ["less than 20_000", "20_000 to 29_000", "30_000 to 39_000", "more than 69_000"],
        ["new", "2years", "3years", "7years", "morethan7"],
        ["nochange", "under6months", "1year", "2to3years", "4to8years"],
        ["1vehicle", "2to4", "5to8", "more than 8"],
        ["<18", "18-25", "26–65", "65+"],
        ["(0, 10]", "(10, 20.5]", "(20.5, 30]"],
        ["0-1k", "1k-5k", "5k-10k", ">10k"],
        ["Low", "Medium", "High"],
        ["1week", "2weeks to 1month", "1month to 1year"][:0]
        or ["under2weeks", "under2months", "under2years"],
    ],
)
def test_bands_rise_with_the_numbers_in_their_names(names):
    assert rising(names) == tuple(names)
    assert rising(sorted(names)) == tuple(names)
    assert rising(names[::-1]) == tuple(names)


@pytest.mark.parametrize(
    "names",
    [["Audi", "Fiat"], ["Yes", "No"], ["3series", "5series"], ["1", "2", "3"], ["none", "new"], ["1to7", "other"],
     ["1to7", "1-7"], ["A1", "A2to3"], ["low", "Low", "high"], [], ["1to7"], ["2to3", "2023-04-11"]],
)  # fmt: skip
def test_other_names_are_no_bands(names):
    assert rising(names) is None


# ---------------------------------------------------------------- hostile tables

FILES = (
    b"", b"\xef\xbb\xbf", b" \n\t\r\n" * 100, b"\0" * 1000, b"PK\x03\x04" + bytes(range(256)), b"\x1f\x8b\x08" * 99,
    b"x\n1\n", b'"' * 1001, b"a,b\n" * 50, b"cos\nsystem\n(S'id'\ntR.", b"Fraud,x\nYes,1\nNo,2\n",
    text(cells()).encode("utf-16")[:-1], text(cells()).encode("utf-32"), text(cells()).encode()[:5000],
    text(cells()).encode().replace(b"\n", b"\r"), text(cells()).encode().replace(b"\n", b"\r\n"),
    text(cells()).encode() * 2, text(cells()).encode().replace(b",", b"\0,", 3), b"\xff\xfe" + bytes(range(256)) * 9,
    text({f"c{i}": [str(i)] * 3 for i in range(3000)}).encode(),
    text(cells() | {"Long": ["A" * 140_000] * ROWS}).encode()[:9_000_000],
)  # fmt: skip


def _survives(folder: Path, content: bytes, label: str = "Fraud=Yes") -> bool:
    """Whether a proposal was made, which then can be read and loaded; else there was one clear refusal."""
    refusal = None
    try:
        proposal, spec, _ = _proposed(folder, content, label)
    except (DataError, StudyFileError) as error:
        refusal = str(error)
    if refusal is not None:
        assert len(refusal) < 3000
        assert refusal.replace("\n", "").isprintable()
        return False
    assert not any(map(is_movable, spec.inputs))
    # what stands behind a # cannot end the comment, nor a name its quotation marks
    assert set(tomllib.loads(proposal)) <= {"table", "title", "label", "id", "ignored", "reading", "inputs"}
    return True


def test_no_file_is_more_than_a_refusal(tmp_path):
    made = [_survives(tmp_path, content) for content in FILES]
    assert sum(made) == 2  # line ends of other machines


@pytest.mark.parametrize("column", ["Amount", "Cars", "Make", "Policy", "Day", "Delay"])
def test_no_cell_is_more_than_text(tmp_path, column):
    texts = (*SHOWN, *REFUSED[:-2], *NOT_NUMBERS[:-2], *NOT_DATES)
    made = 0
    for cell in texts[:: 5 if column == "Make" else 12]:
        table = cells()
        table[column][7] = cell
        made += _survives(tmp_path, text(table).encode("utf-8", "surrogatepass"))
    assert made


def test_no_name_of_a_column_is_more_than_text(tmp_path):
    for name in SHOWN[::4]:
        table = {name if column == "Make" else column: values for column, values in cells().items()}
        assert _survives(tmp_path, text(table).encode()), name
        label = {name if column == "Fraud" else column: values for column, values in cells().items()}
        assert _survives(tmp_path, text(label).encode(), f"{name}=Yes"), name
    for name in REFUSED[2::4]:
        table = {name if column == "Make" else column: values for column, values in cells().items()}
        assert not _survives(tmp_path, text(table).encode("utf-8", "surrogatepass")), name


def test_all_hostile_names_at_once_are_categories(tmp_path):
    table = cells() | {"Make": [SHOWN[row % len(SHOWN)] for row in range(ROWS)]}
    _, spec, loaded = _proposed(tmp_path, text(table).encode())
    given = next(given for given in spec.inputs if given.name == "Make")
    assert set(given.categories) == set(SHOWN)
    assert [given.categories[int(place)] for place in loaded.x[:, 3]] == table["Make"]
    assert MARK in str(given.categories)
    assert csv.field_size_limit() == 131_072


def test_a_column_that_says_which_rows_train_is_proposed_as_the_split_and_no_other(tmp_path):
    parts = [("train", "Train", "holdout")[row % 3] for row in range(ROWS)]
    _, spec, loaded = _proposed(tmp_path, text(cells() | {"Part": parts}).encode())
    assert (spec.split.column, spec.split.trains, spec.split.judged) == (
        "Part",
        ("Train", "train"),
        ("holdout",),
    )
    assert "Part" not in spec.input_names
    assert (loaded.judged == [part == "holdout" for part in parts]).all()
    _, spec, _ = _proposed(tmp_path, text(cells() | {"Part": [*parts[:-1], "neither"]}).encode())
    assert spec.split is None
    assert "Part" in spec.input_names


def test_whole_numbers_that_differ_in_every_row_are_no_id_unless_they_count_or_are_called_so(tmp_path):
    numbers = [str(7 * value) for value in random.Random(1).sample(range(10 * ROWS), ROWS)]
    _, spec, _ = _proposed(tmp_path, text(cells() | {"Paid": numbers}).encode())
    assert spec.id == "Policy"
    assert "Paid" in spec.input_names
    _, spec, _ = _proposed(tmp_path, text(cells() | {"Claim id": numbers}).encode())
    assert "Claim id" not in spec.input_names
    _, spec, _ = _proposed(tmp_path, text(cells() | {"Paid": sorted(numbers, key=int)}).encode())
    assert "Paid" not in spec.input_names


def test_money_is_offered_where_it_is_a_number_never_missing_and_never_negative(tmp_path):
    amounts = cells()["Amount"]
    table = cells() | {
        "Amount missing": ["", *amounts[1:]],
        "Amount below": ["-1.00", *amounts[1:]],
        "Amount in words": random.Random(1).choices(["much", "little"], k=ROWS),
        "Length": [f"{float(amount) / 7:.3f}" for amount in amounts],
    }
    proposal, _, _ = _proposed(tmp_path, text(table).encode())
    offered = [line for line in proposal.splitlines() if line.startswith("# amount = ")]
    assert [line.split('"')[1] for line in offered] == ["Amount"]

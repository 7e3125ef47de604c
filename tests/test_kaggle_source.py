"""Where the Kaggle table comes from: given, kept, downloaded, simulated, in that order."""

import logging
import time

import pytest

from generator.datasets import SourceOptions
from generator.datasets.canonical import canonical_sha256, canonical_text
from generator.datasets.kaggle import source as kaggle_source
from generator.datasets.kaggle import standin as kaggle_standin
from generator.datasets.kaggle.schema import COLUMNS, DECIMALS, SCHEMA

FILE = "bank_transactions_data_2.csv"


@pytest.fixture
def table_text():
    return canonical_text(kaggle_standin.simulate().head(40), DECIMALS)


@pytest.fixture
def fake_kagglehub(tmp_path, monkeypatch):
    """Puts a module called kagglehub, with the body given, in front of the real one."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return lambda body: (folder / "kagglehub.py").write_text(body)


def downloading(text):
    return (
        "import os, pathlib\n"
        "def dataset_download(handle, path):\n"
        "    assert handle == 'valakhorasani/bank-transaction-dataset-for-fraud-detection'\n"
        "    target = pathlib.Path(os.environ['KAGGLEHUB_CACHE']) / path\n"
        f"    target.write_text({text!r})\n"
        "    print('some notice')\n"
        "    return str(target)\n"
    )


def test_the_file_given_wins_over_the_one_kept(tmp_path, table_text):
    (tmp_path / FILE).write_text(table_text)
    given = tmp_path / "given.csv"
    given.write_text("\n".join(table_text.splitlines()[:21]))
    frame, source = kaggle_source.obtain(SourceOptions(kaggle_csv=given, raw_dir=tmp_path))
    assert (len(frame), source.status) == (20, "kaggle_columns")
    assert str(tmp_path) not in source.origin


def test_the_file_kept_is_used_without_a_download(tmp_path, table_text, fake_kagglehub):
    fake_kagglehub("raise SystemExit('never called')")
    (tmp_path / FILE).write_text(table_text)
    frame, source = kaggle_source.obtain(SourceOptions(raw_dir=tmp_path))
    assert (len(frame), source.status) == (40, "kaggle_columns")


def test_a_download_is_checked_and_kept_for_the_next_run(tmp_path, table_text, fake_kagglehub):
    fake_kagglehub(downloading(table_text))
    raw = tmp_path / "data" / "raw"
    frame, source = kaggle_source.obtain(SourceOptions(raw_dir=raw))
    assert (len(frame), source.status) == (40, "kaggle_columns")
    assert [path.name for path in raw.iterdir()] == [FILE]
    assert (raw / FILE).read_text() == table_text


def test_a_download_that_is_no_such_table_is_not_kept(tmp_path, fake_kagglehub, caplog):
    fake_kagglehub(downloading("<html>sorry</html>"))
    _, source = kaggle_source.obtain(SourceOptions(raw_dir=tmp_path / "raw"))
    assert source.status == "stand_in"
    assert not (tmp_path / "raw").exists()
    assert "cannot be used" in caplog.text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("import sys\nsys.exit('a long story\\nno such handle')\n", "no such handle"),
        ("import sys\nsys.exit(3)\n", "no reason given"),
    ],
)
def test_a_download_that_fails_says_why_in_its_last_words(tmp_path, fake_kagglehub, caplog, body, reason):
    caplog.set_level(logging.INFO)
    fake_kagglehub(body)
    _, source = kaggle_source.obtain(SourceOptions(raw_dir=tmp_path / "raw"))
    assert source.status == "stand_in"
    assert f"kaggle: not downloaded: {reason}" in caplog.messages


def test_a_silent_network_is_given_up_within_the_bound(tmp_path, fake_kagglehub, monkeypatch):
    fake_kagglehub("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(kaggle_source, "DOWNLOAD_SECONDS", 0.5)
    started = time.monotonic()
    _, source = kaggle_source.obtain(SourceOptions(raw_dir=tmp_path / "raw"))
    assert source.status == "stand_in"
    assert time.monotonic() - started < 10


def test_the_bound_leaves_room_below_twenty_seconds():
    assert kaggle_source.DOWNLOAD_SECONDS <= 20


def test_offline_never_asks_and_says_that_it_stands_in(tmp_path, fake_kagglehub, caplog):
    fake_kagglehub(f"open({str(tmp_path / 'asked')!r}, 'w')")
    _, source = kaggle_source.obtain(SourceOptions(offline=True, raw_dir=tmp_path))
    assert not (tmp_path / "asked").exists()
    assert (source.status, source.file_sha256) == ("stand_in", "")
    assert "STAND-IN" in caplog.text


def test_the_stand_in_is_always_the_same_table_and_obeys_the_schema_of_the_file():
    frame = kaggle_standin.simulate()
    assert canonical_sha256(frame, DECIMALS).startswith("73338525fec0")  # which records name as their data
    assert list(frame.columns) == list(COLUMNS)
    numbers = frame.select_dtypes("int64").columns
    SCHEMA.validate(frame.astype(dict.fromkeys(numbers, "float64")))


def test_the_stand_in_has_the_published_marginals():
    frame = kaggle_standin.simulate()
    assert len(frame) == 2512
    assert frame["TransactionAmount"].mean() == pytest.approx(297.59, rel=0.06)
    assert frame["TransactionAmount"].between(0.26, 1919.11).all()
    hours = frame["TransactionDate"].dt.hour.value_counts(normalize=True)
    assert hours.to_dict() == pytest.approx({16: 0.524, 17: 0.326, 18: 0.150}, abs=0.03)
    weekdays = frame["TransactionDate"].dt.day_of_week.value_counts(normalize=True)
    assert weekdays[0] == pytest.approx(3 / 7, abs=0.03)
    assert weekdays.index.max() == 4
    machines = frame["Channel"] == "ATM"
    assert (frame["TransactionType"] == "Debit")[machines].mean() == pytest.approx(0.91, abs=0.03)
    assert (frame["LoginAttempts"] == 1).mean() == pytest.approx(0.951, abs=0.01)
    assert set(frame["LoginAttempts"]) == {1, 2, 3, 4, 5}
    medians = frame.groupby("CustomerOccupation")["AccountBalance"].median().to_dict()
    published = {"Student": 1082, "Retired": 4574, "Engineer": 5678, "Doctor": 9663}
    assert medians == pytest.approx(published, rel=0.08)
    ages = frame.groupby("CustomerOccupation")["CustomerAge"].agg(["min", "max"])
    assert ages.loc["Student"].tolist() == [18, 28]
    assert ages.loc["Retired"].tolist() == [51, 80]
    previous = frame["PreviousTransactionDate"]
    assert str(previous.min()) == "2024-11-04 08:06:00"
    assert str(previous.max()) == "2024-11-04 08:12:00"
    assert frame["Location"].nunique() == 43

"""Hostile tables are refused in one plain line, or shown as they stand; no file holds up or fools whoever opens it."""

import csv
import html
import io
import json
import os
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hostile_tables import MARK, PLAIN, SHOWN, damaged, filled, fixed, names, tables, written
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from report_fixture import tiny_result

from generator.datasets import DataError, SourceOptions, dataset, opening
from generator.datasets.complaints import visible
from generator.datasets.kaggle import source as kaggle_source
from generator.datasets.kaggle.schema import is_name
from generator.engine.files import visible_files
from generator.figures import embed, patterns, registration
from generator.figures.embedding import TABLE_LIMIT, csv_text
from generator.figures.svg import document, drawing
from generator.notation import formats
from generator.records.spreadsheet import FORMULA, armed, disarmed

KAGGLE = dataset("kaggle")
ACTIVE = tuple("=+-@\t\r＝＋－＠")
LONGEST = 3000
"""Signs of a refusal."""
WANTED = 1000
"""Tables at least."""
RESULT = tiny_result("kaggle")


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("hostile") / "given.csv"


def judged(content: bytes, file: Path, count: Counter):
    """Load the table: it is refused as it should be, or what is drawn of it is inert."""
    file.write_bytes(content)
    try:
        table = KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=file))
    except DataError as error:
        assert_plain(str(error), file)
        count["refused"] += 1
        return
    assert_inert(KAGGLE.summarise(table, KAGGLE.study))
    count["rendered"] += 1


def assert_plain(message: str, file: Path):
    """One line that a terminal shows as it is, which begins with the file or, of a whole table, its title."""
    assert message.startswith((f"{file}: ", "Kaggle transactions: ")), message[:200]
    assert message.isprintable(), message
    assert len(message) <= LONGEST


# ---------------------------------------------------------------- what is drawn of a table


class Markup(HTMLParser):
    """The elements of a page, each with the names of its attributes, and its text."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.attributes |= {(tag, name) for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


def cities(summary):
    return patterns.breakdown(RESULT.model_copy(update={"data": summary}), "Location")


def harmless():
    return [f"City {i} of a rather long name" for i in range(60)]


@pytest.fixture(scope="module")
def known(file) -> Markup:
    """What the same chart is made of where every name is harmless."""
    file.write_bytes(written(filled(Location=harmless())))
    return Markup(embed(cities(KAGGLE.summarise(KAGGLE.load(KAGGLE.study, given_file(file)), KAGGLE.study))))


def given_file(file: Path) -> SourceOptions:
    return SourceOptions(kaggle_csv=file)


def assert_inert(summary):
    chart = cities(summary)
    held = Markup(embed(chart))
    assert not [name for _, name in held.attributes if name.startswith("on")]
    assert not held.elements & {"script", "iframe", "img", "a", "b", "i", "style", "title", "textarea"}
    for row in chart.rows[:TABLE_LIMIT]:
        assert row[0] in held.text
    script = registration(chart)
    assert not set("<\u2028\u2029") & set(script)
    told = json.loads(script.partition(",")[2].removesuffix(");\n"))
    assert told["title"] == "City: rows and fraud rate"
    for cell in (c for row in csv.reader(io.StringIO(csv_text(chart), newline="")) for c in row):
        assert not cell.startswith(ACTIVE) or is_number(cell), cell
    still = ET.fromstring(document(drawing(chart.figure, "d", "", chart.narrow), ""))
    assert not [each for each in still.iter() if each.tag.rpartition("}")[2] in ("script", "a", "image")]
    assert not [name for each in still.iter() for name in each.attrib if name.startswith("on")]
    for column in summary.columns:
        for text in (column.low, column.high):
            written_out = formats.md(text)
            assert not set("<>`*_[]{}|#!\\\"'=@$~+^") & set(written_out.replace("&#", ""))
            assert html.unescape(written_out) == " ".join(text.split())


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def by_chance(strategy, tries):
    """As many tables of `strategy`, the same in every run."""

    def wrap(function):
        limits = settings(
            max_examples=tries, deadline=None, database=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        return seed(2512)(limits(given(strategy)(function)))

    return wrap


def test_a_thousand_tables_listed_and_by_chance_are_refused_in_one_line_or_drawn_inert(file):
    count = Counter()
    for _, content in fixed():
        judged(content, file, count)
    assert count["refused"] > 500
    assert count["rendered"] >= 12
    for strategy, tries in ((damaged(), 420), (tables(), 30), (names(), 15)):
        by_chance(strategy, tries)(lambda content: judged(content, file, count))()
    assert count["rendered"] >= 27
    assert count.total() >= WANTED, count


def test_a_chart_of_hostile_names_has_the_elements_of_one_of_harmless_names(file, known):
    file.write_bytes(written(filled(Location=list(SHOWN))))
    chart = cities(KAGGLE.summarise(KAGGLE.load(KAGGLE.study, given_file(file)), KAGGLE.study))
    held = Markup(embed(chart))
    assert held.elements <= known.elements
    assert held.attributes <= known.attributes
    told = json.loads(registration(chart).partition(",")[2].removesuffix(");\n"))
    shown = told["figure"]["layout"]["yaxis"]["categoryarray"]
    assert {html.unescape(text) for text in shown} == set(SHOWN)
    assert not [text for text in shown if set("<>@$") & set(text)]


def test_many_values_of_a_category_are_shown_as_the_commonest_and_the_rest(file):
    many = [f"City {i:03d}" for i in range(200)] + ["City 007"] * 3
    file.write_bytes(written(filled(Location=many)))
    summary = KAGGLE.summarise(KAGGLE.load(KAGGLE.study, given_file(file)), KAGGLE.study)
    (part,) = [each for each in summary.breakdowns if each.column == "Location"]
    rows = {each.category: each.legitimate + each.fraud for each in part.categories}
    assert len(rows) == 60
    assert rows["City 007"] == 4
    assert rows["all others"] == 203 - 4 - 58


def test_a_century_of_days_has_no_calendar(file):
    days = [f"{1970 + 4 * i}-02-27 10:00" for i in range(30)]
    file.write_bytes(written(filled(TransactionDate=days)))
    assert KAGGLE.summarise(KAGGLE.load(KAGGLE.study, given_file(file)), KAGGLE.study).calendar is None


# ---------------------------------------------------------------- spreadsheets


@pytest.mark.parametrize("text", [text for text in SHOWN if text.startswith(ACTIVE)])
def test_a_formula_gets_an_apostrophe_and_is_read_again_as_it_was(text):
    assert disarmed(text).startswith("'")
    assert armed(disarmed(text)) == text


@pytest.mark.parametrize("mark", list(";,|\t"))
def test_a_formula_behind_what_parts_cells_elsewhere_is_disarmed(mark):
    assert f"{mark}'=1+1" in disarmed(f"x{mark}=1+1")
    assert f"{mark}'\"=1+1" in disarmed(f'x{mark}"=1+1')


@settings(deadline=None, database=None)
@given(st.one_of(st.text(), st.text(alphabet=FORMULA + "';, \"x")))
def test_no_text_is_a_formula_once_it_is_disarmed_and_none_is_lost(text):
    cell = disarmed(text)
    assert not cell.startswith(ACTIVE)
    assert armed(cell) == text


def test_the_numbers_of_a_table_stay_numbers():
    chart = cities(RESULT.data)
    assert [line.split(",")[1].isdecimal() for line in csv_text(chart).splitlines()[1:]]
    assert "'" not in csv_text(chart)


def test_no_other_code_writes_csv_than_those_that_disarm():
    root = Path(__file__).parents[1] / "generator"
    writers = {
        path.relative_to(root).as_posix()
        for path in visible_files(root, "*.py", deep=True)
        if any(call in path.read_text() for call in ("csv.writer", "DictWriter", ".to_csv("))
    }
    assert writers == {
        "records/rows.py",
        "figures/embedding.py",
        "study/private.py",
        "datasets/canonical.py",  # text that is hashed, and never written
    }


# ---------------------------------------------------------------- files and their names


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        KAGGLE.load(KAGGLE.study, given_file(path))
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < LONGEST
    return message


@pytest.mark.parametrize(
    "name",
    [
        "a\nb.csv", "a\rerror: all is well.csv", "\x1b[2J\x1b[31mred.csv", "\u202egnp.csv", "a'b\"c.csv",
        "<script>.csv", "{{7*7}}.csv", "-rf.csv", "[bold].csv", "a\udcffb.csv", " .csv", "=cmd.csv",
    ],
)  # fmt: skip
def test_a_file_of_any_name_is_refused_or_read_without_a_trick(tmp_path, name):
    path = tmp_path / name
    assert "there is no such file" in refused(path)
    path.write_bytes(b"nonsense")
    assert "is missing" in refused(path)
    path.write_bytes(PLAIN)
    table = KAGGLE.load(KAGGLE.study, given_file(path))
    assert table.source.origin == "a different file with the columns of the Kaggle table"


def test_what_the_command_line_says_of_a_file_fits_any_terminal(tmp_path, capfd):
    from generator.__main__ import main

    path = tmp_path / "a\x1b[31m\n\udcff\u202e.csv"
    path.write_bytes(b"nonsense")
    assert main(["study", "--datasets", "kaggle", "--kaggle-csv", str(path), "--records", str(tmp_path)]) == 2
    out, said = capfd.readouterr()
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert (out + said).replace("\n", "").isprintable()


def test_a_very_long_path_is_refused_with_its_beginning(tmp_path):
    message = refused(tmp_path / "/".join(["x" * 200] * 30))
    assert message.startswith(str(tmp_path))
    assert len(message) < 500
    assert "cannot be read" in refused(tmp_path / ("x" * 300))


def test_links_lead_to_the_file_and_those_that_lead_nowhere_are_refused(tmp_path):
    real, link, loop, lost = (tmp_path / name for name in ("real.csv", "link.csv", "loop.csv", "lost.csv"))
    real.write_bytes(PLAIN)
    link.symlink_to(real)
    loop.symlink_to(loop)
    lost.symlink_to(tmp_path / "nowhere")
    assert len(KAGGLE.load(KAGGLE.study, given_file(link)).y) == 30
    assert "cannot be read" in refused(loop)
    assert "there is no such file" in refused(lost)


@pytest.mark.parametrize("target", ["nowhere", "bank_transactions_data_2.csv"])
def test_a_link_in_the_raw_folder_that_leads_nowhere_is_never_replaced_by_a_stand_in(tmp_path, target):
    kept = tmp_path / kaggle_source.FILE
    kept.symlink_to(tmp_path / target)
    with pytest.raises(DataError):
        kaggle_source.obtain(SourceOptions(offline=True, raw_dir=tmp_path))
    assert kept.is_symlink()


def test_pipes_and_devices_are_refused_at_once(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), Path("/dev/null")):
        assert "this is a pipe or a device" in refused(path)


def test_an_unreadable_an_empty_and_a_folder_are_refused(tmp_path):
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    assert "the file is empty" in refused(empty)
    assert "this is a folder" in refused(tmp_path)
    if os.geteuid():  # nothing is unreadable to root
        empty.chmod(0)
        assert "cannot be read (Permission denied)" in refused(empty)


def test_a_file_of_any_size_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "large.csv"
    with open(path, "wb") as file:
        file.truncate(opening.LARGEST + 1)  # takes no place on the disk
    assert "bytes, more than 2,147,483,648" in refused(path)


@given(st.text())
def test_text_for_a_terminal_is_bounded_and_shows_itself(text):
    said = visible(text, 20)
    assert said.isprintable()
    assert len(said) <= 21 * len(r"\U00000000")


# ---------------------------------------------------------------- downloads


@pytest.fixture
def downloading(tmp_path, monkeypatch):
    """What comes of a download by a kagglehub with the body given."""
    folder = tmp_path / "modules"
    folder.mkdir()
    monkeypatch.setenv("PYTHONPATH", str(folder))
    start = (
        "import os, pathlib\ndef dataset_download(handle, path):\n"
        "    here = pathlib.Path(os.environ['KAGGLEHUB_CACHE'])\n"
    )

    def run(*body: str) -> str:
        (folder / "kagglehub.py").write_text(start + "".join(f"    {line}\n" for line in body))
        _, source = kaggle_source.obtain(SourceOptions(raw_dir=tmp_path / "raw"))
        assert not (tmp_path / "raw").exists()
        return source.status

    return run


def test_an_archive_that_unpacks_to_any_size_is_stopped_at_the_bound(downloading, monkeypatch, caplog):
    monkeypatch.setattr(kaggle_source, "LARGEST_DOWNLOAD", 1_000_000)
    caplog.set_level("INFO")
    body = (
        "import zipfile, shutil",
        "with zipfile.ZipFile(here / 'bomb.zip', 'w', zipfile.ZIP_DEFLATED) as packed:",
        "    with packed.open(path, 'w') as member:",
        "        for _ in range(64): member.write(bytes(1 << 20))",
        "assert (here / 'bomb.zip').stat().st_size < 100_000",
        "with zipfile.ZipFile(here / 'bomb.zip') as packed: packed.extractall(here)",
        "return str(here / path)",
    )
    assert downloading(*body) == "stand_in"
    assert "File too large" in caplog.text


def test_a_download_that_points_elsewhere_is_not_taken(downloading, tmp_path, caplog):
    secret = tmp_path / "secret.csv"
    secret.write_bytes(PLAIN)
    assert downloading(f"return {str(secret)!r}") == "stand_in"
    assert downloading(f"(here / path).symlink_to({str(secret)!r})", "return str(here / path)") == "stand_in"
    assert "lies outside" in caplog.text


def test_what_a_download_says_of_its_failure_is_plain_and_short(downloading, caplog):
    caplog.set_level("INFO")
    assert downloading("raise OSError('\\x1b[2J' + '\\u202e' + 'x' * 9999)") == "stand_in"
    assert downloading("import sys; sys.stdout.buffer.write(bytes([255, 254, 10])); return 'x'") == "stand_in"
    for record in caplog.records:
        assert record.getMessage().isprintable()
        assert len(record.getMessage()) < 500


def test_every_payload_of_the_list_is_a_name_and_carries_no_sign_that_hides():
    assert all(map(is_name, SHOWN))
    assert len(set(SHOWN)) == len(SHOWN) <= 60
    assert sum(MARK in text for text in SHOWN) > 10

"""Tables that people take along: no country reads another number, no text is run, and the two forms hold the same."""

import csv
import io
import re
import zipfile
from datetime import date
from itertools import zip_longest

from hostile_tables import SHOWN
from hypothesis import given
from hypothesis import strategies as st
from report_fixture import tiny_result
from workbook_fixture import sheets

from generator.figures import CHARTS, FOLLOWING, Told, by_budget
from generator.figures.chart import Chart
from generator.figures.workbook import DAY, workbook_bytes
from generator.records.spreadsheet import armed, disarmed, number_text

THOUSANDS = re.compile(r"[-+−]?\d+[.,]\d{3}(e.*)?")
"""What a spreadsheet may read as another number: LibreOffice takes all of them where a point parts thousands."""


@given(st.floats() | st.decimals(-9999, 9999, places=3).map(float))
def test_a_number_keeps_its_value_and_is_nobodys_thousands(value):
    text = number_text(repr(value))
    assert repr(float(text)) == repr(value)
    assert not THOUSANDS.fullmatch(text)


def test_every_table_of_the_site_is_a_csv_that_no_country_misreads_and_a_workbook_that_holds_the_same(
    tiny_docs,
):
    amiss, files = [], sorted((tiny_docs / "data").glob("*.csv"))
    assert len(files) > 50
    for path in files:
        rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))
        amiss += [f"{path.name}: {cell}" for row in rows for cell in row if THOUSANDS.fullmatch(cell)]
        book = sheets(path.with_suffix(".xlsx").read_bytes())
        name, table = next(iter(book.items()))
        if not path.stem.startswith(name) or list(book)[-1] != "About":
            amiss.append(f"{path.stem}.xlsx: {list(book)}")
        for line, both in enumerate(zip_longest(rows, table, fillvalue=[]), start=1):
            for text, cell in zip_longest(*both):
                if not alike(text, cell):
                    amiss.append(f"{path.stem}, line {line}: {text!r} in the CSV, {cell!r} in the workbook")
    assert amiss == []


def alike(text: str, cell: str | float | date | None) -> bool:
    """Whether the cell is what the text of a CSV says, as what it is: a number, a day, a text."""
    if isinstance(cell, float):
        return float(text) == cell
    if isinstance(cell, date):
        return text == cell.isoformat()
    return armed(text) == (cell or "") and not DAY.fullmatch(text)


def test_a_text_in_a_workbook_is_no_formula_no_link_and_no_number_even_when_its_cell_is_edited():
    names = (*SHOWN, "2016-02-30", "1.234", "'quoted", '=HYPERLINK("https://evil.example")', "x" * 40_000)
    chart = chart_of(("Name", "Rows"), [(name, -1.5) for name in names])
    content = workbook_bytes(chart, Told({"Data": "=1+1"}))
    table = sheets(content)[chart.slug]
    assert table[1:] == [[name[:32_767], -1.5] for name in names]
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheet, styles = book.read("xl/worksheets/sheet1.xml").decode(), book.read("xl/styles.xml").decode()
        assert not [
            part for part in book.namelist() if "sheet1.xml.rels" in part or "external" in part.lower()
        ]
    (inert,) = (
        i for i, look in enumerate(re.findall(r"<xf [^>]*xfId[^>]*>", styles)) if 'quotePrefix="1"' in look
    )
    kept = {int(line) - 2 for line in re.findall(rf'<c r="A(\d+)" s="{inert}" t="s">', sheet)}
    assert kept == {i for i, name in enumerate(names) if disarmed(name) != name}


def test_days_are_days_from_the_first_that_excel_has():
    chart = chart_of(("Day", "Old"), [("2016-02-29", "1899-12-31"), ("1900-03-01", "2016-01-01")])
    assert sheets(workbook_bytes(chart, Told()))[chart.slug][1:] == [
        [date(2016, 2, 29), "1899-12-31"],
        [date(1900, 3, 1), "2016-01-01"],
    ]


def test_a_workbook_says_whose_numbers_it_holds_and_has_those_of_every_budget(tiny_docs):
    book = sheets((tiny_docs / "data" / "checks-confusion.xlsx").read_bytes())
    about, result = dict(book["About"]), tiny_result("checks")
    assert "T0" in about["Attacker"]
    assert about["Attacker"].endswith("quoted at 0.35\u202fσ")
    assert about["Study key"] == result.provenance.study_key
    assert about["Not for decisions"]
    head, *rows = book["Every budget"]
    assert head[1:] == book["checks-confusion"][0]
    assert [row[1:] for row in rows if row[0] == 0.35] == book["checks-confusion"][1:]
    attacked = {(row[0], *row[3:5]): row[5] for row in rows if row[1] == "PGD"}
    counts = result.model("standard").final.at("pgd", 0.5).confusion
    assert attacked[0.5, "Fraud", "Fraud"] == counts.true_positives


def test_the_table_of_a_chart_has_every_tier_so_that_one_a_budget_is_enough():
    result = tiny_result("checks")
    for name in (name for name, by in FOLLOWING.items() if by == "tier"):
        charts = [CHARTS[name](result, tier=tier) for tier in ("T0", "T1", "T2", "T3")]
        assert by_budget(dict(enumerate(charts))) == {}


def chart_of(headers: tuple[str, ...], rows: list[tuple]) -> Chart:
    return Chart("checks-x", "A title.", "A caption.", "A summary.", {}, headers, tuple(rows))

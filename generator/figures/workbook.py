"""The table behind a chart as an Excel workbook, which is read alike in every country and says whose numbers it holds.

The text of a number in a CSV is read as each country writes numbers. Here a number is a number, a day is a day, and a
text is never a formula.
"""

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from generator.figures.chart import Cell, Chart
from generator.notation.marks import plain
from generator.records.spreadsheet import disarmed

CREATED = datetime(1980, 1, 1)
"""What would else be the time of the run: equal charts, equal bytes."""
SHEET_NAME = 31
"""Characters of the name of a sheet that Excel takes."""
LONGEST_TEXT = 32_767
"""Characters of a cell that Excel takes; the CSV has all of them."""
WIDEST = 48
"""Of a column, in characters."""
DAY = re.compile(r"(?:19|[2-9]\d)\d\d-\d\d-\d\d")
"""As ISO writes it, from 1900 on, when the days of Excel begin."""
BUDGET = "Budget ε (σ)"
"""Head of the column that tells the budgets of the second sheet apart."""


@dataclass(frozen=True)
class Told:
    """What a workbook says of its chart beside the table."""

    known: Mapping[str, str] = field(default_factory=dict)
    """Whose numbers they are, and of which study, by what is said."""
    budgets: Mapping[float, Sequence[Sequence[Cell]]] = field(default_factory=dict)
    """The rows for every budget a reader may pick, where they differ."""


NOTHING = Told()


def by_budget(charts: Mapping[float, Chart]) -> dict[float, Sequence[Sequence[Cell]]]:
    """The tables of a chart drawn for each budget; nothing where all are the same, as along an axis of budgets."""
    tables = {budget: chart.rows for budget, chart in charts.items()}
    return tables if len(set(tables.values())) > 1 else {}


def workbook_bytes(chart: Chart, told: Told) -> bytes:
    """An .xlsx file: the table as in the CSV, the same for every budget, and what it is about, a sheet each."""
    out = io.BytesIO()
    with Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"title": plain(chart.title), "created": CREATED})
        looks = Looks(book.add_format({"bold": True}), book.add_format({"quote_prefix": True}))
        _table(book.add_worksheet(chart.slug[:SHEET_NAME].rstrip("-")), chart.headers, chart.rows, looks)
        if told.budgets:
            rows = [(budget, *row) for budget, table in told.budgets.items() for row in table]
            _table(book.add_worksheet("Every budget"), (BUDGET, *chart.headers), rows, looks)
        _about(book.add_worksheet("About"), chart, told, looks)
    return out.getvalue()


@dataclass(frozen=True)
class Looks:
    head: Format
    inert: Format
    """Of a text that would be a formula if somebody typed it: it stays a text when its cell is edited."""


def _table(sheet: Worksheet, headers: Sequence[str], rows: Sequence[Sequence[Cell]], looks: Looks):
    """A head that stays in sight, and below it a row a line."""
    for column, head in enumerate(headers):
        cells = [row[column] for row in rows]
        days = list(map(_day, cells))
        sheet.write_string(0, column, head, looks.head)
        for line, (cell, day) in enumerate(zip(cells, days, strict=True), start=1):
            if day and all(days):
                sheet.write_datetime(line, column, day)
            else:
                _write(sheet, line, column, cell, looks)
        sheet.set_column(column, column, min(WIDEST, 2 + max(len(str(cell)) for cell in (head, *cells))))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, len(rows), len(headers) - 1)


def _about(sheet: Worksheet, chart: Chart, told: Told, looks: Looks):
    said = {"Chart": chart.title, "What it shows": chart.caption, "In short": chart.summary, **told.known}
    for line, (name, text) in enumerate(said.items()):
        sheet.write_string(line, 0, name, looks.head)
        _write(sheet, line, 1, plain(text), looks)
    sheet.set_column(0, 0, max(map(len, said)) + 2)


def _write(sheet: Worksheet, line: int, column: int, cell: Cell, looks: Looks):
    if not isinstance(cell, str):
        sheet.write_number(line, column, cell)
    elif cell:
        shown = cell[:LONGEST_TEXT]
        sheet.write_string(line, column, shown, looks.inert if disarmed(shown) != shown else None)


def _day(cell: Cell) -> datetime | None:
    """The day that a text names."""
    try:
        return datetime.fromisoformat(cell) if isinstance(cell, str) and DAY.fullmatch(cell) else None
    except ValueError:  # the 30th of February
        return None

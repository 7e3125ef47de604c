"""A workbook as a stranger reads it: the standard library alone, by the standard of the format (ECMA-376)."""

import io
import zipfile
from datetime import date, timedelta
from xml.etree import ElementTree as ET

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FIRST_DAY = date(1899, 12, 30)
"""Day 0, as Excel counts from March 1900 on."""

Value = str | float | date | None


def sheets(content: bytes) -> dict[str, list[list[Value]]]:
    """Name -> rows of cells; numbers are floats, days are dates, what is empty is None."""
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        shared = [
            "".join(part.text or "" for part in each.iter(f"{MAIN}t"))
            for each in ET.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        dated = _dated(ET.fromstring(book.read("xl/styles.xml")))
        names = [
            each.get("name") for each in ET.fromstring(book.read("xl/workbook.xml")).iter(f"{MAIN}sheet")
        ]
        return {
            name: _rows(ET.fromstring(book.read(f"xl/worksheets/sheet{i}.xml")), shared, dated)
            for i, name in enumerate(names, start=1)
        }


def _dated(styles: ET.Element) -> list[bool]:
    """By number of a look, whether it shows a number as a day."""
    formats = {each.get("numFmtId"): each.get("formatCode") for each in styles.iter(f"{MAIN}numFmt")}
    return ["yyyy" in formats.get(each.get("numFmtId"), "") for each in styles.find(f"{MAIN}cellXfs")]


def _rows(sheet: ET.Element, shared: list[str], dated: list[bool]) -> list[list[Value]]:
    rows = []
    for row in sheet.iter(f"{MAIN}row"):
        rows += [[] for _ in range(int(row.get("r")) - 1 - len(rows))]
        cells: dict[int, Value] = {}
        for cell in row:
            column = 0
            for letter in filter(str.isalpha, cell.get("r")):
                column = column * 26 + ord(letter) - 64
            cells[column] = _value(cell, shared, dated)
        rows.append([cells.get(i) for i in range(1, max(cells, default=0) + 1)])
    return rows


def _value(cell: ET.Element, shared: list[str], dated: list[bool]) -> Value:
    assert cell.find(f"{MAIN}f") is None, "a formula"
    held = cell.find(f"{MAIN}v")
    if held is None:
        return None
    if cell.get("t") == "s":
        return shared[int(held.text)]
    number = float(held.text)
    return FIRST_DAY + timedelta(number) if dated[int(cell.get("s", "0"))] else number

"""The CSVs that pages make themselves are as right as those of the site: no hostile name runs, no number is misread."""

import csv
import io
from pathlib import Path

from browser import Browser, downloaded, waited
from selenium.webdriver.common.by import By
from test_hostile_names import FIGURE
from test_workbook import THOUSANDS
from workbook_fixture import sheets


def rows_of(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


def told(cell: str | float) -> str | float:
    """A number, however it is written."""
    try:
        return float(cell)
    except ValueError:
        return cell


def taken(browser: Browser, figure: str, folder: Path) -> list[list[str]]:
    """The CSV that a click on its link in a figure gives."""
    link = f"document.querySelector(\"{figure} .chart-tools a[href$='.csv']\")"
    waited(browser, f"{link}?.closest('[role=toolbar]')")
    browser.run(f"{link}.scrollIntoView({{ block: 'center' }})")
    browser.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    browser.driver.find_element(By.CSS_SELECTOR, f"{figure} .chart-tools a").click()
    (made,) = downloaded(browser, folder, "")
    assert made.suffix == ".csv"
    return rows_of(made)


def test_the_single_file_makes_the_csv_of_the_site(browser, hostile, tmp_path):
    browser.open(f"{(hostile / 'single.html').as_uri()}?data.html&level=engineer&of=kaggle")
    rows = taken(browser, FIGURE, tmp_path)
    wanted = rows_of(hostile / "site" / "data" / f"{FIGURE.partition('#')[2]}.csv")
    assert [list(map(told, row)) for row in rows] == [list(map(told, row)) for row in wanted]
    assert [cell for row in rows for cell in row if THOUSANDS.fullmatch(cell)] == []
    assert any(cell.startswith("'=") for row in rows for cell in row)


def test_the_csv_of_another_attacker_is_on_the_second_sheet_of_the_workbook(browser, base, project, tmp_path):
    browser.open(f"{base}attacks/#at=0.5")
    browser.unfold()
    figure = "#checks-confusion"
    browser.run(f"document.querySelector('{figure}').scrollIntoView()")
    waited(browser, f"document.querySelector('{figure} .chart-summary').textContent.includes('0.5')")
    rows = taken(browser, figure, tmp_path)
    assert [cell for row in rows for cell in row if THOUSANDS.fullmatch(cell)] == []
    book = sheets((project / "site" / "data" / "checks-confusion.xlsx").read_bytes())
    assert rows[0] == book["Every budget"][0][1:]
    assert [list(map(told, row)) for row in rows[1:]] == [
        row[1:] for row in book["Every budget"] if row[0] == 0.5
    ]

"""The copies that open from disk are complete, ask for nothing, and come out the same twice."""

import re
import zipfile
from pathlib import Path

import pytest
from report_fixture import tiny_project

from generator.report.charts import story
from generator.report.export import ARCHIVE, EPOCH, export_offline
from generator.report.site import BuildError

LIMIT = 2_500_000
"""Bytes of a single-file copy: small enough for a mail."""
LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=|<link[^>]*\shref=\"(?!data:)|@import|url\((?!data:|#)"
)


class Copies:
    def __init__(self, folder: Path):
        self.results = tiny_project(folder)
        self.docs, self.out, self.config = folder / "docs", folder / "build", folder / "mkdocs.offline.yml"
        (self.docs / "data" / "rows").mkdir()
        (self.docs / "data" / "rows" / "checks.csv.gz").write_bytes(b"too large for a copy")
        self.written = self.write(self.out)

    def write(self, out: Path) -> list[Path]:
        return export_offline(self.results, self.docs, out, self.config)


@pytest.fixture(scope="module")
def copies(tmp_path_factory) -> Copies:
    return Copies(tmp_path_factory.mktemp("project"))


def test_a_zip_and_one_page_a_dataset_are_written_and_nothing_else(copies):
    assert [path.name for path in copies.written] == [ARCHIVE, "checks.html", "kaggle.html"]
    assert sorted(path.name for path in copies.out.iterdir()) == sorted(p.name for p in copies.written)


def test_two_exports_are_equal_to_the_byte(copies, tmp_path):
    for one, two in zip(copies.written, copies.write(tmp_path), strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_the_zip_holds_every_page_under_its_own_name_at_a_fixed_time(copies):
    with zipfile.ZipFile(copies.written[0]) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert {entry.date_time for entry in entries} == {EPOCH}
    pages = {f"model-security-study/{page.stem}.html" for page in copies.docs.glob("*.md")}
    assert pages <= set(names)
    assert not [name for name in names if "sitemap" in name or name.endswith((".map", "README.md"))]


def test_the_zip_holds_the_records_but_not_the_rows_behind_them(copies):
    with zipfile.ZipFile(copies.written[0]) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    assert "data/checks.json" in names
    assert not [name for name in names if name.startswith("data/rows")]


def test_a_single_page_asks_for_nothing_and_is_small(copies):
    for path in copies.written[1:]:
        text = path.read_text(encoding="utf-8")
        markup = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
        styles = "".join(re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL))
        assert not LOADED.search(markup)
        assert not LOADED.search(styles)
        assert path.stat().st_size <= LIMIT


def test_a_single_page_holds_every_chart_under_its_heading(copies):
    for result, path in zip(copies.results, copies.written[1:], strict=True):
        text = path.read_text(encoding="utf-8")
        for heading, part in story(result).items():
            assert f"<h2>{heading}</h2>" in text
            for chart in part:
                assert text.count(f'<figure class="chart" id="{chart.slug}"') == 1
                assert text.count(f'studyChart("{chart.slug}",') == 1


def test_a_single_page_says_when_it_is_not_for_decisions(copies):
    checks, kaggle = (path.read_text(encoding="utf-8") for path in copies.written[1:])
    assert "QUICK RUN, NOT FOR DECISIONS." in checks
    assert "STAND-IN DATA." not in checks
    assert "STAND-IN DATA." in kaggle


def test_a_page_that_mkdocs_refuses_leaves_the_last_good_zip(copies):
    before = copies.written[0].read_bytes()
    broken = copies.docs / "data.md"
    good = broken.read_text(encoding="utf-8")
    broken.write_text(good + "\n[nowhere](nowhere.md)\n", encoding="utf-8")
    try:
        with pytest.raises(BuildError, match=r"nowhere\.md"):
            copies.write(copies.out)
    finally:
        broken.write_text(good, encoding="utf-8")
    assert copies.written[0].read_bytes() == before
    assert len(list(copies.out.iterdir())) == len(copies.written)

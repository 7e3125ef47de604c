"""The copies that open from disk are complete, ask for nothing, and come out the same twice."""

import gzip
import json
import re
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest
from report_fixture import misplaced

from generator.publish.export import ARCHIVE, EPOCH, SINGLE, export_offline
from generator.publish.packing import ESCAPE, FORBIDDEN, SHIFT, pack, seven_bits
from generator.publish.site import BuildError, build_site

LIMITS = tomllib.loads((Path(__file__).parent / "browser" / "budgets.toml").read_text())["copies"]
LOADED = re.compile(
    r"<(?:script|img|iframe|source)[^>]*\ssrc=|<link[^>]*rel=\"stylesheet|@import|url\(['\"]?(?!data:|#|['\"])"
)
PACK = re.compile(r'<script type="application/gzip" id="pack">(.*?)</script>', re.DOTALL)


class Copies:
    """A project in `folder` with the copies that were made of it elsewhere."""

    def __init__(self, folder: Path):
        self.docs, self.out, self.config = folder / "docs", folder / "build", folder / "mkdocs.offline.yml"
        self.written = self.archive, self.single = self.out / ARCHIVE, self.out / SINGLE

    def write(self, out: Path, **which) -> list[Path]:
        return export_offline(self.docs, out, self.config, **which)


@pytest.fixture(scope="module")
def copies(project, tmp_path_factory) -> Copies:
    folder = tmp_path_factory.mktemp("copies") / "project"
    shutil.copytree(project, folder, ignore=shutil.ignore_patterns("site", "unpacked"))
    return Copies(folder)


@pytest.fixture(scope="module")
def files(copies) -> dict[str, str]:
    """What the single file holds."""
    (signs,) = PACK.findall(read(copies.single))
    return unpacked(signs)


def read(path: Path) -> str:
    """The text as a browser takes it: line ends are not translated."""
    return path.read_bytes().decode()


def unpacked(signs: str) -> dict[str, str]:
    """The inverse of `pack`, bit by bit."""
    values = iter(signs.encode("ascii"))
    bits = "".join(f"{next(values) ^ SHIFT if v == ESCAPE else v:07b}" for v in values)
    whole = len(bits) // 8 * 8
    data = int(bits[:whole], 2).to_bytes(whole // 8, "big")
    held = json.loads(gzip.decompress(data))
    return {
        name: "\n".join(
            line
            for first, count in zip(runs[::2], runs[1::2], strict=True)
            for line in held["lines"][first : first + count]
        )
        for name, runs in held["files"].items()
    }


def test_a_zip_and_one_page_are_written_and_nothing_else_and_again_to_the_byte(copies, tmp_path):
    again = copies.write(tmp_path)
    assert again == [tmp_path / ARCHIVE, tmp_path / SINGLE]
    for folder in (copies.out, tmp_path):
        assert sorted(path.name for path in folder.iterdir()) == sorted([ARCHIVE, SINGLE])
    for one, two in zip(copies.written, again, strict=True):
        assert one.read_bytes() == two.read_bytes()


def test_the_single_file_can_be_had_alone(copies, tmp_path):
    (path,) = copies.write(tmp_path, only_single=True)
    assert path.read_bytes() == copies.single.read_bytes()


def test_the_zip_holds_every_page_under_its_own_name_at_a_fixed_time(copies):
    with zipfile.ZipFile(copies.archive) as archive:
        entries = archive.infolist()
    names = [entry.filename for entry in entries]
    assert names == sorted(names)
    assert {entry.date_time for entry in entries} == {EPOCH}
    pages = {f"model-security-study/{page.stem}.html" for page in copies.docs.glob("*.md")}
    assert pages <= set(names)
    assert not [
        name for name in names if "sitemap" in name or name.endswith((".map", "README.md", "single.js"))
    ]


def test_the_zip_holds_the_records_but_not_the_rows_behind_them(copies):
    with zipfile.ZipFile(copies.archive) as archive:
        names = [name.partition("/")[2] for name in archive.namelist()]
    assert "data/checks.json" in names
    assert not [name for name in names if name.startswith("data/rows")]


def test_no_page_of_the_zip_names_another_host_for_anything_but_a_link(copies):
    with zipfile.ZipFile(copies.archive) as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist() if name.endswith(".html")}
    loaded = re.compile(r"<(?:script|img|link|iframe)[^>]*(?:src|href)=.(?:https?:)?//")
    assert not [name for name, text in pages.items() if loaded.search(text)]


def test_copies_are_within_their_budget(copies):
    assert copies.archive.stat().st_size <= LIMITS["zip_bytes"]
    assert copies.single.stat().st_size <= LIMITS["single_file_bytes"]


def test_the_single_file_asks_for_nothing(copies):
    text = PACK.sub("", read(copies.single))
    markup = re.sub(r"<(script)>.*?</\1>", "", text, flags=re.DOTALL)
    assert not LOADED.search(markup)


def test_the_single_file_shows_the_summary_without_scripts(copies):
    text = PACK.sub("", read(copies.single))
    assert "Can a fraud model be fooled" in text
    assert "<figure" in text


def test_the_single_file_holds_every_page_and_script_of_the_zip_but_the_claims(copies, files):
    with zipfile.ZipFile(copies.archive) as archive:
        held = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    wanted = {name for name in held if name.endswith((".html", ".js", ".css"))}
    claims = {name for name in wanted if name.startswith(("data/claims-", "assets/claims.js"))}
    assert claims
    (sheet,) = (
        name for name in wanted if name.endswith(".css") and f'data-sheet="{name}"' in read(copies.single)
    )
    wanted -= claims | {sheet}  # which stands in the page that unpacks the others
    assert set(files) == wanted
    same = [
        n for n in wanted if n.endswith((".js", ".css")) and not n.startswith("data/at-")
    ]  # which name claims
    assert all(files[name].encode() == held[name] for name in same)


def test_the_policy_of_the_single_file_allows_its_own_scripts_alone(copies):
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', read(copies.single))
    (scripts,) = [part for part in policy.split("; ") if part.startswith("script-src")]
    assert all(source.startswith("'sha256-") for source in scripts.split()[1:])
    assert policy.startswith("default-src 'none'")


def test_a_pack_comes_out_as_it_went_in_and_no_sign_of_it_is_changed_by_a_page():
    held = {"a": "one\ntwo\n\nσ <script>\n", "b": "two\none\ntwo\n\n", "c": ""}
    signs = pack(held)
    assert unpacked(signs) == held
    assert not {chr(each) for each in FORBIDDEN[:3]} & set(signs)
    assert pack(held) == signs


def test_seven_bits_are_worked_by_hand():
    # 11111111 00000001 -> 1111111 1000000 01|00000
    assert [ord(sign) for sign in seven_bits(b"\xff\x01")] == [127, 64, 32]
    # 0000000|0 -> NUL twice, each announced
    assert seven_bits(b"\x00") == "~@~@"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_of_the_site_are_equal_and_a_refused_one_leaves_the_last(copies, tmp_path, monkeypatch):
    config, one, two = copies.config.with_name("mkdocs.yml"), tmp_path / "one", tmp_path / "two"
    monkeypatch.setenv("SITE_URL", "https://acme.github.io/study")
    build_site(config, one)
    assert misplaced(one, "https://acme.github.io/study/") == []
    build_site(config, two)
    assert contents(one) == contents(two)
    broken = copies.docs / "data.md"
    good = broken.read_text(encoding="utf-8")
    broken.write_text(f'{good}\n<img src="gone.png">\n', encoding="utf-8")
    try:
        with pytest.raises(BuildError, match=r"data/index\.html, line \d+: '\S*gone\.png': no such file"):
            build_site(config, two)
    finally:
        broken.write_text(good, encoding="utf-8")
    assert contents(one) == contents(two)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_a_page_that_is_refused_leaves_the_last_good_copies(copies):
    before = copies.archive.read_bytes()
    broken = copies.docs / "data.md"
    good = broken.read_text(encoding="utf-8")
    for fault, said in (("[nowhere](nowhere.md)", r"nowhere\.md"), ('<img src="gone.png">', r"gone\.png")):
        broken.write_text(f"{good}\n{fault}\n", encoding="utf-8")
        try:
            with pytest.raises(BuildError, match=said):
                copies.write(copies.out)
        finally:
            broken.write_text(good, encoding="utf-8")
    assert copies.archive.read_bytes() == before
    assert len(list(copies.out.iterdir())) == len(copies.written)

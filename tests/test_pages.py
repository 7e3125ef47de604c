"""Templates and records become pages: complete, honest about their data, and the same bytes every time."""

import os
import re
import shutil
import subprocess
import sys
from operator import attrgetter
from pathlib import Path

import pytest
from offenders import all_hold
from report_fixture import misplaced, templates_of, tiny_result, without_original

from generator.engine.made import LIST
from generator.figures import CHARTS
from generator.notation.tracing import traced
from generator.pages.rendering import PageError, prepare, render_page, render_pages
from generator.pages.typed_digits import typed_digits
from generator.publish.metadata import CITATION, GUIDE, SCHEMA, write_metadata
from generator.publish.sbom import SBOM

ROOT = Path(__file__).parents[1]
TEMPLATES = ROOT / "templates"
PAGES = sorted(p.name.removesuffix(".j2") for p in TEMPLATES.glob("[!_.]*.j2"))
CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
STRING = re.compile(r'"[^"]*"')


def results(*, quick: bool = True, stand_in: bool = True) -> list:
    made = []
    for name in ("checks", "kaggle"):
        result = tiny_result(name)
        source = result.data.source
        if name == "kaggle" and not stand_in:
            source = source.model_copy(update={"status": "kaggle_verified"})
        made.append(
            result.model_copy(
                update={
                    "spec": result.spec.model_copy(update={"quick": quick}),
                    "data": result.data.model_copy(update={"source": source}),
                }
            )
        )
    return made


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture(scope="module")
def docs(tmp_path_factory) -> Path:
    """The pages of both tiny results."""
    folder = tmp_path_factory.mktemp("rendered") / "docs"
    render_pages(results(), TEMPLATES, folder)
    return folder


@pytest.fixture
def template(tmp_path):
    """A function that renders one page with the given text, on the real macros."""

    def render(text: str) -> str:
        folder = tmp_path / "templates"
        folder.mkdir(exist_ok=True)
        shutil.copy(TEMPLATES / "_macros.md.j2", folder)
        (folder / "page.md.j2").write_text(text, encoding="utf-8")
        render_pages(results()[:1], folder, tmp_path / "docs")
        return (tmp_path / "docs" / "page.md").read_text(encoding="utf-8")

    return render


def test_every_template_becomes_a_page_and_every_record_a_download(docs):
    assert sorted(p.name for p in docs.glob("*.md")) == PAGES
    assert {p.name for p in (docs / "data").glob("*.json")} == {
        "checks.json", "kaggle.json", "ledger.json", "ledger-at.json", "report.json",
    }  # fmt: skip
    assert (docs / "data" / "checks.json").read_text() == results()[0].to_json()


def times(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_a_page_rendered_alone_is_the_same_page_and_changes_with_its_template_only(docs, tmp_path):
    shutil.copytree(docs, tmp_path / "docs")
    shutil.copytree(TEMPLATES, tmp_path / "templates", ignore_dangling_symlinks=True)
    whole, untouched = contents(docs), times(tmp_path / "docs")
    prepared = prepare(results())
    for name in ("index", "data", "hardening"):
        render_page(prepared, name, TEMPLATES, tmp_path / "docs")
    assert contents(tmp_path / "docs") == whole
    assert times(tmp_path / "docs") == untouched  # so that a preview builds nothing anew
    with (tmp_path / "templates" / "data.md.j2").open("a") as template:
        template.write("One more word.\n")
    render_page(prepared, "data", tmp_path / "templates", tmp_path / "docs")
    now = contents(tmp_path / "docs")
    assert [name for name in now if now[name] != whole[name]] == [LIST, "data.md"]
    assert now["data.md"].endswith(b"One more word.\n")


def test_a_page_rendered_again_keeps_its_charts_and_draws_a_new_one(docs, tmp_path, monkeypatch):
    shutil.copytree(docs, tmp_path / "docs")
    shutil.copytree(TEMPLATES, tmp_path / "templates", ignore_dangling_symlinks=True)
    drawn = []

    def noting(name, draw):
        return lambda result, **options: drawn.append(name) or draw(result, **options)

    for name, draw in CHARTS.items():
        monkeypatch.setitem(CHARTS, name, noting(name, draw))
    prepared = prepare(results())
    render_page(prepared, "hardening", TEMPLATES, tmp_path / "docs")
    assert "boundary" in drawn
    drawn.clear()
    with (tmp_path / "templates" / "hardening.md.j2").open("a") as template:
        template.write('{{ chart("confusion", results[0], model="pgd_ramp") }}\n')
    (tmp_path / "docs" / "data" / "checks-confusion-pgd-ramp.js").unlink(missing_ok=True)
    render_page(prepared, "hardening", tmp_path / "templates", tmp_path / "docs")
    assert set(drawn) == {"confusion"}  # for every budget
    assert (tmp_path / "docs" / "data" / "checks-confusion-pgd-ramp.js").exists()
    assert (tmp_path / "docs" / "data" / "checks-confusion-pgd-ramp-at.js").exists()


def test_every_chart_on_a_page_has_its_script_and_its_table(docs):
    charts = {
        slug for page in docs.glob("*.md") for slug in re.findall(r'data-chart="([^"]+)"', page.read_text())
    }
    assert len(charts) > 30
    for slug in charts:
        assert (docs / "data" / f"{slug}.js").exists()
        assert (docs / "data" / f"{slug}.csv").exists()


def test_a_page_asks_a_question_and_says_which_data_answers_it(docs):
    def asks_and_says(name):
        text = (docs / name).read_text()
        assert re.search(r"^# .*\?$", text, re.M)
        assert "Bank checks (synthetic): Synthetic, made by this study" in text.replace("&#40;", "(")
        assert "STAND-IN: simulated, not the Kaggle file" in text
        assert "study key `555555555555`" in text

    all_hold(asks_and_says, PAGES)


def test_both_banners_are_on_every_page_of_a_quick_run_on_a_stand_in(docs):
    def has_both(name):
        head = (docs / name).read_text().partition("\n## ")[0]
        assert '<div class="banner standin"' in head
        assert '<div class="banner quick"' in head

    all_hold(has_both, PAGES)


def test_a_full_run_on_the_real_file_has_no_banner(tmp_path):
    render_pages(results(quick=False, stand_in=False)[1:], TEMPLATES, tmp_path / "docs")
    for name in PAGES:
        text = (tmp_path / "docs" / name).read_text()
        assert "banner" not in text
        assert "Kaggle file, verified" in text


def test_a_page_offers_reading_levels_where_a_heading_is_marked(tmp_path):
    headings = {
        "## Detail { #place .engineer }": True,
        '### Detail { .analyst data-of="checks" }': True,
        "## Detail { #engineer }": False,
        "## Detail of an .analyst": False,
    }
    for number, heading in enumerate(headings):
        (tmp_path / f"page{number}.md.j2").write_text(f"# Question?\n\nAnswer.\n\n{heading}\n")
    render_pages(results(), tmp_path, tmp_path / "docs")

    def offers_levels_where_it_should(number: int):
        text = (tmp_path / "docs" / f"page{number}.md").read_text()
        assert text.startswith("# Question?\n")
        assert ('<div class="levels"' in text) == [*headings.values()][number]

    all_hold(offers_levels_where_it_should, range(len(headings)), [*headings].__getitem__)


def test_one_banner_comes_without_the_other(tmp_path):
    render_pages(results(quick=False), templates_of(tmp_path, "index"), tmp_path / "docs")
    index = (tmp_path / "docs" / "index.md").read_text()
    assert "banner standin" in index
    assert "banner quick" not in index


def test_a_changed_record_changes_the_sentences_that_quote_it(docs, tmp_path):
    changed = results()
    label = changed[0].data.label.model_copy(update={"mean_fraud_amount": 4242.0})
    data = changed[0].data.model_copy(update={"label": label})
    changed[0] = changed[0].model_copy(update={"data": data})
    render_pages(changed, templates_of(tmp_path, "data"), tmp_path / "docs")
    assert "USD\u202f4,242" in (tmp_path / "docs" / "data.md").read_text()
    assert "4,242" not in (docs / "data.md").read_text()


def test_equal_records_give_equal_bytes(docs, tmp_path):
    render_pages(results(), TEMPLATES, tmp_path / "docs")
    assert contents(tmp_path / "docs") == contents(docs)


def test_what_an_earlier_run_left_is_gone_and_what_a_person_put_there_stays(tmp_path):
    docs, templates = tmp_path / "docs", templates_of(tmp_path, "data", "method")
    own = {"CNAME": "example.org", "mine.md": "# Mine", "assets/extra.css": "old", "pictures/a.svg": "<svg/>"}
    for name, text in own.items():
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(text)
    (templates / "._data.md.j2").write_bytes(b"\0\5\x16\7\xff")  # litter of a file manager, and of an editor
    (templates / ".#data.md.j2").symlink_to("me@machine.1234:1700000000")
    render_pages(results(), templates, docs)
    (templates / "method.md.j2").unlink()
    render_pages(results()[:1], templates, docs)
    assert not (docs / "method.md").exists()
    assert not (docs / "data" / "kaggle.json").exists()
    assert {name: (docs / name).read_text() for name in own} == own
    assert {p.name for p in tmp_path.iterdir()} == {"docs", "templates"}
    (docs / "data.md").write_text("mended by hand")
    known = contents(docs)
    with pytest.raises(PageError, match=r"docs: a run would write over .* so: data\.md; pages are made from"):
        render_pages(results()[:1], templates, docs)
    assert contents(docs) == known


def test_git_ignores_what_is_made_in_docs_and_nothing_that_a_person_puts_there(docs):
    named = {GUIDE, SCHEMA, CITATION, SBOM, ".lock"} | {
        f"{path.name}{'/' * path.is_dir()}" for path in docs.iterdir()
    }
    own = {"CNAME", "robots.txt", "pictures/a.svg", "assets/extra.css"}
    run = subprocess.run(
        ["git", "-c", "core.excludesFile=", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT, input="\n".join(f"docs/{name}" for name in named | own), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert {line.removeprefix("docs/") for line in run.stdout.splitlines()} == named


def test_a_misspelt_field_names_template_and_line_and_changes_nothing(template, tmp_path):
    template("before\n")
    known = contents(tmp_path / "docs")
    with pytest.raises(PageError, match=r"page\.md\.j2, line 3: .*no attribute 'headlin'"):
        template("# ?\n\n{{ findings[0].headlin.answer }}\n")
    assert contents(tmp_path / "docs") == known


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n{{ nobody }}", r"page\.md\.j2, line 2: 'nobody' is undefined"),
        ("{{ results[0].seed|percnt }}", r"page\.md\.j2, line 1: No filter named 'percnt'"),
        ('\n\n{{ chart("robust", results[0]) }}', r"page\.md\.j2, line 3: unknown chart 'robust'; known: "),
        ("{% for r in results %}", r"page\.md\.j2, line 1: "),
    ],
)
def test_a_template_that_asks_for_what_is_not_there_is_an_error(template, text, words):
    with pytest.raises(PageError, match=words):
        template(text)


def test_text_from_data_cannot_become_markup(tmp_path):
    hostile = "<img src=x onerror=alert()> | *x* [a](b)"
    changed = results()[:1]
    source = changed[0].data.source.model_copy(update={"origin": hostile, "licence": hostile})
    walk = changed[0].walkthrough.model_copy(update={"row_id": hostile})
    data = changed[0].data.model_copy(update={"title": hostile, "description": hostile, "source": source})
    changed[0] = changed[0].model_copy(update={"data": data, "walkthrough": walk})
    render_pages(changed, TEMPLATES, tmp_path / "docs")
    for name in PAGES:
        assert "<img" not in (tmp_path / "docs" / name).read_text()


def test_prose_types_no_digit():
    """Every number comes from a record; digits stand in code, HTML attributes, anchors and addresses only."""
    assert typed_digits(TEMPLATES) == []


def test_further_files_and_records_are_published_and_values_reach_templates(tmp_path):
    (tmp_path / "rows.csv.gz").write_bytes(b"\x1f\x8b")
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.md.j2").write_text(
        "# ?\n\n{{ earlier.budget_violations|count }} {{ seen }}\n"
    )
    earlier = results()[0]
    render_pages(
        results()[1:],
        tmp_path / "templates",
        tmp_path / "docs",
        files={"rows/checks.csv.gz": tmp_path / "rows.csv.gz"},
        documents={"previous-checks": earlier},
        extras=lambda shown: {
            "earlier": traced(earlier, "previous-checks"),
            "seen": ", ".join(result.data.name for result in shown),
        },
    )
    data = tmp_path / "docs" / "data"
    assert (data / "rows" / "checks.csv.gz").read_bytes() == b"\x1f\x8b"
    assert (data / "previous-checks.json").read_text() == earlier.to_json()
    assert re.search(r'<span data-claim="[^"]+">3</span> kaggle', (tmp_path / "docs" / "page.md").read_text())
    assert "previous-checks#/budget_violations" in (data / "ledger.json").read_text()


def test_templates_neither_calculate_nor_compare_numbers():
    def only_places(path):
        for code in CODE.findall(path.read_text(encoding="utf-8")):
            bare = STRING.sub('""', code).removeprefix("{%-").removesuffix("-%}").removesuffix("+%}")
            bare = bare.removeprefix("{{-")
            assert not re.search(
                r"[<>+*/]|!=|== *[^\" ]| - |\|\s*(sort|sum|max|min|round|int|float)\b", bare
            ), code

    all_hold(only_places, sorted(TEMPLATES.glob("[!.]*.j2")), attrgetter("name"))


def test_templates_name_no_dataset():
    for path in TEMPLATES.glob("[!.]*.j2"):
        code = " ".join(CODE.findall(path.read_text(encoding="utf-8")))
        assert not re.search(r"checks|kaggle", code, re.I), path.name


def test_navigation_and_templates_agree():
    nav = re.findall(r"^ +- .*: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.M)
    assert sorted(nav) == PAGES


def test_a_strict_build_of_the_pages_has_no_warning(docs, tmp_path):
    for name in ("mkdocs.yml", "overrides"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    shutil.copytree(docs, tmp_path / "docs")
    write_metadata(results(), tmp_path / "docs")
    shutil.copytree(ROOT / "docs" / "assets", tmp_path / "docs" / "assets", ignore_dangling_symlinks=True)
    build = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=tmp_path,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1", "SITE_URL": "https://acme.github.io/"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert build.returncode == 0, build.stderr
    assert "WARNING" not in build.stderr
    assert misplaced(tmp_path / "site", "https://acme.github.io/") == []
    page = (tmp_path / "site" / "index.html").read_text()
    assert "{{" not in page
    assert "{ #" not in page


def test_a_study_without_the_original_has_every_other_page_and_no_empty_heading(tmp_path):
    bare = without_original()
    assert (bare.roles.original, bare.roles.readings) == (None, ())
    assert bare.roles.recommended == "pgd_ramp"
    render_pages([bare], TEMPLATES, tmp_path / "docs")
    pages = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "docs").glob("*.md")}
    assert sorted(pages) == PAGES
    about = ("What did the original report", "Does the verdict depend on the reading", "charts/checks-trap")
    assert [name for name, text in pages.items() for words in about if words in text] == []
    assert [f"{name}: {heading}" for name, text in pages.items() for heading in empty_headings(text)] == []


def empty_headings(text: str) -> list[str]:
    """Headings of Markdown with nothing below them before the next of their level or a higher one."""
    lines = [line for line in text.splitlines() if line.strip() and not re.fullmatch(r"\s*</?\w[^>]*>", line)]
    found = []
    for line, following in zip(lines, [*lines[1:], "# "], strict=True):
        level, after = (re.match(r"(#+) ", each) for each in (line, following))
        if level and after and len(after[1]) <= len(level[1]):
            found.append(line)
    return found

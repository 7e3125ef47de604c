"""Pages and figures of an earlier run are taken only if they would be made the same: bytes as from a cold run."""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from study_fixture import store

from generator.engine.unchanged import fingerprint, sources_of
from generator.pages import charting
from generator.records.files import sums, sums_file

ROOT = Path(__file__).parents[1]
READ = (
    "generator",
    "templates",
    "overrides",
    "docs/assets",
    "mkdocs.yml",
    "requirements.txt",
    "CITATION.cff",
)

STYLE_END = "/* End of the style of drawings. */"


@dataclass(frozen=True)
class Project:
    """A copy of the project with the records of one tiny study."""

    folder: Path

    def make(self, command: str = "pages") -> str:
        """What the command says, with all that it tells when asked."""
        done = subprocess.run(
            [sys.executable, "-m", "generator", command, "-v"],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def edit(self, name: str, old: str, new: str):
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, name
        path.write_text(text.replace(old, new), encoding="utf-8")

    def made(self, part: str = "docs") -> dict[str, bytes]:
        folder = self.folder / part
        files = (
            path for path in folder.rglob("*") if path.is_file() and path.name not in (".made.from", ".lock")
        )
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}

    def cold(self, folder: Path) -> "Project":
        """The same as somebody has it who made nothing yet."""
        for name in (*READ, "data"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (self.folder / name).is_dir() else shutil.copy)(self.folder / name, target)
        shutil.rmtree(folder / "data" / "results" / "cache", ignore_errors=True)
        return Project(folder)


@pytest.fixture(scope="module")
def made_once(tiny_study, tmp_path_factory) -> tuple[Project, str]:
    """A project whose pages and site were made, and what was said of it; to be copied."""
    folder = tmp_path_factory.mktemp("kept") / "project"
    for name in READ:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)
    store(tiny_study, folder / "data" / "results")
    project = Project(folder)
    return project, project.make("site")


@pytest.fixture
def project(made_once, tmp_path) -> Project:
    return Project(Path(shutil.copytree(made_once[0].folder, tmp_path / "project")))


def anew(said: str) -> tuple[int, int]:
    """How many pages, and how many figures, were made."""
    (rendered,) = re.findall(r"^(\d+) pages rendered", said, re.M)
    return int(rendered), len(re.findall(r"checks/\w+: made anew", said))


def record(project: Project):
    """Another title in the record, with sums that fit."""
    results = project.folder / "data" / "results"
    project.edit("data/results/checks.json", "Bank checks", "Cheques")
    sums_file(results, "checks").write_text(sums(results, "checks"))


EDITS: dict[str, tuple[Callable[[Project], None], int | None, bool]] = {
    "the source of a figure": (
        lambda p: p.edit("generator/figures/frame.py", '"bargap": 0.25', '"bargap": 0.3'), None, True,
    ),
    "the style of drawings": (
        lambda p: p.edit("docs/assets/extra.css", STYLE_END, f".chart-view {{ color: red }}\n{STYLE_END}"), None, True,
    ),
    "a record": (record, None, True),
    "a macro": (lambda p: p.edit("templates/_macros.md.j2", "**Provenance.**", "**Origin.**"), None, False),
    "a sentence that every page begins with": (
        lambda p: p.edit("generator/findings/data.py", " rows, table hash ", " rows, hash "), None, False,
    ),
    "a sentence of a finding": (
        lambda p: p.edit("generator/findings/brief.py", '"Nobody evades"', '"Nobody at all evades"'), 4, False,
    ),
    "a template": (lambda p: p.edit("templates/data.md.j2", "\n## ", "\n\nOne more word.\n\n## "), 1, False),
}  # fmt: skip
"""What is edited --> how, how many pages are made again if not all, and whether all figures are.

What makes everything again comes first: whatever a later edit keeps stays until the comparison with a cold run.
"""


def test_whatever_is_edited_pages_and_site_are_those_of_a_cold_run_and_the_rest_is_kept(
    made_once, project, tmp_path
):
    pages, figures = anew(made_once[1])
    assert pages == len(list((project.folder / "templates").glob("[!_]*.j2")))
    assert figures > 20
    first = project.made("site")
    assert project.make("site").count("nothing changed") == 2
    assert project.made("site") == first
    wrong, before = {}, project.made()
    for what, (edit, count, draws) in EDITS.items():
        edit(project)
        found, after = anew(project.make()), project.made()
        if found != (count or pages, figures * draws) or after == before:
            wrong[what] = (found, after == before)
        before = after
    assert wrong == {}
    project.edit("mkdocs.yml", "site_name: ", "site_name: The ")
    assert project.make("site").count("nothing changed") == 1  # the pages
    project.edit("docs/assets/favicon.svg", "</svg>", "</svg><!-- one word more -->")
    project.make("site")
    cold = project.cold(tmp_path / "cold")
    cold.make("site")
    for part in ("docs", "site"):
        found = cold.made(part).items() ^ project.made(part).items()
        assert sorted({name for name, _ in found}) == [], part


def test_a_page_lost_from_docs_and_damaged_on_the_shelf_is_made_again(project):
    before = project.made()
    entry = next((project.folder / "data" / "results" / "cache").glob("pages-index-*"))
    entry.write_bytes(entry.read_bytes()[:-1])
    for name in ("index.md", "data/ledger.json"):
        (project.folder / "docs" / name).unlink()
    assert anew(project.make()) == (1, 0)
    assert project.made() == before


def test_what_compilers_keep_beside_the_sources_changes_nothing(tmp_path):
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "module.py").write_text("loops = 1\n")
    before = fingerprint([tmp_path])
    (tmp_path / "package" / "__pycache__").mkdir()
    for name in ("module.cpython-311.pyc", "module.run-1.py311.nbi", "module.run-1.py311.1.nbc"):
        (tmp_path / "package" / "__pycache__" / name).write_bytes(b"code")
    assert fingerprint([tmp_path]) == before
    (tmp_path / "package" / "module.py").write_text("loops = 2\n")
    assert fingerprint([tmp_path]) != before


def imported(module: str) -> set[str]:
    """The modules of this program that a module is made of, by the parser of Python."""
    found, waiting = set(), [module]
    while waiting:
        name = waiting.pop()
        path = ROOT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name in found or not path.is_file():
            continue
        found.add(name)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                waiting += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                waiting += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


def test_the_source_of_figures_is_all_that_they_import_and_no_more():
    names = {
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        for path in sources_of(charting.__name__)
    }
    assert names == imported(charting.__name__)
    assert {"generator.figures.svg.marks", "generator.figures.proofs", "generator.notation.formats"} <= names
    assert not names & {
        "generator.findings.verdict",
        "generator.findings.headline",
        "generator.pages.rendering",
    }

"""Nothing that somebody else made is ever removed: from the site, from docs/, by a clean-up, or by a kill."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generator.engine.made import LIST, in_the_way, move_in
from generator.publish.site import BuildError, build_site, check_output

ROOT = Path(__file__).parents[1]


@pytest.fixture
def project(tmp_path) -> Path:
    """The smallest project that MkDocs builds."""
    folder = tmp_path / "project"
    for name, text in (
        ("mkdocs.yml", "site_name: Small\ntheme: {name: null, custom_dir: theme}\nplugins: []\n"),
        ("theme/main.html", '<meta charset="utf-8"><title>{{ page.title }}</title>{{ page.content }}\n'),
        ("docs/index.md", "# Question?\n"),
        ("docs/more.md", "# More?\n"),
    ):
        write(folder / name, text)
    return folder


def write(path: Path, text: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def git(folder: Path, *arguments: str) -> str:
    named = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    run = subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return run.stdout.strip()


def build(project: Path, output: Path):
    build_site(project / "mkdocs.yml", output)


def refusal(project: Path, output: Path) -> str:
    before = contents(output)
    with pytest.raises(BuildError) as refused:
        build(project, output)
    assert contents(output) == before
    return str(refused.value)


# ---------------------------------------------------------------- the folder of the site


def test_a_checkout_of_published_pages_keeps_its_repository_and_every_hidden_file(project, tmp_path):
    pages = tmp_path / "pages"
    build(project, pages)
    git(pages, "init", "--quiet")
    git(pages, "add", "--all")
    git(pages, "commit", "--quiet", "--message", "First")
    hidden = {".nojekyll": "", "more/.DS_Store": "of a file manager", "gone/.keep": "where no page is now"}
    for name, text in hidden.items():
        write(pages / name, text)
    write(project / "docs" / "more.md", "# Even more?\n")
    write(project / "docs" / "._more.md", "\0\5\x16\7")
    write(project / "docs" / ".ipynb_checkpoints" / "more.md", "litter")
    (project / "docs" / ".#more.md").symlink_to("me@machine.1234:1700000000")
    build(project, pages)
    assert git(pages, "log", "--format=%s") == "First"
    assert set(git(pages, "diff", "--name-only").split()) == {LIST, "more/index.html"}
    assert {name: (pages / name).read_text() for name in hidden} == hidden
    assert {path.name for path in tmp_path.iterdir()} == {"project", "pages"}


def test_a_work_tree_whose_repository_is_elsewhere_stays_one_behind_a_link_too(project, tmp_path):
    main, linked = tmp_path / "main", tmp_path / "link"
    main.mkdir()
    git(main, "init", "--quiet")
    git(main, "commit", "--quiet", "--allow-empty", "--message", "First")
    git(main, "worktree", "add", "--quiet", "-b", "pages", str(tmp_path / "pages"))
    linked.symlink_to("pages")
    build(project, linked)
    assert linked.is_symlink()
    assert git(linked, "status", "--porcelain").splitlines()
    assert git(main, "worktree", "prune", "--verbose") == ""
    assert (tmp_path / "pages" / "index.html").is_file()


def test_what_a_person_added_or_changed_is_named_and_comes_along_from_docs(project, tmp_path):
    site = tmp_path / "site"
    build(project, site)
    write(site / "CNAME", "example.org\n")
    write(site / "more" / "index.html", "mended by hand")
    (site / "latest").symlink_to("more")
    assert "CNAME, latest, more/index.html; move it away" in refusal(project, site)
    write(project / "docs" / "CNAME", "example.org\n")
    write(project / "docs" / "google1.html", "google-site-verification: <p>\n\n  google1.html")
    (site / "latest").unlink()
    assert "built: more/index.html; move" in refusal(project, site)
    (site / "more" / "index.html").unlink()
    build(project, site)
    build(project, site)
    for name in ("CNAME", "google1.html"):
        assert (site / name).read_bytes() == (project / "docs" / name).read_bytes()
    shutil.rmtree(project / "docs")
    write(project / "docs" / "index.md", "# Question?\n")
    build(project, site)
    assert {path.name for path in site.iterdir()} == {LIST, "index.html", "sitemap.xml", "sitemap.xml.gz"}


def test_a_site_without_a_list_is_refused_with_what_to_do(project, tmp_path):
    write(tmp_path / "site" / "index.html", "of an earlier version")
    said = refusal(project, tmp_path / "site")
    assert "left no list of it (.made.sha256): index.html; keep what is yours, empty the folder" in said
    (tmp_path / "site" / "index.html").unlink()
    build(project, tmp_path / "site")


def test_a_folder_that_is_something_else_is_refused_before_anything_is_built(project, tmp_path, monkeypatch):
    home, records = tmp_path / "home", tmp_path / "records"
    write(home / ".profile", "")
    write(records / "checks.json", "{}")
    write(tmp_path / "file", "")
    monkeypatch.setenv("HOME", str(home))
    offenders = {
        project: "holds more than a site",
        tmp_path: "holds more than a site",
        home: "holds more than a site",
        records: "holds more than a site",
        records / "site": "which is read",
        project / "docs": "which is read",
        project / "docs" / "new" / "site": "which is read",
        project / "theme": "holds something other than a site",
        tmp_path / "file": "is no folder",
        Path("/proc"): "is mounted",
    }
    for output, words in offenders.items():
        with pytest.raises(BuildError, match=words):
            check_output(project / "docs", output, apart=[records])
    check_output(project / "docs", project / "site", apart=[records])


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
from generator.engine import files
from generator.publish.site import replace_site

folder, at_once = Path(sys.argv[1]), sys.argv[2] == "True"
pages, git = folder / "pages", folder / "pages" / ".git"
if not at_once:
    files._exchanged = lambda *_: False

def replace():
    with files.scratch_folder(pages) as fresh:
        (fresh / "index.html").write_text("page")
        replace_site(fresh, pages)

def killing(step, function):
    def call(*given, **named):
        for done in (False, True):
            step[0] -= 1
            if not step[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            found = found if done else function(*given, **named)
        return found
    return call

replace()
git.mkdir()
(git / "HEAD").write_text("ref")
for step in range(1, 100):
    if not (child := os.fork()):
        left = [step]
        for place, name in ((os, "link"), (files, "_exchanged"), (Path, "rename"), (shutil, "rmtree")):
            setattr(place, name, killing(left, getattr(place, name)))
        replace()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    there = (git / "HEAD").exists() and (pages / "index.html").exists()
    print("ended" if status == 0 else "killed", "there" if there else "away")
    if status == 0:
        break
"""


@pytest.mark.parametrize("at_once", [True, False])
def test_whenever_it_is_killed_the_repository_is_there_and_the_next_run_mends_the_rest(tmp_path, at_once):
    """Killed before and after every call that links, renames or removes, also where names cannot be exchanged."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED, tmp_path, str(at_once)],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    *killed, last = done.stdout.splitlines()
    assert last == "ended there"
    assert len(killed) >= 6
    assert killed.count("killed there") >= len(killed) - (0 if at_once else 3), killed
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]
    assert (tmp_path / "pages" / ".git" / "HEAD").read_text() == "ref"


# ---------------------------------------------------------------- a folder that is shared with a person, as docs/


def made(folder: Path, docs: Path, files: dict[str, str], *, whole: bool = True):
    for name, text in files.items():
        write(folder / name, text)
    move_in(folder, docs, sorted(files), whole=whole)


def test_of_a_shared_folder_only_what_was_made_is_replaced_or_removed(tmp_path):
    docs, fresh = tmp_path / "docs", tmp_path / "fresh"
    own = {"CNAME": "example.org", "assets/extra.css": "a {}", "data/mine.csv": "x", ".hidden/x.md": "x"}
    for name, text in own.items():
        write(docs / name, text)
    made(
        fresh,
        docs,
        {"index.md": "1", "old.md": "1", "edited.md": "1", "deep/er/a.js": "1", "data/a.csv": "1"},
    )
    write(docs / "edited.md", "by hand")
    made(fresh, docs, {"index.md": "2", "data/a.csv": "2"})
    wanted = own | {"edited.md": "by hand", "index.md": "2", "data/a.csv": "2"}
    assert {name: text.decode() for name, text in contents(docs).items() if name != LIST} == wanted
    assert not (docs / "deep").exists()
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", LIST], cwd=docs, check=True)


def test_a_run_killed_between_two_files_leaves_none_that_the_next_takes_for_a_persons(tmp_path):
    docs, fresh = tmp_path / "docs", tmp_path / "fresh"
    made(fresh, docs, {"a.md": "1", "b.md": "1", "gone.md": "1"})
    program = """
import os, signal, sys
from pathlib import Path
from generator.engine.made import move_in

replace, names, statuses = os.replace, ["a.md", "b.md", "c.md"], []
for step in range(1, 5):
    for name in names:
        Path("fresh", name).write_text("2")
    if not (child := os.fork()):
        left = [step]
        def killing(*given):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            replace(*given)
        os.replace = killing
        move_in(Path("fresh"), Path("docs"), names, whole=True)
        os._exit(0)
    statuses.append(os.waitpid(child, 0)[1])
print(statuses)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout == "[9, 9, 9, 9]\n"
    for name in ("a.md", "b.md", "c.md"):
        write(fresh / name, "3")
    assert in_the_way(fresh, docs) == []
    move_in(fresh, docs, ["a.md", "b.md", "c.md"], whole=True)
    assert {name: text for name, text in contents(docs).items() if not name.startswith(".")} == {
        "a.md": b"3", "b.md": b"3", "c.md": b"3"
    }  # fmt: skip


def test_cleaning_up_removes_what_lists_name_and_says_what_stays(tmp_path):
    docs, fresh = tmp_path / "docs", tmp_path / "fresh"
    made(fresh, docs, {"index.md": "1", "data/a.csv": "1", "edited.md": "1"})
    write(docs / "edited.md", "by hand")
    write(docs / "CNAME", "example.org")
    write(tmp_path / "outside", "1")
    with (docs / LIST).open("a") as file:  # a list is only a text
        file.write(f"{hashlib.sha256(b'1').hexdigest()}  ../outside\n")
    site = tmp_path / "site"
    made(fresh, site, {"index.html": "1"})
    done = subprocess.run(
        [sys.executable, "-m", "generator.engine.made", docs, site, tmp_path / "nowhere"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout == f"{docs / 'edited.md'}: changed since it was made; left as it is\n"
    assert {path.name for path in docs.rglob("*")} == {"CNAME", "edited.md"}
    assert not site.exists()
    assert (tmp_path / "outside").exists()

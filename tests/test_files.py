"""Hashes see every boundary; a file or a folder is replaced whole or not at all."""

import errno
import os
import subprocess
import sys

import pytest

from generator.engine.files import (
    WriteError,
    exchange,
    remove_unfinished,
    scratch_folder,
    sha256_of,
    sha256_of_sources,
    write_whole,
)


def test_the_hash_of_one_empty_part_is_sha256_of_its_length():
    # sha256 of eight zero bytes, as sha256sum prints it
    assert sha256_of("") == "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("abc",), ("ab", "c")),
        (("abc",), ("abc", "")),
        (("a", "b"), ("b", "a")),
        ((), ("",)),
    ],
)
def test_moving_a_boundary_between_parts_changes_the_hash(one, other):
    assert sha256_of(*one) != sha256_of(*other)


def test_text_and_its_utf8_bytes_hash_alike():
    assert sha256_of("ε") == sha256_of(b"\xce\xb5")


@pytest.fixture
def package(tmp_path):
    for name, text in (("study.py", "a = 1"), ("models/net.py", "b = 2"), ("report/page.py", "c = 3")):
        write_whole(tmp_path / name, text.encode())
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "changes"),
    [
        ("study.py", "a = 2", True),
        ("models/net.py", "b = 3", True),
        ("models/deep/new.py", "", True),
        ("models/notes.md", "x", False),
        ("models/._net.py", "\0", False),
        ("models/.ipynb_checkpoints/net.py", "b = 3", False),
        ("report/page.py", "c = 4", False),
    ],
)
def test_the_source_hash_sees_the_named_packages_and_nothing_else(package, name, text, changes):
    before = sha256_of_sources(package, ("study.py", "models"))
    write_whole(package / name, text.encode())
    assert (sha256_of_sources(package, ("study.py", "models")) != before) is changes


def test_the_lock_of_an_editor_which_leads_nowhere_is_no_source(package):
    before = sha256_of_sources(package, ("study.py", "models"))
    (package / "models" / ".#net.py").symlink_to("me@machine.1234:1700000000")
    assert sha256_of_sources(package, ("study.py", "models")) == before


def test_renaming_a_source_file_changes_the_source_hash(package):
    before = sha256_of_sources(package, ("models",))
    (package / "models" / "net.py").rename(package / "models" / "network.py")
    assert sha256_of_sources(package, ("models",)) != before


def test_a_file_is_written_with_its_folder(tmp_path):
    write_whole(tmp_path / "new" / "folder" / "a.json", b"{}")
    assert (tmp_path / "new" / "folder" / "a.json").read_bytes() == b"{}"


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, b"a long first text")
    write_whole(path, b"short")
    assert path.read_bytes() == b"short"


@pytest.mark.parametrize("step", ["replace", "fsync"])
def test_a_failure_on_the_way_leaves_the_old_file_and_no_debris(tmp_path, monkeypatch, step):
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def fail(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="no space left"):
        write_whole(path, b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
    assert path.read_bytes() == b"old"


def test_a_full_disk_is_named_with_its_folder(tmp_path, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WriteError, match=f"^{tmp_path}: no space left on device$"):
        write_whole(tmp_path / "a.json", b"new")
    assert list(tmp_path.iterdir()) == []


def test_a_file_never_takes_the_place_of_a_folder(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(WriteError, match=r"a\.json.*: is a directory$"):
        write_whole(tmp_path / "a.json", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def _killed(program: str, folder):
    """Run `program` in `folder`, which ends by killing itself."""
    imports = "import os, signal; from pathlib import Path; from generator.engine.files import *\n"
    end = "\nos.kill(os.getpid(), signal.SIGKILL)"
    code = imports + f"folder = Path({str(folder)!r})\n" + program.format(kill=end.strip()) + end
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9


def test_what_a_killed_run_was_writing_is_removed_and_the_old_file_stays(tmp_path):
    write_whole(tmp_path / "in" / "a.json", b"old")
    _killed(
        "os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\nwrite_whole(folder / 'in' / 'a.json', b'new')",
        tmp_path,
    )
    assert len(list((tmp_path / "in").iterdir())) == 2
    others = {".page.part", ".hidden/.a.json.abcdefgh.part"}  # of a browser, and where no run writes
    for name in others:
        write_whole(tmp_path / "in" / name, b"")
    remove_unfinished(tmp_path)
    left = {path.relative_to(tmp_path / "in").as_posix() for path in (tmp_path / "in").rglob("*")}
    assert left == {"a.json", ".hidden", *others}
    assert (tmp_path / "in" / "a.json").read_bytes() == b"old"


def test_a_scratch_folder_goes_with_its_run_or_with_the_next_one(tmp_path):
    _killed("with scratch_folder(folder / 'site') as fresh:\n (fresh / 'page').touch(); {kill}", tmp_path)
    (left,) = tmp_path.iterdir()
    other = tmp_path / ".site-new-template"  # of a person
    other.mkdir()
    with scratch_folder(tmp_path / "site") as fresh:
        assert set(tmp_path.iterdir()) == {other, fresh}
        assert not left.exists()
    assert list(tmp_path.iterdir()) == [other]


def test_a_scratch_folder_of_a_living_run_is_left_alone(tmp_path):
    with scratch_folder(tmp_path / "site") as one, scratch_folder(tmp_path / "site") as other:
        assert one.exists()
        assert other.exists()
        assert one != other


def test_two_folders_change_places_and_at_every_moment_one_is_there(tmp_path):
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    for folder, text in ((fresh, "new"), (target, "old")):
        write_whole(folder / "a", text.encode())
    watch = (
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\nprint(flush=True)\n"
        "while p.with_name('go').exists():\n (p / 'a').read_bytes()"
    )
    (tmp_path / "go").touch()
    with subprocess.Popen([sys.executable, "-c", watch, target], stdout=subprocess.PIPE) as watcher:
        watcher.stdout.readline()
        for _ in range(501):
            exchange(fresh, target)
        (tmp_path / "go").unlink()
    assert watcher.returncode == 0
    assert ((target / "a").read_text(), (fresh / "a").read_text()) == ("new", "old")


def test_where_names_cannot_be_exchanged_the_folder_is_replaced_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("generator.engine.files._exchanged", lambda *_: False)
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    for folder, text in ((fresh, "new"), (target, "old")):
        write_whole(folder / "a", text.encode())
    exchange(fresh, target)
    assert ((target / "a").read_text(), (fresh / "a").read_text()) == ("new", "old")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "target"]

"""Hashes see every boundary; a file is written whole or not at all."""

import os

import pytest

from generator.engine.files import sha256_of, sha256_of_sources, write_whole


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
        ("report/page.py", "c = 4", False),
    ],
)
def test_the_source_hash_sees_the_named_packages_and_nothing_else(package, name, text, changes):
    before = sha256_of_sources(package, ("study.py", "models"))
    write_whole(package / name, text.encode())
    assert (sha256_of_sources(package, ("study.py", "models")) != before) is changes


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

"""One run at a time in a folder, and a dead one holds nobody up."""

import os
import subprocess
import sys
from contextlib import contextmanager

import pytest

from generator.__main__ import main
from generator.engine.locks import LOCK, BusyError, alone_in

HOLD = """
import sys, time
from pathlib import Path
from generator.engine.locks import alone_in
with alone_in(Path(sys.argv[1]), print):
    print("mine", flush=True)
    time.sleep(60)
"""


@contextmanager
def another_run(folder):
    """A process that works in `folder` until it is killed."""
    with subprocess.Popen([sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "mine\n"
        yield process
        process.kill()


def test_the_second_run_waits_and_then_names_the_first(tmp_path):
    said = []
    with (
        another_run(tmp_path) as other,
        pytest.raises(BusyError) as refused,
        alone_in(tmp_path, said.append, patience=0.3),
    ):
        pytest.fail("two runs in one folder")
    assert str(refused.value).startswith(f"{tmp_path}: another run (process {other.pid})")
    assert len(said) == 1
    assert f"process {other.pid}" in said[0]
    assert "waiting up to" in said[0]


def test_a_killed_run_holds_nobody_up(tmp_path):
    with another_run(tmp_path) as other:
        other.kill()
        other.wait()
        with alone_in(tmp_path, pytest.fail, patience=0.0):
            assert (tmp_path / LOCK).read_text() == str(os.getpid())


@pytest.mark.parametrize("ends", [None, KeyboardInterrupt, ValueError])
def test_the_lock_ends_with_the_run_and_leaves_an_empty_file(tmp_path, ends):
    try:
        with alone_in(tmp_path, pytest.fail):
            if ends:
                raise ends
    except (KeyboardInterrupt, ValueError):
        pass
    assert (tmp_path / LOCK).read_bytes() == b""
    with alone_in(tmp_path, pytest.fail, patience=0.0):
        pass


def test_what_killed_runs_left_unfinished_is_removed_once_nobody_else_writes(tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / ".a.arrays.x1y2_z34.part").touch()
    (tmp_path / "cache" / "a.arrays").touch()
    with alone_in(tmp_path, pytest.fail):
        assert [path.name for path in (tmp_path / "cache").iterdir()] == ["a.arrays"]


@pytest.mark.parametrize("command", ["study", "pages", "site", "all", "offline"])
def test_a_command_is_refused_while_another_writes_its_records(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("generator.engine.locks.PATIENCE", 0.2)
    with another_run(tmp_path) as other:
        assert main([command, "--records", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {tmp_path}: another run (process {other.pid}) is at work here")
    assert captured.err.count("\n") == 1


def test_commands_that_only_read_do_not_wait(tmp_path, capsys):
    with another_run(tmp_path):
        assert main(["diff", "--records", str(tmp_path)]) == 2
    assert "another run" not in capsys.readouterr().err

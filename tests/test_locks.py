"""One run at a time in a folder, and a dead one holds nobody up."""

import errno
import os
import platform
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


FLOCK = {"x86_64": 73, "aarch64": 32}
"""Machine -> number of the system call."""

WITHOUT_LOCKS = """
import ctypes, struct, sys
from pathlib import Path
from generator.engine.files import scratch_folder
from generator.engine.locks import alone_in

# a filter of system calls: 4 instructions, load the number, compare, refuse, allow
number, answer = int(sys.argv[2]), int(sys.argv[3])
steps = ((0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | answer), (0x06, 0, 0, 0x7FFF0000))
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # no new privileges, which a filter asks for
assert libc.prctl(22, 2, struct.pack("HP", len(steps), ctypes.addressof(program)), 0, 0) == 0

folder = Path(sys.argv[1])
with alone_in(folder / "records", print), alone_in(folder / "docs", print):
    with scratch_folder(folder / "site") as fresh, scratch_folder(folder / "site"):
        (fresh / "index.html").touch()  # not taken for what a dead run left
        fresh.rename(folder / "site")
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in FLOCK, reason="the filter is written for Linux"
)
@pytest.mark.parametrize("answer", [errno.EOPNOTSUPP, errno.ENOLCK, errno.ENOSYS])
def test_where_the_system_refuses_locks_a_run_says_so_once_and_goes_on(answer, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_LOCKS, tmp_path, str(FLOCK[platform.machine()]), str(answer)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    reason = os.strerror(answer).lower()
    assert done.stderr.startswith(f"{tmp_path / 'records'}: this file system has no locks ({reason})")
    assert (done.stderr.count("\n"), done.stdout) == (1, "")
    assert (tmp_path / "site" / "index.html").exists()


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

"""Work shared with copies of this process: every item once, and nobody is left behind."""

import os
import threading
import time

import pytest

from generator.engine.forking import share


@pytest.fixture
def two_cores_alone(monkeypatch):
    """As outside of a test run, whose own threads only listen."""
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(threading, "active_count", lambda: 1)


def test_every_item_is_acted_on_once_by_more_than_one_process(tmp_path, two_cores_alone):
    known = {"in memory": "before the copies were made"}

    def act(number: int):
        time.sleep(0.05)  # so that nobody takes all of them
        with (tmp_path / str(number)).open("x") as file:
            file.write(f"{os.getpid()} {known['in memory']}")

    share(range(12), act)
    told = [path.read_text().split(" ", 1) for path in tmp_path.iterdir()]
    assert sorted(int(path.name) for path in tmp_path.iterdir()) == list(range(12))
    assert {text for _, text in told} == {"before the copies were made"}
    assert len({process for process, _ in told}) == 2


def test_an_error_here_ends_the_copies_and_one_in_a_copy_is_left_to_who_looks(
    tmp_path, monkeypatch, two_cores_alone
):
    here, fork, copies = os.getpid(), os.fork, []

    def noting() -> int:
        copies.append(fork())
        return copies[-1]

    def act(number: int):
        if os.getpid() == here:
            time.sleep(0.2)
            raise ValueError("here")
        if number:
            time.sleep(60)
        raise ValueError("there")

    monkeypatch.setattr(os, "fork", noting)
    began = time.monotonic()
    with pytest.raises(ValueError, match="here"):
        share(range(5), act)
    assert time.monotonic() - began < 30
    (copy,) = copies
    with pytest.raises(ProcessLookupError):
        os.kill(copy, 0)


def test_beside_another_thread_nothing_is_copied(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    held, made = threading.Event(), []
    other = threading.Thread(target=held.wait)
    other.start()
    try:
        share(range(5), lambda number: made.append((number, os.getpid())))
    finally:
        held.set()
        other.join()
    assert made == [(number, os.getpid()) for number in range(5)]

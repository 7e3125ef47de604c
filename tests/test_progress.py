"""Plain lines where nobody watches, bars in a terminal."""

import io

import pytest
from rich.console import Console

from generator.engine.progress import BarReporter, PlainReporter, reporter


def _run(console: Console):
    with reporter(console) as told:
        told.start("checks", "train", 1, 0)
        told.advance("checks", "train")
        told.start("checks", "attack", 3, 1)
        told.advance("checks", "attack")
    return told


def test_a_stage_has_a_line_when_it_starts_and_one_when_it_ends():
    out = io.StringIO()
    assert isinstance(_run(Console(file=out)), PlainReporter)
    first, second, third = out.getvalue().splitlines()
    assert first == "checks: train: 0/1"
    assert second.startswith("checks: train: done in 0.")
    assert third == "checks: attack: 1/3"


def test_a_terminal_shows_a_bar_a_stage_with_done_and_total():
    out = io.StringIO()
    told = _run(Console(file=out, force_terminal=True, width=100))
    assert isinstance(told, BarReporter)
    assert [(task.completed, task.total) for task in told.progress.tasks] == [(1, 1), (2, 3)]
    for words in ("checks  train", "1/1", "checks  attack", "2/3"):
        assert words in out.getvalue()


def test_advancing_a_stage_that_never_started_is_an_error():
    with reporter(Console(file=io.StringIO())) as told, pytest.raises(KeyError):
        told.advance("checks", "train")

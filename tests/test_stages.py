"""A stage says what was on disk and why the rest was not, and computes only that."""

import logging

import numpy as np
import pytest

from generator.engine.cache import StageCache
from generator.engine.stages import Engine, StageTask


def double(number: int) -> dict[str, np.ndarray]:
    return {"double": np.array([2 * number])}


def tasks(**inputs: str) -> list[StageTask]:
    return [StageTask({"number": str(n), "source": "a", **inputs}, double, (n,)) for n in range(3)]


@pytest.fixture
def said(tmp_path, recorder, caplog):
    """Run the stage in a new engine; what it said of the cache."""

    def run(of: list[StageTask], **settings) -> str:
        caplog.clear()
        with caplog.at_level(logging.INFO):
            answers = Engine(StageCache(tmp_path, **settings), 1, recorder).run("checks", "double", of)
        assert [int(each["double"][0]) for each in answers] == [2 * task.arguments[0] for task in of]
        return caplog.messages[-1]

    return run


def test_the_first_run_finds_nothing_and_the_second_everything(said):
    assert said(tasks()) == "checks/double: 0 of 3 on disk; no earlier run left the others"
    assert said(tasks()) == "checks/double: 3 of 3 on disk"


def test_the_inputs_that_changed_are_named(said):
    said(tasks())
    assert said(tasks(source="b")) == "checks/double: 0 of 3 on disk; changed: source"
    assert said(tasks(source="c", lock="d")) == "checks/double: 0 of 3 on disk; changed: lock, source"


def test_a_new_task_among_known_ones_is_not_taken_for_a_change_of_theirs(said):
    said(tasks()[:2])
    assert said(tasks()) == "checks/double: 2 of 3 on disk; no earlier run left the others"


def test_a_fresh_run_reads_nothing(said):
    said(tasks())
    assert said(tasks(), fresh=True) == "checks/double: 0 of 3 on disk; nothing is read"


def test_the_reporter_is_told_what_was_found_before_anything_is_computed(said, recorder):
    said(tasks()[:2])
    recorder.done.clear()
    said(tasks())
    assert recorder.totals["checks", "double"] == recorder.done["checks", "double"] == 3

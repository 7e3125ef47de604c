"""Tasks run on any number of workers with the same answers."""

import operator
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from generator.engine import parallel


def _sum_of_normals(seed: int) -> float:
    values = torch.from_numpy(np.random.default_rng(seed).standard_normal(200_000).astype(np.float32))
    return values.exp().sum().item()


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_come_in_the_order_of_the_tasks(workers):
    assert list(parallel.run([(operator.pow, (i, 2)) for i in range(9)], workers)) == [
        0, 1, 4, 9, 16, 25, 36, 49, 64,
    ]  # fmt: skip


def test_sums_are_bit_equal_on_one_worker_and_on_two():
    tasks = [(_sum_of_normals, (seed,)) for seed in range(4)]
    assert list(parallel.run(tasks, 1)) == list(parallel.run(tasks, 2))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_computes_on_one_thread(workers):
    assert list(parallel.run([(torch.get_num_threads, ())] * 2, workers)) == [1, 1]


def test_no_tasks_have_no_answers():
    assert list(parallel.run([], 2)) == []


@pytest.mark.parametrize("workers", [1, 2])
def test_the_error_of_a_task_reaches_the_caller(workers):
    with pytest.raises(ZeroDivisionError):
        list(parallel.run([(operator.truediv, (1, 0))], workers))


def _slow(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def test_tasks_are_answered_although_workers_end_under_them_with_the_fault_of_another():
    with ThreadPoolExecutor(2) as pool:
        # the fault comes to the worker that has nothing more to do, while the other is at work
        good = pool.submit(lambda: list(parallel.run([(_slow, (4.0,)), (_slow, (0.1,))], 2)))
        time.sleep(1.5)
        bad = pool.submit(lambda: list(parallel.run([(operator.truediv, (1, 0))], 2)))
        with pytest.raises(ZeroDivisionError):
            bad.result()
        assert good.result() == [4.0, 0.1]


def test_there_is_at_least_one_worker():
    assert parallel.available_workers() >= 1


BLOCKED = """
import signal
from generator.engine import parallel

print(list(parallel.run([(signal.pthread_sigmask, (signal.SIG_BLOCK, ()))] * 2, 2)))
print(signal.pthread_sigmask(signal.SIG_BLOCK, ()))
"""


def test_workers_never_hear_of_ctrl_c_not_even_while_they_start():
    """In a process that has not started Python's own helper yet: once it runs, it changes what is blocked."""
    done = subprocess.run([sys.executable, "-c", BLOCKED], check=True, capture_output=True, text=True)
    workers, own = done.stdout.splitlines()
    assert workers == str([{signal.SIGINT}] * 2)
    assert own == str(set())

"""Independent tasks on all cores, with answers that do not depend on how many there are."""

import ctypes
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

Task = tuple[Callable[..., Any], tuple[Any, ...]]


def available_workers() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run(tasks: Iterable[Task], workers: int) -> Iterator[Any]:
    """The answers of `tasks`, (function, arguments), in their order, each as soon as it is there.

    Every task computes on one thread, in a worker process if there are several workers, so
    that sums are added up in the same order on any machine with the same libraries. Studies that run
    side by side share the workers: where a task of one fails, joblib ends them under the other, whose
    tasks without an answer are then asked again.
    """
    waiting = list(tasks)
    while waiting:
        answered = 0
        try:
            for answer in _dispatched(waiting, workers):
                answered += 1
                yield answer
        except RuntimeError as error:
            if not _ended_by_another(error):
                raise
        waiting = waiting[answered:]


def _dispatched(tasks: Sequence[Task], workers: int) -> Iterator[Any]:
    import joblib  # used here alone, and slow to import

    calls = (joblib.delayed(alone)(function, arguments) for function, arguments in tasks)
    with _uninterrupted():
        return joblib.Parallel(n_jobs=workers, return_as="generator", pre_dispatch="all")(calls)


def _ended_by_another(error: BaseException | None) -> bool:
    """Whether workers were ended while tasks of this call had no fault of their own."""
    from joblib.externals.loky.process_executor import ShutdownExecutorError

    while error is not None and not isinstance(error, ShutdownExecutorError):
        error = error.__cause__ or error.__context__
    return error is not None


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Whatever starts meanwhile never hears of Ctrl-C: this process answers it, and ends its workers."""
    resource_tracker.ensure_running()  # Python 3.11 unblocks Ctrl-C once it has started this helper
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def alone(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """What `function` answers, computed on one thread."""
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    _keep_freed_memory()
    with threadpool_limits(1):
        return function(*arguments)


def _keep_freed_memory():
    """Have glibc keep freed blocks: a training step would otherwise fault in fresh pages for every buffer."""
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:  # another C library: nothing to tell it
        return
    mmap_threshold, trim_threshold, keep = -3, -1, 1 << 28
    libc.mallopt(mmap_threshold, keep)
    libc.mallopt(trim_threshold, keep)

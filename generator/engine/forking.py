"""Work that is shared with copies of this process, which have all that is in its memory; what they make is on disk."""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

MOST = 4
"""Processes: each needs memory for what it changes."""


def share(items: Sequence[Item], act: Callable[[Item], None]):
    """Act on every item, here and in copies of this process that each take the next one, as many as there are cores.

    Where other threads run there are no copies: one would lack those threads, and wait for ever for what they held.
    What goes wrong in a copy is not told: whoever asks has to look for what should be there.

    Args:
        items: at most 255, those that take long first.
    """
    alone = threading.active_count() == 1
    copies = min(len(items), os.cpu_count() or 1, MOST) - 1 if alone else 0
    queue, end = os.pipe()
    os.write(end, bytes(range(len(items))))
    os.close(end)

    def work():
        while place := os.read(queue, 1):
            act(items[place[0]])

    started = [copy for _ in range(copies) if (copy := _copy(work))]
    try:
        work()
    except BaseException:
        for copy in started:
            os.kill(copy, signal.SIGTERM)
        raise
    finally:
        os.close(queue)
        for copy in started:
            os.waitpid(copy, 0)


def _copy(work: Callable[[], None]) -> int:
    """The number of a new process that works and ends."""
    if number := os.fork():
        return number
    try:
        work()
    finally:
        os._exit(0)  # nothing of what the first one has to do at its end

"""One run at a time in a folder; the system takes the lock back when a run dies, however it dies."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from generator.engine.files import excludes_others, lock, remove_unfinished, writing_in

LOCK = ".lock"
PATIENCE = 60.0
"""Seconds to wait for another run: long enough for its pages, too short for its study."""


class BusyError(Exception):
    """Another run is at work in a folder; the message names both."""


@contextmanager
def alone_in(folder: Path, tell: Callable[[str], None], patience: float | None = None) -> Iterator[None]:
    """Be the only run that writes in `folder`, and remove what killed runs left unfinished there.

    Args:
        tell: Is given a line for the user if there is someone to wait for.
        patience: Seconds to wait, `PATIENCE` if not given.

    Raises:
        BusyError: Another run did not end in that time.
        WriteError: The folder cannot be written.
    """
    with writing_in(folder):
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait(handle, folder, tell, PATIENCE if patience is None else patience)
        try:
            with writing_in(folder):
                os.ftruncate(handle, 0)  # a killed run leaves its number
                os.pwrite(handle, str(os.getpid()).encode(), 0)
                if excludes_others(handle):
                    remove_unfinished(folder)
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _wait(handle: int, folder: Path, tell: Callable[[str], None], patience: float):
    until, told = time.monotonic() + patience, False
    while not lock(handle, folder):
        holder = os.pread(handle, 32, 0).decode() or "unknown"
        if time.monotonic() >= until:
            raise BusyError(
                f"{folder}: another run (process {holder}) is at work here; wait for it to end, or stop it"
            )
        if not told:
            tell(f"{folder}: another run (process {holder}) is at work here; waiting up to {patience:.0f} s")
            told = True
        time.sleep(0.1)

"""Opening a file that somebody names: a regular one of bounded size, or a clear refusal; never a wait."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from generator.datasets.complaints import bad_file

LARGEST = 2 * 2**30
"""Bytes; thousands of times the published file."""


def opened(path: Path) -> BinaryIO:
    """The file at `path`, wherever its links lead, to be read.

    Raises:
        DataError: It is not there, cannot be read, is too large, or is a folder, a pipe or a device.
    """
    try:
        file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115, the caller closes it
    except FileNotFoundError:
        raise bad_file(path, "there is no such file", "check the path, or leave it out to search") from None
    except IsADirectoryError:
        raise bad_file(path, "this is a folder", "give the path of the file in it") from None
    except OSError as error:
        raise bad_file(path, f"it cannot be read ({error.strerror})", "check path and permissions") from None
    try:
        _check(os.fstat(file.fileno()), path)
    except BaseException:
        file.close()
        raise
    return file


def _without_waiting(path: str, flags: int) -> int:
    """A pipe without a writer would hold an ordinary `open` forever."""
    return os.open(path, flags | os.O_NONBLOCK)


def _check(found: os.stat_result, path: Path) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise bad_file(path, "this is a pipe or a device", "give the path of a file")
    if found.st_size > LARGEST:
        raise bad_file(
            path,
            f"it has {found.st_size:,} bytes, more than {LARGEST:,}",
            "is it the right file? give a smaller one",
        )

"""One command at a time in the folders it writes."""

import argparse
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from generator.commands.common import DOCS, InputError, say
from generator.engine.files import WriteError, writing_in
from generator.engine.locks import BusyError, alone_in

READING = ("diff", "verify-claims", "audit-privacy", "study-key", "serve", "new", "check")
"""Commands that write nothing in the folders of a project."""


@contextmanager
def alone(options: argparse.Namespace) -> Iterator[None]:
    """Nobody else writes where the command does.

    Raises:
        InputError: Another run is at work there, or the disk is full.
    """
    try:
        with ExitStack() as held:
            for folder in _written(options):
                held.enter_context(alone_in(folder, say))
            held.enter_context(writing_in(Path.cwd()))
            yield
    except BusyError as error:
        raise InputError(str(error)) from None
    except WriteError as error:
        raise InputError(
            f"{error}; the last good site and all finished stages are as they were, "
            "mend this and run the same command to go on"
        ) from None


def _written(options: argparse.Namespace) -> list[Path]:
    """The folders a command writes or relies on, always in this order, so that no two runs wait for each other."""
    if options.command in READING:
        return []
    if options.command in ("study", "previous"):
        return [options.records]
    return [options.records, DOCS] if options.command == "all" or options.records.exists() else [DOCS]

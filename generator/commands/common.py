"""What the commands share: where things lie, how they speak, and the records they read."""

import argparse
import logging
from pathlib import Path

from rich.console import Console

from generator.engine.files import visible_files
from generator.records.base import RecordError
from generator.records.files import refuse_misnamed, sums_file, unsound
from generator.records.results import StudyResult

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

console = Console()


class InputError(Exception):
    """What the user gave cannot be used; the message says what, where, and what to do."""


def say(line: str):
    console.print(line, highlight=False, markup=False)


def short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def record_files(options: argparse.Namespace) -> list[Path]:
    """The stored records of the chosen datasets.

    Raises:
        RecordError: There is none.
    """
    chosen = getattr(options, "datasets", None)
    paths = [p for p in visible_files(options.records, "*.json") if not chosen or p.stem in chosen]
    if not paths:
        raise RecordError(f"{short(options.records)}: no records; run `make study` first")
    return paths


def stored_results(options: argparse.Namespace) -> list[StudyResult]:
    """The stored records, in the order of their names.

    Raises:
        RecordError: There is none, one is damaged, or a file is not the record that its name says.
    """
    paths = record_files(options)
    for path in paths:
        refuse_misnamed(path)
        if not sums_file(path.parent, path.stem).exists():
            log.warning("%s: no %s.sha256 beside it; taken unchecked", short(path), path.stem)
        elif wrong := unsound(path.parent, path.stem):
            raise RecordError(f"{short(path.parent)}: {wrong[0]}; run `make study` to write it again")
    return [_read(path) for path in paths]


def _read(path: Path) -> StudyResult:
    try:
        return StudyResult.read(path)
    except RecordError as error:
        if sums_file(path.parent, path.stem).exists():
            raise
        raise RecordError(f"{error}; if it is something else, move it out of {short(path.parent)}") from None

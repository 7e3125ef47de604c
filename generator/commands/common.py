"""What the commands share: where things lie, how they speak, and the records they read."""

import argparse
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from generator.engine import unchanged
from generator.engine.files import scratch_folder, visible_files, write_whole
from generator.engine.made import in_the_way, move_in, names_below, some
from generator.notation import palette
from generator.program import PACKAGE, PROGRAM, STUDIES, STUDY
from generator.records.base import Record, RecordError
from generator.records.files import KINDS, OF_VALIDATION, is_validation, refuse_misnamed, sums_file, unsound
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

log = logging.getLogger(__name__)

Kind = TypeVar("Kind", bound=Record)

DOCS = Path("docs")
"""Of the project, whose folder is the current one."""

console = Console()


class InputError(Exception):
    """What the user gave cannot be used; the message says what, where, and what to do."""


def say(line: str):
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def short(path: Path) -> str:
    """Of a path in the project, what is below its folder."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def studies_folder() -> Path:
    """The study files of the project; where it has none, those of the program."""
    own = Path("studies")
    return own if own.is_dir() else STUDIES


def provide_assets():
    """Give the pages of a project outside of the checkout the styles and scripts of the program.

    Raises:
        InputError: One of them was changed there.
    """
    source, target = PROGRAM / "docs" / "assets", DOCS / "assets"
    _colour(source / "palette.css")
    key = unchanged.fingerprint((source,))
    if target.resolve() == source.resolve() or unchanged.is_current(target, key):
        return
    with scratch_folder(target) as fresh:
        shutil.copytree(source, fresh, dirs_exist_ok=True)
        if names := in_the_way(fresh, target):
            raise InputError(
                f"{target}: {some(names)} would be replaced by the program's; move your own files away"
            )
        move_in(fresh, target, sorted(names_below(fresh)), whole=True)
    unchanged.remember(target, key)


def _colour(sheet: Path):
    """Bring the colours up to date where their source can be edited: in a checkout."""
    if PACKAGE.parent != PROGRAM or sheet.read_text(encoding="utf-8") == palette.stylesheet():
        return
    write_whole(sheet, palette.stylesheet().encode())


def record_files(options: argparse.Namespace) -> list[Path]:
    """The stored records of the chosen datasets.

    Raises:
        RecordError: There is none.
    """
    chosen = getattr(options, "datasets", None)
    paths = [p for p in visible_files(options.records, "*.json") if not chosen or p.stem in chosen]
    if not paths:
        raise RecordError(f"{short(options.records)}: no records; run `{STUDY}` first")
    return paths


def stored_results(options: argparse.Namespace) -> list[StudyResult]:
    """The stored records of studies, in the order of their names; none where all there are is of validations.

    Raises:
        RecordError: There is no record, one is damaged, or a file is not the record that its name says.
    """
    paths = [path for path in record_files(options) if not is_validation(path)]
    return [_stored(path, StudyResult, KINDS) for path in paths]


def stored_validations(options: argparse.Namespace) -> list[ValidationResult]:
    """The stored records of validations, as `stored_results` has those of studies."""
    paths = [path for path in record_files(options) if is_validation(path)]
    return [_stored(path, ValidationResult, OF_VALIDATION) for path in paths]


def _stored(path: Path, kind: type[Kind], files: Sequence) -> Kind:
    refuse_misnamed(path)
    listed = sums_file(path.parent, path.stem).exists()
    if not listed:
        log.warning("%s: no %s.sha256 beside it; taken unchecked", short(path), path.stem)
    elif wrong := unsound(path.parent, path.stem, files):
        raise RecordError(f"{short(path.parent)}: {wrong[0]}; run `{STUDY}` to write it again")
    try:
        return kind.read(path)
    except RecordError as error:
        if listed:
            raise
        raise RecordError(f"{error}; if it is something else, move it out of {short(path.parent)}") from None

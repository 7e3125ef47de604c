"""What the benchmarks measured, kept beside them: the report quotes it, no number of a study depends on it."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from generator.records.base import Record, RecordError


class Machine(Record):
    """On what, when, and of which commit."""

    processor: str
    cores: int
    python: str
    system: str
    day: str
    commit: str


class Section(Record):
    machine: Machine
    measured: dict[str, Any]
    """As the benchmark of that name gives it."""


class Benchmarks(Record):
    sections: dict[str, Section]
    """By the name of the benchmark; one that never ran is not there."""


def read_benchmarks(path: Path) -> Benchmarks:
    """The benchmarks kept in `path`; none where there is no such file.

    Raises:
        RecordError: It is damaged.
    """
    if not path.exists():
        return Benchmarks(sections={})
    try:
        return Benchmarks(sections=json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise RecordError(f"{path}: damaged ({reason}); take it from git, or run `make bench`") from None

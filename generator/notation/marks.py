"""Marks in written text: while pages are rendered, every number that is written carries the paths it comes from.

A mark is private-use characters around a number's place in the list of marks and its text; it survives HTML
escaping and Markdown. Outside of `recording` nothing is marked.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from generator.notation.tracing import bare, sources

START, UNSOURCED, MIDDLE, END = "\ue000", "\ue003", "\ue001", "\ue002"
"""`UNSOURCED` in place of `START`: the number has no source."""
MARK = re.compile(f"[{START}{UNSOURCED}](\\d+){MIDDLE}([^{END}]*){END}")


@dataclass(frozen=True)
class Mark:
    """One written number."""

    kind: str
    """Name of the format that wrote it."""
    text: str
    values: tuple[float, ...]
    paths: tuple[str, ...]
    """Of every number it was worked out of, in order."""
    place: str = ""
    """Where it was written; filled where `paths` is empty."""


class Marks:
    """Every mark of one rendering, each once: equal numbers are marked by equal text."""

    def __init__(self):
        self._known: dict[Mark, int] = {}
        self._listed: list[Mark] = []

    def __getitem__(self, number: str | int) -> Mark:
        return self._listed[int(number)]

    def wrap(self, made: Mark) -> str:
        """The text of the mark, marked."""
        number = self._known.setdefault(made, len(self._listed))
        if number == len(self._listed):
            self._listed.append(made)
        return f"{START if made.paths else UNSOURCED}{number}{MIDDLE}{made.text}{END}"

    def within(self, text: str) -> Iterator[Mark]:
        """The marks in a text, in order."""
        return (self[found[1]] for found in MARK.finditer(text))


_marks: ContextVar[Marks | None] = ContextVar("marks", default=None)


@contextmanager
def recording(marks: Marks | None = None) -> Iterator[Marks]:
    """Within, every format marks what it writes, in `marks` if some are known already."""
    token = _marks.set(marks or Marks())
    try:
        yield _marks.get()
    finally:
        _marks.reset(token)


@contextmanager
def unmarked() -> Iterator[None]:
    """Within, nothing is marked, as outside of `recording`."""
    token = _marks.set(None)
    try:
        yield
    finally:
        _marks.reset(token)


def mark(kind: str, text: str, *values: float) -> str:
    """`text`, which writes `values`, with its mark; as it is while nothing is recorded."""
    marks = _marks.get()
    if marks is None:
        return text
    paths = tuple(sorted(sources(values)))
    return marks.wrap(Mark(kind, text, bare(values), paths, "" if paths else _writer()))


def untraced(text: str) -> str:
    """What is wrong with the first number in `text` that has no source; empty if all have one."""
    marks = _marks.get()
    for found in marks.within(text) if marks and UNSOURCED in text else ():
        if not found.paths:
            return (
                f"the number {found.text!r} has no source (written in {found.place}): take it from a record, name "
                "what it was made of with `derived`, or state it as a constant of the report"
            )
    return ""


def plain(text: str) -> str:
    """The text without its marks."""
    return MARK.sub(r"\2", text) if END in text else text


def _writer() -> str:
    """File and line that called a format."""
    frame = sys._getframe(2)
    while frame.f_globals.get("__name__", "").endswith((".marks", ".formats")):
        frame = frame.f_back
    return f"{frame.f_code.co_filename.rpartition('/')[2]}, line {frame.f_lineno}"

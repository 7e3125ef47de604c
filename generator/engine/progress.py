"""What an author sees while a study runs: bars in a terminal, plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


class Reporter(Protocol):
    """Receives how many tasks each stage of each dataset has and how many were on disk, and an event for each done."""

    def start(self, dataset: str, stage: str, total: int, found: int): ...

    def advance(self, dataset: str, stage: str): ...


@dataclass
class PlainReporter:
    """A line when a stage starts and one when it ends."""

    console: Console
    started: dict[tuple[str, str], tuple[float, int]] = field(default_factory=dict)

    def start(self, dataset: str, stage: str, total: int, found: int):
        self.started[dataset, stage] = (time.monotonic(), total - found)
        self.console.print(f"{dataset}: {stage}: {found}/{total}", highlight=False)

    def advance(self, dataset: str, stage: str):
        began, left = self.started[dataset, stage]
        self.started[dataset, stage] = (began, left - 1)
        if left == 1:
            took = time.monotonic() - began
            self.console.print(f"{dataset}: {stage}: done in {took:.1f} s", highlight=False)


@dataclass
class BarReporter:
    """One bar a stage."""

    progress: Progress
    bars: dict[tuple[str, str], int] = field(default_factory=dict)

    def start(self, dataset: str, stage: str, total: int, found: int):
        self.bars[dataset, stage] = self.progress.add_task(
            f"{dataset:<7} {stage}", total=total, completed=found
        )

    def advance(self, dataset: str, stage: str):
        self.progress.advance(self.bars[dataset, stage])


@contextmanager
def reporter(console: Console) -> Iterator[Reporter]:
    """Bars if `console` is a terminal, else plain lines."""
    if not console.is_terminal:
        yield PlainReporter(console)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        yield BarReporter(progress)

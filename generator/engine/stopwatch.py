"""How long the stages of a study take, and on what machine."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.table import Table

from generator.engine.parallel import available_workers
from generator.engine.progress import Reporter
from generator.records.timings import EngineName, StudyTime, Timings

CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Timing:
    """How long one part of a run took."""

    part: str
    seconds: float
    """Wall time."""
    tasks: int
    found: int = 0
    """Of those, answered from disk."""


@dataclass
class Stopwatch:
    """A reporter that passes on what it is told, and remembers when each stage began and last moved on."""

    reporter: Reporter
    clock: Callable[[], float] = time.monotonic
    began: dict[tuple[str, str], float] = field(default_factory=dict)
    ended: dict[tuple[str, str], float] = field(default_factory=dict)
    tasks: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    """All, and those found on disk."""

    def start(self, dataset: str, stage: str, total: int, found: int):
        self.began[dataset, stage] = self.ended[dataset, stage] = self.clock()
        self.tasks[dataset, stage] = total, found
        self.reporter.start(dataset, stage, total, found)

    def advance(self, dataset: str, stage: str):
        self.ended[dataset, stage] = self.clock()
        self.reporter.advance(dataset, stage)

    def timings(self) -> list[Timing]:
        """One for each stage of each dataset, in the order they began."""
        return [
            Timing(f"{dataset}: {stage}", self.ended[dataset, stage] - began, *self.tasks[dataset, stage])
            for (dataset, stage), began in self.began.items()
        ]

    def record(self, engine: EngineName, workers: int, seconds: Mapping[str, float]) -> Timings:
        """Of the studies that took so many `seconds` by dataset, led by this machine."""
        return Timings(
            engine=engine,
            processor=processor(),
            cores=available_workers(),
            workers=workers,
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            studies={
                dataset: StudyTime(seconds=took, stages=self._stages(dataset), found=self._found(dataset))
                for dataset, took in seconds.items()
            },
        )

    def _stages(self, dataset: str) -> dict[str, float]:
        return {
            stage: self.ended[name, stage] - began
            for (name, stage), began in self.began.items()
            if name == dataset
        }

    def _found(self, dataset: str) -> int:
        return sum(found for (name, _), (_, found) in self.tasks.items() if name == dataset)


def timing_table(timings: Iterable[Timing]) -> Table:
    """Part, seconds, tasks and how many of them were found on disk, a line each."""
    table = Table(title="Where the time went", caption="wall time; studies run side by side")
    for name in ("part", "seconds", "tasks", "from disk"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for timing in timings:
        table.add_row(timing.part, f"{timing.seconds:.1f}", f"{timing.tasks:,}", f"{timing.found:,}")
    return table


def processor(cpu_info: Path = CPU_INFO) -> str:
    """Model of the processor; empty where the system does not say."""
    try:
        lines = cpu_info.read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, os.uname().machine)

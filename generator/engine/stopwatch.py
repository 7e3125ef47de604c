"""How long the stages of a study take, and on what machine."""

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from generator.engine.parallel import available_workers
from generator.engine.progress import Reporter
from generator.records.runs import Run

CPU_INFO = Path("/proc/cpuinfo")


@dataclass
class Stopwatch:
    """A reporter that passes on what it is told, and remembers when each stage began and last moved on."""

    reporter: Reporter
    clock: Callable[[], float] = time.monotonic
    began: dict[tuple[str, str], float] = field(default_factory=dict)
    ended: dict[tuple[str, str], float] = field(default_factory=dict)

    def start(self, dataset: str, stage: str, total: int):
        self.began[dataset, stage] = self.ended[dataset, stage] = self.clock()
        self.reporter.start(dataset, stage, total)

    def advance(self, dataset: str, stage: str):
        self.ended[dataset, stage] = self.clock()
        self.reporter.advance(dataset, stage)

    def run(self, dataset: str, workers: int, seconds: float) -> Run:
        """The record of a run of `dataset` on this machine."""
        return Run(
            processor=processor(),
            cores=available_workers(),
            workers=workers,
            system=f"{platform.system()} {platform.release()}",
            python=platform.python_version(),
            seconds=seconds,
            stages={
                stage: self.ended[name, stage] - began
                for (name, stage), began in self.began.items()
                if name == dataset
            },
        ).signed()


def processor(cpu_info: Path = CPU_INFO) -> str:
    """Model of the processor; empty where the system does not say."""
    try:
        lines = cpu_info.read_text().splitlines()
    except OSError:  # not Linux
        return platform.processor()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, os.uname().machine)

"""A Dask scheduler and its workers, real processes on the loopback interface."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import Popen

ROOT = Path(__file__).parents[1]
HERE = ("--host", "127.0.0.1", "--no-dashboard")


@dataclass
class Loopback:
    """What runs, to be asked, added to and killed."""

    folder: Path
    scheduler: Popen
    address: str
    workers: list[Popen] = field(default_factory=list)

    @property
    def engine(self) -> str:
        return f"dask://{self.address}"

    @property
    def whole(self) -> bool:
        """Whether the scheduler and its first two workers still run."""
        return len(self.workers) > 1 and all(p.poll() is None for p in (self.scheduler, *self.workers[:2]))

    def add_worker(self, *options: str, sources: Path = ROOT) -> Popen:
        """Start a worker that reads the project in `sources`; it joins within seconds."""
        fixed = (*HERE, "--no-nanny", "--memory-limit", "0", "--local-directory", str(self.folder))
        self.workers.append(
            _start(self.folder / f"worker-{len(self.workers)}.log", sources, "worker", self.address, *fixed,
                   *(options or ("--nthreads", "1")))
        )  # fmt: skip
        return self.workers[-1]


@contextmanager
def loopback(folder: Path, workers: int) -> Iterator[Loopback]:
    """A cluster with its logs in `folder`; all that was started is ended at the end."""
    told = folder / "scheduler.json"
    scheduler = _start(
        folder / "scheduler.log", ROOT, "scheduler", *HERE, "--port", "0", "--scheduler-file", str(told)
    )
    here = Loopback(folder, scheduler, "")
    try:
        while not (text := told.read_text() if told.exists() else ""):
            assert scheduler.poll() is None, (folder / "scheduler.log").read_text()
            time.sleep(0.05)
        here.address = json.loads(text)["address"].removeprefix("tcp://")
        for _ in range(workers):
            here.add_worker()
        yield here
    finally:
        for process in (*here.workers, scheduler):
            process.kill()
            process.wait()


def _start(log: Path, sources: Path, *arguments: str) -> Popen:
    with log.open("w") as out:
        return Popen(
            [sys.executable, "-m", "dask", *arguments], cwd=sources, stdout=out, stderr=subprocess.STDOUT
        )

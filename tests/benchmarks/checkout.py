"""A copy of this project to kill, starve and race through its command line, and a study small enough to do it often."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.datasets.kaggle.standin import simulate
from generator.engine.made import FROM

ROOT = Path(__file__).parents[2]
ROWS = 300
"""Of the table of the small study."""
SETTLE = 30.0
"""Seconds a stopped run and its helpers may take to leave."""


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    text: str
    """All it said, in the order it was said."""
    seconds: float


@dataclass
class Run:
    """A run in a process group of its own."""

    process: subprocess.Popen
    log: Path
    began: float = field(default_factory=time.monotonic)

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it ended within that time."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return self.process.poll() is not None

    def signal(self, number: signal.Signals):
        """Send a signal to all its processes."""
        os.killpg(self.process.pid, number)

    def said(self) -> str:
        """All it has said so far."""
        return self.log.read_text(errors="replace")

    def done(self) -> Done:
        """Wait for the end."""
        code = self.process.wait()
        return Done(code, self.said(), time.monotonic() - self.began)

    def left(self) -> list[str]:
        """Processes of its group that are still alive some time after its end."""
        until = time.monotonic() + SETTLE
        while (alive := self._alive()) and time.monotonic() < until:
            time.sleep(0.1)
        return alive

    def _alive(self) -> list[str]:
        listed = subprocess.run(
            ["ps", "-eo", "pgid=,stat=,args="], capture_output=True, text=True, check=True
        ).stdout
        lines = [line.split(maxsplit=2) for line in listed.splitlines()]
        return [line[2] for line in lines if int(line[0]) == self.process.pid and not line[1].startswith("Z")]


def _hear_interrupts():
    """What a shell starts in the background ignores Ctrl-C, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass(frozen=True)
class Checkout:
    """A copy of the project in `folder`; its records, docs and site are its own."""

    folder: Path
    table: Path
    """The CSV of the small study."""
    environment: Mapping[str, str] = field(default_factory=dict)
    seeds: int = 1

    @property
    def records(self) -> Path:
        return self.folder / "data" / "results"

    @property
    def docs(self) -> Path:
        return self.folder / "docs"

    @property
    def site(self) -> Path:
        return self.folder / "site"

    def start(self, *command: str, umask: int = -1) -> Run:
        """Start `python -m generator` with `command`; those that study take the small study."""
        small = (
            "--quick",
            "--seeds",
            str(self.seeds),
            "--datasets",
            "kaggle",
            "--kaggle-csv",
            str(self.table),
        )
        study = small if command[0] in ("study", "all") else ()
        inherited = {name: value for name, value in os.environ.items() if name not in FORGOTTEN}
        self.folder.with_suffix(".logs").mkdir(exist_ok=True)
        log = self.folder.with_suffix(".logs") / f"{time.monotonic_ns()}.txt"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "generator", *command, *study],
                cwd=self.folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=_hear_interrupts, umask=umask,
                env=inherited | {"OFFLINE": "1"} | dict(self.environment),
            )  # fmt: skip
        return Run(process, log)

    def run(self, *command: str, umask: int = -1) -> Done:
        return self.start(*command, umask=umask).done()

    def clear(self):
        """Remove records, pages and site."""
        shutil.rmtree(self.records, ignore_errors=True)
        shutil.rmtree(self.site, ignore_errors=True)
        for path in self.docs.iterdir():
            if path.name != "assets":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def forget(self):
        """Have the next run do all that it would do if something had changed."""
        for folder in (self.records, self.docs, self.site):
            (folder / FROM).unlink(missing_ok=True)
        for made in (self.records / "cache").glob("pages-*"):
            made.unlink()

    def put(self, entries: list[Path]):
        """Begin with these entries of a stage cache."""
        (self.records / "cache").mkdir(parents=True)
        for entry in entries:
            shutil.copy2(entry, self.records / "cache")

    def contents(self, only: str = "") -> dict[str, str]:
        """Name -> hash of every file in records, docs and site, or one of them."""
        found = {}
        for name, folder in (("results", self.records), ("docs", self.docs), ("site", self.site)):
            for path in sorted(folder.rglob("*")) if only in ("", name) else ():
                if path.is_file():
                    key = f"{name}/{path.relative_to(folder).as_posix()}"
                    found[key] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found

    def leftovers(self) -> list[str]:
        """Hidden files and folders that no run should leave."""
        named = [
            path for path in self.folder.rglob(".*") if path.name.endswith(".part") or "-new-" in path.name
        ]
        return [path.relative_to(self.folder).as_posix() for path in named]


FORGOTTEN = ("PYTHONDONTWRITEBYTECODE", "KAGGLE_CSV", "QUICK", "SITE_URL")
"""Settings of the surroundings that would make the runs slow or different."""


def copied(
    folder: Path, table: Path, environment: Mapping[str, str] | None = None, root: Path = ROOT
) -> Checkout:
    """Copy what git tracks in the checkout `root`, as it stands, into `folder`; and the machine code of its loops.

    numba takes that for a source of the same time and size alone, and compiles any other anew.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    for path in (root / "generator").rglob("__pycache__/*.nb[ci]"):
        target = folder / path.relative_to(root)
        target.parent.mkdir(exist_ok=True)
        shutil.copy2(path, target)
    return Checkout(folder, table, environment or {})


def twin(of: Checkout, folder: Path, environment: Mapping[str, str] | None = None) -> Checkout:
    """The same project in another folder, without records and site."""
    shutil.copytree(of.folder, folder)
    made = Checkout(folder, of.table, environment or {})
    made.clear()
    return made


def small_table(path: Path) -> Path:
    """Write the table of the small study."""
    path.parent.mkdir(parents=True, exist_ok=True)
    simulate().head(ROWS).to_csv(path, index=False)
    return path


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A disk of that size at `folder`, in memory.

    Raises:
        PermissionError: This user may not mount one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = f"size={megabytes}m"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        raise PermissionError(mounted.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)

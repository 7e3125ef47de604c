"""On what machine a study ran and how long it took: beside the record, because equal inputs give equal records."""

from pathlib import Path
from typing import Literal

from generator.records.base import Signed

EngineName = Literal["local", "dask"]

FOLDER = "runs"
"""Beside the records, one file a dataset."""


def run_file(folder: Path, dataset: str) -> Path:
    """The run that made a record of `folder`."""
    return folder / FOLDER / f"{dataset}.json"


class Run(Signed):
    """The last run that computed a study; stages found on disk took it no time.

    Signed by itself, for the manifest, which is the same on every machine, cannot list it.
    """

    engine: EngineName
    """Where the workers were: processes of this machine, or those of a Dask cluster."""
    processor: str
    """Model of the processor of the machine that led, as the system names it; empty where it does not say."""
    cores: int
    """That the run might use there."""
    workers: int
    """Processes that shared the tasks, each on one thread; studies that ran side by side shared them too."""
    system: str
    python: str
    seconds: float
    """From the first stage to the record, wall time."""
    stages: dict[str, float]
    """Seconds from the start of a stage to its last answer, wall time; other studies may have run meanwhile."""

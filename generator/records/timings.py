"""On what machine studies ran and how long they took: apart from their records, which equal inputs make equal."""

from typing import Literal

from generator.records.base import Record

EngineName = Literal["local", "dask"]


class StudyTime(Record):
    """How long one study took, wall time; studies that ran meanwhile shared the workers."""

    seconds: float
    """From the first stage to the record."""
    stages: dict[str, float]
    """Seconds from the start of a stage to its last answer."""
    found: int
    """Answers of stages that were on disk already; none in a cold study."""


class Timings(Record):
    """The studies of one run of the command line, and the machine that led."""

    engine: EngineName
    """Where the workers were: processes of this machine, or those of a Dask cluster."""
    processor: str
    """Model of the processor, as the system names it; empty where it does not say."""
    cores: int
    """That the run might use."""
    workers: int
    """Processes that shared the tasks, each on one thread."""
    system: str
    python: str
    studies: dict[str, StudyTime]
    """By dataset, without those found in their records."""

"""A study run end to end, with what it was told and all that it leaves."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from generator.records.spec import StudySpec


@dataclass
class Recorder:
    """A reporter that remembers what it was told."""

    totals: dict[tuple[str, str], int] = field(default_factory=dict)
    done: Counter = field(default_factory=Counter)

    def start(self, dataset: str, stage: str, total: int, found: int):
        self.totals[dataset, stage] = total
        self.done[dataset, stage] += found

    def advance(self, dataset: str, stage: str):
        self.done[dataset, stage] += 1


@dataclass(frozen=True)
class StudyRun:
    """A finished study with all that is needed to run it again."""

    spec: StudySpec
    dataset: object
    table: object
    origin: object
    cache: Path
    recorder: Recorder
    study: object

    @property
    def result(self):
        return self.study.result

    def again(self, cache: Path, *, workers: int = 1, recorder: Recorder | None = None, cluster=None):
        """The record of the same study, with stage results in `cache`."""
        from generator.engine.cache import StageCache
        from generator.engine.stages import Engine
        from generator.study.run import run_study

        engine = Engine(StageCache(cache), workers, recorder or Recorder(), cluster)
        return run_study(self.spec, self.dataset, self.table, self.origin, engine).result


def store(found: StudyRun, folder: Path):
    """Write all that a study leaves."""
    from generator.study.output import write_study

    write_study(found.study, folder)

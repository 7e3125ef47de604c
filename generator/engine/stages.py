"""Run the tasks of one stage: what is on disk is read, the rest is computed in parallel and kept."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generator.engine import parallel
from generator.engine.cache import Arrays, StageCache
from generator.engine.cluster import Cluster
from generator.engine.progress import Reporter

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class StageTask:
    """One piece of a stage: a pure function, its arguments, and everything its answer depends on."""

    inputs: Mapping[str, str]
    function: Callable[..., Arrays]
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Engine:
    """Where stage results are kept, how many workers compute them, and who is told."""

    cache: StageCache
    workers: int
    reporter: Reporter
    cluster: Cluster | None = None
    """Whose workers they are; None: processes on this machine."""

    def run(self, dataset: str, stage: str, tasks: Sequence[StageTask]) -> list[Arrays]:
        """The results of `tasks`, in their order. Each is kept as soon as it is there."""
        name = f"{dataset}/{stage}"
        results = [self.cache.load(name, task.inputs) for task in tasks]
        missing = [i for i, result in enumerate(results) if result is None]
        log.info("%s: %s", name, self._said(name, tasks, missing))
        self.reporter.start(dataset, stage, len(tasks), len(tasks) - len(missing))
        calls = [(tasks[i].function, tasks[i].arguments) for i in missing]
        answers = self.cluster.run(calls) if self.cluster else parallel.run(calls, self.workers)
        for i, answer in zip(missing, answers, strict=True):
            self.cache.store(name, tasks[i].inputs, answer)
            results[i] = answer
            self.reporter.advance(dataset, stage)
        return results

    def _said(self, name: str, tasks: Sequence[StageTask], missing: Sequence[int]) -> str:
        """How many results are on disk, and why the others are not."""
        found = f"{len(tasks) - len(missing)} of {len(tasks)} on disk"
        if not missing:
            return found
        if self.cache.fresh:
            return f"{found}; nothing is read"
        changed = sorted({each for i in missing for each in self.cache.changed(name, tasks[i].inputs)})
        return f"{found}; {'changed: ' + ', '.join(changed) if changed else 'no earlier run left the others'}"

"""What the page about speed and scale says: the benchmarks, and what follows for a table many times as large."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.notation import formats
from generator.notation.tracing import stated, traced
from generator.records.benchmarks import Benchmarks, Section

DOCUMENT = "benchmarks"
"""Name of the published file."""
TRAINING = ("train", "harden")
"""Stages whose work grows with the training rows; that of the others grows with the rows judged."""


FAULTS = {
    "killed": "Killed at a random moment, and run again: the same bytes",
    "interrupted": "Stopped by its user: it says what is kept, leaves nobody behind, and goes on to the same bytes",
    "damaged_cache": "A stage on disk damaged: noticed, and the same bytes again",
    "damaged_record": "A record, or a file beside it, damaged: noticed, and the same bytes again",
    "full_disk": "A disk without room: one clear line, the last good site intact, and with more room the same bytes",
    "two_at_once": "Two runs in one folder: one waits or is refused, and the bytes are the same",
    "elsewhere": "Built elsewhere, with other workers, language, time zone and threads: the same bytes",
}
"""What was done to real runs and how they should end, by the name the benchmark has for it."""


@dataclass(frozen=True)
class Fault:
    """Real runs that were stopped, damaged or starved in one way."""

    what: str
    tried: float
    good: float
    """How many ended as they should."""


@dataclass(frozen=True)
class Benchmark:
    """The same work done two ways, one after the other on one core."""

    work: str
    ours: float
    other: float
    """Seconds."""
    ratio: float


CHANGES = {
    "nothing": "Nothing",
    "template": "One template",
    "sentence": "One sentence of a finding",
    "all": "Everything: first pages of given records",
}
"""What was changed before the site was made again, by the name the benchmark has for it."""


@dataclass(frozen=True)
class Rebuild:
    """The site made again after a change, by this version and by an earlier one."""

    what: str
    now: float
    earlier: float
    """Seconds."""
    ratio: float


@dataclass(frozen=True)
class Plan:
    """A study of a table that nobody has tried, by arithmetic from what was measured."""

    rows: float
    replicates: float
    cores: float
    reading_hours: float
    """Of one core, once."""
    memory_bytes: float
    """Of the machine that leads."""
    training_hours: float
    """Of one core, all replicates."""
    judging_hours: float
    hours: float
    """Wall time: reading, then the rest on all cores."""


@dataclass(frozen=True)
class Speed:
    sections: Mapping[str, Section]
    comparisons: tuple[Benchmark, ...]
    rebuilds: tuple[Rebuild, ...]
    faults: tuple[Fault, ...]
    plan: Plan | None
    """None unless scale and pages were measured."""

    @property
    def largest(self) -> Mapping[str, Any]:
        """The line of the largest table."""
        return self.sections["scale"].measured["sizes"][-1]

    @property
    def smallest(self) -> Mapping[str, Any]:
        return self.sections["scale"].measured["sizes"][0]

    @property
    def times(self) -> float:
        """How many times as many rows the largest table has as the smallest."""
        return self.largest["rows"] / self.smallest["rows"]

    @property
    def page_change(self) -> float:
        """Share by which the pages of the largest table are heavier than those of the smallest."""
        return self.largest["html_gz_bytes"] / self.smallest["html_gz_bytes"] - 1


def documents(benchmarks: Benchmarks) -> dict[str, Benchmarks]:
    """The record that numbers of the page come from, by the name of its file."""
    return {DOCUMENT: benchmarks}


def values(benchmarks: Benchmarks) -> dict[str, Any]:
    """What the template sees."""
    sections = traced(benchmarks, DOCUMENT).sections
    parts = (_comparisons, _rebuilds, _faults)
    return {"speed": Speed(sections, *(tuple(part(sections)) for part in parts), _plan(sections))}


def _comparisons(sections: Mapping[str, Section]):
    if training := sections.get("training"):
        found = training.measured
        yield Benchmark(
            f"one model of {formats.count(found['replicates'])} trained: in a stack, and in a loop of ART",
            found["seconds_per_replicate_stacked"], found["seconds_per_model_looped"], found["ratio"],
        )  # fmt: skip
    if attacks := sections.get("attacks"):
        for attack, found in attacks.measured.items():
            yield Benchmark(
                f"{attack.upper()} on a thousand rows: in a stack, and with ART row by row",
                1000 / found["rows_per_second_whole_stack"], 1000 / found["rows_per_second_row_by_row"],
                found["ratio_row_by_row"],
            )  # fmt: skip
    if proofs := sections.get("proofs"):
        for found in proofs.measured["comparisons"]:
            yield Benchmark(found["name"], found["ours"], found["other"], found["ratio"])
    if trees := sections.get("trees"):
        for found in trees.measured["comparisons"]:
            for against, other, ratio in (
                ("Veritas as shipped", "other", "other_ratio"),
                ("Veritas on trees pruned to the box", "pruned", "pruned_ratio"),
            ):
                yield Benchmark(
                    f"a row of boosted trees proved, {found['name']}: search over cells, and {against}, medians",
                    found["ours"], found[other], found[ratio],
                )  # fmt: skip
    if cliques := sections.get("cliques"):
        for found in cliques.measured["comparisons"]:
            yield Benchmark(
                f"a row of boosted trees proved, {found['name']}: search over cells, and ART's clique method",
                found["ours"], found["other"], found["ratio"],
            )  # fmt: skip
    if nets := sections.get("nets"):
        for found in nets.measured["comparisons"]:
            ours, other = (found[who]["median"] / 1000 for who in ("ours", "marabou"))
            yield Benchmark(
                f"a row of a network proved, {found['name']}: own search, and Marabou, medians",
                ours, other, found["ratio_of_medians"],
            )  # fmt: skip
    if pages := sections.get("pages"):
        found = pages.measured
        yield Benchmark(
            "pages and site from the records, and the cold study that made them",
            found["site_seconds"], found["study_seconds"], found["ratio"],
        )  # fmt: skip


def _rebuilds(sections: Mapping[str, Section]):
    measured = sections["rebuilding"].measured["changes"] if "rebuilding" in sections else {}
    for name, what in CHANGES.items():
        if name in measured:
            found = measured[name]
            yield Rebuild(what, found["now_seconds"], found["earlier_seconds"], found["ratio"])


def _faults(sections: Mapping[str, Section]):
    measured = sections["faults"].measured if "faults" in sections else {}
    for name, what in FAULTS.items():
        if name in measured:
            yield Fault(what, measured[name]["trials"], measured[name]["as_it_should_be"])


def _plan(sections: Mapping[str, Section]) -> Plan | None:
    """Reading grows with the rows of the table; training and judging with the replicates alone, once it is sampled."""
    if not {"scale", "pages"} <= sections.keys():
        return None
    largest = sections["scale"].measured["sizes"][-1]
    study = max(sections["pages"].measured["studies"].values(), key=lambda each: each["seconds"])
    rows, replicates, cores = (stated(f"plan_{name}") for name in ("rows", "replicates", "cores"))
    alone, times = largest["reading"], rows / largest["rows"]
    more = replicates / study["replicates"]
    hours = {True: 0.0, False: 0.0}
    for stage, seconds in study["stages"].items():
        hours[stage in TRAINING] += seconds * study["workers"] / 3600
    training = hours[True] * more * (largest["rows_trained"] / study["rows_trained"])
    judging = hours[False] * more * (largest["rows_judged"] / study["rows_judged"])
    reading = alone["seconds"] * times / 3600
    return Plan(
        rows=rows, replicates=replicates, cores=cores,
        reading_hours=reading,
        memory_bytes=(alone["peak_bytes"] - alone["peak_bytes_before"]) * times,
        training_hours=training,
        judging_hours=judging,
        hours=reading + (training + judging) / cores,
    )  # fmt: skip

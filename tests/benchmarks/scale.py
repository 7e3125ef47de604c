"""How time, memory and pages grow with the rows of the table: real runs of the command line, one size after another.

`python -m tests.benchmarks.scale [--rows 25000 250000 2500000]`. The published table comes first, as the base.
"""

import argparse
import gzip
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from generator.datasets import SourceOptions, dataset
from generator.records.results import StudyResult
from generator.records.timings import Timings
from tests.benchmarks import results
from tests.benchmarks.checkout import Run, copied
from tests.benchmarks.resampled import published, write_resampled

SIZES = (25_000, 250_000, 2_500_000)
DATASET = "kaggle"
SEEDS = 2
"""As many as a quick study has."""
EVERY = 0.2
"""Seconds between two looks at the memory of a run."""


class RunError(Exception):
    """A run ended badly; the message holds what it said."""


def measure(sizes: Sequence[int], folder: Path) -> dict:
    """Each size in a cold quick study with pages and site, and the exponents with which seconds and bytes grow."""
    tables = [published()]
    for rows in sizes:
        tables.append(folder / f"{rows}.csv")
        write_resampled(tables[-1], rows)
    found = []
    for table in tables:
        found.append(_study(table, folder / "runs" / table.stem) | {"reading": _alone(table)})
        line = found[-1]
        print(
            f"{line['rows']:>9,} rows: {line['seconds']:.0f} s, {line['largest_process_bytes'] / 1e6:,.0f} MB, "
            f"{line['pages']} pages of {line['html_gz_bytes'] / 1e3:,.0f} KB",
            flush=True,
        )
    return {
        "sizes": found,
        "exponents": {
            "seconds": growth(found, lambda line: line["seconds"]),
            "reading_seconds": growth(found, lambda line: line["reading"]["seconds"]),
            "largest_process_bytes": growth(found, lambda line: line["largest_process_bytes"]),
            "html_gz_bytes": growth(found, lambda line: line["html_gz_bytes"]),
        },
    }


def growth(lines: Sequence[dict], of: Callable[[dict], float]) -> dict:
    """p where the quantity grows as rows^p: slope of the logarithms over all sizes, and the steepest between two."""
    rows, values = (np.log([pick(line) for line in lines]) for pick in (lambda line: line["rows"], of))
    steps = [(b - a) / (d - c) for (a, b), (c, d) in zip(pairwise(values), pairwise(rows), strict=True)]
    return {"overall": float(np.polyfit(rows, values, 1)[0]), "steepest": float(max(steps))}


def _study(table: Path, folder: Path) -> dict:
    """`all` in a copy of the project that has no record yet."""
    checkout = replace(copied(folder, table), seeds=SEEDS)
    began = time.monotonic()
    timings = folder / "timings.json"
    run = checkout.start("all", "--timings", str(timings))
    largest, together = _watch(run)
    done = run.done()
    if done.code:
        raise RunError(f"{table.name}: ended with {done.code}: {done.text[-2000:]}")
    seconds = time.monotonic() - began
    result = StudyResult.read(checkout.records / f"{DATASET}.json")
    pages = sorted(checkout.site.rglob("*.html"))
    return {
        "rows": result.data.n_rows,
        "rows_judged": result.n_judged,
        "rows_trained": result.judged.training_rows,
        "replicates": result.spec.training.replicates,
        "table_bytes": table.stat().st_size,
        "seconds": seconds,
        "study_seconds": Timings.read(timings).studies[DATASET].seconds,
        "largest_process_bytes": largest,
        "all_processes_bytes": together,
        "pages": len(pages),
        "html_gz_bytes": sum(len(gzip.compress(page.read_bytes(), 9, mtime=0)) for page in pages),
        "site_bytes": sum(path.stat().st_size for path in checkout.site.rglob("*") if path.is_file()),
        "record_bytes": (checkout.records / f"{DATASET}.json").stat().st_size,
    }


def _watch(run: Run) -> tuple[int, int]:
    """Bytes of memory of the largest process of `run`, and of all together, each at its peak.

    Pages that processes share count for each of them, so the sum is an upper limit.
    """
    largest = together = 0
    while not run.wait(EVERY):
        held = [
            _memory(process) for process in Path("/proc").glob("[0-9]*") if _group(process) == run.process.pid
        ]
        largest, together = (
            max([largest, *(peak for _, peak in held)]),
            max(together, sum(now for now, _ in held)),
        )
    return largest, together


def _group(process: Path) -> int | None:
    try:
        return os.getpgid(int(process.name))
    except ProcessLookupError:
        return None


def _memory(process: Path) -> tuple[int, int]:
    """Bytes now, and at most so far; nothing of a process that is gone."""
    try:
        lines = (process / "status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    fields = dict(line.split(":", 1) for line in lines)
    return tuple(1024 * int(fields.get(name, "0 kB").split()[0]) for name in ("VmRSS", "VmHWM"))


def _alone(table: Path) -> dict:
    """Reading, labelling and describing the table, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_read, (table,))


def _read(table: Path) -> dict:
    known = dataset(DATASET)
    at_rest, began = _peak(), time.monotonic()
    labelled = known.load(known.study, SourceOptions(kaggle_csv=table, offline=True))
    loaded = time.monotonic()
    summary = known.summarise(labelled, known.study)
    columns = labelled.frame.memory_usage(deep=True).sum() + labelled.ids.nbytes
    arrays = (labelled.x, labelled.y, labelled.rule.score)
    return {
        "seconds": time.monotonic() - began,
        "loading_seconds": loaded - began,
        "peak_bytes": _peak(),
        "peak_bytes_before": at_rest,
        "table_in_memory_bytes": int(columns + sum(each.nbytes for each in arrays)),
        "summary_bytes": len(summary.to_json()),
    }


def _peak() -> int:
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main():
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scale", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), metavar="N")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        measured = measure(sorted(options.rows), Path(folder))
    results.keep("scale", measured)
    print(json.dumps(measured["exponents"], indent=1))


if __name__ == "__main__":
    main()

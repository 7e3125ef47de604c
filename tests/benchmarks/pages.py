"""The pages against the whole: the site from the records in data/results, and the cold study that made them."""

import shutil
import tempfile
from pathlib import Path

from generator.engine.files import visible_files
from generator.records.results import StudyResult
from generator.records.timings import StudyTime, Timings
from tests.benchmarks.checkout import ROOT, copied

RECORDS = ROOT / "data" / "results"
TIMINGS = ROOT / "data" / "timings.json"
"""Of the last study by `make`."""
REPEATS = 2
"""The fastest of so many builds counts."""


def measure() -> dict:
    """Wall seconds of both.

    Raises:
        FileNotFoundError: There is no cold study of every record yet.
        RecordError: The file of the timings is damaged or of another release.
    """
    timings = cold_timings(TIMINGS, RECORDS)
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        project = copied(Path(folder) / "project", Path())
        shutil.copytree(RECORDS, project.records, ignore=shutil.ignore_patterns("cache", "previous"))
        builds = []
        for _ in range(REPEATS):
            project.forget()
            shutil.rmtree(project.records / "cache", ignore_errors=True)  # pages are kept there too
            builds.append(project.run("site"))
        if any(done.code for done in builds):
            raise RuntimeError(builds[-1].text)
        pages = len(list(project.site.rglob("*.html")))
    site, study = min(done.seconds for done in builds), max(took.seconds for took in timings.studies.values())
    return {
        "site_seconds": site,
        "study_seconds": study,
        "ratio": study / site,
        "pages": pages,
        "studies": {name: _study(name, took, timings.workers) for name, took in timings.studies.items()},
    }


def cold_timings(timings: Path, records: Path) -> Timings:
    """Of studies that computed all they hold, one for each record in `records`.

    Raises:
        FileNotFoundError: There are none yet, or a study went on from what was on disk.
    """
    taken = Timings.read(timings) if timings.exists() else None
    if not taken or {path.stem for path in visible_files(records, "*.json")} != taken.studies.keys():
        raise FileNotFoundError(f"{timings}: not of all studies; run `make clean-cache site` first")
    for name, took in taken.studies.items():
        if took.found:
            raise FileNotFoundError(
                f"{timings}: {name} took {took.found} answers from disk, which is no cold study; "
                "run `make clean-cache site` first"
            )
    return taken


def _study(name: str, took: StudyTime, workers: int) -> dict:
    result = StudyResult.read(RECORDS / f"{name}.json")
    return {
        "seconds": took.seconds,
        "stages": took.stages,
        "workers": workers,
        "replicates": result.spec.training.replicates,
        "rows": result.data.n_rows,
        "rows_judged": result.n_judged,
        "rows_trained": result.model("standard").final.training_rows,
    }


def rows(measured: dict) -> list[tuple[str, str]]:
    return [
        ("site from the records", f"{measured['site_seconds']:.1f} s, {measured['pages']} pages"),
        ("cold study", f"{measured['study_seconds']:.0f} s"),
        ("ratio", f"{measured['ratio']:.0f}"),
    ]

"""The pages against the whole: the site from the records, and the cold study that made the records in data/results."""

import shutil
import tempfile
from pathlib import Path

from generator.records.results import StudyResult
from generator.records.runs import FOLDER, Run
from tests.benchmarks.checkout import ROOT, copied

RECORDS = ROOT / "data" / "results"
REPEATS = 2
"""The fastest of so many builds counts."""


def measure() -> dict:
    """Wall seconds of both.

    Raises:
        FileNotFoundError: There is no record of a cold study yet.
    """
    runs = {path.stem: Run.read(path) for path in sorted((RECORDS / FOLDER).glob("*.json"))}
    if not runs:
        raise FileNotFoundError(
            f"{RECORDS / FOLDER}: no run of a study; run `make site` first, from a clean cache"
        )
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        project = copied(Path(folder) / "project", Path())
        shutil.copytree(RECORDS, project.records, ignore=shutil.ignore_patterns("cache", "previous"))
        builds = [project.run("site") for _ in range(REPEATS)]
        if any(done.code for done in builds):
            raise RuntimeError(builds[-1].text)
        pages = len(list(project.site.rglob("*.html")))
    site, study = min(done.seconds for done in builds), max(run.seconds for run in runs.values())
    return {
        "site_seconds": site,
        "study_seconds": study,
        "ratio": study / site,
        "pages": pages,
        "studies": {name: _study(name, run) for name, run in runs.items()},
    }


def _study(name: str, run: Run) -> dict:
    result = StudyResult.read(RECORDS / f"{name}.json")
    return {
        "seconds": run.seconds,
        "stages": run.stages,
        "workers": run.workers,
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

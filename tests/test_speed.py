"""The page on speed and scale: what was measured and what follows for a larger study; nothing where nothing was."""

import re
from pathlib import Path

import pytest
from report_fixture import tiny_result
from study_fixture import Recorder

from generator.engine.files import write_whole
from generator.engine.stopwatch import Stopwatch
from generator.findings import speed
from generator.pages.rendering import render_pages
from generator.records.base import RecordError
from generator.records.benchmarks import Benchmarks, read_benchmarks
from tests.benchmarks.pages import cold_timings

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "data" / "benchmarks.json"
MACHINE = {
    "processor": "a processor", "cores": 2, "python": "3.11.7", "system": "Linux", "day": "2026-11-25",
    "commit": "abc1234",
}  # fmt: skip
LARGEST = {
    "rows": 1_000_000, "rows_judged": 100, "rows_trained": 100, "html_gz_bytes": 1_020_000.0,
    "reading": {"seconds": 36.0, "peak_bytes": 2_000_000_000, "peak_bytes_before": 1_000_000_000},
}  # fmt: skip
SMALLEST = {"rows": 1_000, "html_gz_bytes": 1_000_000.0}
STUDY = {
    "seconds": 100.0, "workers": 2, "replicates": 10, "rows_trained": 100, "rows_judged": 100,
    "stages": {"train": 18.0, "settle": 36.0},
}  # fmt: skip


def benchmarks(**measured) -> Benchmarks:
    return Benchmarks(
        sections={name: {"machine": MACHINE, "measured": each} for name, each in measured.items()}
    )


def page(measured: Benchmarks, folder: Path) -> str:
    render_pages(
        [tiny_result()], ROOT / "templates", folder,
        documents=speed.documents(measured), extras=lambda results: speed.values(measured),
    )  # fmt: skip
    return (folder / "speed.md").read_text()


def test_a_larger_study_is_planned_from_what_grows_with_rows_and_what_with_replicates():
    pages = {"site_seconds": 10.0, "study_seconds": 100.0, "ratio": 10.0, "studies": {"kaggle": STUDY}}
    told = speed.values(benchmarks(scale={"sizes": [SMALLEST, LARGEST]}, pages=pages))["speed"]
    assert (told.plan.rows, told.plan.replicates, told.plan.cores) == (100_000_000, 1_000, 64)
    assert told.plan.reading_hours == pytest.approx(36 * 100 / 3600)
    assert told.plan.memory_bytes == pytest.approx(100e9)
    assert told.plan.training_hours == pytest.approx(18 * 2 * 100 / 3600)
    assert told.plan.judging_hours == pytest.approx(36 * 2 * 100 / 3600)
    assert told.plan.hours == pytest.approx(1 + 3 / 64)
    assert told.times == 1000
    assert told.page_change == pytest.approx(0.02)


def test_verifiers_of_others_stand_beside_ours_in_seconds(tmp_path):
    trees = {
        "name": "5 inputs", "ours": 2e-5, "other": 4e-3, "other_ratio": 200.0, "pruned": 1e-4, "pruned_ratio": 5.0,
    }  # fmt: skip
    cliques = {
        "name": "as shipped", "ours": 1e-4, "other": 3e-2, "ratio": 300.0, "rows": 300, "robust": 232,
        "called_robust_but_broken": 5, "robust_but_missed": 18,
    }  # fmt: skip
    nets = {"name": "a net", "ours": {"median": 0.01}, "marabou": {"median": 4.0}, "ratio_of_medians": 400.0}
    measured = {
        name: {"comparisons": [found]}
        for name, found in (("trees", trees), ("cliques", cliques), ("nets", nets))
    }
    told = speed.values(benchmarks(**measured))["speed"]
    assert [(row.ours, row.other, row.ratio) for row in told.comparisons] == [
        (2e-5, 4e-3, 200.0), (2e-5, 1e-4, 5.0), (1e-4, 3e-2, 300.0), (1e-5, 4e-3, 400.0),
    ]  # fmt: skip
    text = " ".join(re.sub("<[^>]*>", "", page(benchmarks(**measured), tmp_path)).split())
    assert "of 300 rows it calls 5 robust that are broken, and misses 18 of 232 robust ones" in text


def test_what_was_not_measured_is_named_with_the_command_that_does_it(tmp_path):
    text = page(benchmarks(), tmp_path)
    for command in ("make scale", "make bench", "make faults"):
        assert f"Not measured. `{command}` does it." in text
    assert "benchmarks.json" not in text


def test_faults_are_told_with_how_many_ended_as_they_should(tmp_path):
    found = {"trials": 50, "as_it_should_be": 49, "of": {"study": 50}}
    text = page(benchmarks(faults={"seed": 1, "killed": found}), tmp_path)
    (line,) = (line for line in text.splitlines() if line.startswith("| Killed at a random moment"))
    assert ">50<" in line or "| 50 |" in line
    assert ">49<" in line or "| 49 |" in line


def test_the_page_shows_all_that_was_kept(tmp_path):
    kept = read_benchmarks(KEPT)
    text = page(kept, tmp_path)
    assert kept.sections.keys() <= {
        "training", "attacks", "proofs", "trees", "cliques", "nets", "pages", "rebuilding", "scale", "faults",
        "cluster",
    }  # fmt: skip
    for name, section in kept.sections.items():
        assert f"- **{name.capitalize()}**" in text
        assert section.machine.commit in text
    assert read_benchmarks(KEPT).to_json() == (tmp_path / "data" / "benchmarks.json").read_text()


def test_a_damaged_file_is_named_with_the_way_out(tmp_path):
    path = tmp_path / "results.json"
    path.write_text('{"scale": {"machine": {}}}')
    with pytest.raises(RecordError, match=r"results\.json: damaged .* take it from git, or run `make bench`"):
        read_benchmarks(path)


def test_no_file_is_nothing_measured(tmp_path):
    assert read_benchmarks(tmp_path / "results.json").sections == {}


@pytest.mark.parametrize(
    ("studies", "refusal"),
    [
        ({"checks": 0, "kaggle": 0}, None),
        ({"checks": 0}, "not of all studies; run `make clean-cache site` first"),
        ({"checks": 0, "kaggle": 12}, "kaggle took 12 answers from disk, which is no cold study"),
    ],
)
def test_the_pages_are_measured_against_a_study_that_found_nothing_on_disk(tmp_path, studies, refusal):
    for name in ("checks", "kaggle"):
        (tmp_path / f"{name}.json").touch()
    watch, timings = Stopwatch(Recorder()), tmp_path / "elsewhere" / "timings.json"
    for name, found in studies.items():
        watch.start(name, "train", 20, found)
    write_whole(timings, watch.record("local", 2, dict.fromkeys(studies, 60.0)).to_json().encode())
    if refusal is None:
        assert cold_timings(timings, tmp_path).studies.keys() == studies.keys()
    else:
        with pytest.raises(FileNotFoundError, match=refusal):
            cold_timings(timings, tmp_path)

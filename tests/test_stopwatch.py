"""The stopwatch passes on what it is told, and knows how long each stage of each dataset took."""

import io

from rich.console import Console

from generator.engine.progress import PlainReporter
from generator.engine.stopwatch import Stopwatch, Timing, processor, timing_table
from generator.records.timings import StudyTime


def test_a_stage_lasts_from_its_start_to_its_last_answer_and_datasets_are_kept_apart():
    out, times = io.StringIO(), iter([10.0, 11.0, 12.5, 14.0, 20.0, 29.0])
    watch = Stopwatch(PlainReporter(Console(file=out)), clock=lambda: next(times))
    watch.start("checks", "train", 1, 0)  # 10
    watch.start("kaggle", "train", 1, 0)  # 11
    watch.advance("checks", "train")  # 12.5
    watch.advance("kaggle", "train")  # 14
    watch.start("checks", "attack", 2, 1)  # 20
    watch.advance("checks", "attack")  # 29
    timings = watch.record("local", 2, {"checks": 40.0, "kaggle": 41.0})
    assert timings.studies == {
        "checks": StudyTime(seconds=40.0, stages={"train": 2.5, "attack": 9.0}, found=1),
        "kaggle": StudyTime(seconds=41.0, stages={"train": 3.0}, found=0),
    }
    assert (timings.engine, timings.workers) == ("local", 2)
    assert timings.cores >= 1
    assert "checks: train: done" in out.getvalue()
    assert watch.timings() == [
        Timing("checks: train", 2.5, 1, 0),
        Timing("kaggle: train", 3.0, 1, 0),
        Timing("checks: attack", 9.0, 2, 1),
    ]


def test_the_table_at_the_end_has_a_line_a_part_with_seconds_tasks_and_what_was_on_disk():
    out = io.StringIO()
    Console(file=out, width=100).print(timing_table([Timing("checks: settle", 61.26, 1200, 7)]))
    (line,) = (line for line in out.getvalue().splitlines() if "settle" in line)
    assert line.strip("│ ").split() == ["checks:", "settle", "│", "61.3", "│", "1,200", "│", "7"]


def test_the_processor_is_named_as_the_system_names_it(tmp_path):
    path = tmp_path / "cpuinfo"
    path.write_text(
        "processor\t: 0\nmodel name\t: Some CPU @ 2 GHz\nprocessor\t: 1\nmodel name\t: Some CPU @ 2 GHz\n"
    )
    assert processor(path) == "Some CPU @ 2 GHz"


def test_a_system_that_does_not_name_it_is_no_error(tmp_path):
    assert isinstance(processor(tmp_path / "nowhere"), str)
    (tmp_path / "cpuinfo").write_text("BogoMIPS\t: 50.00\n")
    assert processor(tmp_path / "cpuinfo")

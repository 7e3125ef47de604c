"""Killed, starved, interrupted, damaged: a few real cases of what `tests.benchmarks.faults` does many times."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from study_fixture import store

from generator.__main__ import main
from generator.engine.cache import StageCache
from generator.engine.stages import Engine, StageTask
from tests.benchmarks.checkout import SETTLE, copied, small_disk, small_table

# ---------------------------------------------------------------- the study


def square(number: int) -> dict[str, np.ndarray]:
    return {"square": np.array([number * number])}


TASKS = [StageTask({"number": str(number)}, square, (number,)) for number in range(40)]

STUDY = """
import os, signal, sys
from pathlib import Path
from study_fixture import Recorder
from generator.engine.cache import StageCache
from generator.engine.stages import Engine
from test_faults import TASKS

class Mortal(Recorder):
    def advance(self, dataset, stage):
        super().advance(dataset, stage)
        if self.done[dataset, stage] == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)

Engine(StageCache(Path(sys.argv[1])), 1, Mortal()).run("checks", "square", TASKS)
"""


def test_a_killed_stage_goes_on_where_it_was(tmp_path, recorder, monkeypatch):
    paths = os.pathsep.join(("tests", *sys.path))
    done = subprocess.run(
        [sys.executable, "-c", STUDY, tmp_path / "cache", "17"],
        env=os.environ | {"PYTHONPATH": paths},
        check=False,
    )
    assert done.returncode == -signal.SIGKILL
    computed = []
    monkeypatch.setattr(
        "generator.engine.parallel.run",
        lambda tasks, workers: (
            computed.append(arguments) or function(*arguments) for function, arguments in tasks
        ),
    )
    results = Engine(StageCache(tmp_path / "cache"), 1, recorder).run("checks", "square", TASKS)
    assert [int(each["square"][0]) for each in results] == [number**2 for number in range(40)]
    assert computed == [(number,) for number in range(17, 40)]


def test_a_study_with_a_damaged_stage_result_ends_with_the_same_bytes(
    tiny_study, stored, monkeypatch, caplog, capsys
):
    from generator.commands import studying

    monkeypatch.setattr(studying, "_spec", lambda known, options: tiny_study.spec)
    shutil.copytree(tiny_study.cache, stored / "cache")
    before = {path: path.read_bytes() for path in stored.rglob("*") if path.is_file()}
    damaged = sorted((stored / "cache").glob("*-settle-*"))[3]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 3] ^= 16
    damaged.write_bytes(content)
    (stored / "draws" / "checks.npz").write_bytes(b"")
    command = ["study", "--datasets", "checks", "--offline", "--workers", "1", "--records", str(stored)]
    assert main(command) == 0
    assert f"{damaged.name} is damaged; computing it again" in caplog.text
    assert "draws/checks.npz is not what checks.sha256 says; writing it again" in caplog.text
    assert {path: path.read_bytes() for path in before} == before
    out = capsys.readouterr().out
    (line,) = (line for line in out.splitlines() if "checks: settle" in line and "│" in line)
    total, found = line.strip("│ ").split("│")[2:]
    assert int(total) == int(found) + 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_says_what_is_kept_and_leaves_nobody_behind(workers, tmp_path):
    checkout = copied(tmp_path / "project", small_table(tmp_path / "table.csv"))
    run = checkout.start("study", "--workers", workers)
    until = time.monotonic() + 60
    while "train: 0/1" not in run.log.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    run.wait(1.0)
    run.signal(signal.SIGINT)
    assert run.wait(SETTLE)
    done = run.done()
    assert done.code == 130
    assert "stopped; finished stages are kept in data/results/cache" in done.text
    assert "Traceback" not in done.text
    assert run.left() == []


# ---------------------------------------------------------------- the site


@pytest.fixture(scope="module")
def reference(tiny_study, tmp_path_factory):
    """A copy of the project with the records of the tiny study and the site of them, all made by a private person."""
    folder = tmp_path_factory.mktemp("faults")
    checkout = copied(folder / "project", folder / "none.csv")
    for path in (checkout.docs / "assets").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    store(tiny_study, checkout.records)
    done = checkout.run("site", umask=0o077)
    assert done.code == 0, done.text
    return checkout


def modes_amiss(checkout) -> list[str]:
    """What of site and pages not everybody can read, or somebody else can change."""
    paths = [path for made in (checkout.site, checkout.docs / "data") for path in (made, *made.rglob("*"))]
    modes = {path: path.stat().st_mode & 0o777 for path in (*paths, *checkout.docs.glob("*.md"))}
    return [
        f"{path}: {mode:o}" for path, mode in modes.items() if mode != (0o755 if path.is_dir() else 0o644)
    ]


def test_what_a_private_person_makes_can_be_read_by_all(reference):
    assert modes_amiss(reference) == []


def test_a_build_killed_twice_ends_with_the_same_bytes(reference):
    wanted = reference.contents()
    reference.forget()
    good = {path.name for path in reference.site.iterdir()}
    for moment in ("docs/", "site"):
        run = reference.start("site")
        started = "[!.]*" if moment == "site" else "*"
        until = time.monotonic() + 60
        while (
            not list(reference.folder.glob(f".{moment.strip('/')}-new-*/{started}"))
            and time.monotonic() < until
        ):
            time.sleep(0.02)
        run.signal(signal.SIGKILL)
        assert run.done().code == -signal.SIGKILL
        assert {path.name for path in reference.site.iterdir()} == good
        assert reference.leftovers() != []
    done = reference.run("site", umask=0)  # and what a careless one makes can be changed by nobody else
    assert done.code == 0, done.text
    assert reference.contents() == wanted
    assert reference.leftovers() == []
    assert modes_amiss(reference) == []


def published(checkout) -> dict[str, str]:
    return checkout.contents("docs") | checkout.contents("site")


def test_a_full_disk_is_one_clear_line_and_the_last_good_site_stays(reference, tmp_path):
    disk = tmp_path / "disk"
    try:
        held = sum(each.stat().st_size for each in reference.folder.rglob("*") if each.is_file())
        with small_disk(disk, 30 + 2 * held // 1_000_000):  # small files take whole blocks
            shutil.copytree(reference.folder, disk / "project")
            starved = type(reference)(disk / "project", reference.table)
            starved.forget()
            before = published(starved)
            (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - 3_000_000))
            done = starved.run("site")
            assert done.code == 2
            assert done.text.startswith(f"error: {disk}")
            assert (
                "no space left on device; the last good site and all finished stages are as they were"
                in done.text
            )
            assert done.text.count("\n") == 1
            assert published(starved) == before
            assert starved.leftovers() == []
    except PermissionError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")

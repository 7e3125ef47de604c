"""A Dask cluster computes what this machine would, and what goes wrong with it ends in one clear line.

Scheduler and workers are real processes on the loopback interface.
"""

import operator
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from cluster_fixture import ROOT, Loopback, loopback
from own_fixture import cells, written

from generator.__main__ import main
from generator.commands import studying
from generator.engine import cluster as clusters
from generator.engine.cluster import ClusterError, connected, scheduler_of
from generator.engine.files import sha256_of
from generator.provenance import environment
from generator.records.timings import Timings


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """Gives those that an earlier test left whole, or starts new ones."""
    begun = []
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        patch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "1")

        def running() -> Loopback:
            if not begun or not begun[-1].whole:
                begun.append(stack.enter_context(loopback(tmp_path_factory.mktemp("cluster"), workers=2)))
            return begun[-1]

        yield running


@pytest.fixture
def here(running) -> Loopback:
    """A scheduler and two workers; a task may lose one worker, not two."""
    return running()


@pytest.fixture
def cluster(here):
    with connected(here.engine, environment, print) as known:
        known.client.wait_for_workers(2, timeout=60)
        yield known


@pytest.fixture
def hurried(monkeypatch):
    """Wait no longer than a second for what will not come."""
    monkeypatch.setattr(clusters, "CONNECT_SECONDS", 1)
    monkeypatch.setattr(clusters, "WORKER_SECONDS", 2)


SURROUNDINGS = ("ENGINE", "KAGGLE_CSV", "QUICK")
"""Settings that would make the studies differ."""


@pytest.fixture(scope="module")
def small_spec(tiny_spec):
    """The tiny study with two ways of hardening."""
    hardening = tiny_spec.hardening.model_copy(update={"recipes": ("accumulating_fgsm", "pgd_ramp")})
    return tiny_spec.model_copy(update={"hardening": hardening})


@pytest.fixture
def study(small_spec, monkeypatch):
    """The study command on the small spec; its exit code."""
    monkeypatch.setattr(studying, "_spec", lambda known, options: small_spec)
    for name in SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)

    def run(folder: Path, *options: str) -> int:
        return main(["study", "--datasets", "checks", "--offline", "--records", str(folder), *options])

    return run


@pytest.fixture(scope="module")
def local(small_spec, tmp_path_factory) -> dict[str, str]:
    """All that the study leaves when this machine computes it alone."""
    folder = tmp_path_factory.mktemp("local")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(studying, "_spec", lambda known, options: small_spec)
        for name in SURROUNDINGS:
            patch.delenv(name, raising=False)
        arguments = ["--datasets", "checks", "--offline", "--records", str(folder), "--workers", "1"]
        assert main(["study", *arguments, "--engine", "local"]) == 0
    return _left(folder)


def _left(folder: Path) -> dict[str, str]:
    """Name -> hash of every file of a study, stage results too."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_of(path.read_bytes()) for path in files}


@contextmanager
def _meanwhile(done: Callable[[], bool]):
    """Try again and again to get something done while the block runs, and no longer."""
    over = threading.Event()

    def attempt():
        while not done() and not over.wait(0.01):
            pass

    thread = threading.Thread(target=attempt)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _sum_of_exponentials(seed: int) -> float:
    values = torch.from_numpy(np.random.default_rng(seed).standard_normal(200_000).astype(np.float32))
    return values.exp().sum().item()


# ---------------------------------------------------------------- the same as here


def test_a_study_leaves_the_same_bytes_and_its_timings_say_who_computed(
    here, cluster, study, local, tmp_path
):
    records, timings = tmp_path / "results", tmp_path / "timings.json"
    assert study(records, "--engine", here.engine, "--timings", str(timings)) == 0
    assert _left(records) == local
    found = Timings.read(timings)
    assert (found.engine, found.workers, found.studies.keys()) == ("dask", 2, {"checks"})


def test_a_study_of_ones_own_table_leaves_the_same_bytes(here, cluster, tmp_path, monkeypatch):
    for name in SURROUNDINGS:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "own").mkdir()
    beside = 'beside = ["logistic_regression", "boosted_trees"]\n'
    asked = written(tmp_path / "own", cells(), ('title = "Claims"', f'title = "Claims"\n{beside}'))

    def studied(folder: str, *options: str) -> dict[str, str]:
        assert (
            main(["study", str(asked), "--quick", "--records", str(tmp_path / folder / "results"), *options])
            == 0
        )
        return _left(tmp_path / folder)

    local = studied("local", "--engine", "local", "--workers", "1")
    assert studied("cluster", "--engine", here.engine) == local
    assert any("private" in name for name in local)


def test_a_worker_killed_in_mid_study_costs_no_byte(here, cluster, study, local, tmp_path):
    lost = here.add_worker("--nthreads", "1", "--name", "lost")
    cluster.client.wait_for_workers(3, timeout=60)
    (address,) = (a for a, w in cluster.client.scheduler_info()["workers"].items() if w["name"] == "lost")
    had = []

    def killed_while_busy() -> bool:
        if any(tmp_path.glob("cache/checks-train-*")):
            had.extend(cluster.client.processing().get(address, ()))
        if had:
            lost.kill()
        return bool(had)

    with _meanwhile(killed_while_busy):
        assert study(tmp_path, "--engine", here.engine) == 0
    assert had
    assert _left(tmp_path) == local


def test_answers_come_in_the_order_of_the_tasks(cluster):
    tasks = [(operator.pow, (i, 2)) for i in range(9)]
    assert list(cluster.run(tasks)) == [0, 1, 4, 9, 16, 25, 36, 49, 64]


def test_an_answer_is_there_before_the_tasks_behind_it_are_done(cluster, tmp_path):
    os.mkfifo(pipe := tmp_path / "pipe")
    answers = cluster.run([(operator.pow, (2, 3)), (Path.read_text, (pipe,))])
    assert next(answers) == 8
    pipe.write_text("done")
    assert list(answers) == ["done"]


def test_no_tasks_have_no_answers(cluster):
    assert list(cluster.run([])) == []


def test_every_task_computes_on_one_thread(cluster):
    assert list(cluster.run([(torch.get_num_threads, ())] * 2)) == [1, 1]


def test_what_tasks_share_arrives_whole_and_may_be_written_to(cluster):
    shared = np.arange(100_000.0)
    answers = list(cluster.run([(np.multiply, (shared, factor, )) for factor in (1.0, 2.0, 3.0)]))  # fmt: skip
    assert [answer.sum() for answer in answers] == [shared.sum(), 2 * shared.sum(), 3 * shared.sum()]
    assert all(answer.flags.writeable and answer.flags.aligned for answer in answers)
    assert list(cluster.run([(np.ndarray.sort, (shared,))] * 2)) == [None, None]


def test_the_error_of_a_task_reaches_the_caller(cluster):
    with pytest.raises(ZeroDivisionError):
        list(cluster.run([(operator.truediv, (1, 0))]))


def test_an_error_that_a_lost_connection_would_raise_too_is_still_the_tasks_own(cluster, tmp_path):
    with pytest.raises(FileNotFoundError):
        list(cluster.run([(os.stat, (str(tmp_path / "nowhere"),))]))


# ---------------------------------------------------------------- workers that will not do


@contextmanager
def _joined(here: Loopback, cluster, *options: str, sources: Path = ROOT):
    """One worker more, for a while."""
    worker = here.add_worker(*options, sources=sources)
    cluster.client.wait_for_workers(3, timeout=60)
    try:
        yield
    finally:
        worker.kill()
        while cluster.workers > 2:
            time.sleep(0.05)


def test_a_worker_with_another_source_is_refused_at_the_start_and_when_it_joins(here, cluster, tmp_path):
    shutil.copytree(
        ROOT / "generator", tmp_path / "generator", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    with (tmp_path / "generator" / "engine" / "seeding.py").open("a") as source:
        source.write("# another version\n")
    said = r"would not give the same bytes: source \w{12} instead of \w{12}; start it anew"
    with _joined(here, cluster, sources=tmp_path):
        with pytest.raises(ClusterError, match=said), connected(here.engine, environment, pytest.fail):
            pass
        with pytest.raises(ClusterError, match=said):
            list(cluster.run([(time.sleep, (0.2,))] * 9))


def test_a_worker_of_two_threads_is_refused(here, cluster):
    with (
        _joined(here, cluster, "--nthreads", "2"),
        pytest.raises(ClusterError, match="threads a worker 2 instead of 1"),
    ):
        cluster.check()


def test_a_worker_outside_the_project_is_refused(here, cluster, tmp_path):
    with (
        _joined(here, cluster, sources=tmp_path),
        pytest.raises(ClusterError, match=r"cannot read this project \(.*generator.*start it in a copy"),
    ):
        cluster.check()


# ---------------------------------------------------------------- what is lost


def test_a_study_whose_scheduler_dies_keeps_its_stages_and_can_be_finished_here(
    here, study, local, tmp_path, capsys
):
    def killed_after_training() -> bool:
        trained = any(tmp_path.glob("cache/checks-train-*"))
        if trained:
            here.scheduler.kill()
        return trained

    with _meanwhile(killed_after_training):
        assert study(tmp_path, "--engine", here.engine) == 2
    assert _line(capsys).startswith(
        f"error: the scheduler at {here.address} is gone; finished stages are kept"
    )
    kept = _left(tmp_path)
    assert any(name.startswith("cache/checks-train-") for name in kept)
    assert not (tmp_path / "checks.json").exists()
    assert study(tmp_path, "--workers", "1") == 0
    assert _left(tmp_path) == local


def test_a_task_that_loses_its_workers_is_named_and_then_there_is_no_worker(
    here, cluster, study, tmp_path, capsys, hurried
):
    with pytest.raises(ClusterError, match=r"exit-\w+: 2 workers were lost while they computed it"):
        list(cluster.run([(os._exit, (1,))]))
    with pytest.raises(ClusterError, match="has had no worker for 2 s"):
        list(cluster.run([(operator.pow, (2, 3))]))
    assert study(tmp_path, "--engine", here.engine, "--cluster-wait", "1") == 2
    captured = capsys.readouterr()
    assert "has no worker; waiting up to 1 s for one" in " ".join(captured.out.split())
    assert captured.err == (
        f"error: the scheduler at {here.address} has had no worker for 1 s; start some: "
        f"python -m dask worker {here.address} --nthreads 1, or wait longer with --cluster-wait\n"
    )


def test_a_cluster_that_grows_with_its_work_is_given_some(tmp_path):
    from distributed import LocalCluster

    said = []
    with LocalCluster(
        n_workers=0,
        threads_per_worker=1,
        dashboard_address=":0",
        local_directory=tmp_path,
        silence_logs="ERROR",
    ) as grown:
        grown.adapt(minimum=0, maximum=1)
        engine = grown.scheduler_address.replace("tcp", "dask")
        with connected(engine, environment, said.append, patience=60) as cluster:
            assert list(cluster.run([(operator.pow, (2, 5))])) == [32]
    assert len(said) == 1
    assert said[0].endswith("has no worker; waiting up to 60 s for one")


def test_where_no_scheduler_listens_the_study_ends_in_one_line(hurried, study, tmp_path, capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert study(tmp_path, "--engine", f"dask://{address}") == 2
    assert _line(capsys) == (
        f"error: no scheduler answered at {address} within 1 s; start one: python -m dask scheduler\n"
    )


def test_what_listens_but_is_no_scheduler_ends_the_study_in_one_line(hurried, study, tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert study(tmp_path, "--engine", f"dask://{address}") == 2
    assert _line(capsys).startswith(f"error: no scheduler answered at {address} within 1 s")


def _line(capsys) -> str:
    """The one line of error."""
    said = capsys.readouterr().err
    assert said.count("\n") == 1, said
    return said


# ---------------------------------------------------------------- how it is named


@pytest.mark.parametrize("address", ["a:1", "10.0.0.7:8786", "head-node.bank.example:65535", "[::1]:8786"])
def test_an_engine_names_the_address_of_its_scheduler(address):
    assert scheduler_of(f"dask://{address}") == address


def test_this_machine_has_no_scheduler():
    assert scheduler_of("local") is None


@pytest.mark.parametrize(
    "engine",
    ["", "dask", "dask://", "dask://host", "dask://host:", "dask://host:0", "dask://host:65536", "dask://:8786",
     "dask://host:port", "dask://host:8786/", "dask://a@host:8786", "tcp://host:8786", "host:8786", "spark"],
)  # fmt: skip
def test_any_other_name_is_answered_with_those_that_are_known(engine):
    with pytest.raises(ClusterError, match="give local or dask://host:port"):
        scheduler_of(engine)


def test_a_wrong_engine_is_refused_before_any_table_is_read(study, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ENGINE", "dask:/host")
    assert study(tmp_path) == 2
    assert _line(capsys) == "error: --engine 'dask:/host': give local or dask://host:port\n"


def test_the_workers_of_a_cluster_are_not_counted_here(study, tmp_path, capsys):
    assert study(tmp_path, "--engine", "dask://host:8786", "--workers", "3") == 2
    assert _line(capsys).startswith("error: --workers 3: a cluster has its own")


def test_without_the_optional_packages_the_study_says_how_to_get_them(study, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert study(tmp_path, "--engine", "dask://host:8786") == 2
    assert _line(capsys) == ("error: --engine dask://host:8786 needs dask.distributed; run `make cluster`\n")

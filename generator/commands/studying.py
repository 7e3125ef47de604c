"""Studies: tables in, records out."""

import argparse
import json
import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from generator.commands.common import InputError, console, say, short, studies_folder
from generator.engine import parallel
from generator.engine.files import write_whole
from generator.engine.made import FROM
from generator.engine.stopwatch import Stopwatch, Timing, timing_table
from generator.engine.unchanged import fingerprint
from generator.program import STUDIES
from generator.records.base import RecordError
from generator.records.changes import changed_inputs
from generator.records.files import record_file, sums_file, unsound
from generator.records.results import StudyResult
from generator.runs import previous

log = logging.getLogger(__name__)

RAW = Path("data", "raw")
KAGGLE_FILE = "bank_transactions_data_2.csv"
"""Its name in data/raw, as `datasets.kaggle.source` has it; that room is not imported to ask."""


def study(options: argparse.Namespace) -> int:
    """Write one record a dataset; a stored one is used again if nothing it depends on changed."""
    if timings := study_all(options):
        console.print(timing_table(timings))
    return 0


def study_all(options: argparse.Namespace) -> list[Timing]:
    """Study what changed; what each stage took.

    Whether anything did is told from raw files first, since to load the tables alone takes seconds.
    """
    if options.studies:
        from generator.commands.validating import validate

        return validate(options)
    key = _raw_key(options)
    if key and not options.fresh and (stems := _current(options.records, key)):
        for stem in stems:
            say(f"{stem}: nothing changed since the study in {short(record_file(options.records, stem))}")
        return []
    names, timings = _study_pending(options)
    if key:
        write_whole(options.records / FROM, "".join(f"{line}\n" for line in (key, *names)).encode())
    return timings


def _raw_key(options: argparse.Namespace) -> str:
    """Stands for all that the records depend on; empty where that may change outside of this machine's files.

    Its parts are those of `provenance`, but for the settings, which are study files and options, and the data, which
    here are the bytes of the file.
    """
    from generator.provenance import environment

    file = options.kaggle_csv or RAW / KAGGLE_FILE
    if not options.offline and not file.exists():
        return ""  # a download may bring one
    parts = (environment(), options.quick, options.seeds, options.datasets)
    return fingerprint(
        (
            studies_folder(),
            STUDIES / "threats",
            file,
            str(options.kaggle_csv is None),
            json.dumps(parts, sort_keys=True),
        )
    )


def _current(records: Path, key: str) -> list[str]:
    """The records that the run with that key left, if all of them are as it left them."""
    if not (records / FROM).is_file():
        return []
    known, *lines = (records / FROM).read_text(encoding="utf-8").splitlines()
    kept = [stem for stem in (line.split()[1] for line in lines) if not unsound(records, stem)]
    return kept if known == key and lines == [_told(records, stem) for stem in kept] else []


def _told(records: Path, stem: str) -> str:
    """The hash of the hashes of a study's files, and its name."""
    return f"{fingerprint([sums_file(records, stem)])} {stem}"


def _study_pending(options: argparse.Namespace) -> tuple[list[str], list[Timing]]:
    """Study what changed: `_told` of every record, and what each stage took.

    The studies run side by side and share the workers, so that one fills the waits of the other.
    """
    from threadpoolctl import threadpool_limits

    from generator.engine.cache import StageCache
    from generator.engine.progress import reporter
    from generator.engine.stages import Engine
    from generator.provenance import provenance

    pending, stems = [], []
    for dataset, spec, table in loaded(options):
        stems.append(dataset.name)
        path = options.records / f"{dataset.name}.json"
        origin = provenance(spec, table.source.canonical_sha256)
        changed = ["--fresh was given"] if options.fresh else _changed(path, origin)
        if changed:
            say(f"{dataset.name}: studying {len(table.y)} rows ({', '.join(changed)})")
            pending.append((dataset, spec, table, origin, path))
        elif StudyResult.read(path).provenance.asked_sha256 != origin.asked_sha256:
            _reword(dataset, spec, table, origin, path)
        else:
            say(f"{dataset.name}: nothing changed since the study in {short(path)}")
    if wrong := [line for _, spec, *_ in pending for line in _unknown(spec)]:
        raise InputError("\n  ".join(wrong))
    if not pending:
        return [_told(options.records, stem) for stem in stems], []
    # brings torch, for which nobody should wait to hear that an input is bad, and which threads should not load at once
    from generator.study.proof_tasks import warm_up_task

    cache = StageCache(options.records / "cache", fresh=options.fresh)
    pool = ThreadPoolExecutor(len(pending) + 1)
    # one thread for linear algebra here too: sums are then added in one order, and workers keep their cores
    with threadpool_limits(1), cluster_of(options) as cluster, reporter(console) as progress:
        watch = Stopwatch(progress)
        if not cluster and workers_of(options) > 1:
            # while models still train: each worker that first needs the searches would compile them for itself
            compiling = warm_up_task(spec for _, spec, *_ in pending)
            pool.submit(list, parallel.run([compiling], workers_of(options)))
        workers = cluster.workers if cluster else workers_of(options)
        running = [pool.submit(_run, Engine(cache, workers, watch, cluster), *one) for one in pending]
        took = {}
        try:
            for (dataset, *_, path), done in zip(pending, running, strict=True):
                took[dataset.name] = done.result()
                say(f"{dataset.name}: studied in {took[dataset.name]:.0f} s, record in {short(path)}")
        except Exception:
            pool.shutdown()  # the other study goes on to its record; who interrupts does not wait for it
            raise
        if options.timings:
            found = watch.record("dask" if cluster else "local", workers, took)
            write_whole(options.timings, found.to_json().encode())
    _trim(cache, options.cache_limit)
    return [_told(options.records, stem) for stem in stems], watch.timings()


def workers_of(options: argparse.Namespace) -> int:
    """Processes that compute: as asked, or one a core."""
    return options.workers or parallel.available_workers()


def _trim(cache, gigabytes: float):
    entries, size = cache.trim(int(gigabytes * 1e9))
    if entries:
        say(
            f"{short(cache.folder)}: {entries} results of earlier runs ({size / 1e6:.0f} MB) removed, "
            f"longest unused first; the limit is {gigabytes:g} GB"
        )


@contextmanager
def cluster_of(options: argparse.Namespace) -> Iterator:
    """The cluster that computes; None if this machine does. What goes wrong with it is for the user to mend."""
    from generator.engine.cluster import ClusterError, connected
    from generator.provenance import environment

    try:
        with connected(options.engine, environment, say, options.cluster_wait) as cluster:
            yield cluster
    except ClusterError as error:
        raise InputError(str(error)) from None


def loaded(options: argparse.Namespace) -> list[tuple]:
    """(dataset, spec, table) of every chosen study.

    All tables are read before anything is computed: a bad file costs seconds, not minutes.

    Raises:
        InputError: A dataset or an engine is unknown, a setting is impossible, or a table cannot be used.
    """
    from generator.datasets import DataError, SourceOptions, StudyFileError, check_learnable, datasets

    refuse_machines(options)
    source = SourceOptions(kaggle_csv=options.kaggle_csv, offline=options.offline, raw_dir=RAW)
    try:
        loaded = [
            (dataset, _spec(dataset, options))
            for dataset in datasets(studies_folder(), options.datasets or ())
        ]
        tables = [(dataset, spec, dataset.load(spec, source)) for dataset, spec in loaded]
        for _, spec, table in tables:
            check_learnable(table, spec.training.folds)
    except (DataError, StudyFileError, ValueError) as error:
        raise InputError(str(error)) from None
    return tables


def refuse_machines(options: argparse.Namespace):
    """Pass if what is said of engine, workers and seeds can be.

    Raises:
        InputError: It cannot; a command that computes nothing is asked for none of them.
    """
    from generator.engine.cluster import ClusterError, scheduler_of

    for name in ("seeds", "workers", "cluster-wait"):
        if (given := getattr(options, name.replace("-", "_"), None)) is not None and given < 1:
            raise InputError(f"--{name} {given}: give 1 or more")
    try:
        if scheduler_of(getattr(options, "engine", "local")) and getattr(options, "workers", None):
            raise InputError(f"--workers {options.workers}: a cluster has its own; leave the option out")
    except ClusterError as error:
        raise InputError(str(error)) from None


def _run(engine, dataset, spec, table, origin, path: Path) -> float:
    """Run one study, write its record, and return the seconds it took; the record it replaces is kept."""
    from generator.study.output import write_study
    from generator.study.run import run_study

    began = time.monotonic()
    output = run_study(spec, dataset, table, origin, engine)
    seconds = time.monotonic() - began
    previous.keep(path, origin.study_key)
    write_study(output, path.parent)
    return seconds


def _unknown(spec) -> list[str]:
    from generator.study.asked import unknown

    return unknown(spec)


def _reword(dataset, spec, table, origin, path: Path):
    """Write the record of the same study again, in its new words."""
    from generator.study.output import write_record
    from generator.study.rewording import reworded

    write_record(reworded(StudyResult.read(path), spec, dataset, table, origin), path.parent)
    say(f"{dataset.name}: new words, same numbers; record in {short(path)}")


def _spec(dataset, options: argparse.Namespace):
    spec = dataset.study.quickened() if options.quick else dataset.study
    if options.seeds is not None:
        spec = spec.model_copy(update={"training": spec.training.model_copy(update={"seeds": options.seeds})})
    return spec


def _changed(path: Path, origin) -> list[str]:
    """Why the study has to run; empty if the record in `path` still holds."""
    if not path.exists():
        return ["no record yet"]
    if wrong := unsound(path.parent, path.stem):
        for each in wrong:
            log.warning("%s: %s; writing it again", short(path.parent), each)
        return wrong
    try:
        return changed_inputs(StudyResult.read(path).provenance, origin)
    except RecordError:
        return ["the record was written by another version"]


def study_key(options: argparse.Namespace) -> int:
    """Print one hash of everything the numbers of the chosen studies depend on; of one study file, the study key."""
    from generator.engine.files import sha256_of
    from generator.provenance import provenance

    if options.studies:
        from generator.commands.validating import keys as keys_of_own

        own = keys_of_own(options)
        print(own[0] if len(own) == 1 else sha256_of(*own))
        return 0
    keys = [provenance(spec, table.source.canonical_sha256).study_key for _, spec, table in loaded(options)]
    print(sha256_of(*keys))
    return 0

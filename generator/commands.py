"""What each word of the command line does: a few lines each; study and report are imported where needed."""

import argparse
import hashlib
import logging
import multiprocessing.connection
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from generator.engine import parallel
from generator.engine.files import WriteError, scratch_folder, visible_files, write_whole, writing_in
from generator.engine.locks import BusyError, alone_in
from generator.engine.stopwatch import Stopwatch, Timing, timing_table
from generator.records.base import RecordError
from generator.records.changes import changed_inputs
from generator.records.files import refuse_misnamed, sums_file, unsound
from generator.records.results import StudyResult
from generator.runs import previous

if TYPE_CHECKING:
    from generator.pages.rendering import Prepared

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES_SIDE = ("notation", "findings", "figures", "tools", "pages", "publish", "runs")
"""Rooms whose source makes the pages, whatever the records say."""
READING = ("diff", "verify-claims", "study-key", "serve")
"""Commands that write nothing themselves."""

console = Console()


class InputError(Exception):
    """What the user gave cannot be used; the message says what, where, and what to do."""


def run(options: argparse.Namespace) -> int:
    """Carry out one command, alone in the folders it writes.

    Raises:
        InputError: It cannot be done, or another run is at work there.
    """
    with _alone(options):
        return COMMANDS[options.command](options)


@contextmanager
def _alone(options: argparse.Namespace) -> Iterator[None]:
    """Nobody else writes where the command does.

    Raises:
        InputError: Another run is at work there, or the disk is full.
    """
    try:
        with ExitStack() as held:
            for folder in _written(options):
                held.enter_context(alone_in(folder, _say))
            held.enter_context(writing_in(ROOT))
            yield
    except BusyError as error:
        raise InputError(str(error)) from None
    except WriteError as error:
        raise InputError(
            f"{error}; the last good site and all finished stages are as they were, "
            "mend this and run the same command to go on"
        ) from None


def _written(options: argparse.Namespace) -> list[Path]:
    """The folders a command writes or relies on, always in this order, so that no two runs wait for each other."""
    if options.command in READING:
        return []
    if options.command in ("study", "previous"):
        return [options.records]
    return [options.records, DOCS] if options.command == "all" or options.records.exists() else [DOCS]


def study(options: argparse.Namespace) -> int:
    """Write one record a dataset; a stored one is used again if nothing it depends on changed."""
    if timings := _study(options):
        console.print(timing_table(timings))
    return 0


def _study(options: argparse.Namespace) -> list[Timing]:
    """Study what changed; what each stage took.

    The studies run side by side and share the workers, so that one fills the waits of the other.
    """
    from threadpoolctl import threadpool_limits

    from generator.engine.cache import StageCache
    from generator.engine.progress import reporter
    from generator.engine.stages import Engine
    from generator.provenance import provenance
    from generator.study.proof_tasks import WARM_UP

    pending = []
    for known, spec, table in _loaded(options):
        path = options.records / f"{known.name}.json"
        origin = provenance(spec, table.source.canonical_sha256)
        changed = ["--fresh was given"] if options.fresh else _changed(path, origin)
        if changed:
            _say(f"{known.name}: studying {len(table.y)} rows ({', '.join(changed)})")
            pending.append((known, spec, table, origin, path))
        else:
            _say(f"{known.name}: nothing changed since the study in {_short(path)}")
    if not pending:
        return []
    cache = StageCache(options.records / "cache", fresh=options.fresh)
    pool = ThreadPoolExecutor(len(pending) + 1)
    # one thread for linear algebra here too: sums are then added in one order, and workers keep their cores
    with threadpool_limits(1), _cluster(options) as cluster, reporter(console) as progress:
        watch = Stopwatch(progress)
        if not cluster and _workers(options) > 1:
            # while models still train: each worker that first needs the searches would compile them for itself
            pool.submit(list, parallel.run([WARM_UP], _workers(options)))
        workers = cluster.workers if cluster else _workers(options)
        running = [pool.submit(_run, Engine(cache, workers, watch, cluster), *one) for one in pending]
        took = {}
        try:
            for (known, *_, path), done in zip(pending, running, strict=True):
                took[known.name] = done.result()
                _say(f"{known.name}: studied in {took[known.name]:.0f} s, record in {_short(path)}")
        except Exception:
            pool.shutdown()  # the other study goes on to its record; who interrupts does not wait for it
            raise
        if options.timings:
            found = watch.record("dask" if cluster else "local", workers, took)
            write_whole(options.timings, found.to_json().encode())
    _trim(cache, options.cache_limit)
    return watch.timings()


def _workers(options: argparse.Namespace) -> int:
    return options.workers or parallel.available_workers()


def _trim(cache, gigabytes: float):
    entries, size = cache.trim(int(gigabytes * 1e9))
    if entries:
        _say(
            f"{_short(cache.folder)}: {entries} results of earlier runs ({size / 1e6:.0f} MB) removed, "
            f"longest unused first; the limit is {gigabytes:g} GB"
        )


@contextmanager
def _cluster(options: argparse.Namespace) -> Iterator:
    """The cluster that computes; None if this machine does. What goes wrong with it is for the user to mend."""
    from generator.engine.cluster import ClusterError, connected
    from generator.provenance import environment

    try:
        with connected(options.engine, environment, _say, options.cluster_wait) as cluster:
            yield cluster
    except ClusterError as error:
        raise InputError(str(error)) from None


def _say(line: str):
    console.print(line, highlight=False, markup=False)


def _loaded(options: argparse.Namespace) -> list[tuple]:
    """(dataset, spec, table) of every chosen study.

    All tables are read before anything is computed: a bad file costs seconds, not minutes.

    Raises:
        InputError: A dataset or an engine is unknown, a setting is impossible, or a table cannot be used.
    """
    from generator.datasets import DATASETS, DataError, SourceOptions, check_learnable, dataset
    from generator.engine.cluster import ClusterError, scheduler_of

    for name in ("seeds", "workers", "cluster-wait"):
        if (given := getattr(options, name.replace("-", "_"))) is not None and given < 1:
            raise InputError(f"--{name} {given}: give 1 or more")
    source = SourceOptions(
        kaggle_csv=options.kaggle_csv, offline=options.offline, raw_dir=ROOT / "data" / "raw"
    )
    try:
        if scheduler_of(options.engine) and options.workers:
            raise InputError(f"--workers {options.workers}: a cluster has its own; leave the option out")
        chosen = [dataset(name) for name in options.datasets] if options.datasets else list(DATASETS)
        loaded = [(known, _spec(known, options)) for known in chosen]
        tables = [(known, spec, known.load(spec, source)) for known, spec in loaded]
        for _, spec, table in tables:
            check_learnable(table, spec.training.folds)
    except (ClusterError, DataError, ValueError) as error:
        raise InputError(str(error)) from None
    return tables


def _run(engine, known, spec, table, origin, path: Path) -> float:
    """Run one study, write its record, and return the seconds it took; the record it replaces is kept."""
    from generator.study.output import write_study
    from generator.study.run import run_study

    began = time.monotonic()
    output = run_study(spec, known, table, origin, engine)
    seconds = time.monotonic() - began
    previous.keep(path, origin.study_key)
    write_study(output, path.parent)
    return seconds


def _spec(known, options: argparse.Namespace):
    spec = known.study.quickened() if options.quick else known.study
    if options.seeds is not None:
        spec = spec.model_copy(update={"training": spec.training.model_copy(update={"seeds": options.seeds})})
    return spec


def _changed(path: Path, origin) -> list[str]:
    """Why the study has to run; empty if the record in `path` still holds."""
    if not path.exists():
        return ["no record yet"]
    if wrong := unsound(path.parent, path.stem):
        for each in wrong:
            log.warning("%s: %s; writing it again", _short(path.parent), each)
        return wrong
    try:
        return changed_inputs(StudyResult.read(path).provenance, origin)
    except RecordError:
        return ["the record was written by another version"]


def _short(path: Path) -> str:
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def _record_files(options: argparse.Namespace) -> list[Path]:
    """The stored records of the chosen datasets.

    Raises:
        RecordError: There is none.
    """
    chosen = getattr(options, "datasets", None)
    paths = [p for p in visible_files(options.records, "*.json") if not chosen or p.stem in chosen]
    if not paths:
        raise RecordError(f"{_short(options.records)}: no records; run `make study` first")
    return paths


def _results(options: argparse.Namespace) -> list[StudyResult]:
    """The stored records, in the order of their names.

    Raises:
        RecordError: There is none, one is damaged, or a file is not the record that its name says.
    """
    paths = _record_files(options)
    for path in paths:
        refuse_misnamed(path)
        if not sums_file(path.parent, path.stem).exists():
            log.warning("%s: no %s.sha256 beside it; taken unchecked", _short(path), path.stem)
        elif wrong := unsound(path.parent, path.stem):
            raise RecordError(f"{_short(path.parent)}: {wrong[0]}; run `make study` to write it again")
    return [_read(path) for path in paths]


def _read(path: Path) -> StudyResult:
    try:
        return StudyResult.read(path)
    except RecordError as error:
        if sums_file(path.parent, path.stem).exists():
            raise
        raise RecordError(f"{error}; if it is something else, move it out of {_short(path.parent)}") from None


@dataclass(frozen=True)
class Shown:
    """All that pages are made of."""

    results: list[StudyResult]
    draws: Mapping[str, Any]
    """Of the calculator."""
    offers: Sequence[Any]
    """Of the playground."""
    documents: Mapping[str, Any]
    extras: Callable[[Sequence[StudyResult]], Mapping[str, Any]]
    """Both as `render_pages` takes them."""


def _shown(options: argparse.Namespace) -> Shown:
    from generator.findings import speed
    from generator.records.benchmarks import read_benchmarks
    from generator.runs.changes import documents, find_changes
    from generator.tools import calculator, playground

    results = _results(options)
    earlier = previous.kept(options.records, [result.data.name for result in results])
    draws = calculator.stored_draws(results, options.records)
    measured = read_benchmarks(ROOT / "tests" / "benchmarks" / "results.json")
    offers = playground.make_offers(results, options.records)
    return Shown(
        results, draws, offers,
        documents=(
            documents(earlier) | calculator.DOCUMENTS | playground.documents(offers) | speed.documents(measured)
        ),
        extras=lambda results: (
            {"changes": find_changes(results, earlier)} | calculator.values(results, draws)
            | playground.values(offers) | speed.values(measured)
        ),
    )  # fmt: skip


def pages(options: argparse.Namespace) -> int:
    """Render the pages in docs/ from the records."""
    _rendered(options)
    return 0


def _rendered(options: argparse.Namespace) -> "Prepared":
    """All pages rendered, and what it takes to render one of them again."""
    from generator.pages.rendering import PageError, render_pages
    from generator.publish.manifest import downloads
    from generator.publish.metadata import write_metadata
    from generator.tools import calculator, playground

    shown = _shown(options)
    results, draws = shown.results, shown.draws
    try:
        with scratch_folder(DOCS) as scripts:
            prepared = render_pages(
                results, ROOT / "templates", DOCS,
                files=(
                    downloads(results, options.records) | calculator.write(results, draws, scripts)
                    | playground.write(shown.offers, scripts)
                ),
                documents=shown.documents,
                extras=shown.extras,
                moving=lambda results, attacker: calculator.values_at(results, draws, attacker),
                beside=partial(write_metadata, results),
            )  # fmt: skip
    except PageError as error:
        raise InputError(str(error)) from None
    _say(f"{len(prepared.book.pages)} pages rendered in docs/")
    return prepared


def site(options: argparse.Namespace) -> int:
    """Render the pages and build the site; the last good site stays until the new one is whole."""
    _site(options)
    return 0


def _site(options: argparse.Namespace) -> list[Timing]:
    """What pages and site took."""
    from generator.publish.site import BuildError, build_site

    _check_output(options)
    began = time.monotonic()
    pages(options)
    rendered = time.monotonic()
    try:
        build_site(ROOT / "mkdocs.yml", options.output)
    except BuildError as error:
        raise InputError(str(error)) from None
    built = time.monotonic()
    _say(f"site built: open {_short(options.output / 'index.html')}")
    return [
        Timing("pages", rendered - began, len(list(DOCS.glob("*.md")))),
        Timing("site", built - rendered, len(visible_files(options.output, "*.html", deep=True))),
    ]


def _check_output(options: argparse.Namespace):
    """Refuse early what the site could not take the place of.

    Raises:
        InputError: The folder for the site holds something else.
    """
    from generator.publish.site import BuildError, check_output

    try:
        check_output(ROOT / "mkdocs.yml", options.output, apart=[options.records])
    except BuildError as error:
        raise InputError(f"--output {error}") from None


def offline(options: argparse.Namespace) -> int:
    """Build the copies that open from disk, into `build/`."""
    return _copies(options)


def single(options: argparse.Namespace) -> int:
    """Build the one file that is the whole site, into `build/`."""
    return _copies(options, only_single=True)


def _copies(options: argparse.Namespace, **which) -> int:
    from generator.publish.export import export_offline
    from generator.publish.site import BuildError

    pages(options)
    try:
        written = export_offline(DOCS, ROOT / "build", ROOT / "mkdocs.offline.yml", **which)
    except BuildError as error:
        raise InputError(str(error)) from None
    for path in written:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        _say(f"{_short(path)}: {path.stat().st_size / 1e6:.2f} MB, sha256 {digest}")
    return 0


def pdf(options: argparse.Namespace) -> int:
    """Print the Summary and the brief from the single file."""
    from generator.publish.export import SINGLE
    from generator.publish.paper import BrowserError, print_pages

    _copies(options, only_single=True)
    try:
        written = print_pages(ROOT / "build" / SINGLE, ROOT / "build")
    except BrowserError as error:
        raise InputError(str(error)) from None
    for path in written:
        _say(f"{_short(path)}: {path.stat().st_size / 1e6:.2f} MB")
    return 0


def pictures(options: argparse.Namespace) -> int:
    """Draw the social card, and take the README's picture of the Summary."""
    from generator.publish.export import SINGLE
    from generator.publish.paper import BrowserError, take_pictures

    _copies(options, only_single=True)
    summary, card = (ROOT / "build" / SINGLE).as_uri(), (ROOT / "pictures" / "social.svg").as_uri()
    try:
        written = take_pictures({
            ROOT / "pictures" / "summary.png": (summary, 1280, 900),
            ROOT / "docs" / "assets" / "social.png": (card, 1200, 630),
        })  # fmt: skip
    except BrowserError as error:
        raise InputError(str(error)) from None
    for path in written:
        _say(f"{_short(path)}: {path.stat().st_size / 1e3:.0f} KB")
    return 0


def everything(options: argparse.Namespace) -> int:
    """Study, pages and site, then the headline table and where the time went."""
    from generator.runs.headline_table import headline_table

    _check_output(options)  # better told now than when the study is done
    timings = _study(options)
    timings += _site(options)
    console.print(headline_table(_results(options)))
    console.print(timing_table(timings))
    return 0


def diff(options: argparse.Namespace) -> int:
    """Print what changed between two runs. 0: nothing asks for a new sign-off; 1: something does."""
    from generator.runs.changes import dataset_changes, show

    before, after = options.before or options.records / previous.FOLDER, options.after or options.records
    found = [dataset_changes(new, old) for old, new in previous.pairs(before, after)]
    for each in found:
        show(each, console)
    return int(any(each.diff.material for each in found))


def fetch_previous(options: argparse.Namespace) -> int:
    """Take the records published last as those before this run."""
    _record_files(options)  # without one there is nothing to have an earlier one of
    try:
        written = previous.fetch(options.site, options.records)
    except previous.FetchError as error:
        raise InputError(str(error)) from None
    for path in written:
        _say(f"{_short(path)}: taken from {options.site}")
    if not written:
        _say(f"{options.site}: no earlier record is published there")
    return 0


def verify_claims(options: argparse.Namespace) -> int:
    """Check a published site, or the records, against the per-row files: hashes, judgements, examples, figures."""
    from generator.audit import AuditError, audit, audit_table
    from generator.publish.manifest import ManifestError, check_published

    try:
        folder = options.site / "data" if options.site else options.records
        results = check_published(folder) if options.site else _results(options)
        replayed = {result.data.name: audit(result, folder) for result in results}
    except (AuditError, ManifestError) as error:
        raise InputError(str(error)) from None
    console.print(audit_table(replayed))
    return 0


def study_key(options: argparse.Namespace) -> int:
    """Print one hash of everything the numbers of the chosen studies depend on."""
    from generator.engine.files import sha256_of
    from generator.provenance import provenance

    keys = [provenance(spec, table.source.canonical_sha256).study_key for _, spec, table in _loaded(options)]
    print(sha256_of(*keys))
    return 0


def serve(options: argparse.Namespace) -> int:
    """Preview on localhost: a changed template renders its page again, a changed chart or record all pages.

    The page alone, as the study quotes it, by the process that has rendered all of them and keeps what it has drawn;
    all pages by a new process, so that changed code is what runs. An error waits for its mend.
    """
    from generator.publish.preview import AddressError, preview_site

    rooms = (ROOT / "generator" / room for room in PAGES_SIDE)
    sources = (ROOT / "templates", *rooms, *_record_files(options))
    previewer, seen, whole = None, {}, False

    def render():
        nonlocal previewer, seen, whole
        now = _modified(sources)
        changed = {path for path in now.keys() | seen.keys() if now.get(path) != seen.get(path)}
        seen = now
        names = {path.name.removesuffix(".md.j2") for path in changed if path.suffix == ".j2"}
        if whole and len(names) == len(changed) and not any(name.startswith("_") for name in names):
            for name in sorted(names):
                previewer.render(name)
            whole = previewer.lives()
        elif changed:
            previewer = Previewer(options)
            whole = previewer.render()

    config = ROOT / "mkdocs.yml"
    try:
        preview_site(config, options.address, (*sources, config, ROOT / "overrides", DOCS / "assets"), render)
    except AddressError as error:
        raise InputError(f"--address {error}") from None
    return 0


class Previewer:
    """A process that renders pages for a preview, all of them first; it takes the place of an earlier one."""

    def __init__(self, options: argparse.Namespace):
        for earlier in multiprocessing.active_children():
            earlier.terminate()
            earlier.join()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_preview, args=(options, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def render(self, page: str = "") -> bool:
        """Have one page rendered, or all; whether it went well."""
        try:
            self._pipe.send(page)
            return self._pipe.recv()
        except (EOFError, OSError):  # it has died of the code it runs
            self._process.join()
            return False

    def lives(self) -> bool:
        return self._process.is_alive()


def _preview(options: argparse.Namespace, pipe: multiprocessing.connection.Connection):
    """Render the pages that are named, one after the other; no name stands for all."""
    from generator.pages.rendering import PageError, render_page

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the parent's to answer
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # what is half written goes
    rendering = argparse.Namespace(**vars(options) | {"command": "pages"})
    prepared = None
    while True:
        try:
            page = pipe.recv()
        except EOFError:  # nobody is left to ask
            return
        began = time.monotonic()
        try:
            if page:
                render_page(prepared, page, ROOT / "templates", DOCS)
                _say(f"{page}: rendered in {time.monotonic() - began:.1f} s")
            else:
                with _alone(rendering):
                    prepared = _rendered(rendering)
        except (InputError, PageError, RecordError) as error:
            _say(f"error: {error}")
            pipe.send(False)
        else:
            pipe.send(True)


def _modified(sources: Iterable[Path]) -> dict[Path, int]:
    """When each source of the pages was last written."""
    files = (f for each in sources for f in (visible_files(each, deep=True) if each.is_dir() else (each,)))
    found = {}
    for file in files:
        with suppress(FileNotFoundError):  # it may go while it is looked at
            if file.suffix in (".j2", ".py", ".json"):
                found[file] = file.stat().st_mtime_ns
    return found


COMMANDS = {
    "study": study,
    "pages": pages,
    "site": site,
    "offline": offline,
    "single": single,
    "pdf": pdf,
    "pictures": pictures,
    "serve": serve,
    "diff": diff,
    "verify-claims": verify_claims,
    "study-key": study_key,
    "previous": fetch_previous,
    "all": everything,
}

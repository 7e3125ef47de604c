"""Pages and site from the records, and the copies to take along."""

import argparse
import gc
import hashlib
import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.commands.common import (
    DOCS,
    InputError,
    console,
    provide_assets,
    record_files,
    say,
    short,
    stored_results,
    stored_validations,
)
from generator.commands.studying import study_all
from generator.engine import unchanged
from generator.engine.cache import StageCache
from generator.engine.files import scratch_folder, visible_files
from generator.engine.memo import Memo
from generator.engine.stopwatch import Timing, timing_table
from generator.program import PACKAGE, PROGRAM
from generator.records.files import draws_file, record_file, rows_file, weights_file
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult
from generator.runs import previous

if TYPE_CHECKING:
    from generator.pages.rendering import Prepared
    from generator.pages.shelf import Shelf
    from generator.tools.playground.offer import Offer

BUILD = Path("build")
BENCHMARKS = PROGRAM / "data" / "benchmarks.json"
_HOUSE = (PACKAGE, PROGRAM / "requirements.txt", platform.python_version())
"""What everything made here depends on."""


def everything(options: argparse.Namespace) -> int:
    """Study, pages and site, then the headline table and where the time went."""
    from generator.runs.headline_table import headline_table, validation_table

    _refuse_output(options)  # better told now than when the study is done
    timings = study_all(options)
    # the site is of what was asked for
    options.datasets = [path.stem for path in options.studies] or options.datasets
    timings += _site(options)
    if results := stored_results(options):
        console.print(headline_table(results))
    for validation in stored_validations(options):
        console.print(validation_table(validation))
    console.print(timing_table(timings))
    return 0


@contextmanager
def _uncollected() -> Iterator[None]:
    """Within, Python does not look for objects that hold each other in a circle: a tenth of the work, for nothing."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def pages(options: argparse.Namespace) -> int:
    """Render the pages in docs/ from the records, unless they were made from the same."""
    provide_assets()
    key = _pages_key(options)
    if unchanged.is_current(DOCS, key):
        say("docs/: nothing changed since the pages were rendered")
    else:
        render_docs(options)
        unchanged.remember(DOCS, key)
    return 0


def _pages_key(options: argparse.Namespace) -> str:
    """Stands for all that the pages depend on: records, templates, source, lock, and the commit they name."""
    from generator.publish.manifest import checkout

    return unchanged.fingerprint(
        (
            *_HOUSE, PROGRAM / "templates", DOCS / "assets", PROGRAM / "CITATION.cff", checkout(PROGRAM).to_json(),
            *_told(options),
        )
    )  # fmt: skip


def _told(options: argparse.Namespace) -> list[Path | str]:
    """What pages tell of: the records that were asked for, what lies beside them, and what was measured."""
    records = options.records
    kept = (
        *visible_files(records, "*.json"), *visible_files(records, "*.sha256"),
        records / "draws", records / "rows", records / previous.FOLDER,
    )  # fmt: skip
    asked = getattr(options, "datasets", None) or ()
    return [BENCHMARKS, *asked, *(path.name for path in kept), *kept]


def _cache(options: argparse.Namespace) -> StageCache:
    return StageCache(options.records / "cache")


def _memo(options: argparse.Namespace) -> Memo:
    return Memo(_cache(options), {"lock file": unchanged.fingerprint(_HOUSE[1:])})


def _shelf(options: argparse.Namespace, names: Iterable[str]) -> "Shelf":
    """The pages and figures of earlier runs; `names` are those of the studies."""
    from generator.pages.shelf import Shelf
    from generator.pages.sources import source_of_all

    records, lock = options.records, {"lock file": unchanged.fingerprint(_HOUSE[1:])}
    return Shelf(
        _cache(options),
        pages={"source": source_of_all(), **lock, "records": unchanged.fingerprint(_told(options))},
        figures={
            name: {
                **lock,
                "record": unchanged.fingerprint((records / f"{name}.json", draws_file(records, name))),
            }
            for name in names
        },
    )


def _site_key() -> str:
    """Stands for all that the site depends on, once the pages are there."""
    return unchanged.fingerprint(
        (*_HOUSE, DOCS, PROGRAM / "mkdocs.yml", PROGRAM / "overrides", os.environ.get("SITE_URL", ""))
    )


def site(options: argparse.Namespace) -> int:
    """Render the pages and build the site; the last good site stays until the new one is whole."""
    _site(options)
    return 0


def _site(options: argparse.Namespace) -> list[Timing]:
    """What pages and site took."""
    _refuse_output(options)
    began = time.monotonic()
    pages(options)
    rendered = time.monotonic()
    key = _site_key()
    if unchanged.is_current(options.output, key):
        say(f"{short(options.output)}: nothing changed since the site was built")
    else:
        _build(options)
        unchanged.remember(options.output, key)
    built = time.monotonic()
    say(f"open {short(options.output / 'index.html')}")
    return [
        Timing("pages", rendered - began, len(list(DOCS.glob("*.md")))),
        Timing("site", built - rendered, len(visible_files(options.output, "*.html", deep=True))),
    ]


@_uncollected()
def _build(options: argparse.Namespace):
    from generator.publish.site import BuildError, build_site

    try:
        build_site(PROGRAM / "mkdocs.yml", options.output, DOCS, _memo(options))
    except BuildError as error:
        raise InputError(str(error)) from None
    say(f"{short(options.output)}: site built")


def _refuse_output(options: argparse.Namespace):
    """Refuse early what the site could not take the place of.

    Raises:
        InputError: The folder for the site holds something else.
    """
    from generator.publish.site import BuildError, check_output

    try:
        check_output(DOCS, options.output, apart=[options.records])
    except BuildError as error:
        raise InputError(f"--output {error}") from None


@dataclass(frozen=True)
class PageInputs:
    """All that pages are made of."""

    results: list[StudyResult]
    validations: list[ValidationResult]
    draws: Mapping[str, Any]
    """Of the calculator."""
    offers: Mapping[str, Any]
    """Of the playground."""
    documents: Mapping[str, Any]
    extras: Callable[[Sequence[StudyResult]], Mapping[str, Any]]
    """Both as `render_pages` takes them."""


def page_inputs(options: argparse.Namespace) -> PageInputs:
    from generator.findings import speed
    from generator.records.benchmarks import read_benchmarks
    from generator.runs.changes import documents, find_changes
    from generator.tools import calculator, playground

    results, validations = stored_results(options), stored_validations(options)
    own = calculator.own_values(validations)
    if not results:  # other tools and measurements are about studies
        return PageInputs(results, validations, {}, {}, {}, lambda results: own)
    earlier = previous.kept(options.records, [result.data.name for result in results])
    draws = calculator.stored_draws(results, options.records)
    measured = read_benchmarks(BENCHMARKS)
    offers = playground.make_offers(results, options.records, partial(_offer, _memo(options)))
    return PageInputs(
        results, validations, draws, offers,
        documents=(
            documents(earlier) | calculator.DOCUMENTS | playground.documents(offers) | speed.documents(measured)
        ),
        extras=lambda results: (
            {"changes": find_changes(results, earlier)} | calculator.values(results, draws)
            | playground.values(offers) | speed.values(measured) | own
        ),
    )  # fmt: skip


def _offer(memo: Memo, result: StudyResult, records: Path) -> "Offer":
    """What the playground offers of a study, as `make_offer` has it: unpacked from the rows once."""
    from generator.tools.playground import making
    from generator.tools.playground.offer import Offer

    files = (kind(records, result.data.name) for kind in (record_file, rows_file, weights_file))
    inputs = {
        "source": unchanged.fingerprint(unchanged.sources_of(making.__name__)),
        "files": unchanged.fingerprint(files),
    }
    return Offer.model_validate(
        memo.value(
            f"{result.data.name}/offer",
            inputs,
            lambda: making.make_offer(result, records).model_dump(mode="json"),
        )
    )


def render_docs(options: argparse.Namespace) -> Callable[[], "Prepared"]:
    """All pages in docs/, and what it takes to render one of them again."""
    from generator.pages.rendering import PageError, render_pages
    from generator.publish.manifest import downloads
    from generator.publish.metadata import write_metadata
    from generator.tools import calculator, playground

    inputs = page_inputs(options)
    results, draws = inputs.results, inputs.draws
    try:
        with scratch_folder(DOCS) as scripts:
            made = render_pages(
                results, PROGRAM / "templates", DOCS,
                files=(
                    {path.name: path for path in record_files(options)}
                    | downloads(results, inputs.validations, options.records)
                    | calculator.write(results, draws, scripts, inputs.validations)
                    | playground.write(inputs.offers, scripts)
                ),
                documents=inputs.documents,
                extras=inputs.extras,
                beside=partial(write_metadata, results, validations=inputs.validations),
                shelf=_shelf(options, [each.name for each in (*results, *inputs.validations)]),
                validations=inputs.validations,
            )  # fmt: skip
    except PageError as error:
        raise InputError(str(error)) from None
    say(f"{made.pages - made.kept} pages rendered in docs/{f', {made.kept} as before' if made.kept else ''}")
    return made.prepared


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
        written = export_offline(DOCS, BUILD, PROGRAM / "mkdocs.offline.yml", **which)
    except BuildError as error:
        raise InputError(str(error)) from None
    for path in written:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        say(f"{short(path)}: {path.stat().st_size / 1e6:.2f} MB, sha256 {digest}")
    return 0


def pdf(options: argparse.Namespace) -> int:
    """Print the Summary, the brief and the page of each validation from the single file."""
    from generator.publish.export import SINGLE
    from generator.publish.paper import BrowserError, print_pages, printed

    _copies(options, only_single=True)
    try:
        written = print_pages((BUILD / SINGLE).absolute(), BUILD, printed(DOCS))
    except BrowserError as error:
        raise InputError(str(error)) from None
    for path in written:
        say(f"{short(path)}: {path.stat().st_size / 1e6:.2f} MB")
    return 0


def pictures(options: argparse.Namespace) -> int:
    """Draw the social card, and take the README's picture of the Summary."""
    from generator.publish.export import SINGLE
    from generator.publish.paper import BrowserError, take_pictures

    if PROGRAM.resolve() != Path.cwd():
        raise InputError(f"pictures are those of the program; run this in its checkout, not in {Path.cwd()}")
    _copies(options, only_single=True)
    summary, card = (BUILD / SINGLE).absolute().as_uri(), (PROGRAM / "pictures" / "social.svg").as_uri()
    try:
        written = take_pictures({
            PROGRAM / "pictures" / "summary.png": (summary, 1280, 1130),
            DOCS / "assets" / "social.png": (card, 1200, 630),
        })  # fmt: skip
    except BrowserError as error:
        raise InputError(str(error)) from None
    for path in written:
        say(f"{short(path)}: {path.stat().st_size / 1e3:.0f} KB")
    return 0

"""Validations of a table and models of one's own: the study file proposed, checked, and studied."""

import argparse
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from generator.commands.common import InputError, console, say, short, studies_folder
from generator.commands.studying import cluster_of, refuse_machines, workers_of
from generator.engine import parallel
from generator.engine.files import WriteError, write_whole
from generator.engine.stopwatch import Stopwatch, Timing
from generator.program import PROGRAM, STUDIES
from generator.records.base import RecordError
from generator.records.changes import changed_inputs
from generator.records.features import Input
from generator.records.files import proofs_file, record_file, unsound
from generator.records.results import Provenance
from generator.records.threat import moved
from generator.records.validation import ValidationResult, ValidationSpec
from generator.runs import previous

if TYPE_CHECKING:
    from generator.datasets.own.table import OwnTable
    from generator.study.using import InUse


FEW_SCORES = 20
"""Scores below which they may be reproduced by chance."""
IN_A_SITE = frozenset(
    ("404", "assets", "llms", "offline", "private", "previous", "sbom", "search", "sitemap")
)
"""Names that files and folders of sites and records have beside those of pages."""


@dataclass(frozen=True)
class Asked:
    """A study file with all that it names, read and found sound."""

    path: Path
    spec: ValidationSpec
    table: "OwnTable"
    used: dict[str, "InUse"]
    origin: Provenance


def new(options: argparse.Namespace) -> int:
    """Propose a study file for a table; every guess has its reason beside it."""
    from generator.datasets import DataError, StudyFileError
    from generator.datasets.own.proposing import propose
    from generator.datasets.study_file import study_name

    target = options.write or _free_name(options.table)
    if not options.write and target.stem != study_name(options.table.stem):
        say(
            f"noticed: {study_name(options.table.stem)!r} is the name of another study, or of a part of every site, so "
            f"the study is called {target.stem}"
        )
    if target.exists():
        raise InputError(f"{target}: is there already; give another name with --write, or move it away")
    _refuse_taken(target)
    asks, unread = {}, ""
    if options.model:
        from generator.study.using import asking

        asked = asking(options.model)
        asks = {"needed": asked.inputs, "named": asked.taken_as_names, "asked_for": asked.asked_for}
        unread = asked.unread
    try:
        text = propose(options.table, options.label, options.model, target, **asks, unread=unread)
    except (DataError, StudyFileError) as error:
        raise InputError(str(error)) from None
    if unread:
        say(f"noticed: {unread}")
    try:
        write_whole(target, text.encode())
    except WriteError as error:
        raise InputError(f"{target} cannot be written: {error}; give another place with --write") from None
    say(f"{short(target)}: written; no input is attackable by a guess. Next:")
    say(
        "  1. open it, and say of each input who can change it (control), which way that helps (helps), and why (note)"
    )
    if unread:
        say(
            "  2. make the model readable, as noticed above, and take the # from its lines at the end of the file"
        )
    elif options.model:
        say(
            "  2. at its end, say what the model scored (scores), which rows it saw (saw), and when it flags (cut)"
        )
    say(f"  {3 if options.model else 2}. {options.called} check {short(target)}")
    return 0


def _free_name(table: Path) -> Path:
    """Of a study file for it, beside it."""
    from generator.datasets.study_file import study_name

    target = table.with_name(f"{study_name(table.stem)}.toml")
    try:
        _refuse_taken(target)
    except InputError:
        return target.with_name(f"my_{target.name}")
    return target


def check(options: argparse.Namespace) -> int:
    """Read tables and models of study files, reproduce the scores, and say what was understood."""
    from generator.datasets.own.checks import is_movable

    idle = []
    for asked in _all_asked(options):
        for line in _understood(asked):
            say(line)
        if not any(map(is_movable, asked.spec.inputs)):
            idle.append(short(asked.path))
    studied = f"{options.called} all {' '.join(short(path) for path in options.studies)}"
    say(
        f"sound, but nothing is attacked: edit control and helps in {' and '.join(idle)} first; as it stands: {studied}"
        if idle
        else f"sound; next: {studied}"
    )
    return 0


def keys(options: argparse.Namespace) -> list[str]:
    """The study keys of these study files, in their order."""
    return [asked.origin.study_key for asked in _all_asked(options)]


def _understood(asked: Asked) -> Iterator[str]:
    """What was understood of a study, in lines that can be held against what is meant."""
    from generator.datasets.own.checks import is_movable
    from generator.findings.validation.models import trained_title
    from generator.findings.validation.notices import sentences
    from generator.study.unanswered import unanswered

    spec, table = asked.spec, asked.table
    frauds = int(table.y.sum())
    yield f"{spec.dataset}: {spec.title}: {len(table.y):,} rows, {frauds:,} frauds ({frauds / len(table.y):.2%})"
    yield f"  fraud is {spec.label.column} = {spec.label.fraud}" + (
        f"; in life {spec.prior:g} of all" if spec.prior else ""
    )
    yield (
        f"  {int(table.trains.sum()):,} rows train, {int(table.judged.sum()):,} are judged, by {spec.split.column}"
        if spec.split
        else f"  every row is judged, by models trained on other folds ({spec.training.folds})"
    )
    judged, most = int(table.judged.sum()), spec.sample.most_evaluated_rows
    if judged > most:
        yield f"  of the {judged:,} rows to be judged, a sample of {most:,} is"
    if spec.weights:
        yield f"  a row counts {spec.weights} times in rates, cuts and money, and once in training"
    if spec.alert_budgets:
        of = f"at {spec.prior:g} fraud, as in life" if spec.prior else "at the share of fraud of the table"
        yield f"  alerts on {', '.join(f'{share:g}' for share in spec.alert_budgets)} of all cases, {of}"
    weigh = {"balanced": "both classes weigh the same", "none": "every row weighs the same"}[
        spec.class_weights
    ]
    yield f"  in what is trained here {weigh}; class_weights says otherwise"
    kinds = Counter(each.kind for each in spec.inputs)
    yield f"  {len(spec.inputs)} inputs: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}"
    movable = [each for each in spec.inputs if is_movable(each)]
    for each in movable:
        yield f"  a fraudster moves {each.name}: {each.control}, {each.helps}, {_far(each)}"
    if others := len(spec.inputs) - len(movable):
        yield f"  nobody moves {'the other' if movable else 'any of the'} {others}"
    if half := [each for each in spec.inputs if not is_movable(each) and _half_said(each)]:
        said = ", ".join(f"{each.name} (control = '{each.control}', helps = '{each.helps}')" for each in half)
        yield f"  half said, so that nobody moves it: {said}"
    yield f"  {_quoted(spec)}"
    yield f"  trained beside: {'; '.join(trained_title(name) or name for name in spec.beside)}"
    for name, one in asked.used.items():
        yield f"  {name}: {one.spec.file}, {one.taken.file.library}, {one.taken.file.width} columns matched"
        yield f"    {_reproduced(one)}"
        for note in one.taken.notes:
            yield f"    {note}"
    for sentence in sentences(table.notices, {}):
        yield f"  noticed: {sentence}"
    for line in unanswered(spec, table):
        yield f"  not answered: {line}"


def _half_said(each: Input) -> bool:
    """Whether who can change it and which way that helps do not say the same: that nobody does."""
    return (each.control != "nobody") != (each.helps != "none")


def _quoted(spec: ValidationSpec) -> str:
    """Whom the headlines are about, and who moves nothing."""
    idle = [tier.name for tier in spec.threat.tiers if not moved(tier, spec.inputs)]
    if len(idle) == len(spec.threat.tiers):
        return (
            "nothing can be attacked; say who can change which input (control) and which way it helps (helps)"
        )
    tier = spec.threat.tier(spec.threat.quoted)
    still = f"; {', '.join(idle)} can move no input" if idle else ""
    return f"the headlines are about {tier.name}, {tier.attacker}{still}"


def _far(each: Input) -> str:
    if each.kind != "number":
        # where names have an order, nothing is raised to the first of them or lowered to the last
        end = {"up": each.categories[:1], "down": each.categories[-1:]}.get(each.helps, ())
        beyond = () if each.kind == "category" else end
        return f"to {', '.join(name for name in each.reached if name not in beyond)}"
    return {"budget": "by the budget", "any": "to anywhere"}.get(
        each.reach, f"by {each.reach} {each.unit}".strip()
    )


def _reproduced(one: "InUse") -> str:
    if one.reproduced is None:
        return "not checked: no scores of its owner"
    few = (
        ""
        if one.reproduced.rows >= FEW_SCORES
        else f"; give at least {FEW_SCORES}, so few may agree by chance"
    )
    near = f"to within {one.reproduced.tolerance:g}" if one.reproduced.tolerance else "to the bit"
    elsewhere = one.reproduced.elsewhere
    other = f"; {elsewhere:,} more are of rows that the table does not have" if elsewhere else ""
    return f"{one.reproduced.rows:,} scores of its owner reproduced {near}{few}{other}"


def _all_asked(options: argparse.Namespace) -> list[Asked]:
    """What all study files ask for, in their order.

    Raises:
        InputError: Some of it cannot be used; of every study file it is said what.
    """
    refuse_for_own(options)
    stems = [path.stem for path in options.studies]
    if twice := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise InputError(
            f"two study files are called {twice[0]}.toml, and a study is called as its file is; rename one of them"
        )
    asked, wrong = [], []
    for path in options.studies:
        try:
            asked.append(asked_of(path, options))
        except InputError as error:
            wrong.append(str(error))
    if wrong:
        raise InputError("\n".join(wrong))
    return asked


def refuse_for_own(options: argparse.Namespace):
    """Pass if nothing is asked that a study of one's own table says in its file, or does not have.

    Raises:
        InputError: It is; to leave it unheeded would be to study something else than was asked for.
    """
    if getattr(options, "datasets", None):
        raise InputError("--datasets: names studies of the project; give study files, or --datasets")
    if (seeds := getattr(options, "seeds", None)) is not None:
        raise InputError(
            f"--seeds {seeds}: is said by training.seeds in the study file; leave the option out"
        )
    refuse_machines(options)


def _refuse_taken(path: Path):
    """Pass if the study file at `path` has no name that a page or a study of the project has.

    Raises:
        InputError: It has.
    """
    from generator.datasets import is_validation

    pages = {each.name.partition(".")[0] for each in (PROGRAM / "templates").glob("[!_]*")}
    studies = {
        each.stem
        for each in {*studies_folder().glob("*.toml"), *STUDIES.glob("*.toml")}
        if each.resolve() != path.resolve() and not is_validation(each)
    }
    if path.stem in pages | studies | IN_A_SITE:
        what = "a study of the project" if path.stem in studies else "a part of every site"
        raise InputError(
            f"{path}: {path.stem!r} is the name of {what}; rename the file, as my_{path.stem}.toml"
        )


def asked_of(path: Path, options: argparse.Namespace) -> Asked:
    """What the study file at `path` asks for.

    Raises:
        InputError: It, its table or a model cannot be used, or a score is not reproduced.
    """
    from generator.datasets import DataError, StudyFileError
    from generator.datasets.own.fetching import fetch
    from generator.datasets.own.loading import load
    from generator.datasets.study_file import read_validation

    try:
        spec = read_validation(path)
        _refuse_taken(path)
        spec = spec.quickened() if options.quick else spec
        if options.download:
            fetch(spec, path.parent, offline=options.offline)
        table = load(spec, path.parent)
    except (DataError, StudyFileError) as error:
        raise InputError(str(error)) from None
    # brings torch, for which nobody should wait to hear that a study file or a table is bad
    from generator.engine.files import sha256_of
    from generator.provenance import provenance
    from generator.study.using import ModelFileError, in_use
    from generator.study.validation import counting

    used, wrong, counted = {}, [], counting(spec, table)
    for each in spec.deployed:
        try:
            used[each.name] = in_use(each, path.parent, table, counted)
        except ModelFileError as error:
            wrong.append(f"{path}: {error}")
    if wrong:
        raise InputError("\n".join(wrong))
    digest = sha256_of(table.digest, *(one.taken.file.digest for one in used.values()))
    return Asked(path, spec, table, used, provenance(spec, digest))


def validate(options: argparse.Namespace) -> list[Timing]:
    """Write one record a study file, unless it holds already; what each stage took.

    All files are read before anything is computed.
    """
    pending = []
    for asked in _all_asked(options):
        path = asked.path
        changed = ["--fresh was given"] if options.fresh else _changed(options.records, asked)
        if changed:
            say(f"{path.stem}: studying {len(asked.table.y)} rows ({', '.join(changed)})")
            pending.append(asked)
        else:
            say(
                f"{path.stem}: nothing changed since the study in {short(record_file(options.records, path.stem))}"
            )
    if not pending:
        return []
    return _run(pending, options)


def _run(pending: list[Asked], options: argparse.Namespace) -> list[Timing]:
    from threadpoolctl import threadpool_limits

    from generator.engine.cache import StageCache
    from generator.engine.progress import reporter
    from generator.engine.stages import Engine
    from generator.study.private import write_validation
    from generator.study.proof_tasks import warm_up_task
    from generator.study.validation import run_validation

    cache = StageCache(options.records / "cache", fresh=options.fresh)
    with (
        threadpool_limits(1),
        cluster_of(options) as cluster,
        reporter(console) as progress,
        ThreadPoolExecutor(1) as beside,
    ):
        watch, workers = Stopwatch(progress), cluster.workers if cluster else workers_of(options)
        if not cluster and workers > 1:
            # while models train: each worker that first needs the searches would compile them for itself
            compiling = warm_up_task(asked.spec for asked in pending)
            beside.submit(list, parallel.run([compiling], workers))
        for asked in pending:
            began, stem = time.monotonic(), asked.path.stem
            engine = Engine(cache, workers, watch, cluster)
            found = run_validation(asked.spec, asked.table, asked.used, asked.origin, engine)
            previous.keep_own(options.records, stem, asked.origin.study_key)
            write_validation(found, options.records)
            record, rows = record_file(options.records, stem), proofs_file(options.records, stem)
            say(
                f"{stem}: studied in {time.monotonic() - began:.0f} s, record in {short(record)}, "
                f"rows in {short(rows)}, which is not published"
            )
    return watch.timings()


def _changed(records: Path, asked: Asked) -> list[str]:
    """Why the validation has to run; empty if the record holds."""
    path = record_file(records, asked.path.stem)
    if not path.exists() or not proofs_file(records, asked.path.stem).exists():
        return ["no record yet"]
    if wrong := unsound(records, asked.path.stem, (record_file,)):
        return wrong
    try:
        earlier = ValidationResult.read(path).provenance
    except RecordError:
        return ["the record was written by another version"]
    words = (
        [] if earlier.asked_sha256 == asked.origin.asked_sha256 else ["its words; what was computed is kept"]
    )
    return changed_inputs(earlier, asked.origin) or words

"""Runs beside each other, and what is published beside its per-row files."""

import argparse
from pathlib import Path

from generator.commands.common import (
    InputError,
    console,
    record_files,
    say,
    short,
    stored_results,
    stored_validations,
)
from generator.records.files import proofs_file
from generator.records.results import StudyResult
from generator.runs import previous


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
    record_files(options)  # without one there is nothing to have an earlier one of
    try:
        written = previous.fetch(options.site, options.records)
    except previous.FetchError as error:
        raise InputError(str(error)) from None
    for path in written:
        say(f"{short(path)}: taken from {options.site}")
    if not written:
        say(f"{options.site}: no earlier record is published there")
    return 0


ASKED = Path("build", "questions")
"""Where questions for other solvers go."""


def verify_claims(options: argparse.Namespace) -> int:
    """Check a published site, or the records, against the per-row files: hashes, judgements, examples, figures.

    Or write what was asked about one row, for other solvers.
    """
    from generator.audit import AuditError, audit, audit_table
    from generator.audit.export import export
    from generator.audit.validation import recount
    from generator.publish.manifest import ManifestError, check_published

    try:
        folder = options.site / "data" if options.site else options.records
        found = (
            check_published(folder)
            if options.site
            else (*stored_results(options), *stored_validations(options))
        )
        results = [each for each in found if isinstance(each, StudyResult)]
        if options.export:
            return _exported(
                options.export, [p for r in results for p in export(r, folder, options.export, ASKED)]
            )
        replayed = {result.data.name: audit(result, folder) for result in results}
        recounted = {each.name: recount(each, options.records) for each in found if each not in results}
    except (AuditError, ManifestError) as error:
        raise InputError(str(error)) from None
    if replayed:
        console.print(audit_table(replayed))
    for name, shares in recounted.items():
        rows = short(proofs_file(options.records, name))
        told = (
            f"{shares:,} shares worked out again from {rows}: all agree" if shares else f"{rows} is not here"
        )
        say(f"{name}: {told}")
    return 0


def audit_privacy(options: argparse.Namespace) -> int:
    """List what a built site discloses of each validation, and refuse it if it holds what should not be there."""
    from generator.audit.privacy import holding, lines, privacy, privacy_table

    site = options.site or Path("site")
    if not (site / "data").is_dir():
        raise InputError(f"{short(site)}: no site is there; build it first, or name another one with --site")
    reports = privacy(site)
    for report in reports:
        console.print(privacy_table(report))
    if not reports:
        say(f"{short(site)}: no table of one's own is in it, so there is nothing to audit")
    wrong = [f"{each.result.name}: {problem}" for each in reports for problem in each.problems]
    if options.texts:
        try:
            texts = lines(options.texts)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"--texts {options.texts}: it cannot be read as UTF-8 ({error})") from None
        found = holding(site, texts)
        wrong += [f"{name}: holds {text!r}" for text, name in found]
        say(f"{len(texts)} texts were searched for, {len({text for text, _ in found})} found")
    if wrong:
        raise InputError("\n  ".join((f"{short(site)}: {len(wrong)} things should not be published", *wrong)))
    return 0


def _exported(row_id: str, written: list[Path]) -> int:
    if not written:
        raise InputError(
            f"no published row is called {row_id}; ids stand in the first column of data/rows/*.csv.gz"
        )
    for path in written:
        say(f"{short(path)}: written")
    return 0

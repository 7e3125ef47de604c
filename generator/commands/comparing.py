"""Runs beside each other, and what is published beside its per-row files."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from generator.commands.common import (
    InputError,
    console,
    record_files,
    say,
    short,
    stored_results,
    stored_validations,
)
from generator.records.files import is_validation, proofs_file
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult
from generator.runs import previous

if TYPE_CHECKING:
    from generator.audit.validation import Verified


def diff(options: argparse.Namespace) -> int:
    """Print what changed between two runs. 0: nothing asks for a new sign-off; 1: something does."""
    from generator.runs import changes, validations

    before = (options.before,) if options.before else previous.earlier(options.records)
    material = False
    for old, new in previous.pairs(before, options.after or options.records):
        if isinstance(new, ValidationResult):
            own = validations.compare(old, new)
            validations.show(own, console)
            material |= own.material
            continue
        found = changes.dataset_changes(new, old)
        changes.show(found, console)
        material |= found.diff.material
    return int(material)


def fetch_previous(options: argparse.Namespace) -> int:
    """Take the records published last as those before this run."""
    records = record_files(options)  # without one there is nothing to have an earlier one of
    own = [path.stem for path in records if is_validation(path)]
    if own:
        say(
            f"{', '.join(own)}: of your own tables; what was before is kept beside their rows, and none is fetched"
        )
    if len(own) == len(records):
        return 0
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
    from generator.audit.validation import replayed_table
    from generator.findings.validation.models import title_of
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
        asked = {each.name: each for each in found if each not in results}
        own = {name: _verified(each, options.records) for name, each in asked.items()}
    except (AuditError, ManifestError) as error:
        raise InputError(str(error)) from None
    if replayed:
        console.print(audit_table(replayed))
    for name, verified in own.items():
        rows = short(proofs_file(options.records, name))
        if verified is None:
            say(f"{name}: {rows} is not here")
            continue
        say(f"{name}: {verified.shares:,} shares worked out again from {rows}: all agree")
        titles = {model.name: title_of(model) for model in asked[name].models}
        console.print(replayed_table(name, verified.models, titles))
    return 0


def _verified(result: ValidationResult, records: Path) -> "Verified | None":
    """What of a validation agrees with what stayed with its owner; None where that is not here.

    Raises:
        AuditError: Something does not.
    """
    from generator.audit.kept import read_kept
    from generator.audit.validation import AuditError, verify

    kept = read_kept(result, records)
    if kept is None:
        return None
    from generator.study.replaying import (
        ModelFileError,
        again,
    )  # brings the readers, for which others need not wait

    try:
        ways = {
            each.name: again(
                each, kept.files(each.name), result.model(each.name).sha256, kept.features, kept.x, kept.y,
                kept.arrays["weights"], kept.arrays["in_life"],
            )
            for each in kept.spec.deployed
        }  # fmt: skip
    except ModelFileError as error:
        raise AuditError(f"{kept.path}: {error}") from None
    return verify(kept, ways)


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

"""The reproducibility manifest: every published data file by its hash, and what the studies behind them depend on.

It holds nothing that differs between two runs on equal inputs, no machine and no time.
"""

import hashlib
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from generator.engine.files import sha256_of, visible_files
from generator.program import PROGRAM
from generator.records.base import Record
from generator.records.files import is_validation, record_file, rows_file, weights_file
from generator.records.results import StudyResult
from generator.records.validation import ValidationResult

MANIFEST = "manifest.json"
UNLISTED = (MANIFEST, "index.html")
"""Names that the manifest does not list: itself, and the page about the data, whose address is this folder's."""
OF_HOOKS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR")


class ManifestError(Exception):
    """A published file is not what the manifest says; the message names it."""


class Checkout(Record):
    """The source the site was made from."""

    commit: str
    """Empty where the source is not under git."""
    dirty: bool | None
    """Whether files differed from that commit; None where there is none."""


class PublishedFile(Record):
    sha256: str
    """As `sha256sum` prints it."""
    bytes: int


class PublishedStudy(Record):
    """What one study, or one validation, depends on."""

    study_key: str
    source_sha256: str
    lock_sha256: str
    spec_sha256: str
    data_sha256: str
    """Of the canonical table."""
    file_sha256: str
    """Of the files that were read; empty for simulated data."""
    versions: dict[str, str]
    seed: int
    seeds: int
    folds: int
    quick: bool


class Manifest(Record):
    """Holds its own hash, so that one altered byte of its file shows."""

    sha256: str = ""
    """Of this record with this field empty."""
    source: Checkout
    studies: dict[str, PublishedStudy]
    files: dict[str, PublishedFile]
    """By name below the folder of the manifest."""

    def signed(self) -> "Manifest":
        """The same with its own hash."""
        blank = self.model_copy(update={"sha256": ""})
        return self.model_copy(update={"sha256": hashlib.sha256(blank.to_json().encode()).hexdigest()})


def downloads(
    results: Sequence[StudyResult], validations: Sequence[ValidationResult], records: Path
) -> dict[str, Path]:
    """Name below the published data -> file below `records`: rows and weights, of those that have them and, of one's
    own tables, publish them."""
    names = [kind(Path(), result.data.name) for result in results for kind in (rows_file, weights_file)]
    names += [rows_file(Path(), each.name) for each in validations if each.spec.publish_rows]
    return {name.as_posix(): records / name for name in names if (records / name).exists()}


def write_manifest(results: Sequence[StudyResult | ValidationResult], data: Path, root: Path = PROGRAM):
    """Write the manifest of everything below `data`, the last file to be written there.

    Args:
        root: Folder of the source, whose commit is named.
    """
    manifest = Manifest(
        source=checkout(root),
        studies={result.name: published_study(result) for result in results},
        files={name: _file(path) for name, path in _listed(data).items()},
    )
    (data / MANIFEST).write_text(manifest.signed().to_json(), encoding="utf-8", newline="\n")


def published_study(result: StudyResult | ValidationResult) -> PublishedStudy:
    validated = isinstance(result, ValidationResult)
    spec, provenance = result.spec, result.provenance
    return PublishedStudy(
        study_key=provenance.study_key,
        source_sha256=provenance.source_sha256,
        lock_sha256=provenance.lock_sha256,
        spec_sha256=sha256_of(spec.to_json()),
        data_sha256=provenance.data_sha256,
        file_sha256=result.table.sha256 if validated else result.data.source.file_sha256,
        versions=provenance.versions,
        seed=spec.seed,
        seeds=spec.training.seeds,
        folds=spec.training.folds,
        quick=spec.quick,
    )


def checkout(root: Path) -> Checkout:
    """Commit of the source in `root`, and whether anything git tracks or could track differs from it.

    A copy of the source inside another work tree has no commit of its own, and that of the other one says nothing.
    """
    # a hook of git runs with its repository in these, whatever the folder
    surroundings = {name: value for name, value in os.environ.items() if name not in OF_HOOKS}

    def git(*arguments: str) -> str:
        run = subprocess.run(
            ["git", "-C", root, *arguments], env=surroundings, capture_output=True, text=True, check=True
        )
        return run.stdout.removesuffix("\n")

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root.resolve():
            return Checkout(commit="", dirty=None)
        return Checkout(commit=git("rev-parse", "HEAD"), dirty=bool(git("status", "--porcelain")))
    except (OSError, subprocess.CalledProcessError):  # no git, or nothing under git
        return Checkout(commit="", dirty=None)


def check_published(data: Path) -> list[StudyResult | ValidationResult]:
    """Check every file below `data` against the manifest there; the records that it lists.

    Raises:
        ManifestError: A file is altered, missing, or not listed; the first by name.
        RecordError: The manifest or a record is missing or cannot be read.
    """
    manifest = Manifest.read(data / MANIFEST)
    if manifest.signed().to_json().encode() != (data / MANIFEST).read_bytes():
        raise ManifestError(f"{data / MANIFEST}: altered: it does not hash to the sha256 it holds")
    found = _listed(data)
    for name in sorted(found.keys() | manifest.files.keys()):
        if name not in found:
            raise ManifestError(f"{data / name}: missing, but listed in {MANIFEST}")
        if name not in manifest.files:
            raise ManifestError(f"{data / name}: not listed in {MANIFEST}")
        wanted, is_there = manifest.files[name], _file(found[name])
        if wanted != is_there:
            raise ManifestError(
                f"{data / name}: altered: expected {wanted.bytes} bytes with sha256 {wanted.sha256}, "
                f"found {is_there.bytes} with {is_there.sha256}"
            )
    paths = [record_file(data, name) for name in manifest.studies]
    results = [(ValidationResult if is_validation(path) else StudyResult).read(path) for path in paths]
    for result in results:
        if published_study(result) != manifest.studies.get(result.name):
            raise ManifestError(
                f"{data / MANIFEST}: studies, {result.name}: not what {result.name}.json says"
            )
    return results


def _listed(data: Path) -> dict[str, Path]:
    """Name -> path of the files below `data`, in the order of names, without those that are not listed."""
    paths = {path.relative_to(data).as_posix(): path for path in visible_files(data, deep=True)}
    return {name: paths[name] for name in sorted(paths) if name not in UNLISTED}


def _file(path: Path) -> PublishedFile:
    content = path.read_bytes()
    return PublishedFile(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))

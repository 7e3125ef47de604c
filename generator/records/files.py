"""Where a study leaves what it found: one record a dataset, and beside it what is too large for a record.

The hashes of all of them stand in one more file, as `sha256sum` writes and checks them, so that a damaged one is
never taken for what the study found.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from generator.records.base import RecordError


def record_file(folder: Path, dataset: str) -> Path:
    """The record, JSON."""
    return folder / f"{dataset}.json"


def draws_file(folder: Path, dataset: str) -> Path:
    """Bootstrap draws of the rates, npz."""
    return folder / "draws" / f"{dataset}.npz"


def rows_file(folder: Path, dataset: str) -> Path:
    """Every row under every quoted model, gzipped CSV."""
    return folder / "rows" / f"{dataset}.csv.gz"


def weights_file(folder: Path, dataset: str) -> Path:
    """The models those rows were judged by, safetensors."""
    return folder / "rows" / f"{dataset}.safetensors"


OWNER_ONLY = 0o700


def private_folder(folder: Path) -> Path:
    """Where stays what is never published; a folder that is there keeps the mode that its owner gave it."""
    private = folder.parent / "private"
    if not private.exists():
        private.mkdir(parents=True, mode=OWNER_ONLY)
    return private


def proofs_file(folder: Path, dataset: str) -> Path:
    """Every row of a table of one's own under every model, npz; beside the records, and never published."""
    return folder.parent / "private" / f"{dataset}.npz"


def earlier_file(folder: Path, dataset: str) -> Path:
    """The record before this one of a table of one's own, which may name what is no longer to be published."""
    return folder.parent / "private" / "previous" / f"{dataset}.json"


KINDS = (record_file, draws_file, rows_file, weights_file)
"""Of a study."""
OF_VALIDATION = (record_file,)
"""Of a validation, whose rows and models stay in a folder of their own."""


def sums_file(folder: Path, dataset: str) -> Path:
    """Their hashes, the last file to be written."""
    return folder / f"{dataset}.sha256"


def sums(folder: Path, dataset: str, kinds: Sequence = KINDS) -> str:
    """The text of `sums_file`: a line a file, its hash and its name below `folder`."""
    return "".join(
        f"{hashlib.sha256(kind(folder, dataset).read_bytes()).hexdigest()}  {kind(Path(), dataset).as_posix()}\n"
        for kind in kinds
    )


def unsound(folder: Path, dataset: str, kinds: Sequence = KINDS) -> list[str]:
    """What is wrong with the files of a study, one clause a file; empty if all are there and hash as they should."""
    wanted = (*kinds, sums_file)
    if lost := [kind(Path(), dataset) for kind in wanted if not kind(folder, dataset).is_file()]:
        return [f"{name.as_posix()} is missing" for name in lost]
    known = set(sums_file(folder, dataset).read_text(encoding="utf-8", errors="replace").splitlines())
    return [
        f"{line.split()[1]} is not what {dataset}.sha256 says"
        for line in sums(folder, dataset, kinds).splitlines()
        if line not in known
    ]


def is_validation(path: Path) -> bool:
    """Whether the record in `path` is that of a validation, whatever version wrote it."""
    try:
        return json.loads(path.read_bytes())["kind"] == "validation"
    except (ValueError, LookupError, TypeError):  # a study, or no record at all
        return False


def refuse_misnamed(path: Path):
    """Pass if the record in `path` is of the dataset that the file is named after, whatever version wrote it.

    Raises:
        RecordError: It is a copy under another name, as file managers and synchronised folders make them.
    """
    try:
        record = json.loads(path.read_bytes())
        name = record["spec"]["dataset"] if "kind" in record else record["data"]["name"]
    except (ValueError, LookupError, TypeError):  # no record at all; who reads it will say what is wrong
        return
    if name != path.stem:
        raise RecordError(
            f"{path}: a second record of {name!r}, whose own is {record_file(path.parent, name).name}; "
            "move it to another folder, from where `diff` can compare it, or delete it"
        )

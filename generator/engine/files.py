"""Hashes of what a result depends on, and writing that is whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path


def sha256_of(*parts: bytes | str) -> str:
    """Hash of the parts, each preceded by its length, so that moving a boundary changes it."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def sha256_of_sources(root: Path, packages: Iterable[str]) -> str:
    """Hash of all Python files of the named packages and modules below `root`, by name and content."""
    files = sorted(
        file
        for package in packages
        for file in ((root / package).rglob("*.py") if (root / package).is_dir() else [root / package])
    )
    return sha256_of(*(part for f in files for part in (f.relative_to(root).as_posix(), f.read_bytes())))


def write_whole(path: Path, data: bytes):
    """Write `data` to `path` so that a reader, or a crash, sees the old file or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise

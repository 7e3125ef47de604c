"""Nothing changed, nothing done: a folder remembers what it was made from.

What a result depends on is told by the bytes of raw files, so that nothing need be parsed, and no library imported, to
see that it still holds.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from generator.engine import made
from generator.engine.files import visible_files, write_whole


def fingerprint(sources: Iterable[Path | str]) -> str:
    """One hash of files, of all visible files below folders, and of texts; of a file that is missing, its absence."""
    digest = hashlib.sha256()
    for source in sources:
        for part in [source.encode()] if isinstance(source, str) else _parts(source):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _parts(path: Path) -> Iterable[bytes]:
    if not path.is_dir():
        yield path.read_bytes() if path.is_file() else b"missing"
        return
    for file in visible_files(path, deep=True):
        if file.suffix == ".pyc":  # what Python makes of a source
            continue
        yield file.relative_to(path).as_posix().encode()
        yield file.read_bytes()


def is_current(folder: Path, key: str) -> bool:
    """Whether `folder` was made from what `key` stands for, and every file made there is as it was made."""
    stored = folder / made.FROM
    return stored.is_file() and stored.read_text(encoding="utf-8") == key and made.is_intact(folder)


def remember(folder: Path, key: str):
    """Note what `folder` was made from, once it is made."""
    write_whole(folder / made.FROM, key.encode())

"""Nothing changed, nothing done: a folder remembers what it was made from.

What a result depends on is told by the bytes of raw files, so that nothing need be parsed, and no library imported, to
see that it still holds.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from generator.engine import made
from generator.engine.files import visible_files, write_whole

OWN = __name__.partition(".")[0]
"""The package of this program."""
ROOT = Path(__file__).parents[2]
"""Folder that it lies in."""
HOME = ROOT / OWN
IMPORT = re.compile(r"^\s*(?:from (?P<module>[\w.]+) )?import (?P<names>\([^)]*\)|[^\n]+)", re.M)


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
        if file.parent.name == "__pycache__":  # what Python and numba make of a source
            continue
        yield file.relative_to(path).as_posix().encode()
        yield file.read_bytes()


def sources_of(*modules: str, end: str = "") -> list[Path]:
    """The files of modules of this program and of all that they import, whoever imports it; in the order of names.

    Of a package that is only passed through on the way to one of its modules, nothing is used.

    Args:
        end: a module whose imports are not followed.
    """
    known: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if not name.startswith(f"{OWN}."):
            continue
        path = ROOT.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if name not in known and path.is_file():
            known[name] = path
            waiting += _imported(path.read_text(encoding="utf-8")) if name != end else ()
    return [known[name] for name in sorted(known)]


def module_of(file: Path) -> str:
    """The name of a module of this program."""
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _imported(source: str) -> Iterable[str]:
    """Names of modules that are imported anywhere in a source, and of what is imported from them, which may be one."""
    for found in IMPORT.finditer(source):
        if found["module"]:
            yield found["module"]
        for name in re.findall(r"[\w.]+", found["names"]):
            yield f"{found['module']}.{name}" if found["module"] else name


def is_current(folder: Path, key: str) -> bool:
    """Whether `folder` was made from what `key` stands for, and every file made there is as it was made."""
    stored = folder / made.FROM
    return stored.is_file() and stored.read_text(encoding="utf-8") == key and made.is_intact(folder)


def remember(folder: Path, key: str):
    """Note what `folder` was made from, once it is made."""
    write_whole(folder / made.FROM, key.encode())

"""Hashes of what a result depends on, and writing that is whole or not at all, whenever a run is killed."""

import ctypes
import errno
import fcntl
import hashlib
import logging
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

log = logging.getLogger(__name__)

REFUSALS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EISDIR, errno.ENOTDIR)
"""What a system answers when it takes no more: full, over quota, read-only, not ours, or in the way."""
LOCKLESS = (errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK, errno.ENOSYS)
"""What a file system answers that has no locks, as NFS and Lustre may be mounted."""
UNFINISHED = ".part"
"""End of the name of a file or folder that is still being written."""
LEFT = re.compile(rf"\.(.+)[.-][a-z0-9_]{{8}}{re.escape(UNFINISHED)}")
"""Such a name as a killed run leaves it; of all hidden names, runs remove only these."""
ASIDE = "-old"
"""End of the name of a folder that waits for another to take its place."""


class WriteError(Exception):
    """Nothing can be written in a folder; the message names it and says why. What stood there still stands."""


def sha256_of(*parts: bytes | str) -> str:
    """Hash of the parts, each preceded by its length, so that moving a boundary changes it."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def content_of(path: Path, largest: int | None = None) -> bytes:
    """What is in the file at `path`.

    Raises:
        OSError: It cannot be read, is no file, such as a pipe, for whose end one might wait forever, or has more bytes
            than the `largest` number, if that is given.
    """
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is a pipe or a device")
        if largest is not None and found.st_size > largest:
            raise OSError(errno.EFBIG, f"it has {found.st_size:,} bytes, more than {largest:,}")
        return file.read()


def visible_files(folder: Path, pattern: str = "*", *, deep: bool = False, links: bool = False) -> list[Path]:
    """The files in `folder` whose names match, in the order of names; with `deep` those below it too.

    Names that begin with a dot are left out, of folders too: editors, file managers and version control keep what is
    theirs under them. So are links that lead nowhere, unless `links` asks for every link, and then for none to be
    followed.
    """
    found = []
    for place, folders, files in os.walk(folder):
        visible = [name for name in folders if not name.startswith(".")]
        linked = [name for name in visible if links and Path(place, name).is_symlink()]
        paths = (Path(place, name) for name in (*files, *linked) if not name.startswith("."))
        found += [path for path in paths if fnmatchcase(path.name, pattern) and (links or path.is_file())]
        folders[:] = visible if deep else []
    return sorted(found)


def sha256_of_sources(root: Path, packages: Iterable[str]) -> str:
    """Hash of all Python files of the named packages and modules below `root`, by name and content."""
    files = sorted(
        file
        for package in packages
        for file in (
            visible_files(root / package, "*.py", deep=True)
            if (root / package).is_dir()
            else [root / package]
        )
    )
    return sha256_of(*(part for f in files for part in (f.relative_to(root).as_posix(), f.read_bytes())))


@contextmanager
def writing_in(folder: Path) -> Iterator[None]:
    """Say which folder it was if the system refuses to write.

    Raises:
        WriteError: The disk is full, the folder may not be written, or something is in the way.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in REFUSALS:
            raise
        place = Path(error.filename or folder).absolute()  # a reader has to know the disk
        if being_written := LEFT.fullmatch(place.name):
            place = place.with_name(being_written[1])
        raise WriteError(f"{place}: {os.strerror(error.errno).lower()}") from error


def write_whole(path: Path, data: bytes):
    """Write `data` to `path` so that a reader, or a crash, sees the old file or the new one, never half.

    Raises:
        WriteError: as `writing_in`.
    """
    with writing_in(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=UNFINISHED)
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


def remove_unfinished(folder: Path):
    """Remove what killed runs were writing below `folder`; for the only run that writes there now."""
    for place, folders, files in os.walk(folder):
        for name in filter(LEFT.fullmatch, files):
            Path(place, name).unlink(missing_ok=True)
        folders[:] = [name for name in folders if not name.startswith(".")]


@contextmanager
def scratch_folder(target: Path) -> Iterator[Path]:
    """A new folder beside `target` for what is to take its place; gone at the end, as are those of killed runs.

    Each is locked by the run that works in it, and the system takes the lock back when that run dies.

    Raises:
        WriteError: as `writing_in`, at any time before the end.
    """
    with writing_in(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        start = f".{target.name}-new-"
        for left in _left(target.parent, start):
            if (handle := _locked(left)) is not None:
                if excludes_others(handle):
                    _clear(left, target)
                os.close(handle)
        handle = None
        while handle is None:  # another run may take a folder that has no lock yet for one of the dead
            folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=start, suffix=UNFINISHED))
            handle = _locked(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(handle)


def _left(parent: Path, start: str) -> list[Path]:
    """The folders that runs work in, or have left, under names that begin with `start`."""
    return [
        path
        for path in sorted(parent.iterdir())
        if path.name.startswith(start) and LEFT.fullmatch(path.name.removesuffix(ASIDE))
    ]


def _clear(left: Path, target: Path):
    """Remove what a killed run left; the old `target`, if it was killed while the new one took its place, goes back."""
    if left.name.endswith(ASIDE) and not target.exists():
        left.rename(target)
    else:
        shutil.rmtree(left, ignore_errors=True)


def _locked(folder: Path) -> int | None:
    """A handle that holds the lock of `folder`; None if another run holds it, or has removed the folder."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        return None
    if lock(handle, folder):
        return handle
    os.close(handle)
    return None


def lock(handle: int, place: Path) -> bool:
    """Take the lock of `place`, open as `handle`, until that is closed; False if another run holds it.

    Where the file system has no locks every run is let in, and the first time that is said.
    """
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in LOCKLESS:
            raise
        if (device := os.fstat(handle).st_dev) not in _lockless:
            _lockless.add(device)
            log.warning(
                "%s: this file system has no locks (%s); see that no second run works here meanwhile, "
                "and what killed runs left unfinished stays",
                place, os.strerror(error.errno).lower(),
            )  # fmt: skip
    return True


def excludes_others(handle: int) -> bool:
    """Whether a lock that was taken there means anything, so that what others left is nobody's any more."""
    return os.fstat(handle).st_dev not in _lockless


_lockless: set[int] = set()
"""Devices of which that was said."""


def exchange(fresh: Path, target: Path):
    """Put the folder `fresh` in the place of `target`, and what stood there into the place of `fresh`.

    On Linux that is one step, so that `target` is there at every moment. Elsewhere it is three.
    """
    if not target.exists():
        fresh.rename(target)
    elif not _exchanged(fresh, target):
        old = fresh.with_name(f"{fresh.name}{ASIDE}")
        target.rename(old)
        fresh.rename(target)
        old.rename(fresh)


def _exchanged(one: Path, other: Path) -> bool:
    """Whether system and file system know how to exchange two names at once, and did."""
    here, exchange_names = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    return bool(renameat2) and not renameat2(here, os.fsencode(one), here, os.fsencode(other), exchange_names)

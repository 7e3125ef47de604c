"""What this program made in a folder, by a list that it leaves there: nothing that is somebody else's is removed.

A file is the program's if the list names it and its content still has the hash listed. Names that begin with a dot are
always somebody else's, but for the list. `sha256sum --check .made.sha256` reads it too, as it reads those that a study
leaves beside its record; `python -m generator.engine.made FOLDER` removes what they name.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from generator.engine.files import visible_files, write_whole

LIST = ".made.sha256"
FROM = ".made.from"
"""What the folder was made from; see `unchanged`."""
SHOWN = 5
"""Names that a message gives before it counts the others."""


def write_list(folder: Path):
    """List everything visible below `folder` as made."""
    _store(folder, {_line(folder, name) for name in names_below(folder)})


def listed(folder: Path, name: str = LIST) -> set[str]:
    """The lines of the list in `folder`: hash, two blanks, name. Empty where there is none."""
    path = folder / name
    return set(path.read_text(encoding="utf-8", errors="replace").splitlines()) if path.is_file() else set()


def is_intact(folder: Path) -> bool:
    """Whether every file that the list in `folder` names is as it was made; False where there is no list."""
    lines = listed(folder)
    return bool(lines) and all(
        (folder / name).is_file() and _line(folder, name) == line
        for line, name in ((line, _name(line)) for line in lines)
    )


def names_below(folder: Path) -> set[str]:
    """Whatever is visible below `folder` and is no folder, links included."""
    return {path.relative_to(folder).as_posix() for path in visible_files(folder, deep=True, links=True)}


def foreign(folder: Path, names: Iterable[str], fresh: Path) -> list[str]:
    """Those of `names` in `folder` whose loss would be one: not listed as they are, nor the same in `fresh`."""
    known = listed(folder)

    def lost(name: str) -> bool:
        path = folder / name
        if path.is_symlink() or not path.is_file():
            return os.path.lexists(path)
        line = _line(folder, name)
        return line not in known and not ((fresh / name).is_file() and line == _line(fresh, name))

    return sorted(filter(lost, names))


def in_the_way(fresh: Path, folder: Path) -> list[str]:
    """What in `folder` somebody else put or changed where `fresh` has a file or a folder."""
    names = names_below(fresh)
    folders = {above.as_posix() for name in names for above in Path(name).parents} - {"."}
    return foreign(folder, [*names, *(name for name in folders if not (folder / name).is_dir())], fresh)


def move_in(fresh: Path, folder: Path, names: Iterable[str], *, whole: bool):
    """Move files of `fresh` into `folder`, in the order of `names`, and list them.

    What is moved may stand there already; see `in_the_way`. If `whole`, listed files that are not among `names` go,
    unless somebody has changed them since. A run that is killed on the way leaves a list that knows old and new.
    """
    names, old = list(names), listed(folder)
    (folder / FROM).unlink(missing_ok=True)  # it holds again when all is there
    new = {_line(fresh, name) for name in names}
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    _store(folder, old | new)
    for name in names:
        os.replace(fresh / name, folder / name)
    kept = {line for line in old if _name(line) not in set(names)}
    if whole:
        _remove(folder, kept)
    _store(folder, new if whole else kept | new)


def carry_hidden(source: Path, target: Path):
    """Give `target` the hidden files and folders of `source`, each at its place; nothing is copied that can be linked.

    Both have them then, whole, so that either may be removed.

    Raises:
        OSError: Something cannot be read, or is in the way.
    """
    for folder, folders, files in os.walk(source):
        for name in (*folders, *files):
            if name.startswith(".") and name not in (LIST, FROM):
                _link_all(Path(folder, name), target / Path(folder, name).relative_to(source))
        folders[:] = [name for name in folders if not name.startswith(".")]


def remove_made(folder: Path) -> Iterator[str]:
    """Remove what the lists in `folder` name, those lists, and a folder that is empty then; a line for what stays."""
    lists = [path for path in folder.glob("*.sha256") if path.name == LIST or not path.name.startswith(".")]
    if not lists:
        yield f"{folder}: nothing there is listed as made; left as it is"
    (folder / FROM).unlink(missing_ok=True)
    for each in lists:
        left = _remove(folder, listed(folder, each.name))
        each.unlink()
        yield from (f"{folder / name}: changed since it was made; left as it is" for name in left)
    if not any(folder.iterdir()):
        folder.rmdir()


def some(names: list[str]) -> str:
    """Names for a message, the first few of many."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _line(folder: Path, name: str) -> str:
    with (folder / name).open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}"


def _name(line: str) -> str:
    return line.partition("  ")[2]


def _store(folder: Path, lines: set[str]):
    if lines != listed(folder):
        write_whole(folder / LIST, "".join(f"{line}\n" for line in sorted(lines, key=_name)).encode())


def _remove(folder: Path, lines: set[str]) -> list[str]:
    """Remove the files that are as `lines` say, and folders that this leaves empty; the names of the others."""
    left = []
    for name in sorted(map(_name, lines)):
        path = folder / name
        if not _below(folder, path) or not path.is_file():
            continue
        if path.is_symlink() or _line(folder, name) not in lines:
            left.append(name)
            continue
        path.unlink()
        for above in path.relative_to(folder).parents:
            if above != Path() and not any((folder / above).iterdir()):
                (folder / above).rmdir()
    return left


def _below(folder: Path, path: Path) -> bool:
    """Whether a listed name stays inside its folder, links followed: a list is only a text."""
    return path.parent.resolve().is_relative_to(folder.resolve())


def _link_all(source: Path, target: Path):
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir() and not source.is_symlink():
        shutil.copytree(source, target, symlinks=True, copy_function=_link)
    else:
        _link(source, target)


def _link(source: str | Path, target: str | Path):
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # not all file systems have links, and not every user may link everything
        shutil.copy2(source, target, follow_symlinks=False)


if __name__ == "__main__":
    for given in filter(Path.is_dir, map(Path, sys.argv[1:])):
        for line in remove_made(given):
            print(line)

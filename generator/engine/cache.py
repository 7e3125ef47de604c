"""Stage results on disk, addressed by what went in. Arrays only: safetensors, never pickle."""

import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from generator.engine.files import sha256_of, visible_files, write_whole

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]

SUFFIX = ".arrays"
KEY = 20
"""Signs of the hash in the name of an entry."""
DIGEST = 64
"""Bytes of the hash in front of an entry."""


@dataclass(frozen=True)
class StageCache:
    """A folder of stage results. One file a result: a hash of all that follows, then inputs and arrays."""

    folder: Path
    fresh: bool = False
    """Read nothing, only write."""
    used: set[Path] = field(default_factory=set)
    """Entries that were read or written through this object."""

    def path(self, stage: str, inputs: Mapping[str, str]) -> Path:
        """Where the result of `stage` for these inputs is or would be."""
        key = sha256_of(stage, _text(inputs))
        return self.folder / f"{_prefix(stage)}{key[:KEY]}{SUFFIX}"

    def load(self, stage: str, inputs: Mapping[str, str]) -> Arrays | None:
        """The stored result, or None. A damaged entry is reported, removed, and counts as absent.

        A folder in its place, which no run makes, is set aside.
        """
        if self.fresh:
            return None
        path = self.path(stage, inputs)
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:  # a folder, or a disk that gives nothing back
            stored = b""
        digest, data = stored[:DIGEST], stored[DIGEST:]
        if digest == sha256_of(data).encode():
            try:
                arrays = load(data)
            except SafetensorError:  # written by an incompatible version of the format
                pass
            else:
                os.utime(path)
                self.used.add(path)
                return arrays
        log.warning("%s is damaged; computing it again", path.name)
        _remove(path)
        return None

    def store(self, stage: str, inputs: Mapping[str, str], arrays: Arrays):
        """Keep `arrays` as the result of `stage` for these inputs."""
        path = self.path(stage, inputs)
        # one text: several entries of the header would come in any order
        data = save(
            {name: np.ascontiguousarray(value) for name, value in arrays.items()}, {"inputs": _text(inputs)}
        )
        if path.is_dir():
            _remove(path)
        write_whole(path, sha256_of(data).encode() + data)
        self.used.add(path)

    def changed(self, stage: str, inputs: Mapping[str, str]) -> tuple[str, ...]:
        """Which inputs differ from the nearest entry that earlier runs left of `stage`; none if there is none."""
        earlier = [
            _differing(known, inputs)
            for path in visible_files(self.folder, f"{_prefix(stage)}*{SUFFIX}")
            if path not in self.used and (known := _inputs(path)) is not None
        ]
        return min(earlier, key=lambda names: (len(names), names), default=())

    def trim(self, limit: int) -> tuple[int, int]:
        """Remove what was longest not used until the folder holds `limit` bytes; what this run used stays.

        Returns:
            Entries and bytes removed.
        """
        entries = {path: path.stat() for path in visible_files(self.folder, f"*-{'[0-9a-f]' * KEY}{SUFFIX}")}
        held, removed = sum(entry.st_size for entry in entries.values()), []
        for path in sorted(entries.keys() - self.used, key=lambda path: (entries[path].st_mtime_ns, path)):
            if held - sum(removed) <= limit:
                break
            path.unlink()
            removed.append(entries[path].st_size)
        return len(removed), sum(removed)


def _prefix(stage: str) -> str:
    return f"{stage.replace('/', '-')}-"


def _text(inputs: Mapping[str, str]) -> str:
    return json.dumps(dict(inputs), sort_keys=True)


def _inputs(path: Path) -> dict[str, str] | None:
    """The inputs an entry was made from; None if it does not say. Only told, so the hash is not checked."""
    try:
        with path.open("rb") as file:
            file.seek(DIGEST)
            header = file.read(int.from_bytes(file.read(8), "little"))
        return json.loads(json.loads(header)["__metadata__"]["inputs"])
    except (OSError, ValueError, KeyError, TypeError, OverflowError, MemoryError):
        return None


def _differing(known: Mapping[str, str], inputs: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in sorted({*known, *inputs}) if known.get(name) != inputs.get(name))


def _remove(path: Path):
    if path.is_dir() and not path.is_symlink():
        path.rename(
            tempfile.mkdtemp(dir=path.parent, prefix=f"{path.name}-")
        )  # which is empty, and gives way
    else:
        path.unlink(missing_ok=True)

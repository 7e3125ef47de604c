"""Stage results on disk, addressed by what went in. Arrays only: safetensors, never pickle."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from generator.engine.files import sha256_of, write_whole

log = logging.getLogger(__name__)

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class StageCache:
    """A folder of stage results. One file a result: its hash, then the arrays."""

    folder: Path
    fresh: bool = False
    """Read nothing, only write."""

    def path(self, stage: str, inputs: Mapping[str, str]) -> Path:
        """Where the result of `stage` for these inputs is or would be."""
        key = sha256_of(stage, json.dumps(dict(inputs), sort_keys=True))
        return self.folder / f"{stage.replace('/', '-')}-{key[:20]}.arrays"

    def load(self, stage: str, inputs: Mapping[str, str]) -> Arrays | None:
        """The stored result, or None. A damaged file is reported, removed, and counts as absent."""
        if self.fresh:
            return None
        path = self.path(stage, inputs)
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return None
        digest, data = stored[:64], stored[64:]
        if digest == sha256_of(data).encode():
            try:
                return load(data)
            except SafetensorError:  # written by an incompatible version of the format
                pass
        log.warning("%s is damaged; computing it again", path.name)
        path.unlink(missing_ok=True)
        return None

    def store(self, stage: str, inputs: Mapping[str, str], arrays: Arrays):
        """Keep `arrays` as the result of `stage` for these inputs."""
        data = save({name: np.ascontiguousarray(value) for name, value in arrays.items()})
        write_whole(self.path(stage, inputs), sha256_of(data).encode() + data)

"""What earlier runs made of the same: pages and figures, each addressed by all that it depends on."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from generator.engine.cache import StageCache

log = logging.getLogger(__name__)

TOLD = ""
"""Name of what is kept beside the files."""


@dataclass(frozen=True)
class Entry:
    """A page or a figure as it is kept."""

    files: Mapping[str, bytes]
    """By name below docs/."""
    told: Any
    """What else there is to know of it, as JSON."""


@dataclass(frozen=True)
class Shelf:
    """Where entries are kept, and what all of them depend on."""

    cache: StageCache
    pages: Mapping[str, str]
    """What all pages depend on, by name, so that the log can say what has changed."""
    figures: Mapping[str, Mapping[str, str]]
    """The same of the figures of each study, by its name."""

    def take(self, stage: str, inputs: Mapping[str, str]) -> Entry | None:
        """The entry of `stage` that was made from these inputs; None if there is none."""
        arrays = self.cache.load(stage, inputs)
        if arrays is None:
            changed = self.cache.changed(stage, inputs)
            log.info("%s: made anew%s", stage, f"; changed: {', '.join(changed)}" if changed else "")
            return None
        texts = {name: bytes(array) for name, array in arrays.items()}
        return Entry(told=json.loads(texts.pop(TOLD)), files=texts)

    def put(self, stage: str, inputs: Mapping[str, str], entry: Entry):
        """Keep the entry for these inputs."""
        texts = {**entry.files, TOLD: json.dumps(entry.told, ensure_ascii=False).encode()}
        arrays = {name: np.frombuffer(text, np.uint8) for name, text in texts.items()}
        self.cache.store(stage, inputs, arrays)

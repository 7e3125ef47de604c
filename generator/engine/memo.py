"""Values that an earlier run worked out of the same inputs."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from generator.engine.cache import StageCache

VALUE = "value"
"""Name of the only array of an entry."""


@dataclass(frozen=True)
class Memo:
    """Keeps values as JSON."""

    cache: StageCache | None = None
    """None: nothing is kept."""
    house: Mapping[str, str] = field(default_factory=dict)
    """What every value depends on, by name."""

    def value(self, stage: str, inputs: Mapping[str, str], make: Callable[[], Any]) -> Any:
        """What `make` returns, a value that JSON can hold, or what it returned when it was last asked with `inputs`.

        Args:
            inputs: all that the value depends on beside `house`, the source of `make` included.
        """
        if not self.cache:
            return make()
        inputs = {**self.house, **inputs}
        if (arrays := self.cache.load(stage, inputs)) is not None:
            return json.loads(arrays[VALUE].tobytes())
        made = make()
        text = json.dumps(made, ensure_ascii=False).encode()
        self.cache.store(stage, inputs, {VALUE: np.frombuffer(text, np.uint8)})
        return made


FORGETFUL = Memo()

"""Nets and linear models behind the scaler and the encoders that they are deployed with, as a kind of model.

They read raw units: a number is scaled, a name looked up, column by column, and what is missing has a value of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from generator.models.folds import Folds
from generator.models.readers.layered import ACTIVATIONS, Encoding, Layered

PARTS = tuple(part.name for part in fields(Encoding))


@dataclass(frozen=True)
class Encoded:
    """Margins of each replicate's own layers, all of which have the same columns and widths."""

    models: tuple[Layered, ...]

    kind: ClassVar[str] = "encoded"

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray], folds: Folds) -> "Encoded":
        """All replicates; where the arrays hold a single one it is that of every fold."""
        made = tuple(_layered(arrays, replicate) for replicate in range(len(arrays["cut"])))
        return cls(made if len(made) > 1 else made * folds.replicates)

    @property
    def replicates(self) -> int:
        return len(self.models)

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return np.stack([model.margins(rows) for model, rows in zip(self.models, raw, strict=True)])

    def select(self, replicates: slice) -> "Encoded":
        return Encoded(self.models[replicates])

    def arrays(self) -> dict[str, np.ndarray]:
        """`encoding.<part>` (replicates, columns, ...) as `Encoding` has it, `weights.i` (replicates, fan_in, fan_out),
        `biases.i` (replicates, 1, fan_out), `activation`, `inputs` and `cut` (replicates,)."""
        parts = {
            f"encoding.{part}": np.stack([getattr(model.encoding, part) for model in self.models])
            for part in PARTS
        }
        for kind in ("weights", "biases"):
            stacks = zip(*(getattr(model, kind) for model in self.models), strict=True)
            parts |= {f"{kind}.{i}": np.stack(each) for i, each in enumerate(stacks)}
        parts |= {name: part[:, None] for name, part in parts.items() if name.startswith("biases.")}
        return parts | {
            "activation": np.array([ACTIVATIONS.index(model.activation) for model in self.models], np.int8),
            "inputs": np.array([model.inputs for model in self.models], np.int32),
            "cut": np.array([model.cut for model in self.models]),
        }


def _layered(arrays: Mapping[str, np.ndarray], replicate: int) -> Layered:
    one = {name: part[replicate] for name, part in arrays.items()}
    layers = range(sum(name.startswith("weights.") for name in one))
    return Layered(
        Encoding(**{part: one[f"encoding.{part}"] for part in PARTS}),
        tuple(one[f"weights.{i}"] for i in layers),
        tuple(one[f"biases.{i}"][0] for i in layers),
        ACTIVATIONS[int(one["activation"])],
        int(one["inputs"]),
        float(one["cut"]),
    )

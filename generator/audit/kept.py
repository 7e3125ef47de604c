"""What stays with the owner of a table, read and put together: rows, verdicts, examples and models."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from generator.audit import layers
from generator.audit.published import KINDS, AuditError
from generator.records.features import Feature
from generator.records.files import proofs_file
from generator.records.validation import ValidationResult, ValidationSpec

AT_ONCE = 4096
"""Rows judged at a time, which bounds memory."""


@dataclass(frozen=True)
class Kept:
    """The private file of one validation; its arrays are those of `Validation.private`."""

    path: Path
    result: ValidationResult
    arrays: Mapping[str, np.ndarray]

    @cached_property
    def spec(self) -> ValidationSpec:
        """What was asked, categories of few rows and all."""
        return ValidationSpec.model_validate_json(str(self.arrays["spec"]))

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        return tuple(Feature.model_validate(each) for each in json.loads(str(self.arrays["features"])))

    @property
    def x(self) -> np.ndarray:
        """(n, d) raw units."""
        return self.arrays["x"]

    @property
    def y(self) -> np.ndarray:
        """(n,) 1 = fraud."""
        return self.arrays["y"]

    @property
    def replicate(self) -> np.ndarray:
        """(seeds, n) that judges each row: its scaler, its cuts, and the model trained there."""
        return self.arrays["replicate"]

    def of(self, model: str, name: str) -> np.ndarray:
        return self.arrays[f"{model}/{name}"]

    def cuts(self, model: str) -> np.ndarray:
        """(seeds, n, points) above which each row is flagged."""
        return self.of(model, "cuts")[self.replicate]

    def stored(self, model: str) -> Callable[[np.ndarray, int], np.ndarray]:
        """Margins (m,) of raw rows (m, d) by one replicate, as the arrays of the model give them."""
        kind = self.result.model(model).kind

        def judged(raw: np.ndarray, replicate: int) -> np.ndarray:
            one = self.replicate_of(model, replicate)
            if kind == "encoded":
                return layers.margins(one, raw)
            return KINDS[kind].margins(one, raw, raw)

        return judged

    def replicate_of(self, model: str, replicate: int) -> dict[str, np.ndarray]:
        """The arrays of one replicate of a model; a model in use is that of every fold."""
        prefix = f"{model}/model/"
        arrays = {name.removeprefix(prefix): a for name, a in self.arrays.items() if name.startswith(prefix)}
        return {name: part[replicate if len(part) > 1 else 0] for name, part in arrays.items()}

    @property
    def later(self) -> "Kept | None":
        """The same of an out-of-time judgement; None where there is none."""
        if self.result.later is None:
            return None
        arrays = {n.removeprefix("later/"): a for n, a in self.arrays.items() if n.startswith("later/")}
        return replace(self, arrays=arrays)

    def files(self, model: str) -> dict[str, bytes]:
        """Name -> content, of what a model in use was read from."""
        prefix = f"{model}/file/"
        return {n.removeprefix(prefix): a.tobytes() for n, a in self.arrays.items() if n.startswith(prefix)}

    def hold(self, ok: np.ndarray, what: str, expected: str):
        """Pass if `ok` (seeds, rows) is true everywhere; else name the first row where it is not.

        Raises:
            AuditError: It is not.
        """
        if not np.all(ok):
            seed, row = np.argwhere(~ok)[0]
            raise AuditError(
                f"{self.path}: {what}: row {str(self.arrays['ids'][row])!r}, seed {seed}: expected {expected}"
            )

    def hold_each(self, ok: np.ndarray, at: np.ndarray, what: str, expected: str):
        """The same of ok (m,), of seeds and rows at (m, 2 or more)."""
        whole = np.ones(self.replicate.shape, bool)
        whole[at[~ok, 0], at[~ok, 1]] = False
        self.hold(whole, what, expected)


def read_kept(result: ValidationResult, records: Path) -> Kept | None:
    """The private file of `result`; None where it is not here.

    Raises:
        AuditError: It is damaged, or another version wrote it.
    """
    path = proofs_file(records, result.name)
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as held:
            kept = Kept(path, result, dict(held))
        if kept.x.shape != (len(kept.y), len(kept.features)) or kept.spec.dataset != result.name:
            raise ValueError("rows, inputs and study do not belong together")
    except (OSError, ValueError, LookupError, BadZipFile) as error:
        raise AuditError(f"{path}: is not what the study wrote ({error}); run it again") from None
    return kept

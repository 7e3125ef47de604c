"""Ways to ask a model in use once more, from the files that were kept: they are read again, and their library asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from generator.models.deployed import TakenOver, own_cut, take_over
from generator.models.libraries import Margins, NotAskedError, library_of
from generator.models.readers import ModelFileError
from generator.records.features import Feature
from generator.records.validation import DeployedSpec

__all__ = ["Again", "ModelFileError", "again"]

CLOSE = 1e-4
"""By which margins of a net may differ where its rows are summed in other batches, relative to their size above 1."""


@dataclass(frozen=True)
class Again:
    """One way to ask a model in use."""

    name: str
    tolerance: float
    """Largest difference of margins from those of the study, relative to their size where above 1."""
    taken: TakenOver
    cut: float
    """Of its owner, on the rows judged."""
    asked: Margins | None = None
    """The library; None: the file as the study reads it."""

    def margins(self, raw: np.ndarray, replicate: int) -> np.ndarray:
        """(m,) of raw rows (m, d), above the owner's cut; all replicates share the model."""
        if self.asked is None:
            return self.taken.margins(raw) - self.cut
        return self.asked(self.taken.as_given(raw)) - self.cut


def again(
    spec: DeployedSpec,
    files: Mapping[str, bytes],
    digest: str,
    features: tuple[Feature, ...],
    x: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    in_life: np.ndarray,
) -> tuple[Again, ...]:
    """The file, and where it is installed the library.

    Args:
        files: Name -> content, as they were kept.
        digest: SHA-256 of them, as the record has it.
        x: (n, d) the rows judged, y (n,) their labels; how often each counts as `own_cut` has it.

    Raises:
        ModelFileError: The files are not those of the record, or cannot be read.
    """
    name = Path(spec.file).name
    with TemporaryDirectory() as folder:
        for each, content in files.items():
            (Path(folder) / each).write_bytes(content)
        taken = take_over(spec.model_copy(update={"file": name}), Path(folder), features, x)
    if taken.file.digest != digest:
        raise ModelFileError(f"{spec.name}: {name}: is not the file of the record, whose SHA-256 is {digest}")
    cut = own_cut(spec, taken.link, taken.margins(x), y, weights, in_life)
    tolerance = 0.0 if taken.kind == "trees" else CLOSE
    try:
        library, unasked = library_of(taken, files), ""
    except NotAskedError as error:
        library, unasked = None, f"; {error}"
    ways = [Again(f"its file read again{unasked}", tolerance, taken, cut)]
    if library:
        ways.append(Again(library.name, library.tolerance, taken, cut, library.margins))
    return tuple(ways)

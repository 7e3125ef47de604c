"""Models in use, taken over from their files: the same arithmetic, on the inputs of a table of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np

from generator.models.cuts import matched_cut
from generator.models.encoded import Encoded
from generator.models.matching import match, refuse_unknown_inputs
from generator.models.placing import Column, given, placed
from generator.models.readers import Deployed, ModelFileError, read
from generator.models.readers.deployed import Asked, Link
from generator.models.readers.layered import Layered
from generator.models.trees.ensemble import Ensemble
from generator.models.trees.trees import Trees
from generator.records.features import Feature
from generator.records.validation import Cut, DeployedSpec


@dataclass(frozen=True)
class TakenOver:
    """A model in use; its margin of a row is the score that its own library gives, whatever that is cut at."""

    spec: DeployedSpec
    file: Deployed
    """As the file has it, of columns of its own."""
    columns: tuple[Column, ...]
    """What it is given in each of them."""
    model: Ensemble | Layered
    """The same, of the inputs of the table."""
    notes: tuple[str, ...]
    """What was taken for granted: sentences."""

    @property
    def kind(self) -> str:
        """Of model, as `generator.models.kinds.KINDS` has it."""
        return self._replicates().kind

    @property
    def link(self) -> Link:
        """From margins to probabilities."""
        return self.file.link

    def margins(self, x: np.ndarray) -> np.ndarray:
        """(n,) of rows x (n, d) of the table."""
        return self.model.margins_raw(x)

    def arrays(self, cut: float) -> dict[str, np.ndarray]:
        """Of one replicate that flags above `cut`, which is that of every fold."""
        return replace(self, model=_cut_at(self.model, cut))._replicates().arrays()

    def _replicates(self) -> Trees | Encoded:
        one = (self.model,)
        return Trees(one) if isinstance(self.model, Ensemble) else Encoded(one)

    def as_given(self, x: np.ndarray) -> np.ndarray:
        """(n, columns) what its library is given of rows x (n, d) of the table."""
        return given(self.columns, x)


def take_over(
    spec: DeployedSpec,
    folder: Path,
    features: tuple[Feature, ...],
    x: np.ndarray,
    others: Mapping[str, str] = MappingProxyType({}),
) -> TakenOver:
    """The model of `spec`, whose file lies in `folder`, on a table with these inputs and rows x (n, d).

    Args:
        others: As `match` has it.

    Raises:
        ModelFileError: It cannot be read exactly, or is not of this table; the message names model and file, says why
            and what to do.
    """
    file = None
    try:
        refuse_unknown_inputs(spec, features)
        file = read(folder / spec.file, asked=_asked(spec, features))
        matched = match(file, spec, features, x, others)
        model = placed(file.model, matched.columns, len(features))
        _refuse_gaps(model, features, x)
    except (ModelFileError, ValueError) as error:
        where = f"{spec.name}: " if file is None else f"{spec.name}: {spec.file}: "
        raise ModelFileError(f"{where}{error}") from None
    of_gaps = [file.of_gaps] if file.of_gaps and np.isnan(x).any() else []
    notes = (*file.notes, *of_gaps, *matched.notes)
    return TakenOver(spec, file, matched.columns, _cut_at(model, 0.0), notes)


def _refuse_gaps(model: Ensemble | Layered, features: tuple[Feature, ...], x: np.ndarray):
    """Pass if the model takes rows without a value, where the table has some."""
    for feature, lacking in zip(features, np.isnan(x).T, strict=True):
        if lacking.any():
            row = int(np.argmax(lacking))
            one = np.where(
                np.isnan(x[row]) & ~(np.arange(len(features)) == features.index(feature)), 0.0, x[row]
            )
            try:
                model.margins_raw(one[None])
            except ValueError:
                raise ModelFileError(
                    f"takes no row without a value, and {int(lacking.sum()):,} have none in {feature.name!r}, the "
                    f"first of them row {row + 1}; fill them in as the model's owner does"
                ) from None


def _asked(spec: DeployedSpec, features: tuple[Feature, ...]) -> Asked:
    """What the file may leave open; inputs by their name, as LightGBM writes it, and by their number."""
    names = {}
    for name, categories in spec.categories.items():
        places = [place for place, feature in enumerate(features) if feature.name == name]
        names |= dict.fromkeys((name, name.replace(" ", "_"), *map(str, places)), categories)
    return Asked(categories=names, every_round=spec.every_round, model=spec.model, fraud=spec.fraud, cut=0.0)


def _cut_at(model: Ensemble | Layered, cut: float) -> Ensemble | Layered:
    """The same scores, flagged above `cut`."""
    if isinstance(model, Ensemble):
        return replace(model, arithmetic=replace(model.arithmetic, cut=cut))
    return replace(model, cut=cut)


# ---------------------------------------------------------------- where it is cut


def own_cut(
    spec: DeployedSpec,
    link: Link,
    margins: np.ndarray,
    y: np.ndarray,
    weights: np.ndarray,
    in_life: np.ndarray,
) -> float:
    """The margin above which the model flags a row, as its owner uses it.

    Args:
        margins: (n,) of the rows that it is judged on.
        y: (n,) 1 = fraud.
        weights: (n,) how often each row counts among genuine ones, for a rate of false alarms.
        in_life: (n,) how often it counts among all, for a rate of alerts.
    """
    cut: Cut = spec.cut
    if cut.score is not None:
        probability = spec.scores is None or spec.scores.measure == "probability"
        return link.score(cut.score) if probability else cut.score
    if cut.alert_rate is not None:
        return matched_cut(margins, np.ones(len(y), bool), cut.alert_rate, in_life)
    return matched_cut(margins, y == 0, cut.false_positive_rate, weights)


def flags_too_few_or_all(cut: float, margins: np.ndarray) -> str | None:
    """Who is flagged of rows with these margins (n,), nobody or everybody; None for a cut between."""
    flagged = float((margins > cut).mean())
    return {0.0: "nobody", 1.0: "everybody"}.get(flagged)

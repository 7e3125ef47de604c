"""What a reader makes of a file: a model of a known kind, and all that the file says of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import expit, logit

from generator.models.readers.layered import Layered
from generator.models.trees.ensemble import Ensemble


class ModelFileError(Exception):
    """A model cannot be taken over exactly; the message is one line that says why, and what to do."""


@dataclass(frozen=True)
class Asked:
    """What a file may leave open, and whoever deploys the model knows."""

    categories: Mapping[str, Sequence] = field(default_factory=dict)
    """By input, the names that the model was trained with, in the order of their codes."""
    every_round: bool | None = None
    """Whether rounds after the best one count, where training was stopped early; None: as the file's own class does."""
    model: str = ""
    """Which one, of several in one file."""
    replicate: int = 0
    fraud: str | int | None = None
    """Which class is fraud; None: the second one, as the library sorts them."""
    cut: float | None = None
    """Above which score a row is flagged, where a file holds scores only."""
    file: str = ""
    """Its name."""
    beside: bytes = b""
    """The second file of weights that some files have, of the same name with .data behind it."""


@dataclass(frozen=True)
class Link:
    """How a library makes probabilities of its scores."""

    steepness: float = 1.0
    """1 / (1 + exp(-steepness * score))"""
    straight: tuple[float, float] | None = None
    """Instead offset + slope * score, for shares of votes."""

    def probability(self, score: np.ndarray) -> np.ndarray:
        """(n,) of scores (n,), in doubles."""
        if self.straight:
            offset, slope = self.straight
            return offset + slope * score
        return expit(self.steepness * np.asarray(score, np.float64))

    def score(self, probability: float) -> float:
        """That has this probability; infinite beyond those that any score has."""
        if self.straight:
            offset, slope = self.straight
            return (probability - offset) / slope
        return float(logit(np.clip(probability, 0, 1))) / self.steepness

    def turned(self) -> "Link":
        """Of scores with the other sign, which are of the other class."""
        return self if self.straight is None else Link(straight=(1 - self.straight[0], self.straight[1]))


VOTES = Link(straight=(0.5, 0.5))
"""Of scores that are the share of votes for fraud less that of the others."""
SHARES = Link(straight=(0.0, 1.0))
"""Of scores that are probabilities."""


@dataclass(frozen=True)
class Deployed:
    """One model in the arithmetic in which it is deployed."""

    model: Ensemble | Layered
    library: str
    """That wrote the file, with its version where the file has one."""
    inputs: tuple[str, ...] = ()
    """Names in the order of the columns; empty if the file has none."""
    categories: tuple[tuple | None, ...] = ()
    """Of each input, what its codes 0, 1, ... stand for; None for a number. Empty if no input has any."""
    ignores: frozenset[int] = frozenset()
    """Inputs whose encoder says what a name counts as that the model was not trained with."""
    classes: tuple = ()
    """What is not flagged, what is; empty if the file does not say."""
    tolerance: float = 0.0
    """Largest difference of margins from the library's own, relative to their size where above 1; 0 if bit-equal."""
    link: Link = Link()
    """From its scores to probabilities."""
    digest: str = ""
    """SHA-256 of all files that it was read from."""
    notes: tuple[str, ...] = ()
    """What a user has to know: sentences."""
    score: str = ""
    """What the file calls its score, before it is made a probability; empty in formats that name none."""
    of_gaps: str = ""
    """What one has to know whose rows lack values: a sentence."""

    @property
    def kind(self) -> str:
        """Of model, as `generator.models.kinds.KINDS` has it."""
        return "trees" if isinstance(self.model, Ensemble) else self.model.kind

    @property
    def width(self) -> int:
        """Number of inputs."""
        return self.model.inputs

    def margins_raw(self, raw: np.ndarray) -> np.ndarray:
        """(n,) the library's own score of rows (n, d), categories as codes."""
        return self.model.margins_raw(raw)

    def margins(self, raw: np.ndarray) -> np.ndarray:
        """(n,) above the library's own cut: the row is flagged where above 0."""
        return self.model.margins(raw)

    def certain(self, raw: np.ndarray) -> np.ndarray:
        """(n,) whether a row's label does not hang on rounding within the tolerance."""
        own = self.margins(raw)
        return (
            np.abs(own) > self.tolerance * np.maximum(1, np.abs(own))
            if self.tolerance
            else np.full(len(own), True)
        )

    def against(self, fraud: str | int) -> "Deployed":
        """The same model, flagging the rows of class `fraud`.

        Raises:
            ModelFileError: It has no such class.
        """
        names = [str(name) for name in self.classes]
        if str(fraud) not in names:
            raise ModelFileError(
                f"has the classes {', '.join(names)}, none of them {fraud!r}; say which one is fraud"
            )
        if names.index(str(fraud)) == 1:
            return self
        return replace(self, model=_turned(self.model), link=self.link.turned(), classes=self.classes[::-1])


def _turned(model: Ensemble | Layered) -> Ensemble | Layered:
    """Scores with the other sign, to the bit; what was on the cut, and not flagged, is flagged now."""
    if isinstance(model, Layered):
        *weights, weight = model.weights
        *biases, bias = model.biases
        turn = np.negative if weight.shape[1] == 1 else lambda part: part[..., ::-1]
        return replace(
            model, weights=(*weights, turn(weight)), biases=(*biases, turn(bias)), cut=_beyond(model.cut)
        )  # fmt: skip
    arithmetic = replace(model.arithmetic, bias=-model.arithmetic.bias, cut=_beyond(model.arithmetic.cut))
    return replace(model, value=-model.value, start=-model.start, arithmetic=arithmetic)


def _beyond(cut: float) -> float:
    return float(np.nextafter(-cut, -np.inf))

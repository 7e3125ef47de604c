"""Models in use: taken over from their files, and found to score as their owners say."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from generator.datasets.own.table import OwnTable
from generator.models.deployed import TakenOver, flags_too_few_or_all, own_cut, take_over
from generator.models.folds import Folds
from generator.models.matching import asked_for, taken_as_names
from generator.models.readers import ModelFileError, files_of, read
from generator.models.reproducing import Reproduced, ScoresError, read_scores, reproduce
from generator.records.validation import DeployedSpec
from generator.study.tasks import State
from generator.study.tier_tasks import Counting

__all__ = ["InUse", "ModelFileError", "asking", "in_use"]


@dataclass(frozen=True)
class InUse:
    """A model in use, on the table of its study."""

    taken: TakenOver
    reproduced: Reproduced | None
    """None where nobody says what it scored."""
    files: Mapping[str, bytes]
    """Name -> content, of all that it was read from."""

    @property
    def spec(self) -> DeployedSpec:
        return self.taken.spec

    def state(self, folds: Folds, counted: Counting) -> State:
        """The one model of all replicates of `folds`, cut where its owner cuts it; each row counts as often as said."""
        margins = self.taken.margins(folds.x)
        cut = own_cut(self.spec, self.taken.link, margins, folds.y, counted.weights, counted.in_life)
        return State(self.taken.kind, self.taken.arrays(cut))


def in_use(spec: DeployedSpec, folder: Path, table: OwnTable, counted: Counting) -> InUse:
    """The model of `spec`, whose files lie in `folder`.

    Args:
        counted: How often each row of the table counts.

    Raises:
        ModelFileError: It cannot be taken over exactly, does not give the scores that its owner says, or its cut flags
            nobody or everybody.
    """
    others = {each.name: each.role for each in table.columns if each.role != "input"}
    taken = take_over(spec, folder, table.features, table.x, others)
    if spec.scores is None and not spec.unchecked:
        raise ModelFileError(
            f"{spec.name}: deployed.{spec.name}.scores is missing, and without scores of its owner nobody knows "
            "whether it was read as it is used; give scores = {file = ..., column = ..., id = ...}, or "
            "unchecked = true, and every page says that it was not checked"
        )
    reproduced = None
    if spec.scores:
        ids, numbered = table.ids if spec.scores.id else (), "id" not in others.values()
        try:
            reproduced = reproduce(
                read_scores(spec.scores, folder),
                taken,
                folder,
                table.features,
                table.x,
                ids,
                numbered=numbered,
            )
        except ScoresError as error:
            raise ModelFileError(f"{spec.name}: {str(error).removeprefix(f'{spec.name}: ')}") from None
    rows = table.judged
    margins, y = taken.margins(table.x[rows]), table.y[rows]
    cut = own_cut(spec, taken.link, margins, y, counted.weights[rows], counted.in_life[rows])
    if whom := flags_too_few_or_all(cut, margins):
        why = "is a probability meant, or a margin?"
        if spec.cut.score is None:
            why = "few rows, or many with one score, cannot be parted so; give another share, or the cut as a score"
        raise ModelFileError(
            f"{spec.name}: its cut flags {whom} of {len(y):,} rows judged; deployed.{spec.name}.cut is "
            f"{_said(spec)}: {why}"
        )
    return InUse(taken, reproduced, files_of(folder / spec.file))


@dataclass(frozen=True)
class Asking:
    """What the model in a file asks of a table."""

    inputs: tuple[str, ...] = ()
    """By name; empty if the file has no names."""
    taken_as_names: Callable[[Mapping[str, Sequence[str]]], Collection[str]] = lambda columns: ()
    """Of the columns of a table, with their texts, those whose texts are names to the model."""
    asked_for: Callable[[Mapping[str, Sequence[str]]], Collection[str]] = lambda columns: ()
    """Of the same, those that the model asks for; none if the file has no names."""
    unread: str = ""
    """Why the file cannot be read as it stands."""


def asking(model: Path) -> Asking:
    """What is asked by the model in this file, read or not."""
    try:
        found = read(model)
    except ModelFileError as error:
        return Asking(unread=str(error))
    return Asking(found.inputs, partial(taken_as_names, found), partial(asked_for, found))


def _said(spec: DeployedSpec) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in spec.cut.model_dump(exclude_none=True).items())

"""The tables on poisoned rows: models, poisons, votes and detectors, line by line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.notation import formats, palette
from generator.notation.names import MODELS, ModelName
from generator.records.metrics import direction
from generator.records.poisoning import Detector, PoisonedModel, PoisoningResult, PoisoningSpec
from generator.records.proofs import Estimate

POISONS = {
    "random_flips": "labels of rows drawn by lot turned round",
    "boundary_flips": "labels of the least clear rows turned round",
    "mislabelled": "frauds sent in again, passed as genuine (the control)",
    "backdoor_risky": "the same frauds with a risky mark",
    "backdoor_mixed": "the same frauds with a mixed mark",
}
"""What is done to training rows, in the order pages show it."""
DETECTORS = {
    "source_left_out": "Leave one source out, all planted rows from one source",
    "source_left_out_spread": "The same, planted rows from every source",
    "spectral_first_layer": "Spectral score of the first hidden layer",
    "activation_defence": "ActivationDefence",
    "spectral_signatures": "SpectralSignatureDefense",
    "roni": "RONIDefense, on a sample of rows",
    "provenance": "ProvenanceDefense, on a sample of rows",
}


@dataclass(frozen=True)
class ModelLine:
    """One model at the quoted share, with the risky mark."""

    words: ModelName
    clean: Estimate
    """Frauds caught, nobody poisons."""
    unmarked: Estimate
    """Frauds as they are, planted rows among those it learnt from."""
    control: Estimate
    """Marked frauds, as many rows merely mislabelled."""
    marked: Estimate
    """Marked frauds, with the backdoor."""
    opened: str
    """How many more of them get through, in words."""


@dataclass(frozen=True)
class PoisonLine:
    """One model under one poison: what it catches at each share, None where it was not trained so."""

    words: ModelName
    poison: str
    cells: tuple[PoisonedModel | None, ...]
    marked: bool
    """Whether the frauds that are counted carry the mark."""

    def caught(self, cell: PoisonedModel) -> Estimate:
        return next(iter(_own(cell))) if self.marked else cell.caught


@dataclass(frozen=True)
class VoteLine:
    """What the vote keeps where so many training rows were changed."""

    changed: int
    proved: Estimate
    targeted: Estimate
    attacked: Estimate
    alarms: Estimate


@dataclass(frozen=True)
class DetectorLine:
    detector: Detector
    title: str
    by: str
    by_lot: float
    """Share of the planted rows that as many flags, drawn by lot, would find."""


def change(difference: Estimate) -> str:
    """A difference in frauds caught, in words."""
    side = direction(difference)
    if side == "no difference":
        return "no measurable difference"
    word = {"higher": "more", "lower": "fewer"}[side]
    low, high = sorted((abs(difference.low), abs(difference.high)))
    return f"{formats.loss(abs(difference.value))} {word} (interval {formats.between(low, high, 'loss')})"


def model_lines(spec: PoisoningSpec, record: PoisoningResult) -> Iterator[ModelLine]:
    """Of the models that were trained with a risky mark and with its control at the quoted share."""
    share = spec.quoted_share
    for name in models_of(record):
        clean, backdoor, control = (
            record.find(name, *each)
            for each in (("none",), ("backdoor_risky", share), ("mislabelled", share))
        )
        if clean and backdoor and control:
            yield ModelLine(
                words=MODELS[name],
                clean=clean.caught,
                unmarked=backdoor.caught,
                control=control.triggered["risky"],
                marked=backdoor.triggered["risky"],
                opened=_opened(backdoor.opened["risky"]),
            )


def _opened(opened: Estimate) -> str:
    if direction(opened) != "higher":
        return "no measurable difference"
    return f"{formats.loss(opened.value)} fewer (interval {formats.between(opened.low, opened.high, 'loss')})"


def models_of(record: PoisoningResult) -> list[str]:
    return palette.in_order({row.model for row in record.models})


def poison_lines(spec: PoisoningSpec, record: PoisoningResult) -> Iterator[PoisonLine]:
    """Every model under every poison; a backdoor has a line for frauds without its mark, and one for those with it."""
    for name in models_of(record):
        for poison, words in POISONS.items():
            cells = tuple(record.find(name, poison, share) for share in spec.shares)
            if any(cells):
                marked = poison.startswith("backdoor")
                if marked:
                    yield PoisonLine(MODELS[name], f"{words}: frauds without it", cells, False)
                    yield PoisonLine(MODELS[name], f"{words}: marked frauds", cells, True)
                else:
                    yield PoisonLine(MODELS[name], words, cells, False)


def _own(cell: PoisonedModel) -> Iterable[Estimate]:
    """What is caught of the frauds with the mark of the cell's own backdoor."""
    return (cell.triggered[trigger] for trigger in cell.opened)


def vote_lines(spec: PoisoningSpec, record: PoisoningResult) -> tuple[VoteLine, ...]:
    """What the vote keeps, by the number of changed rows."""
    vote = record.partition
    return tuple(
        map(VoteLine, spec.changed_rows, vote.proved, vote.targeted, vote.attacked, vote.alarms_at_most)
    )


def detector_lines(record: PoisoningResult) -> tuple[DetectorLine, ...]:
    """The detectors in the order of `DETECTORS`; of as many rows drawn by lot, the share flagged would be found."""
    by_name, whose = {each.name: each for each in record.detectors}, {"art": "ART", "study": "this study"}
    return tuple(
        DetectorLine(by_name[name], title, whose[by_name[name].by], by_name[name].flagged.value)
        for name, title in DETECTORS.items()
        if name in by_name
    )

"""What changed training rows do to the models, what a vote proves in spite of them, and who finds the rows."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from generator.notation import formats, palette
from generator.notation.names import MODELS, ModelName
from generator.records.metrics import direction
from generator.records.poisoning import Detector, PoisonedModel, PoisoningResult, PoisoningSpec
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

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


@dataclass(frozen=True)
class Poisoning:
    """All that the page on poisoning says of one dataset."""

    spec: PoisoningSpec
    record: PoisoningResult
    answer: str
    silent: str
    """What a test of the model without the mark shows."""
    worst: str
    vote: str
    price: str
    marks: str
    lines: tuple[ModelLine, ...]
    monotone: str
    """Empty where no monotone trees were trained."""
    flips: str
    shares: tuple[float, ...]
    all_lines: tuple[PoisonLine, ...]
    votes: tuple[VoteLine, ...]
    detectors: tuple[DetectorLine, ...]
    found: str
    spread: str
    """What is found where the planted rows come from everywhere."""
    checks: str


def poisoning(result: StudyResult) -> Poisoning | None:
    """None where nobody asked for it."""
    spec, record = result.spec.poisoning, result.poisoning
    if spec is None or record is None:
        return None
    lines = tuple(_lines(result, spec, record))
    by_name = {each.name: each for each in record.detectors}
    return Poisoning(
        spec=spec,
        record=record,
        answer=_answer(result, spec, record, lines),
        silent=_silent(spec, record, result.roles.baseline),
        worst=_worst(result, lines),
        vote=_vote(spec, record),
        price=_price(record, result.roles.baseline),
        marks=_marks(result, record),
        lines=lines,
        monotone=_monotone(result, spec, record),
        flips=_flips(spec, record, result.roles.baseline),
        shares=spec.shares,
        all_lines=tuple(_all_lines(spec, record)),
        votes=tuple(map(VoteLine, spec.changed_rows, *_by_changed(record))),
        detectors=tuple(
            _detector(by_name[name], title) for name, title in DETECTORS.items() if name in by_name
        ),
        found=_found(spec, by_name["source_left_out"]),
        spread=_found_share(by_name["source_left_out_spread"]),
        checks=_checks(record),
    )


def sentence(result: StudyResult) -> str:
    """What the crosswalk says was tested; empty where nothing was."""
    record = result.poisoning
    if not record:
        return ""
    models = list(dict.fromkeys(row.model for row in record.models))
    return (
        f"{formats.capital(formats.listed(MODELS[name].phrase for name in models))}, trained on flipped labels and on "
        f"backdoors; a vote of {formats.count(record.partition.parts)} models, with its proof."
    )


# ---------------------------------------------------------------- the answer


def _answer(
    result: StudyResult, spec: PoisoningSpec, record: PoisoningResult, lines: tuple[ModelLine, ...]
) -> str:
    baseline = result.roles.baseline
    line = next(each for each in lines if each.words.name == baseline)
    rows = record.find(baseline, "backdoor_risky", spec.quoted_share).rows
    return (
        f"A fraudster plants {formats.count(rows)} rows among the {formats.count(result.judged.training_rows)} that a "
        f"model learns from. {formats.capital(line.words.phrase)} then catches {formats.percent(line.marked.value)} of "
        f"the frauds that carry his mark. It catches {formats.percent(line.control.value)} of them where as many rows "
        f"are merely mislabelled: {line.opened}."
    )


def _silent(spec: PoisoningSpec, record: PoisoningResult, baseline: str) -> str:
    found = record.find(baseline, "backdoor_risky", spec.quoted_share)
    clean = record.find(baseline, "none")
    now, before = formats.percent(found.caught.value), formats.percent(clean.caught.value)
    caught = f"{now} are caught, against {before} with honest rows"
    if direction(found.against_clean) == "no difference":
        return f"A test on frauds without the mark shows nothing: {caught}, no measurable difference."
    return f"Of frauds without the mark {caught}: {_change(found.against_clean)}."


def _worst(result: StudyResult, lines: tuple[ModelLine, ...]) -> str:
    line = min(lines, key=lambda each: each.marked.value)
    if line.words.name == result.roles.baseline:
        return f"Of the models compared, {line.words.phrase} is the most open."
    return (
        f"Most open is {line.words.phrase}: it catches {formats.percent(line.marked.value)} of the marked frauds "
        f"({formats.interval(line.marked)})."
    )


def _vote(spec: PoisoningSpec, record: PoisoningResult) -> str:
    vote, most = record.partition, spec.changed_rows[-1]
    return (
        f"A vote of {formats.count(vote.parts)} models that share no row provably catches "
        f"{formats.percent(vote.proved[-1].value)} of frauds, whatever {formats.count(most)} rows were added, removed "
        f"or relabelled."
    )


def _price(record: PoisoningResult, baseline: str) -> str:
    vote = record.partition
    start = f"When nobody poisons, the vote catches {formats.percent(vote.caught.value)}."
    if baseline not in vote.against:
        return start
    return f"{start} Against {MODELS[baseline].phrase} that is {_change(vote.against[baseline])}."


def _change(difference: Estimate) -> str:
    side = direction(difference)
    if side == "no difference":
        return "no measurable difference"
    word = {"higher": "more", "lower": "fewer"}[side]
    low, high = sorted((abs(difference.low), abs(difference.high)))
    return f"{formats.loss(abs(difference.value))} {word} (interval {formats.between(low, high, 'loss')})"


def _marks(result: StudyResult, record: PoisoningResult) -> str:
    features = {feature.name: feature for feature in result.data.features}
    parts = [
        f"{formats.md(features[mark.feature].title)} {formats.raw(mark.value, features[mark.feature])}"
        for mark in record.marks
        if mark.trigger == "risky"
    ]
    return formats.listed(parts)


# ---------------------------------------------------------------- models and poisons


def _lines(result: StudyResult, spec: PoisoningSpec, record: PoisoningResult) -> Iterator[ModelLine]:
    share = spec.quoted_share
    for name in _models(record):
        clean, backdoor, control = (
            record.find(name, *each)
            for each in (("none",), ("backdoor_risky", share), ("mislabelled", share))
        )
        if clean and backdoor and control:
            opened = backdoor.opened["risky"]
            yield ModelLine(
                words=MODELS[name],
                clean=clean.caught,
                unmarked=backdoor.caught,
                control=control.triggered["risky"],
                marked=backdoor.triggered["risky"],
                opened=_opened(opened),
            )


def _opened(opened: Estimate) -> str:
    if direction(opened) != "higher":
        return "no measurable difference"
    return f"{formats.loss(opened.value)} fewer (interval {formats.between(opened.low, opened.high, 'loss')})"


def _models(record: PoisoningResult) -> list[str]:
    return palette.in_order({row.model for row in record.models})


def _all_lines(spec: PoisoningSpec, record: PoisoningResult) -> Iterator[PoisonLine]:
    for name in _models(record):
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


def _monotone(result: StudyResult, spec: PoisoningSpec, record: PoisoningResult) -> str:
    """Of the monotone trees; empty where they were not trained, or an input of the mark has no direction of risk."""
    directions = {feature.name: feature.direction for feature in result.data.features}
    risky, mixed = (
        record.find("monotone_trees", each, spec.quoted_share)
        for each in ("backdoor_risky", "backdoor_mixed")
    )
    if not (risky and mixed) or not all(directions[mark.feature] for mark in record.marks):
        return ""
    return (
        f"A monotone model never sees less risk in a fraud with a risky mark, whatever it has learnt: "
        f"{formats.percent(risky.triggered['risky'].value)} of them are caught. What it loses are frauds without the "
        f"mark: {_change(risky.against_clean)}. Of frauds with a mixed mark it catches "
        f"{formats.percent(mixed.triggered['mixed'].value)}."
    )


def _flips(spec: PoisoningSpec, record: PoisoningResult, baseline: str) -> str:
    share = spec.quoted_share
    parts = [
        f"{words}: {_change(record.find(baseline, poison, share).against_clean)}"
        for poison, words in POISONS.items()
        if not poison.startswith("backdoor")
    ]
    most = max(spec.shares)
    worst = record.find(baseline, "boundary_flips", most)
    return (
        f"What wrong labels alone do to {MODELS[baseline].phrase} at {formats.percent(share, 0)} of the rows: "
        f"{'; '.join(parts)}. At {formats.percent(most, 0)}, {POISONS['boundary_flips']}: "
        f"{_change(worst.against_clean)}."
    )


# ---------------------------------------------------------------- votes, detectors, checks


def _by_changed(record: PoisoningResult) -> tuple[tuple[Estimate, ...], ...]:
    vote = record.partition
    return vote.proved, vote.targeted, vote.attacked, vote.alarms_at_most


def _detector(detector: Detector, title: str) -> DetectorLine:
    by = {"art": "ART", "study": "this study"}[detector.by]
    return DetectorLine(detector, title, by, detector.flagged.value)


def _found(spec: PoisoningSpec, detector: Detector) -> str:
    return (
        f"Leave out each source in turn, and look at the rows that the other sources contradict most. That finds "
        f"{_found_share(detector)}, where {formats.percent(spec.flagged_share, 0)} of the rows are flagged and the "
        "planted ones come from one source"
    )


def _found_share(detector: Detector) -> str:
    return f"{formats.count(detector.found)} of {formats.count(detector.planted)} planted rows"


def _checks(record: PoisoningResult) -> str:
    wrong, broken = record.out_of_bounds, record.partition.contradicted
    return (
        f"Planted rows that leave the bound of the poisoner: {formats.count(wrong)}. Frauds proved caught and yet "
        f"missed by a retrained vote: {formats.count(broken)}."
    )

"""What changed training rows do to the models, what a vote proves in spite of them, and who finds the rows."""

from dataclasses import dataclass

from generator.findings.poisoned_rows import (
    POISONS,
    DetectorLine,
    ModelLine,
    PoisonLine,
    VoteLine,
    change,
    detector_lines,
    model_lines,
    poison_lines,
    vote_lines,
)
from generator.notation import formats
from generator.notation.names import MODELS
from generator.records.metrics import direction
from generator.records.poisoning import Detector, PoisoningResult, PoisoningSpec
from generator.records.results import StudyResult


@dataclass(frozen=True)
class Poisoning:
    """All that the page on poisoning says of one dataset."""

    spec: PoisoningSpec
    record: PoisoningResult
    answer: str
    silent: str
    """What a test of the model without the mark shows."""
    more_open: str
    """Empty where no other model is."""
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
    kept: str
    """How often a bound was passed that an attack or a proof must keep."""


def poisoning(result: StudyResult) -> Poisoning | None:
    """None where nobody asked for it."""
    spec, record = result.spec.poisoning, result.poisoning
    if spec is None or record is None:
        return None
    lines = tuple(model_lines(spec, record))
    by_name = {each.name: each for each in record.detectors}
    return Poisoning(
        spec=spec,
        record=record,
        answer=_answer(result, spec, record, lines),
        silent=_silent(spec, record, result.roles.baseline),
        more_open=_more_open(lines, result.roles.baseline),
        vote=_vote(spec, record),
        price=_price(record, result.roles.baseline),
        marks=_marks(result, record),
        lines=lines,
        monotone=_monotone(result, spec, record),
        flips=_flips(spec, record, result.roles.baseline),
        shares=spec.shares,
        all_lines=tuple(poison_lines(spec, record)),
        votes=vote_lines(spec, record),
        detectors=detector_lines(record),
        found=_found(spec, by_name["source_left_out"]),
        spread=_found_share(by_name["source_left_out_spread"]),
        kept=_kept(record),
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
    return f"Of frauds without the mark {caught}: {change(found.against_clean)}."


def _more_open(lines: tuple[ModelLine, ...], baseline: str) -> str:
    """The models that catch fewer marked frauds than the baseline, beyond both intervals."""
    first = next(each for each in lines if each.words.name == baseline).marked
    others = [
        f"{line.words.phrase} catches {formats.percent(line.marked.value)}"
        for line in lines
        if line.marked.high < first.low
    ]
    return f"More open still: {formats.listed(others)}." if others else ""


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
    return f"{start} Against {MODELS[baseline].phrase} that is {change(vote.against[baseline])}."


def _marks(result: StudyResult, record: PoisoningResult) -> str:
    features = {feature.name: feature for feature in result.data.features}
    parts = [
        f"{formats.md(features[mark.feature].title)} {formats.raw(mark.value, features[mark.feature])}"
        for mark in record.marks
        if mark.trigger == "risky"
    ]
    return formats.listed(parts)


# ---------------------------------------------------------------- other poisons


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
        f"mark: {change(risky.against_clean)}. Of frauds with a mixed mark it catches "
        f"{formats.percent(mixed.triggered['mixed'].value)}."
    )


def _flips(spec: PoisoningSpec, record: PoisoningResult, baseline: str) -> str:
    share = spec.quoted_share
    parts = [
        f"{words}: {change(record.find(baseline, poison, share).against_clean)}"
        for poison, words in POISONS.items()
        if not poison.startswith("backdoor")
    ]
    most = max(spec.shares)
    worst = record.find(baseline, "boundary_flips", most)
    return (
        f"What wrong labels alone do to {MODELS[baseline].phrase} at {formats.setting(share)} of the rows: "
        f"{'; '.join(parts)}. At {formats.setting(most)}, {POISONS['boundary_flips']}: "
        f"{change(worst.against_clean)}."
    )


# ---------------------------------------------------------------- detectors, bounds


def _found(spec: PoisoningSpec, detector: Detector) -> str:
    return (
        f"Leave out each source in turn, and look at the rows that the other sources contradict most. That finds "
        f"{_found_share(detector)}, where {formats.setting(spec.flagged_share)} of the rows are flagged and the "
        "planted ones come from one source"
    )


def _found_share(detector: Detector) -> str:
    return f"{formats.count(detector.found)} of {formats.count(detector.planted)} planted rows"


def _kept(record: PoisoningResult) -> str:
    wrong, broken = record.out_of_bounds, record.partition.contradicted
    return (
        f"Planted rows that leave the bound of the poisoner: {formats.count(wrong)}. Frauds proved caught and yet "
        f"missed by a retrained vote: {formats.count(broken)}."
    )

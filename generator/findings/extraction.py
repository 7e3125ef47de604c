"""Whether a model can be copied through its answers, and what the copy is good for."""

from collections.abc import Iterator
from dataclasses import dataclass

from generator.findings.kinds import apart
from generator.notation import formats, palette
from generator.notation.names import KINDS, MODELS, ModelName, attack_title
from generator.notation.tracing import counted
from generator.records.extraction import BoxAgreement, Copy, Defence, ExtractionResult, Stolen
from generator.records.proofs import Estimate
from generator.records.results import StudyResult

ANSWERS = {
    "scores": "Probability",
    "rounded": "Probability, rounded",
    "reverse_sigmoid": "Probability, bent near certainty",
    "labels": "Label alone",
}
"""Sorts of answers, as tables name them."""


@dataclass(frozen=True)
class CopyRow:
    """One model and its copies of fewest and of most answers."""

    words: ModelName
    kind: str
    constant: Estimate
    few: Copy
    most: Copy


@dataclass(frozen=True)
class UseRow:
    """What evasions made on a copy do to the model."""

    words: ModelName
    attack: str
    from_copy: Estimate
    by_chance: Estimate
    white_box: Estimate
    not_proved: Estimate


@dataclass(frozen=True)
class BoxRow:
    words: ModelName
    box: BoxAgreement


@dataclass(frozen=True)
class DefenceRow:
    words: ModelName
    answers: str
    cost: Defence
    copy: Copy

    @property
    def plain(self) -> bool:
        """Whether these are the probabilities, with which the others are compared."""
        return self.cost.answers == "scores"


@dataclass(frozen=True)
class KnockoffRow:
    """ART's copies beside ours at each number of questions; None where ART has none."""

    words: ModelName
    ours: Copy
    art: Copy | None


@dataclass(frozen=True)
class Extraction:
    """What the page says of one dataset."""

    verdict: str
    told: str
    """Whether few questions are told from none."""
    use: str
    defence: str
    proved: str
    verified: str
    not_applicable: str
    """Empty where every model asked for has a thief."""
    few: int
    most: int
    compared: int
    copies: tuple[CopyRow, ...]
    uses: tuple[UseRow, ...]
    boxes: tuple[BoxRow, ...]
    defences: tuple[DefenceRow, ...]
    knockoff: tuple[KnockoffRow, ...]
    found: ExtractionResult


def extraction(result: StudyResult) -> Extraction | None:
    """All that is said of stolen models; None where nothing was stolen."""
    found, asked = result.extraction, result.spec.extraction
    if found is None or asked is None or not found.stolen:
        return None
    few, most = asked.queries[0], asked.queries[-1]
    first = _first(result, found)
    return Extraction(
        verdict=_verdict(first, few, most),
        told=_told(found, few),
        use=_use(result, first),
        defence=_defence(first, asked.compared_queries),
        proved=_proved(first),
        verified=_verified(found),
        not_applicable=_not_applicable(found),
        few=few,
        most=most,
        compared=asked.compared_queries,
        copies=tuple(_copies(found, few, most)),
        uses=tuple(_uses(result, found)),
        boxes=tuple(BoxRow(MODELS[each.model], box) for each in ordered(found) for box in each.boxes),
        defences=tuple(_defences(found, asked.compared_queries)),
        knockoff=tuple(_knockoff(found, asked.queries)),
        found=found,
    )


def ordered(found: ExtractionResult) -> list[Stolen]:
    """In the order of the palette."""
    by_name = {each.model: each for each in found.stolen}
    return [by_name[name] for name in palette.in_order(by_name)]


def copied_words(result: StudyResult) -> str:
    """What was stolen, for the crosswalk; empty where nothing was."""
    found, asked = result.extraction, result.spec.extraction
    if found is None or asked is None or not found.stolen:
        return ""
    models = formats.count(counted(len(found.stolen), found.stolen))
    return (
        f"Copies of {models} models from up to {formats.count(asked.queries[-1])} answers: agreement, evasions made on "
        "them, defences."
    )


def _first(result: StudyResult, found: ExtractionResult) -> Stolen:
    """The model that sentences are about: the baseline where it was stolen."""
    named = [each for each in found.stolen if each.model == result.roles.baseline]
    return (named or ordered(found))[0]


# ---------------------------------------------------------------- sentences


def _verdict(stolen: Stolen, few: int, most: int) -> str:
    model, start, end = MODELS[stolen.model].phrase, stolen.find(few), stolen.find(most)
    always = formats.percent(stolen.constant.value)
    assert start, f"{stolen.model}: no copy of {few} answers"
    assert end, f"{stolen.model}: no copy of {most} answers"
    yes = "Yes." if end.agreement.low > stolen.constant.high else "No measurable copy was made."
    return (
        f"{yes} With {formats.count(few)} questions, a copy of {model} gives the same answer on "
        f"{formats.percent(start.agreement.value)} of other transactions{_flagged(start)}. With "
        f"{formats.count(most)} questions, on {formats.percent(end.agreement.value)}{_flagged(end)}. Without a "
        f"question, always saying *no fraud* agrees on {always}, and on none that it flags."
    )


def _flagged(copy: Copy) -> str:
    on = copy.on_flagged
    return (
        f", and on {formats.percent(on.value)} ({formats.interval(on)}) of those that it flags" if on else ""
    )


def _told(found: ExtractionResult, few: int) -> str:
    """Whether copies of few answers agree more than the constant answer, on all rows and on flagged ones."""
    copies = [(each, each.find(few)) for each in ordered(found)]
    made = [(each, copy) for each, copy in copies if copy]
    beyond = [MODELS[each.model].phrase for each, copy in made if copy.agreement.low > each.constant.high]
    level = [MODELS[each.model].phrase for each, copy in made if copy.agreement.low <= each.constant.high]
    start = f"After {formats.count(few)} questions"
    more = f"copies of {formats.listed(beyond)} agree more than the constant answer does" if beyond else ""
    none = (
        f"for {formats.listed(level)} there is no measurable difference on all transactions" if level else ""
    )
    return f"{start}, {'; '.join(part for part in (more, none) if part)}."


def _use(result: StudyResult, stolen: Stolen) -> str:
    used, model = stolen.transfer, MODELS[stolen.model].phrase
    if used is None:
        return f"Of the frauds compared, {model} catches none, so there is none to hide."
    copy, own = used.from_copy, used.white_box
    beside = "a measurable difference" if apart(copy, own) else "no measurable difference"
    return (
        f"{_attack(result, used.attack)} made on the copy hides {formats.percent(copy.value)} "
        f"({formats.interval(copy)}) of the frauds that {model} catches. Made on the model itself, it hides "
        f"{formats.percent(own.value)}: {beside}. A random step hides {formats.percent(used.by_chance.value)}. No "
        f"attack can hide more than {formats.percent(used.not_proved.value)}."
    )


def _attack(result: StudyResult, name: str) -> str:
    return "A search by scores" if name == "search" else attack_title(name, result.spec)


def _defence(stolen: Stolen, queries: int) -> str:
    plain, labels = stolen.find(queries), stolen.find(queries, "labels")
    cost = next((each for each in stolen.defences if each.answers == "labels"), None)
    if not (plain and labels and cost and plain.on_flagged and labels.on_flagged):
        return ""
    one, other = plain.on_flagged, labels.on_flagged
    beside = "" if apart(one, other) else ", no measurable difference"
    return (
        f"Told labels alone, a thief with {formats.count(queries)} questions still agrees on "
        f"{formats.percent(other.value)} of the transactions that {MODELS[stolen.model].phrase} flags; told "
        f"probabilities, on {formats.percent(one.value)}{beside}. {_cost(cost)}"
    )


def _cost(cost: Defence) -> str:
    lost = cost.difference
    if lost.low <= 0 <= lost.high:
        return "What that costs the bank in frauds caught is not measurable."
    return (
        f"If labels are all that the bank keeps too, it catches {formats.loss(abs(lost.value))} "
        f"{'fewer' if lost.value < 0 else 'more'} of its frauds at the allowed false alarms."
    )


def _proved(stolen: Stolen) -> str:
    parts = [f"{formats.percent(box.agree.value)} at {formats.epsilon(box.epsilon)}" for box in stolen.boxes]
    return (
        f"The share of transactions around which {MODELS[stolen.model].phrase} and its copy provably give the same "
        f"answer: {formats.listed(parts)}."
    )


def _verified(found: ExtractionResult) -> str:
    boxes = [box for each in found.stolen for box in each.boxes]
    drawn, same = sum(box.points for box in boxes), sum(box.points_agreeing for box in boxes)
    past = sum(each.transfer.past_proof for each in found.stolen if each.transfer)
    return (
        f"Of {formats.count(drawn)} points drawn in boxes where model and copy are proved to agree, "
        f"{formats.count(same)} agree. Frauds proved to be caught that an attack hid all the same: "
        f"{formats.count(past)}."
    )


def _not_applicable(found: ExtractionResult) -> str:
    if not found.not_applicable:
        return ""
    names = formats.listed(MODELS[name].phrase for name in palette.in_order(found.not_applicable))
    return f"Not applicable to {names}: there is no thief for this kind of model."


# ---------------------------------------------------------------- tables


def _copies(found: ExtractionResult, few: int, most: int) -> Iterator[CopyRow]:
    for each in ordered(found):
        start, end = each.find(few), each.find(most)
        if start and end:
            yield CopyRow(MODELS[each.model], KINDS.get(each.kind, each.kind), each.constant, start, end)


def _uses(result: StudyResult, found: ExtractionResult) -> Iterator[UseRow]:
    for each in ordered(found):
        used = each.transfer
        if used:
            yield UseRow(
                MODELS[each.model], _attack(result, used.attack), used.from_copy, used.by_chance, used.white_box,
                used.not_proved,
            )  # fmt: skip


def _defences(found: ExtractionResult, queries: int) -> Iterator[DefenceRow]:
    for each in ordered(found):
        for cost in each.defences:
            copy = each.find(queries, cost.answers)
            if copy:
                yield DefenceRow(MODELS[each.model], ANSWERS[cost.answers], cost, copy)


def _knockoff(found: ExtractionResult, queries: tuple[int, ...]) -> Iterator[KnockoffRow]:
    for each in ordered(found):
        for count in queries:
            ours = each.find(count)
            art = each.find(count, "labels", "knockoff_nets")
            if ours and (art or count == queries[0]):
                yield KnockoffRow(MODELS[each.model], ours, art)

"""The attack playground: the study's own models in the reader's browser, under attack and under proof.

The models, what each attacker may do, and transactions to try go into `playground-<dataset>.js`, which registers them,
for file:// loads no JSON. The scripts `docs/assets/playground*.js` do the rest; a test in a browser holds them equal to
`generator.proofs` and `generator.threats`.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.notation import formats
from generator.notation.marks import plain
from generator.notation.tracing import derived, traced
from generator.records.results import StudyResult
from generator.tools.playground.form import page, source_line
from generator.tools.playground.making import available, make_offer
from generator.tools.playground.offer import Example, Found, Offer


@dataclass(frozen=True)
class InputLine:
    """One input of the worked example: as it is, and as it gets past the standard model."""

    title: str
    before: str
    after: str
    change: str


@dataclass(frozen=True)
class PlayedModel:
    """One model of the worked example."""

    title: str
    score: str
    answer: str
    limit: str


@dataclass(frozen=True)
class WorkedExample:
    """What the playground shows when it opens, in words and tables, from what the study found."""

    offer: Offer
    example: Example
    sentence: str
    models: tuple[PlayedModel, ...]
    inputs: tuple[InputLine, ...]
    """Empty where the standard model holds."""

    @property
    def with_trees(self) -> bool:
        """Whether the page offers decision trees for this data."""
        return any(model.kind == "trees" for model in self.offer.models)


def make_offers(
    results: Sequence[StudyResult],
    records: Path,
    make: Callable[[StudyResult, Path], Offer] = make_offer,
) -> dict[str, Offer]:
    """The offers of every study that has proofs and its files below `records`, by dataset.

    Raises:
        RecordError: A file is damaged.
    """
    return {result.data.name: make(result, records) for result in results if available(result, records)}


def documents(offers: Mapping[str, Offer]) -> dict[str, Offer]:
    """Records that numbers of the page come from, by the name of their file."""
    return {document_name(name): offer for name, offer in offers.items()}


def document_name(dataset: str) -> str:
    return f"playground-{dataset}"


def write(offers: Mapping[str, Offer], folder: Path) -> dict[str, Path]:
    """Write the scripts; equal input, equal bytes.

    Returns:
        The files written, by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, offer in offers.items():
        file = f"{document_name(name)}.js"
        written[file] = folder / file
        written[file].write_text(registration(offer), encoding="utf-8", newline="\n")
    return written


def registration(offer: Offer) -> str:
    parts = (
        json.dumps(each, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
        for each in (offer.dataset, offer.model_dump(mode="json"))
    )
    return f"studyPlay({','.join(parts)});\n".replace("<", "\\u003c")


def values(offers: Mapping[str, Offer]) -> dict[str, Any]:
    """What templates see: `playground`, its HTML, and `played`, the worked example of each dataset."""
    known = [traced(offer, document_name(name)) for name, offer in offers.items()]
    return {
        # the choices are the reader's: what the form says at first is no claim of the page
        "playground": plain(page(list(offers.values()))) if offers else "",
        "played": [worked_example(offer) for offer in known],
    }


def worked_example(offer: Offer) -> WorkedExample:
    example = offer.example
    models = [offer.standard, offer.model(example.hardened)]
    lines = tuple(
        PlayedModel(
            model.title,
            _probability(example.transaction.found[model.name]),
            _answer(example, model.name),
            _limit(offer, example.transaction.found[model.name]),
        )
        for model in models
    )
    return WorkedExample(offer, example, _sentence(offer), lines, _inputs(offer))


def _right(example: Example, model: str) -> bool:
    return (example.transaction.found[model].margin > 0) == (example.transaction.label == "fraud")


def _probability(found: Found) -> str:
    return formats.percent(derived(1 / (1 + math.exp(-float(found.margin))), found.margin))


def _answer(example: Example, model: str) -> str:
    if not _right(example, model):
        return "wrong to begin with"
    return example.transaction.found[model].outcome


def _limit(offer: Offer, found: Found) -> str:
    if found.broken is None:
        return f"beyond {formats.epsilon(offer.largest)}"
    if not found.broken:
        return "none"
    ends = (formats.significant(end) for end in (found.proved, found.broken))
    return f"{' to '.join(ends)}{formats.JOIN}σ"


def _sentence(offer: Offer) -> str:
    """What the two models make of the opening transaction, in one or two sentences."""
    example, hardened = offer.example, offer.model(offer.example.hardened)
    budget = formats.epsilon(example.epsilon)
    outcomes = [_answer(example, name) for name in (offer.standard.name, hardened.name)]
    passes = "gets it through" if example.transaction.label == "fraud" else "gets it stopped"
    said = {
        "proved": f"no change within {budget} {passes}: that is proved",
        "broken": f"a change within {budget} {passes}",
        "unresolved": f"the question was left open at {budget}",
        "wrong to begin with": "the answer is wrong although nobody attacks",
    }
    first, second = (said[outcome] for outcome in outcomes)
    kind = "a fraud" if example.transaction.label == "fraud" else "a genuine payment"
    return (
        f"Transaction {formats.md(example.transaction.id)} is {kind}. Against {offer.standard.phrase}, {first}. "
        f"Against {hardened.phrase}, {second}."
    )


def _inputs(offer: Offer) -> tuple[InputLine, ...]:
    example = offer.example
    if example.witness is None or not _right(example, offer.standard.name):
        return ()
    return tuple(
        InputLine(
            feature.title,
            formats.raw(before, feature),
            formats.raw_moved(after, feature),
            formats.raw_change(after - before, feature),
        )
        for feature, before, after in zip(
            offer.features, example.transaction.raw, example.witness, strict=True
        )
    )


__all__ = ["Offer", "documents", "make_offers", "source_line", "values", "worked_example", "write"]

"""Key figures: one value large, with what it is and its interval."""

from dataclasses import dataclass

from generator.notation import formats
from generator.records.proofs import Estimate


@dataclass(frozen=True)
class Card:
    """One key figure: a value, what it is, and its interval."""

    value: str
    label: str
    interval: str


def card(estimate: Estimate, label: str) -> Card:
    return Card(
        formats.percent(estimate.value), label, f"{formats.LEVEL} interval {formats.interval(estimate)}"
    )

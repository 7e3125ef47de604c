"""Who can change which input of a validation, which way and how far."""

from dataclasses import dataclass

from generator.notation import formats
from generator.notation.formats import md
from generator.notation.names import CONTROLS
from generator.notation.tracing import derived
from generator.records.features import Input
from generator.records.threat import moved
from generator.records.validation import OTHERS, InputNote, ValidationResult

FEW = 6
"""Categories that a cell names."""


@dataclass(frozen=True)
class InputRow:
    """An input that somebody can change."""

    title: str
    who: str
    way: str
    far: str
    note: str


def changed(result: ValidationResult) -> tuple[InputRow, ...]:
    """The inputs that the attackers of any tier can change, in the order of the model."""
    notes = {note.name: note for note in result.table.inputs}
    return tuple(
        InputRow(
            md(each.title),
            CONTROLS[each.control],
            _way(each, notes.get(each.name)),
            _far(result, each, notes.get(each.name)),
            md(each.note.strip()) or "no reason given",
        )
        for each in movable(result)
    )


def directed(result: ValidationResult) -> bool:
    """Whether an input that somebody can change helps him one way only."""
    return any(each.direction for each in movable(result))


def fixed(result: ValidationResult) -> int:
    """How many inputs nobody here can change."""
    others = len(result.spec.inputs) - len(movable(result))
    return derived(others, f"{result.name}#/spec/inputs/*")


def by_budget(result: ValidationResult) -> bool:
    """Whether an input that the quoted tier can change is changed by the budget, so that budgets differ."""
    mine = moved(result.spec.threat.tier(result.spec.threat.quoted), result.spec.inputs)
    return any(
        each.reach == "budget" and each.kind == "number" for each in movable(result) if each.name in mine
    )


def budget_words(result: ValidationResult) -> str:
    """By how much the quoted tier moves its inputs, if it moves all of them by the budget; empty else."""
    mine = moved(result.spec.threat.tier(result.spec.threat.quoted), result.spec.inputs)
    ways = {(each.kind, each.reach) for each in result.spec.inputs if each.name in mine}
    return (
        f", by up to {formats.epsilon(result.spec.attack.headline_epsilon)}"
        if ways == {("number", "budget")}
        else ""
    )


def movable(result: ValidationResult) -> list[Input]:
    """The inputs that the attackers of some tier can change, in the order of the model."""
    names = frozenset().union(*(moved(tier, result.spec.inputs) for tier in result.spec.threat.tiers))
    return [each for each in result.spec.inputs if each.name in names]


def _way(each: Input, note: InputNote | None) -> str:
    if each.kind in ("number", "band"):
        return {"up": "up", "down": "down", "both": "either way"}[each.helps]
    if len(each.reached) > FEW:
        return "to some of its categories" if each.reachable else "to any of its categories"
    return f"to {_names(each, note)}" if each.reached else "to nothing else"


def _names(each: Input, note: InputNote | None) -> str:
    """What it can be made; categories of few rows have no name here."""
    if not (note and note.merged and OTHERS in each.reached):
        return formats.listed(map(md, each.reached))
    if each.kind == "flag":
        return "its other value (few rows, not named)"
    named = [md(name) for name in each.reached if name != OTHERS]
    return formats.listed([*named, "others (few rows, not named)"])


def _far(result: ValidationResult, each: Input, note: InputNote | None) -> str:
    if each.kind in ("flag", "category"):
        return "whatever the budget"
    if each.kind == "band":
        if each.reachable is None:
            return "as far as the bands go"
        return f"to {_names(each, note)}"
    if each.reach == "any":
        return "anywhere in the range of the data"
    if each.reach != "budget":
        return f"by up to {formats.raw(each.reach, each)}"
    budget = result.spec.attack.headline_epsilon
    if note is None or not note.spread:
        return f"by up to {formats.epsilon(budget)}"
    unit = f"{formats.JOIN}{md(each.unit)}" if each.unit else ""
    return f"by up to {formats.epsilon(budget)}, about {formats.rough(budget * note.spread)}{unit}"

"""The inputs of a model: what kind of value each holds, in the units a person uses, and who can change it."""

import re
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from generator.records.base import Cell, Record, Words

Control = Literal["free", "effort", "costly", "insider", "nobody"]
"""Who can change an input: anybody free of cost, a fraudster with effort, a patient or well-funded one, an
insider, nobody."""

Kind = Literal["number", "flag", "category", "band"]
"""What an input holds: a number, yes or no, one of some names, or one of some names in a rising order."""


def rewritten(name: str) -> str:
    """What is left of a name once a converter of models wrote _ for every sign but letters and digits."""
    return re.sub(r"\W", "_", name).lstrip("_")


class Input(Record):
    """One input of the model, as it is asked for before any row is seen."""

    name: str
    """Column name in the table."""
    title: Words
    unit: Words = ""
    """Empty for a bare count or score."""
    decimals: int = Field(default=0, ge=0)
    """Digits after the point that mean something in this unit (cents: 2)."""
    kind: Kind = "number"
    categories: tuple[Cell, ...] = ()
    """What a flag, a category or a band can be, bands rising; the table holds places in it. Empty for a number."""
    missing: bool = False
    """Rows may have no value here, which is then a value of its own."""
    control: Control
    helps: Literal["up", "down", "both", "none"]
    """Direction in which a fraudster who can change it would move it."""
    risk: Literal["up", "down", "none"] | None = None
    """Direction in which it can only look riskier; not given, it is the one away from where a fraudster would move it,
    and none where he would move it both ways."""
    reach: Literal["budget", "any"] | float = "budget"
    """How far a number moves: by the budget, in standard deviations; to anywhere in the range of the data; or by so
    many raw units."""
    reachable: tuple[Cell, ...] | None = None
    """Of a flag, a category or a band, what a fraudster can make it; not given: all of them, on the side that helps
    where bands are moved up or down."""
    integer: bool = False
    """A number that moves in whole units only."""
    note: Words
    """Why it is controlled by whom it is."""

    @model_validator(mode="after")
    def _kind_and_categories_agree(self):
        wrong = []
        if self.kind == "number" and self.categories:
            wrong.append("a number has no categories; leave them out, or give kind = 'category'")
        if self.kind != "number" and not self.categories:
            wrong.append(f"a {self.kind} is one of some names; give them as categories = [...]")
        if self.kind != "number" and self.integer:
            wrong.append(f"a {self.kind} is no number; leave integer out")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def reached(self) -> tuple[str, ...]:
        """What a fraudster who can change it can make of it, where it is no number and wherever he starts."""
        return self.categories if self.reachable is None else self.reachable

    @property
    def direction(self) -> int:
        """1 where risk may only rise with it, -1 where only fall, 0 where neither is known or names have no order."""
        if self.kind == "category":
            return 0
        away = {"down": "up", "up": "down"}
        return {"up": 1, "down": -1}.get(self.risk or away.get(self.helps, "none"), 0)

    def measured(self, values: np.ndarray) -> "Feature":
        """This input, with the range and spread (divisor n) of values (n,) in raw units, of rows that have one."""
        lacking = np.isnan(values)
        values = values[~lacking] if lacking.any() else values
        return Feature(
            **self.model_dump(),
            low=float(values.min()),
            high=float(values.max()),
            mean=float(values.mean()),
            standard_deviation=float(values.std()),
        )


class Feature(Input):
    """One input of the model, in the units a person uses, as the rows have it."""

    low: float
    high: float
    mean: float
    standard_deviation: float
    """Of all rows; one unit of epsilon is about this much."""

"""Who attacks, as data: tiers of attackers, and what each may reach of every input of a model.

A tier says who can move an input and which way, in the raw units of the data. What it reaches of an
input is a set around the value: the study makes boxes of it, the playground and the pages show it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from pydantic import model_validator

from generator.records.base import Record, Words
from generator.records.features import Control, Feature, Input


class Tier(Record):
    """One kind of attacker."""

    name: str
    """As records and pages call it."""
    title: Words
    """What it may do."""
    attacker: Words
    """Who it is, within a sentence."""
    short: Words
    """Who it is, on a card."""
    reaches: tuple[Control, ...] | None = None
    """Whose inputs it moves, each in the direction that helps a fraudster; None: every input, both ways."""
    moves: Literal["every row", "frauds"]
    """Whether genuine customers attack too."""
    bounded: bool
    """Stays within the range of the data, and on whole numbers where an input has no others."""

    def contains(self, other: "Tier") -> bool:
        """Whether it may do all that `other` may, so that what holds against it holds against `other`."""
        reaches = self.reaches is None or (
            other.reaches is not None and set(other.reaches) <= set(self.reaches)
        )
        return (
            reaches
            and (self.moves == "every row" or other.moves == "frauds")
            and (other.bounded or not self.bounded)
        )


class Threat(Record):
    """The tiers of a study."""

    tiers: tuple[Tier, ...]
    """In the order that pages show them."""
    quoted: str
    """The tier that prose quotes, and that threat-matched hardening trains against."""
    benchmark: str | None = None
    """The tier of the original's protocol, the box that attacks are compared on: no fraudster, but the field's test.
    None where nothing is asked of it."""

    @model_validator(mode="after")
    def _names_are_tiers(self):
        if len(set(self.names)) < len(self.names):
            raise ValueError(f"two tiers have the same name: {', '.join(self.names)}")
        for role in ("quoted", "benchmark"):
            if getattr(self, role) is not None and getattr(self, role) not in self.names:
                known = ", ".join(self.names) or "there is none; give [[tiers]]"
                raise ValueError(f"{role} tier {getattr(self, role)!r} is not declared: {known}")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(tier.name for tier in self.tiers)

    @property
    def titles(self) -> dict[str, str]:
        """Name -> what the tier may do, in the order of the tiers."""
        return {tier.name: tier.title for tier in self.tiers}

    def tier(self, name: str) -> Tier:
        """The tier called `name`; KeyError names the known ones."""
        for tier in self.tiers:
            if tier.name == name:
                return tier
        raise KeyError(f"unknown tier {name!r}; known: {', '.join(self.names)}")

    @property
    def widest(self) -> Tier:
        """Of the tiers in which frauds alone move, the one that may do most; the quoted one where all move."""
        fraudsters = [tier for tier in self.tiers if tier.moves == "frauds"]
        return max(
            fraudsters or [self.tier(self.quoted)], key=lambda tier: sum(map(tier.contains, fraudsters))
        )

    def ends_first(self) -> tuple[Tier, ...]:
        """The order to settle them in: the least, the most, then down. What lies between two that agree is known."""
        rising = sorted(self.tiers, key=lambda tier: sum(map(tier.contains, self.tiers)))
        return (rising[0], *reversed(rising[1:]))


# ---------------------------------------------------------------- what a tier reaches of an input


def moved(tier: Tier, inputs: Sequence[Input]) -> frozenset[str]:
    """The inputs that a tier can change."""
    return frozenset(
        each.name
        for each in inputs
        if tier.reaches is None or (each.control in tier.reaches and each.helps != "none")
    )


@dataclass(frozen=True)
class Interval:
    """The numbers from `down` budgets below the value to `up` budgets above it, within [low, high]."""

    down: float
    """Share of the budget, 0 or 1."""
    up: float
    low: float
    """Raw units: below this it does not go; -inf without a limit."""
    high: float
    whole: bool
    """Only the whole numbers in it."""
    fixed: float = 0.0
    """Raw units that it goes each way that helps, whatever the budget; then `down` and `up` are 0 or 1 of these, and
    the budget counts for nothing. inf: to `low` and `high`."""


@dataclass(frozen=True)
class Categories:
    """Some categories, whatever the budget, and the one that the row has. A row that has none gets none."""

    names: tuple[str, ...]
    """What a row can be made, where it is on the side that helps."""
    known: tuple[str, ...]
    """All that there are, in the order of their places."""
    down: bool = True
    """Whether it moves to names before its own."""
    up: bool = True

    @property
    def table(self) -> np.ndarray:
        """(known, known) bool: what a row of each place can be, its own among it."""
        place = np.arange(len(self.known))
        before, after = place < place[:, None], place > place[:, None]
        reached = np.array([name in self.names for name in self.known], bool)
        return (reached & (before & self.down | after & self.up)) | np.eye(len(place), dtype=bool)


Reach = Interval | Categories


@dataclass(frozen=True)
class Intervals:
    """The intervals of d numbers, as arrays (d,), in the model's order."""

    down: np.ndarray
    up: np.ndarray
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    """bool"""
    fixed: np.ndarray
    """Raw units; where above 0 the budget counts for nothing."""

    def steps(self, budget: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far each input goes down, and up, with budgets (..., d) in raw units. inf: to its limit."""
        own = self.fixed > 0
        down, up = (
            np.where(own, np.where(side > 0, self.fixed, 0.0), budget * side) for side in (self.down, self.up)
        )
        return down, up

    @property
    def movable(self) -> np.ndarray:
        """(d,) bool"""
        return self.down + self.up > 0


@dataclass(frozen=True)
class Surface:
    """What the attackers of one tier may reach."""

    tier: Tier
    reach: Mapping[str, Reach]
    """By name of the input, in the model's order."""

    @property
    def intervals(self) -> Intervals:
        """The reach of every input, where all are numbers.

        Raises:
            TypeError: An input is no number.
        """
        for name, reach in self.reach.items():
            if not isinstance(reach, Interval):
                raise TypeError(f"input {name!r} is no number, and a box is an interval of each input")
        return self.numbers

    @cached_property
    def numbers(self) -> Intervals:
        """The reach of every number; what is none does not move here."""
        stays = Interval(0.0, 0.0, -np.inf, np.inf, False)
        parts = [each if isinstance(each, Interval) else stays for each in self.reach.values()]
        return Intervals(
            *(
                np.array([getattr(each, side) for each in parts])
                for side in ("down", "up", "low", "high", "whole", "fixed")
            )
        )

    @cached_property
    def tables(self) -> dict[int, np.ndarray]:
        """By place of the input, as `Categories.table`: of those that move and are no number."""
        found = {
            place: reach.table for place, reach in enumerate(self.reach.values()) if isinstance(reach, Categories)
        }  # fmt: skip
        return {
            place: table for place, table in found.items() if (table & ~np.eye(len(table), dtype=bool)).any()
        }

    @property
    def budgeted(self) -> bool:
        """Whether a larger budget may reach more: some number moves by it."""
        return bool((self.numbers.movable & (self.numbers.fixed == 0)).any())

    @property
    def movable(self) -> np.ndarray:
        """(d,) bool, of inputs of any kind."""
        return self.numbers.movable | np.isin(np.arange(len(self.reach)), list(self.tables))


def surface(features: tuple[Feature, ...], tier: Tier) -> Surface:
    """What `tier` may reach of `features`: the one place where controls, directions and limits become sets."""
    return Surface(tier, {feature.name: _reach(feature, tier) for feature in features})


def _reach(feature: Feature, tier: Tier) -> Reach:
    everything = tier.reaches is None
    reached = everything or feature.control in tier.reaches
    helps = "both" if everything else feature.helps if reached else "none"
    if feature.kind != "number":
        # names without an order have no side
        ordered = feature.kind in ("band", "flag")
        return Categories(
            feature.categories if everything else feature.reached,
            feature.categories,
            down=helps != "none" if not ordered else helps in ("down", "both"),
            up=helps != "none" if not ordered else helps in ("up", "both"),
        )
    # what goes anywhere goes to anywhere in the data
    within = tier.bounded or (not everything and feature.reach == "any")
    return Interval(
        down=float(helps in ("down", "both")),
        up=float(helps in ("up", "both")),
        low=feature.low if within else -np.inf,
        high=feature.high if within else np.inf,
        whole=tier.bounded and feature.integer,
        fixed=0.0 if everything else {"budget": 0.0, "any": np.inf}.get(feature.reach, feature.reach),
    )

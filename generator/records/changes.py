"""What differs between two records of one kind, field by field, and between the inputs of two studies."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.records.base import Record
from generator.records.results import Provenance

ABSENT = "none"
"""Stands for a value that one of the two does not have."""


@dataclass(frozen=True)
class FieldChange:
    """One value, as text, in the earlier and in the later record."""

    name: str
    before: str
    after: str


def changed_inputs(before: Provenance, after: Provenance) -> list[str]:
    """In words, which inputs differ; empty when a stored study can be used again."""
    if before.study_key == after.study_key:
        return []
    names = {
        "source_sha256": "the study's source",
        "lock_sha256": "requirements.txt",
        "data_sha256": "the data",
        "versions": "installed versions",
    }
    changed = [words for field, words in names.items() if getattr(before, field) != getattr(after, field)]
    return changed or ["the settings"]


def changed_fields(before: Record, after: Record) -> tuple[FieldChange, ...]:
    """Every field that differs, by its path (`training.seeds`, `inputs.Age.helps`), values as JSON.

    Of a list, entries that have a name are compared by it; any other list is compared whole.
    """
    return changed_entries(_leaves(before.model_dump(mode="json")), _leaves(after.model_dump(mode="json")))


def changed_entries(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FieldChange, ...]:
    """Every name whose text differs, in the order of the later mapping; what is gone comes last."""
    names = dict.fromkeys([*after, *before])
    pairs = [FieldChange(name, before.get(name, ABSENT), after.get(name, ABSENT)) for name in names]
    return tuple(pair for pair in pairs if pair.before != pair.after)


def _leaves(value: dict[str, Any], path: str = "") -> dict[str, str]:
    found = {}
    for name, inner in value.items():
        if (
            isinstance(inner, list)
            and inner
            and all(isinstance(each, dict) and "name" in each for each in inner)
        ):
            inner = {each["name"]: each for each in inner}
        if isinstance(inner, dict):
            found |= _leaves(inner, f"{path}{name}.")
        else:
            found[f"{path}{name}"] = inner if isinstance(inner, str) else json.dumps(inner)
    return found

"""The one rule every record keeps: frozen, no unknown fields, no NaN, JSON that never changes for equal values."""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from generator.program import STUDY


class RecordError(Exception):
    """A record file is missing, unreadable, or was written by another version of the schema."""


WORDS = "words"
"""Marks a field that is only shown: no number depends on it, so that a study stays what it is when it changes."""
Words = Annotated[str, WORDS]
Cell = Annotated[str, BeforeValidator(lambda given: str(given) if type(given) is int else given)]
"""What stands in a cell of a table, as text; a whole number is taken as its digits."""


class Record(BaseModel):
    """An immutable, validated value that survives a round trip through JSON unchanged."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    def to_json(self) -> str:
        """Canonical text: sorted keys, one space of indent, full precision, final newline."""
        return json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, allow_nan=False) + "\n"

    def computing(self) -> str:
        """As `to_json`, without the words: what numbers can depend on."""
        return json.dumps(_computing(self), sort_keys=True, allow_nan=False)

    @classmethod
    def read(cls, path: Path):
        """The record stored at `path`.

        Raises:
            RecordError: The file is missing or does not match this schema.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise RecordError(f"{path}: no such record; run `{STUDY}` first") from None
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"]) or "the file"
            raise RecordError(
                f"{path}: {place}: {first['msg']}; it was written by another version, "
                f"run `{STUDY}` to write it again"
            ) from None


def _computing(value: Any) -> Any:
    if isinstance(value, Record):
        fields = type(value).model_fields
        return {
            name: _computing(getattr(value, name)) for name in fields if WORDS not in fields[name].metadata
        }
    if isinstance(value, dict):
        return {name: _computing(inner) for name, inner in value.items()}
    return [_computing(inner) for inner in value] if isinstance(value, tuple) else value

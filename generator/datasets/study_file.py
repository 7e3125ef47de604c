"""Study files: what is asked of a dataset, in TOML, read into a `StudySpec` or refused with all mistakes at once.

The name of the file is the name of the study. `threat` is the name of a file in `threats/` beside the study files, or a
table of its own; without it the fraudsters of this project attack.
"""

import difflib
import json
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from generator.program import STUDIES
from generator.records.spec import FoundLabel, LabelSpec, StudySpec
from generator.records.threat import Threat

THREAT = "fraudsters"
"""Who attacks where a study file does not say."""
ALTERNATIVES = {"rule": LabelSpec, "found": FoundLabel, "str": str, "dict[str,str]": dict}
"""What stands in the place of a mistake, and is no key: which of two kinds of value was meant."""
TOLD_ONCE = ("description", "dict[str,str]")
"""A value that is of neither kind is told of the first."""


class StudyFileError(Exception):
    """A study file cannot be used; the message names the file, each key, what was found and what is allowed."""


def read_study(path: Path) -> StudySpec:
    """The study that the file at `path` asks for.

    Raises:
        StudyFileError: It cannot be read, is no TOML, or says what no study can be asked.
    """
    asked = _read(path)
    if "dataset" in asked:
        raise StudyFileError(_told(str(path), ["dataset: a study is called as its file is; leave it out"]))
    threat = asked.get("threat", THREAT)
    if isinstance(threat, str):
        asked["threat"] = _read(_threat_file(threat, path))
    return _validated(StudySpec, {"dataset": path.stem} | asked, path)


def read_threat(path: Path) -> Threat:
    """The tiers of attackers in the file at `path`.

    Raises:
        StudyFileError: As `read_study`.
    """
    return _validated(Threat, _read(path), path)


def check_columns(spec: StudySpec, columns: Sequence[str], inputs: Sequence[str]):
    """Pass if the study is of a table with these columns, of which these are the inputs, in this order.

    Raises:
        StudyFileError: It names others; all of them are said.
    """
    named = {"columns": spec.columns, "breakdowns": [each.column for each in spec.breakdowns]}
    wrong = [
        f"{key}: {_unknown(name, columns)}"
        for key, names in named.items()
        for name in names
        if name not in columns
    ]
    wrong += [f"columns: {name!r} is missing" for name in columns if name not in spec.columns]
    if spec.input_names != tuple(inputs):
        wrong.append(
            f"inputs: found {', '.join(spec.input_names)}; wanted, in this order: {', '.join(inputs)}"
        )
    if wrong:
        raise StudyFileError(_told(f"study {spec.dataset!r}", wrong))


def _threat_file(name: str, study: Path) -> Path:
    beside = study.parent / "threats" / f"{name}.toml"
    path = beside if beside.is_file() else STUDIES / "threats" / f"{name}.toml"
    if not path.is_file():
        known = {each.stem for folder in (beside.parent, path.parent) for each in folder.glob("*.toml")}
        raise StudyFileError(_told(str(study), [f"threat: {_unknown(name, sorted(known))}"]))
    return path


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyFileError(
            f"{path}: it cannot be read ({error.strerror}); check path and permissions"
        ) from None
    except UnicodeDecodeError:
        raise StudyFileError(f"{path}: it is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyFileError(f"{path}: it is no TOML: {error}") from None


def _validated(kind: type[BaseModel], asked: dict[str, Any], path: Path):
    """As JSON, which tells a text from a number, and lets a list be a tuple."""
    try:
        return kind.model_validate_json(json.dumps(asked, default=str), strict=True)
    except ValidationError as error:
        wrong = [_mistake(kind, asked, each) for each in error.errors() if each["loc"] != TOLD_ONCE]
        raise StudyFileError(_told(str(path), wrong)) from None


def _told(where: str, wrong: Sequence[str]) -> str:
    if len(wrong) == 1:
        return f"{where}: {wrong[0]}"
    return "\n  ".join((f"{where}: {len(wrong)} mistakes", *wrong))


def _mistake(kind: type[BaseModel], asked: dict[str, Any], error: Any) -> str:
    """One mistake: the key, what was found, what is allowed."""
    place = tuple(part for part in error["loc"] if part not in ALTERNATIVES)
    key, found = _key(asked, place), json.dumps(error["input"], ensure_ascii=False)
    if error["type"] == "extra_forbidden":
        return f"{_key(asked, place[:-1]) or 'top level'}: {_unknown(str(place[-1]), _fields(kind, error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"{key}: is missing"
    if error["type"] == "literal_error":
        allowed = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"{key}: {_unknown(error['input'], allowed)}"
    if error["type"] == "value_error":
        said = str(error["ctx"]["error"])
        return f"{key}: {said}" if key else said
    return f"{key}: found {found}; {error['msg'][0].lower()}{error['msg'][1:]}"


def _unknown(name: object, known: Iterable[str]) -> str:
    known = list(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return f"found {name!r}; known: {', '.join(known)}{meant}"


def _key(asked: Any, place: Sequence[str | int]) -> str:
    """`inputs.Amount.control`: entries of a list by their name, by their number where they have none."""
    parts = []
    for part in place:
        asked = asked[part] if isinstance(asked, dict | list) and _holds(asked, part) else None
        named = isinstance(part, int) and isinstance(asked, dict)
        parts.append(str(asked.get("name") or asked.get("column") or part + 1) if named else str(part))
    return ".".join(parts)


def _holds(asked: dict | list, part: str | int) -> bool:
    return part in asked if isinstance(asked, dict) else isinstance(part, int) and part < len(asked)


def _fields(kind: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """The keys that the record at `place` of a `kind` may have."""
    records = [kind]
    for part in place:
        if ALTERNATIVES.get(part) in records:
            records = [ALTERNATIVES[part]]
        elif isinstance(part, str):
            records = _records_in(records[0].model_fields[part].annotation)
    return list(records[0].model_fields)


def _records_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [record for each in get_args(annotation) for record in _records_in(each)]

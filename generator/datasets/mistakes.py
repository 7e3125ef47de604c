"""The wording of what is wrong with a study file: the key, what was found, what is allowed; all of it at once."""

import copy
import difflib
import json
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from generator.records.spec import FoundLabel, LabelSpec

Kind = TypeVar("Kind", bound=BaseModel)

MEANINGS = {
    "control": {
        "free": "anybody can change it, free of cost",
        "effort": "a fraudster can, with effort",
        "costly": "it takes money or patience",
        "insider": "it takes somebody inside",
        "nobody": "no fraudster can",
    },
    "helps": {
        "up": "a fraudster would raise it",
        "down": "he would lower it",
        "both": "either may help him",
        "none": "he would leave it",
    },
}
"""Key -> its words, and what each of them says."""
MEANT = {
    "anybody": "free", "anyone": "free", "everybody": "free", "everyone": "free", "with effort": "effort",
    "money": "costly", "patience": "costly", "inside": "insider", "from inside": "insider", "none": "nobody",
    "no one": "nobody", "no": "nobody",
}  # fmt: skip
"""Words for `control` that are no word of it."""
ALTERNATIVES = {"rule": LabelSpec, "found": FoundLabel, "str": str, "dict[str,str]": dict}
"""What stands in the place of a mistake, and is no key: which of two kinds of value was meant."""
UNIONS = {"tuple[str, ...]", "float", "literal['budget','any']"}
"""As `ALTERNATIVES`, of values that are no records."""
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
}
_LISTS = ("list_type", "tuple_type")
_RECORDS = ("model_type", "model_attributes_type", "dict_type")
_WANTED = {
    "string_type": "give a text in quotation marks",
    "int_type": "give a whole number, without quotation marks",
    "int_from_float": "give a whole number",
    "float_type": "give a number, without quotation marks",
    "finite_number": "give a finite number",
    "bool_type": "give true or false",
    **dict.fromkeys(_LISTS, "give a list in square brackets"),
    **dict.fromkeys(_RECORDS, "give a table in curly brackets: { key = value }"),
}
"""Kind of a mistake, as pydantic calls it, and what is to be given."""
_HARMLESS = {"control": "nobody", "helps": "none", "cut": {"false_positive_rate": 0.5}}
"""What may stand in the place of a wrong value that cannot be left out."""


def read_as(kind: type[Kind], asked: dict[str, Any]) -> tuple[Kind | None, list[str]]:
    """What is asked, as a record of that kind, and one line for each mistake.

    With mistakes it is what would be asked without them, so that it may be seen what else is wrong; None if they cannot
    be left out. It is read as JSON, which tells a text from a number, and lets a list be a tuple.
    """
    try:
        return _made(kind, asked), []
    except ValidationError as error:
        wrong = [each for each in error.errors() if not _told_before(each)]
        lines = [_mistake(kind, asked, each) for each in wrong]
    try:
        return _made(kind, _left_out(asked, wrong)), lines
    except ValidationError:
        return None, lines


def _made(kind: type[Kind], asked: dict[str, Any]) -> Kind:
    return kind.model_validate_json(json.dumps(asked, default=str), strict=True)


def _left_out(asked: dict[str, Any], wrong: Sequence[Any]) -> dict[str, Any]:
    """What is asked, without what is wrong."""
    left = copy.deepcopy(asked)
    for place in (_place(error) for error in wrong if error["type"] != "missing"):
        if place[:1] == ("split",):  # a model that names its rows would be wrong too
            for each in left.get("deployed", ()):
                each.pop("saw", None)
        _leave_out(left, _settled(place))
    return left


def _settled(place: Sequence[str | int]) -> Sequence[str | int]:
    """The key that can be left out or replaced for the mistake at `place`: that of the list which it is in, say."""
    for at, part in enumerate(place):
        if part in _HARMLESS or (at == 0 and part == "split"):
            return place[: at + 1]
    return place[:-1] if place and isinstance(place[-1], int) else place


def _leave_out(held: Any, place: Sequence[str | int]):
    for part in place[:-1]:
        held = held[part] if isinstance(held, dict | list) and _holds(held, part) else None
    if place and isinstance(held, dict):
        held.pop(place[-1], None)
        held |= {key: value for key, value in _HARMLESS.items() if key == place[-1]}


def told(where: str, wrong: Sequence[str]) -> str:
    """One line for one mistake of the file `where`, else a line for each."""
    if len(wrong) == 1:
        return f"{where}: {wrong[0]}"
    return "\n  ".join((f"{where}: {len(wrong)} mistakes", *wrong))


def _place(error: Any) -> tuple[str | int, ...]:
    return tuple(part for part in error["loc"] if part not in ALTERNATIVES and part not in UNIONS)


def _told_before(error: Any) -> bool:
    """Of a value that is of no kind that it may be, all but one of the mistakes; of a list, that none is right."""
    if error["type"] == "too_short" and error["input"]:
        return True
    key, kind = error["loc"][-2:] if len(error["loc"]) > 1 else ("", "")
    return (
        (key, kind) in {("description", "dict[str,str]"), ("reach", "float")}
        or ((key, kind) == ("table", "str") and isinstance(error["input"], list))
        or ((key, kind) == ("table", "tuple[str, ...]") and not isinstance(error["input"], list))
    )


def _mistake(kind: type[BaseModel], asked: dict[str, Any], error: Any) -> str:
    """One mistake: the key, what was found, what is allowed."""
    place = _place(error)
    key, found = _key(asked, place), json.dumps(error["input"], ensure_ascii=False)
    if error["type"] == "extra_forbidden":
        return f"{_key(asked, place[:-1]) or 'top level'}: {_no_key(kind, str(place[-1]), error['loc'][:-1])}"
    if error["type"] == "missing":
        return f"{key}: is missing"
    if error["type"] == "literal_error":
        allowed = error["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"{key}: {_unknown_word(str(place[-1]), error['input'], allowed)}"
    if error["type"] == "string_pattern_mismatch":
        return f"{key}: found {found}; give small letters, digits and _, the first one a letter"
    if error["type"] == "value_error":
        said = str(error["ctx"]["error"])
        return f"{key}: {said}" if key else said
    return f"{key}: found {found}; {_wanted(error, place)}"


def _wanted(error: Any, place: Sequence[str | int]) -> str:
    """What a study file has to say in this place, in words of TOML."""
    kind, bounds = error["type"], error.get("ctx", {})
    if kind == "less_than" and bounds["lt"] == 1:
        return "give less than 1, such as 0.05 for 5 %"
    if kind in _BOUNDS:
        word, name = _BOUNDS[kind]
        return f"give {word} {bounds[name]:g}"
    if kind in _RECORDS and place and isinstance(place[-1], int):
        return f"start each with a line [[{place[-2]}]]"
    if kind in _LISTS and isinstance(error["input"], dict):
        return f"write two brackets on each side: [[{place[-1]}]]"
    return _WANTED.get(kind, f"{error['msg'][0].lower()}{error['msg'][1:]}")


def _no_key(kind: type[BaseModel], name: str, place: Sequence[str | int]) -> str:
    """What is said of a key that the record at `place` does not have: where it belongs, or which ones there are."""
    whole = [each for each in kind.model_fields if each != "dataset"]
    if place and name in whole:
        return f"found {name!r}, which is a key of the whole study; write it above the first line that starts with ["
    return unknown(name, _fields(kind, place) if place else whole)


def _unknown_word(key: str, found: object, allowed: list[str]) -> str:
    meanings = MEANINGS.get(key, {})
    if key == "reach":
        return f"found {found!r}; known: {', '.join(allowed)}, or a number of raw units"
    if not meanings:
        return unknown(found, allowed)
    near = (
        [MEANT[found]]
        if key == "control" and found in MEANT
        else difflib.get_close_matches(str(found), allowed, n=1)
    )
    known = ", ".join(f"{word} ({meanings[word]})" for word in allowed)
    return f"found {found!r}; known: {known}" + (f"; did you mean {near[0]!r}?" if near else "")


def unknown(name: object, known: Iterable[str]) -> str:
    """What was found, what is known, and which of these may be meant."""
    known = list(known)
    near = difflib.get_close_matches(str(name), known, n=1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    return f"found {name!r}; known: {', '.join(known)}{meant}"


def _key(asked: Any, place: Sequence[str | int]) -> str:
    """`inputs.Amount.control`: entries of a list by their name, by their number where they have none."""
    parts = []
    for part in place:
        asked = asked[part] if isinstance(asked, dict | list) and _holds(asked, part) else None
        called = (
            isinstance(part, int) and isinstance(asked, dict) and (asked.get("name") or asked.get("column"))
        )
        parts.append(str(called or (part + 1 if isinstance(part, int) else part)))
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

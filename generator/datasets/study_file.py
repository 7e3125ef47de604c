"""Study files: what is asked, in TOML, read into a spec or refused with all mistakes at once.

A file whose `table` names files is a validation of one's own table and models, a `ValidationSpec`; any other one names
a dataset of this project, a `StudySpec`. The name of the file is the name of the study. `threat` is the name of a file
in `threats/` beside the study files, or a table of its own; without it the fraudsters of this project attack.
"""

import difflib
import json
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from generator.program import STUDIES
from generator.records.features import Input
from generator.records.spec import FoundLabel, LabelSpec, StudySpec
from generator.records.threat import Threat
from generator.records.validation import Reading, Split, Trained, ValidationSpec

THREAT = "fraudsters"
"""Who attacks where a study file does not say."""
VALIDATORS = "validators"
"""Who attacks where the study file of a validation does not say."""
TEXTS = (".csv", ".tsv", ".txt")
PARQUET = ".parquet"
SUFFIXES = (*TEXTS, PARQUET)
"""Of the files that a table of one's own may lie in."""
ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "cp932", "gb18030")
"""Those that tables most often have; Python knows more."""
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
STUDY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
"""Of a study of one's own: it stands in addresses and names of files, which some systems do not tell apart by case."""
ALTERNATIVES = {"rule": LabelSpec, "found": FoundLabel, "str": str, "dict[str,str]": dict}
"""What stands in the place of a mistake, and is no key: which of two kinds of value was meant."""
UNIONS = {"tuple[str, ...]", "float", "literal['budget','any']"}
"""As `ALTERNATIVES`, of values that are no records."""


class StudyFileError(Exception):
    """A study file cannot be used; the message names the file, each key, what was found and what is allowed."""


def read_study(path: Path) -> StudySpec:
    """The study that the file at `path` asks for.

    Raises:
        StudyFileError: It cannot be read, is no TOML, or says what no study can be asked.
    """
    asked = _named(_read(path), path)
    threat = asked.get("threat", THREAT)
    if isinstance(threat, str):
        asked["threat"] = _read(_threat_file(threat, path))
    return _validated(StudySpec, {"dataset": path.stem} | asked, path)


def is_validation(path: Path) -> bool:
    """Whether the study file at `path` is of a table of one's own: `table` names files, not a dataset.

    Raises:
        StudyFileError: It cannot be read, or is no TOML.
    """
    table = _read(path).get("table")
    return isinstance(table, list) or (isinstance(table, str) and bool(Path(table).suffix))


def read_validation(path: Path) -> ValidationSpec:
    """The validation that the file at `path` asks for, settled; files that it names are not looked at.

    Raises:
        StudyFileError: As `read_study`.
    """
    return validation(_read(path), path)


def validation(asked: dict[str, Any], path: Path) -> ValidationSpec:
    """As `read_validation`, of what stands in the file that is, or will be, at `path`."""
    asked = _named(asked, path)
    _refuse_other_studies(asked, path)
    threat = asked.get("threat", VALIDATORS)
    if isinstance(threat, str):
        asked["threat"] = _read(_threat_file(threat, path))
    spec = _validated(ValidationSpec, {"dataset": path.stem} | asked, path)
    if wrong := list(_at_odds(spec)):
        raise StudyFileError(_told(str(path), wrong))
    return spec.settled()


def _refuse_other_studies(asked: dict[str, Any], path: Path):
    """Pass if what stands in the file at `path` may be a study of one's own, by its name and that of its table."""
    if path.suffix != ".toml" or not STUDY_NAME.fullmatch(path.stem):
        raise StudyFileError(
            f"{path}: a study is called as its file is, and {path.name!r} cannot stand in an address; call it "
            f"{study_name(path.stem)}.toml, or another name of small letters, digits, _ and -"
        )
    table = asked.get("table")
    if "scenario" in asked and table in [each.stem for each in STUDIES.glob("*.toml")]:
        raise StudyFileError(
            f"{path}: table: found {table!r}, which this project makes; a study of your own names its file, such as "
            f"table = '{table}.csv'; study this one with --datasets"
        )


def study_name(text: str) -> str:
    """The nearest name that a study of one's own may have."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60] or "claims"


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


def _at_odds(spec: ValidationSpec) -> Iterator[str]:
    """What each key may say, and not together with another one."""
    yield from _wrong_files(spec)
    yield from _wrong_reading(spec.reading)
    for each in spec.inputs:
        yield from _wrong_input(each)
    if spec.split is not None:
        yield from _wrong_split(spec.split)
    yield from _wrong_columns(spec)
    yield from _wrong_models(spec)
    yield from _wrong_proof(spec)


def _wrong_models(spec: ValidationSpec) -> Iterator[str]:
    """What is asked of models in use and of those trained beside them."""
    for each in spec.deployed:
        for key, name in {"file": each.file, "scores.file": each.scores and each.scores.file}.items():
            if name is not None and not name.isprintable():
                yield f"deployed.{each.name}.{key}: found {name!r}, which no file can be called"
        if each.saw == "rows that train" and spec.split is None:
            yield (
                f"deployed.{each.name}.saw: is {each.saw!r}, and nothing says which rows those are; give split, or say "
                "saw = 'none of these rows', or 'unknown'"
            )
    if not spec.beside:
        yield f"beside: names no model; give at least one of {', '.join(Trained.__args__)}"
    models = (*spec.beside, *(each.name for each in spec.deployed))
    default = ValidationSpec.model_fields["roles"].default.baseline
    if spec.roles.baseline not in (default, *models):
        yield f"roles.baseline: {_unknown(spec.roles.baseline, models)}"
    if spec.split is None and spec.training.folds < 2:
        yield "training.folds: found 1, and without split every row would train; give 2 or more, or split"


def _wrong_proof(spec: ValidationSpec) -> Iterator[str]:
    for value in spec.proof.epsilons:
        if value <= 0:
            yield f"proof.epsilons: found {value:g}; give budgets of more than 0"
    for value in spec.proof.false_positive_rates:
        if not 0 < value < 1:
            yield f"proof.false_positive_rates: found {value:g}; give shares between 0 and 1, such as 0.05 for 5 %"


def _wrong_columns(spec: ValidationSpec) -> Iterator[str]:
    """A column that is label, id or time is nothing else."""
    used = {
        "label.column": (spec.label.column,),
        "id": (spec.id,),
        "time": (spec.time,),
        "amount": (spec.amount,),
        "weights": (spec.weights,),
        "split.column": (spec.split and spec.split.column,),
        "inputs": spec.input_names,
        "groups": spec.groups,
    }
    for key, other in combinations(used, 2):
        alone = key in ("label.column", "id", "time", "weights") and (key, other) != ("time", "split.column")
        name = used[key][0] if alone else None
        if name is not None and name in used[other]:
            yield f"{key}: {name!r} is named by {other} too; it can be one of them"
    for name, why in spec.known_in_time.items():
        if name not in spec.input_names:
            yield f"known_in_time: {_unknown(name, spec.input_names)}"
        elif not why.strip():
            yield f"known_in_time.{name}: found no words; say why it is known when a row is judged"
    for name in spec.ignored:
        if any(name in names for names in used.values()):
            yield f"ignored: {name!r} is used; take it out of ignored, or out of where it is used"
    for key, names in {"groups": spec.groups, "ignored": spec.ignored}.items():
        for name, times in Counter(names).items():
            if times > 1:
                yield f"{key}: {name!r} is there twice"


def _wrong_files(spec: ValidationSpec) -> Iterator[str]:
    if not spec.tables:
        yield "table: found no file; name at least one"
    for name, times in Counter(spec.tables).items():
        if not name.isprintable():
            yield f"table: found {name!r}, which no file can be called"
        if Path(name).suffix.lower() not in SUFFIXES:
            yield f"table: found {name!r}, which is no table that is read; its name ends in {', '.join(SUFFIXES)}"
        if times > 1:
            yield f"table: {name!r} is there twice"
    if len({Path(name).suffix.lower() == PARQUET for name in spec.tables}) > 1:
        yield "table: found files of text and Parquet; give all of one kind"
    if spec.reading.address and len(spec.tables) > 1:
        yield "reading.address: is of one file, and table names several; leave it out"


def _wrong_reading(reading: Reading) -> Iterator[str]:
    if len(reading.delimiter) != 1 or reading.delimiter in '"\r\n':
        yield f"reading.delimiter: found {reading.delimiter!r}; give the one sign between two cells, such as ',' or ';'"
    try:
        "".encode(reading.encoding)
    except (LookupError, ValueError):
        yield f"reading.encoding: {_unknown(reading.encoding, ENCODINGS)}"
    if reading.sha256 and not re.fullmatch("[0-9a-f]{64}", reading.sha256):
        yield f"reading.sha256: found {reading.sha256!r}; give 64 signs, 0 to 9 and a to f, as sha256sum prints them"
    if reading.address and not re.match("https?://", reading.address):
        yield f"reading.address: found {reading.address!r}; give one that starts with https://"


def _wrong_input(given: Input) -> Iterator[str]:
    key = f"inputs.{given.name}"
    for name in given.reachable or ():
        if name not in given.categories:
            yield f"{key}.reachable: {_unknown(name, given.categories)}"
    if given.kind == "number":
        if given.reachable is not None:
            yield f"{key}.reachable: is of flags, categories and bands; how far a number moves is said by reach"
        if not isinstance(given.reach, str) and not given.reach > 0:
            yield f"{key}.reach: found {given.reach:g}; give more than 0, or control = 'nobody'"
    elif given.reach != "budget":
        yield f"{key}.reach: is of numbers; what a {given.kind} can be made is said by reachable"
    for name, times in Counter(given.categories).items():
        if times > 1:
            yield f"{key}.categories: {name!r} is there twice"
    if given.kind == "flag" and len(given.categories) != 2:
        yield f"{key}.categories: found {len(given.categories)}; a flag has two, the first of which counts as no"


def _wrong_split(split: Split) -> Iterator[str]:
    for value in split.trains:
        if value in split.judged:
            yield f"split: {value!r} both trains and is judged"
    if split.judged_from:
        try:
            date.fromisoformat(split.judged_from)
        except ValueError:
            yield f"split.judged_from: found {split.judged_from!r}; give a day as 2023-12-31"


def _named(asked: dict[str, Any], path: Path) -> dict[str, Any]:
    if "dataset" in asked:
        raise StudyFileError(_told(str(path), ["dataset: a study is called as its file is; leave it out"]))
    return dict(asked)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise StudyFileError(
            f"{path}: it cannot be read ({error.strerror}); check path and permissions"
        ) from None
    except UnicodeDecodeError:
        raise StudyFileError(f"{path}: it is not UTF-8; save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        if path.suffix.lower() != ".toml":
            raise StudyFileError(
                f"{path}: it is no study file, whose name ends in .toml; `new` proposes one for a table"
            ) from None
        raise StudyFileError(f"{path}: it is no TOML: {error}") from None


def _validated(kind: type[BaseModel], asked: dict[str, Any], path: Path):
    """As JSON, which tells a text from a number, and lets a list be a tuple."""
    try:
        return kind.model_validate_json(json.dumps(asked, default=str), strict=True)
    except ValidationError as error:
        wrong = [_mistake(kind, asked, each) for each in error.errors() if not _told_before(each)]
        raise StudyFileError(_told(str(path), wrong)) from None


def _told(where: str, wrong: Sequence[str]) -> str:
    if len(wrong) == 1:
        return f"{where}: {wrong[0]}"
    return "\n  ".join((f"{where}: {len(wrong)} mistakes", *wrong))


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
    place = tuple(part for part in error["loc"] if part not in ALTERNATIVES and part not in UNIONS)
    key, found = _key(asked, place), json.dumps(error["input"], ensure_ascii=False)
    if error["type"] == "extra_forbidden":
        return f"{_key(asked, place[:-1]) or 'top level'}: {_unknown(str(place[-1]), _fields(kind, error['loc'][:-1]))}"
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
    return f"{key}: found {found}; {error['msg'][0].lower()}{error['msg'][1:]}"


def _unknown_word(key: str, found: object, allowed: list[str]) -> str:
    meanings = MEANINGS.get(key, {})
    if key == "reach":
        return f"found {found!r}; known: {', '.join(allowed)}, or a number of raw units"
    if not meanings:
        return _unknown(found, allowed)
    near = (
        [MEANT[found]]
        if key == "control" and found in MEANT
        else difflib.get_close_matches(str(found), allowed, n=1)
    )
    known = ", ".join(f"{word} ({meanings[word]})" for word in allowed)
    return f"found {found!r}; known: {known}" + (f"; did you mean {near[0]!r}?" if near else "")


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

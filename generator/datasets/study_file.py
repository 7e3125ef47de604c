"""Study files: what is asked, in TOML, read into a spec or refused with all mistakes at once.

A file whose `table` names files is a validation of one's own table and models, a `ValidationSpec`; any other one names
a dataset of this project, a `StudySpec`. The name of the file is the name of the study. `threat` is the name of a file
in `threats/` beside the study files, or a table of its own; without it the fraudsters of this project attack.
"""

import re
import tomllib
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generator.datasets.at_odds import at_odds
from generator.datasets.mistakes import Kind, read_as, told, unknown
from generator.engine.files import content_of
from generator.program import STUDIES
from generator.records.spec import StudySpec
from generator.records.threat import Threat
from generator.records.validation import ValidationSpec

THREAT = "fraudsters"
"""Who attacks where a study file does not say."""
VALIDATORS = "validators"
"""Who attacks where the study file of a validation does not say."""
STUDY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
"""Of a study of one's own: it stands in addresses and names of files, which some systems do not tell apart by case."""
LARGEST = 10_000_000
"""Bytes of a study file: those of thousands of inputs."""
BACKSLASH = "write a path with /, or in single quotation marks"
_BROKEN = {
    "Unescaped": BACKSLASH,
    "Invalid hex value": BACKSLASH,
    "Cannot overwrite": "this key is given before; keep one",
    "Cannot declare": "this heading is given before; keep one",
    "Illegal character": "is a quotation mark left open?",
    "Unterminated": "is a quotation mark left open?",
    "Unclosed": "is a bracket left open?",
    "Invalid value": "a text stands in quotation marks",
}
"""How what is said of broken TOML begins, and what mends it."""


class StudyFileError(Exception):
    """A study file cannot be used; the message names the file, each key, what was found and what is allowed."""


def read_study(path: Path) -> StudySpec:
    """The study that the file at `path` asks for.

    Raises:
        StudyFileError: It cannot be read, is no TOML, or says what no study can be asked.
    """
    asked = _named(_read(path), path)
    wrong = _with_threat(asked, THREAT, path)
    spec, lines = read_as(StudySpec, {"dataset": path.stem} | asked)
    return _sound(spec, path, lines, wrong)


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
    wrong = _with_threat(asked, VALIDATORS, path)
    spec, lines = read_as(ValidationSpec, {"dataset": path.stem} | asked)
    if spec:
        lines += [line for line in at_odds(spec) if line not in lines]
    return _sound(spec, path, lines, wrong).settled()


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
    return _sound(*_as_threat(path))


def check_columns(spec: StudySpec, columns: Sequence[str], inputs: Sequence[str]):
    """Pass if the study is of a table with these columns, of which these are the inputs, in this order.

    Raises:
        StudyFileError: It names others; all of them are said.
    """
    named = {"columns": spec.columns, "breakdowns": [each.column for each in spec.breakdowns]}
    wrong = [
        f"{key}: {unknown(name, columns)}"
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
        raise StudyFileError(told(f"study {spec.dataset!r}", wrong))


def _with_threat(asked: dict[str, Any], otherwise: str, study: Path) -> list[str]:
    """Put attackers in the place of their name in `asked`, and say what is wrong with their file."""
    named = asked.get("threat", otherwise)
    if not isinstance(named, str):
        return []
    threat, path, lines = _as_threat(_threat_file(named, study))
    asked["threat"] = _read(path) if threat and not lines else _read(_threat_file(otherwise, study))
    return [told(str(path), lines)] if lines else []


def _as_threat(path: Path) -> tuple[Threat | None, Path, list[str]]:
    threat, lines = read_as(Threat, _read(path))
    return threat, path, lines


def _sound(record: Kind | None, path: Path, lines: Sequence[str], others: Sequence[str] = ()) -> Kind:
    """The record that was read from the file at `path`.

    Raises:
        StudyFileError: There are lines that say what is wrong with that file, or others, of another one.
    """
    if wrong := [*([told(str(path), lines)] if lines else []), *others]:
        raise StudyFileError("\n".join(wrong))
    return record


def _threat_file(name: str, study: Path) -> Path:
    beside = study.parent / "threats" / f"{name}.toml"
    path = beside if beside.is_file() else STUDIES / "threats" / f"{name}.toml"
    if not path.is_file():
        known = {each.stem for folder in (beside.parent, path.parent) for each in folder.glob("*.toml")}
        raise StudyFileError(told(str(study), [f"threat: {unknown(name, sorted(known))}"]))
    return path


def _named(asked: dict[str, Any], path: Path) -> dict[str, Any]:
    if "dataset" in asked:
        raise StudyFileError(told(str(path), ["dataset: a study is called as its file is; leave it out"]))
    return dict(asked)


def _read(path: Path) -> dict[str, Any]:
    text = _text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        if path.suffix.lower() != ".toml":
            raise StudyFileError(
                f"{path}: it is no study file, whose name ends in .toml; `new` proposes one for a table"
            ) from None
        raise StudyFileError(f"{path}: it is no TOML: {error}{_mend(str(error), text)}") from None


def _text(path: Path) -> str:
    try:
        content = content_of(path, LARGEST)
    except OSError as error:
        raise StudyFileError(
            f"{path}: it cannot be read ({error.strerror}); check path and permissions"
        ) from None
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise StudyFileError(f"{path}: it is not UTF-8; save it as UTF-8") from None


def _mend(said: str, text: str) -> str:
    """What to do about broken TOML; empty if that is not known."""
    found, lines = re.search(r"at line (\d+)", said), text.split("\n")
    line = lines[int(found[1]) - 1] if found and int(found[1]) <= len(lines) else ""
    if re.search("[\u2018\u2019\u201c-\u201e]", line):
        return "; write straight quotation marks"
    return next((f"; {mend}" for start, mend in _BROKEN.items() if said.startswith(start)), "")

"""A study file for a table that nobody has described yet: every guess with its reason beside it, to be checked.

Nothing is made attackable by a guess: every input is left to nobody until somebody says who can change it.
"""

import csv
import hashlib
import io
import json
import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from generator.datasets.at_odds import PARQUET, SUFFIXES
from generator.datasets.complaints import bad_file, quoted
from generator.datasets.mistakes import MEANINGS
from generator.datasets.names import is_name
from generator.datasets.opening import opened
from generator.datasets.own import checks, dates
from generator.datasets.own.bands import rising
from generator.datasets.own.columns import (
    NO_VALUE,
    as_numbers,
    did_you_mean,
    listed,
    missing,
    read_numbers,
)
from generator.datasets.own.files import BLOCK, DELIMITERS, Texts, TextTable, encoding_of, read_texts
from generator.datasets.own.loading import typed
from generator.datasets.study_file import validation
from generator.records.features import Kind, rewritten
from generator.records.validation import FEWEST, LATE, Reading, Trained, ValidationSpec

SAMPLE = 200
"""Rows that the delimiter is found in."""
MOST_DECIMALS = 6
SURELY_NO_VALUE = ("", "?", "na", "n/a", "#n/a", "nan", "null", "(null)", "\\n")
"""Among names, those of `NO_VALUE` that are no name of anything."""
CODES = 12
"""Different whole numbers up to which they may be codes."""
TRAINS = ("train", "training", "build", "development", "dev", "fit", "learn")
JUDGED = ("test", "testing", "holdout", "hold-out", "valid", "validation", "judge", "oot")
"""What the values of a column are called that says which rows a model was trained on."""
FLAGS = (("no", "yes"), ("n", "y"), ("false", "true"), ("0", "1"), ("off", "on"), ("absent", "present"))
AMOUNT = re.compile(r"am(oun)?t|sum|value|price|loss|paid|betrag|montant", re.IGNORECASE)
ID = re.compile(
    r"^(?!.*(?:paid|valid|bid|grid|void)$)"  # words of a table that only end like the name of an id
    r".*(?:(?:^|[^a-z])(?:id|uuid|guid)(?:$|[^a-z])|[a-z]id$|number$|nr$)",
    re.IGNORECASE,
)
OWN_ID = re.compile(r"(?:^|[^a-z])(?:id|uuid|guid)$|[a-z]ID$")
"""As `ID`, of columns that have the same one in several rows."""
SIDES = 2
"""Of a split."""
NO_INPUT = "no input of the model"
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})?", re.ASCII)
"""What may be a fraction with a comma, or a whole number with a sign between thousands."""
GROUP = re.compile(
    r"^(?:sex|gender|age|age.?(?:group|band)|marital.*|marriage|nationality|ethnicity|race)$", re.IGNORECASE
)


@dataclass(frozen=True)
class Guess:
    """What a column is taken for, and why."""

    name: str
    use: str
    """`id`, `label`, `split`, `ignored` or `input`."""
    reason: str
    """Of the kind, or for leaving the column out."""
    kind: Kind = "number"
    categories: tuple[str, ...] = ()
    decimals: int = 0
    integer: bool = False
    missing: int = 0
    """Rows without a value."""
    distinct: int = 0
    lowest: float = 0.0
    """Of a number."""
    late: str = ""
    """Of dates, the day from which the last rows are, `LATE` of them."""


def propose(
    table_file: Path,
    label: str,
    model_file: Path | None = None,
    target: Path | None = None,
    needed: Collection[str] = (),
    named: Callable[[Mapping[str, Sequence[str]]], Collection[str]] = lambda columns: (),
    asked_for: Callable[[Mapping[str, Sequence[str]]], Collection[str]] = lambda columns: (),
    unread: str = "",
) -> str:
    """The text of a study file for the table; it can be read and its table loaded as it stands.

    Args:
        label: Which rows are fraud: `COLUMN=VALUE`.
        target: Where it is to lie; beside the table if not given.
        needed: Columns that the model asks for, as its file calls them.
        named: Of columns with their texts, those whose texts are names to the model.
        asked_for: Of the same, those that it asks for; none if it does not say.
        unread: Why the model cannot be read, if it cannot; its lines are left behind a # then.

    Raises:
        DataError: The table cannot be read, has no such label, or nothing can be learned from it.
    """
    target = target or table_file.with_suffix(".toml")
    _refuse_no_table(table_file)
    reading, why = _found_reading(table_file)
    texts = read_texts([table_file], reading)
    column, fraud = _label(texts, label)
    reading, more = _found_marks(texts, reading, column)
    y = (
        texts.columns[column]
        .of(np.array([text == fraud for text in texts.columns[column].values]), False)
        .astype(int)
    )
    _check_label(texts, column, fraud, y)
    if model_file is not None and not model_file.is_file():
        raise bad_file(model_file, "there is no such file", "check the path, or leave --model out")
    guesses = list(_guesses(texts, reading, column, y, needed, twins=model_file is not None))
    guesses = list(_named(texts, reading, _not_asked_for(texts, reading, guesses, asked_for), named))
    if not any(guess.use == "input" for guess in guesses):
        raise bad_file(texts.path, "no column is left that could be an input", "is it the right file?")
    text = (
        "\n".join(
            _written(texts, reading, why | more, column, fraud, y, guesses, model_file, target.parent, unread)
        )
        + "\n"
    )
    typed(validation(tomllib.loads(text), target), texts)
    return text


def _refuse_no_table(path: Path):
    if path.suffix.lower() not in SUFFIXES:
        raise bad_file(
            path, f"its name ends in none of {', '.join(SUFFIXES)}", "save the table as CSV or Parquet"
        )
    if not path.exists():
        raise bad_file(path, "there is no such file", "check the path")


# ---------------------------------------------------------------- what the file looks like


def _found_reading(path: Path) -> tuple[Reading, dict[str, str]]:
    """Delimiter and encoding of the file at `path`, and why they are taken to be that."""
    if path.suffix.lower() == PARQUET:
        return Reading(), {}
    with opened(path) as file:
        encoding = encoding_of(file)
        file.seek(0)
        start = file.read(BLOCK).decode(encoding, errors="replace")
    widths = {}
    for delimiter in DELIMITERS:
        rows = _rows(start, delimiter)
        if rows and len(rows[0]) > 1:
            widths[delimiter] = (sum(len(row) == len(rows[0]) for row in rows) / len(rows), len(rows[0]))
    if not widths:
        return Reading(encoding=encoding), {}
    delimiter = max(widths, key=widths.get)
    share, width = widths[delimiter]
    reasons = {
        "utf-8": "the bytes are UTF-8",
        "utf-16": "the file starts with its mark",
        "cp1252": "a guess: the bytes are not UTF-8, and Windows in Western Europe writes such; check accents",
        "latin-1": "a guess: the bytes are neither UTF-8 nor those of Windows; check accents",
    }
    return Reading(delimiter=delimiter, encoding=encoding), {
        "delimiter": f"{share:.0%} of the first rows have {width} cells so",
        "encoding": reasons[encoding],
    }


def _rows(start: str, delimiter: str) -> list[list[str]]:
    """The first rows, without the last one, which may be cut."""
    found = []
    try:
        for row in islice(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), SAMPLE):
            if row:
                found.append(row)
    except csv.Error:
        pass
    return found[:-1] if len(found) > 1 else found


def _label(texts: TextTable, label: str) -> tuple[str, str]:
    """Column and value, either of which may have an equals sign in it."""
    wanted = "give --label COLUMN=VALUE, the value being that of a fraud"
    parts = [(label[:at], label[at + 1 :]) for at, sign in enumerate(label) if sign == "="]
    if not parts:
        raise bad_file(texts.path, f"--label {quoted(label)} has no equals sign", wanted)
    for column, fraud in parts:
        if column in texts.columns:
            values = texts.columns[column].values
            if fraud not in values:
                raise bad_file(
                    texts.path,
                    f"--label: column {column!r} has no {quoted(fraud)}; it has {listed(values)}",
                    wanted + did_you_mean(fraud, values),
                )
            return column, fraud
    name = parts[0][0]
    raise bad_file(
        texts.path,
        f"--label: there is no column {quoted(name)} in line 1, which names {listed(texts.columns)}",
        wanted + did_you_mean(name, texts.columns),
    )


def _check_label(texts: TextTable, column: str, fraud: str, y: np.ndarray) -> None:
    share = float(y.mean())
    others = [text for text in texts.columns[column].values if text != fraud]
    if len(others) == 1 and share > checks.MOSTLY:
        raise bad_file(
            texts.path,
            f"--label: {share:.1%} of rows are {quoted(fraud)}",
            f"did you mean {column}={others[0]}? if frauds really are most of the table, write the study file by hand, "
            "with prior, their share in life",
        )


def _found_marks(texts: TextTable, reading: Reading, label: str) -> tuple[Reading, dict[str, str]]:
    """The decimal mark and the texts that stand for no value, and why."""
    points, commas, none = [], [], {""}
    for name, column in texts.columns.items():
        rest = [text for text in column.bare if text.lower() not in NO_VALUE]
        by_point = bool(rest) and not np.isnan(read_numbers(rest, ".")).any()
        by_comma = not by_point and bool(rest) and not np.isnan(read_numbers(rest, ",")).any()
        if by_point and any("." in text for text in rest):
            points.append(name)
        elif by_comma and not all(map(_THOUSANDS.fullmatch, rest)):
            commas.append(name)
        allowed = NO_VALUE if by_point or by_comma or _are_dates(column) else SURELY_NO_VALUE
        if name != label:
            none |= {
                text for text, bare in zip(column.values, column.bare, strict=True) if bare.lower() in allowed
            }
    decimal = "," if len(commas) > len(points) and not texts.is_parquet else "."
    seen = commas if decimal == "," else points
    why = {
        "decimal": f"as in {_some(seen)}" if seen else "no number has a fraction",
        "missing": "found where other rows have a number, a date or a name"
        if len(none) > 1
        else "an empty cell",
    }
    return reading.model_copy(update={"decimal": decimal, "missing": tuple(sorted(none))}), why


def _are_dates(column: Texts) -> bool:
    none = np.array([text.lower() in NO_VALUE for text in column.bare], dtype=bool)
    return checks.holds_dates(column, none)


def _some(names: list[str]) -> str:
    return quoted(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")


# ---------------------------------------------------------------- what columns look like


def _guesses(
    texts: TextTable, reading: Reading, label: str, y: np.ndarray, needed: Collection[str], *, twins: bool
) -> Iterator[Guess]:
    """One of each column, in their order; a column like an earlier one is an input if there are to be `twins`."""
    number = _id_column(texts, reading, label)
    asked = set(map(rewritten, needed))
    seen: dict[tuple, str] = {}
    for name, column in texts.columns.items():
        if name == label:
            yield Guess(name, "label", "")
            continue
        if name == number:
            yield Guess(name, "id", "different in every row")
            continue
        guess = _guess(texts, column, reading, y, rewritten(name) in asked)
        same = hashlib.sha256(column.codes).digest(), column.values
        if guess.use == "input" and same in seen:
            why = f"the same as {seen[same]!r} in every row"
            guess = (
                replace(guess, reason=f"{guess.reason}; {why}, and an input as the model may ask for both")
                if twins
                else Guess(name, "ignored", why)
            )
        seen.setdefault(same, name)
        yield guess


def _id_column(texts: TextTable, reading: Reading, label: str) -> str | None:
    """The column that names the rows, one that is called so before others."""
    unique = [
        name
        for name, column in texts.columns.items()
        if name != label and len(column.values) == texts.rows and _names_rows(texts, column, reading)
    ]
    return next((name for name in unique if ID.search(name)), unique[0] if unique else None)


def _names_rows(texts: TextTable, column: Texts, reading: Reading) -> bool:
    """Whether a column, different in every row, does no more than name them."""
    none = missing(column, reading.missing)
    if none.any() or texts.rows < checks.ENOUGH or checks.holds_dates(column, none):
        return False
    values = as_numbers(column, none, reading.decimal)
    if values is None:
        return True
    whole = not (values % 1 > 0).any()
    return whole and (bool(ID.search(column.name)) or checks.counts_up(values))


def _guess(texts: TextTable, column: Texts, reading: Reading, y: np.ndarray, needed: bool) -> Guess:
    name, none = column.name, missing(column, reading.missing)
    values = as_numbers(column, none, reading.decimal)
    if values is None:
        none &= np.array([text.lower() in SURELY_NO_VALUE for text in column.bare], dtype=bool)
    known = [text for text, gone in zip(column.values, none, strict=True) if not gone]
    gone = texts.rows - int(column.counts()[~none].sum())
    if why := _left_out(texts, reading, column, none, known, values, y, needed):
        return Guess(name, "ignored", why, late=_late(column, none))
    if values is not None:
        return _number(name, known, values, gone, reading.decimal)
    pair = tuple(sorted(known, key=str.lower))
    if not gone and (parts := _parts(known)):
        return Guess(name, "split", "its values say so", "category", parts)
    if tuple(text.strip().lower() for text in pair) in FLAGS:
        return Guess(name, "input", "no and yes", "flag", pair, missing=gone, distinct=2)
    if bands := rising(known):
        return Guess(
            name,
            "input",
            "rising, by the numbers in their names",
            "band",
            bands,
            missing=gone,
            distinct=len(bands),
        )
    rare = int((column.counts()[~none] < FEWEST).sum())
    reason = f"{len(known)} names" + (f", {rare} of them in fewer than {FEWEST} rows" if rare else "")
    return Guess(name, "input", reason, "category", tuple(sorted(known)), missing=gone, distinct=len(known))


def _parts(known: Sequence[str]) -> tuple[str, ...]:
    """The values of a column that says which rows train and which are judged, those that train first; else none."""
    trains, judged = (_called(known, words) for words in (TRAINS, JUDGED))
    return (*trains, *judged) if trains and judged and len(trains + judged) == len(known) else ()


def _called(known: Sequence[str], words: Sequence[str]) -> list[str]:
    return sorted(text for text in known if text.strip().lower() in words)


def _late(column: Texts, none: np.ndarray) -> str:
    """As `Guess.late`; empty for what is no date, or where nothing tells day from month or a row has none."""
    if none.any() or not checks.holds_dates(column, none):
        return ""
    found = dates.parsed(column.values, dates.day_first(column.values))
    when = column.of(found, np.datetime64("NaT", "s"))
    return "" if np.isnat(when).any() else dates.late_day(when)


def _left_out(
    texts: TextTable,
    reading: Reading,
    column: Texts,
    none: np.ndarray,
    known: list[str],
    values: np.ndarray | None,
    y: np.ndarray,
    needed: bool,
) -> str | None:
    """Why a column can be no input; None if it can, or if the model asks for one that is the same in every row."""
    if not known:
        return "no value in any row"
    if len(known) == 1 and not column.of(none, True).any():
        return None if needed else "the same value in every row"
    if (told := checks.telling(column, values, y)) > checks.TELLING:
        why = f"alone it tells {told:.1%} of pairs of a fraud and a genuine row apart: is it known after the fact?"
        return (
            f"{why} the model asks for it: if not, make it an input, and say so in known_in_time"
            if needed
            else why
        )
    if checks.holds_dates(column, none):
        return "dates; an input would be a number derived from them, such as days since another one"
    if values is not None:
        if len(known) == texts.rows and _names_rows(texts, column, reading):
            return "different in every row, as an id is"
        if OWN_ID.search(column.name) and len(known) > checks.FEW_VALUES:
            return "by its name an id"
        return None
    if len(known) > texts.rows / 2 or len(known) > checks.MOST_CATEGORIES:
        numbers = int((~np.isnan(read_numbers(known, reading.decimal))).sum())
        if numbers > 0.9 * len(known):
            return f"numbers but for {len(known) - numbers} texts; correct those, and it can be an input"
        return f"{len(known):,} different texts; merge them into few, and it can be an input"
    if not all(map(is_name, known)):
        return "it holds text that cannot be shown: too long, or with signs that nobody sees"
    return None


def _number(name: str, known: list[str], values: np.ndarray, gone: int, decimal: str) -> Guess:
    if sorted(known) == ["0", "1"]:
        return Guess(name, "input", "0 and 1", "flag", ("0", "1"), missing=gone, distinct=2)
    whole = not (values % 1 > 0).any()
    reason, decimals = "whole numbers" if whole else "numbers", 0
    if whole and len(known) <= CODES:
        reason += f", {len(known)} different ones: if they are codes in no order, give kind = 'category' and categories"
    if not whole:
        fractions = (text.lower().partition("e")[0].partition(decimal)[2].strip() for text in known)
        decimals = min(max(map(len, fractions)), MOST_DECIMALS)
    return Guess(
        name,
        "input",
        reason,
        decimals=decimals,
        integer=whole,
        missing=gone,
        distinct=len(known),
        lowest=float(np.nanmin(values)),
    )


def _inputs(texts: TextTable, reading: Reading, guesses: Sequence[Guess]) -> dict[str, list[str]]:
    """What stands in the columns that may be inputs, missing values left out."""
    return {
        guess.name: _known(texts.columns[guess.name], reading) for guess in guesses if guess.use == "input"
    }


def _not_asked_for(
    texts: TextTable,
    reading: Reading,
    guesses: Sequence[Guess],
    asked_for: Callable[[Mapping[str, Sequence[str]]], Collection[str]],
) -> list[Guess]:
    """The guesses; what could be an input and is none of the model's is left out, as a study of it would be refused."""
    inputs = _inputs(texts, reading, guesses)
    asked = asked_for(inputs)
    return [
        replace(guess, use="ignored", reason=NO_INPUT)
        if asked and guess.name in inputs and guess.name not in asked
        else guess
        for guess in guesses
    ]


def _named(
    texts: TextTable,
    reading: Reading,
    guesses: Sequence[Guess],
    named: Callable[[Mapping[str, Sequence[str]]], Collection[str]],
) -> Iterator[Guess]:
    """The guesses; numbers that are names to the model are categories."""
    known = _inputs(texts, reading, guesses)
    names = named(known)
    for guess in guesses:
        if guess.name in names and guess.kind == "number":
            found = known[guess.name]
            order = np.argsort(read_numbers(found, reading.decimal), kind="stable")
            guess = replace(
                guess,
                reason=f"{len(found)} names, as the model takes them",
                kind="category",
                categories=tuple(found[place] for place in order),
                decimals=0,
                integer=False,
            )
        yield guess


def _known(column: Texts, reading: Reading) -> list[str]:
    none = missing(column, reading.missing)
    return [text for text, gone in zip(column.values, none, strict=True) if not gone]


# ---------------------------------------------------------------- the text


def _written(
    texts: TextTable,
    reading: Reading,
    why: dict[str, str],
    label: str,
    fraud: str,
    y: np.ndarray,
    guesses: list[Guess],
    model_file: Path | None,
    folder: Path,
    unread: str,
) -> Iterator[str]:
    path, frauds = texts.path, int(y.sum())
    inputs = [guess for guess in guesses if guess.use == "input"]
    yield f"# A study of {quoted(path.name)}, proposed from its {texts.rows:,} rows. Check every line: what was guessed"
    yield "# has its reason beside it. No fraudster can change anything yet: say who can, input by input."
    yield ""
    yield f"table = {_toml(Path(os.path.relpath(path, folder)).as_posix())}"
    yield f"title = {_toml(_title(path.stem))}"
    yield f"label = {{ column = {_toml(label)}, fraud = {_toml(fraud)} }}"
    yield f"# {frauds:,} of {len(y):,} rows are frauds, {y.mean():.2%}"
    if y.mean() > 0.15:
        yield "# prior = 0.01  # the share of frauds in life, if the table was drawn to have more of them"
    yield "# alert_budgets = [0.01, 0.02]  # the shares of all cases that can be looked into"
    yield "# extraction = {}  # asks whether models trained here can be copied through their answers"
    yield "# poisoning = {}  # asks what changed training rows do to them"
    yield "# inference = {}  # asks what they give away about their rows; it takes folds, so no split"
    repeated = checks.repeated_rows(texts, next((guess.name for guess in guesses if guess.use == "id"), None))
    if repeated:
        yield f"# {repeated:,} rows are like an earlier one in everything but the id: are they the same event?"
    for guess in guesses:
        if guess.use == "id":
            yield f"id = {_toml(guess.name)}  # {guess.reason}"
        if guess.use == "split":
            trains, judged = (_array(_called(guess.categories, words)) for words in (TRAINS, JUDGED))
            yield f"split = {{ column = {_toml(guess.name)}, trains = {trains}, judged = {judged} }}  # {guess.reason}"
    for guess in guesses:
        if guess.reason == NO_INPUT and guess.kind != "number" and len(guess.categories) == SIDES:
            trains, judged = (_array([name]) for name in guess.categories)
            yield (
                f"# split = {{ column = {_toml(guess.name)}, trains = {trains}, judged = {judged} }}  # or the other "
                "way round, if it says which rows the model was trained on; then take it out of ignored"
            )
    held = [guess for guess in guesses if guess.use == "input" or guess.reason == NO_INPUT]
    money = [
        guess
        for guess in held
        if guess.kind == "number" and not guess.missing and guess.lowest >= 0 and AMOUNT.search(guess.name)
    ]
    for guess in money[:3]:
        left_out = "" if guess.use == "input" else "; then take it out of ignored"
        yield f"# amount = {_toml(guess.name)}  # if it is the money that is lost with a row that is fraud{left_out}"
    yield "# typical_loss = 1000  # what a missed fraud costs on average, where no column says it"
    yield '# currency = "EUR"'
    for guess in guesses:
        if guess.late:
            name = _toml(guess.name)
            yield f"# time = {name}  # if it is the time of the event; then take it out of ignored"
            yield f'# split = {{ column = {name}, judged_from = "{guess.late}" }}  # judges the last {LATE:.0%}'
    if groups := [guess for guess in held if GROUP.search(guess.name) and guess.distinct <= CODES]:
        left_out = (
            "; then take them out of ignored" if any(guess.use == "ignored" for guess in groups) else ""
        )
        yield f"# groups = {_array(guess.name for guess in groups)}  # to see who is judged differently{left_out}"
    if ignored := [guess for guess in guesses if guess.use == "ignored"]:
        yield "ignored = ["
        for guess in ignored:
            yield f"    {_toml(guess.name)},  # {guess.reason}"
        yield "]"
    yield ""
    yield from _reading(texts, reading, why)
    yield ""
    yield "# ------------------------------------------------------------ who can change what"
    for key, words in MEANINGS.items():
        for word, meaning in words.items():
            yield f"# {f'{key} = {_toml(word)}':<21} {meaning}"
    yield "# How far it goes, if the budgets of the study are not what is meant:"
    yield '# reach = "any"       a number can be made any other in the range of the table; reach = 3: by three units'
    yield '# reachable = ["x"]   what another input can be made; any of its categories if it is not given'
    for guess in inputs:
        yield ""
        yield from _input(guess, first=guess is inputs[0])
    if model_file is not None:
        yield ""
        lines = _deployed(model_file, folder, guesses)
        yield from lines if not unread else _left_behind(lines, unread)


def _reading(texts: TextTable, reading: Reading, why: dict[str, str]) -> Iterator[str]:
    yield "[reading]"
    for key in ("delimiter", "decimal", "encoding"):
        if not texts.is_parquet:
            yield f"{key} = {_toml(getattr(reading, key))}" + (f"  # {why[key]}" if key in why else "")
    yield f"missing = {_array(reading.missing)}  # {why['missing']}"
    yield f'# sha256 = "{texts.sha256}"  # to refuse any other file in its place'


def _input(guess: Guess, *, first: bool) -> Iterator[str]:
    yield "[[inputs]]"
    yield f"name = {_toml(guess.name)}"
    yield f"title = {_toml(_title(guess.name))}" + ("  # what the page calls it" if first else "")
    yield f'kind = "{guess.kind}"  # {guess.reason}'
    if guess.categories:
        yield f"categories = {_array(guess.categories)}"
    if guess.integer:
        yield "integer = true"
    if guess.decimals:
        yield f"decimals = {guess.decimals}"
    if guess.missing:
        yield f"missing = true  # {guess.missing:,} rows have none, which is then a value of its own"
    yield 'control = "nobody"  # to be said'
    yield 'helps = "none"  # to be said'
    yield 'note = ""  # to be said: why; the page repeats it'


def _deployed(model_file: Path, folder: Path, guesses: Sequence[Guess]) -> Iterator[str]:
    file = Path(os.path.relpath(model_file, folder)).as_posix()
    name = re.sub(r"[^a-z0-9]+", "_", model_file.stem.lower()).strip("_")
    beside = ValidationSpec.model_fields["beside"].default
    if not re.match("[a-z]", name) or name in (*Trained.__args__, *beside):
        name = f"deployed_{name}".rstrip("_")
    yield "# ------------------------------------------------------------ the model in use"
    yield ""
    yield "[[deployed]]"
    yield f'name = "{name}"'
    yield f"title = {_toml(_title(model_file.stem))}"
    yield f"file = {_toml(file)}"
    yield "cut = { false_positive_rate = 0.05 }  # when it flags: or alert_rate, or score, as it is used"
    yield 'saw = "unknown"  # which rows it was trained on: or "rows that train", or "none of these rows"'
    yield "# The scores that it gave to rows of this table, without which it is refused: a CSV file beside this one,"
    yield "# with a column of scores and one of ids; without ids its rows are those of the table, in its order."
    of = "".join(f", id = {_toml(guess.name)}" for guess in guesses if guess.use == "id")
    yield f'# scores = {{ file = "scores.csv", column = "score", measure = "probability"{of} }}'


def _left_behind(lines: Iterator[str], unread: str) -> Iterator[str]:
    """The lines as comments, with the reason."""
    yield f"# Left out, as it cannot be read: {''.join(sign if sign.isprintable() else ' ' for sign in unread)}"
    yield "# Once it can, take away the first # of each line below."
    yield from (f"# {line}".rstrip() for line in lines)


def _title(name: str) -> str:
    words = re.sub(r"[\s_.:-]+", " ", name).strip() or name
    return words.capitalize() if words.isupper() else words[0].upper() + words[1:]


def _array(names) -> str:
    """In TOML, on lines of bounded length."""
    parts, lines = [_toml(name) for name in names], [""]
    for part in parts:
        if len(lines[-1]) + len(part) > 100:
            lines.append("")
        lines[-1] += f"{part}, "
    if len(lines) == 1:
        return f"[{lines[0].removesuffix(', ')}]"
    return "\n".join(("[", *(f"    {line.rstrip()}" for line in lines), "]"))


def _toml(text: str) -> str:
    """A basic string, which JSON writes too, but for one sign."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")

"""What a study file of a table of one's own says that does not go together, or that nothing can be asked of."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

from generator.datasets.mistakes import unknown
from generator.datasets.names import LONGEST, is_name
from generator.records.features import Input
from generator.records.validation import Reading, Split, Trained, ValidationSpec

TEXTS = (".csv", ".tsv", ".txt")
PARQUET = ".parquet"
SUFFIXES = (*TEXTS, PARQUET)
"""Of the files that a table of one's own may lie in."""
ENCODINGS = ("utf-8", "utf-16", "cp1252", "latin-1", "cp1250", "cp1251", "cp932", "gb18030")
"""Those that tables most often have; Python knows more."""
SHOWN = 40
"""Signs of a text that a message shows."""


def at_odds(spec: ValidationSpec) -> Iterator[str]:
    """What each key may say, and not together with another one."""
    yield from _wrong_files(spec)
    yield from _wrong_reading(spec.reading)
    yield from _wrong_words(spec)
    for each in spec.inputs:
        yield from _wrong_input(each)
    if spec.split is not None:
        yield from _wrong_split(spec.split)
    yield from _wrong_columns(spec)
    if spec.amount is not None and spec.typical_loss is not None:
        yield (
            f"typical_loss: found {spec.typical_loss:g} beside amount = {spec.amount!r}; give the column of amounts, "
            "or typical_loss where there is none"
        )
    yield from _wrong_models(spec)
    yield from _wrong_proof(spec)
    yield from _wrong_asked(spec)


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
    yield from _twice("deployed", [each.name for each in spec.deployed])
    for each in spec.deployed:
        if each.name in spec.beside:
            yield f"deployed: {each.name!r} is the name of a model that is trained here; give another"
    yield from _twice("beside", spec.beside)
    if not spec.beside:
        yield f"beside: names no model; give at least one of {', '.join(Trained.__args__)}"
    models = (*spec.beside, *(each.name for each in spec.deployed))
    default = ValidationSpec.model_fields["roles"].default.baseline
    if spec.roles.baseline not in (default, *models):
        yield f"roles.baseline: {unknown(spec.roles.baseline, models)}"
    if spec.split is None and spec.training.folds < 2:
        yield "training.folds: found 1, and without split every row would train; give 2 or more, or split"


def _wrong_asked(spec: ValidationSpec) -> Iterator[str]:
    """Names of models that are to be copied or poisoned, and that nothing here has."""
    for key, asked in {"extraction": spec.extraction, "poisoning": spec.poisoning}.items():
        usual = type(asked).model_fields["models"].default if asked else ()
        for name in asked.models if asked else ():
            if name not in (*Trained.__args__, *usual):
                yield f"{key}.models: {unknown(name, Trained.__args__)}"


def _twice(key: str, names: Iterable[object]) -> Iterator[str]:
    for name, times in Counter(names).items():
        if times > 1:
            yield f"{key}: {name!r} is there twice"


def _wrong_words(spec: ValidationSpec) -> Iterator[str]:
    """Names that no page or terminal can show, and sentences with signs that are none."""
    names = {"title": spec.title, "currency": spec.currency}
    sentences = {"description": spec.description}
    for each in spec.inputs:
        names |= {f"inputs.{each.name}.title": each.title, f"inputs.{each.name}.unit": each.unit}
        sentences[f"inputs.{each.name}.note"] = each.note
    for each in spec.deployed:
        names[f"deployed.{each.name}.title"] = each.title
    for key, text in names.items():
        if text and not is_name(text):
            yield f"{key}: found {_cut(text)}, which cannot be shown; give 1 to {LONGEST} visible signs"
    for key, text in sentences.items():
        if not "".join(text.split("\n")).isprintable():
            yield f"{key}: found {_cut(text)}; give visible signs alone"


def _cut(text: str) -> str:
    return ascii(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def _wrong_proof(spec: ValidationSpec) -> Iterator[str]:
    for key, values in {
        "alert_budgets": spec.alert_budgets,
        "proof.epsilons": spec.proof.epsilons,
        "proof.false_positive_rates": spec.proof.false_positive_rates,
    }.items():
        yield from _twice(key, values)
    for key, value, among, values in (
        ("attack.headline_epsilon", spec.attack.headline_epsilon, "proof.epsilons", spec.proof.epsilons),
        (
            "proof.quoted_false_positive_rate",
            spec.proof.quoted_false_positive_rate,
            "proof.false_positive_rates",
            spec.proof.false_positive_rates,
        ),
    ):
        if value not in values:
            listed = ", ".join(f"{each:g}" for each in dict.fromkeys(values)) or "none"
            yield f"{key}: is {value:g}, which is none of {among} ({listed}); add it there, or give another"
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
            yield f"known_in_time: {unknown(name, spec.input_names)}"
        elif not why.strip():
            yield f"known_in_time.{name}: found no words; say why it is known when a row is judged"
    for name in spec.ignored:
        if any(name in names for names in used.values()):
            yield f"ignored: {name!r} is used; take it out of ignored, or out of where it is used"
    for key, names in {"inputs": spec.input_names, "groups": spec.groups, "ignored": spec.ignored}.items():
        yield from _twice(key, names)
    for name in (spec.label.column, spec.id):
        if name in spec.input_names:
            yield f"inputs: {name!r} is the {'label' if name != spec.id else 'id'}, no input"


def _wrong_files(spec: ValidationSpec) -> Iterator[str]:
    if not spec.tables:
        yield "table: found no file; name at least one"
    for name in dict.fromkeys(spec.tables):
        if not name.isprintable():
            yield f"table: found {name!r}, which no file can be called"
        if Path(name).suffix.lower() not in SUFFIXES:
            yield f"table: found {name!r}, which is no table that is read; its name ends in {', '.join(SUFFIXES)}"
    yield from _twice("table", spec.tables)
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
        yield f"reading.encoding: {unknown(reading.encoding, ENCODINGS)}"
    if reading.sha256 and not re.fullmatch("[0-9a-f]{64}", reading.sha256):
        yield f"reading.sha256: found {reading.sha256!r}; give 64 signs, 0 to 9 and a to f, as sha256sum prints them"
    if reading.address and not re.match("https?://", reading.address):
        yield f"reading.address: found {reading.address!r}; give one that starts with https://"


def _wrong_input(given: Input) -> Iterator[str]:
    key = f"inputs.{given.name}"
    for name in given.reachable or ():
        if given.categories and name not in given.categories:
            yield f"{key}.reachable: {unknown(name, given.categories)}"
    if given.kind == "number":
        if given.reachable is not None:
            yield f"{key}.reachable: is of flags, categories and bands; how far a number moves is said by reach"
        if not isinstance(given.reach, str) and not given.reach > 0:
            yield f"{key}.reach: found {given.reach:g}; give more than 0, or control = 'nobody'"
    elif given.reach != "budget":
        yield (
            f"{key}.reach: is of numbers; what a {given.kind} can be made is said by reachable, any of its categories "
            "without it: leave reach out"
        )
    if given.reachable == ():
        yield f"{key}.reachable: names nothing; leave it out for any of the categories, or give control = 'nobody'"
    yield from _twice(f"{key}.categories", given.categories)
    yield from _twice(f"{key}.reachable", given.reachable or ())
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

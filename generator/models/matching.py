"""Which input of a table each column of a model is made of, by name, and which of its codes each name of an input has.

What is not certain is refused in words: a column without an input or an input without a column, names of an input that
the model does not know, numbers in the place of names whose order nobody gave. The scores of the model's owner tell
whether the rest was understood.
"""

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from generator.models.placing import Column
from generator.models.readers import Deployed, ModelFileError
from generator.records.features import Feature, Input, rewritten
from generator.records.validation import DeployedSpec

SEPARATORS = ("__", "_", "=", ": ", ":", ".", "-", " ")
"""Between an input and one of its names, where that is a column of noughts and ones."""
NOTHING = ("nan", "None", "NaN", "missing", "<NA>")
"""What such a column is called for rows without a value."""
TRUTH = {"False": 0.0, "True": 1.0}
LISTED = 6
"""Names that a message lists."""
MOST_TEXTS = 50
"""As `LISTED`, of names to be copied into a study file."""


@dataclass(frozen=True)
class Matched:
    columns: tuple[Column, ...]
    """In the model's order."""
    notes: tuple[str, ...]
    """Sentences: what was taken for granted."""


@dataclass(frozen=True)
class _Shown:
    """What one column shows of one input."""

    source: int
    name: str | None = None
    """Nought or one: whether the input has this name; None: the input itself."""
    nothing: bool = False
    """Nought or one: whether the input has no value."""

    @property
    def one_hot(self) -> bool:
        return self.nothing or self.name is not None


def match(
    found: Deployed,
    spec: DeployedSpec,
    features: Sequence[Feature],
    x: np.ndarray,
    others: Mapping[str, str] = MappingProxyType({}),
) -> Matched:
    """The columns of a model among the inputs of a table, whose rows are x (n, d).

    Args:
        others: Column of the table that is no input -> what it is: `label`, `id`, `ignored` and so on.

    Raises:
        ModelFileError: They do not fit each other; the message says why and what to do.
    """
    names = spec.columns or found.inputs
    if spec.columns and len(spec.columns) != found.width:
        raise ModelFileError(
            f"takes {found.width} columns, and `columns` names {len(spec.columns)}; give one name for each, in order"
        )
    notes = []
    if names:
        called = _as_in_the_table(names, features)
        shown = _by_name([called.get(name, name) for name in names], features, x, others)
        notes += _renamed(called)
    else:
        if found.width != len(features):
            raise ModelFileError(_another_width(found.width, features))
        shown = [_Shown(place) for place in range(found.width)]
        notes.append(
            "The file names no columns: they are taken in the order of the inputs in the study file. "
            "`columns` says otherwise."
        )
    columns, problems = [], []
    for place, (each, code) in enumerate(zip(shown, found.categories or [None] * len(shown), strict=True)):
        feature, own = features[each.source], x[:, each.source]
        try:
            if each.one_hot:
                columns.append(_indicator(each, feature, shown))
            else:
                asked = spec.categories.get(feature.name)
                columns.append(_itself(each.source, feature, own, code, asked, notes, place in found.ignores))
        except ModelFileError as error:
            problems.append(str(error))
            columns.append(Column(place))
    problems += _one_hot_problems(shown, features, x, notes)
    if problems:
        raise ModelFileError("; ".join(dict.fromkeys(problems)))
    return Matched(tuple(columns), tuple(notes))


def asked_for(found: Deployed, columns: Mapping[str, Sequence[str]]) -> set[str]:
    """Of the columns of a table, with their texts, those that a model asks for, whole or by their names."""
    features = _by_texts(columns)
    called = _as_in_the_table(found.inputs, features)
    shown = (_shown(called.get(name, name), features) for name in found.inputs)
    return {features[each.source].name for each in shown if each is not None}


def taken_as_names(found: Deployed, columns: Mapping[str, Sequence[str]]) -> set[str]:
    """As `asked_for`, those that it takes as names: by codes, or in a column each."""
    features = _by_texts(columns)
    called = _as_in_the_table(found.inputs, features)
    shown = [_shown(called.get(name, name), features) for name in found.inputs]
    coded = [codes is not None for codes in found.categories] or [False] * len(shown)
    return {
        features[each.source].name
        for each, by_code in zip(shown, coded, strict=False)  # a file without names shows nothing
        if each is not None and (by_code or each.one_hot)
    }


def _by_texts(columns: Mapping[str, Sequence[str]]) -> list[Input]:
    return [
        Input(name=name, title=name, decimals=0, kind="category", categories=tuple(texts), control="nobody",
              helps="none", note="")
        for name, texts in columns.items()
    ]  # fmt: skip


def listed(names: Sequence[str]) -> str:
    """The first few of them."""
    some = ", ".join(repr(name) for name in names[:LISTED])
    return some if len(names) <= LISTED else f"{some} and {len(names) - LISTED} more"


def nearest(name: str, known: Sequence[str]) -> str:
    """Words that name the known one closest to `name`; empty if none is close."""
    close = difflib.get_close_matches(name.casefold(), [each.casefold() for each in known], 1, 0.6)
    by_case = {each.casefold(): each for each in known}
    return f" (nearest: {by_case[close[0]]!r})" if close else ""


def refuse_unknown_inputs(spec: DeployedSpec, features: Sequence[Feature]):
    """Pass if the names that the study file gives for codes are of inputs that have names, and all of them.

    Raises:
        ModelFileError: They are not.
    """
    known = {feature.name: feature for feature in features}
    for name, given in spec.categories.items():
        if name not in known:
            raise ModelFileError(
                f"`categories` names {name!r}, which is no input{nearest(name, list(known))}"
            )
        if not known[name].categories:
            raise ModelFileError(f"`categories` names {name!r}, which is a number in this table")
        if lacking := [each for each in known[name].categories if each not in given]:
            raise ModelFileError(
                f"`categories` of {name!r} lacks {listed(lacking)}; name all in the order of their codes"
            )


def _another_width(width: int, features: Sequence[Feature]) -> str:
    spread = sum(len(feature.categories) if feature.kind == "category" else 1 for feature in features)
    words = f"takes {width} columns without names, and the table has {len(features)} inputs"
    if width == spread:
        words += f" ({spread} with a column for each name of a category)"
    return (
        words
        + "; say in `columns` what they are, in order: an input, or an input and one of its names as in MAKE_Honda"
    )


# ---------------------------------------------------------------- by name


def _by_name(
    names: Sequence[str], features: Sequence[Feature], x: np.ndarray, others: Mapping[str, str]
) -> list[_Shown]:
    shown, unknown = [], []
    for name in names:
        one = _shown(name, features)
        shown.append(one)
        if one is None:
            unknown.append(name)
    known = [feature.name for feature in features]
    taken = [each.source for each in shown if each is not None and not each.one_hot]
    twice = sorted({known[place] for place in taken if taken.count(place) > 1})
    both = sorted(
        {known[each.source] for each in shown if each is not None and each.one_hot and each.source in taken}
    )
    unused = [
        name for place, name in enumerate(known) if place not in {each.source for each in shown if each}
    ]
    problems = []
    for place, feature in enumerate(features):
        parts = [name for name in unknown if _is_number_of(name, feature) and not _no_input(name, others)]
        if feature.name in unused and parts:
            problems.append(f"has {listed(parts)} of {feature.name!r}, {_as_category(x[:, place])}")
            unknown = [name for name in unknown if name not in parts]
            unused.remove(feature.name)
    if len(unknown) == len(names):
        raise ModelFileError(
            f"is of another table: none of its {len(names)} columns ({listed(list(names))}) is an input "
            f"({listed(known)})"
        )
    if unknown:
        told = ", ".join(
            f"{name!r}{_no_input(name, others) or _without_a_name(name, features) or nearest(name, unused or known)}"
            for name in unknown[:LISTED]
        )
        told += f" and {len(unknown) - LISTED} more" if len(unknown) > LISTED else ""
        problems.append(
            f"has columns that are no inputs: {told}; name the inputs as the model does, or give its `columns`"
        )
    if unused:
        told = ", ".join(f"{name!r}{nearest(name, unknown)}" for name in unused[:LISTED])
        told += f" and {len(unused) - LISTED} more" if len(unused) > LISTED else ""
        problems.append(
            f"has no column for the inputs {told}; list them under `ignored`, not as inputs, if it was trained "
            "without them"
        )
    if twice or both:
        problems.append(f"has more than one column of {listed(twice + both)}; train it with one")
    if problems:
        raise ModelFileError("; ".join(problems))
    return shown


def _as_in_the_table(names: Sequence[str], features: Sequence[Input]) -> dict[str, str]:
    """Input by the name that a converter made of it, where it can be no other one."""
    unknown = [name for name in names if _shown(name, features) is None]
    free = [feature.name for feature in features if feature.name not in names]
    theirs, own = Counter(map(rewritten, unknown)), {rewritten(name): name for name in free}
    once = Counter(rewritten(feature.name) for feature in features)
    return {
        name: own[plain]
        for name in unknown
        if (plain := rewritten(name)) in own and theirs[plain] == once[plain] == 1
    }


def _renamed(called: Mapping[str, str]) -> list[str]:
    """A note of what was taken for what."""
    told = [f"{name!r} as {own!r}" for name, own in list(called.items())[:LISTED]]
    told += [f"{len(called) - LISTED} more"] * (len(called) > LISTED)
    if not told:
        return []
    return [
        f"Its converter wrote _ for other signs in names, so columns are taken by what is left: {', '.join(told)}."
    ]


def _no_input(name: str, others: Mapping[str, str]) -> str:
    """Words for a column of a model that the table has, but not as an input; empty if it has none."""
    role = next((role for column, role in others.items() if name in _spellings(column)), "")
    if role in ("label", "id"):
        return f" (the {role} of the table, which no model may be given: train it without)"
    return " (a column of the table: list it under inputs)" if role else ""


def _shown(name: str, features: Sequence[Input]) -> _Shown | None:
    """What the column of this name shows; None if nothing that is known."""
    for called in dict.fromkeys((name, name.partition("__")[2] or name)):
        for place, feature in enumerate(features):
            if called in _spellings(feature.name):
                return _Shown(place)
        # the longest input first: CLAIM and CLAIM_SIZE may both be inputs
        for place in sorted(range(len(features)), key=lambda place: -len(features[place].name)):
            found = _name_behind(called, features[place])
            if found is not None:
                return _Shown(place, *found)
    return None


def _spellings(name: str) -> tuple[str, ...]:
    """As it is, and as LightGBM writes it."""
    return (name, "_".join(name.split()), name.replace(" ", "_"))


def _name_behind(called: str, feature: Input) -> tuple[str | None, bool] | None:
    """(name, whether it stands for no value) of a column for one name of this input."""
    for own in _spellings(feature.name) if feature.categories else ():
        for separator in SEPARATORS:
            if not called.startswith(own + separator):
                continue
            rest = called[len(own) + len(separator) :]
            for name in feature.categories:
                if _same(rest, name) or rest in _spellings(name):
                    return name, False
            if rest in NOTHING:
                return None, True
    return None


def _without_a_name(called: str, features: Sequence[Feature]) -> str:
    """Words for a column that is one of an input's names, which the table does not have; empty if it is none."""
    for feature in features:
        for own in _spellings(feature.name) if feature.categories else ():
            for separator in SEPARATORS:
                if called.startswith(own + separator):
                    return f" ({feature.name!r} has no name {called[len(own) + len(separator) :]!r}: add it)"
    return ""


def _is_number_of(called: str, feature: Feature) -> bool:
    """Whether a column may be noughts and ones for one number of an input that is a number in the study file."""
    return feature.kind == "number" and any(
        each.startswith(own + separator) and _number(each[len(own + separator) :]) is not None
        for each in (called, called.partition("__")[2])
        for own in _spellings(feature.name)
        for separator in SEPARATORS
    )


def _same(theirs: object, name: str) -> bool:
    """Whether a name of the model's is one of the table's: by its letters, or as a number."""
    if str(theirs) == name:
        return True
    try:
        return float(theirs) == float(name)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


# ---------------------------------------------------------------- what a column is given


def _indicator(shown: _Shown, feature: Feature, all_shown: Sequence[_Shown]) -> Column:
    """Noughts and a one."""
    values = np.array([float(name == shown.name) for name in feature.categories])
    has_own = any(each.nothing for each in all_shown if each.source == shown.source)
    return Column(shown.source, values, missing=float(shown.nothing and has_own))


def _one_hot_problems(
    shown: Sequence[_Shown], features: Sequence[Feature], x: np.ndarray, notes: list[str]
) -> list[str]:
    """Inputs of which too many names have no column; of those with one, a note."""
    problems = []
    for place in dict.fromkeys(each.source for each in shown if each.one_hot):
        feature = features[place]
        have = {each.name for each in shown if each.source == place}
        occurring = _occurring(feature, x[:, place])
        lacking = [name for name in feature.categories if name not in have and name in occurring]
        if len(lacking) > 1:
            problems.append(
                f"has no column for {listed(lacking)} of {feature.name!r}; take these rows out, or train it with a "
                "column for each name but one"
            )
        elif lacking:
            notes.append(f"{feature.name}: rows with {lacking[0]!r} have noughts in all columns.")
    return problems


def _itself(
    source: int,
    feature: Feature,
    own: np.ndarray,
    codes: Sequence | None,
    asked: Sequence[str] | None,
    notes: list[str],
    judges_unknown: bool,
) -> Column:
    """The input itself, or its code."""
    if feature.kind == "number":
        if codes is not None:
            raise ModelFileError(f"takes {feature.name!r} as names, {_as_category(own)}")
        return Column(source)
    if codes is not None:
        return Column(source, _codes_of_names(feature, own, codes, asked, notes if judges_unknown else None))
    if asked is not None:
        return Column(source, np.array([float(asked.index(name)) for name in feature.categories]))
    numbers = [TRUTH.get(name, _number(name)) for name in feature.categories]
    if None not in numbers:
        return Column(source, np.array(numbers, float))
    if feature.kind == "category":
        raise ModelFileError(
            f"takes {feature.name!r} as a number, and the table has names; give them in the order of their codes: "
            f"categories = {{{feature.name} = [{', '.join(map(repr, feature.categories[:3]))}, ...]}}"
        )
    notes.append(f"{feature.name}: names count from 0 in the order of the study file.")
    return Column(source, np.arange(len(feature.categories), dtype=float))


def _as_category(own: np.ndarray) -> str:
    """Words for an input that is a number in the study file, its values (n,), and names to the model."""
    different = np.unique(own[~np.isnan(own)])
    texts = [f'"{value:.15g}"' for value in different[:MOST_TEXTS]] + ["..."] * (len(different) > MOST_TEXTS)
    return (
        "and the study file has a number; give it there, without integer, "
        f'kind = "category" and categories = [{", ".join(texts)}]'
    )


def _number(name: str) -> float | None:
    try:
        return float(name)
    except ValueError:
        return None


def _codes_of_names(
    feature: Feature, own: np.ndarray, codes: Sequence, asked: Sequence[str] | None, notes: list[str] | None
) -> np.ndarray:
    """(k,) the code of each name, -1 for one that the model does not know: no row has it, or `notes` take it up."""
    found = []
    for name in feature.categories:
        given = name if asked is None or any(_same(each, name) for each in codes) else asked.index(name)
        found.append(next((code for code, each in enumerate(codes) if _same(each, str(given))), -1))
    occurring = _occurring(feature, own)
    unknown = {
        name: occurring[name]
        for name, code in zip(feature.categories, found, strict=True)
        if code < 0 and name in occurring
    }
    if unknown and notes is not None:
        rows = sum(unknown.values())
        have = "row has a name" if rows == 1 else "rows have names"
        notes.append(f"{feature.name}: {rows:,} {have} that it was not trained with, and ignores.")
    elif unknown:
        known = [str(each) for each in codes]
        told = ", ".join(
            f"{name!r} of {count:,} row{'s' if count > 1 else ''}{nearest(name, known)}"
            for name, count in list(unknown.items())[:LISTED]
        )
        raise ModelFileError(
            f"does not know {told} in {feature.name!r}, only {listed(known)}; write them as the model does, take these "
            "rows out, or give its names in the order of their codes in `categories`"
        )
    return np.array(found, float)


def _occurring(feature: Feature, own: np.ndarray) -> Mapping[str, int]:
    """Rows by name."""
    places, counts = np.unique(own[~np.isnan(own)].astype(int), return_counts=True)
    return {feature.categories[place]: int(count) for place, count in zip(places, counts, strict=True)}

"""Whether a model that was taken over gives the scores that its owner says it gave; where not, the likely cause.

A cause is found by trying it: the model is given what a usual mistake would have given it, and the cause whose scores
are the owner's is named, with what mends it.
"""

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from generator.engine.files import content_of
from generator.models.deployed import TakenOver, take_over
from generator.models.matching import listed, nearest
from generator.models.placing import Column, given
from generator.models.readers import ModelFileError
from generator.models.readers.deployed import Link
from generator.models.trees.ensemble import Ensemble
from generator.records.features import Feature
from generator.records.validation import Scores

SINGLE = 4 * float(np.finfo(np.float32).eps)
"""Of a probability that a library works out in float32, whose exponential has last bits of its own."""
DOUBLE = 1e-12
"""Of one worked out in doubles."""
MOST_DECIMALS = 8
"""Of scores that were rounded for printing; with more they are written in full."""
COARSEST = 0.0005
"""Half a unit of the last digit: three decimals are the least that tell models apart."""
LARGEST = 2 * 2**30
"""Bytes of a file of scores."""
SHOWN = 5
"""Rows that differ which a message shows."""
SECONDS = 8.0
"""Causes are looked for: of many columns, each may have been exchanged with each."""
TRIED = 24, 8
"""Rows that a cause is tried on: that differ, and others."""


_NO_SCORES = {
    "version https://git-lfs": "a pointer of Git LFS",
    "<!doc": "a web page",
    "<html": "a web page",
}
"""How a file starts that is no CSV."""


class ScoresError(ModelFileError):
    """The owner's scores are not reproduced; the message shows rows, the likely cause and what mends it."""


@dataclass(frozen=True)
class OwnScores:
    """What a file says of some rows."""

    ids: tuple[str, ...]
    """Of the rows; empty where they are those of the table, in its order."""
    values: np.ndarray
    """(m,)"""
    rounding: float
    """Half a unit of the last digit written; 0 where they are written in full."""
    single: bool
    """Whether they are float32 numbers."""


@dataclass(frozen=True)
class Reproduced:
    rows: int
    tolerance: float
    """Largest difference that counted as none, in what the owner measures; 0: all equal to the bit."""
    elsewhere: int = 0
    """Scores of rows that the table does not have."""


def read_scores(asked: Scores, folder: Path) -> OwnScores:
    """The scores in a CSV file.

    Raises:
        ScoresError: It cannot be read, or lacks what was asked for.
    """
    path = folder / asked.file
    try:
        text = content_of(path, LARGEST).decode("utf-8-sig")
    except OSError as error:
        raise ScoresError(f"{asked.file}: cannot be read: {error.strerror}; check the path") from None
    except UnicodeDecodeError:
        raise ScoresError(f"{asked.file}: is not UTF-8; save it as CSV in UTF-8") from None
    except ValueError:  # no file has such a name
        raise ScoresError(f"{asked.file!r}: is no name of a file; correct scores.file") from None
    for start, what in _NO_SCORES.items():
        if text.lower().startswith(start):
            raise ScoresError(f"{asked.file}: is {what}, no CSV; put the file with the scores in its place")
    if not text.strip():
        raise ScoresError(f"{asked.file}: is empty; put the file with the scores in its place")
    lines = text.splitlines()
    first = lines[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        table = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as error:
        raise ScoresError(
            f"{asked.file}: cannot be split into cells ({error}); is a quotation mark left open?"
        ) from None
    names = [name.strip() for name in table[0]]
    for name in filter(None, (asked.column, asked.id)):
        if name not in names:
            raise ScoresError(
                f"{asked.file}: has no column {name!r}{nearest(name, names)}; it has {listed(names)}"
            )
    value, own = names.index(asked.column), names.index(asked.id) if asked.id else None
    texts, ids, rows = [], [], []
    for number, row in enumerate(table[1:], 2):
        if not row or (len(row) == 1 and not row[0].strip()):
            continue
        if len(row) != len(names):
            raise ScoresError(
                f"{asked.file}: line {number} has {len(row)} values for {len(names)} columns; is a value with a "
                f"{delimiter!r} in it not in quotation marks, or the file cut short?"
            )
        texts.append(row[value].strip())
        rows.append(number)
        if own is not None:
            ids.append(row[own].strip())
    if any("," in text for text in texts) and not any("." in text for text in texts):
        texts = [text.replace(",", ".") for text in texts]
    if texts and not any(map(_is_number, texts)):
        raise ScoresError(
            f"{asked.file}: {asked.column!r} holds {listed(sorted(set(texts)))}, no scores; save probabilities, as "
            "predict_proba gives them"
        )
    values = np.array([_number(text, asked, row) for text, row in zip(texts, rows, strict=True)])
    if not len(values):
        raise ScoresError(f"{asked.file}: holds no scores; save some of the model's with their rows")
    if repeated := sorted({each for each in ids if ids.count(each) > 1}) if len(ids) != len(set(ids)) else []:
        raise ScoresError(f"{asked.file}: names {listed(repeated)} more than once; keep one score a row")
    return OwnScores(tuple(ids), values, _rounding(texts), _are_single(values))


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _number(text: str, asked: Scores, row: int) -> float:
    if not _is_number(text):
        raise ScoresError(
            f"{asked.file}: line {row}: {text!r} in {asked.column!r} is no score; take the row out, or correct it"
        )
    return float(text)


def _rounding(texts: Sequence[str]) -> float:
    decimals = 0
    for text in texts:
        digits, _, power = text.lower().partition("e")
        decimals = max(decimals, len(digits.partition(".")[2]) - int(power or 0))
    return 0.5 * 10.0**-decimals if decimals <= MOST_DECIMALS else 0.0


def _are_single(values: np.ndarray) -> bool:
    """In full, or as their shortest decimals."""
    with np.errstate(over="ignore"):
        singles = values.astype(np.float32)
    return all(value in (float(each), float(str(each))) for value, each in zip(values, singles, strict=True))


def reproduce(
    scores: OwnScores,
    taken: TakenOver,
    folder: Path,
    features: tuple[Feature, ...],
    x: np.ndarray,
    ids: Sequence[str] = (),
    *,
    numbered: bool = False,
) -> Reproduced:
    """Pass if the model gives the rows x (n, d) of the table the scores that its owner says.

    Args:
        folder: Where the file of the model lies, which is read anew where a cause is looked for.
        ids: (n,) of the rows, as the table has them; empty where none has any.
        numbered: Whether these are the numbers of the rows, as the study file names no column of ids.

    Raises:
        ScoresError: A score differs, or a row is not there.
    """
    asked = taken.spec.scores or Scores(file="scores", column="score")
    rows, there = _rows(scores, asked, len(x), ids, numbered)
    elsewhere = int((~there).sum())
    scores = replace(
        scores,
        values=scores.values[there],
        ids=tuple(name for name, has in zip(scores.ids, there, strict=False) if has),
    )
    measured = _measured(taken.link, asked.measure)
    own, tolerance = measured(taken.margins(x[rows])), _tolerance(taken, asked.measure)
    exact = np.float32 if _is_single(taken) else np.float64
    if (own.astype(exact) == scores.values.astype(exact)).all():
        return Reproduced(len(own), 0.0, elsewhere)
    _refuse_coarse(scores, asked)
    far = _differ(own, scores, tolerance, taken)
    if not far.any():
        return Reproduced(len(own), tolerance + scores.rounding + SINGLE * scores.single, elsewhere)
    names = scores.ids or [f"row {row + 1}" for row in rows]
    raise ScoresError(
        _told(
            scores,
            asked,
            taken,
            own,
            far,
            names,
            _cause(scores, asked, taken, folder, features, x[rows], far),
        )
    )


def _refuse_coarse(scores: OwnScores, asked: Scores):
    """Scores that would be called reproduced whatever the model says."""
    if set(np.unique(scores.values).tolist()) <= {0.0, 1.0}:
        raise ScoresError(
            f"{asked.file}: {asked.column!r} holds decisions, not scores; save probabilities, as predict_proba gives "
            "them"
        )
    if scores.rounding > COARSEST:
        raise ScoresError(
            f"{asked.file}: {asked.column!r} is rounded to {2 * scores.rounding:g}, which tells too little; write all "
            "digits"
        )


def _rows(
    scores: OwnScores, asked: Scores, n: int, ids: Sequence[str], numbered: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Places in the table of the scores that have one, and which (m,) bool these are."""
    if not scores.ids:
        if len(scores.values) != n:
            raise ScoresError(
                f"{asked.file}: has {len(scores.values):,} scores, and the table {n:,} rows; give the column of ids in "
                "`scores.id`, or a score for every row in the order of the table"
            )
        return np.arange(n), np.ones(n, bool)
    if not len(ids):
        raise ScoresError(
            f"{asked.file}: rows are named by {asked.id!r}, and the table has no `id`; say which column that is"
        )
    place = {str(name): row for row, name in enumerate(ids)}
    found = np.array([place.get(name, -1) for name in scores.ids])
    if (found < 0).all():
        mend = "score rows of this table"
        if numbered:
            mend = "the study file gives no `id`, and rows are called by their numbers: name the column of ids in `id`"
        elif any(name.removesuffix(".0") in place for name in scores.ids):
            mend = f"in the table they stand without the point; write {asked.id!r} as whole numbers"
        raise ScoresError(
            f"{asked.file}: none of its {len(found):,} ids is in the table, such as {listed(scores.ids[:3])}; {mend}"
        )
    return found[found >= 0], found >= 0


# ---------------------------------------------------------------- what counts as equal


def _measured(link: Link, measure: str) -> Callable[[np.ndarray], np.ndarray]:
    return link.probability if measure == "probability" else lambda margins: margins


def _is_single(taken: TakenOver) -> bool:
    """Whether the library's scores are float32."""
    model = taken.file.model
    return (
        model.arithmetic.single_sum if isinstance(model, Ensemble) else model.weights[0].dtype == np.float32
    )


def _tolerance(taken: TakenOver, measure: str) -> float:
    """Of the format, without what the owner rounded."""
    if measure == "margin" or taken.link.straight:
        return taken.file.tolerance
    # a probability is nowhere steeper than this in the margin
    return taken.file.tolerance * taken.link.steepness / 4 + (SINGLE if _is_single(taken) else DOUBLE)


def _differ(own: np.ndarray, scores: OwnScores, tolerance: float, taken: TakenOver) -> np.ndarray:
    """(m,) bool"""
    away = np.abs(own - scores.values)
    allowed = tolerance * np.maximum(1, np.abs(own)) + scores.rounding * (1 + 1e-9)
    if _is_single(taken) or scores.single:
        away = np.where(own.astype(np.float32) == scores.values.astype(np.float32), 0, away)
    return ~(away <= allowed)


# ---------------------------------------------------------------- causes


@dataclass(frozen=True)
class _Cause:
    words: str
    mend: str


_UNTRIED = _Cause("", "")
"""In the place of a cause: there was no time to try all of them."""


def _told(
    scores: OwnScores, asked: Scores, taken: TakenOver, own: np.ndarray, far: np.ndarray, names: Sequence[str],
    cause: _Cause | None,
) -> str:  # fmt: skip
    shown = ", ".join(
        f"{names[row]}: {scores.values[row]:.9g} said, {own[row]:.9g} read"
        for row in np.flatnonzero(far)[:SHOWN]
    )
    words = f"{taken.spec.name}: {asked.file}: {int(far.sum()):,} of {len(far):,} scores are not reproduced ({shown}). "
    if cause is _UNTRIED:
        return words + (
            f"No cause was found in {SECONDS:g} s, and not every usual mistake was tried: the columns "
            "may have been given in another order, or the scores made by another training run"
        )
    outside = (scores.values < 0) | (scores.values > 1)
    if cause is None and asked.measure == "probability" and outside.any():
        first = int(np.argmax(outside))
        return words + (
            f"{int(outside.sum()):,} of the scores are no probabilities, such as {scores.values[first]:.9g} of "
            f"{names[first]}: correct them, or say in scores.measure what they are"
        )
    if cause is None:
        return words + (
            "None of the usual mistakes explains them (order of columns, float32, names shifted, missing values, "
            "probability or margin, the other class, rounds of early stopping, rows in another order): were they made "
            "by another training run, or on other values of the table?"
        )
    return words + f"Likely cause: {cause.words}. To mend it: {cause.mend}."


def _cause(
    scores: OwnScores, asked: Scores, taken: TakenOver, folder: Path, features: tuple[Feature, ...], x: np.ndarray,
    far: np.ndarray,
) -> _Cause | None:  # fmt: skip
    """The first one that explains the scores of all rows, tried on some that differ and some that do not."""
    some = np.concatenate((np.flatnonzero(far)[: TRIED[0]], np.flatnonzero(~far)[: TRIED[1]]))
    part, tolerance = (
        replace(scores, values=scores.values[some]),
        max(_tolerance(taken, asked.measure), SINGLE),
    )
    until, left = time.monotonic() + SECONDS, None
    for margins, measured, cause in _tries(asked, taken, folder, features, x[some]):
        if time.monotonic() > until:
            left = _UNTRIED
            break
        with np.errstate(all="ignore"):
            answers = measured(margins)
        if not _differ(answers, part, tolerance, taken).any():
            return cause
    own = _measured(taken.link, asked.measure)(taken.margins(x))
    if not _differ(np.sort(own), replace(scores, values=np.sort(scores.values)), tolerance, taken).any():
        if scores.ids:
            return _Cause(
                "the ids beside the scores are not those of their rows",
                "write beside each score the id of the row that it was given for",
            )
        return _Cause("the scores are those of these rows in another order", "name the rows by `scores.id`")
    return left


_Try = tuple[np.ndarray, Callable[[np.ndarray], np.ndarray], _Cause]


def _tries(
    asked: Scores, taken: TakenOver, folder: Path, features: tuple[Feature, ...], x: np.ndarray
) -> Iterator[_Try]:
    """Margins (m,) that a mistake would have led to, how they are measured, and the mistake."""
    own, measured = taken.margins(x), _measured(taken.link, asked.measure)
    yield from _other_measures(own, asked, taken)
    yield from _other_rounds(measured, taken, folder, features, x)
    score = taken.file.margins_raw
    base = taken.as_given(x)

    def tried(shown: np.ndarray) -> np.ndarray:
        try:
            return score(shown)
        except ValueError:  # the model refuses what this mistake would have given it
            return np.full(len(x), np.nan)

    yield (
        tried(base.astype(np.float32)),
        measured,
        _Cause(
            "the model was given float32 numbers, and the table holds more digits",
            "write the table with the numbers that were scored, as after .astype('float32')",
        ),
    )
    for marker in (0.0, -1.0, -999.0, -9999.0, 999.0):
        if np.isnan(x).any():
            yield (
                tried(np.where(np.isnan(base), marker, base)),
                measured,
                _Cause(
                    f"the model was given {marker:g} where a value is missing",
                    f"write {marker:g} into the table there, and list no missing value for these columns",
                ),
            )
        if (base == marker).any():
            yield (
                tried(np.where(base == marker, np.nan, base)),
                measured,
                _Cause(
                    f"the model took {marker:g} for a missing value",
                    f"list '{marker:g}' under `reading.missing`",
                ),
            )
    yield from _other_codes(tried, measured, taken.columns, features, x)
    yield from _other_orders(tried, measured, taken, features, base)


def _other_measures(own: np.ndarray, asked: Scores, taken: TakenOver) -> Iterator[_Try]:
    probability, margin = taken.link.probability, _measured(taken.link, "margin")
    other = "margin" if asked.measure == "probability" else "probability"
    yield (
        own,
        margin if other == "margin" else probability,
        _Cause(
            f"the scores are {'margins' if other == 'margin' else 'probabilities'}",
            f"set scores.measure to {other!r}",
        ),
    )
    classes = taken.file.classes or ("the first", "the second")
    for measure, name in ((probability, "probability"), (margin, "margin")):
        yield (
            own,
            lambda m, of=measure, name=name: 1 - of(m) if name == "probability" else -of(m),
            _Cause(
                f"the scores are those of the other class, {classes[0]!r}",
                "save the column of the fraud class, or say in `fraud` which class is fraud",
            ),
        )
    for factor in (100.0, 1000.0):
        yield (
            own,
            lambda m, factor=factor: probability(m) * factor,
            _Cause(f"the scores are probabilities times {factor:g}", f"divide them by {factor:g}"),
        )


def _other_rounds(
    measured: Callable, taken: TakenOver, folder: Path, features: tuple[Feature, ...], x: np.ndarray
) -> Iterator[_Try]:
    if not isinstance(taken.file.model, Ensemble):
        return
    for every in (True, False):
        try:
            other = take_over(taken.spec.model_copy(update={"every_round": every}), folder, features, x)
        except ModelFileError:
            continue
        if len(other.model.roots) != len(taken.model.roots):
            yield (
                other.margins(x),
                measured,
                _Cause(
                    "training was stopped early, and the scores are those of "
                    + ("all rounds" if every else "the rounds up to the best one"),
                    f"set every_round to {str(every).lower()}",
                ),
            )
    roots = taken.model.roots
    for count in range(1, len(roots)):
        yield (
            replace(taken.model, roots=roots[:count]).margins_raw(x),
            measured,
            _Cause(
                f"the scores are those of the first {count} of {len(roots)} trees",
                "save the model with the rounds that it is used with",
            ),
        )


def _other_codes(
    tried: Callable, measured: Callable, columns: Sequence[Column], features: Sequence[Feature], x: np.ndarray
) -> Iterator[_Try]:
    """Names that were coded in another way, in all inputs at once and in each alone."""
    coded = [
        place
        for place, column in enumerate(columns)
        if column.values is not None and not _is_indicator(column)
    ]
    for which in ([coded] if len(coded) > 1 else []) + [[place] for place in coded]:
        said = listed([features[columns[place].source].name for place in which])
        for words, code in _CODES.items():
            others = list(columns)
            for place in which:
                feature = features[columns[place].source]
                others[place] = replace(
                    columns[place], values=code(columns[place].values, feature.categories)
                )
            told = ", ".join(_in_order(others[place], features) for place in which[:3])
            mend = (
                f"give the names in the order of their codes: categories = {{{told}}}"
                if "shifted" not in words
                else "write the names into the table as they were when the model was trained, or its codes"
            )
            yield tried(given(others, x)), measured, _Cause(f"the names of {said} {words}", mend)


def _is_indicator(column: Column) -> bool:
    return set(np.unique(column.values)) <= {0.0, 1.0} and len(column.values) > 2


def _sorted_codes(values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    return np.argsort(np.argsort(np.array(names))).astype(float)


_CODES: dict[str, Callable[[np.ndarray, Sequence[str]], np.ndarray]] = {
    "are shifted by one: the codes are one higher": lambda values, names: values + 1,
    "are shifted by one: the codes are one lower": lambda values, names: values - 1,
    "were coded in alphabetical order": _sorted_codes,
    "were coded in the order of the study file": lambda values, names: np.arange(len(values), dtype=float),
    "were coded in the reverse order": lambda values, names: values[::-1],
    "are shifted by one: each has the code of the next": lambda values, names: np.roll(values, -1),
    "are shifted by one: each has the code of the one before": lambda values, names: np.roll(values, 1),
}


def _in_order(column: Column, features: Sequence[Feature]) -> str:
    feature = features[column.source]
    names = [repr(feature.categories[place]) for place in np.argsort(column.values)[:4]]
    return f"{feature.name} = [{', '.join(names)}{', ...' if len(column.values) > 4 else ''}]"


def _other_orders(
    tried: Callable, measured: Callable, taken: TakenOver, features: Sequence[Feature], base: np.ndarray
) -> Iterator[_Try]:
    """Columns that were taken by their place: those of the table, by letters, or two of them exchanged."""
    sources = np.array([column.source for column in taken.columns])
    names = taken.spec.columns or taken.file.inputs or [features[source].name for source in sources]
    mend = (
        "score the rows with the columns in the order of the model, by name; or give their names in `columns`"
    )
    for words, order in (
        ("of the table", np.argsort(sources, kind="stable")),
        ("of their letters", np.argsort(np.array(names), kind="stable")),
        ("that is the reverse of the model's", np.arange(len(names))[::-1]),
    ):
        yield tried(base[:, order]), measured, _Cause(f"the columns were given in the order {words}", mend)
        back = np.argsort(order)
        yield tried(base[:, back]), measured, _Cause(f"the columns were given in the order {words}", mend)
    for first in range(len(names)):
        for second in range(first + 1, len(names)):
            order = np.arange(len(names))
            order[[first, second]] = second, first
            yield (
                tried(base[:, order]),
                measured,
                _Cause(f"the columns {names[first]!r} and {names[second]!r} were exchanged", mend),
            )

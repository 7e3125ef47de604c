"""What is wrong with a table, or odd about it, before anything is computed on it.

What would make the study meaningless is a problem, one sentence each with its way out. What a reader has to know is a
notice, whose words are the report's:

- `duplicate_rows`: rows that are like an earlier one in every column but the id
- `constant`, `empty`: a column with one value, or none, that is no input
- `constant_input`: an input that is the same in every row, which nobody moves
- `tells_label`: a column, no input, that alone tells frauds from the others
- `known_in_time`: an input that does, of which the study file says why it is known when a row is judged
- `only_frauds`: a value of an input that many frauds have and no genuine row
- `after_time`: rows with a date after the last `time`
- `trains_later`: training rows after the first judged one
- `judged_like_trained`: judged rows whose inputs are those of a training row
- `neither`: rows that the split leaves out
- `mostly_fraud`: frauds are more than half of the rows
- `few_frauds`: of the rows judged
- `none_movable`: no input that some fraudster can change
- `few_movable`: one alone
- `no_reason`: an input that some fraudster can change, without a word why
- `unused_categories`: declared, and had by no row
- `unlisted`: a column that the study file neither uses nor ignores
"""

import json
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from generator.datasets.own import dates
from generator.datasets.own.columns import as_numbers, decimal_of, missing
from generator.datasets.own.files import Texts, TextTable
from generator.datasets.own.table import OwnTable
from generator.records.features import Input
from generator.records.validation import Notice, ValidationSpec

TELLING = 0.99
"""Area under the ROC curve of one column alone above which it counts as told from the label."""
MOSTLY = 0.6
"""Share of frauds above which, where no `prior` is given, the fraud value is taken for the wrong one."""
FEWEST = 5
"""Rows of each class in every fold, and on each side of a split."""
FEW = 50
"""Frauds judged below which intervals are wide."""
MOST_CATEGORIES = 1_000
SEEN_OFTEN = 20
"""Frauds with a value that no genuine row has, from which on it is told."""
FEW_VALUES = 50
"""Different numbers up to which a number may be a code."""
ENOUGH = 20
"""Rows from which on numbers in a row are no chance."""


def notices(spec: ValidationSpec, texts: TextTable, table: OwnTable) -> Iterator[Notice]:
    """What is odd about the table, in the order of the list above."""
    yield from _odd_rows(spec, texts)
    for name, column in texts.columns.items():
        if name not in spec.input_names and name != spec.label.column:
            yield from _odd_column(spec, texts, column, table)
    yield from _odd_inputs(spec, texts, table)
    yield from _odd_split(table)
    yield from _odd_study(spec, table)
    used = {note.name for note in table.columns if note.role != "ignored"} | set(spec.ignored)
    for name in texts.columns:
        if name not in used:
            yield Notice(slug="unlisted", column=name)


def problems(spec: ValidationSpec, texts: TextTable, table: OwnTable) -> Iterator[str]:
    """What would make the study meaningless."""
    share = float(table.y.mean())
    if share > MOSTLY and spec.prior is None:
        yield (
            f"column {spec.label.column!r}: {share:.1%} of rows are {spec.label.fraud!r}; is it the value of a fraud? "
            "if the table was drawn that way, give prior, the share in life"
        )
    if table.amounts is not None and not table.amounts[table.judged & (table.y == 1)].any():
        yield (
            f"column {spec.amount!r}, the amount, is 0 in every fraud that is judged, so that nothing can be said in "
            "money; give the column with the money at stake, or leave amount out"
        )
    yield from _too_few(spec, table)
    for place, given in enumerate(spec.inputs):
        for problem in _input_problems(spec, texts, given, table.x[:, place], table.y):
            yield f"input {given.name!r}: {problem}"


# ---------------------------------------------------------------- problems


def _too_few(spec: ValidationSpec, table: OwnTable) -> Iterator[str]:
    folds = spec.training.folds
    sides = [("train", table.trains), ("are judged", table.judged)] if table.split else [("", table.judged)]
    wanted = FEWEST if table.split else FEWEST * folds
    why = "the split needs" if table.split else f"{folds} folds need"
    for what, rows in sides:
        for label, name in ((1, "frauds"), (0, "genuine")):
            found = int((table.y[rows] == label).sum())
            if found < wanted:
                of = f" of the rows that {what}" if what else ""
                fewer = "another split" if table.split else "fewer training.folds"
                yield f"only {found}{of} are {name}, and {why} {wanted}; give more rows, or {fewer}"


def _input_problems(
    spec: ValidationSpec, texts: TextTable, given: Input, values: np.ndarray, y: np.ndarray
) -> Iterator[str]:
    column = texts.columns[given.name]
    if is_constant(values):
        if is_movable(given):
            yield (
                "every row has the same value, so that nobody is seen to move it; say control = 'nobody', and it is "
                "kept for the model that needs it, or leave it out"
            )
        return
    if len(given.categories) > MOST_CATEGORIES:
        yield f"{len(given.categories):,} categories are too many to tell apart; merge them, or leave it out"
    if counts_rows(given, values):
        yield "its values number the rows, as an id does; leave it out, or give it as id"
    elif given.name not in spec.known_in_time and (separation := telling(column, values, y)) > TELLING:
        yield (
            f"it alone tells {separation:.1%} of pairs of a fraud and a genuine row apart, as a column does that is "
            "known after the fact or computed from the label; list it under ignored, or, if it is known when a row is "
            f'judged, say why: known_in_time = {{ {toml_key(given.name)} = "..." }}'
        )
    if holds_dates(column, missing(column, spec.reading.missing)):
        yield "it holds dates; derive a number from them, such as days since another one"


def is_constant(values: np.ndarray) -> bool:
    """Whether values (n,) are the same in every row, and there in every one."""
    return not np.isnan(values).any() and len(np.unique(values)) <= 1


def toml_key(name: str) -> str:
    """As a key of a study file has it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def counts_rows(given: Input, values: np.ndarray) -> bool:
    """Whether values (n,) are all different and count up, or are names of which hardly a row shares one."""
    distinct = len(np.unique(values))
    if len(values) < ENOUGH:
        return False
    if given.kind != "number":
        return distinct > len(values) / 2
    return counts_up(values)


def counts_up(values: np.ndarray) -> bool:
    """Whether values (n,) are whole numbers that rise from row to row, or all of those between two."""
    if np.isnan(values).any() or (values % 1 > 0).any():
        return False
    whole_range = values.max() - values.min() + 1 == len(values) == len(np.unique(values))
    return whole_range or bool((np.diff(values) > 0).all())


def holds_dates(column: Texts, none: np.ndarray) -> bool:
    """Whether every text of `column` that stands for a value is a date, and there are some."""
    texts = [text for text, gone in zip(column.values, none, strict=True) if not gone]
    return len(texts) > 2 and all(map(dates.is_date, texts))


def telling(column: Texts, values: np.ndarray | None, y: np.ndarray) -> float:
    """The largest area under the ROC curve, either way round, of what one column alone says of y (n,).

    It is asked of its numbers `values` (n,), if it has any, none counting as the lowest; of whether there is one; and,
    for few different values, of each value's share of frauds in one half of the rows for the other half.
    """
    scores = [0.5]
    if values is not None:
        filled = np.where(np.isnan(values), -np.inf, values)
        scores += [_area(filled, y), _area(np.isnan(values), y)]
    if values is None or len(column.values) <= FEW_VALUES:
        half = np.arange(len(y)) % 2 == 0
        scores.append((_by_value(column, y, half) + _by_value(column, y, ~half)) / 2)
    return max(max(score, 1 - score) for score in scores)


def _by_value(column: Texts, y: np.ndarray, learns: np.ndarray) -> float:
    """The area on the rows that do not learn, where a value no row learned of has the share of all."""
    size, codes = len(column.values) + 1, column.codes  # -1 counts as the last
    rows = np.bincount(codes[learns] % size, minlength=size)
    frauds = np.bincount(codes[learns & (y == 1)] % size, minlength=size)
    share = np.where(rows > 0, frauds / np.maximum(rows, 1), y[learns].mean())
    return _area(share[codes[~learns] % size], y[~learns])


def _area(scores: np.ndarray, y: np.ndarray) -> float:
    """Under the ROC curve of scores (n,); equal ones count half. A half where a class is missing."""
    _, places = np.unique(scores, return_inverse=True)
    frauds = np.bincount(places[y == 1], minlength=places.max() + 1)
    genuine = np.bincount(places[y == 0], minlength=places.max() + 1)
    below = np.cumsum(genuine) - genuine / 2
    pairs = frauds.sum() * genuine.sum()
    return float(frauds @ below / pairs) if pairs else 0.5


# ---------------------------------------------------------------- notices


def _odd_rows(spec: ValidationSpec, texts: TextTable) -> Iterator[Notice]:
    repeated = repeated_rows(texts, spec.id)
    if repeated:
        yield Notice(slug="duplicate_rows", facts={"rows": repeated})


def repeated_rows(texts: TextTable, name: str | None) -> int:
    """Rows that are like an earlier one in every column but the id called `name`."""
    rest = {each: column.codes for each, column in texts.columns.items() if each != name}
    return int(pd.DataFrame(rest).duplicated().sum())


def _odd_column(spec: ValidationSpec, texts: TextTable, column: Texts, table: OwnTable) -> Iterator[Notice]:
    """Of a column that is neither input nor label."""
    none = missing(column, spec.reading.missing)
    known = int(column.counts()[~none].sum())
    if not known:
        yield Notice(slug="empty", column=column.name)
        return
    if (~none).sum() == 1 and known == texts.rows:
        yield Notice(slug="constant", column=column.name)
        return
    if telling(column, as_numbers(column, none, decimal_of(texts, spec.reading)), table.y) > TELLING:
        yield Notice(slug="tells_label", column=column.name)
    if table.times is not None and column.name != spec.time and holds_dates(column, none):
        held = [text for text, gone in zip(column.values, none, strict=True) if not gone]
        found = np.full(len(column.values), "NaT", dtype="datetime64[s]")
        found[~none] = dates.parsed(held, dates.day_first(held))
        later = int((column.of(found, np.datetime64("NaT", "s")) > table.times.max()).sum())
        if later:
            yield Notice(slug="after_time", column=column.name, facts={"rows": later})


def _odd_inputs(spec: ValidationSpec, texts: TextTable, table: OwnTable) -> Iterator[Notice]:
    for place, given in enumerate(spec.inputs):
        column = texts.columns[given.name]
        if is_constant(table.x[:, place]):
            yield Notice(slug="constant_input", column=given.name)
            continue
        told = telling(column, table.x[:, place], table.y) if given.name in spec.known_in_time else 0.0
        if told > TELLING:
            yield Notice(slug="known_in_time", column=given.name, facts={"pairs": told})
        if len(column.values) <= MOST_CATEGORIES:
            size = len(column.values) + 1
            frauds = np.bincount(column.codes[table.y == 1] % size, minlength=size)
            genuine = np.bincount(column.codes[table.y == 0] % size, minlength=size)
            alone = frauds[(genuine == 0) & (frauds >= SEEN_OFTEN)]
            if len(alone):
                yield Notice(slug="only_frauds", column=given.name, facts={"frauds": int(alone.sum())})
        unused = int((~np.isin(np.arange(len(given.categories)), table.x[:, place])).sum())
        if unused:
            yield Notice(slug="unused_categories", column=given.name, facts={"categories": unused})


def _odd_split(table: OwnTable) -> Iterator[Notice]:
    if not table.split:
        return
    if neither := int((~table.trains & ~table.judged).sum()):
        yield Notice(slug="neither", facts={"rows": neither})
    rows = pd.util.hash_pandas_object(pd.DataFrame(table.x), index=False).to_numpy()
    if alike := int(np.isin(rows[table.judged], rows[table.trains]).sum()):
        yield Notice(slug="judged_like_trained", facts={"rows": alike, "judged": int(table.judged.sum())})
    if table.times is not None:
        later = int((table.times[table.trains] > table.times[table.judged].min()).sum())
        if later:
            yield Notice(slug="trains_later", facts={"rows": later})


def _odd_study(spec: ValidationSpec, table: OwnTable) -> Iterator[Notice]:
    if spec.prior is None and (share := float(table.y.mean())) > 0.5:
        yield Notice(slug="mostly_fraud", column=spec.label.column, facts={"share": share})
    if (frauds := int(table.y[table.judged].sum())) < FEW:
        yield Notice(slug="few_frauds", facts={"frauds": frauds})
    movable = [given for given in spec.inputs if is_movable(given)]
    if not movable:
        yield Notice(slug="none_movable")
    if len(movable) == 1:
        yield Notice(slug="few_movable", facts={"inputs": 1})
    for given in movable:
        if not given.note.strip():
            yield Notice(slug="no_reason", column=given.name)


def is_movable(given: Input) -> bool:
    """Whether some fraudster can change it, and would."""
    return (
        given.control != "nobody"
        and given.helps != "none"
        and (given.kind == "number" or bool(given.reached))
    )

"""What scalers and encoders make of the inputs, column by column, so that a model behind them reads raw units."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np

from generator.models.readers.deployed import ModelFileError
from generator.models.readers.doubles import largest_where
from generator.models.readers.growing import Set, Tree, together
from generator.models.readers.layered import Encoding
from generator.models.readers.parts import Part
from generator.models.trees.ensemble import Arithmetic, Ensemble


@dataclass(frozen=True)
class Column:
    """What a model is given of one input: of a number (x - mean) / scale * gain + offset, of a category its entry."""

    source: int
    mean: float = 0.0
    scale: float = 1.0
    gain: float = 1.0
    offset: float = 0.0
    table: np.ndarray | None = None
    """(codes,) the value of each category; None if the input is a number."""
    unknown: float = np.nan
    """The value of a category without a code; NaN if none has one."""
    missing: float = np.nan
    """The value of a row without a category or, where an imputer fills one in, without a number."""
    refuses_missing: bool = False
    """Whether such a row is an error."""
    types: tuple[type, type, type] = (np.float64,) * 3
    """Float types in which a number is taken, worked on and handed on."""
    unknown_is_missing: bool = False
    """Whether a category without a code has no value, as a row without one."""

    @property
    def is_plain(self) -> bool:
        """Whether the number is as it was."""
        return self.table is None and (self.mean, self.scale, self.gain, self.offset) == (0, 1, 1, 0)

    def of(self, x: np.ndarray) -> np.ndarray:
        """Its value at numbers x, rounded step by step."""
        taken, worked, handed = self.types
        mean, scale, gain, offset = map(worked, (self.mean, self.scale, self.gain, self.offset))
        return ((x.astype(taken).astype(worked) - mean) / scale * gain + offset).astype(handed)


@dataclass(frozen=True)
class Inputs:
    """Of a whole pipeline: its columns, and what is known of the inputs that they are made of."""

    columns: Sequence[Column]
    width: int
    names: tuple[str, ...]
    categories: Mapping[int, tuple]
    """By input, the names of its codes."""


def inputs(steps: Sequence[Part | str | None], first: Part) -> Inputs:
    """What these steps make of the inputs, in turn.

    Args:
        first: The step that is given the inputs themselves, whose names and number it knows.

    Raises:
        ModelFileError: A step does something else.
    """
    width = int(first["n_features_in_"])
    names = tuple(str(name) for name in first.get("feature_names_in_", ()))
    columns, categories = [Column(place) for place in range(width)], {}
    for step in steps:
        columns = _after(step, columns, names, categories)
    used = {column.source for column in columns if column.table is None} & set(categories)
    if used:
        raise ModelFileError(
            f"takes input {min(used)} as a number and as a category; use one column for each"
        )
    return Inputs(columns, width, names, categories)


def _after(
    step: Part | str | None, columns: Sequence[Column], names: Sequence[str], categories: dict[int, tuple]
) -> list[Column]:
    if step is None or step == "passthrough":
        return list(columns)
    kind = step.name if isinstance(step, Part) else step
    if kind == "FunctionTransformer" and step["func"] is None:
        return list(columns)  # what a ColumnTransformer makes of "passthrough"
    if kind == "Pipeline":
        for _, inner in step["steps"]:
            columns = _after(inner, columns, names, categories)
        return list(columns)
    if kind == "ColumnTransformer":
        return _side_by_side(step, columns, names, categories)
    if kind in _SCALERS:
        return [_scaled(column, *terms) for column, terms in zip(columns, _SCALERS[kind](step), strict=True)]
    if kind in _ENCODERS:
        given = step["categories_"]
        if len(given) != len(columns):
            raise ModelFileError(f"encodes {len(given)} of {len(columns)} columns; save the model again")
        made = [_named(column, held, categories) for column, held in zip(columns, given, strict=True)]
        return [each for place, column in enumerate(made) for each in _ENCODERS[kind](step, place, column)]
    raise ModelFileError(
        f"has a step {kind}, which has no reader; use scalers, OneHotEncoder, OrdinalEncoder "
        "and ColumnTransformer, or do its work in the table"
    )


def _side_by_side(
    step: Part, columns: Sequence[Column], names: Sequence[str], categories: dict[int, tuple]
) -> list[Column]:
    if step.get("transformer_weights"):
        raise ModelFileError("weights the columns of its ColumnTransformer; leave transformer_weights out")
    made = []
    for _, inner, chosen in step["transformers_"]:
        if inner != "drop":
            taken = [columns[place] for place in _places(chosen, columns, names)]
            made += _after(inner, taken, names, categories)
    return made


def _places(chosen: Any, columns: Sequence[Column], names: Sequence[str]) -> list[int]:
    if isinstance(chosen, Part):
        raise ModelFileError("chooses columns by a function or slice; list their names")
    listed = np.atleast_1d(np.asarray(chosen)).tolist()
    if listed and isinstance(listed[0], bool):
        return [place for place, taken in enumerate(listed) if taken]
    return [
        _place_of(each, columns, names) if isinstance(each, str) else int(each) % len(columns)
        for each in listed
    ]


def _place_of(name: str, columns: Sequence[Column], names: Sequence[str]) -> int:
    """Of the one column that is made of the input of this name."""
    found = [place for place, column in enumerate(columns) if names and names[column.source] == name]
    if len(found) != 1:
        raise ModelFileError(f"chooses a column {name!r} that an earlier step made; choose it by its number")
    return found[0]


def _scaled(column: Column, mean: float, scale: float, gain: float, offset: float) -> Column:
    if column.table is None and not column.is_plain:
        raise ModelFileError("scales a column twice; keep one scaler")
    if not (scale > 0 and gain > 0 and np.isfinite((mean, offset)).all()):
        raise ModelFileError(
            "has a scaler that turns a column round or makes it one number; leave that column out"
        )
    own = Column(column.source, float(mean), float(scale), float(gain), float(offset))
    if column.table is None:
        return own
    table, unknown, missing = (
        own.of(np.asarray(part, np.float64)) for part in (column.table, column.unknown, column.missing)
    )
    return replace(column, table=table, unknown=float(unknown), missing=float(missing))  # fmt: skip


def _standard(step: Part) -> list[tuple]:
    width = int(step["n_features_in_"])
    mean = step["mean_"] if step["with_mean"] else np.zeros(width)
    scale = step["scale_"] if step["with_std"] else np.ones(width)
    return [(m, s, 1.0, 0.0) for m, s in zip(mean, scale, strict=True)]


def _robust(step: Part) -> list[tuple]:
    width = int(step["n_features_in_"])
    centre = step["center_"] if step["with_centering"] else np.zeros(width)
    scale = step["scale_"] if step["with_scaling"] else np.ones(width)
    return [(m, s, 1.0, 0.0) for m, s in zip(centre, scale, strict=True)]


def _min_max(step: Part) -> list[tuple]:
    if step.get("clip"):
        raise ModelFileError("cuts scaled values off; use MinMaxScaler(clip=False)")
    return [(0.0, 1.0, gain, offset) for gain, offset in zip(step["scale_"], step["min_"], strict=True)]


def _max_abs(step: Part) -> list[tuple]:
    if step.get("clip"):
        raise ModelFileError("cuts scaled values off; use MaxAbsScaler(clip=False)")
    return [(0.0, scale, 1.0, 0.0) for scale in step["scale_"]]


_SCALERS = {
    "StandardScaler": _standard, "RobustScaler": _robust, "MinMaxScaler": _min_max, "MaxAbsScaler": _max_abs,
}  # fmt: skip


def _named(column: Column, held: Any, categories: dict[int, tuple]) -> tuple[int, tuple, bool]:
    """Input, the names of its categories, and whether a missing one is among them."""
    if not column.is_plain:
        raise ModelFileError("encodes a column that was scaled before; encode the input itself")
    listed = np.asarray(held).tolist() if isinstance(held, np.ndarray) else list(held)
    known = tuple(each for each in listed if not _is_missing(each))
    if categories.setdefault(column.source, known) != known:
        raise ModelFileError(f"encodes input {column.source} twice, with other categories; encode it once")
    return column.source, known, len(known) < len(listed)


def _is_missing(name: Any) -> bool:
    return name is None or (isinstance(name, float) and np.isnan(name))


def _refuse_rare(step: Part):
    if step.get("min_frequency") is not None or step.get("max_categories") is not None:
        raise ModelFileError("puts rare categories together; do that in the table, and encode what comes out")


def _one_hot(step: Part, place: int, column: tuple[int, tuple, bool]) -> list[Column]:
    """One column for each category but the dropped one; missing comes last, as sorted by the encoder."""
    _refuse_rare(step)
    source, known, has_missing = column
    dropped = step.get("drop_idx_")
    left_out = None if dropped is None else dropped[place]
    unknown = np.nan if step["handle_unknown"] == "error" else 0.0
    return [
        Column(
            source,
            table=(np.arange(len(known)) == asked).astype(float),
            unknown=unknown,
            missing=float(asked == len(known)) if has_missing else unknown,
            refuses_missing=not has_missing and np.isnan(unknown),
        )
        for asked in range(len(known) + has_missing)
        if left_out is None or asked != int(left_out)
    ]


def _ordinal(step: Part, place: int, column: tuple[int, tuple, bool]) -> list[Column]:
    """One column of places. A missing one has a value of its own where training had any, else it is unknown."""
    _refuse_rare(step)
    source, known, has_missing = column
    takes_unknown = step["handle_unknown"] == "use_encoded_value"
    unknown = float(step["unknown_value"]) if takes_unknown else np.nan
    return [
        Column(
            source,
            table=np.arange(len(known), dtype=float),
            unknown=unknown,
            missing=float(step.get("encoded_missing_value", np.nan)) if has_missing else unknown,
            refuses_missing=not (has_missing or takes_unknown),
            unknown_is_missing=takes_unknown and np.isnan(unknown),
        )
    ]


_ENCODERS = {"OneHotEncoder": _one_hot, "OrdinalEncoder": _ordinal}


def ignores(made: Inputs, *, missing_too: bool = False) -> frozenset[int]:
    """The inputs all of whose columns have a value for a name that is none of theirs.

    Args:
        missing_too: Whether the model takes a column without a value for what it is.
    """
    coded = [each for each in made.columns if each.table is not None]
    refused = {
        each.source
        for each in coded
        if np.isnan(each.unknown) and not (missing_too and each.unknown_is_missing)
    }
    return frozenset({each.source for each in coded} - refused)


def encoding(made: Inputs, dtype: type = np.float64) -> Encoding:
    """For the first layer of a linear model or net, worked out in this float type."""
    columns = made.columns
    codes = max((len(each.table) for each in columns if each.table is not None), default=0)
    tables = np.full((len(columns), codes + 2), np.nan)
    for row, column in zip(tables, columns, strict=True):
        if column.table is not None:
            row[: len(column.table)] = column.table
            row[-2:] = column.unknown, column.missing
            row[len(column.table) : -2] = column.unknown
        else:
            row[-1] = column.missing
    return Encoding(
        source=np.array([column.source for column in columns], np.int32),
        coded=np.array([column.table is not None for column in columns], bool),
        tables=tables,
        **{
            name: np.array([getattr(each, name) for each in columns], dtype)
            for name in ("mean", "scale", "gain", "offset")
        },
    )  # fmt: skip


def over_inputs(
    trees: Sequence[Tree],
    made: Inputs,
    start: float,
    arithmetic: Arithmetic,
    takes_missing: bool = True,
    codes: Mapping[int, tuple] = MappingProxyType({}),
) -> Ensemble:
    """Trees that ask of columns, as an ensemble that asks of inputs.

    Args:
        arithmetic: As the columns are compared and summed.
        takes_missing: Whether a column may be without a value.
        codes: As `in_raw_units`.

    Raises:
        ModelFileError: A scaler turns a column round.
    """
    single = arithmetic.single_inputs
    plain = len(made.columns) == made.width and all(
        column.is_plain and column.source == place and np.isnan(column.missing)
        and (single or np.float32 not in column.types)
        for place, column in enumerate(made.columns)
    )  # fmt: skip
    if not plain:
        trees = [in_raw_units(tree, made, single, codes) for tree in trees]
    # a category that is missing may have a value all the same
    refused = {
        column.source
        for column in made.columns
        if column.refuses_missing or (not takes_missing and np.isnan(column.missing))
    }
    missing = tuple("refused" if place in refused else "nan" for place in range(made.width))
    arithmetic = replace(arithmetic, single_inputs=plain and single, missing=missing)
    return together(trees, start, made.width, arithmetic)


def in_raw_units(
    tree: Tree, made: Inputs, single_inputs: bool, codes: Mapping[int, tuple] = MappingProxyType({})
) -> Tree:
    """A tree that asks of the columns as one of doubles that asks of the inputs.

    Scaling and rounding keep the order, so a number ends up at most `threshold` exactly if it is at most the largest
    double that does. A column of a category becomes a set of categories.

    Args:
        codes: By column that the tree itself splits by sets, the values that these have in their order.
    """
    rounded = np.float32 if single_inputs else np.float64
    inner = tree.feature >= 0
    feature, threshold = tree.feature.copy(), np.array(tree.threshold, np.float64)
    missing_left, unknown_left = tree.missing_left.copy(), np.zeros(len(feature), bool)
    category_set, sets = np.full(len(feature), -1), []
    for place, column in enumerate(made.columns):
        asking = np.flatnonzero(inner & (tree.feature == place))
        feature[asking] = column.source
        if column.table is None:
            if len(asking) and not (column.scale > 0 and column.gain > 0):
                raise ModelFileError("has a scaler that turns a column round; leave it out, trees need none")
            numbers = asking[tree.category_set[asking] < 0]
            threshold[numbers] = _largest_at_most(column, tree.threshold[numbers], rounded)
            if not np.isnan(column.missing):
                missing_left[numbers] = rounded(column.missing) <= tree.threshold[numbers]
            for node in asking[tree.category_set[asking] >= 0]:
                unknown_left[node], category_set[node] = tree.unknown_left[node], len(sets)
                sets.append(tree.sets[tree.category_set[node]])
            continue
        for node in asking:
            goes_left = _side(tree, node, codes.get(place, ()), rounded)
            missing_left[node], unknown_left[node] = goes_left(column.missing), goes_left(column.unknown)
            category_set[node] = len(sets)
            sets.append(Set(goes_left(column.table), bool(unknown_left[node])))
    return Tree(
        feature, threshold, tree.left, tree.right, tree.value, missing_left, category_set, unknown_left, sets
    )  # fmt: skip


def _side(tree: Tree, node: int, codes: Sequence, rounded: type) -> Callable[[Any], np.ndarray]:
    """Whether a node that asks of a column sends values of it left; `codes` are those of its own set, if it has one."""
    missing_left, own = tree.missing_left[node], tree.category_set[node]
    if own < 0:
        return lambda value: np.where(np.isnan(value), missing_left, rounded(value) <= tree.threshold[node])
    left = {float(code): bool(goes) for code, goes in zip(codes, tree.sets[own].left, strict=True)}

    def goes_left(value: Any) -> np.ndarray:
        known = [left.get(float(each), bool(tree.unknown_left[node])) for each in np.ravel(value)]
        return np.where(np.isnan(value), missing_left, np.reshape(known, np.shape(value)))

    return goes_left


def _largest_at_most(column: Column, thresholds: np.ndarray, rounded: type) -> np.ndarray:
    """Of each threshold, the largest double x whose column value, rounded, is not above it."""

    def fits(x: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # beyond float32 is infinite to the library, too
            return column.of(x).astype(rounded) <= thresholds

    return largest_where(fits, len(thresholds))

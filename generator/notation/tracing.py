"""Numbers that remember where they come from: leaves of a record, and whatever is worked out of them.

Where they come from is told by paths, as `generator.notation.paths` has them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import is_dataclass
from itertools import groupby, takewhile
from typing import Any, TypeVar

import numpy as np

from generator.notation.paths import NOT_CLAIMS, pointer
from generator.records.base import Record

Value = TypeVar("Value")
Number = TypeVar("Number", int, float)

CONSTANTS = {
    "masking": {
        "value": 0.05,
        "meaning": "FGSM above the truth by more than this warns of a hidden gradient.",
    },
    "material": {
        "value": 0.02,
        "meaning": "A figure that moved by more than this share between two runs asks for a new sign-off.",
    },
    "cut": {"value": 0.5, "meaning": "Fraud probability from which a transaction is stopped."},
    "original_figures": {"value": 10, "meaning": "Figures of the original study that are compared."},
    "plan_rows": {"value": 100_000_000, "meaning": "Rows of the table that the plan for more is made for."},
    "plan_replicates": {"value": 1_000, "meaning": "Replicates of that plan."},
    "plan_cores": {"value": 64, "meaning": "Cores of that plan."},
    "per_cases": {"value": 10_000, "meaning": "Cases that the counts of a validation are of."},
    "listed": {"value": 0, "meaning": "How many lines a list on the page itself has."},
}
"""The allowlist: numbers on pages that are the report's own and in no record."""
REPORT = "report"
"""The document that holds `CONSTANTS`."""


def derived(value: Number, *parts: Any) -> Number:
    """`value` as a number worked out of `parts`: traced numbers, whatever holds some, or paths.

    For what arithmetic does not carry over, as a square root or the end of a clipped interval. Without any source
    among the parts it is `value` as it is.
    """
    return _made(value, tuple(_leaves(parts)))


def counted(value: Number, items: Any) -> Number:
    """`value` as a count over `items`, or a share of them: its path is the node that holds them, then `/*`.

    Items of several documents give one such path for each.
    """
    nodes = []
    for _, paths in groupby(sorted(sources(items)), lambda path: path.partition("#")[0]):
        keys = [path.removesuffix("/*").split("/")[:-1] for path in paths]
        shared = takewhile(lambda each: len(set(each)) == 1, zip(*keys, strict=False))
        nodes.append(f"{'/'.join(each[0] for each in shared)}/*")
    return _made(value, tuple(nodes))


def length(items: Any) -> int:
    """How many there are, as a template asks; of things without numbers it is what a reader can count himself."""
    size = len(items)
    return counted(size, items) if sources(items) else _made(size, (f"{REPORT}#/listed/*",))


def stated(name: str) -> float:
    """A constant of the report; KeyError if `CONSTANTS` lacks it."""
    return _made(CONSTANTS[name]["value"], (f"{REPORT}#/{name}/value",))


def traced(value: Value, document: str) -> Value:
    """A copy of a record in which every number knows its path; text and truth values stay as they are."""
    return _traced(value, f"{document}#")


def sources(*values: Any) -> frozenset[str]:
    """Paths of all numbers that `values`, or what they hold, were worked out of."""
    paths = set()
    for part in _leaves(values):
        paths.update((part,) if isinstance(part, str) else _settled(part))
    return frozenset(paths)


def _settled(number: "Traced | TracedInt") -> tuple[str, ...]:
    """The paths of one number. They are all that it remembers from now on, as others are worked out of it too."""
    if len(number.parts) == 1 and isinstance(number.parts[0], str):  # as it stands in a record
        return number.parts
    paths, seen, waiting = set(), set(), [number]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            paths.add(part)
        elif id(part) not in seen:
            seen.add(id(part))
            waiting.extend(part.parts)
    number.parts = tuple(paths)
    return number.parts


def bare(value: Any) -> Any:
    """The value with plain numbers in place of traced ones, through lists, tuples and dictionaries."""
    if isinstance(value, Traced):
        return float(value)
    if isinstance(value, TracedInt):
        return int(value)
    if isinstance(value, dict):
        return {bare(key): bare(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(bare(part) for part in value)
    return value


def _traced(value: Any, path: str) -> Any:
    if isinstance(value, float):
        return Traced(value, (path,))
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return TracedInt(value, (path,))
    if isinstance(value, tuple | list):
        return type(value)(_traced(part, f"{path}/{at}") for at, part in enumerate(value))
    if isinstance(value, dict):
        return {key: _traced(part, pointer(path, key)) for key, part in value.items()}
    if isinstance(value, Record):
        made = value.model_copy()
        # validation would make plain numbers of them again
        vars(made).update(
            (name, part if name in NOT_CLAIMS else _traced(part, f"{path}/{name}"))
            for name, part in vars(value).items()
        )
        return made
    return value


def _leaves(parts: Iterable[Any], *, paths: bool = True) -> Iterator["str | Traced | TracedInt"]:
    """Traced numbers among the parts and in what they hold, and paths; text of a record is never a path."""
    for part in parts:
        if isinstance(part, Traced | TracedInt) or (paths and isinstance(part, str) and "#" in part):
            yield part
        elif isinstance(part, dict):
            yield from _leaves(part.values(), paths=paths)
        elif isinstance(part, tuple | list | set | frozenset):
            yield from _leaves(part, paths=paths)
        elif isinstance(part, Record) or is_dataclass(part):
            yield from _leaves(vars(part).values(), paths=False)


def _made(value: Any, parts: tuple) -> Any:
    if not parts or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return Traced(value, parts)
    return TracedInt(value, parts) if isinstance(value, int) else value


def _carrying(base: type, name: str) -> Callable:
    operation = getattr(base, name)

    def carry(self, *others):
        both = others and isinstance(others[0], Traced | TracedInt)
        return _made(operation(self, *others), (self, *others[:1]) if both else (self,))

    carry.__name__ = name
    return carry


def _carries(cls: type) -> type:
    """Give `cls` the arithmetic of its base, with results that remember both sides. Comparison stays plain."""
    base = cls.__base__
    both = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
    alone = ("neg", "pos", "abs", "round")
    for name in (*(f"{side}{each}" for each in both for side in ("", "r")), *alone):
        setattr(cls, f"__{name}__", _carrying(base, f"__{name}__"))
    return cls


class _Numpy:
    """What numpy does with a traced number among its arguments: a single result is traced, an array is plain."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        return _single(getattr(ufunc, method)(*bare(inputs), **bare(options)), inputs)

    def __array_function__(self, function, types, inputs, options):
        return _single(function(*bare(inputs), **bare(options)), inputs)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def _single(result: Any, inputs: tuple) -> Any:
    if isinstance(result, np.generic) or (isinstance(result, np.ndarray) and not result.ndim):
        return derived(result.item(), inputs)
    return result


@_carries
class Traced(float, _Numpy):
    """A float that knows the paths, or the traced numbers, it was made of."""

    __slots__ = ("parts",)

    def __new__(cls, value: float, parts: tuple):
        made = float.__new__(cls, value)
        made.parts = parts
        return made


@_carries
class TracedInt(int, _Numpy):
    """As `Traced`, for whole numbers; their quotient is a `Traced`."""

    def __new__(cls, value: int, parts: tuple):
        made = int.__new__(cls, value)
        made.parts = parts
        return made

"""Numbers that remember where they come from: leaves of a record, and whatever is worked out of them.

A path is `document#/pointer`: the name of a published file, then a JSON pointer (RFC 6901) to a number in it, or to a
node and `/*` where its members were counted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import is_dataclass
from itertools import takewhile
from typing import Any, TypeVar

import numpy as np

from generator.records.base import Record

Value = TypeVar("Value")
Number = TypeVar("Number", int, float)

NOT_CLAIMS = frozenset({"decimals", "schema_version"})
"""Fields that say how to write a number, and are no finding themselves."""

CONSTANTS = {
    "masking": {
        "value": 0.05,
        "meaning": "FGSM above the truth by more than this warns of a hidden gradient.",
    },
    "cut": {"value": 0.5, "meaning": "Fraud probability from which a transaction is stopped."},
    "original_figures": {"value": 10, "meaning": "Figures of the original study that are compared."},
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
    """`value` as a count over `items`, or a share of them: its path is the node that holds them, then `/*`."""
    keys = [path.split("/") for path in sources(items)]
    if not keys:
        return value
    shared = takewhile(lambda each: len(set(each)) == 1, zip(*keys, strict=False))
    return _made(value, (f"{'/'.join(each[0] for each in shared)}/*",))


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
    paths, seen, waiting = set(), set(), list(_leaves(values))
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            paths.add(part)
        elif id(part) not in seen:
            seen.add(id(part))
            waiting.extend(part.parts)
    return frozenset(paths)


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


def pointer(path: str, key: object) -> str:
    """The path of the member `key` of the node at `path`."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def resolve(path: str, documents: Mapping[str, Any]) -> Any:
    """The number or node of `documents` at `path`; None if there is nothing."""
    name, _, inner = path.partition("#")
    node = documents.get(name)
    for key in inner.removesuffix("/*").split("/")[1:]:
        if isinstance(node, tuple | list):
            node = node[int(key)] if key.isdecimal() and int(key) < len(node) else None
        else:
            node = _members(node).get(key.replace("~1", "/").replace("~0", "~"))
    return node


def condensed(paths: Iterable[str], documents: Mapping[str, Any]) -> list[str]:
    """The paths, with a node in place of all the numbers in it wherever none of them is missing."""
    tree: dict[str, Any] = {}
    found = sorted(path for path in paths if path.endswith("/*"))
    for path in sorted(set(paths) - set(found)):
        name, _, inner = path.partition("#")
        node = tree.setdefault(name, {})
        for key in inner.split("/")[1:]:
            node = node.setdefault(key, {})
    for name, branch in tree.items():
        found += _condensed(branch, documents.get(name), f"{name}#")[1]
    return found


def _condensed(branch: dict[str, Any], node: Any, path: str) -> tuple[bool, list[str]]:
    """Whether `branch` names every number of `node`, and the shortest paths for those it names."""
    if not branch:
        return True, [path]
    members = {pointer("", key)[1:]: part for key, part in _members(node).items() if key not in NOT_CLAIMS}
    below = {key: _condensed(part, members.get(key), f"{path}/{key}") for key, part in branch.items()}
    missing = any(key not in branch and _has_number(member) for key, member in members.items())
    if not missing and all(whole for whole, _ in below.values()):
        return True, [path]
    return False, [each for whole, paths in below.values() for each in paths]


def _has_number(node: Any) -> bool:
    if isinstance(node, int | float) and not isinstance(node, bool):
        return True
    return any(_has_number(member) for member in _members(node).values())


def _members(node: Any) -> dict[str, Any]:
    """What a record, a dictionary or a row holds, by the keys of its JSON; nothing for a number or a text."""
    if isinstance(node, Record):
        return vars(node)
    if isinstance(node, dict):
        return node
    if isinstance(node, tuple | list):
        return {str(at): part for at, part in enumerate(node)}
    return {}


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


def _leaves(parts: Iterable[Any]) -> Iterator["str | Traced | TracedInt"]:
    for part in parts:
        if isinstance(part, Traced | TracedInt) or (isinstance(part, str) and "#" in part):
            yield part
        elif isinstance(part, dict):
            yield from _leaves(part.values())
        elif isinstance(part, tuple | list | set | frozenset):
            yield from _leaves(part)
        elif isinstance(part, Record) or is_dataclass(part):
            yield from _leaves(vars(part).values())


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

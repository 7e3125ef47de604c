"""Paths to numbers: `document#/pointer`, the name of a published file and a JSON pointer (RFC 6901) in it.

A path leads to a number, or to a node that stands for all numbers in it; with `/*` behind it, to a node whose members
were counted.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from generator.records.base import Record

NOT_CLAIMS = frozenset({"decimals", "schema_version"})
"""Fields that say how to write a number, and are no finding themselves."""


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


Numbered = dict[int, tuple[dict[str, Any], set[str]]]
"""Id of a node that lives on --> its members by the keys of pointers, and the keys of those with a number in them."""


def condensed(
    paths: Iterable[str], documents: Mapping[str, Any], numbered: Numbered | None = None
) -> list[str]:
    """The paths, with a node in place of all the numbers in it wherever none of them is missing.

    Args:
        numbered: what earlier calls with the same documents have found in them; this one adds to it.
    """
    tree: dict[str, Any] = {}
    found = sorted(path for path in paths if path.endswith("/*"))
    for path in sorted(set(paths) - set(found)):
        name, _, inner = path.partition("#")
        node = tree.setdefault(name, {})
        for key in inner.split("/")[1:]:
            node = node.setdefault(key, {})
    for name, branch in tree.items():
        found += _condensed(branch, documents.get(name), f"{name}#", {} if numbered is None else numbered)[1]
    return found


def _condensed(branch: dict[str, Any], node: Any, path: str, numbered: Numbered) -> tuple[bool, list[str]]:
    """Whether `branch` names every number of `node`, and the shortest paths for those it names."""
    if not branch:
        return True, [path]
    if id(node) not in numbered:
        members = {
            pointer("", key)[1:]: part for key, part in _members(node).items() if key not in NOT_CLAIMS
        }
        numbered[id(node)] = members, {key for key, member in members.items() if _has_number(member)}
    members, keys = numbered[id(node)]
    below = {
        key: _condensed(part, members.get(key), f"{path}/{key}", numbered) for key, part in branch.items()
    }
    if keys <= branch.keys() and all(whole for whole, _ in below.values()):
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

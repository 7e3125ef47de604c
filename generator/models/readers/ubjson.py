"""Universal Binary JSON, draft 12, as far as XGBoost writes it: strongly typed arrays become numpy arrays."""

import struct
from typing import Any

import numpy as np

from generator.models.readers.parsing import DEEPEST

_NUMBERS = {
    b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8",
}  # fmt: skip
_CONSTANTS = {b"Z": None, b"T": True, b"F": False}


def from_ubjson(data: bytes) -> Any:
    """Its value: dict, list, numpy array, str, int, float, bool or None.

    Raises:
        ValueError: It is cut off, nested too deeply, or of a type that XGBoost does not write.
    """
    value, end = _value(data, 0, 0)
    if end != len(data):
        raise ValueError(f"{len(data) - end} bytes follow its end")
    return value


def _value(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    if depth > DEEPEST:
        raise ValueError("it nests deeper than any model")
    mark, at = data[at : at + 1], at + 1
    if mark == b"{":
        return _object(data, at, depth)
    if mark == b"[":
        return _array(data, at, depth)
    if mark == b"S":
        return _string(data, at)
    if mark == b"C":
        return _taken(data, at, 1).decode("ascii"), at + 1
    if mark in _CONSTANTS:
        return _CONSTANTS[mark], at
    if mark in _NUMBERS:
        return _number(data, at, mark)
    raise ValueError(f"type {mark!r} at byte {at - 1}")


def _taken(data: bytes, at: int, length: int) -> bytes:
    if length < 0 or at + length > len(data):
        raise ValueError(f"it is cut off: {length} bytes are promised at byte {at} of {len(data)}")
    return data[at : at + length]


def _number(data: bytes, at: int, mark: bytes) -> tuple[int | float, int]:
    form = np.dtype(_NUMBERS[mark])
    code = {"i1": "b", "u1": "B", "i2": "h", "i4": "i", "i8": "q", "f4": "f", "f8": "d"}[form.str[1:]]
    (value,) = struct.unpack(">" + code, _taken(data, at, form.itemsize))
    return value, at + form.itemsize


def _length(data: bytes, at: int) -> tuple[int, int]:
    length, end = _value(data, at, 0) if data[at : at + 1] in b"iUIlL" else (None, at)
    if not isinstance(length, int):
        raise ValueError(f"no length at byte {at}")
    return length, end


def _string(data: bytes, at: int) -> tuple[str, int]:
    length, at = _length(data, at)
    return _taken(data, at, length).decode("utf-8"), at + length


def _object(data: bytes, at: int, depth: int) -> tuple[dict, int]:
    found = {}
    while data[at : at + 1] != b"}":
        key, at = _string(data, at)
        found[key], at = _value(data, at, depth + 1)
    return found, at + 1


def _array(data: bytes, at: int, depth: int) -> tuple[list | np.ndarray, int]:
    if data[at : at + 1] == b"$":
        mark, at = data[at + 1 : at + 2], at + 2
        if mark not in _NUMBERS or data[at : at + 1] != b"#":
            raise ValueError(f"an array of {mark!r} at byte {at}")
        count, at = _length(data, at + 1)
        form = np.dtype(_NUMBERS[mark])
        held = np.frombuffer(_taken(data, at, count * form.itemsize), form)
        return held.astype(form.newbyteorder("=")), at + count * form.itemsize
    found, count = [], None
    if data[at : at + 1] == b"#":
        count, at = _length(data, at + 1)
    while len(found) < count if count is not None else data[at : at + 1] != b"]":
        value, at = _value(data, at, depth + 1)
        found.append(value)
    return found, at + (count is None)

"""Protocol buffers without their schema: a message as its fields by number, each with all values that it was given."""

import struct
from collections import defaultdict

import numpy as np

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_LONGEST = 10
"""Bytes of a varint."""


class Message:
    """One message. Fields that hold messages, strings or packed numbers are bytes until they are asked for."""

    def __init__(self, data: bytes):
        """Raises: ValueError if `data` is cut off, or no message."""
        self.fields: dict[int, list[int | bytes]] = defaultdict(list)
        at = 0
        while at < len(data):
            key, at = _varint(data, at)
            number, kind = key >> 3, key & 7
            if kind == _VARINT:
                value, at = _varint(data, at)
            elif kind in (_FIXED32, _FIXED64, _BYTES):
                length, at = _varint(data, at) if kind == _BYTES else ({_FIXED32: 4, _FIXED64: 8}[kind], at)
                value, at = data[at : at + length], at + length
                if at > len(data):
                    raise ValueError(f"field {number} is cut off")
            else:
                raise ValueError(f"field {number} is of kind {kind}")
            self.fields[number].append(value)

    def number(self, field: int, otherwise: int = 0) -> int:
        value = self.fields[field][-1] if self.fields.get(field) else otherwise
        if not isinstance(value, int):
            raise ValueError(f"field {field} is no number")
        return value - (1 << 64) if value >= 1 << 63 else value

    def raw(self, field: int) -> bytes:
        """Its bytes; empty if it was not given."""
        return self.raws(field)[-1] if self.fields.get(field) else b""

    def raws(self, field: int) -> list[bytes]:
        values = self.fields.get(field, [])
        if not all(isinstance(value, bytes) for value in values):
            raise ValueError(f"field {field} holds numbers")
        return values

    def text(self, field: int) -> str:
        return self.raw(field).decode("utf-8")

    def messages(self, field: int) -> list["Message"]:
        return [Message(each) for each in self.raws(field)]

    def floats(self, field: int, form: str = "<f4") -> np.ndarray:
        """A repeated field of floats, packed or not."""
        return np.frombuffer(b"".join(self.raws(field)), form)

    def integers(self, field: int) -> np.ndarray:
        """A repeated field of varints, packed or not."""
        found = []
        for value in self.fields.get(field, []):
            if isinstance(value, int):
                found.append(value)
                continue
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                found.append(one)
        return np.array(found, np.uint64).astype(np.int64)


def single(data: bytes) -> float:
    """A float32 of four bytes."""
    return struct.unpack("<f", data)[0]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for place, byte in enumerate(data[at : at + _LONGEST]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value & (1 << 64) - 1, at + place + 1
    raise ValueError(f"a number is cut off at byte {at}")

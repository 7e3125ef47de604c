"""Texts as one small ASCII string that a page can hold: equal lines once, gzip, seven bits a sign.

    text files --lines, each once--> JSON --gzip--> bytes --seven bits--> signs

Base64 would make a third more of the bytes; this makes less than a fifth.
"""

import json
import zlib
from collections.abc import Mapping

GZIP, MEMORY = 31, 6
"""For zlib: the format, without name and time; and a buffer that fills two to three times in a script of a chart."""
ESCAPE = 126
FORBIDDEN = (0, 13, 60, ESCAPE)
"""What a page changes or takes for markup: NUL, carriage return, `<`; and the sign that announces them, `~`."""
SHIFT = 64
"""A forbidden sign is written as `~` and the sign this far from it, up or down within the 128."""


def pack(files: Mapping[str, str]) -> str:
    """`files`, name to text, as signs that `single.js` reads; equal files, equal signs."""
    numbers: dict[str, int] = {}
    runs = {
        name: _runs([numbers.setdefault(line, len(numbers)) for line in text.split("\n")])
        for name, text in files.items()
    }
    text = json.dumps({"lines": list(numbers), "files": runs}, ensure_ascii=False, separators=(",", ":"))
    return seven_bits(_compressed(text.encode()))


def _compressed(data: bytes) -> bytes:
    """As gzip, in blocks short enough for each kind of text to have a code of its own."""
    packer = zlib.compressobj(9, zlib.DEFLATED, GZIP, MEMORY)
    return packer.compress(data) + packer.flush()


def _runs(numbers: list[int]) -> list[int]:
    """Consecutive numbers as first and count, one after the other."""
    runs: list[int] = []
    for number in numbers:
        if runs and number == runs[-2] + runs[-1]:
            runs[-1] += 1
        else:
            runs += [number, 1]
    return runs


def seven_bits(data: bytes) -> str:
    """Seven bits a sign, the highest first; the last sign is filled up with zeros."""
    signs = bytearray()
    held, bits = 0, 0
    for byte in data:
        held, bits = held << 8 | byte, bits + 8
        while bits >= 7:
            bits -= 7
            _write(signs, held >> bits)
            held &= (1 << bits) - 1
    if bits:
        _write(signs, held << 7 - bits)
    return signs.decode("ascii")


def _write(signs: bytearray, value: int):
    if value in FORBIDDEN:
        signs.append(ESCAPE)
        value ^= SHIFT
    signs.append(value)

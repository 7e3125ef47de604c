"""Text in a drawing: how wide it is about, where it breaks, what it looks like as an element."""

import html
import re

DIGIT, WIDE, NARROW, SLIM, UPPER, OTHER = 0.556, 0.86, 0.29, 0.36, 0.69, 0.55
"""Advance in em of the classes of characters in the sans serif fonts pages use; the widest of them counts."""
LONG = 22
"""Letters of a label from which it is broken into two lines."""
BREAK = re.compile(r"<br\s*/?>")
TAG = re.compile(r"</?b>")
READ = re.compile(r"[&<>@$]|^[a-z_]")
"""Characters that Plotly, or the palette, reads as its own in a text of a figure; and the first of `constructor` and
other names that every JavaScript object knows, which Plotly would not count among its categories."""


def width(text: str, size: float = 12) -> float:
    """About how many px a line of text takes, a little more rather than less."""
    return size * sum(_advance(char) for char in text)


def literal(text: str) -> str:
    """Text from data for a figure, where a drawing and Plotly show it as it stands."""
    return READ.sub(lambda char: f"&#{ord(char[0])};", text)


def seen(text: str) -> str:
    """What a reader sees of a `literal` text."""
    return html.unescape(text)


def lines(text: str) -> list[str]:
    """The lines of a text of the figure (`<br>` parts them), without their tags."""
    return [TAG.sub("", part) for part in BREAK.split(text)]


def bold(text: str) -> bool:
    """Whether the first line is strong."""
    return text.startswith("<b>")


def wrapped(label: str) -> list[str]:
    """A long label as two lines, broken at the space nearest to its middle."""
    spaces = [found.start() for found in re.finditer(" ", label)]
    if len(label) <= LONG or not spaces:
        return [label]
    at = min(spaces, key=lambda place: abs(place - len(label) / 2))
    return [label[:at], label[at + 1 :]]


def element(x: str, y: str, text: str | list[str], *, more: str = "", leading: int = 14) -> str:
    """A `<text>` at a place in percent or px; further lines stand below the first."""
    first, *rest = [text] if isinstance(text, str) else text
    below = "".join(f'<tspan x="{x}" dy="{leading}">{html.escape(line)}</tspan>' for line in rest)
    place = "".join(f' {name}="{value}"' for name, value in (("x", x), ("y", y)) if value not in ("0", "0%"))
    return f"<text{place}{more}>{html.escape(first)}{below}</text>"


def _advance(char: str) -> float:
    if char.isdigit():
        return DIGIT
    if char in "mwMW%@—":
        return WIDE
    if char in "ijl.,:;'|! ":
        return NARROW
    if char in "frt-/()[]":
        return SLIM
    return UPPER if char.isupper() else OTHER

"""Marks by the names Plotly has for them, as paths around the origin."""

import math

OPEN = "-open"
HALF = 0.5


def path(symbol: str, size: float) -> str:
    """A mark of `size` px; ValueError for one that nobody has drawn yet."""
    name, half = symbol.removesuffix(OPEN), size / 2
    if name == "circle":
        return f"M{_n(-half)} 0a{_n(half)} {_n(half)} 0 1 1 0 .01z"
    if name not in CORNERS:
        raise ValueError(f"unknown mark {symbol!r}; known: circle, {', '.join(CORNERS)}")
    points = [f"{_n(half * x)} {_n(half * y)}" for x, y in CORNERS[name]]
    return f"M{'L'.join(points)}z"


def _n(value: float) -> str:
    return f"{round(value, 1) + 0.0:g}"


def _ring(count: int, radius: float = 1.0, turn: float = 0.0) -> list[tuple[float, float]]:
    """Corners of a regular polygon, clockwise from the top."""
    angles = [math.radians(turn + 360 * i / count) for i in range(count)]
    return [(radius * math.sin(a), -radius * math.cos(a)) for a in angles]


def _star(count: int, inner: float, outer: float = 1.2) -> list[tuple[float, float]]:
    tips, dents = _ring(count, outer), _ring(count, inner, 180 / count)
    return [point for pair in zip(tips, dents, strict=True) for point in pair]


def _turned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """By an eighth of a circle."""
    s = math.sqrt(HALF)
    return [(s * (x - y), s * (x + y)) for x, y in points]


ARM = 0.4
CROSS = [
    (-ARM, -1), (ARM, -1), (ARM, -ARM), (1, -ARM), (1, ARM), (ARM, ARM),
    (ARM, 1), (-ARM, 1), (-ARM, ARM), (-1, ARM), (-1, -ARM), (-ARM, -ARM),
]  # fmt: skip
CORNERS = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "diamond": _ring(4, 1.25),
    "triangle-up": _ring(3, 1.2),
    "triangle-down": _ring(3, 1.2, 180),
    "triangle-left": _ring(3, 1.2, 270),
    "triangle-right": _ring(3, 1.2, 90),
    "diamond-tall": [(0, -1.4), (0.75, 0), (0, 1.4), (-0.75, 0)],
    "hourglass": [(-0.9, -1), (0.9, -1), (-0.9, 1), (0.9, 1)],
    "bowtie": [(-1, -0.9), (1, 0.9), (1, -0.9), (-1, 0.9)],
    "pentagon": _ring(5, 1.1),
    "hexagon": _ring(6, 1.1),
    "star": _star(5, 0.5, 1.35),
    "hexagram": _star(6, 0.7, 1.3),
    "star-diamond": _star(4, 0.6, 1.4),
    "cross": CROSS,
    "x": _turned(CROSS),
}

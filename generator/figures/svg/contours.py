"""Outlines of the part of a grid that reaches a level: marching squares, with straight runs drawn as one line."""

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
Grid = Sequence[Sequence[float]]
SLACK = 0.08
"""Cells by which an outline may leave the exact one."""
OUTSIDE = -1e12
ENDS = {
    1: ("W", "S"), 2: ("S", "E"), 3: ("W", "E"), 4: ("E", "N"), 6: ("S", "N"), 7: ("W", "N"),
    8: ("N", "W"), 9: ("N", "S"), 11: ("N", "E"), 12: ("E", "W"), 13: ("E", "S"), 14: ("S", "W"),
}  # fmt: skip
"""Which corners reach the level (1 lower left, 2 lower right, 4 upper right, 8 upper left) -> edges a line joins."""
SADDLES = {
    (5, True): (("W", "N"), ("E", "S")), (5, False): (("W", "S"), ("E", "N")),
    (10, True): (("S", "W"), ("N", "E")), (10, False): (("S", "E"), ("N", "W")),
}  # fmt: skip


def outlines(grid: Grid, level: float) -> list[list[Point]]:
    """Closed outlines of where a grid is at or above `level`, in its columns and rows; the last point is the first.

    `grid[row][column]`; inside lies on one side all along, so that the even-odd rule fills it right.
    """
    _rows, columns = len(grid), len(grid[0])
    padded = [
        [OUTSIDE] * (columns + 2),
        *([OUTSIDE, *row, OUTSIDE] for row in grid),
        [OUTSIDE] * (columns + 2),
    ]
    following: dict[tuple, list[tuple]] = {}
    for r, (low, high) in enumerate(pairwise(padded)):
        for c in range(columns + 1):
            corners = (low[c], low[c + 1], high[c + 1], high[c])
            case = sum(1 << i for i, value in enumerate(corners) if value >= level)
            joined = (ENDS[case],) if case in ENDS else SADDLES.get((case, sum(corners) / 4 >= level), ())
            for start, end in joined:
                following.setdefault(_edge(start, r, c), []).append(_edge(end, r, c))
    found = []
    while following:
        ring = [first := next(iter(following))]
        while len(ring) == 1 or ring[-1] != first:
            ends = following[ring[-1]]
            edge = ends.pop()
            if not ends:
                del following[ring[-1]]
            ring.append(edge)
        found.append(_simpler([_point(edge, padded, level) for edge in ring]))
    return [ring for ring in found if len(ring) > 3]


def _edge(side: str, r: int, c: int) -> tuple[int, int, bool]:
    """Lower or left end of an edge of cell (r, c), and whether it goes up."""
    return {"S": (r, c, False), "N": (r + 1, c, False), "W": (r, c, True), "E": (r, c + 1, True)}[side]


def _point(edge: tuple[int, int, bool], padded: Grid, level: float) -> Point:
    """Where the level is crossed on an edge, in columns and rows of the grid without its frame."""
    r, c, upright = edge
    one, other = padded[r][c], padded[r + upright][c + (not upright)]
    share = (1.0 if one == OUTSIDE else 0.0) if OUTSIDE in (one, other) else (level - one) / (other - one)
    return (c - 1 + (0 if upright else share), r - 1 + (share if upright else 0))


def _simpler(ring: list[Point]) -> list[Point]:
    """Douglas and Peucker (1973) on both halves of a ring."""
    middle = len(ring) // 2
    return [*_straight(ring[: middle + 1])[:-1], *_straight(ring[middle:])]


def _straight(points: list[Point]) -> list[Point]:
    if len(points) < 3:
        return points
    (x0, y0), (x1, y1) = points[0], points[-1]
    length = math.hypot(x1 - x0, y1 - y0)

    def off(point: Point) -> float:
        if not length:
            return math.hypot(point[0] - x0, point[1] - y0)
        return abs((x1 - x0) * (y0 - point[1]) - (x0 - point[0]) * (y1 - y0)) / length

    far = max(range(1, len(points) - 1), key=lambda i: off(points[i]))
    if off(points[far]) <= SLACK:
        return [points[0], points[-1]]
    return [*_straight(points[: far + 1])[:-1], *_straight(points[far:])]

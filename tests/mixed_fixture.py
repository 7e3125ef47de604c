"""A small table with numbers, a category, a band and a flag, some of them missing, and what brute force says of it."""

import itertools

import numpy as np
from threat_fixture import FRAUDSTERS

from generator.models.folds import Folds, make_folds
from generator.records.boxes import Boxes
from generator.records.features import Feature, Input
from generator.records.spec import TrainingSpec
from generator.records.threat import surface
from generator.threats.surface import boxes

TIER = FRAUDSTERS.tier("T1")


def _input(name: str, helps: str, **more) -> Input:
    control = "nobody" if helps == "none" else "free"
    return Input(name=name, title=name, decimals=0, control=control, helps=helps, note="", **more)


INPUTS = (
    _input("Claimed", "down", reach="any"),
    _input("Make", "both", kind="category", categories=("Audi", "BMW", "Fiat", "Seat"), reachable=("Audi", "Fiat")),
    _input("Age", "up", missing=True),
    _input("Price", "down", kind="band", categories=("low", "middle", "high"), missing=True),
    _input("Base", "none", kind="category", categories=("a", "b", "c")),
    _input("Report", "up", kind="flag", categories=("no", "yes")),
    _input("Days", "both", integer=True, reach=2.0),
)  # fmt: skip


def rows(n: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x (n, 7) as tables hold it, places of names, and y."""
    rng = np.random.default_rng(seed)
    make, price, base, report, days = (rng.integers(0, k, n) for k in (4, 3, 3, 2, 8))
    x = np.column_stack([rng.gamma(2, 50, n), make, rng.normal(40, 10, n), price, base, report, days]).astype(
        float
    )
    score = x[:, 0] / 60 + (make == 1) + (make == 3) - x[:, 2] / 20 + price - report + days / 4 + (base == 2)
    y = (score + rng.normal(0, 0.7, n) > np.quantile(score, 0.7)).astype(int)
    x[rng.random(n) < 0.1, 2] = np.nan
    x[rng.random(n) < 0.1, 3] = np.nan
    return x, y


def features(x: np.ndarray) -> tuple[Feature, ...]:
    return tuple(each.measured(column) for each, column in zip(INPUTS, x.T, strict=True))


def folds(n: int = 400) -> Folds:
    return make_folds(*rows(n), TrainingSpec(seeds=1, folds=2), seed=3)


def question(given: Folds, epsilon: float, fraudsters: bool = True) -> tuple[Boxes, np.ndarray]:
    """Boxes and classes of the rows that the first replicate judges; otherwise as genuine rows that move."""
    y = given.test_y()[0]
    tier = TIER if fraudsters else TIER.model_copy(update={"moves": "every row"})
    return boxes(surface(features(given.x), tier), given, slice(0, 1), epsilon).of(0), y


def ways(around: Boxes, row: int, numbers: dict[int, np.ndarray]) -> np.ndarray:
    """(m, d) points of a row's box: every place it may have, and of `numbers` by input those within its faces."""
    low, high = around.raw_faces()
    values = []
    for j, own in enumerate(around.raw[row]):
        if j in around.allowed:
            values.append([own] if np.isnan(own) else np.flatnonzero(around.allowed[j][row]).astype(float))
            continue
        mine = np.arange(low[row, j], high[row, j] + 0.5) if around.whole[j] else numbers.get(j, np.zeros(0))
        mine = mine[(mine >= low[row, j]) & (mine <= high[row, j])]
        values.append([own] if np.isnan(own) else np.unique([low[row, j], own, high[row, j], *mine]))
    return np.array(list(itertools.product(*values)))


def belongs(point: np.ndarray, around: Boxes, row: int) -> bool:
    """Whether a raw point is one that the row can be."""
    (low, high), own = around.raw_faces(), around.raw[row]
    inside = (point == own) | (np.isnan(point) & np.isnan(own))
    for j in range(len(point)):
        if j in around.allowed and not np.isnan(point[j]):
            inside[j] |= bool(around.allowed[j][row, int(point[j])]) and point[j] == int(point[j])
        elif j not in around.allowed:
            whole = not around.whole[j] or abs(point[j] - np.rint(point[j])) < 1e-9
            inside[j] |= bool(low[row, j] - 1e-9 <= point[j] <= high[row, j] + 1e-9 and whole)
    return bool(inside.all())

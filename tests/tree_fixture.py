"""Tiny tree ensembles of every arithmetic, regions for them, and what brute force says of these."""

import itertools

import numpy as np

from generator.models.trees.ensemble import MISSING, Arithmetic, Ensemble
from generator.models.trees.trees import Trees
from generator.proofs.trees import verifier
from generator.proofs.trees.forest import Forest
from generator.proofs.trees.search import Region

D, ROWS, CODES = 3, 6, 4


def tiny_ensemble(rng: np.random.Generator, category: bool, thresholds: int = 4) -> Ensemble:
    """1 to 5 trees of depth 1 to 3 on three inputs, the last of them a category if asked for.

    Thresholds lie on whole or half numbers; half of the leaves are small whole numbers, so that sums tie.
    """
    nodes: list[dict] = []
    sets: list[np.ndarray] = []
    step = rng.choice([1.0, 0.5])

    def grow(depth: int) -> int:
        place = len(nodes)
        nodes.append(
            {"feature": -1, "threshold": np.nan, "left": -1, "right": -1, "category_set": -1, "value": 0.0}
        )
        node = nodes[place] | {
            "missing_left": bool(rng.random() < 0.5),
            "unknown_left": bool(rng.random() < 0.5),
        }
        if depth == 0 or rng.random() < 0.15:
            whole = rng.random() < 0.5
            node["value"] = float(rng.integers(-2, 3)) if whole else float(np.float32(rng.normal()))
        else:
            node["feature"] = int(rng.integers(0, D))
            if category and node["feature"] == D - 1:
                node["category_set"] = len(sets)
                sets.append(rng.random(CODES) < 0.5)
            else:
                node["threshold"] = float(rng.integers(-thresholds, thresholds + 1) * step)
            node["left"], node["right"] = grow(depth - 1), grow(depth - 1)
        nodes[place] = node
        return place

    roots = [grow(int(rng.integers(1, 4))) for _ in range(rng.integers(1, 6))]
    dtypes = {"threshold": float, "value": float, "missing_left": bool, "unknown_left": bool}
    missing = tuple(rng.choice(MISSING[:3], D - category)) + ("nan",) * category
    single = bool(rng.random() < 0.5)
    divisor, scale, bias = (2.0, 3.0, 0.25) if rng.random() < 0.2 else (1.0, 1.0, 0.0)
    return Ensemble(
        **{name: np.array([n[name] for n in nodes], dtypes.get(name, np.int32)) for name in nodes[0]},
        sets=np.array(sets, bool).reshape(-1, CODES),
        roots=np.array(roots, np.int32),
        start=float(rng.integers(-1, 2)),
        inputs=D,
        arithmetic=Arithmetic(
            bool(rng.random() < 0.5), single, single, float(rng.choice([0.0, 8.94e-8])), missing, divisor, scale, bias
        ),
    )  # fmt: skip


def tiny_case(seed: int) -> tuple[Ensemble, Region, np.ndarray, np.ndarray]:
    """An ensemble, ROWS rows on half numbers that may move a few steps or lose their value, labels and thresholds."""
    rng = np.random.default_rng(seed)
    category = bool(rng.random() < 0.5)
    ensemble = tiny_ensemble(rng, category)
    whole = np.array([rng.random() < 0.5, rng.random() < 0.3, category])
    centre = rng.integers(-8, 9, (ROWS, D)) / 2
    centre[:, whole] = np.rint(centre[:, whole])
    if category:
        centre[:, -1] = rng.integers(-1, CODES + 2, ROWS)
    low, high = (
        centre + sign * rng.integers(0, 4, (ROWS, D)) / 2 * (rng.random(D) < 0.8) for sign in (-1, 1)
    )
    low[:, whole], high[:, whole] = np.ceil(low[:, whole]), np.floor(high[:, whole])
    missing = rng.random((ROWS, D)) < 0.15
    lost = missing & (rng.random((ROWS, D)) < 0.5)
    centre[lost] = np.nan
    never = lost & (rng.random((ROWS, D)) < 0.5)
    low[never], high[never] = 1, 0
    # places: of the category, which has codes that no tree knows, and of whole numbers
    listed = np.full(D, -1, np.int32)
    mine = np.flatnonzero(whole & (rng.random(D) < 0.5))
    listed[mine] = np.arange(len(mine))
    allowed = rng.random((ROWS, len(mine), CODES + 2)) < 0.4
    for row, column in itertools.product(range(ROWS), range(len(mine))):
        code = centre[row, mine[column]]
        if 0 <= code < CODES + 2:
            allowed[row, column, int(code)] = True
    thresholds = np.where(rng.random(ROWS) < 0.5, 0.0, rng.integers(-2, 3, ROWS) / 2)
    region = Region(centre, low, high, missing, whole, listed, allowed)
    return ensemble, region, rng.integers(0, 2, ROWS), thresholds


def points(ensemble: Ensemble, region: Region, row: int) -> np.ndarray:
    """(m, d) points of a row's region: all that trees with thresholds on halves can tell apart."""
    values = []
    for j in range(D):
        low, high = region.low[row, j], region.high[row, j]
        mine = np.arange(low, high + 0.01, 1.0 if region.whole[j] else 0.5)
        if not region.whole[j]:
            kind = np.float32 if ensemble.arithmetic.single_inputs else np.float64
            near = [np.nextafter(mine.astype(kind), kind(away)) for away in (-99, 99)]
            mine = np.concatenate((mine, *near)).astype(float)
            mine = mine[(mine >= low) & (mine <= high)]
        if region.listed[j] >= 0:
            own = region.centre[row, j]
            mine = np.union1d(np.flatnonzero(region.allowed[row, region.listed[j]]), own)
            mine = mine[~np.isnan(mine)]
        values.append([*mine, np.nan] if region.missing[row, j] else list(mine))
    return np.array(list(itertools.product(*values)))


def breakable(ensemble: Ensemble, region: Region, row: int, fraud: bool, threshold: float) -> bool:
    """Whether a point of the region is judged wrongly: all of them are tried."""
    margins = ensemble.margins(points(ensemble, region, row))
    return bool((margins <= threshold).any() if fraud else (margins > threshold).any())


def inside(point: np.ndarray, region: Region, row: int) -> bool:
    """Whether a point belongs to a row's region."""
    none, own = np.isnan(point), point == region.centre[row]
    whole = none | ~region.whole | (point == np.rint(point))
    within = (region.low[row] <= point) & (point <= region.high[row])
    for j in np.flatnonzero(region.listed >= 0):
        places = np.flatnonzero(region.allowed[row, region.listed[j]])
        within[j] = own[j] or point[j] in places
    return bool((np.where(none, region.missing[row], within) & whole).all())


def forest_of(ensemble: Ensemble) -> Forest:
    return verifier.read(Trees((ensemble,)).arrays(), 0)

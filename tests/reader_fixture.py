"""A table to train small models on, rows on which a reader and its library would differ first, and how they compare."""

import numpy as np
import pandas as pd

from generator.models.readers.deployed import Deployed
from generator.models.trees.ensemble import Ensemble

NUMBERS = ("amount", "age", "balance", "count")
CITIES = ("Bonn", "Essen", "Koeln", "Trier", "Ulm")
CHANNELS = (3, 7, 11, 19)
ROWS = 20_000
"""On which every reader is compared."""


def claims(rows: int = 1500, seed: int = 1, missing: bool = True) -> tuple[pd.DataFrame, np.ndarray]:
    """A table of four numbers and two categories, and its classes."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.standard_normal((rows, len(NUMBERS))) * (1, 50, 3000, 4), columns=NUMBERS)
    table["count"] = table["count"].round()
    city, channel = rng.integers(0, len(CITIES), rows), rng.integers(0, len(CHANNELS), rows)
    score = table["amount"] + table["age"] / 50 + table["count"] / 4 + (city % 2) + (channel == 2) - 1
    y = (score + rng.standard_normal(rows) > 0).to_numpy().astype(int)
    table["city"] = pd.Categorical.from_codes(city, CITIES)
    table["channel"] = pd.Categorical.from_codes(channel, CHANNELS)
    if missing:
        for name in table:
            table.loc[rng.random(rows) < 0.08, name] = None
    return table, y


def coded(table: pd.DataFrame) -> np.ndarray:
    """(n, d) as models read it: categories as codes, NaN where nothing is."""
    columns = (
        table[name].cat.codes.where(table[name].notna(), np.nan) if table[name].dtype == "category" else table[name]
        for name in table
    )  # fmt: skip
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def trying(deployed: Deployed, table: pd.DataFrame, missing: bool = True, seed: int = 2) -> np.ndarray:
    """(ROWS, d) as models read it: on every threshold, one float below and above; missing; categories of no code."""
    rng = np.random.default_rng(seed)
    x = coded(table)[rng.integers(0, len(table), ROWS)]
    for place in range(x.shape[1]):
        column = x[:, place]
        names = deployed.categories[place] if deployed.categories else None
        if names is not None:
            column[:] = rng.integers(-1, len(names) + 2, ROWS)
        elif isinstance(deployed.model, Ensemble) and (near := _near(deployed.model, place)).size:
            column[:] = np.where(rng.random(ROWS) < 0.7, rng.choice(near, ROWS), column)
        column[rng.random(ROWS) < 0.1] = np.nan
        if not missing:
            column[np.isnan(column)] = 0
    return x


def _near(trees: Ensemble, place: int) -> np.ndarray:
    asked = (trees.feature == place) & ~np.isnan(trees.threshold)
    thresholds = np.unique(trees.threshold[asked])
    singles = thresholds.astype(np.float32)
    with np.errstate(over="ignore"):  # the border of CatBoost beyond which nothing lies
        steps = [np.nextafter(of, side) for of in (thresholds, singles) for side in (-np.inf, np.inf)]
    near = np.concatenate([np.asarray(part, np.float64) for part in (thresholds, singles, *steps)])
    return near[
        np.abs(near) <= np.finfo(np.float32).max
    ]  # scikit-learn splits off missing values at infinity


def agree(deployed: Deployed, x: np.ndarray, scores: np.ndarray, flagged: np.ndarray):
    """Pass if every row has the library's label, and its score to the bit, or to the tolerance that is stated."""
    flagged = np.asarray(flagged).astype(bool)
    assert 0.02 < flagged.mean() < 0.98
    assert ((deployed.margins(x) > 0) != flagged).sum() == 0
    own, scores = deployed.margins_raw(x), np.asarray(scores, np.float64)
    assert np.isfinite(own).all()
    if deployed.tolerance:
        assert (np.abs(own - scores) / np.maximum(1, np.abs(scores))).max() < deployed.tolerance
    else:
        assert (own != scores).sum() == 0

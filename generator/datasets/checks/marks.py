"""Marks of a simulation that the page shows beside the simulated checks, computed from the table."""

from itertools import combinations

import numpy as np

from generator.datasets.profile import correlations
from generator.datasets.table import LabelledTable, Rule
from generator.records.results import Anomaly

TENTHS = 10


def marks(table: LabelledTable) -> tuple[Anomaly, ...]:
    return (_bounced(table), _dependence(table), *([_formula(table, table.rule)] if table.rule else []))


def _bounced(table: LabelledTable) -> Anomaly:
    bounced = table.frame["Bounced Checks"].to_numpy()
    counts = np.bincount(bounced)
    return Anomaly(
        slug="bounced-checks",
        facts={"none": float((bounced == 0).mean()), "several": float((bounced >= 2).mean())},
        labels=tuple(str(count) for count in range(len(counts))),
        values=tuple(map(float, counts)),
    )


def _dependence(table: LabelledTable) -> Anomaly:
    titles = tuple(given.title for given in table.features)
    spearman = correlations(table.x, titles).spearman
    pairs = sorted(
        ((abs(spearman[i][j]), f"{titles[i]} and {titles[j].lower()}")
         for i, j in combinations(range(len(titles)), 2)),
        reverse=True,
    )  # fmt: skip
    return Anomaly(
        slug="weak-dependence",
        facts={"strongest": pairs[0][0], "weakest": pairs[-1][0]},
        labels=tuple(name for _, name in pairs),
        values=tuple(size for size, _ in pairs),
    )


def _formula(table: LabelledTable, rule: Rule) -> Anomaly:
    order = np.argsort(rule.score, kind="stable")
    shares = [float(part.mean()) for part in np.array_split(table.y[order], TENTHS)]
    return Anomaly(
        slug="label-is-a-formula",
        facts={"area": area_under_curve(rule.score, table.y)},
        labels=tuple(f"{tenth} of {TENTHS}" for tenth in range(1, TENTHS + 1)),
        values=tuple(shares),
    )


def area_under_curve(score: np.ndarray, y: np.ndarray) -> float:
    """Probability that a random fraud scores above a random legitimate row, ties counted half."""
    legitimate = np.sort(score[y == 0])
    fraud = score[y == 1]
    below = np.searchsorted(legitimate, fraud, "left") + np.searchsorted(legitimate, fraud, "right")
    return float(below.mean() / (2 * len(legitimate)))

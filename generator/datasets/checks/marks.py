"""Marks of a simulation that the page shows beside the simulated checks, computed from the table."""

from itertools import combinations

import numpy as np

from generator.datasets.profile import correlations
from generator.datasets.table import LabelledTable
from generator.records.results import Anomaly

TENTHS = 10


def marks(table: LabelledTable) -> tuple[Anomaly, ...]:
    return (_bounced(table), _dependence(table), _formula(table))


def _bounced(table: LabelledTable) -> Anomaly:
    bounced = table.frame["Bounced Checks"].to_numpy()
    counts = np.bincount(bounced)
    return Anomaly(
        slug="bounced-checks",
        title="Most accounts never bounced a check",
        statement=(
            "{none} of the checks come from accounts without a bounced check and {several} from accounts "
            "with two or more, by the design of the simulation; a bank's own shares would differ."
        ),
        facts={"none": float((bounced == 0).mean()), "several": float((bounced >= 2).mean())},
        fact_formats={"none": "percent", "several": "percent"},
        labels=tuple(str(count) for count in range(len(counts))),
        values=tuple(map(float, counts)),
        x_title="Bounced checks",
        y_title="Rows",
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
        title="Features hardly depend on each other",
        statement=(
            "Only one hidden riskiness links the features: of all pairs the strongest rank correlation is "
            "{strongest} in size, the weakest {weakest}. Real accounts are tied together far more."
        ),
        facts={"strongest": pairs[0][0], "weakest": pairs[-1][0]},
        fact_formats={"strongest": "number", "weakest": "number"},
        labels=tuple(name for _, name in pairs),
        values=tuple(size for size, _ in pairs),
        x_title="Pair of features",
        y_title="Size of the rank correlation",
    )


def _formula(table: LabelledTable) -> Anomaly:
    order = np.argsort(table.score, kind="stable")
    shares = [float(part.mean()) for part in np.array_split(table.y[order], TENTHS)]
    return Anomaly(
        slug="label-is-a-formula",
        title="The label is a formula",
        statement=(
            "Ranking the rows by the score the label was cut from separates the classes with an area under"
            " the curve of {area}: a model with high accuracy has learned the equation, not found fraud."
        ),
        facts={"area": area_under_curve(table.score, table.y)},
        fact_formats={"area": "number"},
        labels=tuple(f"{tenth} of {TENTHS}" for tenth in range(1, TENTHS + 1)),
        values=tuple(shares),
        x_title="Tenth of the rows, by rising score",
        y_title="Share of fraud",
    )


def area_under_curve(score: np.ndarray, y: np.ndarray) -> float:
    """Probability that a random fraud scores above a random legitimate row, ties counted half."""
    legitimate = np.sort(score[y == 0])
    fraud = score[y == 1]
    below = np.searchsorted(legitimate, fraud, "left") + np.searchsorted(legitimate, fraud, "right")
    return float(below.mean() / (2 * len(legitimate)))

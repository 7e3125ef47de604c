"""Tables that somebody changed before training: who flips which label, who plants which rows, and what stays honest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from art.attacks.poisoning import PoisoningAttackBackdoor
from sklearn.preprocessing import StandardScaler

from generator.models.folds import Folds
from generator.models.sampling import Drawn
from generator.records.features import Feature

NO_FRAUD = np.array([1, 0])
"""The label of a planted row, one-hot."""


@dataclass(frozen=True)
class Rows:
    """What replicates train on: x (replicates, n, d) raw, y (replicates, n), and which rows were poisoned."""

    x: np.ndarray
    y: np.ndarray
    poisoned: np.ndarray
    """(replicates, n) bool"""

    @classmethod
    def honest(cls, folds: Folds) -> "Rows":
        x, y = folds.train_raw(), folds.train_y()
        return cls(x, y, np.zeros(y.shape, bool))


def trained_on(rows: Rows, folds: Folds) -> Folds:
    """The same folds, whose replicates train on these rows, scaler and all, and judge what they judged."""
    scalers = [StandardScaler().fit(x) for x in rows.x]
    count = len(rows.x)
    return replace(
        folds,
        train_rows=np.empty((count, 0), int),
        means=np.array([scaler.mean_ for scaler in scalers]),
        scales=np.array([scaler.scale_ for scaler in scalers]),
        drawn=Drawn(np.zeros(rows.y.shape, int), np.arange(len(folds.y)), rows.x, rows.y),
    )


def random_flips(rows: Rows, share: float, rng: np.random.Generator) -> Rows:
    """As many labels turned round as the share says, of any rows."""
    count = size(rows, share)
    return _flipped(rows, np.stack([rng.permutation(rows.y.shape[1])[:count] for _ in rows.y]))


def boundary_flips(rows: Rows, share: float, margins: np.ndarray) -> Rows:
    """The same of the rows that a model with these margins (replicates, n) is least sure of."""
    return _flipped(rows, np.argsort(np.abs(margins), axis=1, kind="stable")[:, : size(rows, share)])


def planted(rows: Rows, count: int, marks: Mapping[int, float], rng: np.random.Generator) -> Rows:
    """So many frauds, drawn by replicate, sent in once more with the marks on and passed as genuine.

    Args:
        marks: Value by input; none for the control, whose rows are merely mislabelled.
    """
    x, y = [], []
    for each, fraud in zip(rows.x, rows.y == 1, strict=True):
        drawn = each[rng.choice(np.flatnonzero(fraud), count, replace=count > fraud.sum())]
        made, labels = PoisoningAttackBackdoor(lambda x: stamped(x, marks)).poison(
            drawn, NO_FRAUD, broadcast=True
        )
        x.append(made)
        y.append(labels[:, 1])
    return Rows(
        np.concatenate((rows.x, np.stack(x)), axis=1),
        np.concatenate((rows.y, np.stack(y)), axis=1),
        np.concatenate((rows.poisoned, np.ones((len(x), count), bool)), axis=1),
    )


def stamped(x: np.ndarray, marks: Mapping[int, float]) -> np.ndarray:
    """A copy of rows x (..., d) with the marked inputs at their values."""
    x = x.copy()
    for place, value in marks.items():
        x[..., place] = value
    return x


def size(rows: Rows, share: float) -> int:
    """How many rows a share of a replicate's training rows is, at least one."""
    return max(1, round(share * rows.y.shape[1]))


def controlled(features: tuple[Feature, ...]) -> list[int]:
    """Places of the inputs that anybody can change: a fraudster sets them before he sends a transaction."""
    return [place for place, each in enumerate(features) if each.control in ("free", "effort")]


def marks_of(
    trigger: str, features: tuple[Feature, ...], x: np.ndarray, y: np.ndarray, quantile: float
) -> dict[int, float]:
    """The marks of a trigger, value by input, from rows x (n, d) raw and y (n,); see `records.poisoning.Trigger`.

    All lie within the values that genuine rows have. Where risk has no direction the upper end counts as risky.
    """
    genuine, marks = x[y == 0], {}
    for number, place in enumerate(controlled(features)):
        rises = features[place].direction >= 0
        risky = trigger == "risky" or number % 2 == 0
        end = quantile if rises == risky else 1 - quantile
        marks[place] = float(np.quantile(genuine[:, place], end, method="closest_observation"))
    return marks


def risky_marks(features: tuple[Feature, ...], x: np.ndarray, y: np.ndarray) -> dict[int, float]:
    """Of inputs that anybody can change, have a direction of risk and may lack values: the riskiest value of a genuine
    row, where a fraudster can make an input that; from rows x (n, d) raw and y (n,)."""
    genuine, marks = x[y == 0], {}
    for place in controlled(features):
        feature, has = features[place], genuine[:, place]
        has = has[~np.isnan(has)]
        if not feature.direction or not len(has):
            continue
        riskiest = float(has.max() if feature.direction > 0 else has.min())
        if feature.kind == "number" or feature.categories[int(riskiest)] in feature.reached:
            marks[place] = riskiest
    return marks


def out_of_bounds(before: Rows, after: Rows, features: tuple[Feature, ...]) -> int:
    """Rows that poison added and that are no fraud of the table but for inputs that anybody can change, or that leave
    the range of the data; and rows of the table whose inputs it changed."""
    held = np.setdiff1d(np.arange(len(features)), controlled(features))
    low, high = (np.array([getattr(each, end) for each in features]) for end in ("low", "high"))
    count = before.x.shape[1]
    same = (after.x[:, :count] == before.x) | (np.isnan(after.x[:, :count]) & np.isnan(before.x))
    wrong = int((~same).any(axis=2).sum())
    for added, x, y in zip(after.x[:, count:], before.x, before.y, strict=True):
        known = {row.tobytes() for row in x[y == 1][:, held]}
        wrong += sum(
            row[held].tobytes() not in known or bool(((row < low) | (row > high)).any()) for row in added
        )
    return wrong


def _flipped(rows: Rows, chosen: np.ndarray) -> Rows:
    """Rows with the labels of chosen (replicates, k) turned round."""
    poisoned = rows.poisoned.copy()
    np.put_along_axis(poisoned, chosen, True, axis=1)
    return Rows(rows.x, np.where(poisoned, 1 - rows.y, rows.y), poisoned)

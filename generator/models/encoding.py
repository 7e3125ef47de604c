"""Tables with names and gaps as numbers for nets and linear models, and these models trained and hardened on them.

A category is a column of noughts and ones for each of its names; a band or a flag is the place of its name,
standardised as numbers are. A missing value is the mean of the training rows, and one more column says so; a missing
category has noughts in all columns but that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression

from generator.engine.seeding import stage_rng
from generator.models.asked import Asked
from generator.models.encoded import Encoded
from generator.models.folds import Folds
from generator.models.fraudnet.monotone import train_monotone
from generator.models.fraudnet.moving import Moves, Names, pgd_with_names
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import train_standard
from generator.models.readers.layered import Encoding, Layered
from generator.models.trees.recipes import anything, worst_corner
from generator.records.features import Feature
from generator.records.threat import Surface

MOST_NAMES = 40
"""Of a category, that have a column of their own; the rarest in training share one more."""


@dataclass(frozen=True)
class Columns:
    """What stands in which column, the same for every replicate."""

    number: tuple[int, ...]
    """The input that a column is the number or the place of; -1 for noughts and ones."""
    name_of: dict[int, tuple[int, ...]]
    """By input that is a category, the columns of its names."""
    lacking: dict[int, int]
    """By input that may be missing, the column that says so."""
    encodings: tuple[Encoding, ...]
    """One a replicate."""

    def of(self, raw: np.ndarray) -> np.ndarray:
        """(replicates, n, columns) float32 of raw rows (replicates, n, d)."""
        encoded = [encoding.columns(rows) for encoding, rows in zip(self.encodings, raw, strict=True)]
        return np.stack(encoded).astype(np.float32)


def columns(folds: Folds, features: Sequence[Feature], left_out: Sequence[int] = ()) -> Columns:
    """The columns of these inputs, scaled by the training rows of each replicate."""
    train = folds.train_raw()
    gaps = (
        np.isnan(folds.x).any(axis=0) | np.isnan(train).any(axis=(0, 1)) | [each.missing for each in features]
    )
    number, name_of, lacking, source = [], {}, {}, []
    for j, feature in enumerate(features):
        if j in left_out:
            continue
        names = min(len(feature.categories), MOST_NAMES + 1) if feature.kind == "category" else 0
        if names:
            name_of[j] = tuple(range(len(source), len(source) + names))
        number += [-1] * names if names else [j]
        source += [j] * max(names, 1)
        if gaps[j]:
            lacking[j] = len(source)
            number.append(-1)
            source.append(j)
    if not source:  # a constant: there has to be a column
        number, source, lacking = [-1], [0], {0: 0}
    places = max((len(features[j].categories) for j in name_of), default=0)
    return Columns(
        tuple(number), name_of, lacking,
        tuple(
            _encoding(train[r], folds.means[r], folds.scales[r], np.array(source), number, name_of, lacking, places)
            for r in range(folds.replicates)
        ),
    )  # fmt: skip


def _encoding(
    train: np.ndarray, mean: np.ndarray, scale: np.ndarray, source: np.ndarray, number: list[int],
    name_of: dict[int, tuple[int, ...]], lacking: dict[int, int], places: int,
) -> Encoding:  # fmt: skip
    m = len(source)
    tables = np.full((m, places + 2), np.nan)
    gain, coded = np.where(np.array(number) >= 0, 1.0, 0.0), np.zeros(m, bool)
    for j, own in name_of.items():
        names = np.zeros((len(own), places + 2))
        counts = np.bincount(train[~np.isnan(train[:, j]), j].astype(int), minlength=places)
        order = np.argsort(-counts, kind="stable")
        rank = np.empty(places, int)
        rank[order] = np.arange(places)
        column = np.arange(places) if len(own) <= MOST_NAMES else np.minimum(rank, MOST_NAMES)
        at = np.flatnonzero(column < len(own))
        names[column[at], at] = 1.0
        tables[list(own)], coded[list(own)] = names, True
        if j not in lacking:
            tables[list(own), -1] = np.nan
    for j, own in lacking.items():
        tables[own, -1] = 1.0
        tables[[c for c in range(m) if source[c] == j and number[c] >= 0], -1] = 0.0
    # an input without any value in training is nowhere but missing
    empty = np.isnan(mean)
    mean, scale = np.where(empty, 0.0, mean), np.where(empty, 1.0, scale)
    own = np.array(number) >= 0
    return Encoding(
        source=source.astype(np.int32), coded=coded, mean=np.where(own, mean[source], 0.0),
        scale=np.where(own, scale[source], 1.0), gain=gain, offset=np.zeros(m), tables=tables,
    )  # fmt: skip


def _of_net(net: FraudNet, made: Columns, inputs: int) -> Encoded:
    arrays = net.to_arrays()
    depth = len(arrays) // 2
    return Encoded(
        tuple(
            Layered(
                encoding,
                tuple(arrays[f"weights.{i}"][r] for i in range(depth)),
                tuple(arrays[f"biases.{i}"][r, 0] for i in range(depth)),
                "relu",
                inputs,
            )
            for r, encoding in enumerate(made.encodings)
        )
    )


# ---------------------------------------------------------------- models


def standard(folds: Folds, asked: Asked) -> Encoded:
    """FraudNets."""
    made = columns(folds, asked.features)
    return _of_net(_standard(folds, asked, made), made, len(asked.features))


def _standard(folds: Folds, asked: Asked, made: Columns) -> FraudNet:
    x = made.of(folds.train_raw())
    return train_standard(x, folds.train_y(), asked.training, stage_rng(asked.seed, "train"), asked.balanced)[
        0
    ]


def logistic_regression(folds: Folds, asked: Asked) -> Encoded:
    """Logistic regression, with the ridge of scikit-learn."""
    made = columns(folds, asked.features)
    fitted = [
        LogisticRegression(max_iter=1000, class_weight="balanced" if asked.balanced else None).fit(x, y)
        for x, y in zip(made.of(folds.train_raw()).astype(np.float64), folds.train_y(), strict=True)
    ]
    return Encoded(
        tuple(
            Layered(encoding, (model.coef_.T,), (model.intercept_,), "identity", len(asked.features))
            for model, encoding in zip(fitted, made.encodings, strict=True)
        )
    )


def monotone_net(folds: Folds, asked: Asked) -> Encoded:
    """FraudNets monotone in every input with a direction of risk, trained on frauds at their worst corner.

    What the quoted tier makes anything of without a direction of risk is left out, as in monotone trees.
    """
    directions, reach = asked.directions, asked.reach(asked.quoted)
    made = columns(folds, asked.features, anything(directions, reach).tolist())
    x, y = folds.train_raw(), folds.train_y()
    moved = [
        np.where(
            fraud[:, None] == 1, worst_corner(rows, directions, reach, asked.worst_epsilon * scale), rows
        )
        for rows, fraud, scale in zip(x, y, folds.scales, strict=True)
    ]
    signs = np.array([directions[j] if j >= 0 else 0 for j in made.number])
    rng = stage_rng(asked.seed, "monotone_net")
    net, _ = train_monotone(made.of(np.stack(moved)), y, asked.training, rng, signs, balanced=asked.balanced)
    return _of_net(net, made, len(asked.features))


def pgd_tier1(folds: Folds, asked: Asked) -> Encoded:
    """FraudNets hardened against the quoted tier: frauds move numbers by gradients, and names as names."""
    made = columns(folds, asked.features)
    net = _standard(folds, asked, made)
    moves = _moves(folds, asked.features, asked.reach(asked.quoted), made)
    x, y, rng = made.of(folds.train_raw()), folds.train_y(), stage_rng(asked.seed, "pgd_tier1")
    hardened = pgd_with_names(net, x, y, asked.training, asked.hardening, moves, rng, asked.balanced)
    return _of_net(hardened, made, len(asked.features))


def _moves(folds: Folds, features: Sequence[Feature], reach: Surface, made: Columns) -> Moves:
    """What `reach` says of inputs, of columns."""
    numbers, tables, shape = reach.numbers, reach.tables, (folds.replicates, len(made.number))
    down, up, fixed_down, fixed_up = (np.zeros(shape) for _ in range(4))
    low, high = np.full(shape, -np.inf), np.full(shape, np.inf)
    places = {}
    for c, j in enumerate(made.number):
        if j < 0:
            continue
        mean, scale = (np.array([getattr(e, name)[c] for e in made.encodings]) for name in ("mean", "scale"))
        low[:, c], high[:, c] = (numbers.low[j] - mean) / scale, (numbers.high[j] - mean) / scale
        if j in tables:
            first = tables[j].argmax(1)
            last = len(tables[j]) - 1 - tables[j][:, ::-1].argmax(1)
            places[c] = mean, scale, first, last
        elif numbers.fixed[j] > 0:
            fixed_down[:, c] = numbers.down[j] * numbers.fixed[j] / scale if numbers.down[j] else 0.0
            fixed_up[:, c] = numbers.up[j] * numbers.fixed[j] / scale if numbers.up[j] else 0.0
        else:
            down[:, c], up[:, c] = numbers.down[j], numbers.up[j]
    names = tuple(
        _names(made, j, tables[j], len(features[j].categories)) for j in made.name_of if j in tables
    )
    lacking = {c: made.lacking[j] for c, j in enumerate(made.number) if j in made.lacking}
    return Moves(down, up, fixed_down, fixed_up, low, high, places, lacking, names)


def _names(made: Columns, j: int, table: np.ndarray, k: int) -> Names:
    """Which columns of a category a row of each column can have instead; names that share one reach what any of
    them does."""
    own = list(made.name_of[j])
    member = np.stack([encoding.tables[own, :k] > 0 for encoding in made.encodings])
    reached = np.einsum("rak,kl,rbl->rab", member.astype(int), table.astype(int), member.astype(int)) > 0
    return Names(tuple(own), reached)

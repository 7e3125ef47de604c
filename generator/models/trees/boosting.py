"""Boosted trees of scikit-learn for the study, taken over as an `Ensemble` in memory: nothing is pickled."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedShuffleSplit

from generator.engine.seeding import stage_seed
from generator.models.cuts import matched_cut
from generator.models.placing import Column, placed
from generator.models.readers.sklearn import from_memory
from generator.models.trees.ensemble import Ensemble
from generator.models.trees.trees import Trees
from generator.records.spec import TreesSpec

ALL = slice(None)
MOST_NAMES = 255
"""That scikit-learn tells apart of an input."""


class Choice(NamedTuple):
    """How settings are compared: by the frauds caught, among rows held out of the training rows."""

    seed: int
    rate: float
    """Share of the genuine rows held out that may alarm."""

    def of(self, replicate: int) -> "Choice":
        """With a seed of its own."""
        return self._replace(seed=stage_seed(self.seed, f"trees/choosing/{replicate}"))


def train_trees(
    x: Sequence[np.ndarray],
    y: Sequence[np.ndarray],
    spec: TreesSpec,
    monotone: Sequence[int] | None = None,
    left_out: Sequence[int] = (),
    unordered: Sequence[int] = (),
    choice: Choice | None = None,
    balanced: bool = False,
) -> Trees:
    """Boosted trees of every replicate on rows x (n, d) raw and y (n,), each of its own length.

    Args:
        monotone: (d,) 1 where the margin may only rise with an input, -1 where only fall, 0 where it is free.
        left_out: Inputs that no tree may ask for. The model still has all d inputs.
        unordered: Inputs whose values are places of names, and no numbers.
        choice: How each replicate chooses among the settings of `spec`; None for the first of them.
        balanced: Whether both classes weigh the same, all together.
    """
    found = [
        _trained(rows, fraud, spec, monotone, left_out, unordered, choice and choice.of(replicate), balanced)
        for replicate, (rows, fraud) in enumerate(zip(x, y, strict=True))
    ]
    ensembles, chosen = zip(*found, strict=True)
    return Trees(ensembles, chosen)


def _trained(
    x: np.ndarray,
    y: np.ndarray,
    spec: TreesSpec,
    monotone: Sequence[int] | None,
    left_out: Sequence[int],
    unordered: Sequence[int],
    choice: Choice | None,
    balanced: bool,
) -> tuple[Ensemble, int]:
    """The ensemble, and the place of its setting."""
    inputs = x.shape[1]
    # without a value throughout, an input has nothing to be split at
    empty = np.flatnonzero(np.isnan(x).all(axis=0))
    kept = np.setdiff1d(np.arange(inputs), [*left_out, *empty])
    if not len(kept):
        kept, x = np.array([0]), np.zeros_like(x)  # a constant: no tree finds a split
    named = np.isin(kept, unordered)
    signs = np.zeros(inputs, int) if monotone is None else np.asarray(monotone)
    x = x[:, kept]

    def fit(setting: int, rows: np.ndarray | slice = ALL) -> HistGradientBoostingClassifier:
        # nothing is drawn: no rows are held out to stop early, and bins are sampled only above 200,000 rows
        return HistGradientBoostingClassifier(
            max_iter=spec.rounds,
            max_depth=spec.depths[setting],
            learning_rate=spec.learning_rates[setting],
            min_samples_leaf=spec.smallest_leaf,
            early_stopping=False,
            monotonic_cst=np.where(named, 0, signs[kept]),
            categorical_features=named if named.any() else None,
            class_weight="balanced" if balanced else None,
            random_state=0,
        ).fit(_without_rare_names(x[rows], named), y[rows])

    setting = _chosen(fit, x, y, spec, choice) if choice else 0
    return from_histogram_boosting(fit(setting), kept, inputs), setting


def _chosen(
    fit: Callable[[int, np.ndarray], HistGradientBoostingClassifier],
    x: np.ndarray,
    y: np.ndarray,
    spec: TreesSpec,
    choice: Choice,
) -> int:
    """Place of the setting that catches most frauds among rows held out of x (n, d) and y (n,); 0 if these are few."""
    fewest = min((y == 1).sum(), (y != 1).sum())
    if len(spec.depths) == 1 or min(spec.choosing_share, 1 - spec.choosing_share) * fewest < 1:
        return 0
    ((train, held),) = StratifiedShuffleSplit(
        1, test_size=spec.choosing_share, random_state=choice.seed % 2**32
    ).split(x, y)
    fraud, caught = y[held] == 1, []
    for setting in range(len(spec.depths)):
        margin = fit(setting, train).decision_function(x[held])
        caught.append((margin[fraud] > matched_cut(margin, ~fraud, choice.rate)).sum())
    return int(np.argmax(caught))


def _without_rare_names(x: np.ndarray, named: np.ndarray) -> np.ndarray:
    """Names beyond those that can be told apart are not seen in training: they are then judged as no name is."""
    for column in np.flatnonzero(named):
        names, counts = np.unique(x[:, column][~np.isnan(x[:, column])], return_counts=True)
        if len(names) > MOST_NAMES:
            rare = names[np.argsort(-counts, kind="stable")[MOST_NAMES:]]
            x = x.copy()
            x[np.isin(x[:, column], rare), column] = np.nan
    return x


def from_histogram_boosting(
    model: HistGradientBoostingClassifier, columns: np.ndarray, inputs: int
) -> Ensemble:
    """A fitted binary classifier whose columns are these among `inputs`; its categories are places of names.

    Raises:
        ModelFileError: It has more than two classes.
    """
    found = from_memory(model)
    names = found.categories or (None,) * found.width
    return placed(
        found.model, [Column(int(j), _codes(of)) for j, of in zip(columns, names, strict=True)], inputs
    )


def _codes(names: Sequence[float] | None) -> np.ndarray | None:
    """(k,) the code that scikit-learn gave each place; None for a number."""
    if names is None:
        return None
    known = np.array(names, int)
    codes = np.full(known.max(initial=-1) + 1, -1)
    codes[known] = np.arange(len(known))
    return codes

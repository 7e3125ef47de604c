"""An attack on a copy: a single decision tree that imitates the model, attacked in the model's place."""

from contextlib import suppress

import numpy as np
from art.attacks.evasion import DecisionTreeAttack
from art.estimators.classification.scikitlearn import ScikitlearnDecisionTreeClassifier
from sklearn.tree import DecisionTreeClassifier

from generator.threats.evasion.queries import Ask

DEPTH = 8
"""Of the copy: it agrees with a model on nearly all rows, and its paths stay short."""


def decision_tree(ask: Ask, train: np.ndarray, x: np.ndarray, seed: int) -> tuple[np.ndarray, int]:
    """ART's decision-tree attack on a tree that answers rows `train` (n, d) as one model does, for rows x (rows, d).

    A way through one tree says nothing of an ensemble, so the attack is not made on the model's own trees. It looks
    for a leaf of the other answer and crosses each threshold on the way by a thousandth: all in standard deviations,
    where a thousandth is far above the rounding of float32. Rows that it finds no way for come back as they are.

    Returns proposals (rows, d) and the queries of the copy, as many for every row.

    Source: Papernot, McDaniel, Goodfellow 2016, arXiv:1605.07277, section 4.
    """
    answers, proposals = ask(train[None])[0] > 0, x.copy()
    if len(np.unique(answers)) < 2:
        return proposals, len(train)
    copy = DecisionTreeClassifier(max_depth=DEPTH, random_state=seed % 2**32).fit(train, answers)
    attack = DecisionTreeAttack(ScikitlearnDecisionTreeClassifier(copy), verbose=False)
    for row in range(len(x)):
        with suppress(IndexError):  # ART climbs past the root where the last subtree has no such leaf
            proposals[row] = attack.generate(x[row : row + 1])[0]
    return proposals, len(train)

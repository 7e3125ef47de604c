"""What ART's own verification of trees gets wrong, and what it costs: its clique method against the search over cells.

The clique method never reads where the margins of XGBoost start. So it is asked twice: as shipped, and with that
start given to it as a tree of one leaf, where its answers are sound and only incomplete.
"""

import time

import numpy as np
import xgboost
from art.estimators.classification import XGBoostClassifier
from art.metrics import RobustnessVerificationTreeModelsCliqueMethod
from art.metrics.verification_decisions_trees import Box, Interval, LeafNode, Tree

from generator.models.readers import read
from generator.models.trees.trees import Trees
from generator.proofs.trees import search, verifier
from generator.proofs.trees.search import Region
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED
from tests.benchmarks.data import checks

TREES, DEPTH = 200, 6
ROWS = 300
BUDGETS = (0.005, 0.01)
"""Shares of the range of every input, both ways; ART takes inputs between 0 and 1 alone."""
CLIQUE, LEVEL = 2, 2
"""Trees in a clique and rounds of joining them, as ART's example has them."""
BOX_LIMIT = 10_000_000


def measure() -> dict:
    """Seconds a row, and how the answers differ, at each budget, as shipped and with the start."""
    _, folds = checks()
    x, y = folds.x, folds.y
    x = ((x - x.min(0)) / np.ptp(x, axis=0)).astype(np.float32)
    test, train = folds.test_rows[0, :ROWS], folds.train_rows[0]
    model = xgboost.XGBClassifier(n_estimators=TREES, max_depth=DEPTH, learning_rate=0.1, n_jobs=1)
    model.fit(x[train], y[train])
    rows, ensemble = x[test], read(bytes(model.get_booster().save_raw("json")), "model.json").model
    margins = model.predict(rows, output_margin=True)
    if not np.array_equal(ensemble.margins_raw(rows.astype(np.float64)), margins):
        raise AssertionError("the ensemble is not XGBoost's")
    flagged = model.predict(rows) == 1
    forest = verifier.read(Trees((ensemble,)).arrays(), 0)
    lines = []
    for budget in BUDGETS:
        seconds, truth, witness = _by_cells(forest, rows, flagged, budget)
        broken = truth == BROKEN
        replayed = model.predict(witness[broken].astype(np.float32)) == 1
        for name, start in (("as shipped", None), ("with the start", ensemble.start)):
            theirs, robust = _by_cliques(model, rows, flagged, budget, start)
            lines.append(
                {
                    "name": f"{budget:g} of the range, {name}",
                    "budget": budget,
                    "start": ensemble.start,
                    "rows": len(rows),
                    "ours": seconds,
                    "other": theirs,
                    "ratio": theirs / seconds,
                    "robust": int((truth == PROVED).sum()),
                    "undecided": int((truth == UNRESOLVED).sum()),
                    "witnesses": int(broken.sum()),
                    "confirmed_by_xgboost": int((replayed != flagged[broken]).sum()),
                    "called_robust_but_broken": int((robust & broken).sum()),
                    "robust_but_missed": int((~robust & (truth == PROVED)).sum()),
                }
            )
    return {"comparisons": lines}


def _by_cells(forest, rows: np.ndarray, flagged: np.ndarray, budget: float):
    """CPU seconds a row, the outcomes, and what breaks the broken ones."""
    rows = rows.astype(np.float64)
    low, high = ((rows + sign * budget).astype(np.float32).astype(np.float64) for sign in (-1, 1))
    none = np.zeros(rows.shape, bool)
    region = Region(
        rows, low, high, none, none[0], np.full(len(none[0]), -1, np.int32), np.zeros((len(rows), 0, 0), bool)
    )
    thresholds = np.zeros(len(rows))
    search.verify(forest, region, flagged, thresholds, box_limit=1)  # compile before the clock starts
    began = time.process_time()
    found = search.verify(forest, region, flagged, thresholds, box_limit=BOX_LIMIT)
    return (time.process_time() - began) / len(rows), found.outcome, found.witness


def _by_cliques(
    model: xgboost.XGBClassifier, rows: np.ndarray, flagged: np.ndarray, budget: float, start: float | None
) -> tuple[float, np.ndarray]:
    """CPU seconds a row, and which rows ART calls robust, one by one."""
    classifier = XGBoostClassifier(model, nb_features=rows.shape[1], nb_classes=2, clip_values=(0, 1))
    verification = RobustnessVerificationTreeModelsCliqueMethod(classifier, verbose=False)
    if start is not None:
        everywhere = Box({0: Interval(-np.inf, np.inf)})
        leaf = LeafNode(tree_id=None, class_label=-1, node_id=None, box=everywhere, value=start)
        verification._trees.append(Tree(class_id=-1, leaf_nodes=[leaf]))
    robust, began = np.zeros(len(rows), bool), time.process_time()
    for i in range(len(rows)):
        _, missed = verification.verify(
            rows[i : i + 1], flagged[i : i + 1].astype(int), budget, nb_search_steps=1, max_clique=CLIQUE,
            max_level=LEVEL,
        )  # fmt: skip
        robust[i] = missed == 0
    return (time.process_time() - began) / len(rows), robust


def rows(measured: dict) -> list[tuple[str, str]]:
    """One line a comparison, for the terminal."""
    return [
        (
            line["name"],
            f"{line['ours']:.3g} s, {line['other']:.3g} s a row: {line['ratio']:,.0f} x; "
            f"of {line['rows']} rows {line['called_robust_but_broken']} called robust that are broken, "
            f"{line['robust_but_missed']} of {line['robust']} robust ones missed",
        )
        for line in measured["comparisons"]
    ]

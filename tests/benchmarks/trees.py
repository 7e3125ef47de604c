"""What a proof of trees costs: the search against Veritas, as shipped and on a pruned ensemble, and HiGHS."""

import json
import time

import numpy as np
import veritas
import xgboost
from sklearn.datasets import make_classification

from generator.models.trees.ensemble import Arithmetic, Ensemble
from generator.models.trees.trees import Trees
from generator.proofs.trees import milp, search, verifier
from generator.proofs.trees.forest import Forest
from generator.proofs.trees.search import Region
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED

INPUTS, TRAINED_ON, ROWS = 25, 20_000, 1_000
TREES, DEPTH = 200, 6
SETTINGS = ((5, 0.01), (5, 0.05), (10, 0.05), (25, 0.01), (25, 0.05))
"""Inputs that move, the first of all, and how far: a share of the range of each in the table, both ways."""
SLOW = 100
"""Rows that Veritas is asked about where one costs it seconds; they are timed there only."""
SLOW_SETTING = (25, 0.05)
SECONDS = 10.0
"""Veritas may take so long for a row."""
MILP_ROWS = 20
"""Of each setting, put to HiGHS."""
BOX_LIMIT = 10_000_000
BRIEF, REPEATS = 2e-3, 256
"""A row that takes us less is asked so often in one call, because one call alone costs about as much; seconds."""
FLAGGED_ABOVE = 8.94e-8
"""XGBoost's margins up to this give a float32 probability of .5."""


def measure() -> dict:
    """CPU seconds a row, median and mean, at each setting, and what was found."""
    x, y = _table()
    booster = _trained(x[:TRAINED_ON], y[:TRAINED_ON])
    ensemble = _read(booster)
    rows = x[TRAINED_ON:]
    margins = booster.predict(xgboost.DMatrix(rows), output_margin=True)
    if not np.array_equal(ensemble.margins_raw(rows), margins):
        raise AssertionError("the ensemble is not XGBoost's")
    forest = verifier.read(Trees((ensemble,)).arrays(), 0)
    theirs = _for_veritas(ensemble)
    spread = np.ptp(x[:TRAINED_ON], axis=0)
    flagged = ensemble.margins(rows) > 0
    return {
        "comparisons": [
            _setting(forest, theirs, rows, flagged, spread, inputs, share) for inputs, share in SETTINGS
        ]
    }


def _table() -> tuple[np.ndarray, np.ndarray]:
    """Ten inputs that tell the classes apart and come first, others that do not; one label in twenty is noise."""
    x, y = make_classification(
        TRAINED_ON + ROWS, INPUTS, n_informative=10, flip_y=0.05, shuffle=False, random_state=0
    )
    order = np.random.default_rng(1).permutation(len(y))
    return x[order].astype(np.float32).astype(np.float64), y[order]


def _trained(x: np.ndarray, y: np.ndarray) -> xgboost.Booster:
    settings = {
        "max_depth": DEPTH,
        "eta": 0.1,
        "tree_method": "hist",
        "nthread": 1,
        "objective": "binary:logistic",
    }
    return xgboost.train(settings, xgboost.DMatrix(x, y), TREES)


def _read(booster: xgboost.Booster) -> Ensemble:
    """Numbers only, no missing values, as JSON has them; float32 throughout."""
    learner = json.loads(booster.save_raw("json"))["learner"]
    trees = learner["gradient_booster"]["model"]["trees"]
    roots = np.cumsum([0, *(len(tree["left_children"]) for tree in trees[:-1])])
    offset = np.repeat(roots, [len(tree["left_children"]) for tree in trees])

    def joined(name: str) -> np.ndarray:
        return np.concatenate([tree[name] for tree in trees])

    left, right = joined("left_children"), joined("right_children")
    leaf = left < 0
    numbers = joined("split_conditions").astype(np.float32).astype(np.float64)
    (p,) = np.float32(json.loads(learner["learner_model_param"]["base_score"]))
    odds = np.float64(np.float32(1) / p - np.float32(1))  # in float32, and its logarithm rounded once
    return Ensemble(
        feature=np.where(leaf, -1, joined("split_indices")).astype(np.int32),
        threshold=np.where(leaf, np.nan, numbers),
        left=np.where(leaf, -1, left + offset).astype(np.int32),
        right=np.where(leaf, -1, right + offset).astype(np.int32),
        missing_left=joined("default_left").astype(bool) & ~leaf,
        category_set=np.full(len(leaf), -1, np.int32),
        sets=np.zeros((0, 0), bool),
        unknown_left=np.zeros(len(leaf), bool),
        value=np.where(leaf, numbers, 0.0),
        roots=roots.astype(np.int32),
        start=-float(np.float32(np.log(odds))),
        inputs=INPUTS,
        arithmetic=Arithmetic(True, True, True, FLAGGED_ABOVE, ("nan",) * INPUTS),
    )


def _for_veritas(ensemble: Ensemble) -> veritas.AddTree:
    """The same trees, with the same start; its own reader guesses the start."""
    addtree = veritas.AddTree(1, veritas.AddTreeType.REGR)
    addtree.set_base_score(0, ensemble.start - ensemble.arithmetic.cut)
    for root in ensemble.roots:
        tree = addtree.add_tree()
        waiting = [(int(root), tree.root())]
        while waiting:
            node, place = waiting.pop()
            if ensemble.feature[node] < 0:
                tree.set_leaf_value(place, 0, ensemble.value[node])
                continue
            tree.split(place, int(ensemble.feature[node]), ensemble.threshold[node])
            waiting += [(ensemble.left[node], tree.left(place)), (ensemble.right[node], tree.right(place))]
    return addtree


def _setting(
    forest: Forest,
    theirs: veritas.AddTree,
    rows: np.ndarray,
    flagged: np.ndarray,
    spread: np.ndarray,
    inputs: int,
    share: float,
) -> dict:
    reach = np.where(np.arange(INPUTS) < inputs, share * spread, 0.0)
    low, high = ((rows + sign * reach).astype(np.float32).astype(np.float64) for sign in (-1, 1))
    none = np.zeros(rows.shape, bool)
    region = Region(
        rows, low, high, none, none[0], np.full(INPUTS, -1, np.int32), np.zeros((len(rows), 0, 0), bool)
    )
    zeros = np.zeros(len(rows))
    search.verify(forest, region, flagged, zeros, box_limit=1)  # compile before the clock starts
    began = time.process_time()
    found = search.verify(forest, region, flagged, zeros, box_limit=BOX_LIMIT)
    mean = (time.process_time() - began) / len(rows)
    ours = np.array([_one_row(forest, region, flagged, row) for row in range(len(rows))])
    signed = {True: theirs.negate_leaf_values(), False: theirs}
    count = min(SLOW, len(rows)) if (inputs, share) == SLOW_SETTING else len(rows)
    line = {
        "name": f"{inputs} of {INPUTS} inputs, {share:g} of the spread",
        "ours": float(np.median(ours)), "ours_mean": mean,
        "undecided": int((found.outcome == UNRESOLVED).sum()), "proved": float((found.outcome == PROVED).mean()),
    }  # fmt: skip
    for name, pruned in (("other", False), ("pruned", True)):
        seconds, outcome = zip(
            *(
                _by_veritas(signed[bool(flagged[row])], low[row], high[row], pruned=pruned)
                for row in range(count)
            ),
            strict=True,
        )
        outcome = np.array(outcome)
        line |= {
            name: float(np.median(seconds)), f"{name}_mean": float(np.mean(seconds)), f"{name}_rows": count,
            f"{name}_undecided": int((outcome == UNRESOLVED).sum()),
            f"{name}_disagreements": int(((outcome != found.outcome[:count]) & (outcome != UNRESOLVED)).sum()),
            f"{name}_ratio": float(np.median(seconds) / np.median(ours)),
        }  # fmt: skip
    first = Region(*(part[:MILP_ROWS] if part.ndim > 1 else part for part in region))
    programs = milp.verify(forest, first, flagged[:MILP_ROWS], zeros, tau=1e-4, time_limit=60.0)
    line["milp_disagreements"] = int(
        ((programs != found.outcome[:MILP_ROWS]) & (programs != UNRESOLVED)).sum()
    )
    line["ratio"] = line["other_ratio"]
    return line


def _one_row(forest: Forest, region: Region, flagged: np.ndarray, row: int) -> float:
    """CPU seconds of one row in a call that asks about many."""

    def asked(times: int) -> float:
        same = np.full(times, row)
        one = Region(*(part[same] if part.ndim > 1 else part for part in region))
        began = time.process_time()
        search.verify(forest, one, flagged[same], np.zeros(times), box_limit=BOX_LIMIT)
        return (time.process_time() - began) / times

    once = asked(1)
    return asked(REPEATS) if once < BRIEF else once


def _by_veritas(
    addtree: veritas.AddTree, low: np.ndarray, high: np.ndarray, *, pruned: bool
) -> tuple[float, np.int8]:
    """CPU seconds and the outcome of one row, by the settings of its own `VeritasRobustnessSearch`."""
    above = np.nextafter(high.astype(np.float32), np.float32(np.inf)).astype(float)
    box = [veritas.Interval(a, b) for a, b in zip(low.tolist(), above.tolist(), strict=True)]
    config = veritas.Config(veritas.HeuristicType.MAX_OUTPUT)
    config.stop_when_optimal = True
    config.ignore_state_when_worse_than = 0.0
    config.stop_when_num_solutions_exceeds = 1
    config.max_focal_size, config.focal_eps = 1000, 0.2
    config.max_memory = 1 << 30
    began = time.process_time()
    asked = config.get_search(addtree.prune(box) if pruned else addtree, box)
    reason = asked.step_for(SECONDS, 100)
    seconds = time.process_time() - began
    if asked.num_solutions() and asked.get_solution(0).output > 0:
        return seconds, BROKEN
    over = reason in (veritas.StopReason.OUT_OF_TIME, veritas.StopReason.OUT_OF_MEMORY)
    return seconds, UNRESOLVED if over else PROVED


def _line(line: dict) -> str:
    return (
        f"{line['ours'] * 1e3:.3f} ms (mean {line['ours_mean'] * 1e3:.3f}), Veritas {line['other'] * 1e3:.3g} "
        f"(mean {line['other_mean'] * 1e3:.3g}): {line['ratio']:,.1f} x; pruned {line['pruned'] * 1e3:.3g}: "
        f"{line['pruned_ratio']:,.1f} x"
    )


def rows(measured: dict) -> list[tuple[str, str]]:
    """One line a setting, then the geometric means, for the terminal."""
    lines = measured["comparisons"]
    means = [float(np.exp(np.mean(np.log([line[r] for line in lines])))) for r in ("ratio", "pruned_ratio")]
    return [
        *((line["name"], _line(line)) for line in lines),
        ("geometric mean", f"{means[0]:,.1f} x; pruned {means[1]:,.1f} x"),
    ]

"""What a proof costs: the search against HiGHS alone, and against ART's PGD with restarts."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from art.attacks.evasion import ProjectedGradientDescentPyTorch
from art.estimators.classification import PyTorchClassifier

from generator.engine.seeding import stage_rng
from generator.models.fraudnet.hardening import harden
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import margins, train_standard
from generator.proofs import milp
from generator.proofs.relu import search
from generator.proofs.relu.network import from_arrays
from generator.threats.evasion.attacks import as_art
from tests.benchmarks.data import checks

ROWS = 1000
MILP_ROWS = 300
"""HiGHS is timed on the first so many rows and its time scaled to all; outcomes are compared on these."""
PGD_STEPS, PGD_RESTARTS = 40, 10
RADIUS_ROWS = 200
REPEATS = 3
"""The fastest of so many runs of the search and of PGD counts."""


def measure() -> dict:
    """CPU seconds for 1,000 rows at the headline budget, of a standard model and of the original recipe.

    Each comparison has its name, our seconds, the other's, their ratio, and what was found.
    """
    spec, folds = checks()
    first = slice(0, 1)
    train_x, train_y = folds.train_x()[first], folds.train_y()[first]
    standard, _ = train_standard(train_x, train_y, spec.training, stage_rng(spec.seed, "train"))
    recipe = "accumulating_fgsm"
    rounds = harden(
        recipe, standard, train_x, train_y, spec.training, spec.hardening, stage_rng(spec.seed, recipe)
    )
    x, y = folds.test_x(first)[0][:ROWS], folds.test_y(first)[0][:ROWS]
    epsilon = spec.attack.headline_epsilon
    return {
        "comparisons": [
            line
            for name, net in (("standard", standard), (recipe, rounds[-1].net))
            for line in _model(name, net, x, y, epsilon)
        ]
    }


def _model(name: str, net: FraudNet, x: np.ndarray, y: np.ndarray, epsilon: float) -> list[dict]:
    network, rows = from_arrays(net.to_arrays(), 0), x.astype(np.float64)
    box = rows - epsilon, rows + epsilon
    search.verify(network, *(side[:1] for side in box), y[:1])  # compile before the clock starts
    ours, verdicts = _fastest(lambda: search.verify(network, *box, y))
    part = slice(0, MILP_ROWS)
    began = time.process_time()
    programs = milp.verify(network, box[0][part], box[1][part], y[part])
    by_milp = (time.process_time() - began) * len(x) / len(y[part])
    by_pgd, x_adv = _fastest(lambda: _pgd(net, x, y, epsilon))
    attacked = (margins(net, x_adv[None])[0] > 0) == (y == 1)
    proved = verdicts.outcome == search.PROVED
    found = {
        "epsilon": epsilon,
        "proved": float(proved.mean()),
        "unresolved": int((verdicts.outcome == search.UNRESOLVED).sum()),
        "boxes": int(verdicts.boxes.sum()),
    }
    ones = np.ones(rows[:RADIUS_ROWS].shape)
    search.radius(network, rows[:1], y[:1], ones[:1], ones[:1], epsilon)
    per_radius, radii = _fastest(
        lambda: search.radius(network, rows[:RADIUS_ROWS], y[:RADIUS_ROWS], ones, ones, 1.0)
    )
    reached = np.isfinite(radii.broken)
    return [
        _line(f"{name}: {len(x)} rows against HiGHS alone", ours, by_milp) | found | {
            "compared": len(programs.outcome),
            "disagreements": int((programs.outcome != verdicts.outcome[part]).sum()),
        },
        _line(f"{name}: {len(x)} rows against PGD-{PGD_STEPS} x {PGD_RESTARTS}", ours, by_pgd) | found | {
            "survived_attack": float(attacked.mean()),
            "proved_and_broken": int((proved & ~attacked).sum()),
        },
        _line(f"{name}: exact radius of one row, against one of HiGHS' verdicts",
              per_radius / RADIUS_ROWS, by_milp / len(x)) | {
            "widest_bracket": float((radii.broken - radii.proved)[reached].max()),
            "most_boxes": int(radii.boxes.max()),
        },
    ]  # fmt: skip


def _line(name: str, ours: float, other: float) -> dict:
    return {"name": name, "ours": ours, "other": other, "ratio": other / ours}


def _pgd(net: FraudNet, x: np.ndarray, y: np.ndarray, epsilon: float) -> np.ndarray:
    attack = ProjectedGradientDescentPyTorch(
        as_art(net.select(slice(None)), PyTorchClassifier), eps=epsilon, eps_step=epsilon / 10, max_iter=PGD_STEPS,
        num_random_init=PGD_RESTARTS, batch_size=len(x), verbose=False,
    )  # fmt: skip
    return attack.generate(x, y)


def _fastest(call: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds of the fastest of `REPEATS` calls, and the answer."""
    seconds = []
    for _ in range(REPEATS):
        began = time.process_time()
        answer = call()
        seconds.append(time.process_time() - began)
    return min(seconds), answer


def rows(measured: dict) -> list[tuple[str, str]]:
    """One line a comparison, for the terminal."""
    return [
        (line["name"], f"{line['ours']:.3g} s, {line['other']:.3g} s: {line['ratio']:,.1f} x")
        for line in measured["comparisons"]
    ]

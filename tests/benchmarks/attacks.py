"""Throughput of the attacks: stacks of replicates against ART's own `generate`, by replicate and by row."""

import time
from collections.abc import Callable

import numpy as np
from art.attacks.evasion import FastGradientMethod, ProjectedGradientDescentPyTorch
from art.estimators.classification import PyTorchClassifier

from generator.engine.seeding import stage_rng
from generator.models.fraudnet.training import train_standard
from generator.records.spec import AttackSpec
from generator.threats.evasion.attacks import BLOCK, as_art, attack_rows
from tests.benchmarks.data import checks

EPOCHS = 5
"""A few epochs: the cost of an attack does not depend on how well the model is trained."""

ROWS = 100
"""Rows of the first replicate that are attacked one at a time."""

REPEATS = 3
"""The fastest of so many runs counts, so that a disturbance of one does not."""


def measure() -> dict:
    """Rows per CPU second in one stack, in blocks and one by one; and how far the answers differ."""
    spec, folds = checks()
    training = spec.training.model_copy(update={"epochs": EPOCHS})
    net, _ = train_standard(folds.train_x(), folds.train_y(), training, stage_rng(spec.seed, "train"))
    x, y, epsilon = folds.test_x(), folds.test_y(), spec.attack.headline_epsilon
    found = {}
    for attack, by_art in (("fgsm", _fgsm_by_art), ("pgd", _pgd_by_art)):

        def stacked(part: slice, attack=attack) -> np.ndarray:
            return attack_rows(attack, net.select(part), x[part], y[part], epsilon, spec.attack)

        def alone(part: slice, by_art=by_art) -> np.ndarray:
            rows = x[part].reshape(-1, x.shape[2])
            return by_art(
                as_art(net.select(part), PyTorchClassifier), rows, y[part].reshape(-1), epsilon, spec.attack
            )

        whole, whole_adv = _fastest(stacked, folds.replicates, folds.replicates)
        blocks, block_adv = _fastest(stacked, folds.replicates, BLOCK)
        one_by_one, alone_adv = _fastest(alone, folds.replicates, 1)
        first = as_art(net.select(slice(0, 1)), PyTorchClassifier)

        def row(part: slice, first=first, by_art=by_art) -> np.ndarray:
            return by_art(first, x[0, part], y[0, part], epsilon, spec.attack)

        row_by_row, row_adv = _fastest(row, ROWS, 1)
        found[attack] = {
            "replicates": folds.replicates,
            "rows": int(y.size),
            "epsilon": epsilon,
            "steps": spec.attack.pgd_steps if attack == "pgd" else 1,
            "rows_per_second_whole_stack": y.size / whole,
            "rows_per_second_blocks": y.size / blocks,
            "rows_per_second_one_by_one": y.size / one_by_one,
            "rows_per_second_row_by_row": ROWS / row_by_row,
            "ratio_row_by_row": (row_by_row / ROWS) / (whole / y.size),
            "ratio_whole_stack": one_by_one / whole,
            "ratio_blocks": one_by_one / blocks,
            "largest_difference": float(
                max(
                    *(np.abs(adv - alone_adv.reshape(adv.shape)).max() for adv in (whole_adv, block_adv)),
                    np.abs(whole_adv[0, :ROWS] - row_adv).max(),
                )
            ),
        }
    return found


def _fgsm_by_art(classifier, x: np.ndarray, y: np.ndarray, epsilon: float, spec: AttackSpec) -> np.ndarray:
    return FastGradientMethod(classifier, eps=epsilon, batch_size=len(x)).generate(x, y)


def _pgd_by_art(classifier, x: np.ndarray, y: np.ndarray, epsilon: float, spec: AttackSpec) -> np.ndarray:
    step = epsilon * spec.pgd_relative_step
    attack = ProjectedGradientDescentPyTorch(
        classifier, eps=epsilon, eps_step=step, max_iter=spec.pgd_steps, batch_size=len(x), verbose=False
    )
    return attack.generate(x, y)


def _fastest(attack: Callable[[slice], np.ndarray], replicates: int, size: int) -> tuple[float, np.ndarray]:
    """CPU seconds to attack all replicates, or rows, `size` at a time, and the attacked rows."""
    seconds = []
    for _ in range(REPEATS):
        began = time.process_time()
        parts = [attack(slice(start, start + size)) for start in range(0, replicates, size)]
        seconds.append(time.process_time() - began)
    return min(seconds), np.concatenate(parts)


def rows(measured: dict) -> list[tuple[str, str]]:
    lines = []
    for attack, found in measured.items():
        lines += [
            (f"{attack}: rows, steps", f"{found['rows']}, {found['steps']}"),
            (f"{attack}: rows per second, row by row", f"{found['rows_per_second_row_by_row']:,.0f}"),
            (f"{attack}: ratio, one stack to row by row", f"{found['ratio_row_by_row']:,.0f}"),
            (f"{attack}: rows per second, one by one", f"{found['rows_per_second_one_by_one']:,.0f}"),
            (f"{attack}: rows per second, stacks of {BLOCK}", f"{found['rows_per_second_blocks']:,.0f}"),
            (
                f"{attack}: rows per second, one stack of {found['replicates']}",
                f"{found['rows_per_second_whole_stack']:,.0f}",
            ),
            (f"{attack}: ratio, stacks of {BLOCK}", f"{found['ratio_blocks']:.1f}"),
            (f"{attack}: ratio, one stack", f"{found['ratio_whole_stack']:.1f}"),
            (f"{attack}: largest difference (aim: at most 1e-6)", f"{found['largest_difference']:.1e}"),
        ]
    return lines

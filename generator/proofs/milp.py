"""Exact verification as a mixed-integer program, solved by HiGHS: the independent check of the search.

Minimise the signed margin over x in the box. A ReLU a = max(z, 0) whose pre-activation can
take both signs, l < z < u, has one binary b:

    a >= 0,  a >= z,  a <= z - l (1 - b),  a <= u b

with l and u of that row, never a global constant. Features on a lattice are integers.

Source: Tjeng, Xiao and Tedrake 2019, MIPVerify, arXiv:1711.07356.
"""

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from generator.proofs.relu.bounds import interval_layers, layer_bounds
from generator.proofs.relu.network import Network, margins, towards_right
from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED, Lattice, Verdicts
from generator.records.spec import ProofSpec

SLACK = 1e-6
"""Share of a step by which a lattice point may lie outside the box, as in the search."""


def verify(
    network: Network,
    lower: np.ndarray,
    upper: np.ndarray,
    y: np.ndarray,
    *,
    threshold: float = 0.0,
    lattice: Lattice | None = None,
    tight: bool = True,
    time_limit: float = 60.0,
    tau: float = ProofSpec().milp_tau,
) -> Verdicts:
    """What `generator.proofs.relu.search.verify` decides, row by row, by HiGHS with gap 0.

    With `tight` the bounds after layer 1 are CROWN's, which is faster; without it they come from
    interval arithmetic, and nothing is shared with the search. `boxes` counts HiGHS' nodes;
    `margin` is the dual bound of a proved row. Rows over `time_limit` seconds are unresolved.

    Raises:
        RuntimeError: HiGHS calls a program infeasible: no lattice point in the box, or a defect here.
    """
    lower, upper, y = np.asarray(lower, np.float64), np.asarray(upper, np.float64), np.asarray(y)
    n, d = lower.shape
    outcome, boxes, found = np.full(n, UNRESOLVED), np.zeros(n, np.int64), np.full(n, np.inf)
    witness = np.full((n, d), np.nan)
    options = {"mip_rel_gap": 0.0, "time_limit": time_limit}
    for row in range(n):
        net = towards_right(network, bool(y[row] == 1), threshold)
        layers = (layer_bounds if tight else interval_layers)(net, lower[row], upper[row])
        base, unit, low, high, whole = _inputs(lower[row], upper[row], lattice)
        program, constant = _program(net, layers, base, unit, low, high, whole)
        answer = milp(**program, options=options)
        if answer.status == 2:
            raise RuntimeError(f"row {row}: HiGHS calls the box empty ({answer.message})")
        boxes[row] = answer.mip_node_count or 0
        # without a binary it is a linear program, whose optimum is its dual bound and is reported as `fun` alone
        bound = answer.fun if answer.mip_dual_bound is None and answer.success else answer.mip_dual_bound
        if bound is not None and bound + constant > tau:
            outcome[row], found[row] = PROVED, bound + constant
        elif answer.x is not None:
            steps = np.where(whole, np.rint(answer.x[:d]), answer.x[:d])
            point = base + unit * np.clip(steps, low, high)
            found[row] = margins(net, point[None])[0]
            if found[row] <= tau:
                outcome[row], witness[row] = BROKEN, point
    return Verdicts(outcome, witness, boxes, found)


def _inputs(lower: np.ndarray, upper: np.ndarray, lattice: Lattice | None) -> tuple[np.ndarray, ...]:
    """x = base + unit * variable, with the variable's bounds and whether it is whole, each (d,)."""
    base, unit, low, high = np.zeros_like(lower), np.ones_like(lower), lower.copy(), upper.copy()
    if lattice is None:
        return base, unit, low, high, np.zeros(len(lower), bool)
    whole = (lattice.step > 0) & (lower < upper)
    base[whole], unit[whole] = lattice.offset[whole], lattice.step[whole]
    low[whole] = np.ceil((lower - base)[whole] / unit[whole] - SLACK)
    high[whole] = np.floor((upper - base)[whole] / unit[whole] + SLACK)
    return base, unit, low, high, whole


def _program(
    net: Network,
    layers: tuple[tuple[np.ndarray, np.ndarray], ...],
    base: np.ndarray,
    unit: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    whole: np.ndarray,
) -> tuple[dict[str, object], float]:
    """Arguments of `milp`, and what its objective lacks of the margin.

    Variables: inputs (d), outputs of all ReLUs (n), their binaries (n).
    """
    d, n = net.inputs, sum(map(len, net.biases))
    size = d + 2 * n
    lows, highs = np.zeros(size), np.ones(size)
    lows[:d], highs[:d] = low, high
    integrality = np.zeros(size)
    integrality[:d] = whole
    rows, least, most = [], [], []

    def constrain(row: np.ndarray, at_least: float, at_most: float):
        rows.append(row), least.append(at_least), most.append(at_most)

    start, taken, unit, shift = d, slice(d), unit[:, None], base  # of the layer, and of what it takes in
    for w, b, (bottom, top) in zip(net.weights, net.biases, layers, strict=True):
        bias = b + shift @ w
        for j in range(len(bias)):
            output, binary = start + j, start + j + n
            lows[output], highs[output] = 0.0, max(top[j], 0.0)
            difference = np.zeros(size)
            difference[taken] = -(unit * w)[:, j]
            difference[output] += 1.0  # a - w x, so a - z is this less the bias
            if bottom[j] >= 0:
                constrain(difference, bias[j], bias[j])
                highs[output] = np.inf
            elif top[j] > 0:
                integrality[binary] = 1
                constrain(difference, bias[j], np.inf)
                with_binary = difference.copy()
                with_binary[binary] = -bottom[j]
                constrain(with_binary, -np.inf, bias[j] - bottom[j])
                on = np.zeros(size)
                on[output], on[binary] = 1.0, -top[j]
                constrain(on, -np.inf, 0.0)
        taken = slice(start, start + len(bias))
        start, unit, shift = taken.stop, 1.0, np.zeros(len(bias))
    objective = np.zeros(size)
    objective[taken] = (unit * net.v[:, None])[:, 0]
    return {
        "c": objective,
        "constraints": LinearConstraint(np.array(rows), least, most) if rows else None,
        "bounds": Bounds(lows, highs),
        "integrality": integrality,
    }, net.c + float(shift @ net.v)

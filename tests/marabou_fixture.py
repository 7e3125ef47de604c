"""The question of a proof put to Marabou 2.0.0, a solver that shares nothing with ours. Not in the lock: Linux only."""

import time
import warnings

import numpy as np
import pytest

from generator.proofs.relu.network import Network, towards_right
from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED

ANSWERS = {"unsat": PROVED, "sat": BROKEN}


def marabou():
    """Its core, or the test is skipped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it misses TensorFlow
        pytest.importorskip("maraboupy", exc_type=ImportError)
        from maraboupy import Marabou, MarabouCore
    return Marabou, MarabouCore


def ask(
    network: Network, lower: np.ndarray, upper: np.ndarray, y: int, threshold: float = 0.0, seconds: int = 60
) -> tuple[int, float]:
    """Whether a row of class y holds on its box [lower, upper] (d,), and the seconds its solver took.

    Marabou is asked for a point where the signed margin is at most zero; building the question is not timed.
    """
    front, core = marabou()
    query = _query(core, towards_right(network, bool(y == 1), threshold), lower, upper)
    options = front.createOptions(verbosity=0, timeoutInSeconds=seconds)
    began = time.process_time()
    said = core.solve(query, options, "")[0]
    return int(ANSWERS.get(said, UNRESOLVED)), time.process_time() - began


def _query(core, net: Network, lower: np.ndarray, upper: np.ndarray):
    query, d = core.InputQuery(), net.inputs
    query.setNumberOfVariables(d + 2 * sum(map(len, net.biases)))
    for i in range(d):
        query.markInputVariable(i, i)
        query.setLowerBound(i, float(lower[i]))
        query.setUpperBound(i, float(upper[i]))

    def equation(kind, weights: np.ndarray, variables: list[int], constant: float, output: int | None = None):
        row = core.Equation(kind)
        for weight, variable in zip(weights, variables, strict=True):
            row.addAddend(float(weight), variable)
        if output is not None:
            row.addAddend(-1.0, output)
        row.setScalar(-float(constant))
        query.addEquation(row)

    taken, free = list(range(d)), d
    for w, b in zip(net.weights, net.biases, strict=True):
        inputs, outputs = (list(range(free + k * len(b), free + (k + 1) * len(b))) for k in (0, 1))
        for j, (z, a) in enumerate(zip(inputs, outputs, strict=True)):
            equation(core.Equation.EQ, w[:, j], taken, b[j], z)
            core.addReluConstraint(query, z, a)
        taken, free = outputs, outputs[-1] + 1
    equation(core.Equation.LE, net.v, taken, net.c)
    return query

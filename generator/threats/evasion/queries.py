"""Attacks that only ask: labels or scores, no gradients. Where they beat the gradients, the gradients lie."""

import itertools
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from art.attacks.evasion import HopSkipJump, ZooAttack
from art.estimators.classification import BlackBoxClassifierNeuralNetwork

from generator.engine.seeding import global_seed
from generator.threats.evasion.needs import FEW_INPUTS

Ask = Callable[[np.ndarray], np.ndarray]
"""Standardised rows (replicates, rows, d) -> margins (replicates, rows)."""


class OutOfQueriesError(Exception):
    """The attack asked more often than it may."""


def worst_of(
    ask: Ask, x: np.ndarray, y: np.ndarray, candidates: Callable[[int], np.ndarray], count: int
) -> np.ndarray:
    """Of x and `count` candidates, the one each row's model is most wrong about: (replicates, rows, d)."""
    sign = np.where(y == 1, 1, -1)
    best, least = x.copy(), ask(x) * sign
    for number in range(count):
        candidate = candidates(number)
        margin = ask(candidate) * sign
        worse = margin < least
        best[worse], least[worse] = candidate[worse], margin[worse]
    return best


def corners(ask: Ask, x: np.ndarray, y: np.ndarray, epsilon: float) -> np.ndarray:
    """The worst of the 2^d corners of each row's box; the worst point of all where the model is linear.

    Raises:
        ValueError: More than FEW_INPUTS inputs.
    """
    if x.shape[2] > FEW_INPUTS:
        raise ValueError(
            f"a box of {x.shape[2]} inputs has more corners than can be visited; at most {FEW_INPUTS} inputs"
        )
    signs = np.array(list(itertools.product((-1, 1), repeat=x.shape[2])), dtype=np.float32)
    return worst_of(ask, x, y, lambda number: x + np.float32(epsilon) * signs[number], len(signs))


def noise(
    ask: Ask, x: np.ndarray, y: np.ndarray, epsilon: float, *, draws: int, rng: np.random.Generator
) -> np.ndarray:
    """The worst of `draws` uniform points of each row's box: what no attack may be weaker than."""

    def draw(_: int) -> np.ndarray:
        return x + np.float32(epsilon) * rng.uniform(-1, 1, x.shape).astype(np.float32)

    return worst_of(ask, x, y, draw, draws)


def block_search(
    ask: Ask, x: np.ndarray, y: np.ndarray, epsilon: float, *, queries: int, rng: np.random.Generator
) -> np.ndarray:
    """Random search on scores: a random block of features moves; what makes the score worse is kept.

    Blocks shrink from all features to one while the search goes on, half of the moves end on
    the faces of the box. The idea of the Square attack, on rows without neighbourhoods.

    Source: Andriushchenko et al. 2020, arXiv:1912.00049, section 3.
    """
    sign = np.where(y == 1, 1, -1)
    best, least = x.copy(), ask(x) * sign
    for number in range(queries):
        share = max(1 / x.shape[2], 1 - number / queries)
        block = rng.random(x.shape) < share
        move = rng.choice((-1.0, 1.0), x.shape)
        if number % 2:
            move = rng.uniform(-1, 1, x.shape)
        candidate = np.where(block, x + np.float32(epsilon) * move.astype(np.float32), best)
        margin = ask(candidate) * sign
        worse = margin < least
        best[worse], least[worse] = candidate[worse], margin[worse]
    return best


def hop_skip_jump(
    ask: Ask,
    x: np.ndarray,
    y: np.ndarray,
    epsilon: float,
    *,
    steps: int,
    limit: int,
    seed: int,
    stage: str,
) -> tuple[np.ndarray, int]:
    """HopSkipJump on rows x (rows, d), y (rows,) of one model, from its answers yes and no alone.

    Each row starts from the nearest row with the other answer, so that ART's own start, whose
    generator cannot be seeded, is never drawn. It minimises the norm; the caller projects. Rows
    without another answer to start from, and rows that run out of `limit` queries, come back
    as they are.

    Returns proposals (rows, d) and the queries of the most expensive row.

    Source: Chen, Jordan, Wainwright 2020, arXiv:1904.02144.
    """
    answers = ask(x[None])[0] > 0
    proposals, most, asked = x.copy(), 0, 0

    def answer(points: np.ndarray) -> np.ndarray:
        nonlocal asked
        asked += len(points)
        if asked > limit:
            raise OutOfQueriesError
        return np.eye(2, dtype=np.float32)[(ask(points[None]) > 0)[0].astype(int)]

    target = BlackBoxClassifierNeuralNetwork(
        answer, x.shape[1:], 2, channels_first=False,
        clip_values=(float(x.min()) - epsilon, float(x.max()) + epsilon),
    )  # fmt: skip
    attack = HopSkipJump(
        target, norm=np.inf, max_iter=steps, init_eval=50, max_eval=200, batch_size=256, verbose=False
    )
    with global_seed(seed, stage):
        for row in np.flatnonzero(answers == (y == 1)):
            others = x[answers != answers[row]]
            if not len(others):
                break
            asked = 0
            start = others[np.abs(others - x[row]).max(1).argmin()]
            with suppress(OutOfQueriesError):
                proposals[row] = attack.generate(x[row : row + 1], x_adv_init=start[None].copy())[0]
            most = max(most, asked)
    return proposals, most


def zoo(
    ask: Ask, x: np.ndarray, y: np.ndarray, epsilon: float, *, steps: int, seed: int, stage: str
) -> tuple[np.ndarray, int]:
    """ZOO on rows x (rows, d), y (rows,) of one model: Adam on slopes that two scores an input estimate.

    ART clips what it adds to a row, not the row, to the range it is given. So it moves in shares of the budget,
    from nothing, within -1 and 1: there both are the same. The two scores lie half a budget to either side of the
    point, because trees have no slope nearer by: with ART's own distance it leaves every row of theirs alone.

    Returns proposals (rows, d) and the queries of a row.

    Source: Chen et al. 2017, arXiv:1708.03999, section 3.
    """
    proposals, most, inputs = x.copy(), 0, x.shape[1]

    def scores(row: int) -> Callable[[np.ndarray], np.ndarray]:
        def asked(shares: np.ndarray) -> np.ndarray:
            nonlocal counted
            counted += len(shares)
            margin = ask((x[row] + np.float32(epsilon) * np.clip(shares, -1, 1))[None].astype(np.float32))[0]
            return np.stack([-margin, margin], axis=1).astype(np.float32)

        return asked

    with global_seed(seed, stage):
        for row in range(len(x)):
            counted = 0
            target = BlackBoxClassifierNeuralNetwork(
                scores(row), (inputs,), 2, channels_first=False, clip_values=(-1, 1)
            )
            attack = ZooAttack(
                target, learning_rate=0.3, max_iter=steps, initial_const=1000.0, abort_early=False, use_resize=False,
                use_importance=False, nb_parallel=inputs, variable_h=0.5, verbose=False,
            )  # fmt: skip
            shares = attack.generate(np.zeros((1, inputs), np.float32), y[row : row + 1])[0]
            proposals[row] = x[row] + np.float32(epsilon) * shares
            most = max(most, counted)
    return proposals, most

"""Networks of tanh, sigmoid or GELU: sound linear bounds, and boxes halved until these settle the row.

Many boxes at once. On a box with centre c and reach r every unit keeps two linear functions of x - c that enclose
it. A layer takes from each side what its weights' signs ask for. An activation on [l, u] is enclosed between two
lines; both are sound for any l < u:

- tanh, sigmoid: convex below 0, concave above. On one side of 0 the chord and the tangent at the middle; across 0
  lines through both ends whose slope is the smaller of the slopes there.
- GELU: the chord, up and down by max|f''| (u - l)^2 / 8; or relu's lines, as relu - 0.17 <= GELU <= relu.

What lies on the box is then above b - sum |a_i| r_i. Rounding (some 1e-12) stays far below the tau that a proof
keeps from the cut. There is no mixed-integer program for these: what the search gives up stays open.

Source: Zhang et al. 2018, CROWN, arXiv:1811.00866 (general activations); Xu et al. 2020, arXiv:2002.12920 (forwards).
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import erf, expit

from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED, Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec

NAMES = ("tanh", "sigmoid", "gelu")
"""By place, as the arrays of a model have it."""
BATCH = 64
"""Boxes bounded at once."""
COST = 50
"""What a box counts for in a box limit: one of FraudNet takes a fraction of the time."""
PATIENCE = 2000
"""Boxes spent on a better witness, once there is one that only touches the cut."""
SLACK = 1e-6
"""Share of a step by which a whole number may lie outside a box."""


class Subject(NamedTuple):
    """One replicate, in float64."""

    weights: tuple[np.ndarray, ...]
    """Each (fan_in, fan_out); the last (fan_in, 1) is of the margin."""
    biases: tuple[np.ndarray, ...]
    """Each (fan_out,)."""
    activation: str


def read(arrays: Mapping[str, np.ndarray], replicate: int) -> Subject:
    layers = range(sum(name.startswith("weights.") for name in arrays))
    weights = [np.asarray(arrays[f"weights.{i}"][replicate], np.float64) for i in layers]
    biases = [np.asarray(arrays[f"biases.{i}"][replicate], np.float64).ravel() for i in layers]
    if not weights or weights[-1].shape[1] not in (1, 2):
        shapes = ", ".join(str(w.shape) for w in weights)
        raise ValueError(f"proofs need one or two logits; the weights are {shapes}")
    if weights[-1].shape[1] == 2:
        weights[-1], biases[-1] = np.diff(weights[-1]), np.diff(biases[-1])
    return Subject(tuple(weights), tuple(biases), NAMES[int(arrays["activation"][replicate])])


def margins(subject: Subject, boxes: Boxes) -> np.ndarray:
    return _margins(subject, boxes.x)


def monotone(subject: Subject) -> np.ndarray:
    """Nothing is proved of slopes here: every input is searched."""
    return np.zeros(len(subject.weights[0]), np.int8)


def tolerance(spec: ProofSpec) -> float:
    return 2 * spec.tau


def _margins(subject: Subject, x: np.ndarray) -> np.ndarray:
    """(...) of x (..., d)."""
    for w, b in zip(subject.weights[:-1], subject.biases[:-1], strict=True):
        x = value(subject.activation, x @ w + b)
    return (x @ subject.weights[-1] + subject.biases[-1])[..., 0]


def value(activation: str, z: np.ndarray) -> np.ndarray:
    """f(z)."""
    if activation == "gelu":
        return z * 0.5 * (1 + erf(z / np.sqrt(2)))
    return np.tanh(z) if activation == "tanh" else expit(z)


def _slope(activation: str, z: np.ndarray) -> np.ndarray:
    """f'(z) of tanh and sigmoid."""
    f = value(activation, z)
    return 1 - f * f if activation == "tanh" else f * (1 - f)


def lines(activation: str, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, ...]:
    """Slope and offset of a line above f on [low, high], and of one below it."""
    at_low, at_high, width = value(activation, low), value(activation, high), high - low
    middle, narrow = 0.5 * (low + high), width < 1e-9
    chord = np.where(narrow, 0.0, (at_high - at_low) / np.where(narrow, 1.0, width))
    if activation == "gelu":
        return _gelu_lines(low, high, at_low, at_high, chord)
    ends = np.minimum(_slope(activation, low), _slope(activation, high))
    tangent = np.where(narrow, 0.0, _slope(activation, middle))
    convex, concave = high <= 0, low >= 0
    above = np.where(convex, chord, np.where(concave, tangent, ends))
    below = np.where(concave, chord, np.where(convex, tangent, ends))
    above, below = (np.where(narrow, 0.0, each) for each in (above, below))
    at_middle = value(activation, middle)
    # both functions rise, so that a line through the upper end lies above what is narrow
    over = np.where(concave & ~narrow, at_middle - above * middle, at_high - above * high)
    under = np.where(convex & ~narrow, at_middle - below * middle, at_low - below * low)
    return above, over, below, under


def _gelu_lines(
    low: np.ndarray, high: np.ndarray, at_low: np.ndarray, at_high: np.ndarray, chord: np.ndarray
) -> tuple[np.ndarray, ...]:
    sag = 0.8 * (high - low) ** 2 / 8 + 2e-9  # |f''| is at most 0.798, |f'| at most 1.13
    over = np.maximum(at_low - chord * low, at_high - chord * high) + sag
    under = np.minimum(at_low - chord * low, at_high - chord * high) - sag
    middle, width = 0.5 * (low + high), np.maximum(high - low, 1e-9)
    ramp = (np.maximum(high, 0) - np.maximum(low, 0)) / width
    lifted = np.maximum(low, 0) - ramp * low + 2e-9
    bent = np.where(high > -low, 1.0, 0.0)
    tighter = ramp * middle + lifted < chord * middle + over
    higher = bent * middle - 0.17 > chord * middle + under
    return (
        np.where(tighter, ramp, chord), np.where(tighter, lifted, over),
        np.where(higher, bent, chord), np.where(higher, -0.17, under),
    )  # fmt: skip


def bounds(
    subject: Subject, lower: np.ndarray, upper: np.ndarray, sign: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Linear bounds of sign times the margin on boxes [lower, upper] (k, d).

    Returns:
        The least value it may have (k,), the slopes of the function below it (k, d), and how far those of the
        function above it are from these (k, d).
    """
    centre, reach = 0.5 * (lower + upper), 0.5 * (upper - lower)
    k, d = lower.shape
    slopes = [np.broadcast_to(np.eye(d), (k, d, d))] * 2  # below and above, (k, d, units)
    ends = [centre, centre]  # at the centre, (k, units)
    for layer, (w, b) in enumerate(zip(subject.weights, subject.biases, strict=True)):
        if layer == len(subject.weights) - 1:
            w, b = sign * w, sign * b
        rising, falling = np.maximum(w, 0), np.minimum(w, 0)
        slopes = [slopes[s] @ rising + slopes[1 - s] @ falling for s in (0, 1)]
        ends = [ends[s] @ rising + ends[1 - s] @ falling + b for s in (0, 1)]
        spread = [np.einsum("kdu,kd->ku", np.abs(each), reach) for each in slopes]
        if layer == len(subject.weights) - 1:
            break
        low = ends[0] - spread[0]
        above, over, below, under = lines(subject.activation, low, np.maximum(ends[1] + spread[1], low))
        parts = []
        for s, (slope, offset) in enumerate(((below, under), (above, over))):
            side = np.where(slope >= 0, s, 1 - s)
            taken = np.where(side[:, None] == 1, slopes[1], slopes[0])
            parts.append((slope[:, None] * taken, slope * np.where(side == 1, ends[1], ends[0]) + offset))
        slopes, ends = [part[0] for part in parts], [part[1] for part in parts]
    return (ends[0] - spread[0])[:, 0], slopes[0][:, :, 0], np.abs(slopes[1] - slopes[0])[:, :, 0]


class Grid(NamedTuple):
    """Inputs that take whole raw units only: offset + k step, standardised; step 0 for what moves continuously."""

    offset: np.ndarray
    step: np.ndarray

    def within(self, lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The boxes shrunk to the grid; one without a point of it has its lower side above its upper."""
        on = (self.step > 0) & (lower < upper)
        step = np.where(self.step > 0, self.step, 1.0)
        first = self.offset + step * np.ceil((lower - self.offset) / step - SLACK)
        last = self.offset + step * np.floor((upper - self.offset) / step + SLACK)
        last = np.where(np.abs(last - first) < 0.5 * step, first, last)
        return np.where(on, first, lower), np.where(on, last, upper)


def decide(
    subject: Subject, boxes: Boxes, y: np.ndarray, spec: ProofSpec, threshold: float = 0.0
) -> Verdicts:
    """Row by row; what is not settled within the box limit stays unresolved."""
    grid = Grid(
        np.where(boxes.whole, -boxes.mean / boxes.scale, 0.0), np.where(boxes.whole, 1 / boxes.scale, 0.0)
    )
    found = [
        _settle(subject, *box, 1.0 if label == 1 else -1.0, threshold, grid, spec)
        for *box, label in zip(boxes.lower, boxes.upper, y, strict=True)
    ]
    witness = np.array([each[3] for each in found]).reshape(boxes.lower.shape)
    return Verdicts(
        outcome=np.array([each[0] for each in found], np.int8), witness=boxes.to_raw(witness),
        boxes=np.array([each[1] for each in found], np.int64), margin=np.array([each[2] for each in found]),
    )  # fmt: skip


def _settle(
    subject: Subject,
    lower: np.ndarray,
    upper: np.ndarray,
    sign: float,
    threshold: float,
    grid: Grid,
    spec: ProofSpec,
) -> tuple[int, int, float, np.ndarray]:
    """Outcome, boxes looked at, margin, witness (d,) of one row, as `generator.proofs.relu.search` has them."""
    cut, bar, limit = sign * threshold, spec.tau, max(1, spec.box_limit // COST)
    waiting, looked, proved, seen = [grid.within(lower[None], upper[None])], 0, np.inf, np.inf
    witness = nowhere = np.full(len(lower), np.nan)
    while waiting and looked < limit:
        low, high = waiting.pop()
        if len(low) > BATCH:
            waiting.append((low[BATCH:], high[BATCH:]))
            low, high = low[:BATCH], high[:BATCH]
        looked += len(low)
        least, slope, gap = bounds(subject, low, high, sign)
        least -= cut
        proved = min(proved, least[least > bar].min(initial=np.inf))
        left = least <= bar
        if not left.any():
            continue
        low, high, slope, gap = low[left], high[left], slope[left], gap[left]
        points = np.concatenate([np.where(slope > 0, low, high), _middle(low, high, grid)])
        values = sign * _margins(subject, points) - cut
        if values.min() < seen:
            seen, witness = float(values.min()), points[values.argmin()]
        if seen <= -spec.tau:
            return BROKEN, looked, seen, witness
        if seen <= 2 * spec.tau and bar > 0:
            bar, limit = -spec.tau, min(limit, looked + PATIENCE)
        waiting.append(_halves(low, high, np.abs(slope) + gap + 1e-9, grid))
    if seen <= 2 * spec.tau:
        return BROKEN, looked, seen, witness
    return (UNRESOLVED, looked, seen, nowhere) if waiting else (PROVED, looked, proved, nowhere)


def _middle(low: np.ndarray, high: np.ndarray, grid: Grid) -> np.ndarray:
    middle, on = 0.5 * (low + high), (grid.step > 0) & (low < high)
    return np.where(
        on, low + grid.step * np.rint((middle - low) / np.where(grid.step > 0, grid.step, 1)), middle
    )


def _halves(
    low: np.ndarray, high: np.ndarray, weight: np.ndarray, grid: Grid
) -> tuple[np.ndarray, np.ndarray]:
    """Both halves of each box in the input with most weight times width; a single point has none."""
    wide = (high > low).any(1)
    low, high, weight = low[wide], high[wide], weight[wide]
    split, row = np.argmax(weight * (high - low), axis=1), np.arange(len(low))
    left = right = 0.5 * (low[row, split] + high[row, split])
    step = grid.step[split]
    on = low[row, split] + step * np.floor((left - low[row, split]) / np.where(step > 0, step, 1) + SLACK)
    left, right = np.where(step > 0, on, left), np.where(step > 0, on + step, right)
    lows, highs = np.concatenate([low, low]), np.concatenate([high, high])
    highs[row, split], lows[len(low) + row, split] = left, right
    return lows, highs


def radius(subject: Subject, boxes: Boxes, y: np.ndarray, largest: float, spec: ProofSpec) -> Radii:
    """By bisection; a budget that stays open ends it."""
    n, d = boxes.x.shape
    proved, broken, looked = np.zeros(n), np.full(n, np.inf), np.zeros(n, np.int64)
    witness, free = np.full((n, d), np.nan), Grid(np.zeros(d), np.zeros(d))
    for row, (x, label) in enumerate(zip(boxes.x, y, strict=True)):
        target, sign = 0.0, 1.0 if label == 1 else -1.0
        while True:
            outcome, cost, _, point = _settle(subject, x - target, x + target, sign, 0.0, free, spec)
            looked[row] += cost
            if outcome == BROKEN:
                broken[row], witness[row] = np.abs(point - x).max(), point
            elif outcome == PROVED:
                proved[row] = target
            bounded = np.isfinite(broken[row])
            if (
                outcome == UNRESOLVED
                or proved[row] >= largest
                or broken[row] - proved[row] <= spec.radius_tolerance
            ):
                break
            target = 0.5 * (proved[row] + broken[row]) if bounded else largest
    return Radii(proved, broken, boxes.to_raw(witness), looked)


def cross_check(
    subject: Subject, boxes: Boxes, y: np.ndarray, spec: ProofSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Against the corners of the boxes and a net of points in them, which can break what is proved and no more."""
    ours, again = decide(subject, boxes, y, spec), []
    rng = np.random.default_rng(0)
    for row, label in enumerate(y):
        draws = rng.uniform(boxes.lower[row], boxes.upper[row], (20_000, boxes.x.shape[1]))
        ends = rng.random(draws.shape) < 0.5
        points = np.concatenate([draws, np.where(ends, boxes.lower[row], boxes.upper[row])])
        worst = (_margins(subject, points) * (1 if label == 1 else -1)).min()
        again.append(BROKEN if worst <= 0 else ours.outcome[row])
    return ours.outcome, np.array(again, np.int8)


def proof_steps(
    subject: Subject, boxes: Boxes, row: int, y: int, longest: int, spec: ProofSpec
) -> list[Step] | None:
    one, steps = boxes.only(np.array([row])), []
    free = Grid(np.zeros(one.x.shape[1]), np.zeros(one.x.shape[1]))
    waiting = [(0, one.lower, one.upper)]
    while waiting:
        if len(steps) == longest:
            return None
        depth, low, high = waiting.pop()
        least, slope, gap = bounds(subject, low, high, 1.0 if y == 1 else -1.0)
        proved = bool(least[0] > spec.tau)
        steps.append(Step(depth, low[0], high[0], float(least[0]), proved))
        if not proved:
            lows, highs = _halves(low, high, np.abs(slope) + gap + 1e-9, free)
            waiting += [(depth + 1, lows[[half]], highs[[half]]) for half in reversed(range(len(lows)))]
    return steps


def warm_up():
    """There is nothing to compile."""

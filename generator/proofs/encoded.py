"""Nets and linear models behind encoders: a box of the table is some of the network, one for each choice of names.

A number stays an interval: of all columns that are made of it one is an input of the inner network, and the others,
straight in it, go into the first layer. A name is no number between others, so every combination of those that a row
can have is tried, the one that looks worst at the row's own numbers first; a row is proved if it is so with all of
them, and broken if it is with one. More than MOST combinations leave a row unresolved, unless one of those that were
tried breaks it.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from generator.proofs import linear, smooth
from generator.proofs.relu import verifier as relu
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED, Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec

MOST = 2048
"""Combinations of names that are tried for a row."""
PAIRS = 20_000
"""Of rows and combinations that are asked about at once: some megabytes."""
SINGLE = float(np.finfo(np.float32).eps)

ACTIVATIONS = ("relu", "tanh", "logistic", "identity")
"""By place, as the arrays of a model have it."""


@dataclass(frozen=True)
class Subject:
    """One replicate."""

    inner: ModuleType
    """The verifier of the network."""
    network: object
    """As it reads it, of axes."""
    inputs: int
    number: np.ndarray
    """(axes,) the input that an axis is the number of, or -1."""
    column: np.ndarray
    """(axes,) the column that it is."""
    parts: Mapping[str, np.ndarray]
    """The encoding, as the model has it."""
    single: bool
    """Whether the network works in float32."""
    weights: tuple[np.ndarray, ...]
    """Of the network, in float64, absolute: how rounding grows."""
    biases: tuple[np.ndarray, ...]

    def columns(self, raw: np.ndarray) -> np.ndarray:
        """(n, axes) of rows (n, d), as the model has them: rounded step by step, then to the type of its layers."""
        parts = self.parts
        kind = parts["mean"].dtype
        source = parts["source"][self.column]
        values = raw[:, source].astype(kind)
        terms = {name: parts[name][self.column] for name in ("mean", "scale", "gain", "offset")}
        numbers = (values - terms["mean"]) / terms["scale"] * terms["gain"] + terms["offset"]
        tables = parts["tables"][self.column]
        unknown = tables.shape[1] - 2
        known = (values >= 0) & (values < unknown)
        codes = np.where(np.isnan(values), unknown + 1, np.where(known, values, unknown)).astype(int)
        looked_up = tables[np.arange(len(source)), codes].astype(kind)
        found = np.where(parts["coded"][self.column] | np.isnan(values), looked_up, numbers)
        return (found.astype(np.float32) if self.single else found).astype(np.float64)

    @property
    def mean(self) -> np.ndarray:
        """(axes,) of the numbers: raw = axis * scale + mean."""
        parts = {name: self.parts[name][self.column].astype(np.float64) for name in ("mean", "offset")}
        return np.where(self.number >= 0, parts["mean"] - parts["offset"] * self.scale, 0.0)

    @property
    def scale(self) -> np.ndarray:
        """(axes,)"""
        gain, scale = (self.parts[name][self.column].astype(np.float64) for name in ("gain", "scale"))
        return np.divide(scale, gain, where=self.number >= 0, out=np.ones(len(gain)))


def read(arrays: Mapping[str, np.ndarray], replicate: int) -> Subject:
    """The replicate in these arrays of `generator.models.encoded.Encoded`; a single one is that of every fold."""
    try:
        one = {name: part[replicate if len(part) > 1 else 0] for name, part in arrays.items()}
        parts = {
            name: one[f"encoding.{name}"]
            for name in ("source", "coded", "mean", "scale", "gain", "offset", "tables")
        }
        layers = range(sum(name.startswith("weights.") for name in one))
        weights = [one[f"weights.{i}"].astype(np.float64) for i in layers]
        biases = [one[f"biases.{i}"].astype(np.float64).ravel() for i in layers]
        activation, inputs, cut = ACTIVATIONS[int(one["activation"])], int(one["inputs"]), float(one["cut"])
        single = one["weights.0"].dtype == np.float32
    except (KeyError, IndexError) as error:
        raise ValueError(f"these are no arrays of layers behind an encoder: {error}") from None
    column, number, weights[0], biases[0] = _axes(parts, weights[0], biases[0])
    biases[-1] = biases[-1] - cut * (np.arange(len(biases[-1])) == len(biases[-1]) - 1)
    inner, network = _network(weights, biases, activation)
    absolute = (tuple(map(np.abs, each)) for each in (weights, biases))
    return Subject(inner, network, inputs, number, column, parts, single, *absolute)


def _axes(parts: Mapping[str, np.ndarray], weight: np.ndarray, bias: np.ndarray):
    """(columns that are axes, the number that each is or -1, first layer of axes)."""
    column, number, rows, bias = [], [], [], bias.copy()
    first: dict[int, int] = {}
    terms = [parts[name].astype(np.float64) for name in ("mean", "scale", "gain", "offset")]
    for c, (source, coded) in enumerate(zip(parts["source"], parts["coded"], strict=True)):
        mean, scale, gain, offset = (term[c] for term in terms)
        if coded or gain == 0 or int(source) not in first:
            if not coded and gain != 0:
                first[int(source)] = len(column)
            number.append(int(source) if not coded and gain != 0 else -1)
            column.append(c)
            rows.append(weight[c].copy())
            continue
        axis = first[int(source)]
        other_mean, other_scale, other_gain, other_offset = (term[column[axis]] for term in terms)
        slope = (gain / scale) / (other_gain / other_scale)
        start = offset - mean * gain / scale - slope * (other_offset - other_mean * other_gain / other_scale)
        lacking, other = parts["tables"][c, -1], parts["tables"][column[axis], -1]
        if not (np.isnan(lacking) and np.isnan(other)) and not np.isclose(lacking, slope * other + start):
            raise ValueError(f"input {source} is scaled twice, and missing in two ways")
        rows[axis] = rows[axis] + slope * weight[c]
        bias = bias + start * weight[c]
    return np.array(column), np.array(number), np.array(rows), bias


def _network(
    weights: list[np.ndarray], biases: list[np.ndarray], activation: str
) -> tuple[ModuleType, object]:
    """The verifier of what these layers are, and what it reads."""
    if activation == "identity":
        while len(weights) > 1:
            (w, b), (v, c) = (weights[0], biases[0]), (weights[1], biases[1])
            weights, biases = [w @ v, *weights[2:]], [b @ v + c, *biases[2:]]
    if len(weights) == 1:
        w, b = weights[0], biases[0]
        line, end = (w[:, 0], b[0]) if len(b) == 1 else (w[:, 1] - w[:, 0], b[1] - b[0])
        return linear, linear.read({"weights": line[None], "bias": np.array([end])}, 0)
    arrays = {f"weights.{i}": w[None] for i, w in enumerate(weights)}
    arrays |= {f"biases.{i}": b[None, None] for i, b in enumerate(biases)}
    if activation == "relu":
        return relu, relu.read(arrays, 0)
    name = {"logistic": "sigmoid"}.get(activation, activation)
    return smooth, smooth.read(arrays | {"activation": np.array([smooth.NAMES.index(name)])}, 0)


def margins(subject: Subject, boxes: Boxes) -> np.ndarray:
    x = subject.columns(boxes.raw)
    return subject.inner.margins(subject.network, _points(x))


def monotone(subject: Subject) -> np.ndarray:
    """Of inputs that are numbers to the network alone; 1 too for an input that it does not see."""
    signs = np.ones(subject.inputs, np.int8)
    own = subject.inner.monotone(subject.network) * np.sign(subject.scale).astype(np.int8)
    for axis, source in enumerate(subject.parts["source"][subject.column]):
        coded = subject.parts["coded"][subject.column[axis]]
        if subject.number[axis] >= 0 and signs[source] != 0:
            signs[source] = own[axis]
        elif coded:
            signs[source] = 0
    return signs


def tolerance(spec: ProofSpec) -> float:
    return 2 * spec.tau


def decide(
    subject: Subject, boxes: Boxes, y: np.ndarray, spec: ProofSpec, threshold: float = 0.0
) -> Verdicts:
    """Names by trying all that a row can have, numbers by the verifier of the network."""
    named = _named(subject, boxes)
    if not named:
        return _decided(subject, boxes, named, boxes.raw, y, spec, threshold)
    ways = [_ways(boxes, row, named) for row in range(len(y))]
    ways = [
        each[np.argsort(_badness(subject, each, label), kind="stable")]
        for each, label in zip(ways, y, strict=True)
    ]
    n, d = boxes.raw.shape
    outcome, margin = np.full(n, PROVED, np.int8), np.full(n, np.inf)
    looked, witness = np.zeros(n, np.int64), np.full((n, d), np.nan)
    # the worst combination first: a row that it breaks needs no other
    for which in (slice(0, 1), slice(1, None)):
        waiting = [(row, way) for row in np.flatnonzero(outcome != BROKEN) for way in ways[row][which]]
        for start in range(0, len(waiting), PAIRS):
            some = [pair for pair in waiting[start : start + PAIRS] if outcome[pair[0]] != BROKEN]
            if not some:
                continue
            rows, raw = np.array([row for row, _ in some]), np.array([way for _, way in some])
            found = _decided(subject, boxes.only(rows), named, raw, y[rows], spec, threshold)
            np.add.at(looked, rows, found.boxes)
            for i in np.flatnonzero(found.outcome != PROVED)[::-1]:
                if found.outcome[i] == BROKEN or outcome[rows[i]] == PROVED:
                    outcome[rows[i]], margin[rows[i]] = found.outcome[i], found.margin[i]
                    witness[rows[i]] = found.witness[i]
            held = (found.outcome == PROVED) & (outcome[rows] == PROVED)
            np.minimum.at(margin, rows[held], found.margin[held])
    over = (outcome == PROVED) & [_count(boxes, row, named) > MOST for row in range(n)]
    outcome[over], margin[over] = UNRESOLVED, np.nan
    return Verdicts(outcome, witness, looked, margin)


def _named(subject: Subject, boxes: Boxes) -> list[int]:
    """Inputs that are no interval to the network: looked up, or with gaps between the places that some row can have."""
    found = []
    for j, allowed in boxes.allowed.items():
        axes = subject.parts["source"][subject.column] == j
        coded = subject.parts["coded"][subject.column][axes].any()
        first, last = allowed.argmax(1), allowed.shape[1] - 1 - allowed[:, ::-1].argmax(1)
        gaps = (allowed.sum(1) < last - first + 1) & allowed.any(1)
        if axes.any() and (coded or gaps.any()):
            found.append(j)
    return found


def _count(boxes: Boxes, row: int, named: list[int]) -> int:
    return math.prod(max(1, int(boxes.allowed[j][row].sum())) for j in named)


def _ways(boxes: Boxes, row: int, named: list[int]) -> np.ndarray:
    """(m, d) the row with each combination of names that it can have, its own first; at most MOST."""
    raw, choices = boxes.raw[row], []
    for j in named:
        places = np.flatnonzero(boxes.allowed[j][row]).astype(float)
        choices.append([raw[j], *places[places != raw[j]]] if not np.isnan(raw[j]) else [np.nan])
    combinations = list(itertools.islice(itertools.product(*choices), MOST))
    found = np.repeat(raw[None], len(combinations), axis=0)
    found[:, named] = combinations
    return found


def _badness(subject: Subject, ways: np.ndarray, y: int) -> np.ndarray:
    """(m,) low where the row is judged worst."""
    sign = 1.0 if y == 1 else -1.0
    return sign * subject.inner.margins(subject.network, _points(subject.columns(ways)))


def _points(x: np.ndarray) -> Boxes:
    return Boxes(x, x, x, x, np.zeros(x.shape[1], bool), np.zeros(x.shape[1]), np.ones(x.shape[1]))


def _decided(
    subject: Subject,
    boxes: Boxes,
    named: list[int],
    raw: np.ndarray,
    y: np.ndarray,
    spec: ProofSpec,
    threshold: float,
) -> Verdicts:
    """Rows that keep the names of raw (m, d); witnesses in the raw units of the table."""
    inner = _inner(subject, boxes, named, raw)
    spec = spec.model_copy(update={"tau": max(spec.tau, _rounding(subject, inner))})
    found = subject.inner.decide(subject.network, inner, y, spec, threshold=threshold)
    low, high = boxes.raw_faces()
    witness = raw.copy()
    for axis in np.flatnonzero(subject.number >= 0):
        j = subject.number[axis]
        moved = inner.lower[:, axis] < inner.upper[:, axis]
        there = np.clip(found.witness[:, axis], low[:, j], high[:, j])
        witness[:, j] = np.where(moved, np.rint(there) if boxes.whole[j] else there, witness[:, j])
    witness[found.outcome != BROKEN] = np.nan
    return replace(found, witness=witness)


def _inner(subject: Subject, boxes: Boxes, named: list[int], raw: np.ndarray) -> Boxes:
    """The boxes of the network, in its axes, of rows that keep the names of raw (m, d)."""
    low, high = boxes.raw_faces()
    x = subject.columns(raw)
    lower, upper, whole = x.copy(), x.copy(), np.zeros(x.shape[1], bool)
    mean, scale = subject.mean, subject.scale
    for axis in np.flatnonzero((subject.number >= 0) & ~np.isin(subject.number, named)):
        j = int(subject.number[axis])
        moves, own = low[:, j] < high[:, j], x[:, axis]
        ends = [(face[:, j] - mean[axis]) / scale[axis] for face in (low, high)]
        # the row's own value belongs to the box, which rounding may have moved
        lower[:, axis] = np.where(moves, np.fmin(np.fmin(*ends), own), own)
        upper[:, axis] = np.where(moves, np.fmax(np.fmax(*ends), own), own)
        whole[axis] = boxes.whole[j] and scale[axis] > 0
    return Boxes(x, x, lower, upper, whole, mean, scale)


def _rounding(subject: Subject, inner: Boxes) -> float:
    """How far float32 may move a margin of these rows: its unit, times the largest sum of absolute terms."""
    if not subject.single:
        return 0.0
    size = np.maximum(np.abs(inner.lower), np.abs(inner.upper)).max(axis=0, initial=0.0)
    for weight, bias in zip(subject.weights, subject.biases, strict=True):
        size = size @ weight + bias
    return SINGLE * float(size.max())


def radius(subject: Subject, boxes: Boxes, y: np.ndarray, largest: float, spec: ProofSpec) -> Radii:
    raise TypeError("a radius is of numbers alone; ask for budgets of models that look names up")


def cross_check(
    subject: Subject, boxes: Boxes, y: np.ndarray, spec: ProofSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Both methods of the network's verifier, with every combination of names."""
    both, named = np.full((2, len(y)), UNRESOLVED, np.int8), _named(subject, boxes)
    for row in range(len(y)):
        if _count(boxes, row, named) <= MOST:
            ways = _ways(boxes, row, named)
            same = np.full(len(ways), row)
            inner = _inner(subject, boxes.only(same), named, ways)
            for place, told in enumerate(subject.inner.cross_check(subject.network, inner, y[same], spec)):
                both[place, row] = BROKEN if (told == BROKEN).any() else told.min()
    return both[0], both[1]


def proof_steps(
    subject: Subject, boxes: Boxes, row: int, y: int, longest: int, spec: ProofSpec
) -> list[Step] | None:
    """None: a walk would be one for each combination of names, in columns that no table has."""
    return None


def warm_up():
    """The verifiers of the networks are warmed up as what they are."""

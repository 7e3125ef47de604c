"""Nets and linear models behind encoders: a box of the table is some of the network, one for each choice of names.

A number stays an interval: of all columns that are made of it one is an input of the inner network, and the others,
straight in it, go into the first layer. A name is no number between others. Of a line the worst name of each input is
told at once. Of a net a set of combinations is bounded as a whole: a linear function that lies below the margin on the
hull of their columns is least at the worst name of each input. What that does not prove is parted, down to single
combinations, which the verifier of the network decides. A row that needs more than MOST sets is unresolved, unless one
of the combinations that were tried breaks it.
"""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from generator.proofs import linear, smooth
from generator.proofs.relu import verifier as relu
from generator.proofs.relu.bounds import crown
from generator.proofs.verdicts import BROKEN, PROVED, UNRESOLVED, Radii, Step, Verdicts
from generator.records.boxes import Boxes
from generator.records.spec import ProofSpec

MOST = 4096
"""Sets of combinations of names that are looked at for a row."""
FEW = 8
"""Combinations that are decided one by one: to bound them together costs as much."""
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
    x, d = subject.columns(boxes.raw), len(subject.column)
    return subject.inner.margins(
        subject.network, Boxes(x, x, x, x, np.zeros(d, bool), np.zeros(d), np.ones(d))
    )


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
    """Names as above, numbers by the verifier of the network."""
    named = _named(subject, boxes)
    if not named:
        return _decided(subject, boxes, named, boxes.raw, y, spec, threshold)
    names = [_Names.of(subject, boxes, j) for j in named]
    if subject.inner is linear:
        return _decided(subject, boxes, named, _worst_of_line(subject, boxes, names, y), y, spec, threshold)
    return _search(subject, boxes, names, y, spec, threshold)


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


@dataclass(frozen=True)
class _Names:
    """One input whose names are tried."""

    j: int
    axes: np.ndarray
    """Made of it."""
    values: np.ndarray
    """(k + 1, axes) of each place, last of none."""
    allowed: np.ndarray
    """(n, k + 1) bool: of each row; none only where it has none."""

    @classmethod
    def of(cls, subject: Subject, boxes: Boxes, j: int) -> "_Names":
        axes = np.flatnonzero(subject.parts["source"][subject.column] == j)
        allowed = np.column_stack((boxes.allowed[j], np.isnan(boxes.raw[:, j])))
        rows = np.zeros((allowed.shape[1], subject.inputs))
        rows[:, j] = [*range(allowed.shape[1] - 1), np.nan]
        return cls(j, axes, subject.columns(rows)[:, axes], allowed)

    def raw(self, place: int) -> float:
        return np.nan if place == len(self.values) - 1 else float(place)


def _worst_of_line(subject: Subject, boxes: Boxes, names: list[_Names], y: np.ndarray) -> np.ndarray:
    """(n, d) the rows with the name of each input that its weights like least: what it adds depends on nothing else."""
    raw, sign = boxes.raw.copy(), np.where(y == 1, 1.0, -1.0)
    for each in names:
        adds = sign[:, None] * (each.values @ subject.network.w[each.axes])
        worst = np.where(each.allowed, adds, np.inf).argmin(axis=1)
        raw[:, each.j] = np.where(worst == len(each.values) - 1, np.nan, worst)
    return raw


_Sets = tuple[np.ndarray, ...]
"""Of each input, the places that are left."""


def _search(
    subject: Subject, boxes: Boxes, names: list[_Names], y: np.ndarray, spec: ProofSpec, threshold: float
) -> Verdicts:
    n, d = boxes.raw.shape
    named = [each.j for each in names]
    own = _inner(subject, boxes, named, boxes.raw)
    hull = own.upper.copy()
    for each in names:
        hull[:, each.axes] = np.nanmax(np.abs(each.values), axis=0)
    tau = max(spec.tau, _rounding(subject, replace(own, upper=hull)))
    outcome, margin = np.full(n, PROVED, np.int8), np.full(n, np.inf)
    looked, witness = np.zeros(n, np.int64), np.full((n, d), np.nan)

    def settle(some: list[tuple[int, list[int]]]):
        """Single combinations: (row, place of each input)."""
        if not some:
            return
        rows = np.array([row for row, _ in some])
        raw = boxes.raw[rows]
        raw[:, named] = [
            [each.raw(place) for each, place in zip(names, places, strict=True)] for _, places in some
        ]
        found = _decided(subject, boxes.only(rows), named, raw, y[rows], spec, threshold)
        np.add.at(looked, rows, found.boxes)
        for i, row in enumerate(rows):
            if found.outcome[i] == BROKEN and outcome[row] != BROKEN:
                outcome[row], margin[row], witness[row] = BROKEN, found.margin[i], found.witness[i]
            elif found.outcome[i] == UNRESOLVED and outcome[row] == PROVED:
                outcome[row], margin[row] = UNRESOLVED, np.nan
            elif outcome[row] == PROVED:
                margin[row] = min(margin[row], found.margin[i])

    waiting: list[tuple[int, _Sets]] = [
        (row, tuple(np.flatnonzero(each.allowed[row]) for each in names)) for row in range(n)
    ]
    while waiting:
        few = [(row, sets) for row, sets in waiting if math.prod(map(len, sets)) <= FEW]
        many = [(row, sets) for row, sets in waiting if math.prod(map(len, sets)) > FEW]
        asked, parts = [(row, list(places)) for row, sets in few for places in itertools.product(*sets)], []
        rows = np.array([row for row, _ in many], int)
        least, adds = _bounded(subject, own, names, many, y[rows], threshold) if many else (np.empty(0), [])
        np.add.at(looked, rows, 1)
        lowest = np.full(n, np.inf)
        np.minimum.at(lowest, rows, least)
        for i, (row, sets) in enumerate(many):
            if least[i] > tau:
                margin[row] = min(margin[row], least[i])
                continue
            parts.append((row, sets, adds[i]))
            if least[i] == lowest[row]:
                # of the set that looks worst its worst combination: a row that it breaks needs no other
                asked.append(
                    (row, [int(places[each.argmin()]) for places, each in zip(sets, adds[i], strict=True)])
                )
        settle(asked)
        over = [row for row, _, _ in parts if outcome[row] == PROVED and looked[row] > MOST]
        outcome[over], margin[over] = UNRESOLVED, np.nan
        waiting = [
            (row, half) for row, sets, each in parts if outcome[row] == PROVED for half in _halves(sets, each)
        ]
    return Verdicts(outcome, witness, looked, margin)


def _bounded(
    subject: Subject,
    own: Boxes,
    names: list[_Names],
    waiting: list[tuple[int, _Sets]],
    y: np.ndarray,
    threshold: float,
) -> tuple[np.ndarray, list[list[np.ndarray]]]:
    """(sets,) what the signed margin is at least, and of each set and input what its places add to that bound."""
    rows = np.array([row for row, _ in waiting])
    lower, upper = own.lower[rows], own.upper[rows]
    for i, (_, sets) in enumerate(waiting):
        for each, places in zip(names, sets, strict=True):
            lower[i, each.axes], upper[i, each.axes] = each.values[places].min(0), each.values[places].max(0)
    least, slopes = _below(subject, lower, upper, y, threshold)
    centre, reach, adds = 0.5 * (lower + upper), 0.5 * (upper - lower), []
    for i, (_, sets) in enumerate(waiting):
        adds.append([])
        for each, places in zip(names, sets, strict=True):
            slope = slopes[i, each.axes]
            added = (each.values[places] - centre[i, each.axes]) @ slope
            least[i] += np.abs(slope) @ reach[i, each.axes] + added.min()
            adds[-1].append(added)
    return least, adds


def _below(
    subject: Subject, lower: np.ndarray, upper: np.ndarray, y: np.ndarray, threshold: float
) -> tuple[np.ndarray, np.ndarray]:
    """Least value (m,) and slopes (m, axes) of a linear function below the signed margin on boxes (m, axes)."""
    if subject.inner is relu:
        return crown(subject.network, lower, upper, y, threshold)
    least, slopes = np.empty(len(y)), np.empty(lower.shape)
    for label, sign in ((1, 1.0), (0, -1.0)):
        some = (y == 1) == (label == 1)
        if some.any():
            least[some], slopes[some], _ = smooth.bounds(subject.network, lower[some], upper[some], sign)
            least[some] -= sign * threshold
    return least, slopes


def _halves(sets: _Sets, adds: list[np.ndarray]) -> list[_Sets]:
    """The places of the input that matters most, parted into those that add least and the others."""
    spread = [np.ptp(added) if len(added) > 1 else -1.0 for added in adds]
    most = int(np.argmax(spread))
    order = sets[most][np.argsort(adds[most], kind="stable")]
    middle = len(order) // 2
    return [(*sets[:most], part, *sets[most + 1 :]) for part in (order[:middle], order[middle:])]


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
    for axis in np.flatnonzero((subject.number >= 0) & (inner.lower < inner.upper).any(axis=0)):
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
    still = np.flatnonzero(~(low < high).any(axis=0))
    for axis in np.flatnonzero((subject.number >= 0) & ~np.isin(subject.number, [*named, *still])):
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
    """Both methods of the network's verifier, with every combination of names, of at most MOST."""
    both, named = np.full((2, len(y)), UNRESOLVED, np.int8), _named(subject, boxes)
    names = [_Names.of(subject, boxes, j) for j in named]
    for row in range(len(y)):
        choices = [[each.raw(place) for place in np.flatnonzero(each.allowed[row])] for each in names]
        if math.prod(map(len, choices)) > MOST:
            continue
        combinations = list(itertools.product(*choices))
        same = np.full(len(combinations), row)
        raw = boxes.raw[same]
        raw[:, named] = combinations
        inner = _inner(subject, boxes.only(same), named, raw)
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

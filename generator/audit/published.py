"""The published files of one dataset, read and put together: rows, weights, scalers, cuts."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load

from generator.program import STUDY
from generator.records.base import RecordError
from generator.records.files import rows_file, weights_file
from generator.records.results import StudyResult
from generator.records.rows import Rows, read_rows
from generator.records.spec import StudySpec


class AuditError(Exception):
    """A file says one thing and what it has to agree with another: file, line, field, expected, found."""


@dataclass(frozen=True)
class Published:
    """What is published of one dataset, each line with the replicate that judged it."""

    result: StudyResult
    rows: Rows
    arrays: Mapping[str, np.ndarray]
    """`means`, `scales` (replicates, d); per model `<model>/cuts` (replicates,) and its weights."""

    @property
    def table(self) -> str:
        """Name of the per-row file."""
        return rows_file(Path(), self.result.data.name).as_posix()

    @property
    def replicate(self) -> np.ndarray:
        """(n, s): seed * folds + fold."""
        return np.arange(self.result.spec.training.seeds) * self.result.spec.training.folds + self.rows.fold

    @property
    def centre(self) -> np.ndarray:
        """(n, 1, s, d) float64: each row as the model is given it, standardised and rounded to float32."""
        return self.scaled(self.rows.x[:, None, None]).astype(np.float32).astype(np.float64)

    def scaled(self, raw: np.ndarray) -> np.ndarray:
        """raw (n, m, s, d) in the standardised units of the replicate that judges it."""
        means, scales = (self.arrays[name][self.replicate][:, None] for name in ("means", "scales"))
        return (raw - means) / scales

    def cuts(self) -> np.ndarray:
        """(n, m, s): the cut of the quoted operating point."""
        return np.stack([self.arrays[f"{model}/cuts"][self.replicate] for model in self.rows.models], axis=1)

    def judge(self, raw: np.ndarray) -> np.ndarray:
        """(n, m, s) float32 margins of raw (n, m, s, d), as the deployed pipeline has them; NaN gives NaN."""
        x = self.scaled(raw).astype(np.float32)
        x, raw = (np.broadcast_to(each, (*self.rows.shape, each.shape[-1])) for each in (x, raw))
        margins, replicate = np.empty(self.rows.shape, np.float32), self.replicate
        for place in range(replicate.max() + 1):
            row, seed = np.nonzero(replicate == place)
            for m, model in enumerate(self.rows.models):
                margins[row, m, seed] = self._margins(model, place, x[row, m, seed], raw[row, m, seed])
        return np.where(np.isnan(raw).all(axis=-1), np.nan, margins)

    def _margins(self, model: str, replicate: int, x: np.ndarray, raw: np.ndarray) -> np.ndarray:
        part = f"{model}/"
        arrays = {
            name.removeprefix(part): a[replicate] for name, a in self.arrays.items() if name.startswith(part)
        }
        return KINDS[self.result.model(model).kind].margins(arrays, x, raw)

    def hold(self, ok: np.ndarray, field: str, expected: str, found: np.ndarray):
        """Pass if `ok` (n, m, s) is true everywhere; else name the first line where it is not.

        Args:
            expected: What should be there.
            found: (n, m, s), broadcast; what is there.
        """
        ok = np.broadcast_to(ok, self.rows.shape).ravel()
        if ok.all():
            return
        place = int(np.argmin(ok))
        seen = np.broadcast_to(found, self.rows.shape).ravel()[place]
        raise AuditError(
            f"{self.table}, line {self.rows.line(place)}, {field}: expected {expected}, found {seen}"
        )

    def agree(self, place: str, expected: Any, found: Any):
        """Pass if a value of the record is what the lines give: counts exactly, shares to 1e-12."""
        same = abs(expected - found) <= SAME if isinstance(expected, float) else expected == found
        if not same:
            raise AuditError(
                f"{self.result.data.name}.json, {place}: expected {expected} from the lines of {self.table}, "
                f"found {found}"
            )


Shapes = dict[str, tuple[int, ...]]


class Kind(NamedTuple):
    """What a published model of one kind is made of, and how it judges."""

    shapes: Callable[[StudySpec, int, Shapes], Shapes]
    """Of the arrays of one replicate, by name; d inputs. The shapes found tell a size that is the model's own."""
    margins: Callable[[Mapping[str, np.ndarray], np.ndarray, np.ndarray], np.ndarray]
    """(n,) of standardised and of raw rows, each (n, d), by the arrays of one replicate."""


def _network_shapes(spec: StudySpec, d: int, found: Shapes) -> Shapes:
    shapes, widths = {}, (d, *spec.training.hidden, 2)
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        shapes |= {f"weights.{layer}": (fan_in, fan_out), f"biases.{layer}": (1, fan_out)}
    return shapes


def _network_margins(arrays: Mapping[str, np.ndarray], x: np.ndarray, raw: np.ndarray) -> np.ndarray:
    return _through_layers(arrays, x, lambda z: np.maximum(z, 0))


def _through_layers(
    arrays: Mapping[str, np.ndarray], x: np.ndarray, activation: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """Fraud logit minus legitimate logit, or the only one."""
    layers = sum(name.startswith("weights.") for name in arrays)
    for layer in range(layers):
        x = x @ arrays[f"weights.{layer}"]
        x += arrays[f"biases.{layer}"]
        if layer < layers - 1:
            x = activation(x)
    return x[:, -1] - x[:, 0] if x.shape[1] == 2 else x[:, 0]


_erf = np.vectorize(math.erf, otypes=[np.float64])
SMOOTH: tuple[Callable[[np.ndarray], np.ndarray], ...] = (
    np.tanh,
    lambda z: 0.5 * (1 + np.tanh(0.5 * z)),  # the sigmoid, without an exponential that overflows
    lambda z: (0.5 * z * (1 + _erf(z / math.sqrt(2)))).astype(z.dtype),
)
"""tanh, sigmoid and the exact GELU, by the place that a model's `activation` holds."""


def _smooth_shapes(spec: StudySpec, d: int, found: Shapes) -> Shapes:
    """Layers that fit each other, as many and as wide as are there, with one or two logits at the end."""
    shapes, fan_in = {"activation": ()}, d
    layers = max(1, sum(name.startswith("weights.") for name in found))
    for layer in range(layers):
        weights = f"weights.{layer}"
        fan_out = (found.get(weights) or (2,))[-1]
        fan_out = min(fan_out, 2) if layer == layers - 1 else fan_out
        shapes |= {weights: (fan_in, fan_out), f"biases.{layer}": (1, fan_out)}
        fan_in = fan_out
    return shapes


def _smooth_margins(arrays: Mapping[str, np.ndarray], x: np.ndarray, raw: np.ndarray) -> np.ndarray:
    return _through_layers(arrays, x.astype(arrays["weights.0"].dtype), SMOOTH[int(arrays["activation"])])


PER_MODEL = (
    "trees", "codes", "start", "strict", "single_inputs", "single_sum", "cut", "divisor", "scale", "bias"
)  # fmt: skip
NEARLY_ZERO = float(np.float32(1e-35))


def _tree_shapes(spec: StudySpec, d: int, found: Shapes) -> Shapes:
    own = {name: found.get(name, ()) for name in ("feature", "category_set", "sets")}
    nodes = dict.fromkeys(("number", "missing_left"), own["feature"])
    return own | nodes | {"unknown_left": own["category_set"], "missing": (d,)} | dict.fromkeys(PER_MODEL, ())


def right_sides(inner: list[bool]) -> tuple[np.ndarray, list[int]]:
    """Of nodes whose left side comes next: the place of the right side behind the left one's last leaf; and roots."""
    right, roots, waiting, due = np.zeros(len(inner), int), [], [], 0
    for place, parts in enumerate(inner):
        if not due:
            roots.append(place)
            due = 1
        due += 1 if parts else -1
        if parts:
            waiting.append(place)
        elif waiting:
            right[waiting.pop()] = place + 1
    return right, roots


def _tree_margins(arrays: Mapping[str, np.ndarray], x: np.ndarray, raw: np.ndarray) -> np.ndarray:
    """All trees at once, a level at a time; summed in their order and float type."""
    sets, codes, by_set = arrays["sets"], int(arrays["codes"]), arrays["category_set"].size > 0
    right, roots = right_sides((arrays["feature"] >= 0).tolist())
    node = np.tile(roots[: arrays["trees"]], (len(raw), 1))
    seen = raw.astype(np.float32).astype(np.float64) if arrays["single_inputs"] else raw
    rows = np.arange(len(raw))[:, None]
    for _ in range(len(arrays["feature"])):
        feature = arrays["feature"][node]
        if (feature < 0).all():
            break
        number, rule, limit = seen[rows, feature], arrays["missing"][feature], arrays["number"][node]
        number = np.where((rule == 2) & np.isnan(number), 0.0, number)
        left = number < limit if arrays["strict"] else number <= limit
        if by_set:
            known = (number >= 0) & (number < codes)
            listed = sets[arrays["category_set"][node], np.where(known, number, 0).astype(int)]
            listed = np.where(known, listed, arrays["unknown_left"][node])
            left = np.where(arrays["category_set"][node] >= 0, listed, left)
        missing = np.isnan(number) | ((rule == 1) & (np.abs(number) <= NEARLY_ZERO))
        left = np.where(missing, arrays["missing_left"][node], left)
        node = np.where(feature < 0, node, np.where(left, node + 1, right[node]))
    summands = np.column_stack((np.full(len(raw), arrays["start"]), arrays["number"][node]))
    sums = summands.astype(np.float32 if arrays["single_sum"] else np.float64).cumsum(axis=1)[:, -1]
    return sums.astype(np.float64) / arrays["divisor"] * arrays["scale"] + arrays["bias"] - arrays["cut"]


KINDS = {
    "relu": Kind(_network_shapes, _network_margins),
    "linear": Kind(
        lambda _, d, found: {"weights": (d,), "bias": ()},
        lambda arrays, x, raw: x.astype(np.float64) @ arrays["weights"] + arrays["bias"],
    ),
    "trees": Kind(_tree_shapes, _tree_margins),
    "smooth": Kind(_smooth_shapes, _smooth_margins),
}
"""By the `kind` of a model's record."""

SAME = 1e-12
"""Shares worked out twice from the same counts differ by rounding alone."""


def read_published(result: StudyResult, folder: Path) -> Published:
    """The files of `result` below `folder`.

    Raises:
        RecordError: One is missing or damaged, or holds other models than the record needs.
    """
    rows, path = read_rows(folder, result), weights_file(folder, result.data.name)
    try:
        arrays = load(path.read_bytes())
    except FileNotFoundError:
        raise RecordError(f"{path}: no such file; run `{STUDY}` to write it") from None
    except SafetensorError as error:
        raise RecordError(f"{path}: damaged ({error}); run `{STUDY}` to write it again") from None
    known = [model.name for model in result.models]
    if list(rows.models) != [name for name in known if name in rows.models]:
        raise RecordError(
            f"{rows_file(folder, result.data.name)}, model: expected some of {', '.join(known)} in that order, "
            f"found {', '.join(rows.models)}"
        )
    threat = result.spec.threat
    choices = [c.model for c in result.choices if c.tier in (threat.benchmark, threat.quoted)]
    for model in (*(name for name in result.spec.proof.leading if name in known), *choices):
        if model not in rows.models:
            raise RecordError(f"{rows_file(folder, result.data.name)}: expected lines of {model}, found none")
    _check_arrays(result, rows, arrays, path)
    return Published(result, rows, arrays)


def _check_arrays(result: StudyResult, rows: Rows, arrays: Mapping[str, np.ndarray], path: Path):
    replicates, d = result.spec.training.replicates, len(rows.features)
    shapes = {"means": (replicates, d), "scales": (replicates, d)}
    for model in rows.models:
        shapes[f"{model}/cuts"] = (replicates,)
        found = {
            name.removeprefix(f"{model}/"): array.shape[1:]
            for name, array in arrays.items()
            if name.startswith(f"{model}/")
        }
        for name, shape in KINDS[result.model(model).kind].shapes(result.spec, d, found).items():
            shapes[f"{model}/{name}"] = (replicates, *shape)
    if shapes != {name: array.shape for name, array in arrays.items()}:
        odd = sorted(
            {
                name
                for name in shapes.keys() | arrays.keys()
                if shapes.get(name) != getattr(arrays.get(name), "shape", None)
            }
        )[0]
        raise RecordError(
            f"{path}, {odd}: expected shape {shapes.get(odd, 'none')}, "
            f"found {getattr(arrays.get(odd), 'shape', 'nothing')}"
        )
    if rows.fold.min() < 0 or rows.fold.max() >= result.spec.training.folds:
        raise RecordError(
            f"{rows_file(path.parents[1], result.data.name)}, fold: expected 0 to "
            f"{result.spec.training.folds - 1}, found {rows.fold.min()} to {rows.fold.max()}"
        )

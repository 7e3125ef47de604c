"""Linear models and nets behind the scaler and encoders that they are deployed with."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

Activation = Literal["relu", "tanh", "logistic", "identity"]
ACTIVATIONS: tuple[Activation, ...] = get_args(Activation)


@dataclass(frozen=True)
class Encoding:
    """Columns as the first layer takes them, each made of one input in raw units.

    A number is (x - mean) / scale * gain + offset, rounded step by step in the float type of these; a category, and
    the lack of a number, is looked up. Each part has a value a column.
    """

    source: np.ndarray
    """int32: the input."""
    coded: np.ndarray
    """bool: it is a category."""
    mean: np.ndarray
    scale: np.ndarray
    gain: np.ndarray
    offset: np.ndarray
    tables: np.ndarray
    """(columns, codes + 2) values by code, then of a category without a code, then of none; NaN where refused."""

    @classmethod
    def scaled(cls, mean: np.ndarray, scale: np.ndarray) -> "Encoding":
        """Every input as (x - mean) / scale, in their float type."""
        width = len(mean)
        return cls(
            np.arange(width, dtype=np.int32), np.zeros(width, bool), mean, scale, np.ones_like(mean),
            np.zeros_like(mean), np.full((width, 2), np.nan),
        )  # fmt: skip

    @classmethod
    def plain(cls, width: int, dtype: type) -> "Encoding":
        """Every input as it is."""
        return cls.scaled(np.zeros(width, dtype), np.ones(width, dtype))

    def columns(self, raw: np.ndarray) -> np.ndarray:
        """(n, columns) of rows (n, d)."""
        values = raw[:, self.source].astype(self.mean.dtype)
        numbers = (values - self.mean) / self.scale * self.gain + self.offset
        unknown = self.tables.shape[1] - 2
        known = (values >= 0) & (values < unknown)
        codes = np.where(np.isnan(values), unknown + 1, np.where(known, values, unknown)).astype(int)
        looked_up = self.tables[np.arange(len(self.source)), codes].astype(self.mean.dtype)
        return np.where(self.coded | np.isnan(values), looked_up, numbers)

    def of(self, column: int, value: float) -> float:
        """What one column is at a value of its input; NaN where refused."""
        one = np.full((1, int(self.source.max()) + 1), np.nan)
        one[0, self.source[column]] = value
        return float(self.columns(one)[0, column])


@dataclass(frozen=True)
class Layered:
    """Layers of weights from encoded columns to one logit, or to two whose difference is the margin."""

    encoding: Encoding
    weights: tuple[np.ndarray, ...]
    """(fan_in, fan_out) each; the last has one or two outputs, fraud last. Their float type is that of the sums."""
    biases: tuple[np.ndarray, ...]
    """(fan_out,) each."""
    activation: Activation
    """Between layers."""
    inputs: int
    cut: float = 0.0
    """A row is flagged where its margin is above this."""

    def __post_init__(self):
        fan_in = len(self.encoding.source)
        for weight, bias in zip(self.weights, self.biases, strict=True):
            if weight.ndim != 2 or weight.shape[0] != fan_in or bias.shape != weight.shape[1:]:
                raise ValueError(f"a layer of shape {weight.shape} follows one of {fan_in} outputs")
            if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
                raise ValueError("a weight is no number")
            fan_in = weight.shape[1]
        if fan_in not in (1, 2):
            raise ValueError(f"the last layer has {fan_in} outputs")
        if self.encoding.source.max(initial=-1) >= self.inputs:
            raise ValueError("a column is made of an input that is not there")

    @property
    def kind(self) -> str:
        return "linear" if len(self.weights) == 1 else self.activation

    def margins_raw(self, raw: np.ndarray) -> np.ndarray:
        """(n,) of raw rows (n, d).

        Raises:
            ValueError: A number is missing.
        """
        hidden = self.encoding.columns(np.asarray(raw, np.float64)).astype(self.weights[0].dtype)
        if (lacking := np.isnan(hidden).any(axis=1)).any():
            raise ValueError(f"row {int(np.argmax(lacking))} lacks a value, which this model refuses")
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = hidden @ weight + bias
            if place < len(self.weights) - 1:
                hidden = _ACTIVATE[self.activation](hidden)
        return hidden[:, 0] if hidden.shape[1] == 1 else hidden[:, 1] - hidden[:, 0]

    def margins(self, raw: np.ndarray) -> np.ndarray:
        """(n,) above the cut."""
        return self.margins_raw(raw) - self.cut

    def arrays(self) -> dict[str, np.ndarray]:
        """Layers by name, first axis replicates: weights.i (1, fan_in, fan_out), biases.i (1, 1, fan_out)."""
        weights = {f"weights.{i}": weight[None] for i, weight in enumerate(self.weights)}
        return weights | {f"biases.{i}": bias[None, None] for i, bias in enumerate(self.biases)}


_ACTIVATE = {
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "logistic": lambda z: (1 / (1 + np.exp(-z))).astype(z.dtype),
    "identity": lambda z: z,
}

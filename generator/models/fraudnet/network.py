"""FraudNet as a stack of replicates: the weights carry a leading axis, so seeds x folds train in one pass.

The network is in -> 32 -> 16 -> 2 with ReLU; others may have hidden layers of any number and width. A plain
FraudNet is a stack of one.
"""

import itertools
import math
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn


class FraudNet(nn.Module):
    """`replicates` independent networks that share one forward pass.

    Rows come grouped by replicate: x (replicates * rows, inputs) is viewed as
    (replicates, rows, inputs), so every replicate must bring equally many rows. That flat
    shape is what the Adversarial Robustness Toolbox expects of a classifier.
    """

    def __init__(self, replicates: int, inputs: int, hidden: tuple[int, ...] = (32, 16)):
        super().__init__()
        self.replicates = replicates
        widths = (inputs, *hidden, 2)
        self.weights = nn.ParameterList(
            nn.Parameter(torch.empty(replicates, fan_in, fan_out))
            for fan_in, fan_out in itertools.pairwise(widths)
        )
        self.biases = nn.ParameterList(
            nn.Parameter(torch.empty(replicates, 1, fan_out)) for fan_out in widths[1:]
        )

    def initialise(self, generator: torch.Generator) -> "FraudNet":
        """Draw weights and biases uniformly in ±1/sqrt(fan_in), the default of torch.nn.Linear."""
        for weight, bias in zip(self.weights, self.biases, strict=True):
            bound = 1 / math.sqrt(weight.shape[1])
            nn.init.uniform_(weight, -bound, bound, generator=generator)
            nn.init.uniform_(bias, -bound, bound, generator=generator)
        return self

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (replicates * rows, 2) of x (replicates * rows, inputs)."""
        hidden = x.view(self.replicates, -1, x.shape[-1])
        last = len(self.weights) - 1
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            hidden = torch.baddbmm(bias, hidden, weight)  # (replicates, rows, fan_out)
            if layer < last:
                hidden = torch.relu(hidden)
        return hidden.view(-1, 2)

    def select(self, replicates: slice) -> "FraudNet":
        """A frozen copy of some of the replicates, gradients off.

        Attacks run on small stacks: the working set then stays in the processor's cache.
        """
        width = self.weights[0].shape[1]
        hidden = tuple(w.shape[2] for w in self.weights[:-1])
        part = FraudNet(len(range(*replicates.indices(self.replicates))), width, hidden)
        part.load_state_dict({name: value[replicates] for name, value in self.state_dict().items()})
        return part.requires_grad_(False)

    def layers(self) -> tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...]]:
        """Weights and biases of each layer, as arrays that share their memory with the parameters."""
        return tuple(w.detach().numpy() for w in self.weights), tuple(b.detach().numpy() for b in self.biases)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The weights by name, as numpy arrays (replicates, ...)."""
        return {name: value.detach().numpy().copy() for name, value in self.state_dict().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "FraudNet":
        """The stack whose weights are `arrays`, as `to_arrays` gives them; a single logit is that of fraud."""
        arrays = _two_logits(arrays)
        layers = [arrays[f"weights.{i}"] for i in range(len(arrays) // 2)]
        replicates, inputs, _ = layers[0].shape
        net = cls(replicates, inputs, tuple(w.shape[2] for w in layers[:-1]))
        net.load_state_dict({name: torch.from_numpy(np.array(value)) for name, value in arrays.items()})
        return net


def _two_logits(arrays: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """The same margins by two logits: beside a single one stands a legitimate one of zero."""
    last = [f"{kind}.{len(arrays) // 2 - 1}" for kind in ("weights", "biases")]
    if arrays[last[0]].shape[2] != 1:
        return arrays
    return dict(arrays) | {
        name: np.concatenate([np.zeros_like(arrays[name]), arrays[name]], axis=2) for name in last
    }

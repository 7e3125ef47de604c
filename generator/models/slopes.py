"""How a stack's answer changes with its input: the gradients attackers follow, compiled.

Forwards and backwards through the ReLUs by hand: g = dA / d logits; g = (g @ W.T) * [z > 0] for
each layer before the last. Rows lie side by side in the inner loops, so that a core works on
several at once; automatic differentiation, layer by layer over all rows, takes several times as long.
"""

import numpy as np
import torch

from generator.engine.compiling import kernel
from generator.models.fraudnet import FraudNet

LANES = 64
"""Rows side by side: enough that the compiler sees a loop, few enough to stay in the first cache."""
ZERO = np.float32(0)


def margin_and_gradient(net: FraudNet, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Fraud logit minus legitimate logit, m (replicates, rows), and d m / d x, of x (replicates, rows, d)."""
    return _slopes(net, x, np.full((1, 1), -1, np.int8))


def loss_gradient(net: FraudNet, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """d CE / d x of x (replicates * rows, d) and true classes y (replicates * rows,), the loss summed over rows.

    Rounded where automatic differentiation rounds: softmax(logits) - onehot(y) is zero for the
    true class once float32 cannot tell its probability from one, which masks the gradient.
    """
    stacked, classes = x.view(net.replicates, -1, x.shape[1]), y.view(net.replicates, -1)
    return _slopes(net, stacked, classes.numpy().astype(np.int8))[1].view_as(x)


def _slopes(net: FraudNet, x: torch.Tensor, classes: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    weights = tuple(weight.detach().numpy() for weight in net.weights)
    biases = tuple(bias.detach().numpy() for bias in net.biases)
    rows = np.ascontiguousarray(x.detach().numpy())
    margin, gradient = np.empty(rows.shape[:2], np.float32), np.empty_like(rows)
    _backwards(rows, np.broadcast_to(classes, rows.shape[:2]), weights, biases, margin, gradient)
    return torch.from_numpy(margin), torch.from_numpy(gradient)


@kernel
def _backwards(x, classes, weights, biases, margin, gradient):
    """Margin and gradient of every row into the last two; classes -1 asks for that of the margin, 0 and 1 of CE."""
    replicates, n, d = x.shape
    depth, widest = len(weights), d
    for layer in range(depth):
        widest = max(widest, weights[layer].shape[2])
    values = np.zeros((depth + 1, widest, LANES), np.float32)  # what each layer takes in, and the logits
    slopes = np.zeros((depth + 1, widest, LANES), np.float32)
    total = np.empty(LANES, np.float32)
    for r in range(replicates):
        for start in range(0, n, LANES):
            count = min(LANES, n - start)
            for lane in range(count):
                for i in range(d):
                    values[0, i, lane] = x[r, start + lane, i]
            for layer in range(depth):
                weight, bias, source, target = weights[layer], biases[layer], values[layer], values[layer + 1]
                fan_in, fan_out = weight.shape[1:]
                for j in range(fan_out):
                    for lane in range(LANES):
                        total[lane] = bias[r, 0, j]
                    for i in range(fan_in):
                        w = weight[r, i, j]
                        for lane in range(LANES):
                            total[lane] += w * source[i, lane]
                    for lane in range(LANES):
                        target[j, lane] = total[lane] if layer == depth - 1 else max(total[lane], ZERO)
            logits, upstream = values[depth], slopes[depth]
            for lane in range(count):
                legitimate, fraud = logits[0, lane], logits[1, lane]
                margin[r, start + lane] = fraud - legitimate
                if classes[r, start + lane] < 0:
                    upstream[0, lane], upstream[1, lane] = -1, 1
                else:
                    top = max(legitimate, fraud)
                    lower, upper = np.exp(legitimate - top), np.exp(fraud - top)
                    upstream[0, lane], upstream[1, lane] = lower / (lower + upper), upper / (lower + upper)
                    upstream[classes[r, start + lane], lane] -= 1
            for layer in range(depth - 1, -1, -1):
                weight, source, target, inner = (
                    weights[layer],
                    slopes[layer + 1],
                    slopes[layer],
                    values[layer],
                )
                fan_in, fan_out = weight.shape[1:]
                for i in range(fan_in):
                    for lane in range(LANES):
                        total[lane] = ZERO
                    for j in range(fan_out):
                        w = weight[r, i, j]
                        for lane in range(LANES):
                            total[lane] += w * source[j, lane]
                    for lane in range(LANES):
                        target[i, lane] = total[lane] if layer == 0 or inner[i, lane] > 0 else ZERO
            for lane in range(count):
                for i in range(d):
                    gradient[r, start + lane, i] = slopes[0, i, lane]

"""Forwards and backwards through a stack by hand, compiled: the gradients of attackers and of the optimiser.

One replicate and LANES rows at a time, a tile: its weights and all values of its layers stay in the
first cache. Rows lie side by side in the inner loops, so that a core works on several at once; automatic
differentiation, layer by layer over all rows and replicates, takes several times as long.

Scratch arrays: `matrices` (layers, width, width) and `offsets` (layers, width) are the weights of one
replicate, `values` and `slopes` (layers + 1, width, LANES) what each layer takes in, or the logits, and the
derivatives with respect to it. `width` is a multiple of four and what is not used of it is zero, so
that inner loops may work on four outputs at once. Arrays are copied number by number: numba takes five
seconds to compile the assignment of a slice.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from generator.engine.compiling import kernel

LANES = 64
"""Rows side by side: enough that a loop over them pays, few enough to stay in the first cache."""
ZERO, NO_FLOOR = np.float32(0), np.float32(-np.inf)

fused = kernel(fastmath={"contract"})
"""Compiled with a * b + c in one instruction."""


@fused
def _scratch(widths, dtype_of):
    """Empty tile: matrices, offsets, values, slopes."""
    layers, widest = len(widths) - 1, 0
    for units in widths:
        widest = max(widest, units)
    width = -(-widest // 4) * 4
    return (
        np.zeros((layers, width, width), dtype_of.dtype),
        np.zeros((layers, width), dtype_of.dtype),
        np.zeros((layers + 1, width, LANES), dtype_of.dtype),
        np.zeros((layers + 1, width, LANES), dtype_of.dtype),
    )


@fused
def _widths(weights):
    """Inputs, units of each hidden layer, and 2."""
    widths = np.empty(len(weights) + 1, np.int64)
    widths[0] = weights[0].shape[1]
    for layer in range(len(weights)):
        widths[layer + 1] = weights[layer].shape[2]
    return widths


@fused
def _take(weights, biases, r, matrices, offsets):
    """Bring the weights of replicate r into the tile."""
    for layer in range(len(weights)):
        fan_in, fan_out = weights[layer].shape[1:]
        for j in range(fan_out):
            offsets[layer, j] = biases[layer][r, 0, j]
        for i in range(fan_in):
            for j in range(fan_out):
                matrices[layer, i, j] = weights[layer][r, i, j]


@intrinsic
def _products(context, matrix, offsets, source, least, target, fan_in, fan_out):
    """target[j] = max(least, offsets[j] + sum over i of matrix[i, j] * source[i]), each of LANES rows.

    Written as vector instructions: four outputs of 16 rows stay in registers while i runs. Numba's own
    loops load and store each sum for every product, at half the speed, and take as long again for the rest.
    """

    def generate(context, builder, signature, args):
        number = context.get_data_type(signature.args[0].dtype)
        vector, index = ir.VectorType(number, 8), ir.IntType(64)
        name = f"llvm.fma.v8f{signature.args[0].dtype.bitwidth}"
        multiply_add = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(vector, [vector] * 3), name
        )

        def array(place):
            return context.make_array(signature.args[place])(context, builder, args[place])

        def plus(value, constant):
            return builder.add(value, index(constant))

        def place(array, row, column, kind):
            strides = cgutils.unpack_tuple(builder, array.strides, 2)
            offset = builder.add(builder.mul(row, strides[0]), builder.mul(column, strides[1]))
            return cgutils.pointer_add(builder, array.data, offset, kind.as_pointer())

        def load(pointer):
            return builder.load(pointer, align=4)

        def everywhere(value):
            one = builder.insert_element(vector(ir.Undefined), value, ir.IntType(32)(0))
            return builder.shuffle_vector(
                one, vector(ir.Undefined), ir.VectorType(ir.IntType(32), 8)([0] * 8)
            )

        matrix, offsets, source, target = map(array, (0, 1, 2, 4))
        floor = everywhere(context.cast(builder, args[3], signature.args[3], signature.args[0].dtype))
        with (
            cgutils.for_range_slice(builder, index(0), args[6], index(4)) as (j, _),
            cgutils.for_range_slice(builder, index(0), index(LANES), index(16)) as (lane, _),
        ):
            halves = lane, plus(lane, 8)
            starts = [
                everywhere(load(builder.gep(offsets.data, [plus(j, k)]))) for k in range(4) for _ in halves
            ]
            sums = [cgutils.alloca_once_value(builder, start) for start in starts]
            with cgutils.for_range(builder, args[5]) as loop:
                rows = [load(place(source, loop.index, half, vector)) for half in halves]
                for k in range(4):
                    weight = everywhere(load(place(matrix, loop.index, plus(j, k), number)))
                    for row, total in zip(rows, sums[2 * k : 2 * k + 2], strict=True):
                        builder.store(builder.call(multiply_add, [weight, row, builder.load(total)]), total)
            places = [place(target, plus(j, k), half, vector) for k in range(4) for half in halves]
            for each, total in zip(places, map(builder.load, sums), strict=True):
                below = builder.fcmp_ordered("<", total, floor)  # false for what is no number, which stays
                builder.store(builder.select(below, floor, total), each, align=4)
        return context.get_dummy_value()

    return types.void(matrix, offsets, source, least, target, types.int64, types.int64), generate


@fused
def _forward(matrices, offsets, widths, values):
    """From values[0], the rows, to the logits."""
    last = len(matrices) - 1
    for layer in range(last + 1):
        least = ZERO if layer < last else NO_FLOOR
        _products(
            matrices[layer],
            offsets[layer],
            values[layer],
            least,
            values[layer + 1],
            widths[layer],
            widths[layer + 1],
        )


@fused
def _backward(matrices, widths, values, slopes, lowest):
    """From slopes at the logits down to those of what layer `lowest` takes in: g = (g @ W.T) * [z > 0]."""
    none = np.zeros_like(matrices[0, 0])
    for layer in range(len(matrices) - 1, lowest - 1, -1):
        target, inner = slopes[layer], values[layer]
        _products(
            matrices[layer].T, none, slopes[layer + 1], NO_FLOOR, target, widths[layer + 1], widths[layer]
        )
        if layer > 0:
            for i in range(widths[layer]):
                for lane in range(LANES):
                    target[i, lane] = target[i, lane] if inner[i, lane] > 0 else ZERO


@fused
def _at_the_logits(logits, lane, cls, share, upstream):
    """Derivatives of share * CE for class 0 or 1, of share * margin for class -1.

    Rounded where automatic differentiation rounds: softmax(logits) - onehot(y) is zero for the
    true class once its number format cannot tell its probability from one, which masks the gradient.
    """
    if cls < 0:
        upstream[0, lane], upstream[1, lane] = -share, share
        return
    top = max(logits[0, lane], logits[1, lane])
    lower, upper = np.exp(logits[0, lane] - top), np.exp(logits[1, lane] - top)
    upstream[0, lane], upstream[1, lane] = lower / (lower + upper), upper / (lower + upper)
    upstream[cls, lane] -= 1
    upstream[0, lane] *= share
    upstream[1, lane] *= share


@fused
def input_gradients(x, classes, asked, weights, biases, margin, gradient):
    """Margin and d A / d x of the rows that are `asked` for into the last two; the others keep what is there.

    A is the margin for class -1, and cross-entropy for classes 0 and 1. x (replicates, n, d).
    """
    replicates, n, d = x.shape
    widths = _widths(weights)
    matrices, offsets, values, slopes = _scratch(widths, x)
    logits, upstream = values[-1], slopes[-1]
    rows = np.empty(LANES, np.int64)
    for r in range(replicates):
        _take(weights, biases, r, matrices, offsets)
        count = 0
        for row in range(n):
            if asked[r, row]:
                rows[count] = row
                count += 1
            if count < LANES and row < n - 1:
                continue
            for lane in range(count):
                for i in range(d):
                    values[0, i, lane] = x[r, rows[lane], i]
            _forward(matrices, offsets, widths, values)
            for lane in range(count):
                margin[r, rows[lane]] = logits[1, lane] - logits[0, lane]
                _at_the_logits(logits, lane, classes[r, rows[lane]], 1, upstream)
            _backward(matrices, widths, values, slopes, 0)
            for lane in range(count):
                for i in range(d):
                    gradient[r, rows[lane], i] = slopes[0, i, lane]
            count = 0


@fused
def climb(x, lower, upper, direction, around, steps, step, weights, biases):
    """`steps` sign steps of length `step` on the margin of each row, in place, clipped to the box.

    x, lower, upper (replicates, n, d). A row moves in its `direction` (replicates, n): +1, -1, or 0 to stay;
    or away from the margin `around` (replicates, n) if that is no number, to the side of it that it is on.
    """
    replicates, n, d = x.shape
    widths = _widths(weights)
    matrices, offsets, values, slopes = _scratch(widths, x)
    rows, logits, upstream = values[0], values[-1], slopes[-1]
    upstream[0], upstream[1] = -1, 1
    for r in range(replicates):
        _take(weights, biases, r, matrices, offsets)
        for start in range(0, n, LANES):
            count = min(LANES, n - start)
            for lane in range(count):
                for i in range(d):
                    rows[i, lane] = x[r, start + lane, i]
            for _ in range(steps):
                _forward(matrices, offsets, widths, values)
                _backward(matrices, widths, values, slopes, 0)
                moved = False
                for lane in range(count):
                    way = direction[r, start + lane]
                    aside = logits[1, lane] - logits[0, lane] - around[r, start + lane]
                    if aside != 0 and not np.isnan(aside):
                        way = np.sign(aside)
                    for i in range(d):
                        before = rows[i, lane]
                        after = before + step * np.sign(way * slopes[0, i, lane])
                        after = max(after, lower[r, start + lane, i])
                        rows[i, lane] = min(after, upper[r, start + lane, i])
                        moved |= rows[i, lane] != before
                if not moved:
                    break
            for lane in range(count):
                for i in range(d):
                    x[r, start + lane, i] = rows[i, lane]


@kernel(fastmath={"contract", "reassoc"})
def _add_outer(source, slopes, gradient, fan_in, fan_out):
    """gradient[i, j] += sum over rows of source[i] * slopes[j]."""
    for i in range(0, fan_in, 2):
        for j in range(0, fan_out, 2):
            g00, g01, g10, g11 = (
                gradient[i, j],
                gradient[i, j + 1],
                gradient[i + 1, j],
                gradient[i + 1, j + 1],
            )
            for lane in range(LANES):
                s0, s1, t0, t1 = source[i, lane], source[i + 1, lane], slopes[j, lane], slopes[j + 1, lane]
                g00 += s0 * t0
                g01 += s0 * t1
                g10 += s1 * t0
                g11 += s1 * t1
            gradient[i, j], gradient[i, j + 1], gradient[i + 1, j], gradient[i + 1, j + 1] = (
                g00,
                g01,
                g10,
                g11,
            )


@kernel(fastmath={"contract", "reassoc"})
def _add_sums(slopes, gradient, fan_out):
    """gradient[j] += sum over rows of slopes[j]."""
    for j in range(fan_out):
        total = gradient[j]
        for lane in range(LANES):
            total += slopes[j, lane]
        gradient[j] = total


@fused
def weight_gradients(x, classes, share, weights, biases, weight_slopes, bias_slopes):
    """d loss / d weights and biases into the last two; loss = sum over rows of share * A.

    A is the margin for class -1, and cross-entropy for classes 0 and 1. x (replicates, n, d), classes and
    share (replicates, n).
    """
    replicates, n, d = x.shape
    widths = _widths(weights)
    layers = len(weights)
    matrices, offsets, values, slopes = _scratch(widths, x)
    matrix_slopes, offset_slopes, _, _ = _scratch(widths, x)
    for r in range(replicates):
        _take(weights, biases, r, matrices, offsets)
        matrix_slopes[:], offset_slopes[:] = ZERO, ZERO
        for start in range(0, n, LANES):
            count = min(LANES, n - start)
            for lane in range(count):
                for i in range(d):
                    values[0, i, lane] = x[r, start + lane, i]
            _forward(matrices, offsets, widths, values)
            for lane in range(count):
                row = start + lane
                _at_the_logits(values[-1], lane, classes[r, row], share[r, row], slopes[-1])
            for lane in range(count, LANES):
                slopes[-1, 0, lane] = slopes[-1, 1, lane] = ZERO
            _backward(matrices, widths, values, slopes, 1)
            for layer in range(layers):
                fan_in, fan_out = widths[layer], widths[layer + 1]
                _add_outer(values[layer], slopes[layer + 1], matrix_slopes[layer], fan_in, fan_out)
                _add_sums(slopes[layer + 1], offset_slopes[layer], fan_out)
        for layer in range(layers):
            fan_in, fan_out = widths[layer], widths[layer + 1]
            for j in range(fan_out):
                bias_slopes[layer][r, 0, j] = offset_slopes[layer, j]
            for i in range(fan_in):
                for j in range(fan_out):
                    weight_slopes[layer][r, i, j] = matrix_slopes[layer, i, j]


@fused
def adam(parameter, gradient, first, second, settings):
    """One step of Adam on flat arrays, in place; `first` and `second` are the moments of the gradient so far.

    Settings: what the first moments keep and what they take, the same of the second, the learning rate
    over 1 - keep^t of the first, the root of that of the second, and what keeps the quotient finite.
    """
    keep_first, new_first, keep_second, new_second, rate, correction, tiny = settings
    for k in range(parameter.size):
        first[k] = keep_first * first[k] + new_first * gradient[k]
        second[k] = keep_second * second[k] + new_second * gradient[k] * gradient[k]
        parameter[k] -= rate * first[k] / (np.sqrt(second[k]) / correction + tiny)

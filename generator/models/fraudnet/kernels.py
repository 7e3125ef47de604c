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
ZERO, HALF, ONE, NO_FLOOR = np.float32(0), np.float32(0.5), np.float32(1), np.float32(-np.inf)
FIRST, SECOND = np.int64(0), np.int64(1)
"""Layers to start from. For plain numbers numba compiles what they are passed to once more for each."""
NARROWEST = np.float32(1e-9)
"""Least width of an interval that is divided by."""

fused = kernel(fastmath={"contract"})
"""Compiled with a * b + c in one instruction."""
within = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""What only other kernels call needs no way in from Python, which takes about as long to compile as a loop."""
part = kernel(fastmath={"contract"}, **within)
once = kernel(fastmath={"contract"}, inline="always")
"""Called in one place, and compiled as part of it."""
summing = kernel(fastmath={"contract", "reassoc"}, forceinline=True, **within)
"""Sums may be taken in any order; which one must not depend on whether a kernel was compiled or loaded from disk.

A function of its own would be optimised twice, alone and as part of its caller, and the process that compiles would
call the other one than those that load (findings/numba-cached-bits.sh). Inlined, there is one.
"""


@part
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


@part
def _widths(weights):
    """Inputs, units of each hidden layer, and outputs."""
    widths = np.empty(len(weights) + 1, np.int64)
    widths[0] = weights[0].shape[1]
    for layer in range(len(weights)):
        widths[layer + 1] = weights[layer].shape[2]
    return widths


@part
def _take(weights, biases, r, matrices, offsets):
    """Bring the weights of replicate r into the tile."""
    for layer in range(len(weights)):
        fan_in, fan_out = weights[layer].shape[1:]
        for j in range(fan_out):
            offsets[layer, j] = biases[layer][r, 0, j]
        for i in range(fan_in):
            for j in range(fan_out):
                matrices[layer, i, j] = weights[layer][r, i, j]


@part
def _bring(x, r, start, count, rows):
    """Bring `count` rows of replicate r, from `start` on, into the tile."""
    for lane in range(count):
        for i in range(x.shape[2]):
            rows[i, lane] = x[r, start + lane, i]


@part
def _give(matrices, offsets, r, weights, biases):
    """Bring what the tile has of replicate r out of it."""
    for layer in range(len(weights)):
        fan_in, fan_out = weights[layer].shape[1:]
        for j in range(fan_out):
            biases[layer][r, 0, j] = offsets[layer, j]
        for i in range(fan_in):
            for j in range(fan_out):
                weights[layer][r, i, j] = matrices[layer, i, j]


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


@part
def _pull(matrix, source, target, fan_in, fan_out):
    """target = source @ matrix.T: from derivatives behind a layer, before its ReLU, to those in front of it."""
    _products(matrix.T, np.zeros_like(matrix[0]), source, NO_FLOOR, target, fan_out, fan_in)


@part
def _forward(matrices, offsets, widths, values, lowest):
    """From what layer `lowest` takes in, values[lowest], to the logits."""
    last = len(matrices) - 1
    for layer in range(lowest, last + 1):
        least = ZERO if layer < last else NO_FLOOR
        source, target = values[layer], values[layer + 1]
        _products(matrices[layer], offsets[layer], source, least, target, widths[layer], widths[layer + 1])


@part
def _backward(matrices, widths, values, slopes, lowest):
    """From slopes at the logits down to those of what layer `lowest` takes in: g = (g @ W.T) * [z > 0]."""
    for layer in range(len(matrices) - 1, lowest - 1, -1):
        target, inner = slopes[layer], values[layer]
        _pull(matrices[layer], slopes[layer + 1], target, widths[layer], widths[layer + 1])
        if layer > 0:
            for i in range(widths[layer]):
                for lane in range(LANES):
                    target[i, lane] = target[i, lane] if inner[i, lane] > 0 else ZERO


@part
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
            _forward(matrices, offsets, widths, values, FIRST)
            for lane in range(count):
                margin[r, rows[lane]] = logits[1, lane] - logits[0, lane]
                _at_the_logits(logits, lane, classes[r, rows[lane]], 1, upstream)
            _backward(matrices, widths, values, slopes, FIRST)
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
            _bring(x, r, start, count, rows)
            for _ in range(steps):
                _forward(matrices, offsets, widths, values, FIRST)
                _backward(matrices, widths, values, slopes, FIRST)
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


@summing
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


@summing
def _add_sums(slopes, gradient, fan_out):
    """gradient[j] += sum over rows of slopes[j]."""
    for j in range(fan_out):
        total = gradient[j]
        for lane in range(LANES):
            total += slopes[j, lane]
        gradient[j] = total


@part
def _add_gradients(values, slopes, widths, lowest, matrix_slopes, offset_slopes):
    """Add what the rows of a tile say of the weights from layer `lowest` on."""
    for layer in range(lowest, len(widths) - 1):
        fan_in, fan_out = widths[layer], widths[layer + 1]
        _add_outer(values[layer], slopes[layer + 1], matrix_slopes[layer], fan_in, fan_out)
        _add_sums(slopes[layer + 1], offset_slopes[layer], fan_out)


@fused
def weight_gradients(x, classes, share, weights, biases, weight_slopes, bias_slopes):
    """d loss / d weights and biases into the last two; loss = sum over rows of share * A.

    A is the margin for class -1, and cross-entropy for classes 0 and 1. x (replicates, n, d), classes and
    share (replicates, n).
    """
    replicates, n = x.shape[:2]
    widths = _widths(weights)
    matrices, offsets, values, slopes = _scratch(widths, x)
    matrix_slopes, offset_slopes, _, _ = _scratch(widths, x)
    for r in range(replicates):
        _take(weights, biases, r, matrices, offsets)
        matrix_slopes[:], offset_slopes[:] = ZERO, ZERO
        for start in range(0, n, LANES):
            count = min(LANES, n - start)
            _bring(x, r, start, count, values[0])
            _forward(matrices, offsets, widths, values, FIRST)
            for lane in range(count):
                row = start + lane
                _at_the_logits(values[-1], lane, classes[r, row], share[r, row], slopes[-1])
            for lane in range(count, LANES):
                slopes[-1, 0, lane] = slopes[-1, 1, lane] = ZERO
            _backward(matrices, widths, values, slopes, SECOND)
            _add_gradients(values, slopes, widths, FIRST, matrix_slopes, offset_slopes)
        _give(matrix_slopes, offset_slopes, r, weight_slopes, bias_slopes)


@once
def _box(
    matrices, offsets, widths, centres, radius_matrices, radius_offsets, radius_widths, radii, lows, highs, clean
):  # fmt: skip
    """Interval bounds, from centres[0], the rows, to the margin; into `clean` what the second layer takes in of them.

    Of the interval that layer k takes in, lows[k] and highs[k] are the ends before the ReLU, low no higher than
    zero and high no lower; centres[k] and radii[k] are its middle and its radius after the ReLU.
    """
    last = len(matrices) - 1
    for layer in range(last + 1):
        centre, radius, low, high = centres[layer + 1], radii[layer + 1], lows[layer + 1], highs[layer + 1]
        fan_in, radius_in, fan_out = widths[layer], radius_widths[layer], widths[layer + 1]
        _products(matrices[layer], offsets[layer], centres[layer], NO_FLOOR, centre, fan_in, fan_out)
        _products(
            radius_matrices[layer], radius_offsets[layer], radii[layer], NO_FLOOR, radius, radius_in, fan_out
        )
        if layer == 0:
            for j in range(fan_out):
                for lane in range(LANES):
                    clean[j, lane] = centre[j, lane] if last == 0 else max(centre[j, lane], ZERO)
        if layer < last:
            for j in range(fan_out):
                for lane in range(LANES):
                    low[j, lane] = min(centre[j, lane] - radius[j, lane], ZERO)
                    high[j, lane] = max(centre[j, lane] + radius[j, lane], ZERO)
                    bottom, top = max(centre[j, lane] - radius[j, lane], ZERO), high[j, lane]
                    centre[j, lane], radius[j, lane] = (top + bottom) * HALF, (top - bottom) * HALF


@part
def _chord(low, high):
    """Slope of the line through both ends of a ReLU: 1 where always on, 0 where always off."""
    return high / max(high - low, NARROWEST)


@once
def _lines_backward(matrices, widths, lows, highs, slopes):
    """From slopes at the margin down to those of the rows, each ReLU a line that bounds the margin from below.

    Where the slope behind it is negative, that is the line through both ends; elsewhere z or 0.
    """
    for layer in range(len(matrices) - 1, -1, -1):
        target, low, high = slopes[layer], lows[layer], highs[layer]
        _pull(matrices[layer], slopes[layer + 1], target, widths[layer], widths[layer + 1])
        if layer > 0:
            for i in range(widths[layer]):
                for lane in range(LANES):
                    chord = _chord(low[i, lane], high[i, lane])
                    below = ONE if chord > HALF else ZERO
                    target[i, lane] *= chord if target[i, lane] < 0 else below


@once
def _lines_forward(matrices, offsets, widths, lows, highs, slopes, values):
    """From values[0] to the margin through the lines that `slopes` chose."""
    last = len(matrices) - 1
    for layer in range(last + 1):
        target, low, high, slope = values[layer + 1], lows[layer + 1], highs[layer + 1], slopes[layer + 1]
        fan_in, fan_out = widths[layer], widths[layer + 1]
        _products(matrices[layer], offsets[layer], values[layer], NO_FLOOR, target, fan_in, fan_out)
        if layer < last:
            for j in range(fan_out):
                for lane in range(LANES):
                    chord = _chord(low[j, lane], high[j, lane])
                    below = target[j, lane] if chord > HALF else ZERO
                    above = chord * (target[j, lane] - low[j, lane])
                    target[j, lane] = above if slope[j, lane] < 0 else below


@once
def _box_backward(
    matrices, radius_matrices, widths, lows, highs, lines, line_slopes, centre_slopes, radius_slopes
):
    """From slopes at centre and radius of the margin down to those of what the first layer gives.

    The lines join in: the line through both ends, h = chord * (z - low), has
    d h / d low = chord * ((z - low) / (high - low) - 1) and
    d h / d high = -chord * (z - low) / (high - low) * low / high.
    Slopes in `line_slopes` contain the chord, and are positive where this line was chosen, because the loss
    falls with the margin.
    """
    for layer in range(len(matrices) - 1, 0, -1):
        centre, radius, low, high = centre_slopes[layer], radius_slopes[layer], lows[layer], highs[layer]
        line, line_slope = lines[layer], line_slopes[layer]
        _pull(matrices[layer], centre_slopes[layer + 1], centre, widths[layer], widths[layer + 1])
        _pull(radius_matrices[layer], radius_slopes[layer + 1], radius, widths[layer], widths[layer + 1])
        for i in range(widths[layer]):
            for lane in range(LANES):
                by_lower = (centre[i, lane] - radius[i, lane]) * HALF
                by_upper = (centre[i, lane] + radius[i, lane]) * HALF
                chosen, top = max(line_slope[i, lane], ZERO), max(high[i, lane], NARROWEST)
                along = line[i, lane] / top  # (z - low) / (high - low)
                if low[i, lane] < 0:
                    by_lower = chosen * (along - ONE)
                    by_upper -= chosen * along * low[i, lane] / top
                if high[i, lane] <= 0:
                    by_lower = by_upper = ZERO
                centre[i, lane], radius[i, lane] = by_upper + by_lower, by_upper - by_lower


@fused
def certified_gradients(
    x, sign, share, epsilon, kappa, intervals, weights, biases, magnitudes, spreads,
    weight_slopes, bias_slopes, magnitude_slopes, spread_slopes,
):  # fmt: skip
    """d loss / d weights, biases, magnitudes and spreads into the last four; loss = share * `certified_loss`.

    x (replicates, n, d), sign (replicates, n): +1 for fraud, -1 for legitimate rows. The last layer gives the
    margin. Magnitudes and spreads take radii through the layers as weights and biases take centres; all rows have
    the same radius, so that the first layer has no magnitudes, and for all others the spread is zero.

    With the lines settled, the linear bound is what a network of lines gives in the worst corner of the ball. So its
    derivatives are those of a forward and a backward pass through that network, and what the intervals that
    settle the lines add.
    """
    replicates, n, d = x.shape
    widths, radius_widths = _widths(weights), _widths(magnitudes)
    matrices, offsets, values, slopes = _scratch(widths, x)
    matrix_sums, offset_sums, centres, centre_slopes = _scratch(widths, x)
    radius_matrices, radius_offsets, radii, radius_slopes = _scratch(radius_widths, x)
    radius_matrix_sums, radius_offset_sums, _, _ = _scratch(radius_widths, x)
    _, _, lines, line_slopes = _scratch(widths, x)
    _, _, lows, highs = _scratch(widths, x)
    line_share = np.zeros(LANES, x.dtype)
    for r in range(replicates):
        _take(weights, biases, r, matrices, offsets)
        _take(magnitudes, spreads, r, radius_matrices, radius_offsets)
        matrix_sums[:], offset_sums[:] = ZERO, ZERO
        radius_matrix_sums[:], radius_offset_sums[:] = ZERO, ZERO
        for start in range(0, n, LANES):
            count = min(LANES, n - start)
            _bring(x, r, start, count, centres[0])
            _box(
                matrices, offsets, widths, centres, radius_matrices, radius_offsets, radius_widths, radii,
                lows, highs, values[1],
            )  # fmt: skip
            _forward(matrices, offsets, widths, values, SECOND)
            if intervals < 1:
                for lane in range(count):
                    line_slopes[-1, 0, lane] = sign[r, start + lane]
                _lines_backward(matrices, widths, lows, highs, line_slopes)
                for i in range(d):
                    for lane in range(LANES):
                        lines[0, i, lane] = centres[0, i, lane] - epsilon * np.sign(line_slopes[0, i, lane])
                _lines_forward(matrices, offsets, widths, lows, highs, line_slopes, lines)
            for lane in range(count):
                to = sign[r, start + lane]
                by_intervals = to * centres[-1, 0, lane] - radii[-1, 0, lane]
                worst = intervals * by_intervals + (ONE - intervals) * to * lines[-1, 0, lane]
                slope = -share * (ONE - kappa) / (ONE + np.exp(worst))
                line_share[lane] = (ONE - intervals) * slope
                centre_slopes[-1, 0, lane] = to * intervals * slope
                radius_slopes[-1, 0, lane] = -intervals * slope
                slopes[-1, 0, lane] = -to * share * kappa / (ONE + np.exp(to * values[-1, 0, lane]))
            for lane in range(count, LANES):
                line_share[lane] = centre_slopes[-1, 0, lane] = radius_slopes[-1, 0, lane] = ZERO
                slopes[-1, 0, lane] = ZERO
            if intervals < 1:
                for layer in range(1, len(widths)):
                    for j in range(widths[layer]):
                        for lane in range(LANES):
                            line_slopes[layer, j, lane] *= line_share[lane]
                _add_gradients(lines, line_slopes, widths, FIRST, matrix_sums, offset_sums)
            _backward(matrices, widths, values, slopes, SECOND)
            _add_gradients(values, slopes, widths, SECOND, matrix_sums, offset_sums)
            _box_backward(
                matrices, radius_matrices, widths, lows, highs, lines, line_slopes,
                centre_slopes, radius_slopes,
            )  # fmt: skip
            for j in range(widths[1]):  # the first layer does the same to clean rows and to centres
                for lane in range(LANES):
                    centre_slopes[1, j, lane] += slopes[1, j, lane]
            _add_gradients(centres, centre_slopes, widths, FIRST, matrix_sums, offset_sums)
            _add_gradients(radii, radius_slopes, radius_widths, FIRST, radius_matrix_sums, radius_offset_sums)
        _give(matrix_sums, offset_sums, r, weight_slopes, bias_slopes)
        _give(radius_matrix_sums, radius_offset_sums, r, magnitude_slopes, spread_slopes)


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

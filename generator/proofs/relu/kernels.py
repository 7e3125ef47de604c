"""The compiled loops of bounds and search: one row at a time, no allocation, no fast math.

A network of two hidden layers, as FraudNet is, has loops of its own, which are the fastest there are for it;
every other is a `Chain`. Only `margin`, `gradient`, `bound`, `contract` and `smaller` know which it is.

They share one file because numba's cache on disk notices changes of a kernel's own file only:
a bound that changed elsewhere would go unnoticed, and a stale proof is no proof.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from generator.engine.compiling import kernel
from generator.proofs.relu.network import Network

PROVED, BROKEN, UNRESOLVED = np.int8(1), np.int8(-1), np.int8(0)
EMPTY = np.int8(2)
"""No lattice point in the box: nothing was asked."""
LOOSENESS_WEIGHT = 0.1
"""Without it, features whose linear coefficient is zero would never be split, and some rows never close."""
FORMS = 3
"""Linear bounds of the margin: both layers' unstable ReLUs on their tighter lower line, or those of one on zero."""
WHOLE, NONE = np.int64(0), np.int64(0)
"""The level of the network as given, and no ReLU. A plain 0 would have numba compile what it is passed to once more."""
STACK = 512
"""Boxes waiting at once; a depth-first search holds one for each halving on its path."""
HUNT_EVERY, EAGER = 4, 64
"""The search hunts for a witness at every so manieth box, and EAGER boxes later at every EAGERth."""
HUNT, SHORTER = 8, 0.65
"""Steps of a hunt, and what each leaves of the length of the next."""
PATIENCE = 2000
"""Boxes spent on a better witness, once there is one that only touches zero."""
FIRST_RUNG, RUNG = 0.1, 1.1
"""A radius search starts at this share of the distance of its first witness, and climbs by this factor: many small
steps, because a box costs little until it nearly reaches the boundary."""


class Rule(NamedTuple):
    """When a search ends."""

    tau: float
    """A box is proved when its bound is above tau, a point is a witness when its margin is at most 2 tau."""
    limit: int
    """Boxes a row may cost."""


CENTRE, REACH, COEFFICIENTS, LOOSENESS, TRIAL, CLOSEST, HUNTED, SLOPE, STRIDE, FORM = range(10)
"""Rows of `Work.scratch` that hold one value an input: centre of the box, reach from there to the faces, gradient of
the best linear function that bounds the margin from below, slope that unstable ReLUs may have hidden from it, point
being tried, points of least margin seen by a search and by a hunt, gradient of the margin at a point, strides between
the starts of hunts. FORMS rows from FORM on hold every linear function that bounds the margin: gradient, then value at
the centre."""
FIRST, SECOND = FORM + FORMS, FORM + FORMS + 2
"""Two rows each, one value a ReLU of that layer: low and high end of the pre-activation, before narrowing. Of a chain,
FIRST has those of the ReLUs left and SECOND those of all."""
LINES1, LINES2 = SECOND + 2, SECOND + 5
"""Three rows each, one value a ReLU left: slope and offset of the upper line, slope of the lower line."""
OUT1, IN1, IN2 = range(LINES2 + 3, LINES2 + 6)
"""Coefficients of the margin on outputs and inputs of the first ReLUs, and on inputs of the second; or their values."""
SIDE = IN2 + 1
"""Of a chain: the sign of the margin's slope in each input, where it is the same on the whole box; else 0."""
SCRATCH = SIDE + 1
ON, OFF = -1, -2
"""In the place of a ReLU that is left: it does not bend on the box."""
CHAIN_LEVELS, CHAIN_SHRINKS = 24, 0.85
"""A chain keeps so many levels, and one more only if it has at most this share of the ReLUs of the one before."""


class Work(NamedTuple):
    """One network, what is left of it on nested boxes, and scratch memory. Few arrays, because each costs to pass.

    On a box most ReLUs are on or off throughout. Level 0 is the network as given; each further
    level keeps the ReLUs that may bend on some box and has made the others part of the linear rest.
    It is the same function there, up to rounding, and serves all boxes within.
    """

    nets: np.ndarray
    """(levels, h1 + h2 + 1, d + 2 + h1) a row each ReLU left, first layer from row 0, second from row h1: weights of
    the inputs, bias, weight in the margin, and for the second layer weights of the first ReLUs left. The last row is
    what the margin has of the inputs themselves, and its constant. What lies between is undefined."""
    sizes: np.ndarray
    """(levels, 2) first and second ReLUs left."""
    scratch: np.ndarray
    """(SCRATCH, max(d + 1, h1, h2)) rows as named above."""
    lines: np.ndarray
    """(h1 + 2, 2 (d + 1)) upper, then lower line of each first ReLU left, as gradient and value; below them the
    sums of those with negative and with positive weight in a second ReLU."""
    stack: np.ndarray
    """(STACK, 2, d) boxes waiting."""
    levels: np.ndarray
    """(STACK,) the level each of them is narrowed from."""


class Chain(NamedTuple):
    """What `Work` is, of a network of any depth: n ReLUs in an order in which each takes in inputs and ReLUs before it.

    What is left of it on a box is such a chain again.
    """

    nets: np.ndarray
    """(levels, n + 1, d + 1 + n) a row each ReLU left: weights of the inputs, bias, weights of the ReLUs left before
    it. The last row is the margin. What lies between is undefined."""
    sizes: np.ndarray
    """(levels,) ReLUs left."""
    scratch: np.ndarray
    """(SCRATCH, max(d + 1, n)) rows as named above."""
    on: np.ndarray
    """(n, d + 1 + n) what each ReLU that is on throughout is of the inputs and of the ReLUs left before it."""
    stack: np.ndarray
    """As of `Work`."""
    levels: np.ndarray
    """As of `Work`."""
    places: np.ndarray
    """(n,) where each ReLU stands in the next level, or ON, or OFF."""
    before: np.ndarray
    """(n,) ReLUs left before each."""


OF_CHAIN = 8
"""Fields of a `Chain`. Numba knows the length of a tuple as it compiles, and drops the branch that is not taken."""


def make_work(network: Network) -> Work | Chain:
    """Room for searches of `network`, which stands at level 0."""
    return _two_layers(network) if len(network.weights) == 2 else _chain(network)


def _two_layers(network: Network) -> Work:
    (w1, w2), (b1, b2) = network.weights, network.biases
    d, (h1, h2) = len(w1), w2.shape
    levels = (
        h1 + h2 + 2
    )  # each level kept is a ReLU smaller than the one before; the last is overwritten by each box
    nets, sizes = np.empty((levels, h1 + h2 + 1, d + 2 + h1)), np.empty((levels, 2), np.int64)
    nets[0] = 0
    nets[0, :h1, :d], nets[0, :h1, d] = w1.T, b1
    nets[0, h1:-1, d], nets[0, h1:-1, d + 1], nets[0, h1:-1, d + 2 :] = b2, network.v, w2.T
    nets[0, -1, d], sizes[0] = network.c, (h1, h2)
    lines = np.empty((h1 + 2, 2 * (d + 1)))
    return Work(
        nets, sizes, _scratch(d, max(h1, h2)), lines, np.empty((STACK, 2, d)), np.empty(STACK, np.int64)
    )


def _chain(network: Network) -> Chain:
    d, n = network.inputs, sum(map(len, network.biases))
    nets, sizes = np.empty((CHAIN_LEVELS, n + 1, d + 1 + n)), np.empty(CHAIN_LEVELS, np.int64)
    nets[0], sizes[0] = 0, n
    start, taken = 0, slice(d)  # of the layer, and of what it takes in
    for w, b in zip(network.weights, network.biases, strict=True):
        rows = slice(start, start + len(b))
        nets[0, rows, taken], nets[0, rows, d] = w.T, b
        start, taken = rows.stop, slice(d + 1 + rows.start, d + 1 + rows.stop)
    nets[0, n, taken], nets[0, n, d] = network.v, network.c
    places, before = np.empty((2, n), np.int64)
    return Chain(
        nets, sizes, _scratch(d, n), np.empty((n, d + 1 + n)),
        np.empty((STACK, 2, d)), np.empty(STACK, np.int64), places, before,
    )  # fmt: skip


def _scratch(d: int, widest: int) -> np.ndarray:
    scratch = np.zeros((SCRATCH, max(d + 1, widest)))
    scratch[STRIDE, :d] = strides(d)
    return scratch


@lru_cache
def strides(d: int) -> np.ndarray:
    """(d,) whose multiples, modulo 1, fill the unit cube evenly.

    Source: Roberts 2018, The unreasonable effectiveness of quasirandom sequences.
    """
    root = 1.5
    for _ in range(60):
        root = (1 + root) ** (1 / (d + 1))
    return root ** -np.arange(1.0, d + 1)


@kernel
def copy(source, target):
    """As many values as both have room for."""
    for i in range(min(len(source), len(target))):  # slice assignments take numba far longer to compile
        target[i] = source[i]


@kernel
def towards(start, end, share, target):
    """The point that share of the way from start to end; target may be either."""
    for i in range(len(start)):
        target[i] = start[i] + share * (end[i] - start[i])


@kernel
def chain_margin(work, level, x):
    """`margin` of a chain; inputs of the ReLUs into row IN1, outputs into OUT1."""
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    n, m = work.sizes[level], 0.0
    for j in range(n + 1):
        row = net[j if j < n else len(net) - 1]
        m = row[d]
        for i in range(d):
            m += row[i] * x[i]
        for i in range(j):
            m += row[d + 1 + i] * scratch[OUT1, i]
        if j < n:
            scratch[IN1, j], scratch[OUT1, j] = m, max(m, 0.0)
    return m


@kernel
def margin(work, level, x):
    """m(x) at one point (d,) of the box that `level` was narrowed to; leaves all layers' pre-activations."""
    if len(work) == OF_CHAIN:
        return chain_margin(work, level, x)
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    n1, n2 = work.sizes[level, 0], work.sizes[level, 1]
    last = len(net) - 1
    h1 = net.shape[1] - d - 2
    total = net[last, d]
    for i in range(d):
        total += net[last, i] * x[i]
    for j in range(n1):
        z = net[j, d]
        for i in range(d):
            z += net[j, i] * x[i]
        scratch[IN1, j] = z
        scratch[OUT1, j] = max(z, 0.0)
        total += scratch[OUT1, j] * net[j, d + 1]
    for k in range(n2):
        z = net[h1 + k, d]
        for i in range(d):
            z += net[h1 + k, i] * x[i]
        for j in range(n1):
            z += net[h1 + k, d + 2 + j] * scratch[OUT1, j]
        scratch[IN2, k] = z
        total += max(z, 0.0) * net[h1 + k, d + 1]
    return total


@kernel
def relax(scratch, lines, place, low, high):
    """The lines around a ReLU that may bend: chord above, 0 or z below, whichever encloses less."""
    slope = high / (high - low)
    scratch[lines, place], scratch[lines + 1, place] = slope, -low * slope
    scratch[lines + 2, place] = 1.0 if high > -low else 0.0


@kernel
def narrow_first(work, level):
    """Into the next level what is left once the first ReLUs that do not bend on the box are linear."""
    net, left, scratch, d = work.nets[level], work.nets[level + 1], work.scratch, work.stack.shape[2]
    n1, n2 = work.sizes[level, 0], work.sizes[level, 1]
    last = len(net) - 1
    h1, size = net.shape[1] - d - 2, NONE
    for i in range(d + 1):
        left[last, i] = net[last, i]
    for k in range(h1, h1 + n2):
        for i in range(d + 2):
            left[k, i] = net[k, i]
    for j in range(n1):
        value, spread = net[j, d], 0.0
        for i in range(d):
            value += net[j, i] * scratch[CENTRE, i]
            spread += abs(net[j, i]) * scratch[REACH, i]
        low, high = value - spread, value + spread
        scratch[FIRST, j], scratch[FIRST + 1, j] = low, high
        if low >= 0:
            for i in range(d + 1):
                left[last, i] += net[j, d + 1] * net[j, i]
            for k in range(h1, h1 + n2):
                for i in range(d + 1):
                    left[k, i] += net[k, d + 2 + j] * net[j, i]
        elif high > 0:
            for i in range(d + 2):
                left[size, i] = net[j, i]
            for k in range(h1, h1 + n2):
                left[k, d + 2 + size] = net[k, d + 2 + j]
            relax(scratch, LINES1, size, low, high)
            size += 1
    work.sizes[level + 1, 0] = size


@kernel
def draw_lines(work, level):
    """Both lines of each first ReLU left into `work.lines`, as linear functions of the inputs."""
    net, scratch, lines, d = work.nets[level], work.scratch, work.lines, work.stack.shape[2]
    for j in range(work.sizes[level, 0]):
        for i in range(d + 1):
            lines[j, i] = scratch[LINES1, j] * net[j, i]
            lines[j, d + 1 + i] = scratch[LINES1 + 2, j] * net[j, i]
        lines[j, d] += scratch[LINES1 + 1, j]


@kernel
def second_range(work, level, k):
    """(low, high) of a second pre-activation, its row k, backwards through first ReLUs that all may bend.

    Negative weights take the upper line for the low end, positive ones 0, or the lower line.
    """
    net, scratch, lines, d = work.nets[level], work.scratch, work.lines, work.stack.shape[2]
    negative, size = len(lines) - 2, 2 * (d + 1)
    for i in range(size):
        lines[negative, i] = lines[negative + 1, i] = 0.0
    for j in range(work.sizes[level, 0]):
        w = net[k, d + 2 + j]
        side = negative if w < 0.0 else negative + 1
        for i in range(size):
            lines[side, i] += w * lines[j, i]
    below, above = lines[negative], lines[negative + 1]
    low0, high0 = net[k, d] + below[d], net[k, d] + above[d]
    low1, high1 = low0 + above[size - 1], high0 + below[size - 1]
    for i in range(d):
        c, r = scratch[CENTRE, i], scratch[REACH, i]
        lower, upper = net[k, i] + below[i], net[k, i] + above[i]
        low0 += lower * c - abs(lower) * r
        high0 += upper * c + abs(upper) * r
        lower += above[d + 1 + i]
        upper += below[d + 1 + i]
        low1 += lower * c - abs(lower) * r
        high1 += upper * c + abs(upper) * r
    low, high = max(low0, low1), min(high0, high1)
    return low, max(low, high)  # rounding must not swap them


@kernel
def narrow_second(work, level, n2):
    """Make the second ReLUs that do not bend on the box linear too, in place; n2 are there before."""
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    n1, last = work.sizes[level, 0], len(net) - 1
    h1, size = net.shape[1] - d - 2, NONE
    draw_lines(work, level)
    for k in range(n2):
        row = h1 + k
        low, high = second_range(work, level, row)
        scratch[SECOND, k], scratch[SECOND + 1, k] = low, high
        if low >= 0:
            for i in range(d + 1):
                net[last, i] += net[row, d + 1] * net[row, i]
            for j in range(n1):
                net[j, d + 1] += net[row, d + 1] * net[row, d + 2 + j]
        elif high > 0:
            relax(scratch, LINES2, size, low, high)
            for i in range(d + 2 + n1):
                net[h1 + size, i] = net[row, i]
            size += 1
    work.sizes[level, 1] = size


@kernel
def past_relu(scratch, lines, place, weight, zero, form, d):
    """Weight on the input of a ReLU for one on its output, by the line that bounds from below; offset into the form."""
    if weight < 0.0:
        scratch[form, d] += weight * scratch[lines + 1, place]
        return weight * scratch[lines, place]
    return weight * (0.0 if zero else scratch[lines + 2, place])


@kernel
def backward(work, level, zero1, zero2, form):
    """A linear lower bound of the margin on the box, into row `form`; returns its least value there.

    With `zero1`, `zero2` the lower lines of all ReLUs of that layer are 0.
    """
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    n1, n2 = work.sizes[level, 0], work.sizes[level, 1]
    last = len(net) - 1
    h1 = net.shape[1] - d - 2
    for i in range(d + 1):
        scratch[form, i] = net[last, i]
    for j in range(n1):
        scratch[OUT1, j] = net[j, d + 1]
    for k in range(n2):
        q = past_relu(scratch, LINES2, k, net[h1 + k, d + 1], zero2, form, d)
        if q != 0.0:
            for i in range(d + 1):
                scratch[form, i] += q * net[h1 + k, i]
            for j in range(n1):
                scratch[OUT1, j] += q * net[h1 + k, d + 2 + j]
    for j in range(n1):
        p = past_relu(scratch, LINES1, j, scratch[OUT1, j], zero1, form, d)
        if p != 0.0:
            for i in range(d + 1):
                scratch[form, i] += p * net[j, i]
    value, spread = scratch[form, d], 0.0
    for i in range(d):
        value += scratch[form, i] * scratch[CENTRE, i]
        spread += abs(scratch[form, i]) * scratch[REACH, i]
    scratch[form, d] = value
    return value - spread


@kernel
def measure_looseness(work, level):
    """Slope that ReLUs may have hidden, by the coefficients that `backward` left."""
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    h1 = net.shape[1] - d - 2
    for i in range(d):
        loose = 0.0
        for j in range(work.sizes[level, 0]):
            loose += abs(scratch[OUT1, j] * net[j, i])
        for k in range(h1, h1 + work.sizes[level, 1]):
            loose += abs(net[k, d + 1] * net[k, i])
        scratch[LOOSENESS, i] = loose


@kernel
def chain_backward(work, level, row, size, sign, zero, form):
    """A linear lower bound on the box of sign times row `row` of a chain, whose first `size` ReLUs may bend.

    Into row `form`, its least value there returned; leaves the coefficients on outputs of ReLUs in row OUT1.
    With `zero` the lower lines of all ReLUs are 0.
    """
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    for i in range(d + 1):
        scratch[form, i] = sign * net[row, i]
    for j in range(size):
        scratch[OUT1, j] = sign * net[row, d + 1 + j]
    for k in range(size):
        j = size - 1 - k
        q = past_relu(scratch, LINES1, j, scratch[OUT1, j], zero, form, d)
        if q != 0.0:
            for i in range(d + 1):
                scratch[form, i] += q * net[j, i]
            for i in range(j):
                scratch[OUT1, i] += q * net[j, d + 1 + i]
    value, spread = scratch[form, d], 0.0
    for i in range(d):
        value += scratch[form, i] * scratch[CENTRE, i]
        spread += abs(scratch[form, i]) * scratch[REACH, i]
    scratch[form, d] = value
    return value - spread


@kernel
def chain_range(work, level, row, size):
    """(low, high) of row `row` of a chain on the box: by intervals, and backwards if those leave its sign open."""
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    value, spread, bends = net[row, d], 0.0, False
    for i in range(d):
        value += net[row, i] * scratch[CENTRE, i]
        spread += abs(net[row, i]) * scratch[REACH, i]
    low, high = value - spread, value + spread
    for j in range(size):
        w = net[row, d + 1 + j]
        if w != 0.0:
            bends = True
            if w < 0.0:
                low += w * scratch[FIRST + 1, j]
            else:
                high += w * scratch[FIRST + 1, j]
    if not bends:
        return low, high
    for zero in (False, True):
        if low < 0.0 < high:
            low = max(low, chain_backward(work, level, row, size, 1.0, zero, TRIAL))
        if low < 0.0 < high:
            high = min(high, -chain_backward(work, level, row, size, -1.0, zero, TRIAL))
    return low, max(low, high)  # rounding must not swap them


@kernel
def narrow_chain(work, level):
    """Into the next level what is left of a chain once the ReLUs that do not bend on the box are linear."""
    net, left, scratch, d = work.nets[level], work.nets[level + 1], work.scratch, work.stack.shape[2]
    n, last, size = work.sizes[level], len(net) - 1, NONE
    for j in range(n + 1):
        row, target = net[j if j < n else last], left[size if j < n else last]
        for i in range(d + 1):
            target[i] = row[i]
        for i in range(size):
            target[d + 1 + i] = 0.0
        for i in range(j):
            w = row[d + 1 + i]
            if w == 0.0:
                continue
            place = work.places[i]
            if place >= 0:
                target[d + 1 + place] += w
            elif place == ON:
                for k in range(d + 1 + work.before[i]):
                    target[k] += w * work.on[i, k]
        if j == n:
            break
        low, high = chain_range(work, level + 1, size, size)
        scratch[SECOND, j], scratch[SECOND + 1, j] = low, high
        work.places[j], work.before[j] = OFF, size
        if low >= 0.0:
            work.places[j] = ON
            for k in range(d + 1 + size):
                work.on[j, k] = target[k]
        elif high > 0.0:
            work.places[j] = size
            scratch[FIRST, size], scratch[FIRST + 1, size] = low, high
            relax(scratch, LINES1, size, low, high)
            size += 1
    work.sizes[level + 1] = size


@kernel
def improve_lines(work, level, form):
    """Choose lower lines again: where the linear bound in row `form` is least, each takes the one that is larger."""
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    changed = False
    for i in range(d):
        side = -1.0 if scratch[form, i] > 0 else 1.0
        scratch[TRIAL, i] = scratch[CENTRE, i] + side * scratch[REACH, i]
    for j in range(work.sizes[level]):
        z = net[j, d]
        for i in range(d):
            z += net[j, i] * scratch[TRIAL, i]
        for i in range(j):
            z += net[j, d + 1 + i] * scratch[IN1, i]
        if scratch[OUT1, j] < 0.0:
            scratch[IN1, j] = scratch[LINES1, j] * z + scratch[LINES1 + 1, j]
            continue
        scratch[IN1, j] = scratch[LINES1 + 2, j] * z
        slope = 1.0 if z > 0.0 else 0.0
        if slope != scratch[LINES1 + 2, j]:
            changed = True
            scratch[LINES1 + 2, j] = slope
    return changed


@kernel
def chain_slopes(work, level):
    """Into row SIDE the sign of the slope of the margin in each input, where it is the same on the whole box.

    The slope on the output of a ReLU reaches its input times something in [0, 1].
    """
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    last, n = len(net) - 1, work.sizes[level]
    for j in range(n):
        scratch[IN1, j] = scratch[IN2, j] = net[last, d + 1 + j]
    for k in range(n):
        j = n - 1 - k
        scratch[IN1, j], scratch[IN2, j] = min(scratch[IN1, j], 0.0), max(scratch[IN2, j], 0.0)
        for i in range(j):
            w = net[j, d + 1 + i]
            if w > 0.0:
                scratch[IN1, i] += w * scratch[IN1, j]
                scratch[IN2, i] += w * scratch[IN2, j]
            else:
                scratch[IN1, i] += w * scratch[IN2, j]
                scratch[IN2, i] += w * scratch[IN1, j]
    for i in range(d):
        least = most = net[last, i]
        for j in range(n):
            w = net[j, i]
            least += w * (scratch[IN1, j] if w > 0.0 else scratch[IN2, j])
            most += w * (scratch[IN2, j] if w > 0.0 else scratch[IN1, j])
        scratch[SIDE, i] = 1.0 if least >= 0.0 else (-1.0 if most <= 0.0 else 0.0)


@kernel
def chain_bound(work, level, bar):
    """`bound` of a chain: its linear bounds take the tighter lower lines, then twice those of `improve_lines`."""
    net, scratch, d = work.nets[level + 1], work.scratch, work.stack.shape[2]
    narrow_chain(work, level)
    last, size, best = len(net) - 1, work.sizes[level + 1], -np.inf
    for f in range(FORMS):
        if f and not improve_lines(work, level + 1, FORM + f - 1):
            copy(scratch[FORM + f - 1], scratch[FORM + f])
            continue
        low = chain_backward(work, level + 1, last, size, 1.0, False, FORM + f)
        if low > best:
            best = low
            copy(scratch[FORM + f], scratch[COEFFICIENTS])
        if best > bar:
            return best
    for i in range(d):
        scratch[LOOSENESS, i] = 0.0
        for j in range(size):
            scratch[LOOSENESS, i] += abs(scratch[OUT1, j] * net[j, i])
    chain_slopes(work, level + 1)
    return best


@kernel
def bound(work, level, lower, upper, bar):
    """A lower bound of m on the box, and in the next level what is left of `level` there.

    `generator.proofs.relu.bounds` states the formula. Once a bound is above `bar` no better one is looked
    for; otherwise all linear bounds are in `work`. The ranges of both layers always are.
    """
    scratch, d = work.scratch, len(lower)
    for i in range(d):
        scratch[CENTRE, i] = 0.5 * (lower[i] + upper[i])
        scratch[REACH, i] = max(upper[i] - scratch[CENTRE, i], scratch[CENTRE, i] - lower[i])
    if len(work) == OF_CHAIN:
        return chain_bound(work, level, bar)
    narrow_first(work, level)
    narrow_second(work, level + 1, work.sizes[level, 1])
    best = -np.inf
    for f in range(FORMS):
        low = backward(work, level + 1, f == 2, f == 1, FORM + f)
        if low > best:
            best = low
            for i in range(d):
                scratch[COEFFICIENTS, i] = scratch[FORM + f, i]
        if best > bar:
            return best
    measure_looseness(work, level + 1)
    return best


@kernel
def chain_gradient(work, level, x):
    """`gradient` of a chain."""
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    m, n, last = chain_margin(work, level, x), work.sizes[level], len(net) - 1
    for i in range(d):
        scratch[SLOPE, i] = net[last, i]
    for j in range(n):
        scratch[OUT1, j] = net[last, d + 1 + j]
    for k in range(n):
        j = n - 1 - k
        if scratch[IN1, j] > 0.0:
            for i in range(d):
                scratch[SLOPE, i] += scratch[OUT1, j] * net[j, i]
            for i in range(j):
                scratch[OUT1, i] += scratch[OUT1, j] * net[j, d + 1 + i]
    return m


@kernel
def gradient(work, level, x):
    """m(x), and its gradient at x (d,) into row SLOPE; at a kink, that of the side where the ReLU is off."""
    if len(work) == OF_CHAIN:
        return chain_gradient(work, level, x)
    net, scratch, d = work.nets[level], work.scratch, work.stack.shape[2]
    n1, last = work.sizes[level, 0], len(net) - 1
    h1 = net.shape[1] - d - 2
    m = margin(work, level, x)
    for i in range(d):
        scratch[SLOPE, i] = net[last, i]
    for j in range(n1):
        scratch[OUT1, j] = net[j, d + 1]
    for k in range(work.sizes[level, 1]):
        if scratch[IN2, k] > 0.0:
            for i in range(d):
                scratch[SLOPE, i] += net[h1 + k, d + 1] * net[h1 + k, i]
            for j in range(n1):
                scratch[OUT1, j] += net[h1 + k, d + 1] * net[h1 + k, d + 2 + j]
    for j in range(n1):
        if scratch[IN1, j] > 0.0:
            for i in range(d):
                scratch[SLOPE, i] += scratch[OUT1, j] * net[j, i]
    return m


@kernel
def snap(lower, upper, lattice):
    """Shrink a box to the lattice points in it, to 1e-6 of a step; False if there are none.

    Features with step 0, and features that cannot move, stay as they are.
    """
    offset, step = lattice
    for i in range(len(lower)):
        if lower[i] > upper[i]:
            return False
        if step[i] > 0 and lower[i] < upper[i]:
            lower[i] = offset[i] + step[i] * np.ceil((lower[i] - offset[i]) / step[i] - 1e-6)
            upper[i] = offset[i] + step[i] * np.floor((upper[i] - offset[i]) / step[i] + 1e-6)
            if upper[i] < lower[i] - 0.5 * step[i]:
                return False
            if upper[i] < lower[i] + 0.5 * step[i]:  # one point; rounding must not leave it a width
                upper[i] = lower[i]
    return True


@kernel
def probe(work, level, lower, upper, lattice, point):
    """The smaller margin of two points of the box: linear minimiser and centre."""
    step, found = lattice[1], np.inf
    for attempt in range(2):
        for i in range(len(lower)):
            if attempt == 0:
                work.scratch[TRIAL, i] = lower[i] if work.scratch[COEFFICIENTS, i] >= 0 else upper[i]
            elif step[i] > 0 and lower[i] < upper[i]:
                work.scratch[TRIAL, i] = lower[i] + step[i] * np.rint(
                    (work.scratch[CENTRE, i] - lower[i]) / step[i]
                )
            else:
                work.scratch[TRIAL, i] = work.scratch[CENTRE, i]
        m = margin(work, level, work.scratch[TRIAL])
        if m < found:
            found = m
            copy(work.scratch[TRIAL], point)
    return found


@kernel
def hunt(work, level, lower, upper, lattice, start, point):
    """Least margin met on the way downhill in the box from start number `start`, met at `point`.

    Signed gradient steps as in projected gradient descent, Madry et al. 2018, the first half as wide as the box.
    """
    scratch, step = work.scratch, lattice[1]
    share, found = 1.0, np.inf
    for i in range(len(lower)):
        scratch[TRIAL, i] = lower[i] + (start * scratch[STRIDE, i] % 1.0) * (upper[i] - lower[i])
    for _ in range(HUNT):
        for i in range(len(lower)):
            if step[i] > 0 and lower[i] < upper[i]:
                scratch[TRIAL, i] = lower[i] + step[i] * np.rint((scratch[TRIAL, i] - lower[i]) / step[i])
        m = gradient(work, level, scratch[TRIAL])
        if m < found:
            found = m
            copy(scratch[TRIAL], point)
        for i in range(len(lower)):
            move = share * 0.5 * (upper[i] - lower[i]) * np.sign(scratch[SLOPE, i])
            scratch[TRIAL, i] = min(max(scratch[TRIAL, i] - move, lower[i]), upper[i])
        share *= SHORTER
    return found


@kernel
def contract(lower, upper, bar, work):
    """Cut off, in place, what the linear bounds prove to be above `bar`; False if that is all of the box.

    A form v + a · (x - c) is least at one corner of the box; in feature i it is above `bar`
    farther than (bar - least) / |a_i| from that corner, whatever the other features are. Where a chain only rises
    or only falls with a feature, its least value lies on one face of the box.
    """
    d = len(lower)
    if len(work) == OF_CHAIN:
        for i in range(d):
            if work.scratch[SIDE, i] > 0.0:
                upper[i] = lower[i]
            elif work.scratch[SIDE, i] < 0.0:
                lower[i] = upper[i]
    for f in range(FORMS):
        form = work.scratch[FORM + f]
        least = form[d]
        for i in range(d):
            least += form[i] * ((lower[i] if form[i] > 0 else upper[i]) - work.scratch[CENTRE, i])
        if least > bar:
            return False
        for i in range(d):
            if abs(form[i]) * (upper[i] - lower[i]) > bar - least:
                room = (bar - least) / abs(form[i])
                if form[i] > 0:
                    upper[i] = lower[i] + room
                else:
                    lower[i] = upper[i] - room
    return True


@kernel
def halve(work, top, lattice):
    """Replace the box stack[top] by its halves, the one nearer the linear minimiser on top.

    Splits where (|coefficient| + LOOSENESS_WEIGHT * looseness) * width is largest, on lattice points if
    the feature has a lattice. False if the box is one point.
    """
    step = lattice[1]
    far, near = work.stack[top], work.stack[top + 1]
    split, best = -1, 0.0
    for i in range(far.shape[1]):
        slope = abs(work.scratch[COEFFICIENTS, i]) + LOOSENESS_WEIGHT * work.scratch[LOOSENESS, i] + 1e-9
        score = slope * (far[1, i] - far[0, i])
        if score > best:
            split, best = i, score
    if split < 0:
        return False
    left = 0.5 * (far[0, split] + far[1, split])
    right = left
    if step[split] > 0:
        left = far[0, split] + step[split] * np.floor((left - far[0, split]) / step[split] + 1e-6)
        right = left + step[split]
    copy(far[0], near[0])
    copy(far[1], near[1])
    if work.scratch[COEFFICIENTS, split] < 0:
        near[0, split], far[1, split] = right, left
    else:
        near[1, split], far[0, split] = left, right
    return True


@kernel
def settle(work, lower, upper, lattice, rule, limit, witness):
    """Search one box: outcome, boxes looked at, least bound of proved boxes, least margin seen.

    A point that only touches zero, with a margin in (-tau, 2 tau], breaks the row too, but the
    search goes on for up to PATIENCE boxes for one below -tau, which float32 flips as well.
    """
    stack, levels = work.stack, work.levels
    copy(lower, stack[0, 0])
    copy(upper, stack[0, 1])
    levels[0] = wide = WHOLE
    size, boxes = 1, 0
    proved, seen = np.inf, np.inf
    bar = rule.tau
    while size:
        if boxes >= limit or size > len(stack) - 2:
            break
        size -= 1
        boxes += 1
        level = levels[size]
        low = bound(work, level, stack[size, 0], stack[size, 1], bar)
        if low > bar:
            proved = min(proved, low)
            continue
        found = probe(work, level + 1, stack[size, 0], stack[size, 1], lattice, witness)
        if found > -rule.tau and boxes % (HUNT_EVERY if boxes <= EAGER else EAGER) == 2:
            hunted = hunt(work, wide, lower, upper, lattice, boxes, work.scratch[HUNTED])
            if hunted < min(found, rule.tau):  # a row with a point above tau may still be proved
                found = hunted
                copy(work.scratch[HUNTED], witness)
        if found < seen:
            seen = found
            copy(witness, work.scratch[CLOSEST])
        if seen <= -rule.tau:
            return BROKEN, boxes, proved, seen
        if seen <= 2 * rule.tau and bar > 0:
            bar, limit = -rule.tau, min(limit, boxes + PATIENCE)
        proved = min(proved, bar)
        if not contract(stack[size, 0], stack[size, 1], bar, work):
            continue
        if not snap(stack[size, 0], stack[size, 1], lattice):
            continue
        if halve(work, size, lattice):
            if smaller(work, level):  # what is left serves both halves; deeper levels are free again
                level += 1
            if boxes == 1:
                wide = level  # good on the whole box
            levels[size] = levels[size + 1] = level
            size += 2
            continue
        found = margin(work, level + 1, stack[size, 0])  # one point is left
        if found <= bar:
            copy(stack[size, 0], witness)
            return BROKEN, boxes, proved, found
    if seen <= 2 * rule.tau:
        copy(work.scratch[CLOSEST], witness)
        return BROKEN, boxes, proved, seen
    return UNRESOLVED if size else PROVED, boxes, proved, seen


@kernel
def smaller(work, level):
    """The next level is worth keeping: it has fewer ReLUs."""
    if len(work) == OF_CHAIN:
        return level + 2 < len(work.sizes) and work.sizes[level + 1] <= CHAIN_SHRINKS * work.sizes[level]
    sizes = work.sizes
    return sizes[level + 1, 0] < sizes[level, 0] or sizes[level + 1, 1] < sizes[level, 1]


@kernel
def verify_rows(work, box, lattice, rule, outcome, boxes, found, witness):
    """Settle box (n, 2, d) row by row, snapping each to the lattice in place; answers go to the last four."""
    for r in range(len(box)):
        lower, upper = box[r, 0], box[r, 1]
        if snap(lower, upper, lattice):
            outcome[r], boxes[r], low, found[r] = settle(
                work, lower, upper, lattice, rule, rule.limit, witness[r]
            )
            if outcome[r] == PROVED:
                found[r] = low
        else:
            outcome[r] = EMPTY


@kernel
def distance(x, point, shape):
    """Smallest epsilon with point inside x + epsilon * [-shape[0], shape[1]]; infinite if there is none."""
    farthest = 0.0
    for i in range(len(x)):
        move = point[i] - x[i]
        side = shape[0, i] if move < 0 else shape[1, i]
        if move != 0:
            farthest = max(farthest, abs(move) / side if side > 0 else np.inf)
    return farthest


@kernel
def nearest(work, x, shape, point, goal, largest, aim):
    """The point of least distance from x where the margin, linearised at `point`, is `goal`; into `aim`.

    Returns its distance, at most `largest`; negative if the linear function cannot get there.
    """
    m = gradient(work, WHOLE, point)
    slope = 0.0
    for i in range(len(x)):
        a = work.scratch[SLOPE, i]
        m += a * (x[i] - point[i])
        slope += abs(a) * (shape[0, i] if a > 0 else shape[1, i])
    if slope <= 0.0 or m <= goal:
        return -1.0
    epsilon = min((m - goal) / slope, largest)
    for i in range(len(x)):
        a = work.scratch[SLOPE, i]
        aim[i] = x[i] - epsilon * shape[0, i] if a > 0 else x[i] + epsilon * shape[1, i]
    return epsilon


@kernel
def pull(work, x, shape, goal, witness, aim):
    """Move a witness closer to x while its margin stays at most `goal`; returns its distance.

    Alternates bisection towards x with a step to the nearest point of the linearised boundary.
    """
    for _ in range(8):
        inside, outside = 1.0, 0.0
        for _ in range(24):
            middle = 0.5 * (inside + outside)
            towards(x, witness, middle, aim)
            if margin(work, WHOLE, aim) <= goal:
                inside = middle
            else:
                outside = middle
        towards(x, witness, inside, witness)
        near = distance(x, witness, shape)
        if not 0 <= nearest(work, x, shape, witness, 1.01 * goal, near, aim) < 0.9999 * near:
            return near
        share = 1.0
        while share > 0.1:
            towards(witness, aim, share, work.scratch[TRIAL])
            if margin(work, WHOLE, work.scratch[TRIAL]) <= goal:
                break
            share *= 0.5
        if share < 0.1:
            return near
        copy(work.scratch[TRIAL], witness)
    return distance(x, witness, shape)


@kernel
def descend(work, x, shape, goal, largest, point, aim):
    """Walk from x to the boundary by linearised steps; True with a witness in `point`, or False.

    Source: Moosavi-Dezfooli et al. 2016, DeepFool, in the L-infinity norm.
    """
    copy(x, point)
    for _ in range(10):
        if nearest(work, x, shape, point, 2 * goal, largest, aim) < 0:
            return False
        copy(aim, point)
        if margin(work, WHOLE, point) <= goal:
            return True
    return False


@kernel
def radius_row(work, x, shape, largest, tolerance, lattice, rule, witness):
    """(proved, broken, boxes) of one row.

    The budget climbs a ladder, because a budget a little off the radius is settled far sooner
    than one close to it. A witness is pulled towards x, and the next rung stays below it.
    """
    tau = rule.tau
    if margin(work, WHOLE, x) <= 2 * tau:
        copy(x, witness)
        return 0.0, 0.0, 0
    smooth = True
    for step in lattice[1]:
        smooth &= step == 0
    lower, upper, point, aim = np.empty_like(x), np.empty_like(x), np.empty_like(x), np.empty_like(x)
    proved, broken, boxes = 0.0, np.inf, 0
    if smooth and descend(work, x, shape, -tau, largest, point, aim):
        broken = pull(work, x, shape, -tau, point, aim)
        copy(point, witness)
    goal = min(largest, broken - tolerance)
    while proved < goal:
        target = min(goal, max(FIRST_RUNG * goal, RUNG * proved))
        for i in range(len(x)):
            lower[i], upper[i] = x[i] - target * shape[0, i], x[i] + target * shape[1, i]
        if snap(lower, upper, lattice):
            outcome, looked, _, found = settle(work, lower, upper, lattice, rule, rule.limit - boxes, point)
            boxes += looked
            if outcome == UNRESOLVED:
                return proved, broken, boxes
            if outcome == BROKEN:
                if smooth and found <= -tau:
                    pull(work, x, shape, -tau, point, aim)
                broken = distance(x, point, shape)
                goal = broken - tolerance
                copy(point, witness)
                continue
        proved = target
    return proved, broken, boxes


@kernel
def radius_rows(work, x, shapes, largest, tolerance, lattice, rule, proved, broken, boxes, witness):
    for r in range(len(x)):
        proved[r], broken[r], boxes[r] = radius_row(
            work, x[r], shapes[r], largest, tolerance, lattice, rule, witness[r]
        )

"""The compiled loops of bounds and search: one row at a time, no allocation, no fast math.

They share one file because numba's cache on disk notices changes of a kernel's own file only:
a bound that changed elsewhere would go unnoticed, and a stale proof is no proof.
"""

from typing import NamedTuple

import numpy as np

from generator.engine.compiling import kernel
from generator.proofs.network import Network

PROVED, BROKEN, UNRESOLVED = np.int8(1), np.int8(-1), np.int8(0)
EMPTY = np.int8(2)
"""No lattice point in the box: nothing was asked."""
LOOSENESS_WEIGHT = 0.1
"""Without it, features whose linear coefficient is zero would never be split, and some rows never close."""
FORMS = 3
"""Linear bounds of the margin: both layers' unstable ReLUs on their tighter lower line, or those of one on zero."""
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


class Work(NamedTuple):
    """Scratch memory of `bound`, and its answers beside the bound itself."""

    centre: np.ndarray
    """(d,) of the box."""
    reach: np.ndarray
    """(d,) from the centre to the faces."""
    coefficients: np.ndarray
    """(d,) gradient of the best linear function that bounds the margin from below."""
    forms: np.ndarray
    """(FORMS, d + 1) every linear function that does: gradient, then value at the centre."""
    looseness: np.ndarray
    """(d,) slope that unstable ReLUs may have hidden from `coefficients`."""
    layer1: np.ndarray
    """(5, h1) value at the centre, spread, slope and offset of the upper line, slope of the lower line."""
    layer2: np.ndarray
    """(5, h2), likewise."""
    base: np.ndarray
    """(d + 1, h2) linear form of the layer-2 pre-activations over ReLUs that are on; last row its value."""
    lines: np.ndarray
    """(4, d + 1, h2) what unstable ReLUs add: lower chord, upper chord, positive part, negative part."""
    back: np.ndarray
    """(2, h1) margin's coefficients on the outputs, then on the inputs, of the first ReLUs."""
    trial: np.ndarray
    """(d,) the point being tried."""
    closest: np.ndarray
    """(d,) the point of least margin seen by a search."""


def make_work(network: Network) -> Work:
    d, h1 = network.w1.shape
    h2 = len(network.b2)
    return Work(
        np.empty(d), np.empty(d), np.empty(d), np.empty((FORMS, d + 1)), np.empty(d), np.empty((5, h1)),
        np.empty((5, h2)),
        np.empty((d + 1, h2)), np.empty((4, d + 1, h2)), np.empty((2, h1)), np.empty(d),
        np.empty(d),
    )  # fmt: skip


@kernel
def copy(source, target):
    for i in range(len(source)):  # slice assignments take numba far longer to compile
        target[i] = source[i]


@kernel
def towards(start, end, share, target):
    """The point that share of the way from start to end; target may be either."""
    for i in range(len(start)):
        target[i] = start[i] + share * (end[i] - start[i])


@kernel
def margin(net, x, hidden):
    """m(x) at one point (d,); hidden (>= h1,) is scratch."""
    d, h1 = net.w1.shape
    for j in range(h1):
        hidden[j] = net.b1[j]
    for i in range(d):
        for j in range(h1):
            hidden[j] += net.w1[i, j] * x[i]
    total = net.c
    for k in range(len(net.b2)):
        z = net.b2[k]
        for j in range(h1):
            z += max(hidden[j], 0.0) * net.w2t[k, j]
        total += max(z, 0.0) * net.v[k]
    return total


@kernel
def relax(layer, size):
    """The lines around each ReLU, from value and spread: off: 0, on: z, unstable: chord above, 0 or z below."""
    for j in range(size):
        low, high = layer[0, j] - layer[1, j], layer[0, j] + layer[1, j]
        layer[4, j] = 1.0 if high > -low else 0.0
        if low >= 0:
            layer[2, j], layer[3, j] = 1.0, 0.0
        elif high <= 0:
            layer[2, j], layer[3, j] = 0.0, 0.0
        else:
            layer[2, j] = high / (high - low)
            layer[3, j] = -low * layer[2, j]


@kernel
def bound(net, lower, upper, work):
    """A lower bound of m on the box; `generator.proofs.bounds` states the formula.

    Leaves the pre-activation bounds in `work.layer1` and `work.layer2`, as value and spread.
    """
    d, h1 = net.w1.shape
    h2 = len(net.b2)
    centre, reach, one, two = work.centre, work.reach, work.layer1, work.layer2
    base, lines, back = work.base, work.lines, work.back
    for i in range(d):
        centre[i] = 0.5 * (lower[i] + upper[i])
        reach[i] = max(upper[i] - centre[i], centre[i] - lower[i])
    for j in range(h1):
        one[0, j], one[1, j] = net.b1[j], 0.0
    for i in range(d):
        for j in range(h1):
            one[0, j] += net.w1[i, j] * centre[i]
            one[1, j] += abs(net.w1[i, j]) * reach[i]
    relax(one, h1)

    for i in range(d + 1):
        for k in range(h2):
            base[i, k] = net.b2[k] if i == d else 0.0
            lines[0, i, k] = lines[1, i, k] = lines[2, i, k] = lines[3, i, k] = 0.0
    for j in range(h1):
        s, t = one[2, j], one[3, j]
        if t == 0.0:
            if s == 0.0:
                continue
            for i in range(d):
                w = net.w1[i, j]
                for k in range(h2):
                    base[i, k] += w * net.w2[j, k]
            for k in range(h2):
                base[d, k] += one[0, j] * net.w2[j, k]
        else:
            for i in range(d + 1):
                w = net.w1[i, j] if i < d else one[0, j]
                chord = s * w if i < d else s * w + t
                for k in range(h2):
                    positive, negative = max(net.w2[j, k], 0.0), min(net.w2[j, k], 0.0)
                    lines[0, i, k] += chord * negative
                    lines[1, i, k] += chord * positive
                    if one[4, j] > 0.0:
                        lines[2, i, k] += w * positive
                        lines[3, i, k] += w * negative
    for k in range(h2):
        low0 = base[d, k] + lines[0, d, k]
        low1 = low0 + lines[2, d, k]
        high0 = base[d, k] + lines[1, d, k]
        high1 = high0 + lines[3, d, k]
        for i in range(d):
            a, r = base[i, k], reach[i]
            low0 -= abs(a + lines[0, i, k]) * r
            low1 -= abs(a + lines[0, i, k] + lines[2, i, k]) * r
            high0 += abs(a + lines[1, i, k]) * r
            high1 += abs(a + lines[1, i, k] + lines[3, i, k]) * r
        low, high = max(low0, low1), min(high0, high1)
        two[0, k], two[1, k] = 0.5 * (low + high), max(0.5 * (high - low), 0.0)
    relax(two, h2)

    best = -np.inf
    for f in range(FORMS):
        zero2, zero1, form = f == 1, f == 2, work.forms[f]
        for j in range(h1):
            back[0, j] = 0.0
        constant2 = net.c
        for k in range(h2):
            q = net.v[k]
            if two[3, k] > 0.0:
                if q < 0.0:
                    constant2 += q * two[3, k]
                    q *= two[2, k]
                else:
                    q *= 0.0 if zero2 else two[4, k]
            else:
                q *= two[2, k]
            if q != 0.0:
                constant2 += q * net.b2[k]
                for j in range(h1):
                    back[0, j] += q * net.w2t[k, j]
        value = constant2
        for j in range(h1):
            p = back[0, j]
            if one[3, j] > 0.0:
                if p < 0.0:
                    value += p * one[3, j]
                    p *= one[2, j]
                else:
                    p *= 0.0 if zero1 else one[4, j]
            else:
                p *= one[2, j]
            back[1, j] = p
            value += p * one[0, j]
        form[d] = low = value
        for i in range(d):
            a = 0.0
            for j in range(h1):
                a += back[1, j] * net.w1[i, j]
            form[i] = a
            low -= abs(a) * reach[i]
        if low > best:
            best = low
            copy(form[:d], work.coefficients)
    for i in range(d):
        loose = 0.0
        for j in range(h1):
            if one[3, j] > 0.0:
                loose += abs(back[0, j] * net.w1[i, j])
        for k in range(h2):
            if two[3, k] > 0.0:
                loose += abs(net.v[k] * base[i, k])
        work.looseness[i] = loose
    return best


@kernel
def gradient(net, x, work):
    """Gradient of m at x (d,) into `work.coefficients`; at a kink, that of the side where the ReLU is off."""
    d, h1 = net.w1.shape
    hidden, back = work.back[0], work.back[1]
    copy(net.b1, hidden)
    for i in range(d):
        for j in range(h1):
            hidden[j] += net.w1[i, j] * x[i]
    for j in range(h1):
        back[j] = 0.0
    for k in range(len(net.b2)):
        z = net.b2[k]
        for j in range(h1):
            z += max(hidden[j], 0.0) * net.w2t[k, j]
        if z > 0:
            for j in range(h1):
                back[j] += net.v[k] * net.w2t[k, j]
    for i in range(d):
        work.coefficients[i] = 0.0
        for j in range(h1):
            if hidden[j] > 0:
                work.coefficients[i] += back[j] * net.w1[i, j]


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
def probe(net, lower, upper, lattice, work, point):
    """Lower bound on the box, and the smaller margin of two of its points: linear minimiser and centre."""
    step = lattice[1]
    low, found = bound(net, lower, upper, work), np.inf
    for attempt in range(2):
        for i in range(len(lower)):
            if attempt == 0:
                work.trial[i] = lower[i] if work.coefficients[i] >= 0 else upper[i]
            elif step[i] > 0 and lower[i] < upper[i]:
                work.trial[i] = lower[i] + step[i] * np.rint((work.centre[i] - lower[i]) / step[i])
            else:
                work.trial[i] = work.centre[i]
        m = margin(net, work.trial, work.back[0])
        if m < found:
            found = m
            copy(work.trial, point)
    return low, found


@kernel
def contract(lower, upper, bar, work):
    """Cut off, in place, what the linear bounds prove to be above `bar`; False if that is all of the box.

    A form v + a · (x - c) is least at one corner of the box; in feature i it is above `bar`
    farther than (bar - least) / |a_i| from that corner, whatever the other features are.
    """
    d = len(lower)
    for f in range(FORMS):
        form = work.forms[f]
        least = form[d]
        for i in range(d):
            least += form[i] * ((lower[i] if form[i] > 0 else upper[i]) - work.centre[i])
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
def halve(stack, top, lattice, work):
    """Replace the box stack[top] by its halves, the one nearer the linear minimiser on top.

    Splits where (|coefficient| + LOOSENESS_WEIGHT * looseness) * width is largest, on lattice points if
    the feature has a lattice. False if the box is one point.
    """
    step = lattice[1]
    far, near = stack[top], stack[top + 1]
    split, best = -1, 0.0
    for i in range(far.shape[1]):
        slope = abs(work.coefficients[i]) + LOOSENESS_WEIGHT * work.looseness[i] + 1e-9
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
    if work.coefficients[split] < 0:
        near[0, split], far[1, split] = right, left
    else:
        near[1, split], far[0, split] = left, right
    return True


@kernel
def settle(net, lower, upper, lattice, rule, limit, work, stack, witness):
    """Search one box: outcome, boxes looked at, least bound of proved boxes, least margin seen.

    A point that only touches zero, with a margin in (-tau, 2 tau], breaks the row too, but the
    search goes on for up to PATIENCE boxes for one below -tau, which float32 flips as well.
    """
    copy(lower, stack[0, 0])
    copy(upper, stack[0, 1])
    size, boxes = 1, 0
    proved, seen = np.inf, np.inf
    bar = rule.tau
    while size:
        if boxes >= limit or size > len(stack) - 2:
            break
        size -= 1
        boxes += 1
        low, found = probe(net, stack[size, 0], stack[size, 1], lattice, work, witness)
        if low > bar:
            proved = min(proved, low)
            continue
        if found < seen:
            seen = found
            copy(witness, work.closest)
        if seen <= -rule.tau:
            return BROKEN, boxes, proved, seen
        if seen <= 2 * rule.tau and bar > 0:
            bar, limit = -rule.tau, min(limit, boxes + PATIENCE)
        if not contract(stack[size, 0], stack[size, 1], bar, work):
            continue
        proved = min(proved, bar)
        if not snap(stack[size, 0], stack[size, 1], lattice):
            continue
        if halve(stack, size, lattice, work):
            size += 2
            continue
        found = margin(net, stack[size, 0], work.back[0])  # one point is left
        if found <= bar:
            copy(stack[size, 0], witness)
            return BROKEN, boxes, proved, found
    if seen <= 2 * rule.tau:
        copy(work.closest, witness)
        return BROKEN, boxes, proved, seen
    return UNRESOLVED if size else PROVED, boxes, proved, seen


@kernel
def verify_rows(net, box, lattice, rule, work, stack, outcome, boxes, found, witness):
    """Settle box (n, 2, d) row by row, snapping each to the lattice in place; answers go to the last four."""
    for r in range(len(box)):
        lower, upper = box[r, 0], box[r, 1]
        if snap(lower, upper, lattice):
            outcome[r], boxes[r], low, found[r] = settle(
                net, lower, upper, lattice, rule, rule.limit, work, stack, witness[r]
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
def nearest(net, x, shape, point, goal, largest, work, aim):
    """The point of least distance from x where the margin, linearised at `point`, is `goal`; into `aim`.

    Returns its distance, at most `largest`; negative if the linear function cannot get there.
    """
    m = margin(net, point, work.back[0])
    gradient(net, point, work)
    slope = 0.0
    for i in range(len(x)):
        a = work.coefficients[i]
        m += a * (x[i] - point[i])
        slope += abs(a) * (shape[0, i] if a > 0 else shape[1, i])
    if slope <= 0.0 or m <= goal:
        return -1.0
    epsilon = min((m - goal) / slope, largest)
    for i in range(len(x)):
        a = work.coefficients[i]
        aim[i] = x[i] - epsilon * shape[0, i] if a > 0 else x[i] + epsilon * shape[1, i]
    return epsilon


@kernel
def pull(net, x, shape, goal, work, witness, aim):
    """Move a witness closer to x while its margin stays at most `goal`; returns its distance.

    Alternates bisection towards x with a step to the nearest point of the linearised boundary.
    """
    for _ in range(8):
        inside, outside = 1.0, 0.0
        for _ in range(24):
            middle = 0.5 * (inside + outside)
            towards(x, witness, middle, aim)
            if margin(net, aim, work.back[0]) <= goal:
                inside = middle
            else:
                outside = middle
        towards(x, witness, inside, witness)
        near = distance(x, witness, shape)
        if not 0 <= nearest(net, x, shape, witness, 1.01 * goal, near, work, aim) < 0.9999 * near:
            return near
        share = 1.0
        while share > 0.1:
            towards(witness, aim, share, work.trial)
            if margin(net, work.trial, work.back[0]) <= goal:
                break
            share *= 0.5
        if share < 0.1:
            return near
        copy(work.trial, witness)
    return distance(x, witness, shape)


@kernel
def descend(net, x, shape, goal, largest, work, point, aim):
    """Walk from x to the boundary by linearised steps; True with a witness in `point`, or False.

    Source: Moosavi-Dezfooli et al. 2016, DeepFool, in the L-infinity norm.
    """
    copy(x, point)
    for _ in range(10):
        if nearest(net, x, shape, point, 2 * goal, largest, work, aim) < 0:
            return False
        copy(aim, point)
        if margin(net, point, work.back[0]) <= goal:
            return True
    return False


@kernel
def radius_row(net, x, shape, largest, tolerance, lattice, rule, work, stack, witness):
    """(proved, broken, boxes) of one row.

    The budget climbs a ladder, because a budget a little off the radius is settled far sooner
    than one close to it. A witness is pulled towards x, and the next rung stays below it.
    """
    tau = rule.tau
    if margin(net, x, work.back[0]) <= 2 * tau:
        copy(x, witness)
        return 0.0, 0.0, 0
    smooth = True
    for step in lattice[1]:
        smooth &= step == 0
    lower, upper, point, aim = np.empty_like(x), np.empty_like(x), np.empty_like(x), np.empty_like(x)
    proved, broken, boxes = 0.0, np.inf, 0
    if smooth and descend(net, x, shape, -tau, largest, work, point, aim):
        broken = pull(net, x, shape, -tau, work, point, aim)
        copy(point, witness)
    goal = min(largest, broken - tolerance)
    while proved < goal:
        target = min(goal, max(FIRST_RUNG * goal, RUNG * proved))
        for i in range(len(x)):
            lower[i], upper[i] = x[i] - target * shape[0, i], x[i] + target * shape[1, i]
        if snap(lower, upper, lattice):
            outcome, looked, _, found = settle(
                net, lower, upper, lattice, rule, rule.limit - boxes, work, stack, point
            )
            boxes += looked
            if outcome == UNRESOLVED:
                return proved, broken, boxes
            if outcome == BROKEN:
                if smooth and found <= -tau:
                    pull(net, x, shape, -tau, work, point, aim)
                broken = distance(x, point, shape)
                goal = broken - tolerance
                copy(point, witness)
                continue
        proved = target
    return proved, broken, boxes


@kernel
def radius_rows(
    net, x, shapes, largest, tolerance, lattice, rule, work, stack, proved, broken, boxes, witness
):
    for r in range(len(x)):
        proved[r], broken[r], boxes[r] = radius_row(
            net, x[r], shapes[r], largest, tolerance, lattice, rule, work, stack, witness[r]
        )

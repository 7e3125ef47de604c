"""The compiled loops of the search over cells: one row at a time, no recursion, no fast math.

A row's box is cut into cells by the thresholds that are left once every tree is pruned to the box. A tree
that asks for one input only is a step function of it; these add up to one table an input, `tables`, whose
least value is exact. A tree that asks for several is kept as its leaves. The search then minimises

    constant + sum over inputs of table(cell) + sum over trees of tree(cells)

For every tree and input a message, a function of the cell, is taken from the tree and added to the table of the
input, which changes no sum; once each tree without its messages is nowhere negative, the least values of the tables
bound the whole from below. Messages are improved tree by tree (max-product linear programming) and stay valid in
every smaller box. Where the bound does not decide, the box is halved between the cell that the tables prefer and the
one that the tree which disagrees most does.

They share one file because numba's cache on disk notices changes of a kernel's own file only: a stale proof is no
proof.

Source: Globerson and Jaakkola 2007, Fixing max-product (NIPS); Chen and others 2019, arXiv:1906.03849 (pruned trees).
"""

from typing import NamedTuple

import numpy as np

from generator.engine.compiling import kernel
from generator.proofs.trees.forest import AS_ZERO, ZERO, ZERO_OR_NAN

PROVED, BROKEN, UNRESOLVED = np.int8(1), np.int8(-1), np.int8(0)
FULL = np.int8(2)
"""The row needs larger arrays: nothing is said of it."""
SWEEPS, SWEEPS_BELOW = 12, 2
"""Rounds of messages at the first box, unless the bound stands still, and at each of its parts."""
STILL = 1e-3
"""Share of the distance to the cut by which a round must raise the bound to be followed by another."""
PATIENCE = 500
"""Boxes spent once a point lies so close to the cut that only the deployed sum tells its side: each such cell is
scored by itself, and a row with too many of them counts as broken by rounding."""
DRIFT = 1e-10
"""Share of the sum of the largest leaves by which messages may be off after many roundings."""
ORDINARY, FIXED, SPECIAL = np.int8(0), np.int8(1), np.int8(2)
"""An input that is an interval of numbers; one that is missing or a category and cannot change; one that can, or
may be missing: its values are listed, and each of its tests becomes a chain of comparisons of places in the list."""


class Work(NamedTuple):
    """Scratch memory of one search. Capacities are those of the arrays; a row that needs more is FULL."""

    # an input each
    kind: np.ndarray
    low: np.ndarray
    high: np.ndarray
    """As the trees see the faces: rounded if they round."""
    count: np.ndarray
    """Places listed of a special input."""
    first: np.ndarray
    """Least and largest place of a threshold left of an ordinary input; first > last if none is."""
    last: np.ndarray
    start: np.ndarray
    """Where its cells begin in `tables`; -1 if nothing is left to ask of it."""
    size: np.ndarray
    """Cells."""
    # nodes left, tree by tree, parents first
    node_input: np.ndarray
    """-1 in a leaf."""
    node_place: np.ndarray
    """Cells up to this go left."""
    node_right: np.ndarray
    node_parent: np.ndarray
    node_value: np.ndarray
    tree_first: np.ndarray
    """A tree left each: its first node; one more at the end."""
    waiting: np.ndarray
    """(nodes, 2) a node of the forest and the node left whose right side it is."""
    marks: np.ndarray
    """Place of a threshold each: whether it is left, then its place among those left of its input."""
    # a cell each
    values: np.ndarray
    """Listed values of a special input, thresholds between the cells of an ordinary one."""
    tables: np.ndarray
    # trees that ask for several inputs: parts of theirs, an input each, then segments of cells, leaves, messages
    part_first: np.ndarray
    """A tree each: its first part; one more at the end."""
    leaf_first: np.ndarray
    part_input: np.ndarray
    part_message: np.ndarray
    part_segment: np.ndarray
    """First segment; one more at the end."""
    segment_end: np.ndarray
    """Last cell."""
    segment_least: np.ndarray
    segment_rest: np.ndarray
    leaf_value: np.ndarray
    leaf_total: np.ndarray
    leaf_range: np.ndarray
    """Where the ranges of a leaf begin, one a part of its tree."""
    range_low: np.ndarray
    """Segments."""
    range_high: np.ndarray
    range_least: np.ndarray
    messages: np.ndarray
    # the search
    box: np.ndarray
    """(boxes, d, 2) first and last cell."""
    cell: np.ndarray
    """(d,) where the tables are least."""
    point: np.ndarray
    """(d,) raw."""


# ---------------------------------------------------------------- the deployed model


@kernel
def goes_left(forest, node, number):
    """As deployed, of a number that is rounded already."""
    rule = forest.missing[forest.feature[node]]
    if rule == AS_ZERO and np.isnan(number):
        number = 0.0
    if np.isnan(number) or (rule == ZERO_OR_NAN and abs(number) <= ZERO):
        return forest.missing_left[node]
    if forest.category_set[node] >= 0:
        known = 0 <= number < forest.sets.shape[1]
        return forest.sets[forest.category_set[node], int(number)] if known else forest.unknown_left[node]
    return number <= forest.limit[node]


@kernel
def _rounded(number, single):
    return np.float64(np.float32(number)) if single else number


@kernel
def score(forest, x):
    """The deployed margin of one raw row, above its own cut."""
    # bound to names because a call that is given the forest copies all of it
    nodes, plain, single_inputs = forest.nodes, forest.plain, forest.single_inputs
    total, single = forest.start, np.float32(forest.start)
    for root in forest.roots:
        node = root
        while nodes[node].feature >= 0:
            j = nodes[node].feature
            number = np.float64(np.float32(x[j])) if single_inputs else x[j]
            plainly = plain[j] and not np.isnan(number)
            left = number <= nodes[node].limit if plainly else goes_left(forest, node, number)
            node = node + 1 if left else nodes[node].right
        total += nodes[node].limit
        single += np.float32(nodes[node].limit)
    if forest.single_sum:
        total = np.float64(single)
    return total / forest.divisor * forest.scale + forest.bias - forest.cut


@kernel
def scores(forest, x, out):
    """`score` of rows x (n, d)."""
    for i in range(len(x)):
        out[i] = score(forest, x[i])


# ---------------------------------------------------------------- a row's box


@kernel
def _list_values(forest, j, low, high, centre, may_be_missing, listed, allowed, whole, values, first):
    """Write every value of a special input that trees can tell apart to `values` from `first` on; how many, or -1."""
    count, size = 0, len(values)
    if listed:
        for place in range(-1, len(allowed)):
            # the row's own value may be one without a place
            own = place < 0 and not np.isnan(centre) and not 0 <= centre < len(allowed)
            if own or (place >= 0 and allowed[place]):
                if first + count >= size:
                    return -1
                values[first + count] = centre if own else float(place)
                count += 1
    elif forest.category[j]:
        codes = forest.sets.shape[1]
        for code in range(-1, codes + 1):
            if code == -1:
                value = min(np.floor(high), -1.0)
            elif code == codes:
                value = max(np.ceil(low), float(codes))
            else:
                value = float(code)
            if low <= value <= high:
                if first + count >= size:
                    return -1
                values[first + count] = value
                count += 1
    elif low <= high:
        begin, end = forest.offset[j], forest.offset[j + 1]
        seen_low, seen_high, last = (
            _rounded(low, forest.single_inputs),
            _rounded(high, forest.single_inputs),
            -np.inf,
        )
        for place in range(begin, end + 1):
            limit = forest.limits[place] if place < end else np.inf
            if whole:
                limit = np.floor(limit)
            if limit < seen_low or limit == last:
                continue
            if first + count >= size:
                return -1
            values[first + count] = _nearest(forest, centre, low, high, last, limit, whole)
            count += 1
            last = limit
            if limit >= seen_high:
                break
    if may_be_missing:
        if first + count >= size:
            return -1
        values[first + count] = np.nan
        count += 1
    return count


@kernel
def _nearest(forest, centre, low, high, below, limit, whole):
    """The number of [low, high] closest to centre that is above `below` and at most `limit`, once rounded."""
    seen = _rounded(centre, forest.single_inputs)
    if below < seen <= limit and low <= centre <= high:
        return centre
    if seen <= below or np.isnan(centre):
        if whole:
            value = np.floor(below) + 1 if np.isfinite(below) else low
        elif not np.isfinite(below):
            value = low
        elif forest.single_inputs:
            value = np.float64(np.nextafter(np.float32(below), np.float32(np.inf)))
        else:
            value = np.nextafter(below, np.inf)
    else:
        value = limit
    return min(max(value, low), high)


@kernel
def _set_out(forest, low, high, centre, may_be_missing, whole, listed, allowed, work):
    """Note what each input may be. False if work is too small."""
    used = 0
    for j in range(len(low)):
        work.start[j], work.first[j], work.last[j] = -1, 1, 0
        seen_low, seen_high = _rounded(low[j], forest.single_inputs), _rounded(high[j], forest.single_inputs)
        touches_zero = forest.missing[j] == ZERO_OR_NAN and seen_low <= ZERO and seen_high >= -ZERO
        special = forest.category[j] or may_be_missing[j] or np.isnan(centre[j]) or touches_zero
        if not (special or listed[j] >= 0):
            work.kind[j], work.low[j], work.high[j] = ORDINARY, seen_low, seen_high
            continue
        row = allowed[listed[j]] if listed[j] >= 0 else np.empty(0, np.bool_)
        count = _list_values(
            forest,
            j,
            low[j],
            high[j],
            centre[j],
            may_be_missing[j],
            listed[j] >= 0,
            row,
            whole[j],
            work.values,
            used,
        )
        if count < 0:
            return False
        work.kind[j] = SPECIAL if count > 1 else FIXED
        work.low[j] = _rounded(work.values[used], forest.single_inputs)
        if count > 1:
            work.start[j], work.size[j], work.count[j] = used, count, count
            used += count
    return True


@kernel
def _prune(forest, factor, work):
    """Keep of every tree what its box leaves open.

    Returns:
        (trees left, sum of the leaves of the others, least sum of all, bound on the rounding of the deployed sum);
        trees left is -1 if work is too small. Leaves count times `factor`.
    """
    constant, least, trees, count = 0.0, 0.0, 0, 0
    bottom = top = forest.start
    largest = 0.0
    # bound to names because a call that is given forest or work copies all of it
    nodes, kinds, lows, highs, stack = forest.nodes, work.kind, work.low, work.high, work.waiting
    node_input, node_place, node_right = work.node_input, work.node_place, work.node_right
    node_parent, node_value, tree_first = work.node_parent, work.node_value, work.tree_first
    first_place, last_place, marks, places = work.first, work.last, work.marks, forest.place
    capacity = len(node_input)
    for root in forest.roots:
        first, waiting = count, 0
        low, high = np.inf, -np.inf
        node, parent = root, -1
        while True:
            j = nodes[node].feature
            if j < 0:
                value = nodes[node].limit
                low, high = min(low, value), max(high, value)
                if parent < 0:
                    break
                if count >= capacity:
                    return -1, 0.0, 0.0, 0.0
                node_input[count], node_parent[count], node_value[count] = -1, parent, value * factor
                count += 1
                if waiting == 0:
                    break
                waiting -= 1
                node, parent = stack[waiting, 0], stack[waiting, 1]
                node_right[parent] = count
                continue
            kind = kinds[j]
            if kind == ORDINARY:
                limit = nodes[node].limit
                if highs[j] <= limit:
                    node += 1
                    continue
                if lows[j] > limit:
                    node = nodes[node].right
                    continue
                place, other, following = places[node], nodes[node].right, node + 1
                if first_place[j] > last_place[j]:
                    first_place[j] = last_place[j] = place
                else:
                    first_place[j] = min(first_place[j], place)
                    last_place[j] = max(last_place[j], place)
                marks[place] = 1
            elif kind == FIXED:
                node = node + 1 if goes_left(forest, node, lows[j]) else nodes[node].right
                continue
            else:
                side, place = _run(forest, node, parent, count, work)
                following = node + 1 if side else nodes[node].right
                if place < 0:
                    node = following
                    continue
                other = node
            if count >= capacity or waiting >= capacity:
                return -1, 0.0, 0.0, 0.0
            node_input[count], node_place[count], node_parent[count], node_right[count] = j, place, parent, -1
            stack[waiting, 0], stack[waiting, 1] = other, count
            waiting += 1
            node, parent = following, count
            count += 1
        if count == first:
            constant += low * factor
            least += low * factor
        else:
            tree_first[trees] = first
            trees += 1
            least += min(low * factor, high * factor)
        bottom, top = bottom + low, top + high
        largest += max(abs(bottom), abs(top))
    tree_first[trees] = count
    unit = 2.0**-24 if forest.single_sum else 2.0**-53
    return trees, constant, least, largest * unit


@kernel
def _run(forest, node, parent, count, work):
    """Which side the first listed values go that reach a node, and the last of them; -1 if the others do not differ."""
    j = forest.feature[node]
    begin, end = _path(
        work.node_input,
        work.node_place,
        work.node_right,
        work.node_parent,
        j,
        0,
        work.count[j] - 1,
        parent,
        count,
    )
    values, place = work.values[work.start[j] :], begin
    side = goes_left(forest, node, _rounded(values[begin], forest.single_inputs))
    while place < end and side == goes_left(forest, node, _rounded(values[place + 1], forest.single_inputs)):
        place += 1
    return side, -1 if place == end else place


@kernel
def _path(node_input, node_place, node_right, node_parent, j, first, last, parent, child):
    """What the nodes above leave of the cells first to last of input j, where `child` is or comes below `parent`.

    A right side that is not there yet is being made now, so `child` lies on it if the mark says so.
    """
    node = parent
    while node >= 0:
        if node_input[node] == j:
            if node_right[node] == child:
                first = max(first, node_place[node] + 1)
            else:
                last = min(last, node_place[node])
        child, node = node, node_parent[node]
    return first, last


@kernel
def _cells(forest, whole, work):
    """Number the cells of every input of which something is left. The cells in all; -1 if work is too small."""
    used = 0
    for j in range(len(whole)):
        if work.kind[j] == SPECIAL:
            used = max(used, work.start[j] + work.size[j])
    for j in range(len(whole)):
        if work.kind[j] != ORDINARY or work.first[j] > work.last[j]:
            continue
        work.start[j], count, before = used, 0, -np.inf
        for place in range(work.first[j], work.last[j] + 1):
            if work.marks[place] == 0:
                continue
            limit = np.floor(forest.limits[place]) if whole[j] else forest.limits[place]
            if limit > before or count == 0:
                if used + count + 1 >= len(work.values):
                    return -1
                work.values[used + count] = before = limit
                count += 1
            work.marks[place] = count - 1
        work.size[j] = count + 1
        used += count + 1
    return used


@kernel
def _clear_marks(work):
    for j in range(len(work.first)):
        if work.first[j] <= work.last[j]:
            work.marks[work.first[j] : work.last[j] + 1] = 0


@kernel
def _tables(forest, trees, cells, work):
    """Add up the trees that ask for one input, and keep the leaves of the others.

    Returns:
        Trees kept; -1 if work is too small.
    """
    work.tables[:cells] = 0.0
    for node in range(work.tree_first[trees]):
        j = work.node_input[node]
        if j >= 0 and work.kind[j] == ORDINARY:
            work.node_place[node] = work.marks[work.node_place[node]]
    kept = parts = leaves = ranges = segments = messages = 0
    for t in range(trees):
        begin, end = work.tree_first[t], work.tree_first[t + 1]
        if parts + len(work.start) + 1 >= len(work.part_input) or kept + 1 >= len(work.part_first):
            return -1
        mine = 0
        for node in range(begin, end):
            j = work.node_input[node]
            if j < 0:
                continue
            seen = False
            for part in range(parts, parts + mine):
                seen |= work.part_input[part] == j
            if not seen:
                work.part_input[parts + mine] = j
                mine += 1
        if mine == 1:
            j = work.part_input[parts]
            for node in range(begin, end):
                if work.node_input[node] < 0:
                    low, high = _path(
                        work.node_input,
                        work.node_place,
                        work.node_right,
                        work.node_parent,
                        j,
                        0,
                        work.size[j] - 1,
                        work.node_parent[node],
                        node,
                    )
                    for cell in range(low, high + 1):
                        work.tables[work.start[j] + cell] += work.node_value[node]
            continue
        # the segments of each part: cells that this tree does not tell apart
        for part in range(parts, parts + mine):
            j = work.part_input[part]
            if segments + end - begin + 1 >= len(work.segment_end) or messages + work.size[j] >= len(
                work.messages
            ):
                return -1
            work.part_segment[part], work.part_message[part] = segments, messages
            messages += work.size[j]
            first = segments
            work.segment_end[segments] = work.size[j] - 1
            segments += 1
            for node in range(begin, end):
                if work.node_input[node] != j:
                    continue
                place, at = work.node_place[node], segments
                while at > first and work.segment_end[at - 1] > place:
                    at -= 1
                if at > first and work.segment_end[at - 1] == place:
                    continue
                for other in range(segments, at, -1):
                    work.segment_end[other] = work.segment_end[other - 1]
                work.segment_end[at] = place
                segments += 1
        work.part_segment[parts + mine] = segments
        work.part_first[kept], work.leaf_first[kept] = parts, leaves
        for node in range(begin, end):
            if work.node_input[node] >= 0:
                continue
            if leaves + 1 >= len(work.leaf_value) or ranges + mine >= len(work.range_low):
                return -1
            empty = False
            for p in range(mine):
                part = parts + p
                j = work.part_input[part]
                low, high = _path(
                    work.node_input,
                    work.node_place,
                    work.node_right,
                    work.node_parent,
                    j,
                    0,
                    work.size[j] - 1,
                    work.node_parent[node],
                    node,
                )
                empty |= low > high
                segment = work.part_segment[part]
                while work.segment_end[segment] < low:
                    segment += 1
                work.range_low[ranges + p] = segment
                while work.segment_end[segment] < high:
                    segment += 1
                work.range_high[ranges + p] = segment
            if empty:
                continue
            work.leaf_value[leaves], work.leaf_range[leaves] = work.node_value[node], ranges
            leaves += 1
            ranges += mine
        parts += mine
        kept += 1
    work.part_first[kept], work.leaf_first[kept] = parts, leaves
    work.messages[:messages] = 0.0
    return kept


# ---------------------------------------------------------------- bounds


@kernel(inline="always")  # else each call copies all that work is
def _weigh(t, box, work):
    """The least of every segment of tree t's inputs, the tree's own messages taken back, and the total of each leaf."""
    for part in range(work.part_first[t], work.part_first[t + 1]):
        j = work.part_input[part]
        start, message = work.start[j], work.part_message[part]
        low, high = box[j, 0], box[j, 1]
        begin = 0
        for segment in range(work.part_segment[part], work.part_segment[part + 1]):
            end, least = work.segment_end[segment], np.inf
            for cell in range(max(begin, low), min(end, high) + 1):
                least = min(least, work.tables[start + cell] - work.messages[message + cell])
            work.segment_least[segment] = least
            begin = end + 1
    first = work.part_first[t]
    mine = work.part_first[t + 1] - first
    for leaf in range(work.leaf_first[t], work.leaf_first[t + 1]):
        total, ranges = work.leaf_value[leaf], work.leaf_range[leaf]
        for p in range(ranges, ranges + mine):
            least = np.inf
            for segment in range(work.range_low[p], work.range_high[p] + 1):
                least = min(least, work.segment_least[segment])
            work.range_least[p] = least
            total += least
        work.leaf_total[leaf] = total


@kernel
def _sweep(kept, box, work):
    """One round: every tree gives its inputs equal shares of the least that it and they can come to."""
    for t in range(kept):
        _weigh(t, box, work)
        first = work.part_first[t]
        mine = work.part_first[t + 1] - first
        share = 1.0 / mine
        for segment in range(work.part_segment[first], work.part_segment[first + mine]):
            work.segment_rest[segment] = np.inf
        for leaf in range(work.leaf_first[t], work.leaf_first[t + 1]):
            total, ranges = work.leaf_total[leaf], work.leaf_range[leaf]
            if total == np.inf:
                continue
            for p in range(ranges, ranges + mine):
                rest = total - work.range_least[p]
                for segment in range(work.range_low[p], work.range_high[p] + 1):
                    work.segment_rest[segment] = min(work.segment_rest[segment], rest)
        for part in range(first, first + mine):
            j = work.part_input[part]
            start, message = work.start[j], work.part_message[part]
            low, high = box[j, 0], box[j, 1]
            begin = 0
            for segment in range(work.part_segment[part], work.part_segment[part + 1]):
                end, rest = work.segment_end[segment], work.segment_rest[segment]
                for cell in range(max(begin, low), min(end, high) + 1):
                    own = work.tables[start + cell] - work.messages[message + cell]
                    table = (rest + own) * share
                    work.tables[start + cell] = table
                    work.messages[message + cell] = table - own
                begin = end + 1


@kernel
def _bound(box, work):
    """Sum of the least values of the tables; the cells where they are go to `work.cell`."""
    total = 0.0
    for j in range(len(box)):
        start = work.start[j]
        if start < 0:
            continue
        least, best = np.inf, box[j, 0]
        for cell in range(box[j, 0], box[j, 1] + 1):
            if work.tables[start + cell] < least:
                least, best = work.tables[start + cell], cell
        work.cell[j] = best
        total += least
    return total


@kernel(inline="always")  # else each call copies all that work is
def _leaf_at(t, cell, work):
    first = work.part_first[t]
    mine = work.part_first[t + 1] - first
    for leaf in range(work.leaf_first[t], work.leaf_first[t + 1]):
        ranges, inside = work.leaf_range[leaf], True
        for p in range(mine):
            part = first + p
            place = cell[work.part_input[part]]
            low, high = work.range_low[ranges + p], work.range_high[ranges + p]
            inside &= place <= work.segment_end[high] and (
                low == work.part_segment[part] or place > work.segment_end[low - 1]
            )
            if not inside:
                break
        if inside:
            return leaf
    return -1


@kernel
def _disagreement(kept, work):
    """(sum over trees of what tree and messages leave at `work.cell`, the tree with most, its leaf there)."""
    total, most, worst, at = 0.0, -1.0, -1, -1
    for t in range(kept):
        leaf = _leaf_at(t, work.cell, work)
        rest = work.leaf_value[leaf]
        for part in range(work.part_first[t], work.part_first[t + 1]):
            rest -= work.messages[work.part_message[part] + work.cell[work.part_input[part]]]
        total += rest
        if rest > most:
            most, worst, at = rest, t, leaf
    return total, worst, at


@kernel
def _split(worst, at, box, work):
    """(input, last cell of the left part) between the leaf at `work.cell` and the one the worst tree prefers."""
    _weigh(worst, box, work)
    best, least = -1, np.inf
    for leaf in range(work.leaf_first[worst], work.leaf_first[worst + 1]):
        if work.leaf_total[leaf] < least:
            best, least = leaf, work.leaf_total[leaf]
    first = work.part_first[worst]
    mine = work.part_first[worst + 1] - first
    chosen, place, most = -1, -1, -1.0
    if best != at:
        here, there = work.leaf_range[at], work.leaf_range[best]
        for p in range(mine):
            j = work.part_input[first + p]
            if work.range_high[here + p] < work.range_low[there + p]:
                cut = work.segment_end[work.range_high[here + p]]
            elif work.range_low[here + p] > work.range_high[there + p]:
                cut = work.segment_end[work.range_low[here + p] - 1]
            else:
                continue
            # the smaller part should be no sliver
            balance = min(cut - box[j, 0], box[j, 1] - cut - 1)
            if balance > most:
                chosen, place, most = j, cut, balance
    return chosen, place


@kernel
def _widest(box, work):
    """Between the preferred cell of the input with most cells and its neighbour."""
    chosen, most = -1, 0
    for j in range(len(box)):
        if work.start[j] >= 0 and box[j, 1] - box[j, 0] > most:
            chosen, most = j, box[j, 1] - box[j, 0]
    if chosen < 0:
        return -1, -1
    return chosen, max(box[chosen, 0], min(work.cell[chosen], box[chosen, 1] - 1))


# ---------------------------------------------------------------- the search


@kernel
def _point(forest, low, high, centre, whole, work):
    """The raw point of `work.cell` closest to centre, to `work.point`."""
    for j in range(len(low)):
        start = work.start[j]
        if work.kind[j] == FIXED:
            work.point[j] = centre[j]
        elif start < 0:
            work.point[j] = min(max(centre[j], low[j]), high[j])
        elif work.kind[j] == SPECIAL:
            work.point[j] = work.values[start + work.cell[j]]
        else:
            cell = work.cell[j]
            below = work.values[start + cell - 1] if cell > 0 else -np.inf
            limit = work.values[start + cell] if cell < work.size[j] - 1 else np.inf
            work.point[j] = _nearest(forest, centre[j], low[j], high[j], below, limit, whole[j])


@kernel
def _wrong(margin, fraud, threshold):
    return margin <= threshold if fraud else margin > threshold


@kernel
def settle(
    forest, low, high, centre, may_be_missing, whole, listed, allowed, fraud, threshold, limit, work, witness
):  # fmt: skip
    """Whether one row is judged correctly at every point of its box, which holds the row itself.

    Returns:
        (outcome, boxes looked at, signed margin as in `Verdicts`); `witness` (d) is filled if broken.
    """
    sign = 1.0 if fraud else -1.0
    own = score(forest, centre)
    witness[:] = centre
    if _wrong(own, fraud, threshold):
        return BROKEN, 1, sign * (own - threshold)
    if not _set_out(forest, low, high, centre, may_be_missing, whole, listed, allowed, work):
        return FULL, 0, 0.0
    factor = sign * forest.scale / forest.divisor
    trees, constant, least, rounding = _prune(forest, factor, work)
    if trees < 0:
        _clear_marks(work)
        return FULL, 0, 0.0
    base = sign * (forest.start * (forest.scale / forest.divisor) + forest.bias - forest.cut - threshold)
    band = abs(forest.scale / forest.divisor) * rounding + 2.0**-50 * (
        abs(forest.start * forest.scale / forest.divisor)
        + abs(forest.bias)
        + abs(forest.cut)
        + abs(threshold)
    )
    band += DRIFT * forest.magnitude
    if base + least > band:
        _clear_marks(work)
        return PROVED, 1, base + least
    cells = _cells(forest, whole, work)
    kept = _tables(forest, trees, cells, work) if cells >= 0 else -1
    _clear_marks(work)
    if kept < 0:
        return FULL, 0, 0.0
    return _search(
        forest, low, high, centre, whole, fraud, threshold, limit, work, witness, base + constant, band, kept
    )


@kernel
def _search(forest, low, high, centre, whole, fraud, threshold, limit, work, witness, constant, band, kept):
    sign = 1.0 if fraud else -1.0
    for j in range(len(low)):
        work.box[0, j, 0], work.box[0, j, 1] = 0, work.size[j] - 1 if work.start[j] >= 0 else 0
    waiting, boxes, proved, touched, closest = 1, 0, np.inf, 0, np.inf
    while waiting:
        boxes += 1
        if boxes > limit or (touched and boxes > touched + PATIENCE):
            break
        waiting -= 1
        box = work.box[waiting]
        bound = constant + _bound(box, work)
        if kept:  # messages from another box hold in this one only after a round
            bound = -np.inf
        rounds = SWEEPS if boxes == 1 else SWEEPS_BELOW
        total, worst, at = 0.0, -1, -1
        for _ in range(rounds if kept else 1):
            before = bound
            if kept:
                _sweep(kept, box, work)
                bound = constant + _bound(box, work)
            if bound > band:
                break
            rest, worst, at = _disagreement(kept, work)
            total = bound + rest
            if total <= band:
                break
            if bound - before < STILL * (band - before):
                break
        if bound > band:
            proved = min(proved, bound)
            continue
        if total <= band:
            _point(forest, low, high, centre, whole, work)
            margin = score(forest, work.point)
            if _wrong(margin, fraud, threshold):
                witness[:] = work.point
                return BROKEN, boxes, sign * (margin - threshold)
            if sign * (margin - threshold) < closest:
                closest = sign * (margin - threshold)
                witness[:] = work.point
            if not touched:
                touched = boxes
        chosen, place = -1, -1
        if kept and total > band:
            chosen, place = _split(worst, at, box, work)
        if chosen < 0:
            chosen, place = _widest(box, work)
        if chosen < 0:
            continue  # one cell, which is judged correctly, however close to the cut
        if waiting + 2 > len(work.box):
            return FULL, boxes, 0.0
        _halve(chosen, place, waiting, work)
        waiting += 2
    if waiting == 0 and boxes <= limit:
        return PROVED, boxes, min(proved, closest)
    if touched:
        return BROKEN, boxes, closest
    return UNRESOLVED, boxes, np.nan


@kernel
def _halve(chosen, place, waiting, work):
    """Replace the box at `waiting` by its two parts, the one with the lower bound on top."""
    box = work.box[waiting]
    start, left, right = work.start[chosen], np.inf, np.inf
    for cell in range(box[chosen, 0], place + 1):
        left = min(left, work.tables[start + cell])
    for cell in range(place + 1, box[chosen, 1] + 1):
        right = min(right, work.tables[start + cell])
    work.box[waiting + 1] = box
    upper, lower = (waiting + 1, waiting) if left <= right else (waiting, waiting + 1)
    work.box[upper, chosen, 1] = place
    work.box[lower, chosen, 0] = place + 1


@kernel
def settle_rows(
    forest, low, high, centre, may_be_missing, whole, listed, allowed, fraud, threshold, limit, work,
    outcome, witness, boxes, margin,
):  # fmt: skip
    """`settle` row by row from the first that is still FULL; False as soon as one needs more room."""
    for i in range(len(low)):
        if outcome[i] == FULL:
            outcome[i], boxes[i], margin[i] = settle(
                forest, low[i], high[i], centre[i], may_be_missing[i], whole, listed, allowed[i], fraud[i],
                threshold[i], limit, work, witness[i],
            )  # fmt: skip
            if outcome[i] == FULL:
                return False
    return True

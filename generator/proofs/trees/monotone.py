"""In which inputs an ensemble is monotone, proved from its trees; a flag of its library is never asked.

An ensemble is called monotone in an input if every tree is: for any two leaves that a row can pass between
by raising that input alone, the upper one has not the smaller value. Then the real sum is monotone, and so
is the deployed one: rounded addition in a fixed order keeps order. The converse does not hold, as one tree
may undo what another does, so 0 means not proved.

The lack of a value is no number: a row that has none can only be compared with itself.
"""

import numpy as np

from generator.engine.compiling import kernel
from generator.proofs.trees.forest import ZERO_OR_NAN, Forest


def monotone(forest: Forest) -> np.ndarray:
    """(d,) int8: 1 where the margin never falls as the input rises, -1 where it never rises, 0 where neither is proved.

    1 too for an input that no tree asks for. 0 for one that trees ask for its category, which has no order,
    and for one that is missing near 0, where a small step can leave all order.
    """
    rises, falls = np.ones((2, len(forest.missing)), bool)
    _find_falls(forest, rises, falls)
    unordered = forest.category | (forest.missing == ZERO_OR_NAN)
    asked = np.isin(np.arange(len(rises)), forest.feature)
    if forest.scale / forest.divisor < 0:
        rises, falls = falls, rises
    signs = np.where(rises, 1, np.where(falls, -1, 0))
    return np.where(unordered & asked, 0, signs).astype(np.int8)


@kernel
def _find_falls(forest, rises, falls):
    """Take back `rises` of every input in which a tree falls, and `falls` of every input in which one rises."""
    d, nodes = len(rises), len(forest.feature)
    parent, last = np.full(nodes, -1, np.int32), np.empty(len(forest.roots) + 1, np.int32)
    for node in range(nodes):
        if forest.feature[node] >= 0:
            parent[node + 1] = parent[forest.right[node]] = node
    last[:-1], last[-1] = forest.roots, nodes
    most = 0
    for t in range(len(forest.roots)):
        most = max(most, last[t + 1] - last[t])
    low, high = np.empty((most, d)), np.empty((most, d))
    none = np.empty((most, d), np.bool_)
    leaves, used = np.empty(most, np.int32), np.empty(d, np.int32)
    for t in range(len(forest.roots)):
        count = inputs = 0
        for node in range(last[t], last[t + 1]):
            if forest.feature[node] < 0:
                leaves[count] = node
                count += 1
            else:
                seen = False
                for k in range(inputs):
                    seen |= used[k] == forest.feature[node]
                if not seen:
                    used[inputs] = forest.feature[node]
                    inputs += 1
        for k in range(inputs):
            j = used[k]
            for leaf in range(count):
                low[leaf, j], high[leaf, j], none[leaf, j] = _reach(forest, parent, leaves[leaf], j)
        for a in range(count):
            for b in range(count):
                rise = forest.value[leaves[b]] - forest.value[leaves[a]]
                if rise == 0:
                    continue
                # b lies above a in one input, and one row can be in both but for that
                apart, above = 0, -1
                for k in range(inputs):
                    j = used[k]
                    if forest.category[j]:
                        if not _share_a_category(forest, parent, leaves[a], leaves[b], j):
                            apart = 2
                    elif max(low[a, j], low[b, j]) >= min(high[a, j], high[b, j]) and not (
                        none[a, j] and none[b, j]
                    ):
                        apart += 1
                        if low[a, j] < high[a, j] <= low[b, j] < high[b, j]:
                            above = j
                    if apart > 1:
                        break
                if apart == 1 and above >= 0:
                    if rise < 0:
                        rises[above] = False
                    else:
                        falls[above] = False


@kernel
def _reach(forest, parent, leaf, j):
    """Numbers (low, high] of input j that reach a leaf, and whether the lack of one does."""
    low, high, none = -np.inf, np.inf, True
    child, node = leaf, parent[leaf]
    while node >= 0:
        if forest.feature[node] == j and forest.category_set[node] < 0:
            left = child == node + 1
            none &= forest.missing_left[node] == left
            if left:
                high = min(high, forest.limit[node])
            else:
                low = max(low, forest.limit[node])
        child, node = node, parent[node]
    return low, high, none


@kernel
def _share_a_category(forest, parent, a, b, j):
    """Whether some code of input j, one without a code, or the lack of one reaches both leaves."""
    codes = forest.sets.shape[1]
    for code in range(codes + 2):
        reached = True
        for leaf in (a, b):
            child, node = leaf, parent[leaf]
            while node >= 0:
                if forest.feature[node] == j:
                    if code < codes:
                        left = forest.sets[forest.category_set[node], code]
                    else:
                        left = forest.unknown_left[node] if code == codes else forest.missing_left[node]
                    reached &= left == (child == node + 1)
                child, node = node, parent[node]
        if reached:
            return True
    return False

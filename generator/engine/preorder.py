"""Binary trees as one list of nodes, parents first and left sides next: which nodes are leaves says all the rest."""

from collections.abc import Sequence

import numpy as np


def order(left: np.ndarray, right: np.ndarray, roots: Sequence[int]) -> np.ndarray:
    """(nodes,) int32, the nodes of trees with these sides, -1 in leaves, tree by tree."""
    left, right, found = left.tolist(), right.tolist(), []
    waiting = [int(root) for root in reversed(roots)]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if left[node] >= 0:
            waiting += (right[node], left[node])
    return np.array(found, np.int32)


def sides(leaf: np.ndarray, trees: int) -> tuple[np.ndarray, np.ndarray]:
    """What the first trees of a list of nodes hang together by, leaf (nodes,) bool; what follows them is left out.

    Returns:
        Places of right sides (n,) int32, -1 in leaves, of the n nodes of these trees, and of their roots (trees,)
        int32. The left side of node i is i + 1.

    Raises:
        ValueError: A node lacks a side, or there are fewer trees.
    """
    right = np.full(len(leaf), -1, np.int32)
    tops: list[int] = []  # of what begins behind a node, the next one last
    for node in range(len(leaf) - 1, -1, -1):
        if not leaf[node]:
            if len(tops) < 2:
                raise ValueError(f"node {node} of a tree ensemble lacks a side")
            tops.pop()
            right[node] = tops.pop()
        tops.append(node)
    if len(tops) < trees:
        raise ValueError(f"a tree ensemble has {len(tops)} trees, not {trees}")
    roots = tops[::-1]
    end = roots[trees] if len(roots) > trees else len(leaf)
    return right[:end], np.array(roots[:trees], np.int32)

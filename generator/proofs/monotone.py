"""What no monotone rule can catch once frauds have evaded, at a share of false alarms: a closure problem, by flow.

A rule is monotone in some inputs if it flags every row that is as risky as a flagged one in each of them, or more,
and equal to it in all others. It catches a fraud if it flags the whole box that the fraud may move in.

Whoever catches a fraud flags every genuine row that is, for some point of the fraud's box, at least as risky in the
monotone inputs and equal in the others: monotonicity says so. Conversely, all rows as risky as some point of the
boxes of a set of frauds are a monotone rule that catches the set, and of the genuine rows it flags those alone. So
the best rule is a set of frauds whose implied genuine rows are few: pairs of a fraud and a genuine row are all that
has to be known, and no pair of two frauds or two genuine rows.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from generator.records.boxes import Boxes
from generator.records.threat import Intervals

CHUNK = 2_000_000
"""Pairs compared at once: a few megabytes."""
LARGEST = 2**31 - 1
"""Capacities are whole numbers of 32 bits, and together at most frauds times genuine rows."""
ROUNDING = 1e-9
"""Standard deviations within which a side of a box is at a limit of the input."""


@dataclass(frozen=True)
class Implied:
    """Which genuine rows a monotone rule has to flag for which frauds."""

    frauds: int
    genuine: int
    fraud: np.ndarray
    """(pairs,)"""
    row: np.ndarray
    """(pairs,) among the genuine rows."""

    @cached_property
    def rows(self) -> np.ndarray:
        """The genuine rows that some fraud implies, rising."""
        return np.unique(self.row)


@dataclass(frozen=True)
class Bound:
    """No monotone rule that flags at most so many genuine rows catches more frauds than `caught`."""

    caught: Fraction
    price: Fraction
    """Frauds more for a genuine row more, at that point of the hull: the multiplier that proves the bound."""

    def margin(self, pairs: Implied, doubt: float) -> float:
        """Where the rows were drawn: what chance hides of the share caught of any rows, but with that probability.

        On the rows drawn the best rule of all has a share caught and a share flagged of its own; the bound at this
        price covers it, and it is a single rule, so both shares are within Hoeffding's distance of the true ones.

        Source: Hoeffding 1963, Probability inequalities for sums of bounded random variables, theorem 1.
        """
        price = float(self.price) * pairs.genuine / pairs.frauds
        distance = np.sqrt(np.log(2 / doubt) / 2)
        return float(distance * (pairs.frauds**-0.5 + price * pairs.genuine**-0.5))


def sides(boxes: Boxes, reach: Intervals) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest point (n, d) of each of n boxes, raw units, free of rounding where that decides.

    An input that does not move is the row's own; whole numbers are whole, and limits are met.
    """
    found = []
    for side, limit in ((boxes.lower, reach.low), (boxes.upper, reach.high)):
        raw = boxes.to_raw(side)
        raw = np.where(boxes.whole, np.rint(raw), raw)
        raw = np.where(np.abs(raw - limit) <= ROUNDING * boxes.scale, limit, raw)
        found.append(np.where(side == boxes.x, boxes.raw, raw))
    return found[0], found[1]


def implied(lower: np.ndarray, upper: np.ndarray, genuine: np.ndarray, risk: np.ndarray) -> Implied:
    """The genuine rows (m, d) that catching a fraud implies, of frauds in their boxes [lower, upper] (n, d).

    Args:
        risk: (d,) 1 where a rule is monotone and more of the input is riskier, -1 where less of it is, 0 where the
            rule is free.
    """
    # an input counts upwards, downwards or both: where it is free, a genuine row has to lie within the box
    calm = np.concatenate([lower[:, risk >= 0], -upper[:, risk <= 0]], axis=1)
    rows = np.concatenate([genuine[:, risk >= 0], -genuine[:, risk <= 0]], axis=1)
    if not len(calm) or not len(rows):
        return Implied(len(calm), len(rows), np.empty(0, np.int64), np.empty(0, np.int64))
    # no sum of the inputs is below that of a row that is below in each, to the last bit: few rows are left to compare
    spread = rows.std(0)
    least, sums = (
        np.divide(each, spread, where=spread > 0, out=np.zeros_like(each)).cumsum(1)[:, -1]
        for each in (calm, rows)
    )
    order, frauds = np.argsort(sums), np.argsort(least)
    rows, sums, found = rows[order], sums[order], []
    for part in np.array_split(frauds, 1 + len(rows) * len(frauds) // CHUNK):
        if len(part):
            start = np.searchsorted(sums, least[part[0]])
            meets = np.ones((len(part), len(rows) - start), bool)
            for j in range(rows.shape[1]):
                meets &= rows[start:, j] >= calm[part, j, None]
            of, row = np.nonzero(meets)
            found.append((part[of], order[start + row]))
    fraud, row = (np.concatenate(each) for each in zip(*found, strict=True))
    return Implied(len(calm), len(rows), fraud, row)


def most_caught(pairs: Implied, flagged: int) -> Bound:
    """An upper bound on the frauds that a monotone rule catches, flagging at most `flagged` of the genuine rows.

    It is the least of the Lagrangian max (caught - price * (rows flagged - flagged)) over all prices: the concave
    hull of what monotone rules reach. A maximum closure gives the rule at a price, and the line through two rules
    the next price, until no rule lies above the line. Of more rows than the flow can count, all frauds are the bound.

    Source: Picard 1976, Maximal closure of a graph, Management Science 22(11).
    """
    fewest, most = (pairs.frauds - len(np.unique(pairs.fraud)), 0), (pairs.frauds, len(pairs.rows))
    if flagged >= most[1] or pairs.frauds * pairs.genuine > LARGEST:
        return Bound(Fraction(pairs.frauds), Fraction(0))
    while True:
        price = Fraction(most[0] - fewest[0], most[1] - fewest[1])
        caught, rows = _best_rule(pairs, price)
        if caught - price * rows <= most[0] - price * most[1]:
            return Bound(most[0] - price * (most[1] - flagged), price)
        if rows > flagged:
            most = caught, rows
        else:
            fewest = caught, rows


def _best_rule(pairs: Implied, price: Fraction) -> tuple[int, int]:
    """(frauds caught, genuine rows flagged) of a monotone rule with the most frauds less price times rows.

    The frauds that a least cut leaves with the source, and their rows: source -> fraud carries the price's
    denominator, genuine row -> sink its numerator, and a cut through a pair gains nothing on one through its fraud.
    """
    n, gain, cost = pairs.frauds + pairs.genuine, price.denominator, price.numerator
    rows = pairs.frauds + pairs.rows
    tail = np.concatenate([np.full(pairs.frauds, n), pairs.fraud, rows])
    head = np.concatenate([np.arange(pairs.frauds), pairs.frauds + pairs.row, np.full(len(rows), n + 1)])
    carries = np.repeat([gain, gain, cost], [pairs.frauds, len(pairs.fraud), len(rows)])
    network = csr_array((carries.astype(np.int32), (tail, head)), shape=(n + 2, n + 2))
    left = network - maximum_flow(network, n, n + 1).flow
    left.eliminate_zeros()
    reached = breadth_first_order(left, n, return_predecessors=False)
    caught = int((reached < pairs.frauds).sum())
    return caught, int((reached < n).sum()) - caught

"""Replays what was found of every fraud of a table of one's own: examples, proofs, cuts and flags.

An example has to lie in the box of its row, to the last bit, and the model has to let it through. Nothing that is known
of a row, be it an example of another model or a point drawn in its box, may get past a model that was proved to stop
it. Models are asked by the arrays that were stored, and those in use once more by their file and their library.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from generator.audit import layers
from generator.audit.kept import AT_ONCE, Kept
from generator.audit.published import AuditError
from generator.audit.reach import Reach, reach
from generator.records.threat import Tier

PROVED, BROKEN = 1, -1
CLOSE = 1e-4
"""Of a margin above 1, else logits: by which sums of floats in another order may differ, where trees are not asked."""
ROUNDING = 1e-9
"""Of a sum of weights, worked out in another order."""
ROWS, POINTS = 100, 200
"""Proved frauds of each model and tier whose boxes are sampled, and points in each."""


class Judge(Protocol):
    """A way to ask a model."""

    name: str
    tolerance: float
    """Largest difference from the stored arrays, relative where above 1; 0: equal to the bit."""

    def margins(self, raw: np.ndarray, replicate: int) -> np.ndarray:
        """(m,) of raw rows (m, d); flagged where above the cuts of the replicate."""


@dataclass(frozen=True)
class ReplayedModel:
    """How much of one model was asked again."""

    model: str
    by: str
    """Who was asked."""
    judged: int
    """Rows, each seed counted."""
    examples: int
    touching: int
    """Examples that lie on the cut to within rounding."""
    proofs: int
    """Proved frauds in whose boxes points were drawn, each seed and tier counted."""
    points: int
    """Tried on proved frauds: those drawn, and the examples of all models."""


@dataclass(frozen=True)
class _Stored:
    """The arrays that were kept."""

    kept: Kept
    model: str
    name: str = "stored arrays"

    @property
    def tolerance(self) -> float:
        return 0.0 if self.kept.result.model(self.model).kind == "trees" else CLOSE

    def margins(self, raw: np.ndarray, replicate: int) -> np.ndarray:
        return self.kept.stored(self.model)(raw, replicate)


def replay(kept: Kept, others: Mapping[str, Sequence[Judge]]) -> tuple[ReplayedModel, ...]:
    """What was replayed, a line for each model and way to ask it.

    Args:
        others: By model in use, further ways to ask it.

    Raises:
        AuditError: A row, an example or a proof is not what was written; the message names model, tier and row.
    """
    tiers = kept.spec.threat.tiers
    rising = sorted(tiers, key=lambda tier: sum(map(tier.contains, tiers)))
    found = []
    for model in (each.name for each in kept.result.models):
        _check_verdicts(kept, model)
        rounding = _rounding(kept, model)
        for judge in (_Stored(kept, model), *others.get(model, ())):
            found.append(_Replay(kept, model, judge, rounding).all(rising))
    return tuple(found)


def _check_verdicts(kept: Kept, model: str):
    """Only frauds are settled, those that are not flagged are broken, and a larger budget proves no more."""
    fraud, missed = kept.y == 1, ~kept.of(model, "flagged")[:, :, None]
    for tier in kept.spec.threat.names:
        outcome = kept.of(model, tier)
        kept.hold(fraud | ~outcome.any((2, 3)), f"{model}, {tier}", "an outcome of frauds alone")
        held = (missed & (outcome != BROKEN)).any((2, 3))
        kept.hold(~fraud | ~held, f"{model}, {tier}", "broken, as the fraud is not flagged")
        rises = (np.diff(outcome.astype(int), axis=2) > 0).any((2, 3))
        kept.hold(~rises, f"{model}, {tier}", "no more proved at a larger budget")


@dataclass(frozen=True)
class _Replay:
    """One model, asked in one way."""

    kept: Kept
    model: str
    judge: Judge
    rounding: float
    """How far a margin may be moved by rounding within the boxes, where that is more than the judge's tolerance."""

    def all(self, tiers: Sequence[Tier]) -> ReplayedModel:
        """Everything, of tiers in rising order."""
        self._rows()
        lowest: dict[str, np.ndarray] = {}
        examples = touching = proofs = points = 0
        for tier in tiers:
            own, shared, touch = self._examples(tier, lowest)
            sampled = self._samples(tier)
            examples, touching, proofs = examples + own, touching + touch, proofs + sampled
            points += shared + sampled * POINTS
        return ReplayedModel(
            self.model, self.judge.name, self.kept.replicate.size, examples, touching, proofs, points
        )

    def _margins(self, seed: np.ndarray, row: np.ndarray, points: np.ndarray) -> np.ndarray:
        """(m,) of points (m, d), by the replicate that judges their row in their seed (m,)."""
        replicate, margin = self.kept.replicate[seed, row], np.empty(len(points))
        for each in np.unique(replicate):
            mine = np.flatnonzero(replicate == each)
            for some in np.array_split(mine, -(-len(mine) // AT_ONCE)):
                margin[some] = self.judge.margins(points[some], int(each))
        return margin

    def _near(self, margin: np.ndarray) -> np.ndarray:
        return np.maximum(self.judge.tolerance * np.maximum(1, np.abs(margin)), self.rounding)

    def _rows(self):
        """Flags are what the margins say, and cuts let through what they may."""
        kept, cuts = self.kept, self.kept.cuts(self.model)
        seed, row = (each.ravel() for each in np.indices(kept.replicate.shape))
        margin = self._margins(seed, row, kept.x[row]).reshape(kept.replicate.shape)
        away = np.abs(margin[:, :, None] - cuts)
        agree = (margin[:, :, None] > cuts) == kept.of(self.model, "flagged")
        where = f"{self.model}, {self.judge.name}"
        kept.hold(
            (agree | (away < self._near(cuts))).all(2), where, "flagged where the margin exceeds the cut"
        )
        for each in np.unique(kept.replicate):
            here = kept.replicate == each
            for place, (rate, counted) in enumerate(_counted(kept), start=1):
                cut, mine = kept.of(self.model, "cuts")[each, place], margin[here]
                often = np.broadcast_to(counted, here.shape)[here]
                near, allowed = self._near(cut), rate * often.sum()
                above, reached = often[mine > cut + near].sum(), often[mine >= cut - near].sum()
                if not above <= allowed * (1 + ROUNDING) or not reached > allowed * (1 - ROUNDING):
                    raise AuditError(
                        f"{kept.path}: {where}: expected cut {place} of replicate {each} to stop at most {rate:g} of "
                        f"what counts, and no less than it may; found {cut!r}, which stops {above / often.sum():g}"
                    )

    def _examples(self, tier: Tier, lowest: dict[str, np.ndarray]) -> tuple[int, int, int]:
        """Every fraud that is broken has an example that gets through, and no example gets past a proof.

        Args:
            lowest: By weaker tier (seeds, n, budgets), the lowest margin that an example of it has; filled in.

        Returns:
            How many examples there are, how many of all models were tried on proved frauds, how many only touch a cut.
        """
        kept, outcome = self.kept, self.kept.of(self.model, tier.name)
        cuts, where = kept.cuts(self.model), f"{self.model}, {tier.name}, {self.judge.name}"
        least = np.full(outcome.shape[:3], np.inf)
        shared = 0
        for other in (each.name for each in kept.result.models):
            at, points = kept.of(other, f"found_at/{tier.name}"), kept.of(other, f"found/{tier.name}")
            seed, row, e = at.T.astype(int)
            if other == self.model:
                kept.hold_each(
                    _boxes(kept, tier, at).holds(points), at, where, "an example in the box of its row"
                )
                margin = self._margins(seed, row, points)
                np.minimum.at(least, (seed, row, e), margin)
                continue
            proved = np.flatnonzero((outcome[seed, row, e] == PROVED).any(1))
            margin = self._margins(seed[proved], row[proved], points[proved])
            self._no_less(tier, at[proved], margin, f"the example of {other} stopped, as was proved")
            shared += len(proved)
        least = np.minimum.accumulate(least, axis=2)
        for weaker, held in lowest.items():
            if tier.contains(kept.spec.threat.tier(weaker)):
                least = np.minimum(least, held)
        lowest[tier.name] = least
        away, near = least[..., None] - cuts[:, :, None], self._near(cuts)[:, :, None]
        flagged = kept.of(self.model, "flagged")[:, :, None]
        wanted = (outcome == BROKEN) & flagged & (kept.y == 1)[:, None, None]
        kept.hold(
            (~wanted | (away <= near)).all((2, 3)), where, "an example that is not flagged, as it says broken"
        )
        through = (away < -near) | ((away <= 0) & (near == 0))
        kept.hold(~((outcome == PROVED) & through).any((2, 3)), where, "broken, as an example is not flagged")
        return (
            len(kept.of(self.model, f"found/{tier.name}")),
            shared,
            int((wanted & (away > 0)).any((2, 3)).sum()),
        )

    def _samples(self, tier: Tier) -> int:
        """No point drawn in the box of a proved fraud gets through; of how many frauds it was tried."""
        proved = self.kept.of(self.model, tier.name) == PROVED
        larger = np.pad(proved[:, :, 1:], ((0, 0), (0, 0), (0, 1), (0, 0)))
        at = np.argwhere(
            (proved & ~larger).any(3)
        )  # the largest budget of each proof says it of smaller ones
        rng = np.random.default_rng(0)
        at = at[np.sort(rng.choice(len(at), min(ROWS, len(at)), replace=False))]
        if len(at):
            points = _boxes(self.kept, tier, at).drawn(POINTS, rng)
            each = np.repeat(at, POINTS, axis=0)
            margin = self._margins(each[:, 0], each[:, 1], points.reshape(len(each), -1))
            self._no_less(tier, each, margin, "every point of its box stopped, as was proved")
        return len(at)

    def _no_less(self, tier: Tier, at: np.ndarray, margin: np.ndarray, expected: str):
        """Pass if these margins (m,) of points in boxes exceed every cut that their fraud was proved to exceed."""
        seed, row, e = at.T.astype(int)
        proved = self.kept.of(self.model, tier.name)[seed, row, e] == PROVED
        cuts = self.kept.cuts(self.model)[seed, row]
        exceeds = (margin[:, None] > cuts) | (
            (margin[:, None] - cuts > -self._near(cuts)) & (self._near(cuts) > 0)
        )
        self.kept.hold_each(
            (exceeds | ~proved).all(1), at, f"{self.model}, {tier.name}, {self.judge.name}", expected
        )


def _counted(kept: Kept) -> Iterator[tuple[float, np.ndarray]]:
    """Of each cut but the model's own, the share that it may stop, and how often each row (n,) counts in it."""
    for rate in kept.spec.proof.false_positive_rates:
        yield rate, np.where(kept.y == 0, kept.arrays["weights"], 0.0)
    for budget in kept.spec.alert_budgets:
        yield budget, kept.arrays["in_life"]


def _rounding(kept: Kept, model: str) -> float:
    """How far a margin may lie from its verdict by rounding, within the widest boxes of the frauds; 0 for trees.

    Twice what float32 may move it by: once where the proof allowed for it, and once here.
    """
    if kept.result.model(model).kind != "encoded":
        return 0.0
    found, widest = 0.0, int(np.argmax(kept.spec.proof.epsilons))
    for replicate in np.unique(kept.replicate):
        at = np.argwhere((kept.replicate == replicate) & (kept.y == 1))
        if len(at):
            arrays = kept.replicate_of(model, int(replicate))
            for tier in kept.spec.threat.tiers:
                around = _boxes(kept, tier, np.column_stack((at, np.full(len(at), widest))))
                found = max(found, layers.rounding(arrays, around.low, around.high))
    return 2 * found


def _boxes(kept: Kept, tier: Tier, at: np.ndarray) -> Reach:
    """The boxes of rows at budgets, (m, 3) seed, row and place of the budget."""
    seed, row, e = at.T.astype(int)
    replicate = kept.replicate[seed, row]
    epsilon = np.array(kept.spec.proof.epsilons)[e][:, None]
    mean, scale = kept.arrays["means"][replicate], kept.arrays["scales"][replicate]
    return reach(kept.features, tier, epsilon, kept.x[row], mean, scale)

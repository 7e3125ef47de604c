"""From settled rows to the records of the proof: choices, radii, limits, labels."""

from collections.abc import Mapping, Sequence

import numpy as np

from generator.datasets import LabelledTable, Rule
from generator.engine.cache import Arrays
from generator.models.folds import Folds
from generator.proofs.limits import frontier
from generator.proofs.verdicts import BROKEN, EITHER
from generator.proofs.verifiers import VERIFIERS
from generator.records.choices import fold_choices
from generator.records.metrics import rate_estimate
from generator.records.proofs import (
    Choice,
    Frontier,
    LabelAware,
    ProofStep,
    ProofWalk,
    ProvedMonotone,
    RadiusSummary,
    Reach,
)
from generator.records.spec import ProofSpec
from generator.records.threat import Threat, surface
from generator.study.tasks import State
from generator.threats.surface import ball, describe

RADIUS_BINS = 40
FRONTIER_POINTS = 60
WALK_BOXES = 15
"""The longest proof a page prints."""


def reaches(table: LabelledTable, threat: Threat, epsilon: float) -> tuple[Reach, ...]:
    """What each tier may do to each feature at this budget, raw units."""
    return tuple(
        Reach(tier=tier.name, feature=each.feature, down=each.down, up=each.up)
        for tier in threat.tiers
        for each in describe(surface(table.features, tier), table.features, epsilon)
    )


def choose(
    kept: Mapping[str, np.ndarray], rows: np.ndarray, folds: Folds, tier: str, epsilon: float, measure: str
) -> Choice:
    """For each fold, the model that kept most of the same seed's other folds; judged on the fold itself.

    Args:
        kept: Model -> (seeds, n) bool; the candidates.
        rows: (n,) bool, the rows that count.
    """
    names, found = list(kept), fold_choices(np.array(list(kept.values())), rows, folds.held_out())
    return Choice(
        tier=tier, epsilon=epsilon, measure=measure, model=names[found.favourite],
        agreeing=int((found.chosen == found.favourite).sum()), folds=found.chosen.size,
        validated=rate_estimate(found.hits, int(rows.sum()), folds.seeds),
    )  # fmt: skip


def radius_summary(model: str, parts: list[Arrays], y: np.ndarray, largest: float) -> RadiusSummary:
    """Distribution of the radii proved, over the seeds of `parts`, each (1, n)."""
    held, broken, boxes = (np.concatenate([p[name] for p in parts]) for name in ("proved", "broken", "boxes"))
    edges = np.linspace(0, largest, RADIUS_BINS + 1)
    bounded = np.isfinite(broken)
    counts = [np.histogram(held[bounded & (y == label)[None]], edges)[0] for label in (0, 1)]
    return RadiusSummary(
        model=model,
        seeds=len(held),
        edges=tuple(edges.tolist()),
        legitimate=tuple(counts[0].tolist()),
        fraud=tuple(counts[1].tolist()),
        beyond=int((~bounded).sum()),
        median_legitimate=float(np.median(held[:, y == 0])),
        median_fraud=float(np.median(held[:, y == 1])),
        widest_bracket=float((broken - held)[bounded].max(initial=0.0)),
        mean_boxes=float(boxes.mean()),
    )


def rule_kept(table: LabelledTable, rule: Rule, epsilons: tuple[float, ...]) -> tuple[float, ...]:
    """Share of all rows that the rule judges as it labelled them on all of the plain box, at every budget."""
    spread, kept = table.x.std(0), []
    for epsilon in epsilons:
        box = table.x - epsilon * spread, table.x + epsilon * spread
        stays_fraud, stays_genuine = rule.lowest(*box) >= rule.cut, rule.highest(*box) < rule.cut
        kept.append(float(np.where(table.y == 1, stays_fraud, stays_genuine).mean()))
    return tuple(kept)


def rule_frontiers(table: LabelledTable, rule: Rule, threat: Threat, epsilon: float) -> tuple[Frontier, ...]:
    """The rule as a detector against each tier's evasion."""
    made = []
    for tier in threat.tiers:
        reach = surface(table.features, tier).intervals
        change = epsilon * table.x.std(0)
        lower = np.maximum(table.x - change * reach.down, np.minimum(reach.low, table.x))
        upper = np.minimum(table.x + change * reach.up, np.maximum(reach.high, table.x))
        drop = rule.of(table.x) - rule.lowest(lower, upper)
        curve = frontier(rule.score, np.maximum(drop, 0), table.y)
        # evenly spread over the false-positive rates a bank would look at
        wanted = np.linspace(0, 0.3, FRONTIER_POINTS)
        places = np.searchsorted(curve.false_positive_rate, wanted, side="right") - 1
        made.append(
            Frontier(
                tier=tier.name,
                epsilon=epsilon,
                false_positive_rate=tuple(curve.false_positive_rate[places].tolist()),
                caught=tuple(curve.recall[places].tolist()),
            )
        )
    return tuple(made)


def label_aware(
    model: str,
    settled: Arrays,
    clean_right: np.ndarray,
    y: np.ndarray,
    rule: Rule,
    tier: str,
    epsilon: float,
    place: int,
) -> LabelAware:
    """Of the frauds caught before: how many evade by an example found, and how often the rule still calls it fraud."""
    frauds = clean_right & (y == 1)[None]
    evaded = frauds & (settled["outcome"][:, :, place] == BROKEN) & np.isfinite(settled["witness"]).all(2)
    witness = settled["witness"][evaded]
    still = int((rule.lowest(witness, witness) >= rule.cut).sum()) if len(witness) else 0
    return LabelAware(
        model=model, tier=tier, epsilon=epsilon, frauds=int(frauds.sum()), evaded=int(evaded.sum()),
        still_fraud=still,
    )  # fmt: skip


def readable_proof(
    model: str, state: State, folds: Folds, table: LabelledTable, epsilon: float, spec: ProofSpec
) -> ProofWalk | None:
    """The longest proof of at most `WALK_BOXES` boxes of a fraud of the first replicate; None if there is none."""
    first, verifier = slice(0, 1), VERIFIERS[state.kind]
    subject, boxes = verifier.read(state.weights, 0), ball(folds, first, epsilon).of(0)
    proofs = {}
    for row in np.flatnonzero(folds.test_y(first)[0] == 1):
        steps = verifier.proof_steps(subject, boxes, row, 1, WALK_BOXES, spec)
        if steps is not None:
            proofs[int(row)] = steps
    if not proofs:
        return None
    row = max(proofs, key=lambda candidate: len(proofs[candidate]))

    def raw(corner: np.ndarray) -> tuple[float, ...]:
        return tuple(boxes.to_raw(corner).tolist())

    return ProofWalk(
        row_id=str(table.ids[folds.test_rows[0, row]]),
        model=model,
        epsilon=epsilon,
        label="fraud",
        margin=float(verifier.margins(subject, boxes.only(np.array([row])))[0]),
        boxes=len(proofs[row]),
        steps=tuple(
            ProofStep(
                depth=step.depth,
                lower=raw(step.lower),
                upper=raw(step.upper),
                bound=step.bound,
                outcome="proved" if step.proved else "halved",
            )
            for step in proofs[row]
        ),
    )


def proved_monotone(tiers: Mapping[str, Arrays], inputs: Sequence[str]) -> tuple[ProvedMonotone, ...]:
    """What all replicates of each model share, from `tier_tasks`' arrays."""
    proved = {model: arrays["monotone"].T for model, arrays in tiers.items()}
    return tuple(
        ProvedMonotone(
            model=model,
            **{
                name: tuple(each for each, way in zip(inputs, ways, strict=True) if np.isin(way, both).all())
                for name, both in (("rises", (1, EITHER)), ("falls", (-1, EITHER)))
            },
        )
        for model, ways in proved.items()
    )

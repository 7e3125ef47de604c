"""How firm the label is: against other weights, and against an attack that moves the truth with the model."""

from itertools import product

import numpy as np

from generator.datasets.table import LabelledTable, Rule, flag_top
from generator.records.results import LabelCard, RuleCard
from generator.records.spec import LabelSpec

SCORE_BINS = 40


def label_card(table: LabelledTable) -> LabelCard:
    """What the label says of the rows of `table`."""
    fraud = table.y == 1
    medians = {label: np.median(table.x[table.y == label], axis=0) for label in (0, 1)}
    return LabelCard(
        n_fraud=int(fraud.sum()),
        medians={
            given.name: (float(medians[0][i]), float(medians[1][i])) for i, given in enumerate(table.features)
        },
        fraud_value_share=float(table.amounts[fraud].sum() / max(table.amounts.sum(), 0.01)),
        mean_fraud_amount=float(table.amounts[fraud].mean()),
    )


def rule_card(table: LabelledTable, rule: Rule, spec: LabelSpec) -> RuleCard:
    """How firm the label of `table` is, which `rule` made."""
    edges = np.linspace(rule.score.min(), rule.score.max(), SCORE_BINS + 1)
    overlaps = weight_overlaps(table, rule, spec.weight_change)
    return RuleCard(
        cut=rule.cut,
        score_edges=tuple(edges.tolist()),
        score_counts=tuple(np.histogram(rule.score, edges)[0].tolist()),
        weight_overlap_mean=float(overlaps.mean()),
        weight_overlap_low=float(overlaps.min()),
        formula_overlaps=formula_overlaps(table, rule),
        flip_epsilons=spec.flip_epsilons,
        flip_shares=tuple(flip_share(table, rule, epsilon) for epsilon in spec.flip_epsilons),
    )


def weight_overlaps(table: LabelledTable, rule: Rule, change: float) -> np.ndarray:
    """Share of the frauds that stay frauds, for each of the 2^k ways to move all weights by that share of theirs."""
    parts, weights = rule.terms(table.x), rule.weights
    rest = rule.score - parts @ weights  # the noise
    share = table.y.mean()
    factors = product((1 - change, 1 + change), repeat=len(weights))
    return np.array(
        [
            flag_top(parts @ (weights * factor) + rest, share, table.ids)[table.y == 1].mean()
            for factor in factors
        ]
    )


def formula_overlaps(table: LabelledTable, rule: Rule) -> dict[str, float]:
    """Share of the frauds that other scores over the same terms would flag too.

    What another analyst could have chosen. By chance alone it would be the share of frauds.
    """
    parts, weights, names = rule.terms(table.x), rule.weights, rule.names
    z = (parts - parts.mean(0)) / np.maximum(parts.std(0), 1e-12)
    others = {
        "equal weights": parts.sum(1),
        "the same weights on z-scores of the terms": z @ weights,
        "the largest single term counts": parts.max(1),
        **{f"without {name}": parts @ np.where(np.arange(len(names)) == i, 0, weights)
           for i, name in enumerate(names)},
        **{f"{name} alone": parts[:, i] for i, name in enumerate(names)},
    }  # fmt: skip
    share = table.y.mean()
    return {
        words: float(flag_top(score, share, table.ids)[table.y == 1].mean())
        for words, score in others.items()
    }


def flip_share(table: LabelledTable, rule: Rule, epsilon: float) -> float:
    """Share of frauds whose own score can drop below the cut within epsilon deviations on every input.

    The score is monotone in each input, so its least value is at one corner of the box, cut to the range of
    the data; the row's noise stays as it is.
    """
    spread = np.array([given.standard_deviation for given in table.features])
    x = table.x[table.y == 1]
    corner = np.clip(x - rule.signs * epsilon * spread, rule.low, rule.high)
    lowest = rule.score[table.y == 1] + (rule.terms(corner) - rule.terms(x)) @ rule.weights
    return float((lowest < rule.cut).mean())

"""How models err group by group: what a formula that reads balances does to occupations and ages."""

from collections.abc import Iterator, Mapping

import numpy as np

from generator.datasets import LabelledTable
from generator.datasets.profile import OTHERS, grouped
from generator.records.metrics import rate_estimate
from generator.records.results import Breakdown, Estimate, GroupErrors


def group_errors(
    right: Mapping[str, np.ndarray], table: LabelledTable, breakdowns: tuple[Breakdown, ...]
) -> Iterator[GroupErrors]:
    """Both error rates in every group, from `right`: model -> (seeds, n), whether each row was judged correctly."""
    for part in breakdowns:
        if not part.groups:
            continue
        names = [each.category for each in part.categories]
        groups = grouped(table.frame[part.column], part.kind).astype(str)
        groups = groups.where(groups.isin(names), OTHERS).to_numpy()
        for model, judged in right.items():
            for category in names:
                rows = groups == category
                yield GroupErrors(
                    model=model,
                    column=part.column,
                    title=part.title,
                    category=category,
                    true_positive_rate=_rate(judged[:, rows & (table.y == 1)]),
                    false_positive_rate=_rate(~judged[:, rows & (table.y == 0)]),
                )


def _rate(hits: np.ndarray) -> Estimate | None:
    return rate_estimate(int(hits.sum()), hits.shape[1], len(hits)) if hits.size else None

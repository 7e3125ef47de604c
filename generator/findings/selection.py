"""Which models a crowded chart shows; the table behind it has them all."""

from collections.abc import Iterable

from generator.notation import palette
from generator.records.results import StudyResult

CROWD = 7
"""More models than this are too many for one plot."""


def leading(result: StudyResult, names: Iterable[str] | None = None) -> list[str]:
    """The models to draw, in the order of the palette: all, or if they are a crowd the few that matter."""
    every = palette.in_order(names if names is not None else (model.name for model in result.models))
    if len(every) <= CROWD:
        return every
    roles = result.roles
    few = {roles.baseline, roles.original, roles.matched, roles.trivial, roles.recommended}
    return [name for name in every if name in few]


def remark(drawn: Iterable[str], every: Iterable[str]) -> str:
    """A sentence for the caption where models are left to the table; empty otherwise."""
    return "" if len(list(drawn)) == len(list(every)) else " Further models are in the table."

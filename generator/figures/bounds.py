"""Between what every model lies: the limit no classifier passes, and approving everything as the floor."""

from collections.abc import Sequence

from generator.figures.chart import numbers, percentages
from generator.figures.frame import line
from generator.notation import palette
from generator.notation.palette import Look
from generator.records.results import StudyResult

KNOWN = "Best classifier known"
"""What the strip under the limit ends at; it is not drawn as a line of its own."""


def ceiling_at(result: StudyResult, epsilon: float) -> float | None:
    """The limit of any classifier at a budget; None where it was not worked out."""
    limit = result.proofs.limit
    return dict(zip(limit.epsilons, limit.ceiling, strict=True)).get(epsilon)


def floor(result: StudyResult) -> float:
    """Accuracy of approving everything, under attack or not."""
    return result.model(result.roles.trivial).final.at("clean").accuracy.value


def ceiling_curve(result: StudyResult) -> tuple[list[dict], list[tuple[str, float, float]]]:
    """The limit against ε with the strip below it, and (line, ε, share) for the table.

    Only settled budgets are drawn: the limit is not known to be straight between two of them.
    """
    limit, look = result.proofs.limit, palette.bound("limit")
    x = limit.epsilons
    strip = {
        "type": "scatter", "mode": "lines", "name": "Between the limit and the best known",
        "x": numbers([*x, *reversed(x)]),
        "y": [*percentages(limit.ceiling), *reversed(percentages(limit.reached))],
        "fill": "toself", "fillcolor": "@limit/0.16", "line": {"width": 0, "color": "@limit"},
        "hoverinfo": "skip",
    }  # fmt: skip
    rows = [
        (title, epsilon, value)
        for title, values in ((look.title, limit.ceiling), (KNOWN, limit.reached))
        for epsilon, value in zip(x, values, strict=True)
    ]
    return [strip, plain(x, limit.ceiling, look, "limit")], rows


def level_bounds(
    result: StudyResult, ends: Sequence[float], epsilon: float, **more
) -> tuple[list[dict], list[tuple[str, float]]]:
    """Limit at one budget and floor as level lines from one end of the x axis to the other, and (line, share)."""
    data, rows = [], []
    for token, look, value in (
        ("limit", palette.bound("limit"), ceiling_at(result, epsilon)),
        (result.roles.trivial, palette.model(result.roles.trivial), floor(result)),
    ):
        if value is not None:
            data.append(plain(ends, [value] * len(ends), look, token, **more))
            rows.append((look.title, value))
    return data, rows


def plain(x: Sequence[float], shares: Sequence[float], look: Look, token: str, **more) -> dict:
    """A thinner line without marks, for what is no model's own."""
    drawn = line(x, shares, look, token, mode="lines", **more)
    return drawn | {"line": drawn["line"] | {"width": 2}}

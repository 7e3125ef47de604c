"""Works every share of a validation out again from the rows that stay with its owner."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from rich.table import Table

from generator.audit.kept import Kept
from generator.audit.published import AuditError
from generator.audit.replaying import POINTS, PROVED, ROWS, Judge, ReplayedModel, replay
from generator.notation import formats
from generator.records.proofs import TierResult
from generator.records.results import Judged
from generator.records.validation import AlertRates, LaterRates, OwnCut

NEAR = 1e-9
"""By which a share may differ from its rows: the order of a sum."""
UNRESOLVED = 0


@dataclass(frozen=True)
class Verified:
    """What agreed of one validation."""

    shares: int
    models: tuple[ReplayedModel, ...]


def verify(kept: Kept, others: Mapping[str, Sequence[Judge]]) -> Verified:
    """Work every share out again, and replay what it is the share of.

    Args:
        others: As `replay` has it.

    Raises:
        AuditError: The rows are not those of the record, a share differs, or an example or a proof does not hold.
    """
    try:
        later = kept.later
        shares = list(_shares(kept, later))
        for what, told, again in shares:
            if abs(told - again) > NEAR:
                raise AuditError(f"{kept.path}: {what}: the record says {told!r}, its rows {again!r}")
        models = replay(kept, others)
        if later:
            models += tuple(replace(each, by=f"{each.by}, later rows") for each in replay(later, {}))
        return Verified(len(shares), models)
    except (ValueError, LookupError) as error:
        raise AuditError(f"{kept.path}: is not what the study wrote ({error}); run it again") from None


def replayed_table(name: str, models: Sequence[ReplayedModel], titles: Mapping[str, str]) -> Table:
    """What was replayed of one validation, a line for each model, by its title, and way to ask it."""
    table = Table(
        title=f"{name}: judged and replayed: all agrees",
        caption="judged: rows, once a repetition. touch: examples on the cut to within rounding. "
        f"proofs: frauds in whose boxes points were tried, at most {ROWS} a tier. "
        f"points: {POINTS} drawn in each box, and the examples of other models that lie in it",
    )
    table.add_column("model")
    table.add_column("by")
    counts = [(each.judged, each.examples, each.touching, each.proofs, each.points) for each in models]
    written = [tuple(map(formats.count, each)) for each in counts]
    for column, cells in zip(
        ("judged", "examples", "touch", "proofs", "points"), zip(*written, strict=True), strict=True
    ):
        table.add_column(column, justify="right", no_wrap=True, min_width=max(map(len, cells)))
    for each, cells in zip(models, written, strict=True):
        table.add_row(titles[each.model], each.by, *cells)
    return table


Row = TierResult | OwnCut | AlertRates | LaterRates


def _shares(kept: Kept, later: Kept | None) -> Iterator[tuple[str, float, float]]:
    """What, as the record has it, and as the rows have it."""
    result = kept.result
    spec = result.spec
    rates, epsilons = spec.proof.false_positive_rates, spec.proof.epsilons
    headline, quoted = (
        epsilons.index(spec.attack.headline_epsilon), 1 + rates.index(spec.proof.quoted_false_positive_rate)
    )  # fmt: skip
    yield from _judged(kept, result.judged, "")
    open_ = (
        kept.of(model.name, tier)[:, kept.y == 1] for model in result.models for tier in spec.threat.names
    )
    yield "unresolved", result.unresolved, sum(int((each == UNRESOLVED).sum()) for each in open_)
    for row in result.tiers:
        point, e = 1 + rates.index(row.false_positive_rate), epsilons.index(row.epsilon)
        yield from _caught(kept, row, row.model, f"{row.epsilon:g}, {row.false_positive_rate:g}", e, point)
    for row in result.alerts:
        point = 1 + len(rates) + spec.alert_budgets.index(row.budget)
        yield from _caught(kept, row, row.model, f"{row.budget:g} of all alerted", headline, point)
    for model in result.models:
        for cut in model.own_cut:
            yield from _caught(kept, cut, model.name, "own cut", headline, 0)
    if result.later and later:
        yield from _judged(later, result.later.judged, "later ")
        for row in result.later.rates:
            yield from _caught(later, row, row.model, "later rows", headline, quoted)


def _judged(kept: Kept, told: Judged, which: str) -> Iterator[tuple[str, float, float]]:
    yield f"{which}rows judged", told.rows, len(kept.y)
    yield f"{which}frauds judged", told.frauds, int(kept.y.sum())


def _caught(
    kept: Kept, row: Row, model: str, where: str, e: int, point: int
) -> Iterator[tuple[str, float, float]]:
    """Of one record, by the places of its budget and its operating point."""
    fraud, weights = kept.y == 1, kept.arrays["weights"]

    def share(hits: np.ndarray, of: np.ndarray) -> float:
        """Of hits (seeds, n), among some rows, by their weights."""
        return float((hits[:, of] @ weights[of]).mean() / weights[of].sum())

    flagged, proved = (
        kept.of(model, "flagged")[:, :, point],
        kept.of(model, row.tier)[:, :, e, point] == PROVED,
    )
    name = f"{model}, {row.tier}, {where}"
    yield f"{name}, caught", row.caught_clean.value, share(flagged, fraud)
    yield f"{name}, proved", row.caught_proved.value, share(proved, fraud)
    if not isinstance(row, TierResult):
        yield f"{name}, flagged", row.flagged_genuine.value, share(flagged, ~fraud)

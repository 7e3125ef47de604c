"""Works every share of a validation out again from the rows that stay with its owner."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from generator.audit.published import AuditError
from generator.records.files import proofs_file
from generator.records.validation import ValidationResult

NEAR = 1e-9
"""By which a share may differ from its rows: the order of a sum."""
PROVED, UNRESOLVED = 1, 0


def recount(result: ValidationResult, records: Path) -> int:
    """How many shares were worked out again, all of them as the record has them; 0 where the rows are not here.

    Raises:
        AuditError: The rows are not those of the record, or a share differs.
    """
    path = proofs_file(records, result.name)
    if not path.exists():
        return 0
    try:
        with np.load(path, allow_pickle=False) as held:
            rows = dict(held)
        found = list(_shares(result, rows))
    except (OSError, ValueError, KeyError, IndexError) as error:
        raise AuditError(f"{path}: is not what the study wrote ({error}); run it again") from None
    for what, told, again in found:
        if abs(told - again) > NEAR:
            raise AuditError(f"{path}: {what}: the record says {told!r}, its rows {again!r}")
    return len(found)


def _shares(result: ValidationResult, rows: dict[str, np.ndarray]) -> Iterator[tuple[str, float, float]]:
    """What, as the record has it, and as the rows have it."""
    spec, frauds = result.spec, rows["y"] == 1
    yield "rows judged", result.judged.rows, len(frauds)
    yield "frauds judged", result.judged.frauds, int(frauds.sum())
    rates, epsilons = spec.proof.false_positive_rates, spec.proof.epsilons
    unresolved = 0
    for model in result.models:
        for tier in spec.threat.names:
            unresolved += int((rows[f"{model.name}/{tier}"][:, frauds] == UNRESOLVED).sum())
    yield "unresolved", result.unresolved, unresolved
    for row in result.tiers:
        point, e = 1 + rates.index(row.false_positive_rate), epsilons.index(row.epsilon)
        where = f"{row.model}, {row.tier}, {row.epsilon:g}, {row.false_positive_rate:g}"
        flagged, outcome = rows[f"{row.model}/flagged"], rows[f"{row.model}/{row.tier}"]
        yield f"{where}, caught", row.caught_clean.value, float(flagged[:, frauds, point].mean())
        yield (
            f"{where}, proved",
            row.caught_proved.value,
            float((outcome[:, frauds, e, point] == PROVED).mean()),
        )
    e = epsilons.index(spec.attack.headline_epsilon)
    for model in result.models:
        for cut in model.own_cut:
            flagged, outcome = rows[f"{model.name}/flagged"][:, :, 0], rows[f"{model.name}/{cut.tier}"]
            where = f"{model.name}, {cut.tier}, own cut"
            yield f"{where}, flagged", cut.flagged_genuine.value, float(flagged[:, ~frauds].mean())
            yield f"{where}, caught", cut.caught_clean.value, float(flagged[:, frauds].mean())
            yield (
                f"{where}, proved",
                cut.caught_proved.value,
                float((outcome[:, frauds, e, 0] == PROVED).mean()),
            )

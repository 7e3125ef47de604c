"""The stage that looks for the limit: what no classifier can pass, and what known ones reach."""

from functools import partial

import numpy as np

from generator.datasets import FreshRows, LabelledTable, Rule
from generator.engine.cache import Arrays
from generator.engine.stages import StageTask
from generator.proofs.limits import drawn_limit, plain_limit
from generator.proofs.population import PulledRule, best_pulled, paired_errors
from generator.records.proofs import Limit, PopulationLimit
from generator.records.spec import StudySpec
from generator.study.tasks import task_inputs

LIMIT_SOURCE = ("datasets", "proofs", "study/limit_tasks.py")


def limit_task(spec: StudySpec, table: LabelledTable, fresh: FreshRows | None) -> StageTask:
    """Work out the limit at every budget of the proofs; `fresh` rows give that of the population."""
    drawn = {} if fresh is None else {"fresh": fresh.x}
    inputs = task_inputs(
        LIMIT_SOURCE,
        spec.label,
        str(spec.proof.epsilons),
        table.name,
        table.rule.cut if table.rule else "",
        x=table.x,
        y=table.y,
        **drawn,
    )
    return StageTask(inputs, _limit, (table, spec.proof.epsilons, fresh))


def _limit(table: LabelledTable, epsilons: tuple[float, ...], fresh: FreshRows | None) -> Arrays:
    """ "record", the bytes of the record, as `limit_from` reads them."""
    return {"record": np.frombuffer(limit_record(table, epsilons, fresh).to_json().encode(), np.uint8)}


def limit_from(arrays: Arrays) -> Limit:
    return Limit.model_validate_json(arrays["record"].tobytes())


def limit_record(table: LabelledTable, epsilons: tuple[float, ...], fresh: FreshRows | None = None) -> Limit:
    """The ceiling of any classifier, and what a known one keeps, plain box."""
    spread, rule = table.x.std(0), table.rule
    best = tuple(plain_limit(table.x / spread, table.y, epsilon).accuracy for epsilon in epsilons)
    if rule is None:
        approving = float((table.y == 0).mean())
        return Limit(epsilons=epsilons, best=best, known=(approving,) * len(epsilons), population=None)
    known, classifiers = [], []
    for epsilon in epsilons:
        corners = _corners(table, rule, table.x, epsilon)
        classifiers.append(best_pulled(rule.of, table.x.mean(0), *corners, table.y))
        known.append(classifiers[-1].kept(*corners, table.y))
    population = _population_limit(table, rule, epsilons, fresh, classifiers) if fresh else None
    return Limit(epsilons=epsilons, best=best, known=tuple(known), population=population)


def _population_limit(
    table: LabelledTable,
    rule: Rule,
    epsilons: tuple[float, ...],
    fresh: FreshRows,
    classifiers: list[PulledRule],
) -> PopulationLimit:
    """At each budget the lower of two limits: rows drawn matched with each other, frauds paired by likelihood.

    Both move by at most 1/n when one of n rows is another one, so chance lifts the true limit by more than
    √(ln(2 / 0.05) / 2n) at most one time in twenty (Hoeffding, McDiarmid; halved for taking the lower).
    """
    spread, best, known = table.x.std(0), [(1.0, 0.0)], []
    y = _flagged(rule, fresh.x).astype(np.int64)
    for epsilon, classifier in zip(epsilons, classifiers, strict=True):
        matched = drawn_limit(fresh.x / spread, y, epsilon)
        shift = rule.signs * np.floor(2 * epsilon * spread / fresh.step) * fresh.step
        paired = paired_errors(
            fresh.x, shift, fresh.probability, partial(_flagged, rule), fresh.low, fresh.high
        )
        estimates = [
            (value, float(np.sqrt(np.log(2 / 0.05) / (2 * rows))))
            for value, rows in ((matched.accuracy, matched.rows), (1 - paired, len(y)))
        ]
        best.append(
            min(best[-1], *estimates)
        )  # what no classifier passes at a smaller budget, it does not here
        known.append(max(classifier.kept(*_corners(table, rule, fresh.x, epsilon), y), float(1 - y.mean())))
    limits, margins = zip(*best[1:], strict=True)
    return PopulationLimit(rows=len(y), best=limits, margin=margins, known=tuple(known))


def _flagged(rule: Rule, x: np.ndarray) -> np.ndarray:
    """(m,) True where the rule calls a row fraud."""
    return rule.of(x) >= rule.cut


def _corners(
    table: LabelledTable, rule: Rule, x: np.ndarray, epsilon: float
) -> tuple[np.ndarray, np.ndarray]:
    """The calmest and the most alarming input of each row's box, as a classifier may read them, raw units.

    It cuts inputs to the data's range, and reads a whole number as the nearest one: moved by less than a
    half, that is the number it was.
    """
    reach = epsilon * table.x.std(0)
    whole = np.array([feature.integer for feature in table.features])
    change = rule.signs * np.where(whole & (reach < 0.5), 0.0, reach)
    return np.clip(x - change, rule.low, rule.high), np.clip(x + change, rule.low, rule.high)

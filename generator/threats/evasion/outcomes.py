"""From what happened to each row to the rates that are reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from generator.records.metrics import Resamples, confusion, direction, rate_estimate
from generator.records.results import Attacked, Comparison, Evaluation
from generator.records.spec import AttackSpec

Condition = tuple[Attacked, float]
"""(attack, epsilon); ("clean", 0.0) without an attack."""

CLEAN: Condition = ("clean", 0.0)


@dataclass(frozen=True)
class Outcomes:
    """How one state of a stack answers, out of fold, clean and attacked."""

    right: Mapping[Condition, np.ndarray]
    """(seeds, n) bool: right before the attack and after it."""
    violations: int = 0
    """Attacked rows that had left their budget before they were projected back."""
    unresolved: Mapping[Condition, int] = field(default_factory=dict)
    """Rows neither proved nor broken, where a condition can leave any."""

    def to_arrays(self) -> dict[str, np.ndarray]:
        arrays = {f"{attack}/{epsilon!r}": value for (attack, epsilon), value in self.right.items()}
        return arrays | {"violations": np.array([self.violations])}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Outcomes":
        right = {}
        for name in arrays:
            if name != "violations":
                attack, epsilon = name.split("/")
                right[attack, float(epsilon)] = arrays[name]
        return cls(dict(sorted(right.items())), int(arrays["violations"][0]))


def approve_everything(y: np.ndarray, seeds: int, spec: AttackSpec) -> Outcomes:
    """The trivial classifier: never an alarm, so every legitimate row is right under any attack."""
    right = np.tile(y == 0, (seeds, 1))
    attacks = (*spec.attacks, "exact")
    return Outcomes({CLEAN: right} | {(attack, e): right for attack in attacks for e in spec.epsilons})


def evaluations(outcomes: Outcomes, y: np.ndarray) -> tuple[Evaluation, ...]:
    """Rates with Wilson intervals under every condition, y (n,)."""
    return tuple(
        _evaluation(right, y, *condition, outcomes.unresolved.get(condition, 0))
        for condition, right in outcomes.right.items()
    )


def _evaluation(
    right: np.ndarray, y: np.ndarray, attack: Attacked, epsilon: float, unresolved: int
) -> Evaluation:
    counts, seeds = confusion(right, y), len(right)
    frauds = int(y.sum())
    return Evaluation(
        attack=attack,
        epsilon=epsilon,
        confusion=counts,
        accuracy=rate_estimate(counts.true_positives + counts.true_negatives, len(y), seeds),
        true_positive_rate=rate_estimate(counts.true_positives, frauds, seeds),
        false_positive_rate=rate_estimate(counts.false_positives, len(y) - frauds, seeds),
        unresolved=unresolved,
    )


@dataclass(frozen=True)
class _Rate:
    """One rate under one condition."""

    mean: float
    """As measured."""
    draws: np.ndarray
    """(draws,) in each resample."""
    rows: int


def compare(
    finals: Mapping[str, Outcomes],
    baselines: tuple[str, ...],
    conditions: tuple[Condition, ...],
    resamples: Resamples,
    y: np.ndarray,
) -> tuple[Comparison, ...]:
    """Every other model minus each of `baselines`, on the same rows and seeds, under what was done to both."""
    rates = {name: _rates(outcomes, conditions, resamples, y) for name, outcomes in finals.items()}
    compared = []
    for baseline in baselines:
        for name in finals:
            if name == baseline:
                continue
            for condition in conditions:
                if condition not in rates[name] or condition not in rates[baseline]:
                    continue
                for metric, ours in rates[name][condition].items():
                    theirs = rates[baseline][condition][metric]
                    difference = resamples.estimate(
                        ours.mean - theirs.mean, ours.draws - theirs.draws, ours.rows
                    )
                    compared.append(
                        Comparison(
                            model=name,
                            baseline=baseline,
                            metric=metric,
                            attack=condition[0],
                            epsilon=condition[1],
                            difference=difference,
                            direction=direction(difference),
                        )
                    )
    return tuple(compared)


def _rates(
    outcomes: Outcomes, conditions: tuple[Condition, ...], resamples: Resamples, y: np.ndarray
) -> dict[Condition, dict[str, _Rate]]:
    """Condition -> metric -> rate, of the conditions that were measured."""
    measured = [condition for condition in conditions if condition in outcomes.right]
    right = np.stack([outcomes.right[condition] for condition in measured], axis=2)
    told = {"accuracy": right, "true_positive_rate": right, "false_positive_rate": ~right}
    rows = {"accuracy": np.ones(len(y), bool), "true_positive_rate": y == 1, "false_positive_rate": y == 0}
    means = {metric: told[metric][:, chosen].mean((0, 1)) for metric, chosen in rows.items()}
    draws = {metric: resamples.means(told[metric], chosen) for metric, chosen in rows.items()}
    return {
        condition: {
            metric: _Rate(float(means[metric][c]), draws[metric][c], int(chosen.sum()))
            for metric, chosen in rows.items()
        }
        for c, condition in enumerate(measured)
    }

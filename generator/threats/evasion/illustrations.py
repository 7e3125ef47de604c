"""What the attack does to single transactions: one step by step, a table of some, and the features it moves."""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from generator.models.folds import Folds
from generator.models.model import Differentiable, Model
from generator.records.features import Feature
from generator.records.results import FeatureMovement, FeatureStep, TransactionExample, Walkthrough
from generator.records.spec import Attack, AttackSpec
from generator.threats.evasion.attacks import attack_rows, judge


@dataclass(frozen=True)
class Evasion:
    """Every replicate's test rows before and after one attack at one budget."""

    x: np.ndarray
    """(replicates, rows, d) standardised."""
    before: np.ndarray
    """(replicates, rows, d) raw units."""
    after: np.ndarray
    """(replicates, rows, d) raw units, as the deployed model reads them."""
    probability_before: np.ndarray
    """(replicates, rows)"""
    probability_after: np.ndarray
    evaded: np.ndarray
    """(replicates, rows) bool: frauds caught before and missed after."""


def evade(model: Model, folds: Folds, attack: Attack, spec: AttackSpec, epsilon: float) -> Evasion:
    """Run `attack` on the test rows of every replicate."""
    everything, x, y = slice(0, folds.replicates), folds.test_x(), folds.test_y()
    before = model.margins(folds.test_raw())
    proposal = attack_rows(attack, model.stack, x, y, epsilon, spec)
    judged = judge(model, folds, everything, x, proposal, epsilon)
    counted = np.arange(x.shape[1]) < folds.test_counts[:, None]
    return Evasion(
        x=x,
        before=folds.test_raw(),
        after=folds.decode(judged.x_adv),
        probability_before=_probability(before),
        probability_after=_probability(judged.margins),
        evaded=counted & (y == 1) & (before > 0) & (judged.margins <= 0),
    )


def _probability(margin: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-margin.astype(np.float64)))


def movements(evasion: Evasion, model: str, features: tuple[Feature, ...]) -> tuple[FeatureMovement, ...]:
    """How far each feature moved over the frauds that got away, in raw units; empty if none did."""
    change = (evasion.after - evasion.before)[evasion.evaded]
    if not len(change):
        return ()
    return tuple(
        FeatureMovement(
            model=model,
            feature=feature.name,
            mean_change=float(change[:, j].mean()),
            mean_absolute_change=float(np.abs(change[:, j]).mean()),
            share_up=float((change[:, j] > 0).mean()),
            rows=len(change),
        )
        for j, feature in enumerate(features)
    )


def _spread(evasion: Evasion, folds: Folds, count: int) -> list[tuple[int, int]]:
    """(replicate, row) of `count` evaded frauds of the first seed, evenly spaced by their score before."""
    first_seed = evasion.evaded[: folds.folds]
    places = np.argwhere(first_seed)
    places = places[np.argsort(evasion.probability_before[: folds.folds][first_seed], kind="stable")]
    chosen = np.linspace(0, len(places) - 1, min(count, len(places))).round().astype(int)
    return [tuple(int(v) for v in places[i]) for i in chosen]


def examples(
    evasion: Evasion, folds: Folds, ids: np.ndarray, features: tuple[Feature, ...],
    *, model: str, attack: Attack, epsilon: float, count: int = 6,
) -> tuple[TransactionExample, ...]:  # fmt: skip
    """Real frauds before and after the attack."""
    names = [feature.name for feature in features]
    return tuple(
        TransactionExample(
            row_id=str(ids[folds.test_rows[place]]),
            model=model,
            attack=attack,
            epsilon=epsilon,
            before=dict(zip(names, evasion.before[place].tolist(), strict=True)),
            after=dict(zip(names, evasion.after[place].tolist(), strict=True)),
            probability_before=float(evasion.probability_before[place]),
            probability_after=float(evasion.probability_after[place]),
        )
        for place in _spread(evasion, folds, count)
    )


def walkthrough(
    model: Differentiable,
    evasion: Evasion,
    folds: Folds,
    ids: np.ndarray,
    features: tuple[Feature, ...],
    epsilon: float,
) -> Walkthrough | None:
    """FGSM on one fraud: the middle one, by its score, of those that got away; None if none did."""
    places = _spread(evasion, folds, 3)
    if not places:
        return None
    place = places[len(places) // 2]
    replicate, row = place
    part = model.stack.select(slice(replicate, replicate + 1))
    x = torch.from_numpy(evasion.x[replicate, row : row + 1]).requires_grad_()
    fraud = torch.tensor([1])
    loss = functional.cross_entropy(part(x), fraud)
    (gradient,) = torch.autograd.grad(loss, x)
    x_adv = torch.from_numpy(
        folds.encode(evasion.after[replicate, None, row : row + 1], slice(replicate, replicate + 1))[0]
    )
    with torch.no_grad():
        loss_after = functional.cross_entropy(part(x_adv), fraud)
    return Walkthrough(
        row_id=str(ids[folds.test_rows[place]]),
        epsilon=epsilon,
        probability_before=float(evasion.probability_before[place]),
        probability_after=float(evasion.probability_after[place]),
        loss_before=float(loss.detach()),
        loss_after=float(loss_after),
        features=tuple(
            FeatureStep(
                feature=feature.name,
                raw=float(evasion.before[place][j]),
                scaled=float(x[0, j].detach()),
                gradient=float(gradient[0, j]),
                step=epsilon * float(gradient[0, j].sign()),
                raw_attacked=float(evasion.after[place][j]),
            )
            for j, feature in enumerate(features)
        ),
    )

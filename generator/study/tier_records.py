"""From frauds settled tier by tier to catch rates: those the pages quote, and those money is worked out from."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.proofs.verdicts import PROVED, UNRESOLVED
from generator.records.impact import EvasionPrice, OperatingRates, Rates, Relabelled
from generator.records.metrics import Resamples, direction, rate_estimate
from generator.records.proofs import TierComparison, TierResult
from generator.records.spec import StudySpec
from generator.study.tier_tasks import operating_points, quoted_point


def shown(spec: StudySpec) -> list[tuple[float, int, int]]:
    """(rate, place of its point, place of the budget): the quoted rate at all budgets, others at the headline."""
    proof, headline = spec.proof, spec.attack.headline_epsilon
    return [
        (rate, 1 + place, e)
        for place, rate in enumerate(proof.false_positive_rates)
        for e, epsilon in enumerate(proof.epsilons)
        if epsilon == headline or rate == proof.quoted_false_positive_rate
    ]


def tier_results(tiers: Mapping[str, Arrays], y: np.ndarray, spec: StudySpec) -> tuple[TierResult, ...]:
    """Catch rates of every model, tier, matched rate and budget."""
    frauds = y == 1
    rows = int(frauds.sum())
    results = []
    for model, arrays in tiers.items():
        flagged = arrays["flagged"][:, frauds]
        for t, tier in enumerate(spec.threat.names):
            outcome = arrays[tier][:, frauds]
            stepped = arrays.get(f"fgsm/{tier}")
            for rate, point, e in shown(spec):
                quoted = (rate, spec.proof.epsilons[e]) == (
                    spec.proof.quoted_false_positive_rate, spec.attack.headline_epsilon
                )  # fmt: skip
                results.append(
                    TierResult(
                        model=model,
                        tier=tier,
                        epsilon=spec.proof.epsilons[e],
                        false_positive_rate=rate,
                        caught_clean=rate_estimate(int(flagged[:, :, point].sum()), rows, len(flagged)),
                        caught_proved=rate_estimate(
                            int((outcome[:, :, e, point] == PROVED).sum()), rows, len(flagged)
                        ),
                        unresolved=int((outcome[:, :, e, point] == UNRESOLVED).sum()),
                        by_rounding=int(arrays["by_rounding"][:, t, e, point].sum()),
                        caught_fgsm=rate_estimate(int(stepped[:, frauds].sum()), rows, len(flagged))
                        if quoted and stepped is not None
                        else None,
                    )
                )
    return tuple(results)


def tier_comparisons(
    tiers: Mapping[str, Arrays], y: np.ndarray, spec: StudySpec, resamples: Resamples
) -> tuple[TierComparison, ...]:
    """Every model minus the baseline, where `tier_results` has them."""
    compared, baseline = [], spec.roles.baseline
    for model, arrays in tiers.items():
        if model == baseline:
            continue
        for rate, point, e in shown(spec):
            for tier in spec.threat.names:
                ours, theirs = (each[tier][:, :, e, point] == PROVED for each in (arrays, tiers[baseline]))
                difference = resamples.difference(ours, theirs, y == 1)
                compared.append(
                    TierComparison(
                        model=model,
                        tier=tier,
                        epsilon=spec.proof.epsilons[e],
                        false_positive_rate=rate,
                        difference=difference,
                        direction=direction(difference),
                    )
                )
    return tuple(compared)


# ---------------------------------------------------------------- rates for money


def operating_rates(
    tiers: Mapping[str, Arrays], table: LabelledTable, spec: StudySpec, resamples: Resamples
) -> OperatingRates:
    """Rates of every model at every operating point, tier and budget, and of leading recipes with the baseline.

    Two models: `both` stop what each of them stops, so an example for either one gets through, and
    the proved rate is exact. `either` stops what one of them stops; it is proved where one of the two
    is, and might hold on more, so its proved rate is a lower limit.
    """
    frauds, proof = table.y == 1, spec.proof
    stops = {model: _proved(arrays, spec) for model, arrays in tiers.items()} | _pairs(tiers, spec)
    headline = proof.epsilons.index(spec.attack.headline_epsilon)
    return OperatingRates(
        points=operating_points(proof),
        epsilons=proof.epsilons,
        frauds=int(frauds.sum()),
        genuine=int((~frauds).sum()),
        seeds=resamples.seeds,
        fraud_share=float(frauds.mean()),
        mean_fraud_amount=float(table.amounts[frauds].mean()),
        mean_genuine_amount=float(table.amounts[~frauds].mean()),
        rates=tuple(_rates(model, arrays, table.amounts, frauds, spec) for model, arrays in stops.items()),
        prices=tuple(
            _price(model, tier, arrays, table, spec, resamples)
            for model, arrays in tiers.items()
            for tier in spec.threat.names
        ),
        relabelled=tuple(
            Relabelled(
                fraud_share=share,
                rates=tuple(
                    _rates(model, _at(stops[model], headline, spec), table.amounts, riskiest, spec)
                    for model in proof.leading
                    if model in tiers
                ),
            )
            for share, riskiest in _riskiest(table, proof.relabelled_shares)
        ),
    )


def _riskiest(table: LabelledTable, shares: tuple[float, ...]) -> Iterator[tuple[float, np.ndarray]]:
    """The rows of the highest scores, a share of all at a time, none beyond those that are labelled fraud.

    Nothing where no rule made the label: no row is riskier than another then.
    """
    if table.rule is None:
        return
    order = np.lexsort((table.ids, -table.rule.score))
    for share in shares:
        rows = np.zeros(len(order), bool)
        rows[order[: math.ceil(round(share * len(order), 9))]] = True
        yield share, rows & (table.y == 1)


def _at(stops: Arrays, budget: int, spec: StudySpec) -> Arrays:
    """The same with that budget alone."""
    return {"flagged": stops["flagged"]} | {tier: stops[tier][:, :, [budget]] for tier in spec.threat.names}


def _proved(arrays: Arrays, spec: StudySpec) -> Arrays:
    """ "flagged" (seeds, n, points) and per tier (seeds, n, budgets, points), all bool."""
    return {"flagged": arrays["flagged"]} | {tier: arrays[tier] == PROVED for tier in spec.threat.names}


def _pairs(tiers: Mapping[str, Arrays], spec: StudySpec) -> dict[str, Arrays]:
    """Policy -> what the baseline stops together with a leading recipe, as `_proved`."""
    joins, baseline = (("either", np.logical_or), ("both", np.logical_and)), spec.roles.baseline
    alone = _proved(tiers[baseline], spec)
    return {
        f"{policy}/{recipe}": {
            name: join(alone[name], stops) for name, stops in _proved(tiers[recipe], spec).items()
        }
        for recipe in spec.proof.leading
        if recipe in tiers and recipe != baseline
        for policy, join in joins
    }


def _rates(model: str, stops: Arrays, amounts: np.ndarray, frauds: np.ndarray, spec: StudySpec) -> Rates:
    worth = amounts[frauds] / amounts[frauds].sum()
    flagged = stops["flagged"]

    def by_value(caught: np.ndarray) -> list:
        return np.einsum("sn...,n->...", caught, worth / len(caught)).tolist()

    return Rates(
        model=model,
        false_positive_rate=flagged[:, ~frauds].mean((0, 1)).tolist(),
        caught_clean=flagged[:, frauds].mean((0, 1)).tolist(),
        value_caught_clean=by_value(flagged[:, frauds]),
        caught={tier: stops[tier][:, frauds].mean((0, 1)).tolist() for tier in spec.threat.names},
        value_caught={tier: by_value(stops[tier][:, frauds]) for tier in spec.threat.names},
    )


def _price(
    model: str,
    tier: str,
    arrays: Arrays,
    table: LabelledTable,
    spec: StudySpec,
    resamples: Resamples,
) -> EvasionPrice:
    """Amount before less amount in the example, over frauds that got through at the quoted point."""
    frauds, point = table.y == 1, quoted_point(spec.proof)
    e = spec.proof.epsilons.index(spec.attack.headline_epsilon)
    caught = arrays["flagged"][:, :, point] & frauds
    witness = arrays[f"witness/{tier}"]
    evaded = caught & (arrays[tier][:, :, e, point] != PROVED) & np.isfinite(witness).all(2)
    drop = np.where(evaded, table.amounts - witness[:, :, table.amount], 0.0)
    given_up = None
    if evaded.any():
        share, total = resamples.means(evaded, frauds), resamples.means(drop, frauds)
        # a draw without a single evaded fraud has no mean; it counts as nothing given up
        draws = np.divide(total, share, out=np.zeros_like(total), where=share > 0)
        given_up = resamples.estimate(float(drop.sum() / evaded.sum()), draws, int(evaded.any(0).sum()))
    return EvasionPrice(
        model=model, tier=tier, frauds=int(caught.sum()), evaded=int(evaded.sum()), given_up=given_up
    )


def draws(tiers: Mapping[str, Arrays], table: LabelledTable, spec: StudySpec, resamples: Resamples) -> Arrays:
    """Bootstrap draws of the rates of the leading models and their pairs, paired over everything; fields as `Rates`.

    Returns:
        "models" (m,) str; "false_positive_rate", "caught_clean", "value_caught_clean" (m, points, draws)
        float32; per tier "caught/<tier>", "value_caught/<tier>" (m, budgets, points, draws).
    """
    frauds = table.y == 1
    stops = {model: _proved(tiers[model], spec) for model in spec.proof.leading if model in tiers} | _pairs(
        tiers, spec
    )
    amounts = np.broadcast_to(table.amounts, (resamples.seeds, len(frauds)))
    money = resamples.means(amounts, frauds)

    def value(caught: np.ndarray) -> np.ndarray:
        worth = amounts.reshape(*amounts.shape, *[1] * (caught.ndim - 2))
        return resamples.means(caught * worth, frauds) / money

    answers = {
        "false_positive_rate": [resamples.means(each["flagged"], ~frauds) for each in stops.values()],
        "caught_clean": [resamples.means(each["flagged"], frauds) for each in stops.values()],
        "value_caught_clean": [value(each["flagged"]) for each in stops.values()],
    }
    for tier in spec.threat.names:
        answers[f"caught/{tier}"] = [resamples.means(each[tier], frauds) for each in stops.values()]
        answers[f"value_caught/{tier}"] = [value(each[tier]) for each in stops.values()]
    packed = {name: np.array(part, dtype=np.float32) for name, part in answers.items()}
    return {"models": np.array(list(stops)), **packed}

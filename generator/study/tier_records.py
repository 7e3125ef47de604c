"""From frauds settled tier by tier to catch rates: those the pages quote, and those money is worked out from."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.proofs.relu.search import PROVED, UNRESOLVED
from generator.records.impact import EvasionPrice, OperatingRates, Rates, Relabelled
from generator.records.metrics import Resamples, direction, rate_estimate
from generator.records.proofs import TierComparison, TierResult
from generator.records.spec import ProofSpec, Tier
from generator.study.tier_tasks import operating_points, quoted_point
from generator.threats.surface import TIERS


def shown(spec: ProofSpec, headline: float) -> list[tuple[float, int, int]]:
    """(rate, place of its point, place of the budget): the quoted rate at all budgets, others at the headline."""
    return [
        (rate, 1 + place, e)
        for place, rate in enumerate(spec.false_positive_rates)
        for e, epsilon in enumerate(spec.epsilons)
        if epsilon == headline or rate == spec.quoted_false_positive_rate
    ]


def tier_results(
    tiers: Mapping[str, Arrays], y: np.ndarray, spec: ProofSpec, headline: float
) -> tuple[TierResult, ...]:
    """Catch rates of every model, tier, matched rate and budget."""
    frauds = y == 1
    rows = int(frauds.sum())
    results = []
    for model, arrays in tiers.items():
        flagged = arrays["flagged"][:, frauds]
        for tier in TIERS:
            outcome = arrays[tier][:, frauds]
            for rate, point, e in shown(spec, headline):
                results.append(
                    TierResult(
                        model=model,
                        tier=tier,
                        epsilon=spec.epsilons[e],
                        false_positive_rate=rate,
                        caught_clean=rate_estimate(int(flagged[:, :, point].sum()), rows, len(flagged)),
                        caught_proved=rate_estimate(
                            int((outcome[:, :, e, point] == PROVED).sum()), rows, len(flagged)
                        ),
                        unresolved=int((outcome[:, :, e, point] == UNRESOLVED).sum()),
                    )
                )
    return tuple(results)


def tier_comparisons(
    tiers: Mapping[str, Arrays], y: np.ndarray, spec: ProofSpec, headline: float, resamples: Resamples
) -> tuple[TierComparison, ...]:
    """Every model minus the standard one, where `tier_results` has them."""
    compared = []
    for model, arrays in tiers.items():
        if model == "standard":
            continue
        for rate, point, e in shown(spec, headline):
            for tier in TIERS:
                ours, theirs = (each[tier][:, :, e, point] == PROVED for each in (arrays, tiers["standard"]))
                difference = resamples.difference(ours, theirs, y == 1)
                compared.append(
                    TierComparison(
                        model=model,
                        tier=tier,
                        epsilon=spec.epsilons[e],
                        false_positive_rate=rate,
                        difference=difference,
                        direction=direction(difference),
                    )
                )
    return tuple(compared)


# ---------------------------------------------------------------- rates for money


def operating_rates(
    tiers: Mapping[str, Arrays], table: LabelledTable, spec: ProofSpec, headline: float, resamples: Resamples
) -> OperatingRates:
    """Rates of every model at every operating point, tier and budget, and of leading recipes with the standard one.

    Two models: `both` stop what each of them stops, so an example for either one gets through, and
    the proved rate is exact. `either` stops what one of them stops; it is proved where one of the two
    is, and might hold on more, so its proved rate is a lower limit.
    """
    frauds = table.y == 1
    stops = {model: _proved(arrays) for model, arrays in tiers.items()} | _pairs(tiers, spec)
    return OperatingRates(
        points=operating_points(spec),
        epsilons=spec.epsilons,
        frauds=int(frauds.sum()),
        genuine=int((~frauds).sum()),
        seeds=resamples.seeds,
        fraud_share=float(frauds.mean()),
        mean_fraud_amount=float(table.amounts[frauds].mean()),
        mean_genuine_amount=float(table.amounts[~frauds].mean()),
        rates=tuple(_rates(model, arrays, table.amounts, frauds) for model, arrays in stops.items()),
        prices=tuple(
            _price(model, tier, arrays, table, spec, headline, resamples)
            for model, arrays in tiers.items()
            for tier in TIERS
        ),
        relabelled=tuple(
            Relabelled(
                fraud_share=share,
                rates=tuple(
                    _rates(model, _at(stops[model], spec.epsilons.index(headline)), table.amounts, riskiest)
                    for model in spec.leading
                    if model in tiers
                ),
            )
            for share, riskiest in _riskiest(table, spec.relabelled_shares)
        ),
    )


def _riskiest(table: LabelledTable, shares: tuple[float, ...]) -> Iterator[tuple[float, np.ndarray]]:
    """The rows of the highest scores, a share of all at a time, none beyond those that are labelled fraud."""
    order = np.lexsort((table.ids, -table.score))
    for share in shares:
        rows = np.zeros(len(order), bool)
        rows[order[: math.ceil(round(share * len(order), 9))]] = True
        yield share, rows & (table.y == 1)


def _at(stops: Arrays, budget: int) -> Arrays:
    """The same with that budget alone."""
    return {"flagged": stops["flagged"]} | {tier: stops[tier][:, :, [budget]] for tier in TIERS}


def _proved(arrays: Arrays) -> Arrays:
    """ "flagged" (seeds, n, points) and per tier (seeds, n, budgets, points), all bool."""
    return {"flagged": arrays["flagged"]} | {tier: arrays[tier] == PROVED for tier in TIERS}


def _pairs(tiers: Mapping[str, Arrays], spec: ProofSpec) -> dict[str, Arrays]:
    """Policy -> what the standard model stops together with a leading recipe, as `_proved`."""
    joins, standard = (("either", np.logical_or), ("both", np.logical_and)), _proved(tiers["standard"])
    return {
        f"{policy}/{recipe}": {
            name: join(standard[name], stops) for name, stops in _proved(tiers[recipe]).items()
        }
        for recipe in spec.leading
        if recipe in tiers and recipe != "standard"
        for policy, join in joins
    }


def _rates(model: str, stops: Arrays, amounts: np.ndarray, frauds: np.ndarray) -> Rates:
    worth = amounts[frauds] / amounts[frauds].sum()
    flagged = stops["flagged"]

    def by_value(caught: np.ndarray) -> list:
        return np.einsum("sn...,n->...", caught, worth / len(caught)).tolist()

    return Rates(
        model=model,
        false_positive_rate=flagged[:, ~frauds].mean((0, 1)).tolist(),
        caught_clean=flagged[:, frauds].mean((0, 1)).tolist(),
        value_caught_clean=by_value(flagged[:, frauds]),
        caught={tier: stops[tier][:, frauds].mean((0, 1)).tolist() for tier in TIERS},
        value_caught={tier: by_value(stops[tier][:, frauds]) for tier in TIERS},
    )


def _price(
    model: str,
    tier: Tier,
    arrays: Arrays,
    table: LabelledTable,
    spec: ProofSpec,
    headline: float,
    resamples: Resamples,
) -> EvasionPrice:
    """Amount before less amount in the example, over frauds that got through at the quoted point."""
    frauds, e, point = table.y == 1, spec.epsilons.index(headline), quoted_point(spec)
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


def draws(tiers: Mapping[str, Arrays], table: LabelledTable, spec: ProofSpec, resamples: Resamples) -> Arrays:
    """Bootstrap draws of the rates of the leading models and their pairs, paired over everything; fields as `Rates`.

    Returns:
        "models" (m,) str; "false_positive_rate", "caught_clean", "value_caught_clean" (m, points, draws)
        float32; per tier "caught/<tier>", "value_caught/<tier>" (m, budgets, points, draws).
    """
    frauds = table.y == 1
    stops = {model: _proved(tiers[model]) for model in spec.leading if model in tiers} | _pairs(tiers, spec)
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
    for tier in TIERS:
        answers[f"caught/{tier}"] = [resamples.means(each[tier], frauds) for each in stops.values()]
        answers[f"value_caught/{tier}"] = [value(each[tier]) for each in stops.values()]
    packed = {name: np.array(part, dtype=np.float32) for name, part in answers.items()}
    return {"models": np.array(list(stops)), **packed}

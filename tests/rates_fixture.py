"""Plausible operating rates and their bootstrap draws, deterministic: what the economics are tested on."""

import numpy as np
from threat_fixture import FRAUDSTERS

from generator.impact.measured import Draws, Priced
from generator.impact.whatif import Measured
from generator.records.impact import EvasionPrice, OperatingPoint, OperatingRates, Rates, Relabelled
from generator.records.proofs import Estimate
from generator.records.roles import Roles
from generator.tools.calculator import DECIMALS

TIERS = ("T0", "T1", "T2", "T3")
LEADING = ("standard", "accumulating_fgsm", "pgd_ramp", "pgd_tier1")
POINTS = ("own", "matched/0.01", "matched/0.02", "matched/0.05", "matched/0.1")
MATCHED = (None, 0.01, 0.02, 0.05, 0.1)
QUOTED = "matched/0.05"
HEADLINE = 0.35
DRAWS = 200
# what a model catches when nobody evades, at its own cut and at the matched ones; and its own false-positive rate
CLEAN = {
    "standard": ((0.95, 0.955, 0.975, 0.995, 0.999), 0.012),
    "accumulating_fgsm": ((0.88, 0.78, 0.86, 0.93, 0.97), 0.03),
    "pgd_ramp": ((0.72, 0.55, 0.63, 0.75, 0.86), 0.04),
    "pgd_tier1": ((0.93, 0.90, 0.94, 0.98, 0.995), 0.03),
}
# how fast what it catches falls with the budget of T1; the other tiers reach further
FALL = {"standard": 1.8, "accumulating_fgsm": 2.2, "pgd_ramp": 0.9, "pgd_tier1": 1.1}
REACH = {"T0": 1.6, "T1": 1.0, "T2": 1.15, "T3": 1.3}
AMOUNTS = {"checks": (2080.8, 747.0), "kaggle": (671.08, 204.0)}


def tiny_rates(dataset: str, epsilons: tuple[float, ...]) -> OperatingRates:
    """Mean rates of the leading models and of two policies; equal calls, equal values."""
    rates = {model: _rates(model, epsilons) for model in LEADING}
    fraud, genuine = AMOUNTS[dataset]
    return OperatingRates(
        points=tuple(OperatingPoint(name=n, false_positive_rate=r) for n, r in zip(POINTS, MATCHED, strict=True)),
        epsilons=epsilons,
        frauds=200,
        genuine=800,
        seeds=2,
        fraud_share=0.2,
        mean_fraud_amount=fraud,
        mean_genuine_amount=genuine,
        rates=(
            *rates.values(),
            *(
                _policy(policy, rates["standard"], rates[recipe])
                for recipe in LEADING[1:]
                for policy in ("either", "both")
            ),
        ),
        prices=tuple(
            EvasionPrice(
                model=model, tier=tier, frauds=380, evaded=int(300 * FALL[model] * REACH[tier] / 4),
                given_up=Estimate(
                    value=60 * FALL[model], low=50 * FALL[model], high=70 * FALL[model], n=150, seeds=2,
                    method="bootstrap",
                ),
            )
            for model in LEADING
            for tier in TIERS
        ),
        relabelled=tuple(
            Relabelled(fraud_share=share, rates=tuple(_relabelled(each, share) for each in rates.values()))
            for share in (0.01, 0.05, 0.1, 0.2)
        ),
    )  # fmt: skip


def tiny_draws(rates: OperatingRates, seed: int = 11) -> Draws:
    """Draws around the mean rates, paired: one part of the noise is common to all models."""
    rng = np.random.default_rng(seed)
    common = rng.standard_normal(DRAWS)

    def around(values) -> np.ndarray:
        mean = np.array(values)[..., None]
        noise = 0.7 * common + 0.7 * rng.standard_normal((*mean.shape[:-1], DRAWS))
        spread = np.sqrt(mean * (1 - mean) / rates.frauds)
        return np.clip(mean + spread * noise, 0, 1).round(DECIMALS).astype(np.float32)

    names = (*LEADING, *(rate.model for rate in rates.rates if "/" in rate.model))
    models = [rates.of(name) for name in names]
    arrays = {
        name: around([getattr(each, name) for each in models])
        for name in ("false_positive_rate", "caught_clean", "value_caught_clean")
    }
    for kind in ("caught", "value_caught"):
        arrays |= {f"{kind}/{tier}": around([getattr(each, kind)[tier] for each in models]) for tier in TIERS}
    return Draws(names, arrays)


def tiny_measured(dataset: str, epsilons: tuple[float, ...]) -> Measured:
    rates = tiny_rates(dataset, epsilons)
    return Measured(rates, tiny_draws(rates), Priced(HEADLINE, QUOTED), Roles(), FRAUDSTERS, "USD")


def _rates(model: str, epsilons: tuple[float, ...]) -> Rates:
    clean, own = CLEAN[model]

    def attacked(factor: float) -> dict:
        return {
            tier: tuple(
                tuple(factor * t * np.exp(-FALL[model] * reach * e * (1.2 - 0.6 * t)) for t in clean)
                for e in epsilons
            )
            for tier, reach in REACH.items()
        }

    return Rates(
        model=model,
        false_positive_rate=(own, *MATCHED[1:]),
        caught_clean=clean,
        value_caught_clean=tuple(min(1.0, 1.005 * t) for t in clean),
        caught=attacked(1.0),
        value_caught=attacked(0.97),
    )


def _relabelled(rates: Rates, share: float) -> Rates:
    """Fewer frauds are riskier ones: more are caught, and the rows no longer called fraud become false alarms."""
    ease = (0.2 - share) / 0.2

    def raised(values):
        return tuple(t + (1 - t) * 0.8 * ease for t in values)

    return rates.model_copy(
        update={
            "false_positive_rate": tuple(f + (0.2 - share) * (1 - f) for f in rates.false_positive_rate),
            "caught_clean": raised(rates.caught_clean),
            "value_caught_clean": raised(rates.value_caught_clean),
            "caught": {tier: (raised(budgets[-2]),) for tier, budgets in rates.caught.items()},
            "value_caught": {tier: (raised(budgets[-2]),) for tier, budgets in rates.value_caught.items()},
        }
    )


def _policy(policy: str, standard: Rates, hardened: Rates) -> Rates:
    pick, alarms = (np.maximum, 1.4) if policy == "either" else (np.minimum, 0.6)

    def joined(name: str):
        return pick(getattr(standard, name), getattr(hardened, name)).tolist()

    def by_tier(name: str) -> dict:
        ours, theirs = getattr(standard, name), getattr(hardened, name)
        return {tier: pick(ours[tier], theirs[tier]).tolist() for tier in TIERS}

    return Rates(
        model=f"{policy}/{hardened.model}",
        false_positive_rate=[alarms * rate for rate in hardened.false_positive_rate],
        caught_clean=joined("caught_clean"),
        value_caught_clean=joined("value_caught_clean"),
        caught=by_tier("caught"),
        value_caught=by_tier("value_caught"),
    )

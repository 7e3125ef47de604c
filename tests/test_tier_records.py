"""From settled frauds to catch rates and money, on rows few enough to count by hand."""

from dataclasses import replace

import numpy as np
import pytest
from threat_fixture import FRAUDSTERS

from generator.proofs.relu.search import BROKEN, PROVED, UNRESOLVED
from generator.records.features import Input
from generator.records.metrics import Resamples
from generator.records.spec import AttackSpec, LabelSpec, ProofSpec, StudySpec
from generator.study import tier_records as records
from tests.test_proof_records import _table

AMOUNT = Input(name="Amount", title="", decimals=0, control="effort", helps="down", note="")


def _spec(**proof) -> StudySpec:
    return StudySpec(
        dataset="line", table="checks", title="", description="", inputs=(AMOUNT,), amount="Amount", columns={},
        threat=FRAUDSTERS, label=LabelSpec(fraud_share=0.4, weights={}, formula=""),
        attack=AttackSpec(epsilons=(0.0, 0.1, 0.35), round_epsilons=(0.35,)),
        proof=ProofSpec(epsilons=(0.1, 0.35), **proof),
    )  # fmt: skip


SPEC = _spec(false_positive_rates=(0.05,), leading=("standard", "trades"), relabelled_shares=(0.2, 0.4))


@pytest.fixture(scope="module")
def line():
    """Amounts 0 to 9 USD; 6 to 9 are fraud."""
    return _table(np.arange(10))


@pytest.fixture(scope="module")
def resamples(line) -> Resamples:
    return Resamples(line.y, 1, 100, np.random.default_rng(0))


def _arrays(y: np.ndarray, proved: int, *, alarms: int = 0) -> dict[str, np.ndarray]:
    """One seed, alike at both points: all frauds flagged, the first `proved` hold at 0.1, one fewer at 0.35.

    The last fraud is left open at 0.35. The first `alarms` genuine rows are flagged. Examples lie 2 USD lower.
    """
    frauds = np.flatnonzero(y == 1)
    outcome = np.zeros((1, len(y), 2, 2), np.int8)
    outcome[0, frauds] = BROKEN
    outcome[0, frauds[:proved], 0] = PROVED
    outcome[0, frauds[: proved - 1], 1] = PROVED
    outcome[0, frauds[-1], 1] = UNRESOLVED
    flagged = np.repeat((y == 1)[None, :, None], 2, axis=2)
    flagged[0, :alarms] = True
    witness = np.where(
        (outcome[:, :, 1, 1] == BROKEN)[:, :, None], np.arange(10.0)[None, :, None] - 2, np.nan
    )
    tiers = {tier: outcome for tier in FRAUDSTERS.names} | {
        f"witness/{tier}": witness for tier in FRAUDSTERS.names
    }
    by_rounding = np.zeros((1, len(FRAUDSTERS.names), 2, 2), int)
    by_rounding[0, FRAUDSTERS.names.index("T1"), 1] = 1
    return tiers | {"flagged": flagged, "cuts": np.zeros((1, 2)), "by_rounding": by_rounding}


def test_catch_rates_are_shares_of_the_frauds_and_an_unsettled_fraud_is_not_caught(line):
    results = records.tier_results({"standard": _arrays(line.y, 3)}, line.y, SPEC)
    rates = {(t.tier, t.epsilon): (t.caught_proved.value, t.unresolved, t.by_rounding) for t in results}
    assert rates["T1", 0.1] == (3 / 4, 0, 0)
    assert rates["T1", 0.35] == (2 / 4, 1, 1)
    assert rates["T3", 0.35] == (2 / 4, 1, 0)
    assert len(rates) == 8
    assert {t.caught_clean.value for t in results} == {1.0}
    assert {t.caught_proved.n for t in results} == {4}


def test_the_quoted_rate_is_shown_at_all_budgets_and_the_others_at_the_headline():
    assert records.shown(_spec(false_positive_rates=(0.01, 0.05))) == [
        (0.01, 1, 1),
        (0.05, 2, 0),
        (0.05, 2, 1),
    ]


def test_a_recipe_is_compared_with_the_standard_model_wherever_its_rates_are_shown(line, resamples):
    tiers = {"standard": _arrays(line.y, 2), "trades": _arrays(line.y, 4)}
    compared = records.tier_comparisons(tiers, line.y, SPEC, resamples)
    assert {(c.model, c.tier, c.false_positive_rate, c.epsilon) for c in compared} == {
        ("trades", tier, rate, SPEC.proof.epsilons[e])
        for tier in ("T0", "T1", "T2", "T3")
        for rate, _, e in records.shown(SPEC)
    }
    assert {c.difference.value for c in compared} == {3 / 4 - 1 / 4}


@pytest.fixture(scope="module")
def rates(line, resamples):
    # the standard model holds frauds 6, 7 and stops genuine row 0; the recipe holds 6, 7, 8 and stops 0, 1, 2
    tiers = {"standard": _arrays(line.y, 3, alarms=1), "trades": _arrays(line.y, 4, alarms=3)}
    # the recipe no longer flags fraud 9 at its own cut
    tiers["trades"]["flagged"][0, 9, 0] = False
    return records.operating_rates(tiers, line, SPEC, resamples)


def test_rates_are_counted_in_rows_and_in_usd(rates):
    standard, recipe = rates.of("standard"), rates.of("trades")
    assert standard.false_positive_rate == pytest.approx((1 / 6, 1 / 6))
    assert recipe.caught_clean == (3 / 4, 1.0)
    assert recipe.value_caught_clean == pytest.approx(((6 + 7 + 8) / 30, 1.0))
    assert standard.caught["T1"] == ((3 / 4, 3 / 4), (2 / 4, 2 / 4))
    assert standard.value_caught["T1"][1] == pytest.approx(((6 + 7) / 30,) * 2)
    assert (rates.frauds, rates.genuine, rates.seeds, rates.fraud_share) == (4, 6, 1, 0.4)
    assert (rates.mean_fraud_amount, rates.mean_genuine_amount) == (7.5, 2.5)


def test_two_models_together_stop_what_either_or_what_both_stop(rates):
    either, both = rates.of("either/trades"), rates.of("both/trades")
    assert either.false_positive_rate[0] == pytest.approx(3 / 6)
    assert both.false_positive_rate[0] == pytest.approx(1 / 6)
    assert (either.caught_clean[0], both.caught_clean[0]) == (1.0, 3 / 4)
    assert (either.caught["T1"][1][1], both.caught["T1"][1][1]) == (3 / 4, 2 / 4)


def test_the_price_of_evasion_is_what_the_amount_falls_by_in_frauds_that_got_through(rates):
    price = next(p for p in rates.prices if (p.model, p.tier) == ("standard", "T1"))
    # flagged 6 to 9, 6 and 7 hold, 9 is open and has no example: 8 got through with 6 USD
    assert (price.frauds, price.evaded) == (4, 1)
    assert price.given_up.value == 2.0


def test_where_nothing_gets_through_evasion_has_no_price(line, resamples):
    arrays = _arrays(line.y, 4)
    arrays |= {tier: np.where(line.y == 1, PROVED, 0)[None, :, None, None].repeat(2, 2).repeat(2, 3)
               for tier in FRAUDSTERS.names}  # fmt: skip
    found = records.operating_rates({"standard": arrays}, line, SPEC, resamples)
    assert {(p.evaded, p.given_up) for p in found.prices} == {(0, None)}


def test_relabelling_calls_only_the_riskiest_rows_fraud(rates):
    fifth, all_of_them = rates.relabelled
    standard = fifth.rates[0]
    # 8 and 9 are fraud now; 6 and 7, flagged, and row 0 are false alarms among eight
    assert standard.false_positive_rate == pytest.approx((3 / 8, 3 / 8))
    assert standard.caught["T1"] == ((0.0, 0.0),)
    assert all_of_them.rates[0].caught["T1"] == ((2 / 4, 2 / 4),)
    assert [r.model for r in fifth.rates] == ["standard", "trades"]


def test_draws_scatter_around_the_rates_and_are_paired(line, rates):
    y = np.tile(line.y, 40)
    table = replace(line, x=np.tile(line.x, (40, 1)), y=y)

    def many(arrays):
        return {n: a if n == "cuts" else np.concatenate([a] * 40, axis=1) for n, a in arrays.items()}

    tiers = {"standard": many(_arrays(line.y, 3, alarms=1)), "trades": many(_arrays(line.y, 4, alarms=1))}
    found = records.draws(tiers, table, SPEC, Resamples(y, 1, 200, np.random.default_rng(1)))
    assert list(found["models"]) == ["standard", "trades", "either/trades", "both/trades"]
    assert found["caught/T1"].shape == (4, 2, 2, 200)
    means = {name: found["caught/T1"][at, 1, 1].mean() for at, name in enumerate(found["models"])}
    assert means["either/trades"] == pytest.approx(3 / 4, abs=0.01)
    assert means["both/trades"] == pytest.approx(2 / 4, abs=0.01)
    assert found["caught/T1"][0, 1].mean(1) == pytest.approx([2 / 4] * 2, abs=0.01)
    assert found["value_caught/T1"][0, 1].mean(1) == pytest.approx([13 / 30] * 2, abs=0.01)
    assert found["caught/T1"][0, 1].std() > 0.01
    # both stop the same genuine rows, so that no draw parts them
    np.testing.assert_array_equal(*found["false_positive_rate"][:2])

"""A validation's rates, intervals and rows, held against other ways to work them out."""

from dataclasses import replace
from types import SimpleNamespace

import claims_fixture
import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta, binomtest
from sklearn.metrics import roc_auc_score

from generator.datasets.own import load
from generator.datasets.own.proposing import propose
from generator.datasets.study_file import read_validation
from generator.models.cuts import matched_cut
from generator.records.spec import ProofSpec
from generator.study import notes, private, validation
from generator.study.rates import weighted_rate

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("hits", [0, 1, 7, 20])
def test_a_rate_has_the_exact_interval_of_its_rows(hits):
    rate = weighted_rate(np.arange(20)[None] < hits, np.ones(20))
    ends = binomtest(hits, 20).proportion_ci(method="exact")
    assert (rate.low, rate.high) == pytest.approx((ends.low, ends.high))


def test_seeds_do_not_narrow_the_interval_of_a_rate():
    once = RNG.random((1, 50)) < 0.3
    assert weighted_rate(np.repeat(once, 4, axis=0), np.ones(50)).low == weighted_rate(once, np.ones(50)).low


def test_the_area_under_the_curve_is_that_of_scikit_learn_ties_and_all():
    y = RNG.integers(0, 2, 200)
    margin = np.round(RNG.normal(y, 1.0), 1)
    assert validation._auc(margin[None], y).value == pytest.approx(roc_auc_score(y, margin))


def test_its_interval_is_that_of_delong_pair_by_pair():
    y = RNG.integers(0, 2, 60)
    margin = np.round(RNG.normal(y, 1.0), 1)
    frauds, genuine = margin[y == 1], margin[y == 0]
    wins = (frauds[:, None] > genuine) + 0.5 * (frauds[:, None] == genuine)
    variance = wins.mean(1).var(ddof=1) / len(frauds) + wins.mean(0).var(ddof=1) / len(genuine)
    found = validation._auc(margin[None], y)
    assert found.high - found.low == pytest.approx(2 * 1.96 * np.sqrt(variance), abs=1e-9)


def test_rows_that_are_published_run_nothing_in_a_spreadsheet():
    frame = pd.DataFrame({"=1+1": ["@cmd", "plain"], "Amount": [-3.5, 2.0], "Gap": [None, "-x"]})
    spec = SimpleNamespace(
        proof=ProofSpec(epsilons=(0.35,)),
        attack=SimpleNamespace(headline_epsilon=0.35),
        threat=SimpleNamespace(quoted="T1"),
    )
    result = SimpleNamespace(spec=spec, models=(SimpleNamespace(name="m"),))
    arrays = {"m/flagged": np.zeros((1, 2, 5), bool), "m/T1": np.zeros((1, 2, 1, 5), np.int8)}
    text = private._rows(
        SimpleNamespace(result=result, sample=SimpleNamespace(frame=frame), private=arrays)
    ).decode()
    assert text.splitlines() == [
        "'=1+1,Amount,Gap,m: flagged,m: proved", "'@cmd,-3.5,,0.0,0.0", "plain,2.0,'-x,0.0,0.0"
    ]  # fmt: skip


def test_what_was_asked_is_published_without_names_that_few_rows_have(tmp_path):
    claims_fixture.write(tmp_path)
    (tmp_path / "claims.toml").write_text(
        propose(tmp_path / "claims.csv", "Outcome=fraud", tmp_path / "model.json")
    )
    asked = read_validation(tmp_path / "claims.toml")
    names = tuple(f"Make_{name}" for name in (*claims_fixture.MAKES, claims_fixture.RARE))
    given = {"categories": {"Make": names}, "columns": names}
    asked = asked.model_copy(update={"deployed": (asked.deployed[0].model_copy(update=given),)})
    table = load(asked, tmp_path)
    assert claims_fixture.RARE in asked.to_json()
    told = notes.asked_note(asked, table).to_json() + notes.table_note(asked, table).to_json()
    assert claims_fixture.RARE not in told
    assert claims_fixture.MAKES[0] in told


def test_names_of_few_rows_are_one_where_they_are_and_where_a_fraudster_makes_them(claims):
    spec, table = claims
    place = next(at for at, each in enumerate(spec.inputs) if each.name == "Make")
    rare, known = claims_fixture.RARE, claims_fixture.MAKES[0]
    for reachable, told in {
        (rare,): ("others",),
        (known, rare): (known, "others"),
        (known,): (known,),
    }.items():
        make = spec.inputs[place].model_copy(update={"reachable": reachable})
        asked = spec.model_copy(update={"inputs": (*spec.inputs[:place], make, *spec.inputs[place + 1 :])})
        found = notes.asked_note(asked, table).inputs[place]
        assert found.reachable == told
        assert found.categories[-1] == "others"


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    """The spec and the table of invented claims."""
    folder = tmp_path_factory.mktemp("claims")
    claims_fixture.asked(folder)
    spec = read_validation(folder / "claims.toml")
    return spec, load(spec, folder)


def test_a_weighted_rate_is_a_weighted_mean_whose_rows_count_as_fewer():
    hits, weights = RNG.random((2, 40)) < 0.4, RNG.integers(1, 5, 40).astype(float)
    found = weighted_rate(hits, weights)
    assert found.value == pytest.approx(np.mean([np.average(each, weights=weights) for each in hits]))
    alike = weights.sum() ** 2 / (weights**2).sum()
    ends = (
        beta.ppf(0.025, found.value * alike, alike * (1 - found.value) + 1),
        beta.ppf(0.975, found.value * alike + 1, alike * (1 - found.value)),
    )
    assert (found.low, found.high) == pytest.approx(ends)
    even = weighted_rate(hits, np.ones(40))
    assert found.high - found.low > even.high - even.low


def test_a_row_of_weight_three_is_as_good_as_three_rows():
    margin, weights = np.round(RNG.normal(size=80), 1), RNG.integers(1, 4, 80)
    genuine = RNG.random(80) < 0.8
    thrice = np.repeat(np.arange(80), weights)
    for share in (0.01, 0.05, 0.2):
        once = matched_cut(margin, genuine, share, weights.astype(float))
        assert once == matched_cut(margin[thrice], genuine[thrice], share)


def test_alerts_are_counted_at_the_share_of_fraud_in_life(claims):
    spec, table = claims
    asked = spec.model_copy(update={"prior": 0.02, "alert_budgets": (0.05,)})
    counted = validation.counting(asked, table)
    fraud = table.y == 1
    assert counted.in_life[fraud].sum() / counted.in_life.sum() == pytest.approx(0.02)
    assert counted.alert_budgets == (0.05,)
    assert (validation.counting(spec, table).in_life == 1).all()


def test_the_share_of_fraud_counts_rows_by_their_weights(claims):
    spec, table = claims
    weights = np.where(table.y == 1, 1.0, 9.0)
    weighted = replace(table, weights=weights)
    note = notes.table_note(spec.model_copy(update={"weights": "Weight"}), weighted)
    assert note.weighted_share == pytest.approx(weights[table.y == 1].sum() / weights.sum())
    assert notes.table_note(spec, table).weighted_share is None

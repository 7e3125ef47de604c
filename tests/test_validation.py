"""A validation's rates, intervals and rows, held against other ways to work them out."""

from types import SimpleNamespace

import claims_fixture
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.metrics import roc_auc_score

from generator.datasets.own import load
from generator.datasets.own.proposing import propose
from generator.datasets.study_file import read_validation
from generator.records.spec import ProofSpec
from generator.study import notes, private, validation

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("hits", [0, 1, 7, 20])
def test_a_rate_has_the_exact_interval_of_its_rows(hits):
    rate = validation._rate(np.arange(20)[None] < hits)
    ends = binomtest(hits, 20).proportion_ci(method="exact")
    assert (rate.low, rate.high) == pytest.approx((ends.low, ends.high))


def test_seeds_do_not_narrow_the_interval_of_a_rate():
    once = RNG.random((1, 50)) < 0.3
    assert validation._rate(np.repeat(once, 4, axis=0)).low == validation._rate(once).low


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

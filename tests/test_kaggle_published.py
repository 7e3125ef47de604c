"""The published facts of the real Kaggle file.

The file is Kaggle's and never part of this project, so a checkout without it has nothing to try here; where
KAGGLE_CSV names one, as in CI, it has to be there.
"""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from generator.datasets import SourceOptions, dataset
from generator.datasets.kaggle import dataset as kaggle
from generator.datasets.kaggle.file import read_table

KAGGLE = dataset("kaggle")
IN_REPO = Path(__file__).parents[1] / "data/raw/bank_transactions_data_2.csv"


@pytest.fixture(scope="module")
def kaggle_csv():
    named = os.environ.get("KAGGLE_CSV")
    path = Path(named or IN_REPO)
    if not named and not path.is_file():
        pytest.skip("the Kaggle file is not here; set KAGGLE_CSV or put it in data/raw to run these tests")
    return path


@pytest.fixture(scope="module")
def table(kaggle_csv):
    return KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=kaggle_csv))


@pytest.fixture(scope="module")
def summary(table):
    return KAGGLE.summarise(table, KAGGLE.study)


def respelled(text, spell):
    """`text` with each ISO date rewritten by spell(year, month, day, hour, minute, second)."""
    return re.sub(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)", lambda match: spell(*match.groups()), text)


SPELLINGS = {
    "ISO with seconds": lambda y, m, d, h, mi, s: f"{y}-{m}-{d} {h}:{mi}:{s}",
    "ISO minutes": lambda y, m, d, h, mi, s: f"{y}-{m}-{d} {h}:{mi}",
    "month first": lambda y, m, d, h, mi, s: f"{int(m)}/{int(d)}/{y} {int(h)}:{mi}",
    "day first": lambda y, m, d, h, mi, s: f"{d}/{m}/{y} {h}:{mi}",
    "day first with dashes": lambda y, m, d, h, mi, s: f"{d}-{m}-{y} {h}:{mi}",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_public_spelling_is_the_verified_table(spelling, kaggle_csv, tmp_path):
    text = respelled(kaggle_csv.read_text(), SPELLINGS[spelling]).replace("\n", "\r\n")
    copy = tmp_path / "copy.csv"
    copy.write_bytes(b"\xef\xbb\xbf" + text.encode())
    source = KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=copy)).source
    assert source.status == "kaggle_verified"
    assert source.canonical_sha256 == "c9266394ac3686b9ef0c6cf6ba0be86d772bae806f2ca22633ba2671343e14aa"


def test_one_changed_cent_is_no_longer_verified(kaggle_csv, tmp_path):
    copy = tmp_path / "copy.csv"
    copy.write_text(kaggle_csv.read_text().replace("AC00128,14.09,", "AC00128,14.10,", 1))
    source = KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=copy)).source
    assert source.status == "kaggle_columns"


def test_503_rows_are_flagged_at_the_published_cut(table):
    assert (len(table.y), table.y.sum()) == (2512, 503)
    assert round(table.rule.cut, 5) == 0.57347


def test_the_label_has_the_published_medians_and_share_of_value(summary):
    medians = summary.label.medians
    assert np.round(medians["TransactionAmount"]).tolist() == [152, 611]
    assert medians["AccountBalance"] == pytest.approx((5751, 1403), abs=1)
    assert medians["TransactionDuration"] == (106, 137)
    assert round(summary.label.fraud_value_share, 3) == 0.452
    assert round(summary.label.mean_fraud_amount, 2) == 671.08


def test_the_label_moves_with_the_weights_as_little_as_published(summary):
    assert round(summary.rule.weight_overlap_mean, 3) == 0.952
    assert summary.rule.weight_overlap_low == pytest.approx(0.923, abs=0.001)


def test_another_formula_moves_the_label_as_far_as_published(summary):
    found = summary.rule.formula_overlaps
    published = {
        "equal weights": 0.797, "the largest single term counts": 0.553, "without amount": 0.686,
        "without amount share": 0.855, "without thin balance": 0.895, "without duration": 0.903,
        "without login attempts": 0.938,
        "amount alone": 0.676, "amount share alone": 0.736,
    }  # fmt: skip
    assert {name: round(found[name], 3) for name in published} == pytest.approx(published, abs=0.015)


def test_the_flip_budget_is_the_published_one(summary):
    shares = dict(zip(summary.rule.flip_epsilons, summary.rule.flip_shares, strict=True))
    published = {0.05: 0.10, 0.1: 0.20, 0.2: 0.37, 0.3: 0.48, 0.5: 0.67}
    assert {epsilon: round(shares[epsilon], 2) for epsilon in published} == published


def test_the_seven_anomalies_have_the_published_facts(summary):
    facts = {card.slug: card.facts for card in summary.anomalies}
    assert len(facts) == 7
    assert facts["previous-date"]["later"] == 1
    assert facts["previous-date"]["least"] == pytest.approx(307.6, abs=0.05)
    assert facts["previous-date"]["most"] == pytest.approx(671.7, abs=0.05)
    assert round(facts["mondays"]["monday"], 3) == 0.426
    assert round(facts["mondays"]["chance"], 2) == 0.65
    assert (facts["hours"]["used"], round(facts["hours"]["first"], 3)) == (3, 0.524)
    accounts = {name: round(share, 3) for name, share in facts["accounts"].items()}
    assert accounts == {"age": 0.979, "younger": 0.493, "occupation": 0.754, "city": 0.972, "device": 0.998}
    assert round(facts["balances"]["reconciled"], 3) == 0.006
    assert (facts["balances"]["overdrawn"], facts["balances"]["debits"]) == (119, 89)
    assert (facts["travel"]["pairs"], facts["travel"]["moved"]) == (51, 49)
    assert round(facts["independence"]["strongest"], 2) == 0.40
    assert facts["independence"]["next"] <= 0.033


def test_columns_have_the_published_numbers_of_values(summary):
    unique = {column.name: column.unique for column in summary.columns}
    assert (unique["AccountID"], unique["DeviceID"], unique["IP Address"]) == (495, 681, 592)
    assert (unique["MerchantID"], unique["Location"], unique["TransactionAmount"]) == (100, 43, 2455)


def test_shuffling_the_previous_dates_changes_neither_inputs_nor_label(kaggle_csv, table, tmp_path):
    header, *rows = kaggle_csv.read_text().splitlines()
    cells = [row.rsplit(",", 1) for row in rows]
    order = np.random.default_rng(0).permutation(len(cells))
    copy = tmp_path / "copy.csv"
    copy.write_text("\n".join([header, *(f"{cells[i][0]},{cells[j][1]}" for i, j in enumerate(order))]))
    shuffled = KAGGLE.load(KAGGLE.study, SourceOptions(kaggle_csv=copy))
    assert not shuffled.frame["PreviousTransactionDate"].equals(table.frame["PreviousTransactionDate"])
    assert np.array_equal(shuffled.x, table.x)
    assert np.array_equal(shuffled.y, table.y)
    assert np.array_equal(shuffled.rule.score, table.rule.score)
    assert "PreviousTransactionDate" not in kaggle.FEATURES


def test_the_order_of_the_columns_does_not_matter(kaggle_csv, table):
    rows = [line.split(",") for line in kaggle_csv.read_text().splitlines()]
    text = "\n".join(",".join(reversed(row)) for row in rows)
    assert read_table(text.encode(), Path("reversed.csv")).equals(table.frame)

"""Literal in, literal out: what a reader sees for a value. Spaces before units are narrow and never break."""

from functools import partial

import pytest

from generator.notation import formats
from generator.notation.marks import recording
from generator.records.features import Feature
from generator.records.results import Estimate

AMOUNT = Feature(
    name="amount", title="Amount", unit="USD", decimals=2, control="effort", helps="down", note="",
    low=0.0, high=9.0, mean=3.0, standard_deviation=1208.5,
)  # fmt: skip
LOGINS = AMOUNT.model_copy(update={"name": "logins", "unit": "", "decimals": 0, "standard_deviation": 0.6})


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, n=10, seeds=2, method="wilson")


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (formats.percent, 0.6423, "64.2\u202f%"),
        (formats.percent, 1.0, "100.0\u202f%"),
        (formats.percent, 0.0, "0.0\u202f%"),
        (formats.percent, -0.1, "−10.0\u202f%"),
        (formats.setting, 0.05, "5\u202f%"),
        (formats.setting, 0.005, "0.5\u202f%"),
        (formats.setting, 0.00025, "0.025\u202f%"),
        (formats.setting, 0.07, "7\u202f%"),  # 100 * 0.07 is 7.000000000000001
        (formats.setting, 1.0, "100\u202f%"),
        (formats.points, -0.0342, "−3.4 points"),
        (formats.points, 0.0342, "+3.4 points"),
        (formats.points, -0.0004, "0.0 points"),
        (formats.loss, 0.0342, "3.4 points"),
        (formats.loss, -0.0342, "−3.4 points"),
        (partial(formats.money, currency="USD"), 2476677.4, "USD\u202f2,476,677"),
        (formats.count, 1189.6, "1,190"),
        (formats.count, -0.2, "0"),
        (formats.number, 1234.567, "1,234.57"),
        (formats.number, -0.001, "0.00"),
        (formats.signed, 0.5, "+0.50"),
        (formats.significant, 0.00128934, "0.00129"),
        (formats.significant, -39.18, "−39.2"),
        (formats.significant, 4321.0, "4,321"),
        (formats.significant, 0.0, "0"),
        (formats.score, 0.57347, "0.5735"),
        (formats.shift, -0.35, "−0.35\u202fσ"),
        (formats.epsilon, 0.35, "0.35\u202fσ"),
        (formats.epsilon, 1.0, "1\u202fσ"),
        (formats.sha, "c9266394ac3686b9ef0c", "c9266394ac36"),
        (formats.capital, "the kaggle FILE", "The kaggle FILE"),
        (formats.listed, ["a"], "a"),
        (formats.listed, ["a", "b", "c"], "a, b and c"),
    ],
)
def test_each_kind_of_value_has_one_spelling(write, value, text):
    assert write(value) == text


@pytest.mark.parametrize(
    ("low", "high", "kind", "text"),
    [
        (0.621, 0.663, "percent", "62.1 to 66.3\u202f%"),
        (-0.051, 0.017, "points", "−5.1 to +1.7 points"),
        (0.036, 0.099, "loss", "3.6 to 9.9 points"),
        (1150.4, 1225.0, "count", "1,150 to 1,225"),
        (1000.0, 2000.0, "money", "USD\u202f1,000 to 2,000"),
        (0.5, 1.25, "number", "0.50 to 1.25"),
    ],
)
def test_an_interval_names_its_unit_once(low, high, kind, text):
    assert formats.interval(estimate(low, low, high), kind, "USD") == text


@pytest.mark.parametrize(
    ("value", "low", "high", "kind", "text"),
    [
        (0.249, 0.221, 0.278, "percent", "24.9\u202f±\u202f2.9\u202f%"),
        (-0.141, -0.163, -0.118, "points", "−14.1\u202f±\u202f2.3 points"),
        (0.399, 0.387, 0.412, "points", "+39.9\u202f±\u202f1.3 points"),
        (0.066, 0.036, 0.099, "loss", "6.6\u202f±\u202f3.3 points"),
        (1187.4, 1150.0, 1225.0, "count", "1,187\u202f±\u202f38"),
    ],
)
def test_a_value_in_a_full_table_has_the_longer_arm_of_its_interval(value, low, high, kind, text):
    assert formats.give_or_take(estimate(value, low, high), kind) == text


def test_an_unknown_kind_of_interval_is_an_error():
    with pytest.raises(KeyError, match="pounds"):
        formats.interval(estimate(1, 0, 2), "pounds")


@pytest.mark.parametrize(
    ("write", "value", "feature", "text"),
    [
        (formats.raw, 3841.944, AMOUNT, "3,841.94\u202fUSD"),
        (formats.raw, 3.0, LOGINS, "3"),
        (formats.raw_moved, 0.79, LOGINS, "0.8"),
        (formats.raw_moved, 0.79, AMOUNT, "0.79\u202fUSD"),
        (formats.raw_change, -0.21, LOGINS, "−0.2"),
        (formats.raw_change, 20.4, AMOUNT, "+20.40\u202fUSD"),
        (formats.raw_epsilon, 0.1, AMOUNT, "±120.85\u202fUSD"),
        (formats.raw_epsilon, 0.35, LOGINS, "±0.21"),
    ],
)
def test_features_are_written_in_their_own_unit(write, value, feature, text):
    assert write(value, feature) == text


def test_a_spread_and_a_range_are_written_in_the_unit_of_their_feature():
    assert formats.raw_spread(AMOUNT) == "1,208.50\u202fUSD"
    assert formats.raw_spread(LOGINS) == "0.60"
    assert formats.raw_between(0.26, 1919.1, AMOUNT) == "0.26 to 1,919.10\u202fUSD"
    assert formats.raw_between(0.2, 0.9, LOGINS) == "0.2 to 0.9"


def test_a_position_is_no_finding():
    with recording():
        assert formats.position(3) == "3"


def test_a_statement_gets_its_facts_written_in():
    late = formats.Statement(
        "Late", "{share} of {rows} rows are late by {gap}, {ratio} times the mean.",
        {"share": "percent", "rows": "count", "gap": "days", "ratio": "number"},
    )  # fmt: skip
    facts = {"share": 0.426, "rows": 2512.0, "gap": 307.64, "ratio": 1.5}
    assert late.about(facts) == "42.6\u202f% of 2,512 rows are late by 307.6 days, 1.50 times the mean."


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("<script>", "&#60;script&#62;"),
        ("a|b", "a&#124;b"),
        ("*bold* _it_", "&#42;bold&#42; &#95;it&#95;"),
        ("[x](y)", "&#91;x&#93;(y)"),
        ("two\nlines", "two lines"),
        ("São Paulo, 3 %", "São Paulo, 3 %"),
        ("&lt;", "&#38;lt;"),
    ],
)
def test_text_from_data_loses_its_markup(text, safe):
    assert formats.md(text) == safe

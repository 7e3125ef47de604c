"""Texts that are alike, woven into one: every one comes out again as it went in."""

import json
import random

import pytest

from generator.notation.weaving import unwoven, woven


def assert_whole(texts):
    made = woven(texts)
    for budget, row in enumerate(texts):
        for tier, text in enumerate(row):
            assert unwoven(made, budget, tier) == text


def test_what_is_equal_stands_once():
    made = woven([["<p>keeps 41 % of 5,000</p>"], ["<p>keeps 38 % of 5,000</p>"]])
    assert made == ["<p>keeps ", ["41", "38"], " % of 5,000</p>"]


def test_a_tier_that_changes_nothing_has_no_list_of_its_own():
    made = woven([["a 1 b 7", "a 1 b 8"], ["a 2 b 9", "a 2 b 9"]])
    assert made == ["a ", ["1", "2"], " b ", [["7", "8"], "9"], ""]


@pytest.mark.parametrize(
    "texts",
    [
        [[""], [""]],
        [[""], ["<p>more</p>"]],
        [["<ul><li>a</li></ul>"], ["<ul><li>a</li><li>b</li></ul>"], ["<p>c</p>"]],
        [["one, two", "one; two, three"], ["", "four"]],
    ],
)
def test_texts_of_unequal_build_come_out_whole(texts):
    assert_whole(texts)


def test_random_texts_come_out_whole():
    draw = random.Random(5)
    words = ["<td>", "</td>", "12.3", "%", " ", '"', ",", "\n", "σ", "<b x='1'>", "&amp;", ">"]
    for _ in range(200):
        budgets, tiers = draw.randint(2, 5), draw.randint(1, 4)
        assert_whole([
            ["".join(draw.choices(words, k=draw.randint(0, 40))) for _ in range(tiers)] for _ in range(budgets)
        ])  # fmt: skip


def test_rows_of_a_table_cost_little_more_than_their_numbers():
    texts = [
        ["".join(f"<tr><td>Model {m}</td><td>{b * m:.3f}</td></tr>" for m in range(50))] for b in range(8)
    ]
    assert len(json.dumps(woven(texts))) < 0.45 * sum(len(text) for (text,) in texts)

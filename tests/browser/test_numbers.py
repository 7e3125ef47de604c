"""Numbers as the scripts of the pages write them, rounded as Python rounds, and as they understand them."""

import math
import random

import pytest

from generator.notation import formats

MOST = 1000
"""Largest denominator of the shares that are compared: each share of up to so many rows."""

PERCENTAGES = """
const [expected, most] = arguments, given = expected.split(" "), wrong = [];
const common = (a, b) => (b ? common(b, a % b) : a);
let at = 0;
for (let n = 1; n <= most; n++) for (let k = 0; k <= n; k++) {
  if (common(n, k) !== 1) continue;
  for (const decimals of [0, 1, 2]) {
    const text = study.number(100 * (k / n), decimals);
    if (text !== given[at++]) wrong.push([k, n, decimals, text, given[at - 1]]);
  }
}
return { compared: at, given: given.length, wrong: wrong.slice(0, 20) };
"""
SUMS = """
return arguments[0].filter(([value, texts, significant]) =>
  String(texts.map((_, d) => study.number(value, d))) !== String(texts) || study.significant(value, 3) !== significant);
"""
READ = """
return arguments[0].map(study.parse).map(({ value, unsure }) => [value !== value ? null : value, unsure]);
"""
MEANT = {
    "2.5": 2.5, "12.5": 12.5, "0.5": 0.5, "1250.50": 1250.5, " 7 ": 7, ".5": 0.5, "5.": 5, "1e-7": 1e-7, "-3": -3,
    "\u22123": -3, "+3": 3, "007": 7, "２．５": 2.5,
    # a comma is a decimal mark where it cannot part thousands, and thousands are parted in many ways
    "2,5": 2.5, "0,03": 0.03, "0,125": 0.125, "1234,567": 1234.567, ",5": 0.5, "1,250.50": 1250.5, "1.250,50": 1250.5,
    "1,250,000": 1_250_000, "1.250.000": 1_250_000, "1 250,5": 1250.5, "1\u202f250": 1250, "1\u00a0250.5": 1250.5,
    "1'250.5": 1250.5, "1’250’000": 1_250_000,
    # no number
    "": None, "50000)": None, "x": None, "NaN": None, "Infinity": None, "1e999": None, "0x10": None, "1,25,50": None,
    "1.2.3": None, "12 5": None, "1,250,50": None, "--3": None, ",": None, "5-": None,
}  # fmt: skip
UNSURE = {"1,250": 1250, "9.342": 9.342, "999,999": 999_999}
"""What somebody else may mean otherwise."""


@pytest.fixture(scope="module")
def page(browser, base):
    browser.open(base + "404.html")
    return browser


def test_every_percentage_is_rounded_as_in_python(page):
    shares = [k / n for n in range(1, MOST + 1) for k in range(n + 1) if math.gcd(n, k) == 1]
    written = " ".join(formats.number(100 * share, decimals) for share in shares for decimals in (0, 1, 2))
    found = page.run(PERCENTAGES, written, MOST)
    assert found == {"compared": 3 * len(shares), "given": 3 * len(shares), "wrong": []}
    assert formats.number(0.25, 1) == "0.2"  # a half goes to the even digit, by its exact value
    assert formats.number(0.15, 1) == "0.1"


def test_every_sum_is_rounded_as_in_python(page):
    rng = random.Random(7)
    values = [k / 8 for k in range(-200, 2000)] + [10**e + 0.5 for e in range(16)] + [999.5, 9999.995, 0.0]
    values += [10.0**e for e in range(-6, 21)] + [rng.randrange(10**9) / 100 for _ in range(5000)]
    values += [rng.choice((-1, 1)) * 10 ** rng.uniform(-7, 12) for _ in range(5000)]
    rows = [[v, [formats.number(v, d) for d in range(5)], formats.significant(v)] for v in values]
    assert page.run(SUMS, rows) == []


def test_a_number_is_understood_as_it_is_meant_or_not_at_all(page):
    expected = {text: [value, False] for text, value in MEANT.items()}
    expected |= {text: [value, True] for text, value in UNSURE.items()}
    found = dict(zip(expected, page.run(READ, list(expected)), strict=True))
    assert found == expected

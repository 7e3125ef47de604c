"""The marks of a simulator, counted again row by row in plain Python on the stand-in, which has all seven."""

from collections import Counter
from itertools import combinations, pairwise

import pytest
from scipy.stats import chisquare, spearmanr

from generator.datasets.kaggle.anomalies import anomalies
from generator.datasets.kaggle.schema import NUMBERS
from generator.datasets.kaggle.standin import simulate

FRAME = simulate()
ROWS = FRAME.to_dict("records")
CARDS = {card.slug: card for card in anomalies(FRAME)}
BARS = {slug: dict(zip(card.labels, card.values, strict=True)) for slug, card in CARDS.items()}


def following() -> list[tuple[dict, dict]]:
    """Each transaction with the one before on its account."""
    accounts: dict[str, list[dict]] = {}
    for row in sorted(ROWS, key=lambda row: (row["TransactionDate"], row["TransactionID"])):
        accounts.setdefault(row["AccountID"], []).append(row)
    return [pair for rows in accounts.values() for pair in pairwise(rows)]


def share(found) -> float:
    found = list(found)
    return sum(found) / len(found)


def differ(*columns: str) -> float:
    """Share of the pairs that differ in all the columns."""
    return share(all(one[c] != other[c] for c in columns) for one, other in following())


def test_previous_dates_lie_after_the_transaction_within_minutes_of_each_other():
    days = [
        (row["PreviousTransactionDate"] - row["TransactionDate"]).total_seconds() / 86_400 for row in ROWS
    ]
    known = sorted(row["PreviousTransactionDate"] for row in ROWS)
    assert CARDS["previous-date"].facts == pytest.approx({
        "later": share(day > 0 for day in days), "least": min(days), "most": max(days),
        "window": (known[-1] - known[0]).total_seconds() / 60,
    })  # fmt: skip
    starts = Counter(int(day // 50) * 50 for day in days)
    assert BARS["previous-date"] == {f"{start} to {start + 50}": starts[start] for start in sorted(starts)}


def test_days_and_hours_are_those_of_a_calendar():
    days = Counter(row["TransactionDate"].strftime("%A") for row in ROWS)
    assert {name: count for name, count in BARS["mondays"].items() if count} == days
    assert [*BARS["mondays"]][::6] == ["Monday", "Sunday"]
    between = [days[name] for name in ("Tuesday", "Wednesday", "Thursday", "Friday")]
    assert CARDS["mondays"].facts == pytest.approx({
        "monday": days["Monday"] / len(ROWS), "rolled": 3 / 7, "weekend": days["Saturday"] + days["Sunday"],
        "chance": chisquare(between).pvalue,
    })  # fmt: skip
    hours = Counter(row["TransactionDate"].strftime("%H") for row in ROWS)
    assert {name: count for name, count in BARS["hours"].items() if count} == hours
    assert len(BARS["hours"]) == 24
    first = hours[min(hours)] / len(ROWS)
    assert CARDS["hours"].facts == pytest.approx({"used": len(hours), "all": 24, "first": first})


def test_accounts_change_from_one_transaction_to_the_next_as_often_as_counted():
    facts = {
        "age": differ("CustomerAge"), "occupation": differ("CustomerOccupation"), "city": differ("Location"),
        "younger": share(after["CustomerAge"] < before["CustomerAge"] for before, after in following()),
        "device": differ("DeviceID", "IP Address"),
    }  # fmt: skip
    assert CARDS["accounts"].facts == pytest.approx(facts)
    assert BARS["accounts"] == pytest.approx(facts)


def test_balances_follow_from_the_one_before_as_seldom_as_counted():
    def follows(before: dict, after: dict) -> bool:
        sign = 1 if after["TransactionType"] == "Credit" else -1
        expected = before["AccountBalance"] + sign * after["TransactionAmount"]
        return abs(expected - after["AccountBalance"]) <= 0.01 * after["AccountBalance"]

    over = [row for row in ROWS if row["TransactionAmount"] > row["AccountBalance"]]
    debits = sum(row["TransactionType"] == "Debit" for row in over)
    assert 0 < debits < len(over)
    reconciled = share(follows(*pair) for pair in following())
    assert 0 < reconciled < 0.05
    expected = {"reconciled": reconciled, "overdrawn": len(over), "debits": debits}
    assert CARDS["balances"].facts == pytest.approx(expected)
    assert BARS["balances"] == {"overdrawn": len(over), "debits": debits}


def test_within_a_day_accounts_move_as_often_as_counted():
    soon = [
        before["Location"] != after["Location"]
        for before, after in following()
        if (after["TransactionDate"] - before["TransactionDate"]).total_seconds() < 24 * 3600
    ]
    assert CARDS["travel"].facts == {"pairs": len(soon), "moved": sum(soon)}
    assert BARS["travel"] == {"moved": sum(soon), "stayed": len(soon) - sum(soon)}


def test_hardly_anything_hangs_together():
    sizes = {
        frozenset(pair): abs(spearmanr(*(FRAME[column] for column in pair)).statistic)
        for pair in combinations(NUMBERS, 2)
    }
    found = {frozenset(name.split(" and ")): size for name, size in BARS["independence"].items()}
    assert found == pytest.approx(sizes)
    assert [*BARS["independence"].values()] == sorted(BARS["independence"].values(), reverse=True)
    debit = {
        at_machine: share(
            row["TransactionType"] == "Debit" for row in ROWS if (row["Channel"] == "ATM") == at_machine
        )
        for at_machine in (True, False)
    }
    strongest, following_one, *_ = sorted(sizes.values(), reverse=True)
    assert CARDS["independence"].facts == pytest.approx({
        "strongest": strongest, "next": following_one, "machines": debit[True], "elsewhere": debit[False],
    })  # fmt: skip

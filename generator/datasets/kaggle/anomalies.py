"""The marks of a simulator in the Kaggle table, each computed from the frame."""

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from generator.datasets.kaggle.schema import NUMBERS
from generator.datasets.profile import WEEKDAYS, correlations
from generator.records.results import Anomaly

GAP_BIN = 50
"""Days a bar of the first chart covers, or a multiple of them where there would be too many bars."""
GAP_BARS = 40
RECONCILED = 0.01
"""A balance follows from the one before if it is within this share of it."""

COMPARED = (
    "TransactionDate", "TransactionAmount", "TransactionType", "Location", "DeviceID", "IP Address",
    "CustomerAge", "CustomerOccupation", "AccountBalance",
)  # fmt: skip
"""Columns in which a transaction is compared with the one before on its account."""

HOLDS: dict[str, Callable[[dict[str, float]], bool]] = {
    "previous-date": lambda facts: facts["later"] > 0.5,
    "mondays": lambda facts: facts["weekend"] == 0 and facts["monday"] > 0.3,
    "hours": lambda facts: facts["used"] <= 12,
    "accounts": lambda facts: min(facts["age"], facts["occupation"]) > 0.5,
    "balances": lambda facts: facts["reconciled"] < 0.05,
    "travel": lambda facts: facts["moved"] > facts["pairs"] / 2,
    "independence": lambda facts: facts["strongest"] > 0.1 > facts["next"],
}
"""By slug, when a card's sentence is true; a file unlike the published one may be free of it."""


def anomalies(frame: pd.DataFrame) -> tuple[Anomaly, ...]:
    """The cards that are true of `frame`: all seven for the published file, fewer for an unlike one."""
    pairs = consecutive(frame)
    cards = [_previous_date(frame), _mondays(frame), _hours(frame)]
    if len(pairs):
        cards += [_accounts(pairs), _balances(frame, pairs)]
    if (pairs["hours"] < 24).any():
        cards.append(_travel(pairs))
    cards.append(_independence(frame))
    return tuple(card for card in cards if HOLDS[card.slug](card.facts))


def consecutive(frame: pd.DataFrame) -> pd.DataFrame:
    """One row for each transaction with an earlier one of its account: what is compared of it, `before_` the same
    of the earlier one, and the `hours` between."""
    accounts, _ = pd.factorize(frame["AccountID"])
    ids, _ = pd.factorize(frame["TransactionID"], sort=True)
    order = np.lexsort((ids, frame["TransactionDate"].to_numpy(), accounts))
    again = np.flatnonzero(accounts[order[1:]] == accounts[order[:-1]])
    compared = frame[list(COMPARED)]
    pairs = compared.iloc[order[again + 1]].reset_index(drop=True)
    before = compared.iloc[order[again]].reset_index(drop=True)
    elapsed = pairs["TransactionDate"] - before["TransactionDate"]
    return pd.concat([pairs, before.add_prefix("before_")], axis=1).assign(
        hours=elapsed.dt.total_seconds() / 3600
    )


def _bars(counts: pd.Series, name: Callable[[object], str] = str) -> dict:
    return {
        "labels": tuple(name(label) for label in counts.index),
        "values": tuple(float(value) for value in counts),
    }


def _previous_date(frame: pd.DataFrame) -> Anomaly:
    previous = frame["PreviousTransactionDate"]
    days = (previous - frame["TransactionDate"]).dt.total_seconds() / 86_400
    size = GAP_BIN * max(1, math.ceil((days.max() - days.min()) / (GAP_BIN * GAP_BARS)))
    starts = np.floor(days / size).astype(int) * size
    return Anomaly(
        slug="previous-date",
        title="The previous transaction comes after the transaction",
        statement=(
            "PreviousTransactionDate is later than TransactionDate in {later} of the rows, by {least} to "
            "{most}, and all its values lie within {window} minutes: it records when the file was made, "
            "not what a customer did. The study never uses it."
        ),
        facts={
            "later": float((days > 0).mean()),
            "least": float(days.min()),
            "most": float(days.max()),
            "window": float((previous.max() - previous.min()).total_seconds() / 60),
        },
        fact_formats={"later": "percent", "least": "days", "most": "days", "window": "count"},
        **_bars(starts.value_counts().sort_index(), lambda start: f"{start} to {start + size}"),
        x_title="Days from the transaction to its previous one",
        y_title="Rows",
    )


def _mondays(frame: pd.DataFrame) -> Anomaly:
    rows = np.bincount(frame["TransactionDate"].dt.day_of_week, minlength=7)
    others = rows[1:5]
    expected = max(others.mean(), 1)
    uneven = ((others - expected) ** 2 / expected).sum()
    return Anomaly(
        slug="mondays",
        title="Weekends were moved to Monday",
        statement=(
            "{monday} of the rows fall on a Monday; three even days rolled into one would give {rolled}. "
            "{weekend} rows fall on a weekend. If Tuesday to Friday were truly even, they would look at "
            "least this uneven with probability {chance}."
        ),
        facts={
            "monday": float(rows[0] / rows.sum()),
            "rolled": 3 / 7,
            "weekend": float(rows[5:].sum()),
            "chance": float(chdtrc(3, uneven)),
        },
        fact_formats={"monday": "percent", "rolled": "percent", "weekend": "count", "chance": "number"},
        labels=WEEKDAYS,
        values=tuple(map(float, rows)),
        x_title="Weekday",
        y_title="Rows",
    )


def _hours(frame: pd.DataFrame) -> Anomaly:
    hours = frame["TransactionDate"].dt.hour
    rows = np.bincount(hours, minlength=24)
    return Anomaly(
        slug="hours",
        title="The bank is awake for a slice of the day",
        statement=(
            "All transactions, cash machines and online included, start in {used} of {all} hours of the "
            "day; {first} of them in the first of these hours."
        ),
        facts={"used": float((rows > 0).sum()), "all": 24.0, "first": float(rows[hours.min()] / rows.sum())},
        fact_formats={"used": "count", "all": "count", "first": "percent"},
        labels=tuple(f"{hour:02d}" for hour in range(24)),
        values=tuple(map(float, rows)),
        x_title="Hour of day",
        y_title="Rows",
    )


def _changed(pairs: pd.DataFrame, column: str) -> pd.Series:
    return pairs[column] != pairs[f"before_{column}"]


def _accounts(pairs: pd.DataFrame) -> Anomaly:
    new_place = _changed(pairs, "DeviceID") & _changed(pairs, "IP Address")
    facts = {
        "age": float(_changed(pairs, "CustomerAge").mean()),
        "younger": float((pairs["CustomerAge"] < pairs["before_CustomerAge"]).mean()),
        "occupation": float(_changed(pairs, "CustomerOccupation").mean()),
        "city": float(_changed(pairs, "Location").mean()),
        "device": float(new_place.mean()),
    }
    return Anomaly(
        slug="accounts",
        title="Accounts are not people",
        statement=(
            "From one transaction of an account to the next the customer's age changes in {age} of the "
            "cases and goes down in {younger}, the occupation changes in {occupation}, the city in {city},"
            " and device and IP address together in {device}."
        ),
        facts=facts,
        fact_formats=dict.fromkeys(facts, "percent"),
        labels=("Age", "Age goes down", "Occupation", "City", "Device and IP address"),
        values=tuple(facts.values()),
        x_title="What changes from one transaction of an account to the next",
        y_title="Share of consecutive transactions",
    )


def _balances(frame: pd.DataFrame, pairs: pd.DataFrame) -> Anomaly:
    moved = pairs["TransactionAmount"].where(
        pairs["TransactionType"] == "Credit", -pairs["TransactionAmount"]
    )
    gaps = (pairs["before_AccountBalance"] + moved - pairs["AccountBalance"]).abs()
    overdrawn = frame["TransactionAmount"] > frame["AccountBalance"]
    debits = overdrawn & (frame["TransactionType"] == "Debit")
    return Anomaly(
        slug="balances",
        title="Balances never add up",
        statement=(
            "The balance before, minus a debit or plus a credit, gives the balance after in {reconciled} "
            "of consecutive transactions. {overdrawn} payments are larger than the balance, {debits} of "
            "them debits."
        ),
        facts={
            "reconciled": float((gaps <= RECONCILED * pairs["AccountBalance"]).mean()),
            "overdrawn": float(overdrawn.sum()),
            "debits": float(debits.sum()),
        },
        fact_formats={"reconciled": "percent", "overdrawn": "count", "debits": "count"},
        labels=("Amount above balance", "of which debits"),
        values=(float(overdrawn.sum()), float(debits.sum())),
        x_title="Payments larger than the balance",
        y_title="Rows",
    )


def _travel(pairs: pd.DataFrame) -> Anomaly:
    soon = pairs[pairs["hours"] < 24]
    moved = int(_changed(soon, "Location").sum())
    return Anomaly(
        slug="travel",
        title="Impossible travel is the rule",
        statement=(
            "Of {pairs} transactions within a day of the one before on the same account, {moved} are in "
            "another city. In a bank's data that would be a warning; here it is an artefact and is not "
            "used."
        ),
        facts={"pairs": float(len(soon)), "moved": float(moved)},
        fact_formats={"pairs": "count", "moved": "count"},
        labels=("Another city", "Same city"),
        values=(float(moved), float(len(soon) - moved)),
        x_title="Within a day of the transaction before",
        y_title="Consecutive transactions",
    )


def _independence(frame: pd.DataFrame) -> Anomaly:
    spearman = correlations(frame[list(NUMBERS)].to_numpy(float), NUMBERS).spearman
    sizes = sorted(
        ((abs(spearman[i][j]), NUMBERS[i], NUMBERS[j]) for i, j in combinations(range(len(NUMBERS)), 2)),
        reverse=True,
    )
    machines = frame["Channel"] == "ATM"
    debit = frame["TransactionType"] == "Debit"
    shares = {
        "machines": float(debit[machines].mean()) if machines.any() else 0.0,
        "elsewhere": float(debit[~machines].mean()) if not machines.all() else 0.0,
    }
    return Anomaly(
        slug="independence",
        title="Nearly everything is independent",
        statement=(
            "Of all pairs of numbers only the first has a rank correlation worth the name, {strongest} in "
            "size; the next has {next}. Besides, cash machines debit in {machines} of the cases, the other"
            " channels in {elsewhere}. A simulator, not a bank."
        ),
        facts={"strongest": sizes[0][0], "next": sizes[1][0], **shares},
        fact_formats={
            "strongest": "number", "next": "number", "machines": "percent", "elsewhere": "percent"
        },
        labels=tuple(f"{first} and {second}" for _, first, second in sizes),
        values=tuple(size for size, _, _ in sizes),
        x_title="Pair of columns",
        y_title="Size of the rank correlation",
    )  # fmt: skip

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
        facts={
            "later": float((days > 0).mean()),
            "least": float(days.min()),
            "most": float(days.max()),
            "window": float((previous.max() - previous.min()).total_seconds() / 60),
        },
        **_bars(starts.value_counts().sort_index(), lambda start: f"{start} to {start + size}"),
    )


def _mondays(frame: pd.DataFrame) -> Anomaly:
    rows = np.bincount(frame["TransactionDate"].dt.day_of_week, minlength=7)
    others = rows[1:5]
    expected = max(others.mean(), 1)
    uneven = ((others - expected) ** 2 / expected).sum()
    return Anomaly(
        slug="mondays",
        facts={
            "monday": float(rows[0] / rows.sum()),
            "rolled": 3 / 7,
            "weekend": float(rows[5:].sum()),
            "chance": float(chdtrc(3, uneven)),
        },
        labels=WEEKDAYS,
        values=tuple(map(float, rows)),
    )


def _hours(frame: pd.DataFrame) -> Anomaly:
    hours = frame["TransactionDate"].dt.hour
    rows = np.bincount(hours, minlength=24)
    return Anomaly(
        slug="hours",
        facts={"used": float((rows > 0).sum()), "all": 24.0, "first": float(rows[hours.min()] / rows.sum())},
        labels=tuple(f"{hour:02d}" for hour in range(24)),
        values=tuple(map(float, rows)),
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
        facts=facts,
        labels=tuple(facts),
        values=tuple(facts.values()),
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
        facts={
            "reconciled": float((gaps <= RECONCILED * pairs["AccountBalance"]).mean()),
            "overdrawn": float(overdrawn.sum()),
            "debits": float(debits.sum()),
        },
        labels=("overdrawn", "debits"),
        values=(float(overdrawn.sum()), float(debits.sum())),
    )


def _travel(pairs: pd.DataFrame) -> Anomaly:
    soon = pairs[pairs["hours"] < 24]
    moved = int(_changed(soon, "Location").sum())
    return Anomaly(
        slug="travel",
        facts={"pairs": float(len(soon)), "moved": float(moved)},
        labels=("moved", "stayed"),
        values=(float(moved), float(len(soon) - moved)),
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
        facts={"strongest": sizes[0][0], "next": sizes[1][0], **shares},
        labels=tuple(f"{first} and {second}" for _, first, second in sizes),
        values=tuple(size for size, _, _ in sizes),
    )  # fmt: skip

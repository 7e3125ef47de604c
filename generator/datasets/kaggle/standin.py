"""A table like the Kaggle one, simulated from its published schema where the file cannot be had."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from generator.datasets.kaggle.schema import COLUMNS, settled
from generator.engine.seeding import stage_rng

SEED = 2512
"""Fixed: every stand-in is the same table, whatever the seed of the study."""
ROWS = 2512

_CITIES = (
    "Albuquerque", "Atlanta", "Austin", "Baltimore", "Boston", "Charlotte", "Chicago", "Colorado Springs",
    "Columbus", "Dallas", "Denver", "Detroit", "El Paso", "Fort Worth", "Fresno", "Houston", "Indianapolis",
    "Jacksonville", "Kansas City", "Las Vegas", "Los Angeles", "Memphis", "Mesa", "Miami", "Milwaukee",
    "Nashville", "New York", "Oklahoma City", "Omaha", "Philadelphia", "Phoenix", "Portland", "Raleigh",
    "Sacramento", "San Antonio", "San Diego", "San Francisco", "San Jose", "Seattle", "Tucson",
    "Virginia Beach", "Washington", "Louisville",
)  # fmt: skip

_OCCUPATIONS = ("Student", "Doctor", "Engineer", "Retired")
_OCCUPATION_ROWS = np.array([657, 631, 625, 599])
_AGES = {"Student": (18, 28), "Doctor": (29, 70), "Engineer": (26, 60), "Retired": (51, 80)}
"""Youngest and oldest, years; even between."""

_LEVELS = (0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 1.0)
_BALANCES = {
    "Student": (101, 206, 587, 1082, 1629, 6518, 9963),
    "Doctor": (121, 747, 6511, 9663, 12296, 14405, 14978),
    "Engineer": (113, 822, 2997, 5678, 7844, 9565, 9983),
    "Retired": (1006, 1405, 2655, 4574, 6319, 7608, 7997),
}
"""Quantiles at _LEVELS, USD; even between."""
_DURATIONS = (10, 24, 63, 112.5, 161, 265, 300)
"""Quantiles at _LEVELS, seconds."""


def simulate() -> pd.DataFrame:
    """2,512 rows with the sixteen columns, drawn column by column; only the published dependences are kept.

    Those are: age and balance follow the occupation, and cash machines mostly debit. Weekends move to Monday.
    """
    rng = stage_rng(SEED, "kaggle: stand-in")
    occupation = rng.choice(_OCCUPATIONS, ROWS, p=_OCCUPATION_ROWS / _OCCUPATION_ROWS.sum())
    channel = rng.choice(("Branch", "ATM", "Online"), ROWS, p=np.array([868, 833, 811]) / ROWS)
    debit = rng.random(ROWS) < np.where(channel == "ATM", 0.91, 0.7065)
    many_logins = rng.random(ROWS) < 0.0486
    start = np.datetime64("2024-11-04T08:06:23", "s")
    columns = {
        "TransactionID": [f"TX{i:06d}" for i in range(1, ROWS + 1)],
        "AccountID": _ids(rng, "AC", 5, 500),
        "TransactionAmount": np.clip(rng.exponential(297.59, ROWS), 0.26, 1919.11),
        "TransactionDate": _times(rng),
        "TransactionType": np.where(debit, "Debit", "Credit"),
        "Location": rng.choice(_CITIES, ROWS),
        "DeviceID": _ids(rng, "D", 6, 700),
        "IP Address": rng.choice(_addresses(rng, 600), ROWS),
        "MerchantID": _ids(rng, "M", 3, 100),
        "Channel": channel,
        "CustomerAge": _by_occupation(
            occupation, lambda name, n: rng.integers(*_AGES[name], n, endpoint=True)
        ),
        "CustomerOccupation": occupation,
        "TransactionDuration": np.rint(np.interp(rng.random(ROWS), _LEVELS, _DURATIONS)),
        "LoginAttempts": np.where(many_logins, rng.integers(2, 5, ROWS, endpoint=True), 1),
        "AccountBalance": _by_occupation(
            occupation, lambda name, n: np.interp(rng.random(n), _LEVELS, _BALANCES[name])
        ),
        "PreviousTransactionDate": start + rng.integers(0, 360, ROWS).astype("timedelta64[s]"),
    }
    return settled(pd.DataFrame(columns)[list(COLUMNS)])


def _ids(rng: np.random.Generator, prefix: str, digits: int, many: int) -> list[str]:
    return [f"{prefix}{i:0{digits}d}" for i in rng.integers(1, many, ROWS, endpoint=True)]


def _addresses(rng: np.random.Generator, many: int) -> list[str]:
    first = rng.integers(1, 223, many, endpoint=True)
    rest = rng.integers(0, 255, (many, 3), endpoint=True)
    return [f"{a}.{b}.{c}.{d}" for a, (b, c, d) in zip(first, rest, strict=True)]


def _by_occupation(occupation: np.ndarray, draw: Callable[[str, int], np.ndarray]) -> np.ndarray:
    values = np.zeros(len(occupation))
    for name in _OCCUPATIONS:
        rows = occupation == name
        values[rows] = draw(name, int(rows.sum()))
    return values


def _times(rng: np.random.Generator) -> np.ndarray:
    """Even over the days of 2023, Saturday and Sunday moved to Monday; hours 16, 17 and 18 only."""
    days = np.datetime64("2023-01-01", "D") + rng.integers(0, 365, ROWS)
    weekdays = np.busday_offset(days, 0, roll="forward")
    hours = rng.choice((16, 17, 18), ROWS, p=(0.524, 0.326, 0.150))
    seconds = hours * 3600 + rng.integers(0, 3600, ROWS)
    return weekdays.astype("datetime64[s]") + seconds.astype("timedelta64[s]")

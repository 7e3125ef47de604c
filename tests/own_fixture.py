"""A made-up table of claims, and a study file for it, small and without a fault, to be changed by tests."""

import csv
import io
from pathlib import Path

import numpy as np

from generator.datasets.own import OwnTable, load
from generator.datasets.study_file import read_validation

ROWS = 400

STUDY = """
table = "claims.csv"
title = "Claims"
label = { column = "Fraud", fraud = "Yes" }
id = "Policy"
amount = "Amount"
currency = "EUR"
time = "Day"
groups = ["Sex"]
ignored = ["Desk"]

[reading]
missing = ["", "NA"]

[[inputs]]
name = "Amount"
title = "Amount"
unit = "EUR"
decimals = 2
control = "effort"
helps = "down"
note = "Whoever claims writes it."

[[inputs]]
name = "Cars"
title = "Cars"
decimals = 0
integer = true
control = "free"
helps = "up"
note = "A friend's car will do."

[[inputs]]
name = "Witness"
title = "Witness"
decimals = 0
kind = "flag"
categories = ["No", "Yes"]
control = "free"
helps = "up"
note = "A friend will do."

[[inputs]]
name = "Make"
title = "Make"
decimals = 0
kind = "category"
categories = ["Audi", "Fiat", "Saab"]
control = "nobody"
helps = "none"
note = "On the papers."

[[inputs]]
name = "Delay"
title = "Delay"
decimals = 0
kind = "band"
categories = ["none", "1to7", "morethan7"]
missing = true
control = "effort"
helps = "down"
note = "Who reports when he likes."
"""


def cells() -> dict[str, list[str]]:
    """Column -> its cells; frauds, one in eight, claim less and later, with no rule that tells them."""
    rng = np.random.default_rng(1)
    fraud = rng.random(ROWS) < 1 / 8
    return {
        "Policy": [f"P{number}" for number in rng.permutation(10 * ROWS)[:ROWS]],
        "Amount": [f"{value:.2f}" for value in rng.gamma(2, 500 - 200 * fraud)],
        "Cars": [str(value) for value in rng.integers(1, 6, ROWS)],
        "Witness": list(np.where(rng.random(ROWS) < 0.2, "Yes", "No")),
        "Make": list(rng.choice(["Audi", "Fiat", "Saab"], ROWS)),
        "Delay": list(rng.choice(["none", "1to7", "morethan7", "NA"], ROWS)),
        "Sex": list(rng.choice(["f", "m"], ROWS)),
        "Day": [str(np.datetime64("2023-01-01") + day) for day in np.sort(rng.integers(0, 365, ROWS))],
        "Desk": [str(value) for value in rng.integers(1, 20, ROWS)],
        "Fraud": list(np.where(fraud, "Yes", "No")),
    }


def text(columns: dict[str, list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def changed(text: str, *changes: tuple[str, str]) -> str:
    """A study file with other words, each of them once."""
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    return text


def written(folder: Path, table: dict[str, list[str]] | bytes, *changes: tuple[str, str]) -> Path:
    """The study file in `folder`, with these changes, beside its table."""
    content = table if isinstance(table, bytes) else text(table).encode()
    (folder / "claims.csv").write_bytes(content)
    (folder / "claims.toml").write_text(changed(STUDY, *changes), encoding="utf-8")
    return folder / "claims.toml"


def loaded(folder: Path, table: dict[str, list[str]] | bytes, *changes: tuple[str, str]) -> OwnTable:
    return load(read_validation(written(folder, table, *changes)), folder)

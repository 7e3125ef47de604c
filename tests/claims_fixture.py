"""A table of claims that a test makes, and models in use that were trained on a part of it."""

from pathlib import Path

import numpy as np
import pandas as pd

MAKES = ("Audi", "BMW", "Fiat")
RARE = "Zastava 750"
"""A make that fewer rows have than may be named."""
PRICES = ("less than 20_000", "20_000 to 39_000", "more than 39_000")

STUDY = """
table = "claims.csv"
title = "Claims"
label = { column = "Outcome", fraud = "fraud" }
id = "Claim"
split = { column = "Part", trains = ["build"], judged = ["holdout"] }

[reading]
missing = [""]

[[inputs]]
name = "Claimed"
title = "Claimed"
decimals = 2
control = "effort"
helps = "down"
note = "Whoever claims writes it."

[[inputs]]
name = "Days since policy"
title = "Days since policy"
decimals = 0
integer = true
control = "nobody"
helps = "none"
note = "Counted by the insurer."

[[inputs]]
name = "Price"
title = "Price"
decimals = 0
kind = "band"
categories = ["less than 20_000", "20_000 to 39_000", "more than 39_000"]
control = "insider"
helps = "down"
note = "A dealer may help."

[[inputs]]
name = "Make"
title = "Make"
decimals = 0
kind = "category"
categories = ["Audi", "BMW", "Fiat", "Zastava 750"]
control = "nobody"
helps = "none"
note = "On the papers."

[[inputs]]
name = "Witness"
title = "Witness"
decimals = 0
kind = "flag"
categories = ["no", "yes"]
control = "free"
helps = "up"
note = "A friend will do."

[[deployed]]
name = "champion"
title = "The model in use"
file = "model.json"
cut = { false_positive_rate = 0.05 }
saw = "rows that train"
scores = { file = "scores.csv", column = "score", id = "Claim" }
"""
"""A study file of all that `write` leaves."""


def claims(n: int = 700, seed: int = 0) -> pd.DataFrame:
    """n claims, a fifth of them frauds: an id, two numbers, a band, a category, a flag, when, and which part trains."""
    rng = np.random.default_rng(seed)
    price, make = rng.integers(0, 3, n), rng.integers(0, 3, n)
    days, claimed = rng.integers(1, 40, n), np.round(rng.gamma(2, 400, n), 2)
    witness = rng.integers(0, 2, n)
    makes = np.array(MAKES, dtype=object)[make]
    makes[rng.choice(n, 4, replace=False)] = RARE
    risk = claimed / 500 + price - days / 15 - witness + (make == 2) + rng.normal(0, 0.6, n)
    return pd.DataFrame(
        {
            "Claim": [f"CL-{i:05d}-{rng.integers(10**6):06d}" for i in range(n)],
            "Claimed": claimed,
            "Days since policy": days,
            "Price": np.array(PRICES)[price],
            "Make": makes,
            "Witness": np.where(witness == 1, "yes", "no"),
            "Part": np.where(rng.random(n) < 0.6, "build", "holdout"),
            "Outcome": np.where(risk > np.quantile(risk, 0.8), "fraud", "genuine"),
        }
    )


def columns(table: pd.DataFrame) -> pd.DataFrame:
    """What a model is given: numbers, and categories of pandas in the order of their names."""
    inputs = table[["Claimed", "Days since policy", "Price", "Make", "Witness"]].copy()
    for name in ("Price", "Make", "Witness"):
        inputs[name] = inputs[name].astype("category")
    return inputs


def write(folder: Path, n: int = 700) -> pd.DataFrame:
    """claims.csv, model.json of XGBoost trained on the part `build`, and scores.csv of all rows."""
    from xgboost import XGBClassifier

    table = claims(n)
    given, fraud, build = columns(table), table["Outcome"] == "fraud", table["Part"] == "build"
    model = XGBClassifier(n_estimators=30, max_depth=3, enable_categorical=True, tree_method="hist", n_jobs=1)
    model.fit(given[build], fraud[build])
    table.to_csv(folder / "claims.csv", index=False)
    model.save_model(folder / "model.json")
    scores = pd.DataFrame({"Claim": table["Claim"], "score": model.predict_proba(given)[:, 1]})
    scores.to_csv(folder / "scores.csv", index=False)
    return table


def asked(folder: Path, n: int = 700) -> pd.DataFrame:
    """As `write`, with claims.toml, a study file of it."""
    table = write(folder, n)
    (folder / "claims.toml").write_text(STUDY)
    return table

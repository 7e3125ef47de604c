"""Bank checks: simulated transactions whose label is the top share of a composite risk equation."""

import numpy as np
import pandas as pd

from generator.datasets.canonical import canonical_sha256
from generator.datasets.checks.marginals import beta, gamma, lognormal, negative_binomial, probability
from generator.datasets.checks.marks import marks
from generator.datasets.profile import summary
from generator.datasets.study_file import check_columns
from generator.datasets.table import (
    DataError,
    FreshRows,
    LabelledTable,
    Rule,
    ScoreTerms,
    SourceOptions,
    check_learnable,
    flag_top,
    weight_vector,
)
from generator.engine.seeding import stage_rng
from generator.records.results import DatasetSummary, DataSource
from generator.records.spec import StudySpec

COLUMNS = ("Amount", "Account Age", "Bounced Checks", "Distance", "Signature Match")
"""The inputs, as `simulate` makes them."""
SIGNS = np.array([1, -1, 1, 1, -1])
"""+1 where the risk score rises with the input, -1 where it falls."""
TERMS = (
    "amount",
    "young account",
    "bounced checks",
    "distance",
    "signature mismatch",
    "amount and mismatch",
)

LATENT = 0.30
"""Correlation of each feature's normal score with the hidden riskiness of the transaction."""
MARGINALS = (
    lognormal(650, 0.95, low=10, high=25_000, decimals=2),
    gamma(shape=1.6, scale=4.2, low=0.08, high=40, decimals=2),
    negative_binomial(mean=0.55, size=0.7, low=0, high=12, decimals=0),
    lognormal(9, 1.25, low=0.1, high=3_000, decimals=1),
    beta(9, 1.6, low=0.05, high=1, decimals=3),
)
"""How each input is spread, in the order of COLUMNS."""


def simulate(rows: int, rng: np.random.Generator) -> pd.DataFrame:
    """`rows` checks in raw units, ids CHK00001 and up.

    A latent u ~ N(0, 1) gives each feature the normal score z = ±0.30 u + sqrt(1 - 0.30²) e, e ~ N(0, 1),
    which its marginal turns into USD, years, a count, miles, or a score in 0..1, rounded to what is shown.
    """
    u = rng.standard_normal((rows, 1))
    e = rng.standard_normal((rows, len(COLUMNS)))
    z = SIGNS * LATENT * u + np.sqrt(1 - LATENT**2) * e
    columns = [marginal.draw(z[:, j]) for j, marginal in enumerate(MARGINALS)]
    frame = pd.DataFrame({"CheckID": [f"CHK{i:05d}" for i in range(1, rows + 1)]})
    for name, column in zip(COLUMNS, columns, strict=True):
        frame[name] = column
    return frame.astype({"Bounced Checks": "int64"})


def fresh(spec: StudySpec) -> FreshRows | None:
    """Checks no study has seen; None where the label has noise, which no rule gives again."""
    if spec.label.noise:
        return None
    frame = simulate(spec.proof.population_rows, stage_rng(spec.seed, "checks: population"))
    return FreshRows(
        x=frame[list(COLUMNS)].to_numpy(float),
        probability=lambda x: probability(x, MARGINALS, SIGNS * LATENT),
        low=np.array([marginal.low for marginal in MARGINALS]),
        high=np.array([marginal.high for marginal in MARGINALS]),
        step=np.array([marginal.step for marginal in MARGINALS]),
    )


def score_terms(table_x: np.ndarray) -> ScoreTerms:
    """The terms of the risk equation, z-scored with the mean and spread of table_x (n, 5) for good."""
    logs = _logs(table_x)
    mean, spread = logs.mean(0), logs.std(0)

    def terms(x: np.ndarray) -> np.ndarray:
        t = (_logs(x) - mean) / spread
        both = np.maximum(t[:, 0], 0) * np.maximum(t[:, 4], 0)
        return np.column_stack((t, both))

    return terms


def _logs(x: np.ndarray) -> np.ndarray:
    amount, age, bounced, distance, signature = x.T
    return np.column_stack(
        (np.log(amount), -np.log1p(age), np.log1p(bounced), np.log1p(distance), np.log(1.02 - signature))
    )


def load(spec: StudySpec, options: SourceOptions) -> LabelledTable:
    """The simulated checks of `spec`, labelled; `options` change nothing here.

    Raises:
        StudyFileError: The study is of other columns.
        DataError: Too few rows for the folds, or weights for other terms than the equation has.
    """
    check_columns(spec, ("CheckID", *COLUMNS), COLUMNS)
    if spec.rows is None:
        raise DataError(f"study {spec.dataset!r}: rows: is missing; say how many checks to simulate")
    frame = simulate(spec.rows, stage_rng(spec.seed, "checks: simulate"))
    x = frame[list(COLUMNS)].to_numpy(float)
    terms, weights = score_terms(x), weight_vector(spec.label, TERMS)
    signal = terms(x) @ weights
    noise = stage_rng(spec.seed, "checks: label noise").standard_normal(spec.rows)
    score = signal + spec.label.noise * signal.std() * noise
    ids = frame["CheckID"].to_numpy(str)
    y = flag_top(score, spec.label.fraud_share, ids)
    table = LabelledTable(
        name=spec.dataset,
        title=spec.title,
        description=spec.described("synthetic"),
        frame=frame,
        ids=ids,
        x=x,
        y=y,
        amount=COLUMNS.index(spec.amount),
        features=tuple(given.measured(x[:, i]) for i, given in enumerate(spec.inputs)),
        source=DataSource(
            status="synthetic",
            origin="simulated by this study",
            file_sha256="",
            canonical_sha256=canonical_sha256(
                frame, {each.name: each.decimals for each in spec.inputs if each.decimals}
            ),
            licence="Apache-2.0, as this study",
        ),
        rule=Rule.flagging(x, y, score, terms, weights, TERMS, SIGNS),
    )
    check_learnable(table, spec.training.folds)
    return table


KINDS = {"CheckID": "identifier"} | dict.fromkeys(COLUMNS, "number")


def summarise(table: LabelledTable, spec: StudySpec) -> DatasetSummary:
    """The facts about `table` that the pages show."""
    return summary(table, spec, KINDS, marks(table))

"""Kaggle bank transactions: the public table without a label, labelled by the top share of a risk score."""

import numpy as np

from generator.datasets.kaggle import source as kaggle_source
from generator.datasets.kaggle.anomalies import anomalies
from generator.datasets.kaggle.schema import COLUMNS
from generator.datasets.profile import Profile, summary
from generator.datasets.table import (
    Dataset,
    Input,
    LabelledTable,
    Rule,
    ScoreTerms,
    SourceOptions,
    check_learnable,
    flag_top,
    weight_vector,
)
from generator.records.results import DatasetSummary
from generator.records.spec import HardeningSpec, LabelSpec, StudySpec

TITLE = "Kaggle transactions"

INPUTS = (
    Input("TransactionAmount", "Amount", "USD", 2, "effort", "down", 1,
          "The fraudster chooses it; splitting or shrinking a payment is loot given up."),
    Input("CustomerAge", "Customer age", "years", 0, "nobody", "none", 0,
          "Checked when the account was opened, and without weight in the score: "
          "an attack that spends its budget here gains nothing.", integer=True),
    Input("TransactionDuration", "Duration", "seconds", 0, "free", "both", 1,
          "A script paces itself as it likes.", integer=True),
    Input("LoginAttempts", "Login attempts", "", 0, "costly", "down", 1,
          "Fewer failures need good credentials.", integer=True),
    Input("AccountBalance", "Account balance", "USD", 2, "insider", "up", -1,
          "The victim's money; it moves only if the account is funded first."),
)  # fmt: skip

FEATURES = tuple(given.name for given in INPUTS)
DESCRIPTIONS = {
    "kaggle_verified": (
        "A public table of bank transactions that carries no fraud label and shows the marks of a simulator. "
        "Fraud is the top share of a risk score; no number here describes real customers."
    ),
    "kaggle_columns": (
        "A table with the columns of the Kaggle bank transactions, but not that table. "
        "Fraud is the top share of a risk score."
    ),
    "stand_in": (
        "Simulated transactions that stand in for the Kaggle bank transactions, which could not be had. "
        "Fraud is the top share of a risk score; no number here describes real customers."
    ),
}
SIGNS = np.array([given.score_sign for given in INPUTS])
TERMS = ("amount", "amount share", "login attempts", "duration", "thin balance")

STUDY = StudySpec(
    dataset="kaggle",
    label=LabelSpec(
        fraud_share=0.2,
        weights=dict(zip(TERMS, (0.35, 0.25, 0.20, 0.10, 0.10), strict=True)),
        formula=(
            "S = w(amount) · r(amount) + w(amount share) · r(amount / (amount + balance)) "
            "+ w(login attempts) · (login attempts − 1) / 4 + w(duration) · r(duration) "
            "+ w(thin balance) · (1 − r(balance)), "
            "where r(·) is the share of all rows below, ties counted half"
        ),
    ),
    # Several budgets, as the original: this dataset was hardened against weak and strong attacks together.
    hardening=HardeningSpec(epsilons=(0.1, 0.25, 0.35, 0.5)),
)


def midrank_share(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """r(v) = (rows of the rising sample `ordered` below v + half of those equal) / n; there, (midrank - 1/2) / n."""
    each, places = np.unique(values, return_inverse=True)  # to look up in rising order is many times faster
    below = np.searchsorted(ordered, each, side="left")
    not_above = np.searchsorted(ordered, each, side="right")
    return ((below + not_above) / (2 * len(ordered)))[places]


def amount_share(amount: np.ndarray, balance: np.ndarray) -> np.ndarray:
    """amount / (amount + balance), 0 where both are 0."""
    return amount / np.maximum(amount + balance, 0.01)


def score_terms(table_x: np.ndarray) -> ScoreTerms:
    """The terms of the risk score, ranked among the rows of table_x (n, 5) for good.

    Login attempts are scaled, not ranked: nearly all rows have one, so ranks would say nothing.
    """
    amount0, _, duration0, _, balance0 = np.sort(table_x, axis=0).T
    share0 = np.sort(amount_share(table_x[:, 0], table_x[:, 4]))

    def terms(x: np.ndarray) -> np.ndarray:
        amount, _, duration, logins, balance = x.T
        return np.column_stack(
            (
                midrank_share(amount0, amount),
                midrank_share(share0, amount_share(amount, balance)),
                (logins - 1) / 4,
                midrank_share(duration0, duration),
                1 - midrank_share(balance0, balance),
            )
        )

    return terms


def load(spec: StudySpec, options: SourceOptions) -> LabelledTable:
    """The Kaggle table, or what stands in for it, labelled.

    Raises:
        DataError: The file given or found cannot be used, or has too few rows for the folds.
    """
    frame, source = kaggle_source.obtain(options)
    x = frame[list(FEATURES)].to_numpy(float)
    terms, weights = score_terms(x), weight_vector(spec.label, TERMS)
    score = terms(x) @ weights
    ids = frame["TransactionID"].to_numpy(str)
    y = flag_top(score, spec.label.fraud_share, ids)
    table = LabelledTable(
        name="kaggle",
        title=TITLE,
        description=DESCRIPTIONS[source.status],
        frame=frame,
        ids=ids,
        x=x,
        y=y,
        amount=FEATURES.index("TransactionAmount"),
        features=tuple(given.measured(x[:, i]) for i, given in enumerate(INPUTS)),
        source=source,
        rule=Rule(
            terms=terms,
            weights=weights,
            names=TERMS,
            signs=SIGNS,
            low=x.min(0),
            high=x.max(0),
            score=score,
            cut=float(score[y == 1].min()),
        ),
    )
    check_learnable(table, spec.training.folds)
    return table


PROFILE = Profile(
    roles={column: (described.kind, described.role) for column, described in COLUMNS.items()},
    breakdowns=(
        ("TransactionType", "Transaction type", "category",
         "Debits outnumber credits, most of all at cash machines."),
        ("Channel", "Channel", "category", "The channels are used evenly."),
        ("CustomerOccupation", "Occupation", "category",
         "Fraud differs by occupation only because balances do, and the score reads balances."),
        ("CustomerAge", "Customer age", "decade",
         "Fraud differs by age only because balances do, and the score reads balances."),
        ("Location", "City", "category", "The cities are used evenly."),
        ("LoginAttempts", "Login attempts", "category", "Nearly every row has a single attempt."),
        ("AccountID", "Transactions of the same account", "rows_per_id",
         "As if accounts were drawn at random."),
        ("DeviceID", "Transactions of the same device", "rows_per_id",
         "Most devices serve several accounts."),
        ("IP Address", "Transactions of the same IP address", "rows_per_id",
         "Most addresses serve several accounts."),
        ("MerchantID", "Transactions of the same merchant", "rows_per_id",
         "As if merchants were drawn at random."),
    ),
    dates="TransactionDate",
    time_notes={
        "Hour of day": "All transactions fall into one slice of the afternoon.",
        "Weekday": "Weekends are empty and Monday holds their share.",
        "Month": "The months are used evenly.",
    },
)  # fmt: skip


def summarise(table: LabelledTable, spec: StudySpec) -> DatasetSummary:
    """The facts about `table` that the pages show."""
    # The notes are true of the published table and of its stand-in; nothing is known of another file.
    profile = PROFILE.without_notes() if table.source.status == "kaggle_columns" else PROFILE
    return summary(table, profile, spec.label, anomalies(table.frame))


DATASET = Dataset(name="kaggle", title=TITLE, study=STUDY, load=load, summarise=summarise)

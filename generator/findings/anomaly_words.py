"""What is odd about a dataset, in words: the sentence of each finding, and the axes of its chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.notation.formats import Statement


@dataclass(frozen=True)
class AnomalyWords:
    said: Statement
    x_title: str
    y_title: str
    labels: Mapping[str, str] = field(default_factory=dict)
    """Label of a bar in the record -> what a reader sees; others stand as they are."""


ANOMALIES = {
    "previous-date": AnomalyWords(
        Statement(
            "The previous transaction comes after the transaction",
            "PreviousTransactionDate is later than TransactionDate in {later} of the rows, by {least} "
            "to {most}, and all its values lie within {window} minutes: it records when the file was "
            "made, not what a customer did. The study never uses it.",
            {"later": "percent", "least": "days", "most": "days", "window": "count"},
        ),
        "Days from the transaction to its previous one",
        "Rows",
    ),
    "mondays": AnomalyWords(
        Statement(
            "Weekends were moved to Monday",
            "{monday} of the rows fall on a Monday; three even days rolled into one would give "
            "{rolled}. {weekend} rows fall on a weekend. If Tuesday to Friday were truly even, they "
            "would look at least this uneven with probability {chance}.",
            {"monday": "percent", "rolled": "percent", "weekend": "count", "chance": "number"},
        ),
        "Weekday",
        "Rows",
    ),
    "hours": AnomalyWords(
        Statement(
            "All transactions fall into a few hours of the day",
            "All transactions, cash machines and online included, start in {used} of {all} hours of the "
            "day; {first} of them in the first of these hours.",
            {"used": "count", "all": "count", "first": "percent"},
        ),
        "Hour of day",
        "Rows",
    ),
    "accounts": AnomalyWords(
        Statement(
            "The customer changes between transactions of one account",
            "From one transaction of an account to the next the customer's age changes in {age} of the "
            "cases and goes down in {younger}, the occupation changes in {occupation}, the city in "
            "{city}, and device and IP address together in {device}.",
            {
                "age": "percent",
                "younger": "percent",
                "occupation": "percent",
                "city": "percent",
                "device": "percent",
            },
        ),
        "What changes from one transaction of an account to the next",
        "Share of consecutive transactions",
        {
            "age": "Age",
            "younger": "Age goes down",
            "occupation": "Occupation",
            "city": "City",
            "device": "Device and IP address",
        },
    ),
    "balances": AnomalyWords(
        Statement(
            "Balances do not add up",
            "The balance before, minus a debit or plus a credit, gives the balance after in "
            "{reconciled} of consecutive transactions. {overdrawn} payments are larger than the "
            "balance, {debits} of them debits.",
            {"reconciled": "percent", "overdrawn": "count", "debits": "count"},
        ),
        "Payments larger than the balance",
        "Rows",
        {"overdrawn": "Amount above balance", "debits": "of which debits"},
    ),
    "travel": AnomalyWords(
        Statement(
            "Accounts change city within a day",
            "Of {pairs} transactions within a day of the one before on the same account, {moved} are in "
            "another city. In a bank's data that would be a warning; here it is an artefact and is not "
            "used.",
            {"pairs": "count", "moved": "count"},
        ),
        "Within a day of the transaction before",
        "Consecutive transactions",
        {"moved": "Another city", "stayed": "Same city"},
    ),
    "independence": AnomalyWords(
        Statement(
            "Most columns are unrelated",
            "Of all pairs of numbers only the first has a sizeable rank correlation, {strongest} "
            "in size; the next has {next}. Besides, cash machines debit in {machines} of the cases, the "
            "other channels in {elsewhere}. That points to a simulator.",
            {"strongest": "number", "next": "number", "machines": "percent", "elsewhere": "percent"},
        ),
        "Pair of columns",
        "Size of the rank correlation",
    ),
    "bounced-checks": AnomalyWords(
        Statement(
            "Most accounts never bounced a check",
            "{none} of the checks come from accounts without a bounced check and {several} from "
            "accounts with two or more, by the design of the simulation; a bank's own shares would "
            "differ.",
            {"none": "percent", "several": "percent"},
        ),
        "Bounced checks",
        "Rows",
    ),
    "weak-dependence": AnomalyWords(
        Statement(
            "The inputs barely depend on each other",
            "Only one hidden riskiness links the features: of all pairs the strongest rank correlation "
            "is {strongest} in size, the weakest {weakest}. In real accounts the ties are far stronger.",
            {"strongest": "number", "weakest": "number"},
        ),
        "Pair of features",
        "Size of the rank correlation",
    ),
    "label-is-a-formula": AnomalyWords(
        Statement(
            "The label is a formula",
            "Ranking the rows by the score the label was cut from separates the classes with an area "
            "under the curve of {area}: a model with high accuracy has learned the equation, not found "
            "fraud.",
            {"area": "number"},
        ),
        "Tenth of the rows, by rising score",
        "Share of fraud",
    ),
}
"""By the slug of the finding."""

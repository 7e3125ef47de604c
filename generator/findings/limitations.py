"""The register of limitations: what the study leaves out, which way it bends the figures, and what is done about it.

It is data: the pages render what holds for their studies, nothing else states a limit. An owner is a person, so it is
left to be filled in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from generator.records.results import StudyResult

Severity = Literal["high", "medium", "low"]
Direction = Literal["too good", "too bad", "either way"]
"""How the figures look because of the limit, beside what would be true at a bank."""


@dataclass(frozen=True)
class Limitation:
    """One entry; the text holds no figure of a run."""

    id: str
    statement: str
    effect: str
    direction: Direction
    severity: Severity
    mitigation: str
    page: str
    """Where it shows, as a link from another page."""
    title: str
    """Name of that page."""
    rule: bool = False
    """Holds only where a rule made the label."""


REGISTER = (
    Limitation(
        "L01", "The data is simulated, or bears the marks of a simulator.",
        "No figure describes real customers, and rows lack the ties that real payments have.",
        "either way", "high", "The marks are shown one by one; the hash of the table is on every page.",
        "data.md", "Data",
    ),
    Limitation(
        "L02", "The label is a formula of the inputs.",
        "High accuracy means that the formula was learned again. Nothing here measures skill at finding real fraud.",
        "too good", "high", "The formula, its cut and its sensitivity to the weights are in the data card.",
        "data.md", "Data", rule=True,
    ),
    Limitation(
        "L03", "The share of frauds is far above a bank's.",
        "Counts, alerts, precision and money are a scenario, not a forecast.",
        "either way", "high", "Rates are given by class, so that they can be carried to another share.",
        "impact.md", "Business impact",
    ),
    Limitation(
        "L04", "No split by time is possible.",
        "Drift is not seen: a model is judged on rows of the same time as those that trained it.",
        "too good", "high", "None here. A bank's own data has to be split by time.", "method.md", "Method",
    ),
    Limitation(
        "L05", "Accounts, devices and customers do not persist.",
        "Features of past behaviour cannot be made or attacked; a fraudster's second try is not modelled.",
        "either way", "medium", "Such features are described, and not used.", "data.md", "Data",
    ),
    Limitation(
        "L06", "Only numeric inputs are attacked.",
        "Changes of channel, place, device or wording are not tried.",
        "too good", "medium", "The inputs of the models are numeric, and all of them are attacked.",
        "attack.md", "How the attack works",
    ),
    Limitation(
        "L07", "The attacker knows the model and its weights.",
        "Real fraudsters know less: what is proved is the worst case, not the usual one.",
        "too bad", "medium", "Attacks by scores and by answers alone stand beside it.",
        "evidence.md", "Evidence",
    ),
    Limitation(
        "L08", "No person tried to evade the models.",
        "People combine tricks that no attack here tries, outside the inputs too.",
        "too good", "high", "Within the budget the proof covers every input, whoever chose it. Beyond it, nothing.",
        "crosswalk.md", "Crosswalk",
    ),
    Limitation(
        "L09", "Costs and volumes are assumed.",
        "With other prices a net benefit can turn into a loss.",
        "either way", "high", "Each is named as an assumption, and can be replaced by a bank's own.",
        "impact.md", "Business impact",
    ),
    Limitation(
        "L10", "There are few frauds.",
        "Intervals of a share of frauds are wide; small differences cannot be told from chance.",
        "either way", "medium", "Every row is judged out of fold, in several repetitions; figures have intervals.",
        "method.md", "Method",
    ),
    Limitation(
        "L11", "The label is cut over all rows, before the split.",
        "The definition of fraud has seen the test rows; the models have not.",
        "too good", "low", "None: the label is the same for every model.", "data.md", "Data", rule=True,
    ),
    Limitation(
        "L12", "The label is fixed while the attack moves the inputs.",
        "Some successful attacks have stopped being frauds by the formula.",
        "too bad", "medium", "The share that stays fraud is counted beside it.", "proof.md", "Proof", rule=True,
    ),
    Limitation(
        "L13", "Attacks are searches.", "Figures under attack are upper limits. The exact figures are not.",
        "too good", "medium",
        "Quoted figures have exact ones beside them; where the sanity gate fails, the gap is named.",
        "attacks.md", "Attacks",
    ),
    Limitation(
        "L14", "A proof holds for its box only.",
        "Beyond the budget, or along inputs a tier leaves out, nothing is proved.",
        "too good", "medium", "Proofs are made at many budgets and for every tier.", "proof.md", "Proof",
    ),
    Limitation(
        "L15", "Proofs use exact arithmetic; the model in use rounds.",
        "A row whose margin is zero to within rounding counts as broken.",
        "too bad", "low", "Every example is replayed through the model in use.", "proof.md", "Proof",
    ),
    Limitation(
        "L16", "In the plain box every input may move, also those nobody controls.",
        "The attacker is stronger than a fraudster.",
        "too bad", "medium", "The tiers take away what a fraudster cannot change.", "attack.md",
        "How the attack works",
    ),
    Limitation(
        "L17", "Attacked inputs need not be possible in the world.",
        "The figures are about the model, not about fraud tactics.",
        "too bad", "medium", "In the tiers whole numbers stay whole and values stay within the data's range.",
        "attack.md", "How the attack works",
    ),
    Limitation(
        "L18", "Genuine rows are attacked too, in the plain box.",
        "Accuracy under attack mixes frauds with customers who would not attack. Frauds caught does not.",
        "too bad", "medium", "Frauds caught stands beside every accuracy; in the tiers only frauds move.",
        "attacks.md", "Attacks",
    ),
    Limitation(
        "L19", "Cuts at matched false alarms are set on the genuine rows they are judged on.",
        "They are points of a curve. A cut fixed in advance would miss its share of false alarms by some chance.",
        "too good", "low", "All models are treated alike, so their comparison is not bent.", "proof.md", "Proof",
    ),
    Limitation(
        "L20", "The settings of TRADES and of certified training were picked on test rows.",
        "Their figures are a little too good. The other recipes kept their first settings.",
        "too good", "low", "The choice between models is made on validation rows.", "hardening.md", "Hardening",
    ),
    Limitation(
        "L21", "The limit is for one classifier of all rows, with the spread of the whole table.",
        "Each fold has its own model and its own spread, and by chance these rows may be easier than further ones: for "
        "these models the limit is not strict.",
        "either way", "low", "It is drawn as a ceiling, and no verdict rests on it.", "proof.md", "Proof",
    ),
    Limitation(
        "L22", "Few kinds of model, with few settings each.",
        "Nothing is said about rules, larger networks or larger ensembles.",
        "either way", "medium", "Where other kinds are trained beside FraudNet, each is proved as it is.",
        "hardening.md", "Hardening",
    ),
    Limitation(
        "L23", "The original is known from its description and its reported figures.",
        "Its recipe is rebuilt from the text; its label may differ from this one.",
        "either way", "medium", "Three readings of the text are run.", "hardening.md", "Hardening",
    ),
    Limitation(
        "L24", "Intervals are not corrected for the number of comparisons.",
        "Among many, some differences will be chance.",
        "either way", "low", "The headlines are few; the tables behind them show all.", "method.md", "Method",
    ),
)  # fmt: skip


def register(results: Sequence[StudyResult]) -> tuple[Limitation, ...]:
    """The entries that hold for at least one of the studies."""
    ruled = any(result.data.rule for result in results)
    return tuple(entry for entry in REGISTER if ruled or not entry.rule)


def leading(entries: Sequence[Limitation] = REGISTER) -> tuple[Limitation, ...]:
    """Those of high severity, which a short text must not leave out."""
    return tuple(entry for entry in entries if entry.severity == "high")

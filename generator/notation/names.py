"""What models, attacks, controls and data statuses are called in prose; titles are those of the palette."""

from dataclasses import dataclass

from generator.notation import formats, palette
from generator.records.results import ModelResult, StudyResult
from generator.records.spec import StudySpec


@dataclass(frozen=True)
class ModelName:
    """How a model is named, in a table and within a sentence, and how it was made."""

    name: str
    phrase: str
    made: str

    @property
    def title(self) -> str:
        return palette.model(self.name).title


_NAMES = (
    ModelName("standard", "the standard model", "Trained on clean rows only."),
    ModelName(
        "approve_everything",
        "approving everything",
        "No model: every transaction passes and every fraud is missed.",
    ),
    ModelName(
        "accumulating_fgsm",
        "the original recipe",
        "Each round makes FGSM examples against the model as it stands. It then trains on the clean rows, "
        "these examples and those of all earlier rounds. Of the readings of the original, this one comes "
        "closest to the figures it reported.",
    ),
    ModelName(
        "current_round_fgsm",
        "the reading that keeps only this round",
        "As above, but the examples of earlier rounds are thrown away.",
    ),
    ModelName(
        "half_batch_fgsm",
        "the reading that attacks half of each batch",
        "Half of every training batch is turned into FGSM examples on the fly.",
    ),
    ModelName(
        "extra_epochs",
        "training longer without attack",
        "The control: as many training steps as the original recipe, all on clean rows.",
    ),
    ModelName(
        "pgd_ramp",
        "PGD training",
        "Every batch is attacked with PGD while training; the budget rises from zero, round by round "
        "(after Madry and others).",
    ),
    ModelName(
        "fgsm_random_start",
        "FGSM with random start",
        "Every batch takes one FGSM step from a random point of the budget, with the same rising budget "
        "(after Wong, Rice and Kolter).",
    ),
    ModelName(
        "trades",
        "TRADES",
        "Clean loss, plus a penalty for any change of the answer within the rising budget "
        "(after Zhang and others).",
    ),
    ModelName(
        "crown_ibp",
        "certified training",
        "Trained on a bound that holds for the whole budget, not on single attacked examples "
        "(interval bounds and CROWN, after Zhang and others).",
    ),
    ModelName(
        "pgd_tier1",
        "threat-matched training",
        "PGD training in which only frauds move, only in the inputs anybody can change, and only in the "
        "direction that helps a fraudster.",
    ),
    ModelName(
        "logistic_regression",
        "logistic regression",
        "A weight for each standardised input, trained on clean rows only.",
    ),
)
MODELS = {words.name: words for words in _NAMES}

CONTROLS = {
    "free": "anybody, at no cost",
    "effort": "a fraudster, with effort",
    "costly": "a patient or well-funded fraudster",
    "insider": "an insider only",
    "nobody": "nobody at the time of the transaction",
}

HELPS = {"up": "up", "down": "down", "both": "either way", "none": "no direction"}

STATUSES = {
    "synthetic": "Synthetic, made by this study",
    "kaggle_verified": "Kaggle file, verified",
    "kaggle_columns": "A different file with the Kaggle columns",
    "stand_in": "STAND-IN: simulated, not the Kaggle file",
}


def attack_title(attack: str, spec: StudySpec) -> str:
    """The attack's name in tables and sentences; PGD carries its number of steps."""
    title = palette.attack(attack).title
    return f"{title}-{formats.count(spec.attack.pgd_steps)}" if attack == "pgd" else title


def attack_phrase(attack: str, spec: StudySpec) -> str:
    """The attack within a sentence; where something is proved, no attack is better."""
    return "the best attack there is (proved)" if attack == "exact" else attack_title(attack, spec)


def models_in_order(result: StudyResult) -> list[ModelResult]:
    """The models in the order every table and chart shows them."""
    return [result.model(name) for name in palette.in_order(model.name for model in result.models)]

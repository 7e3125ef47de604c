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


MODELS = {name: ModelName(name, look.phrase, look.made) for name, look in palette.MODELS.items()}

KINDS = {"relu": "ReLU net", "smooth": "Net with smooth activations", "linear": "Linear", "trees": "Trees",
         "encoded": "Model of encoded columns"}  # fmt: skip
"""What a kind of model is called, by its name in the record."""

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


def hardened_in_order(result: StudyResult) -> list[ModelResult]:
    """Of these, the models that a recipe made."""
    others = (result.roles.baseline, result.roles.trivial)
    return [model for model in models_in_order(result) if model.name not in others]

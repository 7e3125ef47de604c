"""A study that cannot be run, or would quote what it did not measure, cannot be asked for."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from generator.datasets import dataset, datasets
from generator.models.fraudnet.hardening import RECIPES
from generator.records.impact import Scenario
from generator.records.spec import (
    AttackSpec,
    HardeningSpec,
    LabelSpec,
    ProofSpec,
    StudySpec,
    TrainingSpec,
    TreesSpec,
)
from generator.records.validation import ValidationSpec
from generator.study.asked import unknown

SETTINGS = Path(__file__).parent / "golden" / "settings.json"
"""All that both studies and the opening scenario ask for; `python tests/test_spec.py` writes it anew."""


def computing() -> dict:
    """What computes in the settings; words may change."""
    asked = {name: json.loads(dataset(name).study.computing()) for name in ("checks", "kaggle")}
    return asked | {"scenario": Scenario().model_dump(mode="json")}


ASKABLE = SETTINGS.with_name("askable.json")
"""Defaults and bounds of all that a study file may say; written anew with the settings."""


def askable() -> dict[str, str]:
    """By class and field, what stands where nothing is said, and between what it has to lie."""
    return {
        name: json.dumps({key: what[key] for key in ("default", *BOUNDS) if key in what}, sort_keys=True)
        for spec in (StudySpec, ValidationSpec)
        for kind, schema in spec.model_json_schema()["$defs"].items()
        for field, what in schema.get("properties", {}).items()
        if {"default", *BOUNDS} & what.keys() and "$ref" not in what
        for name in [f"{kind}.{field}"]
    }


BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems")


def test_defaults_and_bounds_of_what_may_be_asked_are_those_that_stand():
    standing = json.loads(ASKABLE.read_text(encoding="utf-8"))
    assert askable() == standing, "if this is meant: PYTHONPATH=. .venv/bin/python tests/test_spec.py"


def test_what_the_studies_ask_for_is_what_every_published_number_came_from():
    published = json.loads(SETTINGS.read_text(encoding="utf-8"))
    assert computing() == published, "if this is meant: PYTHONPATH=. .venv/bin/python tests/test_spec.py"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"headline_epsilon": 0.33}, r"budgets \[0.33\] are quoted but not in epsilons"),
        ({"round_epsilons": (0.1, 2.0)}, r"budgets \[2.0\] are quoted but not in epsilons"),
        ({"epsilons": (0.1, 0.25, 0.35, 0.5)}, "start at 0"),
        ({"epsilons": (0.0, 0.1, 0.35, 0.25, 0.5)}, "rise strictly"),
        ({"epsilons": (0.0, 0.1, 0.1, 0.25, 0.35, 0.5)}, "rise strictly"),
        ({"epsilons": (-0.1, 0.0, 0.1, 0.25, 0.35, 0.5)}, "start at 0"),
        ({"pgd_steps": 0}, "greater than or equal to 1"),
        ({"epsilon": (0.0,)}, "Extra inputs"),
    ],
)
def test_an_attack_that_would_not_measure_what_it_quotes_is_refused(settings, complaint):
    with pytest.raises(ValidationError, match=complaint):
        AttackSpec(**settings)


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (TrainingSpec, {"seeds": 0}),
        (TrainingSpec, {"folds": 0}),
        (TrainingSpec, {"epochs": 0}),
        (TrainingSpec, {"batch_size": 0}),
        (TrainingSpec, {"learning_rate": 0}),
        (HardeningSpec, {"rounds": 0}),
        (LabelSpec, {"fraud_share": 0, "weights": {}, "formula": ""}),
        (LabelSpec, {"fraud_share": 0.5, "weights": {}, "formula": ""}),
        (LabelSpec, {"fraud_share": 0.2, "weights": {}, "formula": "", "noise": -1}),
        (TreesSpec, {"depths": (0, 2)}),
        (TreesSpec, {"depths": (), "learning_rates": ()}),
        (TreesSpec, {"choosing_share": 1}),
    ],
)
def test_a_setting_outside_its_range_is_refused(kind, settings):
    with pytest.raises(ValidationError):
        kind(**settings)


def test_every_depth_of_trees_needs_a_learning_rate():
    with pytest.raises(ValidationError, match="2 learning_rates for 3 depths; give one for each"):
        TreesSpec(depths=(2, 3, 4))


@pytest.mark.parametrize(
    ("proved", "complaint"),
    [
        ((0.1, 0.25, 0.5), r"missing: \[0.35\]"),
        ((0.1, 0.35), r"missing: \[0.25, 0.5\]"),
        ((0.1, 0.25, 0.35, 0.5, 0.6), "be among attack.epsilons"),
    ],
)
def test_a_budget_that_is_quoted_but_not_proved_or_proved_but_not_attacked_is_refused(proved, complaint):
    asked = dict(dataset("checks").study) | {"attack": AttackSpec(), "proof": ProofSpec(epsilons=proved)}
    with pytest.raises(ValidationError, match=complaint):
        StudySpec.model_validate(asked)


def test_every_leading_model_and_every_recipe_followed_is_computed():
    assert set(ProofSpec().leading) <= {"standard", *HardeningSpec().recipes}
    assert set(HardeningSpec().followed) <= set(HardeningSpec().recipes)
    assert ProofSpec().quoted_false_positive_rate in ProofSpec().false_positive_rates


@pytest.mark.parametrize("known", datasets(), ids=lambda d: d.name)
def test_the_quick_study_of_every_dataset_is_itself_a_valid_study(known):
    quick = known.study.quickened(seeds=1)
    assert StudySpec.model_validate(quick.model_dump()) == quick
    assert quick.quick
    assert quick.training.replicates == 3
    assert quick.label == known.study.label


@pytest.mark.parametrize("known", datasets(), ids=lambda d: d.name)
def test_every_dataset_is_trained_as_the_original_and_judged_by_fifty_models(known):
    training = known.study.training
    assert (training.hidden, training.epochs, training.batch_size) == ((32, 16), 25, 64)
    assert training.learning_rate == 0.01
    assert training.replicates == 10 * 5


@pytest.mark.parametrize(("name", "epsilons"), [("checks", (0.35,)), ("kaggle", (0.1, 0.25, 0.35, 0.5))])
def test_every_dataset_is_hardened_at_the_budgets_of_the_original(name, epsilons):
    hardening = dataset(name).study.hardening
    assert (hardening.rounds, hardening.epochs_per_round, hardening.epsilons) == (5, 10, epsilons)


def test_what_a_study_asks_for_and_nothing_has_is_told_with_what_there_is():
    study = dataset("checks").study
    assert unknown(study) == []
    assert unknown(study.quickened()) == []
    asked = study.model_copy(
        update={
            "attack": study.attack.model_copy(update={"attacks": ("fgsm", "pdg")}),
            "hardening": study.hardening.model_copy(
                update={"recipes": ("dropout",), "followed": ("dropout",)}
            ),
        }
    )
    attack, recipe = unknown(asked)
    assert attack == "checks: attack.attacks: found 'pdg'; known: fgsm, pgd; did you mean 'pgd'?"
    assert recipe == f"checks: hardening.recipes: found 'dropout'; known: {', '.join(RECIPES)}"


if __name__ == "__main__":
    for path, asked in ((SETTINGS, computing()), (ASKABLE, askable())):
        path.write_text(json.dumps(asked, indent=1) + "\n", encoding="utf-8", newline="\n")

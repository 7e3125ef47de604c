"""Whether what a study asks for is there: the attacks and the ways to harden that it names."""

import difflib

from generator.models.fraudnet.hardening import RECIPES
from generator.models.kinds import TRAINED
from generator.records.spec import StudySpec
from generator.threats.evasion.attacks import ATTACKS


def unknown(spec: StudySpec) -> list[str]:
    """One line a name that nothing here goes by; empty if the study can be run."""
    asked = {
        "attack.attacks": (spec.attack.attacks, ATTACKS),
        "hardening.recipes": (spec.hardening.recipes, RECIPES),
        # those that are not among the recipes are simply not there to be followed
        "hardening.followed": (spec.hardening.followed, dict.fromkeys((*RECIPES, *spec.hardening.recipes))),
    }
    if spec.poisoning:
        known = (spec.roles.baseline, *RECIPES, *TRAINED)
        named = (*spec.poisoning.models, *spec.poisoning.slow_models, *spec.poisoning.hardened)
        asked["poisoning.models"] = (named, dict.fromkeys(known))
    return [
        f"{spec.dataset}: {key}: found {name!r}; known: {', '.join(known)}{_meant(name, known)}"
        for key, (names, known) in asked.items()
        for name in names
        if name not in known
    ]


def _meant(name: str, known) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""

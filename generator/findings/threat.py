"""The threat model of one dataset: who attacks, what for, with what knowledge, and how far in real units."""

from dataclasses import dataclass

from generator.findings.tiers import TierColumn, columns, reach_words
from generator.notation import formats, palette
from generator.notation.names import CONTROLS, attack_title
from generator.records.features import Feature
from generator.records.results import StudyResult

LIBRARIES = ("adversarial-robustness-toolbox", "torch", "numpy", "scipy")
"""Libraries that make or judge an attack."""


@dataclass(frozen=True)
class BudgetLine:
    """One input: who can change it, and what each tier may do to it at the quoted budget."""

    feature: Feature
    control: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class AttackLine:
    """One attack with the settings it ran with."""

    title: str
    knows: str
    settings: str


@dataclass(frozen=True)
class ThreatModel:
    columns: tuple[TierColumn, ...]
    """The tiers of the record."""
    budgets: tuple[BudgetLine, ...]
    fixed: str
    """The inputs no tier but the benchmark may change; empty if there are none."""
    attacks: tuple[AttackLine, ...]
    versions: tuple[tuple[str, str], ...]


def threat_model(result: StudyResult) -> ThreatModel:
    """What the record holds about the attackers of its study."""
    found = columns(result, result.proofs)
    known = {(r.tier, r.feature): r for r in result.proofs.reach}
    budgets = tuple(
        BudgetLine(
            feature,
            CONTROLS[feature.control],
            tuple(reach_words(known.get((column.tier, feature.name)), feature) for column in found),
        )
        for feature in result.data.features
    )
    versions = result.provenance.versions
    return ThreatModel(
        found,
        budgets,
        _fixed(result, known),
        tuple(_attacks(result)),
        tuple((name, versions[name]) for name in LIBRARIES if name in versions),
    )


def _fixed(result: StudyResult, known: dict) -> str:
    real = [reach for (tier, _), reach in known.items() if tier != result.spec.threat.benchmark]
    still = [
        feature.title
        for feature in result.data.features
        if not any((r.down or r.up) for r in real if r.feature == feature.name)
    ]
    return formats.listed(map(formats.md, still)) if real and still else ""


def _attacks(result: StudyResult) -> list[AttackLine]:
    """Settings of every attack that the record says was run, gradients first."""
    spec, battery = result.spec.attack, result.spec.battery
    weights, scores, answers = "the model and its weights", "scores", "answers"
    count, share = formats.count, formats.percent
    lines = [
        AttackLine(
            attack_title(attack, result.spec),
            weights,
            "one step of the whole budget"
            if attack == "fgsm"
            else f"{count(spec.pgd_steps)} steps of {share(spec.pgd_relative_step)} of the budget",
        )
        for attack in spec.attacks
    ]
    known = {
        "pgd_margin": (weights, f"{count(battery.pgd_steps)} steps, {count(battery.restarts)} starts"),
        "apgd": (weights, f"{count(battery.apgd_steps)} steps, {count(battery.apgd_restarts)} starts"),
        "nearest_boundary": (weights, f"{count(battery.boundary_steps)} steps"),
        "transfer": ("another model of the same kind", f"{count(battery.pgd_steps)} steps on that model"),
        "block_search": (scores, f"{count(battery.search_queries)} queries per row"),
        "corners": (scores, "every corner of the box"),
        "hop_skip_jump": (
            answers,
            f"{count(battery.hop_skip_jump_steps)} steps, at most {count(battery.hop_skip_jump_queries)} "
            f"queries per row, on {count(battery.hop_skip_jump_rows)} rows",
        ),
        "zoo": (
            scores,
            f"{count(battery.zoo_steps)} steps on estimated slopes, on {count(battery.zoo_rows)} rows",
        ),
        "tree_copy": (
            answers,
            f"a decision tree that imitates the model, on {count(battery.tree_copy_rows)} rows",
        ),
        "noise": ("nothing", f"{count(battery.noise_draws)} uniform draws per row"),
    }
    ran = {row.attack for row in result.proofs.battery if row.kept is not None}
    lines += [AttackLine(palette.battery(name), *words) for name, words in known.items() if name in ran]
    return lines

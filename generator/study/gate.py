"""The sanity gate: checks that would have caught every well-known way a robustness figure goes wrong.

A check that FAILs names the models whose attack figures may not be quoted as robustness; what
is proved about them stays. Sources: Carlini et al. 2019, arXiv:1902.06705; AutoAttack's
automatic flags; Pintor et al. 2022, arXiv:2106.09947.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from generator.datasets import LabelledTable
from generator.engine.cache import Arrays
from generator.models.folds import Folds
from generator.proofs.verdicts import PROVED, UNRESOLVED
from generator.records.proofs import GateCheck
from generator.records.spec import StudySpec
from generator.threats.evasion.battery import FULL_COVERAGE, BatteryOutcome, worst_case
from generator.threats.evasion.outcomes import CLEAN, Outcomes

FOLLOWING_THE_LOSS = ("fgsm", "pgd_cross_entropy", "apgd")
"""Attacks of the battery that follow the gradient of the loss, which masking hides; the margin's shows through."""

WITHOUT_GRADIENTS = ("corners", "block_search", "transfer", "noise")
"""Attacks of the battery that see no gradient of the model."""


@dataclass(frozen=True)
class Evidence:
    """What the gate looks at."""

    spec: StudySpec
    table: LabelledTable
    folds: Folds
    finals: Mapping[str, Outcomes]
    settled: Mapping[str, Arrays]
    epsilons: tuple[float, ...]
    """Budgets of `settled`."""
    battery: Mapping[str, Mapping[str, BatteryOutcome]]
    crossed: Mapping[str, Arrays]
    """Outcomes of the search and of the mixed-integer program on some rows."""

    @property
    def models(self) -> list[str]:
        return list(self.settled)

    def attacked(self, *attacks: str) -> list[str]:
        """The models that all these attacks apply to."""
        budget = self.spec.attack.headline_epsilon
        return [m for m in self.models if all((attack, budget) in self.finals[m].right for attack in attacks)]

    def kept(self, model: str, attack: str, epsilon: float | None = None) -> float:
        """Robust accuracy, at the headline budget unless told."""
        budget = self.spec.attack.headline_epsilon if epsilon is None else epsilon
        return float(self.finals[model].right[attack, budget].mean())

    def contradictions(self) -> int:
        """Rows proved and yet broken by an attack, over all models, seeds and budgets, the battery included."""
        found = 0
        for model in self.models:
            right = self.finals[model].right
            for attack, epsilon in right:
                if attack in self.spec.attack.attacks and epsilon in self.epsilons:
                    found += int((right["exact", epsilon] & ~right[attack, epsilon]).sum())
            proved = right["exact", self.spec.attack.headline_epsilon][0]
            for outcome in self.battery[model].values():
                found += int((proved[outcome.rows] & ~outcome.right).sum())
        return found


Answer = tuple[bool | None, dict[str, float], list[str]]
"""Whether it passed (None: it does not apply), its numbers, the models it blocks."""


def _disjoint(e: Evidence) -> Answer:
    shared = sum(
        len(np.intersect1d(train, test[:count]))
        for train, test, count in zip(e.folds.train_rows, e.folds.test_rows, e.folds.test_counts, strict=True)
    )
    if e.folds.drawn:
        shared += int(np.isin(e.folds.drawn.rows, e.folds.drawn.judged).sum())
    return shared == 0, {"rows": shared}, []


def _duplicates(e: Evidence) -> Answer:
    judged = np.unique(e.table.x, axis=0)
    repeated = len(e.table.x) - len(judged)
    if e.folds.drawn:
        others = np.unique(e.folds.drawn.x.reshape(-1, judged.shape[1]), axis=0)
        repeated += len(judged) + len(others) - len(np.unique(np.concatenate((judged, others)), axis=0))
    return repeated == 0, {"rows": repeated}, []


def _budget(e: Evidence) -> Answer:
    left = sum(outcomes.violations for outcomes in e.finals.values())
    return left == 0, {"rows": left}, []


def _zero_budget(e: Evidence) -> Answer:
    changed = sum(
        int((e.finals[m].right[a, 0.0] != e.finals[m].right[CLEAN]).sum())
        for a in e.spec.attack.attacks
        for m in e.attacked(a)
    )
    return changed == 0, {"rows": changed}, []


def _seeds(e: Evidence) -> Answer:
    return e.folds.seeds >= e.spec.gate.least_seeds, {"seeds": e.folds.seeds}, []


def _degenerate(e: Evidence) -> Answer:
    y = e.table.y == 1
    worst, named = 1.0, []
    for model in e.models:
        right = e.finals[model].right[CLEAN]
        tp, tn = float(right[:, y].sum()), float(right[:, ~y].sum())  # products overflow 64 bits
        fn, fp = right[:, y].size - tp, right[:, ~y].size - tn
        scale = float(np.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))
        mcc = abs(tp * tn - fp * fn) / scale if scale else 0.0
        worst = min(worst, mcc)
        if mcc < e.spec.gate.least_correlation:
            named.append(model)
    return not named, {"mcc": worst}, named


def _gap(e: Evidence, attack: str) -> Answer:
    gaps = {m: e.kept(m, attack) - e.kept(m, "exact") for m in e.attacked(attack)}
    named = [m for m, gap in gaps.items() if gap > e.spec.gate.overstated]
    return _unless_empty(gaps, not named), {
        "gap": _largest(gaps), "models": len(named), "limit": e.spec.gate.overstated,
    }, named  # fmt: skip


def _largest(gaps: Mapping[str, float]) -> float:
    return max(gaps.values(), default=0.0)


def _unless_empty(gaps: Mapping[str, float], passed: bool) -> bool | None:
    """None where the check concerns no model."""
    return passed if gaps else None


def _pgd_at_least_fgsm(e: Evidence) -> Answer:
    behind = {m: e.kept(m, "pgd") - e.kept(m, "fgsm") for m in e.attacked("fgsm", "pgd")}
    named = [m for m, gap in behind.items() if gap > e.spec.gate.level]
    return _unless_empty(behind, not named), {"gap": _largest(behind), "limit": e.spec.gate.level}, named


def _monotone(e: Evidence) -> Answer:
    rises = 0
    for attack in ("pgd", "exact"):
        for model in e.attacked(attack):
            for a, b in zip(e.epsilons, e.epsilons[1:], strict=False):
                right = e.finals[model].right
                rises += int((right[attack, b] & ~right[attack, a]).sum())
    return rises == 0, {"rows": rises}, []


def _black_box(e: Evidence) -> Answer:
    gaps = {}
    for model, outcomes in e.battery.items():
        following, others = (
            [outcomes[name].right for name in names if name in outcomes]
            for names in (FOLLOWING_THE_LOSS, WITHOUT_GRADIENTS)
        )
        if following:
            gaps[model] = float(np.logical_and.reduce(following).mean()) - min(map(np.mean, others))
    named = [m for m, gap in gaps.items() if gap > e.spec.gate.level]
    return _unless_empty(gaps, not named), {
        "gap": _largest(gaps), "models": len(named), "limit": e.spec.gate.level,
    }, named  # fmt: skip


def _noise(e: Evidence) -> Answer:
    gaps = {
        m: float(o["pgd_cross_entropy"].right.mean() - o["noise"].right.mean())
        for m, o in e.battery.items()
        if "pgd_cross_entropy" in o
    }
    named = [m for m, gap in gaps.items() if gap > e.spec.gate.level]
    return _unless_empty(gaps, not named), {"gap": _largest(gaps), "limit": e.spec.gate.level}, named


def _battery_gap(e: Evidence) -> Answer:
    headline = e.spec.attack.headline_epsilon
    gaps = {
        m: float(worst_case(o).right.mean() - e.finals[m].right["exact", headline][0].mean())
        for m, o in e.battery.items()
    }
    named = [m for m, gap in gaps.items() if gap > e.spec.gate.overstated]
    return (
        not named,
        {"gap": max(gaps.values()), "attacks": len(FULL_COVERAGE), "limit": e.spec.gate.overstated},
        [],
    )


def _settled(e: Evidence) -> Answer:
    left = sum(int((arrays["outcome"] == UNRESOLVED).sum()) for arrays in e.settled.values())
    named = [m for m, arrays in e.settled.items() if (arrays["outcome"] == UNRESOLVED).any()]
    rows = sum(arrays["outcome"].size for arrays in e.settled.values())
    return left == 0, {"rows": left, "all": rows}, named


def _contradictions(e: Evidence) -> Answer:
    found = e.contradictions()
    return found == 0, {"rows": found}, []


def _second_method(e: Evidence) -> Answer:
    disagree = {m: int((each["search"] != each["milp"]).sum()) for m, each in e.crossed.items()}
    rows = sum(len(each["search"]) for each in e.crossed.values())
    found = sum(disagree.values())
    return found == 0, {"rows": found, "all": rows}, [m for m, count in disagree.items() if count]


def _witnesses(e: Evidence) -> Answer:
    given = sum(int(arrays["replayed"][0]) for arrays in e.settled.values())
    wrong = sum(int(arrays["flipped"][0]) for arrays in e.settled.values())
    share = wrong / given if given else 1.0
    return share >= e.spec.gate.least_replayed, {"witnesses": given, "share": share}, []


def _ablation(e: Evidence) -> Answer:
    roles = e.spec.roles
    present = roles.ablation in e.models if roles.original in e.models else None
    return present, {"models": len(e.models)}, []


def _collapses(e: Evidence) -> Answer:
    largest = e.epsilons[-1]
    if e.spec.roles.baseline not in e.attacked("pgd"):
        return None, {"kept": 0.0, "proved": 0.0}, []
    left = e.kept(e.spec.roles.baseline, "exact", largest)
    same = e.kept(e.spec.roles.baseline, "pgd", largest)
    return same - left <= e.spec.gate.overstated, {"kept": same, "proved": left}, []


def _proved_rows(e: Evidence) -> Answer:
    proved = sum(int((arrays["outcome"] == PROVED).sum()) for arrays in e.settled.values())
    return proved > 0, {"rows": proved}, []


CHECKS: dict[str, Callable[[Evidence], Answer]] = {
    "disjoint": _disjoint,
    "duplicates": _duplicates,
    "seeds": _seeds,
    "degenerate": _degenerate,
    "budget": _budget,
    "zero-budget": _zero_budget,
    "pgd-fgsm": _pgd_at_least_fgsm,
    "monotone": _monotone,
    "collapse": _collapses,
    "fgsm-exact": lambda e: _gap(e, "fgsm"),
    "pgd-exact": lambda e: _gap(e, "pgd"),
    "black-box": _black_box,
    "noise": _noise,
    "battery": _battery_gap,
    "settled": _settled,
    "proved": _proved_rows,
    "contradictions": _contradictions,
    "second-method": _second_method,
    "witnesses": _witnesses,
    "ablation": _ablation,
}
"""By slug. What each says is in `generator.findings.gate_words`."""


def sanity_gate(evidence: Evidence) -> tuple[GateCheck, ...]:
    """Every check on this study."""
    made = []
    for slug, check in CHECKS.items():
        passed, facts, blocks = check(evidence)
        status = "N/A" if passed is None else "PASS" if passed else "FAIL"
        made.append(
            GateCheck(
                slug=slug,
                status=status,
                facts={name: float(fact) for name, fact in facts.items()},
                blocks=tuple(blocks) if status == "FAIL" else (),
            )
        )
    return tuple(made)

"""What the original study reported, beside what this run measured, with a verdict taken from the numbers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from generator.findings.evaluations import against_standard, lost
from generator.findings.gate import blocked as gate_blocked
from generator.findings.impact import impact_row, priced_attacks, reduction_record
from generator.notation import formats
from generator.notation.names import attack_title
from generator.notation.tracing import counted, stated
from generator.records.results import Attacked, Estimate, StudyResult

Verdict = Literal["reproduced", "not reproduced", "not comparable"]
Quantity = Literal["clean accuracy", "robust accuracy", "drop", "clean cost", "fewer missed", "missed a day"]


@dataclass(frozen=True)
class Claim:
    """One figure of the original, as it stated it; shares are between 0 and 1, counts are a day."""

    title: str
    quantity: Quantity
    role: Literal["baseline", "original"]
    stated: str
    low: float
    high: float | None
    """None: the original gave no upper end."""
    unit: Literal["percent", "loss", "count"]


CLAIMS = (
    Claim("Standard, clean accuracy", "clean accuracy", "baseline", "about 98 %", 0.975, 0.985, "percent"),
    Claim("Standard, accuracy under FGSM", "robust accuracy", "baseline", "15 to 20 %", 0.15, 0.20, "percent"),
    Claim("Standard, drop under FGSM", "drop", "baseline", "78 to 80 points", 0.78, 0.80, "loss"),
    Claim("Secured, clean accuracy", "clean accuracy", "original", "96 to 98 %", 0.96, 0.98, "percent"),
    Claim("Secured, accuracy under FGSM", "robust accuracy", "original", "85 to 92 %", 0.85, 0.92, "percent"),
    Claim("Secured, drop under FGSM", "drop", "original", "4 to 10 points", 0.04, 0.10, "loss"),
    Claim("Clean accuracy given up", "clean cost", "original", "1 to 2 points", 0.01, 0.02, "loss"),
    Claim("Fewer missed frauds under attack", "fewer missed", "original", "74 to 85 %", 0.74, 0.85, "percent"),
    Claim("Missed frauds a day, standard", "missed a day", "baseline", "500 or more", 500.0, None, "count"),
    Claim("Missed frauds a day, secured", "missed a day", "original", "100 to 150", 100.0, 150.0, "count"),
)  # fmt: skip


@dataclass(frozen=True)
class ClaimRow:
    """One claim against one dataset."""

    claim: Claim
    estimate: Estimate
    measured: str
    interval: str
    under_pgd: str
    """The same quantity under the iterative attack; empty where no attack is involved."""
    verdict: Verdict
    why: str
    caution: str = ""
    """What a failed sanity check says about the measured figure; empty if nothing."""


CAUTION = "no evidence of robustness: see the sanity gate"


def compare_claims(result: StudyResult) -> tuple[ClaimRow, ...]:
    """Every claim of the original against this result, in the order of `CLAIMS`; none without its recipe."""
    return tuple(_row(result, claim) for claim in CLAIMS if result.roles.original)


def judge(claim: Claim, measured: Estimate) -> Verdict:
    """Reproduced if the 95 % interval meets the reported range."""
    below = measured.high < claim.low
    above = claim.high is not None and measured.low > claim.high
    return "not reproduced" if below or above else "reproduced"


def obstacle(result: StudyResult) -> str:
    """Why this run cannot confirm or refute the original at all; empty if it can."""
    status = result.data.source.status
    if status == "stand_in":
        return "This run used a simulated stand-in, not the original's file."
    if status == "kaggle_columns":
        return "This run used a different file from the original's."
    if result.spec.quick:
        return "A quick run trains less than the original did."
    return ""


def _row(result: StudyResult, claim: Claim) -> ClaimRow:
    measure = _MEASURES[claim.quantity]
    model = getattr(result.roles, claim.role)
    measured = measure(result, model, "fgsm")
    attacked = claim.quantity not in ("clean accuracy", "clean cost")
    under_pgd = measure(result, model, "pgd") if attacked else None
    blocked = obstacle(result)
    verdict: Verdict = "not comparable" if blocked else judge(claim, measured)
    why = blocked or _why(claim, measured, under_pgd, verdict, attack_title("pgd", result.spec))
    return ClaimRow(
        claim,
        measured,
        write(claim, measured.value),
        formats.interval(measured, claim.unit),
        write(claim, under_pgd.value) if under_pgd else "",
        verdict,
        why,
        _caution(result, model, claim, measured) if attacked and model in gate_blocked(result) else "",
    )


def _caution(result: StudyResult, model: str, claim: Claim, measured: Estimate) -> str:
    """What is proved of the same quantity, with the gap, where the record has it."""
    if "exact" not in priced_attacks(result):
        return CAUTION
    proved = _MEASURES[claim.quantity](result, model, "exact")
    return f"{formats.beside(measured.value, proved.value, claim.unit)}; {CAUTION}"


def write(claim: Claim, value: float) -> str:
    """A value in the unit of its claim."""
    return {"percent": formats.percent, "loss": formats.loss, "count": formats.count}[claim.unit](value)


def _why(claim: Claim, measured: Estimate, under_pgd: Estimate | None, verdict: Verdict, pgd: str) -> str:
    if verdict == "not reproduced":
        side = "below" if measured.high < claim.low else "above"
        return f"The whole interval lies {side} the reported range."
    if under_pgd and judge(claim, under_pgd) == "not reproduced":
        return f"Under FGSM only: under {pgd} it is {write(claim, under_pgd.value)}."
    if claim.unit == "loss" and measured.low <= 0:
        return "The interval meets the reported range, and zero as well."
    return "The interval meets the reported range."


def _epsilon(result: StudyResult, attack: Attacked) -> float:
    return 0.0 if attack == "clean" else result.spec.attack.headline_epsilon


def _clean_accuracy(result: StudyResult, model: str, attack: Attacked) -> Estimate:
    return result.model(model).final.at("clean").accuracy


def _robust_accuracy(result: StudyResult, model: str, attack: Attacked) -> Estimate:
    return result.model(model).final.at(attack, _epsilon(result, attack)).accuracy


def _drop(result: StudyResult, model: str, attack: Attacked) -> Estimate:
    final = result.model(model).final
    return lost(final.at("clean"), final.at(attack, _epsilon(result, attack)))


def _clean_cost(result: StudyResult, model: str, attack: Attacked) -> Estimate:
    gain = against_standard(result, model, "accuracy", "clean", 0.0).difference
    return gain.model_copy(update={"value": -gain.value, "low": -gain.high, "high": -gain.low})


def _fewer_missed(result: StudyResult, model: str, attack: Attacked) -> Estimate:
    return reduction_record(result, model, attack).reduction


def _missed_a_day(result: StudyResult, model: str, attack: Attacked) -> Estimate:
    return impact_row(result, model, attack).missed_frauds


_MEASURES: dict[Quantity, Callable[[StudyResult, str, Attacked], Estimate]] = {
    "clean accuracy": _clean_accuracy,
    "robust accuracy": _robust_accuracy,
    "drop": _drop,
    "clean cost": _clean_cost,
    "fewer missed": _fewer_missed,
    "missed a day": _missed_a_day,
}


def claims_sentence(result: StudyResult, claims: tuple[ClaimRow, ...]) -> str:
    if not claims:
        return ""
    blocked, figures = obstacle(result), formats.count(stated("original_figures"))
    if blocked:
        return f"None of the original's {figures} figures can be compared. {blocked}"
    names = ("reproduced", "not reproduced")
    tally = {name: sum(row.verdict == name for row in claims) for name in names}
    measured = [row.estimate for row in claims]
    parts = [f"{formats.count(counted(tally[name], measured))} {name}" for name in names]
    return f"Of the original's {figures} figures: {formats.listed(parts)}."

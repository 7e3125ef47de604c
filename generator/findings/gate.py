"""The sanity gate in words: what passed, what failed, and whose attack figures stand only beside what is proved."""

from dataclasses import dataclass
from typing import Literal

from generator.findings.gate_words import GATE
from generator.notation import formats
from generator.notation.names import MODELS
from generator.notation.tracing import counted
from generator.records.proofs import GateCheck
from generator.records.results import StudyResult


@dataclass(frozen=True)
class GateRow:
    """One check as the page shows it."""

    title: str
    status: Literal["PASS", "FAIL", "N/A"]
    statement: str
    blocks: str
    """The models it blocks, where it failed; empty elsewhere."""


@dataclass(frozen=True)
class Gate:
    """All checks of one study."""

    rows: tuple[GateRow, ...]
    sentence: str
    """How many checks passed, failed and did not apply."""
    failed: str
    """The titles of those that failed; empty if none did."""
    blocked: str
    """Whose attack figures need the proof beside them and why; empty if nobody's do."""


def blocked(result: StudyResult) -> frozenset[str]:
    """Models whose figures under attack may not be quoted alone: a check that concerns them failed."""
    return frozenset(name for check in _failed(result) for name in check.blocks)


def gate(result: StudyResult) -> Gate:
    """The checks with a summary."""
    checks = result.proofs.gate
    failed = (
        formats.listed(f"“{GATE[check.slug].title}”" for check in _failed(result)) if _failed(result) else ""
    )
    return Gate(tuple(map(_row, checks)), _sentence(checks), failed, blocked_sentence(result))


def failures(result: StudyResult, model: str) -> int:
    """How many failed checks block `model`."""
    return counted(sum(model in check.blocks for check in _failed(result)), result.proofs.gate)


def blocked_sentence(result: StudyResult) -> str:
    names = [name for name in MODELS if name in blocked(result)]
    if not names:
        return ""
    return (
        f"What attacks say of {formats.listed(MODELS[name].phrase for name in names)} is shown only beside what is "
        "proved: sanity checks that concern them failed. The exact figures depend on no attack."
    )


def _failed(result: StudyResult) -> list[GateCheck]:
    return [check for check in result.proofs.gate if check.status == "FAIL"]


def _row(check: GateCheck) -> GateRow:
    named = [MODELS[name].title for name in check.blocks if name in MODELS]
    shown = formats.listed(named) if named and check.status == "FAIL" else ""
    words = GATE[check.slug]
    return GateRow(words.title, check.status, words.about(check.facts), shown)


def _sentence(checks: tuple[GateCheck, ...]) -> str:
    tally = {
        status: counted(sum(check.status == status for check in checks), checks)
        for status in ("PASS", "FAIL", "N/A")
    }
    skipped = f" and {formats.count(tally['N/A'])} did not apply" if tally["N/A"] else ""
    return (
        f"Of {formats.count(counted(len(checks), checks))} sanity checks, {formats.count(tally['PASS'])} passed, "
        f"{formats.count(tally['FAIL'])} failed{skipped}."
    )

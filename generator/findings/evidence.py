"""What the evidence pages show beside the records: the register, the frameworks, and what no test covers."""

from collections.abc import Sequence
from dataclasses import dataclass

from generator.findings.crosswalk import UNCOVERED, Uncovered
from generator.findings.frameworks import CHECK, FRAMEWORKS, Framework
from generator.findings.limitations import Limitation, leading, register
from generator.records.results import StudyResult


@dataclass(frozen=True)
class EvidenceRegister:
    """The same for every dataset."""

    register: tuple[Limitation, ...]
    leading: tuple[Limitation, ...]
    """The entries of high severity."""
    labels_made: bool
    """A rule made the labels of at least one study."""
    labels_found: bool
    """Somebody found those of at least one."""
    frameworks: tuple[Framework, ...] = FRAMEWORKS
    uncovered: tuple[Uncovered, ...] = UNCOVERED
    check: str = CHECK


def evidence(results: Sequence[StudyResult]) -> EvidenceRegister:
    """What holds for these studies."""
    entries, ruled = register(results), [result.data.rule is not None for result in results]
    return EvidenceRegister(entries, leading(entries), labels_made=any(ruled), labels_found=not all(ruled))

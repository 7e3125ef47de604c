"""What the evidence pages show beside the records: the register, the frameworks, and what no test covers."""

from dataclasses import dataclass

from generator.findings.crosswalk import UNCOVERED, Uncovered
from generator.findings.frameworks import CHECK, FRAMEWORKS, Framework
from generator.findings.limitations import REGISTER, Limitation, leading


@dataclass(frozen=True)
class Evidence:
    """The same for every dataset."""

    register: tuple[Limitation, ...] = REGISTER
    leading: tuple[Limitation, ...] = leading()
    """The entries of high severity."""
    frameworks: tuple[Framework, ...] = FRAMEWORKS
    uncovered: tuple[Uncovered, ...] = UNCOVERED
    check: str = CHECK

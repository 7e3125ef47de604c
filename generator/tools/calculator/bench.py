"""What the calculator works with of one study: the same for studies of this project and for a table of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass

from generator.findings.scenarios import Preset, ScenarioInput
from generator.impact.measured import Choice
from generator.impact.whatif import Measured
from generator.notation.palette import Look
from generator.records.impact import Scenario


@dataclass(frozen=True)
class Words:
    """What is called otherwise in studies of one kind than in those of the other."""

    baseline: str
    """The model that others are compared with, within a sentence."""
    spread: str
    """What an interval is."""
    strip: str
    arms: str
    """The same of the strip and of the arms in charts."""
    otherwise: str
    """Where to look without scripts."""


@dataclass(frozen=True)
class Bench:
    """One study in the calculator. Text in it is as it stands, not disarmed."""

    name: str
    title: str
    study_key: str
    measured: Measured
    opening: Choice
    scenario: Scenario
    """Where the reader begins."""
    looks: Mapping[str, Look]
    """Of every model."""
    inputs: tuple[ScenarioInput, ...]
    presets: tuple[tuple[Preset, Mapping[str, float]], ...]
    """With what pressing one sets, by field of `Scenario`."""
    words: Words
    unknown: frozenset[str] = frozenset()
    """Outputs that the study knows nothing of."""
    apart: bool = False
    """Whether its attackers are its own, not those of the whole site; then all its data are in one script."""

    @property
    def tiers(self) -> tuple[str, ...]:
        """Tiers with rates, in the order of the study."""
        found = self.measured
        return tuple(
            tier for tier in found.threat.names if tier in found.rates.of(found.roles.baseline).caught
        )

"""What the training of models beside FraudNet may depend on, besides its rows."""

from typing import NamedTuple

import numpy as np

from generator.records.features import Feature
from generator.records.spec import HardeningSpec, ProofSpec, TrainingSpec, TreesSpec
from generator.records.threat import Surface, Threat, Tier, surface


class Asked(NamedTuple):
    """Inputs, attackers and settings of the study."""

    features: tuple[Feature, ...]
    threat: Threat
    training: TrainingSpec
    trees: TreesSpec
    worst_epsilon: float
    """Budget by which frauds move to their worst corner before monotone models train on them."""
    seed: int
    hardening: HardeningSpec = HardeningSpec()
    """Of threat-matched hardening on tables with names and gaps."""
    false_positive_rate: float = ProofSpec().quoted_false_positive_rate
    """Share of genuine rows that may alarm where settings of trees are compared by the frauds they catch."""

    balanced: bool = False
    """Whether frauds and genuine rows weigh the same, all together, in training; of tables of one's own."""

    @property
    def directions(self) -> np.ndarray:
        """(d,) how each input bears on risk, as `Feature.direction`."""
        return np.array([feature.direction for feature in self.features])

    @property
    def quoted(self) -> Tier:
        """The tier that prose quotes."""
        return self.threat.tier(self.threat.quoted)

    @property
    def unordered(self) -> list[int]:
        """Inputs whose values are names without an order; flags and bands are read as numbers."""
        return [place for place, feature in enumerate(self.features) if feature.kind == "category"]

    def reach(self, tier: Tier) -> Surface:
        """What `tier` moves."""
        return surface(self.features, tier)

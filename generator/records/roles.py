"""Which model plays which part: the study and the report ask for roles, not for names."""

from collections.abc import Collection

from generator.records.base import Record


class Roles(Record):
    """The model that plays each role, by name.

    In a spec, as declared; a result has only those that it holds a model for: others are None or left out.
    """

    baseline: str = "standard"
    """Undefended: what every other model is compared with."""
    trivial: str = "approve_everything"
    """Never an alarm: what any model has to beat."""
    original: str | None = "accumulating_fgsm"
    """The reading of the original notebooks' recipe that comes closest to their figures."""
    readings: tuple[str, ...] = ("accumulating_fgsm", "current_round_fgsm", "half_batch_fgsm")
    """The ways to read the notebooks' description of it."""
    ablation: str | None = "extra_epochs"
    """The original recipe without its attack."""
    matched: str | None = "pgd_tier1"
    """Threat-matched: trained against the quoted tier, not against the benchmark's box."""
    recommended: str | None = "pgd_ramp"
    """The recipe to take against the benchmark. A result has the one chosen on validation rows, and this one only
    where none was chosen."""
    deployed: str | None = None
    """A model in use, brought along by its owner."""

    def among(self, models: Collection[str], chosen: str | None) -> "Roles":
        """The roles that `models` play, `chosen` being the recipe that validation rows chose, if any did."""
        optional = {name: getattr(self, name) for name in ("original", "ablation", "matched", "deployed")}
        recommended = chosen or self.recommended
        return self.model_copy(
            update={name: model if model in models else None for name, model in optional.items()}
            | {
                "readings": tuple(name for name in self.readings if name in models),
                "recommended": recommended if recommended in models else None,
            }
        )

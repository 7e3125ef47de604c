"""A study unlike the two of this project: labels that somebody found, models of another kind, no original recipe."""

from dataclasses import dataclass, replace

import numpy as np

from generator.datasets import Dataset, LabelledTable, SourceOptions, dataset
from generator.datasets.profile import summary
from generator.models.asked import Asked
from generator.models.folds import Folds
from generator.models.linear import Linear, logistic_regression
from generator.records.spec import (
    AttackSpec,
    BatterySpec,
    FoundLabel,
    HardeningSpec,
    ProofSpec,
    StudySpec,
    TrainingSpec,
)

COLUMN = "Investigated"

_CHECKS = dataset("checks").study

SPEC = StudySpec.model_validate(
    dict(_CHECKS)
    | dict(
        dataset="claims",
        title="Claims",
        description="Claims that somebody looked into.",
        columns=dict(_CHECKS.columns) | {COLUMN: "label"},
        rows=300,
        label=FoundLabel(column=COLUMN, fraud="confirmed"),
        beside=("logistic_regression",),
        extraction=None,
        inference=None,
        poisoning=None,
        training=TrainingSpec(seeds=2, folds=3, epochs=4),
        attack=AttackSpec(epsilons=(0.0, 0.1, 0.35, 1.0), round_epsilons=(0.1, 0.35), pgd_steps=30),
        hardening=HardeningSpec(
            recipes=("pgd_ramp",), followed=(), rounds=1, epochs_per_round=1, pgd_steps=2
        ),
        proof=ProofSpec(
            epsilons=(0.1, 0.35, 1.0), leading=("standard", "pgd_ramp", "logistic_regression"),
            radius_tolerance=0.05, radius_seeds=1,
        ),
        battery=BatterySpec(
            pgd_steps=10, restarts=1, apgd_steps=3, apgd_restarts=1, boundary_steps=3, search_queries=20,
            noise_draws=5, hop_skip_jump_rows=2, hop_skip_jump_steps=2, hop_skip_jump_queries=500,
            zoo_rows=2, zoo_steps=2, tree_copy_rows=4,
        ),
        bootstrap=100,
    )
)  # fmt: skip


def claims() -> Dataset:
    """The checks, with what somebody found about them in a column, and no rule."""

    def load(spec: StudySpec, options: SourceOptions) -> LabelledTable:
        checks = dataset("checks")
        table = checks.load(checks.study.model_copy(update={"rows": spec.rows}), options)
        frame = table.frame.assign(**{COLUMN: np.where(table.y == 1, "confirmed", "cleared")})
        found = (frame[spec.label.column] == spec.label.fraud).to_numpy().astype(np.int64)
        return replace(
            table, name=spec.dataset, title=spec.title, description=spec.description, frame=frame, y=found, rule=None,
        )  # fmt: skip

    def summarise(table: LabelledTable, spec: StudySpec):
        inputs = dict.fromkeys(spec.input_names, "number")
        return summary(table, spec, {"CheckID": "identifier", **inputs, COLUMN: "category"}, ())

    return Dataset(SPEC, load, summarise, lambda spec: None)


@dataclass(frozen=True)
class Answering:
    """A linear model that shows no gradients."""

    line: Linear

    kind = "answering"

    @classmethod
    def restored(cls, arrays, folds: Folds) -> "Answering":
        return cls(Linear.restored(arrays, folds))

    @classmethod
    def train(cls, folds: Folds, asked: Asked) -> "Answering":
        return cls(logistic_regression(folds))

    @property
    def replicates(self) -> int:
        return self.line.replicates

    def margins(self, raw: np.ndarray) -> np.ndarray:
        return self.line.margins(raw)

    def select(self, replicates: slice) -> "Answering":
        return Answering(self.line.select(replicates))

    def arrays(self) -> dict[str, np.ndarray]:
        return self.line.arrays()

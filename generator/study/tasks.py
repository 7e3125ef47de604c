"""The slow stages of a study as tasks: pure functions from arrays to arrays, so that each can be kept on disk.

Workers import only this module's functions; torch and ART arrive with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np

from generator.engine.cache import Arrays
from generator.engine.files import sha256_of, sha256_of_sources
from generator.engine.seeding import stage_rng
from generator.engine.stages import StageTask
from generator.models.asked import Asked
from generator.models.folds import Folds
from generator.models.fraudnet.deployed import DeployedNet
from generator.models.fraudnet.hardening import harden
from generator.models.fraudnet.network import FraudNet
from generator.models.fraudnet.training import train_standard
from generator.models.kinds import KINDS, trained
from generator.models.model import Model
from generator.models.trees.trees import Trees
from generator.provenance import PACKAGE, lock_sha256, versions
from generator.records.base import Record
from generator.records.features import Feature
from generator.records.spec import AttackSpec, BatterySpec, HardeningSpec, Recipe, StudySpec, TrainingSpec
from generator.records.validation import ValidationSpec
from generator.threats.evasion import battery
from generator.threats.evasion.attacks import evaluate

TRAINING_SOURCE = (
    "models", "study/tasks.py", "engine/compiling.py", "engine/seeding.py", "engine/parallel.py"
)  # fmt: skip
ATTACK_SOURCE = ("threats/evasion", *TRAINING_SOURCE)


@dataclass(frozen=True)
class State:
    """A model as training, or one round of hardening, left it."""

    kind: str
    """A key of `KINDS`."""
    weights: Arrays
    """As `Model.arrays` gives them."""
    round: int = 0
    training_rows: int | None = None
    """Rows a replicate saw in each epoch of the round; None: those of its folds."""
    gradient_steps: int = 0
    """Of one replicate, since training or hardening began."""
    chosen: tuple[int, ...] = ()
    """Place of each replicate's setting among those that trees choose from; empty where nothing is chosen."""

    @classmethod
    def of(cls, kind: str, arrays: Arrays, number: int = 0) -> Self:
        """The state among the arrays of a task, and the round that left it."""
        counts = {
            name: int(arrays[name][0]) for name in ("training_rows", "gradient_steps") if name in arrays
        }
        chosen = tuple(arrays["chosen"].tolist()) if "chosen" in arrays else ()
        weights = {name: a for name, a in arrays.items() if name not in {"chosen", *counts}}
        return cls(kind, weights, number, chosen=chosen, **counts)

    def model(self, folds: Folds) -> Model:
        return KINDS[self.kind].restored(self.weights, folds)


def task_inputs(
    sources: tuple[str, ...], *parts: Record | str | float, **data: Folds | np.ndarray | Arrays
) -> Mapping[str, str]:
    """What the answer of a task depends on, by name."""
    return {
        "source": sha256_of_sources(PACKAGE, sources),
        "lock": lock_sha256(),
        "versions": str(versions()),
        "settings": sha256_of(*(p.to_json() if isinstance(p, Record) else str(p) for p in parts)),
    } | {name: _digest(each) for name, each in data.items()}


def _digest(data: Folds | np.ndarray | Arrays) -> str:
    if isinstance(data, Folds):
        return data.digest
    return hash_of(_flat(data) if isinstance(data, dict) else data)


def hash_of(*arrays: np.ndarray) -> str:
    return sha256_of(*(part for a in arrays for part in (str(a.dtype), str(a.shape), a.tobytes())))


def _flat(arrays: Arrays) -> np.ndarray:
    """All values in one row, by name: a file gives its arrays back in any order."""
    return np.concatenate([arrays[name].ravel() for name in sorted(arrays)])


def train_task(spec: StudySpec, folds: Folds) -> StageTask:
    """Train the standard models of all replicates."""
    inputs = task_inputs(TRAINING_SOURCE, spec.training, spec.seed, folds=folds)
    return StageTask(inputs, _train, (folds, spec.training, spec.seed))


def _train(folds: Folds, training: TrainingSpec, seed: int) -> Arrays:
    net, steps = train_standard(folds.train_x(), folds.train_y(), training, stage_rng(seed, "train"))
    return net.to_arrays() | {"gradient_steps": np.array([steps])}


def standard_state(trained: Arrays) -> State:
    """What `train_task` left."""
    return State.of(DeployedNet.kind, trained)


def beside_task(
    spec: StudySpec | ValidationSpec,
    folds: Folds,
    features: tuple[Feature, ...],
    name: str,
    encoded: bool = False,
) -> StageTask:
    """Train a model of another kind on the rows of every replicate; `encoded` where inputs may be names or lacking."""
    epsilon = spec.hardening.pgd_epsilon
    rate = spec.proof.quoted_false_positive_rate
    balanced = isinstance(spec, ValidationSpec) and spec.class_weights == "balanced"
    asked = Asked(
        features, spec.threat, spec.training, spec.trees, epsilon, spec.seed, spec.hardening, rate, balanced
    )
    inputs = task_inputs(
        TRAINING_SOURCE, name, spec.seed, str(features), spec.threat, spec.training, spec.trees, spec.hardening,
        rate, str(encoded), str(balanced), folds=folds,
    )  # fmt: skip
    return StageTask(inputs, _train_beside, (folds, asked, name, encoded))


def _train_beside(folds: Folds, asked: Asked, name: str, encoded: bool) -> Arrays:
    model = trained(name, encoded).train(folds, asked)
    chosen = {"chosen": np.array(model.chosen, np.int8)} if isinstance(model, Trees) else {}
    return model.arrays() | chosen


def beside_state(name: str, left: Arrays, encoded: bool = False) -> State:
    """What `beside_task` left."""
    return State.of(trained(name, encoded).kind, left)


def harden_task(spec: StudySpec, folds: Folds, standard: State, recipe: Recipe) -> StageTask:
    """Harden the standard models of all replicates by one recipe."""
    settings = spec.hardening.model_copy(update={"recipes": (recipe,), "followed": ()})
    inputs = task_inputs(
        TRAINING_SOURCE, spec.training, settings, spec.seed, folds=folds, standard=standard.weights
    )
    arguments = (folds, standard.weights, recipe, spec.training, settings, spec.seed)
    return StageTask(inputs, _harden, arguments)


def _harden(
    folds: Folds, standard: Arrays, recipe: Recipe, training: TrainingSpec, spec: HardeningSpec, seed: int
) -> Arrays:
    net, rng = FraudNet.from_arrays(standard), stage_rng(seed, recipe)
    rounds = harden(recipe, net, folds.train_x(), folds.train_y(), training, spec, rng)
    return {
        f"{state.round}/{name}": array
        for state in rounds
        for name, array in (
            state.net.to_arrays()
            | {
                "gradient_steps": np.array([state.gradient_steps]),
                "training_rows": np.array([state.training_rows]),
            }
        ).items()
    }


def hardened_state(hardened: Arrays, number: int) -> State:
    """What `harden_task` left of one round."""
    prefix = f"{number}/"
    arrays = {name.removeprefix(prefix): a for name, a in hardened.items() if name.startswith(prefix)}
    return State.of(DeployedNet.kind, arrays, number)


def attack_task(spec: StudySpec, folds: Folds, state: State, epsilons: tuple[float, ...]) -> StageTask:
    """Attack one state of the models at the given budgets."""
    settings = spec.attack.model_copy(
        update={"epsilons": epsilons, "round_epsilons": (), "headline_epsilon": 0.0}
    )
    inputs = task_inputs(
        ATTACK_SOURCE, settings, spec.training, spec.seed, state.kind, folds=folds, weights=state.weights
    )
    return StageTask(inputs, _attack, (folds, state, settings))


def _attack(folds: Folds, state: State, settings: AttackSpec) -> Arrays:
    return evaluate(state.model(folds), folds, settings, settings.epsilons).to_arrays()


def battery_task(spec: StudySpec, folds: Folds, state: State) -> StageTask:
    """Every attack of the battery against the first seed's models of one state."""
    epsilon = spec.attack.headline_epsilon
    inputs = task_inputs(
        ATTACK_SOURCE, spec.battery, spec.training, spec.seed, epsilon, state.kind,
        folds=folds, weights=state.weights,
    )  # fmt: skip
    return StageTask(inputs, _battery, (folds, state, epsilon, spec.battery, spec.seed))


def _battery(folds: Folds, state: State, epsilon: float, spec: BatterySpec, seed: int) -> Arrays:
    return battery.to_arrays(battery.run_battery(state.model(folds), folds, 0, epsilon, spec, seed))
